"""What the verbs of `windows.yaml` answer, taken apart without ever raising.

A payload is one line of JSON, and every value in it may be missing, be `{"error": "0x…"}`, or be of another kind than
asked for: then it is Unseen. Shapes: `instances` of cim with `props`, `calls` and `paths`; `values` and `keys` of registry;
`services`; `files`; `events`. What comes back capped says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from scorecard.model import Fact, Observation, Observations, Outcome, Seen, Unseen
from scorecard.reading import clean

_MAX_ITEMS = 2_000
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_HRESULT = re.compile(r"0x[0-9A-Fa-f]{1,8}")
# Before this, a date stands for "none": 1601 and 0001 are what Windows writes for an empty one.
_FIRST_YEAR = 1990


def hresult_of(observation: Observation | None) -> int | None:
    """The HRESULT that a failed question ended with, as an unsigned number; None where none came."""
    if observation is None or observation.outcome is Outcome.OK:
        return None
    said = _object(observation.text).get("error")
    if isinstance(said, Mapping) and (number := _hresult(said.get("hresult"))) is not None:
        return number
    return None if observation.code is None else observation.code & 0xFFFFFFFF


def payload(observations: Observations, part: str) -> Fact[Mapping[str, Any]]:
    """The JSON object that a part answered."""
    observation = observations.get(part)
    if observation is None:
        return Unseen("This was not asked")
    if observation.outcome is not Outcome.OK:
        return Unseen(observation.reason or f"The answer ended as {observation.outcome}")
    found = _object(observation.text)
    return Seen(found) if found else Unseen("The answer cannot be read")


def _object(text: str) -> Mapping[str, Any]:
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return raw if isinstance(raw, dict) else {}


def _hresult(value: Any) -> int | None:
    return int(value, 16) if isinstance(value, str) and _HRESULT.fullmatch(value) else None


@dataclass(frozen=True, slots=True)
class Values:
    """Named values as they came. `of` is where they stand, for reasons."""

    raw: Mapping[str, Any]
    of: str = ""

    def any(self, name: str) -> Fact[Any]:
        """Whatever stands there; None: read, and there is none."""
        if name not in self.raw:
            return Unseen(f"{self.of}{name} was not told")
        value = self.raw[name]
        if isinstance(value, Mapping) and "error" in value:
            return Unseen(f"{self.of}{name} could not be read ({clean(str(value['error']), 20)})")
        return Seen(value)

    def text(self, name: str, limit: int = 255) -> Fact[str | None]:
        found = self.any(name)
        if isinstance(found, Unseen) or found.value is None:
            return found
        return Seen(clean(found.value, limit)) if isinstance(found.value, str) else self._odd(name)

    def number(self, name: str) -> Fact[int | None]:
        found = self.any(name)
        if isinstance(found, Unseen) or found.value is None:
            return found
        is_number = isinstance(found.value, int) and not isinstance(found.value, bool)
        return found if is_number and abs(found.value) < 2**64 else self._odd(name)

    def unsigned(self, name: str) -> Fact[int | None]:
        """A number of 32 bits that may have come with a sign."""
        found = self.number(name)
        if isinstance(found, Unseen) or found.value is None:
            return found
        return Seen(found.value & 0xFFFFFFFF) if -(2**31) <= found.value < 2**32 else self._odd(name)

    def flag(self, name: str) -> Fact[bool | None]:
        found = self.any(name)
        if isinstance(found, Unseen) or found.value is None or isinstance(found.value, bool):
            return found
        return self._odd(name)

    def moment(self, name: str) -> Fact[datetime | None]:
        """None also for the years that Windows writes where there is no date."""
        found = self.any(name)
        if isinstance(found, Unseen) or found.value is None:
            return found
        moment = moment_of(found.value)
        if moment is None:
            return self._odd(name)
        return Seen(moment if moment.year >= _FIRST_YEAR else None)

    def texts(self, name: str) -> Fact[tuple[str, ...]]:
        """A list of texts; a single one may have come bare, and none as null."""
        found = self.any(name)
        if isinstance(found, Unseen):
            return found
        items = [found.value] if isinstance(found.value, str) else found.value or []
        if not isinstance(items, list):
            return self._odd(name)
        return Seen(tuple(clean(item) for item in items[:_MAX_ITEMS] if isinstance(item, str)))

    def _odd(self, name: str) -> Unseen:
        return Unseen(f"{self.of}{name} is not what was asked for")


def moment_of(text: Any) -> datetime | None:
    if not isinstance(text, str) or not _MOMENT.fullmatch(text):
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Call:
    """One method's answer. `code` is its return value, 0 for success, or the HRESULT of a call that threw."""

    code: Fact[int]
    out: Values

    @property
    def succeeded(self) -> bool:
        return self.code == Seen(0)

    def counted(self, name: str) -> Fact[int]:
        """How many values an array out parameter had; the values themselves are never sent."""
        value = self.out.raw.get(name)
        count = value.get("count") if isinstance(value, Mapping) else None
        if self.succeeded and isinstance(count, int) and not isinstance(count, bool) and 0 <= count < 10_000:
            return Seen(count)
        return Unseen(f"{name} was not counted")


