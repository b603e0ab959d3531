"""Makes the rows of an audit's machines and findings. Nothing here decides a status or a grade.

A machine's answer to a promise is read from the scorecard's promises; findings keep the status that judging gave them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from scorecard import disk_space
from scorecard.model import OPEN, Finding, Status
from scorecard.result import Audit, Device

from . import exempt_words, hygiene, numbers, systems, unchecked, words
from .agreed import Agreed
from .rows import OTHER, WORST_FIRST, Cell, Column, DeviceRow, FindingRow, LastAnswer, Rows, State


@dataclass(frozen=True, slots=True)
class _Answers:
    """One promise, ready to look a machine up in."""

    column: str
    checks: frozenset[str]
    short: frozenset[str]
    unknown: frozenset[str]
    excused: frozenset[str]

    def cell(self, device: Device, findings: Iterable[FindingRow]) -> Cell:
        state = self._state(device, findings)
        return Cell(self.column, state, words.STATES[state])

    def _state(self, device: Device, findings: Iterable[FindingRow]) -> State:
        if device.name in self.short:
            return State.NO
        if device.name in self.unknown or not device.seen:
            return State.NOT_CHECKED
        if device.name in self.excused:
            return State.EXCUSED
        statuses = {row.status for row in findings if row.check in self.checks}
        if Status.UNKNOWN in statuses:
            return State.NOT_CHECKED
        return State.YES if Status.PASS in statuses else State.NOT_APPLICABLE


@dataclass(frozen=True, slots=True)
class _Check:
    """What is the same in all findings of a check."""

    id: str
    title: str
    category: str


@dataclass(frozen=True, slots=True)
class _Builder:
    """Names and checks are made clean once, not with each finding: a large fleet has half a million of them."""

    audit: Audit
    agreed: Agreed
    zone: tzinfo
    ids: Mapping[str, str]
    answers: tuple[_Answers, ...]
    names: dict[str, str] = field(default_factory=dict)  # of endpoints
    checks: dict[str, _Check] = field(default_factory=dict)
    moments: dict[datetime, datetime] = field(default_factory=dict)  # in the client's zone

    def name(self, endpoint: str) -> str:
        if endpoint not in self.names:
            self.names[endpoint] = hygiene.name(endpoint)
        return self.names[endpoint]

    def local(self, moment: datetime | None) -> datetime | None:
        if moment is None:
            return None
        if moment not in self.moments:
            self.moments[moment] = moment.astimezone(self.zone)
        return self.moments[moment]

    def check(self, id_: str) -> _Check:
        if id_ not in self.checks:
            info = self.agreed.check(id_)
            self.checks[id_] = _Check(hygiene.name(id_), info.title, self.agreed.category_title(info.category))
        return self.checks[id_]

    def finding(self, number: int, finding: Finding) -> FindingRow:
        check = self.check(finding.check)
        verdict = finding.verdict
        status = verdict.status
        short = status in OPEN
        evidence = json.dumps(dict(verdict.evidence), ensure_ascii=False, sort_keys=True) if verdict.evidence else ""
        return FindingRow(
            id=f"f{number:05d}",
            asked=finding.check,
            endpoint=finding.endpoint,
            device_id=self.ids.get(finding.endpoint, ""),
            device=self.name(finding.endpoint),
            check=check.id,
            title=check.title,
            category=check.category,
            status=status,
            result=words.RESULTS[status],
            severity=finding.severity.value,
            measured=hygiene.line(verdict.measured),
            expected=hygiene.line(verdict.expected),
            reason=hygiene.line(verdict.reason or ""),
            evidence=hygiene.text(evidence),
            observed_at=self.local(finding.observed_at),
            first_seen=self.local(finding.first_seen),
            days_open=numbers.days_between(finding.first_seen, self.audit.as_of) if short and finding.first_seen else None,
            carried_from=self.local(finding.carried_from),
            came_back=self.local(finding.came_back),
            last=self._last(finding),
            exception=hygiene.name(finding.exception.id) if finding.exception else "",
            agreement=exempt_words.KINDS[finding.exception.kind] if finding.exception else "",
            excused=short and finding.left_the_sum,
            graded=finding.counts,
            effective=finding.effective,
            observations=finding.observations,
        )

    def _last(self, finding: Finding) -> LastAnswer | None:
        last = finding.last
        if last is None or finding.status is not Status.UNKNOWN:
            return None
        days = numbers.days_between(last.observed_at, self.audit.as_of)
        return LastAnswer(words.RESULTS[last.status], last.observed_at.astimezone(self.zone), days)

    def device(self, device: Device, findings: tuple[FindingRow, ...]) -> DeviceRow:
        promised = tuple(answers.cell(device, findings) for answers in self.answers)
        in_a_promise = frozenset[str]().union(*(answers.checks for answers in self.answers))
        others = [row for row in findings if row.graded and row.check not in in_a_promise]
        failure = device.failure
        return DeviceRow(
            id=self.ids[device.name],
            name=self.name(device.name),
            address=hygiene.name(device.address),
            site=hygiene.name(device.site),
            role=words.ROLES[device.role],
            role_note=hygiene.line(device.role_note),
            platform=device.platform.value if device.platform else "",
            system=systems.full(device.os),
            short_system=systems.short(device.os, device.platform),
            owner=hygiene.name(device.owner),
            tags=hygiene.line(", ".join(device.tags)),
            groups=tuple(dict.fromkeys(hygiene.name(tag) for tag in device.tags)),
            seen=device.seen,
            last_seen=self.local(device.last_seen_at),
            days_since=numbers.days_between(device.last_seen_at, self.audit.as_of) if device.last_seen_at else None,
            score=device.score,
            state=_overall(device, promised),
            cells=(*promised, _other_cell(others)),
            findings=findings,
            expected_because=hygiene.line(device.expected_because),
            managed=device.managed,
            account=hygiene.name(device.account),
            privileged=device.privileged,
            transport=hygiene.name(device.transport),
            evidence=hygiene.name(device.evidence),
            identity=device.identity,
            why_not_seen=unchecked.reason(device),
            failure_message=hygiene.line(failure.message) if failure else "",
            next_step=hygiene.line(failure.next_step) if failure else "",
            unblock=unchecked.unblock(device),
            who=unchecked.whose(device),
            facts=tuple(
                (hygiene.name(key), hygiene.name(_shown(str(value))))
                for key, value in device.facts.items()
                if value is not None
            ),
        )


def _shown(fact: str) -> str:
    """The room on disks is kept to a thousandth, to reckon with; a reader needs less."""
    spaces = disk_space.read(fact)
    if spaces is None or not spaces.listed:
        return fact
    said = [words.disk(one.mount, one.free_bytes, one.size_bytes) for one in spaces.listed]
    return "; ".join([*said, words.and_more(spaces.more)] if spaces.more else said)


def build(audit: Audit, agreed: Agreed, zone: tzinfo) -> Rows:
    ids = {device.name: f"d{number:04d}" for number, device in enumerate(audit.devices, 1)}
    builder = _Builder(audit, agreed, zone, ids, _answers(audit, agreed))
    findings = tuple(builder.finding(number, finding) for number, finding in enumerate(audit.findings, 1))
    by_device: dict[str, list[FindingRow]] = {}
    for row in findings:
        by_device.setdefault(row.device_id, []).append(row)
    devices = [builder.device(device, tuple(by_device.get(ids[device.name], ()))) for device in audit.devices]
    return Rows(_columns(audit, agreed), tuple(sorted(devices, key=_worst_first)), findings, ids)


def _answers(audit: Audit, agreed: Agreed) -> tuple[_Answers, ...]:
    return tuple(
        _Answers(
            column=hygiene.name(promise.id),
            checks=frozenset(rule.checks if (rule := agreed.promises.get(promise.id)) else ()),
            short=frozenset(promise.endpoints),
            unknown=frozenset(promise.unknown),
            excused=frozenset(promise.excused),
        )
        for promise in audit.scorecard.promises
    )


def _columns(audit: Audit, agreed: Agreed) -> tuple[Column, ...]:
    parts = dict(agreed.parts)
    columns = []
    for promise in audit.scorecard.promises:
        rule = agreed.promises.get(promise.id)
        columns.append(Column(hygiene.name(promise.id), parts.get(rule.part if rule else "", hygiene.name(promise.title))))
    return (*columns, Column(OTHER, words.OTHER_CHECKS))


def _overall(device: Device, promised: tuple[Cell, ...]) -> State:
    """All promises together. A machine that was not seen and falls short by an older answer counts as falling short."""
    states = {cell.state for cell in promised}
    for state in (State.NO, State.NOT_CHECKED, State.EXCUSED):
        if state in states:
            return state
    return State.YES if device.seen else State.NOT_CHECKED


def _other_cell(findings: list[FindingRow]) -> Cell:
    counted = [row for row in findings if row.status is not Status.NOT_APPLICABLE]
    short = sum(row.falls_short for row in counted)
    unknown = sum(row.status is Status.UNKNOWN for row in counted)
    if not counted:
        state, word = State.NOT_APPLICABLE, words.STATES[State.NOT_APPLICABLE]
    elif short:
        state, word = State.NO, words.of_short(short, len(counted))
    elif unknown == len(counted):
        state, word = State.NOT_CHECKED, words.STATES[State.NOT_CHECKED]
    elif unknown:
        state, word = State.NOT_CHECKED, words.of_unknown(unknown, len(counted))
    else:
        state, word = State.YES, words.ALL_MET
    return Cell(OTHER, state, word)


def _worst_first(row: DeviceRow) -> tuple[int, int, int, int, str]:
    """Most promises missed, then what was not checked, then the oldest failure (reports.md 2.7)."""
    promised = [cell.state for cell in row.cells if cell.column != OTHER]
    oldest = max((finding.days_open or 0 for finding in row.failing), default=0)
    other = sum(finding.graded for finding in row.failing)
    return (WORST_FIRST.index(row.state), -promised.count(State.NO), -oldest, -other, row.name.casefold())
