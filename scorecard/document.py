"""The audit document: an Audit as versioned JSON and back. Its schema is published as schemas/audit-1.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from importlib.resources import files
from types import MappingProxyType
from typing import Any, TypeVar

from scorecard.errors import FailureKind, InputError
from scorecard.model import (
    Failure,
    Finding,
    Identity,
    Json,
    Observation,
    Outcome,
    Platform,
    Role,
    Severity,
    Status,
    Verdict,
)
from scorecard.result import (
    Answer,
    Audit,
    Authorisation,
    Cap,
    CategoryScore,
    Device,
    Promise,
    Provider,
    Retired,
    Scorecard,
    System,
)

SCHEMA = "scorecard/audit/1"
T = TypeVar("T")


class DocumentError(InputError):
    """A file is not an audit document that this version reads."""


def schema() -> dict[str, Any]:
    """The published JSON Schema (draft 2020-12)."""
    loaded: dict[str, Any] = json.loads(files("scorecard").joinpath("schemas", "audit-1.json").read_text(encoding="utf-8"))
    return loaded


def dumps(audit: Audit, observations: Mapping[str, list[Json]] | None = None, indent: int | None = 1) -> str:
    """The document's text, the same for the same audit. `observations`: raw answers by endpoint, to travel with it.

    Without `indent` it is on one line, which takes a tenth of the time.
    """
    document = to_json(audit)
    if observations is not None:
        document["observations"] = dict(observations)
    return json.dumps(document, ensure_ascii=False, indent=indent, allow_nan=False) + "\n"


def loads(text: str, source: str = "document") -> Audit:
    """Read a document. Raises DocumentError with one line."""
    return built(parsed(text, source), source)


def parsed(text: str, source: str) -> dict[str, Any]:
    """The JSON of a document of this version. Raises DocumentError with one line."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"{source}: this is not JSON: {error}") from error
    if not isinstance(raw, dict) or not str(raw.get("schema", "")).startswith("scorecard/audit/"):
        raise DocumentError(f"{source}: this is not an audit document; expected a JSON object with schema {SCHEMA!r}")
    if raw["schema"] != SCHEMA:
        raise DocumentError(
            f"{source}: has schema {str(raw['schema'])[:60]!r}; this version reads {SCHEMA!r}, so update the tool"
        )
    return raw


def built(raw: Mapping[str, Any], source: str) -> Audit:
    """The Audit that a parsed document describes. Raises DocumentError with one line."""
    try:
        return from_json(raw)
    except KeyError as error:
        raise DocumentError(f"{source}: key {error} is missing") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise DocumentError(f"{source}: cannot be read: {error}") from error


