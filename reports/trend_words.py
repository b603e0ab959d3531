"""The sentences of what moved in a year, and of its chart (reports.md 2.2 and 5.1)."""

from __future__ import annotations

from . import words


def movement(change: float, since_day: str, longer: float | None, longer_since: str, because: str = "") -> str:
    """ "Yes. Up 3 points since 14 Oct 2026 and 24 in a year."; within one point there is no change.

    `because` is of the first change and stands beside it.
    """
    if abs(change) < 1:
        lead, verb = "No change", ""
    else:
        lead, verb = ("Yes", "Up") if change > 0 else ("No", "Down")
    first = f"No change since {since_day}" if not verb else f"{lead}. {verb} {_points(change)} since {since_day}"
    first = f"{first}, {because}" if because else first
    if longer is None or abs(longer) < 1:
        return f"{first}."
    same_way = verb and (longer > 0) == (change > 0) and not because
    tail = (
        f" and {abs(longer):.0f} {longer_since}"
        if same_way
        else f"; {'up' if longer > 0 else 'down'} {_points(longer)} {longer_since}"
    )
    return f"{first}{tail}."


def _points(change: float) -> str:
    return words.plural(round(abs(change)), "point", "points")


def coverage_moved(then: str, now: str) -> str:
    return f"The answers we have went from {then} to {now}, and that moves the points as well."


def partly_because(more: int) -> str:
    """`more`: machines seen now and not before; negative: the other way round."""
    which = "more" if more > 0 else "fewer"
    return f"partly because we now see {words.plural(abs(more), f'{which} machine', f'{which} machines')}"


EVENT_FEWER_ANSWERS, EVENT_MORE_ANSWERS = "fewer answers", "more answers"


def event_joined(count: int) -> str:
    return f"{words.machines(count)} joined"


def event_worse(count: int) -> str:
    return f"{count:,} new"


def event_fixed(count: int) -> str:
    return f"{count:,} fixed"


def letter_from(letter: str, start: str) -> str:
    return f"{letter} from {start}"


def chart_event(when: str, what: str) -> str:
    return f"{when}: {what}."


def chart_title(first: str, last: str) -> str:
    return f"Score out of 100, {first} to {last}"


def chart_description(first: str, first_when: str, last: str, last_when: str, first_checked: str, last_checked: str) -> str:
    score = f"The score was {first} in {first_when} and is {last} in {last_when}."
    answers = f"The answers we have went from {first_checked} to {last_checked}."
    if first_checked == last_checked:
        answers = f"The answers we have were {first_checked} then and now."
    return f"{score} {answers} The same figures are in the table below the chart."
