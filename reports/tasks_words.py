"""The sentences of the plan: hours, points, the road to the next letter, the contract (reports.md 2.6)."""

from __future__ import annotations

from collections.abc import Sequence

from scorecard.plan.hours import Hours
from scorecard.plan.tasks import ASSUMED
from scorecard.rounding import as_shown

from . import numbers, words
from .paying import Payer

_NAMES_SHOWN = 6

TO_DO = "To do"
STATES = (TO_DO, "Agreed", "Doing", "Done", "Declined")
HOLD_TITLE = "These hold the letter"
REST_TITLE = "The rest, by points for each hour"
ONE_TITLE = "By points for each hour"
INTRO = "Ordered by points gained for each hour of hands-on work. Hours are estimates; what holds the letter comes first."
INTRO_HOURS = "Hours of hands-on work, as estimated. A part of the client has no points to gain."
ROAD_TITLE = "The steps of this road"
ROAD_TABLE = "Steps to the next letter"
COLUMN_FIX = "What to do"
COLUMN_POINTS = "Points"
COLUMN_RATE = "Points per hour"
COLUMN_AFTER = "Score after"
COLUMN_PAYER = "Paid by"
PAYERS = {
    Payer.PLAN: "In your plan",
    Payer.PARTLY: "Partly extra",
    Payer.EXTRA: "Extra time",
    Payer.OPEN: "Not estimated",
    Payer.CLIENT: "You",
    Payer.VENDOR: "The maker",
    Payer.PROVIDER: "Us",
}
HOURS_BAR = "Hours needed"
HOURS_BAR_TITLE = "Hours needed against the hours of one month"


def scale(low: str, letter: str) -> str:
    """Under the head of the bars."""
    return f"{low} to 100{f', dashed line is {letter}' if letter else ''}"


def all_together(tasks: int, estimated: int) -> str:
    return "All together" if estimated == tasks else f"All together, {estimated:,} of {tasks:,} estimated"


def hours(spent: Hours) -> str:
    """ "31.0 hours (22 to 56)"; of little work the ends to a tenth as well."""
    digits = 0 if spent.high >= 10 else 1
    return f"{numbers.tenth(spent.likely)} hours ({as_shown(spent.low, digits)} to {as_shown(spent.high, digits)})"


def no_plan(why: str) -> str:
    return f"There is no plan of work: {why}."


def total(spent: Hours, points: float | None, estimated: int, tasks: int) -> str:
    gain = "" if points is None else f" and {numbers.tenth(points)} points"
    if estimated == tasks:
        return f"{hours(spent)}{gain} in all."
    of = f"{estimated:,} of {words.plural(tasks, 'task', 'tasks')}"
    return f"{hours(spent)} for the {of} that were estimated{gain and f',{gain} in all'}."


def left_out(count: int) -> str:
    verb = "is" if count == 1 else "are"
    return f"{words.plural(count, 'result', 'results')} that you agreed to leave {verb} not counted here."


def declined(count: int) -> str:
    return f"{count:,} declined"


def road(start: str, letter: str, spent: Hours, score: float, after: float, least_hours: float | None) -> str:
    proof = ""
    if least_hours is not None:
        over = spent.likely / least_hours - 1 if least_hours else 0.0
        proof = " No road is shorter." if over < 1e-9 else f" No road is shorter by more than {100 * over:.1f}%."
    gain = f"from {numbers.tenth(score)} to {numbers.tenth(after)} points"
    return f"The shortest road from {start} to {letter} takes {hours(spent)}, {gain}.{proof}"


def no_road(why: str) -> str:
    return f"There is no road to a better letter. {why[:1].upper()}{why[1:]}."


def assumed(names: Sequence[str], *, only_unknown: bool) -> str:
    known = "Nothing that is known to be wrong stands in the way. " if only_unknown else ""
    more = len(names) - _NAMES_SHOWN
    shown = ", ".join(names[:_NAMES_SHOWN]) + (f" {words.and_more(more)}" if more > 0 else "")
    who = f"{words.machines(len(names))} {'passes' if len(names) == 1 else 'pass'}"
    return f"{known}This holds if {who} all that is not known of {'it' if len(names) == 1 else 'them'} so far: {shown}."


def if_they_pass(count: int) -> str:
    return "if it passes" if count == 1 else ASSUMED


def step_notes(*, by_client: int, declined: int, waived: int, assumed: int) -> str:
    """Numbers of machines. `assumed`: of those whose points rest on answers that are not there yet."""
    pieces = (
        f"{by_client:,} by you" if by_client else "",
        f"{declined:,} declined so far" if declined else "",
        f"{waived:,} agreed to leave so far" if waived else "",
        if_they_pass(assumed) if assumed else "",
    )
    return ", ".join(filter(None, pieces))


def contract(
    each_month: float, work: Hours, months: float | None, inflow_hours: float | None, months_with_inflow: float | None
) -> str:
    start = f"Open work {numbers.tenth(work.likely)} hours; your plan holds {_plan(each_month)} a month"
    if not work.likely:
        return f"No work is open for us; your plan holds {_plan(each_month)} a month."
    plain = f"{start}. It clears that in {_months(months)} if nothing else breaks"
    if inflow_hours is None:
        return f"{plain}."
    if months_with_inflow is None:
        return f"{plain}. It never does while {numbers.tenth(inflow_hours)} hours of new work come in each month."
    come = f"{numbers.tenth(inflow_hours)} hours that come in each month"
    return f"{plain}. It does so in {_months(months_with_inflow)} with the {come}."


def _plan(each_month: float) -> str:
    return f"{each_month:g} {'hour' if each_month == 1 else 'hours'}"


def _months(months: float | None) -> str:
    """ "1 month", "3.1 months"; never where there is no end."""
    if months is None:
        return "no time that we can name"
    return "less than a month" if months < 1 else f"{numbers.tenth(months)} months"


def unestimated(estimated: int, tasks: int) -> str:
    return "" if estimated == tasks else f" {estimated:,} of {words.plural(tasks, 'task is', 'tasks are')} estimated."


def hours_bar(within: str, beyond: str, each_month: float, total: str) -> str:
    tail = f", then {beyond} extra" if beyond != "0.0" else ""
    return f"{within} of the {_plan(each_month)} of one month{tail}. {total} in all for us."
