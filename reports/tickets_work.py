"""The work behind tickets: the plan's tasks shared out by site, with what is open and was not seen (tickets.py)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from scorecard.exceptions.states import State as Covered
from scorecard.model import ExceptionKind, Finding, Severity, Status
from scorecard.plan.planned import Planned
from scorecard.plan.tasks import Task
from scorecard.plan.work import Owner, by_kind, owner_of
from scorecard.result import Audit, Device

from .agreed import mapping, sequence

Key: TypeAlias = tuple[str, str]  # the task's id, the site
Open: TypeAlias = Container[tuple[str, str]]  # check, endpoint
_SEVERITIES = tuple(Severity)
_HALF_A_MINUTE = 0.5  # below it, what is left of a task's time is the rest of a sum of fractions


@dataclass(slots=True)
class Piece:
    """The work of one task at one site. Names are as in the audit.

    `held`: machines where it was open when they answered last, which was not now. `minutes` is None where nobody estimated
    the check. `prepares`: what has to be done once is in it. `lifts`: ids of the caps holding the letter that it helps to
    lift. `since`: since when the first of it has been open, or a machine has not been seen.
    """

    owner: Owner
    check: str | None
    names: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    declined: int = 0
    minutes: float | None = 0.0
    points: float = 0.0
    prepares: bool = False
    lifts: tuple[str, ...] = ()
    severity: Severity | None = None
    since: datetime | None = None

    @property
    def everyone(self) -> tuple[str, ...]:
        return (*self.names, *self.held)

    def add(self, severity: Severity | None, since: datetime | None) -> None:
        """The heaviest severity and the earliest moment stay."""
        known = [one for one in (self.severity, severity) if one is not None]
        self.severity = min(known, key=_SEVERITIES.index, default=None)
        self.since = min((one for one in (self.since, since) if one is not None), default=None)


def kind(key: Key) -> str:
    """The check, or what is done about machines that owe answers: the task's id without its owner."""
    return key[0].rpartition("/")[0]


def pieces(planned: Planned, was_open: Open = frozenset()) -> dict[Key, Piece]:
    """In the order of the plan, a task's sites by name; then what is open but was not seen, by task and site.

    `was_open`: what the audit before found open; it stays so where nothing was seen since. Raises StandardError.
    """
    sharing = _Sharing(planned)
    found: dict[Key, Piece] = {}
    for task in planned.plan.tasks:
        found.update(sharing.of(task))
    for key, finding in sorted(_held(planned.audit, was_open), key=lambda one: (one[0], one[1].endpoint)):
        piece = found.setdefault(key, Piece(Owner(key[0].rpartition("/")[2]), finding.check))
        piece.held.append(finding.endpoint)
        piece.add(finding.severity, finding.last.since if finding.last else None)
    return found


class _Sharing:
    """A task's hours and points by machine: the parts add up to the task's own."""

    def __init__(self, planned: Planned) -> None:
        audit, work = planned.audit, planned.work
        self._devices = {device.name: device for device in audit.devices}
        self._findings = {(finding.check, finding.endpoint): finding for finding in audit.findings}
        self._caps = {cap.id: frozenset(cap.endpoints) for cap in audit.scorecard.caps}
        self._minutes: dict[tuple[str, str], float] = {}
        self._points: dict[tuple[str, str], float] = {}
        for fix in work.fixes:
            effort = work.efforts.get(fix.check)
            self._enter(f"{fix.check}/{fix.owner}", fix.endpoint, effort.each_min if effort else 0.0, fix.points)
        for id_, mine in by_kind(work.answers):
            for one in mine:
                self._enter(f"{id_}/{one.owner}", one.endpoint, one.each_min, one.points)

    def _enter(self, task: str, endpoint: str, minutes: float, points: float) -> None:
        self._minutes[task, endpoint], self._points[task, endpoint] = minutes, points

    def of(self, task: Task) -> Iterator[tuple[Key, Piece]]:
        """A piece for each site, the preparation in the first."""
        by_site: dict[str, list[str]] = defaultdict(list)
        for name in sorted(task.endpoints):
            by_site[self._devices[name].site].append(name)
        once = 0.0 if task.hours is None else 60 * task.hours.likely - self._spent(task, task.endpoints)
        for place, (site, names) in enumerate(sorted(by_site.items())):
            piece = Piece(
                owner=task.owner,
                check=task.check,
                names=names,
                declined=len(set(task.declined).intersection(names)),
                minutes=None if task.hours is None else self._spent(task, names) + (0.0 if place else once),
                points=sum(self._points[task.id, name] for name in names),
                prepares=not place and once > _HALF_A_MINUTE,
                lifts=tuple(id_ for id_ in task.lifts if self._caps[id_].intersection(names)),
            )
            for name in names:
                piece.add(*self._known(task.check, name))
            yield (task.id, site), piece

    def _spent(self, task: Task, names: tuple[str, ...] | list[str]) -> float:
        return sum(self._minutes[task.id, name] for name in names)

    def _known(self, check: str | None, name: str) -> tuple[Severity | None, datetime | None]:
        if check is None:
            return None, self._devices[name].last_seen_at
        finding = self._findings[check, name]
        return finding.severity, finding.first_seen


def _held(audit: Audit, was_open: Open) -> Iterator[tuple[Key, Finding]]:
    """What gave no answer now, and was open when it gave its last; not what is agreed to stay as it was then."""
    devices = {device.name: device for device in audit.devices}
    agreed = set(_agreed(audit))
    for finding in audit.findings:
        key = finding.check, finding.endpoint
        is_unread = finding.counts and finding.status is Status.UNKNOWN and not finding.is_stated
        fell_short = key in was_open if finding.last is None else finding.last.open
        if is_unread and fell_short and key not in agreed:
            device = devices[finding.endpoint]
            yield (f"{finding.check}/{_owner(audit, finding, device)}", device.site), finding


def _agreed(audit: Audit) -> Iterator[tuple[str, str]]:
    """Check and machine of exceptions that had their place and still run, though nobody saw the machine now."""
    for entry in audit.exceptions:
        for use in map(mapping, sequence(entry.get("uses"))):
            if use.get("state") == Covered.UNKNOWN_NOT_COVERED and use.get("held") is True:
                yield str(use.get("check")), str(use.get("endpoint"))


def _owner(audit: Audit, finding: Finding, device: Device) -> Owner:
    """As the plan has it once the machine is seen."""
    if not device.managed or finding.marked(ExceptionKind.DECLINED):
        return Owner.CLIENT
    return owner_of(audit.described(finding.check))


def places(found: Mapping[Key, Piece]) -> dict[tuple[str, str], Key]:
    """Where each machine is: by the kind of the task and its name."""
    return {(kind(key), name): key for key, piece in found.items() for name in piece.everyone}
