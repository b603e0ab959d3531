"""Runs the command line as a user does: a process of its own, its own history, its output kept."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path


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
