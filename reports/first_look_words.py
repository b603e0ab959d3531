"""The words of the prospect's edition: what was found, what it means, what it takes."""

from __future__ import annotations

from collections.abc import Mapping

from . import words

SMALL, MEDIUM, LARGE = "small", "medium", "large"
BANDS = "Effort of hands-on work. Small: up to 2 hours. Medium: up to a day. Large: more than a day."
FIRST_ASSESSMENT = "First assessment"
TITLE_TOP = "What stands out"
TITLE_FIX = "What to fix, and how much work it is"
TITLE_ROAD = "What it would take"
TABLE_ROAD = "Steps of the way"
TABLE_TOP = "The findings that weigh most"
COLUMN_CHECKED = "What was checked"
COLUMN_SHORT = "Fall short"
COLUMN_MEANS = "What it means"
COLUMN_SAMPLE = "One example"
COLUMN_EFFORT = "Effort"
SUMMARY_TABLE = "Machines by answer"
SUMMARY_INTRO = "How many machines give each answer. Single machines are not listed in this first assessment."


def label(seen: int, total: int, day: str) -> str:
    if not total:
        return f"First assessment. {words.NONE_LISTED}"
    return f"First assessment. Based on {seen:,} of about {words.machines(total)} seen on {day}."


def of_machines(short: int, of: int) -> str:
    return f"{short:,} of {words.machines(of)}"


def sample(machine: str, measured: str) -> str:
    return f"{machine}: {measured}"


def efforts(counts: Mapping[str, int]) -> str:
    """ "9 pieces of work: 4 small, 3 medium, 2 large"."""
    shown = [f"{counts[band]:,} {band}" for band in (SMALL, MEDIUM, LARGE, words.NOT_ESTIMATED) if counts.get(band)]
    return f"{words.plural(sum(counts.values()), 'piece of work', 'pieces of work')}: {', '.join(shown)}."


def goal(letter: str, steps: int, effort: str, *, assumed: int) -> str:
    taken = f" This holds if {words.machines(assumed)} {_pass(assumed)} so far." if assumed else ""
    return (
        f"{words.plural(steps, 'step leads', 'steps lead')} to the letter {letter}. The effort is {effort} in all.{taken}"
    )


def _pass(count: int) -> str:
    return "passes what is not known of it" if count == 1 else "pass what is not known of them"


def reached(letter: str) -> str:
    return f"What was checked is enough for the letter {letter} already."


def no_goal(letter: str) -> str:
    return f"Too little was seen to say what the letter {letter} would take."


def no_road(letter: str, why: str) -> str:
    return f"No way to the letter {letter} was found. {why[:1].upper()}{why[1:]}."
