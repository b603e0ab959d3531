"""The sentences of what we need from the client (reports.md 2.3)."""

from __future__ import annotations

from . import words

NOTHING = "Nothing this month."
NO_COST = "No cost"
NO_PRICE = "No price yet"
LIFTS = "These lift what holds the letter."
UNSUPPORTED = "Their makers correct these systems no more."
_COUNTS = ("", "One decision", "Two decisions", "Three decisions", "Four decisions", "Five decisions")


def title(count: int, price: str, hours: str, *, unpriced: bool) -> str:
    """`price` and `hours` are empty where there is none; hours are said where they have no price."""
    lead = _COUNTS[count]
    yes = "Saying yes" if count == 1 else "Saying yes to all"
    beside = ", and what has no price yet" if unpriced else ""
    if price:
        return f"{lead}. {yes} costs {price}{beside}."
    if hours:
        return f"{lead}. {yes} takes {hours} extra hours{beside}."
    if unpriced:
        return f"{lead}. {'It has no' if count == 1 else 'Not all have a'} price yet."
    return f"{lead}. {'It costs' if count == 1 else 'They cost'} nothing."


def by(day: str) -> str:
    return f"by {day}"


def on(day: str) -> str:
    return f"on {day}"


def hours(shown: str) -> str:
    return f"{shown} hours"


def produce(machines: str) -> str:
    """`machines`: "4 laptops"."""
    return f"Get {machines} back on the network"


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


def reach(each_month: str, within: str, after: str) -> str:
    """`within`, `after`: the points with the plan's hours alone, and with these as well; empty without points."""
    if not within:
        return f"Your plan's {each_month} hours are not enough for the open work."
    start = f"Your plan's {each_month} hours reach {within} points"
    return f"{start}; these clear the rest." if within == after else f"{start}; with these, {after}."


def replace(machines: str) -> str:
    return f"Upgrade or replace {machines} without support"


def renew(count: int) -> str:
    return f"Renew or end {words.plural(count, 'exception', 'exceptions')}"


def ends_first(what: str) -> str:
    return f"First to end: “{what}”, "


def look_after(count: int) -> str:
    return f"Say who looks after {words.machines(count)}"


def unmanaged(count: int, results: int) -> str:
    who = "We do not manage it, and it falls" if count == 1 else "We do not manage them, and they fall"
    return f"{who} short in {words.plural(results, 'check', 'checks')}."
