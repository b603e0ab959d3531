"""What exceptions do to the findings of one audit (design section 7). Pure: values in, values out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from scorecard.exceptions.entries import Entry, Exceptions, Kept
from scorecard.exceptions.fingerprint import is_worse, taken
from scorecard.exceptions.limits import last_day
from scorecard.exceptions.places import Key, Wish, given, rooms, weigher
from scorecard.exceptions.records import record
from scorecard.exceptions.states import State, Use
from scorecard.model import OPEN, ExceptionKind, Finding, Json, Mark, Status
from scorecard.result import Device
from scorecard.standard import ExceptionLimits, Standard

_KINDS = list(ExceptionKind)
_ENDS_A_PLACE = (State.EXPIRED, State.TOO_LONG, State.ENDED_WORSE, State.NOT_YET, State.MATCHES_NOTHING)


@dataclass(frozen=True, slots=True)
class Applied:
    """`records` are the audit's `exceptions`; `kept` is all that the store is to remember of the client's from now on."""

    findings: tuple[Finding, ...]
    records: tuple[Mapping[str, Json], ...]
    kept: tuple[Kept, ...]


@dataclass(frozen=True, slots=True)
class _Case:
    """An entry on one check of one endpoint. `state` is None while a place is sought."""

    entry: Entry
    check: str
    endpoint: str  # as the audit calls it, where it knows it
    finding: Finding | None
    kept: Kept | None
    until: date | None
    state: State | None = None

    @property
    def key(self) -> Key:
        return self.check, self.endpoint

    @property
    def has_place(self) -> bool:
        return self.kept is not None and self.kept.placed_at is not None and self.kept.ended_at is None


def apply(
    exceptions: Exceptions,
    findings: Sequence[Finding],
    devices: Sequence[Device],
    standard: Standard,
    kept: Iterable[Kept],
    *,
    as_of: datetime,
    time_zone: str,
    stable: Mapping[str, Sequence[str]],
    whole: bool = True,
) -> Applied:
    """Mark the findings that a valid exception covers; to be done before they are settled.

    `kept`: what earlier audits remember. `stable`: by check, the evidence keys that decide whether a finding got worse.
    `whole`: the client was looked at as a whole; else nobody gets a new place, and what is kept stays as it was.
    """
    moment, remembered = as_of.astimezone(UTC).replace(microsecond=0), tuple(kept)
    limits = standard.content.exceptions
    judge = _Judge(as_of.astimezone(ZoneInfo(time_zone)).date(), stable, whole)
    cases = [judge.judged(case) for case in _cases(exceptions, findings, devices, remembered, limits)]
    lucky = _places(cases, findings, devices, standard) if whole else frozenset[Key]()
    cases = [case if case.state is not None else replace(case, state=_sought(case, lucky, whole)) for case in cases]
    uses = [(case.entry, _use(case, moment, stable)) for case in cases]
    marks = {case.key: _mark(case.entry) for case in cases if case.state is State.COUNTS}
    by_entry: dict[str, list[Use]] = defaultdict(list)
    for entry, use in uses:
        by_entry[entry.id].append(use)
    return Applied(
        findings=tuple(_marked(finding, marks.get((finding.check, finding.endpoint))) for finding in findings),
        records=tuple(
            record(entry, by_entry[entry.id], judge.today, limits) for entry in sorted(exceptions.entries, key=_order)
        ),
        kept=tuple(_kept_on(uses, remembered, judge.today, limits)) if whole else remembered,
    )


def _cases(
    exceptions: Exceptions,
    findings: Iterable[Finding],
    devices: Iterable[Device],
    kept: Iterable[Kept],
    limits: ExceptionLimits,
) -> Iterator[_Case]:
    """In capitals of any kind a name is the same, as in the inventory."""
    names = {device.name.casefold(): device.name for device in devices}
    found = {(finding.check, finding.endpoint): finding for finding in findings}
    known = {one.key: one for one in kept}
    for entry in exceptions.entries:
        for check in sorted(set(entry.checks)):
            for name in sorted({names.get(name.casefold(), name) for name in entry.endpoints}):
                finding = found.get((check, name))
                mine = known.get((check, name.casefold(), entry.since)) if entry.kind is ExceptionKind.WAIVED else None
                until = last_day(entry, finding.severity if finding else None, limits)
                yield _Case(entry, check, name, finding, mine, until)


@dataclass(frozen=True, slots=True)
class _Judge:
    """What can be said of each case by itself."""

    today: date
    stable: Mapping[str, Sequence[str]]
    whole: bool

    def judged(self, case: _Case) -> _Case:
        return replace(case, state=self._by_days(case) or self._by_finding(case))

    def _by_days(self, case: _Case) -> State | None:
        entry = case.entry
        if self.today < entry.since:
            return State.NOT_YET
        if entry.until is not None and self.today > entry.until:
            return State.EXPIRED
        if case.until is not None and self.today > case.until:
            return State.TOO_LONG
        return None

    def _by_finding(self, case: _Case) -> State | None:
        finding = case.finding
        if finding is None:
            return State.MATCHES_NOTHING if self.whole else State.OUT_OF_SCOPE
        if not finding.counts:
            return State.NOT_GRADED
        if case.entry.kind is ExceptionKind.WAIVED:
            return self._waived(case, finding)
        if finding.status is Status.NOT_APPLICABLE:
            return State.NOTHING_TO_EXCUSE
        if case.entry.kind is ExceptionKind.DECLINED:
            return State.NOTHING_TO_EXCUSE if finding.status is Status.PASS else State.COUNTS
        return State.COUNTS if finding.status is Status.UNKNOWN else State.MEASURED_SINCE

    def _waived(self, case: _Case, finding: Finding) -> State | None:
        kept = case.kept
        if kept is not None and kept.ended_at is not None:
            return State.ENDED_WORSE
        if kept is not None and is_worse(taken(finding, self.stable.get(finding.check, ())), kept.first):
            return State.ENDED_WORSE
        if finding.status is Status.UNKNOWN:
            return State.UNKNOWN_NOT_COVERED
        return None if finding.status in OPEN else State.NOTHING_TO_EXCUSE


def _places(
    cases: Iterable[_Case], findings: Sequence[Finding], devices: Sequence[Device], standard: Standard
) -> frozenset[Key]:
    weight = weigher(devices, standard)
    held: list[Wish] = []
    wishes: list[Wish] = []
    for case in cases:
        finding = case.finding
        if finding is None or not finding.counts or case.entry.kind is not ExceptionKind.WAIVED:
            continue
        wish = Wish(standard.category(case.check).id, case.entry.since, case.key, weight(finding))
        if case.has_place and case.state not in _ENDS_A_PLACE:
            held.append(wish)
        elif case.state is None:
            wishes.append(wish)
    return given(held, wishes, rooms(findings, standard, weight)) if wishes else frozenset()


def _sought(case: _Case, lucky: frozenset[Key], whole: bool) -> State:
    """Of an open finding that is waived."""
    if case.has_place or case.key in lucky:
        return State.COUNTS
    return State.NO_PLACE if whole else State.OUT_OF_SCOPE


def _use(case: _Case, moment: datetime, stable: Mapping[str, Sequence[str]]) -> Use:
    state = case.state or State.NO_PLACE
    use = Use(case.check, case.endpoint, state, case.until)
    if case.entry.kind is not ExceptionKind.WAIVED:
        return use
    kept, finding = case.kept, case.finding
    if kept is not None:
        ended_at = kept.ended_at or (moment if state is State.ENDED_WORSE else None)
        placed_at = kept.placed_at or (moment if state is State.COUNTS else None)
        return replace(
            use, begun_at=kept.begun_at, first=kept.first, placed_at=placed_at, ended_at=ended_at, held=case.has_place
        )
    if state is State.COUNTS and finding is not None:
        return replace(use, begun_at=moment, first=taken(finding, stable.get(case.check, ())), placed_at=moment)
    return use


def _mark(entry: Entry) -> Mark:
    return Mark(entry.id, entry.kind, entry.covered)


def _marked(finding: Finding, mark: Mark | None) -> Finding:
    return finding if finding.exception == mark else replace(finding, exception=mark)


def _kept_on(
    uses: Iterable[tuple[Entry, Use]], kept: Iterable[Kept], today: date, limits: ExceptionLimits
) -> Iterator[Kept]:
    """What is remembered from now on, in order.

    An entry that is no longer in the file loses its places. That it ended, and what was agreed to, stays known for as long
    as it could run: else it would be new again once it is written down once more.
    """
    most = timedelta(days=max(limits.covered_days, limits.critical_days, limits.other_days))
    now = {one.key: replace(one, placed_at=None) for one in kept}
    now |= {one.key: one for entry, use in uses if (one := use.kept(entry)) is not None}
    yield from (now[key] for key in sorted(now) if now[key].since + most > today)


def _order(entry: Entry) -> tuple[int, date, str]:
    return _KINDS.index(entry.kind), entry.since, entry.id
