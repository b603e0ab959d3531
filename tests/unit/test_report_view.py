"""The view that feeds every report: counts add up, sentences say the worst first, nothing unknown turns into a Yes."""

from __future__ import annotations

import importlib
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from scorecard.errors import FailureKind
from scorecard.exceptions import Entry, Exceptions
from scorecard.model import ExceptionKind, Role, Status, Verdict
from scorecard.plan.tasks import plan
from scorecard.reporting import Past, ReportContext
from scorecard.result import Answer, Audit
from tests.e2e import sample
from tests.e2e.sample import Machine, no_answer, short

DRIVE = "disk-encryption.system-volume"
views = importlib.import_module("scorecard.reports.view")
standing = importlib.import_module("scorecard.reports.standing")


def view(audit: Audit, context: ReportContext | None = None) -> Any:
    return views.build(audit, context or ReportContext())


def unseen(name: str, role: Role = Role.LAPTOP) -> Machine:
    return Machine(name, role, failure=sample.unreachable())


def test_the_four_counts_add_up_and_are_the_promises_counts() -> None:
    audit = sample.fleet_audit()
    counts = view(audit).rows.counts
    assert sum(counts.values()) == len(audit.devices) == 124
    fall_short = {name for promise in audit.scorecard.promises for name in promise.endpoints}
    assert counts["no"] == len(fall_short)
    assert counts["not-checked"] == 6
    assert counts["yes"] == 124 - len(fall_short) - 6


def test_each_filter_of_the_first_screen_yields_the_count_that_it_stands_beside() -> None:
    audit = sample.fleet_audit()
    rows = view(audit).rows
    for promise in audit.scorecard.promises:
        column = [cell.state for row in rows.devices for cell in row.cells if cell.column == promise.id]
        assert column.count("no") == len(promise.endpoints)
        assert column.count("not-checked") == len(promise.unknown)
        assert column.count("yes") == promise.met
        assert len(column) - column.count("not-applicable") == promise.of


def test_findings_are_all_there_with_the_status_that_judging_gave() -> None:
    audit = sample.fleet_audit()
    made = view(audit)
    assert [row.status for row in made.rows.findings] == [finding.status for finding in audit.findings]
    expected = Counter(finding.status for finding in audit.findings)
    assert made.tally == {
        "Yes": expected[Status.PASS],
        "Nearly": expected[Status.WARN],
        "No": expected[Status.FAIL],
        "Not checked": expected[Status.UNKNOWN],
        "Not applicable": expected[Status.NOT_APPLICABLE],
    }


def test_no_machine_that_was_not_seen_is_shown_with_a_yes() -> None:
    made = view(sample.fleet_audit())
    for row in made.rows.devices:
        if not row.seen:
            assert {cell.state.value for cell in row.cells} == {"not-checked"}
            assert row.state.value == "not-checked"


def test_a_machine_missing_from_every_list_of_a_promise_is_a_yes_only_by_a_pass() -> None:
    audit = sample.audit([Machine("A"), Machine("B")])
    emptied = replace(audit, findings=tuple(finding for finding in audit.findings if finding.endpoint != "B"))
    by_name = {row.name: row for row in view(emptied).rows.devices}
    assert {cell.state.value for cell in by_name["A"].cells} == {"yes"}
    assert {cell.state.value for cell in by_name["B"].cells} == {"not-applicable"}


def test_worst_machines_come_first() -> None:
    devices = view(sample.fleet_audit()).rows.devices
    assert devices[0].name == "LT-014"  # the only one that breaks two promises
    order = ("no", "not-checked", "excused", "yes")
    places = [order.index(row.state.value) for row in devices]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("machines", "headline"),
    [
        ([], "We cannot say. There are no machines on the list."),
        ([Machine("A")], "Yes. Every machine was checked and keeps every promise."),
        ([unseen("A"), unseen("B")], "We cannot say. None of 2 machines could be checked."),
        (
            [
                *(Machine(f"M{n}") for n in range(30)),
                Machine("X", answers={"disk-encryption.system-volume": short("open", "shut")}),
            ],
            "Nearly. 1 machine falls short.",
        ),
        (
            [
                *(Machine(f"M{n}") for n in range(30)),
                Machine("X", answers={"antivirus.recent-scan": short("never", "lately")}),
            ],
            "Nearly. Every promise is kept, but some other checks are not.",
        ),
        (
            [*(Machine(f"M{n}") for n in range(7)), unseen("X"), unseen("Y"), unseen("Z")],
            "Not yet. 3 of 10 machines could not be checked.",
        ),
        (
            [
                *(Machine(f"M{n}") for n in range(30)),
                Machine("X", answers={"antivirus.protected": no_answer("It told nothing")}),
            ],
            "Nearly. 1 machine could not be fully checked.",
        ),
    ],
)
def test_the_headline_names_the_worst_true_condition(machines: list[Machine], headline: str) -> None:
    assert view(sample.audit(machines)).standing.headline == headline


