"""Every recorded answer gives the findings that its file expects."""

from __future__ import annotations

import pytest

from scorecard.model import Status
from scorecard.registry import Registry
from tests.cases import Case, apply, cases

REGISTRY = Registry.load()
CASES = cases()


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_recorded_answer(case: Case) -> None:
    topic = REGISTRY.by_id[case.topic]
    known = {probe.part for probe in topic.probes_for(case.platform)} | {"engine.first-seen"}
    assert set(case.observations) <= known, "the case answers parts that nobody asks"
    assert case.expect, "the case expects nothing"
    for check_id, expected in case.expect.items():
        verdict = apply(topic, check_id, case, **expected.get("parameters", {}))
        said = f"{verdict.measured} {verdict.reason or ''} {verdict.expected}"
        assert verdict.status == expected["status"], f"{check_id}: {said}"
        for word in expected.get("words", ()):
            assert word.casefold() in said.casefold(), f"{check_id}: {word!r} is not in {said!r}"


@pytest.mark.parametrize("check_id", sorted(REGISTRY.checks))
def test_each_check_is_seen_to_pass_to_fall_short_and_not_to_know(check_id: str) -> None:
    statuses = {expected["status"] for case in CASES for check, expected in case.expect.items() if check == check_id}
    assert Status.PASS in statuses
    assert statuses & {Status.WARN, Status.FAIL}
    assert Status.UNKNOWN in statuses
