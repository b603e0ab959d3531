"""Secrets are planted wherever one can be met, and looked for wherever anything is shown, kept or passed on.

A real sshd is logged in to with a password, with an encrypted key and in vain; the machine's own answer holds recovery
keys and echoes our secrets; a check crashes on it. Then every output, file, blob and child process is searched.
"""

from __future__ import annotations

import html
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.e2e.commands import scorecard
from tests.e2e.leaks import forms, found_in_database, usual
from tests.e2e.leaks import found_in as found_of
from tests.e2e.modules import topic
from tests.e2e.recordings import entry, inventory, refusing
from tests.rig.sshd import Account, Sshd, keygen, need_root

pytestmark = pytest.mark.rig

# Our own, by where the inventory says that they are.
LOGIN = "p@ss\"w/ö'rd &<Z>%41\\\\|$HOME`"
PASSPHRASE = "key;phrase=für{meinen}Schlüssel+"
WRONG = "falsch?Passwort#17*~!"
URL = "store:pass/word@1"
# Theirs, as a machine might print them.
BITLOCKER = "123453-223454-323455-423456-523457-623458-723459-823460"
FILEVAULT = "ABCD-1234-EFGH-5678-IJKL-90MN"
PLANTED = {
    "login": LOGIN,
    "passphrase": PASSPHRASE,
    "wrong": WRONG,
    "store": URL,
    "bitlocker": BITLOCKER,
    "filevault": FILEVAULT,
}


def found_in(where: str, data: bytes) -> list[str]:
    return found_of(PLANTED, where, data)


_LINUX = """\
#: part level
[ -r "{trace}/planted" ] || absent
{{ tr '\\000' '\\n' </proc/self/environ; for file in /proc/[0-9]*/cmdline; do tr '\\000' ' ' <"$file"; echo; done; }} \\
  >"{trace}/over-there-$$" 2>/dev/null
cat "{trace}/planted"
"""
_RULES = """
from scorecard.model import Severity, failed
from scorecard.topic import Effort, check
@check("coffee.full", title="The pot is full", why="Tired people make mistakes.", fix=("Fill it.",),
       severity=Severity.LOW, effort=Effort(once_min=0, each_min=5))
def full(facts, host, parameters):
    return failed(measured=facts.level.seen(), expected="full", evidence={"all": facts.level.seen()})
@check("coffee.crash", title="The pot is whole", why="Tired people make mistakes.", fix=("Mend it.",),
       severity=Severity.LOW, effort=Effort(once_min=0, each_min=5))
def crash(facts, host, parameters):
    raise ValueError(facts.level.seen())
"""
_HELPER = """#!/bin/sh
{{ tr '\\000' '\\n' </proc/self/environ; tr '\\000' ' ' </proc/$$/cmdline; }} >"{trace}/helper-$$"
cat "{trace}/wrong"
"""
_SHELL = """#!/bin/sh
{{ tr '\\000' '\\n' </proc/$$/environ; for file in /proc/[0-9]*/cmdline; do tr '\\000' ' ' <"$file"; echo; done; }} \\
  >"{trace}/here-$$" 2>/dev/null
exec /bin/sh "$@"
"""


@dataclass(frozen=True)
class Planted:
    place: Path
    trace: Path  # what children of the audit saw
    inventory: Path
    environment: Mapping[str, str]
    topic: Path

    def run(self, name: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
        return scorecard(*words, home=self.place / name / "home", environment=self.environment, anew=True)

    def leaks(self, name: str, *outputs: str) -> list[str]:
        """Everything that a run left behind."""
        leaks = [leak for output in outputs for leak in found_in("output", output.encode("utf-8", "replace"))]
        for file in sorted((self.place / name).rglob("*")):
            if file.is_file():
                leaks += found_in(str(file.relative_to(self.place)), file.read_bytes())
        for file in self.trace.iterdir():
            if file.name not in ("planted", "wrong"):
                leaks += found_in(file.name, file.read_bytes())
        return leaks


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    need_root()
    place = tmp_path_factory.mktemp("leak")
    trace, given = place / "trace", place / "given"
    for folder in (trace, given, place / "bin"):
        folder.mkdir()
    plain = [f"{name} is {PLANTED[name]} there" for name in ("bitlocker", "filevault")]
    ours = ("login", "passphrase")  # a command's secret is known from the moment on that it is asked for
    echoes = [f"{name}: {shape.decode()}" for name in ours for shape in sorted(usual(PLANTED[name]))]
    (trace / "planted").write_text("\n".join(plain + echoes) + "\n", encoding="utf-8")
    (trace / "wrong").write_text(WRONG + "\n", encoding="utf-8")
    (given / "phrase").write_text(PASSPHRASE + "\n", encoding="utf-8")
    (given / "phrase").chmod(0o600)
    helper, shell = place / "bin" / "helper", place / "bin" / "sh"
    helper.write_text(_HELPER.format(trace=trace), encoding="utf-8")
    shell.write_text(_SHELL.format(trace=trace), encoding="utf-8")
    for file in (helper, shell):
        file.chmod(0o755)
    key = keygen(given / "key", passphrase=PASSPHRASE)
    account = Account("auditor", LOGIN)
    with Sshd(place / "sshd", authorized=[key], options=["PasswordAuthentication yes"], accounts=[account]) as server:
        there = {"address": server.address, "port": server.port, "known_hosts": [server.known_hosts()], "platform": "linux"}
        credentials = {
            "password": {"user": "auditor", "password": "env:SCORECARD_TEST_LOGIN"},
            "key": {"user": "root", "key_file": str(key), "passphrase": f"file:{given / 'phrase'}"},
            "wrong": {"user": "auditor", "password": {"command": [str(helper), "{name}"]}},
        }
        endpoints = [{"name": name, "credential": name, "role": "server", **there} for name in credentials]
        endpoints += [{"name": "here", "transport": "local", "platform": "linux", "role": "server"}, refusing("gone")]
        endpoints.append(_recorded(place))
        file = inventory(given / "inventory.yaml", "Acme", endpoints, credentials=credentials)
        environment = {
            "SCORECARD_TEST_LOGIN": LOGIN,
            "PATH": f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}",
        }
        module = topic(given / "coffee", linux=_LINUX.format(trace=trace), rules=_RULES)
        yield Planted(place, trace, file, environment, module)


