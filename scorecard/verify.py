"""Recomputes a grade from the audit document alone: every finding's effect, score, caps, letters, and every hash.

Nothing but the document is used: the standard, the older answers and the exceptions are in it. What a rule made of an
answer is not repeated here; `rejudge` does that, from the raw answers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from scorecard import seal
from scorecard.describing import Missing, count
from scorecard.document import DocumentError, built, observation_from_json
from scorecard.document_writing import finding_json, to_json
from scorecard.errors import StandardError
from scorecard.grading import Graded, graded_again
from scorecard.judge import digest
from scorecard.model import Finding, Status
from scorecard.result import Audit
from scorecard.standard import Standard, standard_of

_RECOMPUTED = ("effective", "carried_from", "exception")


@dataclass(frozen=True, slots=True)
class Verified:
    """What came of it. `problems`: one line each, empty where everything is as it should be.

    `raw_answers`: how many were checked; None where none travel with the document.
    """

    audit: Audit
    problems: tuple[str, ...]
    chain: str
    raw_answers: int | None


def verify(raw: Mapping[str, Any], source: str) -> Verified:
    """`raw` fits the published schema. Raises DocumentError where it cannot be recomputed at all."""
    audit = built(raw, source)
    try:
        standard = standard_of(audit, source)
    except StandardError as error:
        raise DocumentError(str(error)) from error
    try:
        found = [*seal.broken(raw), *_computed(raw, audit, standard), *_answers(raw, audit)]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DocumentError(f"{source}: cannot be recomputed: {type(error).__name__} {error}") from error
    observations = raw.get("observations")
    checked = None if observations is None else sum(len(of_endpoint) for of_endpoint in observations.values())
    return Verified(audit, tuple(found), raw["seal"]["chain"], checked)


def _computed(raw: Mapping[str, Any], audit: Audit, standard: Standard) -> Iterator[str]:
    if standard.sha256 != audit.standard["sha256"]:
        yield "standard: its content does not fit its SHA-256"
    try:
        count(audit.devices, audit.findings, standard)
    except Missing as error:
        yield f"findings: there has to be one for each check on each endpoint that it is asked of, see {error.where}"
    grade = _graded(audit, standard)
    for kept, again in zip(raw["exceptions"], grade.records, strict=True):
        if kept != json.loads(json.dumps(dict(again))):
            yield f"exceptions: {kept['id']} stands otherwise when it is applied again"
    yield from _effects(audit.findings, grade.findings)
    yield from _severities(audit, standard)
    card = grade.scorecard
    again = to_json(replace(audit, scorecard=replace(card, shipped=audit.scorecard.shipped)))["scorecard"]
    for key, value in raw["scorecard"].items():
        if again[key] != value:
            yield f"scorecard.{key}: the document says {_short(value)}, recomputed it is {_short(again[key])}"
    for device in audit.devices:
        if device.score != card.endpoint_scores[device.name]:
            shown = (_short(device.score), _short(card.endpoint_scores[device.name]))
            yield f"endpoint {device.name}: the document says a score of {shown[0]}, recomputed it is {shown[1]}"


def _graded(audit: Audit, standard: Standard) -> Graded:
    """From what was measured and agreed alone: marks and effects are made anew, and what became of each exception."""
    measured = tuple(replace(finding, exception=None) for finding in audit.findings)
    return graded_again(audit, measured, standard, {name: _stable(check) for name, check in audit.checks.items()})


def _stable(check: Any) -> tuple[str, ...]:
    return tuple(check["stable"])


def _effects(kept: Sequence[Finding], again: Sequence[Finding]) -> Iterator[str]:
    for old, new in zip(kept, again, strict=True):
        said, recomputed = finding_json(old), finding_json(new)
        for key in _RECOMPUTED:
            if said[key] != recomputed[key]:
                where = f"finding {old.check} on {old.endpoint}: {key}"
                yield f"{where}: the document says {_short(said[key])}, recomputed it is {_short(recomputed[key])}"


def _severities(audit: Audit, standard: Standard) -> Iterator[str]:
    devices = {device.name: device for device in audit.devices}
    for finding in audit.findings:
        line = standard.content.checks.get(finding.check)
        device = devices[finding.endpoint]
        where = f"finding {finding.check} on {finding.endpoint}"
        if line is None:
            if finding.counts:
                yield f"{where}: counts, but the standard does not name the check"
            continue
        counts = line.counts_from is None or audit.as_of.date() >= line.counts_from
        if finding.counts != counts and abs((audit.as_of.date() - (line.counts_from or audit.as_of.date())).days) > 1:
            yield f"{where}: counts is {finding.counts}, by the standard it is {counts}"
        wanted = standard.severity(finding.check, device.role, device.platform)
        if finding.severity is not wanted:
            yield f"{where}: its severity is {finding.severity}, by the standard it is {wanted}"


def _answers(raw: Mapping[str, Any], audit: Audit) -> Iterator[str]:
    """The raw answers, where they travel with the document: each against its hash, all of an endpoint against theirs."""
    if "observations" not in raw:
        return
    for device in audit.devices:
        entries = raw["observations"].get(device.name, [])
        for entry in entries:
            if digest(observation_from_json(entry)) != entry["sha256"]:
                part, named = entry["part"], entry["sha256"][:19]
                yield f"endpoint {device.name}: the raw answer of {part} ({named}…) does not fit its SHA-256"
        if device.seen and seal.evidence(entry["sha256"] for entry in entries) != device.evidence:
            yield f"endpoint {device.name}: raw answers are missing, were added, or have another SHA-256 than they had"
    kept = {name: {entry["sha256"] for entry in entries} for name, entries in raw["observations"].items()}
    for finding in audit.findings:
        if finding.status is not Status.UNKNOWN and not set(finding.observations) <= kept.get(finding.endpoint, set()):
            yield f"finding {finding.check} on {finding.endpoint}: rests on a raw answer that is not there"


def _short(value: object) -> str:
    text = f"{value:.4f}" if isinstance(value, float) else str(value)
    return text if len(text) <= 80 else text[:79] + "…"
