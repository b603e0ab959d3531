"""Disk encryption: one shape for LUKS, ZFS, FileVault and BitLocker.

A volume's state is what protects it now, not what was once started or is planned.
Sources: linux.md 1, macos.md 1, windows.md 1.4 (decision table).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from scorecard.model import Fact


class Purpose(StrEnum):
    SYSTEM = "system"  # holds the running system
    SWAP = "swap"  # memory written to disk, hibernation images
    DATA = "data"  # any other fixed one
    BOOT = "boot"  # read before anything is unlocked: must or may be clear; listed, not judged
    REMOVABLE = "removable"  # USB and other external disks; listed, not judged


class State(StrEnum):
    """What protects a volume. Only the first two are protected."""

    ENCRYPTED = "encrypted"
    LOCKED = "locked"  # encrypted and not opened
    CONVERTING = "converting"  # on its way to encrypted
    EXPOSED = "exposed"  # encrypted, but the file with its key lies on a disk that is not
    SUSPENDED = "suspended"  # encrypted, but a clear key on the disk opens it
    DECRYPTING = "decrypting"
    PARTLY = "partly"  # spread over disks of which one is clear, or its encryption stands still half way
    PLAIN = "plain"


PROTECTED = frozenset({State.ENCRYPTED, State.LOCKED})


@dataclass(frozen=True, slots=True)
class Method:
    """How a volume is encrypted."""

    name: str  # as the machine says: "aes-xts-plain64", "XTS-AES 256"
    cipher: str  # "aes"; "" where the machine does not say
    mode: str  # "xts", "cbc", "gcm"
    key_bits: int | None  # strength: an XTS key of 512 bits counts as 256
    by_drive: bool  # the drive encrypts itself and its firmware has to be trusted


@dataclass(frozen=True, slots=True)
class Volume:
    """One volume. `name` is where a person finds it: "/", "/srv", "C:", "Macintosh HD - Data", else the device."""

    name: str
    device: str
    purpose: Purpose
    state: Fact[State]
    method: Fact[Method | None]  # None: not encrypted
    detail: str = ""  # what stands behind the state, one clause
    unlock: tuple[str, ...] = ()  # ways to open it that were seen, for information
    percent: int | None = None  # encrypted share while converting, where the machine says it


@dataclass(frozen=True, slots=True)
class Recovery:
    """How the system volume is opened when the daily way is lost.

    `protectors`: ways in that exist for that. `escrow`: signs that such a way is kept away from the machine; none of
    them proves that somebody can find it there.
    """

    protectors: Fact[tuple[str, ...]]
    escrow: Fact[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class DiskEncryption:
    volumes: Fact[tuple[Volume, ...]]
    recovery: Recovery
    notes: tuple[str, ...] = ()  # remarks for the measured line: encrypted home folders, file systems of other machines
