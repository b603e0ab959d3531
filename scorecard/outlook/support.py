"""When support of operating systems ends: the dates that the audits' findings of os-support name."""

from __future__ import annotations

import re
from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from scorecard.days import spelled, spelled_month
from scorecard.outlook.model import EarlyWarning, Kind
from scorecard.outlook.snapshot import Snapshot, Support
from scorecard.outlook.words import left, names, plural

_SPAN = re.compile(r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2}))?")


@dataclass(frozen=True, slots=True)
class End:
    """`sure`: the last day that is certainly supported. `latest`: after it support is over; None where nobody says."""

    sure: date
    latest: date | None
    words: str


def read_end(text: str) -> End | None:
    """An end as the table of support dates writes it; None where it names no day: open, rolling, ended.

    "2028-06-30" is that day, "2028-04" and "2028" some day in it, "a..b" one of two dates, "about 2027-09" what is
    expected of a maker who publishes no date.
    """
    try:
        match text.split():
            case ["about", span]:
                return End(
                    _first_and_last(span)[0] - timedelta(days=1), None, f"about {_spelled(span)}, by its maker's practice"
                )
            case [pair] if ".." in pair:
                first, last = (date.fromisoformat(one) for one in pair.split("..", 1))
                return End(first, last, f"between {spelled(first)} and {spelled(last)}")
            case [span] if _SPAN.fullmatch(span):
                first_day, last_day = _first_and_last(span)
                return End(first_day - timedelta(days=1), last_day, f"in {_spelled(span)}")
            case [day]:
                exact = date.fromisoformat(day)
                return End(exact, exact, f"on {spelled(exact)}")
    except (ValueError, OverflowError):
        return None
    return None


def _spelled(span: str) -> str:
    """A month or a year as it is said."""
    return span if "-" not in span else spelled_month(_first_and_last(span)[0])


def _first_and_last(text: str) -> tuple[date, date]:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError("expected a month such as 2028-04 or a year such as 2028")
    year = int(found["year"])
    if found["month"] is None:
        return date(year, 1, 1), date(year, 12, 31)
    month = int(found["month"])
    return date(year, month, 1), date(year, month, monthrange(year, month)[1])


def warnings(snapshots: Sequence[Snapshot], until: date) -> Iterator[EarlyWarning]:
    """One for each release whose support ends by `until`, with the machines that have it. An end that is past is none.

    What a machine that is out of sight runs is taken from when it was seen last.
    """
    newest = snapshots[-1]
    day = newest.day()
    having: dict[Support, list[str]] = defaultdict(list)
    unseen: dict[Support, int] = defaultdict(int)
    for endpoint in sorted(newest.machines):
        support, seen = _latest(endpoint, snapshots)
        if support is not None:
            having[support].append(endpoint)
            unseen[support] += not seen
    for support, endpoints in having.items():
        end = read_end(support.ends)
        if end is not None and day <= end.sure <= until:
            yield _warning(support, end, endpoints, unseen[support], day)


def _latest(endpoint: str, snapshots: Sequence[Snapshot]) -> tuple[Support | None, bool]:
    """What the audit said that saw it last, and whether that was the newest one."""
    for snapshot in reversed(snapshots):
        sight = snapshot.machines.get(endpoint)
        if sight is not None and sight.seen:
            return sight.support, snapshot is snapshots[-1]
    return None, False


def _warning(support: Support, end: End, endpoints: Sequence[str], unseen: int, day: date) -> EarlyWarning:
    days = (end.sure - day).days
    how = "" if support.kind == "standard" else f" ({support.kind})"
    note = f"; {unseen} of them as last seen" if unseen else ""
    machines = plural(len(endpoints), "machine")
    need = "needs" if len(endpoints) == 1 else "need"
    return EarlyWarning(
        kind=Kind.SUPPORT,
        endpoints=tuple(endpoints),
        what=support.name,
        on=end.sure,
        earliest=end.sure,
        latest=end.latest,
        days=days,
        basis=f"{support.source or 'the date of support in the audit'}{note}",
        sentence=f"Support of {support.name}{how} ends {end.words}, {left(days)}: {machines} {need} an upgrade before then "
        f"({names(endpoints)}).",
    )
