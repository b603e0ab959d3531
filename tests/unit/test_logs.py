"""What goes wrong inside is printed where somebody wants it, and only there."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from scorecard import logs


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    ours = logging.getLogger("scorecard")
    handlers, level, propagate = list(ours.handlers), ours.level, ours.propagate
    yield
    ours.handlers[:] = handlers
    ours.setLevel(level)
    ours.propagate = propagate


def test_the_log_is_printed_once_and_only_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    inside = logging.getLogger("scorecard.inside")
    logs.set_up(debug=False)
    assert not logs.is_debugging()
    inside.error("not for everybody")
    logs.set_up(debug=True)
    logs.set_up(debug=True)
    assert logs.is_debugging()
    inside.debug("for a bug report")
    logs.set_up(debug=False)
    inside.error("nor later")
    assert capsys.readouterr() == ("", "for a bug report\n")
    assert not logs.is_debugging()
