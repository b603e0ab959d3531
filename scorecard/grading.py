"""What an audit comes to once its findings are judged: exceptions, what each finding is worth, and the grade. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from scorecard.exceptions import Exceptions, Kept, apply, exceptions_from, kept_before
from scorecard.model import Finding, Json
from scorecard.result import Audit, Device, Scorecard
from scorecard.score import score, settle
from scorecard.standard import Standard

Stable = Mapping[str, Sequence[str]]  # by check: the evidence keys that decide whether a finding got worse


@dataclass(frozen=True, slots=True)
class Graded:
    """`findings` are marked and settled; `records` and `kept` say what became of the exceptions (see exceptions.apply)."""

    findings: tuple[Finding, ...]
    records: tuple[Mapping[str, Json], ...]
    kept: tuple[Kept, ...]
    scorecard: Scorecard


def graded(
    findings: Sequence[Finding],
    devices: Sequence[Device],
    standard: Standard,
    exceptions: Exceptions,
    kept: Iterable[Kept],
    *,
    stable: Stable,
    as_of: datetime,
    client_since: datetime | None,
    time_zone: str,
    scope: str,
) -> Graded:
    """`kept`: what earlier audits remember of the exceptions; the rest as `score` has it."""
    applied = apply(
        exceptions,
        findings,
        devices,
        standard,
        kept,
        as_of=as_of,
        time_zone=time_zone,
        stable=stable,
        whole=not scope,
    )
    settled = settle(applied.findings, standard, as_of, time_zone)
    card = score(settled, devices, standard, as_of=as_of, client_since=client_since, time_zone=time_zone, scope=scope)
    return Graded(settled, applied.records, applied.kept, card)


def graded_again(audit: Audit, findings: Sequence[Finding], standard: Standard, stable: Stable) -> Graded:
    """With the exceptions that the audit names, and what was remembered of them before it."""
    return graded(
        findings,
        audit.devices,
        standard,
        exceptions_from(audit.exceptions),
        kept_before(audit.exceptions, audit.as_of),
        stable=stable,
        as_of=audit.as_of,
        client_since=audit.client_since,
        time_zone=audit.time_zone,
        scope=audit.scope,
    )
