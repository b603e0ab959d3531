"""`scorecard outlook` on the command line, and this machine's own disks from a real audit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import create_engine, text

from scorecard.cli.outlook import outlook as command
from scorecard.disk_space import read
from scorecard.document_writing import dumps
from scorecard.result import Audit
from scorecard.store import Store
from tests.fleet import NOW
from tests.outlook_kit import audit, line, machine, monthly, supported

LONG = "/srv/projects and drawings"


def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/history.db"


def kept(tmp_path: Path, audits: Sequence[Audit]) -> None:
    store = Store.open(url(tmp_path))
    try:
        for one in audits:
            store.begin(one.id, one.client, one.started_at, one.scope)
            store.finish(one)
    finally:
        store.close()


def ran(tmp_path: Path, *options: str) -> Result:
    return CliRunner().invoke(command, [*options, "--store", url(tmp_path)], catch_exceptions=False)


def fleet() -> list[Audit]:
    """Five audits; one disk fills within the year, one later, one is full, one machine is gone."""
    made = []
    for back in (4, 3, 2, 1, 0):
        at = NOW - timedelta(days=30 * back)
        owners = [
            machine("files-with-a-long-name", at, line(("/", 60, 100), (LONG, 20 + 10 * back, 900))),
            machine("mail", at, line(("C:", 300 + 10 * back, 500), ("D:", 0.5, 100))),
            machine("old", at, line(("/", 50, 100)), seen=back > 0, last=NOW - timedelta(days=30)),
        ]
        made.append(audit(at, owners, [supported(owners[0]), supported(owners[2], "2028-01-01", "Debian 13 trixie")]))
    return made


def test_the_outlook_in_80_columns(tmp_path: Path) -> None:
    kept(tmp_path, fleet())
    result = ran(tmp_path)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0] == "Example Ltd: what will break first, until 2027-11-20"
    assert "and the 4 before it" in " ".join(lines[1:3])
    dates = [line[:10] for line in lines if line[:2] == "20"]
    assert dates == ["2026-11-20", "2027-01-19", "2027-06-30", "2029-05-08"]
    said = " ".join(line.strip() for line in lines)
    assert "The disk D: of mail is full" in said
    assert "4 disks: 1 full, 1 full by then, 1 full later, but within 3 years, 1 not filling." in said
    assert "old was not seen since 21 Oct 2026" in said


def test_the_json_says_the_same(tmp_path: Path) -> None:
    kept(tmp_path, fleet())
    result = ran(tmp_path, "--json", "--client", "example ltd")
    raw = json.loads(result.stdout)
    assert (raw["client"], raw["audits"], raw["day"]) == ("Example Ltd", 5, "2026-11-20")
    assert [(one["kind"], one["days"]) for one in raw["warnings"]] == [("disk", 0), ("disk", 60), ("support", 222)]
    assert raw["warnings"][2]["endpoints"] == ["files-with-a-long-name"]


def test_months_reach_as_far_as_asked(tmp_path: Path) -> None:
    kept(tmp_path, fleet())
    near, far = (json.loads(ran(tmp_path, "--json", "--months", months).stdout) for months in ("1", "36"))
    assert [one["days"] for one in near["warnings"]] == [0]
    assert [one["what"] for one in far["warnings"]] == [
        "D:",
        LONG,
        "Debian 12 bookworm",
        "Debian 13 trixie",
        "C:",
    ]
    assert ran(tmp_path, "--months", "0").exit_code == 2


def test_at_most_thirteen_audits_are_read_and_an_older_one_can_be_named(tmp_path: Path) -> None:
    audits = monthly([90 - back for back in range(16)])
    kept(tmp_path, audits)
    raw = json.loads(ran(tmp_path, "--json").stdout)
    assert (raw["audits"], raw["disks"][0]["audits"], raw["disks"][0]["over_days"]) == (13, 13, 360)
    older = json.loads(ran(tmp_path, audits[3].id, "--json").stdout)
    assert (older["audit"], older["audits"]) == (audits[3].id, 4)


def test_an_audit_of_a_part_of_the_client_is_passed_over(tmp_path: Path) -> None:
    later = NOW + timedelta(days=1)
    part = replace(audit(later, [machine("other", later, line(("/", 0.1, 100)))]), scope="--limit other")
    kept(tmp_path, [*monthly([60, 50, 40]), part])
    raw = json.loads(ran(tmp_path, "--json").stdout)
    assert [disk["endpoint"] for disk in raw["disks"]] == ["srv-1"]
    assert json.loads(ran(tmp_path, part.id, "--json").stdout)["disks"][0]["endpoint"] == "other"


def test_an_audit_document_joins_the_clients_history(tmp_path: Path) -> None:
    *earlier, newest = monthly([60, 50, 40])
    kept(tmp_path, earlier)
    file = tmp_path / "audit.json"
    file.write_text(dumps(newest), encoding="utf-8")
    assert json.loads(ran(tmp_path, str(file), "--json").stdout)["disks"][0]["standing"] == "filling"


def test_a_stored_audit_that_cannot_be_read_is_left_out_and_named(tmp_path: Path) -> None:
    audits = monthly([70, 60, 50, 40])
    kept(tmp_path, audits)
    engine = create_engine(url(tmp_path))
    with engine.begin() as connection:
        row = {"id": audits[1].id, "document": _other_version()}
        connection.execute(text("UPDATE audits SET document = :document WHERE id = :id"), row)
    engine.dispose()
    result = ran(tmp_path, "--json")
    assert f"scorecard: stored audit {audits[1].id}: has schema 'scorecard/audit/99'" in result.stderr
    assert "that audit is left out" in result.stderr
    assert json.loads(result.stdout)["audits"] == 3


def _other_version() -> bytes:
    return zlib.compress(b'{"schema": "scorecard/audit/99"}')


def test_without_an_audit_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="no finished audit"):
        ran(tmp_path)


def test_a_hostile_name_moves_no_cursor(tmp_path: Path) -> None:
    at = NOW
    kept(tmp_path, [audit(at, [machine("srv\x1b[2J", at, line(("/\x07bell", 0.1, 100)))])])
    for options in ((), ("--json",)):
        assert all(character.isprintable() or character == "\n" for character in ran(tmp_path, *options).stdout)


def test_thousands_of_warnings_are_cut_and_counted(tmp_path: Path) -> None:
    owners = [machine(f"pc-{number:03}", NOW, line(("/", 0.1, 100))) for number in range(60)]
    kept(tmp_path, [audit(NOW, owners)])
    shown = ran(tmp_path).stdout
    assert "20 more warnings; --json lists all" in shown
    assert "pc-039" in shown
    assert "pc-040" not in shown


def test_a_real_audit_of_this_machine_shows_its_disks(tmp_path: Path) -> None:
    """As `make audit` runs it; twice on one day is one reading, so nothing is foretold from it."""
    environment = {**os.environ, "SCORECARD_HOME": str(tmp_path)}
    base = [sys.executable, "-P", "-m", "scorecard"]
    made = [*base, "audit", "--local", "--out", str(tmp_path / "out"), "--format", "json"]
    done = subprocess.run(made, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode in (0, 3), done.stderr
    document = json.loads((tmp_path / "out" / "audit.json").read_text(encoding="utf-8"))
    (device,) = document["endpoints"]
    spaces = read(device["facts"]["disks"])
    assert spaces is not None
    seen = subprocess.run([*base, "outlook", "--json"], capture_output=True, text=True, check=True, env=environment)
    raw = json.loads(seen.stdout)
    assert [disk["mount"] for disk in raw["disks"]] == [space.mount for space in spaces.listed if space.size_bytes]
    root = os.statvfs("/")
    for disk in raw["disks"]:
        assert disk["standing"] in ("needs-audits", "full")
        if disk["mount"] == "/":
            assert disk["size_bytes"] == pytest.approx(root.f_blocks * root.f_frsize, rel=0.001)
