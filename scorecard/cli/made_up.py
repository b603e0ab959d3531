"""What every screen says of a made-up client's audit."""

from __future__ import annotations

from scorecard.cli.terminal import say
from scorecard.result import Audit

NOTE = "Made up: no such client and none of these machines exists."


def say_made_up(audit: Audit) -> None:
    """A line where the audit is a demonstration; nothing of a real one."""
    if audit.made_up:
        say(NOTE)
