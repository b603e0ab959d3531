"""`scorecard init`: a first inventory to fill in."""

from __future__ import annotations

import os
from pathlib import Path

import click

from scorecard.cli.terminal import say
from scorecard.errors import InputError
from scorecard.folders import write_whole

_FIRST = """\
# Who is audited, and how each machine is reached. `scorecard inventory check {name}` says whether it reads well.
# Every key is explained in docs/inventory.md; `scorecard inventory schema` prints a JSON Schema for your editor.
client: Example Ltd
time_zone: Europe/London

credentials:
  audit:
    user: auditor
    key_file: ~/.ssh/id_ed25519

defaults:
  credential: audit

endpoints:
  - name: web1
    address: web1.example.com
    role: server
  - name: laptop-anna
    address: 192.0.2.17
    role: laptop
    platform: macos
"""


@click.command()
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False), default=Path("inventory.yaml"))
def init(path: Path) -> None:
    """Write a first inventory to PATH (inventory.yaml); a file that is there is left alone."""
    if os.path.lexists(path):
        raise InputError(f"{path}: is there already; give another name")
    write_whole(path, lambda part: _fill(part, path.name))
    say(f"{path} is written. Edit it, then:")
    say(f"  scorecard inventory check {path}")
    say(f"  scorecard audit {path}")


def _fill(part: Path, name: str) -> None:
    part.write_text(_FIRST.format(name=name), encoding="utf-8")
