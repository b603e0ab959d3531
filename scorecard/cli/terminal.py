"""What reaches a person's screen: control characters stripped, colour only where it is wanted."""

from __future__ import annotations

import os
import sys

import click


def safe(text: str) -> str:
    """Text from anywhere, printable: a machine's name or answer must not move our cursor."""
    return "".join(
        character if character.isprintable() or character == "\n" else "\N{REPLACEMENT CHARACTER}" for character in text
    )


def say(text: str = "", *, err: bool = False) -> None:
    click.echo(safe(text), err=err)


def complain(text: str) -> None:
    """Errors and warnings, each line on standard error."""
    for line in safe(text).splitlines() or [""]:
        click.echo(f"scorecard: {line}", err=True)


def is_live() -> bool:
    """Whether standard error is a terminal that can show a moving bar."""
    return sys.stderr.isatty() and os.environ.get("TERM", "") != "dumb"
