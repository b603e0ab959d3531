"""Standards: which checks, how much each counts, what holds the letter. YAML data, validated with file, line and key."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from scorecard import marked_yaml
from scorecard.errors import StandardError
from scorecard.model import Json, Platform, Role, Severity, Status
from scorecard.result import Audit
from scorecard.standard_content import CapLine, Category, Content, ExceptionLimits
from scorecard.standard_contradictions import contradictions
from scorecard.topic import Check, Parameters, ParameterValue

__all__ = [
    "DEFAULT",
    "LETTERS",
    "CapLine",
    "Category",
    "Content",
    "ExceptionLimits",
    "Standard",
    "differences",
    "load",
    "parse",
    "shipped",
    "standard_of",
    "worse",
]

DEFAULT = "it-partner"
LETTERS = ("A", "B", "C", "D", "F")


@dataclass(frozen=True)
class Standard:
    """A validated standard. `sha256` is over the canonical JSON of its content."""

    content: Content
    raw: Mapping[str, Json]
    edited: bool
    source: str

    @property
    def name(self) -> str:
        return self.content.name

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(_canonical(self.raw)).hexdigest()

    @cached_property
    def category_of_topic(self) -> dict[str, Category]:
        return {topic: category for category in self.content.categories for topic in category.topics}

    @cached_property
    def asked_categories(self) -> frozenset[str]:
        """Those that a check of the standard is in."""
        return frozenset(category.id for category in self._category_of_check.values())

    @cached_property
    def _category_of_check(self) -> dict[str, Category]:
        return {check: self.category_of_topic[check.partition(".")[0]] for check in self.content.checks}

    @cached_property
    def category_weights(self) -> dict[str, float]:
        return {category.id: category.weight for category in self.content.categories}

    def category(self, check_id: str) -> Category:
        """Of a check that the standard names."""
        return self._category_of_check[check_id]

    def severity(self, check_id: str, role: Role, platform: Platform | None) -> Severity:
        """A machine whose platform was never found out gets the highest severity that its role allows."""
        lines = [line for line in self.content.checks[check_id].severity if role in line.roles]
        if platform is None:
            return max((line.is_ for line in lines), key=self.severity_weight)
        return next(line.is_ for line in lines if platform in line.platforms)

    def severity_weight(self, severity: Severity) -> float:
        return float(getattr(self.content.severity_weights, severity.value))

    def role_weight(self, role: Role) -> float:
        return float(getattr(self.content.role_weights, role.value))

    @cached_property
    def values(self) -> Mapping[Status, float | None]:
        """What a status is worth; None leaves the sum."""
        given = self.content.values
        return {
            Status.PASS: float(given.pass_),
            Status.WARN: float(given.warn),
            Status.FAIL: float(given.fail),
            Status.UNKNOWN: float(given.unknown),
            Status.NOT_APPLICABLE: None,
        }

    def letter(self, score: float) -> str:
        """The band of an unrounded score."""
        for letter in LETTERS[:-1]:
            if score >= getattr(self.content.letters, letter):
                return letter
        return LETTERS[-1]

    def checks_for(self, role: Role) -> tuple[str, ...]:
        """What is asked of a machine of that role."""
        return self._asked[role]

    @cached_property
    def _asked(self) -> dict[Role, tuple[str, ...]]:
        lines = self.content.checks.items()
        asked = [(check, line) for check, line in lines if not line.asked_with or line.parameters.get(line.asked_with)]
        return {role: tuple(check for check, line in asked if role in line.roles) for role in Role}

    def parameters(self, check: Check) -> Parameters:
        """The check's defaults under what this standard sets."""
        line = self.content.checks.get(check.id)
        values: dict[str, ParameterValue] = check.defaults()
        for name, value in (line.parameters if line else {}).items():
            values[name] = tuple(value) if isinstance(value, list) else value
        return Parameters(values)

    def document(self) -> dict[str, Json]:
        """What the audit document keeps of it: all."""
        return {
            "name": self.name,
            "version": self.content.version,
            "sha256": self.sha256,
            "edited": self.edited,
            "content": dict(self.raw),
        }


