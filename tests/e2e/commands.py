"""Runs the command line as a user does: a process of its own, its own history, its output kept."""

from __future__ import annotations

import json
import os
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
        [sys.executable, "-P", "-m", "scorecard", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout_s,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "SCORECARD_HOME": str(home), "NO_COLOR": "1", **(environment or {})},
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


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
        env={**os.environ, "SCORECARD_HOME": str(home), "NO_COLOR": "1", **(environment or {})},
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert len(said) == len(words)
    return [subprocess.CompletedProcess(run, *one) for run, one in zip(words, said, strict=True)]
