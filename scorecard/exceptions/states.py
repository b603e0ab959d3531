"""What becomes of an exception on one endpoint, in one word and in a sentence for a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from scorecard.exceptions.entries import Entry, Fingerprint, Kept
from scorecard.model import ExceptionKind


class State(StrEnum):
    COUNTS = "counts"
    NO_PLACE = "no-place"  # the share that may leave the sum is taken by older entries
    ENDED_WORSE = "ended-worse"
    EXPIRED = "expired"
    TOO_LONG = "too-long"  # it would go on, but longer than the standard allows
    NOT_YET = "not-yet"
    NOTHING_TO_EXCUSE = "nothing-to-excuse"
    UNKNOWN_NOT_COVERED = "unknown-not-covered"
    MEASURED_SINCE = "measured-since"  # what was stated has an answer of the machine's own
    MATCHES_NOTHING = "matches-nothing"
    NOT_GRADED = "not-graded"  # the check does not count, so there is nothing to leave
    OUT_OF_SCOPE = "out-of-scope"  # only a part of the client was looked at


# The entry has begun, has not ended, and is about something that is there.
STANDING = frozenset(
    {
        State.COUNTS,
        State.NO_PLACE,
        State.NOTHING_TO_EXCUSE,
        State.UNKNOWN_NOT_COVERED,
        State.MEASURED_SINCE,
        State.NOT_GRADED,
    }
)
OVER = frozenset({State.EXPIRED, State.TOO_LONG, State.ENDED_WORSE})


@dataclass(frozen=True, slots=True)
class Use:
    """An entry on one check of one endpoint, in one audit.

    `until`: the last day that it can hold there. `held`: it had its place before this audit. `first`, `placed_at` and
    `ended_at` are of a waived one that counted at some time.
    """

    check: str
    endpoint: str
    state: State
    until: date | None
    begun_at: datetime | None = None
    first: Fingerprint | None = None
    placed_at: datetime | None = None
    ended_at: datetime | None = None
    held: bool = False

    def kept(self, entry: Entry) -> Kept | None:
        """What the store is to remember of it; None of one that never counted. `entry`: the one that it is of."""
        if self.begun_at is None or self.first is None:
            return None
        return Kept(
            check=self.check,
            endpoint=self.endpoint,
            since=entry.since,
            exception=entry.id,
            begun_at=self.begun_at,
            first=self.first,
            placed_at=self.placed_at,
            ended_at=self.ended_at,
        )


_COUNTING = {
    ExceptionKind.WAIVED: "is left out of the score",
    ExceptionKind.DECLINED: "counts for the client, not for the provider",
    ExceptionKind.STATED: "was told, not measured; counts half where no older answer does",
}
_NOTES = {
    State.NO_PLACE: "stays in the score: older exceptions take up what may be left out",
    State.ENDED_WORSE: "ended, because it got worse than what was agreed to",
    State.EXPIRED: "has run out",
    State.TOO_LONG: "ran for as long as the standard allows and counts no longer",
    State.NOT_YET: "has not begun",
    State.NOTHING_TO_EXCUSE: "nothing is wrong there",
    State.UNKNOWN_NOT_COVERED: "nobody knows how it is there, and no exception covers that",
    State.MEASURED_SINCE: "the machine itself has answered, so what was told does not count",
    State.MATCHES_NOTHING: "no such machine, or the check is not asked of it",
    State.NOT_GRADED: "the check does not count in the grade",
    State.OUT_OF_SCOPE: "not decided, because only a part of the client was looked at",
}


def note(kind: ExceptionKind, state: State, covered: bool) -> str:
    """One line for a person."""
    if state is not State.COUNTS:
        return _NOTES[state]
    return f"{_COUNTING[kind]}, and limits the grade less" if covered else _COUNTING[kind]
