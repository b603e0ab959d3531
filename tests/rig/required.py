"""What a test does where a rig cannot run: it says so, and in CI that is a failure."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

SWITCH = "SCORECARD_REQUIRE_RIGS"


def cannot_run(reason: str) -> NoReturn:
    """Skip the test with the exact reason; fail it where SCORECARD_REQUIRE_RIGS is 1."""
    if os.environ.get(SWITCH) == "1":
        pytest.fail(f"{reason} ({SWITCH}=1 asks for every rig)", pytrace=False)
    pytest.skip(reason)
