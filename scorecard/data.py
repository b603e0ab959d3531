"""Data files that ship with check modules (support dates, builds, products) and their newer versions.

A data file is YAML: a schema line and rows, each with its source and as-of date (design section 4)::

    schema: scorecard/data/os-support.support/1
    rows:
      - {product: debian, version: "12", ..., source: "endoflife.date", as_of: 2026-08-22}

A topic declares its files (`Topic.from_folder(..., data_files=(FILE,))`) and asks `FILE.load()` for the rows. Of the file
that ships and the one that `scorecard data update` put into the user's data folder, the newer one counts; one that was
put there with `--force` counts always. What is wrong with a file is a DataError that names file, line and key.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scorecard import marked_yaml
from scorecard.errors import DataError, ReportError
from scorecard.folders import data_folder, write_whole

if TYPE_CHECKING:
    from scorecard.topic import Topic

MAX_BYTES = 20 * 1024 * 1024
MAX_PROBLEMS = 20
_SCHEMA = re.compile(r"scorecard/data/(?P<name>[a-z0-9.-]{1,80})/(?P<version>[0-9]{1,3})")


class Row(BaseModel):
    """What every row carries. Text that looks like a number must be quoted: 24.10 without quotes is 24.1."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    source: str = Field(min_length=1)
    as_of: date


R = TypeVar("R", bound=Row)

# What the rows say against each other: (index of the row, key, message).
RowsCheck = Callable[[Sequence[Any]], Iterable[tuple[int, str, str]]]


class Origin(StrEnum):
    SHIPPED = "shipped"
    UPDATED = "updated"
    FORCED = "forced"


@dataclass(frozen=True)
class Table(Generic[R]):
    """A data file as it was read. There is at least one row."""

    name: str
    rows: tuple[R, ...]
    path: Path
    origin: Origin
    sha256: str

    @cached_property
    def newest(self) -> date:
        return max(row.as_of for row in self.rows)

    @cached_property
    def oldest(self) -> date:
        return min(row.as_of for row in self.rows)

    @cached_property
    def sources(self) -> tuple[str, ...]:
        return tuple(sorted({row.source for row in self.rows}))


def repeats(rows: Iterable[R], key: Callable[[R], Hashable]) -> Iterator[tuple[int, int]]:
    """Rows whose key an earlier row has: index of the row, number of the first with that key (from 1)."""
    first: dict[Hashable, int] = {}
    for index, row in enumerate(rows):
        before = first.setdefault(key(row), index)
        if before != index:
            yield index, before + 1


@dataclass(frozen=True)
class DataFile(Generic[R]):
    """One data file of a topic. `name` is `topic.noun`; `row` says what a row holds; `path` is the one that ships."""

    name: str
    title: str
    path: Path
    row: type[R]
    version: int = 1
    check: RowsCheck | None = None

    @property
    def schema(self) -> str:
        return f"scorecard/data/{self.name}/{self.version}"

    @property
    def updated_path(self) -> Path:
        return data_folder() / "data" / f"{self.name}.yaml"

    @property
    def forced_path(self) -> Path:
        return data_folder() / "data" / f"{self.name}.forced.yaml"

    def load(self) -> Table[R]:
        """The table that counts now. Read again only when the file has changed. Raises DataError."""
        if (forced := self._read(self.forced_path, Origin.FORCED)) is not None:
            return forced
        shipped = self.shipped()
        updated = self._read(self.updated_path, Origin.UPDATED)
        return updated if updated is not None and updated.newest >= shipped.newest else shipped

    def shipped(self) -> Table[R]:
        """The table that comes with the tool. Raises DataError."""
        table = self._read(self.path, Origin.SHIPPED)
        if table is None:
            raise DataError(f"{self.path}: the file is missing; install the tool again")
        return table

    def parse(self, data: bytes, source: str) -> tuple[R, ...]:
        """The rows of a file called `source`. Raises DataError with its problems, one a line."""
        document = marked_yaml.parse(data, source, max_bytes=MAX_BYTES)
        value = document.require(DataError)
        problems = list(_header_problems(document, value, self.schema))
        rows: list[R] = []
        listed = value.get("rows") if isinstance(value, dict) else None
        for index, item in enumerate(listed if isinstance(listed, list) else []):
            try:
                rows.append(self.row.model_validate(item))
            except ValidationError as error:
                problems += [document.problem(("rows", index, *_path(item["loc"])), _say(item)) for item in error.errors()]
        if not problems and self.check is not None:
            found = sorted(self.check(rows), key=lambda problem: problem[0])
            problems += [document.problem(("rows", index, key), said) for index, key, said in found]
        if problems:
            raise DataError(_joined(problems))
        return tuple(rows)

    def _read(self, path: Path, origin: Origin) -> Table[R] | None:
        try:
            stat = path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise DataError(f"{path}: cannot be read: {error.strerror}") from error
        return cast("Table[R]", _table(self, _Version(path, stat.st_mtime_ns, stat.st_size), origin))


