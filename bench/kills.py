"""An audit killed again and again, each time gone on with: nothing is lost, and nobody is counted twice."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

from bench.figures import Figure
from tests.e2e.kills import Survived, killed_again_and_again


def measure(folder: Path, machines: int, kills: int) -> list[Figure]:
    """Raises AssertionError where an audit fails, or ends before it could be killed."""
    survived = killed_again_and_again(folder, machines, kills, random.Random())
    what = f"{machines} endpoints, killed {survived.kills} times at random moments (SIGKILL), each time gone on with"
    return [
        Figure(f"{what}: results an endpoint in the end", _each(survived, machines), "exactly 1"),
        Figure("the same: results that were lost, or asked for again", f"{len(survived.lost | survived.changed)}", "0"),
        Figure("the same: reports left behind in part", f"{survived.torn}", "0"),
    ]


def _each(survived: Survived, machines: int) -> str:
    """Counted in the audit document, for endpoints that the store holds as well."""
    listed = Counter(entry["name"] for entry in survived.document["endpoints"] if entry["seen"])
    each = [listed[name] if name in survived.results else 0 for name in (f"m{number}" for number in range(machines))]
    return " to ".join(str(number) for number in dict.fromkeys((min(each), max(each))))
