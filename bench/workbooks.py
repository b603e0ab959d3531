"""Workbooks of made-up fleets, each in a process of its own: `python -m bench.workbooks COUNT FILE` prints its cost."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from bench.figures import Figure
from bench.pages import furnished
from bench.process import Numbers, cpu_ms, numbers_of, peak_mib
from scorecard.registry import report
from tests.unit.plan_fleet import made_up

CHECKS = 40
_AIMED_AT, _MOST_S, _MOST_MIB = 10_000, 60, 300


def measure(folder: Path, counts: Iterable[int]) -> Iterator[Figure]:
    for count in counts:
        file = folder / f"workbook-{count}.xlsx"
        cost = numbers_of("bench.workbooks", count, file)
        size = f"{file.stat().st_size / 1000:,.0f} kB"
        yield Figure(f"workbook of {count:,} endpoints, {CHECKS} checks each: size", size)
        aim = f"at most {_MOST_S} s, {_MOST_MIB} MiB" if count == _AIMED_AT else ""
        spent = f"{cost['build_s']:.1f} s, {cost['more_mib']:.0f} MiB"
        yield Figure("the same: built and written, memory beside the audit's own", spent, aim)
        yield Figure("of this: the view, which page, workbook, list and PDF of an edition share", f"{cost['view_s']:.1f} s")


def _cost(count: int, file: Path) -> Numbers:
    audit, context = furnished(made_up(count, CHECKS))
    chosen = report("xlsx")
    had_mib, before_ms = peak_mib(), cpu_ms()
    view = chosen.prepare(audit, context)
    view_ms = cpu_ms() - before_ms
    chosen.write(view, file)
    return {"build_s": (cpu_ms() - before_ms) / 1000, "view_s": view_ms / 1000, "more_mib": peak_mib() - had_mib}


if __name__ == "__main__":
    print(json.dumps(_cost(int(sys.argv[1]), Path(sys.argv[2]))))
