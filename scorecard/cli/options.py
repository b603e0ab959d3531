"""Options that several commands share."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

checks_option = click.option(
    "--checks",
    "check_folders",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="A folder with further check modules; may be given more than once.",
)
store_option = click.option(
    "--store", "store_url", metavar="URL", help="History store; default: a file in your data folder."
)
standard_option = click.option(
    "--standard", metavar="NAME|FILE", help="Standard to judge by: a shipped one's name or a file. Default: it-partner."
)
format_option = click.option(
    "--format",
    "formats",
    metavar="LIST",
    help="What to write: html, xlsx, pdf, json, csv, tickets, tickets-json, sarif. Default: html,xlsx,json.",
)
edition_option = click.option(
    "--edition",
    "editions",
    metavar="LIST",
    help="For whom: client, engineer, prospect; a file is written for each. Default: client.",
)
letter_option = click.option("--with-letter", is_flag=True, help="The prospect's edition shows the letter too.")
redact_option = click.option(
    "--redact/--no-redact",
    default=None,
    help="Put numbers such as M-001 for names, addresses and serials. Default: for the prospect's edition alone.",
)
out_option = click.option(
    "--out", "folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Folder for the files written."
)

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_LONGEST_S = 60 * 86_400


class Duration(click.ParamType[float]):
    """A time span in seconds, written 20s, 90m, 12h or 7d."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        match = re.fullmatch(r"([0-9]{1,7})([smhd])", str(value))
        seconds = float(match[1]) * _UNITS[match[2]] if match else 0.0
        if not 0 < seconds <= _LONGEST_S:
            self.fail(f"{value!r} is not a time span; expected such as 20s, 90m, 12h or 7d, at most 60d", param, ctx)
        return seconds
