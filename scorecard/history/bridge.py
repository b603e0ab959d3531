"""The bridge: what moved the score from one audit to the next, exactly.

Every check on an endpoint that counts otherwise than before has one cause (causes.py), and so has a changed standard. When
some of the causes have happened and the others have not, the score is that of the per-check sums with the findings of
those causes as they are now and all others as they were, under the new standard if that is among the causes. A cause's
part is its Shapley value over the causes (shapley.py): the parts add up to the difference of the scores, and nothing
depends on the order of machines, findings or causes.

Under the standard that did not judge it, a finding counts with its answer at that standard's severity and value; a check
that the standard does not ask of such a machine is not there. Where the standard asks otherwise, or judges by other
parameters and comes to another answer, the finding's whole change is the standard's: nobody knows what the other standard
would have said. Where a set of causes leaves nothing to grade, the score is taken to be what it was before.

Findings are counted, not added up, until the last step: the sums then have few terms, and are the same to the last bit
whatever the order.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import fsum

from scorecard.history import shapley
from scorecard.history.causes import Cause, cause_of_answer
from scorecard.history.kinds import Kind, kinds
from scorecard.history.measure import Measure, Weighed
from scorecard.history.pairs import judged_otherwise, require_comparable
from scorecard.result import Audit
from scorecard.standard import Standard, standard_of

_SAME_SCORE = 1e-6


@dataclass(frozen=True, slots=True)
class Part:
    """What one cause added to the score (`points`, signed, not rounded), and by which findings."""

    cause: Cause
    points: float
    findings: int
    endpoints: tuple[str, ...]
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bridge:
    """From the score `before` to the score `after`: their difference is the sum of the parts.

    `parts`: one for each cause that there was, in the order of Cause. `missing` says why there are none where there is no
    bridge: an audit without a score, or whose score does not follow from its findings.
    """

    before: float | None
    after: float | None
    parts: tuple[Part, ...] = ()
    missing: str | None = None

    def shown(self, digits: int = 1) -> tuple[tuple[Part, Decimal], ...]:
        """The parts with their points rounded so that they add up to the difference of the two scores as shown."""
        if self.before is None or self.after is None:
            return ()
        points = shapley.rounded([part.points for part in self.parts], self.before, self.after, digits)
        return tuple(zip(self.parts, points, strict=True))


def bridge(older: Audit, newer: Audit) -> Bridge:
    """Raises NotComparable for audits that say nothing about each other, StandardError for what cannot be read."""
    require_comparable(older, newer)
    before, after = older.scorecard.score, newer.scorecard.score
    if before is None or after is None:
        ungraded = older if before is None else newer
        return Bridge(before, after, missing=f"audit {ungraded.id[:8]} has no score: no check applied to any machine")
    ledger = _Ledger(older, newer)
    causes, worth = ledger.worth()
    for audit, score, own in ((older, before, worth[0]), (newer, after, worth[-1])):
        if own is None or abs(own - score) > _SAME_SCORE:
            said = (
                f"the score of audit {audit.id[:8]} does not follow from its findings (it was made by {audit.tool_version})"
            )
            return Bridge(before, after, missing=said)
    points = shapley.shares([before if value is None else value for value in worth])
    return Bridge(before, after, tuple(ledger.part(cause, share) for cause, share in zip(causes, points, strict=True)))


# Under the old standard, and under the new.
_Counts = tuple[Counter[Weighed], Counter[Weighed]]


class _Ledger:
    """How many findings there are that count the same, and how many come and go with each cause, under either standard."""

    def __init__(self, older: Audit, newer: Audit) -> None:
        self._old = Measure(standard_of(older), older, newer)
        self._new = Measure(standard_of(newer), newer, older)
        self._same = self._old.same_as(self._new)
        self._judged_otherwise = judged_otherwise(self._old.standard, self._new.standard)
        # Under the old standard and under the new: what is there while its cause has not happened.
        self._base: _Counts = (Counter(), Counter())
        self._moves: dict[Cause, _Counts] = {}
        self._changed: dict[Cause, list[Kind]] = defaultdict(list)
        for kind in kinds(older, newer):
            self._enter(kind)

    def worth(self) -> tuple[list[Cause], list[float | None]]:
        """The causes, and the score of every set of them (bits as shapley.shares has them)."""
        causes = [cause for cause in Cause if cause in self._moves]
        by_old, by_new = ([self._moves[cause][number] for cause in causes] for number in (0, 1))
        scores = _scores(self._base[0], by_old, self._old.standard)
        if self._same:
            return causes, scores
        # The standard comes last among the causes and so has the highest bit.
        return [*causes, Cause.STANDARD], scores + _scores(self._base[1], by_new, self._new.standard)

    def part(self, cause: Cause, points: float) -> Part:
        changed = self._changed[cause]
        endpoints = {endpoint for kind in changed for endpoint in kind.endpoints}
        checks = {kind.check for kind in changed}
        return Part(
            cause, points, sum(len(kind.endpoints) for kind in changed), tuple(sorted(endpoints)), tuple(sorted(checks))
        )

    def _enter(self, kind: Kind) -> None:
        """The finding then and now, each under the old standard and under the new."""
        was, is_ = self._old.own(kind.old, kind.then), self._new.own(kind.new, kind.now)
        was_by_new, is_by_old = was, is_
        if not self._same:
            was_by_new, is_by_old = self._new.other(kind.old, kind.then), self._old.other(kind.new, kind.now)
        start = was_by_new
        if was != is_by_old or was_by_new != is_:
            same_value = _value(was) == _value(is_by_old) and _value(was_by_new) == _value(is_)
            cause = self._cause(kind, same_value)
            self._changed[cause].append(kind)
            if cause is Cause.STANDARD:
                start = is_
            else:
                by_old, by_new = self._moves.setdefault(cause, (Counter(), Counter()))
                _move(by_old, len(kind.endpoints), was, is_by_old)
                _move(by_new, len(kind.endpoints), was_by_new, is_)
        _move(self._base[0], len(kind.endpoints), None, was)
        _move(self._base[1], len(kind.endpoints), None, start)

    def _cause(self, kind: Kind, same_value: bool) -> Cause:
        old, new = kind.old, kind.new
        if kind.then is None:
            return Cause.JOINED
        if kind.now is None:
            return Cause.LEFT
        if old is None or new is None or not (old.counts and new.counts):
            roles = (kind.then.role, kind.now.role)
            by_role = all(self._old.asks(kind.check, role) is self._new.asks(kind.check, role) for role in roles)
            return Cause.ROLE if by_role else Cause.STANDARD
        cause = None if same_value else cause_of_answer(old, new)
        if cause in (Cause.FIXED, Cause.BROKE, Cause.APPLIES) and kind.check in self._judged_otherwise:
            return Cause.STANDARD
        return cause or Cause.ROLE


def _move(counts: Counter[Weighed], number: int, gone: Weighed | None, come: Weighed | None) -> None:
    if gone is not None:
        counts[gone] -= number
    if come is not None:
        counts[come] += number


def _value(weighed: Weighed | None) -> float | None:
    return None if weighed is None else weighed[3]


# What findings add to their check's sums: earned, offered, severity x weight, weight, and how many have a value.
_Sums = tuple[float, float, float, float, int]


def _scores(base: Mapping[Weighed, int], moves: Sequence[Mapping[Weighed, int]], standard: Standard) -> list[float | None]:
    """The score of every set of moves over the base: sums.py's nested sums, once for each set."""
    sums = [_by_check(counts, standard) for counts in (base, *moves)]
    checks = sorted(set().union(*sums))
    categories: dict[str, tuple[list[float], list[float]]] = {}
    for check in checks:
        columns = zip(*(one.get(check, (0.0, 0.0, 0.0, 0.0, 0)) for one in sums), strict=True)
        earned, offered, severe, heads, valued = (_subset_sums(column) for column in columns)
        size = len(earned)
        results, weights = categories.setdefault(standard.category(check).id, ([0.0] * size, [0.0] * size))
        for index in range(size):
            if valued[index]:
                weight = severe[index] / heads[index]
                weights[index] += weight
                results[index] += weight * earned[index] / offered[index]
    return _over_categories(categories, standard, 1 << len(moves))


