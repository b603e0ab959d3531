"""Contract hours against open work and what comes in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from scorecard.model import ExceptionKind, Mark, Status
from scorecard.plan.contract import FEWEST_AUDITS, clearance, inflow, said
from scorecard.plan.tasks import plan
from scorecard.result import Audit, Contract
from tests.fleet import NOW, device, except_for, findings
from tests.unit.plan_kit import audit_of, minutes

REBOOT = "patching.reboot-pending"
SCAN = "antivirus.recent-scan"
MONTH_DAYS = 365.25 / 12


def with_faults(faults: Mapping[tuple[str, str], Status]) -> Audit:
    fleet = [device(f"pc{number}") for number in range(10)]
    return audit_of(findings(fleet, except_for(faults)), fleet)


def month(number: int, since: Mapping[tuple[str, str], int]) -> Audit:
    """The audit of one month; `since`: open (endpoint, check) and the month from which it has been open."""
    audit = with_faults(dict.fromkeys(since, Status.FAIL))
    at = [NOW + timedelta(days=MONTH_DAYS * one) for one in range(number + 1)]
    found = [
        replace(f, first_seen=at[since[f.endpoint, f.check]]) if (f.endpoint, f.check) in since else f
        for f in audit.findings
    ]
    return replace(audit, as_of=at[number], findings=tuple(found))


def hours(audit: Audit, checks: Iterable[str]) -> float:
    """Of one fix of each check, preparation included."""
    return sum(sum(minutes(audit, check)) for check in checks) / 60


def test_months_to_clear() -> None:
    audit = with_faults({("pc0", REBOOT): Status.FAIL, ("pc0", SCAN): Status.FAIL})
    work = hours(audit, (REBOOT, SCAN))
    found = clearance(plan(audit), Contract(hours_per_month=2))
    assert found.open_hours.likely == pytest.approx(work)
    assert found.months == pytest.approx(work / 2)
    assert (found.inflow_hours, found.months_with_inflow, found.money, found.never) == (None, None, None, False)


def test_what_comes_in_takes_its_share_of_the_bucket() -> None:
    audit = with_faults({("pc0", REBOOT): Status.FAIL})
    work = hours(audit, (REBOOT,))
    found = clearance(plan(audit), Contract(hours_per_month=2), inflow_hours=0.5)
    assert found.months == pytest.approx(work / 2)
    assert found.months_with_inflow == pytest.approx(work / 1.5)


@pytest.mark.parametrize("comes_in", [2, 2.5])
def test_a_bucket_that_what_comes_in_fills_never_clears_anything(comes_in: float) -> None:
    found = clearance(plan(with_faults({("pc0", REBOOT): Status.FAIL})), Contract(2), comes_in)
    assert (found.never, found.months_with_inflow) == (True, None)
    assert said(found).endswith(f"and never at the present inflow of {comes_in:.1f} h a month")


def test_nothing_open_takes_no_time_whatever_comes_in() -> None:
    found = clearance(plan(with_faults({})), Contract(2, 100, "EUR"), 3)
    assert (found.months, found.never) == (0, False)
    assert said(found).endswith("nothing to clear")


def test_what_the_client_does_is_not_paid_from_the_contract() -> None:
    audit = with_faults({("pc0", REBOOT): Status.FAIL})
    refused = [
        replace(f, exception=Mark("no", ExceptionKind.DECLINED)) if f.status is Status.FAIL else f for f in audit.findings
    ]
    found = clearance(plan(audit_of(refused, audit.devices)), Contract(2))
    assert (found.tasks, found.open_hours.likely) == (0, 0)


def test_money_only_where_the_inventory_names_a_rate() -> None:
    audit = with_faults({("pc0", REBOOT): Status.FAIL})
    work = hours(audit, (REBOOT,))
    with_rate = clearance(plan(audit), Contract(10, 95, "GBP"))
    assert with_rate.money == pytest.approx((0.7 * work * 95, work * 95, 1.8 * work * 95))
    assert f"about GBP {work * 95:,.0f}" in said(with_rate)
    assert "GBP" not in said(clearance(plan(audit), Contract(10)))


def test_the_sentence() -> None:
    audit = with_faults({(f"pc{number}", REBOOT): Status.FAIL for number in range(10)})
    assert said(clearance(plan(audit), Contract(0.5), 0.1)) == (
        "Open work 1.8 h (between 1 and 3 h); 0.5 contract hours a month clear it in 3.7 months if nothing else breaks, "
        "and in 4.6 months at the present inflow of 0.1 h a month"
    )


def test_inflow_is_the_mean_of_what_is_new() -> None:
    """Over two months: a new fault with its preparation, then a second in the same check, which needs none any more."""
    reboot, scan = ("pc0", REBOOT), ("pc1", SCAN)
    audits = [month(0, {scan: 0}), month(1, {scan: 0, reboot: 1}), month(2, {scan: 0, reboot: 1, ("pc2", REBOOT): 2})]
    once, each = minutes(audits[0], REBOOT)
    assert inflow(audits) == pytest.approx((once + 2 * each) / 60 / 2, rel=1e-6)


def test_inflow_needs_three_audits_over_some_time() -> None:
    audits = [month(number, {}) for number in range(FEWEST_AUDITS)]
    assert inflow(audits) == 0
    assert inflow(audits[1:]) is None
    assert inflow([audits[0]] * FEWEST_AUDITS) is None


def test_what_is_new_on_a_machine_that_somebody_else_manages_is_not_inflow() -> None:
    audits = [month(0, {}), month(1, {("pc0", REBOOT): 1}), month(2, {("pc0", REBOOT): 1})]
    theirs = [
        replace(audit, devices=tuple(replace(one, managed=one.name != "pc0") for one in audit.devices)) for audit in audits
    ]
    assert inflow(theirs) == 0
    assert (inflow(audits) or 0) > 0


def test_what_has_no_date_is_not_taken_for_new() -> None:
    audits = [month(0, {}), month(1, {("pc0", REBOOT): 1}), month(2, {("pc0", REBOOT): 1})]
    undated = [replace(a, findings=tuple(replace(f, first_seen=None) for f in a.findings)) for a in audits]
    assert inflow(undated) == 0
