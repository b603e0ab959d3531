"""One group of equal work: the most points that a number of fixes can bring, and what it costs.

A fix of a group costs `each`, the first one `once` besides. Which fixes: those that a limit demands first, then by points.
Limits say how many may stay open on a line; the lines of a group are disjoint or lie inside one another, so that leaving
open what brings least, as long as its lines have room, is best for every number at once (greedy on a laminar matroid).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# Sums of points in another order may differ by so much.
SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Kind:
    """Fixes of one group that are alike: `size` of them, each worth so many points, all on these lines."""

    points: float
    size: int
    lines: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """`answers`: a fix is getting an answer from a machine, so that it reaches into what other groups are about.

    Its lines are theirs, it adds `coverage` to the share seen, and it needs the preparation of the groups in `opens`.
    """

    once: int
    each: int
    kinds: tuple[Kind, ...]
    answers: bool = False
    coverage: float = 0.0
    opens: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        return sum(kind.size for kind in self.kinds)


@dataclass(frozen=True, slots=True)
class Frontier:
    """The most points for every number of fixes from the first of `numbers` on; linear between two of them, concave."""

    numbers: tuple[int, ...]
    points: tuple[float, ...]

    @property
    def least(self) -> int:
        return self.numbers[0]

    def at(self, number: int) -> float:
        for index in range(1, len(self.numbers)):
            if number <= self.numbers[index]:
                low, high = self.numbers[index - 1], self.numbers[index]
                share = (number - low) / (high - low)
                return self.points[index - 1] + share * (self.points[index] - self.points[index - 1])
        return self.points[-1]

    def fewest(self, points: float) -> int:
        """The smallest number that brings so many points; the largest of all where none does."""
        if self.points[0] >= points - SLACK:
            return self.numbers[0]
        for index in range(1, len(self.numbers)):
            if self.points[index] >= points - SLACK:
                low, high = self.numbers[index - 1], self.numbers[index]
                rate = (self.points[index] - self.points[index - 1]) / (high - low)
                return min(low + -int(-(points - SLACK - self.points[index - 1]) // rate), high)
        return self.numbers[-1]


def left_open(group: Group, room: Sequence[int]) -> list[tuple[int, int]]:
    """(kind, how many), in the order in which to leave them open; `room`: how many may stay open on each line.

    The reverse is the order in which to fix them. What is not named must be fixed in any case.
    """
    rest = {} if group.answers else {line: room[line] for kind in group.kinds for line in kind.lines}
    order: list[tuple[int, int]] = []
    for index in sorted(range(len(group.kinds)), key=lambda index: group.kinds[index].points):
        kind = group.kinds[index]
        lines = () if group.answers else kind.lines
        count = min([kind.size, *(rest[line] for line in lines)])
        if count > 0:
            order.append((index, count))
            for line in lines:
                rest[line] -= count
    return order


def frontier(group: Group, room: Sequence[int]) -> Frontier:
    numbers, points = [group.size], [sum(kind.points * kind.size for kind in group.kinds)]
    for index, count in left_open(group, room):
        numbers.append(numbers[-1] - count)
        points.append(points[-1] - count * group.kinds[index].points)
    return Frontier(tuple(reversed(numbers)), tuple(reversed(points)))


def chosen(group: Group, room: Sequence[int], number: int) -> tuple[int, ...]:
    """How many fixes of each kind the frontier takes for so many in all."""
    counts = [kind.size for kind in group.kinds]
    surplus = group.size - number
    for index, count in left_open(group, room):
        taken = min(count, surplus)
        counts[index] -= taken
        surplus -= taken
    return tuple(counts)


def is_laminar(groups: Sequence[frozenset[int]]) -> bool:
    """Whether any two of these sets of kinds are disjoint or one lies inside the other."""
    return all(
        not (one & other) or one <= other or other <= one
        for position, one in enumerate(groups)
        for other in groups[position + 1 :]
    )
