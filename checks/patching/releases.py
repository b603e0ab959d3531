"""The table of macOS releases: the newest one of each major line that was read in a named source (macos.md 3.1, 4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from pydantic import Field

from scorecard.data import DataFile, Row, repeats

from .mac_version import major_line, numbers


class Release(Row):
    """`line` "26" speaks for every 26.x; `released` is the day of that version."""

    line: str = Field(pattern=r"^[0-9]+(\.[0-9]+)?$")
    version: str = Field(pattern=r"^[0-9]+(\.[0-9]+){0,3}$")
    released: date


def check_rows(rows: Sequence[Release]) -> Iterable[tuple[int, str, str]]:
    """What a row says against itself or another."""
    for index, before in repeats(rows, lambda row: row.line):
        yield index, "line", f"this line stands in row {before} already"
    for index, row in enumerate(rows):
        if major_line(row.version) != row.line:
            yield index, "version", f"version {row.version} is not of line {row.line}"
        if row.released > row.as_of:
            yield index, "released", "lies after the row's as-of date"


FILE: DataFile[Release] = DataFile(
    name="patching.releases",
    title="Newest release of each macOS",
    path=Path(__file__).with_name("releases.yaml"),
    row=Release,
    check=check_rows,
)


def newer_release(running: str) -> Release | None:
    """The newest known release of the running line, if it is newer than the running one. Raises DataError."""
    mine = (row for row in FILE.load().rows if row.line == major_line(running))
    return next((row for row in mine if numbers(row.version) > numbers(running)), None)
