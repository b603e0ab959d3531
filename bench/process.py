"""A client in a process of its own, measured from within, so that nothing but the client is in the figures.

The server and what runs there are others' children. Nothing of the scorecard is imported here: other clients are measured
the same way.
"""

from __future__ import annotations

import json
import os
import queue
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

ROOT = Path(__file__).parents[1]
LIMIT_S = 240.0
T = TypeVar("T")

Numbers = dict[str, float]

# What is measured: it returns how many endpoints were seen and how many findings there are.
Job = Callable[[], tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU is user and system time of the process; `start_cpu_ms` is what it spent before the first endpoint."""

    seen: int
    findings: int
    start_cpu_ms: float
    run_cpu_ms: float
    wall_s: float
    peak_mib: float
    children_cpu_ms: float


def launch(module: str, task: DataclassInstance, secrets: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """`python -m MODULE TASK`, which prints its Cost as JSON; `secrets` are variables of its environment."""
    command = [sys.executable, "-m", module, json.dumps(asdict(task))]
    environment = {**os.environ, **(secrets or {})}
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, env=environment)


def result(process: subprocess.Popen[str], count: int, limit_s: float) -> Cost:
    """Raises where the client failed, spent CPU in children, or did not see all `count` endpoints."""
    try:
        printed, _ = process.communicate(timeout=limit_s)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    if process.returncode:
        raise RuntimeError(f"the client ended with code {process.returncode}")
    cost = Cost(**json.loads(printed))
    if cost.seen != count or cost.children_cpu_ms > 50:
        raise RuntimeError(f"of {count} endpoints {cost.seen} answered; children used {cost.children_cpu_ms:.0f} ms")
    return cost


def numbers_of(module: str, *arguments: object, limit_s: float = LIMIT_S) -> Numbers:
    """What `python -m MODULE ARGUMENTS` prints as JSON: a cost that it has measured itself. Raises where it fails."""
    said = [module, *map(str, arguments)]
    command = [sys.executable, "-m", *said]
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=limit_s)
    if done.returncode:
        raise RuntimeError(f"{' '.join(said)} ended with code {done.returncode}: {done.stderr[-2000:]}")
    numbers: Numbers = json.loads(done.stdout)
    return numbers


def measured(job: Job) -> Cost:
    """What `job` costs this process, and what was spent before it."""
    start_cpu_ms, started = cpu_ms(), time.monotonic()
    seen, findings = job()
    return Cost(
        seen=seen,
        findings=findings,
        start_cpu_ms=start_cpu_ms,
        run_cpu_ms=cpu_ms() - start_cpu_ms,
        wall_s=time.monotonic() - started,
        peak_mib=peak_mib(),
        children_cpu_ms=cpu_ms(resource.RUSAGE_CHILDREN),
    )


def in_threads(items: Iterable[T], concurrency: int, ask: Callable[[T], bool]) -> int:
    """Ask for each item, so many at a time. How many were answered whole."""
    waiting: queue.SimpleQueue[T] = queue.SimpleQueue()
    for item in items:
        waiting.put(item)
    whole: list[bool] = []

    def work() -> None:
        while True:
            try:
                item = waiting.get_nowait()
            except queue.Empty:
                return
            whole.append(ask(item))

    workers = [threading.Thread(target=work) for _ in range(concurrency)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(whole)


def cpu_ms(who: int = resource.RUSAGE_SELF) -> float:
    used = resource.getrusage(who)
    return (used.ru_utime + used.ru_stime) * 1000


def peak_mib() -> float:
    """The most memory that this process had at any time, as the kernel counted it (VmHWM)."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("the kernel does not tell a process's peak of memory")
