"""Exceptions as the audit document holds them, and back: all that it takes to read them, and to apply them anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any

from scorecard.exceptions.entries import Entry, Exceptions, Fingerprint, Kept
from scorecard.exceptions.states import STANDING, State, Use, note
from scorecard.model import ExceptionKind, Json, Status
from scorecard.standard import ExceptionLimits

# Of a record; whatever else it has are the entry's details.
_KEYS = ("id", "kind", "check", "checks", "endpoints", "from", "until", "covered", "uses")


def record(entry: Entry, uses: Iterable[Use], today: date, limits: ExceptionLimits) -> Mapping[str, Json]:
    """`check` is there for an entry that is about one only."""
    shown: list[Json] = [_use(entry, use, today, limits) for use in sorted(uses, key=lambda use: (use.check, use.endpoint))]
    return MappingProxyType(
        {
            "id": entry.id,
            "kind": entry.kind.value,
            "check": None if entry.kind is ExceptionKind.DECLINED else entry.checks[0],
            "checks": list[Json](sorted(set(entry.checks))),
            "endpoints": list[Json](sorted(set(entry.endpoints))),
            "from": entry.since.isoformat(),
            "until": entry.until.isoformat() if entry.until else None,
            "covered": entry.covered,
            **entry.details,
            "uses": shown,
        }
    )


def _use(entry: Entry, use: Use, today: date, limits: ExceptionLimits) -> dict[str, Json]:
    days_left = (use.until - today).days if use.until is not None and use.state in STANDING else None
    first: dict[str, Json] | None = None
    if use.first is not None:
        first = {"status": use.first.status.value, "evidence": dict(use.first.evidence)}
    return {
        "check": use.check,
        "endpoint": use.endpoint,
        "state": use.state.value,
        "note": note(entry.kind, use.state, entry.covered),
        "until": use.until.isoformat() if use.until else None,
        "limited": use.until != entry.until,
        "days_left": days_left,
        "ending_soon": days_left is not None and days_left <= limits.ending_soon_days,
        "begun_at": _text(use.begun_at),
        "first": first,
        "fingerprint": use.first.sha256 if use.first else None,
        "held": use.held,
        "placed_at": _text(use.placed_at),
        "ended_at": _text(use.ended_at),
    }


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# --- and back ------------------------------------------------------------------------------------------------------


def exceptions_from(records: Iterable[Mapping[str, Any]]) -> Exceptions:
    """The entries that an audit was graded with. Raises KeyError, TypeError or ValueError for what is not a record."""
    return Exceptions(tuple(entry_from(raw) for raw in records))


def entry_from(raw: Mapping[str, Any]) -> Entry:
    return Entry(
        id=raw["id"],
        kind=ExceptionKind(raw["kind"]),
        checks=tuple(raw["checks"]),
        endpoints=tuple(raw["endpoints"]),
        since=date.fromisoformat(raw["from"]),
        until=_maybe_day(raw["until"]),
        covered=raw["covered"],
        details=MappingProxyType({key: value for key, value in raw.items() if key not in _KEYS}),
    )


def uses_from(raw: Mapping[str, Any]) -> tuple[Use, ...]:
    return tuple(
        Use(
            check=use["check"],
            endpoint=use["endpoint"],
            state=State(use["state"]),
            until=_maybe_day(use["until"]),
            begun_at=_maybe_time(use["begun_at"]),
            first=_fingerprint(use["first"]),
            placed_at=_maybe_time(use["placed_at"]),
            ended_at=_maybe_time(use["ended_at"]),
            held=use["held"],
        )
        for use in raw["uses"]
    )


def kept_before(records: Iterable[Mapping[str, Any]], as_of: datetime) -> Iterator[Kept]:
    """What the store remembered when an audit of then was graded: with it, applying the entries gives the same again."""
    moment = as_of.astimezone(UTC).replace(microsecond=0)
    for raw in records:
        entry = entry_from(raw)
        for use in uses_from(raw):
            kept = use.kept(entry)
            if kept is None or (kept.begun_at == moment and not use.held):
                continue
            yield replace(
                kept,
                placed_at=None if kept.placed_at == moment and not use.held else kept.placed_at,
                ended_at=None if kept.ended_at == moment else kept.ended_at,
            )


def _fingerprint(raw: Mapping[str, Any] | None) -> Fingerprint | None:
    return None if raw is None else Fingerprint(Status(raw["status"]), MappingProxyType(raw["evidence"]))


def _maybe_day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _maybe_time(text: str | None) -> datetime | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"time {text[:40]!r} has no zone")
    return moment.astimezone(UTC)
