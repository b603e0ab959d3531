"""`scorecard completion`: what a shell needs to complete our commands."""

from __future__ import annotations

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

_SHELLS: dict[str, type[ShellComplete]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}


@click.command()
@click.argument("shell", type=click.Choice(list(_SHELLS)))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script of SHELL; for bash: `eval "$(scorecard completion bash)"`."""
    found = _SHELLS[shell]
    root = context.find_root().command
    click.echo(found(root, {}, "scorecard", "_SCORECARD_COMPLETE").source())
