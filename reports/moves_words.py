"""The sentences of what changed between two audits (reports.md 2.2 and 2.5)."""

from __future__ import annotations

from collections.abc import Sequence

from scorecard.history.compare import Ended, Opened
from scorecard.history.words import became

from . import words

_NAMES_SHOWN = 5

NOT_AT_HAND = "The check before this one is not at hand, so nothing is compared."
OPEN_BEFORE = "fell short at the check before"
NOTHING_MOVED = "Nothing moved the points."
EVERYTHING_THE_SAME = "Nothing was fixed, and nothing new fell short."
TOGETHER = "Together"
STILL_OPEN = "Of those, still open from before"
DAYS_TITLE = "How long fixing took"
STEPS_TITLE = "Why the points moved"
SUM_TITLE = "What became of what fell short"
MACHINES_TITLE = "Machines that came, left or changed"
SHARED_FAIRLY = (
    "What acted together is shared out evenly: each part is the mean of its effect over all orders in which the changes "
    "could have happened, so the parts add up and depend on no order."
)

STATE_OPEN, STATE_FIXED, STATE_NEW, STATE_CAME_BACK = "Open", "Fixed", "New", "Came back"

MACHINES_JOINED = "Joined"
MACHINES_RETIRED = "Retired"
MACHINES_VANISHED = "Left the list without being retired, and still expected"
MACHINES_MISSING = "No longer expected, and not retired"
MACHINES_NOT_SEEN = "No longer seen"
MACHINES_AGAIN = "Seen again"
MACHINES_OTHER_ROLE = "Count as another kind of machine"
ASKED_NOW = "asked now"
NO_LONGER_ASKED = "no longer asked"
OTHER_LIMITS = "judged by other limits"


def listed(way: Ended | Opened, count: int) -> str:
    """The head of a list: "1 on a machine that joined"."""
    return f"{count:,} {became(way, count)}"


def open_now(count: int) -> str:
    return f"{words.falls(count)} short now"


def title(since: str) -> str:
    return f"What changed since {since}" if since else "What changed"


def points_title(since: str) -> str:
    return f"{STEPS_TITLE} since {since}" if since else STEPS_TITLE


def not_comparable(why: str) -> str:
    return f"Nothing is compared: {why}."


def no_bridge(why: str) -> str:
    return f"What moved the points cannot be told: {why}."


def together(change: str, before: str, after: str) -> str:
    return f"{TOGETHER} {change}: from {before} to {after}"


def after(days: int) -> str:
    return f"after {words.days(days)}"


def since(day: str, days: int) -> str:
    return f"since {day}" if not days else f"since {day}, {words.days(days)}"


def capitalised(said: str) -> str:
    return f"{said[:1].upper()}{said[1:]}"


def show_all(count: int) -> str:
    return f"Show all {count:,}"


def about(findings: int, machines: int) -> str:
    return f"{words.plural(findings, 'result', 'results')} on {words.machines(machines)}"


def named(said: str, names: Sequence[str]) -> str:
    more = len(names) - _NAMES_SHOWN
    return f"{said}: {', '.join(names[:_NAMES_SHOWN])}{f' {words.and_more(more)}' if more > 0 else ''}."


def standard(before: str, after_: str, changes: Sequence[tuple[str, Sequence[str]]]) -> str:
    what = "".join(f" {named(said[:1].upper() + said[1:], titles)}" for said, titles in changes)
    return f"The two checks were graded by different standards: {before} then, {after_} now.{what}"
