"""What the status commands of other products say. Sources: linux.md 2, macos.md 2.2.

Only CrowdStrike's and SentinelOne's answers are known well enough to be read as good news. Where a reference marks an
answer as not confirmed, it may show that something is wrong, or stay unread with its words in the reason; it never
makes a pass.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from scorecard.model import Fact, Observation, Outcome, Seen, Unseen
from scorecard.reading import clean

from .engine import answer, first_words
from .shape import Engine

_DENIED_CODES = ("77", "126")
# Possessive: a long run of blanks is gone over once.
_STATE = re.compile(r"(?:agent state|protection(?: status)?)(?:\s*+:\s*+|\s++)([a-z]+)", re.IGNORECASE)
_LINK = re.compile(r"connectivity(?:\s*+:\s*+|\s++)(on|off)", re.IGNORECASE)
_HEADER = re.compile(r"(?P<id>[a-z-]{2,40}) (?P<code>[0-9]{1,3})")


def crowdstrike(engine: Engine, observation: Observation | None) -> Engine:
    """Linux: `aid="…", version = 7.16.16903.0, rfm-state=false.`; in reduced mode the sensor runs and sees nothing."""
    said = answer(observation, engine.name)
    if isinstance(said, Unseen):
        return replace(engine, real_time=said, troubles=said)
    text = said.value[:20_000]
    state = re.search(r"\brfm-state\s*=\s*(true|false)\b", text)
    version = re.search(r"\bversion\s*=\s*([0-9.-]{3,30})", text)
    troubles: Fact[tuple[str, ...]] = Seen(())
    if "aid is not set" in text:
        troubles = Seen(("was never connected (it has no agent id)",))
    elif not re.search(r'\baid\s*=\s*"?[0-9a-f]{16}', text):
        troubles = _unread(engine, text)
    blind = bool(state and state[1] == "true")
    note = "reduced functionality mode: the sensor runs but sees nothing on this kernel"
    return replace(
        engine,
        real_time=Seen(state[1] == "false") if state else _unread(engine, text),
        troubles=troubles,
        version=Seen(version[1].strip(".-") if version else None),
        notes=(*engine.notes, note) if blind else engine.notes,
    )


def crowdstrike_mac(engine: Engine, observation: Observation | None) -> Engine:
    """`falconctl stats agent_info`: `agentID: …`, `Sensor operational: true`, `version: 7.20…`."""
    said = answer(observation, engine.name)
    if isinstance(said, Unseen):
        return replace(engine, real_time=said)
    values = _colon_values(said.value)
    works = {"true": True, "false": False}.get(values.get("sensor operational", ""))
    return replace(
        engine,
        real_time=_unread(engine, said.value) if works is None else Seen(works),
        version=Seen(clean(values.get("version", ""), 40) or None),
    )


def sentinelone(engine: Engine, observation: Observation | None) -> Engine:
    """Linux: `Agent state  Enabled`, `Connectivity  On`. macOS: `Protection: enabled`, `Missing Authorizations: …`."""
    said = answer(observation, engine.name)
    if isinstance(said, Unseen):
        return replace(engine, real_time=said, troubles=said)
    text = said.value[:20_000]
    words = {"enabled": True, "on": True, "disabled": False, "off": False}
    states = {words.get(state[1].lower()) for line in text.splitlines() if (state := _STATE.fullmatch(line.strip()))}
    # Of several lines that tell a state the bad one counts, and one in other words leaves it open.
    real_time = False if False in states else None if None in states or not states else True
    missing = re.search(r"^[ \t]{0,80}Missing Authorizations[ \t]{0,80}:(.*)$", text, re.IGNORECASE | re.MULTILINE)
    troubles: tuple[str, ...] = ()
    if missing and missing[1].strip().lower() not in ("none", "[]", "no"):
        troubles = (f"lacks permissions on this Mac ({clean(missing[1], 80) or 'listed in its status'})",)
    links = {link[1].lower() for line in text.splitlines() if (link := _LINK.fullmatch(line.strip()))}
    notes = ("it has no contact with its console",) if "off" in links else ()
    return replace(
        engine,
        real_time=_unread(engine, text) if real_time is None else Seen(real_time),
        troubles=Seen(troubles),
        notes=(*engine.notes, *notes),
    )


def elastic(engine: Engine, observation: Observation | None) -> Engine:
    """`elastic-agent status --output json`: only the Endpoint component is an antivirus.

    Its number for "healthy" differs by version (not confirmed), so number and word must agree.
    """
    said = answer(observation, engine.name)
    if isinstance(said, Unseen):
        return replace(engine, real_time=said)
    component = next(filter(_is_endpoint, _components(said.value) or ()), None)
    if component is None:
        return replace(engine, real_time=_unread(engine, said.value))
    state, message = component.get("state"), clean(str(component.get("message", "")), 80)
    if state == "HEALTHY" or (state == 2 and message.lower().startswith("healthy")):
        return replace(engine, real_time=Seen(True))
    words = f"its Endpoint component says {clean(str(state), 20)} {message}".strip()
    return replace(engine, real_time=Unseen(f"{engine.name}: {words}"))


def carries_endpoint(text: str) -> bool | None:
    """Whether the agent lists the component that stops malware; None where its answer is not such a list."""
    components = _components(text)
    return None if components is None else any(_is_endpoint(component) for component in components)


def _components(text: str) -> list[Mapping[str, Any]] | None:
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):
        return None
    components = raw.get("components") if isinstance(raw, dict) else None
    return [each for each in components if isinstance(each, dict)] if isinstance(components, list) else None


def _is_endpoint(component: Mapping[str, Any]) -> bool:
    return "endpoint" in f"{component.get('id')} {component.get('name')}".lower()


def split_vendors(observation: Observation | None) -> dict[str, Observation]:
    """The part `vendors` taken apart: lines `ID CODE`, then the answer with a bar before each line."""
    found: dict[str, Observation] = {}
    if observation is None or observation.outcome in (Outcome.ABSENT, Outcome.DENIED):
        return found
    current, lines = "", dict[str, list[str]]()
    codes: dict[str, str] = {}
    for line in observation.text.splitlines()[:2000]:
        if line.startswith("|"):
            lines.setdefault(current, []).append(line[1:])
        elif match := _HEADER.fullmatch(line):
            current = match["id"]
            codes[current] = match["code"]
    for product, code in codes.items():
        outcome, reason = _outcome(code)
        if observation.outcome is not Outcome.OK:
            outcome, reason = observation.outcome, observation.reason
        found[product] = Observation(product, outcome, "\n".join(lines.get(product, [])), int(code), reason=reason)
    return found


def _outcome(code: str) -> tuple[Outcome, str]:
    if code == "0":
        return Outcome.OK, ""
    if code in _DENIED_CODES:
        return Outcome.DENIED, "Our account has no right to ask for its status"
    return Outcome.ERROR, "Its status command ended with an error"


def eset(engine: Engine, observation: Observation | None) -> Engine:
    """`upd --list-modules`: modules with their dates; the detection engine's is the date of the definitions."""
    said = answer(observation, engine.name)
    if isinstance(said, Unseen):
        return replace(engine, definitions_at=said)
    for line in said.value.splitlines()[:200]:
        if "detection engine" in line.lower() and (match := re.search(r"\b(20[0-9]{2})-?([0-9]{2})-?([0-9]{2})\b", line)):
            at = _day(match[1], match[2], match[3])
            if at is not None:
                return replace(engine, definitions_at=Seen(at))
    return replace(
        engine, definitions_at=Unseen(f"{engine.name}: its list of modules shows no date of the detection engine")
    )


