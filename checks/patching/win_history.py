"""When updates of Windows were installed: event log, update agent and list of packages (windows.md 3.4).

Definitions, drivers and apps come by the same way and say nothing: only titles with the number of an article count, without
those that come whatever else fails (`win_titles`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from scorecard.model import Fact, Host, Observations, Seen, Unseen
from scorecard.reading import clean
from scorecard.windows_answers import Instance, events, instances, payload

from .calendar import last_update_day, midnight
from .payload import newest
from .win_titles import Entry, articles, counts, does_not_run, is_of_windows, month_of, reach

INSTALLED = "patching.installed"
PACKAGES = "patching.packages"

_AHEAD = timedelta(days=1)
_SUCCEEDED = 19
# An update day counts as due when the updates of that day may no longer be missing.
_DUE_DAYS = 14


@dataclass(frozen=True, slots=True)
class Record:
    """Installations that succeeded. `unread`: reasons why there may be newer ones."""

    entries: tuple[Entry, ...]  # of Windows and of other products
    any_update: datetime | None  # the newest of any kind, definitions too: then a source of updates answered
    reached: datetime | None  # up to when Windows' own updates are on it
    unread: tuple[str, ...]
    as_of: datetime
    clock: str = ""  # why the machine's dates tell nothing

    @property
    def last(self) -> datetime | None:
        return _last((moment for _, moment in self.entries), self.as_of)

    @property
    def due(self) -> date:
        return last_update_day((self.as_of - timedelta(days=_DUE_DAYS)).date())

    @property
    def current(self) -> bool:
        """Windows' own updates are on it up to those of the last update day that is due."""
        reached = self.reached
        return reached is not None and reached >= midnight(self.due) and not (self.in_future or self.clock)

    @property
    def is_complete(self) -> bool:
        return not (self.unread or self.in_future or self.clock)

    @property
    def in_future(self) -> bool:
        last = self.last
        return last is not None and last > self.as_of + _AHEAD

    def last_installed(self) -> Fact[datetime | None]:
        """What was not read could only be newer, so it matters where the rest is old."""
        if self.clock:
            return Unseen(self.clock)
        last = self.last
        recent = last is not None and last >= midnight(self.due) and not self.in_future
        return Unseen(self.unread[0]) if self.unread and not recent else Seen(last)


def read(
    observations: Observations, history: Fact[tuple[Entry, ...]], removed: tuple[Entry, ...], host: Host, clock: str
) -> Record:
    """`removed`: updates that were taken off again, with the time."""
    as_of, build = host.as_of, (host.build.value or "") if isinstance(host.build, Seen) else ""
    logged, packages = _logged(observations), _packages(observations, as_of)
    sources: tuple[Fact[tuple[Entry, ...]], ...] = (logged, history, packages)
    listed = [entry for source in sources if isinstance(source, Seen) for entry in source.value]
    unread = [source.reason for source in sources if isinstance(source, Unseen)]
    known = [(clean(title, 160), moment) for title, moment in listed if articles(title) or counts(title)]
    entries = tuple(entry for entry in known if counts(entry[0]))
    if _is_capped(observations) and isinstance(logged, Seen) and not any(is_of_windows(title) for title, _ in logged.value):
        unread.append("The newest events of the update agent are all of definitions and other products")
    last = _last((moment for _, moment in entries), as_of)
    kept = [entry for entry in entries if not _was_removed(entry, removed)]
    reached = _reached(kept, as_of, build, told=isinstance(logged, Seen) and isinstance(history, Seen))
    maybe = newest(_later_readings(observations, as_of))
    if maybe and (last is None or reached is None or maybe > min(last, reached)):
        unread.append(f"The date of a package can be read in two ways, the later one {maybe:%Y-%m-%d}")
    if undated := _undated(observations, as_of):
        unread.append(f"The date of the package {undated[0]} cannot be read")
    any_update = _last((moment for _, moment in known), as_of)
    return Record(entries, any_update, reached, tuple(unread), as_of, clock)


def _was_removed(entry: Entry, removed: Iterable[Entry]) -> bool:
    mine = articles(entry[0])
    return any(mine & articles(title) and moment >= entry[1] for title, moment in removed)


def _reached(entries: Iterable[Entry], as_of: datetime, build: str, told: bool) -> datetime | None:
    """By updates of Windows alone.

    The list of packages has articles only. What they are of the titles tell; one that none names counts as an update of
    Windows where all titles were `told`.
    """
    listed = list(entries)
    named = [title for title, _ in listed if not _is_bare(title)]
    others = frozenset().union(
        *(articles(title) for title in named if not is_of_windows(title) or does_not_run(title, build))
    )
    months = {article: month_of(title) for title in named for article in articles(title)}
    moments = []
    for title, moment in listed:
        mine = articles(title)
        if is_of_windows(title) and not mine & others and (told or mine & months.keys()):
            month = next((months[article] for article in mine if article in months), None)
            moments.append(reach(title, moment, month))
    return _last(moments, as_of)


