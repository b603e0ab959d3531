"""How the update topic speaks: ages, names, and where what is missing was read, in the words of the platform."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from scorecard.model import Host, Platform

from .shape import Updates

_NAMED = 4
_AHEAD = timedelta(days=1)  # what is dated further in the future comes from a clock that is wrong


def days_since(moment: datetime, host: Host) -> int:
    return max((host.as_of - moment).days, 0)


def in_future(moment: datetime, host: Host) -> bool:
    return moment > host.as_of + _AHEAD


def some_of(names: Iterable[str]) -> str:
    """A few names, then how many more."""
    listed = list(names)
    more = f" and {len(listed) - _NAMED} more" if len(listed) > _NAMED else ""
    return ", ".join(listed[:_NAMED]) + more


def ago(days: int) -> str:
    return {0: "today", 1: "1 day ago"}.get(days, f"{days} days ago")


def count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def lists(updates: Updates, host: Host) -> str:
    """How old what `missing` was read from is. Windows has no lists to refresh: it looks for updates."""
    when = ago(days_since(updates.lists_time(), host))
    if updates.by_table:
        return f"{updates.table} from {when}"
    windows = host.platform is Platform.WINDOWS
    return (
        f"{updates.manager.seen()} last looked {when}" if windows else f"{updates.manager.seen()}'s lists are from {when}"
    )


def dated(host: Host) -> str:
    return "The last search for updates is dated" if host.platform is Platform.WINDOWS else "The package lists are dated"


def no_source(host: Host) -> str:
    if host.platform is Platform.WINDOWS:
        return "The service Windows Update is disabled or not there, so nothing is looked for"
    return "No source of security updates is switched on and read"
