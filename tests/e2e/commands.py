"""Runs the command line as a user does: a process of its own, its own history, its output kept."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

_ONE_AFTER_THE_OTHER = """
import contextlib, io, json, sys
from scorecard.cli import main
done = []
for words in json.load(sys.stdin):
    sys.argv = ["scorecard", *words]
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as end:
            done.append([end.code, out.getvalue(), err.getvalue()])
json.dump(done, sys.stdout)
"""


def scorecard(
    *arguments: str | Path, home: Path, environment: Mapping[str, str] | None = None, timeout_s: float = 300
) -> subprocess.CompletedProcess[str]:
    """Exit code, standard output and standard error. A traceback is a failed test whatever else it is about."""
    done = subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout_s,
        stdin=subprocess.DEVNULL,
        env=_surroundings(home, {"NO_COLOR": "1", **(environment or {})}),
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


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


def scorecards(
    runs: Sequence[Sequence[str | Path]],
    *,
    home: Path,
    environment: Mapping[str, str] | None = None,
    timeout_s: float = 300,
) -> list[subprocess.CompletedProcess[str]]:
    """The same for many short commands, one after the other in one process: starting it takes longer than they do."""
    words = [list(map(str, run)) for run in runs]
    done = subprocess.run(
        [sys.executable, "-P", "-c", _ONE_AFTER_THE_OTHER],
        input=json.dumps(words),
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout_s,
        env=_surroundings(home, {"NO_COLOR": "1", **(environment or {})}),
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert len(said) == len(words)
    return [subprocess.CompletedProcess(run, *one) for run, one in zip(words, said, strict=True)]
