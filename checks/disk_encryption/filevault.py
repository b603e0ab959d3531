"""The words of `fdesetup status` (macos.md 1.1). Several lines may come together; "On." alone proves nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scorecard.model import Fact, Seen, Unseen
from scorecard.reading import clean

from .shape import State


@dataclass(frozen=True, slots=True)
class FileVault:
    state: State
    detail: str
    percent: int | None = None
    institutional: bool = False


_PERCENT = re.compile(
    r"(?P<way>Encryption|Decryption) in progress: Percent completed = (?P<share>[0-9]{1,3})(\.[0-9]{1,6})?\.?", re.I
)
_WAITING = re.compile(r"(?P<way>Encryption|Decryption) in progress: (?P<how>Pending|Paused)\.?", re.I)
_DEFERRED = re.compile(r"Deferred enablement appears to be active for user '.{0,200}'\.?", re.I)


def read_filevault(answer: str) -> Fact[FileVault]:
    """A line that is not known makes it all unseen: it may be the one that says "not yet"."""
    switched = ways = None
    deferred = institutional = restart = False
    percent: int | None = None
    for line in (line.strip() for line in answer.splitlines()[:20]):
        lowered = line.casefold()
        if not line:
            continue
        if lowered in ("filevault is on.", "filevault is off."):
            if switched not in (None, lowered):
                return Unseen("fdesetup says both that FileVault is on and that it is off")
            switched = lowered
        elif lowered == "filevault is on, but needs to be restarted to finish.":
            switched, restart = "filevault is on.", True
        elif lowered == "filevault is off, but will be enabled after the next restart.":
            switched, deferred = "filevault is off.", True
        elif match := (_PERCENT.fullmatch(line) or _WAITING.fullmatch(line)):
            ways = match["way"].casefold()
            percent = min(int(match["share"]), 100) if "share" in match.groupdict() else None
        elif _DEFERRED.fullmatch(line):
            deferred = True
        elif lowered == "filevault master keychain appears to be installed.":
            institutional = True
        else:
            return Unseen(f"fdesetup said something that is not understood: {clean(line, 80)}")
    share = "" if percent is None else f", {percent} % done"
    if ways == "decryption":
        return Seen(FileVault(State.DECRYPTING, f"FileVault is being switched off{share}", percent, institutional))
    if ways == "encryption":
        return Seen(FileVault(State.CONVERTING, f"FileVault is still encrypting{share}", percent, institutional))
    if switched is None:
        return Unseen("fdesetup did not say whether FileVault is on")
    if switched.endswith("on."):
        if restart:
            return Seen(FileVault(State.CONVERTING, "FileVault waits for a restart", None, institutional))
        return Seen(FileVault(State.ENCRYPTED, "FileVault is on", None, institutional))
    planned = "FileVault is off; it is planned for a later login or restart" if deferred else "FileVault is off"
    return Seen(FileVault(State.PLAIN, planned, None, institutional))
