"""Antivirus: what the machine's answers say, in one shape for all platforms (shape.py)."""

from __future__ import annotations

from scorecard.model import Host, Observations, Platform

from . import linux, macos, windows
from .shape import Antivirus


def parse(observations: Observations, host: Host) -> Antivirus:
    """Never raises for bad input; what cannot be read is Unseen with its reason."""
    if host.platform is Platform.LINUX:
        return linux.parse(observations, host)
    if host.platform is Platform.MACOS:
        return macos.parse(observations, host)
    return windows.parse(observations, host)
