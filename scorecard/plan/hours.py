"""How long work takes, from the minutes that checks name: likely, and how far from it both ends lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scorecard.model import Json
from scorecard.topic import Effort

# A check names one number of minutes, from its author's judgement; nobody measured it. The ends say how far off such a
# number commonly is: a little too high, or a good deal too low. They are no statistics.
LOW, HIGH = 0.7, 1.8

# Finding a machine that did not answer (who has it, is it switched on, why does it not let us in), and looking at what one
# that answered did not tell (mostly a right that is missing there). Judgement as well.
FIND = Effort(once_min=0, each_min=30)
ASK_AGAIN = Effort(once_min=0, each_min=15)


@dataclass(frozen=True, slots=True)
class Hours:
    """Hands-on time as a range around what is likely."""

    low: float
    likely: float
    high: float


def hours(likely_min: float) -> Hours:
    return Hours(LOW * likely_min / 60, likely_min / 60, HIGH * likely_min / 60)


def effort_of(described: Mapping[str, Json]) -> Effort | None:
    """What a check as the audit describes it says; None where nobody estimated it, which no minutes at all says too."""
    given = described.get("effort")
    if not isinstance(given, Mapping):
        return None
    once_min, each_min = given.get("once_min"), given.get("each_min")
    if (
        not isinstance(once_min, int)
        or not isinstance(each_min, int)
        or min(once_min, each_min) < 0
        or once_min + each_min == 0
    ):
        return None
    return Effort(once_min, each_min)
