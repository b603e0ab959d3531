"""Counts by check and state, for engineers (reports.md 13) and for whoever gets no row a machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from scorecard.model import Status

from . import words
from .agreed import Agreed
from .rows import FindingRow, Rows, State

_STATES = {
    Status.PASS: State.YES,
    Status.WARN: State.NO,  # a warning counts as falling short
    Status.FAIL: State.NO,
    Status.UNKNOWN: State.NOT_CHECKED,
    Status.NOT_APPLICABLE: State.NOT_APPLICABLE,
}
STATES = (State.NO, State.NOT_CHECKED, State.EXCUSED, State.YES, State.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class CheckCount:
    """A check with how many machines are in each state."""

    check: str
    title: str
    severity: str
    graded: bool
    counts: Mapping[State, int]

    @property
    def short(self) -> int:
        return self.counts[State.NO]

    @property
    def of(self) -> int:
        """Machines that the check applies to."""
        return sum(count for state, count in self.counts.items() if state is not State.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class PartCount:
    """A promise, or all other checks, with how many machines are in each state."""

    title: str
    counts: Mapping[State, int]


def by_check(agreed: Agreed, rows: Rows) -> tuple[CheckCount, ...]:
    """Graded checks first; the heaviest with the most that falls short before others."""
    counted: dict[str, Counter[State]] = {}
    first: dict[str, FindingRow] = {}
    for row in rows.findings:
        first.setdefault(row.check, row)
        counted.setdefault(row.check, Counter())[_state(row)] += 1
    lines = [
        CheckCount(
            check,
            agreed.check(check).title,
            words.SEVERITIES[first[check].severity],
            first[check].graded,
            {state: counts[state] for state in STATES},
        )
        for check, counts in counted.items()
    ]
    order = {severity: place for place, severity in enumerate(words.SEVERITIES.values())}
    return tuple(
        sorted(lines, key=lambda line: (not line.graded, not line.short, order[line.severity], -line.short, line.check))
    )


def by_part(rows: Rows) -> tuple[PartCount, ...]:
    """One line a column of the list of machines."""
    found = []
    for place, column in enumerate(rows.columns):
        counts = Counter(device.cells[place].state for device in rows.devices)
        found.append(PartCount(column.title, {state: counts[state] for state in STATES}))
    return tuple(found)


def _state(row: FindingRow) -> State:
    if row.excused:
        return State.EXCUSED
    return _STATES[row.status]
