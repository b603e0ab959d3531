"""`python -m bench [--small] [--write]`: measure, print the table, and with --write renew docs/benchmarks.md."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench import fleet, windows, work
from bench.figures import Figure, machine, renew, table
from bench.process import ROOT
from bench.recording import bundle, record, up_to_date
from scorecard.registry import Registry

PAGE = ROOT / "docs" / "benchmarks.md"


@dataclass(frozen=True, slots=True)
class Size:
    endpoints: int
    runs: int
    judged: tuple[int, ...]
    stored: int
    in_flight: int  # over WinRM
    most_in_flight: int  # the same, for memory


FULL = Size(endpoints=200, runs=3, judged=(1_000, 10_000), stored=500, in_flight=100, most_in_flight=300)
SMALL = Size(endpoints=5, runs=1, judged=(5,), stored=5, in_flight=5, most_in_flight=5)


# On a machine that is busy with other things, what is left is measured once, or not at all, and the table says so.
_REPEAT_UNTIL_S = 100.0
_BEGIN_UNTIL_S = 180.0
_REPEAT_WINDOWS_S = 60.0


def figures(size: Size, folder: Path) -> Iterator[Figure]:
    started = time.monotonic()
    registry = Registry.load()
    _say("asking this machine once, for real")
    as_is = record(bundle(registry))
    replies = fleet.Replies(as_is, up_to_date(as_is), record(bundle(registry, thin=True)))
    server = folder / "server"
    server.mkdir()
    _say(f"{size.endpoints} endpoints over SSH, up to {3 * size.runs + 1} times")
    yield from fleet.measure(server, replies, size.endpoints, size.runs, started + _REPEAT_UNTIL_S)
    reply = folder / "reply"
    reply.write_bytes(replies.patched)
    for count in size.judged:
        what = f"{count:,} endpoints, {len(registry.checks)} checks each"
        if time.monotonic() - started > _BEGIN_UNTIL_S:
            yield Figure(what, "not measured: this machine is too busy")
            continue
        _say(f"judging {count} answers")
        done = work.measure("judging", count, reply, folder)
        yield Figure(f"{what}: answers taken apart, redacted and judged", f"{done['judge_s']:.1f} s")
        yield Figure(f"{what}: graded", f"{done['score_s']:.2f} s", "at most 2 s" if count == 10_000 else "")
        yield Figure(f"{what}: memory, peak", f"{done['peak_mib']:.0f} MiB", "at most 500 MiB" if count == 10_000 else "")
    _say(f"storing {size.stored} results")
    done = work.measure("storing", size.stored, reply, folder)
    yield Figure("results committed to a SQLite store", f"{done['a_second']:.0f} a second")
    yield Figure("the same: CPU and disk an endpoint", f"{done['cpu_ms']:.1f} ms, {done['kib']:.0f} KiB")
    _say(f"writing reports of {size.endpoints} endpoints")
    done = work.measure("reporting", size.endpoints, reply, folder)
    for name in sorted({key.split()[0] for key in done}):
        yield Figure(f"{name} of {size.endpoints} endpoints", f"{done[f'{name} s']:.1f} s, {done[f'{name} kB']:,.0f} kB")
    _say(f"{size.endpoints} endpoints over WinRM, up to {len(windows.KINDS) * size.runs} times")
    until = time.monotonic() + _REPEAT_WINDOWS_S
    yield from windows.measure(folder, size.endpoints, size.in_flight, size.most_in_flight, size.runs, until)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the figures of docs/benchmarks.md.")
    parser.add_argument("--small", action="store_true", help="5 endpoints, once: shows that it works")
    parser.add_argument("--write", action="store_true", help="renew the table in docs/benchmarks.md")
    options = parser.parse_args()
    if options.small and options.write:
        parser.error("--write needs the full measurement")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    started = time.monotonic()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="scorecard-bench-") as folder:
        found = table(list(figures(SMALL if options.small else FULL, Path(folder))))
    where = f"{machine()}. Load before the start {load:.1f}; measured in {time.monotonic() - started:.0f} s.\n\n"
    print(where + found, end="")
    if options.write:
        renew(PAGE, f"\n{datetime.now(UTC):%Y-%m-%d}: {where}{found}\n")
    return 0


def _say(what: str) -> None:
    print(f"bench: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
