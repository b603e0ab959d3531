"""Branch and bound over the fixes of a problem: the cheapest answer, and below what nothing can be cheaper."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import count
from math import ceil, gcd

from scorecard.plan.complete import Completion
from scorecard.plan.relaxed import Node, Problem, Relaxation, Relaxed

# Counted in groups that bounds look at: after so many an answer proven so close is taken, and at the last number any.
_ENOUGH, _MOST = 20_000, 200_000
_CLOSE = 0.005


@dataclass(frozen=True, slots=True)
class Found:
    """`cost`: minutes. `bound`: nothing costs less. `numbers`: fixes of each group; None: no answer below `below`."""

    cost: float
    bound: float
    numbers: tuple[int, ...] | None


def cheapest(problem: Problem, below: float = float("inf")) -> Found:
    """`below`: a cost that is known to be possible otherwise; dearer answers are of no use."""
    search = _Search(problem, below)
    bound = search.run()
    return Found(search.cost, min(bound, search.cost), search.numbers)


class _Search:
    def __init__(self, problem: Problem, below: float) -> None:
        self._problem = problem
        self._relaxation = Relaxation(problem)
        self._completion = Completion(problem, self._relaxation)
        self._unit = reduce(gcd, (cost for group in problem.groups for cost in (group.once, group.each)), 0) or 1
        self.cost = below
        self.numbers: tuple[int, ...] | None = None

    def run(self) -> float:
        """The bound that is proven."""
        sizes = tuple(group.size for group in self._problem.groups)
        first = Node((0,) * len(sizes), sizes, (None,) * len(sizes))
        turn = count()
        heap: list[tuple[float, int, Node, Relaxed, Relaxed]] = []
        self._look(first, heap, turn)
        while heap:
            bound, _, node, found, other = heapq.heappop(heap)
            if bound >= self.cost:
                return self.cost
            looked = self._relaxation.looked_at
            if looked >= _MOST or (looked >= _ENOUGH and bound >= (1 - _CLOSE) * self.cost):
                return bound
            for child in self._children(node, found, other):
                self._look(child, heap, turn)
        return self.cost

    def _look(self, node: Node, heap: list[tuple[float, int, Node, Relaxed, Relaxed]], turn: Iterator[int]) -> None:
        """Bound a part, try to make an answer of it, and keep it if it may hold a better one."""
        tight = self._relaxation.tightened(node)
        pair = None if tight is None else self._relaxation.bound(tight)
        if tight is None or pair is None:
            return
        found, other = pair
        bound = self._unit * ceil((found.bound - 1e-6) / self._unit)
        if bound >= self.cost:
            return
        whole = self._completion.of(found.numbers)
        if whole is not None and whole[0] < self.cost:
            self.cost, self.numbers = whole
        if bound < self.cost:
            heapq.heappush(heap, (bound, next(turn), tight, found, other))

    def _children(self, node: Node, found: Relaxed, other: Relaxed) -> list[Node]:
        """Two parts that hold between them all that a part holds; none where the relaxed answer is a whole one."""
        if found.split is not None:
            return _cut(node, *found.split)
        group = self._unsettled(node, found, other)
        if group is not None:
            low, high = node.low[group], node.high[group]
            return _cut(node, group, min(max(min(found.numbers[group], other.numbers[group]), low), high - 1))
        group = self._unpaid(node, found.numbers)
        return [] if group is None else [_opened(node, group), *self._closed(node, group)]

    def _unsettled(self, node: Node, found: Relaxed, other: Relaxed) -> int | None:
        """An answering group to decide on: were the relaxed answer right about all of them, it would be a whole one.

        First one that both sides of the price of coverage see differently, then one that leaves a fault on a line.
        """
        groups = self._problem.groups
        free = [i for i, group in enumerate(groups) if group.answers and node.low[i] < node.high[i]]
        differing = [i for i in free if found.numbers[i] != other.numbers[i]]
        holding = [i for i in free if found.numbers[i] < node.high[i] and any(kind.lines for kind in groups[i].kinds)]
        return next(iter((*differing, *holding)), None) if found is other or differing else next(iter(free), None)

    def _unpaid(self, node: Node, numbers: Sequence[int]) -> int | None:
        """A group whose preparation is needed by an answer and was not paid."""
        for index, group in enumerate(self._problem.groups):
            if group.answers and numbers[index]:
                for needed in group.opens:
                    if node.opened[needed] is None and not numbers[needed] and self._problem.groups[needed].once:
                        return needed
        return None

    def _closed(self, node: Node, group: int) -> list[Node]:
        high = list(node.high)
        high[group] = 0
        for index, other in enumerate(self._problem.groups):
            if group in other.opens:
                high[index] = 0
        if any(low > most for low, most in zip(node.low, high, strict=True)):
            return []
        opened = (*node.opened[:group], False, *node.opened[group + 1 :])
        return [Node(node.low, tuple(high), opened)]


def _opened(node: Node, group: int) -> Node:
    return replace(node, opened=(*node.opened[:group], True, *node.opened[group + 1 :]))


def _cut(node: Node, group: int, at: int) -> list[Node]:
    """Up to `at` fixes of the group, and more."""
    few = replace(node, high=(*node.high[:group], at, *node.high[group + 1 :]))
    many = replace(node, low=(*node.low[:group], at + 1, *node.low[group + 1 :]))
    return [few, many]
