"""`scorecard standards`: which standards ship with the tool, and what one says."""

from __future__ import annotations

from importlib.resources import files

import click

from scorecard.cli.terminal import say
from scorecard.errors import InputError
from scorecard.registry import Registry
from scorecard.standard import load, shipped


@click.group()
def standards() -> None:
    """Show the standards that audits are judged by."""


@standards.command("list")
def list_() -> None:
    """List the shipped standards."""
    checks = Registry.load().checks
    for name in shipped():
        standard = load(name, checks)
        say(f"{name}  {standard.content.version}  {len(standard.content.checks)} checks  {standard.content.title}")


@standards.command()
@click.argument("name")
def show(name: str) -> None:
    """Print a shipped standard as YAML: copy it to a file and edit that to make your own."""
    if name not in shipped():
        raise InputError(f"{name}: no such standard; there are {', '.join(shipped())}")
    click.echo(files("scorecard").joinpath("standards", f"{name}.yaml").read_text(encoding="utf-8"), nl=False)
