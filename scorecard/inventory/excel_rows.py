"""The rows of a sheet of an Excel workbook, read by `excel_process.py` beside this process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from datetime import date
from pathlib import Path
from typing import IO, Any

from scorecard.inventory.cells import Cell
from scorecard.inventory.csv_rows import MAX_CELL, Unreadable
from scorecard.marked_yaml import printable

_LIMIT_S = 90
# To start Python at all. The rest of the environment may hold secrets, and a process that reads foreign files needs none.
_NEEDED = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_PROCESS = Path(__file__).with_name("excel_process.py")


def rows(file: IO[bytes], sheet: str) -> Generator[tuple[int, list[Cell]]]:
    """Each row that holds anything, with its number. `sheet` may be empty where there is but one. Raises Unreadable."""
    command = [sys.executable, "-I", str(_PROCESS), sheet]
    environment = {name: os.environ[name] for name in _NEEDED if name in os.environ}
    with subprocess.Popen(
        command, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    ) as process:
        timer = threading.Timer(_LIMIT_S, process.kill)
        timer.start()
        try:
            answers = _answers(process.stdout)
            first: dict[str, str] = next(answers, {})
            yield from map(_row, answers)
            process.wait()
        finally:
            timer.cancel()
            process.kill()  # nobody reads on; without effect on one that has ended
    if "problem" in first:
        raise Unreadable(0, printable(first["problem"], 400))
    if process.returncode:
        raise Unreadable(0, "needs too much memory or time to read; save the list as CSV")


def _answers(out: IO[bytes] | None) -> Iterator[Any]:
    for line in out or ():
        if line.endswith(b"\n"):  # else it ended in the middle of it, and its code says so
            yield json.loads(line)


def _row(read: Any) -> tuple[int, list[Cell]]:
    """Raises Unreadable where reading was refused half way."""
    if isinstance(read, dict):
        raise Unreadable(0, str(read["problem"]))
    number, cells = read
    if any(isinstance(cell, str) and len(cell) > MAX_CELL for cell in cells):
        raise Unreadable(number, f"a cell holds more than {MAX_CELL:,} characters")
    return number, [date.min if isinstance(cell, dict) else cell for cell in cells]
