"""Why a machine could not be checked, what would unblock it, and whose step that is (reports.md 2.9).

All three follow from the kind of the failure, so that the same failure is told in the same words everywhere. What exactly
went wrong, and the step in a technician's words, stand in the machine's details.
"""

from __future__ import annotations

from scorecard.errors import FailureKind
from scorecard.result import SEEN_BEFORE, Device

from . import unchecked_words, words
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
    """Whether somebody has to lay hands on it; not of one that we left out ourselves."""
    failure = device.failure
    return not device.seen and failure is not None and failure.kind in _OUT_OF_REACH and failure.was_asked


def reason(device: Device) -> str:
    """In words of a fixed list; empty where the machine was seen."""
    if device.seen:
        return ""
    if device.expected_because == SEEN_BEFORE:
        return unchecked_words.MISSING
    failure = device.failure
    return words.why_not_seen(failure.kind) if failure and failure.was_asked else words.NOT_YET_DUE


def who(device: Device) -> Who | None:
    """Whose step is next; None where the machine was seen. Nobody's yet where it lets nobody in and nobody manages it."""
    if device.seen:
        return None
    if is_out_of_reach(device):
        return Who.CLIENT
    failure = device.failure
    lets_nobody_in = failure is not None and failure.kind in _NEEDS_ACCESS and failure.was_asked
    return Who.NOBODY if lets_nobody_in and not device.managed else Who.PROVIDER


def unblock(device: Device) -> str:
    """One sentence; empty where the machine was seen."""
    step, failure = who(device), device.failure
    if step is None:
        return ""
    if device.expected_because == SEEN_BEFORE:
        return unchecked_words.TELL_US
    if step is Who.NOBODY:
        return unchecked_words.AGREE
    return unchecked_words.UNBLOCK[failure.kind] if failure and failure.was_asked else unchecked_words.FINISH


def whose(device: Device) -> str:
    """The same as `who`, as readers see it."""
    step = who(device)
    return unchecked_words.WHO[step] if step else ""
