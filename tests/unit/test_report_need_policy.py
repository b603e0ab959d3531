"""What we need from the client: hardware with its price, and choices of policy; each from a fact of the audit."""

from __future__ import annotations

import importlib
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from scorecard.errors import FailureKind
from scorecard.exceptions import Entry, Exceptions
from scorecard.model import ExceptionKind, Role
from scorecard.reporting import EditionName, ReportContext
from scorecard.result import Audit, Authorisation, Contract
from tests.e2e import sample
from tests.e2e.sample import AS_OF, Machine, short, unreachable

views = importlib.import_module("scorecard.reports.view")
DRIVE, SUPPORT = "disk-encryption.system-volume", "os-support.supported"
OPEN, ENDED = {DRIVE: short("open", "shut")}, {SUPPORT: short("ended", "supported")}
PRICES = {Role.WORKSTATION: 820.0, Role.SERVER: 4000.0}
TODAY = AS_OF.date()
MANY_HOURS = 500  # no work is beyond them


def needed(audit: Audit, edition: EditionName = EditionName.CLIENT) -> Any:
    return views.build(audit, ReportContext(edition=edition)).need


def why(decision: Any) -> str:
    return "".join(piece if isinstance(piece, str) else piece.text for piece in decision.why)


def old(*machines: Machine, prices: dict[Role, float] | None = None, hours: float = MANY_HOURS) -> Audit:
    contract = Contract(hours, 110.0, "GBP", PRICES if prices is None else prices)
    return sample.audit([*machines, *(Machine(f"M{n}") for n in range(20))], contract=contract)


def pc(name: str, model: str = "Precision 3620", role: Role = Role.WORKSTATION) -> Machine:
    return Machine(name, role, answers=ENDED, facts={"model": model})


def test_machines_without_support_have_the_price_of_new_ones_as_the_most_it_can_cost() -> None:
    need = needed(old(pc("A"), pc("B")))
    (one,) = need.decisions
    assert (one.title, one.amount, one.price) == ("Upgrade or replace 2 PCs without support", "Up to £1,640", 1640)
    assert why(one).endswith("The price is for new machines, if none can be upgraded.")
    assert need.title == "One decision. Saying yes costs up to £1,640."


def test_a_kind_without_a_price_is_named_and_no_part_of_the_sum() -> None:
    need = needed(old(pc("A"), pc("L", role=Role.LAPTOP)))
    (one,) = need.decisions
    assert (one.title, one.amount) == ("Upgrade or replace 2 machines without support", "Up to £820")
    assert why(one).endswith(" 1 machine has no price yet.")
    assert need.title == "One decision. Saying yes costs up to £820, and what has no price yet."
    (bare,) = needed(old(pc("L", role=Role.LAPTOP))).decisions
    assert (bare.amount, bare.price) == ("Price to be agreed", None)


def test_nobody_buys_hardware_for_a_virtual_machine() -> None:
    virtual = pc("V", "virtual machine (hyper-v): Virtual Machine", Role.SERVER)
    (one,) = needed(old(virtual, pc("S", role=Role.SERVER))).decisions
    assert one.amount == "Up to £4,000"
    assert why(one).endswith(" 1 machine is virtual and needs no hardware.")
    (alone,) = needed(old(virtual)).decisions
    assert (alone.amount, alone.price) == ("Price to be agreed", None)


def test_hours_and_hardware_add_up_in_the_title() -> None:
    need = needed(old(pc("A"), hours=0.5))
    hours = need.decisions[0]
    assert need.title == f"Two decisions. Saying yes to all costs up to £{round(hours.price + 820):,}."
    audit = old(pc("A"), hours=0.5)
    assert audit.contract is not None
    without_rate = needed(replace(audit, contract=replace(audit.contract, rate=None)))
    shown = f"{hours.hours:.1f}"
    assert without_rate.title == f"Two decisions. Saying yes to all costs up to £820 and takes {shown} extra hours."
    assert [one.amount for one in without_rate.decisions] == [f"{shown} hours", "Up to £820"]


def waived(*names: str, until: date, check: str = DRIVE) -> Entry:
    said = {"reason": "kiosk", "approver": "R. Finch"}
    return Entry(f"w-{names[0]}", ExceptionKind.WAIVED, (check,), names, date(2026, 10, 30), until, False, said)


def with_exceptions(*entries: Entry, machines: tuple[Machine, ...]) -> Audit:
    fleet = [*machines, *(Machine(f"M{n}") for n in range(20))]
    return sample.audit(fleet, exceptions=Exceptions(entries))


def test_an_exception_that_has_ended_is_asked_about_while_its_fault_is_there() -> None:
    over = TODAY - timedelta(days=3)
    machines = (Machine("A", answers=OPEN), Machine("B"))
    audit = with_exceptions(waived("A", until=over), waived("B", until=over), machines=machines)
    (one,) = needed(audit).decisions
    assert (one.title, one.amount, one.by) == ("Decide about an exception that has ended", "No cost", "by 12 Dec")
    assert why(one) == "Ended: “The system drive is encrypted”, A. It counts again."
    mended = with_exceptions(waived("A", until=over), machines=(Machine("A"),))
    assert needed(mended).decisions == ()
    three = tuple(Machine(name, answers=OPEN) for name in "ACD")
    soon = waived("D", until=TODAY + timedelta(days=9))
    both = with_exceptions(waived("A", until=over), waived("C", until=over), soon, machines=three)
    (renew,) = needed(both).decisions
    assert (renew.title, renew.by) == ("Renew or end 1 exception", "on 23 Nov")
    assert why(renew) == "First to end: “The system drive is encrypted”, D. 2 more have ended and count again."


