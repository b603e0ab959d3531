"""One audit over every way in which a Windows machine can be reached, and every way in which it cannot.

The doctor walks to the same machines. Nothing of the environment may decide whom we trust or through whom we go.
"""

from __future__ import annotations

import hashlib
import html
import json
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from tests.e2e.commands import scorecard
from tests.rig.required import cannot_run
from tests.rig.silence import black_hole, talking
from tests.rig.sshd import free_port
from tests.rig.wsman import certificates
from tests.rig.wsman.server import ACCOUNTS, Tls, Wsman

pytestmark = pytest.mark.waits

DEADLINE_S = 15
DOMAIN, LOCAL = ACCOUNTS
WRONG = "not-the-Passw0rd!"
WELL = "windows-11-pro-well"


@dataclass(frozen=True)
class Way:
    """A machine and how the inventory says that it is reached; `settings` are keys of its entry there."""

    tls: Tls | None = None
    fault: str | None = None
    credential: str = "domain"
    settings: Mapping[str, Any] = field(default_factory=dict)
    machine: str = WELL
    trusted: str = "authority"  # whose certificate is in ca_file: the authority's, the machine's own, another's
    address: str = ""


@dataclass(frozen=True)
class Failing(Way):
    """`kind` and `words` of its failure, and the step at which the doctor stops ("" is not walked: it would wait long)."""

    kind: str = ""
    words: str = ""
    step: str = ""
    seen: bool = False  # what came whole before counts
    words_there: str = ""  # where the doctor, who asks step by step, sees more


BASIC = {"authentication": "basic"}
GOOD = {
    "http-ntlm": Way(),
    "https-ntlm": Way("good"),
    "https-basic": Way("good", credential="local", settings=BASIC),
    "local-account": Way("good", credential="local"),
    "own-certificate": Way("self-signed"),
    "pinned": Way("good", trusted="own"),
    "few-rights": Way(machine="no-admin-rights"),
    "shell-after-a-while": Way(fault="quota-shells:1"),
    "dropped-once": Way(fault="reset:1"),
}
IPV6 = {"ipv6": Way("good", address="::1")}
BAD = {
    "wrong-password": Failing(
        credential="wrong",
        kind="auth-failed",
        words=r"refused CORP\audit with NTLM (it offers: Negotiate, Kerberos)",
        step="login",
    ),
    "wrong-basic": Failing(
        "good",
        credential="wrong-local",
        settings=BASIC,
        kind="auth-failed",
        words="refused localadmin with Basic",
        step="login",
    ),
    "basic-off": Failing(
        "good",
        "basic-off",
        "local",
        BASIC,
        kind="auth-failed",
        words="does not accept Basic over this connection",
        step="login",
    ),
    "no-password": Failing(
        credential="no-password", kind="auth-failed", words="There is no password to log in to", step="login"
    ),
    "unencrypted": Failing(fault="empty-500", kind="protocol", words="only accepts encrypted messages", step="login"),
    "no-rights": Failing(fault="access-denied", kind="permission-denied", words="but not use WinRM there", step="shell"),
    "no-remote-shells": Failing(
        fault="remote-shells-disallowed", kind="permission-denied", words="Remote shell access is disabled", step="shell"
    ),
    "no-powershell": Failing(fault="no-powershell", kind="protocol", words="PowerShell was not found", step="privilege"),
    "expired": Failing("expired", kind="certificate-invalid", words="expired on 20", step="certificate"),
    "wrong-name": Failing("wrong-name", kind="certificate-invalid", words="is for other.example", step="certificate"),
    "unknown-authority": Failing(
        "good", trusted="another", kind="certificate-invalid", words="its issuer is not known here", step="certificate"
    ),
    "vouches-for-itself": Failing(
        "self-signed",
        trusted="another",
        kind="certificate-invalid",
        words="nobody but the machine itself",
        step="certificate",
    ),
    "plain-on-https": Failing(settings={"https": True}, kind="protocol", words="does not speak HTTPS", step="WinRM"),
    "https-on-plain": Failing(
        "good", settings={"https": False}, kind="unreachable", words="closed the connection", step="WinRM"
    ),
    "web-server": Failing(fault="html", kind="protocol", words="is a web server but not WinRM", step="WinRM"),
    "service-stopped": Failing(fault="503", kind="refused", words="The WinRM service of", step="WinRM"),
    "shell-quota": Failing(fault="quota-shells-wmi", kind="quota", words="allows CORP", step="shell"),
    "closed-shell": Failing(fault="shell-expired", kind="protocol", words="closed our shell"),
    "damaged": Failing(fault="truncated", kind="protocol", words="cut short or damaged"),
    "noise": Failing(fault="random-bytes", kind="protocol", words="in clear text"),
    "flood": Failing("good", "big-output", "local", BASIC, kind="output-too-large", words="sent a flood and no answer"),
    "accepts-and-hangs": Failing(fault="dead", kind="deadline", words=f"was not done within {DEADLINE_S} seconds"),
    "trickles": Failing(fault="trickle", kind="deadline", words=f"was not done within {DEADLINE_S} seconds"),
    "stuck": Failing(fault="stuck", kind="deadline", words=f"was not done within {DEADLINE_S} seconds", seen=True),
    "broken-off": Failing(fault="broken-off", kind="protocol", words="is not complete", seen=True),
}
# Behind these there is no machine at all.
NOBODY = {
    "switched-off": Failing(
        settings={"connect_timeout_s": 1}, kind="unreachable", words="did not answer within 1 second", step="port"
    ),
    "nothing-listens": Failing(kind="refused", words="WinRM is not listening", step="port"),
    "ssh": Failing(
        kind="protocol", words="Something else than WinRM listens", step="WinRM", words_there="it does not speak HTTP"
    ),
    "ssh-by-https": Failing(settings={"https": True}, kind="protocol", words="does not speak HTTPS", step="WinRM"),
}
FAILING: dict[str, Failing] = {**BAD, **NOBODY}


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@dataclass
class Fleet:
    servers: Mapping[str, Wsman]
    inventory: Path
    environment: Mapping[str, str]
    folder: Path


