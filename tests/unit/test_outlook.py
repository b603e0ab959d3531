"""When disks will be full: what is told, from how much, and what is not told."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from scorecard.outlook import Kind, Outlook, Standing, months_after, outlook, snapshot
from scorecard.outlook.trend import quantile, trend
from scorecard.result import Audit
from tests.fleet import NOW
from tests.outlook_kit import audit, line, machine, monthly


def ahead(audits: list[Audit], months: int = 12) -> Outlook:
    return outlook([snapshot(one) for one in audits], months)


def test_free_space_over_growth_gives_the_day() -> None:
    """40 GB free and 10 GB more every 30 days: full after 120 days, by hand."""
    found = ahead(monthly([60, 50, 40]))
    (disk,) = found.disks
    assert (disk.standing, disk.audits, disk.over_days) == (Standing.FILLING, 3, 60)
    assert disk.growth_bytes_per_day == pytest.approx(2**30 / 3)
    assert disk.on == disk.earliest == disk.latest == date(2027, 3, 20)
    (warning,) = found.warnings
    assert (warning.kind, warning.endpoints, warning.what, warning.days) == (Kind.DISK, ("srv-1",), "/", 120)
    assert warning.sentence == (
        "The disk / of srv-1 will be full about 20 Mar 2027, in 120 days, if it fills as it did so far."
    )
    assert warning.basis == "3 audits over 60 days, 341 MB more a day; 40.0 GB of 100.0 GB free"


def test_the_range_comes_from_the_quartiles_of_the_slopes() -> None:
    """Used 10, 20, 40, 50 at days 0, 30, 60, 90: slopes 10/30, 15/30, 40/90, 20/30, 15/30, 10/30 GB a day."""
    (disk,) = ahead(monthly([90, 80, 60, 50])).disks
    slopes = sorted([10 / 30, 30 / 60, 40 / 90, 20 / 30, 30 / 60, 10 / 30])
    middle = (slopes[2] + slopes[3]) / 2
    assert disk.growth_bytes_per_day == pytest.approx(middle * 2**30)
    assert disk.on == (NOW + timedelta(days=50 / middle)).date()
    assert disk.earliest == (NOW + timedelta(days=50 / quantile(slopes, 0.75))).date()
    assert disk.latest == (NOW + timedelta(days=50 / quantile(slopes, 0.25))).date()
    assert disk.earliest < disk.on < disk.latest


def test_one_odd_audit_does_not_move_the_date() -> None:
    steady, odd = ahead(monthly([60, 55, 50, 45, 40, 35, 30])), ahead(monthly([60, 55, 50, 2, 40, 35, 30]))
    assert steady.disks[0].on == odd.disks[0].on == date(2027, 5, 19)


@pytest.mark.parametrize(
    ("frees", "said"),
    [
        ([0.6, 0.55, 0.5], "1.7 MB more a day"),
        ([0.5, 0.5, 0.5], "no growth to speak of"),
        ([0.5, 0.51, 0.5], "no growth to speak of"),
        ([0.52, 0.51, 0.5], "350 KB more a day"),
        ([0.3, 0.4, 0.5], "3.4 MB less a day"),
        ([0.5, 0.5], "2 audits over 30 days; 512 MB of 100.0 GB free"),
        ([0.5], "1 audit; 512 MB of 100.0 GB free"),
    ],
)
def test_the_basis_of_a_full_disk(frees: list[float], said: str) -> None:
    assert said in ahead(monthly(frees)).warnings[0].basis


def test_a_range_is_said_and_an_open_one_too() -> None:
    assert "so far (between " in ahead(monthly([90, 80, 60, 50])).warnings[0].sentence
    assert "at the earliest, and maybe not within 3 years)" in ahead(monthly([60, 40, 50])).warnings[0].sentence


@pytest.mark.parametrize("frees", [[50], [60, 50]])
def test_below_three_audits_nothing_is_told(frees: list[float]) -> None:
    found = ahead(monthly(frees))
    assert found.disks[0].standing is Standing.NEEDS_AUDITS
    assert found.disks[0].audits == len(frees)
    assert found.warnings == ()


def test_audits_of_one_day_count_once_and_the_last_of_them_stands() -> None:
    early = NOW - timedelta(hours=3)
    same_day = [*monthly([60, 50, 40])[:2], audit(early, [machine("srv-1", early, line(("/", 1.5, 100)))])]
    found = ahead([*same_day, *monthly([40])])
    assert found.disks[0].audits == 3
    assert found.disks[0].on == date(2027, 3, 20)


def test_what_a_day_is_depends_on_the_clients_clock() -> None:
    """23:30 and 00:30 in London are two days; the same moments in Tokyo are one."""
    times = [datetime(2026, 11, day, hour, 30, tzinfo=UTC) for day, hour in [(17, 23), (18, 0), (18, 1)]]
    for zone, audits in (("Europe/London", 2), ("Asia/Tokyo", 1)):
        made = [audit(at, [machine("srv-1", at, line(("/", 50, 100)))], time_zone=zone) for at in times]
        assert ahead(made).disks[0].audits == audits


@pytest.mark.parametrize("frees", [[40, 50, 60], [50, 50, 50], [50, 40, 60, 50]])
def test_a_disk_that_does_not_fill_has_no_date(frees: list[float]) -> None:
    found = ahead(monthly(frees))
    assert found.disks[0].standing is Standing.NOT_FILLING
    assert (found.disks[0].on, found.warnings) == (None, ())


def test_nobody_is_told_a_date_beyond_three_years() -> None:
    """1 GB in 30 days: 36.5 GB last 1,095 days, and with more than that nothing is said."""
    assert ahead(monthly([38.4, 37.4, 36.4])).disks[0].days == 1092
    far = ahead(monthly([38.6, 37.6, 36.6])).disks[0]
    assert (far.standing, far.on, far.days) == (Standing.LATER, None, None)


def test_a_date_beyond_the_months_asked_for_is_no_warning() -> None:
    audits = monthly([60, 50, 40])
    assert ahead(audits, 3).warnings == ()
    assert len(ahead(audits, 4).warnings) == 1
    assert ahead(audits, 3).disks == ahead(audits, 4).disks


def test_a_full_disk_is_full_now_however_few_audits_there_are() -> None:
    found = ahead(monthly([0.9]))
    (warning,) = found.warnings
    assert (warning.on, warning.days, found.disks[0].standing) == (NOW.date(), 0, Standing.FULL)
    assert "is full" in warning.sentence
    assert ahead(monthly([1.1])).disks[0].standing is Standing.NEEDS_AUDITS


def test_an_enlarged_disk_starts_anew() -> None:
    at = [NOW - timedelta(days=30 * back) for back in (4, 3, 2, 1, 0)]
    sizes = [(50, 100), (40, 100), (30, 100), (130, 200), (120, 200)]
    audits = [audit(t, [machine("srv-1", t, line(("/", *size)))]) for t, size in zip(at, sizes, strict=True)]
    (disk,) = ahead(audits).disks
    assert (disk.standing, disk.audits, disk.over_days) == (Standing.NEEDS_AUDITS, 2, 30)


def test_a_size_that_moves_by_a_little_is_the_same_disk() -> None:
    at = [NOW - timedelta(days=30 * back) for back in (2, 1, 0)]
    audits = [
        audit(t, [machine("srv-1", t, line(("/", free, size)))])
        for t, free, size in zip(at, (60, 50, 40), (100, 104, 100), strict=True)
    ]
    assert ahead(audits).disks[0].audits == 3


def test_a_machine_out_of_sight_is_said_and_told_nothing_of() -> None:
    audits = monthly([60, 50, 40])
    gone = machine("srv-1", seen=False, last=audits[-1].as_of)
    never = machine("new-1", seen=False)
    found = ahead([*audits, audit(NOW + timedelta(days=30), [gone, never])])
    assert (found.disks, found.warnings) == ((), ())
    assert [untold.sentence for untold in found.untold] == [
        "new-1 was never seen, so nothing can be told of what fills or lapses there.",
        "srv-1 was not seen since 20 Nov 2026, so nothing can be told of what fills or lapses there.",
    ]


def test_disks_that_were_not_read_are_said() -> None:
    said = f"{line(('/', 40, 100))}; D: not read; and 2 more"
    found = ahead([audit(NOW, [machine("a", disks=None), machine("b", disks=said), machine("c", disks="42")])])
    assert [untold.sentence for untold in found.untold] == [
        "The disks of a were not read, so whether they fill cannot be told.",
        "How full D: of b is could not be read.",
        "2 further disks of b had no room in the device list.",
        "The disks of c were not read, so whether they fill cannot be told.",
    ]
    assert [(disk.endpoint, disk.mount) for disk in found.disks] == [("b", "/")]


def test_a_gap_in_the_audits_is_bridged_by_the_days_between() -> None:
    frees = {300: 90.0, 60: 66.0, 0: 60.0}  # 0.1 GB a day all along
    audits = [
        audit(t, [machine("srv-1", t, line(("/", free, 100)))])
        for back, free in frees.items()
        for t in [NOW - timedelta(days=back)]
    ]
    (disk,) = ahead(audits).disks
    assert (disk.days, disk.over_days) == (600, 300)


def test_a_machine_that_left_is_not_told_of() -> None:
    audits = monthly([60, 50, 40])
    found = ahead([*audits, audit(NOW + timedelta(days=1), [machine("other", NOW, line(("/", 1.5, 100)))])])
    assert {disk.endpoint for disk in found.disks} == {"other"}


def test_the_window_counts_when_the_machine_answered() -> None:
    """An audit that stays open for days: the reading is of the moment of the answer."""
    audits = monthly([60, 50, 40])
    late = audit(NOW + timedelta(days=5), [machine("srv-1", NOW, line(("/", 40, 100)))])
    (disk,) = ahead([*audits[:2], late]).disks
    assert (disk.on, disk.days) == (date(2027, 3, 20), 115)


def test_an_unknown_time_zone_is_one_clear_line() -> None:
    with pytest.raises(Exception, match="no time zone 'Mars/Olympus'"):
        snapshot(audit(NOW, [], time_zone="Mars/Olympus"))


def test_without_an_audit_there_is_no_outlook() -> None:
    with pytest.raises(ValueError, match="at least one audit"):
        outlook([])


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(9999, 6, 1), 12, date.max),
    ],
)
def test_the_end_of_the_months_asked_for(day: date, months: int, then: date) -> None:
    assert months_after(day, months) == then


def test_across_the_change_of_clocks_a_day_is_a_calendar_day() -> None:
    """From British summer time to winter time: 00:30 BST, and 24 hours later it is 23:30 of the same day."""
    start = datetime(2026, 10, 22, 23, 30, tzinfo=UTC)  # 00:30 on the 23rd in London
    times = [start, start + timedelta(days=1), start + timedelta(days=2), start + timedelta(days=3)]
    audits = [audit(t, [machine("srv-1", t, line(("/", 50, 100)))]) for t in times]
    assert [str(snapshot(one).day()) for one in audits] == ["2026-10-23", "2026-10-24", "2026-10-25", "2026-10-25"]
    assert ahead(audits).disks[0].audits == 3


def test_the_json_form_is_json_and_holds_every_number() -> None:
    found = ahead(monthly([60, 50, 40]))
    raw = json.loads(json.dumps(found.json()))
    assert raw["day"] == "2026-11-20"
    assert raw["until"] == "2027-11-20"
    assert raw["warnings"][0]["on"] == raw["disks"][0]["on"] == "2027-03-20"
    assert raw["disks"][0]["standing"] == "filling"
    assert raw["untold"] == []


def test_a_trend_needs_two_moments() -> None:
    assert trend([]) is None
    assert trend([(1.0, 5.0)]) is None
    assert trend([(1.0, 5.0), (1.0, 9.0)]) is None
