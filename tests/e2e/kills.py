"""An audit killed at random moments and gone on with: what is kept, and whether anything was lost or done twice.

`make bench` does the same more often than the tests do.
"""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.commands import scorecard, started
from tests.e2e.recordings import inventory, replayed

_LIMIT_S = 120.0


@dataclass(frozen=True, slots=True)
class Survived:
    """`kills`: how often the audit was really killed; `landed` after how many committed results each time. `results`:
    endpoint -> when its result was committed. `lost` and `changed`: endpoints whose result was there at one moment and
    later not, or another one. `torn`: how many kills left reports behind without a document that can be read. `document`:
    the audit's in the end; `said`: what the last run told the user."""

    kills: int
    landed: tuple[int, ...]
    results: dict[str, str]
    lost: frozenset[str]
    changed: frozenset[str]
    torn: int
    document: dict[str, Any]
    said: str


def killed_again_and_again(folder: Path, machines: int, kills: int, dice: random.Random) -> Survived:
    """Audit so many machines and kill it so many times (SIGKILL), each time going on with it; then let it end.

    Raises AssertionError where the last run fails, or where a run came to its end before it could be killed.
    """
    home, out = folder / "home", folder / "out"
    arguments: list[str | Path] = ["audit", fleet(folder, machines), "--out", out, "--concurrency", "4"]
    before: dict[str, str] = {}
    lost: set[str] = set()
    changed: set[str] = set()
    landed: list[int] = []
    torn = 0
    for _ in range(kills):
        process = started(*arguments, home=home)
        assert kill_somewhere(process, home, dice.randint(0, machines // kills // 2), dice), "it ended before it was killed"
        after = committed(home)
        lost |= before.keys() - after.keys()
        changed |= {name for name in before.keys() & after.keys() if before[name] != after[name]}
        landed.append(len(after))
        torn += _torn(out)
        before = after
        arguments = [*arguments[:6], "--resume"]
    done = scorecard(*arguments, home=home)
    assert done.returncode == 0, done.stderr
    after = committed(home)
    lost |= before.keys() - after.keys()
    changed |= {name for name in before.keys() & after.keys() if before[name] != after[name]}
    document: dict[str, Any] = json.loads((out / "audit.json").read_text(encoding="utf-8"))
    return Survived(len(landed), tuple(landed), after, frozenset(lost), frozenset(changed), torn, document, done.stderr)


def committed(home: Path) -> dict[str, str]:
    """Endpoint -> when its result was committed."""
    try:
        with closing(sqlite3.connect(f"file:{home / 'history.db'}?mode=ro", uri=True)) as database:
            return dict(database.execute("SELECT endpoint, committed_at FROM results"))
    except sqlite3.Error:  # not made yet
        return {}


def fleet(folder: Path, machines: int) -> Path:
    one = replayed(folder / "machines", "m0")
    return inventory(folder / "inventory.yaml", "Acme", [{**one, "name": f"m{number}"} for number in range(machines)])


def kill_somewhere(process: subprocess.Popen[bytes], home: Path, more: int, dice: random.Random) -> bool:
    """Kill it once so many more results are in, and a moment later. False where it ended before.

    Raises AssertionError where nothing is committed any more.
    """
    already, until = len(committed(home)), time.monotonic() + _LIMIT_S
    while process.poll() is None and len(committed(home)) < already + more:
        if time.monotonic() > until:
            process.kill()
            process.wait()
            raise AssertionError(f"{already} results are committed, and no other one in {_LIMIT_S:g} seconds")
        time.sleep(0.02)
    time.sleep(dice.uniform(0, 0.05))
    if process.poll() is not None:
        return False
    process.send_signal(signal.SIGKILL)
    process.wait()
    return True


def _torn(out: Path) -> int:
    """Reports are written whole or not at all, the document first: 1 where something else lies there, else 0."""
    try:
        if list(out.glob("*")):
            json.loads((out / "audit.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return 1
    return 0
