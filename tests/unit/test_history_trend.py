"""Month by month, with gaps; and how long fixing took over a row of audits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from scorecard.history.fixing import Fix, fix_times, fixes
from scorecard.history.pairs import NotComparable
from scorecard.history.trend import point, trend
from scorecard.model import Severity, Status
from scorecard.result import Audit
from tests.history_fleets import SMALL, START, Client, edited

VOLUME, UPDATES, METHOD = "disk-encryption.system-volume", "patching.security-updates", "disk-encryption.method"


def audit_on(moment: datetime, number: int = 1) -> Audit:
    client = Client(now=moment, graded=True, count=number)
    client.add("pc")
    return client.audit()


def test_a_month_without_an_audit_is_a_gap() -> None:
    points = [point(audit_on(datetime(2026, month, 10, tzinfo=UTC))) for month in (1, 3)]
    months = trend(points, date(2026, 3, 1), months=4)
    assert [month.first for month in months] == [date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)]
    assert [month.point is None for month in months] == [True, False, True, False]


def test_twelve_months_end_with_the_month_asked_for() -> None:
    months = trend([], date(2026, 2, 28))
    assert (len(months), months[0].first, months[-1].first) == (12, date(2025, 3, 1), date(2026, 2, 1))


def test_the_last_audit_of_a_month_stands_for_it_whatever_their_order() -> None:
    early, late = (point(audit_on(datetime(2026, 3, day, tzinfo=UTC), day)) for day in (2, 30))
    for points in ([early, late], [late, early]):
        assert trend(points, date(2026, 3, 1), months=1)[0].point == late


def test_the_month_is_that_of_the_clients_calendar() -> None:
    """Half past eleven at night on 31 March in UTC is April in London, where summer has begun."""
    audit = audit_on(datetime(2026, 3, 31, 23, 30, tzinfo=UTC))
    assert point(audit).month == date(2026, 4, 1)
    assert point(replace(audit, time_zone="UTC")).month == date(2026, 3, 1)


def test_a_leap_day_is_in_february() -> None:
    assert point(audit_on(datetime(2028, 2, 29, 12, tzinfo=UTC))).month == date(2028, 2, 1)


def test_a_point_has_score_coverage_and_categories() -> None:
    found = point(audit_on(START))
    assert (found.score, found.letter, found.coverage) == (100.0, "A", 1.0)
    assert found.categories == {"patching": 100.0, "disk-encryption": 100.0, "antivirus": 100.0, "standards": 100.0}
    assert found.standard == SMALL.sha256


def test_a_time_zone_that_nobody_knows_is_one_clear_line() -> None:
    with pytest.raises(NotComparable, match=r"no time zone 'Mars/Olympus'"):
        point(replace(audit_on(START), time_zone="Mars/Olympus"))


def test_days_to_fix_by_hand() -> None:
    """Open on day 0. Updates are fixed on day 10; the volume goes out of sight on day 10 and is fixed on day 30."""
    client = Client()
    pc = client.add("pc")
    pc.answers.update({UPDATES: Status.FAIL, VOLUME: Status.WARN, METHOD: Status.FAIL})
    audits = [client.audit()]
    for answers in ({UPDATES: Status.PASS, VOLUME: Status.UNKNOWN}, {}, {VOLUME: Status.PASS}):
        client.wait(10)
        pc.answers.update(answers)
        audits.append(client.audit())
    found = list(fixes(audits))
    assert [(fix.check, fix.days) for fix in found] == [(UPDATES, 10), (VOLUME, 30)]
    times = fix_times(found)
    critical = times[Severity.CRITICAL]
    assert critical is not None
    assert (critical.fixes, critical.mean_days, critical.median_days) == (2, 20, 20)
    assert times[Severity.LOW] is None


def test_a_median_is_not_moved_by_one_that_stood_open_for_a_year() -> None:
    found = [Fix(VOLUME, f"m{days}", Severity.HIGH, START, START + timedelta(days=days)) for days in (1, 2, 3, 365)]
    high = fix_times(found)[Severity.HIGH]
    assert high is not None
    assert (high.median_days, high.mean_days) == (2.5, 92.75)


def test_fixed_twice_counts_twice() -> None:
    client = Client()
    pc = client.add("pc")
    audits = []
    for status in (Status.FAIL, Status.PASS, Status.FAIL, Status.FAIL, Status.PASS):
        pc.answers[VOLUME] = status
        audits.append(client.audit())
        client.wait(7)
    assert [fix.days for fix in fixes(audits)] == [7, 14]
    assert [fix.days for fix in fixes([audits[0], audits[3], audits[4]])] == [7, 14]


def left(client: Client) -> None:
    client.retire("pc")


def not_applicable(client: Client) -> None:
    client.machines["pc"].answers[UPDATES] = Status.NOT_APPLICABLE


def out_of_sight(client: Client) -> None:
    client.machines["pc"].seen = False


def looser(client: Client) -> None:
    client.machines["pc"].answers.clear()
    client.standard = edited(lambda raw: raw["checks"][UPDATES].update(parameters={"pass_days": 60}), SMALL)


def dropped(client: Client) -> None:
    client.machines["pc"].answers.clear()
    client.standard = edited(lambda raw: raw["checks"].pop(UPDATES), SMALL)


@pytest.mark.parametrize("change", [left, not_applicable, out_of_sight, looser, dropped])
def test_what_is_gone_otherwise_is_not_fixed(change: Callable[[Client], None]) -> None:
    client = Client()
    client.add("pc").answers[UPDATES] = Status.FAIL
    client.add("other")
    older = client.audit()
    client.wait(7)
    change(client)
    assert list(fixes([older, client.audit()])) == []


def test_audits_are_taken_one_by_one() -> None:
    """So a year of a large client needs the memory of one audit."""
    client = Client()
    client.add("pc").answers[VOLUME] = Status.FAIL
    first = client.audit()
    client.wait(7)
    client.machines["pc"].answers.clear()
    second = client.audit()
    asked = []

    def one_by_one() -> Iterator[Audit]:
        for audit in (first, second, second):
            asked.append(audit.id)
            yield audit

    found = fixes(one_by_one())
    assert next(found).days == 7
    assert len(asked) == 2
