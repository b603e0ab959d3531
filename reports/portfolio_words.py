"""What the pages of a portfolio say: for the provider's own people, in the words of the scorecards."""

from __future__ import annotations

from . import words

_COUNTS = {2: "two", 3: "three"}

TITLE = "All clients"
PORTFOLIO = "Portfolio"
BACK = "All clients"
SKIP = "Skip to the clients"
SKIP_CLIENT = "Skip to the checks"
TABLE = "Clients, scrolls sideways"
CHECKS_TITLE = "Every check so far"
CHECKS_TABLE = "Checks of this client, scrolls sideways"
CHECKS_INTRO = "Checks of the whole client, newest first. A dash: not kept by the version of that day, or no file written."
NO_CLIENTS = "No client has been checked yet."
NEVER = "No check of the whole client has been finished yet."
NEVER_SHORT = "Not yet"
NOT_GRADED_SENTENCE = "Not graded."
NOT_KEPT_SENTENCE = "Some figures of the newest check are not known to this version."
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
TITLE_NEEDS = "What it needs"
TITLE_OVERDUE = "Overdue work"
TITLE_SUPPORT = "Support that ends"
TITLE_PROMISES = "What we can promise"
PROMISES_TABLE = "What we can promise, scrolls sideways"
OVERDUE_TABLE = "Overdue work, scrolls sideways"
SUPPORT_TABLE = "Support that ends, scrolls sideways"
NO_SYSTEM = "A system without a name"
OVER, OVER_SINCE = "Over", "over"
FIRST = "Start here"
NOT_THIS_MONTH = "Not yet:"
TABLES = "Tables for a spreadsheet or a program:"

TO_DO = "To do"
WEIGHT = "Severity"
WHERE = "Where"
MACHINE_NAMES = "Which"
REST = "the rest"
SINCE = "Oldest open since"
SYSTEM = "System"
ENDS = "Support ends"

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
NEWEST_FILES = "The newest scorecard:"
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


def headline(count: int, attention: int, first: int) -> str:
    """How many clients there are, and where to begin."""
    if not count:
        return NO_CLIENTS
    if not attention:
        return f"{clients(count)}. All were checked in time, every machine was seen, and nothing is overdue."
    return f"{clients(count)}. Start with {'this one' if first == 1 else f'these {_COUNTS[first]}'}."


def more_need(count: int) -> str:
    """Besides those that are named; empty where these are all."""
    return f"{count:,} more {'needs' if count == 1 else 'need'} a look." if count else ""


def in_month(month: str, checked: int, count: int) -> str:
    return f"Checked in {month}: {checked:,} of {clients(count)}."


def last_on(day: str) -> str:
    """Behind the name of a client that was not checked this month."""
    return f"(last on {day})" if day else "(never)"


def graded(letter: str) -> str:
    return f"grade {letter}" if letter else "not graded"


def flags(late_days: int, overdue_days: int, soon_days: int, ending_days: int) -> dict[str, str]:
    """What a client can need a look for, as it is counted and chosen."""
    return {
        "never": "not checked yet",
        "late": f"checked over {late_days} days ago",
        "ungraded": "without a grade",
        "low": "with grade D or F",
        "fell": "lower than before",
        "overdue": f"with work open over {overdue_days} days",
        "unseen": "with machines not seen",
        "support": f"with support over, or ending within {soon_days} days",
        "ending": f"with exceptions ending within {ending_days} days",
        "unknown": "with figures that were not kept",
    }


def last_checked(ago_: str) -> str:
    return f"Last checked {ago_}."


def fell(before: str, now: str, day: str) -> str:
    return f"Fell from grade {before} to {now} since {day}."


def overdue(count: int, oldest: str) -> str:
    """`oldest`: since when, empty where that is not known."""
    start = f"{words.plural(count, 'finding', 'findings')} overdue"
    return f"{start}, the oldest open since {oldest}." if oldest else f"{start}."


def not_seen(unseen: int, machines: int) -> str:
    return f"{unseen:,} of {words.machines(machines)} not seen."


def support(over: int, soon: int, soon_days: int) -> str:
    said = [f"over for {words.machines(over)}"] if over else []
    if soon:
        said.append(f"ending within {soon_days} days for {f'{soon:,}' if over else words.machines(soon)}")
    return f"Support {words.listed(said)}."


def exceptions_end(count: int, last: str) -> str:
    return f"{words.plural(count, 'exception ends', 'exceptions end')} by {last}."


def overdue_in_all(total: int, having: int | None) -> str:
    """`having`: at how many clients; None on the page of one."""
    where = "" if having is None else f" at {clients(having)}"
    if not total:
        return "Nothing is overdue."
    return f"{words.plural(total, 'finding is', 'findings are')} overdue{where}."


def support_in_all(over: int, ahead: int) -> str:
    if not over and not ahead:
        return "No support is known to end within a year."
    said = [f"is over for {words.machines(over)}"] if over else []
    if ahead:
        said.append(f"ends within a year for {f'{ahead:,}' if over else words.machines(ahead)}")
    return f"Support {words.listed(said)}. As of the newest check; machines not seen then are missing."


def kept(count: int, clients_: int) -> str:
    """Under a promise: where it holds, agreed exceptions included."""
    return f"Yes at {count:,} of {clients_:,}"


def in_days(days: int) -> str:
    return "today" if not days else f"in {words.days(days)}"


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
