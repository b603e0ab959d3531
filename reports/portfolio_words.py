"""What the pages of a portfolio say: for the provider's own people, in the words of the scorecards."""

from __future__ import annotations

from . import words

TITLE = "All clients"
PORTFOLIO = "Portfolio"
BACK = "All clients"
SKIP = "Skip to the clients"
SKIP_CLIENT = "Skip to the checks"
TABLE = "Clients, scrolls sideways"
CHECKS_TITLE = "Every check so far"
CHECKS_TABLE = "Checks of this client, scrolls sideways"
CHECKS_INTRO = "Checks of the whole client, newest first. A dash: what the version of that day did not keep."
NO_CLIENTS = "No client has been checked yet."
NEVER = "No check of the whole client has been finished yet."
NEVER_SHORT = "Not yet"
STOPPED = "stopped early"
NOT_GRADED = "Not graded"
NOT_KEPT = "Not kept"
UNREADABLE = "Cannot be read by this version"
SEARCH = "Search for a client"
GRADE = "Grade"
SHOW = "Show"
ANY = "Any"
EVERY_CLIENT = "Every client"
CLEAR = "Clear all"

CLIENT = "Client"
POINTS = "Points"
TREND = "12 months"
COVERAGE = "Answers we have"
MACHINES = "Machines"
UNSEEN = "Not seen"
OVERDUE = "Overdue"
OPEN = "Open"
CHECKED = "Last check"
CHECK = "Check"
CHANGE = "Change"
REPORTS = "Files"
FILES = {".html": "Page", ".xlsx": "Workbook", ".pdf": "PDF", ".csv": "CSV", ".json": "Document"}

SCRIPT = {
    "shown": "{n} of {of} clients shown.",
    "all": "All {of} clients shown.",
    "all_one": "The one client is shown.",
    "sorted": "Sorted by {column}.",
}


def page_title(day: str) -> str:
    return f"{PORTFOLIO}, {day}"


def client_title(client: str) -> str:
    return f"{client}, every check"


def as_of(day: str) -> str:
    return f"As of {day}"


def clients(count: int) -> str:
    return words.plural(count, "client", "clients")


def headline(count: int, attention: int) -> str:
    """How many clients there are, and how many need a look."""
    if not count:
        return NO_CLIENTS
    if not attention:
        return f"{clients(count)}. All were checked in time, every machine was seen, and nothing is overdue."
    return f"{clients(count)}. {attention:,} {'needs' if attention == 1 else 'need'} a look."


def graded(letter: str) -> str:
    return f"grade {letter}" if letter else "not graded"


def flags(late_days: int, overdue_days: int) -> dict[str, str]:
    """What a client can need a look for, as it is counted and chosen."""
    return {
        "never": "not checked yet",
        "late": f"checked over {late_days} days ago",
        "unseen": "with machines not seen",
        "overdue": f"with work open over {overdue_days} days",
        "unknown": "with figures that were not kept",
    }


def explained(late_days: int, overdue_days: int) -> str:
    return (
        f"Overdue: findings open for over {overdue_days} days with no exception agreed. "
        f"A check is marked when it is over {late_days} days old. "
        "Answers we have: the share of all questions that got an answer."
    )


def ago(days: int) -> str:
    return "today" if not days else f"{words.days(days)} ago"


def moved(points: float) -> str:
    """ "Up 3.1"; what rounds to nothing is no change."""
    shown = f"{abs(points):.1f}"
    return "No change" if shown == "0.0" else f"{'Up' if points > 0 else 'Down'} {shown}"


def since(day: str) -> str:
    return f"since {day}"


def standing(letter: str, points: str, *, provisional: bool) -> str:
    if not letter:
        return NOT_GRADED
    return f"{words.grade_label(letter, provisional)}, {points} of 100 points"


def one_of(label: str, which: str) -> str:
    return f"{label} ({which})"


def answers(share: str) -> str:
    return f"{share} of the answers"


def seen(unseen: int, machines: int) -> str:
    return f"{machines - unseen:,} of {words.machines(machines)} seen"


def work(open_: int, overdue: int) -> str:
    return f"{words.plural(open_, 'finding', 'findings')} open, {overdue:,} of them overdue"


def checked(day: str, ago_: str) -> str:
    return f"Last check {day}, {ago_}"


def footer(stamp: str) -> str:
    return f"Made {stamp}. {words.GUARANTEE} For the provider's own use: it names clients and their weaknesses."
