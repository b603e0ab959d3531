"""Reading large inventories, each in a process of its own: `python -m bench.inventory FILE` prints what it cost as JSON."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from bench.figures import Figure
from bench.process import ROOT, cpu_ms, peak_mib
from scorecard.errors import InventoryError
from scorecard.inventory import load

_LIMIT_S = 240
_MOST_S = {10_000: 1}
_HEAD = "client: Bench\nsites: {l: {proxy_jump: gate.example.com}}\nendpoints:\n"

Numbers = dict[str, float]


def measure(folder: Path, counts: Iterable[int]) -> list[Figure]:
    """Good files of so many endpoints, and one of the first size with a mistake in every tenth line."""
    found: list[Figure] = []
    for number, count in enumerate(counts):
        good = _measured(folder, count, mistakes=False)
        if good["endpoints"] != count:
            raise RuntimeError(f"of {count} endpoints {good['endpoints']:.0f} were read")
        seconds = f"at most {_MOST_S[count]} s" if count in _MOST_S else ""
        what = f"an inventory of {count:,} endpoints, YAML"
        found.append(Figure(f"{what}: read and checked", f"{good['cpu_s']:.2f} s", seconds))
        found.append(Figure("the same: memory, peak", f"{good['peak_mib']:.0f} MiB", "at most 300 MiB"))
        if number == 0:
            bad = _measured(folder, count, mistakes=True)
            if bad["problems"] != -(-count // 10):
                raise RuntimeError(f"{bad['problems']:.0f} mistakes were found, not one in ten of {count}")
            found.append(Figure(f"{what}: a mistake in every tenth line, told by line", f"{bad['cpu_s']:.2f} s", seconds))
    return found


def _measured(folder: Path, count: int, *, mistakes: bool) -> Numbers:
    file = folder / f"inventory-{count}.yaml"
    with file.open("w", encoding="utf-8") as out:
        out.write(_HEAD)
        for number in range(count):
            port = "no" if mistakes and number % 10 == 0 else "2200"
            out.write(
                f"- {{name: pc{number:06}, address: pc{number:06}.example.com, port: {port}, site: l, tags: [a, b]}}\n"
            )
    command = [sys.executable, "-m", "bench.inventory", str(file)]
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_LIMIT_S)
    if done.returncode:
        raise RuntimeError(f"reading {file.name} ended with code {done.returncode}: {done.stderr[-2000:]}")
    numbers: Numbers = json.loads(done.stdout)
    return numbers


def _cost(file: Path) -> Numbers:
    before, started = cpu_ms(), time.monotonic()
    endpoints = problems = 0
    try:
        endpoints = sum(len(client.endpoints) for client in load([file]).clients)
    except InventoryError as error:
        problems = sum(f"{file}:{4 + 10 * index}: " in said for index, said in enumerate(error.problems))
    return {
        "endpoints": endpoints,
        "problems": problems,
        "cpu_s": (cpu_ms() - before) / 1000,
        "wall_s": time.monotonic() - started,
        "peak_mib": peak_mib(),
    }


if __name__ == "__main__":
    print(json.dumps(_cost(Path(sys.argv[1]))))
