"""The antivirus parts on real file systems and processes: a copy of this machine in namespaces of its own, as an overlay.

What a test changes lies in memory and is gone with it. The processes are real ones that bear the names asked for; one
test runs Debian's own clamd and clamonacc.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scorecard.bundle import Bundle, new_marker, parse_reply
from scorecard.errors import FactUnavailable
from scorecard.host import parse_host
from scorecard.model import Platform, Status, Verdict, unknown
from scorecard.registry import Registry
from scorecard.topic import Parameters
from tests.rig.needs import ALONE
from tests.rig.required import cannot_run

pytestmark = pytest.mark.rig

TOPIC = Registry.load().by_id["antivirus"]
PASS, WARN, FAIL, UNKNOWN, NOT_APPLICABLE = Status.PASS, Status.WARN, Status.FAIL, Status.UNKNOWN, Status.NOT_APPLICABLE

# "$1": options for /proc; "$2": what the test builds inside; "$3" and on: who asks, and with which shell.
JOB = r"""
base=/tmp
mount -t tmpfs -o mode=755 tmpfs "$base"
mkdir "$base/up" "$base/work" "$base/root"
mount -t overlay -o "lowerdir=/,upperdir=$base/up,workdir=$base/work" overlay "$base/root"
mount --rbind /dev "$base/root/dev"
mount -t proc ${1:+-o "$1"} proc "$base/root/proc"
options=$1 build=$2
shift 2
chroot "$base/root" sh -euc "
  for name in clamd clamonacc; do if [ -e /usr/sbin/\$name ]; then mv /usr/sbin/\$name /srv/; fi; done
  rm -rf /usr/bin/clamscan /usr/bin/clamdscan /var/lib/clamav /etc/clamav
  $build
