"""`scorecard probes show`: the exact text that an endpoint would be sent."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from scorecard.bundle import Bundle, host_probe, prelude
from scorecard.bundle_windows import PRELUDE, WindowsBundle, fingerprint, host_question, stripped_prelude
from scorecard.cli.options import checks_option
from scorecard.errors import InputError
from scorecard.model import Platform, Probe
from scorecard.registry import Registry

_MARKER = "scorecard-00000000000000000000000000000000"


@click.group()
def probes() -> None:
    """Show what is sent to endpoints."""


@probes.command()
@click.option("--platform", type=click.Choice(["linux", "macos", "windows", "auto"]), default="auto", show_default=True)
@click.option("--part", metavar="ID", help="Only this part, such as patching.apt.")
@click.option("--exact", is_flag=True, help="For Windows: the code as it is sent, without comments, and nothing else.")
@checks_option
def show(platform: str, part: str | None, exact: bool, check_folders: tuple[Path, ...]) -> None:
    """Print what is sent, but for the marker, which is drawn at random for each endpoint.

    For Linux and macOS that is a script. For Windows it is one text of PowerShell, the same for every machine, and the
    questions on its standard input.
    """
    wanted = None if platform == "auto" else Platform(platform)
    if exact and wanted is not Platform.WINDOWS:
        raise InputError("--exact: expected with --platform windows; for the others the script is shown exactly anyhow")
    found = Registry.load(check_folders).probes(wanted)
    if wanted is not Platform.WINDOWS:
        found = tuple(probe for probe in found if probe.platform is not Platform.WINDOWS)
    if part is not None:
        first = host_question() if wanted is Platform.WINDOWS else host_probe(wanted or Platform.LINUX)
        _show_part(part, (first, *found))
    elif exact:
        click.echo(stripped_prelude(), nl=False)
    elif wanted is Platform.WINDOWS:
        _show_windows(found)
    else:
        click.echo(Bundle(found, wanted).script(_MARKER), nl=False)


def _show_windows(found: Sequence[Probe]) -> None:
    """The prelude with its comments, and how to tell that it is what was sent."""
    click.echo(f"# SHA-256 of the argument of -EncodedCommand: {fingerprint()}")
    click.echo("# That argument is this text without comments and needless blanks; --exact prints it so.")
    click.echo(prelude(PRELUDE))
    bundle = WindowsBundle(tuple(found))
    click.echo("# What is asked, and why:")
    for probe in (host_question(), *bundle.asked):
        click.echo(f"# {probe.part}: {probe.why or 'no reason given'}")
    click.echo("# The first is part of the text above. The others are sent on standard input, on one line:")
    click.echo(bundle.questions(_MARKER).decode("ascii"), nl=False)


def _show_part(part: str, found: Sequence[Probe]) -> None:
    parts = [probe for probe in found if probe.part == part]
    if not parts:
        known = ", ".join(dict.fromkeys(probe.part for probe in found))
        raise InputError(f"--part {part}: no such part; there are {known}")
    for probe in parts:
        root = ", says more with root" if probe.root else ""
        click.echo(f"# {probe.part} on {probe.platform}: limit {probe.limit_s} s, {probe.size_bytes} bytes{root}")
        click.echo(probe.text, nl=not probe.text.endswith("\n"))
