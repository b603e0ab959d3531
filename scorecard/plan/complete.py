"""From a relaxed answer to a whole one: what is missing is added at the best price, what is not needed dropped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scorecard.plan.frontier import SLACK, Frontier
from scorecard.plan.relaxed import Problem, Relaxation


class Completion:
    """Makes answers that keep to every demand of the problem; they need not be the cheapest."""

    def __init__(self, problem: Problem, relaxation: Relaxation) -> None:
        self._problem = problem
        self._relaxation = relaxation
        self._answering = [index for index, group in enumerate(problem.groups) if group.answers]

    def of(self, numbers: Sequence[int]) -> tuple[int, tuple[int, ...]] | None:
        """(cost, fixes of each group); None where answers alone cannot settle coverage and lines."""
        groups = self._problem.groups
        done = list(numbers)
        if not (self._see(done) and self._settle_lines(done)):
            return None
        room = self._relaxation.room(done)
        fronts = [self._relaxation.frontier(index, room) for index in range(len(groups))]
        for index, front in enumerate(fronts):
            done[index] = max(done[index], front.least)
        if not self._raise(done, fronts):
            return None
        self._drop(done, fronts)
        return self.cost(done), tuple(done)

    def cost(self, done: Sequence[int]) -> int:
        groups = self._problem.groups
        opened = {index for index, number in enumerate(done) if number}
        opened |= {needed for index in self._answering if done[index] for needed in groups[index].opens}
        return sum(groups[i].each * number for i, number in enumerate(done)) + sum(groups[i].once for i in opened)

    def _see(self, done: list[int]) -> bool:
        groups = self._problem.groups
        missing = self._problem.coverage - sum(groups[index].coverage * done[index] for index in self._answering)
        useful = [index for index in self._answering if groups[index].coverage > 0]
        for index in sorted(useful, key=lambda index: groups[index].each / groups[index].coverage):
            if missing <= SLACK:
                break
            more = min(groups[index].size - done[index], -int(-(missing - SLACK) // groups[index].coverage))
            done[index] += more
            missing -= more * groups[index].coverage
        return missing <= SLACK

    def _settle_lines(self, done: list[int]) -> bool:
        groups = self._problem.groups
        for index in sorted(self._answering, key=lambda index: groups[index].each):
            over = max(
                (-self._relaxation.room(done)[line] for kind in groups[index].kinds for line in kind.lines), default=0
            )
            if over > 0:
                done[index] = min(groups[index].size, done[index] + over)
        return min(self._relaxation.room(done), default=0) >= 0

    def _points(self, done: Sequence[int], fronts: Sequence[Frontier]) -> float:
        return sum(front.at(number) for front, number in zip(fronts, done, strict=True))

    def _raise(self, done: list[int], fronts: Sequence[Frontier]) -> bool:
        """Add the step with the best price until there are points enough."""
        while (missing := self._problem.points - self._points(done, fronts)) > SLACK:
            steps = [step for index, front in enumerate(fronts) for step in self._steps(index, done[index], front, missing)]
            if not steps:
                return False
            _, index, number = min(steps)
            done[index] = number
        return True

    def _steps(self, index: int, number: int, front: Frontier, missing: float) -> Iterator[tuple[float, int, int]]:
        group, now = self._problem.groups[index], front.at(number)
        for stop in front.numbers:
            gain = min(front.at(stop) - now, missing) if stop > number else 0.0
            if gain > 0:
                stop = min(stop, front.fewest(now + missing))
                yield ((stop - number) * group.each + (0 if number else group.once)) / gain, index, stop

    def _drop(self, done: list[int], fronts: Sequence[Frontier]) -> None:
        """Take away what the points do not need, the dearest first."""
        groups = self._problem.groups
        surplus = self._points(done, fronts) - self._problem.points
        for index in sorted(range(len(groups)), key=lambda index: -(groups[index].each + groups[index].once)):
            front, number = fronts[index], done[index]
            if groups[index].answers or not number:
                continue
            less = max(front.fewest(front.at(number) - surplus - SLACK), front.least)
            if less < number:
                surplus -= front.at(number) - front.at(less)
                done[index] = less
