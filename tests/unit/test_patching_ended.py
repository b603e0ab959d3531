"""On a release that nobody publishes updates for the update checks do not apply; in every other case they are asked."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from scorecard.errors import FactUnavailable
from scorecard.model import Fact, Platform, Seen, Status, Unseen
from scorecard.registry import Registry
from scorecard.topic import Parameters
from tests.cases import host

TOPIC = Registry.load().by_id["patching"]
ASKED = ["security-updates", "last-installed", "sources-fresh", "automatic-updates"]


def status(noun: str, trait: Fact[bool] | None) -> Status:
    """With nothing else read at all: what is asked is then unknown."""
    traits: dict[str, Fact[bool]] = {} if trait is None else {"updates-published": trait}
    machine = replace(host(Platform.LINUX), traits=MappingProxyType(traits))
    check = next(check for check in TOPIC.checks if check.id == f"patching.{noun}")
    try:
        return check.rule(TOPIC.parse({}, machine), machine, Parameters(check.defaults())).status
    except FactUnavailable:
        return Status.UNKNOWN


@pytest.mark.parametrize("noun", ASKED)
def test_nothing_is_published_any_more(noun: str) -> None:
    assert status(noun, Seen(False)) is Status.NOT_APPLICABLE


@pytest.mark.parametrize("noun", ASKED)
@pytest.mark.parametrize("trait", [None, Seen(True), Unseen("not in our table")])
def test_otherwise_it_is_asked(noun: str, trait: Fact[bool] | None) -> None:
    assert status(noun, trait) is Status.UNKNOWN
