"""Plans of made-up fleets, each in a process of its own: `python -m bench.plan COUNT CHECKS` prints the cost as JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable

from bench.figures import Figure
from bench.process import Numbers, cpu_ms, numbers_of, peak_mib
from scorecard.plan.road import NoRoad, road
from scorecard.plan.tasks import plan
from tests.unit.plan_fleet import made_up

CHECKS = 40
_MOST_S = {100: 1, 500: 1}
_MOST_GAP = 0.02


def measure(counts: Iterable[int]) -> list[Figure]:
    """Raises where a road to the next letter is not proven within 2 %."""
    found: list[Figure] = []
    for count in counts:
        cost = numbers_of("bench.plan", count, CHECKS)
        if cost["gap"] > _MOST_GAP:
            raise RuntimeError(f"the road of {count} endpoints is proven within {100 * cost['gap']:.1f} % only")
        what = f"{count:,} endpoints, {CHECKS} checks each"
        aim = f"at most {_MOST_S[count]} s" if count in _MOST_S else ""
        found.append(Figure(f"{what}: tasks with hours and points", f"{cost['tasks_s']:.2f} s"))
        found.append(Figure("the same: cheapest road to the next letter", f"{cost['road_s']:.2f} s", aim))
        found.append(Figure("the same: dearer than the best road by at most", f"{100 * cost['gap']:.2f} %", "2 %"))
        found.append(Figure("the same: memory, peak", f"{cost['peak_mib']:.0f} MiB"))
    return found


def _cost(count: int, checks: int) -> Numbers:
    audit = made_up(count, checks)
    before = cpu_ms()
    plan(audit)
    tasks_ms, started = cpu_ms() - before, time.process_time()
    found = road(audit)
    if isinstance(found, NoRoad) or found.least_hours is None:
        raise RuntimeError(f"no road was found, or none is proven: {found}")
    return {
        "tasks_s": tasks_ms / 1000,
        "road_s": time.process_time() - started,
        "gap": found.hours.likely / found.least_hours - 1,
        "hours": found.hours.likely,
        "peak_mib": peak_mib(),
    }


if __name__ == "__main__":
    print(json.dumps(_cost(int(sys.argv[1]), int(sys.argv[2]))))
