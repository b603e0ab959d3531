"""What changed between two audits of one client: findings, endpoints, exceptions, and the standard itself.

Open means fail or warn in a check that counts, waived or not. What was open then is open still, or ended in one way; what
is open now was open then, or opened in one way, so that this holds exactly:

    open then - ended (each way of Ended) + opened (each way of Opened) = open now

What nobody can see any more is not fixed. What was fixed in between and is open again is in both lists. Where a changed
standard or role asks otherwise, or judges by other parameters and comes to another answer, that is kept apart: nobody fixed
or broke anything that one could know of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from scorecard.history.fixing import Fix, found_fixed
from scorecard.history.pairs import judged_otherwise, require_comparable, sides
from scorecard.model import OPEN, Finding, Mark, Severity, Status
from scorecard.result import Audit, Device, Retired
from scorecard.standard import standard_of


class Ended(StrEnum):
    FIXED = "fixed"
    NO_LONGER_SEEN = "no-longer-seen"  # unknown now
    LEFT = "left"  # its endpoint is no longer among those expected
    NO_LONGER_APPLIES = "no-longer-applies"
    OTHERWISE = "asked-otherwise"  # by a changed standard or role: no longer asked, or judged by other parameters


class Opened(StrEnum):
    NEW = "new"
    CAME_BACK = "came-back"  # within the standard's days after it was found fixed
    SEEN_AGAIN = "seen-again"  # was not read then, and open or never answered before that
    JOINED = "joined"
    OTHERWISE = "asked-otherwise"


@dataclass(frozen=True, slots=True)
class Movement:
    """A check on an endpoint. `was` and `is_` are None where it was not asked; `opened_at`: since when it is (was) open."""

    check: str
    endpoint: str
    severity: Severity
    was: Status | None
    is_: Status | None
    opened_at: datetime | None
    days_open: int | None  # whole days up to the audit that found it ended, else to the newer audit; None: not known
    ended_at: datetime | None = None
    exception: Mark | None = None


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Names, sorted. `vanished` left the list without being retired and stay expected; `missing` are in neither list."""

    joined: tuple[str, ...]
    retired: tuple[Retired, ...]
    vanished: tuple[str, ...]
    missing: tuple[str, ...]
    no_longer_seen: tuple[str, ...]
    seen_again: tuple[str, ...]
    role_changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StandardChange:
    """Between the standards that graded the two audits: what each was, and the checks that make a difference."""

    before: str
    after: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    judged_otherwise: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    older: Audit
    newer: Audit
    open_before: int
    open_now: int
    ended: Mapping[Ended, tuple[Movement, ...]]
    opened: Mapping[Opened, tuple[Movement, ...]]
    still_open: tuple[Movement, ...]  # oldest first
    exceptions_begun: tuple[Movement, ...]
    exceptions_ended: tuple[Movement, ...]
    endpoints: Endpoints
    standard: StandardChange | None  # None: graded by the same
    fixes: tuple[Fix, ...]

    @property
    def worse(self) -> tuple[Movement, ...]:
        return tuple(line for line in self.still_open if line.was is Status.WARN and line.is_ is Status.FAIL)

    @property
    def better(self) -> tuple[Movement, ...]:
        return tuple(line for line in self.still_open if line.was is Status.FAIL and line.is_ is Status.WARN)


def compare(older: Audit, newer: Audit) -> Comparison:
    """Raises NotComparable for audits that say nothing about each other, StandardError for what cannot be read."""
    require_comparable(older, newer)
    seeker = _Seeker(older, newer)
    for _, before, after in sides(older, newer):
        for check in before.keys() | after.keys():
            seeker.enter(before.get(check), after.get(check))
    return Comparison(
        older=older,
        newer=newer,
        open_before=seeker.open_before,
        open_now=seeker.open_now,
        ended={way: _sorted(seeker.ended[way]) for way in Ended},
        opened={way: _sorted(seeker.opened[way]) for way in Opened},
        still_open=_sorted(seeker.still_open),
        exceptions_begun=_sorted(seeker.begun),
        exceptions_ended=_sorted(seeker.over),
        endpoints=_endpoints(older, newer),
        standard=seeker.standard_change(),
        fixes=tuple(sorted(seeker.fixes, key=lambda fix: (fix.fixed_at, fix.check, fix.endpoint))),
    )


def _sorted(lines: Iterable[Movement]) -> tuple[Movement, ...]:
    """The worst first, then the longest open."""
    severities = list(Severity)

    def rank(line: Movement) -> tuple[int, float, str, str]:
        opened = line.opened_at.timestamp() if line.opened_at else 0.0
        return severities.index(line.severity), opened, line.check, line.endpoint

    return tuple(sorted(lines, key=rank))