def test_machines_that_answered_in_part_are_not_called_unseen() -> None:
    told = Machine("X", answers={"antivirus.protected": no_answer("It told nothing")})
    assert view(sample.audit([Machine("A"), told])).standing.count_words["not-checked"] == "not fully checked"
    assert view(sample.audit([Machine("A"), unseen("B")])).standing.count_words["not-checked"] == "not checked"


def test_a_failing_fleet_hears_no() -> None:
    broken = {check: short("bad", "good") for check in sample.CHECKS}
    made = view(sample.audit([Machine("A", answers=broken), Machine("B", answers=broken)]))
    assert made.standing.letter == "F"
    assert made.standing.headline == "No. 2 machines fall short."


def test_provisional_and_not_graded_are_said() -> None:
    provisional = view(
        sample.audit([*(Machine(f"M{n}") for n in range(7)), unseen("X"), unseen("Y"), unseen("Z")])
    ).standing
    assert provisional.provisional
    assert provisional.graded
    refused = view(sample.audit([Machine("A"), unseen("B")])).standing
    assert not refused.graded
    assert refused.letter is None
    assert refused.points == ""
    assert refused.not_graded == "Not graded: 1 of 2 machines checked."
    assert refused.range == "Somewhere between 50 and 100 points."


def test_a_part_of_the_client_gets_no_grade_whatever_its_score() -> None:
    made = view(sample.audit([Machine("web1")], scope="--limit web*"))
    assert not made.standing.graded
    assert made.standing.points == ""
    assert made.notices
    assert "--limit web*" in made.notices[0]
    assert made.trend.chart is None


def test_an_interrupted_audit_says_so_and_calls_the_rest_not_asked() -> None:
    audit = replace(sample.audit([Machine("A"), Machine("B")]), interrupted=True)
    devices = tuple(replace(device, seen=False, failure=None) if device.name == "B" else device for device in audit.devices)
    made = view(replace(audit, devices=devices))
    assert "stopped before it was finished" in made.notices[0]
    assert made.method.unseen[0].why_not_seen == "Not asked: the check was stopped first"


def why(made: Any, promise: str) -> str:
    row = next(row for row in made.standing.promises if row.id == promise)
    return "".join(piece if isinstance(piece, str) else piece.text for piece in row.why)


def test_promises_name_up_to_four_and_then_the_three_worst() -> None:
    open_drive = {"disk-encryption.system-volume": short("open", "shut")}
    four = view(sample.audit([Machine(f"LT-{n}", answers=open_drive) for n in range(4)]))
    assert why(four, "encryption") == "4 laptops do not: LT-0, LT-1, LT-2, LT-3."
    machines = [Machine(f"LT-{n}", answers=open_drive, days_open=n) for n in range(12)]
    twelve = view(sample.audit(machines))
    assert why(twelve, "encryption") == "12 laptops do not: LT-11, LT-10, LT-9 and 9 more."
    mixed = view(sample.audit([Machine("A", answers=open_drive), Machine("B", Role.SERVER, answers=open_drive)]))
    assert why(mixed, "encryption").startswith("2 machines do not: ")


def test_promises_without_a_failure_say_what_is_missing_or_when_it_was_seen() -> None:
    made = view(
        sample.audit([Machine("A"), Machine("B"), Machine("C", answers={"antivirus.protected": no_answer("denied")})])
    )
    assert why(made, "antivirus") == "All that we checked do, but 1 was not checked."
    assert why(made, "encryption") == "All 3, checked on 14 Nov."
    nothing = view(sample.audit([unseen("A")]))
    assert why(nothing, "antivirus") == "We have no answer yet: 1 of 1 machine could not be checked."


