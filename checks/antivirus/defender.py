"""Microsoft Defender on Linux and macOS: `mdatp health`, in JSON or in text. Sources: linux.md 2.2, macos.md 2.2.

A value comes bare, as an object around it (`{"value": true}`, `{"$type": "upToDate"}`), or as text
(`true [managed]`), by version. Keys are camelCase in JSON and snake_case in text; here both lose case and underscores.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from scorecard.model import Fact, Observation, Outcome, Seen, Unseen
from scorecard.reading import clean

from .engine import answer, first_words
from .shape import Engine, Mode, Told

_TEXT_LINE = re.compile(r"(?P<key>[a-z][a-z_]{2,60})\s*:\s?(?P<value>.*)")
_TEXT_TIME = re.compile(r"([A-Z][a-z]{2}) ([0-9]{1,2}), ([0-9]{4}) at ([0-9]{1,2}):([0-9]{2}):([0-9]{2}) ([AP]M)")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# A figure of more than a year means that no update ever succeeded (it counts from 1970).
_NEVER_AFTER = timedelta(days=366)
_ANSWERED = frozenset({"healthy", "realtimeprotectionenabled"})
_SCANS_KEPT = 7
_SCAN_STATES = ("succeeded", "completed", "failed", "cancelled", "canceled", "running", "inprogress")
_NOT_LOADED = ("unavailable", "enginenotloaded", "notloaded")


def defender(engine: Engine, observation: Observation | None, as_of: datetime) -> Engine:
    """Fill in what the product says of itself; what it does not say stays unseen, with the reason."""
    whole = observation is not None and observation.outcome in (Outcome.OK, Outcome.ERROR)
    fields = read_health(observation.text) if observation and whole else {}
    # A whole answer with an exit code other than 0 still counts, but then it must be one beyond doubt.
    if not fields or (observation and observation.outcome is Outcome.ERROR and not set(fields) >= _ANSWERED):
        return _silent(engine, observation)
    name = engine.name
    definitions_at = _definitions_at(fields, name, as_of)
    return replace(
        engine,
        real_time=_real_time(fields, name),
        mode=_mode(fields, name),
        expired=_expired(fields, name, as_of),
        troubles=_troubles(fields, name),
        version=Seen(clean(str(fields.get("appversion", "")), 40) or None),
        definitions_at=definitions_at,
        definitions_current=_definitions_current(fields, isinstance(definitions_at, Seen)),
        definitions_version=Seen(clean(str(fields.get("definitionsversion", "")), 40) or None),
        tamper=_tamper(fields, engine.tamper, name),
        notes=(*engine.notes, *_notes(fields)),
    )


def _silent(engine: Engine, observation: Observation | None) -> Engine:
    said = answer(observation, engine.name)
    if isinstance(said, Seen):
        words = first_words(said.value)
        said = Unseen(f"{engine.name}: the answer of mdatp health cannot be read" + (f" ({words})" if words else ""))
    tamper: Fact[bool | Told] = engine.tamper if isinstance(engine.tamper, Seen) else said
    return replace(engine, real_time=said, mode=said, expired=said, troubles=said, definitions_at=said, tamper=tamper)


def read_health(text: str) -> dict[str, Any]:
    """All values by their key without case and underscores; empty where the text holds neither form."""
    start, end = text.find("{"), text.rfind("}")
    if 0 <= start < end:
        try:
            raw = json.loads(text[start : end + 1])
        except (ValueError, RecursionError):
            raw = None
        if isinstance(raw, dict):
            return {_key(key): _bare(value) for key, value in raw.items()}
    rows = [match for line in text.splitlines()[:500] if (match := _TEXT_LINE.fullmatch(line.strip()))]
    fields = {_key(row["key"]): _bare(row["value"].strip()) for row in rows}
    # Any "word: words" line looks like the text form; the answer to our question has at least these.
    return fields if set(fields) >= _ANSWERED else {}


def _key(key: str) -> str:
    return key.replace("_", "").lower()[:80]


def _bare(value: Any) -> Any:
    for _ in range(3):
        if isinstance(value, dict):
            value = value["value"] if "value" in value else value.get("$type", "")
    if isinstance(value, str):
        value = value.strip().removesuffix("[managed]").strip().strip('"')
    return value


def _flag(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(str(value).lower())


def _word(value: Any) -> str:
    """An enumeration's value without case, blanks and underscores: up_to_date and upToDate are one."""
    return re.sub(r"[\s_-]+", "", str(value)[:100]).lower()


