"""What a letter demands besides its score, as counts: how many machines may stay broken where (see caps.py)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from zoneinfo import ZoneInfo

from scorecard.caps import Caps, Moment, fails, is_covered, is_in_pool, letter_of_cap
from scorecard.model import Finding, Status
from scorecard.result import Audit
from scorecard.standard import LETTERS, CapLine, Standard

# Above so many broken machines the rare answers of `_few_machines` are bounded together instead of tried one by one.
_TRIED_MACHINES = 12


@dataclass(frozen=True, slots=True)
class Limit:
    """Of these machines at most `allowed` may stay broken in the check; at most `few` of them is not systemic."""

    check: str
    endpoints: frozenset[str]
    allowed: int
    area: str = ""
    few: int = 0


@dataclass(frozen=True, slots=True)
class Demands:
    """What a letter asks. `ways`: the limits of each way to meet it; one of them is enough.

    `floor`: limits that every further way keeps to as well, where there are too many of those to try; None: all are there.
    """

    letter: str
    score: float
    coverage: float
    answers: frozenset[str]  # machines whose answers are missing where that holds the letter
    ways: tuple[tuple[Limit, ...], ...]
    floor: tuple[Limit, ...] | None = None


class _Machines:
    """The causes of caps in one audit."""

    def __init__(self, audit: Audit, standard: Standard) -> None:
        self.standard = standard
        self._devices = {device.name: device for device in audit.devices}
        found = [f for f in audit.findings if f.counts and f.status is not Status.NOT_APPLICABLE]
        self.by_key: Mapping[tuple[str, str], Finding] = {(f.check, f.endpoint): f for f in found}
        self._by_check: dict[str, list[str]] = defaultdict(list)
        for finding in found:
            self._by_check[finding.check].append(finding.endpoint)
        moment = Moment(audit.as_of, ZoneInfo(audit.time_zone), audit.client_since)
        caps = Caps(found, self._devices, standard, moment)
        self.causes = {cap.id: cap.endpoints for cap in caps.all(fails)}
        self.unread = frozenset(name for cap in caps.unread() for name in cap.endpoints)

    def pool(self, line: CapLine) -> int:
        return sum(is_in_pool(line, self._devices[endpoint]) for endpoint in self._by_check[line.check])

    def limits(self, letter: str) -> Iterator[Limit]:
        """Of each cap: the machines that nothing protects meanwhile, and where even that is too little the others."""
        covered_holds = is_better(letter, self.standard.content.exceptions.covered_letter)
        for line in self.standard.content.caps:
            names = self.causes.get(line.id, ())
            covered = frozenset(name for name in names if is_covered(self.by_key[line.check, name]))
            bare = frozenset(names) - covered
            if bare:
                pool = self.pool(line)
                few = sum(letter_of_cap(line, count, pool)[1] is False for count in range(1, len(bare) + 1))
                allowed = _most(line, len(bare), pool, letter)
                yield Limit(line.check, bare, allowed, line.area, few)
            if covered and covered_holds:
                yield Limit(line.check, covered, 0)


def demands(audit: Audit, standard: Standard, letter: str) -> Demands:
    machines = _Machines(audit, standard)
    rules = standard.content.coverage
    shares = [rule.below for rule in (rules.capped, rules.provisional) if is_better(letter, rule.letter)]
    base = tuple(machines.limits(letter))
    ways, floor = _ways(base, standard, letter)
    return Demands(
        letter=letter,
        score=float(getattr(standard.content.letters, letter)),
        coverage=max([*shares, rules.not_graded.below]),
        answers=machines.unread if is_better(letter, standard.content.unknown_in_capped_check.letter) else frozenset(),
        ways=ways,
        floor=floor,
    )


def is_better(letter: str, other: str) -> bool:
    return LETTERS.index(letter) < LETTERS.index(other)


def _most(line: CapLine, broken: int, pool: int, letter: str) -> int:
    """The most broken machines up to which every number allows the letter."""
    for count in range(1, broken + 1):
        if is_better(letter, letter_of_cap(line, count, pool)[0]):
            return count - 1
    return broken


def _ways(
    base: tuple[Limit, ...], standard: Standard, letter: str
) -> tuple[tuple[tuple[Limit, ...], ...], tuple[Limit, ...] | None]:
    """The rule on areas broken systemically leaves a choice: which areas to bring in order, or all but a few machines."""
    rule = standard.content.broken_areas
    systemic = [limit for limit in base if limit.area and limit.allowed > limit.few]
    areas = sorted({limit.area for limit in systemic})
    names = sorted(set().union(*(limit.endpoints for limit in systemic)))
    if not is_better(letter, rule.letter) or len(areas) < rule.areas or len(names) < rule.endpoints:
        return (base,), None
    ways = [
        tuple(_not_systemic(limit) if limit.area in cleared else limit for limit in base)
        for cleared in combinations(areas, len(areas) - rule.areas + 1)
    ]
    kept = rule.endpoints - 1
    if len(names) <= _TRIED_MACHINES:
        for machines in combinations(names, kept):
            ways += _few_machines(base, frozenset(machines), rule.areas)
        return tuple(ways), None
    return tuple(ways), tuple(replace(limit, allowed=min(limit.allowed, max(limit.few, kept))) for limit in base)


def _not_systemic(limit: Limit) -> Limit:
    return replace(limit, allowed=min(limit.allowed, limit.few))


def _few_machines(base: Sequence[Limit], machines: frozenset[str], areas: int) -> Iterator[tuple[Limit, ...]]:
    """Only these machines, too few for the rule to count, stay broken in some areas; the others are not systemic."""
    wide = [i for i, limit in enumerate(base) if limit.area and limit.few < len(limit.endpoints & machines)]
    for size in range(areas, len(wide) + 1):
        for chosen in combinations(wide, size):
            if len({base[i].area for i in chosen}) >= areas:
                narrow = [_not_systemic(limit) for i, limit in enumerate(base) if i not in chosen and limit.area]
                rest = [replace(base[i], endpoints=base[i].endpoints - machines, allowed=0) for i in chosen]
                yield (*narrow, *rest, *(base[i] for i in chosen), *(limit for limit in base if not limit.area))