@dataclass
class Audited:
    document: dict[str, Any]
    page: str
    said: CompletedProcess[str]

    def entry(self, name: str) -> dict[str, Any]:
        (found,) = (entry for entry in self.document["endpoints"] if entry["name"] == name)
        return dict(found)

    def statuses(self, name: str) -> set[str]:
        return {found["status"] for found in self.document["findings"] if found["endpoint"] == name}


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    folder = tmp_path_factory.mktemp("connections")
    with ExitStack() as stack:
        servers: dict[str, Wsman] = {}
        listed = []
        ways: dict[str, Way] = {**GOOD, **(IPV6 if has_ipv6() else {}), **BAD}
        for number, (name, way) in enumerate(ways.items(), 10):
            place = folder / "servers" / name
            place.mkdir(parents=True)
            server = Wsman(place, way.machine, way.address or f"127.0.10.{number}", tls=way.tls, fault=way.fault)
            servers[name] = stack.enter_context(server)
            listed.append(entry(name, way, server.address, server.port, trusted_file(way, server, place)))
        for name, (address, port) in nobodies(stack).items():
            listed.append(entry(name, NOBODY[name], address, port, None))
        yield Fleet(servers, inventory(folder, listed), misleading(folder), folder)


def nobodies(stack: ExitStack) -> dict[str, tuple[str, int]]:
    """Addresses where there is no machine of ours."""
    off, closed, ssh = "127.0.10.200", "127.0.10.201", "127.0.10.202"
    black_hole(off, port := free_port(off), stack)
    return {
        "switched-off": (off, port),
        "nothing-listens": (closed, free_port(closed)),
        "ssh": (ssh, stack.enter_context(talking(b"SSH-2.0-OpenSSH_9.6\r\n", ssh))),
        "ssh-by-https": (ssh, stack.enter_context(talking(b"SSH-2.0-OpenSSH_9.6\r\n", ssh))),
    }


def trusted_file(way: Way, server: Wsman, place: Path) -> Path | None:
    if server.certificate is None or way.trusted == "authority":
        return server.ca_file
    if way.trusted == "another":
        return certificates.make(place, "self-signed", server.address)[0]
    own = place / "own.pem"
    own.write_text(ssl.DER_cert_to_PEM_cert(server.certificate), encoding="ascii")
    return own


