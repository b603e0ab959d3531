"""The real programs that the end-to-end tests need, or a skip with a reason; in CI a missing one is a failure."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest

CHROMIUM_ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)


def program(name: str, package: str) -> str:
    """Path of a program. Debian's `package` has it."""
    found = shutil.which(name)
    if found is None:
        missing(f"{name} is not installed; Debian's package {package} has it")
    return found


def missing(reason: str) -> NoReturn:
    if os.environ.get("SCORECARD_REQUIRE_RIGS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
