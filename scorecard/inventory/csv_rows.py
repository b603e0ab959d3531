"""The rows of a CSV list: commas, semicolons or tabs; UTF-8, or UTF-16 with its mark, as spreadsheets write it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Generator, Iterator

from scorecard.inventory.columns import known

MAX_CELL = 100_000  # characters; a quote that is never closed makes one cell of all that follows
_SEPARATORS = ",;\t"
_SAYS = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)  # the first line of some exports
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


class Unreadable(Exception):
    """Reading on makes no sense. `line` counts from 1; 0 means the file as a whole."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def rows(data: bytes) -> Generator[tuple[int, list[str]]]:
    """Each row with the line where it begins; empty ones left out. Raises Unreadable."""
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    if encoding != "utf-16" and (at := data.find(b"\0")) >= 0:
        raise Unreadable(data.count(b"\n", 0, at) + 1, "a zero byte stands here; save it as CSV in UTF-8")
    lines = io.TextIOWrapper(io.BytesIO(data), encoding=encoding, newline="")
    try:
        yield from _parsed(lines)
    except UnicodeDecodeError as error:
        raise Unreadable(_line_of(data, encoding), f"is not {_said(encoding)}; save it as CSV in UTF-8") from error


def _parsed(lines: io.TextIOWrapper) -> Iterator[tuple[int, list[str]]]:
    before, first = _first(lines)
    says = _SAYS.fullmatch(first)
    if says:
        before, first = before + 1, lines.readline()
    separator = says[1] if says else max(_SEPARATORS, key=lambda sign: _fits(first, sign))
    reader = csv.reader(_again(first, lines), delimiter=separator, strict=True)
    begin = before
    while True:
        begin = before + reader.line_num
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise Unreadable(begin + 1, _quotes(str(error))) from error
        if any(row) and not "".join(row).isspace():
            if len(max(row, key=len)) > MAX_CELL:
                raise Unreadable(begin + 1, f"a cell holds more than {MAX_CELL:,} characters")
            yield begin + 1, row


def _first(lines: io.TextIOWrapper) -> tuple[int, str]:
    """How many empty lines there are above, and the first one that is not."""
    count = 0
    for line in lines:
        if line.strip():
            return count, line
        count += 1
    return count, ""


def _again(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _fits(line: str, separator: str) -> tuple[int, int]:
    """How well the head reads with this separator: keys found, then columns."""
    titles = [part.strip(' "\r\n') for part in line.split(separator)]
    return known(titles[:1000]), len(titles)


def _quotes(said: str) -> str:
    """What the parser says, for a person. Its own words are not passed on."""
    if "field larger" in said:
        return f"a cell holds more than {MAX_CELL:,} characters; look for a quote that is never closed"
    if "unexpected end" in said:
        return "a quote is opened here and never closed"
    return "the quotes do not close in front of a separator; inside quotes, write a quote twice"


def _said(encoding: str) -> str:
    return "UTF-16, which its first bytes announce" if encoding == "utf-16" else "UTF-8 from here on"


def _line_of(data: bytes, encoding: str) -> int:
    """Where decoding stops; 0 where lines cannot be counted."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return 0 if encoding == "utf-16" else data.count(b"\n", 0, error.start) + 1
    return 0
