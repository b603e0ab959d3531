"""What ends a run before everyone was asked: a person, a signal, or its time being used up."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from scorecard.asking import Stop
from scorecard.cli import EXIT_INTERRUPTED
from scorecard.cli.terminal import complain
from scorecard.window import spoken


@contextmanager
def stoppable() -> Iterator[Stop]:
    """The first Ctrl-C stops cleanly and keeps what came in; the second ends the program at once."""
    stop = Stop()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        if stop.by_hand:
            if sys.stderr.isatty():  # a progress bar may have hidden the cursor, and nobody else brings it back
                os.write(sys.stderr.fileno(), b"\x1b[?25h\n")
            os._exit(EXIT_INTERRUPTED)
        stop.time_up = False
        stop.set()
        with suppress(RuntimeError):  # the signal came while another line was being written
            complain("stopping; what came in is kept (press Ctrl-C again to leave at once)")

    # A signal that is ignored stays so: that is how a shell starts what it puts into the background.
    wanted = [number for number in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, on_signal) for number in wanted}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def in_time(stop: Stop, max_time_s: float | None) -> Iterator[None]:
    """Stops the run when its time is used up."""
    if max_time_s is None:
        yield
        return

    def late() -> None:
        if not stop.is_set():
            stop.time_up = True
            stop.set()
            complain(f"the {spoken(max_time_s)} of this run are used up; who was not asked is counted as not seen")

    timer = threading.Timer(max_time_s, late)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