def _is_bare(title: str) -> bool:
    return title.strip().upper() in {f"KB{article}" for article in articles(title)}


def _last(moments: Iterable[datetime], as_of: datetime) -> datetime | None:
    """A date that lies ahead counts only where there is no other: it comes from a clock that was wrong."""
    found = list(moments)
    return newest([moment for moment in found if moment <= as_of + _AHEAD] or found)


def _logged(observations: Observations) -> Fact[tuple[Entry, ...]]:
    found = events(observations, INSTALLED)
    if isinstance(found, Unseen):
        return found
    kept = []
    for event in found.value:
        if event.id != _SUCCEEDED:
            continue
        title = event.data.text("updateTitle")
        if isinstance(title, Unseen):
            return Unseen(f"Which updates the event log names could not be read: {title.reason}")
        if title.value:
            kept.append((title.value, event.at))
    return Seen(tuple(kept))


def _is_capped(observations: Observations) -> bool:
    said = payload(observations, INSTALLED)
    return isinstance(said, Seen) and said.value.get("capped") is not False


def _packages(observations: Observations, as_of: datetime) -> Fact[tuple[Entry, ...]]:
    """Each with the older reading of its date."""
    found = _installed_on(observations, as_of)
    if isinstance(found, Unseen):
        return found
    return Seen(tuple((name, midnight(days[0])) for name, days in found.value))


def _later_readings(observations: Observations, as_of: datetime) -> list[datetime]:
    found = _installed_on(observations, as_of)
    return [midnight(days[-1]) for _, days in found.value if len(days) > 1] if isinstance(found, Seen) else []


def _undated(observations: Observations, as_of: datetime) -> list[str]:
    """Packages with a date that is in no known form. One without any came with the image of Windows."""
    packages = instances(observations, PACKAGES)
    if isinstance(packages, Unseen):
        return []
    dated = {name for name, _ in _dated(packages.value, as_of)}
    return [name for name, _ in _told(packages.value) if name not in dated]


def _installed_on(observations: Observations, as_of: datetime) -> Fact[list[tuple[str, list[date]]]]:
    packages = instances(observations, PACKAGES)
    return packages if isinstance(packages, Unseen) else Seen(_dated(packages.value, as_of))


def _dated(packages: Iterable[Instance], as_of: datetime) -> list[tuple[str, list[date]]]:
    read = ((name, installed_on(told, as_of.date())) for name, told in _told(packages))
    return [(name, days) for name, days in read if days]


def _told(packages: Iterable[Instance]) -> Iterator[tuple[str, str]]:
    for package in packages:
        name, told = package.props.text("HotFixID"), package.props.text("InstalledOn")
        if isinstance(name, Seen) and isinstance(told, Seen) and name.value and told.value:
            yield name.value, told.value


def installed_on(text: str, today: date) -> list[date]:
    """Every day that InstalledOn can mean, the older first; none where it is no date.

    It has no one form: 23-10-2013, 10/23/2013, 20131023, a FILETIME of 16 digits (windows.md 3.4). Where day and month
    cannot be told apart, what lies ahead is not meant.
    """
    if re.fullmatch(r"[0-9A-Fa-f]{16}", text):
        readings = [_filetime(int(text, 16))]
    elif found := re.fullmatch(r"(20[0-9]{2})[-/.]?([0-9]{2})[-/.]?([0-9]{2})", text):
        readings = [_day(int(found[1]), int(found[2]), int(found[3]))]
    elif found := re.fullmatch(r"([0-9]{1,2})[-/. ]{1,2}([0-9]{1,2})[-/. ]{1,2}(20[0-9]{2})", text):
        one, other, year = int(found[1]), int(found[2]), int(found[3])
        readings = [_day(year, one, other), _day(year, other, one)]
    else:
        readings = []
    days = sorted({day for day in readings if day is not None})
    return [day for day in days if day <= today + _AHEAD] or days[:1]


def _filetime(ticks: int) -> date | None:
    """Tenths of microseconds since 1601."""
    try:
        moment = datetime(1601, 1, 1, tzinfo=UTC) + timedelta(microseconds=ticks // 10)
    except OverflowError:
        return None
    return moment.date() if 1990 <= moment.year <= 2200 else None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
