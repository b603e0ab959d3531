"""Over all clients of a portfolio: overdue work by what there is to do, and systems whose support ends."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from scorecard.model import Severity
from scorecard.portfolio.model import Ending, Newest, Overdue

from . import hygiene, numbers, words
from . import portfolio_words as said

SHOWN = 8  # rows before the rest is folded away
_NAMES_SHOWN = 8
_YEAR_DAYS = 366
_SEVERITIES = tuple(Severity)


@dataclass(frozen=True, slots=True)
class Told:
    """A client as it is called, its page, its zone, and what its newest audit tells."""

    name: str
    page: str
    zone: tzinfo
    newest: Newest


@dataclass(frozen=True, slots=True)
class Place:
    """A client and how many of its machines are meant; a machine has no page and no count."""

    name: str
    page: str = ""
    count: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """`when`: since when, or when it ends; `note` says how long. `icon`: empty for what can wait."""

    what: str
    detail: str
    count: int
    places: tuple[Place, ...]
    more: int
    when: str
    note: str
    icon: str


@dataclass(frozen=True, slots=True)
class Across:
    """`total`: what the rows add up to; `sentence` says it in words. The first rows are shown, the rest folds away."""

    sentence: str
    rows: tuple[Row, ...]
    total: int

    @property
    def first(self) -> tuple[Row, ...]:
        return self.rows[:SHOWN]

    @property
    def rest(self) -> tuple[Row, ...]:
        return self.rows[SHOWN:]


def overdue(clients: Sequence[Told], now: datetime, *, names: bool = False) -> Across:
    """A row for each thing there is to do: the heaviest first, then what most machines wait for.

    `names`: of machines instead of clients, for a client's own page.
    """
    by_check: dict[str, list[tuple[Told, Overdue]]] = defaultdict(list)
    for client in clients:
        for one in client.newest.overdue:
            by_check[one.check].append((client, one))
    rows = []
    for check, found in by_check.items():
        severity = min((one.severity for _, one in found), key=_SEVERITIES.index)
        client, oldest = min(found, key=lambda pair: pair[1].since)
        places, more = _places([(client, one.machines) for client, one in found], names=names)
        row = Row(
            what=hygiene.line(found[0][1].task),
            detail=words.SEVERITIES[severity],
            count=sum(len(one.machines) for _, one in found),
            places=places,
            more=more,
            when=numbers.day(oldest.since.astimezone(client.zone)),
            note=words.days(numbers.days_between(oldest.since, now)),
            icon="fail" if severity is Severity.CRITICAL else "",
        )
        rows.append(((_SEVERITIES.index(severity), -row.count, check), row))
    total = sum(row.count for _, row in rows)
    having = sum(bool(client.newest.overdue) for client in clients)
    sentence = said.overdue_in_all(total, None if names else having)
    return Across(sentence, tuple(row for _, row in sorted(rows, key=lambda pair: pair[0])), total)


def endings(clients: Sequence[Told], now: datetime, soon_days: int, *, names: bool = False) -> Across:
    """A row for each system and day: what is over first, then what ends within a year, the next first."""
    today = now.astimezone(UTC).date()
    having: dict[tuple[bool, date, str], list[tuple[Told, Ending]]] = defaultdict(list)
    for client in clients:
        for one in client.newest.endings:
            over = one.over or (one.on is not None and one.on < today)
            if over or (one.on is not None and one.on <= today + timedelta(days=_YEAR_DAYS)):
                having[not over, one.on or date.min, one.system].append((client, one))
    ordered = sorted(having.items(), key=lambda pair: pair[0])
    rows = [_ending(found, day, today, soon_days, names=names, ahead=ahead) for (ahead, day, _), found in ordered]
    ended = sum(len(one.machines) for (ahead, *_), found in ordered if not ahead for _, one in found)
    total = sum(row.count for row in rows)
    return Across(said.support_in_all(ended, total - ended), tuple(rows), total)


def _ending(
    found: Sequence[tuple[Told, Ending]], day: date, today: date, soon_days: int, *, names: bool, ahead: bool
) -> Row:
    places, more = _places([(client, one.machines) for client, one in found], names=names)
    left = (day - today).days
    soon = "warn" if left <= soon_days else ""
    return Row(
        what=hygiene.name(found[0][1].system) or said.NO_SYSTEM,
        detail="",
        count=sum(len(one.machines) for _, one in found),
        places=places,
        more=more,
        when=said.OVER if day == date.min else numbers.day(day),
        note=said.in_days(left) if ahead else said.OVER_SINCE if day != date.min else "",
        icon=soon if ahead else "fail",
    )


def _places(found: Sequence[tuple[Told, tuple[str, ...]]], *, names: bool) -> tuple[tuple[Place, ...], int]:
    """Who has it, those with most machines first; or the names of the machines. And how many more there are."""
    if names:
        every = [Place(hygiene.name(machine)) for _, machines in found for machine in machines]
    else:
        every = [Place(client.name, client.page, len(machines)) for client, machines in found]
        every.sort(key=lambda place: (-place.count, place.name.casefold()))
    return tuple(every[:_NAMES_SHOWN]), len(every[_NAMES_SHOWN:])
