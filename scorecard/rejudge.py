"""An audit judged again, by other checks or under another standard, from what its endpoints answered then."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from scorecard import __version__
from scorecard.bundle import FIRST_SEEN_PART
from scorecard.describing import count, described
from scorecard.errors import InputError
from scorecard.grading import Graded, graded_again
from scorecard.host import parse_host
from scorecard.judge import Sightings, judge, judge_unseen
from scorecard.model import OPEN, Finding, Observation, Status
from scorecard.registry import Registry
from scorecard.result import Audit, Device, Shipped
from scorecard.standard import Standard, differences, load, shipped

Answers = Iterable[tuple[str, Mapping[str, Observation]]]  # by endpoint: observations by digest


class NoAnswers(InputError):
    """What an endpoint answered is not kept any more, or not at hand."""


def rejudge(audit: Audit, answers: Answers, registry: Registry, standard: Standard) -> Audit:
    """The audit under `standard`. `answers`: of every endpoint that was seen; taken one by one.

    Who was not seen stays so, and exceptions are applied as they were then. Raises NoAnswers.
    """
    grade = _judged_again(audit, answers, registry, standard)
    before = f"{audit.standard['name']} {audit.standard['version']}"
    note = f"Judged again under {standard.name} {standard.content.version}; the audit itself was judged under {before}."
    return replace(
        audit,
        tool_version=__version__,
        standard=MappingProxyType(standard.document()),
        scorecard=grade.scorecard,
        devices=grade.scorecard.on_each(audit.devices),
        findings=grade.findings,
        exceptions=grade.records,
        checks=described(registry, standard),
        data=registry.data(),
        notes=(*audit.notes, note),
    )


def under_shipped(audit: Audit, answers: Answers, registry: Registry, ours: Standard) -> Shipped | None:
    """What an audit under an edited standard comes to under the one that is shipped by that name; None where none is."""
    if ours.name not in shipped():
        return None
    theirs = load(ours.name, registry.checks)
    card = _judged_again(audit, answers, registry, theirs).scorecard
    return Shipped(theirs.content.version, card.score, card.letter, differences(ours, theirs))


def _judged_again(audit: Audit, answers: Answers, registry: Registry, standard: Standard) -> Graded:
    before: dict[str, dict[str, Finding]] = {device.name: {} for device in audit.devices}
    for finding in audit.findings:
        before[finding.endpoint][finding.check] = finding
    devices = {device.name: device for device in audit.devices}
    judged: dict[str, tuple[Finding, ...]] = {}
    for name, observations in answers:
        if name in devices and devices[name].seen:
            judged[name] = _judged(devices[name], before[name], observations, registry, standard)
    for device in audit.devices:
        if device.name not in judged:
            judged[device.name] = _unseen(device, before[device.name], audit.as_of, registry, standard)
    findings = tuple(finding for device in audit.devices for finding in judged[device.name])
    count(audit.devices, findings, standard)
    return graded_again(audit, findings, standard, registry.stable())


def _judged(
    device: Device,
    before: Mapping[str, Finding],
    observations: Mapping[str, Observation],
    registry: Registry,
    standard: Standard,
) -> tuple[Finding, ...]:
    by_part = {seen.part: seen for seen in observations.values() if seen.part != FIRST_SEEN_PART}
    host = parse_host(by_part, device.last_seen_at) if device.last_seen_at else None
    if host is None:
        raise NoAnswers(f"{device.name}: what it answered cannot be read again; it was kept by another version of the tool")
    sightings = _sightings(before, observations, registry)
    found = judge(device.name, device.role, by_part, host, sightings, registry, standard).findings
    return tuple(_with_history(finding, before.get(finding.check)) for finding in found)


def _unseen(
    device: Device, before: Mapping[str, Finding], as_of: datetime, registry: Registry, standard: Standard
) -> tuple[Finding, ...]:
    if device.seen:
        raise NoAnswers(f"{device.name}: what it answered is not kept, so it cannot be judged again")
    reason = f"Not seen: {device.failure.message}" if device.failure else "Not seen"
    judged = judge_unseen(device.name, device.role, device.platform, reason, as_of, registry, standard)
    return tuple(_with_history(finding, before.get(finding.check)) for finding in judged.findings)


def _sightings(before: Mapping[str, Finding], observations: Mapping[str, Observation], registry: Registry) -> Sightings:
    """What each topic had been told of first sightings: an observation that its findings rest on."""
    found: dict[str, dict[str, datetime]] = {}
    for topic in registry.topics:
        mine = {digest for check in topic.checks if check.id in before for digest in before[check.id].observations}
        for digest in mine & observations.keys():
            if observations[digest].part == FIRST_SEEN_PART:
                told = json.loads(observations[digest].text)
                found[topic.id] = {name: datetime.fromisoformat(moment) for name, moment in told.items()}
    return found


def _with_history(finding: Finding, before: Finding | None) -> Finding:
    """Since when it is so was known under the other standard alone; it stays where the answer is the same."""
    if before is None:
        return replace(finding, first_seen=finding.observed_at)
    if finding.status is Status.UNKNOWN:
        return replace(finding, last=before.last)
    same = before.status is not Status.UNKNOWN and (before.status in OPEN) == (finding.status in OPEN)
    return replace(
        finding,
        first_seen=before.first_seen if same else finding.observed_at,
        came_back=before.came_back if same else None,
    )
