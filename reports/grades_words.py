"""The sentences of the grades beside the letter."""

from __future__ import annotations

from . import words

APART_TITLE = "What our own grade leaves out"
APART_TABLE = "What makes the difference between the two grades"
ALL_OF_IT = "All of it"
OWN_LABEL = "Our own grade"
SHIPPED_LABEL = "As the standard is shipped"


NOT_MANAGED = "We do not manage it"
DECLINED = "You declined the work"


def without(machines: int, works: int) -> str:
    """ "2 machines that we do not manage and 3 results of work that you declined"."""
    pieces = (
        f"{words.machines(machines)} that we do not manage" if machines else "",
        f"{words.plural(works, 'result', 'results')} of work that you declined" if works else "",
    )
    return " and ".join(filter(None, pieces))


def own(letter: str, points: str, without_: str) -> str:
    tail = f", without {without_}" if without_ else ""
    return f"What we answer for has {_a(letter)} {letter} with {points} points{tail}."


def no_own(without_: str) -> str:
    return f"What we answer for has no grade{f', without {without_}' if without_ else ''}."


def shipped(letter: str | None, version: str, rules: int) -> str:
    """The letter under the shipped standard, beside that of an edited one (design section 7)."""
    differ = f"{words.plural(rules, 'rule', 'rules')} {'differs' if rules == 1 else 'differ'}"
    given = f"it is {_a(letter)} {letter}" if letter else "there is no letter"
    return f"Our standard, {differ}; under the shipped one (version {version}) {given}."


def _a(letter: str) -> str:
    return "an" if letter in "AF" else "a"