def time_text(moment: datetime | None) -> str | None:
    """UTC with a Z, to the second."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def to_json(audit: Audit) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "id": audit.id,
        "client": audit.client,
        "time_zone": audit.time_zone,
        "as_of": time_text(audit.as_of),
        "started_at": time_text(audit.started_at),
        "finished_at": time_text(audit.finished_at),
        "client_since": time_text(audit.client_since),
        "tool": {"version": audit.tool_version},
        "scope": audit.scope or None,
        "interrupted": audit.interrupted,
        "provider": {"name": audit.provider.name, "contact": audit.provider.contact},
        "authorised": _authorised(audit.authorised),
        "standard": dict(audit.standard),
        "scorecard": _scorecard(audit.scorecard),
        "sites": list(audit.sites),
        "endpoints": [device_json(device) for device in audit.devices],
        "retired": [{"name": r.name, "on": r.on.isoformat(), "reason": r.reason} for r in audit.retired],
        "exceptions": [dict(entry) for entry in audit.exceptions],
        "checks": {name: dict(_mapping(check)) for name, check in audit.checks.items()},
        "data": [dict(entry) for entry in audit.data],
        "notes": list(audit.notes),
        "findings": [finding_json(finding) for finding in audit.findings],
    }


def _mapping(value: Json) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise TypeError("expected a mapping")
    return value


def _authorised(entry: Authorisation | None) -> dict[str, Json] | None:
    if entry is None:
        return None
    until = entry.until.isoformat() if entry.until else None
    return {"by": entry.by, "on": entry.on.isoformat(), "scope": entry.scope, "until": until}


def _scorecard(card: Scorecard) -> dict[str, Any]:
    return {
        "score": card.score,
        "possible": card.possible,
        "coverage": card.coverage,
        "letter": card.letter,
        "letter_before_caps": card.letter_before_caps,
        "worst_case": card.worst_case,
        "provisional": card.provisional,
        "not_graded": card.not_graded,
        "partner": dict(card.partner),
        "caps": [
            {
                "id": cap.id,
                "check": cap.check,
                "pool": cap.pool,
                "letter": cap.letter,
                "endpoints": list(cap.endpoints),
                "message": cap.message,
                "lift": cap.lift,
                "held_since": time_text(cap.held_since),
            }
            for cap in card.caps
        ],
        "promises": [
            {
                "id": promise.id,
                "title": promise.title,
                "answer": promise.answer.value,
                "of": promise.of,
                "met": promise.met,
                "endpoints": list(promise.endpoints),
                "unknown": list(promise.unknown),
                "excused": list(promise.excused),
            }
            for promise in card.promises
        ],
        "categories": [
            {
                "id": category.id,
                "title": category.title,
                "score": category.score,
                "coverage": category.coverage,
                "weight": category.weight,
                "possible": category.possible,
            }
            for category in card.categories
        ],
        "omitted_categories": list(card.omitted_categories),
    }


def device_json(device: Device) -> dict[str, Any]:
    failure = device.failure
    return {
        "name": device.name,
        "address": device.address,
        "site": device.site,
        "role": device.role.value,
        "role_from": device.role_from,
        "role_note": device.role_note,
        "managed": device.managed,
        "owner": device.owner,
        "tags": list(device.tags),
        "expected_because": device.expected_because,
        "platform": device.platform.value if device.platform else None,
        "transport": device.transport,
        "os": {"name": device.os.name, "version": device.os.version, "build": device.os.build},
        "seen": device.seen,
        "last_seen_at": time_text(device.last_seen_at),
        "first_seen_at": time_text(device.first_seen_at),
        "expected_since": time_text(device.expected_since),
        "identity": device.identity.value,
        "account": device.account,
        "privileged": device.privileged,
        "failure": failure and {"kind": failure.kind.value, "message": failure.message, "next_step": failure.next_step},
        "facts": dict(device.facts),
        "dropped_lines": device.dropped_lines,
        "duration_ms": device.duration_ms,
        "score": device.score,
    }


def finding_json(finding: Finding) -> dict[str, Any]:
    verdict = finding.verdict
    return {
        "check": finding.check,
        "endpoint": finding.endpoint,
        "status": verdict.status.value,
        "measured": verdict.measured,
        "expected": verdict.expected,
        "reason": verdict.reason,
        "evidence": dict(verdict.evidence),
        "severity": finding.severity.value,
        "observed_at": time_text(finding.observed_at),
        "carried_from": time_text(finding.carried_from),
        "effective": finding.effective,
        "counts": finding.counts,
        "exception": finding.exception,
        "first_seen": time_text(finding.first_seen),
        "observations": list(finding.observations),
    }


# --- and back ------------------------------------------------------------------------------------------------------


def from_json(raw: Mapping[str, Any]) -> Audit:
    """Raises KeyError, TypeError or ValueError for what is not a document; `loads` makes a sentence of it."""
    endpoints = raw["endpoints"]
    devices = tuple(device_from_json(entry) for entry in endpoints)
    scores = {entry["name"]: entry["score"] for entry in endpoints}
    return Audit(
        id=raw["id"],
        client=raw["client"],
        time_zone=raw["time_zone"],
        as_of=_time(raw["as_of"]),
        started_at=_time(raw["started_at"]),
        finished_at=_time(raw["finished_at"]),
        tool_version=raw["tool"]["version"],
        standard=MappingProxyType(raw["standard"]),
        scorecard=_scorecard_from(raw["scorecard"], scores),
        devices=devices,
        findings=tuple(finding_from_json(entry) for entry in raw["findings"]),
        checks=MappingProxyType(raw["checks"]),
        retired=tuple(Retired(e["name"], date.fromisoformat(e["on"]), e["reason"]) for e in raw["retired"]),
        exceptions=tuple(MappingProxyType(entry) for entry in raw["exceptions"]),
        provider=Provider(raw["provider"]["name"], raw["provider"]["contact"]),
        authorised=_authorised_from(raw["authorised"]),
        client_since=_maybe_time(raw["client_since"]),
        scope=raw["scope"] or "",
        interrupted=raw["interrupted"],
        data=tuple(MappingProxyType(entry) for entry in raw["data"]),
        sites=tuple(raw["sites"]),
        notes=tuple(raw["notes"]),
    )


def _time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"time {text[:40]!r} has no zone")
    return moment.astimezone(UTC)


def _maybe_time(text: str | None) -> datetime | None:
    return None if text is None else _time(text)


def _authorised_from(raw: Mapping[str, Any] | None) -> Authorisation | None:
    if raw is None:
        return None
    until = date.fromisoformat(raw["until"]) if raw["until"] else None
    return Authorisation(raw["by"], date.fromisoformat(raw["on"]), raw["scope"], until)


def _scorecard_from(raw: Mapping[str, Any], scores: Mapping[str, float | None]) -> Scorecard:
    return Scorecard(
        score=raw["score"],
        possible=raw["possible"],
        coverage=raw["coverage"],
        letter=raw["letter"],
        letter_before_caps=raw["letter_before_caps"],
        worst_case=raw["worst_case"],
        provisional=raw["provisional"],
        not_graded=raw["not_graded"],
        caps=tuple(
            Cap(
                id=cap["id"],
                check=cap["check"],
                pool=cap["pool"],
                letter=cap["letter"],
                endpoints=tuple(cap["endpoints"]),
                message=cap["message"],
                lift=cap["lift"],
                held_since=_maybe_time(cap["held_since"]),
            )
            for cap in raw["caps"]
        ),
        promises=tuple(
            Promise(
                id=promise["id"],
                title=promise["title"],
                answer=Answer(promise["answer"]),
                of=promise["of"],
                met=promise["met"],
                endpoints=tuple(promise["endpoints"]),
                unknown=tuple(promise["unknown"]),
                excused=tuple(promise["excused"]),
            )
            for promise in raw["promises"]
        ),
        categories=tuple(CategoryScore(**category) for category in raw["categories"]),
        endpoint_scores=MappingProxyType(dict(scores)),
        omitted_categories=tuple(raw["omitted_categories"]),
        partner=MappingProxyType(raw["partner"]),
    )


def device_from_json(raw: Mapping[str, Any]) -> Device:
    failure = raw["failure"]
    return Device(
        name=raw["name"],
        address=raw["address"],
        site=raw["site"],
        role=Role(raw["role"]),
        role_from=raw["role_from"],
        role_note=raw["role_note"],
        managed=raw["managed"],
        owner=raw["owner"],
        tags=tuple(raw["tags"]),
        expected_because=raw["expected_because"],
        platform=Platform(raw["platform"]) if raw["platform"] else None,
        transport=raw["transport"],
        os=System(**raw["os"]),
        seen=raw["seen"],
        last_seen_at=_maybe_time(raw["last_seen_at"]),
        first_seen_at=_maybe_time(raw["first_seen_at"]),
        expected_since=_maybe_time(raw["expected_since"]),
        identity=Identity(raw["identity"]),
        account=raw["account"],
        privileged=raw["privileged"],
        failure=failure and Failure(FailureKind(failure["kind"]), failure["message"], failure["next_step"]),
        facts=MappingProxyType(raw["facts"]),
        dropped_lines=raw["dropped_lines"],
        duration_ms=raw["duration_ms"],
        score=raw["score"],
    )


def finding_from_json(raw: Mapping[str, Any]) -> Finding:
    verdict = Verdict(
        Status(raw["status"]), raw["measured"], raw["expected"], MappingProxyType(raw["evidence"]), raw["reason"]
    )
    return Finding(
        check=raw["check"],
        endpoint=raw["endpoint"],
        verdict=verdict,
        severity=Severity(raw["severity"]),
        observed_at=_maybe_time(raw["observed_at"]),
        effective=raw["effective"],
        observations=tuple(raw["observations"]),
        carried_from=_maybe_time(raw["carried_from"]),
        exception=raw["exception"],
        counts=raw["counts"],
        first_seen=_maybe_time(raw["first_seen"]),
    )


def observation_json(observation: Observation) -> dict[str, Json]:
    """One raw answer, as it travels with a document that has its evidence."""
    return {
        "part": observation.part,
        "outcome": observation.outcome.value,
        "text": observation.text,
        "code": observation.code,
        "duration_ms": observation.duration_ms,
        "observed_at": time_text(observation.observed_at),
        "reason": observation.reason,
    }


def observation_from_json(raw: Mapping[str, Any]) -> Observation:
    return Observation(
        part=raw["part"],
        outcome=Outcome(raw["outcome"]),
        text=raw["text"],
        code=raw["code"],
        duration_ms=raw["duration_ms"],
        observed_at=_maybe_time(raw["observed_at"]),
        reason=raw["reason"],
    )
