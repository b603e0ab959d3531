"""The words of what could not be checked: what unblocks a machine, and who does it (reports.md 2.9)."""

from __future__ import annotations

from enum import StrEnum

from scorecard.errors import FailureKind

from . import words


class Who(StrEnum):
    """Who takes the next step. Never a person: the inventory does not say who that would be."""

    PROVIDER = "provider"
    CLIENT = "client"
    NOBODY = "nobody"


WHO = {Who.PROVIDER: "We", Who.CLIENT: "You", Who.NOBODY: "Nobody yet"}
UNBLOCK = {
    FailureKind.NAME_NOT_FOUND: "Switch it on where it has a network, or tell us its new name.",
    FailureKind.UNREACHABLE: "Switch it on where it has a network, or bring it to us.",
    FailureKind.REFUSED: "Set up remote checks on it.",
    FailureKind.HOST_KEY_CHANGED: "Find out why its identity changed, then confirm the new one.",
    FailureKind.HOST_KEY_UNKNOWN: "Confirm its identity once.",
    FailureKind.CERTIFICATE_INVALID: "Give it a certificate that can be trusted.",
    FailureKind.AUTH_FAILED: "Put the sign-in for it right.",
    FailureKind.PERMISSION_DENIED: "Give the sign-in the rights that it lacks.",
    FailureKind.QUOTA: "Check it again when it is less busy.",
    FailureKind.PROTOCOL: "Find out what answers there, then check it again.",
    FailureKind.DEADLINE: "Find out why it is slow, then check it again.",
    FailureKind.OUTPUT_TOO_LARGE: "Find out why it sends so much, then check it again.",
    FailureKind.INTERNAL: "Mend our check, then check it again.",
}
MISSING, TELL_US = "It is missing from our list", "Tell us whether it is still in use."
FINISH = "Finish the check."  # of a machine that was not asked
AGREE = "Agree who looks after it, so that somebody can give access to it."
COLUMN_LAST = "Last good result"
COLUMN_UNBLOCK = "What unblocks it"
COLUMN_WHO = "Who"


def reasons() -> tuple[tuple[str, str], ...]:
    """Every reason why a machine was not checked, with what unblocks it."""
    known = [(words.why_not_seen(kind), said) for kind, said in UNBLOCK.items()]
    return (*known, (MISSING, TELL_US), (words.NOT_YET_DUE, FINISH))