def _real_time(fields: Mapping[str, Any], name: str) -> Fact[bool]:
    enabled = _flag(fields.get("realtimeprotectionenabled"))
    if enabled is False:
        return Seen(False)
    if enabled is None:
        return Unseen(f"{name}: mdatp health does not say whether real-time protection is on")
    available = _flag(fields["realtimeprotectionavailable"]) if "realtimeprotectionavailable" in fields else True
    if available is None:
        return Unseen(f"{name}: mdatp health does not say whether real-time protection works")
    subsystem = _word(fields.get("realtimeprotectionsubsystem", ""))
    return Seen(available and subsystem not in _NOT_LOADED)


def _mode(fields: Mapping[str, Any], name: str) -> Fact[Mode]:
    passive = _flag(fields.get("passivemodeenabled"))
    if passive is None:
        return Unseen(f"{name}: mdatp health does not say whether it is in passive mode")
    return Seen(Mode.PASSIVE if passive else Mode.NORMAL)


def _expired(fields: Mapping[str, Any], name: str, as_of: datetime) -> Fact[bool]:
    if "productexpiration" not in fields:
        return Seen(False)
    ends = _moment(fields["productexpiration"])
    if ends is None:
        return Unseen(f"{name}: the end date of this version cannot be read")
    return Seen(ends < as_of)


def _troubles(fields: Mapping[str, Any], name: str) -> Fact[tuple[str, ...]]:
    healthy, licensed = _flag(fields.get("healthy")), _flag(fields.get("licensed"))
    found = []
    if licensed is False:
        found.append("is not licensed (not onboarded)")
    if _word(fields.get("engineloadstatus", "")) in _NOT_LOADED:
        found.append("has its engine not loaded")
    if _flag(fields.get("fulldiskaccessenabled")) is False:
        found.append("has no Full Disk Access")
    if healthy is False:
        issues = _listed(fields.get("healthissues"))
        found.append("calls itself unhealthy" + (f" ({', '.join(issues)})" if issues else ""))
    if not found and (healthy is None or licensed is None):
        return Unseen(f"{name}: mdatp health does not say whether it is licensed and healthy")
    return Seen(tuple(found))


def _listed(value: Any) -> list[str]:
    if isinstance(value, str):
        value = value.strip("[]").split(",")
    if not isinstance(value, list):
        return []
    return [words for item in value[:4] if (words := clean(str(_bare(item)).strip(' "'), 80))]


def _definitions_at(fields: Mapping[str, Any], name: str, as_of: datetime) -> Fact[datetime | Told]:
    """The older of the two witnesses: minutes since the update, and its date."""
    minutes, date = fields.get("definitionsupdatedminutesago"), _moment(fields.get("definitionsupdated"))
    if isinstance(minutes, str) and re.fullmatch(r"[0-9]{1,12}", minutes):
        minutes = int(minutes)
    found = [date] if date else []
    if isinstance(minutes, int | float) and not isinstance(minutes, bool) and 0 <= minutes < 10**12:
        if minutes > _NEVER_AFTER / timedelta(minutes=1):
            return Seen(Told.NEVER)
        found.append(as_of - timedelta(minutes=minutes))
    if not found:
        return Unseen(f"{name}: mdatp health does not tell when the definitions were updated")
    oldest = min(found)
    return Seen(Told.NEVER if as_of - oldest > 5 * _NEVER_AFTER else oldest)


def _definitions_current(fields: Mapping[str, Any], is_dated: bool) -> Fact[bool | None]:
    """A failed or running update does not make fresh definitions old; having none, or its own word, does.

    The good word alone is not enough: a whole answer has a date as well.
    """
    word = _word(fields.get("definitionsstatus", ""))
    if word in ("unavailable", "outofdate"):
        return Seen(False)
    return Seen(True if word == "uptodate" and is_dated else None)


