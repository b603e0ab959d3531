"""Tasks: what each brings, who does it, in which order, and that no open finding is missing."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from scorecard.model import OPEN, ExceptionKind, Mark, Role, Severity, Status
from scorecard.plan.gains import Gains, can_be_asked, passed_all
from scorecard.plan.hours import ASK_AGAIN, FIND, HIGH, LOW, effort_of
from scorecard.plan.tasks import ASSUMED, Plan, Task, plan
from scorecard.plan.work import Owner
from scorecard.result import Audit, Scorecard
from scorecard.score import score
from scorecard.topic import Effort
from tests.fleet import NOW, STANDARD, ZONE, device, except_for, findings, last, passing, storied_fleet
from tests.unit.plan_kit import audit_of, minutes

ENCRYPTED = "disk-encryption.system-volume"
PROTECTED = "antivirus.protected"
REBOOT = "patching.reboot-pending"


def with_faults(faults: dict[tuple[str, str], Status], count: int = 10) -> Audit:
    fleet = [device(f"pc{number}") for number in range(count)]
    return audit_of(findings(fleet, except_for(faults)), fleet)


def keys_of(audit: Audit, task: Task) -> set[tuple[str, str]]:
    if task.check is not None:
        return {(task.check, name) for name in task.endpoints}
    return {(f.check, f.endpoint) for f in audit.findings if f.endpoint in task.endpoints and can_be_asked(f)}


def after(audit: Audit, keys: set[tuple[str, str]]) -> Scorecard:
    done = passed_all(audit.findings, frozenset(keys), STANDARD)
    return score(done, audit.devices, STANDARD, as_of=NOW, client_since=None, time_zone=ZONE)


def only(found: Plan) -> Task:
    (task,) = found.tasks
    return task


@pytest.mark.parametrize("seed", range(60))
def test_points_are_what_grading_the_finished_task_brings(seed: int) -> None:
    """One by one and one after the other, on fleets with every status, exception and history."""
    devices, found = storied_fleet(seed)
    audit = audit_of(found, devices)
    if audit.scorecard.score is None:
        return
    tasks, done = plan(audit), set[tuple[str, str]]()
    for task in tasks.tasks:
        keys = keys_of(audit, task)
        assert keys
        assert not keys & done, "a finding is in two tasks"
        assert after(audit, keys).score == pytest.approx(audit.scorecard.score + task.points, abs=1e-9)
        done |= keys
        assert task.score_after == pytest.approx(after(audit, done).score, abs=1e-9)
    waived = {(f.check, f.endpoint) for f in audit.findings if f.marked(ExceptionKind.WAIVED)}
    open_ = {(f.check, f.endpoint) for f in audit.findings if f.status in OPEN}
    assert {key for key in done if key in open_} == open_ - waived
    assert tasks.agreed == len(open_ & waived)


def test_the_gain_by_hand() -> None:
    """Ten laptops; the check is one of seven of its category by severity: 25 of 90 points x 5/42.5 x 1/10."""
    audit = with_faults({("pc0", REBOOT): Status.FAIL})
    weights = {"critical": 10, "high": 7.5, "medium": 5, "low": 2.5}
    patching = [c for c in STANDARD.content.checks if STANDARD.category(c).id == "patching"]
    whole = sum(weights[STANDARD.severity(check, Role.LAPTOP, None)] for check in patching)
    asked = sum(c.weight for c in STANDARD.content.categories if c.id in STANDARD.asked_categories)
    assert only(plan(audit)).points == pytest.approx(100 * 25 / asked * 5 / whole / 10)


def test_hours_share_the_preparation() -> None:
    audit = with_faults({("pc0", REBOOT): Status.FAIL, ("pc1", REBOOT): Status.WARN})
    task, (once, each) = only(plan(audit)), minutes(audit, REBOOT)
    assert task.hours is not None
    assert task.hours.likely == pytest.approx((once + 2 * each) / 60)
    assert (task.hours.low, task.hours.high) == pytest.approx((task.hours.likely * LOW, task.hours.likely * HIGH))
    assert task.points_per_hour == pytest.approx(task.points / task.hours.likely)


def test_a_task_keeps_its_id_and_says_what_to_do() -> None:
    first, second = (only(plan(with_faults({(name, ENCRYPTED): Status.FAIL}))) for name in ("pc0", "pc1"))
    assert first.id == second.id == f"{ENCRYPTED}/provider"
    assert first.title == "Encrypt the system drive"
    assert len(first.fix) >= 2
    assert (first.risk, first.owner, first.endpoints, first.note) == (Severity.CRITICAL, Owner.PROVIDER, ("pc0",), "")


def test_what_holds_the_letter_comes_first() -> None:
    """The cap's fix brings fewer points an hour than the cheap one."""
    found = plan(with_faults({("pc0", ENCRYPTED): Status.FAIL, ("pc1", REBOOT): Status.FAIL, ("pc2", REBOOT): Status.FAIL}))
    assert [(task.check, task.lifts) for task in found.tasks] == [(ENCRYPTED, ("laptops-not-encrypted",)), (REBOOT, ())]
    assert [task.check for task in found.pinned] == [ENCRYPTED]
    rates = [task.points_per_hour or 0 for task in found.tasks]
    assert rates[1] > rates[0]


