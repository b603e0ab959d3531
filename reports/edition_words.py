"""What editions are called, and what stands on them."""

from __future__ import annotations

from scorecard.reporting import EditionName

from . import words

NAMES = {
    EditionName.CLIENT: "Client edition",
    EditionName.ENGINEER: "Engineer edition",
    EditionName.PROSPECT: "Prospect edition",
}
INTERNAL = "Internal: contains security detail."
NUMBERED = "Names of machines, people and places are replaced by numbers."
TITLE_TALLY = "Checks by state"
TALLY_TABLE = "How many machines are in each state, by check"
TITLE_WAITING = "What is waiting?"
NOT_SEEN = "Not seen the longest:"


def waiting(tasks: int, silent: int) -> str:
    if not tasks and not silent:
        return "Nothing."
    pieces = (
        words.plural(tasks, "task", "tasks") if tasks else "",
        f"{words.machines(silent)} not seen" if silent else "",
    )
    return f"{' and '.join(filter(None, pieces))}."


def hours(shown: str) -> str:
    return f"{shown} h"


def points(shown: str) -> str:
    return f"{shown} points"


def not_seen(ago: int | None) -> str:
    return "never" if ago is None else words.days(ago)