def test_a_promise_that_applies_to_no_machine_is_not_a_yes() -> None:
    audit = sample.audit([])
    promise = next(row for row in view(audit).standing.promises if row.id == "encryption")
    assert promise.answer is Answer.DOES_NOT_APPLY
    assert promise.word != "Yes"


def test_what_holds_the_letter_is_said_with_its_machines_and_beside_the_letter_with_two_at_most() -> None:
    made = view(sample.fleet_audit())
    assert made.standing.letter == "B"
    assert made.standing.held == "Would be an A, but is held at B:"
    brief, second = made.standing.caps
    assert (brief.message, brief.names) == ("not encrypted: 4 of 70 laptops", ())
    assert [link.text for link in second.names] == ["PC-007", "PC-019"]
    listed = next(cap for cap in made.method.caps if cap.message == brief.message)
    assert [link.text for link in listed.names] == ["LT-014", "LT-022", "LT-031", "LT-040"]


def test_fixes_come_by_points_for_each_hour_and_what_holds_the_letter_first() -> None:
    audit = sample.fleet_audit()
    tasks = view(audit).tasks
    planned = plan(audit)
    assert [(row.id, row.machines, row.hours, row.points) for row in tasks.rows] == [
        (task.id, len(task.endpoints), task.hours, task.points) for task in planned.tasks
    ]
    assert [row.id for row in tasks.holding] == [task.id for task in planned.pinned]
    assert {"disk-encryption.system-volume/provider", "find-and-check/provider"} <= {row.id for row in tasks.holding}
    for rows in (tasks.holding, tasks.others):
        rates = [row.rate for row in rows]
        assert rates == sorted(rates, reverse=True)
    assert tasks.rows[-1].after == pytest.approx(planned.tasks[-1].score_after)
    assert tasks.start == audit.scorecard.score


def test_missing_estimates_are_counted_never_zero() -> None:
    audit = sample.fleet_audit()
    checks = {name: dict(raw) for name, raw in audit.checks.items() if isinstance(raw, dict)}
    del checks["patching.reboot-pending"]["effort"]
    tasks = view(replace(audit, checks=checks)).tasks
    assert f"for the {len(tasks.rows) - 1} of {len(tasks.rows)} tasks that were estimated" in tasks.total
    lacking = next(row for row in tasks.rows if row.id == "patching.reboot-pending/provider")
    assert lacking.hours is None
    assert lacking.rate is None


def test_parts_without_checks_are_left_out_and_named() -> None:
    work = view(sample.fleet_audit()).work
    assert [card.title for card in work.cards] == [
        "Disk encryption",
        "Antivirus",
        "Updates",
        "The rest of the agreed standard",
    ]
    assert "accounts, exposure, and backup and health" in work.omitted


def test_a_part_that_applies_to_no_machine_is_said_to_be_left_out() -> None:
    virtual = Verdict(Status.NOT_APPLICABLE, "Does not apply", reason="a virtual disk")
    answers = {check: virtual for check in sample.CHECKS if check.startswith("disk-encryption.")}
    made = view(sample.audit([Machine("A", answers=answers)]))
    assert [card.id for card in made.work.cards] == ["antivirus", "updates", "rest"]
    assert made.work.omitted.startswith("Applies to none of these machines and is left out: disk encryption.")
    assert why(made, "encryption") == "None of these machines is of a kind that this applies to."
    assert made.rows.devices[0].cells[0].state.value == "not-applicable"


def test_the_first_check_has_nothing_to_compare() -> None:
    trend = view(sample.audit([Machine("A")])).trend
    assert trend.sentence == "This is the first check, so there is nothing to compare yet."
    assert trend.chart is None


def past(day: datetime, score: float | None, coverage: float = 0.95) -> Past:
    return Past(f"{day:%Y%m%d}", day, score, "C", coverage, 10, 3)


def test_a_missed_month_is_a_gap_in_the_line() -> None:
    made = view(sample.fleet_audit(), ReportContext(history=sample.year())).trend
    assert made.sentence == "Yes. Up 3 points since 14 Oct and 33 in a year."
    assert len(made.chart.lines) == 2
    assert [bar.present for bar in made.chart.bars].count(False) == 1
    assert len(made.points) == 11


