"""Writing the audit document: the same text for the same audit, piece by piece."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from scorecard import seal
from scorecard.document import SCHEMA
from scorecard.model import Finding, Json, Last, Mark, Observation
from scorecard.result import (
    Audit,
    Authorisation,
    Cap,
    Contact,
    Contract,
    Device,
    Partner,
    Preferences,
    Provider,
    Scorecard,
    Shipped,
)
from scorecard.seal import Sealing


def dumps(audit: Audit, observations: Mapping[str, list[Json]] | None = None) -> str:
    """The document as text; `observations`: raw answers by endpoint, where they travel with it."""
    return "".join(chunks(audit, observations))


def chunks(
    audit: Audit,
    observations: Mapping[str, list[Json]] | None = None,
    *,
    lines: bool = True,
    sealing: Sealing | None = None,
) -> Iterator[str]:
    """The same text piece by piece: of a large fleet its lists are made one entry at a time and never held whole.

    `lines`: each key, endpoint and finding on a line of its own. `sealing`: has the document's chain once all is written.
    """
    sealing = sealing or Sealing(audit.previous)
    head, middle = _head(audit), _middle(audit)
    document: dict[str, Any] = {
        **head,
        "endpoints": (sealing.endpoint(device_json(device)) for device in audit.devices),
        **middle,
        "findings": (sealing.finding(finding_json(finding)) for finding in audit.findings),
        seal.KEY: None,
    }
    if observations is not None:
        document["observations"] = dict(observations)
    start, deep = ("\n ", "\n  ") if lines else ("", "")
    yield "{"
    for number, (key, value) in enumerate(document.items()):
        yield f"{_between(number, start)}{json.dumps(key)}: "
        if isinstance(value, Iterator):
            yield "["
            for count, entry in enumerate(value):
                yield f"{_between(count, deep)}{_text(entry)}"
            yield f"{start}]"
        else:  # by then the lists are written, and taken into the seal
            yield _text(sealing.seal({**head, **middle}) if key == seal.KEY else value)
    yield "\n}\n" if lines else "}\n"


def _between(number: int, line: str) -> str:
    return line if not number else f",{line or ' '}"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def time_text(moment: datetime | None) -> str | None:
    """UTC with a Z, to the second."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def to_json(audit: Audit) -> dict[str, Any]:
    sealing = Sealing(audit.previous)
    document = {
        **_head(audit),
        "endpoints": [sealing.endpoint(device_json(device)) for device in audit.devices],
        **_middle(audit),
        "findings": [sealing.finding(finding_json(finding)) for finding in audit.findings],
    }
    return {**document, seal.KEY: sealing.seal(document)}


def _head(audit: Audit) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "id": audit.id,
        "client": audit.client,
        "made_up": audit.made_up,
        "time_zone": audit.time_zone,
        "as_of": time_text(audit.as_of),
        "started_at": time_text(audit.started_at),
        "finished_at": time_text(audit.finished_at),
        "client_since": time_text(audit.client_since),
        "tool": {"version": audit.tool_version},
        "scope": audit.scope or None,
        "interrupted": audit.interrupted,
        "provider": _provider(audit.provider),
        "authorised": _authorised(audit.authorised),
        "contract": _contract(audit.contract),
        **_preferences(audit.preferences),
        "standard": dict(audit.standard),
        "scorecard": _scorecard(audit.scorecard),
        "sites": list(audit.sites),
    }


def _middle(audit: Audit) -> dict[str, Any]:
    return {
        "retired": [{"name": r.name, "on": r.on.isoformat(), "reason": r.reason} for r in audit.retired],
        "exceptions": [dict(entry) for entry in audit.exceptions],
        "checks": {name: dict(_mapping(check)) for name, check in audit.checks.items()},
        "data": [dict(entry) for entry in audit.data],
        "notes": list(audit.notes),
    }


def _mapping(value: Json) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise TypeError("expected a mapping")
    return value


def _provider(entry: Provider) -> dict[str, Json]:
    """What branding there is; a document of an audit before there was any is written as it was."""
    branding = {"logo": entry.logo, "accent": entry.accent, "accent_dark": entry.accent_dark}
    return {"name": entry.name, "contact": entry.contact, **{key: value for key, value in branding.items() if value}}


def _authorised(entry: Authorisation | None) -> dict[str, Json] | None:
    if entry is None:
        return None
    until = entry.until.isoformat() if entry.until else None
    return {"by": entry.by, "on": entry.on.isoformat(), "scope": entry.scope, "until": until}


def _contract(terms: Contract | None) -> dict[str, Json] | None:
    if terms is None:
        return None
    prices: dict[str, Json] = {role.value: price for role, price in terms.prices.items()}
    found: dict[str, Json] = {
        "hours_per_month": terms.hours_per_month,
        "rate": terms.rate,
        "currency": terms.currency,
    }
    return {**found, "prices": prices} if prices else found


def _preferences(given: Preferences) -> dict[str, Json]:
    """The key with what there is; none where the inventory says nothing, as in documents from before there was any."""
    goal, contact = given.goal, given.contact
    said: dict[str, Json] = {}
    if goal:
        said["goal"] = {"letter": goal.letter, "by": goal.by.isoformat() if goal.by else None}
    if contact:
        said["contact"] = _contact(contact)
    if given.contacts:
        said["contacts"] = {site: _contact(one) for site, one in given.contacts.items()}
    if given.locale:
        said["locale"] = given.locale
    if given.paper:
        said["paper"] = given.paper
    return {"preferences": said} if said else {}


def _contact(one: Contact) -> dict[str, Json]:
    return {"name": one.name, "mail": one.mail, "phone": one.phone}


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
        "partner": _partner(card.partner),
        "shipped": _shipped(card.shipped),
        "caps": [_cap(cap) for cap in card.caps],
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


def _partner(partner: Partner | None) -> dict[str, Any] | None:
    if partner is None:
        return None
    return {
        "score": partner.score,
        "possible": partner.possible,
        "coverage": partner.coverage,
        "letter": partner.letter,
        "worst_case": partner.worst_case,
        "not_graded": partner.not_graded,
        "caps": [_cap(cap) for cap in partner.caps],
        "leavers": [
            {"endpoint": one.endpoint, "check": one.check, "why": one.why, "exception": one.exception}
            for one in partner.leavers
        ],
    }


def _shipped(shipped: Shipped | None) -> dict[str, Any] | None:
    if shipped is None:
        return None
    return {
        "version": shipped.version,
        "score": shipped.score,
        "letter": shipped.letter,
        "differences": list(shipped.differences),
    }


def _cap(cap: Cap) -> dict[str, Any]:
    return {
        "id": cap.id,
        "check": cap.check,
        "pool": cap.pool,
        "letter": cap.letter,
        "endpoints": list(cap.endpoints),
        "message": cap.message,
        "lift": cap.lift,
        "held_since": time_text(cap.held_since),
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
        "evidence": device.evidence,
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
        "exception": finding.exception and _mark(finding.exception),
        "first_seen": time_text(finding.first_seen),
        "came_back": time_text(finding.came_back),
        "last": finding.last and _last(finding.last),
        "observations": list(finding.observations),
    }


def _mark(mark: Mark) -> dict[str, Json]:
    return {"id": mark.id, "kind": mark.kind.value, "covered": mark.covered}


def _last(last: Last) -> dict[str, Json]:
    return {
        "status": last.status.value,
        "observed_at": time_text(last.observed_at),
        "since": time_text(last.since),
        "fixed_at": time_text(last.fixed_at),
        "came_back": time_text(last.came_back),
    }


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
