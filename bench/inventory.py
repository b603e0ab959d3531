"""Reading large inventories, each in a process of its own: `python -m bench.inventory FILE` prints what it cost as JSON."""

from __future__ import annotations

import csv
import json
import resource
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from bench.figures import Figure
from bench.process import Numbers, cpu_ms, numbers_of, peak_mib
from scorecard.errors import InventoryError
from scorecard.inventory import load

_MOST_S = {("yaml", 10_000): 1, ("csv", 100_000): 5}
_KINDS = {"yaml": "YAML", "csv": "CSV", "xlsx": "Excel"}
_FIRST_LINE = {"yaml": 4, "csv": 2, "xlsx": 2}  # of the first endpoint
_HEAD = "client: Bench\nsites: {l: {proxy_jump: gate.example.com}}\nendpoints:\n"


def measure(folder: Path, counts: Iterable[int]) -> list[Figure]:
    """Good files of so many endpoints, and one of the first size with a mistake in every tenth line, of each kind."""
    found: list[Figure] = []
    for kind in _KINDS:
        for number, count in enumerate(counts):
            found += _good(folder, kind, count)
            if number == 0:
                found.append(_with_mistakes(folder, kind, count))
    return found


def _good(folder: Path, kind: str, count: int) -> Iterator[Figure]:
    numbers = _measured(folder, kind, count, mistakes=False)
    if numbers["endpoints"] != count:
        raise RuntimeError(f"of {count} endpoints {numbers['endpoints']:.0f} were read")
    yield Figure(f"{_named(kind, count)}: read and checked", f"{numbers['cpu_s']:.2f} s", _aim(kind, count))
    memory = f"{numbers['peak_mib']:.0f} MiB"
    if numbers["reader_peak_mib"]:
        memory += f", and {numbers['reader_peak_mib']:.0f} MiB for the process that reads the sheet"
    yield Figure("the same: memory, peak", memory, "at most 300 MiB")


def _with_mistakes(folder: Path, kind: str, count: int) -> Figure:
    numbers = _measured(folder, kind, count, mistakes=True)
    if numbers["problems"] != -(-count // 10):
        raise RuntimeError(f"{numbers['problems']:.0f} mistakes were found, not one in ten of {count}")
    what = f"{_named(kind, count)}: a mistake in every tenth line, told by line"
    return Figure(what, f"{numbers['cpu_s']:.2f} s", _aim(kind, count))


def _named(kind: str, count: int) -> str:
    return f"an inventory of {count:,} endpoints, {_KINDS[kind]}"


def _aim(kind: str, count: int) -> str:
    return f"at most {_MOST_S[kind, count]} s" if (kind, count) in _MOST_S else ""


def _measured(folder: Path, kind: str, count: int, *, mistakes: bool) -> Numbers:
    file = folder / f"inventory-{count}.{kind}"
    {"yaml": _write_yaml, "csv": _write_csv, "xlsx": _write_excel}[kind](file, _rows(count, mistakes=mistakes))
    return numbers_of("bench.inventory", file)


def _rows(count: int, *, mistakes: bool) -> Iterator[tuple[str, str, str | int]]:
    """Name, address and port."""
    for number in range(count):
        yield f"pc{number:06}", f"pc{number:06}.example.com", "no" if mistakes and number % 10 == 0 else 2200


def _write_yaml(file: Path, rows: Iterable[tuple[str, str, str | int]]) -> None:
    with file.open("w", encoding="utf-8") as out:
        out.write(_HEAD)
        for name, address, port in rows:
            out.write(f"- {{name: {name}, address: {address}, port: {port}, site: l, tags: [a, b]}}\n")


def _write_csv(file: Path, rows: Iterable[tuple[str, str, str | int]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["name", "address", "port", "site", "tags"])
        writer.writerows([*row, "l", "a, b"] for row in rows)


def _write_excel(file: Path, rows: Iterable[tuple[str, str, str | int]]) -> None:
    from openpyxl import Workbook  # not in the process that is measured

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Computers")
    sheet.append(["name", "address", "port", "site", "tags"])
    for row in rows:
        sheet.append([*row, "l", "a, b"])
    book.save(file)


def _cost(file: Path) -> Numbers:
    """CPU is that of this process and of those that it started, which for a workbook is the one that reads the sheet."""
    before, started = cpu_ms(), time.monotonic()
    endpoints = problems = 0
    first = _FIRST_LINE[file.suffix[1:]]
    try:
        endpoints = sum(len(client.endpoints) for client in load([file]).clients)
    except InventoryError as error:
        problems = sum(f"{file}:{first + 10 * index}: " in said for index, said in enumerate(error.problems))
    return {
        "endpoints": endpoints,
        "problems": problems,
        "cpu_s": (cpu_ms() - before + cpu_ms(resource.RUSAGE_CHILDREN)) / 1000,
        "wall_s": time.monotonic() - started,
        "peak_mib": peak_mib(),
        "reader_peak_mib": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
    }


if __name__ == "__main__":
    print(json.dumps(_cost(Path(sys.argv[1]))))