def entry(name: str, way: Way, address: str, port: int, trusted: Path | None) -> dict[str, Any]:
    how = {"https": way.tls is not None, "credential": way.credential, **way.settings}
    if trusted:
        how["ca_file"] = str(trusted)
    return {"name": name, "address": address, "port": port, "role": "workstation", **how}


def inventory(folder: Path, listed: list[dict[str, Any]]) -> Path:
    said = {"domain": (DOMAIN, ACCOUNTS[DOMAIN]), "local": (LOCAL, ACCOUNTS[LOCAL])}
    said |= {"wrong": (DOMAIN, WRONG), "wrong-local": (LOCAL, WRONG)}
    credentials: dict[str, dict[str, str]] = {"no-password": {"user": LOCAL}}
    for name, (user, password) in said.items():
        kept = folder / f"password-{name}"
        kept.write_text(password, encoding="utf-8")
        kept.chmod(0o600)
        credentials[name] = {"user": user, "password": f"file:{kept}"}
    content = {"client": "Connections Ltd", "credentials": credentials, "defaults": {"platform": "windows"}}
    file = folder / "inventory.yaml"
    file.write_text(json.dumps({**content, "endpoints": listed}), encoding="utf-8")
    return file


def misleading(folder: Path) -> dict[str, str]:
    """An environment that trusts nobody, and sends everybody through a proxy that is not there."""
    empty = folder / "trusts-nobody.pem"
    empty.touch()
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"), "http://127.0.0.1:1")
    bundles = dict.fromkeys(("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"), str(empty))
    return {**proxies, **bundles, "NO_PROXY": ""}


@pytest.fixture(scope="module")
def audited(fleet: Fleet) -> Audited:
    out = fleet.folder / "out"
    done = scorecard(
        *("audit", fleet.inventory, "--deadline", str(DEADLINE_S), "--out", out),
        home=fleet.folder / "home",
        environment=fleet.environment,
        timeout_s=120,
        anew=True,
    )
    assert done.returncode == 3, done.stderr
    (page,) = out.glob("*.html")
    document = json.loads((out / "audit.json").read_text(encoding="utf-8"))
    return Audited(document, page.read_text(encoding="utf-8"), done)


@pytest.mark.parametrize("name", [*GOOD, *IPV6])
def test_each_good_way_leads_there(fleet: Fleet, audited: Audited, name: str) -> None:
    if name not in fleet.servers:
        cannot_run("this machine has no loopback over IPv6")
    found = audited.entry(name)
    assert found["seen"], found["failure"]
    assert found["failure"] is None
    assert found["identity"] == ("proven" if fleet.servers[name].tls else "not-proven")
    assert "pass" in audited.statuses(name)
    assert found["privileged"] == (name != "few-rights")


@pytest.mark.parametrize("name", FAILING)
def test_each_failure_is_named_with_what_to_do(audited: Audited, name: str) -> None:
    expected, found, shown = FAILING[name], audited.entry(name), html.unescape(audited.page)
    failure = found["failure"]
    assert failure is not None
    assert (failure["kind"], expected.words in failure["message"]) == (expected.kind, True), failure
    assert failure["next_step"]
    assert found["seen"] == expected.seen
    if not expected.seen:
        assert audited.statuses(name) == {"unknown"}
        assert failure["message"] in shown


def test_nothing_is_left_open_and_no_password_was_tried_twice(fleet: Fleet, audited: Audited) -> None:
    assert audited.document["finished_at"]
    assert {name for name, server in fleet.servers.items() if server.open_shells} == set()
    # NTLM refuses in its third message; Basic at once, after being asked which ways there are.
    assert fleet.servers["wrong-password"].requests["Create"] == 0
    assert fleet.servers["wrong-password"].requests["authentication"] <= 3
    assert fleet.servers["wrong-basic"].requests["authentication"] <= 2
    for name in ("expired", "wrong-name", "unknown-authority", "vouches-for-itself"):
        assert not fleet.servers[name].requests, f"{name} was sent something before its certificate was right"