class _Seeker:
    def __init__(self, older: Audit, newer: Audit) -> None:
        self._older, self._newer = older, newer
        self._standards = standard_of(older), standard_of(newer)
        self._otherwise = judged_otherwise(*self._standards)
        self._then = {device.name for device in older.devices}
        self._now = {device.name for device in newer.devices}
        self.open_before = self.open_now = 0
        self.ended: dict[Ended, list[Movement]] = {way: [] for way in Ended}
        self.opened: dict[Opened, list[Movement]] = {way: [] for way in Opened}
        self.still_open: list[Movement] = []
        self.begun: list[Movement] = []
        self.over: list[Movement] = []
        self.fixes: list[Fix] = []

    def enter(self, old: Finding | None, new: Finding | None) -> None:
        """One check on one endpoint, then and now."""
        old = old if old is not None and old.counts else None
        new = new if new is not None and new.counts else None
        if old is None and new is None:
            return
        self._exceptions(old, new)
        was_open, is_open = _is_open(old), _is_open(new)
        self.open_before += was_open
        self.open_now += is_open
        if was_open and is_open and not _was_interrupted(old, new):
            self.still_open.append(self._movement(old, new))
            return
        if was_open and old is not None:
            self._end(old, new)
        if is_open and new is not None:
            self.opened[self._way_opened(old, new)].append(self._movement(old, new))

    def _end(self, old: Finding, new: Finding | None) -> None:
        way, opened = self._way_ended(old, new), _opened_at(old)
        fixed_at = None
        if way is Ended.FIXED and new is not None and opened is not None:
            fixed_at = found_fixed(new, opened)
            if fixed_at is not None:
                self.fixes.append(Fix(old.check, old.endpoint, old.severity, opened, fixed_at))
        self.ended[way].append(self._movement(old, new, ended=True, ended_at=fixed_at))

    def _way_ended(self, old: Finding, new: Finding | None) -> Ended:
        if old.endpoint not in self._now:
            return Ended.LEFT
        if new is None:
            return Ended.OTHERWISE
        if new.status is Status.UNKNOWN:
            return Ended.NO_LONGER_SEEN
        if new.status in OPEN:
            return Ended.FIXED
        if old.check in self._otherwise:
            return Ended.OTHERWISE
        return Ended.NO_LONGER_APPLIES if new.status is Status.NOT_APPLICABLE else Ended.FIXED

    def _way_opened(self, old: Finding | None, new: Finding) -> Opened:
        if new.endpoint not in self._then:
            return Opened.JOINED
        if old is None:
            return Opened.OTHERWISE
        if old.status is Status.UNKNOWN and (old.last is None or old.last.open):
            return Opened.SEEN_AGAIN
        if new.check in self._otherwise and old.status not in OPEN:
            return Opened.OTHERWISE
        return Opened.NEW if new.came_back is None else Opened.CAME_BACK

    def _exceptions(self, old: Finding | None, new: Finding | None) -> None:
        """An exception that is replaced by another one ends, and the other begins."""
        then = None if old is None else old.exception
        now = None if new is None else new.exception
        if (then and (then.id, then.kind)) == (now and (now.id, now.kind)):
            return
        if then is not None:
            self.over.append(self._movement(old, new, exception=then))
        if now is not None:
            self.begun.append(self._movement(old, new, exception=now))

    def _movement(
        self,
        old: Finding | None,
        new: Finding | None,
        *,
        ended: bool = False,
        ended_at: datetime | None = None,
        exception: Mark | None = None,
    ) -> Movement:
        shown = old if ended or new is None else new
        if shown is None:
            raise ValueError("a movement is of a finding")
        opened = _opened_at(shown)
        days = None if opened is None else max(((ended_at or self._newer.as_of) - opened).days, 0)
        return Movement(
            check=shown.check,
            endpoint=shown.endpoint,
            severity=shown.severity,
            was=old.status if old else None,
            is_=new.status if new else None,
            opened_at=opened,
            days_open=days,
            ended_at=ended_at,
            exception=exception or shown.exception,
        )

    def standard_change(self) -> StandardChange | None:
        before, after = self._standards
        if before.content == after.content:
            return None
        then, now = before.content.checks.keys(), after.content.checks.keys()
        return StandardChange(
            before=f"{before.name} {before.content.version}",
            after=f"{after.name} {after.content.version}",
            added=tuple(sorted(now - then)),
            removed=tuple(sorted(then - now)),
            judged_otherwise=tuple(sorted(self._otherwise)),
        )


def _is_open(finding: Finding | None) -> bool:
    return finding is not None and finding.status in OPEN


def _was_interrupted(old: Finding | None, new: Finding | None) -> bool:
    """Whether what is open in both audits was found in order in between: it has been open since after the older one."""
    if old is None or new is None or old.observed_at is None or new.first_seen is None:
        return False
    return new.first_seen > old.observed_at


def _opened_at(finding: Finding | None) -> datetime | None:
    """Since when an open finding has been so."""
    if finding is None or finding.status not in OPEN:
        return None
    return finding.first_seen or finding.observed_at


def _endpoints(older: Audit, newer: Audit) -> Endpoints:
    then = {device.name: device for device in older.devices}
    now = {device.name: device for device in newer.devices}
    left = then.keys() - now.keys()
    gone = {name.casefold() for name in left}
    retired = tuple(sorted((one for one in newer.retired if one.name.casefold() in gone), key=lambda one: one.name))
    named = {one.name.casefold() for one in retired}
    both = sorted(then.keys() & now.keys())
    return Endpoints(
        joined=tuple(sorted(now.keys() - then.keys())),
        retired=retired,
        vanished=tuple(name for name in both if _is_listed(then[name]) and not _is_listed(now[name])),
        missing=tuple(sorted(name for name in left if name.casefold() not in named)),
        no_longer_seen=tuple(name for name in both if then[name].seen and not now[name].seen),
        seen_again=tuple(name for name in both if now[name].seen and not then[name].seen),
        role_changed=tuple(name for name in both if then[name].role is not now[name].role),
    )


def _is_listed(device: Device) -> bool:
    """Whether the inventory names it."""
    return device.expected_because == "inventory"
