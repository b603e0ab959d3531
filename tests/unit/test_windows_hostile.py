"""Whatever a Windows machine answers: nothing raises, what can be written is written, and nonsense passes no check.

From the bytes of an answer to the findings, over every question of every topic.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from itertools import cycle
from typing import Any
from unittest import TestCase

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scorecard.bundle import HOST_PART, Reply, parse_reply
from scorecard.host import parse_host
from scorecard.judge import CRASHED, Judged, judge
from scorecard.model import Outcome, Platform, Role, Status
from scorecard.registry import Registry
from scorecard.standard import DEFAULT, load
from tests.rig.wsman.answers import answer
from tests.rig.wsman.machine import Machine

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MARKER = "scorecard-0123456789abcdef0123456789abcdef"
MACHINES = ("windows-11-pro-well", "windows-11-data-volume-plain", "server-2012-r2-ps4", "hostile-strings")
REGISTRY = Registry.load()
STANDARD = load(DEFAULT, REGISTRY.checks)
QUESTIONS = {
    probe.part: json.loads(probe.text) for topic in REGISTRY.topics for probe in topic.probes_for(Platform.WINDOWS)
}
PARTS = (HOST_PART, *QUESTIONS)


@cache
def answers(name: str) -> Mapping[str, str]:
    """What one machine of the rig says to each question that it can answer, as text."""
    machine = Machine.load(name, NOW)
    said = {part: answer(machine, question, lambda _: None) for part, question in QUESTIONS.items()}
    told = {
        HOST_PART: dict(machine.section("host")),
        **{part: payload for part, (code, payload) in said.items() if not code},
    }
    return {part: json.dumps(payload) for part, payload in told.items()}


def replied(payloads: Mapping[str, str], code: int = 0) -> Reply:
    """As it comes over the wire: frames around payloads, each on a line."""
    frames = [f"{MARKER} begin {part}\n|{text}\n{MARKER} end {part} {code} 5 whole\n" for part, text in payloads.items()]
    said = f"\n{''.join(frames)}{MARKER} done {len(frames)}\n".encode(errors="surrogatepass")
    return parse_reply(said, MARKER, NOW, Platform.WINDOWS)


def judged(payloads: Mapping[str, str], host: str | None = None, role: Role = Role.LAPTOP) -> Judged | None:
    """None where it is not told what machine this is. `host`: the machine that answers for itself, whatever is said."""
    reply = replied(payloads)
    asked = reply.observations if host is None else {**reply.observations, **replied(known_host(host)).observations}
    seen = parse_host(asked, NOW)
    with no_crash():
        return None if seen is None else judge("pc", role, asked, seen, {}, REGISTRY, STANDARD)


def known_host(name: str) -> dict[str, str]:
    return {HOST_PART: answers(name)[HOST_PART]}


@contextmanager
def no_crash() -> Iterator[None]:
    """The engine takes a crash for an unknown and goes on; here it is a failure."""
    with TestCase().assertNoLogs("scorecard.judge", "ERROR"):
        yield


def check_writable(found: Judged | None) -> None:
    for finding in found.findings if found else ():
        assert finding.verdict.reason != CRASHED
        json.dumps(
            [finding.verdict.measured, finding.verdict.reason, dict(finding.verdict.evidence)], ensure_ascii=False
        ).encode()
    json.dumps(dict(found.portrait) if found else {}, ensure_ascii=False).encode()


def paths(value: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a payload."""
    yield here
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from paths(child, (*here, key))


def changed(value: Any, path: tuple[Any, ...], put: Any) -> Any:
    if not path:
        return put
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(value[path[0]], path[1:], put)
    return copy


TEXT = st.text(st.characters(codec=None), max_size=12)  # lone surrogates too: the registry may hold them
NONSENSE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
# What stands in a payload by the contract, and what is kept of it: closer to the truth than nonsense.
NAMES = sorted(
    {
        "instances",
        "capped",
        "props",
        "calls",
        "paths",
        "return",
        "out",
        "count",
        "error",
        "exists",
        "values",
        "keys",
        "users",
    }
    | {
        "services",
        "files",
        "events",
        "asked",
        "text",
        "id",
        "time",
        "data",
        "missing",
        "history",
        "errors",
        "search",
        "date",
    }
    | {"title", "kbs", "categories", "result_code", "last_search", "kind", "state", "start_mode", "path", "hex"}
    | {
        name
        for question in QUESTIONS.values()
        for key in ("keep", "values", "fields")
        for name in question.get(key, ())
        if name
    }
    | set(json.loads(answers(MACHINES[0])[HOST_PART]))
)
ODD: st.SearchStrategy[Any] = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        2**31,
        2**64,
        1e308,
        "",
        "\ud83d",
        "0x80070005",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        [],
        {},
    ]
)
SHAPED = st.recursive(
    ODD | TEXT, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5)
)
NO_JSON = (
    st.sampled_from(["", "{", "[" * 5000, '{"a":' * 5000, "\ufeff{}", "NaN", "9" * 5000, "0x0", f"{MARKER} begin x", "\r"])
    | TEXT
)


def nonsense() -> st.SearchStrategy[str]:
    return NONSENSE.map(json.dumps) | NO_JSON


def of_nonsense(parts: Iterable[str]) -> st.SearchStrategy[dict[str, str]]:
    """Every part is answered, with a few texts in turn."""
    return st.lists(nonsense(), min_size=1, max_size=5).map(lambda texts: dict(zip(parts, cycle(texts), strict=False)))


@settings(max_examples=80, deadline=None)
@given(of_nonsense(PARTS))
def test_nonsense_for_every_answer_is_no_machine(payloads: dict[str, str]) -> None:
    assert judged(payloads) is None


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(MACHINES), st.sampled_from(Role), of_nonsense(QUESTIONS))
def test_nonsense_of_a_known_machine_passes_nothing(name: str, role: Role, payloads: dict[str, str]) -> None:
    found = judged(payloads, name, role)
    check_writable(found)
    assert found is not None
    assert {finding.check for finding in found.findings if finding.status is Status.PASS} == set()


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(MACHINES), st.sampled_from(PARTS), SHAPED.map(json.dumps) | nonsense())
@example(MACHINES[0], HOST_PART, '{"product_type": 1, "clock": "9999-12-31T23:59:59Z", "booted": "1990-01-01T00:00:00Z"}')
def test_one_answer_of_another_shape_never_raises(name: str, part: str, text: str) -> None:
    check_writable(judged({**answers(name), part: text}))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(MACHINES), st.data())
def test_one_value_of_another_kind_never_raises(name: str, data: st.DataObject) -> None:
    told = answers(name)
    part = data.draw(st.sampled_from(sorted(told)))
    payload = json.loads(told[part])
    place = data.draw(st.sampled_from(list(paths(payload))))
    check_writable(judged({**told, part: json.dumps(changed(payload, place, data.draw(ODD | SHAPED)))}))


@settings(max_examples=80, deadline=None)
@given(st.integers(-(2**31), 2**64), of_nonsense(PARTS))
def test_no_code_of_an_error_is_taken_for_an_answer(code: int, payloads: dict[str, str]) -> None:
    found = replied(payloads, code or 1).observations
    assert all(observation.outcome is not Outcome.OK for observation in found.values())


@pytest.mark.parametrize("name", MACHINES)
def test_the_machines_answer_and_are_judged(name: str) -> None:
    """That the tests above have something to break."""
    found = judged(answers(name), role=Role.SERVER if "server" in name else Role.LAPTOP)
    assert found is not None
    assert len(answers(name)) > len(QUESTIONS) / 2
    assert any(finding.status is Status.PASS for finding in found.findings)
