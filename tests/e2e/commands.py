"""Runs the command line as a user does: a process of its own, its own history, its output kept."""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from subprocess import CompletedProcess

from tests.e2e import warm


def scorecard(
    *arguments: str | Path,
    home: Path,
    environment: Mapping[str, str] | None = None,
    timeout_s: float = 300,
    anew: bool = False,
) -> CompletedProcess[str]:
    """Exit code, standard output and standard error. A traceback is a failed test whatever else it is about.

    `anew`: Python starts for it, as for a user; its command line and environment are its own, for all to see.
    """
    more = {"NO_COLOR": "1", **(environment or {})}
    surroundings = _surroundings(home, more)
    if warm.can(more) and not anew:
        done = _warm().run([*map(str, arguments)], surroundings, timeout_s)
    else:
        done = _anew(arguments, surroundings, timeout_s)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def _anew(arguments: Sequence[str | Path], surroundings: Mapping[str, str], timeout_s: float) -> CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout_s,
        stdin=subprocess.DEVNULL,
        env=surroundings,
    )


@cache
def _warm() -> warm.Warm:
    started = warm.Warm()
    atexit.register(started.close)
    return started


def started(
    *arguments: str | Path,
    home: Path,
    stdout: int = subprocess.DEVNULL,
    stderr: int = subprocess.DEVNULL,
    environment: Mapping[str, str] | None = None,
    own_group: bool = False,
) -> subprocess.Popen[bytes]:
    """One that goes on while the test does. `own_group`: it leads a process group, so that all of it can be signalled."""
    return subprocess.Popen(
        command(*arguments),
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        env=_surroundings(home, environment or {}),
        start_new_session=own_group,
        # A test's own parent may have been started in the background with its interrupts ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-P", "-m", "scorecard", *map(str, arguments)]


def _surroundings(home: Path, more: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, "SCORECARD_HOME": str(home), **more}
