"""What would unblock a machine that could not be checked, and whose step that is (reports.md 2.9).

Both follow from the kind of the failure, so that the same failure is told in the same words everywhere. What exactly went
wrong, and the step in a technician's words, stand in the machine's details.
"""

from __future__ import annotations

from scorecard.errors import FailureKind
from scorecard.result import Device

from . import unchecked_words
from .unchecked_words import Who

# Somebody has to switch such a machine on, or to bring it; every other failure is ours to mend.
_OUT_OF_REACH = frozenset({FailureKind.UNREACHABLE, FailureKind.NAME_NOT_FOUND})
# Before these are mended, somebody has to have agreed that the machine may be looked into.
_NEEDS_ACCESS = frozenset(
    {
        FailureKind.REFUSED,
        FailureKind.HOST_KEY_CHANGED,
        FailureKind.HOST_KEY_UNKNOWN,
        FailureKind.CERTIFICATE_INVALID,
        FailureKind.AUTH_FAILED,
        FailureKind.PERMISSION_DENIED,
    }
)


def is_out_of_reach(device: Device) -> bool:
    return not device.seen and device.failure is not None and device.failure.kind in _OUT_OF_REACH


def who(device: Device) -> Who | None:
    """Whose step is next; None where the machine was seen. Nobody's yet where it lets nobody in and nobody manages it."""
    if device.seen:
        return None
    if is_out_of_reach(device):
        return Who.CLIENT
    lets_nobody_in = device.failure is not None and device.failure.kind in _NEEDS_ACCESS
    return Who.NOBODY if lets_nobody_in and not device.managed else Who.PROVIDER


def unblock(device: Device) -> str:
    """One sentence; empty where the machine was seen."""
    step = who(device)
    if step is None:
        return ""
    if step is Who.NOBODY:
        return unchecked_words.AGREE
    return unchecked_words.UNBLOCK[device.failure.kind] if device.failure else unchecked_words.FINISH


def whose(device: Device) -> str:
    """The same as `who`, as readers see it."""
    step = who(device)
    return unchecked_words.WHO[step] if step else ""
