"""The work of an audit as a problem to search: what is alike is put together, and limits become lines (frontier.py)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from scorecard.plan.frontier import Group, Kind, chosen, is_laminar
from scorecard.plan.limits import Demands, Limit
from scorecard.plan.relaxed import Problem, Relaxation
from scorecard.plan.work import Answers, Fix, Owner, Work

# Equal things may differ in the last bits of a sum.
_DIGITS = 12

Lines = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """Which work is done."""

    fixes: tuple[Fix, ...]
    answers: tuple[Answers, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """`members`: for each kind of each group of fixes, and for each group of answers, what it stands for.

    `exact`: whether the search proves its bound, which it does not where pools of one check overlap in part.
    """

    problem: Problem
    fixes: tuple[tuple[tuple[Fix, ...], ...], ...]
    answers: tuple[tuple[Answers, ...], ...]
    exact: bool

    def choice(self, numbers: Sequence[int]) -> Choice:
        """The work behind so many fixes of each group."""
        room = Relaxation(self.problem).room(numbers)
        fixes: list[Fix] = []
        for members, group, number in zip(self.fixes, self.problem.groups, numbers, strict=False):
            for kind, count in zip(members, chosen(group, room, number), strict=True):
                fixes += kind[:count]
        answers: list[Answers] = []
        for found, number in zip(self.answers, numbers[len(self.fixes) :], strict=True):
            answers += found[:number]
        return Choice(tuple(fixes), tuple(answers))


def model(work: Work, missing_points: float, missing_coverage: float, demands: Demands, way: Iterable[Limit]) -> Model:
    limits = [limit for limit in way if limit.allowed < len(limit.endpoints)]
    on_lines = _Lines(limits, work, demands.answers)
    by_check: dict[str, list[Fix]] = defaultdict(list)
    for fix in work.fixes:
        if fix.check in work.efforts:
            by_check[fix.check].append(fix)
    again = {check for answers in work.answers for check in answers.again}
    checks = sorted({*by_check, *again} & work.efforts.keys())
    groups: list[Group] = []
    members: list[tuple[tuple[Fix, ...], ...]] = []
    for check in checks:
        effort, kinds = work.efforts[check], _kinds(by_check[check], on_lines)
        groups.append(Group(effort.once_min, effort.each_min, tuple(kinds)))
        members.append(tuple(kinds.values()))
    exact = all(is_laminar(_lines_of(group)) for group in groups)
    numbers = {check: index for index, check in enumerate(checks)}
    answers = _answers(work.answers, on_lines, numbers)
    groups += answers
    problem = Problem(tuple(groups), missing_points, missing_coverage, on_lines.room)
    return Model(problem, tuple(members), tuple(answers.values()), exact)


class _Lines:
    """Which work is on which line, and how many a line has room for besides what nothing can be done about."""

    def __init__(self, limits: Sequence[Limit], work: Work, answers: frozenset[str]) -> None:
        self._of: dict[tuple[str, str], list[int]] = defaultdict(list)
        for line, limit in enumerate(limits):
            for endpoint in limit.endpoints:
                self._of[limit.check, endpoint].append(line)
        self._must_answer = answers
        room = [limit.allowed - len(limit.endpoints) for limit in limits]
        room.append(-len(answers))
        self._last = len(limits)
        for fix in work.fixes:
            if fix.check in work.efforts:
                _add_one(room, self.of_fix(fix))
        for answering in work.answers:
            _add_one(room, self.of_answers(answering))
        self.room = tuple(room)

    def of_fix(self, fix: Fix) -> Lines:
        return tuple(self._of.get((fix.check, fix.endpoint), ()))

    def of_answers(self, answers: Answers) -> Lines:
        held = [line for check in answers.checks for line in self._of.get((check, answers.endpoint), ())]
        return tuple(held) + ((self._last,) if answers.endpoint in self._must_answer else ())


def _add_one(room: list[int], lines: Lines) -> None:
    for line in lines:
        room[line] += 1


def _kinds(fixes: Iterable[Fix], on_lines: _Lines) -> dict[Kind, tuple[Fix, ...]]:
    """What the provider does itself comes first among what is alike."""
    alike: dict[tuple[float, Lines], list[Fix]] = defaultdict(list)
    for fix in sorted(fixes, key=lambda fix: (fix.owner is not Owner.PROVIDER, fix.endpoint)):
        alike[round(fix.points, _DIGITS), on_lines.of_fix(fix)].append(fix)
    return {Kind(points, len(found), lines): tuple(found) for (points, lines), found in sorted(alike.items())}


def _answers(answers: Iterable[Answers], on_lines: _Lines, numbers: Mapping[str, int]) -> dict[Group, tuple[Answers, ...]]:
    alike: dict[Group, list[Answers]] = defaultdict(list)
    for one in answers:
        kind = Kind(round(one.points, _DIGITS), 1, on_lines.of_answers(one))
        opens = tuple(numbers[check] for check in one.again if check in numbers)
        alike[Group(0, one.each_min, (kind,), True, round(one.coverage, _DIGITS), opens)].append(one)
    return {_of_size(group, len(found)): tuple(found) for group, found in alike.items()}


def _of_size(group: Group, size: int) -> Group:
    return replace(group, kinds=tuple(replace(kind, size=size) for kind in group.kinds))


def _lines_of(group: Group) -> list[frozenset[int]]:
    """For each line the kinds that are on it."""
    found: dict[int, set[int]] = defaultdict(set)
    for index, kind in enumerate(group.kinds):
        for line in kind.lines:
            found[line].add(index)
    return [frozenset(kinds) for kinds in found.values()]
