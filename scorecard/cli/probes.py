"""`scorecard probes show`: the exact text that an endpoint would be sent."""

from __future__ import annotations

from pathlib import Path

import click

from scorecard.bundle import Bundle, host_probe
from scorecard.cli.options import checks_option
from scorecard.errors import InputError
from scorecard.model import Platform
from scorecard.registry import Registry


@click.group()
def probes() -> None:
    """Show what is sent to endpoints."""


@probes.command()
@click.option("--platform", type=click.Choice(["linux", "macos", "auto"]), default="auto", show_default=True)
@click.option("--part", metavar="ID", help="Only this part, such as patching.apt.")
@checks_option
def show(platform: str, part: str | None, check_folders: tuple[Path, ...]) -> None:
    """Print the script exactly as it is sent, but for the marker, which is drawn at random for each endpoint."""
    wanted = None if platform == "auto" else Platform(platform)
    found = [probe for probe in Registry.load(check_folders).probes(wanted) if probe.platform is not Platform.WINDOWS]
    if part is None:
        click.echo(Bundle(tuple(found), wanted).script("scorecard-00000000000000000000000000000000"), nl=False)
        return
    parts = [probe for probe in (host_probe(wanted or Platform.LINUX), *found) if probe.part == part]
    if not parts:
        known = ", ".join(dict.fromkeys(probe.part for probe in found))
        raise InputError(f"--part {part}: no such part; there are {known}")
    for probe in parts:
        root = ", says more with root" if probe.root else ""
        click.echo(f"# {probe.part} on {probe.platform}: limit {probe.limit_s} s, {probe.size_bytes} bytes{root}")
        click.echo(probe.text, nl=False)