@dataclass(frozen=True, slots=True)
class Instance:
    """One CIM instance."""

    props: Values
    calls: Mapping[str, Any]
    files: Mapping[str, Any]

    def call(self, name: str) -> Call:
        raw = self.calls.get(name)
        if not isinstance(raw, Mapping):
            return Call(Unseen(f"{name} was not called"), Values({}))
        if (threw := _hresult(raw.get("error"))) is not None:
            return Call(Seen(threw), Values({}))
        returned = Values(raw, f"{name}: ").unsigned("return")
        out = raw.get("out")
        code: Fact[int] = Unseen(f"{name} told no result")
        if isinstance(returned, Unseen):
            code = returned
        elif returned.value is not None:
            code = Seen(returned.value)
        return Call(code, Values(out if isinstance(out, Mapping) else {}))

    def exists(self, name: str) -> Fact[bool]:
        """Whether the file that a property names is there."""
        raw = self.files.get(name)
        found = Values(raw).flag("exists") if isinstance(raw, Mapping) else Seen(None)
        if isinstance(found, Seen) and found.value is not None:
            return Seen(found.value)
        return Unseen(f"Whether the file of {name} exists was not told")


@dataclass(frozen=True, slots=True)
class Listed:
    """Items of one answer; `capped` where the machine had more of them."""

    instances: tuple[Instance, ...]
    capped: bool

    def __iter__(self) -> Iterator[Instance]:
        return iter(self.instances)


def instances(observations: Observations, part: str) -> Fact[Listed]:
    """Every instance of a cim question. An item that is not one makes all of it unseen: it may be the one that counts."""
    said = payload(observations, part)
    if isinstance(said, Unseen):
        return said
    raw, capped = said.value.get("instances"), said.value.get("capped")
    if not isinstance(raw, list) or not all(isinstance(item, dict) for item in raw):
        return Unseen("The answer is not a list of instances")
    found = tuple(
        Instance(Values(_mapping(item, "props")), _mapping(item, "calls"), _mapping(item, "paths")) for item in raw
    )
    return Seen(Listed(found[:_MAX_ITEMS], capped is not False or len(found) > _MAX_ITEMS))


def _mapping(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = value.get(key)
    return found if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True)
class Key:
    """One registry key. A key that is not there has no values, and that was read."""

    exists: Fact[bool]
    values: Values
    keys: Mapping[str, Any]
    capped: bool

    def children(self) -> dict[str, Key]:
        return {clean(name): _key(child) for name, child in self.keys.items() if isinstance(child, dict)}


def registry(observations: Observations, part: str) -> Fact[Key]:
    said = payload(observations, part)
    return said if isinstance(said, Unseen) else Seen(_key(said.value))


def _key(raw: Mapping[str, Any]) -> Key:
    there = Values(raw).flag("exists")
    exists: Fact[bool] = Unseen("Whether the key exists was not told")
    if isinstance(there, Seen) and there.value is not None:
        exists = Seen(there.value)
    return Key(exists, Values(_mapping(raw, "values")), _mapping(raw, "keys"), raw.get("capped", False) is not False)


@dataclass(frozen=True, slots=True)
class Service:
    """A service or driver that is there; `name` is in lower case."""

    name: str
    is_driver: bool
    running: Fact[bool]
    start_mode: str  # "Auto", "Boot"; "" where it was not told
    path: str


_STATES = {"running": True, "stopped": False}


def services(observations: Observations, part: str) -> Fact[Mapping[str, Service]]:
    """By name in lower case. What is not in it is not on the machine."""
    said = payload(observations, part)
    if isinstance(said, Unseen):
        return said
    raw = said.value.get("services")
    if not isinstance(raw, dict) or not all(isinstance(each, dict) for each in raw.values()) or len(raw) > _MAX_ITEMS:
        return Unseen("The answer is not a list of services")
    return Seen({clean(name).lower(): _service(clean(name), each) for name, each in raw.items()})


def _service(name: str, raw: Mapping[str, Any]) -> Service:
    words = {
        key: clean(value) if isinstance(value := raw.get(key), str) else ""
        for key in ("kind", "state", "start_mode", "path")
    }
    running = _STATES.get(words["state"].lower())
    told: Fact[bool] = (
        Seen(running) if running is not None else Unseen(f"The state of the service {clean(name, 60)} was not told")
    )
    return Service(name.lower(), words["kind"].lower() == "driver", told, words["start_mode"], words["path"])


def file_texts(observations: Observations, part: str) -> Fact[Mapping[str, Fact[str | None]]]:
    """The text of each file by the path asked for, with / and in lower case; None: there is no such file."""
    said = payload(observations, part)
    if isinstance(said, Unseen):
        return said
    raw = said.value.get("files")
    if not isinstance(raw, list):
        return Unseen("The answer is not a list of files")
    found: dict[str, Fact[str | None]] = {}
    for item in raw[:_MAX_ITEMS]:
        if isinstance(item, dict) and isinstance(asked := item.get("asked"), str):
            found[clean(asked).lower()] = _text(item)
    return Seen(found)


def _text(item: Mapping[str, Any]) -> Fact[str | None]:
    if item.get("exists") is False:
        return Seen(None)
    text = item.get("text")
    return Seen(text) if item.get("exists") is True and isinstance(text, str) else Unseen("The file could not be read")


@dataclass(frozen=True, slots=True)
class Event:
    id: int
    at: datetime
    data: Values


def events(observations: Observations, part: str) -> Fact[tuple[Event, ...]]:
    """Newest first. One that cannot be read makes all of them unseen."""
    said = payload(observations, part)
    if isinstance(said, Unseen):
        return said
    raw = said.value.get("events")
    if not isinstance(raw, list):
        return Unseen("The answer is not a list of events")
    found = []
    for item in raw[:_MAX_ITEMS]:
        at = moment_of(item.get("time")) if isinstance(item, dict) else None
        number = item.get("id") if isinstance(item, dict) else None
        if at is None or not isinstance(number, int) or isinstance(number, bool):
            return Unseen("An event in the answer cannot be read")
        found.append(Event(number, at, Values(_mapping(item, "data"))))
    return Seen(tuple(sorted(found, key=lambda event: event.at, reverse=True)))
