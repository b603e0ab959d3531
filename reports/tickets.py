"""Tickets: the plan's tasks, one for each site, with ids that stay the same from month to month (docs/handover.md).

A ticket is what one owner has to do about one check, or about machines that owe answers, at one site. Its id is made of the
client, that task and the site alone: not of the date or the order, nor of the machines that happen to be in it.

What nobody can see any more is not done: a fault that was open when its machine answered last keeps its ticket. Work of the
audit before that is no longer there is closed, machine by machine with the reason. Hours and points are the plan's own.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from scorecard.errors import InputError, ReportError
from scorecard.model import OPEN, Finding, Severity, Status
from scorecard.plan.hours import Hours, hours
from scorecard.plan.planned import Planned
from scorecard.plan.work import ANSWERING, FIND_AND_CHECK, GET_ANSWERS, Owner
from scorecard.portfolio.model import OVERDUE_DAYS
from scorecard.reporting import ReportContext
from scorecard.result import Audit, Device

from . import agreed as agreed_
from . import hygiene, numbers, tickets_words, unchecked
from .tickets_words import Left
from .tickets_work import Key, Piece, kind, pieces, places

_PRIORITIES = {Severity.CRITICAL: 1, Severity.HIGH: 2, Severity.MEDIUM: 3, Severity.LOW: 4}
_HOLDS = 1  # what holds the letter
_ASKS = 2  # a machine that owes answers may have any fault
_ID_DIGITS = 12


class State(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class Resolution(StrEnum):
    """Why a ticket is closed: all of it was seen in order, or some of it is no longer to be done."""

    DONE = "done"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine of an open ticket. `found`: what was found there, or why it owes answers."""

    name: str
    found: str
    since: datetime | None
    seen: bool


@dataclass(frozen=True, slots=True)
class Gone:
    """A machine that was in the ticket at the audit before and is not any more. `to`: the ticket that has it now."""

    name: str
    why: Left
    to: str = ""


@dataclass(frozen=True, slots=True)
class Ticket:
    """Texts are clean (hygiene.py), but not guarded for a spreadsheet yet.

    `hours` is None where nobody estimated the work, `points` where there is no score, both where it is closed.
    `priority` runs from 1, the highest, to 4. `severity` is empty where machines owe answers.
    """

    id: str
    state: State
    resolution: Resolution | None
    title: str
    body: str
    site: str
    owner: Owner
    task: str
    check: str
    priority: int
    severity: str
    machines: tuple[Machine, ...]
    gone: tuple[Gone, ...]
    hours: Hours | None
    points: float | None
    note: str
    first_seen: datetime | None
    due: date | None  # the last day before it is overdue as a portfolio counts it, in the client's calendar


def build(audit: Audit, context: ReportContext) -> tuple[Ticket, ...]:
    """Open tickets in the order of the plan, then what was closed since the audit before, by id.

    Raises InputError for a part of a client and for an audit without names, ReportError where there is no plan.
    """
    if audit.scope:
        raise InputError(tickets_words.of_a_part(hygiene.line(audit.scope)))
    if context.redacted:
        raise InputError(tickets_words.WITHOUT_NAMES)
    try:
        before = pieces(Planned(context.before)) if context.before else {}
        was_open = {(kind(key), name) for key, piece in before.items() for name in piece.everyone}
        now = pieces(context.planned or Planned(audit), was_open)
    except InputError as error:
        raise ReportError(tickets_words.no_plan(hygiene.line(str(error)))) from error
    writer = _Writer(audit, now, before)
    closed = [writer.closed(key) for key in before if key not in now]
    return (*(writer.open(key) for key in now), *sorted(closed, key=lambda ticket: ticket.id))


def ticket_id(client: str, task: str, site: str) -> str:
    """ "SC-" and twelve hexadecimal digits. A client is the same in capitals of any kind, as it is in the store."""
    named = json.dumps([unicodedata.normalize("NFC", client).casefold(), task, site])
    return f"SC-{hashlib.sha256(named.encode()).hexdigest()[:_ID_DIGITS].upper()}"