def test_a_certificate_that_is_not_trusted_is_told_by_its_fingerprint(fleet: Fleet, audited: Audited) -> None:
    shown = fleet.servers["vouches-for-itself"].certificate or b""
    digest = hashlib.sha256(shown).hexdigest().upper()
    assert audited.entry("vouches-for-itself")["failure"]["next_step"].replace(":", "").endswith(digest)


def test_no_password_stands_in_what_was_made(fleet: Fleet, audited: Audited) -> None:
    made = [file for name in ("out", "home") for file in (fleet.folder / name).rglob("*") if file.is_file()]
    texts = [file.read_bytes() for file in made] + [(audited.said.stdout + audited.said.stderr).encode()]
    for secret in (*ACCOUNTS.values(), WRONG):
        assert not any(secret.encode() in text for text in texts)


WALKED = {name: way for name, way in FAILING.items() if way.step}
WELL_WALKED = ("http-ntlm", "https-basic", "pinned")


@pytest.fixture(scope="module")
def walks(fleet: Fleet, audited: Audited) -> Mapping[str, CompletedProcess[str]]:
    del audited  # it goes first: faults with a number have happened by then

    home = fleet.folder / "home"
    return {
        name: scorecard("doctor", name, "--inventory", fleet.inventory, home=home, environment=fleet.environment)
        for name in (*WALKED, *WELL_WALKED)
    }


@pytest.mark.parametrize("name", WALKED)
def test_the_doctor_stops_where_it_fails_and_says_what_to_do(walks: Mapping[str, CompletedProcess[str]], name: str) -> None:
    done, expected = walks[name], FAILING[name]
    assert (done.returncode, done.stderr) == (3, "")
    *before, stop, then = done.stdout.splitlines()
    assert all(line.startswith(("ok  ", "      ")) for line in before)
    assert stop.startswith(f"STOP  {expected.step}: ")
    assert stop.endswith(f" ({expected.kind})")
    assert (expected.words_there or expected.words) in stop
    assert then.startswith("      ")
    assert then.strip()


@pytest.mark.parametrize("name", WELL_WALKED)
def test_the_doctor_walks_to_the_end(fleet: Fleet, walks: Mapping[str, CompletedProcess[str]], name: str) -> None:
    done = walks[name]
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[1] for line in done.stdout.splitlines()] == [
        *("name:", "port:", "WinRM:", "certificate:", "login:", "shell:", "privilege:", "probe:")
    ]
    assert fleet.servers[name].open_shells == 0


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"https": False, "authentication": "basic"}, "Basic would send the password in clear text"),
        ({"port": 5985, "authentication": "credssp"}, "CredSSP hands over the password itself"),
    ],
)
def test_a_login_in_clear_is_a_mistake_of_the_inventory(how: dict[str, Any], words: str, tmp_path: Path) -> None:
    """Found before anything is contacted, whichever command reads the file."""
    listed = {"name": "pc", "address": "127.0.10.1", "platform": "windows", **how}
    file = tmp_path / "inventory.yaml"
    file.write_text(json.dumps({"client": "A", "endpoints": [listed]}), encoding="utf-8")
    runs = (("inventory", "check", file), ("audit", file), ("doctor", "pc", "--inventory", file))
    for run in runs:
        done = scorecard(*run, home=tmp_path / "home")
        assert done.returncode == 2
        assert f"{file}:1: endpoints[pc].authentication: " in done.stderr
        assert words in done.stderr


def test_a_file_of_certificates_that_is_not_there(tmp_path: Path) -> None:
    listed = {"name": "pc", "address": "127.0.10.1", "platform": "windows", "ca_file": "none.pem"}
    file = tmp_path / "inventory.yaml"
    file.write_text(json.dumps({"client": "A", "endpoints": [listed]}), encoding="utf-8")
    checked = scorecard("inventory", "check", file, home=tmp_path / "home")
    asked = scorecard("audit", file, home=tmp_path / "home")
    assert (checked.returncode, asked.returncode) == (0, 2)
    assert f"endpoints[pc].ca_file: there is no file {tmp_path / 'none.pem'}" in checked.stderr
    assert f"{file}:1: ca_file: {tmp_path / 'none.pem'} cannot be read" in asked.stderr
