"""From what a machine answered to its inventory facts, and the few of them that the device list shows."""

from __future__ import annotations

from collections.abc import Mapping

from scorecard.model import Fact, Host, Observations, Platform, Seen

from . import linux, macos, windows
from .disks import portrayed
from .shape import Inventory


def parse(observations: Observations, host: Host) -> Inventory:
    """Never raises."""
    if host.platform is Platform.LINUX:
        return linux.parse(observations, host)
    if host.platform is Platform.MACOS:
        return macos.parse(observations, host)
    return windows.parse(observations, host)


def portray(facts: Inventory) -> Mapping[str, str | None]:
    memory = facts.memory_bytes.value if isinstance(facts.memory_bytes, Seen) else None
    return {
        "serial": _plain(facts.serial),
        "model": _plain(facts.model),
        "user": _plain(facts.user),
        "memory": None if memory is None else memory_words(memory),
        "disks": portrayed(facts.disks),
    }


def memory_words(size_bytes: int) -> str:
    """Rounded as people say it: firmware keeps a little, so 15.5 GiB is a 16 GB machine."""
    if size_bytes < 2**30:
        return f"{size_bytes / 2**20:.0f} MB"
    size_gib = size_bytes / 2**30
    return f"{size_gib:.1f} GB" if size_gib < 4 else f"{size_gib:.0f} GB"


def _plain(fact: Fact[str | None]) -> str | None:
    return fact.value if isinstance(fact, Seen) else None