def _recorded(place: Path) -> dict[str, object]:
    """A recording whose own words, not only its answers, hold a recovery key; it never came whole."""
    folder = place / "recorded"
    folder.mkdir()
    reason = f"the key is {BITLOCKER}"
    content = {"as_of": "2026-11-20T12:00:00+00:00", "parts": {"engine.host": {"outcome": "denied", "reason": reason}}}
    (folder / "outcomes.yaml").write_text(json.dumps(content), encoding="utf-8")
    (folder / "engine.host.txt").write_text(f"{FILEVAULT}\n", encoding="utf-8")
    return entry("recorded", folder)


def test_an_audit_leaks_nothing_wherever_one_looks(planted: Planted) -> None:
    out = planted.place / "audit" / "out"
    done = planted.run(
        *("audit", "audit", planted.inventory, "--checks", planted.topic, "--deadline", "300"),
        *("--out", out, "--format", "html,xlsx,json,csv", "--evidence", "--json"),
    )
    assert done.returncode == 3, done.stderr
    document = json.loads(done.stdout)
    seen = {device["name"]: device["seen"] for device in document["endpoints"]}
    assert seen == {"password": True, "key": True, "wrong": False, "here": True, "gone": False, "recorded": False}
    crashed = [finding for finding in document["findings"] if finding["check"] == "coffee.crash"]
    assert any("crashed" in (finding["reason"] or "") for finding in crashed)
    (answer,) = (part for part in document["observations"]["key"] if part["part"] == "coffee.level")
    assert answer["text"].count("[redacted]") >= 15  # the secrets were there, and were taken out
    assert {file.name.partition("-")[0] for file in planted.trace.iterdir()} >= {"helper", "here", "over"}
    assert planted.leaks("audit", done.stdout, done.stderr) == []
    leaks, unpacked = found_in_database(PLANTED, planted.place / "audit" / "home" / "history.db")
    assert leaks == []
    assert unpacked > 20
    again = planted.run("audit", "report", document["id"], "--json", "--evidence")
    assert found_in("report", again.stdout.encode()) == []


def test_what_is_printed_for_a_bug_report_leaks_nothing(planted: Planted) -> None:
    command = [sys.executable, "-P", "-m", "scorecard", "--debug", "audit", str(planted.inventory), "--json"]
    done = subprocess.run(
        [*command, "--checks", str(planted.topic), "--limit", "[kp]*"],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **planted.environment, "SCORECARD_HOME": str(planted.place / "debug" / "home")},
    )
    assert done.returncode == 0, done.stderr
    assert "ValueError: " in done.stderr  # the check crashed, and its trace holds the answer
    assert "[redacted]" in done.stderr
    assert planted.leaks("debug", done.stdout, done.stderr) == []


def test_the_doctor_leaks_nothing(planted: Planted) -> None:
    for name, code in (("password", 0), ("key", 0), ("wrong", 3)):
        done = planted.run("doctor", "--debug", "doctor", name, "--inventory", planted.inventory)
        assert done.returncode == code, done.stdout + done.stderr
        assert planted.leaks("doctor", done.stdout, done.stderr) == []


def test_what_cannot_be_resolved_is_named_and_not_told(planted: Planted, tmp_path: Path) -> None:
    """A password beside its reference, in a file that everybody may read, and in a store's address."""
    loose = tmp_path / "loose"
    loose.write_text(LOGIN, encoding="utf-8")
    loose.chmod(0o644)
    credentials = {"loose": {"user": "a", "password": f"file:{loose}"}, "plain": {"user": "a", "password": LOGIN}}
    for name in credentials:
        listed = [refusing("web1", credential=name)]
        file = inventory(tmp_path / f"{name}.yaml", "Acme", listed, credentials={name: credentials[name]})
        done = scorecard("--debug", "audit", file, home=tmp_path / "home")
        assert done.returncode == 2
        assert found_in("output", (done.stdout + done.stderr).encode()) == []
    for url in (f"postgresql://me:{quote(URL, safe='')}@127.0.0.1:1/db", f"postgresql://me:{URL}@127.0.0.1:port/db"):
        done = scorecard("--debug", "history", "--store", url, home=tmp_path / "home")
        assert done.returncode == 2
        assert found_in("output", (done.stdout + done.stderr).encode()) == []


def test_the_search_itself_finds_what_is_there() -> None:
    for name, secret in PLANTED.items():
        for shape in forms(secret):
            assert f"x: {name}" in found_in("x", b"before " + shape + b" after")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.xml", html.escape(LOGIN))
    assert found_in("book", packed.getvalue()) == ["book!a.xml: login"]
