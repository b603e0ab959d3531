"""What we need from the client: decisions with a price or hours and a date, and who pays for each task."""

from __future__ import annotations

import importlib
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from scorecard.errors import FailureKind
from scorecard.exceptions import Entry, Exceptions
from scorecard.model import ExceptionKind, Role
from scorecard.plan.contract import clearance
from scorecard.plan.tasks import plan
from scorecard.reporting import ReportContext
from scorecard.result import Audit, Contract
from tests.e2e import sample, story
from tests.e2e.sample import MARKUP, Machine, short, unreachable

views = importlib.import_module("scorecard.reports.view")
numbers = importlib.import_module("scorecard.reports.numbers")
DRIVE, SUPPORT = "disk-encryption.system-volume", "os-support.supported"
OPEN, ENDED = {DRIVE: short("open", "shut")}, {SUPPORT: short("ended", "supported")}


def view(audit: Audit, context: ReportContext | None = None) -> Any:
    return views.build(audit, context or ReportContext())


def needed(audit: Audit) -> Any:
    return view(audit).need


def why(decision: Any) -> str:
    return "".join(piece if isinstance(piece, str) else piece.text for piece in decision.why)


def test_nothing_is_asked_where_nothing_is_needed() -> None:
    need = needed(sample.audit([Machine("A"), Machine("B")]))
    assert (need.title, need.decisions) == ("Nothing this month.", ())


def test_a_part_of_the_client_asks_for_nothing() -> None:
    assert needed(sample.audit([Machine("A", failure=unreachable())], scope="--limit A")) is None


def test_machines_that_do_not_answer_are_asked_for_with_what_they_hold_back() -> None:
    gone = [Machine(f"L{n}", failure=unreachable(), last_seen_at=story.OCTOBER) for n in range(2)]
    refused = Machine("R", failure=unreachable(FailureKind.AUTH_FAILED))
    audit = sample.audit([*(Machine(f"M{n}") for n in range(20)), *gone, refused])
    made = view(audit)
    (one,) = made.need.decisions
    assert (one.title, one.amount, one.by) == ("Get 2 laptops back on the network", "No cost", "by 21 Nov")
    held = sum(task.points for task in plan(audit).tasks if task.check is None)
    assert why(one) == f"L0, L1. Last seen on 14 Oct. With 1 other, they hold back up to {held:.0f} points."
    assert [piece.target for piece in one.why if not isinstance(piece, str)] == [made.rows.ids["L0"], made.rows.ids["L1"]]
    assert made.need.title == "One decision. It costs nothing."


def test_what_only_we_can_mend_asks_the_client_for_nothing() -> None:
    refused = Machine("R", failure=unreachable(FailureKind.AUTH_FAILED))
    assert needed(sample.audit([Machine("A"), refused])).decisions == ()


def with_work(contract: Contract | None) -> Audit:
    return sample.audit([*(Machine(f"M{n}", answers=OPEN) for n in range(6)), Machine("N")], contract=contract)


def test_hours_beyond_the_plan_are_asked_for_with_their_price() -> None:
    audit = with_work(Contract(2, 110.0, "GBP"))
    made = view(audit)
    assert audit.contract is not None
    beyond = clearance(plan(audit), audit.contract).open_hours.likely - 2
    (one,) = made.need.decisions
    assert one.title == f"Approve {beyond:.1f} extra hours"
    assert one.amount == f"£{110 * beyond:,.0f}"
    assert one.by == "by 28 Nov"
    assert made.need.title == f"One decision. Saying yes costs {one.amount}."
    assert why(one).startswith("Your plan's 2 hours reach ")


def test_without_a_rate_hours_stand_in_for_money_and_without_a_contract_nothing_is_asked() -> None:
    (one,) = needed(with_work(Contract(2))).decisions
    assert one.amount.endswith(" hours")
    assert needed(with_work(Contract(2))).title.startswith("One decision. Saying yes takes ")
    assert needed(with_work(None)).decisions == ()
    assert needed(with_work(Contract(500, 110.0, "GBP"))).decisions == ()


