"""What the reports read of the standard that an audit carries whole: bands, parts, promises, caps, what was looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scorecard.model import Json
from scorecard.result import Audit

from . import hygiene


@dataclass(frozen=True, slots=True)
class Category:
    id: str
    title: str
    part: str
    weight: float


@dataclass(frozen=True, slots=True)
class PromiseRule:
    id: str
    part: str
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckInfo:
    """What is known about a check beside its findings. Minutes are None where nobody estimated them."""

    id: str
    title: str
    task: str  # what there is to do; the title where the check does not say
    why: str
    fix: tuple[str, ...]
    once_min: int | None
    each_min: int | None
    category: str
    topic: str
    graded: bool
    parameters: tuple[tuple[str, str], ...]  # meaning (or name), value with its unit


@dataclass(frozen=True, slots=True)
class Agreed:
    """The standard in the reports' terms. `bands` runs from the best letter down, without F."""

    name: str
    title: str
    version: str
    sha256: str
    edited: bool
    bands: Mapping[str, float]
    looked_at: str
    not_looked_at: tuple[str, ...]
    fresh_days: int | None
    categories: tuple[Category, ...]
    parts: tuple[tuple[str, str], ...]  # id, title; in order
    promises: Mapping[str, PromiseRule]
    checks: Mapping[str, CheckInfo]
    content: Mapping[str, Json]

    def check(self, id: str) -> CheckInfo:
        """A check that the audit does not describe is shown by its id alone."""
        return self.checks.get(id) or CheckInfo(
            id, hygiene.name(id), hygiene.name(id), "", (), None, None, "", "", True, ()
        )

    def category_title(self, id: str) -> str:
        return next((category.title for category in self.categories if category.id == id), id)

    def part_of_check(self, id: str) -> str:
        wanted = self.check(id).category
        return next((category.part for category in self.categories if category.id == wanted), "")

    def severity_weight(self, severity: str) -> float:
        return number(mapping(self.content.get("severity_weights")).get(severity)) or 0.0


def mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def sequence(value: object) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list | tuple) else ()


def string(value: object) -> str:
    return hygiene.line(str(value)) if isinstance(value, str | int | float) else ""


def number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def shown(value: object) -> str:
    """A parameter's value for a person."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(string(item) for item in value) or "none"
    return string(value)


def read(audit: Audit) -> Agreed:
    standard = audit.standard
    content = mapping(standard.get("content"))
    bands = {key: start for key, value in mapping(content.get("letters")).items() if (start := number(value)) is not None}
    fresh = number(content.get("fresh_days"))
    categories = tuple(
        Category(
            string(line.get("id")), string(line.get("title")), string(line.get("part")), number(line.get("weight")) or 0.0
        )
        for line in map(mapping, sequence(content.get("categories")))
    )
    parts = tuple(
        (string(line.get("id")), string(line.get("title"))) for line in map(mapping, sequence(content.get("parts")))
    )
    promises = {
        string(line.get("id")): PromiseRule(
            string(line.get("id")), string(line.get("part")), tuple(map(str, sequence(line.get("checks"))))
        )
        for line in map(mapping, sequence(content.get("promises")))
    }
    return Agreed(
        name=string(standard.get("name")),
        title=string(content.get("title")) or string(standard.get("name")),
        version=string(standard.get("version")),
        sha256=string(standard.get("sha256")),
        edited=standard.get("edited") is True,
        bands=dict(sorted(bands.items(), key=lambda item: -item[1])),
        looked_at=string(content.get("looked_at")),
        not_looked_at=tuple(map(string, sequence(content.get("not_looked_at")))),
        fresh_days=None if fresh is None else int(fresh),
        categories=categories,
        parts=parts,
        promises=promises,
        checks={key: _check(key, mapping(raw)) for key, raw in audit.checks.items()},
        content=content,
    )


def _check(id: str, raw: Mapping[str, Any]) -> CheckInfo:
    effort = mapping(raw.get("effort"))
    once, each = number(effort.get("once_min")), number(effort.get("each_min"))
    parameters = mapping(raw.get("parameters"))
    return CheckInfo(
        id=id,
        title=string(raw.get("title")) or hygiene.name(id),
        task=string(raw.get("task")) or string(raw.get("title")) or hygiene.name(id),
        why=string(raw.get("why")),
        fix=tuple(map(string, sequence(raw.get("fix")))),
        once_min=None if once is None else int(once),
        each_min=None if each is None else int(each),
        category=string(raw.get("category")),
        topic=string(raw.get("topic")) or id.partition(".")[0],
        graded=raw.get("graded") is not False,
        parameters=tuple(_parameter(string(name), value) for name, value in parameters.items()),
    )


def _parameter(name: str, raw: object) -> tuple[str, str]:
    """A limit in words: its meaning where the check gives one, and its value with the unit."""
    given = mapping(raw)
    if "value" not in given:
        return name.replace("_", " "), shown(raw)
    unit = string(given.get("unit"))
    value = shown(given["value"])
    counted = isinstance(given["value"], int | float) and not isinstance(given["value"], bool)
    return string(given.get("meaning")) or name.replace("_", " "), f"{value} {unit}" if unit and counted else value
