"""What an error of ours must look like on a screen."""

from __future__ import annotations

import re
import subprocess

CLEAR = re.compile(r"[\x20-\x7e\u00a0-\U0010ffff\n]*")


def refused(done: subprocess.CompletedProcess[str], *words: str, code: int = 2) -> list[str]:
    """Nothing on standard output, only lines of ours on standard error, all the words among them; returns the lines."""
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    lines = done.stderr.splitlines()
    assert lines
    assert all(line.startswith("scorecard: ") for line in lines), done.stderr
    for word in words:
        assert word in done.stderr
    assert CLEAR.fullmatch(done.stderr)
    return lines
