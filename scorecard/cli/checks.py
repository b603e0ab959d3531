"""`scorecard checks`: which checks there are and what each asks, expects and means."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import wrap

import click

from scorecard.cli.options import checks_option, standard_option
from scorecard.cli.terminal import say
from scorecard.describing import describe
from scorecard.errors import InputError
from scorecard.registry import Registry
from scorecard.standard import DEFAULT, load


@click.group()
def checks() -> None:
    """Show the checks."""


@checks.command("list")
@checks_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def list_(check_folders: tuple[Path, ...], as_json: bool) -> None:
    """List every check with the good state that it looks for."""
    found = Registry.load(check_folders).checks
    if as_json:
        click.echo(json.dumps([{"id": check.id, "title": check.title} for check in found.values()], indent=1))
        return
    width = max((len(name) for name in found), default=0)
    for check in found.values():
        say(f"{check.id:<{width}}  {check.title}")


@checks.command()
@click.argument("check_id", metavar="CHECK")
@standard_option
@checks_option
def show(check_id: str, standard: str | None, check_folders: tuple[Path, ...]) -> None:
    """Show one check: why, thresholds, how to fix, what it weighs."""
    registry = Registry.load(check_folders)
    check = registry.checks.get(check_id)
    if check is None:
        raise InputError(f"no check {check_id!r}; `scorecard checks list` shows what there is")
    chosen = load(standard or DEFAULT, registry.checks)
    shown = describe(check, chosen)
    say(f"{check.id}: {check.title}")
    _paragraph(check.why)
    line = chosen.content.checks.get(check.id)
    if line is None:
        say(f"\nNot graded by {chosen.name}.")
    else:
        say(f"\nSeverity in {chosen.name}:")
        for entry in line.severity:
            say(f"  {entry.is_}: {', '.join(entry.roles)} on {', '.join(entry.platforms)}")
    if isinstance(shown["parameters"], dict) and shown["parameters"]:
        say("\nParameters:")
        for name, parameter in shown["parameters"].items():
            if isinstance(parameter, dict):
                say(f"  {name} = {parameter['value']} {parameter['unit']}: {parameter['meaning']}")
    say(f"\nTo fix ({check.effort.once_min} minutes once, {check.effort.each_min} a machine):")
    for number, step in enumerate(check.fix, 1):
        _paragraph(f"{number}. {step}")


def _paragraph(text: str) -> None:
    for line in wrap(text, 78, initial_indent="  ", subsequent_indent="     " if text[:1].isdigit() else "  "):
        say(line)