def worse(one: str, other: str) -> str:
    """The worse of two letters."""
    return max(one, other, key=LETTERS.index)


def differences(ours: Standard, theirs: Standard) -> tuple[str, ...]:
    """In what ours differs from theirs, a line for each value."""
    found = _differences("", _named(dict(ours.raw)), _named(dict(theirs.raw)))
    return tuple(line for key, line in found if key not in ("version", "title", "description"))


def _named(value: Json) -> Json:
    """Lists of things with an id as what they mean: things by their id."""
    if isinstance(value, list) and value and all(isinstance(entry, dict) and "id" in entry for entry in value):
        return {str(entry["id"]): _named(entry) for entry in value if isinstance(entry, dict)}
    return {key: _named(inner) for key, inner in value.items()} if isinstance(value, dict) else value


def _differences(path: str, ours: Json, theirs: Json) -> Iterable[tuple[str, str]]:
    if ours == theirs:
        return
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted({*ours, *theirs}):
            at = f"{path}.{key}" if path else key
            if key not in ours:
                yield at, f"{at} is missing"
            elif key not in theirs:
                yield at, f"{at} is added"
            else:
                yield from _differences(at, ours[key], theirs[key])
    else:
        yield path, f"{path}: {_said(ours)} instead of {_said(theirs)}"


def _said(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)


def shipped() -> tuple[str, ...]:
    """Names of the standards that come with the tool."""
    folder = files("scorecard").joinpath("standards")
    return tuple(sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml")))


def load(name_or_path: str, checks: Mapping[str, Check]) -> Standard:
    """A shipped standard by its name, or a file by its path. Raises StandardError with every problem, a line each."""
    if name_or_path in shipped():
        text = files("scorecard").joinpath("standards", f"{name_or_path}.yaml").read_text(encoding="utf-8")
        return parse(text, f"{name_or_path}.yaml", checks)
    path = Path(name_or_path)
    if not path.is_file():
        raise StandardError(f"{name_or_path}: no such standard; expected {', '.join(shipped())} or the path of a file")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StandardError(f"{path}: cannot be read: {error}") from error
    return parse(text, str(path), checks, edited=True)


def parse(text: str, source: str, checks: Mapping[str, Check], *, edited: bool = False) -> Standard:
    marked = marked_yaml.parse(text, source)
    value = marked.require(StandardError)
    try:
        content = Content.model_validate(value)
    except ValidationError as error:
        raise StandardError("\n".join(_problem(marked, item) for item in error.errors())) from error
    problems = [str(marked.problem(path, said)) for path, said in contradictions(content, checks)]
    if problems:
        raise StandardError("\n".join(problems))
    raw = _plain(value)
    return Standard(content, raw, edited and not _same_as_shipped(raw), source)


def standard_of(audit: Audit, source: str = "") -> Standard:
    """The standard that an audit was judged by, as its document keeps it. Raises StandardError.

    `source`: where the document lies, for messages.
    """
    entry, source = audit.standard, source or f"audit {audit.id[:8]}"
    raw = entry.get("content")
    try:
        content = Content.model_validate(raw)
    except ValidationError as error:
        where = ".".join(str(step) for step in error.errors()[0]["loc"])
        raise StandardError(f"{source}: standard.content.{where}: this version cannot read it") from error
    return Standard(content, raw if isinstance(raw, dict) else {}, bool(entry.get("edited")), source)


def _plain(value: object) -> dict[str, Json]:
    """As JSON will hold it: dates as text."""
    plain: dict[str, Json] = json.loads(json.dumps(value, default=str))
    return plain


def _same_as_shipped(raw: Mapping[str, Json]) -> bool:
    name = raw.get("name")
    if not isinstance(name, str) or name not in shipped():
        return False
    text = files("scorecard").joinpath("standards", f"{name}.yaml").read_text(encoding="utf-8")
    return _canonical(_plain(marked_yaml.parse(text, name).value)) == _canonical(raw)


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _problem(marked: marked_yaml.Document, item: Any) -> str:
    said = item["msg"][:1].lower() + item["msg"][1:]
    return str(marked.problem(tuple(item["loc"]), f"{said}; found {_shown(item.get('input'))}"))


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
