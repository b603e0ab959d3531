"""`scorecard plan` on the command line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scorecard.cli.plan import plan as command
from scorecard.document_writing import dumps
from scorecard.model import Status
from scorecard.result import Audit
from scorecard.store import Store
from tests.fleet import NOW, device, except_for, findings
from tests.unit.plan_fleet import made_up
from tests.unit.plan_kit import audit_of, minutes

ENCRYPTED = "disk-encryption.system-volume"
REBOOT = "patching.reboot-pending"
INVENTORY = "client: Harbour Dental\ncontract: {hours_per_month: 10, rate: 95, currency: GBP}\nendpoints: [pc0]\n"


def with_faults(faults: Mapping[tuple[str, str], Status], *, gone: int = 0) -> Audit:
    fleet = [*(device(f"pc{n}") for n in range(10)), *(device(f"gone{n}", seen=False) for n in range(gone))]
    return audit_of(findings(fleet, except_for(faults)), fleet)


FAULTY = {("pc0", ENCRYPTED): Status.FAIL, ("pc1", ENCRYPTED): Status.FAIL, ("pc2", REBOOT): Status.WARN}


def planned(tmp_path: Path, audit: Audit, *options: str) -> Result:
    file = tmp_path / "audit.json"
    file.write_text(dumps(audit), encoding="utf-8")
    return ran(tmp_path, str(file), *options)


def ran(tmp_path: Path, *options: str) -> Result:
    return CliRunner().invoke(command, [*options, "--store", f"sqlite:///{tmp_path}/history.db"], catch_exceptions=False)


def inventory(tmp_path: Path, text: str = INVENTORY) -> Path:
    file = tmp_path / "inventory.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_plan_in_80_columns(tmp_path: Path) -> None:
    result = planned(tmp_path, with_faults(FAULTY, gone=1))
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith("Harbour Dental: grade C (")
    order = [lines.index(line) for line in ("These hold the letter", "The rest")]
    assert order == sorted(order)
    assert any(line.lstrip().startswith("1 Encrypt the system drive") for line in lines)
    assert "(if they pass)" in result.stdout
    assert "The cheapest road from C to B:" in result.stdout
    assert "No road is shorter." in result.stdout


def test_a_large_fleet_in_80_columns(tmp_path: Path) -> None:
    result = planned(tmp_path, made_up(120, 18, 4, 0.5), "--to", "A")
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert " more)" in " ".join(result.stdout.split())


def test_another_letter(tmp_path: Path) -> None:
    result = planned(tmp_path, with_faults(FAULTY), "--to", "a")
    assert "The cheapest road from C to A:" in result.stdout
    assert "2 machines" in result.stdout


def test_json(tmp_path: Path) -> None:
    audit = with_faults(FAULTY, gone=1)
    result = planned(tmp_path, audit, "--json", "--inventory", str(inventory(tmp_path)))
    found = json.loads(result.stdout)
    assert (found["client"], found["letter"], found["road"]["found"], found["road"]["letter"]) == (
        "Harbour Dental",
        "C",
        True,
        "B",
    )
    assert [task["id"] for task in found["tasks"][:1]] == [f"{ENCRYPTED}/provider"]
    assert found["road"]["hours"]["likely"] == pytest.approx(sum(minutes(audit, ENCRYPTED)) / 60)
    assert found["contract"]["contract"] == {"hours_per_month": 10, "rate": 95, "currency": "GBP"}


def test_no_road_is_said_and_is_no_error(tmp_path: Path) -> None:
    result = planned(tmp_path, with_faults({}))
    assert result.exit_code == 0
    assert "Nothing to fix, and no machine to find." in result.stdout
    assert "No road to a better letter: The letter is A" in result.stdout
    assert json.loads(planned(tmp_path, with_faults({}), "--json").stdout)["road"]["found"] is False


def test_without_a_contract_no_hours_a_month_and_no_money(tmp_path: Path) -> None:
    bare = inventory(tmp_path, "client: Harbour Dental\nendpoints: [pc0]\n")
    for options in ((), ("--inventory", str(bare))):
        result = planned(tmp_path, with_faults(FAULTY), *options)
        assert "contract hours" not in result.stdout
        assert "GBP" not in result.stdout


def test_the_contract_of_the_inventory(tmp_path: Path) -> None:
    result = planned(tmp_path, with_faults(FAULTY), "--inventory", str(inventory(tmp_path)))
    text = " ".join(result.stdout.split())
    assert "10 contract hours a month clear it in" in text
    assert "about GBP" in text
    assert "What comes in anew is not counted: that needs 3 audits." in text


def test_what_comes_in_is_taken_from_the_store(tmp_path: Path) -> None:
    """Three audits a month apart, with one new fault in the last."""
    store = Store.open(f"sqlite:///{tmp_path}/history.db")
    try:
        for number, faults in enumerate(({}, {}, FAULTY)):
            at = NOW + timedelta(days=30 * number)
            audit = with_faults(faults)
            found = tuple(replace(f, first_seen=at) if f.status is not Status.PASS else f for f in audit.findings)
            kept = replace(audit, id=f"audit-{number}", as_of=at, started_at=at, finished_at=at, findings=found)
            store.begin(kept.id, kept.client, at, "")
            store.finish(kept)
    finally:
        store.close()
    result = ran(tmp_path, "--client", "harbour dental", "--inventory", str(inventory(tmp_path)))
    assert result.exit_code == 0
    assert "at the present inflow of" in " ".join(result.stdout.split())


def test_a_letter_that_is_no_letter_is_refused(tmp_path: Path) -> None:
    assert planned(tmp_path, with_faults(FAULTY), "--to", "F").exit_code == 2
