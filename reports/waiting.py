"""What waits, on the engineer's first screen: which tasks come first, who was not seen the longest (reports.md 13)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from . import edition_words, numbers
from .rows import DeviceRow, Rows
from .standing import Link
from .tasks import TaskRow, Tasks

_TASKS, _STALE, _NAMES = 4, 3, 3


@dataclass(frozen=True, slots=True)
class Stale:
    """A machine that was not seen, and for how long."""

    machine: Link
    since: str


@dataclass(frozen=True, slots=True)
class FirstTask:
    """`hours` and `points` as shown; empty where there is no estimate, or no score."""

    title: str
    machines: tuple[Link, ...]
    more: int
    hours: str
    points: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """`more`: machines that were not seen either and are not named."""

    title: str
    tasks: tuple[FirstTask, ...]
    stale: tuple[Stale, ...]
    more: int


def build(rows: Rows, tasks: Tasks) -> Waiting:
    silent = sorted((row for row in rows.devices if not row.seen), key=_oldest_first)
    return Waiting(
        title=edition_words.waiting(len(tasks.rows), len(silent)),
        tasks=tuple(_first(row) for row in tasks.rows[:_TASKS]),
        stale=tuple(_stale(silent[:_STALE])),
        more=max(len(silent) - _STALE, 0),
    )


def _first(row: TaskRow) -> FirstTask:
    return FirstTask(
        row.title,
        row.names[:_NAMES],
        row.machines - len(row.names[:_NAMES]),
        edition_words.hours(numbers.tenth(row.hours.likely)) if row.hours else "",
        edition_words.points(numbers.signed_tenth(row.points)) if row.points is not None else "",
    )


def _oldest_first(row: DeviceRow) -> tuple[bool, int, str]:
    """Those never seen come first."""
    return (row.days_since is not None, -(row.days_since or 0), row.id)


def _stale(silent: list[DeviceRow]) -> Iterator[Stale]:
    for row in silent:
        yield Stale(Link(row.name, row.id, is_name=True), edition_words.not_seen(row.days_since))