def test_the_hours_of_the_month_go_to_the_tasks_in_their_order() -> None:
    audit = story.story(brief=True).audit
    hours = [task.hours.likely for task in plan(audit).tasks if task.hours and task.owner == "provider"]
    month = sum(hours[:2]) + hours[2] / 2
    few = replace(audit, contract=Contract(month, 110.0, "GBP"))
    rows = [row for row in view(few).tasks.rows if row.owner == "provider"]
    assert [row.payer for row in rows[:4]] == ["In your plan", "In your plan", "Partly extra", "Extra time"]
    assert {row.payer for row in rows[4:]} == {"Extra time"}
    assert view(few).tasks.extra.hours == pytest.approx(sum(hours) - month)
    assert {row.payer for row in view(replace(audit, contract=None)).tasks.rows} == {"Us", "You"}


def test_what_nobody_estimated_is_in_no_plan_and_not_extra() -> None:
    audit = with_work(Contract(2, 110.0, "GBP"))
    checks = {name: dict(raw) for name, raw in audit.checks.items() if isinstance(raw, dict)}
    del checks[DRIVE]["effort"]
    made = view(replace(audit, checks=checks))
    assert [row.payer for row in made.tasks.rows] == ["Not estimated"]
    assert made.tasks.foot.hours == "not estimated"
    assert made.need.decisions == ()


def test_machines_without_support_are_asked_about_unless_that_was_agreed_or_declined() -> None:
    machines = [
        Machine("A", Role.WORKSTATION, answers=ENDED),
        Machine("B", Role.WORKSTATION, answers=ENDED),
        Machine("C", answers=ENDED),
    ]
    said = {"reason": "kiosk", "approver": "R. Finch"}
    agreed = Entry("x1", ExceptionKind.WAIVED, (SUPPORT,), ("C",), date(2026, 11, 1), date(2027, 3, 1), False, said)
    need = needed(sample.audit(machines, exceptions=Exceptions((agreed,))))
    one, renewed = need.decisions
    assert renewed.title == "Renew or end 1 exception"
    assert (one.title, one.amount) == ("Upgrade or replace 2 PCs without support", "Price to be agreed")
    assert why(one).startswith("A, B. ")
    assert need.title == "Two decisions. Not all have a price yet."
    (alone,) = needed(sample.audit(machines)).decisions
    assert alone.title == "Upgrade or replace 3 machines without support"


def test_exceptions_that_end_soon_are_asked_about_on_their_day() -> None:
    need = view(story.story(brief=True).audit).need
    ending = next(one for one in need.decisions if one.target == "exceptions" and one.title.startswith("Renew"))
    assert (ending.title, ending.by) == ("Renew or end 1 exception", "on 25 Nov")
    assert why(ending) == "First to end: “The system drive is encrypted”, LT-022. 1 more has ended and counts again."


def test_somebody_has_to_look_after_what_we_do_not_manage() -> None:
    need = view(story.story(brief=True).audit).need
    one = next(one for one in need.decisions if one.title.startswith("Say who"))
    assert why(one) == f"SV-011. We do not manage it, and it falls short in {len(story.UNMANAGED_FAULTS)} checks."
    assert 1 <= len(need.decisions) <= 5


def test_sentences_are_short() -> None:
    for one in view(story.story(brief=True).audit).need.decisions:
        for sentence in why(one).split(". "):
            assert len(sentence.split()) <= 20, sentence


def test_a_hostile_currency_is_text() -> None:
    made = view(replace(with_work(Contract(2, 110.0, MARKUP)), client=MARKUP))
    assert made.need.decisions[0].amount.startswith("<")
    assert "\n" not in made.need.decisions[0].amount


@pytest.mark.parametrize(
    ("amount", "currency", "said"),
    [(1210.4, "GBP", "£1,210"), (90, "EUR", "€90"), (90, "USD", "$90"), (1210, "CHF", "CHF 1,210"), (5, "", "5")],
)
def test_money_has_its_sign_and_no_pence(amount: float, currency: str, said: str) -> None:
    assert numbers.money(amount, currency) == said
