"""A command in a process of its own, with what it cost as the kernel counted it."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Measured:
    """`peak_mib` is never less than what the measuring process itself held when it started the command (Linux hands that
    on). CPU is user and system time of the command and of its children that have ended."""

    code: int
    stdout: str
    stderr: str
    wall_s: float
    cpu_s: float
    peak_mib: float


def run(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    limit_s: float = 300,
) -> Measured:
    """Raises TimeoutError where it does not end in time; it is killed then."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.monotonic()
        process = subprocess.Popen(
            list(map(str, command)),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            cwd=cwd,
            env={**os.environ, **(environment or {})},
        )
        late = threading.Event()

        def end() -> None:
            late.set()
            os.kill(process.pid, signal.SIGKILL)  # not waited for yet, so the number is still its own

        timer = threading.Timer(limit_s, end)
        timer.start()
        try:
            _, status, used = os.wait4(process.pid, 0)
        finally:
            timer.cancel()
        wall_s = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        printed = out.read().decode(errors="replace"), err.read().decode(errors="replace")
    if late.is_set():
        raise TimeoutError(f"not done within {limit_s:g} seconds: {printed[1][-2000:]}")
    return Measured(process.returncode, *printed, wall_s, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