def _over_categories(
    categories: Mapping[str, tuple[list[float], list[float]]], standard: Standard, size: int
) -> list[float | None]:
    whole, reached = [0.0] * size, [0.0] * size
    for category in standard.content.categories:
        if category.id in categories:
            for index, (result, weight) in enumerate(zip(*categories[category.id], strict=True)):
                if weight:
                    whole[index] += category.weight
                    reached[index] += category.weight * min(result / weight, 1.0)
    return [100 * good / of if of else None for good, of in zip(reached, whole, strict=True)]


def _by_check(counts: Mapping[Weighed, int], standard: Standard) -> dict[str, _Sums]:
    terms: dict[str, list[_Sums]] = defaultdict(list)
    for (check, role, severity, value), count in counts.items():
        weight = count * standard.role_weight(role)
        severe = weight * standard.severity_weight(severity)
        valued = value is not None
        terms[check].append((severe * (value or 0.0), severe if valued else 0.0, severe, weight, count * valued))
    return {check: _added(found) for check, found in terms.items()}


def _added(terms: Iterable[_Sums]) -> _Sums:
    earned, offered, severe, weight, valued = zip(*terms, strict=True)
    return fsum(earned), fsum(offered), fsum(severe), fsum(weight), sum(valued)


def _subset_sums(column: Sequence[float]) -> list[float]:
    """The first value plus every subset of the others."""
    sums = [column[0]]
    for value in column[1:]:
        sums += [one + value for one in sums]
    return sums
