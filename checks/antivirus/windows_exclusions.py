"""What Microsoft Defender was told not to look at (windows.md 2.4).

The list holds what policies say as well. One that takes in the system drive or every program leaves nothing to protect;
others are remarks. Windows can be set to hide the list even from administrators, which guards it from intruders: that is a
remark too. A list that was asked for and did not come may be such a one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scorecard.model import Fact, Observations, Seen, Unseen
from scorecard.windows_answers import instances

# Whole drives, everybody's folders, and kinds of program: what an attacker would have excluded.
_WIDE_PATHS = frozenset(
    {
        "c:\\users",
        "c:\\windows",
        "c:\\program files",
        "c:\\program files (x86)",
        "c:\\programdata",
        "%temp%",
        "%tmp%",
        "%windir%",
    }
)
_WIDE_KINDS = frozenset({"dll", "ps1", "bat", "cmd", "vbs", "js", "scr"})
_EVERYTHING = frozenset({"*", "*.*", "*.exe", "c:", "*:", "%systemdrive%", "%homedrive%"})
_EVERY_PROGRAM = frozenset({"*", "*.*", "exe", ".exe", "*.exe"})
# Where they stand, and whether they name kinds of files.
_LISTS = {"ExclusionPath": False, "ExclusionProcess": False, "ExclusionExtension": True}
_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Exclusions:
    """Words for each: what leaves it blind, and what is worth a remark."""

    troubles: Fact[tuple[str, ...]]
    notes: tuple[str, ...] = ()


def read_exclusions(observations: Observations) -> Exclusions:
    found = instances(observations, "antivirus.exclusions")
    if isinstance(found, Unseen):
        return Exclusions(_gap(found))
    if len(found.value.instances) != 1:
        return Exclusions(_gap(Unseen("it told no settings, or more than one set of them")))
    listed = [(found.value.instances[0].props.texts(name), is_kind) for name, is_kind in _LISTS.items()]
    items = [(item, is_kind) for fact, is_kind in listed if isinstance(fact, Seen) for item in fact.value]
    total = [item for item, is_kind in items if is_total(item, is_kind=is_kind)]
    if total:
        return Exclusions(Seen((f"was told not to look at {_shown(total)}",)))
    for fact, _ in listed:
        if isinstance(fact, Unseen):
            return Exclusions(_gap(fact))
    wide = [item for item, is_kind in items if is_wide(item, is_kind=is_kind)]
    notes = [f"it does not look at {_shown(wide)}"] if wide else []
    if any(item.lower().startswith("n/a:") for item, _ in items):
        notes.append("what it was told not to look at is hidden from our account")
    return Exclusions(Seen(()), tuple(notes))


def _gap(why: Unseen) -> Unseen:
    return Unseen(f"Microsoft Defender: what it was told not to look at was not read: {why.reason}")


def _shown(items: Iterable[str]) -> str:
    found = list(dict.fromkeys(items))
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return f"{', '.join(item[:60] for item in found[:_SHOWN])}{more}"


def _plain(item: str) -> str:
    return item.strip().lower().replace("/", "\\")


def _folder(text: str) -> str:
    """Without what stands for "all in it"."""
    return text.removesuffix("*.*").rstrip("\\*").rstrip("\\") or text


def is_total(item: str, *, is_kind: bool) -> bool:
    """The whole system drive, or every program."""
    text = _plain(item)
    return text in _EVERY_PROGRAM if is_kind else text in _EVERYTHING or _folder(text) in _EVERYTHING


def is_wide(item: str, *, is_kind: bool) -> bool:
    text = _plain(item)
    if is_kind:
        return is_total(item, is_kind=True) or text.lstrip("*.") in _WIDE_KINDS
    path = _folder(text)
    is_drive = len(path) == 2 and path[1] == ":"
    is_program = text.startswith("*.") and text[2:] in _WIDE_KINDS
    return is_total(item, is_kind=False) or is_drive or path in _WIDE_PATHS or is_program
