"""The rows that every report prints: one a machine, one a finding. row_builder.py makes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from scorecard.model import OPEN, Identity, Status

OTHER = "other"  # the column of the checks that are in no promise


class State(StrEnum):
    """A machine's answer to a promise, or to all of them."""

    NO = "no"
    NOT_CHECKED = "not-checked"
    EXCUSED = "excused"
    YES = "yes"
    NOT_APPLICABLE = "not-applicable"


WORST_FIRST = (State.NO, State.NOT_CHECKED, State.EXCUSED, State.YES, State.NOT_APPLICABLE)
_SEVERITY_ORDER = {"critical": 0, "high": 1, "medium": 2, "low": 3}


@dataclass(frozen=True, slots=True)
class LastAnswer:
    """What was seen last of a check that gave no answer now."""

    result: str
    at: datetime
    days: int


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding with its names looked up. Times are in the client's zone."""

    id: str
    asked: str  # the check as in the audit
    endpoint: str  # the same of the machine
    device_id: str
    device: str
    check: str
    title: str
    category: str
    status: Status
    result: str
    severity: str
    measured: str
    expected: str
    reason: str
    evidence: str
    observed_at: datetime | None
    first_seen: datetime | None
    days_open: int | None
    carried_from: datetime | None
    came_back: datetime | None
    last: LastAnswer | None
    exception: str
    agreement: str  # what kind of exception that is
    excused: bool
    graded: bool
    effective: float | None
    observations: tuple[str, ...]

    @property
    def key(self) -> tuple[str, str]:
        """Check and endpoint as in the audit, to look things up by."""
        return (self.asked, self.endpoint)

    @property
    def falls_short(self) -> bool:
        """A warning counts as falling short; what is excused does not."""
        return self.status in OPEN and not self.excused

    @property
    def order(self) -> tuple[int, int, str]:
        return (_SEVERITY_ORDER[self.severity], 0 if self.status is Status.FAIL else 1, self.check)


@dataclass(frozen=True, slots=True)
class Cell:
    """One square of the matrix."""

    column: str
    state: State
    word: str


@dataclass(frozen=True, slots=True)
class DeviceRow:
    id: str
    name: str
    address: str
    site: str
    role: str
    role_note: str
    platform: str
    system: str
    short_system: str  # for lists that are not an engineer's
    owner: str
    tags: str
    groups: tuple[str, ...]  # the tags one by one
    seen: bool
    last_seen: datetime | None
    days_since: int | None
    score: float | None
    state: State
    cells: tuple[Cell, ...]
    findings: tuple[FindingRow, ...]
    expected_because: str
    managed: bool
    account: str
    privileged: bool | None
    transport: str
    evidence: str  # fingerprint of all that it answered; empty where it was not seen
    identity: Identity
    why_not_seen: str
    failure_message: str
    next_step: str
    unblock: str  # what makes it possible to check the machine; empty where it was seen
    who: str  # whose step that is
    facts: tuple[tuple[str, str], ...]

    @property
    def place(self) -> int:
        """Among the audit's machines, from 0."""
        return int(self.id[1:]) - 1

    @property
    def failing(self) -> tuple[FindingRow, ...]:
        return tuple(sorted((row for row in self.findings if row.falls_short), key=lambda row: row.order))

    def with_status(self, status: Status) -> tuple[FindingRow, ...]:
        return tuple(row for row in self.findings if row.status == status)

    @property
    def quiet(self) -> bool:
        """Seen, and nothing about it needs a word."""
        return self.seen and not (self.failing or self.excused or self.with_status(Status.UNKNOWN))

    @property
    def excused(self) -> tuple[FindingRow, ...]:
        return tuple(row for row in self.findings if row.excused)

    @property
    def unanswered(self) -> int:
        return len(self.with_status(Status.UNKNOWN))

    @property
    def carried(self) -> tuple[FindingRow, ...]:
        """Those without an answer now whose older one still counts in the points."""
        return tuple(row for row in self.findings if row.carried_from is not None)


@dataclass(frozen=True, slots=True)
class Column:
    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Rows:
    """Devices worst first; findings in the order of the audit."""

    columns: tuple[Column, ...]
    devices: tuple[DeviceRow, ...]
    findings: tuple[FindingRow, ...]
    ids: Mapping[str, str]  # endpoint name as in the audit -> device id

    def device(self, endpoint: str) -> DeviceRow | None:
        wanted = self.ids.get(endpoint)
        return next((row for row in self.devices if row.id == wanted), None)

    @property
    def any_seen(self) -> bool:
        return any(row.seen for row in self.devices)

    @property
    def counts(self) -> Mapping[State, int]:
        """Machines by state; adds up to the machines in scope, always."""
        counted = Counter(row.state for row in self.devices)
        return {state: counted[state] for state in WORST_FIRST}
