"""Every simulated Windows machine in one audit over WinRM: what each is found to be, and that nothing is left behind."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.commands import scorecard
from tests.rig.wsman.server import ACCOUNTS, Wsman

MACHINES = Path(__file__).parents[1] / "rig" / "wsman" / "machines"
NAMES = sorted(folder.name for folder in MACHINES.iterdir() if folder.is_dir() and not folder.name.startswith("_"))
FINDINGS: dict[str, dict[str, str]] = yaml.safe_load(Path(__file__).with_name("windows_findings.yaml").read_text("utf-8"))
USER, PASSWORD = next(iter(ACCOUNTS.items()))


# Two to log in and five for the shell: the fewest that the protocol allows (winrm.md 1).
REQUESTS = {"authentication": 2, "Create": 1, "Command": 1, "Send": 1, "Delete": 1}


@dataclass
class Audited:
    servers: Mapping[str, Wsman]
    document: dict[str, Any]
    folder: Path
    said: str

    def statuses(self, name: str) -> dict[str, str]:
        return {found["check"]: found["status"] for found in self.document["findings"] if found["endpoint"] == name}


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audited]:
    folder = tmp_path_factory.mktemp("windows")
    password = folder / "password"
    password.write_text(PASSWORD, encoding="utf-8")
    password.chmod(0o600)
    with ExitStack() as stack:
        servers: dict[str, Wsman] = {}
        for number, name in enumerate(NAMES, 10):
            place = folder / "servers" / name
            place.mkdir(parents=True)
            servers[name] = stack.enter_context(Wsman(place, name, address=f"127.0.8.{number}"))
        inventory = folder / "inventory.yaml"
        content = {
            "client": "Windows Ltd",
            "credentials": {"audit": {"user": USER, "password": f"file:{password}"}},
            "defaults": {"platform": "windows", "credential": "audit", "https": False},
            "endpoints": [{"name": name, "address": s.address, "port": s.port} for name, s in servers.items()],
        }
        inventory.write_text(json.dumps(content), encoding="utf-8")
        done = scorecard("audit", inventory, "--out", folder / "out", "--evidence", home=folder / "home")
        assert done.returncode == 0, done.stderr
        document = json.loads((folder / "out" / "audit.json").read_text(encoding="utf-8"))
        yield Audited(servers, document, folder, done.stdout + done.stderr)


def test_every_machine_has_its_findings_written_down() -> None:
    assert sorted(FINDINGS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_each_machine_is_found_as_it_was_made(audited: Audited, name: str) -> None:
    found = audited.statuses(name)
    kept = {
        check: status
        for check, status in found.items()
        if status != "pass" and (not check.startswith("os-support.") or status == "fail")
    }
    assert kept == FINDINGS[name]


def test_each_machine_costs_the_fewest_requests_and_no_shell_stays_open(audited: Audited) -> None:
    for name, server in audited.servers.items():
        counted = dict(server.requests)
        # A machine that takes its time is asked for its output again; one that has it ready is asked once.
        assert counted.pop("Receive") <= 3, name
        assert counted == REQUESTS, name
        assert server.open_shells == 0, name
        assert server.refused == [], name


def test_plain_http_proves_no_identity_and_the_report_says_so(audited: Audited) -> None:
    assert {entry["identity"] for entry in audited.document["endpoints"]} == {"not-proven"}
    assert "Identity not proven" in audited.said


def test_one_text_is_run_on_every_machine(audited: Audited) -> None:
    assert len({received.script for server in audited.servers.values() for received in server.received}) == 1


def test_the_password_is_nowhere(audited: Audited) -> None:
    kept = [file for name in ("out", "home") for file in (audited.folder / name).rglob("*") if file.is_file()]
    assert len(kept) > 3
    for file in kept:
        assert PASSWORD.encode() not in file.read_bytes(), file
    assert PASSWORD not in audited.said


def test_markup_in_names_stays_text(audited: Audited) -> None:
    (page,) = (audited.folder / "out").glob("*.html")
    assert "<script>alert(" not in page.read_text(encoding="utf-8")
