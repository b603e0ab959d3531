"""An audit that stays open: who was not seen is tried again, spread over the day, until it answers or the window closes."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from scorecard.errors import FailureKind
from scorecard.model import Endpoint, Failure

# What another hour of the day can cure. A refused login is never tried again: it could lock the account.
CURABLE = frozenset(
    {
        FailureKind.NAME_NOT_FOUND,
        FailureKind.UNREACHABLE,
        FailureKind.REFUSED,
        FailureKind.QUOTA,
        FailureKind.PROTOCOL,
        FailureKind.DEADLINE,
    }
)
_LONGEST_ROUND_S = 4 * 3600.0
_ROUNDS = 6  # at least so many in a window, however short
_TOGETHER = 50  # tries that lie closer than this part of a round are made together


@dataclass(frozen=True, slots=True)
class Window:
    """`left_s`: how long it stays open from now on. `whole_s`: how long it was meant to be."""

    left_s: float
    whole_s: float

    @property
    def round_s(self) -> float:
        return min(_LONGEST_ROUND_S, self.whole_s / _ROUNDS)


def tries(
    unseen: Callable[[], Mapping[str, Endpoint]], window: Window, stop: threading.Event, dice: random.Random | None = None
) -> Iterator[tuple[Endpoint, ...]]:
    """Who is to be tried now, batch after batch. Waits between them.

    It ends with the window, with `stop`, or with nobody left to try.

    `unseen` tells who is still to be tried. In each round each has a moment of its own, drawn anew: a laptop that is
    never there at noon is not always asked at noon. Those whose moments passed while others were being tried are tried
    together: a few that hang must not take the turns of the rest.
    """
    dice = dice or random.Random()  # noqa: S311 - spreads load, guards nothing
    begins = time.monotonic()
    closes = begins + window.left_s
    while begins < closes and unseen():
        moments = deque(_moments(unseen(), begins, window.round_s, dice))
        while moments and unseen():
            if not _reached(moments[0][0], closes, stop):
                return
            names: list[str] = []
            while moments and moments[0][0] <= time.monotonic():
                names += moments.popleft()[1]
            left = unseen()
            if batch := tuple(left[name] for name in names if name in left):
                yield batch
        begins = max(begins + window.round_s, time.monotonic())
        if not unseen() or not _reached(begins, closes, stop):
            return


def _reached(moment: float, closes: float, stop: threading.Event) -> bool:
    """Waits for the moment. False: the window closed or the audit was stopped before."""
    stopped = stop.wait(max(min(moment, closes) - time.monotonic(), 0.0))
    return not stopped and moment < closes and time.monotonic() < closes


def _moments(names: Iterable[str], begins: float, round_s: float, dice: random.Random) -> Iterator[tuple[float, list[str]]]:
    """Of a round that begins then, each with who is tried at it."""
    drawn: dict[int, list[str]] = {}
    for name in sorted(names):
        drawn.setdefault(dice.randrange(_TOGETHER), []).append(name)
    for step, together in sorted(drawn.items()):
        yield begins + (step + 1) * round_s / _TOGETHER, together


def curable(failure: Failure | None) -> bool:
    return failure is not None and failure.kind in CURABLE


def closed(failure: Failure, count: int | None, whole_s: float) -> Failure:
    """The failure of one that never answered, with how often it was tried, where that is known."""
    times = "for" if count is None else "once in" if count == 1 else f"{count} times in"
    said = f"{failure.message} (tried {times} {spoken(whole_s)})"
    return replace(failure, message=said)


def spoken(seconds: float) -> str:
    """7 days, 12 hours, 90 minutes, 20 seconds: in the largest unit that fits exactly."""
    for unit, word in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= unit and seconds % unit == 0:
            count = int(seconds // unit)
            return f"{count} {word}{'' if count == 1 else 's'}"
    return f"{seconds:g} second{'' if seconds == 1 else 's'}"
