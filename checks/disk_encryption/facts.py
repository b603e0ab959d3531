"""From what a machine answered to the facts about its disk encryption; one shape for all platforms (see shape.py)."""

from __future__ import annotations

from scorecard.model import Host, Observations, Platform

from .linux import read_linux
from .macos import read_macos
from .shape import DiskEncryption
from .windows import read_windows


def parse(observations: Observations, host: Host) -> DiskEncryption:
    """Never raises for bad input: what cannot be read is Unseen with the reason."""
    if host.platform is Platform.LINUX:
        return read_linux(observations)
    if host.platform is Platform.MACOS:
        return read_macos(observations, host)
    return read_windows(observations, host)
