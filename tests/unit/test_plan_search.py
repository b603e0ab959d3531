"""The search for the cheapest fixes against trying everything."""

from __future__ import annotations

import random
from itertools import product
from math import inf, prod

import pytest

from scorecard.plan.frontier import Group, Kind, chosen, frontier, is_laminar
from scorecard.plan.relaxed import Problem
from scorecard.plan.search import cheapest


def some_problem(seed: int) -> Problem:
    """Groups of fixes with lines of their own, and answers that reach into those and need their preparation."""
    chance = random.Random(seed)
    count, lines = chance.randint(1, 5), chance.randint(0, 4)
    owner = [chance.randrange(count) for _ in range(lines)]
    groups = []
    for group in range(count):
        mine = [line for line in range(lines) if owner[line] == group]
        kinds = [
            Kind(
                chance.choice([0, 0.5, 1, 2, 3, chance.random() * 3]),
                chance.randint(1, 3),
                (chance.choice(mine),) if mine and chance.random() < 0.7 else (),
            )
            for _ in range(chance.randint(1, 3))
        ]
        groups.append(Group(chance.choice([0, 10, 30, 60]), chance.choice([0, 5, 10, 20, 30]), tuple(kinds)))
    for _ in range(chance.choice([0, 0, 1, 2, 3])):
        on = tuple(sorted(chance.sample(range(lines), chance.randint(0, min(2, lines)))))
        opens = tuple(sorted(chance.sample(range(count), chance.randint(0, min(2, count)))))
        kind = Kind(chance.random() * 3, chance.randint(1, 2), on)
        groups.append(Group(0, chance.choice([10, 20, 35]), (kind,), True, chance.random() * 0.1, opens))
    room = [0] * lines
    for one in groups:
        for kind in one.kinds:
            for line in kind.lines:
                room[line] += kind.size
    most = sum(kind.points * kind.size for one in groups for kind in one.kinds)
    share = sum(one.coverage * one.size for one in groups) * chance.choice([0, 0, chance.random(), 1])
    return Problem(tuple(groups), most * chance.random() ** 0.7, share, tuple(chance.randint(0, n) for n in room))


def tried(problem: Problem) -> float | None:
    """The least cost of all answers."""
    kinds = [(index, kind) for index, group in enumerate(problem.groups) for kind in group.kinds]
    best = inf
    for counts in product(*(range(kind.size + 1) for _, kind in kinds)):
        found = list(zip(counts, kinds, strict=True))
        left = list(problem.room)
        for count, (_, kind) in found:
            for line in kind.lines:
                left[line] -= kind.size - count
        points = sum(count * kind.points for count, (_, kind) in found)
        share = sum(count * problem.groups[index].coverage for count, (index, _) in found)
        if points < problem.points - 1e-9 or share < problem.coverage - 1e-9 or min(left, default=0) < 0:
            continue
        begun = {index for count, (index, _) in found if count}
        opened = begun.union(*(problem.groups[index].opens for index in begun))
        cost = sum(problem.groups[index].once for index in opened)
        best = min(best, cost + sum(count * problem.groups[index].each for count, (index, _) in found))
    return None if best == inf else best


def test_the_search_finds_what_trying_everything_finds() -> None:
    looked = 0
    for seed in range(700):
        problem = some_problem(seed)
        if prod(kind.size + 1 for group in problem.groups for kind in group.kinds) > 6000:
            continue
        looked += 1
        found, best = cheapest(problem), tried(problem)
        assert (found.cost if found.numbers is not None else None) == best, f"problem {seed}"
        assert best is None or found.bound == best, f"problem {seed}"
    assert looked > 350


def test_a_coverage_price_keeps_the_bound_below_an_answer_with_free_fixes() -> None:
    """Found while trying: a group of fixes that cost nothing but their preparation beside answers with a price on them."""
    groups = (
        Group(60, 0, (Kind(2.77, 3, (0,)), Kind(1.22, 1, (0,)), Kind(2, 3))),
        Group(0, 0, (Kind(3, 2),)),
        Group(0, 10, (Kind(3, 2),)),
        Group(30, 10, (Kind(0.5, 2),)),
        Group(0, 35, (Kind(1.36, 1, (0, 1)),), True, 0.0577, (0, 1)),
        Group(0, 10, (Kind(0.6, 1),), True, 0.0812, (1,)),
        Group(0, 35, (Kind(0.16, 2),), True, 0.0965, (1,)),
    )
    problem = Problem(groups, 11.94, 0.2329, (4, 0))
    assert cheapest(problem).cost == tried(problem) == 140


def test_an_answer_dearer_than_what_is_known_is_of_no_use() -> None:
    problem = Problem((Group(10, 5, (Kind(1.0, 3),)),), 2.0, 0.0, ())
    assert (cheapest(problem).cost, cheapest(problem).numbers) == (20, (2,))
    assert (cheapest(problem, below=20).numbers, cheapest(problem, below=20).bound) == (None, 20)


def test_too_little_to_fix_is_no_answer() -> None:
    assert cheapest(Problem((Group(10, 5, (Kind(1.0, 3),)),), 3.5, 0.0, ())).numbers is None
    assert cheapest(Problem((), 1.0, 0.0, ())).numbers is None


def test_nothing_needed_costs_nothing() -> None:
    assert cheapest(Problem((Group(10, 5, (Kind(1.0, 3),)),), -2.0, -0.5, ())).cost == 0


def test_what_a_line_demands_comes_first_and_then_the_points() -> None:
    """Six open; on the line at most one of three may stay open: the two that must go are those with most points there."""
    group = Group(30, 10, (Kind(0.1, 1, (0,)), Kind(0.2, 2, (0,)), Kind(1.0, 3)))
    front = frontier(group, [1])
    assert front.numbers == (2, 5, 6)
    assert front.points == pytest.approx((0.4, 3.4, 3.5))
    assert [chosen(group, [1], number) for number in (2, 3, 6)] == [(0, 2, 0), (0, 2, 1), (1, 2, 3)]
    assert front.fewest(0.3) == 2
    assert front.fewest(1.5) == 4
    assert front.fewest(9.0) == 6
    assert front.at(4) == pytest.approx(2.4)


def test_lines_inside_one_another_are_laminar_and_crossing_ones_are_not() -> None:
    assert is_laminar([frozenset({1, 2, 3}), frozenset({2}), frozenset({4})])
    assert not is_laminar([frozenset({1, 2}), frozenset({2, 3})])
