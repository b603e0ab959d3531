"""Standards: which checks, how much each counts, what holds the letter. YAML data, validated with file, line and key."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from importlib.resources import files
from math import inf
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr, ValidationError

from scorecard import marked_yaml
from scorecard.errors import StandardError
from scorecard.model import Json, Platform, Role, Severity, Status
from scorecard.topic import Check, Parameters, ParameterValue

DEFAULT = "it-partner"
LETTERS = ("A", "B", "C", "D", "F")

# Caps alone never give F.
HeldAt = Literal["B", "C", "D"]
Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(gt=0, le=1000)]
Points = Annotated[float, Field(ge=0, le=100)]
Days = Annotated[int, Field(ge=1, le=3650)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,63}$")]
Value = StrictBool | StrictInt | StrictFloat | StrictStr | list[StrictStr] | None


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Values(_Model):
    pass_: Share = Field(alias="pass")
    warn: Share
    fail: Share
    unknown: Literal[0]


class _SeverityWeights(_Model):
    critical: Weight
    high: Weight
    medium: Weight
    low: Weight


class _RoleWeights(_Model):
    server: Weight
    workstation: Weight
    laptop: Weight


class _Bands(_Model):
    A: Points
    B: Points
    C: Points
    D: Points


class _Below(_Model):
    below: Share
    letter: HeldAt


class _NotGraded(_Model):
    below: Share


class _Coverage(_Model):
    capped: _Below
    provisional: _Below
    not_graded: _NotGraded


class Category(_Model):
    id: Name
    title: str
    part: Name
    weight: Weight
    topics: tuple[Name, ...]


class Part(_Model):
    id: Name
    title: str


class _SeverityLine(_Model):
    roles: tuple[Role, ...] = tuple(Role)
    platforms: tuple[Platform, ...] = tuple(Platform)
    is_: Severity = Field(alias="is")


class CheckLine(_Model):
    severity: tuple[_SeverityLine, ...] = Field(min_length=1)
    shelf_life_days: Days = 45
    parameters: dict[Name | str, Value] = {}
    roles: tuple[Role, ...] = tuple(Role)
    counts_from: date | None = None


class PromiseLine(_Model):
    id: Name
    title: str
    part: Name
    checks: tuple[str, ...] = Field(min_length=1)


class Pool(_Model):
    name: str
    roles: tuple[Role, ...]
    platforms: tuple[Platform, ...] = tuple(Platform)


class _Few(_Model):
    share: Share
    at_least: Annotated[int, Field(ge=0)] = 0
    letter: HeldAt


class _Letter(_Model):
    letter: HeldAt


class _Severe(_Model):
    above: Share
    letter: HeldAt


class CapLine(_Model):
    id: Name
    check: str
    area: Name
    what: str
    lift: str
    pool: Pool
    few: _Few
    systemic: _Letter
    severe: _Severe | None = None


class _Carried(_Model):
    """How long an answer counts that no newer one replaces, in shelf lives of its check."""

    then: Share  # what it is worth of itself in the second shelf life


class ExceptionLimits(_Model):
    """What exceptions may do (design section 7); days are the longest that one may run."""

    share: Share  # of a category's answered weight that may leave the sum
    critical_days: Days
    other_days: Days
    covered_days: Days
    covered_letter: HeldAt  # what a cap is lifted to where something protects the machine meanwhile
    stated_days: Days
    stated_value: Annotated[float, Field(ge=0, le=0.5)]
    ending_soon_days: Days


class _BrokenAreas(_Model):
    areas: Annotated[int, Field(ge=1)]
    endpoints: Annotated[int, Field(ge=1)]
    letter: HeldAt


class Content(_Model):
    """The whole of a standard file, as it is printed into the audit document."""

    name: Name
    version: str
    title: str
    description: str = ""
    looked_at: str
    not_looked_at: tuple[str, ...] = ()
    values: _Values
    severity_weights: _SeverityWeights
    role_weights: _RoleWeights
    letters: _Bands
    fresh_days: Days = 30
    coverage: _Coverage
    categories: tuple[Category, ...] = Field(min_length=1)
    parts: tuple[Part, ...]
    checks: dict[str, CheckLine]
    promises: tuple[PromiseLine, ...]
    caps: tuple[CapLine, ...]
    unknown_in_capped_check: _Letter
    broken_areas: _BrokenAreas
    joined_grace_days: Annotated[int, Field(ge=0, le=365)] = 14
    carried: _Carried
    came_back_days: Days = 90
    exceptions: ExceptionLimits


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

    def value(self, status: Status) -> float | None:
        """What a status is worth; None leaves the sum."""
        if status is Status.NOT_APPLICABLE:
            return None
        return float(getattr(self.content.values, "pass_" if status is Status.PASS else status.value))

    def letter(self, score: float) -> str:
        """The band of an unrounded score."""
        for letter in LETTERS[:-1]:
            if score >= getattr(self.content.letters, letter):
                return letter
        return LETTERS[-1]

    def checks_for(self, role: Role) -> tuple[str, ...]:
        return tuple(check for check, line in self.content.checks.items() if role in line.roles)

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
    problems = [str(marked.problem(path, said)) for path, said in _contradictions(content, checks)]
    if problems:
        raise StandardError("\n".join(problems))
    raw = _plain(value)
    return Standard(content, raw, edited and not _same_as_shipped(raw), source)


def of_document(entry: Mapping[str, Json], source: str) -> Standard:
    """The standard that an audit was judged by, as its document keeps it. Raises StandardError."""
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


_Path = tuple[str | int, ...]


def _contradictions(content: Content, checks: Mapping[str, Check]) -> Iterable[tuple[_Path, str]]:
    """What the shape alone does not tell: names that must exist, bands in order."""
    bands = content.letters
    if not bands.A > bands.B > bands.C > bands.D > 0:
        yield ("letters",), "expected A > B > C > D > 0"
    limits = content.coverage
    if not limits.capped.below >= limits.provisional.below >= limits.not_graded.below:
        yield ("coverage",), "expected capped.below >= provisional.below >= not_graded.below"
    values = content.values
    if not values.pass_ >= values.warn >= values.fail:
        yield ("values",), "expected pass >= warn >= fail"
    topics = {topic for category in content.categories for topic in category.topics}
    parts = {part.id for part in content.parts}
    for index, category in enumerate(content.categories):
        if category.part not in parts:
            yield ("categories", index, "part"), f"no part {category.part!r}; there are {', '.join(sorted(parts))}"
    yield from _twice("parts", [(part.id,) for part in content.parts])
    yield from _twice("categories", [(category.id,) for category in content.categories])
    yield from _twice("categories", [category.topics for category in content.categories])
    yield from _twice("promises", [(promise.id,) for promise in content.promises])
    yield from _twice("caps", [(cap.id,) for cap in content.caps])
    for check_id, line in content.checks.items():
        yield from _check_problems(check_id, line, checks, topics)
    named = set(content.checks)
    for index, promise in enumerate(content.promises):
        for check_id in promise.checks:
            if check_id not in named:
                yield ("promises", index), f"names {check_id}, which is not among this standard's checks"
    for index, cap in enumerate(content.caps):
        if cap.check not in named:
            yield ("caps", index), f"names {cap.check}, which is not among this standard's checks"


def _twice(key: str, names: Iterable[Iterable[str]]) -> Iterable[tuple[_Path, str]]:
    """A name that an earlier entry of the list has as well: what it stands for would count once only, or twice."""
    seen: set[str] = set()
    for index, entry in enumerate(names):
        for name in entry:
            if name in seen:
                yield (key, index), f"{name} stands here for the second time; each may stand once"
            seen.add(name)


def _check_problems(
    check_id: str, line: CheckLine, checks: Mapping[str, Check], topics: set[str]
) -> Iterable[tuple[_Path, str]]:
    path: _Path = ("checks", check_id)
    found = checks.get(check_id)
    if found is None:
        yield path, "no check of this name is installed; `scorecard checks list` shows what there is"
        return
    if found.topic not in topics:
        yield path, f"topic {found.topic} is in no category"
    for role in line.roles:
        covered = {platform for entry in line.severity if role in entry.roles for platform in entry.platforms}
        if covered != set(Platform):
            yield (*path, "severity"), f"says nothing for role {role} on every platform; end with a line `{{is: …}}`"
    defaults = {parameter.name: parameter for parameter in found.parameters}
    for name, value in line.parameters.items():
        if name not in defaults:
            known = ", ".join(defaults) or "none"
            yield (*path, "parameters", name), f"the check has no such parameter; it has: {known}"
        elif not _fits(value, defaults[name].default):
            yield (*path, "parameters", name), f"expected a value like {defaults[name].default!r} ({defaults[name].unit})"


def _fits(value: Value, default: ParameterValue) -> bool:
    if default is None or value is None:
        return value is None or isinstance(value, str)
    if isinstance(default, bool):
        return isinstance(value, bool)
    if isinstance(default, int | float):
        return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < inf
    return isinstance(value, list if isinstance(default, tuple) else str)
