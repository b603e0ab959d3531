"""Endpoints over SSH on one sshd: what a client costs, and that it makes one connection and runs one command on each."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.client import Task
from bench.figures import Figure, cpu, middle
from bench.process import Cost, launch, result
from bench.recording import address_of, varied
from bench.server import Seen, Server

_LIMIT_S = 180.0
_CONCURRENCY = 50  # the command line's default


@dataclass(frozen=True, slots=True)
class Replies:
    """`as_is`: this machine's to the whole bundle. `patched`: the same with no update missing. `thin`: the host part."""

    as_is: bytes
    patched: bytes
    thin: bytes


def measure(folder: Path, replies: Replies, count: int, runs: int, until: float) -> list[Figure]:
    """`until`: the moment of the monotonic clock after which nothing is measured a second time."""
    with Server(folder) as server:
        server.answer(_by_address(replies.thin, count))
        thin = _repeat(lambda: _run(server, count, _CONCURRENCY, thin=True), runs, until)
        server.answer(_by_address(replies.patched, count))
        patched = _repeat(lambda: _run(server, count, _CONCURRENCY), runs, until)
        server.answer(_by_address(replies.as_is, count))
        as_is = _repeat(lambda: _run(server, count, _CONCURRENCY), runs, until)
        server.hold()
        held = _run(server, count, count, held=True)
    what = f"{count} endpoints over SSH, whole bundle, judged and stored"
    seen = [counted for _, counted in (*thin, *patched, *as_is, held)]
    return [
        *_whole(f"{what}; up to date ({len(replies.patched) / 1000:.0f} kB each)", patched, count),
        *_whole(f"{what}; this machine's answer ({len(replies.as_is) / 1000:.0f} kB each)", as_is, count),
        Figure("connections an endpoint", _each([counted.connections for counted in seen], count), "exactly 1"),
        Figure("commands an endpoint", _each([counted.commands for counted in seen], count), "exactly 1"),
        *_held(held, count),
        *_thin(thin, count),
    ]


def _whole(what: str, runs: Sequence[tuple[Cost, Seen]], count: int) -> list[Figure]:
    costs = [cost for cost, _ in runs]
    shared = [(cost.start_cpu_ms + cost.run_cpu_ms) / count for cost in costs]
    return [
        Figure(f"{what}: client CPU an endpoint", cpu(costs, count), "at most 12 ms"),
        Figure("the same, with start-up shared out", middle(shared, ".1f", "ms")),
        Figure("the same: duration, server on the same cores", middle([cost.wall_s for cost in costs], ".1f", "s")),
    ]


def _held(run: tuple[Cost, Seen], count: int) -> list[Figure]:
    cost = run[0]
    what = f"{count} in flight at the same moment, this machine's answer"
    return [
        Figure(f"{what}: client memory, peak", f"{cost.peak_mib:.0f} MiB", "under 150 MiB"),
        Figure(f"{what}: client CPU an endpoint", cpu([cost], count)),
    ]


def _thin(runs: Sequence[tuple[Cost, Seen]], count: int) -> list[Figure]:
    costs = [cost for cost, _ in runs]
    what = f"{count} endpoints over SSH, host part alone, not judged"
    return [
        Figure(f"{what}: client CPU an endpoint", cpu(costs, count), "at most 5.5 ms"),
        Figure(f"{what}: client memory, peak", middle([cost.peak_mib for cost in costs], ".0f", "MiB"), "at most 80 MiB"),
    ]


def _each(counted: Sequence[Counter[str]], count: int) -> str:
    """How many each address had, over all runs: one number where they agree."""
    numbers = sorted({counter[address_of(number)] for counter in counted for number in range(count)})
    return " to ".join(str(number) for number in dict.fromkeys((numbers[0], numbers[-1])))


def _repeat(measure_once: Callable[[], tuple[Cost, Seen]], runs: int, until: float) -> list[tuple[Cost, Seen]]:
    done = [measure_once()]
    while len(done) < runs and time.monotonic() < until:
        done.append(measure_once())
    return done


def _by_address(reply: bytes, count: int) -> dict[str, bytes]:
    return {address_of(number): varied(reply, number) for number in range(count)}


def _run(server: Server, count: int, concurrency: int, *, thin: bool = False, held: bool = False) -> tuple[Cost, Seen]:
    server.seen()
    process = launch("bench.client", Task(str(server.folder), server.port, count, concurrency, thin))
    try:
        if held:
            server.release(count, _LIMIT_S)
    except RuntimeError:
        process.kill()
        raise
    finally:
        cost = result(process, count, _LIMIT_S)
    return cost, server.seen()
