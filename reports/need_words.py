"""The sentences of what we need from the client (reports.md 2.3)."""

from __future__ import annotations

from . import words

NOTHING = "Nothing this month."
NO_COST = "No cost"
NO_PRICE = "Price to be agreed"
LIFTS = "These lift what holds the letter."
_COUNTS = ("", "One decision", "Two decisions", "Three decisions", "Four decisions", "Five decisions")


def title(count: int, price: str, hours: str, *, up_to: bool, unpriced: bool, apart: bool) -> str:
    """`price` and `hours` are empty where there is none; hours are those without a price. `up_to`: the price may be less.
    `unpriced`: something has no price yet. `apart`: something has one that is not in the sum."""
    lead = _COUNTS[count]
    yes = "Saying yes" if count == 1 else "Saying yes to all"
    beside = f"{', and what has no price yet' if unpriced else ''}{', and what is quoted apart' if apart else ''}"
    takes = f"takes {hours} extra hours" if hours else ""
    if price:
        costs = f"costs {f'up to {price}' if up_to else price}"
        return f"{lead}. {yes} {' and '.join(filter(None, (costs, takes)))}{beside}."
    if takes:
        return f"{lead}. {yes} {takes}{beside}."
    if unpriced:
        return f"{lead}. {'It has no' if count == 1 else 'Not all have a'} price yet."
    if apart:
        return f"{lead}. {yes} costs what was quoted."
    return f"{lead}. {'It costs' if count == 1 else 'They cost'} nothing."


def up_to(price: str) -> str:
    return f"Up to {price}"


def by(day: str) -> str:
    return f"by {day}"


def on(day: str) -> str:
    return f"on {day}"


def hours(shown: str) -> str:
    return f"{shown} hours"


def produce(machines: str, *, back: bool) -> str:
    """`machines`: "4 laptops". `back`: some of them were there before."""
    return f"Get {machines} {'back ' if back else ''}on the network"


def last_seen(when: str, never: int) -> str:
    if not when:
        return "Never seen so far."
    rest = f"; {never:,} never" if never else ""
    return f"Last seen {when}{rest}."


def hold_back(points: float, count: int, others: int) -> str:
    who = "It holds" if count == 1 and not others else "They hold"
    if others:
        who = f"With {words.plural(others, 'other', 'others')}, {'it holds' if count == 1 else 'they hold'}"
    return f"{who} back {_up_to(points)}."


def _up_to(points: float) -> str:
    return f"up to {words.plural(round(points), 'point', 'points')}" if points >= 1 else "less than a point"


def approve(hours_: str) -> str:
    return f"Approve {hours_} extra hours"


def reach(each_month: float, within: str, after: str) -> str:
    """`within`, `after`: the points with the plan's hours alone, and with these as well; empty without points."""
    one = each_month == 1
    plan = f"Your plan's {each_month:g} {'hour' if one else 'hours'}"
    if not within:
        return f"{plan} {'is' if one else 'are'} not enough for the open work."
    start = f"{plan} {'reaches' if one else 'reach'} {within} points"
    return f"{start}; these clear the rest." if within == after else f"{start}; with these, {after}."


def unsupported(count: int) -> str:
    return "Its maker corrects this system no more." if count == 1 else "Their makers correct these systems no more."


def replace(machines: str) -> str:
    return f"Upgrade or replace {machines} without support"


IF_ALL_NEW = "The price is for new machines, if none can be upgraded."


def without_price(count: int) -> str:
    return f"{words.machines(count)} {'has' if count == 1 else 'have'} no price yet."


def virtual(count: int) -> str:
    said = "is virtual and needs" if count == 1 else "are virtual and need"
    return f"{words.machines(count)} {said} no hardware."


def renew(count: int) -> str:
    return f"Renew or end {words.plural(count, 'exception', 'exceptions')}"


def ends_first(what: str) -> str:
    return f"First to end: “{what}”, "


def look_after(count: int) -> str:
    return f"Say who looks after {words.machines(count)}"


def unmanaged(count: int, results: int, locked: int) -> str:
    """`results`: in which they fall short. `locked`: how many of them let nobody in."""
    it, they = ("it", "it") if count == 1 else ("them", "they")
    if not results:
        return f"We do not manage {it}, and {they} {'lets' if count == 1 else 'let'} nobody in."
    said = f"We do not manage {it}, and {they} {words.falls(count)} short in {words.plural(results, 'check', 'checks')}."
    return f"{said} {words.machines(locked)} {'lets' if locked == 1 else 'let'} nobody in." if locked else said


def ended(count: int) -> str:
    which = "an exception that has" if count == 1 else f"{count:,} exceptions that have"
    return f"Decide about {which} ended"


def ended_last(what: str, count: int) -> str:
    return f"{'Ended' if count == 1 else 'Ended last'}: “{what}”, "


def more_ended(count: int) -> str:
    """Beside those that are about to end."""
    return f"{count:,} more {'has ended and counts' if count == 1 else 'have ended and count'} again."


def counts_again(count: int) -> str:
    return f"{'It counts' if count == 1 else 'They count'} again."


PERMISSION = "Renew the permission for these checks"
PERMISSION_ENDS = "It ends on that day. After it, we may not look at your machines any more."


def reconsider(what: str) -> str:
    return f"Think again about what you declined: {what}"


def holds(letter: str, *, alone: bool) -> str:
    """`alone`: nothing else holds the letter there."""
    return f"{'It holds' if alone else 'It is part of what holds'} the letter at {letter}."
