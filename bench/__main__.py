"""`python -m bench [--small | --full] [--write]`: measure, print the table, and with --write renew docs/benchmarks.md."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from bench import broken, fleet, inventory, kills, pages, peers, plan, scoring, windows, work, workbooks
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
    kills: int
    beside: tuple[int, ...]  # endpoints that other clients are asked for as well
    deadline_s: float  # for a broken fleet
    listed: tuple[int, ...]  # endpoints of inventories that are read
    planned: tuple[int, ...]  # endpoints of audits that are planned for
    graded: tuple[int, ...]  # endpoints of audits that are graded and bridged
    booked: tuple[int, ...]  # endpoints of workbooks
    shown: tuple[tuple[int, int], ...]  # endpoints and checks of pages that are written and opened
    real: int  # machines as in the demonstration, of a page that is written
    replayed: tuple[int, ...] = ()


USUAL = Size(
    endpoints=200,
    runs=3,
    judged=(1_000, 10_000),
    stored=500,
    in_flight=100,
    most_in_flight=300,
    kills=50,
    beside=(50, 200),
    deadline_s=10,
    listed=(10_000, 100_000),
    planned=(100, 500, 1_000, 10_000),
    graded=(100, 1_000, 10_000),
    booked=(1_000, 10_000),
    shown=((150, 18), (1_000, 40), (10_000, 40)),
    real=150,
)
SMALL = Size(
    endpoints=5,
    runs=1,
    judged=(5,),
    stored=5,
    in_flight=5,
    most_in_flight=5,
    kills=0,  # the tests do that anyway
    beside=(5,),
    deadline_s=3,
    listed=(50,),
    planned=(60,),
    graded=(20, 60),
    booked=(20,),
    shown=((20, 18),),
    real=10,
)
FULL = replace(USUAL, beside=(50, 200, 1_000), replayed=(1_000, 10_000))


# On a machine that is busy with other things, what is left is measured once, or not at all, and the table says so.
_REPEAT_UNTIL_S = 100.0
_BEGIN_UNTIL_S = 180.0
_REPEAT_WINDOWS_S = 60.0
_REPEAT_BESIDE_S = 240.0
_REPLAY_LIMIT_S = 1800.0


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
    yield from _replayed(size, reply, folder)
    yield from _stored(size, reply, folder)
    if size.kills:
        _say(f"killing an audit of {size.endpoints} endpoints {size.kills} times")
        killed = folder / "killed"
        killed.mkdir()
        yield from kills.measure(killed, size.endpoints, size.kills)
    _say(f"auditing a broken fleet of {size.endpoints}")
    bad_day = folder / "broken"
    bad_day.mkdir()
    yield from broken.measure(bad_day, replies.patched, size.endpoints, size.deadline_s)
    _say(f"reading inventories of {' and '.join(map(str, size.listed))} endpoints")
    yield from inventory.measure(folder, size.listed)
    _say(f"grading {' and '.join(map(str, size.graded))} endpoints")
    yield from scoring.measure(size.graded)
    _say(f"planning for {' and '.join(map(str, size.planned))} endpoints")
    yield from plan.measure(size.planned)
    _say(f"writing and opening pages of {' and '.join(str(count) for count, _ in size.shown)} endpoints")
    yield from pages.measure(folder, size.shown, size.real)
    _say(f"writing reports of {size.endpoints} endpoints")
    done = work.measure("reporting", size.endpoints, reply, folder)
    for name in sorted({key.split()[0] for key in done}):
        yield Figure(f"{name} of {size.endpoints} endpoints", f"{done[f'{name} s']:.1f} s, {done[f'{name} kB']:,.0f} kB")
    _say(f"writing workbooks of {' and '.join(map(str, size.booked))} endpoints")
    yield from workbooks.measure(folder, size.booked)
    _say(f"{size.endpoints} endpoints over WinRM, up to {len(windows.KINDS) * size.runs} times")
    until = time.monotonic() + _REPEAT_WINDOWS_S
    yield from windows.measure(folder, size.endpoints, size.in_flight, size.most_in_flight, size.runs, until)


def _replayed(size: Size, reply: Path, folder: Path) -> Iterator[Figure]:
    for count in size.replayed:
        _say(f"auditing {count} endpoints without a network")
        done = work.measure("replaying", count, reply, folder, _REPLAY_LIMIT_S)
        what = f"{count:,} endpoints replayed, judged and stored"
        yield Figure(f"{what}: CPU an endpoint", f"{done['cpu_ms']:.1f} ms")
        yield Figure("the same: duration, memory, peak", f"{done['wall_s']:.0f} s, {done['peak_mib']:.0f} MiB")


def _stored(size: Size, reply: Path, folder: Path) -> Iterator[Figure]:
    _say(f"storing {size.stored} results, twice")
    done = work.measure("storing", size.stored, reply, folder)
    yield Figure("results committed to a SQLite store", f"{done['a_second']:.0f} a second")
    yield Figure("the same: CPU and disk an endpoint", f"{done['cpu_ms']:.1f} ms, {done['kib']:.0f} KiB")
    done = work.measure("storing_postgresql", size.stored, reply, folder)
    yield Figure("results committed to a PostgreSQL store", f"{done['a_second']:.0f} a second")
    yield Figure("the same: CPU of our process an endpoint", f"{done['cpu_ms']:.1f} ms")


def _beside(size: Size, folder: Path, small: bool) -> str:
    """The table of other clients."""
    _say("other clients beside ours" if small else "other clients beside ours, installed where they are not yet")
    clients = peers.Peers.at_hand() if small else peers.Peers.installed()
    fleet_folder = folder / "p"  # short: sockets lie in it, whose names may have 107 characters
    fleet_folder.mkdir()
    until = time.monotonic() + _REPEAT_BESIDE_S
    return peers.measure(fleet_folder, clients, size.beside, size.runs, until, _say)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the figures of docs/benchmarks.md.")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--small", action="store_true", help="5 endpoints, once: shows that it works")
    size.add_argument("--full", action="store_true", help="larger fleets as well: about an hour")
    parser.add_argument("--write", action="store_true", help="renew the table in docs/benchmarks.md")
    options = parser.parse_args()
    if options.small and options.write:
        parser.error("--write needs the full measurement")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    started = time.monotonic()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="scorecard-bench-") as folder:
        chosen = SMALL if options.small else FULL if options.full else USUAL
        found = table(list(figures(chosen, Path(folder))))
        found += f"\n{_beside(chosen, Path(folder), options.small)}"
    where = f"{machine()}. Load before the start {load:.1f}; measured in {time.monotonic() - started:.0f} s.\n\n"
    print(where + found, end="")
    if options.write:
        renew(PAGE, f"\n{datetime.now(UTC):%Y-%m-%d}: {where}{found}\n")
    return 0


def _say(what: str) -> None:
    print(f"bench: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