def trend_micro(engine: Engine, observation: Observation | None) -> Engine:
    """`AgentStatus.agentState: green` says that the agent is well, not that anti-malware is switched on."""
    said = answer(observation, engine.name)
    if isinstance(said, Unseen):
        return replace(engine, real_time=said)
    if re.search(r"anti-malware engine offline", said.value[:20_000], re.IGNORECASE):
        return replace(engine, real_time=Seen(False), notes=(*engine.notes, "its anti-malware engine is offline"))
    return replace(engine, real_time=_unread(engine, said.value))


def kaspersky(engine: Engine, observation: Observation | None) -> Engine:
    """`kesl-control --app-info`: `Application databases up to date: Yes`; the product's own word, without a date."""
    said = answer(observation, engine.name)
    if isinstance(said, Unseen):
        return replace(engine, real_time=said, definitions_at=said)
    current = {"yes": True, "no": False}.get(_colon_values(said.value).get("application databases up to date", ""))
    return replace(engine, real_time=_unread(engine, said.value), definitions_current=Seen(current))


def not_read(engine: Engine, observation: Observation | None) -> Engine:
    """A product whose answer no reference confirms: its words go into the reason, nothing more."""
    said = answer(observation, engine.name)
    if isinstance(said, Unseen):
        return replace(engine, real_time=said)
    return replace(engine, real_time=_unread(engine, said.value))


Reader = Callable[[Engine, "Observation | None"], Engine]

# Products whose status comes in the part `vendors`, by their id in products.yaml.
VENDORS: Mapping[str, Reader] = {
    "eset": eset,
    "trend-micro": trend_micro,
    "bitdefender": not_read,
    "cortex-xdr": not_read,
    "kaspersky": kaspersky,
    "cisco-secure-endpoint": not_read,
    "jamf-protect": not_read,
    "carbon-black": not_read,
}


def _unread(engine: Engine, text: str) -> Unseen:
    words = first_words(text)
    said = f'said "{words}", which is not known to mean that it is on' if words else "said nothing"
    return Unseen(f"{engine.name}: its status command {said}")


def _colon_values(text: str) -> dict[str, str]:
    """`Key: value` lines, both in lower case; the first of a repeated key counts."""
    values: dict[str, str] = {}
    for line in text.splitlines()[:500]:
        key, found, value = line.partition(":")
        if found:
            values.setdefault(key.strip().lower(), value.strip().lower())
    return values


def _day(year: str, month: str, day: str) -> datetime | None:
    try:
        return datetime(int(year), int(month), int(day), tzinfo=UTC)
    except ValueError:
        return None