def test_a_cap_that_is_no_better_than_the_score_does_not_pin() -> None:
    faults = {(f"pc{number}", check): Status.FAIL for number in range(10) for check in STANDARD.content.checks}
    audit = with_faults(faults)
    assert (audit.scorecard.letter_before_caps, bool(audit.scorecard.caps)) == ("F", True)
    assert plan(audit).pinned == ()


def test_tasks_with_equal_rates_go_by_risk_and_then_by_name() -> None:
    audit = with_faults({("pc0", REBOOT): Status.FAIL})
    same = {check: {**_described(audit, check), "effort": {"once_min": 0, "each_min": 0}} for check in audit.checks}
    faults = {("pc0", REBOOT): Status.FAIL, ("pc0", "antivirus.definitions"): Status.WARN, ("pc0", PROTECTED): Status.WARN}
    found = plan(replace(with_faults(faults), checks=MappingProxyType(same)))
    assert [task.check for task in found.tasks] == [PROTECTED, "antivirus.definitions", REBOOT]
    assert (found.estimated, found.hours.likely) == (0, 0)
    assert all(task.hours is None and task.points_per_hour is None for task in found.tasks)


def _described(audit: Audit, check: str) -> dict[str, Any]:
    described: Any = audit.checks[check]
    return dict(described)


def test_who_does_it() -> None:
    """The provider; the client where the machine is not managed or the work was declined; else whom the check names."""
    fleet = [device("ours"), replace(device("theirs"), managed=False), device("refused"), device("gone", seen=False)]
    faults = {(name, REBOOT): Status.FAIL for name in ("ours", "theirs", "refused")} | {("ours", PROTECTED): Status.FAIL}
    found = [
        replace(f, exception=Mark("no", ExceptionKind.DECLINED)) if (f.endpoint, f.check) == ("refused", REBOOT) else f
        for f in findings(fleet, except_for(faults))
    ]
    audit = audit_of(found, fleet)
    vendor = {**_described(audit, PROTECTED), "owner": "vendor"}
    tasks = {task.id: task for task in plan(replace(audit, checks={**audit.checks, PROTECTED: vendor})).tasks}
    assert set(tasks) == {
        f"{REBOOT}/provider",
        f"{REBOOT}/client",
        f"{PROTECTED}/vendor",
        "find-and-check/provider",
    }
    assert tasks[f"{REBOOT}/client"].endpoints == ("refused", "theirs")
    assert tasks[f"{REBOOT}/client"].declined == ("refused",)
    once, each = minutes(audit, REBOOT)
    spent = [task.hours.likely for task in (tasks[f"{REBOOT}/{who}"] for who in ("provider", "client")) if task.hours]
    assert spent == pytest.approx([(once + each) / 60, 2 * each / 60])


