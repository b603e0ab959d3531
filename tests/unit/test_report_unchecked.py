"""Machines that could not be checked: why, what unblocks each, and whose step that is (reports.md 2.9)."""

from __future__ import annotations

import importlib
import re
from dataclasses import replace
from pathlib import Path

import pytest

from scorecard.errors import FailureKind
from scorecard.model import NOT_ASKED
from scorecard.registry import report
from scorecard.reporting import EditionName, ReportContext
from scorecard.result import SEEN_BEFORE, Audit
from tests.e2e import sample
from tests.e2e.sample import Machine
from tests.workbooks import named, read, records

views = importlib.import_module("scorecard.reports.view")
CLIENT = {FailureKind.UNREACHABLE, FailureKind.NAME_NOT_FOUND}
ACCESS = {
    FailureKind.REFUSED,
    FailureKind.AUTH_FAILED,
    FailureKind.PERMISSION_DENIED,
    FailureKind.HOST_KEY_CHANGED,
    FailureKind.HOST_KEY_UNKNOWN,
    FailureKind.CERTIFICATE_INVALID,
}
LONGEST_SENTENCE_WORDS = 20


def audit() -> Audit:
    """For every kind of failure a machine, managed and not; one left out, one not reached, one missing, and one seen."""
    machines = [
        Machine(f"{'ours' if managed else 'theirs'}-{kind}", failure=sample.unreachable(kind), managed=managed)
        for kind in FailureKind
        for managed in (True, False)
    ]
    others = [Machine(name, failure=sample.unreachable()) for name in ("left-out", "not-reached", "missing")]
    found = sample.audit([*machines, *others, Machine("seen")])
    changed = []
    for device in found.devices:
        if device.name == "left-out" and device.failure:
            device = replace(device, failure=replace(device.failure, message=f"{NOT_ASKED}none of the first 3 answered"))
        if device.name == "not-reached":
            device = replace(device, failure=None)
        if device.name == "missing":
            device = replace(device, expected_because=SEEN_BEFORE)
        changed.append(device)
    return replace(found, devices=tuple(changed))


@pytest.fixture(scope="module")
def rows() -> dict[str, tuple[str, str, str]]:
    """By machine: why, what unblocks it, who."""
    built = views.build(audit(), ReportContext()).rows.devices
    return {row.name: (row.why_not_seen, row.unblock, row.who) for row in built}


def test_every_failure_has_its_words_and_somebody_to_act(rows: dict[str, tuple[str, str, str]]) -> None:
    for kind in FailureKind:
        why, unblock, who = rows[f"ours-{kind}"]
        assert why
        assert unblock.endswith(".")
        assert len(unblock.split()) <= LONGEST_SENTENCE_WORDS
        assert who == ("You" if kind in CLIENT else "We"), kind
        assert rows[f"theirs-{kind}"][2] == ("You" if kind in CLIENT else "Nobody yet" if kind in ACCESS else "We"), kind
    assert rows["theirs-refused"][1] == "Agree who looks after it, so that somebody can give access to it."
    assert len({why for why, _, _ in rows.values()}) == len(FailureKind) + 3  # missing, not asked, and of the seen none
    assert rows["seen"] == ("", "", "")


def test_what_we_left_out_ourselves_is_not_the_clients_to_bring(rows: dict[str, tuple[str, str, str]]) -> None:
    stopped = ("Not asked: the check was stopped first", "Finish the check.", "We")
    assert rows["left-out"] == rows["not-reached"] == stopped
    assert rows["missing"] == ("It is missing from our list", "Tell us whether it is still in use.", "You")
    brought = {row.name for row in views.build(audit(), ReportContext()).bring}
    assert brought == {"missing", *(f"{whose}-{kind}" for kind in CLIENT for whose in ("ours", "theirs"))}


@pytest.mark.parametrize("edition", [EditionName.CLIENT, EditionName.ENGINEER])
def test_the_page_has_both_beside_the_reason(edition: EditionName, tmp_path: Path) -> None:
    report("html").render(audit(), ReportContext(edition=edition), tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    section = page.partition('id="unchecked"')[2].partition("</section>")[0]
    assert re.findall(r'<th scope="col">([^<]+)</th>', section.partition("</thead>")[0]) == [
        *("Machine", "Why", "Last good result", "Meanwhile", "What unblocks it", "Who")
    ]
    row = next(one for one in section.split("<tr>") if "ours-auth-failed" in one)
    assert re.search(r"Sign-in refused.*Put the sign-in for it right\..*We", row)
    assert ("Nothing answered on port 22." in row) == (edition is EditionName.ENGINEER)


def test_the_workbook_has_both_and_lists_the_reasons(rows: dict[str, tuple[str, str, str]], tmp_path: Path) -> None:
    report("xlsx").render(audit(), ReportContext(), tmp_path / "book.xlsx")
    book = read(tmp_path / "book.xlsx")
    columns = ("Why not", "What unblocks it", "Who")
    in_scope = [row for row in records(book, "Coverage") if row["In scope"] == "Yes"]
    shown = {row["Machine"]: tuple(row[title] or "" for title in columns) for row in in_scope}
    assert shown == rows
    listed = [row[0] for row in named(book, "Why_Not_Checked")]
    assert {why for why, _, _ in rows.values() if why} < set(listed)
    rules = {one.formula1: str(one.sqref) for one in book["Coverage"].data_validations.dataValidation}
    assert rules["Why_Not_Checked"].startswith("G")
    assert '"We,You,Nobody yet"' in rules
