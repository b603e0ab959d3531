"""Our own log: printed on standard error for a bug report where that is asked for, and else nowhere."""

from __future__ import annotations

import logging

_OURS = logging.getLogger("scorecard")


def set_up(*, debug: bool) -> None:
    """For this process; once more replaces what was said before."""
    _OURS.handlers[:] = [logging.StreamHandler()] if debug else [logging.NullHandler()]
    _OURS.setLevel(logging.DEBUG if debug else logging.NOTSET)
    _OURS.propagate = False


def is_debugging() -> bool:
    """Whether the log is printed."""
    return _OURS.level == logging.DEBUG
