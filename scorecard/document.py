"""The audit document: an Audit as versioned JSON and back. Its schema is published as schemas/audit-1.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from importlib.resources import files
from math import isfinite
from types import MappingProxyType
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from scorecard.errors import FailureKind, InputError
from scorecard.model import (
    ExceptionKind,
    Failure,
    Finding,
    Identity,
    Last,
    Mark,
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
    Contact,
    Contract,
    Device,
    Goal,
    Leaver,
    Partner,
    Preferences,
    Promise,
    Provider,
    Retired,
    Scorecard,
    Shipped,
    System,
)

SCHEMA = "scorecard/audit/1"
# Of a time: what lies outside is no moment of an audit, and nothing can be counted from it.
YEARS = range(1970, 2200)
_MOST_DIGITS = 300  # of a whole number: more do not fit into a score's arithmetic
T = TypeVar("T")


class DocumentError(InputError):
    """A file is not an audit document that this version reads."""


def schema() -> dict[str, Any]:
    """The published JSON Schema (draft 2020-12)."""
    loaded: dict[str, Any] = json.loads(files("scorecard").joinpath("schemas", "audit-1.json").read_text(encoding="utf-8"))
    return loaded


def loads(text: str, source: str = "document") -> Audit:
    """Read a document. Raises DocumentError with one line."""
    return built(parsed(text, source), source)


def parsed(text: str, source: str) -> dict[str, Any]:
    """The JSON of a document of this version. Raises DocumentError with one line."""
    try:
        raw = json.loads(text, parse_constant=_no_number, parse_float=_finite, parse_int=_whole)
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"{source}: this is not JSON: {error}") from error
    if not isinstance(raw, dict) or not str(raw.get("schema", "")).startswith("scorecard/audit/"):
        raise DocumentError(f"{source}: this is not an audit document; expected a JSON object with schema {SCHEMA!r}")
    if raw["schema"] != SCHEMA:
        raise DocumentError(
            f"{source}: has schema {str(raw['schema'])[:60]!r}; this version reads {SCHEMA!r}, so update the tool"
        )
    return raw


def _no_number(text: str) -> float:
    raise ValueError(f"{text} stands where a number should")


def _finite(text: str) -> float:
    number = float(text)
    return number if isfinite(number) else _no_number(text[:40])


def _whole(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise ValueError(f"a number of {len(text):,} digits stands in it")
    return int(text)


def built(raw: Mapping[str, Any], source: str) -> Audit:
    """The Audit that a parsed document describes. Raises DocumentError with one line."""
    try:
        return from_json(raw)
    except KeyError as error:
        raise DocumentError(f"{source}: key {error} is missing") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise DocumentError(f"{source}: cannot be read: {error}") from error


def from_json(raw: Mapping[str, Any]) -> Audit:
    """Raises KeyError, TypeError or ValueError for what is not a document; `loads` makes a sentence of it."""
    endpoints = raw["endpoints"]
    devices = tuple(device_from_json(entry) for entry in endpoints)
    scores = {entry["name"]: entry["score"] for entry in endpoints}
    return Audit(
        id=raw["id"],
        client=raw["client"],
        time_zone=_zone(raw["time_zone"]),
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
        provider=Provider(**raw["provider"]),
        authorised=_authorised_from(raw["authorised"]),
        client_since=_maybe_time(raw["client_since"]),
        scope=raw["scope"] or "",
        interrupted=raw["interrupted"],
        data=tuple(MappingProxyType(entry) for entry in raw["data"]),
        sites=tuple(raw["sites"]),
        notes=tuple(raw["notes"]),
        previous=raw["seal"]["previous"],
        contract=_contract_from(raw["contract"]),
        preferences=_preferences_from(raw.get("preferences", {})),
        made_up=raw["made_up"],
    )


def _time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"time {text[:40]!r} has no zone")
    if moment.year not in YEARS:
        raise ValueError(f"time {text[:40]!r} is not of the years {YEARS.start} to {YEARS.stop - 1}")
    return moment.astimezone(UTC)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"no time zone {name[:60]!r} is known here") from error
    return name


def _maybe_time(text: str | None) -> datetime | None:
    return None if text is None else _time(text)


def _authorised_from(raw: Mapping[str, Any] | None) -> Authorisation | None:
    if raw is None:
        return None
    until = date.fromisoformat(raw["until"]) if raw["until"] else None
    return Authorisation(raw["by"], date.fromisoformat(raw["on"]), raw["scope"], until)


def _contract_from(raw: Mapping[str, Any] | None) -> Contract | None:
    if raw is None:
        return None
    prices = {Role(role): float(price) for role, price in raw.get("prices", {}).items()}
    return Contract(raw["hours_per_month"], raw["rate"], raw["currency"], MappingProxyType(prices))


def _preferences_from(raw: Mapping[str, Any]) -> Preferences:
    goal, contact = raw.get("goal"), raw.get("contact")
    contacts = {site: Contact(**one) for site, one in raw.get("contacts", {}).items()}
    return Preferences(
        goal=goal and Goal(goal["letter"], date.fromisoformat(goal["by"]) if goal["by"] else None),
        contact=contact and Contact(**contact),
        contacts=MappingProxyType(contacts),
        locale=raw.get("locale", ""),
        paper=raw.get("paper", ""),
    )


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
        caps=tuple(map(_cap_from, raw["caps"])),
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
        partner=_partner_from(raw["partner"]),
        shipped=_shipped_from(raw["shipped"]),
    )


def _partner_from(raw: Mapping[str, Any] | None) -> Partner | None:
    if raw is None:
        return None
    return Partner(
        score=raw["score"],
        possible=raw["possible"],
        coverage=raw["coverage"],
        letter=raw["letter"],
        worst_case=raw["worst_case"],
        not_graded=raw["not_graded"],
        caps=tuple(map(_cap_from, raw["caps"])),
        leavers=tuple(Leaver(**leaver) for leaver in raw["leavers"]),
    )


def _shipped_from(raw: Mapping[str, Any] | None) -> Shipped | None:
    return None if raw is None else Shipped(raw["version"], raw["score"], raw["letter"], tuple(raw["differences"]))


def _cap_from(raw: Mapping[str, Any]) -> Cap:
    return Cap(
        id=raw["id"],
        check=raw["check"],
        pool=raw["pool"],
        letter=raw["letter"],
        endpoints=tuple(raw["endpoints"]),
        message=raw["message"],
        lift=raw["lift"],
        held_since=_maybe_time(raw["held_since"]),
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
        evidence=raw["evidence"],
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
        exception=_mark_from(raw["exception"]),
        counts=raw["counts"],
        first_seen=_maybe_time(raw["first_seen"]),
        came_back=_maybe_time(raw["came_back"]),
        last=_last_from(raw["last"]),
    )


def _mark_from(raw: Mapping[str, Any] | None) -> Mark | None:
    return None if raw is None else Mark(raw["id"], ExceptionKind(raw["kind"]), raw["covered"])


def _last_from(raw: Mapping[str, Any] | None) -> Last | None:
    if raw is None:
        return None
    return Last(
        status=Status(raw["status"]),
        observed_at=_time(raw["observed_at"]),
        since=_time(raw["since"]),
        fixed_at=_maybe_time(raw["fixed_at"]),
        came_back=_maybe_time(raw["came_back"]),
    )


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
