"""Sentences of the list of machines, of their details and of the checks, in English (reports.md 3)."""

from __future__ import annotations

from . import words

CHECKS_TITLE = "Check by check"
CHECKS_INTRO = "What each check is for, how to put it right, and what was found where it is as agreed."
FOUND_HERE = "Found where it is as agreed"
FOUND_ELSEWHERE = "The CSV file has what was found on each machine that is as agreed."
QUIET_TABLE = "Machines as agreed in everything"
WHAT_IT_IS = "What it is"
AS_AGREED = "As agreed"
STEPS = "The check and its steps"
HOW_TO = "How to put it right"
ABSENT = "Not there to be asked:"
BEFORE = "Answered word for word as shown before:"
NOT_KEPT = "Not kept with this report:"
TEXT_ELSEWHERE = "The CSV file has what was found."
DOWNLOADED = ("Kind", "System", "Site", "Person or place")
ONLY_LISTED = "In this file without its proof, because of its size. The CSV file has all that is known of it."

COPY, COPIED, NOT_COPIED = "Copy names", "{n} copied.", "The browser did not allow it."
DOWNLOAD = "Download as CSV"
PREVIOUS, NEXT, SHOW_ALL = "Previous", "Next", "Show all"
PAGES = "Pages of the list"
CHIPS = "Filters that are on"
FILTER_GROUP = "Group"
FILTER_CHANGED = "Changed since last time"

# What the script of the page says; {…} is filled there.
SCRIPT = {
    "all": "All {of} machines are shown.",
    "all_one": "The one machine is shown.",
    "shown": "{n} of {of} machines {what}.",
    "shown_one": "{n} of {of} machine {what}.",
    "sorted": "Sorted by {column}.",
    "sorted_down": "Sorted by {column}, from the end.",
    "page": "Page {page} of {pages}.",
    "or": " or ",
    "on": " on {what}",
    "at": ", at {what}",
    "with": ", with {what}",
    "group": ", in group {what}",
    "found": ", found by “{what}”",
    "fault": ", falling short of “{what}”",
    "changed": ", changed since last time",
    "remove": "Take away: {what}",
    "copied": COPIED,
    "not_copied": NOT_COPIED,
    "never": "Never",
    "dash": words.DASH,
}
# One machine, more than one.
STATE_VERBS = {
    "no": ("falls short", "fall short"),
    "not-checked": ("is not checked", "are not checked"),
    "excused": ("is excused", "are excused"),
    "yes": ("is as agreed", "are as agreed"),
    "not-applicable": ("has nothing to promise", "have nothing to promise"),
    "": ("is shown", "are shown"),
    "asked": ("is asked", "are asked"),
}


def cannot_apply(reason: str) -> str:
    return f"{words.NOT_APPLICABLE}: {reason}"


def effort(each_min: int | None, once_min: int | None) -> str:
    """ "About 20 minutes a machine, and 30 once for all"; nothing where nobody estimated it."""
    each = f"about {words.plural(each_min, 'minute', 'minutes')} a machine" if each_min else ""
    once = f"{words.plural(once_min, 'minute', 'minutes')} once for all" if once_min else ""
    said = " and ".join(filter(None, (each, once)))
    return f"{said[:1].upper()}{said[1:]}" if said else ""


def steps(count: int) -> str:
    return words.plural(count, "step", "steps")


def before_as_with(count: int, machine: str) -> str:
    """After "Answered word for word as shown before:"."""
    return words.plural(count, f"answer, the same one as with {machine}", f"answers, the same as with {machine}")


def absent_as_with(count: int, machine: str) -> str:
    """After "Not there to be asked:"."""
    return words.plural(count, f"part, the same one as with {machine}", f"parts, the same as with {machine}")


def found_otherwise(machines: int) -> str:
    """Of a check for which nearly every machine has a text of its own, such as its name and model."""
    return f"{words.plural(machines, 'machine has another text', 'machines have other texts')}. The CSV file has them."


def answers_on(about: str) -> str:
    return f"What it answered on {about[:1].lower()}{about[1:]}"


def short_here(count: int) -> str:
    return f"{words.machines(count)} {words.falls(count)} short"


def many_intro(shown: int, needing: int, total: int) -> str:
    """Of a fleet that is too large to print as it is."""
    need = f"{needing:,} of {words.machines(total)} {'needs' if needing == 1 else 'need'} attention, worst first."
    which = f"the worst {shown:,} of them" if shown < needing else "these alone"
    return f"{need} In print and without scripts {which} are listed; the workbook lists all machines."


def rest_meet(count: int) -> str:
    verb = "meets" if count == 1 else "meet"
    return f"{words.machines(count)} that {verb} every promise {'is' if count == 1 else 'are'} listed in the workbook."


def more_listed(count: int) -> str:
    return (
        f"{words.machines(count)} more {'stands' if count == 1 else 'stand'} in the list of machines and in the workbook."
    )
