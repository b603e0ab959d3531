"""One thread that keeps every hard deadline: at its time it shuts the connection, whatever anybody waits for.

paramiko has six time limits, and `recv_exit_status` none (performance.md, "paramiko, traps"): so there is one deadline
for all of an endpoint's work, and it holds because the socket goes away under it.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from types import TracebackType


class Deadline:
    """A moment of the monotonic clock, `seconds` from now."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.at = time.monotonic() + seconds

    def left_s(self, at_most: float | None = None) -> float:
        """Seconds that are left, never negative, and no more than `at_most`."""
        left = max(self.at - time.monotonic(), 0.0)
        return left if at_most is None else min(left, at_most)

    @property
    def passed(self) -> bool:
        return time.monotonic() >= self.at


class Guard:
    """Runs `action` at the deadline unless it was released before. A context manager: leaving it releases."""

    def __init__(self, deadline: Deadline) -> None:
        self.deadline = deadline
        self.fired = False
        self._lock = threading.Lock()
        self._action: Callable[[], None] | None = None
        self._released = False

    def watch(self, action: Callable[[], None]) -> None:
        """Say what to do at the deadline; done at once when it has passed already. The action must not block."""
        with self._lock:
            if not self.fired:
                self._action = action
                return
        action()

    def fire(self) -> None:
        with self._lock:
            if self._released:
                return
            self.fired = True
            action, self._action = self._action, None
        if action is not None:
            action()

    def release(self) -> None:
        with self._lock:
            self._released, self._action = True, None

    def __enter__(self) -> Guard:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.release()


class Watchdog:
    """A heap of guards and one daemon thread, started with the first guard and ended by `close`."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._heap: list[tuple[float, int, Guard]] = []
        self._count = itertools.count()
        self._thread: threading.Thread | None = None

    def guard(self, deadline: Deadline) -> Guard:
        guard = Guard(deadline)
        with self._changed:
            heapq.heappush(self._heap, (deadline.at, next(self._count), guard))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="scorecard-watchdog", daemon=True)
                self._thread.start()
            elif self._heap[0][2] is guard:
                self._changed.notify()
        return guard

    def close(self) -> None:
        """End the thread. Guards that are still held fire now, so that nothing waits for ever."""
        with self._changed:
            held, self._heap = self._heap, []
            thread, self._thread = self._thread, None
            self._changed.notify()
        for _, _, guard in held:
            guard.fire()
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        me = threading.current_thread()
        while True:
            with self._changed:
                if self._thread is not me:
                    return
                wait_s = self._heap[0][0] - time.monotonic() if self._heap else None
                if wait_s is None or wait_s > 0:
                    self._changed.wait(wait_s)
                    continue
                guard = heapq.heappop(self._heap)[2]
            guard.fire()
