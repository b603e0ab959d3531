"""Sentences of a machine's details, in English (reports.md 3)."""

from __future__ import annotations

ANSWERS = "Answers"
GROUPS = "Groups"
NOT_MANAGED = "Ours to look after"
NOT_MANAGED_TEXT = "No. It is on the list, and somebody else looks after it."
ASKED = "Asked"
EVIDENCE = "Evidence id"
CUT = "Cut after 4 KB, full text in the evidence file."
LEFT_OUT = "Left out here for its size, full text in the evidence file."
ASK_FOR_EVIDENCE = "Long answers are cut here. The evidence file has them whole: ask us for it."
EVIDENCE_FILE = (
    "The evidence file is the audit.json that is written with --evidence. It has every answer whole, under its fingerprint."
)
_WAYS = {
    "ssh": "over SSH",
    "winrm": "over WinRM",
    "local": "on this computer itself",
    "replay": "through recorded answers",
}
_RIGHTS = {True: "with full rights", False: "without full rights"}


def asked(transport: str, account: str, privileged: bool | None) -> str:
    """ "Over SSH as audit, with full rights"; what is not known is left out."""
    way = " ".join(filter(None, (_WAYS.get(transport, ""), f"as {account}" if account else "")))
    said = ", ".join(filter(None, (way, _RIGHTS[privileged] if privileged is not None else "")))
    return f"{said[:1].upper()}{said[1:]}"


def ended(code: int) -> str:
    """What a program gave back when it ended; what is no small number is an HRESULT."""
    return f"Ended with {code}." if 0 < code < 256 else f"Ended with 0x{code & 0xFFFFFFFF:08X}."


def answers_left_out(count: int) -> str:
    return "1 raw answer is left out of this file." if count == 1 else f"{count:,} raw answers are left out of this file."