@dataclass(frozen=True, slots=True)
class _Version:
    """A file as it is now: when it changes, this changes, and it is read again."""

    path: Path
    changed_ns: int
    size_bytes: int


@lru_cache(maxsize=64)
def _table(file: DataFile[Any], version: _Version, origin: Origin) -> Table[Any]:
    path = version.path
    data = _bytes(path)
    return Table(file.name, file.parse(data, str(path)), path, origin, hashlib.sha256(data).hexdigest())


def files(topics: Iterable[Topic]) -> tuple[DataFile[Any], ...]:
    """Every data file that these topics declare, in order of name."""
    return tuple(sorted((file for topic in topics for file in topic.data_files), key=lambda file: file.name))


def describe(declared: Iterable[DataFile[Any]]) -> list[Mapping[str, str]]:
    """What the audit document keeps of the files in use. Raises DataError, so ask before any endpoint is contacted."""
    return [_description(file.load()) for file in declared]


def _description(table: Table[Any]) -> Mapping[str, str]:
    return {
        "name": table.name,
        "source": "; ".join(table.sources),
        "as_of": table.newest.isoformat(),
        "oldest_as_of": table.oldest.isoformat(),
        "origin": table.origin.value,
        "sha256": table.sha256,
    }


def install(source: Path, declared: Iterable[DataFile[Any]], *, today: date, force: bool = False) -> Table[Any]:
    """Check a newer data file and put it into the user's data folder.

    Raises DataError where it is not a data file of these, has a fault, claims a date after `today`, or is older than
    the one in use and `force` is not set. Nothing is changed then.
    """
    data = _bytes(source)
    file = _meant(data, str(source), tuple(declared))
    rows = file.parse(data, str(source))
    newest = max(row.as_of for row in rows)
    if newest > today:
        raise DataError(f"{source}: as_of: {newest} lies in the future")
    current = _current(file)
    if not force and newest < current.newest:
        in_use = f"the {current.origin} file in use ({current.newest})"
        raise DataError(f"{source}: is older ({newest}) than {in_use}; --force uses it all the same")
    target = file.forced_path if force else file.updated_path
    _write(target, data)
    if not force:
        file.forced_path.unlink(missing_ok=True)
    return file.load()


def _current(file: DataFile[Any]) -> Table[Any]:
    """The table in use; the one that ships where an earlier update no longer reads, so that a good file can cure that."""
    try:
        return file.load()
    except DataError:
        return file.shipped()


def _meant(data: bytes, source: str, declared: Sequence[DataFile[Any]]) -> DataFile[Any]:
    """Which data file this is, by its schema line."""
    document = marked_yaml.parse(data, source, max_bytes=MAX_BYTES)
    value = document.require(DataError)
    schema = value.get("schema") if isinstance(value, dict) else None
    for file in declared:
        if schema == file.schema:
            return file
    expected = ", ".join(sorted(file.schema for file in declared)) or "nothing: no check module here has a data file"
    found = _SCHEMA.fullmatch(schema) if isinstance(schema, str) else None
    known = found is not None and any(file.name == found["name"] for file in declared)
    said = "this version of the format is not read here" if known else "not a data file that is used here"
    raise DataError(str(document.problem(("schema",), f"{said}; expected {expected}")))


def _header_problems(document: marked_yaml.Document, value: object, schema: str) -> Iterable[marked_yaml.Problem]:
    if not isinstance(value, dict):
        yield document.problem((), f"expected the keys schema and rows; schema is {schema}")
        return
    if value.get("schema") != schema:
        yield document.problem(("schema",), f"expected {schema}")
    if not isinstance(value.get("rows"), list) or not value["rows"]:
        yield document.problem(("rows",), "expected a list of rows, at least one")
    for key in value:
        if key not in ("schema", "rows"):
            yield document.problem((key,), "no such key; expected schema and rows")


_SAID = {
    "string_type": "expected text; put the value in quotes",
    "date_type": "expected a date such as 2026-08-22",
    "missing": "is missing",
    "extra_forbidden": "no such key here",
    "string_too_short": "is empty",
}


def _say(item: Any) -> str:
    """One line for a person; our own words where pydantic speaks to programmers."""
    return _SAID.get(item["type"]) or str(item["msg"]).removeprefix("Value error, ").lower()


def _path(location: Sequence[str | int]) -> Iterable[str | int]:
    """pydantic's place of a fault, without the names that it gives to its own functions and union members."""
    return (step for step in location if isinstance(step, int) or re.fullmatch(r"[a-z_]+", step))


def _joined(problems: Sequence[marked_yaml.Problem]) -> str:
    lines = [str(problem) for problem in sorted(problems)[:MAX_PROBLEMS]]
    more = len(problems) - len(lines)
    return "\n".join([*lines, *([f"... and {more} more"] if more else [])])


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error


def _write(target: Path, data: bytes) -> None:
    """Whole or not at all."""
    try:
        write_whole(target, lambda path: _fill(path, data))
    except ReportError as error:
        raise DataError(str(error)) from error


def _fill(path: Path, data: bytes) -> None:
    path.write_bytes(data)
