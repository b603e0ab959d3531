"""What is in order now and will not be by the next audit if nothing renews it: definitions, lists of updates, updates.

Only where two audits in a row show the same date: then nothing renewed it in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from math import ceil
from statistics import median

from scorecard.days import spelled
from scorecard.model import Status
from scorecard.outlook.model import EarlyWarning, Kind
from scorecard.outlook.snapshot import AGES, Age, Sight, Snapshot
from scorecard.outlook.words import left

_WHAT = dict(
    zip(
        AGES,
        (
            ("The virus definitions of {} are still those of {}", "virus definitions"),
            ("{} has not looked for updates since {}", "the last look for updates"),
            ("{} has installed no update since {}", "the last installed update"),
        ),
        strict=True,
    )
)


def next_audit(snapshots: Sequence[Snapshot]) -> date | None:
    """The day of the newest audit and the usual gap (the median) between days with an audit; None with one such day."""
    days = sorted({snapshots[-1].day(snapshot.as_of) for snapshot in snapshots})
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    return days[-1] + timedelta(days=ceil(median(gaps))) if gaps else None


def warnings(snapshots: Sequence[Snapshot], until: date) -> Iterator[EarlyWarning]:
    """Snapshots: the oldest first."""
    newest, following = snapshots[-1], next_audit(snapshots)
    if following is None:
        return
    for endpoint, sight in sorted(newest.machines.items()):
        before = _before(endpoint, snapshots) if sight.ages else None
        for check, age in sight.ages.items():
            then = before.ages.get(check) if before else None
            if then is not None and then.since == age.since:
                warning = _warning(endpoint, check, age, sight.at or newest.as_of, newest, following)
                if warning is not None and warning.on <= until:
                    yield warning


def _before(endpoint: str, snapshots: Sequence[Snapshot]) -> Sight | None:
    """The last sight of the machine on an earlier day."""
    newest = snapshots[-1]
    for snapshot in reversed(snapshots[:-1]):
        sight = snapshot.machines.get(endpoint)
        if sight is not None and sight.seen and newest.day(snapshot.as_of) < newest.day():
            return sight
    return None


def _warning(endpoint: str, check: str, age: Age, at: datetime, newest: Snapshot, following: date) -> EarlyWarning | None:
    """None where it is still in order at the next audit, or where the answer then did not go by its age alone."""
    fails = _too_old(age, age.fail_days)
    turns = _too_old(age, age.warn_days) if age.status is Status.PASS else fails
    if turns is None or fails is None or turns <= at or newest.day(turns) > following:
        return None
    day, end = newest.day(), newest.day(fails)
    on = max(newest.day(turns), day)
    words, what = _WHAT[check]
    then = f"and fails on {spelled(end)}" if on < end <= following else "by the next audit"
    falls = "falls short" if age.status is Status.PASS else "fails"
    return EarlyWarning(
        kind=Kind.LAPSE,
        endpoints=(endpoint,),
        what=check,
        on=on,
        earliest=on,
        latest=max(end, on) if end <= following else on,
        days=(on - day).days,
        basis=f"the same date of {what} in two audits; the next audit is expected on {spelled(following)}",
        sentence=f"{words.format(endpoint, spelled(newest.day(age.since)))}: if nothing renews that, it {falls} on "
        f"{spelled(on)}, {left((on - day).days)}, {then}.",
    )


def _too_old(age: Age, limit_days: float) -> datetime | None:
    """None where the calendar has no such moment."""
    try:
        return age.since + timedelta(days=limit_days)
    except OverflowError:
        return None