@pytest.mark.parametrize(
    ("before", "sentence"),
    [
        (99.5, "No change since 1 Nov."),
        (110.0, "No. Down 10 points since 1 Nov."),
        (40.0, "Yes. Up 60 points since 1 Nov."),
    ],
)
def test_the_trend_counts_points(before: float, sentence: str) -> None:
    context = ReportContext(history=(past(datetime(2026, 11, 1, tzinfo=UTC), before),))
    assert view(sample.audit([Machine("A")]), context).trend.sentence == sentence


def test_a_change_of_coverage_is_said_beside_the_trend() -> None:
    context = ReportContext(history=(past(datetime(2026, 10, 1, tzinfo=UTC), 50.0, 0.6),))
    assert "from 60% to 100%" in view(sample.audit([Machine("A")]), context).trend.detail


def test_audits_of_the_same_day_and_later_ones_are_not_its_past() -> None:
    audit = sample.audit([Machine("A")])
    context = ReportContext(history=(past(sample.AS_OF, 50.0), replace(past(sample.AS_OF, 50.0), id=audit.id)))
    assert view(audit, context).trend.chart is None


def test_every_kind_of_failure_has_words() -> None:
    for kind in FailureKind:
        made = view(sample.audit([Machine("A", failure=sample.unreachable(kind)), Machine("B")]))
        assert made.method.unseen[0].why_not_seen


def test_excused_findings_do_not_fall_short_and_are_named() -> None:
    days = (date(2026, 11, 1), date(2026, 11, 30))
    agreed = Entry("x1", ExceptionKind.WAIVED, (DRIVE,), ("A",), *days, False, {"reason": "kiosk", "approver": "R. Finch"})
    machines = [Machine("A", answers={DRIVE: short("open", "shut")}), Machine("B")]
    made = view(sample.audit(machines, exceptions=Exceptions((agreed,))))
    assert made.rows.counts["excused"] == 1
    assert made.rows.counts["no"] == 0
    assert made.standing.headline == "Yes, with 1 exception you agreed."
    assert why(made, "encryption") == "All others do. Excused: A."
    row = next(row for row in made.rows.findings if row.excused)
    assert (row.device, row.exception, row.agreement) == ("A", "x1", "Agreed to leave for a while")
    assert made.tasks.rows == ()
    assert made.tasks.agreed == "1 result that you agreed to leave is not counted here."
    (entry,) = made.exceptions
    assert (entry.state, entry.reason, entry.days_left) == ("Ending soon", "kiosk", 16)


def test_the_machine_bar_shows_every_part_that_is_not_empty() -> None:
    counts = {"yes": 9_997, "excused": 1, "no": 1, "not-checked": 1, "not-applicable": 0}
    states = importlib.import_module("scorecard.reports.rows").State
    bar = standing._bar({states(name): count for name, count in counts.items()})
    assert [part.key for part in bar] == ["yes", "excused", "no", "not-checked"]
    assert all(part.width >= 6 for part in bar)
    assert bar[-1].x + bar[-1].width == pytest.approx(1000, abs=0.5)


def test_an_unknown_standard_is_still_shown() -> None:
    audit = replace(sample.fleet_audit(), standard={"name": "other"}, checks={})
    made = view(audit)
    assert len(made.rows.devices) == 124
    assert made.standing.scale[0].key == "F"


def test_a_note_on_many_machines_is_said_once() -> None:
    machines = [Machine(f"M{number}") for number in range(15)]
    notes = (*(f"M{number}: asked over plain HTTP" for number in range(15)), "M3: its clock is wrong", "A: general remark")
    facts = {fact.label: fact.lines for fact in view(replace(sample.audit(machines), notes=notes)).method.facts}
    first = ", ".join(f"M{number}" for number in range(12))
    assert facts["Notes"] == (
        f"{first} and 3 more: asked over plain HTTP",
        "M3: its clock is wrong",
        "A: general remark",
    )


def test_room_on_disks_is_shown_to_a_tenth_and_other_words_stay_as_they_are() -> None:
    said = {
        "C: 270.512 of 500.000 GB free; /data, old 0.044 of 3.250 GB free; E: not read; and 2 more": (
            "C: 270.5 of 500 GB free; /data, old 0.0 of 3.2 GB free; E: not read; and 2 more"
        ),
        "none": "none",
        "C: full": "C: full",
        "C: 1.5 of 2 GB free": "C: 1.5 of 2 GB free",
    }
    for text, shown in said.items():
        seen = view(sample.audit([Machine("A", facts={"disks": text})]))
        assert seen.rows.devices[0].facts == (("disks", shown),)
