"""Reads a sheet of a workbook in a process of its own: `python excel_process.py SHEET < list.xlsx`.

A workbook of a few kilobytes can ask for any amount of memory and time (packed contents, one cell in the last row and
column), and the reader ends the process where memory runs out. So this process gives itself bounds, and only it falls.

Standard output is JSON, a line each: first the outcome, `{"sheet": "Computers"}` or `{"problem": "..."}`, then each row
that holds anything as `[line, cells]`. A date or time is `{}`. Runs as a plain file: importing the package would take
longer than reading most lists.
"""

from __future__ import annotations

import io
import json
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, time, timedelta

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

_MOST_MEMORY = 1536 * 1024 * 1024
_MOST_CPU_S = 60
_MOST_UNPACKED = 512 * 1024 * 1024
_MOST_TEXT = 128 * 1024 * 1024
_OLD_OR_ENCRYPTED = b"\xd0\xcf\x11\xe0"


class Refused(Exception):
    """`str()` is one line for a person."""


def main(wanted: str) -> None:
    _bound()
    data = sys.stdin.buffer.read()
    out = sys.stdout
    try:
        _look(data)
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            name = _chosen(book, wanted)
            sheet = book.get_sheet_by_name(name)
        out.write(json.dumps({"sheet": name}) + "\n")
        left = _MOST_TEXT
        for line in _lines(sheet):
            left -= len(line)
            if left < 0:
                raise Refused("holds too much text for a list; save the columns that are needed as CSV")
            out.write(line)
    except Refused as refused:
        out.write(json.dumps({"problem": str(refused)}) + "\n")
    except (CalamineError, zipfile.BadZipFile, NotImplementedError, UnicodeError, ValueError):
        out.write(json.dumps({"problem": "is damaged, or no Excel workbook; open it and save it again as .xlsx"}) + "\n")


def _bound() -> None:
    """Where the system can: not on Windows, where the time that the other side waits is the only bound."""
    if sys.platform != "win32":
        import resource

        for kind, most in ((resource.RLIMIT_AS, _MOST_MEMORY), (resource.RLIMIT_CPU, _MOST_CPU_S)):
            _, hard = resource.getrlimit(kind)
            least = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(kind, (least, least))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _look(data: bytes) -> None:
    """Whether it is a workbook at all, and of a size that it says itself. Raises Refused."""
    if data.startswith(_OLD_OR_ENCRYPTED):
        raise Refused("is encrypted, or of the old kind (.xls); save it as .xlsx without a password")
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        entries = packed.infolist()
    if "xl/workbook.xml" not in {entry.filename for entry in entries}:
        raise Refused("is not an Excel workbook (.xlsx)")
    if sum(entry.file_size for entry in entries) > _MOST_UNPACKED:
        raise Refused(f"holds more than {_MOST_UNPACKED // (1024 * 1024)} MiB once it is unpacked; save the list as CSV")


def _chosen(book: CalamineWorkbook, wanted: str) -> str:
    """The sheet that is asked for, else the only one that can be seen. Raises Refused."""
    sheets = [sheet for sheet in book.sheets_metadata if sheet.typ is SheetTypeEnum.WorkSheet]
    seen = [sheet.name for sheet in sheets if sheet.visible is SheetVisibleEnum.Visible]
    some = ", ".join(f"'{name[:40]}'" for name in seen[:5]) + (" and others" if len(seen) > 5 else "")
    if wanted:
        found = [sheet.name for sheet in sheets if sheet.name.casefold() == wanted.casefold()]
        if not found:
            raise Refused(f"has no sheet of that name; there are: {some}")
        return found[0]
    if len(seen) != 1:
        raise Refused(
            f"holds several sheets ({some}); name one behind a #, such as list.xlsx#Computers" if seen else "holds no sheet"
        )
    return seen[0]


def _lines(sheet: CalamineSheet) -> Iterator[str]:
    for number, row in enumerate(sheet.iter_rows(), 1):  # rows above the first filled one come too, columns do not
        if any(cell != "" and not (isinstance(cell, str) and cell.isspace()) for cell in row):
            yield json.dumps([number, [{} if isinstance(cell, date | time | timedelta) else cell for cell in row]]) + "\n"


if __name__ == "__main__":
    main(sys.argv[1])
