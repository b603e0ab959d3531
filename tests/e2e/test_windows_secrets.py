"""Secrets planted wherever a Windows machine's answer can hold one, and looked for in everything that an audit leaves.

Our own passwords are echoed by the machines, in every usual encoding; recovery passwords stand in a service's folder, in a
file, in names of programs, updates and computers, in what PowerShell prints. What would hand out a key is never asked.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from scorecard.redaction import REDACTED
from tests.e2e.commands import scorecard
from tests.e2e.leaks import found_in, found_in_database, usual
from tests.rig.wsman.machine import MACHINES
from tests.rig.wsman.server import Tls, Wsman

LOGIN = "p@ss\"w/ö'rd &<Z>%41\\\\|$HOME`"
WRONG = "falsch?Passwort#17*~'!"
RECOVERY = "123453-223454-323455-423456-523457-623458-723459-823460"
SPACED = "111111 222222 333333 444444 555555 660000 110000 220000"
WHOLE = "".join(f"{group:06}" for group in range(700_007, 700_095, 11))
PACKAGE = "Key-package-of-the-drive-AQIDBAUGBwgJCgsMDQ4P"
ASSIGNED = "Zwölf & Boxkämpfer"
OURS = {"login": LOGIN, "wrong": WRONG}
THEIRS = {"dashes": RECOVERY, "spaces": SPACED, "whole": WHOLE, "package": PACKAGE, "assigned": ASSIGNED}
PLANTED = {**OURS, **THEIRS}
DEADLINE_S = "60"
USER = "CORP\\audit"

# How often each part must show that something was taken out of it: the secrets were there and were read.
TAKEN_OUT = {
    "engine.host": 1,
    "os-support.esu-services": 1,
    "disk-encryption.programs": 2,
    "antivirus.definition-files": 10,
    "antivirus.center": 1,
    "inventory.computer": 2,
    "patching.installed": 1,
    "patching.agent": 1,
}


def leaky(folder: Path) -> Path:
    """A machine that says secrets wherever it is asked for a text."""
    echoes = " ".join(shape.decode() for secret in OURS.values() for shape in sorted(usual(secret)))
    keys = {"out": {"NumericalPassword": RECOVERY, "KeyPackage": PACKAGE, "ExternalKey": PACKAGE}}
    methods = dict.fromkeys(("GetKeyProtectorNumericalPassword", "GetKeyPackage", "GetKeyProtectorExternalKey"), keys)
    machine = {
        "base": [str(MACHINES / "windows-11-pro-well")],
        "host": {"model": f"Model {RECOVERY}"},
        "banner": f"Welcome, {LOGIN}; in need: {RECOVERY}\n",
        "said": {"progress": f"Preparing {LOGIN} and {SPACED}"},
        "cim": {
            "root/cimv2": {"Win32_ComputerSystem": {"instances": {"this": {"Model": WHOLE, "UserName": LOGIN}}}},
            "root/cimv2/Security/MicrosoftVolumeEncryption": {
                "Win32_EncryptableVolume": {"instances": {"c": {"KeyPackage": PACKAGE, "methods": methods}}}
            },
            "root/SecurityCenter2": {
                "AntiVirusProduct": {"instances": {"leaky": {"displayName": f"AV {SPACED}", "productState": 397312}}}
            },
        },
        "services": {
            "himds": {"state": "Running", "start_mode": "Auto", "path": rf'"C:\{RECOVERY}\x.exe" -key {WHOLE}'},
            "SAVService": {
                "state": "Running",
                "start_mode": "Auto",
                "path": f"C:\\y.exe --password='{ASSIGNED}' --login {LOGIN} --recovery {SPACED}",
            },
        },
        "files": {
            "%ProgramFiles%/Bitdefender/Endpoint Security/update_statistics.xml": {
                "size": 9,
                "modified": "2026-11-01T00:00:00Z",
                "text": f"<key>{RECOVERY}</key>\r\n{WHOLE}\r\npassword='{ASSIGNED}'\r\n{LOGIN}\r\n{echoes}",
            }
        },
        "registry": {
            "HKLM/SOFTWARE/Microsoft/Windows/CurrentVersion/Uninstall/Vault": {"DisplayName": f"Vault {RECOVERY} {LOGIN}"},
            "HKLM/SOFTWARE/Microsoft/Windows NT/CurrentVersion": {"RegisteredOwner": LOGIN},
        },
        "events": {
            "System": {
                "events": {
                    "told": {
                        "id": 19,
                        "provider": "Microsoft-Windows-WindowsUpdateClient",
                        "time": "2026-11-10T00:00:00Z",
                        "data": {"updateTitle": f"Update {WHOLE} {LOGIN}"},
                    }
                }
            }
        },
        "updates": {"missing": {"leaky": {"title": f"KB {RECOVERY}", "id": "x", "severity": "Critical"}}},
    }
    folder.mkdir()
    (folder / "machine.yaml").write_text(yaml.safe_dump(machine, allow_unicode=True), encoding="utf-8")
    return folder


@dataclass
class Planted:
    place: Path
    inventory: Path
    servers: dict[str, Wsman]


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    place = tmp_path_factory.mktemp("windows-leak")
    given = place / "given"
    given.mkdir()
    for name, secret in OURS.items():
        (given / name).write_text(secret + "\n", encoding="utf-8")
        (given / name).chmod(0o600)
    kinds: dict[str, tuple[Tls | None, str | None, str]] = {
        "sealed": (None, None, "login"),
        "secure": ("good", "slow:0.2", "login"),
        "basic": ("good", None, "local"),
        "wrong": (None, None, "wrong"),
        "wrong-basic": ("good", None, "wrong-local"),
        "broken": (None, "broken-off:0", "login"),
    }
    machine = leaky(place / "machine")
    with ExitStack() as stack:
        servers: dict[str, Wsman] = {}
        listed: list[dict[str, Any]] = []
        for number, (name, (tls, fault, credential)) in enumerate(kinds.items(), 10):
            (place / name).mkdir()
            accounts = {USER: LOGIN, "localadmin": LOGIN}
            server = Wsman(place / name, machine, f"127.0.11.{number}", tls=tls, accounts=accounts, fault=fault)
            servers[name] = stack.enter_context(server)
            how: dict[str, Any] = {"https": tls is not None, "credential": credential}
            if tls:
                how["ca_file"] = str(server.ca_file)
            if credential.endswith("local"):
                how["authentication"] = "basic"
            listed.append({"name": name, "address": server.address, "port": server.port, "role": "server", **how})
        content = {
            "client": "Leaky Ltd",
            "defaults": {"platform": "windows"},
            "credentials": {
                "login": {"user": USER, "password": f"file:{given / 'login'}"},
                "local": {"user": "localadmin", "password": f"file:{given / 'login'}"},
                "wrong": {"user": USER, "password": f"file:{given / 'wrong'}"},
                "wrong-local": {"user": "localadmin", "password": f"file:{given / 'wrong'}"},
            },
            "endpoints": listed,
        }
        inventory = given / "inventory.yaml"
        inventory.write_text(json.dumps(content), encoding="utf-8")
        yield Planted(place, inventory, servers)
    assert all(server.open_shells == 0 for server in servers.values())


def leaks_of(folder: Path, *outputs: str) -> list[str]:
    leaks = [leak for output in outputs for leak in found_in(PLANTED, "output", output.encode("utf-8", "replace"))]
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            leaks += found_in(PLANTED, str(file.relative_to(folder)), file.read_bytes())
    return leaks


@contextmanager
def watched(home: Path) -> Iterator[dict[str, bytes]]:
    """The command lines of all processes, and the environment of those that belong to the run, while it lasts."""
    seen: dict[str, bytes] = {}
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            for process in Path("/proc").glob("[0-9]*"):
                try:
                    seen[f"command line of {process.name}"] = (process / "cmdline").read_bytes()
                    environment = (process / "environ").read_bytes()
                except OSError:  # it has ended, or is somebody else's
                    continue
                if str(home).encode() in environment:
                    seen[f"environment of {process.name}"] = environment
            time.sleep(0.2)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()


def test_an_audit_of_windows_leaks_nothing_wherever_one_looks(planted: Planted) -> None:
    run = planted.place / "run"
    home, out = run / "home", run / "out"
    with watched(home) as processes:
        done = scorecard(
            *("--debug", "audit", planted.inventory, "--deadline", DEADLINE_S, "--evidence", "--json"),
            *("--out", out, "--format", "html,xlsx,json,csv"),
            home=home,
            anew=True,
        )
    assert done.returncode == 3, done.stderr
    document = json.loads(done.stdout)
    assert {entry["name"]: entry["seen"] for entry in document["endpoints"]} == {
        **dict.fromkeys(("sealed", "secure", "basic"), True),
        **dict.fromkeys(("wrong", "wrong-basic", "broken"), False),
    }
    for name in ("sealed", "secure", "basic"):
        parts = {part["part"]: part["text"] for part in document["observations"][name]}
        counted = {part: parts[part].count(REDACTED) for part in TAKEN_OUT}
        assert {part: counted[part] for part, least in TAKEN_OUT.items() if counted[part] < least} == {}
        assert "y.exe" in parts["antivirus.services"]
        assert "--password" not in parts["antivirus.services"]  # of a command line the program alone is told
    assert {file.suffix for file in out.iterdir()} >= {".html", ".xlsx", ".json"}
    assert leaks_of(run, done.stdout, done.stderr) == []
    leaks, unpacked = found_in_database(PLANTED, home / "history.db")
    assert leaks == []
    assert unpacked > 20
    assert any(name.startswith("environment of ") for name in processes)
    assert [leak for name, text in processes.items() for leak in found_in(PLANTED, name, text)] == []


def test_what_powershell_printed_is_quoted_without_its_secrets(planted: Planted) -> None:
    """A command that ends without an answer is explained by its own words; those words are a stranger's."""
    home = planted.place / "doctor" / "home"
    done = {
        name: scorecard("--debug", "doctor", name, "--inventory", planted.inventory, home=home) for name in planted.servers
    }
    assert {name: one.returncode for name, one in done.items()} == {
        **dict.fromkeys(("sealed", "secure", "basic"), 0),
        **dict.fromkeys(("wrong", "wrong-basic", "broken"), 3),
    }
    assert f"it said: Welcome, {REDACTED}; in need: {REDACTED}" in done["broken"].stdout
    for one in done.values():
        assert leaks_of(planted.place / "doctor", one.stdout, one.stderr) == []


def test_no_key_is_asked_for_and_no_password_is_sent_among_the_questions(planted: Planted) -> None:
    for server in planted.servers.values():
        for received in server.received:
            assert found_in(PLANTED, "sent", received.stdin + received.script.encode()) == []
            for method in (b"NumericalPassword", b"KeyPackage", b"ExternalKey"):
                assert method not in received.stdin
        assert server.refused == []


def test_the_search_finds_what_is_planted() -> None:
    for name, secret in PLANTED.items():
        assert f"x: {name}" in found_in(PLANTED, "x", f"before {secret} after".encode())
