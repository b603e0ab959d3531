"""Patch level in one shape: apt, dnf, yum, zypper, apk, pacman, macOS's software update and Windows Update.

"Nothing missing" is only worth something together with the age of the lists it was read from and with the sources that
should have been in them; each is therefore a fact of its own. Sources: linux.md 3 and 9, macos.md 3 and 8, windows.md 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from scorecard.model import Fact, Unseen


@dataclass(frozen=True, slots=True)
class Update:
    """One thing that is older than what its source offers."""

    name: str  # package, patch or product; stays the same when a still newer version is offered
    candidate: str  # the version offered; empty where only the patch has a name
    installed: Fact[str | None]
    security: Fact[bool]  # Unseen: its source does not say
    published: Fact[datetime | None]  # None: the source gives no date
    first_seen: Fact[datetime | None]  # by this machine or in earlier audits; None: not seen before
    held: Fact[bool]  # kept back, on purpose or by a conflict, so that no run that installs everything installs it
    advisory: str = ""  # "RHSA-2026:1234", "KB5034441"
    proven: bool = False  # missing by our own table or record, whatever the machine's lists say or lack


@dataclass(frozen=True, slots=True)
class Updates:
    """What the package manager or update agent knows."""

    manager: Fact[str]
    missing: Fact[tuple[Update, ...]]
    told_apart: Fact[bool]  # the sources say which updates are security updates; False: every update counts as one
    security_source: Fact[bool]  # the source of security updates is switched on and was read
    data_time: Fact[datetime]  # how old the lists are from which `missing` was read
    blind: Fact[tuple[str, ...]]  # reasons why the list of missing updates may lack some
    last_installed: Fact[datetime | None]
    # The last run that installed all security updates there were, not one that pulled in a single package.
    last_security_installed: Fact[datetime | None]
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()  # what other witnesses say against "nothing is missing", though the list is whole
    by_table: datetime | None = None  # `missing` rests on our own table of this day, not on the machine's lists
    table: str = ""  # what that is, with its verb: "our table of builds is"
    looked_later: bool = False  # `data_time` is a day on which the machine had its lists; it may have had newer ones since

    def lists_time(self) -> datetime:
        """Of what `missing` was read from. Raises FactUnavailable."""
        return self.by_table or self.data_time.seen()


class Mode(StrEnum):
    ON = "on"
    MANAGED = "managed"  # the settings come from a management system
    NOTIFY = "notify"  # looks for updates or downloads them, somebody must install
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Automatic:
    mode: Mode
    detail: str


@dataclass(frozen=True, slots=True)
class Reboot:
    """`signs` say why a restart is waiting, or by what we know that none is."""

    pending: bool
    since: Fact[datetime | None]
    signs: tuple[str, ...]
    live_patched: bool = False  # the running kernel is mended in memory, so its age alone says little


@dataclass(frozen=True, slots=True)
class Patching:
    updates: Updates
    automatic: Fact[Automatic]
    reboot: Fact[Reboot]
    own_kernel: Fact[bool]  # False: a container, restarted with its host


def nothing_read(reason: Unseen) -> Updates:
    """Updates of which nothing could be read, for one reason."""
    return Updates(reason, reason, reason, reason, reason, reason, reason, reason)