" </dev/null >&2
chroot "$base/root" "$@"
"""

INSTALL = (
    "mkdir -p /var/lib/clamav; touch /usr/bin/clamscan; cp /bin/sleep /usr/sbin/clamd; cp /bin/sleep /usr/sbin/clamonacc;"
)
DAEMON = "/usr/sbin/clamd infinity >/dev/null 2>&1 & "
ON_ACCESS = "/usr/sbin/clamonacc infinity >/dev/null 2>&1 & "
USER = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")


def database(days: float, file: str = "/var/lib/clamav/daily.cld", version: int = 27825) -> str:
    """Shell that writes a database: a right head of 512 bytes, then bytes that no text tool likes."""
    built = datetime.now(UTC) - timedelta(days=days)
    month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][built.month - 1]
    day = f"{built.day:02d} {month} {built.year} {built:%H-%M} +0000"
    head = f"ClamAV-VDB:{day}:{version}:355000:90:{'0' * 32}:{'s' * 200}:builder:{int(built.timestamp())}"
    return f"{{ printf '%-512s' '{head}'; head -c 4096 /dev/urandom; }} >{file}; touch -d '2019-01-01' {file}; "


def program(path: str, text: str, code: int = 0) -> str:
    """Shell that writes an executable which prints `text`."""
    script = f"#!/bin/sh\ncat <<'END'\n{text}\nEND\nexit {code}\n"
    octal = "".join(f"\\{byte:03o}" for byte in script.encode())
    return f"mkdir -p {Path(path).parent}; printf '{octal}' >{path}; chmod 755 {path}; "


def audit(build: str, *command: str, proc: str = "", rights: tuple[str, ...] = ()) -> dict[str, Verdict]:
    """Findings by the noun of their check, from the real bundle run by a real shell."""
    if os.geteuid() != 0:
        cannot_run("namespaces of this kind need root")
    for needed in ("unshare", "setpriv", "mount"):
        if not shutil.which(needed):
            cannot_run(f"{needed} (util-linux) is not installed")
    marker = new_marker()
    script = Bundle(TOPIC.probes_for(Platform.LINUX), Platform.LINUX).script(marker)
    job = ("setpriv", "--pdeathsig", "KILL", *ALONE, "sh", "-euc", JOB, "job", proc, build)
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
    done = subprocess.run(
        [*job, *rights, *(command or ("sh", "-s"))], input=script.encode(), capture_output=True, env=environment
    )
    reply = parse_reply(done.stdout, marker, datetime.now(UTC))
    assert reply.complete, done.stderr.decode(errors="replace")[-2000:]
    machine = parse_host(reply.observations, datetime.now(UTC))
    assert machine is not None
    facts = TOPIC.parse(reply.observations, machine)
    found = {}
    for check in TOPIC.checks:
        try:
            found[check.id.partition(".")[2]] = check.rule(facts, machine, Parameters(check.defaults()))
        except FactUnavailable as error:
            found[check.id.partition(".")[2]] = unknown(error.reason)
    return found


def statuses(found: dict[str, Verdict]) -> tuple[Status, ...]:
    """In the order protected, definitions, single-engine, tamper-protection, recent-scan."""
    return tuple(verdict.status for verdict in found.values())


def test_nothing_installed_fails_every_question() -> None:
    found = audit("true")
    assert statuses(found) == (FAIL,) * 5
    assert "No antivirus is installed" in found["protected"].measured


@pytest.mark.parametrize(
    "shell", [("dash", "-s"), ("bash", "--posix", "-s"), ("busybox", "sh", "-s")], ids=lambda each: each[0]
)
def test_on_access_scanning_with_fresh_definitions_passes(shell: tuple[str, ...]) -> None:
    if not shutil.which(shell[0]):
        cannot_run(f"{shell[0]} is not installed")
    found = audit(INSTALL + database(0.5) + DAEMON + ON_ACCESS, *shell)
    assert statuses(found) == (PASS, PASS, PASS, NOT_APPLICABLE, NOT_APPLICABLE)
    assert "27825" in found["definitions"].measured


def test_the_daemon_alone_looks_at_nothing_by_itself() -> None:
    found = audit(INSTALL + database(0.5) + DAEMON)
    assert statuses(found) == (FAIL, PASS, FAIL, NOT_APPLICABLE, NOT_APPLICABLE)
    assert "no real-time protection" in found["protected"].measured


def test_a_planned_scan_is_named_and_is_no_protection() -> None:
    cron = "mkdir -p /etc/cron.daily; echo 'clamscan -r /home' >/etc/cron.daily/look; "
    found = audit(INSTALL + database(0.5) + cron)
    assert statuses(found) == (FAIL, PASS, FAIL, FAIL, FAIL)
    assert "/etc/cron.daily/look" in found["protected"].measured


@pytest.mark.parametrize(
    ("days", "expected"), [(2.9, PASS), (3.1, WARN), (6.9, WARN), (7.1, FAIL), (400, FAIL), (-3, UNKNOWN)]
)
def test_the_head_of_the_file_decides_never_its_own_time(days: float, expected: Status) -> None:
    assert audit(INSTALL + database(days) + DAEMON + ON_ACCESS)["definitions"].status is expected


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ("true; ", FAIL),
        (database(1500, "/var/lib/clamav/main.cvd"), FAIL),
        (database(1500, "/var/lib/clamav/main.cvd") + database(1), PASS),
        (database(300, "/var/lib/clamav/daily.cvd", 27500) + database(1), PASS),
        ("head -c 5000 /dev/urandom >/var/lib/clamav/daily.cvd; ", UNKNOWN),
        (": >/var/lib/clamav/daily.cvd; ", UNKNOWN),
        ("mkdir /var/lib/clamav/daily.cvd; ", UNKNOWN),
        ("ln -s /nowhere /var/lib/clamav/daily.cvd; " + database(1), PASS),
    ],
    ids=["none", "main only", "main is old", "cvd and cld", "damaged", "empty", "a folder", "dangling link"],
)
def test_databases_of_every_kind(files: str, expected: Status) -> None:
    assert audit(INSTALL + files + DAEMON + ON_ACCESS)["definitions"].status is expected


def test_the_folder_that_the_daemon_reads_counts() -> None:
    moved = (
        "mkdir -p /etc/clamav '/srv/clam db'; printf 'DatabaseDirectory /srv/clam db\\n' >/etc/clamav/clamd.conf; "
        "printf 'DatabaseDirectory /var/lib/clamav\\n' >/etc/clamav/freshclam.conf; "
    )
    found = audit(INSTALL + moved + database(0.5) + database(50, "'/srv/clam db/daily.cvd'", 27700) + DAEMON + ON_ACCESS)
    assert found["definitions"].status is FAIL
    assert "27700" in found["definitions"].measured


@pytest.mark.parametrize(
    "closed",
    ["chmod 700 /var/lib/clamav; ", "chmod 600 /var/lib/clamav/daily.cld; ", "chmod 700 /var/lib; "],
    ids=["folder", "file", "folder above"],
)
def test_what_our_account_may_not_read_is_unknown(closed: str) -> None:
    found = audit(INSTALL + database(0.5) + closed + DAEMON + ON_ACCESS, rights=USER)
    assert found["protected"].status is PASS
    assert found["definitions"].status is UNKNOWN


def test_a_configuration_that_may_not_be_read_leaves_the_folder_open() -> None:
    conf = "mkdir -p /etc/clamav; echo 'DatabaseDirectory /srv' >/etc/clamav/clamd.conf; chmod 600 /etc/clamav/clamd.conf; "
    found = audit(INSTALL + conf + database(0.5) + DAEMON + ON_ACCESS, rights=USER)
    assert found["definitions"].status is UNKNOWN
    assert "clamd.conf" in str(found["definitions"].reason)


def test_hidden_processes_are_unknown_and_never_absent() -> None:
    found = audit(INSTALL + database(0.5) + DAEMON + ON_ACCESS, proc="hidepid=2", rights=USER)
    assert statuses(found) == (UNKNOWN, PASS, UNKNOWN, UNKNOWN, UNKNOWN)


def test_a_daemon_in_a_container_protects_the_container() -> None:
    inside = "unshare --pid --fork /usr/sbin/clamd infinity >/dev/null 2>&1 & sleep 0.3; "
    found = audit(INSTALL + database(0.5) + inside)
    assert found["protected"].status is FAIL
    assert "inside a container" in found["protected"].measured


HEALTH = {
    "healthy": True,
    "licensed": True,
    "passiveModeEnabled": False,
    "realTimeProtectionEnabled": {"value": True},
    "realTimeProtectionSubsystem": "fanotify",
    "definitionsUpdatedMinutesAgo": 90,
    "definitionsStatus": {"$type": "upToDate"},
}
DEFENDER = (
    "mkdir -p /opt/microsoft/mdatp; cp /bin/sleep /usr/sbin/wdavdaemon; /usr/sbin/wdavdaemon infinity >/dev/null 2>&1 & "
)


def test_microsoft_defender_speaks_for_itself() -> None:
    found = audit(DEFENDER + program("/usr/bin/mdatp", json.dumps(HEALTH, indent=1)))
    assert statuses(found)[:3] == (PASS, PASS, PASS)


def test_a_silent_daemon_of_microsoft_defender_is_unknown() -> None:
    found = audit(DEFENDER + program("/usr/bin/mdatp", "Could not connect to the daemon", 1))
    assert statuses(found)[:3] == (UNKNOWN, UNKNOWN, UNKNOWN)
    assert "Could not connect" in str(found["protected"].reason)


FALCON = "cp /bin/sleep /usr/sbin/falcon-sensor; /usr/sbin/falcon-sensor infinity >/dev/null 2>&1 & "
ANSWER = 'aid="44e3b7d20b434a2bb2815d9808fa3a8b", version = 7.16.16903.0, rfm-state=%s.'


@pytest.mark.parametrize(("blind", "expected"), [("false", PASS), ("true", FAIL)])
def test_crowdstrike_is_asked_as_root(blind: str, expected: Status) -> None:
    found = audit(FALCON + program("/opt/CrowdStrike/falconctl", ANSWER % blind))
    assert found["protected"].status is expected
    assert found["definitions"].status is NOT_APPLICABLE


def test_crowdstrike_without_rights_is_unknown() -> None:
    found = audit(FALCON + program("/opt/CrowdStrike/falconctl", ANSWER % "false"), rights=USER)
    assert found["protected"].status is UNKNOWN


def test_the_answers_of_vendors_are_told_apart() -> None:
    kaspersky = "mkdir -p /opt/kaspersky/kesl; cp /bin/sleep /usr/sbin/kesl; /usr/sbin/kesl infinity >/dev/null 2>&1 & "
    answer = "Name: Kaspersky\ntrend-micro 0\nApplication databases up to date: Yes"
    found = audit(kaspersky + program("/usr/bin/kesl-control", answer))
    assert found["protected"].status is UNKNOWN
    assert found["definitions"].status is PASS


REAL = """
mkdir -p /srv/db /srv/watched /etc/clamav /run/clamav /var/lib/clamav; touch /usr/bin/clamscan
echo '44d88612fea8a8f36de82e1278abb02f:68:Local-Test' >/srv/db/test.hdb
printf '%s\\n' 'LocalSocket /run/clamav/clamd.sock' 'DatabaseDirectory /srv/db' 'User root' >/etc/clamav/clamd.conf
printf '%s\\n' 'OnAccessIncludePath /srv/watched' 'OnAccessExcludeUname root' >>/etc/clamav/clamd.conf
/srv/clamd --config-file=/etc/clamav/clamd.conf
"""
REAL_ON_ACCESS = "/srv/clamonacc --config-file=/etc/clamav/clamd.conf --fdpass; "


@pytest.mark.parametrize("on_access", [False, True], ids=["daemon", "on access"])
def test_debians_own_daemon(on_access: bool) -> None:
    """It runs on a signature of ours alone, so that nothing is fetched: on access it protects, but has no definitions."""
    for needed in ("/usr/sbin/clamd", "/usr/sbin/clamonacc"):
        if not Path(needed).exists():
            cannot_run("clamd is not installed (Debian package clamav-daemon)")
    found = audit(REAL + (REAL_ON_ACCESS if on_access else ""))
    assert found["protected"].status is (PASS if on_access else FAIL)
    assert f"the daemon runs, on-access scanning is {'on' if on_access else 'off'}" in found["protected"].measured
    assert found["definitions"].status is FAIL
    assert "never got any definitions" in found["definitions"].measured
