"""The rig proves itself: every host shows its state to the OpenSSH client, alone in its namespaces, and leaves nothing."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from scorecard.bundle import HOST_PART, Bundle, Reply, new_marker, parse_reply
from scorecard.host import parse_host
from scorecard.inventory import load
from scorecard.model import Host, Outcome, Platform, Seen, Unseen, Virtual
from tests.rig.needs import RigUnavailable, cache_folder
from tests.rig.required import cannot_run
from tests.rig.rig import PORT, Rig
from tests.rig.states import HOSTS, SILENT

STATES = {state.name: state for state in HOSTS}
READABLE = [state.name for state in HOSTS if state.truth.failure is None]
SPEAKING = [name for name in READABLE if name != "hostile"]
UPGRADE = "LC_ALL=C apt-get -s -o Debug::NoLocking=true dist-upgrade\n"
SECURITY_UPDATE = "Inst rigtool [1.0] (1.1 Debian-Security:12/oldstable-security [all])"
CHECKOUT = Path(__file__).parents[2]


def said(rig: Rig, name: str, command: str) -> str:
    done = rig.ssh(name, "sh -s", text=command)
    assert done.returncode == 0, done.stderr
    return done.stdout


def ask_host_part(rig: Rig, name: str) -> tuple[Reply, Host | None]:
    marker = new_marker()
    done = rig.ssh(name, "sh -s", text=Bundle((), Platform.LINUX).script(marker))
    now = datetime.now(UTC)
    reply = parse_reply(done.stdout.encode(errors="replace"), marker, now)
    assert reply.complete, done.stderr
    return reply, parse_host(reply.observations, now)


def wait_until(happened: Callable[[], bool], what: str) -> None:
    limit = time.monotonic() + 180
    while not happened():
        assert time.monotonic() < limit, f"{what} did not happen"
        time.sleep(0.05)


# --- every host tells who it is, as far as its state lets it --------------------------------------------------------


@pytest.mark.parametrize("name", SPEAKING)
def test_the_host_part_comes_back(rig: Rig, name: str) -> None:
    state = STATES[name]
    _, host = ask_host_part(rig, name)
    assert host is not None
    version = {"bullseye": "11", "bookworm": "12", "trixie": "13"}[state.packages.release]
    assert (host.product, host.version) == (Seen("debian"), Seen(version))
    assert host.hostname == Seen(name)
    assert host.user == Seen(state.user)
    assert host.privileged == Seen(state.truth.privileged)
    assert host.virtual == Seen(Virtual.MACHINE)


def test_a_hostile_host_cannot_say_what_it_is(rig: Rig) -> None:
    reply, host = ask_host_part(rig, "hostile")
    assert list(reply.observations) == [HOST_PART]
    assert host is not None
    assert isinstance(host.product, Unseen)
    assert host.privileged == Seen(False)  # its name ends in a line "rights=root"
    assert b"\x1b[31m`id`".decode() in said(rig, "hostile", "uname -n\n")


def test_an_oversize_answer_is_cut(rig: Rig) -> None:
    reply, host = ask_host_part(rig, "oversize")
    assert host is None
    assert reply.observations[HOST_PART].outcome is Outcome.TRUNCATED


def test_fish_prints_noise_around_the_answer(rig: Rig) -> None:
    reply, _ = ask_host_part(rig, "fish")
    assert reply.dropped_lines > 0
    assert rig.ssh("fish", "status fish-path").stdout.rstrip().endswith("/usr/bin/fish")


# --- package states -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SPEAKING)
def test_apt_sees_the_security_update_where_it_waits(rig: Rig, name: str) -> None:
    packages = STATES[name].packages
    waits = not packages.patched and packages.lists_age_days is not None
    answer = said(rig, name, UPGRADE)
    assert (SECURITY_UPDATE in answer) is waits
    assert f"\n{1 if waits else 0} upgraded, 0 newly installed, 0 to remove and 0 not upgraded." in answer


def test_missing_lists_look_like_a_patched_host(rig: Rig) -> None:
    assert said(rig, "no-lists", "ls /var/lib/apt/lists | grep -c Release || true\n") == "0\n"
    assert said(rig, "no-lists", "dpkg-query -W -f '${Version}' rigtool\n") == "1.0"


@pytest.mark.parametrize(("name", "age_days"), [("patched", 0), ("trixie", 0), ("end-of-life", 0), ("stale-lists", 90)])
def test_lists_are_as_old_as_the_state_says(rig: Rig, name: str, age_days: int) -> None:
    newest = said(rig, name, "sed -n 's/^Date: //p' /var/lib/apt/lists/*-security_InRelease\n")
    age = rig.now - parsedate_to_datetime(newest.strip().replace("UTC", "+0000"))
    assert timedelta(days=age_days) < age < timedelta(days=age_days, hours=2)
    touched = said(rig, name, "stat -c %Y /var/lib/apt/lists /var/lib/apt/lists/*_InRelease\n").split()
    assert all(abs(rig.now.timestamp() - int(moment) - age_days * 86_400) < 7200 for moment in touched)


def test_the_logs_hold_the_last_upgrade_alone(rig: Rig) -> None:
    for name, days in (("patched", 3), ("missing-security", 45)):
        moment = rig.now - timedelta(days=days)
        upgrades = said(rig, name, "grep ' upgrade ' /var/log/dpkg.log\n").splitlines()
        assert len(upgrades) == 1
        assert upgrades[0].startswith(f"{moment:%Y-%m-%d %H:%M:%S} upgrade rigtool:all ")


# --- other states ---------------------------------------------------------------------------------------------------


def test_clamav_runs_with_old_definitions(rig: Rig) -> None:
    header = said(rig, "old-clamav", "head -c 512 /var/lib/clamav/daily.cvd\n").split(":")
    assert header[0] == "ClamAV-VDB"
    built = datetime.fromtimestamp(int(header[8]), UTC)
    assert (rig.now - built).days == 40
    names = said(rig, "old-clamav", "cat /proc/[0-9]*/comm\n").split()
    assert {"clamd", "clamonacc"} <= set(names)
    assert said(rig, "old-clamav", "dpkg-query -S /etc/clamav/clamd.conf\n") == "clamav-daemon: /etc/clamav/clamd.conf\n"


def test_a_restart_is_due(rig: Rig) -> None:
    since = int(said(rig, "reboot-required", "stat -c %Y /var/run/reboot-required\n"))
    assert (rig.now - datetime.fromtimestamp(since, UTC)).days == 20
    assert "linux-image-amd64" in said(rig, "reboot-required", "cat /var/run/reboot-required.pkgs\n")


def test_rights_differ(rig: Rig) -> None:
    allowed = {
        name: (rig.ssh(name, "sudo -n true").returncode, rig.ssh(name, "sudo -n -l /usr/sbin/sshd -T").returncode)
        for name in ("unprivileged", "sudoer", "limited-sudoer")
    }
    assert allowed == {"unprivileged": (1, 1), "sudoer": (0, 0), "limited-sudoer": (1, 0)}


def test_german_is_spoken(rig: Rig) -> None:
    assert "0 neu installiert" in said(rig, "german", "apt-get -s dist-upgrade\n")
    assert "LANG=de_DE.UTF-8" in said(rig, "german", "cat /etc/default/locale\n")


@pytest.mark.parametrize("folder", ["/", "/tmp", "/var/tmp", "/run", "/root", "/var/lib/apt", "/dev"])
def test_nothing_can_be_written_on_the_full_disk(rig: Rig, folder: str) -> None:
    done = rig.ssh("full-disk", f"LC_ALL=C; echo text > {folder}/file")
    assert done.returncode != 0
    assert "No space left on device" in done.stderr or "Read-only file system" in done.stderr
    assert not said(rig, "full-disk", f"cat {folder}/file 2>/dev/null || true\n")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("changed-key", "Host key for"),
        ("unknown-key", "No ED25519 host key is known"),
        ("no-entry", "Permission denied (publickey)"),
        ("refused", "Connection refused"),
        ("unreachable", "timed out"),
        ("garbage", "banner"),
    ],
)
def test_ssh_does_not_get_in(rig: Rig, name: str, words: str) -> None:
    done = rig.ssh(name, "true", connect_s=2 if name == "unreachable" else 60)
    assert done.returncode == 255
    assert words in done.stderr


def test_an_account_without_a_shell_is_turned_away(rig: Rig) -> None:
    done = rig.ssh("nologin", "sh -s", text="echo in\n")
    assert (done.returncode, done.stdout) == (1, "This account is currently not available.\n")


def test_a_hanging_shell_says_nothing(rig: Rig) -> None:
    with pytest.raises(subprocess.TimeoutExpired) as caught:
        rig.ssh("hanging-shell", "sh -s", text="echo in\n", timeout_s=2)
    assert not caught.value.stdout


def test_a_flooding_shell_goes_on(rig: Rig) -> None:
    call = rig.ssh_command("flooding-shell", "sh -s")
    with subprocess.Popen(call, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as flood:
        assert flood.stdout
        assert len(flood.stdout.read(3_000_000)) == 3_000_000
        assert flood.poll() is None
        flood.kill()


def test_an_inventory_gives_the_same_endpoints(rig: Rig, tmp_path: Path) -> None:
    loaded = load([rig.inventory(tmp_path / "inventory.yaml")])
    assert not loaded.warnings
    assert [replace(endpoint, source="") for endpoint in loaded.clients[0].endpoints] == list(rig.endpoints())


# --- alone, and gone afterwards -------------------------------------------------------------------------------------


def test_namespaces_are_private(rig: Rig) -> None:
    names = ("mnt", "pid", "uts", "ipc")
    ours = {str(Path(f"/proc/self/ns/{name}").readlink()) for name in names}
    links = " ".join(f"/proc/self/ns/{name}" for name in names)
    seen = [set(said(rig, name, f"readlink {links}\n").split()) for name in ("patched", "trixie", "unprivileged")]
    assert all(len(theirs) == len(names) and not theirs & ours for theirs in seen)
    assert len(set.union(*seen)) == len(seen) * len(names)


def test_a_host_sees_its_own_files_and_processes_alone(rig: Rig) -> None:
    mounts = {line.split()[1] for line in said(rig, "patched", "cat /proc/mounts\n").splitlines()}
    assert mounts == {"/", "/proc", "/sys", "/dev", "/dev/shm", "/dev/pts"}
    assert said(rig, "patched", "tr '\\0' ' ' </proc/1/cmdline\n").startswith("sh -c")
    assert "python" not in said(rig, "patched", "cat /proc/[0-9]*/comm\n")
    assert str(cache_folder()) not in Path("/proc/self/mountinfo").read_text()


def born(pid: str) -> str | None:
    """When a process started, in ticks since boot: with its number that makes one process. None: there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (FileNotFoundError, ProcessLookupError):
        return None


