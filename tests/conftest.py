"""Fixtures that tests of several folders share."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Generator, Iterator

import pytest
from hypothesis import settings

from tests.rig.needs import RigUnavailable
from tests.rig.required import cannot_run
from tests.rig.rig import Rig

_TURNS = 2  # as many tests at a time as CI has cores
# No test measures time: a slow machine is not a fault. In CI the same examples each time; elsewhere new ones.
settings.register_profile("scorecard", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("scorecard")


@pytest.fixture(scope="session")
def rig() -> Iterator[Rig]:
    """All hosts of the rig, started once. Tests read from them and never change them."""
    hosts = Rig()
    try:
        hosts.start()
    except RigUnavailable as error:
        cannot_run(str(error))
    try:
        yield hosts
    finally:
        hosts.close()


def pytest_itemcollected(item: pytest.Item) -> None:
    """Tests on the rig carry its mark."""
    if "rig" in getattr(item, "fixturenames", ()):
        item.add_marker(pytest.mark.rig)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Beside a test that mostly waits another one runs: there is one test process more than there are turns.

    Without that, tests that wait would leave the machine idle; with more at work than there are cores, those that look at
    deadlines would see a machine busier than any that the tool is used on.
    """
    if not _takes_turns(item):
        return (yield)
    with _turn(os.environ["PYTEST_XDIST_TESTRUNUID"]):
        return (yield)


def _takes_turns(item: pytest.Item) -> bool:
    return "PYTEST_XDIST_TESTRUNUID" in os.environ and item.get_closest_marker("waits") is None


def _turn(run: str) -> socket.socket:
    """A name that only one process can have: it is free again as soon as the socket is closed, or its process ends."""
    while True:
        for number in range(_TURNS):
            turn = socket.socket(socket.AF_UNIX)
            try:
                turn.bind(f"\0scorecard-tests-{run}-{number}")
            except OSError:
                turn.close()
            else:
                return turn
        time.sleep(0.01)
