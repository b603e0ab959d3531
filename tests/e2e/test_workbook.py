"""The workbook in LibreOffice: it opens, prints, and computes what we wrote beside its formulas."""

from __future__ import annotations

import csv
import re
import subprocess
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from openpyxl.workbook.workbook import Workbook

from scorecard.plan.tasks import plan
from scorecard.plan.work import Owner
from scorecard.registry import report
from scorecard.reporting import EditionName, ReportContext
from tests.e2e import sample, story
from tests.e2e.programs import program
from tests.e2e.sample import Machine
from tests.workbooks import formulas, records

pytestmark = pytest.mark.office

EVERY_SHEET_AS_CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
FLEETS: dict[str, Callable[[], tuple[Machine, ...]]] = {
    "fleet": sample.fleet,
    "hostile": sample.hostile,
    "empty": tuple,
    "one": lambda: (Machine("alone"),),
}
TIMEOUT_S = 180
# Whatever is stored beside a formula, compute it anew.
COMPUTE_ALWAYS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry"><item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item></oor:items>"""
WRONG = b"987654"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path, str, Path], None]:
    """Convert a file with a LibreOffice that has a profile of its own and computes every formula as it opens a file."""
    path = program("soffice", "libreoffice-calc")
    profile = tmp_path_factory.mktemp("profile")
    (profile / "user").mkdir()
    (profile / "user" / "registrymodifications.xcu").write_text(COMPUTE_ALWAYS, encoding="utf-8")

    def convert(source: Path, wanted: str, folder: Path) -> None:
        command = [path, f"-env:UserInstallation={profile.as_uri()}", "--headless", "--convert-to", wanted]
        done = subprocess.run(
            [*command, "--outdir", str(folder), str(source)], capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "Error" not in done.stdout + done.stderr, done.stdout + done.stderr

    return convert


STORIES: dict[str, Callable[[], story.Story]] = {
    "story": lambda: _over(story.story(brief=True), 4),
    "hostile-story": lambda: _over(story.hostile(), 3),
}


def _over(told: story.Story, minutes: int) -> story.Story:
    """With a contract that holds all of our work but for so many minutes: three are nothing, four are extra hours."""
    audit, contract = told.audit, told.audit.contract
    assert contract is not None
    work = [one.hours.likely for one in plan(audit).tasks if one.hours is not None and one.owner is Owner.PROVIDER]
    few = replace(contract, hours_per_month=sum(work) - minutes / 60)
    return replace(told, audits=(*told.audits[:-1], replace(audit, contract=few)))


def written(name: str, folder: Path) -> Path:
    target = folder / f"{name}.xlsx"
    if name in STORIES:
        told = STORIES[name]()
        report("xlsx").render(told.audit, told.context, target)
    else:
        report("xlsx").render(sample.audit(FLEETS[name]()), ReportContext(), target)
    return target


def loaded(path: Path) -> Workbook:
    with warnings.catch_warnings():
        # LibreOffice adds an extension of its own for the bars behind the points.
        warnings.filterwarnings("ignore", ".* extension is not supported")
        # And it writes axes of months in a way that openpyxl does not read; nothing here looks at its charts.
        warnings.filterwarnings("ignore", "Unable to read chart")
        return openpyxl.load_workbook(path, data_only=True)


def spoiled(path: Path, folder: Path) -> Path:
    """The same workbook with wrong values beside all formulas."""
    folder.mkdir()
    target = folder / path.name
    changed = 0
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content, count = re.subn(rb"(</f><v>)[^<]*", rb"\g<1>" + WRONG, old.read(name))
            new.writestr(name, content)
            changed += count
    assert changed == len(formulas(path)) > 20
    return target


def values(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Cells by sheet, without the empty ones at the end of rows and sheets."""
    book = loaded(path)
    found: dict[str, list[tuple[object, ...]]] = {}
    for sheet in book:
        rows = [tuple(_plain(value) for value in row) for row in sheet.iter_rows(values_only=True)]
        found[sheet.title] = [_trimmed(row) for row in rows]
        while found[sheet.title] and not found[sheet.title][-1]:
            found[sheet.title].pop()
    return found


def _plain(value: object) -> object:
    """Spreadsheets keep 15 digits of a number."""
    return "" if value is None else round(value, 9) if isinstance(value, float) else value


def _trimmed(row: tuple[object, ...]) -> tuple[object, ...]:
    while row and row[-1] == "":
        row = row[:-1]
    return row


@pytest.mark.parametrize("name", ["fleet", "empty", *STORIES])
def test_it_comes_to_the_values_that_were_written(
    name: str, office: Callable[[Path, str, Path], None], tmp_path: Path
) -> None:
    ours = written(name, tmp_path)
    office(spoiled(ours, tmp_path / "spoiled"), "xlsx", tmp_path / "back")
    theirs = values(tmp_path / "back" / ours.name)
    for sheet, rows in values(ours).items():
        assert theirs[sheet] == rows, sheet
    checks = [row["Check"] for row in records(loaded(tmp_path / "back" / ours.name), "Scorecard")]
    assert set(checks) == {"OK"}


@pytest.mark.parametrize("name", ["empty", "story"])
def test_it_prints(name: str, office: Callable[[Path, str, Path], None], tmp_path: Path) -> None:
    ours = written(name, tmp_path)
    office(ours, "pdf", tmp_path)
    printed = ours.with_suffix(".pdf").read_bytes()
    assert printed.startswith(b"%PDF")
    assert len(printed) > 10_000


def test_its_counts_are_those_of_the_csv_file_and_the_audit(
    office: Callable[[Path, str, Path], None], tmp_path: Path
) -> None:
    audit = sample.fleet_audit()
    ours = tmp_path / "fleet.xlsx"
    report("xlsx").render(audit, ReportContext(edition=EditionName.ENGINEER), ours)
    office(ours, EVERY_SHEET_AS_CSV, tmp_path)
    plain = tmp_path / "findings.csv"
    report("csv").render(audit, ReportContext(), plain)
    with (tmp_path / "fleet-Findings.csv").open(encoding="utf-8-sig", newline="") as file:
        in_office = [(row["Finding id"], row["Machine"], row["Check id"], row["Result"]) for row in csv.DictReader(file)]
    with plain.open(encoding="utf-8-sig", newline="") as file:
        in_csv = [(row["finding"], row["machine"], row["check"], row["result"]) for row in csv.DictReader(file)]
    assert in_office == in_csv
    assert len(in_csv) == len(audit.findings)


def test_hostile_names_stay_text_there(office: Callable[[Path, str, Path], None], tmp_path: Path) -> None:
    ours = written("hostile", tmp_path)
    office(ours, EVERY_SHEET_AS_CSV, tmp_path)
    with (tmp_path / "hostile-Devices.csv").open(encoding="utf-8-sig", newline="") as file:
        names = {row["Machine"] for row in csv.DictReader(file)}
    assert '=HYPERLINK("http://evil.example","open")' in names
    assert {"+1+1", "@SUM(A1:A9)", "#N/A"} <= names


def with_one_answer_changed(path: Path, folder: Path) -> Path:
    """As if somebody had written over the first machine's answer to the first promise, which is "No"."""
    folder.mkdir()
    target = folder / path.name
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "xl/worksheets/sheet3.xml":
                content, count = re.subn(rb'(<c r="I2"[^>]*><is><t>)No<', rb"\g<1>Yes<", content)
                assert count == 1
            new.writestr(name, content)
    return target


def test_types_are_kept_there_and_a_changed_row_is_told(office: Callable[[Path, str, Path], None], tmp_path: Path) -> None:
    told = story.story(brief=True)
    ours = with_one_answer_changed(written("story", tmp_path), tmp_path / "changed")
    office(ours, "xlsx", tmp_path / "back")
    book = loaded(tmp_path / "back" / ours.name)
    checks = [row["Check"] for row in records(book, "Scorecard")]
    assert checks == ["DIFF", *["OK"] * (len(checks) - 1)]
    assert [row["Hours"] for row in records(book, "Remediation plan")] == [
        pytest.approx(task.hours.likely) for task in plan(told.audit).tasks if task.hours is not None
    ]
    assert {type(row["Until"]) for row in records(book, "Exceptions")} == {datetime, type(None)}
    allowed = {one.type for one in book["Remediation plan"].data_validations.dataValidation}
    assert allowed == {"date", "decimal", "list"}
    assert book["Devices"]["B2"].hyperlink is None
    assert book["Findings"]["B2"].hyperlink is not None