def processes_in(namespace: str) -> dict[str, str | None]:
    """Processes of a PID namespace, by number. Asked while it lives: a new namespace may get the number of an ended one."""
    found = {}
    for link in Path("/proc").glob("[0-9]*/ns/pid"):
        try:
            inside = str(link.readlink()) == namespace
        except FileNotFoundError:  # it ended while we looked
            continue
        if inside:
            found[link.parts[2]] = born(link.parts[2])
    return found


@pytest.mark.rig
def test_nothing_is_left_after_close() -> None:
    small = Rig(only=("patched", "hanging-shell", "old-clamav", "full-disk", "unreachable", "garbage"))
    try:
        small.start()
    except RigUnavailable as error:
        cannot_run(str(error))
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            small.ssh("hanging-shell", "true", timeout_s=1)
        inside = [
            said(small, name, "readlink /proc/self/ns/pid\n").strip() for name in ("patched", "old-clamav", "full-disk")
        ]
        living = [processes_in(namespace) for namespace in inside]
        assert all(len(processes) >= 2 for processes in living)
        assert small.folder.is_dir()
    finally:
        small.close()
    assert not [pid for processes in living for pid, start in processes.items() if start and born(pid) == start]
    assert not small.folder.exists()
    assert all(host.process.returncode is not None for host in small.hosts.values())
    for address in small.addresses.values():
        with socket.socket() as probe:
            assert probe.connect_ex((address, PORT)) != 0


