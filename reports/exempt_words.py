"""The words of exceptions (reports.md 2.9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scorecard.exceptions.listing import WORDS, Group
from scorecard.exceptions.states import State, note
from scorecard.model import ExceptionKind

from . import words

KINDS = {
    ExceptionKind.WAIVED: "Agreed to leave for a while",
    ExceptionKind.DECLINED: "Work that you declined",
    ExceptionKind.STATED: "Told, not measured",
}
STATES = WORDS  # the command line says the same
# Keys of the icons in parts.html.
ICONS = {
    Group.OVER: "fail",
    Group.ENDING: "warn",
    Group.NO_PLACE: "warn",
    Group.MATCHES_NOTHING: "warn",
    Group.VALID: "excused",
    Group.IDLE: "not-applicable",
    Group.NOT_YET: "not-applicable",
}
UNREAD = "Cannot be read"
UNREAD_NOTE = "This version does not understand the entry."
WITHOUT_END = "Without end"
COVERED_BY = "Meanwhile:"
QUOTED = "Quoted:"
PROOF = "Proof (SHA-256):"
COLUMNS = ("What", "State", "Machines", "Why", "Who", "From", "Until")


def what(pieces: Sequence[str]) -> str:
    """The work that was offered, where one was, and the checks that it is about."""
    return "; ".join(pieces)


# What the command line says of the two, said to one of them.
_TO_THE_CLIENT = {note(ExceptionKind.DECLINED, State.COUNTS, covered=False): "counts in your grade, not in ours"}


def sentence(said: str) -> str:
    said = _TO_THE_CLIENT.get(said, said)
    return f"{said[:1].upper()}{said[1:]}."


def left(days: int) -> str:
    return "last day" if days == 0 else f"{words.days(days)} left"


def summary(kinds: Mapping[ExceptionKind, int], over: int, ending: int) -> str:
    pieces = (
        f"{kinds[ExceptionKind.WAIVED]:,} agreed to leave" if kinds[ExceptionKind.WAIVED] else "",
        f"{kinds[ExceptionKind.DECLINED]:,} declined" if kinds[ExceptionKind.DECLINED] else "",
        f"{kinds[ExceptionKind.STATED]:,} told, not measured" if kinds[ExceptionKind.STATED] else "",
        f"{over:,} ended and {'counts' if over == 1 else 'count'} again" if over else "",
        f"{ending:,} {'ends' if ending == 1 else 'end'} soon" if ending else "",
    )
    said = "; ".join(filter(None, pieces))
    return f"{said[:1].upper()}{said[1:]}." if said else ""
