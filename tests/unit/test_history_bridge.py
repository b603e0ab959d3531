"""The bridge gives every change to its own cause, and says so where there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import fsum

import pytest

from scorecard.history.bridge import Bridge, bridge
from scorecard.history.causes import Cause
from scorecard.history.pairs import NotComparable
from scorecard.model import Platform, Role, Status
from scorecard.standard import Standard
from tests.fleet import STANDARD
from tests.history_fleets import (
    KEPT,
    SMALL,
    STATED,
    WAIVED,
    Client,
    Raw,
    edited,
    random_pair,
    variants,
)

VOLUME, ENGINE = "disk-encryption.system-volume", "antivirus.protected"


def _two_checks(raw: Raw) -> None:
    raw["checks"] = {check: raw["checks"][check] for check in (VOLUME, ENGINE)}


def points(found: Bridge) -> dict[Cause, float]:
    return {part.cause: part.points for part in found.parts}


def only(client: Client, change: Callable[[Client], None], days: float = 7) -> Bridge:
    """What comes of one change between two audits."""
    older = client.audit()
    client.wait(days)
    change(client)
    return bridge(older, client.audit())


def fleet(standard: Standard = SMALL) -> Client:
    """Four machines with a fault each."""
    client = Client(standard)
    for number, role in enumerate((Role.LAPTOP, Role.LAPTOP, Role.WORKSTATION, Role.SERVER)):
        client.add(f"m{number}", role).answers[KEPT[number]] = Status.FAIL
    return client


def test_worked_example() -> None:
    """Two checks of equal weight, 50 points each. Encryption 1/2 -> 2/3, antivirus 1 -> 1/3: 75 -> 50 points.

    Encryption: nothing 1/2, fixed alone 1, joined alone 1/3, both 2/3. Fixed first adds 1/2, second 1/3: on average 5/12.
    Joined first takes 1/6, second 1/3: 1/4. Antivirus: nothing 1, broke alone 1/2, joined alone 2/3, both 1/3. Broke first
    takes 1/2, second 1/3: 5/12. Joined first takes 1/3, second 1/6: 1/4.
    """
    client = Client(edited(_two_checks))
    client.add("a").answers[VOLUME] = Status.FAIL
    client.add("b")
    older = client.audit()
    client.wait(7)
    client.machines["a"].answers[VOLUME] = Status.PASS
    client.machines["b"].answers[ENGINE] = Status.FAIL
    client.add("c").answers.update({VOLUME: Status.FAIL, ENGINE: Status.FAIL})
    found = bridge(older, client.audit())
    assert found.before == 75.0
    assert found.after == pytest.approx(50.0)
    assert points(found) == pytest.approx({Cause.FIXED: 50 * 5 / 12, Cause.BROKE: -50 * 5 / 12, Cause.JOINED: -50 * 2 / 4})
    assert [str(shown) for _, shown in found.shown(1)] == ["20.8", "-20.8", "-25.0"]
    assert [(part.findings, part.endpoints) for part in found.parts] == [(1, ("a",)), (1, ("b",)), (2, ("c",))]


def test_the_score_of_both_ends_is_that_of_the_audits() -> None:
    older, newer = random_pair(7)
    found = bridge(older, newer)
    assert (found.before, found.after) == (older.scorecard.score, newer.scorecard.score)


def test_nothing_changed_nothing_moved() -> None:
    found = only(fleet(), leave_alone)
    assert found.parts == ()
    assert found.before == found.after


def leave_alone(_client: Client) -> None:
    """Nothing happens."""


def fix(client: Client) -> None:
    client.machines["m0"].answers = {}


def spoil(client: Client) -> None:
    client.machines["m0"].answers[ENGINE] = Status.WARN


def put_aside(client: Client) -> None:
    client.machines["m0"].answers[KEPT[1]] = Status.NOT_APPLICABLE


def join(client: Client) -> None:
    client.add("m9").answers[VOLUME] = Status.FAIL


def leave(client: Client) -> None:
    client.retire("m0")


def waive(client: Client) -> None:
    client.machines["m0"].marks[KEPT[0]] = WAIVED


def make_a_server(client: Client) -> None:
    client.machines["m0"].role = Role.SERVER


def reweigh(client: Client) -> None:
    client.standard = variants()[1]


@pytest.mark.parametrize(
    ("change", "cause", "sign"),
    [
        (fix, Cause.FIXED, 1),
        (spoil, Cause.BROKE, -1),
        (put_aside, Cause.APPLIES, -1),
        (join, Cause.JOINED, None),
        (leave, Cause.LEFT, 1),
        (waive, Cause.EXCEPTIONS_BEGUN, 1),
        (make_a_server, Cause.ROLE, None),
        (reweigh, Cause.STANDARD, None),
    ],
)
def test_a_change_moves_its_own_cause_alone(change: Callable[[Client], None], cause: Cause, sign: int | None) -> None:
    found = only(fleet(), change)
    assert set(points(found)) == {cause}
    moved = points(found)[cause]
    assert moved == pytest.approx((found.after or 0) - (found.before or 0))
    assert moved != 0
    assert sign is None or moved * sign > 0


def test_an_exception_that_ends_takes_back_what_it_gave() -> None:
    client = fleet()
    waive(client)
    found = only(client, lambda client: client.machines["m0"].marks.clear())
    assert set(points(found)) == {Cause.EXCEPTIONS_ENDED}
    assert points(found)[Cause.EXCEPTIONS_ENDED] < 0


def test_what_was_waived_and_then_fixed_is_fixed() -> None:
    client = fleet()
    waive(client)
    assert set(points(only(client, fix))) == {Cause.FIXED}


def test_what_broke_and_was_waived_at_once_broke() -> None:
    client = fleet()

    def spoil_and_waive(client: Client) -> None:
        client.machines["m1"].answers[ENGINE] = Status.FAIL
        client.machines["m1"].marks[ENGINE] = WAIVED

    found = only(client, spoil_and_waive)
    assert set(points(found)) == {Cause.BROKE}
    assert points(found)[Cause.BROKE] <= 0


def test_a_statement_about_what_nobody_can_see_is_an_exception() -> None:
    client = fleet()
    client.machines["m0"].answers[ENGINE] = Status.UNKNOWN
    client.audit()

    def state(client: Client) -> None:
        client.machines["m0"].marks[ENGINE] = STATED

    found = only(client, state)
    assert set(points(found)) == {Cause.EXCEPTIONS_BEGUN}
    assert points(found)[Cause.EXCEPTIONS_BEGUN] > 0


def hide(client: Client) -> None:
    client.machines["m1"].seen = False


def show(client: Client) -> None:
    client.machines["m1"].seen = True


def test_hiding_moves_nothing_within_the_shelf_life_and_takes_points_after_it() -> None:
    assert only(fleet(), hide, days=7).parts == ()
    late = only(fleet(), hide, days=60)
    assert set(points(late)) == {Cause.NO_LONGER_SEEN}
    assert points(late)[Cause.NO_LONGER_SEEN] < 0


def test_an_older_answer_ages_until_it_is_none() -> None:
    client = fleet()
    client.audit()
    client.wait(30)
    hide(client)
    for days in (30, 60):
        found = only(client, hide, days)
        assert set(points(found)) == {Cause.AGED}
        assert points(found)[Cause.AGED] < 0


def test_seen_again_gives_back_what_was_lost_and_no_more() -> None:
    client = fleet()
    before = client.audit().scorecard.score
    client.wait(60)
    hide(client)
    found = only(client, show)
    assert set(points(found)) == {Cause.SEEN_AGAIN}
    assert found.after == before


def test_what_was_fixed_out_of_sight_is_fixed_when_it_is_seen() -> None:
    client = fleet()
    client.audit()
    client.wait(7)
    hide(client)

    def show_fixed(client: Client) -> None:
        show(client)
        client.machines["m1"].answers = {}

    found = only(client, show_fixed)
    assert set(points(found)) == {Cause.FIXED}


def test_what_an_audit_between_saw_counts_as_what_it_saw() -> None:
    """Fixed in an audit between, out of sight in the newer one: its newer answer is what counts."""
    client = fleet()
    older = client.audit()
    client.wait(3)
    client.machines["m1"].answers = {}
    client.audit()
    client.wait(3)
    hide(client)
    assert set(points(bridge(older, client.audit()))) == {Cause.FIXED}


def test_a_machine_first_seen_is_seen_and_not_of_another_kind() -> None:
    """Until then it counted with the highest severity that its role allows."""
    client = fleet()
    client.add("m8", Role.SERVER, None).seen = False

    def meet(client: Client) -> None:
        client.machines["m8"].seen, client.machines["m8"].platform = True, Platform.LINUX

    assert set(points(only(client, meet))) == {Cause.SEEN_AGAIN}


@pytest.mark.parametrize("number", range(1, len(variants())))
def test_a_changed_standard_is_one_cause_whatever_changed_in_it(number: int) -> None:
    client = fleet()
    client.machines["m0"].answers["antivirus.definitions"] = Status.WARN
    client.machines["m2"].seen = False

    def switch(client: Client) -> None:
        client.standard = variants()[number]

    assert set(points(only(client, switch, days=0))) <= {Cause.STANDARD}


def test_other_parameters_and_another_answer_are_the_standards_doing() -> None:
    client = fleet()
    client.machines["m3"].answers["patching.security-updates"] = Status.FAIL

    def loosen(client: Client) -> None:
        client.standard = edited(
            lambda raw: raw["checks"]["patching.security-updates"].update(parameters={"pass_days": 90})
        )
        client.machines["m3"].answers["patching.security-updates"] = Status.PASS

    client.standard = STANDARD
    assert set(points(only(client, loosen))) == {Cause.STANDARD}


def test_a_check_that_begins_to_count_on_its_day_is_the_standards_doing() -> None:
    client = fleet(edited(lambda raw: raw["checks"][ENGINE].update(counts_from="2025-11-05"), SMALL))
    client.machines["m1"].answers[ENGINE] = Status.FAIL
    found = only(client, leave_alone)
    assert set(points(found)) == {Cause.STANDARD}
    assert found.parts[0].checks == (ENGINE,)


def test_a_standard_with_other_words_moves_nothing() -> None:
    found = only(fleet(), lambda client: setattr(client, "standard", variants()[-1]))
    assert [part.points for part in found.parts] == [0.0]
    assert found.shown()[0][1] == 0


def test_equal_machines_that_joined_and_left_cancel() -> None:
    def swap(client: Client) -> None:
        leave(client)
        client.add("m9").answers[KEPT[0]] = Status.FAIL

    found = only(fleet(), swap)
    assert points(found)[Cause.JOINED] == pytest.approx(-points(found)[Cause.LEFT])


def test_all_machines_replaced_is_still_a_bridge() -> None:
    """With those that left gone and the others not there yet, nothing would be graded: that set moves nothing."""

    def replace_all(client: Client) -> None:
        for name in list(client.machines):
            client.retire(name)
        client.add("m9").answers[VOLUME] = Status.FAIL

    found = only(fleet(), replace_all)
    assert set(points(found)) == {Cause.JOINED, Cause.LEFT}
    assert fsum(points(found).values()) == pytest.approx((found.after or 0) - (found.before or 0), abs=1e-9)


def test_without_a_score_there_is_no_bridge() -> None:
    found = only(Client(), join)
    assert (found.before, found.parts, found.shown()) == (None, (), ())
    assert found.missing == "audit 00000001 has no score: no check applied to any machine"


def test_a_score_that_does_not_follow_from_its_findings_is_named() -> None:
    older, newer = random_pair(7)
    wrong = replace(newer, scorecard=replace(newer.scorecard, score=(newer.scorecard.score or 0) + 0.01))
    found = bridge(older, wrong)
    assert found.parts == ()
    assert found.missing is not None
    assert "does not follow from its findings" in found.missing


def test_audits_that_say_nothing_about_each_other_are_refused() -> None:
    client = fleet()
    older = client.audit()
    client.wait(1)
    newer = client.audit()
    for pair, said in (
        ((older, older), "one audit twice"),
        ((newer, older), "is older than the first"),
        ((older, replace(newer, client="Another")), "two clients"),
        ((older, replace(newer, scope="--limit web*")), "a part of the client"),
    ):
        with pytest.raises(NotComparable, match=said):
            bridge(*pair)


def test_a_client_written_in_other_capitals_is_the_same() -> None:
    client = fleet()
    older = client.audit()
    client.wait(1)
    assert bridge(replace(older, client=older.client.upper()), client.audit()).missing is None


def test_one_audit_under_two_standards_differs_by_the_standard_alone() -> None:
    client = fleet()
    first = client.audit()
    client.count -= 1
    client.standard = variants()[2]
    second = client.audit()
    assert first.id == second.id
    assert set(points(bridge(first, second))) == {Cause.STANDARD}
