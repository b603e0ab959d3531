"""Telling what failed by itself from what failed because its time was over."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from scorecard.errors import TransportError
from scorecard.transports.reply import deadline_failure
from scorecard.transports.sockets import Silent
from scorecard.transports.watchdog import Guard

T = TypeVar("T")


def in_time(
    act: Callable[[], T],
    guard: Guard,
    where: str,
    limit_s: float,
    when: str,
    *,
    besides: tuple[type[TransportError], ...] = (),
) -> T:
    """What `act` gives. What breaks because the watchdog shut the connection is the deadline's doing, and is said so.

    A machine that was called for most of the time and never answered is not slow, but not there: Silent stays what it is,
    and so do the failures `besides`. The message says `where`, the `limit_s` that the user set, and `when` ("during the
    login"). Raises TransportError.
    """
    try:
        return act()
    except TransportError as error:
        deadline = guard.deadline
        if isinstance(error, besides) or (not guard.fired and not deadline.passed):
            raise
        if isinstance(error, Silent) and error.waited_s > deadline.seconds / 2:
            raise
        failure = deadline_failure(where, limit_s, when)
        raise TransportError(failure.kind, failure.message, failure.next_step) from error
