"""Lists of machines as other tools write them: CSV, and sheets of Excel workbooks. A row is an endpoint, a column a key.

`read` never raises: what is wrong with a list stands in it, and what is wrong with a cell is told once the row has its
place in an inventory (`joining.py`).
"""

from __future__ import annotations

import stat
from array import array
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TypeAlias

from scorecard.inventory import csv_rows, excel_rows
from scorecard.inventory.cells import BadCell, Cell, reader, secret, text
from scorecard.inventory.columns import BadHead, Head, head
from scorecard.inventory.csv_rows import Unreadable
from scorecard.marked_yaml import Problem, printable
from scorecard.yaml_values import Value

CSV_ENDINGS = (".csv", ".tsv")
EXCEL_ENDING = ".xlsx"
ENDINGS = (*CSV_ENDINGS, EXCEL_ENDING)
MAX_BYTES = 64 * 1024 * 1024


@dataclass(slots=True)
class Rows:
    """The endpoints of one client, in the list's order. `notes`: number of the row, key or none, and what is wrong."""

    client: str  # as the list names it first; empty where no column does
    values: list[Value] = field(default_factory=list)
    lines: array[int] = field(default_factory=lambda: array("I"))
    notes: list[tuple[int, str | None, str]] = field(default_factory=list)


@dataclass(slots=True)
class MachineList:
    """`clients` by their names in small letters; one with the name "" where the list has no such column."""

    file: str
    clients: dict[str, Rows] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    titles: dict[str, str] = field(default_factory=dict)  # of columns that say their key in another word


def is_list(path: Path) -> bool:
    return split(path)[0].suffix.lower() in ENDINGS


def split(path: Path) -> tuple[Path, str]:
    """A workbook and the sheet that is named behind a `#`: list.xlsx#Computers."""
    name, mark, sheet = path.name.rpartition("#")
    if not mark or not name.lower().endswith(EXCEL_ENDING) or _exists(path):
        return path, ""
    return path.with_name(name), sheet


def read(path: Path) -> MachineList:
    found = MachineList(printable(str(path), 4096))
    file, sheet = split(path)
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            raise Unreadable(0, "cannot be read: this is not a file")
        with file.open("rb") as opened, closing(_rows(opened, file, sheet)) as rows:
            _fill(found, rows)
    except Unreadable as error:
        _fail(found, error.line, str(error))
    except OSError as error:
        _fail(found, 0, f"cannot be read: {error.strerror or type(error).__name__}")
    except ValueError:  # a NUL in the name
        _fail(found, 0, "cannot be read: this is not a file name")
    return found


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _fail(found: MachineList, line: int, message: str) -> None:
    """The list is no use at all: rows of half a file would look like all the machines there are."""
    found.clients.clear()
    found.problems.append(Problem(found.file, line, "", message))


def _rows(opened: IO[bytes], file: Path, sheet: str) -> Generator[tuple[int, Sequence[Cell]]]:
    size = opened.seek(0, 2)
    opened.seek(0)
    if size > MAX_BYTES:
        raise Unreadable(0, f"is larger than {MAX_BYTES // (1024 * 1024)} MiB; split it into several lists")
    return excel_rows.rows(opened, sheet) if file.suffix.lower() == EXCEL_ENDING else csv_rows.rows(opened.read())


def _fill(found: MachineList, rows: Iterator[tuple[int, Sequence[Cell]]]) -> None:
    line, titles = next(rows, (0, ()))
    if not titles:
        raise Unreadable(0, "is empty; expected a row with the names of the columns, and a row for each machine")
    try:
        columns = head([title if isinstance(title, str) else "" for title in titles])
    except BadHead as error:
        raise Unreadable(line, str(error)) from error
    if unused := columns.unused():
        found.warnings.append(Problem(found.file, line, "", f"columns that are not used: {unused}"))
    found.titles = {key: printable(columns.called(key), 40) for key in columns.keys if key and columns.called(key)}
    filler = _Filler(found, columns)
    for number, row in rows:
        filler.add(number, row)
    if not found.clients and not found.problems:
        raise Unreadable(line, "there is no machine below the names of the columns")


# Its number, key, what reads its cells, and the values of those read before: equal cells share one, but for keys where few
# are equal.
_Column: TypeAlias = "tuple[int, str, Callable[[Cell], Value], dict[str, Value] | None]"


class _Filler:
    """Puts rows where they belong."""

    def __init__(self, found: MachineList, columns: Head) -> None:
        self._found = found
        self._head = columns
        self._width = len(columns.titles)
        self._client = columns.keys.index("client") if "client" in columns.keys else None
        self._told: set[int] = set()  # columns whose secrets have been told
        self._columns: list[_Column] = [
            (number, key, reader(key), None if key in ("name", "address") else {})
            for number, key in enumerate(columns.keys)
            if key is not None and key != "client"
        ]

    def add(self, line: int, row: Sequence[Cell]) -> None:
        if self._head.secrets:
            self._look_for_secrets(line, row)
        rows = self._rows_of(line, row)
        if rows is None:
            return
        number = len(rows.values)
        if len(row) > self._width and any(cell not in ("", None) for cell in row[self._width :]):
            said = f"expected at most {self._width} cells, as in the first row, found {len(row)}; put quotes around a cell "
            rows.notes.append((number, None, said + "that holds a separator"))
        values: dict[str, Value] = {}
        for column, key, read_cell, known in self._columns:
            cell = row[column] if column < len(row) else ""
            if cell == "" or cell is None:
                continue
            try:
                value = _value(cell, read_cell, known)
            except BadCell as error:
                rows.notes.append((number, key, str(error)))
                continue
            if value not in ("", []):
                values[key] = value
        rows.values.append(values)
        rows.lines.append(line)

    def _rows_of(self, line: int, row: Sequence[Cell]) -> Rows | None:
        """Those of the client that the row names; None, and a problem, where it names none."""
        name = ""
        if self._client is not None:
            try:
                name = _client(row, self._client)
            except BadCell as error:
                self._found.problems.append(Problem(self._found.file, line, "client", str(error)))
                return None
        key = name.casefold()
        rows = self._found.clients.get(key)
        if rows is None:
            rows = self._found.clients[key] = Rows(name)
        return rows

    def _look_for_secrets(self, line: int, row: Sequence[Cell]) -> None:
        for column in self._head.secrets - self._told:
            if column < len(row) and row[column] is not None and str(row[column]).strip():
                self._told.add(column)
                said = secret(self._head.titles[column])
                self._found.problems.append(Problem(self._found.file, line, "", said))


def _client(row: Sequence[Cell], column: int) -> str:
    """Raises BadCell."""
    cell = row[column] if column < len(row) else ""
    if name := text(cell):
        return name
    raise BadCell("is missing. Expected: the client whose machine this is")


def _value(cell: Cell, read_cell: Callable[[Cell], Value], known: dict[str, Value] | None) -> Value:
    if known is None or not isinstance(cell, str):
        return read_cell(cell)
    value = known.get(cell)
    if value is None:
        value = known[cell] = read_cell(cell)
    return value