def test_machines_that_owe_answers() -> None:
    fleet = [*(device(f"pc{number}") for number in range(30)), device("gone", seen=False), device("shy")]
    found = [
        replace(f, verdict=replace(f.verdict, status=Status.UNKNOWN, reason="denied"))
        if (f.endpoint, f.check) == ("shy", ENCRYPTED)
        else f
        for f in findings(fleet, passing)
    ]
    found = [replace(f, last=last(Status.FAIL, 3)) if (f.endpoint, f.check) == ("gone", REBOOT) else f for f in found]
    audit = audit_of(found, fleet)
    tasks = {task.id: task for task in plan(audit).tasks}
    find, ask = tasks["find-and-check/provider"], tasks["get-answers/provider"]
    assert (find.note, ask.note, find.risk, find.check) == (ASSUMED, ASSUMED, None, None)
    assert (find.endpoints, ask.endpoints) == (("gone",), ("shy",))
    assert find.hours is not None
    assert ask.hours is not None
    assert find.hours.likely * 60 == pytest.approx(FIND.each_min + minutes(audit, REBOOT)[1])
    assert ask.hours.likely * 60 == pytest.approx(ASK_AGAIN.each_min)
    assert "not-read.disk-encryption.system-volume" in ask.lifts


def test_coverage_that_holds_the_letter_pins_the_machines_to_find() -> None:
    fleet = [*(device(f"pc{number}") for number in range(8)), *(device(f"gone{number}", seen=False) for number in range(2))]
    found = [replace(f, last=last(Status.PASS, 5)) for f in findings(fleet, passing)]
    audit = audit_of(found, fleet)
    assert [cap.id for cap in audit.scorecard.caps] == ["coverage"]
    assert only(plan(audit)).lifts == ("coverage",)


def test_what_does_not_count_is_no_task() -> None:
    audit = with_faults({("pc0", REBOOT): Status.FAIL})
    found = [replace(f, counts=False) if f.status is Status.FAIL else f for f in audit.findings]
    assert plan(audit_of(found, audit.devices)).tasks == ()


def test_nothing_to_do() -> None:
    found = plan(with_faults({}))
    assert (found.tasks, found.points, found.hours.likely, found.estimated, found.agreed) == ((), 0, 0, 0, 0)


def test_no_gain_for_what_left_the_sum() -> None:
    audit = with_faults({("pc0", REBOOT): Status.FAIL, ("pc1", REBOOT): Status.FAIL})
    mark = Mark("agreed", ExceptionKind.WAIVED)
    found = [replace(f, exception=mark) if f.endpoint == "pc0" and f.status is Status.FAIL else f for f in audit.findings]
    waived = audit_of(found, audit.devices)
    gains = Gains(waived, STANDARD)
    points = {f.endpoint: gains.points(f) for f in waived.findings if f.check == REBOOT and f.status is Status.FAIL}
    assert points["pc0"] == 0
    assert points["pc1"] > 0


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"effort": {"once_min": 15, "each_min": 5}}, Effort(15, 5)),
        ({"effort": {"once_min": 15, "each_min": 0}}, Effort(15, 0)),
        ({"effort": {"once_min": 0, "each_min": 0}}, None),
        ({"effort": {"once_min": -5, "each_min": 10}}, None),
        ({"effort": {"once_min": "15", "each_min": 5}}, None),
        ({"effort": {"once_min": 15}}, None),
        ({"effort": None}, None),
        ({}, None),
    ],
)
def test_an_effort_that_cannot_be_read_is_no_estimate(given: dict[str, Any], expected: Effort | None) -> None:
    assert effort_of(given) == expected