def declined(*names: str, **said: object) -> Entry:
    details: Any = {"what": "Encrypt the desks", "by": "R. Finch", **said}
    return Entry("d", ExceptionKind.DECLINED, (DRIVE,), names, date(2026, 9, 1), None, False, details)


@pytest.mark.parametrize(
    ("said", "amount", "title"),
    [
        ({"price": 340, "currency": "GBP"}, "£340", "One decision. Saying yes costs £340."),
        ({"price": 340, "currency": "EUR"}, "€340", "One decision. Saying yes costs what was quoted."),
        ({"price": "1,200 a year"}, "1,200 a year", "One decision. Saying yes costs what was quoted."),
        ({}, "Price to be agreed", "One decision. It has no price yet."),
    ],
)
def test_declined_work_is_thought_of_again_where_it_holds_the_letter(
    said: dict[str, object], amount: str, title: str
) -> None:
    machines = tuple(Machine(f"D{n}", Role.LAPTOP, answers=OPEN) for n in range(3))
    names = tuple(machine.name for machine in machines)
    audit = with_exceptions(declined(*names, **said), machines=machines)
    audit = replace(audit, contract=Contract(MANY_HOURS, 110.0, "GBP"))
    card = audit.scorecard
    assert card.letter != card.letter_before_caps
    need = needed(audit)
    (one,) = need.decisions
    assert (one.title, one.amount) == ("Think again about what you declined: Encrypt the desks", amount)
    assert why(one) == f"D0, D1, D2. It holds the letter at {card.letter}."
    assert need.title == title


def test_declined_work_that_holds_no_letter_is_left_alone() -> None:
    machines = (Machine("D", Role.LAPTOP, answers={"patching.restart": short("waiting", "none")}),)
    entry = replace(declined("D"), checks=("patching.restart",))
    audit = with_exceptions(entry, machines=machines)
    assert audit.scorecard.letter == audit.scorecard.letter_before_caps
    assert needed(audit).decisions == ()


@pytest.mark.parametrize(("days", "asked"), [(0, True), (30, True), (31, False), (-1, False), (None, False)])
def test_a_permission_that_ends_soon_has_to_be_renewed(days: int | None, asked: bool) -> None:
    until = None if days is None else TODAY + timedelta(days=days)
    given = Authorisation("R. Finch", date(2026, 1, 5), "all computers", until)
    found = needed(sample.audit([Machine("A")], authorised=given)).decisions
    assert [one.title for one in found] == ["Renew the permission for these checks"] * asked
    if asked and days == 30:
        assert found[0].by == "by 14 Dec"


def test_who_lets_nobody_in_and_is_managed_by_nobody_needs_somebody_to_look_after_it() -> None:
    refused = unreachable(FailureKind.AUTH_FAILED)
    fleet = [Machine(f"M{n}") for n in range(20)]
    (one,) = needed(sample.audit([*fleet, Machine("X", failure=refused, managed=False)])).decisions
    assert one.title == "Say who looks after 1 machine"
    assert why(one) == "X. We do not manage it, and it lets nobody in."
    ours = needed(sample.audit([*fleet, Machine("X", failure=refused)]))
    assert ours.decisions == ()
    both = [Machine("X", failure=refused, managed=False), Machine("Y", answers=OPEN, managed=False)]
    (two,) = (one for one in needed(sample.audit([*fleet, *both])).decisions if one.title.startswith("Say who"))
    assert why(two).endswith("We do not manage them, and they fall short in 1 check. 1 machine lets nobody in.")


def test_there_are_five_decisions_at_most_and_sentences_are_short() -> None:
    over, soon = TODAY - timedelta(days=3), TODAY + timedelta(days=9)
    machines = (
        Machine("G", failure=unreachable()),
        pc("A"),
        Machine("E", answers=OPEN),
        Machine("S", answers=OPEN),
        Machine("U", answers=OPEN, managed=False),
        Machine("D", Role.LAPTOP, answers=OPEN),
    )
    audit = with_exceptions(waived("E", until=over), waived("S", until=soon), declined("D"), machines=machines)
    given = Authorisation("R. Finch", date(2026, 1, 5), "all computers", soon)
    audit = replace(audit, authorised=given, contract=Contract(0.5, 110.0, "GBP", PRICES))
    need = needed(audit)
    titles = [one.title.split()[0] for one in need.decisions]
    assert titles == ["Get", "Approve", "Upgrade", "Renew", "Think"]
    assert need.title.startswith("Five decisions. Saying yes to all costs up to £")
    without_hours = needed(replace(audit, contract=None))
    for one in (*need.decisions, *without_hours.decisions):
        for sentence in why(one).split(". "):
            assert len(sentence.split()) <= 20, sentence


def test_engineers_are_asked_for_nothing_and_see_no_price() -> None:
    made = views.build(old(pc("A")), ReportContext(edition=EditionName.ENGINEER))
    assert made.need is None
    assert "820" not in repr(made.tasks)
