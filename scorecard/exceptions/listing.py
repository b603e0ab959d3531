"""What became of each exception, in groups for a person to look through, as of any day after the audit. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from scorecard.exceptions.entries import Entry
from scorecard.exceptions.records import entry_from, uses_from
from scorecard.exceptions.states import OVER, State, Use, note
from scorecard.model import Json


class Group(StrEnum):
    """In the order in which they are worth a look."""

    ENDING = "ending-soon"
    NO_PLACE = "no-place"
    MATCHES_NOTHING = "matches-nothing"
    OVER = "over"
    VALID = "valid"
    IDLE = "without-effect"  # valid, with nothing to do today
    NOT_YET = "not-yet"


# Each in the words of the command line and of the reports.
WORDS = {
    Group.ENDING: "Ending soon",
    Group.NO_PLACE: "Without a place",
    Group.MATCHES_NOTHING: "Matches nothing",
    Group.OVER: "Ended",
    Group.VALID: "Holds",
    Group.IDLE: "Without effect",
    Group.NOT_YET: "Not yet begun",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One entry, with the checks and endpoints where the same becomes of it."""

    group: Group
    id: str
    kind: str
    checks: tuple[str, ...]
    endpoints: tuple[str, ...]
    note: str
    since: date
    until: date | None
    days_left: int | None  # of one that has not ended
    said: Mapping[str, Json]  # what the file says of it: reason, approver ...

    def json(self) -> dict[str, Json]:
        return {
            "group": self.group.value,
            "id": self.id,
            "kind": self.kind,
            "checks": list[Json](self.checks),
            "endpoints": list[Json](self.endpoints),
            "note": self.note,
            "from": self.since.isoformat(),
            "until": self.until.isoformat() if self.until else None,
            "days_left": self.days_left,
            **self.said,
        }


def lines(records: Iterable[Mapping[str, Any]], today: date, soon_days: int) -> tuple[Line, ...]:
    """In order of their groups, then as in the document. What has run out since the audit counts as over."""
    found = [line for raw in records for line in _of_entry(raw, today, soon_days)]
    order = list(Group)
    return tuple(sorted(found, key=lambda line: order.index(line.group)))


def recent(listed: Iterable[Line], today: date, days: int) -> tuple[Line, ...]:
    """Without those that were over more than so many days ago."""
    earliest = today - timedelta(days=days)
    return tuple(line for line in listed if line.group is not Group.OVER or line.until is None or line.until >= earliest)


def _of_entry(raw: Mapping[str, Any], today: date, soon_days: int) -> Iterator[Line]:
    entry = entry_from(raw)
    endpoints: dict[tuple[Group, str, date | None, str], list[str]] = defaultdict(list)
    for use in uses_from(raw):
        now = _as_of(use, today)
        said = note(entry.kind, now.state, entry.covered)
        endpoints[_group(now, today, soon_days), said, now.until, now.check].append(now.endpoint)
    checks: dict[tuple[Group, str, date | None, tuple[str, ...]], list[str]] = defaultdict(list)
    for (group, said, until, check), names in endpoints.items():
        checks[group, said, until, tuple(names)].append(check)
    for (group, said, until, alike), about in checks.items():
        yield _line(entry, group, said, until, (tuple(about), alike), today)


def _line(
    entry: Entry,
    group: Group,
    said: str,
    until: date | None,
    about: tuple[tuple[str, ...], tuple[str, ...]],
    today: date,
) -> Line:
    ended = group in (Group.OVER, Group.NOT_YET)
    return Line(
        group=group,
        id=entry.id,
        kind=entry.kind.value,
        checks=about[0],
        endpoints=about[1],
        note=said,
        since=entry.since,
        until=until,
        days_left=None if until is None or ended else (until - today).days,
        said=entry.details,
    )


def _as_of(use: Use, today: date) -> Use:
    """A use on a later day than its audit's."""
    if use.until is not None and use.until < today and use.state not in OVER:
        return replace(use, state=State.EXPIRED)
    return use


def _group(use: Use, today: date, soon_days: int) -> Group:
    if use.state in OVER:
        return Group.OVER
    if use.state is State.MATCHES_NOTHING:
        return Group.MATCHES_NOTHING
    if use.state is State.NO_PLACE:
        return Group.NO_PLACE
    if use.state is State.NOT_YET:
        return Group.NOT_YET
    if use.state not in (State.COUNTS, State.UNKNOWN_NOT_COVERED):
        return Group.IDLE
    if use.until is not None and (use.until - today).days <= soon_days:
        return Group.ENDING
    return Group.VALID if use.state is State.COUNTS else Group.IDLE
