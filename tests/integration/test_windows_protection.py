"""Disk encryption and antivirus of the rig's simulated Windows machines: the questions as they are sent, answered there."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from scorecard.bundle import HOST_PART, outcome_of
from scorecard.host import parse_host
from scorecard.model import Observation, Outcome, Platform
from scorecard.registry import Registry
from tests.cases import Case, apply
from tests.rig.wsman.answers import answer
from tests.rig.wsman.machine import Machine, text_of
from tests.rig.wsman.questions import check

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TOPICS = [Registry.load().by_id[name] for name in ("disk-encryption", "antivirus")]

# The checks in the order of their rules: passed, warned, failed, unknown, not applicable.
STORIES = {
    "windows-11-pro-well": "pppp ppppp",
    "german": "pppp ppppp",
    "japanese": "pppp ppppp",
    "constrained-language": "pppp ppppp",
    "defender-definitions-40-days": "pppp pfppp",
    "no-admin-rights": "uuuu ppppp",
    "server-2012-r2-ps4": "fpff pppuu",
    "server-2019-defender-passive-alone": "nnnn fpfpp",
    "server-2022-core-no-bitlocker": "fpff ppppp",
    "third-party-antivirus-expired": "pppp fffuu",
    "windows-11-home-suspended": "fpwp ppppp",
    "windows-11-stale-property": "fpff ppppp",
    "windows-11-waiting-for-activation": "fpfp ppppp",
}


def told(name: str) -> dict[str, Observation]:
    machine = Machine.load(name, NOW)
    host = {**machine.section("host"), "clock": text_of(NOW)}
    found = {HOST_PART: Observation(HOST_PART, Outcome.OK, json.dumps(host, default=str), 0, 1, NOW)}
    for topic in TOPICS:
        for probe in topic.probes_for(Platform.WINDOWS):
            code, payload = answer(machine, check(json.loads(probe.text)), lambda _: None)
            outcome = outcome_of(code, True, Platform.WINDOWS)
            found[probe.part] = Observation(
                probe.part, outcome, json.dumps(payload), code, 1, NOW, f"It ended as {outcome}"
            )
    return found


@pytest.mark.parametrize("name", STORIES)
def test_the_story_of_a_machine(name: str) -> None:
    observations = told(name)
    host = parse_host(observations, NOW)
    assert host is not None
    case = Case("", Platform.WINDOWS, name, name, host, observations, {})
    statuses = " ".join("".join(apply(topic, one.id, case).status[0] for one in topic.checks) for topic in TOPICS)
    assert statuses == STORIES[name]
