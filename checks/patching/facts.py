"""From what was observed to the patch level; see shape.py for what it is made of."""

from __future__ import annotations

from collections.abc import Iterable

from scorecard.model import Host, Observations, Platform, Seen, Unseen

from . import linux, macos, windows
from .payload import remembered
from .shape import Patching, Updates

__all__ = ["Patching", "Updates", "parse", "remember"]

# Managers whose packages share one database keep one kind of name.
_DATABASES = {"dnf": "rpm", "dnf5": "rpm", "yum": "rpm", "softwareupdate": "macos", windows.MANAGER: "windows"}


def parse(observations: Observations, host: Host) -> Patching:
    match host.platform:
        case Platform.LINUX:
            return linux.parse(observations, host)
        case Platform.MACOS:
            return macos.parse(observations, host)
        case Platform.WINDOWS:
            return windows.parse(observations, host)


def remember(facts: Patching) -> Iterable[str] | None:
    """Names of what is missing, so that a later audit knows since when it has been. None: that was not read."""
    manager, missing = facts.updates.manager, facts.updates.missing
    if isinstance(manager, Unseen) or isinstance(missing, Unseen):
        return None
    names = []
    for update in missing.value:
        installed = update.installed.value if isinstance(update.installed, Seen) else None
        database = _DATABASES.get(manager.value, manager.value)
        if manager.value == "zypper" and not update.advisory:
            database = "rpm"
        names.append(remembered(database, update.name, installed, update.security == Seen(True)))
    return tuple(names)
