"""A property of every topic: what an endpoint did not answer never makes a check pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from hypothesis import strategies as st

from scorecard.model import Host, Observation, Outcome
from tests.cases import Case

_LOSSES = st.sampled_from([Outcome.DENIED, Outcome.TIMEOUT, Outcome.TRUNCATED, Outcome.ERROR])


def never_help(
    case: Case,
    parts: Sequence[str],
    data: st.DataObject,
    passing: Callable[[Mapping[str, Observation], Host], set[str]],
) -> None:
    """Lose some of `parts` of a recorded answer, with what had come of them; `passing` names the checks that pass."""
    lost = data.draw(st.sets(st.sampled_from(parts), min_size=1))
    how = data.draw(_LOSSES)
    left = {
        part: Observation(part, how, found.text, None, reason="lost") if part in lost else found
        for part, found in case.observations.items()
    }
    assert passing(left, case.host) <= passing(case.observations, case.host)
