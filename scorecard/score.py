"""Findings and a standard become a Scorecard: pure, and with sums.py, carried.py and caps.py the only home of grades."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from scorecard import caps
from scorecard.caps import Caps, Moment, percent
from scorecard.carried import settled
from scorecard.model import OPEN, ExceptionKind, Finding, Status
from scorecard.result import Answer, Cap, CategoryScore, Device, Grade, Leaver, Partner, Promise, Scorecard
from scorecard.standard import Standard, worse
from scorecard.sums import Sums


def settle(findings: Iterable[Finding], standard: Standard, as_of: datetime, time_zone: str) -> tuple[Finding, ...]:
    """The findings with what each is worth in the score; to be done before grading."""
    zone = ZoneInfo(time_zone)
    return tuple(settled(finding, standard, as_of, zone) for finding in findings)


def score(
    findings: Sequence[Finding],
    devices: Sequence[Device],
    standard: Standard,
    *,
    as_of: datetime,
    client_since: datetime | None,
    time_zone: str = "UTC",
    scope: str = "",
) -> Scorecard:
    """Grade one audit; its findings are settled.

    `client_since`: when the client's first audit ended; None on that first audit. `scope` names why the audit is not
    graded as a whole; scores are given all the same.
    """
    counted = [finding for finding in findings if finding.counts]
    by_name = {device.name: device for device in devices}
    moment = Moment(as_of, ZoneInfo(time_zone), client_since)
    grade, sums = _graded(counted, by_name, standard, moment, scope)
    return Scorecard(
        **_fields(grade),
        letter_before_caps=None if grade.score is None else standard.letter(grade.score),
        provisional=grade.coverage < standard.content.coverage.provisional.below,
        promises=tuple(_promises(counted, standard)),
        categories=_categories(sums, standard),
        endpoint_scores=MappingProxyType({device.name: sums.of_endpoint(device.name, effective) for device in devices}),
        omitted_categories=tuple(c.title for c in standard.content.categories if c.id not in standard.asked_categories),
        partner=_partner(grade, counted, by_name, standard, moment, scope),
    )


def grade_of(
    findings: Sequence[Finding],
    devices: Sequence[Device],
    standard: Standard,
    *,
    as_of: datetime,
    client_since: datetime | None,
    time_zone: str = "UTC",
) -> Grade:
    """The grade alone, by the same arithmetic, without all that explains it: to try what a change would come to."""
    counted = [finding for finding in findings if finding.counts]
    moment = Moment(as_of, ZoneInfo(time_zone), client_since)
    return _graded(counted, {device.name: device for device in devices}, standard, moment, "")[0]


def _fields(grade: Grade) -> dict[str, Any]:
    return {field.name: getattr(grade, field.name) for field in fields(grade)}


def effective(finding: Finding) -> float | None:
    """What it is worth in the score."""
    return finding.effective


def possible(finding: Finding) -> float | None:
    """What it would be worth at best."""
    return 1.0 if finding.status is Status.UNKNOWN else finding.effective


def answered(finding: Finding) -> float | None:
    """Whether this audit has an answer."""
    if finding.status is Status.NOT_APPLICABLE:
        return None
    return 0.0 if finding.status is Status.UNKNOWN else 1.0


def worst(finding: Finding) -> float | None:
    """What it is worth if everything that nobody can tell is a fail."""
    if finding.status is not Status.UNKNOWN:
        return finding.effective
    told = finding.is_stated and finding.carried_from is None
    return (finding.effective or 0.0) if told else 0.0


def _graded(
    counted: Sequence[Finding], devices: Mapping[str, Device], standard: Standard, moment: Moment, scope: str
) -> tuple[Grade, Sums]:
    sums = Sums(counted, devices, standard)
    total, best, covered = sums.total(effective), sums.total(possible), sums.total(answered)
    share = 0.0 if covered is None else covered / 100
    held = Caps((f for f in counted if f.status is not Status.NOT_APPLICABLE), devices, standard, moment)
    coverage, unread = held.coverage(share), held.unread()
    found = (*coverage, *held.all(caps.fails), *unread)
    at_worst = (*coverage, *held.all(caps.could_fail), *unread)
    not_graded = _not_graded(standard, total, best, share, scope)
    grade = Grade(
        score=total,
        possible=best,
        coverage=share,
        letter=None if not_graded else _letter(standard, total, found),
        worst_case=None if scope or total is None else _letter(standard, sums.total(worst), at_worst),
        not_graded=not_graded,
        caps=found,
    )
    return grade, sums


def _not_graded(standard: Standard, total: float | None, best: float | None, share: float, scope: str) -> str | None:
    if scope:
        return f"Only a part of the client was looked at ({scope}), so there is no grade"
    if total is None or best is None:
        return "No check applies to any machine"
    if share < standard.content.coverage.not_graded.below:
        return f"Not graded: {percent(share)} seen; the score lies between {total:.1f} and {best:.1f}"
    return None


def _letter(standard: Standard, total: float | None, found: Iterable[Cap]) -> str | None:
    if total is None:
        return None
    letter = standard.letter(total)
    for cap in found:
        letter = worse(letter, cap.letter)
    return letter


def _partner(
    whole: Grade,
    counted: Sequence[Finding],
    devices: Mapping[str, Device],
    standard: Standard,
    moment: Moment,
    scope: str,
) -> Partner:
    """The provider's own grade: what it looks after, without the work that the client declined.

    A declined check leaves it as long as it is there to be done.
    """
    ours = [f for f in counted if devices[f.endpoint].managed and not f.marked(ExceptionKind.DECLINED)]
    grade = whole if len(ours) == len(counted) else _graded(ours, devices, standard, moment, scope)[0]
    return Partner(**_fields(grade), leavers=tuple(_leavers(counted, devices)))


def _leavers(counted: Iterable[Finding], devices: Mapping[str, Device]) -> Iterable[Leaver]:
    for device in devices.values():
        if not device.managed:
            yield Leaver(device.name, None, "not managed by the provider")
    for finding in counted:
        mark = finding.exception
        if mark is not None and mark.kind is ExceptionKind.DECLINED and devices[finding.endpoint].managed:
            yield Leaver(finding.endpoint, finding.check, "declined by the client", mark.id)


def _categories(sums: Sums, standard: Standard) -> tuple[CategoryScore, ...]:
    return tuple(
        CategoryScore(
            id=category.id,
            title=category.title,
            score=_points(sums.of_category(category, effective)),
            coverage=sums.of_category(category, answered) or 0.0,
            weight=category.weight,
            possible=_points(sums.of_category(category, possible)),
        )
        for category in standard.content.categories
        if category.id in standard.asked_categories
    )


def _points(ratio: float | None) -> float | None:
    return None if ratio is None else 100 * ratio


def _promises(findings: Iterable[Finding], standard: Standard) -> Iterable[Promise]:
    promised = {check for line in standard.content.promises for check in line.checks}
    by_check: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.check in promised and finding.status is not Status.NOT_APPLICABLE:
            by_check[finding.check].append(finding)
    for line in standard.content.promises:
        mine: dict[str, list[Finding]] = defaultdict(list)
        for check in line.checks:
            for finding in by_check[check]:
                mine[finding.endpoint].append(finding)
        short = {name for name, found in mine.items() if any(f.status in OPEN and not f.left_the_sum for f in found)}
        unread = {name for name, found in mine.items() if any(f.status is Status.UNKNOWN for f in found)} - short
        excused = {name for name, found in mine.items() if any(f.status in OPEN for f in found)} - short - unread
        yield Promise(
            id=line.id,
            title=line.title,
            answer=_answer(len(mine), len(short), len(unread), len(excused)),
            of=len(mine),
            met=len(mine) - len(short) - len(unread) - len(excused),
            endpoints=tuple(sorted(short)),
            unknown=tuple(sorted(unread)),
            excused=tuple(sorted(excused)),
        )


def _answer(of: int, short: int, unread: int, excused: int) -> Answer:
    if not of:
        return Answer.DOES_NOT_APPLY
    if short:
        return Answer.NO
    if unread:
        return Answer.NOT_YET
    return Answer.YES_EXCEPT if excused else Answer.YES