@pytest.mark.rig
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_after_a_signal(tmp_path: Path, end: signal.Signals) -> None:
    command = [sys.executable, "-m", "tests.rig", "up", "--dir", str(tmp_path), "--only", "patched", "hanging-shell"]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as by_hand:
        assert by_hand.stdout
        assert by_hand.stderr
        printed = [by_hand.stdout.readline() for _ in range(3)]
        if not printed[-1]:
            cannot_run(by_hand.stderr.read())
        assert printed[-1] == f"{tmp_path / 'inventory.yaml'}\n"
        address = printed[0].split()[0]
        with socket.create_connection((address, PORT), timeout=60) as connection:
            assert connection.recv(4) == b"SSH-"
        key_file = next(line for line in (tmp_path / "inventory.yaml").read_text().splitlines() if "client_key" in line)
        folder = Path(key_file.split(": ")[1]).parent
        assert folder.is_dir()
        by_hand.send_signal(end)

    def refuses() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((address, PORT)) != 0

    wait_until(refuses, "the end of the host")
    wait_until(lambda: not folder.exists(), "the removal of its files")


def test_states_have_names_of_their_own() -> None:
    names = [state.name for state in (*HOSTS, *SILENT)]
    assert len(names) == len(set(names))
    with pytest.raises(ValueError, match="no such host in the rig: nowhere"):
        Rig(only=("nowhere",))
