"""The shape of a standard file: what a standard can say, and within which bounds."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr

from scorecard.model import Platform, Role, Severity

# Caps alone never give F.
HeldAt = Literal["B", "C", "D"]
Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(gt=0, le=1000)]
Points = Annotated[float, Field(ge=0, le=100)]
Days = Annotated[int, Field(ge=1, le=3650)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,63}$")]
Said = Annotated[str, Field(min_length=1)]
Roles = Annotated[tuple[Role, ...], Field(min_length=1)]
Platforms = Annotated[tuple[Platform, ...], Field(min_length=1)]
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
    title: Said
    part: Name
    weight: Weight
    topics: Annotated[tuple[Name, ...], Field(min_length=1)]


class Part(_Model):
    id: Name
    title: Said


class _SeverityLine(_Model):
    roles: Roles = tuple(Role)
    platforms: Platforms = tuple(Platform)
    is_: Severity = Field(alias="is")


class CheckLine(_Model):
    severity: tuple[_SeverityLine, ...] = Field(min_length=1)
    shelf_life_days: Days = 45
    parameters: dict[Name | str, Value] = {}
    roles: Roles = tuple(Role)
    counts_from: date | None = None
    asked_with: str | None = None  # a parameter; where it has no value nobody is asked, seen or not


class PromiseLine(_Model):
    id: Name
    title: Said
    part: Name
    checks: tuple[str, ...] = Field(min_length=1)


class Pool(_Model):
    name: Said
    roles: Roles
    platforms: Platforms = tuple(Platform)


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
    what: Said
    lift: Said
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
    title: Said
    description: str = ""
    looked_at: Said
    not_looked_at: tuple[Said, ...] = ()
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
