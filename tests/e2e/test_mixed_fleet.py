"""One client with a Linux server and Windows machines: one audit, one standard, one line a check for all of them."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest

from tests.e2e.commands import scorecard
from tests.e2e.recordings import WELL, inventory, replayed
from tests.rig.sshd import Sshd, keygen, need_root
from tests.rig.wsman.server import ACCOUNTS, Wsman

pytestmark = pytest.mark.rig

WINDOWS = {"front-desk": "windows-11-pro-well", "till": "windows-10-ended", "ledger": "server-2025"}
USER, PASSWORD = next(iter(ACCOUNTS.items()))


ENDED = "os-support.supported"
CENTOS_7 = {
    "os-release: ID": '"centos"',
    "os-release: VERSION_ID": '"7"',
    "os-release: PRETTY_NAME": '"CentOS Linux 7 (Core)"',
}


@dataclass
class Audited:
    document: dict[str, Any]
    page: str
    findings: list[dict[str, str]]  # rows of the CSV file
    said: str


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audited]:
    need_root()
    folder = tmp_path_factory.mktemp("mixed")
    key = keygen(folder / "key")
    password = folder / "password"
    password.write_text(PASSWORD, encoding="utf-8")
    password.chmod(0o600)
    credentials = {
        "linux": {"user": "root", "key_file": str(key)},
        "windows": {"user": USER, "password": f"file:{password}"},
    }
    with ExitStack() as stack:
        ssh = stack.enter_context(Sshd(folder / "sshd", address="127.0.7.80", authorized=[key]))
        listed: list[dict[str, Any]] = [
            {
                "name": "files",
                "address": ssh.address,
                "port": ssh.port,
                "known_hosts": ssh.known_hosts(),
                "credential": "linux",
            }
        ]
        for number, (name, machine) in enumerate(WINDOWS.items(), 1):
            server = stack.enter_context(Wsman(folder, machine, f"127.0.12.{number}", tls="good"))
            there = {"address": server.address, "port": server.port, "ca_file": str(server.ca_file)}
            listed.append({"name": name, "platform": "windows", "credential": "windows", **there})
        listed.append(replayed(folder, "archive", cases=(*WELL, "os-support/linux/centos-7-ended"), host=CENTOS_7))
        file = inventory(folder / "inventory.yaml", "Mixed Ltd", listed, credentials=credentials)
        out = folder / "out"
        done = scorecard("audit", file, "--out", out, "--format", "html,json,csv", home=folder / "home")
        assert done.returncode == 0, done.stderr
        document = json.loads((out / "audit.json").read_text(encoding="utf-8"))
        (page,), (table,) = out.glob("*.html"), out.glob("*.csv")
        findings = list(csv.DictReader(io.StringIO(table.read_text(encoding="utf-8-sig"))))
        yield Audited(document, page.read_text(encoding="utf-8"), findings, done.stdout + done.stderr)


def test_every_machine_is_asked_everything_once_whatever_it_runs(audited: Audited) -> None:
    document = audited.document
    seen = {entry["name"]: (entry["platform"], entry["transport"], entry["seen"]) for entry in document["endpoints"]}
    assert seen == {
        "files": ("linux", "ssh", True),
        "archive": ("linux", "replay", True),
        **dict.fromkeys(WINDOWS, ("windows", "winrm", True)),
    }
    pairs = Counter((finding["endpoint"], finding["check"]) for finding in document["findings"])
    checks = [check for check, line in document["standard"]["content"]["checks"].items() if "asked_with" not in line]
    assert set(pairs) == set(product(seen, checks))
    assert set(pairs.values()) == {1}


def test_a_check_that_fails_on_both_is_one_line_of_the_plan(audited: Audited) -> None:
    assert len({finding["title"] for finding in audited.findings if finding["check"] == ENDED}) == 1
    task = audited.document["checks"][ENDED]["task"]
    lines = [line for line in re.findall(r"(?s)<tr><td class=\"n\">.*?(?=<tr>|</tbody>)", audited.page) if task in line]
    assert len(lines) == 1
    assert all(name in lines[0] for name in ("till", "archive"))
    (promise,) = (one for one in audited.document["scorecard"]["promises"] if one["id"] == "updates")
    assert {"till", "archive"} <= set(promise["endpoints"])


def test_the_sheets_know_one_list_of_checks(audited: Audited) -> None:
    of_machine: dict[str, set[tuple[str, str]]] = {}
    for finding in audited.findings:
        of_machine.setdefault(finding["machine"], set()).add((finding["check"], finding["title"]))
    assert len(of_machine) == 5
    assert len({frozenset(checks) for checks in of_machine.values()}) == 1
    systems = {finding["machine"]: finding["system"] for finding in audited.findings}
    assert systems["front-desk"].startswith("Microsoft Windows 11 Pro")
    assert systems["ledger"].startswith("Microsoft Windows Server 2025")
    assert systems["archive"].startswith("CentOS Linux 7")


def test_the_page_says_how_each_was_asked(audited: Audited) -> None:
    text = html.unescape(audited.page)
    assert "The machine was asked over SSH as root@" in text
    assert f"The machine was asked over WinRM as {USER}." in text
    assert "Recorded answers of the machine were read" in text
    assert "Identity not proven: archive." in audited.said  # a recording shows neither key nor certificate
