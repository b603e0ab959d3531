"""A failure after the deadline is the deadline's doing, but for those that would have been the same with more time."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

import pytest

from scorecard.errors import FailureKind, TransportError
from scorecard.transports.lateness import in_time
from scorecard.transports.sockets import Silent
from scorecard.transports.ssh_jumps import JumpFailure
from scorecard.transports.watchdog import Deadline, Guard

BROKEN = TransportError(FailureKind.UNREACHABLE, "The connection broke", "Look.")


def failing(error: TransportError) -> Callable[[], NoReturn]:
    def act() -> NoReturn:
        raise error

    return act


def silent(waited_s: float) -> Silent:
    error = Silent(FailureKind.UNREACHABLE, "It did not answer", "Look.")
    error.waited_s = waited_s
    return error


def fired(seconds: float) -> Guard:
    """One whose watchdog has shut the connection, at a moment that its clock alone may not call late."""
    guard = Guard(Deadline(seconds))
    guard.fire()
    return guard


def said(error: TransportError, guard: Guard, besides: tuple[type[TransportError], ...] = ()) -> TransportError:
    with pytest.raises(TransportError) as caught:
        in_time(failing(error), guard, "db1 port 22", 120, "during the login", besides=besides)
    return caught.value


def test_what_is_done_in_time_is_handed_on() -> None:
    assert in_time(lambda: "done", Guard(Deadline(60)), "db1 port 22", 60, "during the login") == "done"
    assert in_time(lambda: "done", fired(60), "db1 port 22", 60, "during the login") == "done"


def test_a_failure_in_time_stays_what_it_is() -> None:
    assert said(BROKEN, Guard(Deadline(60))) is BROKEN


@pytest.mark.parametrize("guard", [fired(60), Guard(Deadline(0))], ids=["shut", "passed"])
def test_a_failure_after_the_deadline_is_the_deadline(guard: Guard) -> None:
    error = said(BROKEN, guard)
    assert error.kind is FailureKind.DEADLINE
    assert error.message == "db1 port 22 was not done within 120 seconds; the time ran out during the login"
    assert error.__cause__ is BROKEN


def test_a_machine_that_never_answered_is_not_slow() -> None:
    long, short = silent(31), silent(29)
    assert said(long, fired(60)) is long
    assert said(short, fired(60)).kind is FailureKind.DEADLINE


def test_what_more_time_would_not_cure_stays_what_it_is() -> None:
    jump = JumpFailure(FailureKind.REFUSED, "No way through the jump host", "Look.")
    assert said(jump, fired(60), (JumpFailure,)) is jump
    assert said(jump, fired(60)).kind is FailureKind.DEADLINE
