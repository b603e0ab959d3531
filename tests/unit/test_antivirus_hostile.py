"""Answers made to keep the auditor busy, to crash a reader, or to contradict themselves.

No time is asserted: with a reader that goes over the same blanks again and again these tests would take minutes.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest

from scorecard.model import Fact, Observation, Outcome, Platform, Seen, Unseen
from scorecard.registry import Registry
from tests.cases import cases, host

TOPIC = Registry.load().by_id["antivirus"]
BY_NAME = {case.id.removeprefix("antivirus/"): case for case in cases("antivirus")}


def module(name: str) -> Any:
    return import_module(f"{TOPIC.parse.__module__.rpartition('.')[0]}.{name}")


def sentinelone(text: str) -> Fact[bool]:
    case = BY_NAME["linux/sentinelone-enabled"]
    part = "antivirus.sentinelone"
    facts = TOPIC.parse({**case.observations, part: Observation(part, Outcome.OK, text)}, case.host)
    [engine] = [each for each in facts.engines.seen() if each.product == "sentinelone"]
    return engine.real_time  # type: ignore[no-any-return]  # facts of a topic are Any to the engine


def test_one_bad_line_of_sentinelone_outweighs_a_good_one() -> None:
    assert sentinelone("Agent state  Enabled\nProtection: disabled\n") == Seen(False)
    assert sentinelone("Protection: enabled\nAgent state  Disabled\n") == Seen(False)
    assert isinstance(sentinelone("Agent state  Enabled\nProtection: degraded\n"), Unseen)
    assert sentinelone("Agent state  Enabled\nConnectivity  On\n") == Seen(True)


@pytest.mark.parametrize(
    "text", ["\n" * 20_000, "protection " + " " * 20_000 + "x y", "connectivity" + "\t" * 19_900 + "x"]
)
def test_blanks_in_an_answer_of_sentinelone(text: str) -> None:
    for _ in range(20):
        assert isinstance(sentinelone(text), Unseen)


@pytest.mark.parametrize("number", [10**400, -(10**400), 10**13, -1, 0])
def test_numbers_of_defender_that_are_no_time(number: int) -> None:
    assert module("defender")._moment(number) is None
    health = {"healthy": True, "realTimeProtectionEnabled": True, "definitionsUpdated": number, "productExpiration": number}
    case = BY_NAME["linux/defender-healthy"]
    part = "antivirus.defender"
    text = json.dumps({**health, "definitionsUpdatedMinutesAgo": number or -1})
    facts = TOPIC.parse({**case.observations, part: Observation(part, Outcome.OK, text)}, host(Platform.LINUX))
    [engine] = [each for each in facts.engines.seen() if each.product == "microsoft-defender"]
    assert not isinstance(engine.definitions_at, Seen) or engine.definitions_at.value is module("shape").Told.NEVER
    assert isinstance(engine.expired, Unseen)


def test_a_time_of_defender_in_milliseconds_and_in_seconds() -> None:
    moment = datetime(2026, 11, 19, 12, 0, tzinfo=UTC)
    seconds = int(moment.timestamp())
    assert module("defender")._moment(seconds) == module("defender")._moment(seconds * 1000) == moment
