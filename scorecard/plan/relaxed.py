"""A lower bound of the cost: the problem with parts of fixes allowed.

Each group's points over its cost are replaced by their upper concave hull, what a hull offers is taken in the order of its
price, and the share that must be seen is bought with a price on it (a Lagrange multiplier). The hull is exact but for the
one segment that is taken in part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from scorecard.plan.frontier import SLACK, Frontier, Group, frontier


@dataclass(frozen=True, slots=True)
class Problem:
    """The cheapest fixes that bring so many points and so much coverage and leave no more open on a line than its room."""

    groups: tuple[Group, ...]
    points: float
    coverage: float
    room: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """A part of all answers: how many fixes of each group, and whether its preparation is done (None: not decided)."""

    low: tuple[int, ...]
    high: tuple[int, ...]
    opened: tuple[bool | None, ...]


@dataclass(frozen=True, slots=True)
class Relaxed:
    """`numbers`: the fixes of each group, the part of one rounded up. `split`: the group of that part, and where to cut."""

    bound: float
    numbers: tuple[int, ...]
    split: tuple[int, int] | None
    coverage: float


@dataclass(frozen=True, slots=True)
class _Segment:
    price: float
    cost: float
    points: float
    group: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Hull:
    start: int
    cost: float
    points: float
    segments: tuple[_Segment, ...]


class Relaxation:
    """Bounds for the parts of one problem. What it works out for a group is kept."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._answering = [index for index, group in enumerate(problem.groups) if group.answers]
        self._lines = [sorted({line for kind in group.kinds for line in kind.lines}) for group in problem.groups]
        self._frontiers: dict[tuple[int, tuple[int, ...]], Frontier] = {}
        self._hulls: dict[tuple[object, ...], _Hull | None] = {}
        self.looked_at = 0  # groups, over all bounds: what the search has cost so far

    def room(self, numbers: Sequence[int]) -> tuple[int, ...]:
        """What the lines have left for faults that are seen, when so many machines of each group give an answer."""
        room = list(self._problem.room)
        for index in self._answering:
            group = self._problem.groups[index]
            for kind in group.kinds:
                for line in kind.lines:
                    room[line] -= group.size - numbers[index]
        return tuple(room)

    def frontier(self, index: int, room: Sequence[int]) -> Frontier:
        group = self._problem.groups[index]
        key = (index, () if group.answers else tuple(room[line] for line in self._lines[index]))
        if key not in self._frontiers:
            self._frontiers[key] = frontier(group, room)
        return self._frontiers[key]

    def tightened(self, node: Node) -> Node | None:
        """With what its limits leave no choice about: answers that a line demands, and the preparation that these need."""
        groups = self._problem.groups
        open_ = [-rest for rest in self.room(node.high)]  # what a line has too little room for is above nought
        low, opened = list(node.low), list(node.opened)
        for index in self._answering:
            for line in groups[index].kinds[0].lines:
                low[index] = max(low[index], node.high[index] + open_[line])
            if low[index] > node.high[index]:
                return None
            for needed in groups[index].opens if low[index] else ():
                if opened[needed] is False:
                    return None
                opened[needed] = True
        return Node(tuple(low), node.high, tuple(opened))

    def bound(self, node: Node) -> tuple[Relaxed, Relaxed] | None:
        """The best bound found and, where coverage has a price, the answer on its other side; None: nothing fits."""
        need = self._problem.coverage
        room = self.room(node.high)
        if min(room, default=0) < 0 or self._seen(node.high) < need - SLACK:
            return None
        free = self._at(node, room, 0.0)
        if free is None or free.coverage >= need - SLACK or all(node.low[i] == node.high[i] for i in self._answering):
            return None if free is None else (free, free)
        return self._priced(node, room, free)

    def _priced(self, node: Node, room: Sequence[int], short: Relaxed) -> tuple[Relaxed, Relaxed] | None:
        """Bisect the price of coverage: too low, and too little is bought."""
        need, low, high = self._problem.coverage, 0.0, 1.0
        enough = self._at(node, room, high)
        while enough is not None and enough.coverage < need - SLACK and high < 1e12:
            low, short, high = high, enough, high * 8
            enough = self._at(node, room, high)
        if enough is None:
            return None
        best = max(short, enough, key=lambda found: found.bound)
        for _ in range(24):
            middle = (low + high) / 2
            found = self._at(node, room, middle)
            if found is None:
                return None
            best = max(best, found, key=lambda one: one.bound)
            if found.coverage >= need - SLACK:
                high, enough = middle, found
            else:
                low, short = middle, found
            if high - low < 1e-4 * high:
                break
        return Relaxed(best.bound, enough.numbers, enough.split, enough.coverage), short

    def _seen(self, numbers: Sequence[int]) -> float:
        return sum(self._problem.groups[index].coverage * numbers[index] for index in self._answering)

    def _at(self, node: Node, room: Sequence[int], price: float) -> Relaxed | None:
        cost, points = price * self._problem.coverage, 0.0
        numbers: list[int] = []
        segments: list[_Segment] = []
        self.looked_at += len(self._problem.groups)
        for index in range(len(self._problem.groups)):
            hull = self._hull(index, node, room, price)
            if hull is None:
                return None
            numbers.append(hull.start)
            cost += hull.cost
            points += hull.points
            segments += hull.segments
        segments.sort(key=lambda segment: segment.price)
        need, split = self._problem.points, None
        for segment in segments:
            missing = need - points
            if missing <= SLACK and segment.cost >= 0:
                break
            if segment.points <= missing + SLACK or segment.cost <= 0:
                numbers[segment.group] = segment.end
                cost += segment.cost
                points += segment.points
                continue
            share = missing / segment.points
            cost += share * segment.cost
            points = need
            numbers[segment.group], split = self._cut(segment, share, missing, node, room)
            break
        if points < need - 10 * SLACK:
            return None
        return Relaxed(cost, tuple(numbers), split, self._seen(numbers))

    def _cut(
        self, segment: _Segment, share: float, missing: float, node: Node, room: Sequence[int]
    ) -> tuple[int, tuple[int, int] | None]:
        """How many whole fixes bring what is missing, and where to cut the group if that is dearer than the part."""
        front = self.frontier(segment.group, room)
        whole = (
            min(front.fewest(front.at(segment.start) + missing), segment.end)
            if front.least <= segment.start
            else segment.end
        )
        if segment.start == 0 and self._problem.groups[segment.group].once and not node.opened[segment.group]:
            return whole, (segment.group, 0)
        at = min(segment.start + int(share * (segment.end - segment.start) + SLACK), segment.end - 1)
        return whole, (segment.group, at)

    def _hull(self, index: int, node: Node, room: Sequence[int], price: float) -> _Hull | None:
        group, front = self._problem.groups[index], self.frontier(index, room)
        low = max(node.low[index], front.least)
        high = 0 if node.opened[index] is False else node.high[index]
        if low > high:
            return None
        sunk = node.opened[index] is True
        key = (id(front), index, low, high, sunk, price if group.answers else 0.0)
        if key not in self._hulls:
            each = group.each - price * group.coverage
            self._hulls[key] = _hull(index, front, low, high, group.once, each, sunk)
        return self._hulls[key]


