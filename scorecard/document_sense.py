"""What the schema of an audit document cannot say: names that stand once, days that there are, a standard that holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from pydantic import ValidationError

from scorecard.document import YEARS
from scorecard.standard_content import Content
from scorecard.standard_contradictions import within

_OF_YEARS = f"of the years {YEARS.start} to {YEARS.stop - 1}"
_MOMENTS = ("begun_at", "placed_at", "ended_at")


def nonsense(raw: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with a document that fits the schema, a line each: where, and what."""
    for key in ("id", "client"):
        if not _is_text(raw[key]):
            yield f"{key}: half of a surrogate pair stands in it, which is no character"
    yield from _twice("endpoints", (str(entry["name"]).casefold() for entry in raw["endpoints"]))
    yield from _strangers(raw)
    yield from _twice("findings", (f"{entry['check']} on {entry['endpoint']}" for entry in raw["findings"]))
    yield from _twice("exceptions", (str(entry["id"]) for entry in raw["exceptions"]))
    for number, entry in enumerate(raw["exceptions"]):
        yield from _agreement(f"exceptions[{number}]", entry)
    yield from _standard(raw)
    if raw["started_at"] > raw["finished_at"]:
        yield f"started_at: the audit ended ({raw['finished_at']}) before it began ({raw['started_at']})"
    for endpoint, entries in raw.get("observations", {}).items():
        for entry in entries:
            if entry["observed_at"] is not None and not _is_day(entry["observed_at"][:10]):
                said = f"{entry['observed_at']} is not a time {_OF_YEARS}"
                yield f"observations: {entry['part']} of {endpoint}: observed_at: {said}"


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _twice(key: str, names: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            yield f"{key}: {name} stands there twice"
        seen.add(name)


def _strangers(raw: Mapping[str, Any]) -> Iterator[str]:
    endpoints = {endpoint["name"] for endpoint in raw["endpoints"]}
    for finding in raw["findings"]:
        if finding["endpoint"] not in endpoints or finding["check"] not in raw["checks"]:
            about = f"{finding['check']} on {finding['endpoint']}"
            yield f"findings: {about} is of an endpoint or a check that the document lacks"


def _agreement(where: str, entry: Mapping[str, Any]) -> Iterator[str]:
    days = [("from", entry["from"]), ("until", entry["until"])]
    for use in entry["uses"]:
        days += [("uses.until", use["until"]), *((f"uses.{key}", use[key] and use[key][:10]) for key in _MOMENTS)]
    for key, text in days:
        if text is not None and not _is_day(text):
            yield f"{where}.{key}: {text} is not a day {_OF_YEARS}"


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).year in YEARS
    except ValueError:
        return False


def _standard(raw: Mapping[str, Any]) -> Iterator[str]:
    try:
        content = Content.model_validate(raw["standard"]["content"])
    except ValidationError as error:
        yield f"{_path(error.errors()[0]['loc'])}: this version cannot read it"
        return
    for path, said in within(content):
        yield f"{_path(path)}: {said}"


def _path(steps: Iterable[str | int]) -> str:
    return ".".join(("standard.content", *map(str, steps)))
