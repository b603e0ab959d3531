"""What reaches a person's screen: control characters stripped, colour only where it is wanted."""

from __future__ import annotations

import json
import os
import re
import sys

import click

_BEYOND_ASCII = re.compile(r"[^\n -~]")


def safe(text: str) -> str:
    """Text from anywhere, printable: a machine's name or answer must not move our cursor."""
    return "".join(
        character if character.isprintable() or character == "\n" else "\N{REPLACEMENT CHARACTER}" for character in text
    )


def say(text: str = "", *, err: bool = False) -> None:
    click.echo(safe(text), err=err)


def say_json(text: str) -> None:
    """A JSON text on standard output, the same to a program, but with what could move a cursor written as escapes.

    In JSON whatever is not plain ASCII stands inside strings, where an escape says the same.
    """
    utf_8 = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") == "utf8"

    def escape(match: re.Match[str]) -> str:
        character = match[0]
        return character if utf_8 and character.isprintable() else json.dumps(character)[1:-1]

    click.echo(_BEYOND_ASCII.sub(escape, text).removesuffix("\n"))


def complain(text: str) -> None:
    """Errors and warnings, each line on standard error: one of its own, where a progress bar may be standing."""
    start = "\r\x1b[2K" if is_live() else ""
    for line in safe(text).splitlines() or [""]:
        click.echo(f"{start}scorecard: {line}", err=True)


def is_live() -> bool:
    """Whether standard error is a terminal that can show a moving bar."""
    return is_terminal(err=True)


def is_terminal(*, err: bool = False) -> bool:
    """Whether one of our outputs is a terminal that knows more than plain lines."""
    return (sys.stderr if err else sys.stdout).isatty() and os.environ.get("TERM", "") != "dumb"