def _hull(index: int, front: Frontier, low: int, high: int, once: int, each: float, sunk: bool) -> _Hull:
    """The upper concave hull of the points over the costs of low to high fixes."""
    numbers = [low, *(number for number in front.numbers if low < number < high), *([high] if high > low else [])]
    costs = [each * number + (once if number or sunk else 0) for number in numbers]
    points = [front.at(number) for number in numbers]
    kept: list[int] = [0]
    for position in range(1, len(numbers)):
        while len(kept) > 1 and _is_under(kept[-2], kept[-1], position, costs, points):
            kept.pop()
        kept.append(position)
    segments = []
    for first, second in pairwise(kept):
        cost, gain = costs[second] - costs[first], points[second] - points[first]
        if gain > 0 or cost < 0:
            price = -1.0 if cost < 0 else cost / gain
            segments.append(_Segment(price, cost, gain, index, numbers[first], numbers[second]))
    return _Hull(low, costs[0], points[0], tuple(segments))


def _is_under(first: int, middle: int, last: int, costs: Sequence[float], points: Sequence[float]) -> bool:
    """Whether the middle one lies on or under the line from the first to the last."""
    rise = (points[middle] - points[first]) * (costs[last] - costs[first])
    return rise <= (points[last] - points[first]) * (costs[middle] - costs[first])
