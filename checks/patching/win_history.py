"""When updates of Windows were installed: event log, update agent and list of packages (windows.md 3.4).

Definitions, drivers and apps come by the same way and say nothing: only titles with the number of an article count, without
those that come every day or every month whatever else fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from scorecard.model import Fact, Observations, Seen, Unseen
from scorecard.reading import clean
from scorecard.windows_answers import events, instances, payload

from .calendar import last_update_day, midnight, next_update_day, update_day
from .payload import newest

INSTALLED = "patching.installed"
PACKAGES = "patching.packages"

_AHEAD = timedelta(days=1)
_ARTICLE = re.compile(r"KB([0-9]{6,8})(?![0-9])")
# Defender's definitions, engine and platform, and the monthly tool that looks for known malware.
_NOT_SYSTEM = frozenset({"2267602", "915597", "2461484", "4052623", "890830"})
_MONTH = re.compile(r"(?<![0-9])(20[0-9]{2})-(0[1-9]|1[0-2])(?![0-9-])")
_IN_BRACKETS = re.compile(r"[(\uff08][^()\uff08\uff09]{0,80}[)\uff09]")
_SUCCEEDED = 19
# An update day counts as due when the updates of that day may no longer be missing.
_DUE_DAYS = 14


@dataclass(frozen=True, slots=True)
class Record:
    """Installations that succeeded. `unread`: reasons why there may be newer ones."""

    entries: tuple[tuple[str, datetime], ...]  # title and time; packages have their article's number as title
    any_update: datetime | None  # the newest of any kind, definitions too: then the source of updates answered
    unread: tuple[str, ...]
    as_of: datetime

    @property
    def last(self) -> datetime | None:
        return _last(self.entries, self.as_of)

    @property
    def due(self) -> date:
        return last_update_day((self.as_of - timedelta(days=_DUE_DAYS)).date())

    @property
    def current(self) -> bool:
        """Something was installed since the last update day that is due."""
        last = self.last
        return last is not None and last >= midnight(self.due) and not self.in_future

    @property
    def in_future(self) -> bool:
        last = self.last
        return last is not None and last > self.as_of + _AHEAD

    def last_installed(self) -> Fact[datetime | None]:
        """What was not read could only be newer, so it matters where the rest is old."""
        if self.unread and not self.current:
            return Unseen(self.unread[0])
        return Seen(self.last)


def read(observations: Observations, history: Fact[tuple[tuple[str, datetime], ...]], as_of: datetime) -> Record:
    logged, packages = _logged(observations), _packages(observations, as_of)
    sources: tuple[Fact[tuple[tuple[str, datetime], ...]], ...] = (logged, history, packages)
    listed = [entry for source in sources if isinstance(source, Seen) for entry in source.value]
    unread = [source.reason for source in sources if isinstance(source, Unseen)]
    articles = [(title, moment) for title, moment in listed if _ARTICLE.search(title)]
    entries = tuple((clean(title, 160), moment) for title, moment in articles if counts(title))
    if _is_capped(observations) and isinstance(logged, Seen) and not any(counts(title) for title, _ in logged.value):
        unread.append("The newest events of the update agent are all of definitions")
    last = _last(entries, as_of)
    maybe = newest(_later_readings(observations, as_of))
    if maybe and (last is None or maybe > last):
        unread.append(f"The date of a package can be read in two ways, the later one {maybe:%Y-%m-%d}")
    return Record(entries, _last(articles, as_of), tuple(unread), as_of)


def _last(entries: Iterable[tuple[str, datetime]], as_of: datetime) -> datetime | None:
    """A date that lies ahead counts only where there is no other: it comes from a clock that was wrong."""
    moments = [moment for _, moment in entries]
    return newest([moment for moment in moments if moment <= as_of + _AHEAD] or moments)


def counts(title: str) -> bool:
    """Whether a title is that of an update of the system or of a product, in any language."""
    numbers = set(_ARTICLE.findall(title))
    return bool(numbers) and not numbers & _NOT_SYSTEM


def _logged(observations: Observations) -> Fact[tuple[tuple[str, datetime], ...]]:
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


def _packages(observations: Observations, as_of: datetime) -> Fact[tuple[tuple[str, datetime], ...]]:
    """Each with the older reading of its date."""
    found = _installed_on(observations, as_of)
    if isinstance(found, Unseen):
        return found
    return Seen(tuple((name, midnight(days[0])) for name, days in found.value))


def _later_readings(observations: Observations, as_of: datetime) -> list[datetime]:
    found = _installed_on(observations, as_of)
    return [midnight(days[-1]) for _, days in found.value if len(days) > 1] if isinstance(found, Seen) else []


def _installed_on(observations: Observations, as_of: datetime) -> Fact[list[tuple[str, list[date]]]]:
    packages = instances(observations, PACKAGES)
    if isinstance(packages, Unseen):
        return packages
    kept = []
    for package in packages.value:
        name, told = package.props.text("HotFixID"), package.props.text("InstalledOn")
        if isinstance(name, Seen) and isinstance(told, Seen) and name.value and told.value:
            days = installed_on(told.value, as_of.date())
            if days:
                kept.append((name.value, days))
    return Seen(kept)


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


def line_of(title: str) -> str:
    """What stays of a title from month to month, in any language: without month, article and build."""
    plain = _ARTICLE.sub("", _IN_BRACKETS.sub("", _MONTH.sub("", title)))
    return clean(" ".join(plain.split()).strip(" -:"), 120)


def line_since(title: str, entries: Iterable[tuple[str, datetime]]) -> datetime | None:
    """Since when an update of this line is missing: the update day after the last one that was installed; None: not known.

    The month in a title tells more than the day of its installation: updates may come late.
    """
    line = line_of(title).casefold()
    mine = [(said, moment) for said, moment in entries if line and line_of(said).casefold() == line]
    if not mine:
        return None
    said, moment = max(mine, key=lambda entry: entry[1])
    days = [next_update_day(moment.date())]
    if found := _MONTH.search(said):
        days.append(next_update_day(update_day(int(found[1]), int(found[2]))))
    return midnight(min(days))
