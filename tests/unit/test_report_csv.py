"""The CSV list of findings: a row a finding, and no field that a spreadsheet runs."""

from __future__ import annotations

import csv
import importlib
from pathlib import Path

import pytest

from scorecard.errors import ReportError
from scorecard.registry import report
from scorecard.reporting import ReportContext
from scorecard.result import Audit
from tests.e2e import sample

hygiene = importlib.import_module("scorecard.reports.hygiene")


def rows(audit: Audit, tmp_path: Path) -> list[dict[str, str]]:
    target = tmp_path / "findings.csv"
    report("csv").render(audit, ReportContext(), target)
    assert target.read_bytes().startswith(b"\xef\xbb\xbf")
    with target.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_there_is_a_row_for_every_finding(tmp_path: Path) -> None:
    audit = sample.fleet_audit()
    found = rows(audit, tmp_path)
    assert [(row["machine"], row["check"], row["status"]) for row in found] == [
        (finding.endpoint, finding.check, finding.status.value) for finding in audit.findings
    ]
    open_drive = next(row for row in found if row["machine"] == "LT-014" and row["status"] == "fail")
    assert open_drive["measured"] == "/ on nvme0n1p2 is not encrypted"
    assert open_drive["evidence"] == '{"volume": "/"}'
    assert open_drive["observed_at"] == "2026-11-14T07:40:00Z"
    assert open_drive["first_seen"] == "2026-10-24T07:42:00Z"
    assert open_drive["days_open"] == "21"
    assert open_drive["worth"] == "0.0"
    assert open_drive["graded"] == "yes"


def test_no_field_starts_a_formula(tmp_path: Path) -> None:
    audit = sample.audit(sample.hostile())
    found = rows(audit, tmp_path)
    assert len(found) == len(audit.findings)
    values = [value for row in found for value in row.values()]
    assert not [value for value in values if hygiene.starts_formula(value)]
    assert any(value.startswith("'=HYPERLINK") for value in values)


def test_an_empty_audit_has_a_heading_only(tmp_path: Path) -> None:
    assert rows(sample.audit([]), tmp_path) == []


def test_the_same_audit_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        report("csv").render(sample.fleet_audit(), ReportContext(), tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="cannot be written: Is a directory"):
        report("csv").render(sample.audit([]), ReportContext(), tmp_path)
