"""Five companies, graded as one would defend it before their owners; the table of docs/method.md comes from here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scorecard.model import Finding, Status
from scorecard.result import Answer, Scorecard
from scorecard.score import settle
from scorecard.standard import LETTERS
from tests.companies import (
    COMPANIES,
    HYBRID_AGENCY,
    MANUFACTURER,
    PROSPECT,
    TIDY_OFFICE,
    WELL_RUN_FIRM,
    Company,
    gone,
    worst_machines,
)
from tests.fleet import NOW, STANDARD, ZONE, grade

PAGE = Path(__file__).parents[2] / "docs" / "method.md"
_UNPLUGGED = 5
_DAYS = 5


def graded(company: Company) -> Scorecard:
    devices, found = company.fleet()
    return grade(found, devices)


def settled(found: list[Finding]) -> tuple[Finding, ...]:
    return settle(found, STANDARD, NOW, ZONE)


def unplugged(company: Company, *, known: bool) -> tuple[Scorecard, list[Finding]]:
    """The five worst machines are away. `known`: they were seen a few days ago; else this is the first audit."""
    devices, found = company.fleet()
    worst = worst_machines(settled(found), _UNPLUGGED)
    hidden = [
        gone(entry, _DAYS) if entry.endpoint in worst and entry.status is not Status.UNKNOWN else entry for entry in found
    ]
    if not known:
        hidden = [replace(entry, last=None) if entry.endpoint in worst else entry for entry in hidden]
    return grade(hidden, devices), hidden


def usual_average(found: list[Finding]) -> float:
    """What most tools print: the mean over what answered."""
    values = [one.effective for one in settled(found) if one.status is not Status.UNKNOWN and one.effective is not None]
    return 100 * sum(values) / len(values)


@pytest.mark.parametrize(
    ("company", "machines", "letters", "holding"),
    [
        (TIDY_OFFICE, 40, "A", set()),
        (HYBRID_AGENCY, 60, "B", {"laptops-not-encrypted", "pcs-missing-updates"}),
        (MANUFACTURER, 118, "C", {"laptops-not-encrypted", "pcs-out-of-support", "servers-missing-updates"}),
        (
            PROSPECT,
            30,
            "D",
            {
                "laptops-not-encrypted",
                "pcs-without-antivirus",
                "servers-out-of-support",
                "pcs-missing-updates",
                "broken-areas",
            },
        ),
        (WELL_RUN_FIRM, 400, "B", {"pcs-missing-updates"}),
    ],
    ids=lambda value: value.name if isinstance(value, Company) else "",
)
def test_a_company_gets_the_letter_that_one_would_defend(
    company: Company, machines: int, letters: str, holding: set[str]
) -> None:
    card = graded(company)
    assert len(company.fleet()[0]) == machines
    assert card.letter == letters
    assert {cap.id for cap in card.caps} == holding


def test_one_forgotten_machine_is_what_keeps_a_well_run_firm_from_an_a() -> None:
    """A means every machine. It is named, and mended it is an A."""
    card = graded(WELL_RUN_FIRM)
    assert [cap.endpoints for cap in card.caps] == [("laptop290",)]
    mended = replace(WELL_RUN_FIRM, faults=tuple(fault for fault in WELL_RUN_FIRM.faults if fault[1] != 290))
    assert graded(mended).letter == "A"


def test_isolated_machines_with_cover_hold_a_b_and_no_worse() -> None:
    card = graded(MANUFACTURER)
    assert next(cap.letter for cap in card.caps if cap.id == "pcs-out-of-support") == "B"
    bare = graded(replace(MANUFACTURER, faults=(*MANUFACTURER.faults, ("desk", 3, 4, "os-support.supported", Status.FAIL))))
    assert next(cap.letter for cap in bare.caps if cap.id == "pcs-out-of-support") == "B"  # 4 of 106 without cover
    assert graded(replace(MANUFACTURER, covered=())).score != card.score  # waived, they leave the sum


@pytest.mark.parametrize("company", COMPANIES, ids=lambda company: company.name)
def test_unplugging_the_worst_machines_never_pays(company: Company) -> None:
    before = graded(company)
    assert before.score is not None
    for known in (True, False):
        after, _ = unplugged(company, known=known)
        assert after.score is not None
        assert after.score <= before.score + 1e-9
        assert rank(after.worst_case) <= rank(before.worst_case)
        assert after.coverage < before.coverage
        if known:
            assert rank(after.letter) <= rank(before.letter)


def rank(letter: str | None) -> int:
    return -1 if letter is None else len(LETTERS) - LETTERS.index(letter)


def test_the_usual_average_pays_nearly_always() -> None:
    paid = [
        usual_average(unplugged(company, known=True)[1]) > usual_average(company.fleet()[1]) + 1e-9 for company in COMPANIES
    ]
    assert sum(paid) == len(COMPANIES)


def test_the_promises_of_a_tidy_office() -> None:
    answers = {promise.id: promise.answer for promise in graded(TIDY_OFFICE).promises}
    assert answers == {"encryption": Answer.YES, "antivirus": Answer.NO, "updates": Answer.NO}


def row(company: Company) -> str:
    card = graded(company)
    after, hidden = unplugged(company, known=True)
    devices, found = company.fleet()
    held = "; ".join(cap.message for cap in card.caps) or "nothing"
    usual = f"{usual_average(found):.1f}, then {usual_average(hidden):.1f}"
    ours = f"{card.score:.1f}, {card.letter}"
    then = f"{after.score:.1f}, {after.letter}"
    return f"| {company.name} | {len(devices)} | {ours} | {held} | {then} | {usual} |"


def test_the_table_of_the_method_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for company in COMPANIES:
        assert row(company) in page
