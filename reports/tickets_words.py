"""The words of tickets (tickets.py). A ticket keeps its title from month to month: no figure and no date is in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum

from scorecard.plan.work import FIND_AND_CHECK, GET_ANSWERS

from . import words

_MACHINES_SHOWN = 50
_CHECKS_SHOWN = 4

WITHOUT_NAMES = "tickets name machines and are matched by name; write them with --no-redact"
PREPARATION = "Preparing this once is in the hours."
POINTS_ASSUME = "The points hold if these machines pass what they did not answer."
HELD_UNDATED = "It gave no answer now, and fell short when it gave its last."
WHY_ASKED = "A machine that gives no answer earns no points, and nobody knows whether it is in order."
SEEN_ASKED = "the next audit gets an answer from every machine named here, and its tickets close this one."
STEPS = {
    FIND_AND_CHECK: (
        "Find out where each machine is and who has it.",
        "Switch it on and connect it, and follow the next step that stands beside its name.",
        "If it is no longer used, retire it in the inventory.",
        "Audit again and see each machine checked.",
    ),
    GET_ANSWERS: (
        "Read in the report why each check gave no answer.",
        "Give the account that asks the rights it lacks, or repair what does not answer.",
        "Audit again and see that every check has an answer.",
    ),
}


class Left(StrEnum):
    """Why a machine is no longer in a ticket; the value is the word in the JSON file."""

    FIXED = "fixed"
    ANSWERED = "answered"
    GONE = "left-the-list"
    MOVED = "moved"
    NOT_SEEN = "not-seen"
    AGREED = "agreed"
    STATED = "stated"
    DOES_NOT_APPLY = "does-not-apply"
    NOT_ASKED = "not-asked"


DONE = frozenset({Left.FIXED, Left.ANSWERED})
_LEFT = {
    Left.FIXED: "seen in order",
    Left.ANSWERED: "gave its answers",
    Left.GONE: "no longer on the list of machines",
    Left.MOVED: "is now in another ticket",
    Left.NOT_SEEN: "was not seen at all now",
    Left.AGREED: "agreed to leave as it is for a while",
    Left.STATED: "answered in writing",
    Left.DOES_NOT_APPLY: "does not apply any more",
    Left.NOT_ASKED: "no longer asked by the standard",
}


def of_a_part(scope: str) -> str:
    return (
        f"tickets are of a whole client, and this audit looked at a part of it ({scope}); "
        "an import would close or shrink tickets of machines that nobody looked at"
    )


def no_plan(why: str) -> str:
    return f"tickets cannot be made: {why}"


def title(task: str, site: str) -> str:
    return f"{task} ({site})" if site else task


def holds(letter: str, messages: Sequence[str], lift: str) -> str:
    return f"Holds the letter at {letter}: {'; '.join(messages)}. To lift it: {lift[:1].lower()}{lift[1:].rstrip('.')}."


def declined(count: int) -> str:
    return f"Declined so far on {words.machines(count)}."


def not_seen_now(count: int) -> str:
    return f"{words.machines(count)} gave no answer now; hours and points for {_them(count)} are in the ticket that asks."


def _them(count: int) -> str:
    return "it" if count == 1 else "them"


def held(day: str) -> str:
    return f"No answer now; it fell short when seen last, on {day}"


def not_seen(why: str, next_step: str) -> str:
    return f"{why}. {next_step}".rstrip() if next_step else why


def no_answer(titles: Sequence[str]) -> str:
    shown = "; ".join(titles[:_CHECKS_SHOWN])
    more = f" {words.and_more(len(titles) - _CHECKS_SHOWN)}" if len(titles) > _CHECKS_SHOWN else ""
    return f"No answer to: {shown}{more}"


def machine(name: str, found: str, since: str, *, asked: bool) -> str:
    when = (f"last seen {since}" if asked else f"since {since}") if since else ""
    return f"{name}: {found}{f' ({when})' if when else ''}"


def gone(name: str, why: Left, to: str) -> str:
    return f"{name}: {_LEFT[why]}{f' ({to})' if to else ''}"


def seen_done(title: str) -> str:
    return f"the next audit finds “{title}” true of every machine named here, and its tickets close this one."


def source(day: str, audit: str) -> str:
    return f"Audit of {day}, {audit}."


def body(
    *,
    why: str,
    machines: Sequence[str],
    gone: Sequence[str],
    steps: Sequence[str],
    seen_done: str,
    note: str,
    source: str,
) -> str:
    sections = (
        f"Why: {why}" if why else "",
        _listed(f"Machines ({len(machines):,}):", machines),
        _listed(f"No longer in this ticket ({len(gone):,}):", gone) if gone else "",
        "\n".join(["Steps:", *(f"{number}. {step}" for number, step in enumerate(steps, 1))]) if steps else "",
        f"Done when: {seen_done}",
        note,
        source,
    )
    return "\n\n".join(filter(None, sections))


def closed_body(day: str, gone: Sequence[str]) -> str:
    return _listed(f"Closed by the audit of {day}:", gone)


def _listed(head: str, lines: Sequence[str]) -> str:
    more = len(lines) - _MACHINES_SHOWN
    tail = [f"- and {more:,} more, all in the list of machines"] if more > 0 else []
    return "\n".join([head, *(f"- {line}" for line in lines[:_MACHINES_SHOWN]), *tail])


def closed_note(reasons: Sequence[Left]) -> str:
    """ "3 seen in order, 1 no longer on the list of machines."""
    counted = Counter(reasons)
    return ", ".join(f"{counted[why]:,} {_LEFT[why]}" for why in Left if counted[why]) + "."
