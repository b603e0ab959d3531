"""The cheapest road to a better letter: the fewest likely hours that lift it, seen by grading the changed findings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from scorecard.caps import percent
from scorecard.errors import InputError, ScorecardError
from scorecard.plan.frontier import SLACK
from scorecard.plan.gains import Gains, passed_all
from scorecard.plan.hours import Hours, hours
from scorecard.plan.limits import Limit, demands, is_better
from scorecard.plan.model import Choice, Model, model
from scorecard.plan.search import cheapest
from scorecard.plan.work import ANSWERING, Answers, Fix, Owner, Work, by_kind, title_of, work_of
from scorecard.result import Audit, Grade
from scorecard.score import grade_of
from scorecard.standard import LETTERS, Standard, standard_of


class RoadError(ScorecardError):
    """The road does not lead where the search says: our own fault."""


@dataclass(frozen=True, slots=True)
class Step:
    """One check's fix over some endpoints, or the answers of some machines (`id` is a key of ANSWERING)."""

    id: str
    title: str
    endpoints: tuple[str, ...]
    hours: Hours
    points: float
    by_client: tuple[str, ...]  # endpoints where the client does or pays it
    declined: tuple[str, ...]  # that the client refused so far
    waived: tuple[str, ...]  # that were agreed to stay as they are
    fixed_again: tuple[str, ...] = ()  # checks that were open when these machines answered last


@dataclass(frozen=True, slots=True)
class Road:
    """`least_hours`: no road is shorter; None: not proven. `assumed`: machines taken to pass what they did not answer."""

    start: str
    letter: str
    score: float
    score_after: float
    steps: tuple[Step, ...]
    hours: Hours
    least_hours: float | None
    assumed: tuple[str, ...]

    @property
    def only_unknown(self) -> bool:
        """Nothing that is known to be wrong has to be fixed."""
        return all(step.id in ANSWERING for step in self.steps)


@dataclass(frozen=True, slots=True)
class NoRoad:
    """Why there is none, in a sentence for a person."""

    start: str | None
    reason: str


def road(audit: Audit, to: str | None = None, work: Work | None = None) -> Road | NoRoad:
    """To the next letter, or to a better one; `work`: that of the audit, where it is at hand.

    Raises InputError where `to` is no better letter.
    """
    card = audit.scorecard
    if card.letter is None or card.score is None:
        return NoRoad(None, _not_graded(audit, work))
    if card.letter == LETTERS[0]:
        return NoRoad(card.letter, f"The letter is {LETTERS[0]}: there is no better one")
    letter = to or next_letter(card.letter)
    if letter not in LETTERS or not is_better(letter, card.letter):
        better = ", ".join(LETTERS[: LETTERS.index(card.letter)])
        raise InputError(f"{letter}: expected a letter better than {card.letter}, so one of {better}")
    standard = standard_of(audit)
    return _Planner(audit, standard, letter, work).road()


def next_letter(letter: str) -> str:
    """The better one that is next to it; the best one's own."""
    return LETTERS[max(LETTERS.index(letter) - 1, 0)]


