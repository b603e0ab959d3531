"""Judging: a crash costs one finding, unknown is never a pass, nothing goes missing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from scorecard.bundle import FIRST_SEEN_PART
from scorecard.judge import CRASHED, Judged, digest, judge, judge_unseen
from scorecard.model import (
    Host,
    Observation,
    Observations,
    Outcome,
    Platform,
    Probe,
    Role,
    Seen,
    Severity,
    Status,
    Unseen,
    Verdict,
    passed,
    unknown,
)
from scorecard.registry import Registry
from scorecard.standard import Standard, parse
from scorecard.topic import Check, Effort, Parameters, Topic, check
from tests.cases import AS_OF, host
from tests.unit.test_standard import TEXT

Rule = Callable[[Any, Host, Parameters], Verdict]


def made(noun: str, rule: Rule, platforms: tuple[Platform, ...] = tuple(Platform)) -> Check:
    return check(
        f"sample.{noun}",
        title="Good",
        why="Because.",
        fix=("Do it.",),
        severity=Severity.HIGH,
        effort=Effort(1, 1),
        platforms=platforms,
    )(rule)


def topic(*checks: Check, parse_: Callable[[Observations, Host], Any] = lambda seen, _host: seen, **more: Any) -> Topic:
    probe = Probe("sample.part", Platform.LINUX, "echo")
    return Topic("sample", "Sample", parse_, checks, (probe,), **more)


def standard_of(registry: Registry) -> Standard:
    checks = "\n".join(f"  {name}: {{severity: [{{is: high}}]}}" for name in registry.checks)
    start, rest = TEXT.split("\nchecks:\n")
    _, rest = rest.split("\npromises:\n")
    end = rest.split("unknown_in_capped_check:")[1]
    text = f"{start}\nchecks:\n{checks}\npromises: []\ncaps: []\nunknown_in_capped_check:{end}"
    return parse(text.replace("topics: [accounts]", "topics: [sample]"), "s.yaml", registry.checks)


ANSWER = {"sample.part": Observation("sample.part", Outcome.OK, "hello", 0, 5, AS_OF)}


def judged(one: Topic, observations: Observations = ANSWER, **more: Any) -> Judged:
    registry = Registry((one,))
    sightings = more.get("sightings", {})
    return judge("m", Role.SERVER, observations, host(Platform.LINUX), sightings, registry, standard_of(registry))


def test_a_crash_in_a_rule_costs_its_own_finding_only() -> None:
    found = judged(topic(made("bad", lambda *_: 1 / 0), made("good", lambda *_: passed("fine")))).findings  # type: ignore[arg-type]  # the crash is the point
    assert [(entry.status, entry.verdict.reason) for entry in found] == [(Status.UNKNOWN, CRASHED), (Status.PASS, None)]


def test_a_crash_in_a_parser_costs_its_topic_only() -> None:
    def broken(_seen: Observations, _host: Host) -> Any:
        raise RuntimeError("boom")

    found = judged(topic(made("one", lambda *_: passed("fine")), parse_=broken)).findings
    assert [entry.status for entry in found] == [Status.UNKNOWN]
    assert found[0].observations == (digest(ANSWER["sample.part"]),)


@pytest.mark.parametrize(
    "verdict",
    [
        None,
        "pass",
        unknown(""),
        passed("x", evidence=float("nan")),
        Verdict(Status.PASS, "x", evidence={"a": object()}),  # type: ignore[dict-item]  # what a stranger may do
    ],
)
def test_a_verdict_that_is_none_is_unknown(verdict: Any) -> None:
    (finding,) = judged(topic(made("one", lambda *_: verdict))).findings
    assert (finding.status, finding.verdict.reason) == (Status.UNKNOWN, CRASHED)


def test_an_unseen_fact_gives_its_reason() -> None:
    facts = SimpleNamespace(state=Unseen("sudo was refused"))
    (finding,) = judged(topic(made("one", lambda f, *_: f.state.seen()), parse_=lambda *_: facts)).findings
    assert (finding.status, finding.verdict.reason) == (Status.UNKNOWN, "sudo was refused")


def test_a_topic_sees_its_own_parts_only() -> None:
    seen: list[Observations] = []

    def keep(observations: Observations, _host: Host) -> None:
        seen.append(observations)

    others = {**ANSWER, "other.part": Observation("other.part", Outcome.OK, "secret")}
    judged(topic(made("one", lambda *_: passed("fine")), parse_=keep), others)
    assert set(seen[0]) == {"sample.part"}


def test_first_sightings_reach_the_topic_and_new_ones_come_back() -> None:
    seen: list[Observations] = []

    def keep(observations: Observations, _host: Host) -> str:
        seen.append(observations)
        return "facts"

    result = judged(
        topic(made("one", lambda *_: passed("fine")), parse_=keep, remember=lambda _facts: ["b", "a", "b"]),
        sightings={"sample": {"a": datetime(2026, 10, 1, tzinfo=UTC)}},
    )
    assert seen[0][FIRST_SEEN_PART].text == '{"a": "2026-10-01T00:00:00+00:00"}'
    assert result.remembered == {"sample": ("a", "b")}


def test_traits_of_one_topic_reach_the_rules() -> None:
    one = topic(
        made("one", lambda _facts, seen_host, _parameters: passed(str(seen_host.traits["published"].seen()))),
        traits=lambda _facts, _host: {"published": Seen(False)},
    )
    assert judged(one).findings[0].verdict.measured == "False"


def test_a_check_for_another_platform_does_not_apply() -> None:
    (finding,) = judged(topic(made("one", lambda *_: passed("fine"), (Platform.WINDOWS,)))).findings
    assert finding.status is Status.NOT_APPLICABLE
    assert "windows" in (finding.verdict.reason or "")


def test_what_was_not_seen_is_unknown_in_every_check() -> None:
    registry = Registry((topic(made("one", lambda *_: passed("fine")), made("two", lambda *_: passed("fine"))),))
    standard = standard_of(registry)
    result = judge_unseen("m", Role.LAPTOP, None, "Not seen: it is off", AS_OF, registry, standard)
    assert [(f.check, f.status, f.effective) for f in result.findings] == [
        ("sample.one", Status.UNKNOWN, 0),
        ("sample.two", Status.UNKNOWN, 0),
    ]


def test_text_of_a_verdict_is_one_printable_line() -> None:
    (finding,) = judged(topic(made("one", lambda *_: passed("a\x1b[31m\nb" + "x" * 900)))).findings
    assert finding.verdict.measured.isprintable()
    assert len(finding.verdict.measured) == 500


def test_a_check_that_the_standard_does_not_name_is_shown_and_not_graded() -> None:
    named, extra = made("one", lambda *_: passed("fine")), made("two", lambda *_: passed("fine"))
    standard = standard_of(Registry((topic(named),)))
    registry = Registry((topic(named, extra),))
    found = judge("m", Role.SERVER, ANSWER, host(Platform.LINUX), {}, registry, standard).findings
    assert [(f.check, f.counts, f.effective) for f in found] == [("sample.one", True, 1.0), ("sample.two", False, None)]


def test_a_digest_is_over_what_was_said() -> None:
    one = Observation("a.b", Outcome.OK, "x", 0, 5, AS_OF)
    assert digest(one) == digest(Observation("a.b", Outcome.OK, "x", 0, 99, None))
    assert digest(one) != digest(Observation("a.b", Outcome.OK, "y", 0, 5, AS_OF))
    assert digest(one) != digest(Observation("a.c", Outcome.OK, "x", 0, 5, AS_OF))


def test_what_earlier_audits_remember_outlives_an_answer_that_was_not_read() -> None:
    """Else one failed answer would make an old missing update new, and so pass."""

    def broken(*_: Any) -> Any:
        raise RuntimeError("boom")

    one = made("one", lambda *_: passed("fine"))
    assert judged(topic(one, remember=lambda _facts: ())).remembered == {"sample": ()}
    assert judged(topic(one, remember=lambda _facts: None)).remembered == {}
    assert judged(topic(one, remember=broken)).remembered == {}
    assert judged(topic(one, parse_=broken, remember=lambda _facts: ("a",))).remembered == {}


@pytest.mark.parametrize("names", [[1], [b"x"], 3, [None]])
def test_names_that_cannot_be_kept_are_not(names: Any) -> None:
    assert judged(topic(made("one", lambda *_: passed("fine")), remember=lambda _facts: names)).remembered == {}


@pytest.mark.parametrize("values", [{"serial": object()}, {"serial": float("nan")}, {1: "x"}, ["serial"], None])
def test_a_portrait_that_cannot_be_written_is_left_out(values: Any) -> None:
    result = judged(topic(made("one", lambda *_: passed("fine")), portray=lambda _facts: values))
    assert result.portrait == {}
    assert [finding.status for finding in result.findings] == [Status.PASS]


def test_names_and_portraits_are_printable_lines() -> None:
    one = topic(
        made("one", lambda *_: passed("fine")),
        remember=lambda _facts: ["a\x00b\ud800"],
        portray=lambda _facts: {"x": "a\nb"},
    )
    assert (judged(one).remembered, judged(one).portrait) == ({"sample": ("a b ",)}, {"x": "a b"})
