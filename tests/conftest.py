"""Fixtures that tests of several folders share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.rig.needs import RigUnavailable
from tests.rig.required import cannot_run
from tests.rig.rig import Rig

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
