"""Who is asked next: the sites take turns, and each is asked no faster than its pace allows."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from scorecard.model import Endpoint, Pace

NO_LIMIT = Pace()
_HELD_S = 0.05
_LOOK_S = 0.5  # how often those that wait look whether the audit was stopped


@dataclass(slots=True)
class _Site:
    pace: Pace
    waiting: deque[Endpoint] = field(default_factory=deque)
    under_way: int = 0
    next_start: float = 0.0

    def free_at(self) -> float | None:
        """From when on another may be started; None: not before one of them has ended."""
        if self.pace.max_parallel is not None and self.under_way >= self.pace.max_parallel:
            return None
        return self.next_start


class Schedule:
    """Endpoints in their order, the sites taking turns. Not thread-safe: its owner holds a lock.

    `clock` gives seconds. An endpoint that was handed out is under way until `ended` is called for its site.
    """

    def __init__(
        self,
        endpoints: Iterable[Endpoint],
        paces: Mapping[str, Pace],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._sites: dict[str, _Site] = {}
        for endpoint in endpoints:
            site = self._sites.setdefault(endpoint.site, _Site(paces.get(endpoint.site, NO_LIMIT)))
            site.waiting.append(endpoint)
        self._turns = deque(self._sites)

    @property
    def empty(self) -> bool:
        return not self._turns

    def take(self) -> Endpoint | None:
        """The next that may be asked now, if any."""
        now = self._clock()
        for _ in range(len(self._turns)):
            name = self._turns[0]
            site = self._sites[name]
            free_at = site.free_at()
            if free_at is None or free_at > now:
                self._turns.rotate(-1)
                continue
            endpoint = site.waiting.popleft()
            site.under_way += 1
            site.next_start = now + site.pace.start_gap_s
            self._turns.popleft()
            if site.waiting:
                self._turns.append(name)
            return endpoint
        return None

    def ended(self, site: str) -> None:
        self._sites[site].under_way -= 1

    def wait_s(self) -> float | None:
        """How long until the next may be asked if none of those under way ends; None: never, or none is left."""
        moments = [free_at for name in self._turns if (free_at := self._sites[name].free_at()) is not None]
        return max(min(moments) - self._clock(), 0.0) if moments else None


class Feed:
    """A schedule that many threads take from. While `held` says so nobody is handed out."""

    def __init__(self, schedule: Schedule, stop: threading.Event, held: Callable[[], bool]) -> None:
        self._schedule = schedule
        self._stop = stop
        self._held = held
        self._changed = threading.Condition()

    def take(self) -> Endpoint | None:
        """Waits for the next that may be asked. None: nobody is left, or the audit was stopped."""
        with self._changed:
            while not self._stop.is_set() and not self._schedule.empty:
                held = self._held()
                endpoint = None if held else self._schedule.take()
                if endpoint is not None:
                    return endpoint
                wait_s = _HELD_S if held else self._schedule.wait_s()
                self._changed.wait(_LOOK_S if wait_s is None else min(wait_s, _LOOK_S))
            self._changed.notify_all()  # those that wait here have nothing to wait for either
            return None

    def ended(self, endpoint: Endpoint) -> None:
        with self._changed:
            self._schedule.ended(endpoint.site)
            self._changed.notify()
