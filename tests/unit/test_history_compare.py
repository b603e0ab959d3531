"""What became of every finding between two audits: each way it can go, and the sum that holds them together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from scorecard.errors import StandardError
from scorecard.history.compare import Comparison, Ended, Movement, Opened, compare
from scorecard.model import Role, Status
from tests.history_fleets import SMALL, START, STATED, WAIVED, Client, edited

VOLUME, UPDATES, REBOOT = "disk-encryption.system-volume", "patching.security-updates", "patching.reboot-pending"
Change = Callable[[Client], None]


def client_with(*faults: str) -> Client:
    client = Client()
    client.add("pc").answers.update(dict.fromkeys(faults, Status.FAIL))
    client.add("other")
    return client


def between(client: Client, *changes: Change, days: float = 10) -> Comparison:
    """The first audit and the last, with one after each change."""
    older = newer = client.audit()
    for change in changes:
        client.wait(days)
        change(client)
        newer = client.audit()
    return compare(older, newer)


def now(check: str, status: Status) -> Change:
    def change(client: Client) -> None:
        client.machines["pc"].answers[check] = status

    return change


def seen(sight: bool) -> Change:
    def change(client: Client) -> None:
        client.machines["pc"].seen = sight

    return change


def retire(client: Client) -> None:
    client.retire("pc", "stolen")


def cells(lines: tuple[Movement, ...]) -> list[tuple[str, str]]:
    return [(line.endpoint, line.check) for line in lines]


def ways(found: Comparison) -> dict[str, int]:
    """What is not empty; a way to end with a minus."""
    gone = {f"-{way.value}": len(lines) for way, lines in found.ended.items() if lines}
    come = {f"+{way.value}": len(lines) for way, lines in found.opened.items() if lines}
    assert found.open_before - sum(gone.values()) + sum(come.values()) == found.open_now
    return gone | come


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ((now(VOLUME, Status.FAIL),), {}),
        ((now(VOLUME, Status.PASS),), {"-fixed": 1}),
        ((now(VOLUME, Status.NOT_APPLICABLE),), {"-no-longer-applies": 1}),
        ((now(VOLUME, Status.UNKNOWN),), {"-no-longer-seen": 1}),
        ((seen(False),), {"-no-longer-seen": 1}),
        ((retire,), {"-left": 1}),
        ((now(UPDATES, Status.WARN),), {"+new": 1}),
        ((now(VOLUME, Status.PASS), now(VOLUME, Status.FAIL)), {"-fixed": 1, "+came-back": 1}),
        ((seen(False), seen(True)), {}),
        ((lambda client: client.add("new").answers.update({UPDATES: Status.FAIL}),), {"+joined": 1}),
    ],
)
def test_each_way_a_finding_can_go(changes: tuple[Change, ...], expected: dict[str, int]) -> None:
    assert ways(between(client_with(VOLUME), *changes)) == expected


def test_still_open_has_its_age_and_what_it_was() -> None:
    client = client_with(VOLUME, UPDATES)
    client.machines["pc"].answers[UPDATES] = Status.WARN
    client.audit()
    client.wait(40)
    found = between(client, now(UPDATES, Status.FAIL))
    assert [(line.check, line.days_open, line.opened_at) for line in found.still_open] == [
        (VOLUME, 50, START),
        (UPDATES, 50, START),
    ]
    assert cells(found.worse) == [("pc", UPDATES)]
    assert found.better == ()


def test_what_gets_better_is_still_open() -> None:
    found = between(client_with(VOLUME), now(VOLUME, Status.WARN))
    assert cells(found.better) == cells(found.still_open) == [("pc", VOLUME)]


def test_fixed_knows_how_long_it_stood_open_until_the_audit_that_saw_it_fixed() -> None:
    """Fixed on day 10 of 30: audits between know."""
    found = between(client_with(VOLUME), now(VOLUME, Status.PASS), seen(True), seen(True))
    line = found.ended[Ended.FIXED][0]
    assert (line.days_open, line.ended_at, line.was, line.is_) == (10, START + timedelta(days=10), Status.FAIL, Status.PASS)
    assert [fix.days for fix in found.fixes] == [10]


@pytest.mark.parametrize(("days", "way"), [(90, Opened.CAME_BACK), (91, Opened.NEW)])
def test_came_back_within_the_standards_days(days: int, way: Opened) -> None:
    """Found fixed on day 0, open again so many days after."""
    client = client_with(VOLUME)
    client.audit()
    client.wait(5)
    client.machines["pc"].answers.clear()
    found = between(client, now(VOLUME, Status.FAIL), days=days)
    assert cells(found.opened[way]) == [("pc", VOLUME)]


def test_fixed_in_between_and_open_again_much_later_is_fixed_and_new() -> None:
    client = client_with(VOLUME)
    older = client.audit()
    client.wait(5)
    client.machines["pc"].answers.clear()
    client.audit()
    client.wait(200)
    client.machines["pc"].answers[VOLUME] = Status.FAIL
    found = compare(older, client.audit())
    assert ways(found) == {"-fixed": 1, "+new": 1}
    assert found.ended[Ended.FIXED][0].ended_at is None
    assert found.fixes == ()


def test_what_was_out_of_sight_and_open_when_last_seen_is_seen_again() -> None:
    client = client_with(VOLUME)
    client.audit()
    client.wait(5)
    client.machines["pc"].seen = False
    found = between(client, seen(True))
    assert ways(found) == {"+seen-again": 1}
    assert found.opened[Opened.SEEN_AGAIN][0].days_open == 15
    assert found.endpoints.seen_again == ("pc",)


def test_what_was_in_order_before_it_went_out_of_sight_is_new() -> None:
    client = client_with()
    client.audit()
    client.wait(5)
    client.machines["pc"].seen = False

    def show_broken(client: Client) -> None:
        client.machines["pc"].seen = True
        client.machines["pc"].answers[VOLUME] = Status.FAIL

    assert ways(between(client, show_broken)) == {"+new": 1}


def test_never_answered_before_is_seen_again_and_not_new() -> None:
    client = client_with(VOLUME)
    client.machines["pc"].seen = False
    assert ways(between(client, seen(True))) == {"+seen-again": 1}


def test_out_of_sight_is_not_fixed() -> None:
    found = between(client_with(VOLUME), seen(False))
    assert found.open_now == 0
    assert found.ended[Ended.FIXED] == ()
    assert found.fixes == ()
    assert found.endpoints.no_longer_seen == ("pc",)


def test_retired_machines_come_with_their_reason_and_others_are_named() -> None:
    client = client_with()
    client.add("lost")

    def lose(client: Client) -> None:
        retire(client)
        del client.machines["lost"]
        client.add("new")

    moved = between(client, lose).endpoints
    assert [(one.name, one.reason) for one in moved.retired] == [("pc", "stolen")]
    assert (moved.joined, moved.missing) == (("new",), ("lost",))


def test_a_machine_that_left_the_inventory_alone_has_vanished_and_stays_expected() -> None:
    def vanish(client: Client) -> None:
        client.machines["pc"].expected_because = "seen before"
        client.machines["pc"].seen = False

    found = between(client_with(VOLUME), vanish)
    assert found.endpoints.vanished == ("pc",)
    assert ways(found) == {"-no-longer-seen": 1}


def test_checks_that_the_standard_adds_or_drops_are_kept_apart() -> None:
    removed = between(client_with("disk-encryption.method"), lambda client: setattr(client, "standard", FEWER))
    assert ways(removed) == {"-asked-otherwise": 1}
    assert removed.standard is not None
    assert removed.standard.removed == ("disk-encryption.method",)
    client = client_with("disk-encryption.method")
    client.standard = FEWER
    added = between(client, lambda client: setattr(client, "standard", SMALL))
    assert ways(added) == {"+asked-otherwise": 1}
    assert added.standard is not None
    assert added.standard.added == ("disk-encryption.method",)


FEWER = edited(lambda raw: raw["checks"].pop("disk-encryption.method"), SMALL)
LOOSER = edited(lambda raw: raw["checks"][UPDATES].update(parameters={"pass_days": 60}), SMALL)


def test_what_passes_by_other_parameters_was_not_fixed() -> None:
    def loosen(client: Client) -> None:
        client.standard = LOOSER
        client.machines["pc"].answers.clear()

    found = between(client_with(UPDATES, VOLUME), loosen)
    assert ways(found) == {"-fixed": 1, "-asked-otherwise": 1}
    assert cells(found.ended[Ended.FIXED]) == [("pc", VOLUME)]
    assert found.standard is not None
    assert found.standard.judged_otherwise == (UPDATES,)
    assert [fix.check for fix in found.fixes] == [VOLUME]


def test_what_another_role_is_not_asked_is_kept_apart() -> None:
    client = client_with("antivirus.definitions")
    client.standard = edited(lambda raw: raw["checks"]["antivirus.definitions"].update(roles=["laptop"]), SMALL)

    def promote(client: Client) -> None:
        client.machines["pc"].role = Role.SERVER

    found = between(client, promote)
    assert ways(found) == {"-asked-otherwise": 1}
    assert found.endpoints.role_changed == ("pc",)


def test_exceptions_that_begin_and_end_leave_the_count_of_open_findings_alone() -> None:
    def waive(client: Client) -> None:
        client.machines["pc"].marks[VOLUME] = WAIVED

    client = client_with(VOLUME)
    begun = between(client, waive)
    assert (cells(begun.exceptions_begun), begun.exceptions_ended) == ([("pc", VOLUME)], ())
    assert ways(begun) == {}
    ended = between(client, lambda client: client.machines["pc"].marks.clear())
    assert [line.exception for line in ended.exceptions_ended] == [WAIVED]


def test_an_exception_ends_where_what_it_covers_is_fixed() -> None:
    client = client_with(VOLUME)
    client.machines["pc"].marks[VOLUME] = WAIVED
    found = between(client, now(VOLUME, Status.PASS))
    assert cells(found.exceptions_ended) == [("pc", VOLUME)]
    assert ways(found) == {"-fixed": 1}


def test_an_exception_that_another_one_replaces_ends() -> None:
    client = client_with()
    client.machines["pc"].seen = False
    client.machines["pc"].marks[VOLUME] = STATED

    def replaced(client: Client) -> None:
        client.machines["pc"].marks[VOLUME] = replace(STATED, id="S-2")

    found = between(client, replaced)
    assert [line.exception and line.exception.id for line in found.exceptions_ended] == ["S-1"]
    assert [line.exception and line.exception.id for line in found.exceptions_begun] == ["S-2"]


def test_what_does_not_count_does_not_move() -> None:
    client = client_with(REBOOT)
    client.standard = edited(lambda raw: raw["checks"][REBOOT].update(counts_from="2099-01-01"), SMALL)
    found = between(client, now(REBOOT, Status.PASS))
    assert (found.open_before, found.open_now, ways(found)) == (0, 0, {})


def test_the_worst_and_the_oldest_come_first() -> None:
    client = client_with(REBOOT, VOLUME)
    client.audit()
    client.wait(5)
    client.machines["other"].answers[VOLUME] = Status.FAIL
    found = between(client, seen(True))
    assert cells(found.still_open) == [("pc", VOLUME), ("other", VOLUME), ("pc", REBOOT)]


def test_a_standard_that_cannot_be_read_is_one_clear_line() -> None:
    client = client_with()
    older = client.audit()
    client.wait(1)
    newer = client.audit()
    with pytest.raises(StandardError, match=r"standard\.content"):
        compare(replace(older, standard={"content": {"name": "x"}}), newer)