def _not_graded(audit: Audit, work: Work | None) -> str:
    card = audit.scorecard
    if audit.scope or card.score is None:
        return card.not_graded or "There is no grade"
    standard = standard_of(audit)
    need = standard.content.coverage.not_graded.below
    work = work or work_of(audit, Gains(audit, standard))
    answers = sorted(work.answers, key=lambda one: (-one.coverage, one.endpoint))
    seen, count = card.coverage, 0
    while seen < need - SLACK and count < len(answers):
        seen += answers[count].coverage
        count += 1
    machines = "1 machine" if count == 1 else f"{count} machines"
    return (
        f"There is no grade yet: {percent(card.coverage)} of what the standard asks was seen, and {percent(need)} is "
        f"needed; first find and check {machines} or more"
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """`cost`: minutes. `card`: the grade once it is done."""

    choice: Choice
    cost: float
    card: Grade


class _Planner:
    def __init__(self, audit: Audit, standard: Standard, letter: str, work: Work | None) -> None:
        self._audit = audit
        self._standard = standard
        self._work = work or work_of(audit, Gains(audit, standard))
        self._demands = demands(audit, standard, letter)
        self._points = self._demands.score - (audit.scorecard.score or 0.0)
        self._coverage = self._demands.coverage - audit.scorecard.coverage

    def road(self) -> Road | NoRoad:
        """By every way, each of which has to be cheaper than those before; a floor bounds the ways that are not tried."""
        best: _Found | None = None
        cost, proven, exact = inf, inf, True
        floor = self._demands.floor
        for way in (*self._demands.ways, *(() if floor is None else (floor,))):
            found, bound, is_exact = self._search(way, cost)
            proven, exact = min(proven, bound), exact and is_exact
            if found is not None and self._reaches(found.card):
                best, cost = found, found.cost
        if best is None:
            return NoRoad(self._audit.scorecard.letter, self._why_not())
        return self._built(best, proven if exact else None)

    def _search(self, way: Sequence[Limit], below: float) -> tuple[_Found | None, float, bool]:
        """What was found, the bound, and whether the bound is proven.

        A sum that misses the band by less than sums can differ is searched again with a little more to reach.
        """
        for more in (0.0, 100 * SLACK):
            made: Model = model(self._work, self._points + more, self._coverage, self._demands, way)
            searched = cheapest(made.problem, below)
            if searched.numbers is None:
                return None, searched.bound, made.exact
            choice = made.choice(searched.numbers)
            found = _Found(choice, searched.cost, self._grade(choice))
            if way is self._demands.floor or self._reaches(found.card):
                return found, searched.bound, made.exact
        raise RoadError(f"internal error: the road to {self._demands.letter} does not lead there; please report it")

    def _reaches(self, card: Grade) -> bool:
        return card.letter is not None and not is_better(self._demands.letter, card.letter)

    def _grade(self, choice: Choice) -> Grade:
        """The grade once that is done, by the same arithmetic as any grade."""
        audit = self._audit
        keys = {(fix.check, fix.endpoint) for fix in choice.fixes}
        keys |= {(check, answers.endpoint) for answers in choice.answers for check in answers.checks}
        return grade_of(
            passed_all(audit.findings, frozenset(keys), self._standard),
            audit.devices,
            self._standard,
            as_of=audit.as_of,
            client_since=audit.client_since,
            time_zone=audit.time_zone,
        )

    def _why_not(self) -> str:
        estimated = [fix for fix in self._work.fixes if fix.check in self._work.efforts]
        card = self._grade(Choice(tuple(estimated), self._work.answers))
        said = f"Even with all of this work done the grade would be {card.letter}, with {card.score or 0.0:.1f} of 100"
        holding = [cap.message for cap in card.caps if is_better(self._demands.letter, cap.letter)]
        missing = sorted({fix.check for fix in self._work.fixes if fix.check not in self._work.efforts})
        why = f", held by: {'; '.join(holding)}" if holding else ""
        without = f". Nobody estimated the hours of {', '.join(missing)}, which are left out" if missing else ""
        return f"{said}{why}{without}"

    def _built(self, best: _Found, proven: float | None) -> Road:
        choice, after = best.choice, best.card
        steps = (*self._fixing(choice), *self._answering(choice.answers, choice.fixes))
        before = self._audit.scorecard
        return Road(
            start=before.letter or "",
            letter=after.letter or "",
            score=before.score or 0.0,
            score_after=after.score or 0.0,
            steps=tuple(sorted(steps, key=lambda step: (-step.points / max(step.hours.likely, 1e-9), step.id))),
            hours=hours(best.cost),
            least_hours=None if proven is None else proven / 60,
            assumed=tuple(sorted(answers.endpoint for answers in choice.answers)),
        )

    def _fixing(self, choice: Choice) -> list[Step]:
        by_check: dict[str, list[Fix]] = defaultdict(list)
        for fix in choice.fixes:
            by_check[fix.check].append(fix)
        return [self._step(check, fixes) for check, fixes in sorted(by_check.items())]

    def _step(self, check: str, fixes: Sequence[Fix]) -> Step:
        effort = self._work.efforts[check]
        return Step(
            id=check,
            title=title_of(self._audit, check),
            endpoints=tuple(sorted(fix.endpoint for fix in fixes)),
            hours=hours(effort.once_min + effort.each_min * len(fixes)),
            points=sum(fix.points for fix in fixes),
            by_client=tuple(sorted(fix.endpoint for fix in fixes if fix.owner is not Owner.PROVIDER)),
            declined=tuple(sorted(fix.endpoint for fix in fixes if fix.declined)),
            waived=tuple(sorted(fix.endpoint for fix in fixes if fix.waived)),
        )

    def _answering(self, answers: Sequence[Answers], fixes: Sequence[Fix]) -> list[Step]:
        """With the preparation of what has to be fixed again there, where no other step has it."""
        efforts, paid = self._work.efforts, {fix.check for fix in fixes}
        steps = []
        for id_, mine in by_kind(answers):
            again = sorted({check for one in mine for check in one.again})
            once = sum(efforts[check].once_min for check in again if check in efforts and check not in paid)
            paid.update(again)
            steps.append(
                Step(
                    id=id_,
                    title=ANSWERING[id_],
                    endpoints=tuple(sorted(one.endpoint for one in mine)),
                    hours=hours(sum(one.each_min for one in mine) + once),
                    points=sum(one.points for one in mine),
                    by_client=tuple(sorted(one.endpoint for one in mine if one.owner is not Owner.PROVIDER)),
                    declined=(),
                    waived=(),
                    fixed_again=tuple(again),
                )
            )
        return steps
