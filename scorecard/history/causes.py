"""Why a check on an endpoint counts otherwise in the score than it did: every change has exactly one cause."""

from __future__ import annotations

from enum import StrEnum

from scorecard.history.pairs import standing
from scorecard.model import OPEN, Finding, Status


class Cause(StrEnum):
    """In the order in which they are shown; ties in rounding go to the first."""

    FIXED = "fixed"  # the answer is better
    BROKE = "broke"  # the answer is worse
    APPLIES = "applies"  # it no longer applies to the machine, or does now
    JOINED = "joined"
    LEFT = "left"
    NO_LONGER_SEEN = "no-longer-seen"  # answered then, and not now
    SEEN_AGAIN = "seen-again"  # answered now, or meanwhile, and not then
    AGED = "aged"  # answered neither then nor now, and the older answer counts less by now
    EXCEPTIONS_BEGUN = "exceptions-begun"
    EXCEPTIONS_ENDED = "exceptions-ended"
    ROLE = "role"  # the machine counts as another kind: its weight, its severities or what it is asked
    STANDARD = "standard"  # other checks, parameters, severities, weights or values


_RANKS = {Status.FAIL: 0, Status.WARN: 1, Status.PASS: 2}


def cause_of_answer(old: Finding, new: Finding) -> Cause | None:
    """Why one finding is worth something else than the one before; None: the findings themselves do not say.

    What counts is compared, so an older answer that still counts stands for itself: what failed before it went out of sight
    and is in order now is fixed, whoever fixed it when. Between two open answers an exception that begins or ends is the
    cause; what was waived and then fixed is fixed.
    """
    if old.status in OPEN and new.status in OPEN and old.left_the_sum is not new.left_the_sum:
        return Cause.EXCEPTIONS_BEGUN if new.left_the_sum else Cause.EXCEPTIONS_ENDED
    then, now = standing(old), standing(new)
    if then is now or Status.UNKNOWN in (then, now):
        return _cause_of_sight(old, new)
    if Status.NOT_APPLICABLE in (then, now):
        return Cause.APPLIES
    return Cause.FIXED if _RANKS[now] > _RANKS[then] else Cause.BROKE


def _cause_of_sight(old: Finding, new: Finding) -> Cause | None:
    """The answer is the same, or there is none on one side."""
    was_read, is_read = (finding.status is not Status.UNKNOWN for finding in (old, new))
    if was_read and is_read:
        return None
    if was_read or is_read:
        return Cause.SEEN_AGAIN if is_read else Cause.NO_LONGER_SEEN
    if new.carried_from is not None and (old.carried_from is None or new.carried_from > old.carried_from):
        return Cause.SEEN_AGAIN
    if new.carried_from is None and old.carried_from is None and old.is_stated is not new.is_stated:
        return Cause.EXCEPTIONS_BEGUN if new.is_stated else Cause.EXCEPTIONS_ENDED
    return Cause.AGED