def _tamper(fields: Mapping[str, Any], otherwise: Fact[bool | Told], name: str) -> Fact[bool | Told]:
    """`block` refuses tampering; `audit` only writes it down."""
    if "tamperprotection" not in fields:
        return (
            otherwise
            if isinstance(otherwise, Seen)
            else Unseen(f"{name}: mdatp health does not tell its tamper protection")
        )
    state = _word(fields["tamperprotection"])
    known = {"block": True, "audit": False, "disabled": False}.get(state)
    return Unseen(f"{name}: tamper protection is {clean(state, 40) or 'not told'}") if known is None else Seen(known)


def last_scan(name: str, observation: Observation | None) -> Fact[datetime | Told]:
    """The start of the newest finished quick or full scan; `mdatp scan list` keeps the last seven of any kind.

    Source: Microsoft Learn, "Schedule an antivirus scan" (type, start time, state of each). A scan of one folder is none
    of the disk, and a cancelled or failed one is none at all.
    """
    said = answer(observation, name)
    if isinstance(said, Unseen):
        return said
    rows = _scans(said.value)
    if rows is None:
        return Unseen(f"{name}: its list of scans cannot be read")
    counted = [row for row in rows if row["type"] in ("quick", "full") and row["state"] in ("succeeded", "completed")]
    starts = [start for row in counted if (start := _moment(row["starttime"])) is not None]
    if starts:
        return Seen(max(starts))
    if counted or len(rows) >= _SCANS_KEPT or not all(_is_known(row) for row in rows):
        return Unseen(f"{name}: its list of scans shows no date of a finished quick or full scan")
    return Seen(Told.NEVER)


def _is_known(row: Mapping[str, Any]) -> bool:
    return row["type"] in ("quick", "full", "custom") and row["state"] in _SCAN_STATES


def _scans(text: str) -> list[dict[str, Any]] | None:
    try:
        raw = json.loads(text[max(text.find("["), 0) :])
    except (ValueError, RecursionError):
        return None
    if not isinstance(raw, list) or not all(isinstance(row, dict) for row in raw):
        return None
    return [_scan(row) for row in raw[:100]]


def _scan(row: Mapping[str, Any]) -> dict[str, Any]:
    fields = {_key(key).removeprefix("scan"): _bare(value) for key, value in row.items()}
    return {
        "type": _word(fields.get("type", "")),
        "state": _word(fields.get("state", "")),
        "starttime": fields.get("starttime"),
    }


def _notes(fields: Mapping[str, Any]) -> list[str]:
    notes = []
    state = _word(fields.get("definitionsstatus", ""))
    if state == "updatefailed":
        notes.append("its last update of definitions failed")
    if _flag(fields.get("automaticdefinitionupdateenabled")) is False:
        notes.append("it does not fetch definitions by itself")
    if others := _listed(fields.get("conflictingapplications")):
        notes.append(f"it names programs in conflict: {', '.join(others)}")
    return notes


def _moment(value: Any) -> datetime | None:
    """Milliseconds since 1970 (number or digits), ISO 8601, or `Jul 06, 2022 at 01:57:03 PM` (taken as UTC)."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{10,14}", value):
        value = int(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not 0 < value < 10_000_000_000_000:  # also no number that is too large to be divided
            return None
        return datetime.fromtimestamp(value / 1000 if value > 100_000_000_000 else value, UTC)
    if not isinstance(value, str):
        return None
    if match := _TEXT_TIME.fullmatch(value):
        return _text_moment(match)
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _text_moment(match: re.Match[str]) -> datetime | None:
    month, day, year, hour, minute, second, half = match.groups()
    if month not in _MONTHS or not 1 <= int(hour) <= 12:
        return None
    try:
        return datetime(
            int(year),
            _MONTHS.index(month) + 1,
            int(day),
            int(hour) % 12 + 12 * (half == "PM"),
            int(minute),
            int(second),
            tzinfo=UTC,
        )
    except ValueError:
        return None
