"""Antivirus facts and rules: nothing raises, nothing that was not read pays, details of the parsers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorecard.errors import FactUnavailable
from scorecard.model import Host, Observation, Outcome, Platform, Seen, Status, Verdict
from scorecard.registry import Registry
from scorecard.topic import Parameters
from tests.cases import AS_OF, Case, cases, host

TOPIC = Registry.load().by_id["antivirus"]
CASES = cases("antivirus")
BY_NAME = {case.id.removeprefix("antivirus/"): case for case in CASES}
WORTH = {Status.PASS: 2, Status.NOT_APPLICABLE: 2, Status.WARN: 1, Status.FAIL: 0, Status.UNKNOWN: 0}


def judged(observations: Mapping[str, Observation], machine: Host, **parameters: Any) -> dict[str, Status]:
    return {name: verdict.status for name, verdict in verdicts(observations, machine, **parameters).items()}


def verdicts(observations: Mapping[str, Observation], machine: Host, **parameters: Any) -> dict[str, Verdict]:
    facts = TOPIC.parse(observations, machine)
    found = {}
    for check in TOPIC.checks:
        values = {**check.defaults(), **{name: value for name, value in parameters.items() if name in check.defaults()}}
        try:
            found[check.id.partition(".")[2]] = check.rule(facts, machine, Parameters(values))
        except FactUnavailable as error:
            found[check.id.partition(".")[2]] = Verdict(Status.UNKNOWN, "", reason=error.reason)
    return found


def engine(case: Case, product: str) -> Any:
    [found] = [each for each in TOPIC.parse(case.observations, case.host).engines.seen() if each.product == product]
    return found


def observed(platform: Platform, texts: Mapping[str, str]) -> dict[str, Observation]:
    return {
        f"antivirus.{noun}": Observation(f"antivirus.{noun}", Outcome.OK, text, 0, 5, AS_OF) for noun, text in texts.items()
    }


# How an answer is lost; that the machine has no such thing (absent) is an answer.
HIDDEN = (Outcome.DENIED, Outcome.TIMEOUT, Outcome.TRUNCATED, Outcome.ERROR)


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_hiding_any_answer_never_pays(case: Case) -> None:
    """Design section 1, promise 1: what was denied, cut off or timed out can never raise a finding."""
    before = judged(case.observations, case.host)
    for part in case.observations:
        without = {name: observation for name, observation in case.observations.items() if name != part}
        for outcome in HIDDEN:
            after = judged({**without, part: Observation(part, outcome, reason="It was hidden")}, case.host)
            better = {name: (before[name], after[name]) for name in before if WORTH[after[name]] > WORTH[before[name]]}
            assert not better, f"{part} as {outcome}"
        after = judged(without, case.host)
        assert not {name for name in before if WORTH[after[name]] > WORTH[before[name]]}, f"{part} never came"


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(CASES), st.data())
def test_a_lost_line_never_raises(case: Case, data: st.DataObject) -> None:
    part = data.draw(st.sampled_from(sorted(case.observations) or ["antivirus.products"]))
    lines = case.observations[part].text.splitlines() if part in case.observations else []
    lost = data.draw(st.integers(0, max(len(lines) - 1, 0)))
    text = "\n".join(lines[:lost] + lines[lost + 1 :])
    judged({**case.observations, part: Observation(part, Outcome.OK, text)}, case.host)


WORDS = st.text(alphabet=st.sampled_from([*"[]{}\":,\t\n |=/-.'ltrue0129", "\x00", "é"]), max_size=200)
NOUNS = {platform: sorted({probe.part for probe in TOPIC.probes_for(platform)}) for platform in Platform}


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(list(Platform)), st.data())
def test_garbage_never_raises_and_never_protects(platform: Platform, data: st.DataObject) -> None:
    texts = {part: data.draw(WORDS | st.text(max_size=60)) for part in NOUNS[platform]}
    found = judged({part: Observation(part, Outcome.OK, text) for part, text in texts.items()}, host(platform))
    assert set(found.values()) <= {Status.UNKNOWN, Status.FAIL}
    assert found["protected"] is Status.UNKNOWN


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(CASES), st.data())
def test_garbage_in_one_part_never_raises(case: Case, data: st.DataObject) -> None:
    part = data.draw(st.sampled_from(NOUNS[case.platform]))
    text = data.draw(
        WORDS | st.sampled_from([each.observations[part].text for each in CASES if part in each.observations] or [""])
    )
    judged({**case.observations, part: Observation(part, Outcome.OK, text)}, case.host)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            [
                "healthy",
                "licensed",
                "realTimeProtectionEnabled",
                "realTimeProtectionAvailable",
                "passiveModeEnabled",
                "definitionsUpdated",
                "definitionsUpdatedMinutesAgo",
                "definitionsStatus",
                "productExpiration",
                "healthIssues",
                "tamperProtection",
                "engineLoadStatus",
                "conflictingApplications",
                "appVersion",
            ]
        ),
        JSON,
    )
)
def test_defender_takes_any_json(health: dict[str, Any]) -> None:
    case = BY_NAME["linux/defender-healthy"]
    text = json.dumps(health)
    listed = json.dumps([health, health])
    found = judged(
        {
            **case.observations,
            **observed(Platform.LINUX, {"defender": text, "defender-scans": listed}),
        },
        case.host,
    )
    if health.get("realTimeProtectionEnabled") is not True and not isinstance(
        health.get("realTimeProtectionEnabled"), dict | str
    ):
        assert found["protected"] is not Status.PASS


@pytest.mark.parametrize("depth", [1_000, 100_000])
def test_deeply_nested_json_is_only_unread(depth: int) -> None:
    case = BY_NAME["linux/defender-healthy"]
    for text in ("{" + '"a":{' * depth, '{"a":' + "[" * depth + "]" * depth + "}"):
        found = verdicts({**case.observations, **observed(Platform.LINUX, {"defender": text})}, case.host)
        assert found["protected"].status is Status.UNKNOWN


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (71, Status.PASS),
        (72, Status.PASS),
        (73, Status.WARN),
        (168, Status.WARN),
        (169, Status.FAIL),
        (-23, Status.PASS),
        (-25, Status.UNKNOWN),
    ],
)
def test_definitions_turn_at_the_hour(hours: int, expected: Status) -> None:
    case = BY_NAME["linux/clamav-on-access"]
    at = engine(case, "clamav").definitions_at.seen()
    assert judged(case.observations, replace(case.host, as_of=at + timedelta(hours=hours)))["definitions"] is expected


def test_windows_of_age_come_from_the_standard() -> None:
    case = BY_NAME["linux/clamav-5-days"]
    assert judged(case.observations, case.host, pass_days=5, warn_days=6)["definitions"] is Status.WARN
    assert judged(case.observations, case.host, pass_days=6)["definitions"] is Status.PASS
    case = BY_NAME["macos/xprotect-32-days"]
    assert judged(case.observations, case.host, pass_days=40)["definitions"] is Status.WARN
    assert judged(case.observations, case.host, built_in_pass_days=40)["definitions"] is Status.PASS


def test_a_local_time_in_the_head_changes_nothing() -> None:
    """linux.md 9, row 17: the epoch counts, whatever zone the words are written in."""
    case = BY_NAME["linux/clamav-on-access"]
    text = case.observations["antivirus.clamav"].text
    assert "20 Nov 2026 08-26 +0000" in text
    shifted = observed(Platform.LINUX, {"clamav": text.replace("20 Nov 2026 08-26 +0000", "20 Nov 2026 17-26 +0900")})
    plain = engine(case, "clamav").definitions_at
    assert engine(replace(case, observations={**case.observations, **shifted}), "clamav").definitions_at == plain


def test_words_stay_short_and_printable() -> None:
    for case in CASES:
        for name, verdict in verdicts(case.observations, case.host).items():
            said = f"{verdict.measured}{verdict.reason or ''}"
            assert said.isprintable(), (case.id, name)
            assert len(said) < 1_000, (case.id, name)


def test_an_engine_of_nature_without_dates_is_never_excused_by_being_hidden() -> None:
    """CrowdStrike publishes no definitions, but that excuses it only where it was seen to run."""
    shown, unseen = BY_NAME["linux/crowdstrike-good"], BY_NAME["linux/crowdstrike-hidden"]
    assert judged(shown.observations, shown.host)["definitions"] is Status.NOT_APPLICABLE
    assert judged(unseen.observations, unseen.host)["definitions"] is Status.UNKNOWN


def test_stable_evidence_is_there_and_the_same_a_day_later() -> None:
    for case in CASES:
        today = verdicts(case.observations, case.host)
        later = verdicts(case.observations, replace(case.host, as_of=case.host.as_of + timedelta(hours=1)))
        for check in TOPIC.checks:
            name = check.id.partition(".")[2]
            for key in check.stable:
                if today[name].evidence:
                    assert today[name].evidence[key] == later[name].evidence[key], (case.id, check.id)


def test_the_version_of_xprotect_is_that_of_the_copy_in_use() -> None:
    """macos.md 8, row 11: the copy in CoreServices may lag or lead."""
    case = BY_NAME["macos/xprotect-good"]
    text = case.observations["antivirus.builtin"].text.replace("XProtect.bundle\t5346", "XProtect.bundle\t5999", 1)
    assert "CoreServices/XProtect.bundle\t5999" in text
    changed = replace(case, observations={**case.observations, **observed(Platform.MACOS, {"builtin": text})})
    assert engine(changed, "xprotect").version == Seen("5346")
