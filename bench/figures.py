"""What was measured, as a table: one line a figure, with its aim where there is one."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median

from bench.process import Cost

_PLACE = re.compile(r"(<!-- figures: begin -->\n).*?(<!-- figures: end -->)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Figure:
    """`aim` is empty where nothing was promised."""

    what: str
    measured: str
    aim: str = ""


def middle(values: Sequence[float], form: str, unit: str) -> str:
    """The median and, of several runs, the range: "7.9 ms (7.6 to 8.4)"."""
    shown = f"{median(values):{form}} {unit}"
    return shown if len(values) == 1 else f"{shown} ({min(values):{form}} to {max(values):{form}})"


def cpu(costs: Sequence[Cost], count: int) -> str:
    """The client's CPU for each of `count` endpoints."""
    return middle([cost.run_cpu_ms / count for cost in costs], ".1f", "ms")


def machine() -> str:
    """The machine and the versions that the figures depend on, in one line."""
    try:
        cpu = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        cpu = None
    said = subprocess.run(["ssh", "-V"], capture_output=True, text=True, check=True).stderr
    parts = [
        f"{len(os.sched_getaffinity(0))} cores" + (f" ({cpu[1]})" if cpu else ""),
        f"Python {platform.python_version()}",
        said.partition(",")[0].split()[0].replace("_", " "),
        *(f"{name} {version(name)}" for name in ("paramiko", "pywinrm", "pypsrp", "cryptography", "SQLAlchemy")),
    ]
    return ", ".join(parts)


def table(figures: Sequence[Figure]) -> str:
    """A Markdown table that can be read in a terminal as well."""
    return columns([("Figure", "Measured", "Aim"), *((line.what, line.measured, line.aim) for line in figures)])


def columns(rows: Sequence[Sequence[str]]) -> str:
    """The same of any rows, the first of which is the head."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines) + "\n"


def renew(page: Path, text: str) -> None:
    """Put `text` in the place that the page marks for it. Raises ValueError where there is none."""
    old = page.read_text(encoding="utf-8")
    new, found = _PLACE.subn(lambda match: f"{match[1]}{text}{match[2]}", old)
    if found != 1:
        raise ValueError(f"{page}: expected one place between figures: begin and figures: end")
    page.write_text(new, encoding="utf-8")
