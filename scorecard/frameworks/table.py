"""Framework tables: published ids with the checks that support them. YAML data, validated with file, line and key.

A row says in our own words what its id asks for, which checks speak for it, and what no probe can see of it. A check
supports an id, it never proves that the id is met. Each row carries the document in which its id was read and the day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, Strict, StrictFloat, StrictStr, ValidationError

from scorecard import marked_yaml
from scorecard.errors import DataError
from scorecard.model import Role
from scorecard.topic import Check

MAX_BYTES = 1024 * 1024

Text = Annotated[StrictStr, Field(min_length=1, max_length=600)]
Id = Annotated[StrictStr, Field(min_length=1, max_length=40)]
Day = Annotated[date, Strict()]
Limit = Annotated[StrictFloat, Field(ge=0, le=3650)]
_Path = tuple[str | int, ...]


class Kind(StrEnum):
    CONTROLS = "controls"  # what a framework asks for
    QUESTIONS = "questions"  # what an insurer asks, to be answered with yes or no


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Row(_Model):
    """One id. Without checks it is not measured by this tool, and is listed so that nobody takes it for covered."""

    id: Id
    title: Text
    group: Annotated[StrictStr, Field(max_length=20)] = ""  # such as IG1
    checks: tuple[StrictStr, ...] = ()
    roles: Annotated[tuple[Role, ...], Field(min_length=1)] = tuple(Role)
    # By check and parameter: the highest value that still speaks for this id; a pass under a looser one does not.
    at_most: dict[str, dict[str, Limit]] = {}
    not_seen: Text
    source: Text
    as_of: Day


class Framework(_Model):
    """A whole file. `note` says in plain words what the table is and is not."""

    name: Annotated[StrictStr, Field(pattern=r"^[a-z][a-z0-9-]{0,63}$")]
    title: Text
    version: Text
    kind: Kind
    note: Text
    rows: Annotated[tuple[Row, ...], Field(min_length=1)]


def shipped() -> tuple[str, ...]:
    """Names of the frameworks that come with the tool."""
    names = (entry.name for entry in files(__package__).iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml")))


def load(name_or_path: str, checks: Mapping[str, Check]) -> Framework:
    """A shipped framework by its name, or a file by its path. Raises DataError with every problem, a line each."""
    if name_or_path in shipped():
        return parse(files(__package__).joinpath(f"{name_or_path}.yaml").read_bytes(), f"{name_or_path}.yaml", checks)
    path = Path(name_or_path)
    if not path.is_file():
        raise DataError(f"{name_or_path}: no such framework; expected {', '.join(shipped())} or the path of a file")
    return _checked(marked_yaml.read(path, max_bytes=MAX_BYTES), checks)


def parse(data: bytes | str, source: str, checks: Mapping[str, Check]) -> Framework:
    """The framework in a file called `source`. Raises DataError with every problem, a line each."""
    return _checked(marked_yaml.parse(data, source, max_bytes=MAX_BYTES), checks)


def _checked(document: marked_yaml.Document, checks: Mapping[str, Check]) -> Framework:
    value = document.require(DataError)
    try:
        found = Framework.model_validate(value)
    except ValidationError as error:
        problems = [document.problem(item["loc"], _said(item)) for item in error.errors()]
    else:
        problems = [document.problem(path, said) for path, said in _contradictions(found, checks)]
        if not problems:
            return found
    raise DataError("\n".join(str(problem) for problem in sorted(set(problems))))


_SAID = {
    "string_type": "expected text; put the value in quotes",
    "date_type": "expected a date such as 2026-11-22",
    "missing": "is missing",
    "extra_forbidden": "no such key here",
    "string_too_short": "is empty",
    "too_short": "is empty",
    "model_type": "expected keys and values",
    "dict_type": "expected keys and values",
    "tuple_type": "expected a list",
}


def _said(item: Any) -> str:
    """One line for a person; our own words where pydantic speaks to programmers."""
    message = str(item["msg"])
    return _SAID.get(item["type"]) or message[:1].lower() + message[1:]


def _contradictions(framework: Framework, checks: Mapping[str, Check]) -> Iterable[tuple[_Path, str]]:
    """What the shape alone does not tell: names that must exist, and names that may stand once."""
    ids: dict[str, int] = {}
    for index, row in enumerate(framework.rows):
        first = ids.setdefault(row.id, index)
        if first != index:
            yield ("rows", index, "id"), f"{row.id} is the id of row {first + 1} as well; each may stand once"
        for number, name in enumerate(row.checks):
            if name not in checks:
                said = f"no check {name} is installed; `scorecard checks list` shows what there is"
                yield ("rows", index, "checks", number), said
            elif name in row.checks[:number]:
                yield ("rows", index, "checks", number), f"{name} stands here for the second time"
        for name, limits in row.at_most.items():
            yield from _limits(("rows", index, "at_most", name), name, limits, row, checks)


def _limits(
    path: _Path, name: str, limits: Mapping[str, float], row: Row, checks: Mapping[str, Check]
) -> Iterable[tuple[_Path, str]]:
    if name not in row.checks:
        yield path, f"{name} is not among this row's checks"
        return
    defaults = checks[name].defaults() if name in checks else {}
    for parameter in limits:
        value = defaults.get(parameter)
        if name in checks and (isinstance(value, bool) or not isinstance(value, int | float)):
            yield (*path, parameter), "the check has no such number among its parameters"
