"""Who is tried again, and when: spread over each round, never after the window closed, never after a refused login."""

from __future__ import annotations

import random
import threading
import time

import pytest

from scorecard.errors import FailureKind
from scorecard.model import Endpoint, Failure
from scorecard.window import CURABLE, Window, closed, curable, spoken, tries


def endpoints(*names: str) -> dict[str, Endpoint]:
    return {name: Endpoint(name, "c", name) for name in names}


def test_everyone_left_is_tried_once_a_round_until_the_window_closes() -> None:
    left = endpoints(*(f"m{number}" for number in range(20)))
    tried: dict[str, int] = dict.fromkeys(left, 0)
    for batch in tries(lambda: left, Window(0.6, 0.6), threading.Event(), random.Random(1)):
        for endpoint in batch:
            tried[endpoint.name] += 1
        if tried["m3"]:  # it answered, and is left alone from then on
            left.pop("m3", None)
    assert tried.pop("m3") == 1
    assert set(tried.values()) <= {4, 5, 6}


def test_it_ends_when_nobody_is_left() -> None:
    left = endpoints("a")
    started = time.monotonic()
    for batch in tries(lambda: left, Window(3600, 6), threading.Event(), random.Random(1)):
        assert [endpoint.name for endpoint in batch] == ["a"]
        left.clear()
    assert time.monotonic() - started < 60


def test_a_stop_ends_the_waiting() -> None:
    stop = threading.Event()
    waiting = threading.Thread(target=lambda: list(tries(lambda: endpoints("a"), Window(86_400, 86_400), stop)))
    waiting.start()
    stop.set()
    waiting.join(20)
    assert not waiting.is_alive()


def test_a_window_that_has_passed_tries_nobody() -> None:
    assert list(tries(lambda: endpoints("a"), Window(-5, 60), threading.Event())) == []


def test_rounds_are_hours_long_in_long_windows() -> None:
    assert Window(7 * 86_400, 7 * 86_400).round_s == 4 * 3600
    assert Window(3600, 3600).round_s == 600


def test_what_is_tried_again() -> None:
    never = {FailureKind.AUTH_FAILED, FailureKind.HOST_KEY_CHANGED, FailureKind.HOST_KEY_UNKNOWN}
    never |= {FailureKind.CERTIFICATE_INVALID, FailureKind.PERMISSION_DENIED, FailureKind.OUTPUT_TOO_LARGE}
    assert {kind for kind in FailureKind if curable(Failure(kind, "", ""))} == CURABLE
    assert not never & CURABLE
    assert not curable(None)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (604_800, "7 days"),
        (86_400, "1 day"),
        (43_200, "12 hours"),
        (5400, "90 minutes"),
        (20, "20 seconds"),
        (1, "1 second"),
    ],
)
def test_spans_are_spoken(seconds: float, words: str) -> None:
    assert spoken(seconds) == words


def test_the_number_of_tries_is_told() -> None:
    failure = Failure(FailureKind.UNREACHABLE, "It is off", "Switch it on.")
    assert closed(failure, 1, 86_400).message == "It is off (tried once in 1 day)"
    assert closed(failure, 12, 604_800).message == "It is off (tried 12 times in 7 days)"


def test_those_that_hang_do_not_take_the_turns_of_the_rest() -> None:
    """Whose moment passed while others hung are tried together; nobody is tried after the window closed."""
    left = endpoints(*(f"m{number}" for number in range(30)))
    tried: dict[str, int] = dict.fromkeys(left, 0)
    batches = 0
    for batch in tries(lambda: left, Window(1.2, 0.6), threading.Event(), random.Random(1)):
        batches += 1
        for endpoint in batch:
            tried[endpoint.name] += 1
        time.sleep(0.25)  # one of them hung
    assert batches <= 5
    assert min(tried.values()) >= 1


def test_nobody_waits_for_a_round_when_all_have_answered() -> None:
    left = endpoints(*(f"m{number}" for number in range(40)))
    for _ in tries(lambda: left, Window(3600, 60), threading.Event(), random.Random(3)):
        left.clear()  # all answer at once
        started = time.monotonic()
    assert time.monotonic() - started < 5  # the round has nearly ten seconds
