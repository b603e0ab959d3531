"""The words of what lies ahead, and of what insurers and frameworks ask."""

from __future__ import annotations

from collections.abc import Mapping

from scorecard.frameworks import State
from scorecard.outlook import Kind

from . import words

TITLE = "What will break first"
FRAMEWORKS_TITLE = "What insurers and frameworks ask"
FRAMEWORKS_INTRO = (
    "What this check can show for each question, on the day it was made. It supports an answer; it is no certificate, "
    "and what a check cannot see is said beside it."
)
TABLE = "What will break first, scrolls sideways"
COLUMNS = ("When", "What", "Machines", "What it rests on")
ASKED_COLUMNS = ("Asked", "Answer", "How it stands", "What a check cannot see")
NOTHING = "Nothing that we can foresee from what was seen."
UNTOLD = "What cannot be told"

KINDS = {Kind.DISK: "Disk full", Kind.SUPPORT: "Support ends", Kind.LAPSE: "Lapses"}
STATES = {
    State.SUPPORTED: "Supported",
    State.PARTLY: "In part",
    State.GAPS: "Gaps",
    State.NOT_MEASURED: "Not measured",
    State.DOES_NOT_APPLY: "Does not apply",
}
# Answers as frameworks give them, and the icon of each in parts.html.
ICONS = {
    "Yes": "yes",
    "No": "no",
    "Not yet": "not-yet",
    "Supported": "yes",
    "In part": "warn",
    "Gaps": "no",
    "Not measured": "not-checked",
    "Does not apply": "not-applicable",
}


def told(audits: int, until: str) -> str:
    return f"Up to {until}, from {words.plural(audits, 'check', 'checks')}. Days are counted from this check."


def days(count: int) -> str:
    return "today" if count == 0 else f"in {words.days(count)}"


def between(early: str, late: str) -> str:
    if early and late:
        return f"between {early} and {late}"
    return f"not before {early}" if early else f"by {late}"


def counted(answers: Mapping[str, int], total: int) -> str:
    said = ", ".join(f"{word.lower()} {count:,}" for word, count in answers.items() if count)
    return f"{total:,} asked: {said}"


def capitalised(said: str) -> str:
    return f"{said[:1].upper()}{said[1:]}"


def untold(count: int) -> str:
    return f"{UNTOLD}: {words.plural(count, 'note', 'notes')}"
