"""The words of the end of an audit on a screen (summary.py)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from scorecard.plan.hours import Hours
from scorecard.plan.work import Owner
from scorecard.result import Answer
from scorecard.rounding import as_shown

NO_GRADE = "no grade"
PROVISIONAL = ", provisional"
FIRST = "This is the first audit, so there is nothing to compare yet."
OTHER_STANDARD = "The standard changed in between, and that moves the points as well."
PROMISES = "Can we say, without a doubt, that every machine has…"
ANSWERS = {
    Answer.YES: "Yes",
    Answer.NO: "No",
    Answer.NOT_YET: "Not yet",
    Answer.YES_EXCEPT: "Yes, except",
    Answer.DOES_NOT_APPLY: "Not asked",
}
SHORT, NOT_KNOWN, EXCUSED = "falling short", "not known", "excused"
FIXES = "What to fix first"
NOT_ESTIMATED = "? h"
INTERRUPTED = "The audit was stopped early: what came in before is kept and shown."
NOT_ASKED = "it was not asked."
_PAYERS = {Owner.PROVIDER: "", Owner.CLIENT: "the client's to do", Owner.VENDOR: "the maker's to do"}


def _plural(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def machines(number: int) -> str:
    return _plural(number, "machine", "machines")


def checked(seen: int, total: int) -> str:
    return f"{seen:,} of {total:,} {'machine' if total == 1 else 'machines'} checked"


def large_page(size_bytes: int) -> str:
    return f"This page has {size_bytes / 1_000_000:.1f} MB: some mail will not take it, and it opens slowly."


def score(points: float | None) -> str:
    return "no score" if points is None else f"{as_shown(points, 1)} of 100"


def answered(share: str) -> str:
    return f"{share} of what is asked was answered."


def sentence(said: str) -> str:
    return f"{said.rstrip('.')}."


def more_reasons(number: int) -> str:
    return f"{_plural(number, 'more reason', 'more reasons')}, in the report."


def worst_case(letter: str) -> str:
    return f"If everything not known were bad, the grade would be {letter}."


def held(letter: str) -> str:
    return f"Held at {letter}"


def moved(change: Decimal | None, since: str, letter: str | None, fixed: int, new: int, came_back: int) -> str:
    """ "Up 3.1 points since 14 Oct 2026 (then B): 9 fixed, 5 new, 1 came back."""
    then = f"since {since}{f' (then {letter})' if letter else ''}"
    if change is None:
        lead = f"Changes {then}"
    elif not change:
        lead = f"The same points {then}"
    else:
        lead = f"{'Up' if change > 0 else 'Down'} {abs(change)} points {then}"
    return f"{lead}: {fixed:,} fixed, {new:,} new, {came_back:,} came back."


def count(met: int, of: int) -> str:
    return f"{met:,} of {of:,}"


def no_plan(why: str) -> str:
    return f"There is no plan of work: {why}."


def hours(likely: float) -> str:
    return f"{as_shown(likely, 1)} h"


def points(gain: float) -> str:
    return f"{as_shown(gain, 1):+} points"


def notes(*, holds: bool, owner: Owner, declined: int, assumed: bool) -> str:
    pieces = (
        "holds the letter" if holds else "",
        _PAYERS[owner],
        f"{declined:,} declined so far" if declined else "",
        "if they pass" if assumed else "",
    )
    said = ", ".join(filter(None, pieces))
    return f"{said[:1].upper()}{said[1:]}"


def total(tasks: int, estimated: int, spent: Hours, gain: float | None) -> str:
    of = "" if estimated == tasks else f" for {estimated:,} of them"
    points_ = "" if gain is None else f", {as_shown(gain, 1)} points"
    hours_ = f"{as_shown(spent.likely, 1)} hours ({as_shown(spent.low, 1)} to {as_shown(spent.high, 1)}){of}"
    return f"In all {_plural(tasks, 'task', 'tasks')}: {hours_}{points_}."


def not_seen(number: int) -> str:
    return f"Not seen: {number:,}"


def reason(message: str, next_step: str) -> str:
    return f"{message.rstrip('.')}. {next_step}"


def more_unseen(number: int) -> str:
    return f"and {number:,} more, all in the report"


def silent(questions: int, names: str) -> str:
    return f"No answer to {_plural(questions, 'question', 'questions')} on machines that were seen: {names}."


def not_proven(names: str) -> str:
    return f"Identity not proven: {names}."


def named(shown: Sequence[str], more: int) -> str:
    names = ", ".join(shown)
    return f"{names} and {more:,} more" if more else names
