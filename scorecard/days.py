"""Days as people read them, whatever the locale of this computer."""

from __future__ import annotations

from datetime import date

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def spelled(when: date) -> str:
    """ "19 Dec 2026"; of a moment its day, in the zone that it is given in."""
    return f"{when.day} {spelled_month(when)}"


def spelled_month(when: date) -> str:
    return f"{MONTHS[when.month - 1]} {when.year}"
