"""Options that several commands share."""

from __future__ import annotations

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
    "--format", "formats", metavar="LIST", help="What to write: html, xlsx, json, csv. Default: html,xlsx,json."
)
out_option = click.option(
    "--out", "folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Folder for the files written."
)
