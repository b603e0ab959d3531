"""The words of the sheet of machines to bring in."""

from __future__ import annotations

from . import words

TITLE = "Please bring these in"
TABLE = "Machines to bring in"
COLUMNS = ("Machine", "Last user", "Place", "Why", "Last checked", "Done")
NEVER = "Never"
BOX = "To tick off"


def intro(count: int) -> str:
    it = "it" if count == 1 else "each of them"
    return (
        f"We could not reach {words.machines(count)} from outside. "
        f"Please switch {it} on where {'it has' if count == 1 else 'they have'} a network, or bring "
        f"{'it' if count == 1 else 'them'} to us."
    )


def for_whom(name: str) -> str:
    return f"For {name}"


def table(name: str) -> str:
    """`name`: of the person who is asked; empty where nobody is named."""
    return f"{TABLE}, for {name}" if name else TABLE


def tell_us(contact: str) -> str:
    return f"Gone, sold or replaced? Please tell us, so that we take it off the list: {contact}."


TELL_US = "Gone, sold or replaced? Please tell us, so that we take it off the list."


def link(count: int) -> str:
    return f"A sheet to hand on: {words.plural(count, 'machine', 'machines')} to bring in"
