"""macOS's list of installed updates (macos.md 3.2): the last one, and whether one is ahead of the running system."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from scorecard.model import Fact, Host, Observations, Seen, Unseen
from scorecard.reading import clean, text_of

from . import plists
from .mac_version import major_line, numbers
from .payload import NO_DATE, newest, oldest
from .shape import Reboot

_LONG_UP_DAYS = 30  # macos.md 3.2: without a flag for a waiting restart, 30 to 60 days of uptime are the practical sign


def read_history(observations: Observations) -> Fact[list[Mapping[str, Any]]]:
    text = text_of(observations, "patching.history")
    if isinstance(text, Unseen):
        return text
    entries = plists.tail_of_array(text.value)
    if entries is None:
        return Unseen("The list of installed updates cannot be read")
    return Seen([entry for entry in entries if isinstance(entry, dict)])


_DATA_ONLY = re.compile(
    r"XProtect|MRT|Gatekeeper|ConfigData|Compatibility|Suggestions|CoreLSKD|Voice|Dictionar|Incompatible Kernel", re.I
)


def _is_update(entry: Mapping[str, Any]) -> bool:
    """Installed by macOS's own updater, and not one of the data files that come by themselves every few days."""
    process, name = str(entry.get("processName", "")), str(entry.get("displayName", ""))
    if _DATA_ONLY.search(name):
        return False
    return process in ("softwareupdated", "softwareupdate", "macOS Installer", "OS X Installer", "Software Update")


def is_security(entry: Mapping[str, Any]) -> bool:
    name = str(entry.get("displayName", ""))
    return name.startswith(("macOS", "Safari", "Security Update", "Rapid Security", "Background Security"))


def last_update(history: Fact[list[Mapping[str, Any]]], *, security_only: bool = False) -> Fact[datetime | None]:
    if isinstance(history, Unseen):
        return history
    moments = [
        plists.moment(entry.get("date"))
        for entry in history.value
        if _is_update(entry) and (is_security(entry) or not security_only)
    ]
    last = newest(moments)
    return Seen(last) if last or history.value else Unseen("The list of installed updates is empty")


def reboot(history: Fact[list[Mapping[str, Any]]], running: str, host: Host) -> Fact[Reboot]:
    """macOS installs its updates during the restart, so nothing installed waits for one, unless history is ahead."""
    if isinstance(history, Unseen):
        return history
    ahead: list[datetime | None] = []
    for entry in history.value:
        name, version = str(entry.get("displayName", "")), str(entry.get("displayVersion", ""))
        named = name.startswith("macOS") and _is_update(entry) and re.fullmatch(r"[0-9]+(\.[0-9]+){1,2}", version)
        if named and running and major_line(version) == major_line(running) and numbers(version) > numbers(running):
            ahead.append(plists.moment(entry.get("date")))
    if ahead:
        since = oldest(ahead)
        signs = (f"a newer macOS than the running {clean(running, 20)} is in the list of installed updates",)
        return Seen(Reboot(True, Seen(since) if since else Unseen("The entry has no date"), signs))
    if isinstance(host.uptime_s, Unseen):
        return host.uptime_s
    days = host.uptime_s.value // 86_400
    if days > _LONG_UP_DAYS:
        return Unseen(f"macOS has no sign for a waiting restart, and this Mac has run for {days} days without one")
    started = "today" if days == 0 else f"{days} day{'' if days == 1 else 's'} ago"
    return Seen(Reboot(False, NO_DATE, (f"restarted {started}, and no installed update is ahead of the running system",)))
