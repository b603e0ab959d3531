"""A command measured from outside, with every process that it starts: `python -m bench.tree TASK OUTPUT COST`.

The measuring process adopts whatever the command leaves behind (an ssh kept open for the next command, which has a new
session of its own), ends it, and waits for it: only then does the kernel tell what all of them used.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36
_SAMPLE_S = 0.05
_END_S = 5.0


@dataclass(frozen=True, slots=True)
class Task:
    """`limit_s`: after which the command is ended; the cost then has no exit code."""

    command: Sequence[str]
    environment: Mapping[str, str]
    folder: str
    limit_s: float


@dataclass(frozen=True, slots=True)
class TreeCost:
    """CPU is user and system time of all processes together, start-up and what was left behind included.

    `wall_s` ends with the command itself. `peak_mib` is the most that all had at one moment, pages that they share counted
    once, as seen several times a second; at least what the kernel says of the largest of them.
    """

    exit_code: int | None
    cpu_ms: float
    wall_s: float
    peak_mib: float
    left_behind: int


def run(task: Task, output: Path) -> TreeCost:
    """Run the command with nothing on standard input and all that it prints in `output`. Nothing of it outlives this."""
    cost = output.with_suffix(".cost")
    command = [sys.executable, "-m", "bench.tree", json.dumps(asdict(task)), str(output), str(cost)]
    process = subprocess.Popen(command, cwd=Path(__file__).parents[1], stdin=subprocess.DEVNULL)
    try:
        code = process.wait(task.limit_s + 10 * _END_S)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
    if code:
        raise RuntimeError(f"measuring {task.command[0]} ended with code {code}")
    return TreeCost(**json.loads(cost.read_text(encoding="ascii")))


def main(task: Task, output: Path) -> TreeCost:
    _adopt_orphans()
    with output.open("wb") as printed:
        started = time.monotonic()
        process = subprocess.Popen(
            task.command,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=printed,
            cwd=task.folder,
            env=dict(task.environment),
        )
    left = 0
    peak_kib = 0
    try:
        ended, peak_kib = _watch(process, started + task.limit_s)
        wall_s = time.monotonic() - started
        exit_code = process.wait() if ended else None
    finally:
        left = _end_all()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    # What the kernel says of the largest starts with our own memory, from before a child became another program.
    largest_kib = used.ru_maxrss if used.ru_maxrss > resource.getrusage(resource.RUSAGE_SELF).ru_maxrss else 0
    return TreeCost(
        exit_code=exit_code,
        cpu_ms=(used.ru_utime + used.ru_stime) * 1000,
        wall_s=wall_s,
        peak_mib=max(peak_kib, largest_kib) / 1024,
        left_behind=left,
    )


def _adopt_orphans() -> None:
    """From now on a process whose parent ended is ours to wait for, however it was started."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def _watch(process: subprocess.Popen[bytes], until: float) -> tuple[bool, int]:
    """Whether it ended in time, and the most memory of all processes in KiB."""
    handle = os.pidfd_open(process.pid)
    peak_kib = 0
    try:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        pause_s = _SAMPLE_S
        while not poll.poll(pause_s * 1000):
            if time.monotonic() > until:
                return False, peak_kib
            began = time.monotonic()
            peak_kib = max(peak_kib, sum(map(_shared_out_kib, _descendants())))
            pause_s = max(_SAMPLE_S, 10 * (time.monotonic() - began))  # looking must not be what is measured
        return True, peak_kib
    finally:
        os.close(handle)


def _descendants() -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(FileNotFoundError, ProcessLookupError):
                parent = int((entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found: list[int] = []
    waiting = [os.getpid()]
    while waiting:
        new = children.get(waiting.pop(), [])
        found += new
        waiting += new
    return found


def _shared_out_kib(process: int) -> int:
    with suppress(FileNotFoundError, ProcessLookupError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0  # it has ended


def _end_all() -> int:
    """End and wait for all that is left, however deep: what loses its parent becomes ours. How many there were."""
    ended: set[int] = set()
    until = time.monotonic() + _END_S
    while True:
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        left = _descendants()
        if not left:
            return len(ended)
        late = time.monotonic() > until
        for process in left:
            if late or process not in ended:
                ended.add(process)
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL if late else signal.SIGTERM)
        time.sleep(0.02)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    Path(sys.argv[3]).write_text(
        json.dumps(asdict(main(Task(**json.loads(sys.argv[1])), Path(sys.argv[2])))), encoding="ascii"
    )