class _Writer:
    def __init__(self, audit: Audit, now: Mapping[Key, Piece], before: Mapping[Key, Piece]) -> None:
        self._audit, self._now, self._before = audit, now, before
        self._where = places(now)
        self._agreed = agreed_.read(audit)
        self._zone = numbers.zone(audit.time_zone)
        self._today = self._day(audit.as_of)
        self._devices = {device.name: device for device in audit.devices}
        self._findings = {(finding.check, finding.endpoint): finding for finding in audit.findings}
        self._caps = {cap.id: cap for cap in audit.scorecard.caps}
        self._silent: dict[str, list[str]] = defaultdict(list)
        for finding in audit.findings:
            if finding.counts and finding.status is Status.UNKNOWN and not finding.is_stated:
                self._silent[finding.endpoint].append(self._agreed.check(finding.check).title)
        self._stated = {finding.endpoint for finding in audit.findings if finding.counts and finding.is_stated}

    def open(self, key: Key) -> Ticket:
        piece = self._now[key]
        here = frozenset(piece.everyone)
        left = [name for name in self._before[key].everyone if name not in here] if key in self._before else []
        machines = tuple(self._machine(piece, name) for name in piece.everyone)
        gone = tuple(self._gone(key, name) for name in left)
        note = self._note(piece)
        return self._ticket(
            key,
            piece,
            body=self._body(key, piece, machines, gone, note),
            machines=machines,
            gone=gone,
            hours=None if piece.minutes is None else hours(piece.minutes),
            points=None if self._audit.scorecard.score is None else piece.points,
            note=note,
        )

    def closed(self, key: Key) -> Ticket:
        piece = self._before[key]
        gone = tuple(self._gone(key, name) for name in piece.everyone)
        is_done = all(one.why in tickets_words.DONE for one in gone)
        return self._ticket(
            key,
            piece,
            body=hygiene.text(tickets_words.closed_body(self._today, self._lines(gone))),
            gone=gone,
            note=tickets_words.closed_note([one.why for one in gone]),
            resolution=Resolution.DONE if is_done else Resolution.WITHDRAWN,
        )

    def _ticket(
        self,
        key: Key,
        piece: Piece,
        *,
        body: str,
        gone: tuple[Gone, ...],
        note: str,
        machines: tuple[Machine, ...] = (),
        hours: Hours | None = None,
        points: float | None = None,
        resolution: Resolution | None = None,
    ) -> Ticket:
        task = self._agreed.check(piece.check).task if piece.check else ANSWERING[kind(key)]
        rank = _PRIORITIES[piece.severity] if piece.severity else _ASKS
        return Ticket(
            id=self._id(key),
            state=State.CLOSED if resolution else State.OPEN,
            resolution=resolution,
            title=hygiene.name(tickets_words.title(task, hygiene.name(key[1]))),
            body=body,
            site=hygiene.name(key[1]),
            owner=piece.owner,
            task=hygiene.name(key[0]),
            check=hygiene.name(piece.check or ""),
            priority=_HOLDS if piece.lifts else rank,
            severity=piece.severity.value if piece.severity else "",
            machines=machines,
            gone=gone,
            hours=hours,
            points=points,
            note=note,
            first_seen=piece.since,
            due=(piece.since + timedelta(days=OVERDUE_DAYS)).astimezone(self._zone).date() if piece.since else None,
        )

    def _id(self, key: Key) -> str:
        return ticket_id(self._audit.client, *key)

    def _day(self, moment: datetime) -> str:
        return numbers.day(moment.astimezone(self._zone))

    def _machine(self, piece: Piece, name: str) -> Machine:
        device, shown = self._devices[name], hygiene.name(name)
        if piece.check is None:
            return Machine(shown, self._owed(device), device.last_seen_at, device.seen)
        finding = self._findings[piece.check, name]
        if finding.status in OPEN:
            return Machine(shown, hygiene.line(finding.verdict.measured), finding.first_seen, device.seen)
        last = finding.last
        found = tickets_words.held(self._day(last.observed_at)) if last else tickets_words.HELD_UNDATED
        return Machine(shown, found, last.since if last else None, device.seen)

    def _owed(self, device: Device) -> str:
        """Why a machine gave no answer and what to do, or the checks that it left open."""
        if device.seen:
            return tickets_words.no_answer(self._silent[device.name])
        failure = device.failure
        return tickets_words.not_seen(unchecked.reason(device), hygiene.line(failure.next_step) if failure else "")

    def _note(self, piece: Piece) -> str:
        pieces_ = (
            *self._held(piece),
            tickets_words.declined(piece.declined) if piece.declined else "",
            tickets_words.PREPARATION if piece.prepares else "",
            tickets_words.POINTS_ASSUME if piece.check is None else "",
            tickets_words.not_seen_now(len(piece.held)) if piece.held else "",
        )
        return " ".join(filter(None, pieces_))

    def _held(self, piece: Piece) -> Iterator[str]:
        """What holds the letter and this would help to lift; what one thing lifts stands together, and once."""
        together: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        for cap in (self._caps[id_] for id_ in piece.lifts):
            together[cap.letter, hygiene.line(cap.lift)][hygiene.line(cap.message)] = None
        return (tickets_words.holds(letter, [*said], lift) for (letter, lift), said in together.items())

    def _body(self, key: Key, piece: Piece, machines: Sequence[Machine], gone: Sequence[Gone], note: str) -> str:
        info = self._agreed.check(piece.check) if piece.check else None
        found = [
            tickets_words.machine(one.name, one.found, self._day(one.since) if one.since else "", asked=info is None)
            for one in machines
        ]
        said = tickets_words.body(
            why=info.why if info else tickets_words.WHY_ASKED,
            machines=found,
            gone=self._lines(gone),
            steps=info.fix if info else tickets_words.STEPS[kind(key)],
            seen_done=tickets_words.seen_done(info.title) if info else tickets_words.SEEN_ASKED,
            note=note,
            source=tickets_words.source(self._today, hygiene.name(self._audit.id)),
        )
        return hygiene.text(said)

    def _lines(self, gone: Sequence[Gone]) -> list[str]:
        return [tickets_words.gone(one.name, one.why, one.to) for one in gone]

    def _gone(self, key: Key, name: str) -> Gone:
        why, to = self._left(kind(key), name)
        return Gone(hygiene.name(name), why, self._id(to) if to else "")

    def _left(self, kind_: str, name: str) -> tuple[Left, Key | None]:
        """Why a machine is no longer in a ticket of this kind, and the ticket that has it now."""
        device = self._devices.get(name)
        if device is None:
            return Left.GONE, None
        if elsewhere := self._where.get((kind_, name)):
            return Left.MOVED, elsewhere
        if kind_ not in ANSWERING:
            return _judged(self._findings.get((kind_, name))), None
        if device.seen:
            return (Left.STATED if kind_ == GET_ANSWERS and name in self._stated else Left.ANSWERED), None
        owing = self._where.get((FIND_AND_CHECK, name))
        return (Left.NOT_SEEN, owing) if owing else (Left.STATED, None)


def _judged(finding: Finding | None) -> Left:
    """What became of a finding that is no work any more."""
    if finding is None or not finding.counts:
        return Left.NOT_ASKED
    if finding.is_stated:
        return Left.STATED
    answer = _answer(finding)
    if answer is Status.NOT_APPLICABLE:
        return Left.DOES_NOT_APPLY
    return Left.FIXED if answer is Status.PASS else Left.AGREED


def _answer(finding: Finding) -> Status:
    """The newest that there is."""
    if finding.status is Status.UNKNOWN and finding.last is not None:
        return finding.last.status
    return finding.status
