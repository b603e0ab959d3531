"""When disks will be full: free space divided by growth a day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from scorecard.days import spelled
from scorecard.disk_space import GB, Space
from scorecard.outlook.model import DiskOutlook, EarlyWarning, Kind, Standing
from scorecard.outlook.snapshot import Sight, Snapshot
from scorecard.outlook.trend import trend
from scorecard.outlook.words import amount, left, plural

FULL_SHARE = 0.01  # with less than this free it is full now
NEW_SHARE = 0.05  # a size that changes by more than this is another disk, or an enlarged one
NEEDS_AUDITS = 3
HORIZON_DAYS = 3 * 365  # beyond this nobody knows


@dataclass(frozen=True, slots=True)
class Reading:
    at: datetime
    size_bytes: int
    free_bytes: int


def outlooks(snapshots: Sequence[Snapshot]) -> Iterator[DiskOutlook]:
    """Every disk that the newest audit read. Snapshots: the oldest first."""
    newest = snapshots[-1]
    past = _readings(snapshots)
    for endpoint, sight in sorted(newest.machines.items()):
        for space in sight.spaces.listed if sight.spaces else ():
            if space.size_bytes and space.free_bytes is not None:
                yield _outlook(endpoint, space.mount, _series(past[endpoint][space.mount], newest), newest)


def _readings(snapshots: Sequence[Snapshot]) -> Mapping[str, Mapping[str, list[Reading]]]:
    """By machine of the newest audit and by mount point."""
    found: dict[str, dict[str, list[Reading]]] = {endpoint: {} for endpoint in snapshots[-1].machines}
    for snapshot in snapshots:
        for endpoint, sight in snapshot.machines.items():
            if endpoint in found:
                for space in sight.spaces.listed if sight.spaces else ():
                    if (reading := _reading(space, sight, snapshot)) is not None:
                        found[endpoint].setdefault(space.mount, []).append(reading)
    return found


def _reading(space: Space, sight: Sight, snapshot: Snapshot) -> Reading | None:
    if not space.size_bytes or space.free_bytes is None:
        return None
    return Reading(sight.at or snapshot.as_of, space.size_bytes, space.free_bytes)


def _series(readings: Sequence[Reading], newest: Snapshot) -> list[Reading]:
    """One a calendar day, the last of it, since the disk has had its size. Never empty: the newest is in it."""
    by_day = {newest.day(reading.at): reading for reading in sorted(readings, key=lambda reading: reading.at)}
    series: list[Reading] = []
    for reading in by_day.values():
        if series and abs(reading.size_bytes - series[-1].size_bytes) > NEW_SHARE * series[-1].size_bytes:
            series = []
        series.append(reading)
    return series


def _outlook(endpoint: str, mount: str, series: Sequence[Reading], newest: Snapshot) -> DiskOutlook:
    last, first = series[-1], series[0]
    audits, over_days = len(series), (newest.day(last.at) - newest.day(first.at)).days
    size, free = last.size_bytes, last.free_bytes
    day = newest.day()
    # What the others have in common: keywords would be repeated on every line.
    common = (size, free, audits, over_days)
    points = [((one.at - first.at) / timedelta(days=1), float(one.size_bytes - one.free_bytes)) for one in series]
    growth = trend(points) if audits >= NEEDS_AUDITS else None
    if free < FULL_SHARE * size:
        median = growth.median if growth else None
        return DiskOutlook(endpoint, mount, Standing.FULL, *common, median, day, day, day, 0)
    if growth is None:
        return DiskOutlook(endpoint, mount, Standing.NEEDS_AUDITS, *common)
    if growth.median <= 0:
        return DiskOutlook(endpoint, mount, Standing.NOT_FILLING, *common, growth.median)
    on = _full_on(last, growth.median, newest)
    if on is None:
        return DiskOutlook(endpoint, mount, Standing.LATER, *common, growth.median)
    earliest, latest = _full_on(last, growth.high, newest), _full_on(last, growth.low, newest)
    days = (on - day).days
    return DiskOutlook(endpoint, mount, Standing.FILLING, *common, growth.median, on, earliest, latest, days)


def _full_on(last: Reading, per_day: float, newest: Snapshot) -> date | None:
    """The calendar day, never before that of the audit; None: not within three years."""
    if per_day <= 0 or last.free_bytes > per_day * HORIZON_DAYS:
        return None
    return max(newest.day(last.at + timedelta(days=last.free_bytes / per_day)), newest.day())


def warnings(disks: Sequence[DiskOutlook], until: date) -> Iterator[EarlyWarning]:
    for disk in disks:
        if disk.on is not None and disk.days is not None and disk.on <= until:
            yield EarlyWarning(
                Kind.DISK,
                (disk.endpoint,),
                disk.mount,
                disk.on,
                disk.earliest,
                disk.latest,
                disk.days,
                basis(disk),
                _sentence(disk, disk.on, disk.days),
            )


def basis(disk: DiskOutlook) -> str:
    """ "5 audits over 120 days, 1.2 GB more a day; 140.3 of 500.0 GB free"."""
    free = f"{amount(disk.free_bytes)} of {amount(disk.size_bytes)} free"
    audits = plural(disk.audits, "audit")
    over = f" over {plural(disk.over_days, 'day')}" if disk.audits > 1 else ""
    if disk.growth_bytes_per_day is None:
        return f"{audits}{over}; {free}"
    return f"{audits}{over}, {_change(disk.growth_bytes_per_day, disk.over_days)}; {free}"


def _change(bytes_per_day: float, over_days: int) -> str:
    """What in all these days comes to less than the device list can show is none."""
    if abs(bytes_per_day) * max(over_days, 1) < GB / 1000:
        return "no growth to speak of"
    return f"{amount(abs(bytes_per_day))} {'less' if bytes_per_day < 0 else 'more'} a day"


def _sentence(disk: DiskOutlook, on: date, days: int) -> str:
    what = f"The disk {disk.mount} of {disk.endpoint}"
    if disk.standing is Standing.FULL:
        return f"{what} is full: programs on it may stop, and updates cannot be installed."
    return f"{what} will be full about {spelled(on)}, {left(days)}, if it fills as it did so far{_range(disk)}."


def _range(disk: DiskOutlook) -> str:
    earliest, latest = disk.earliest, disk.latest
    if earliest is None or earliest == latest:
        return ""
    if latest is None:
        return f" ({spelled(earliest)} at the earliest, and maybe not within 3 years)"
    return f" (between {spelled(earliest)} and {spelled(latest)})"
