"""Whether a document is what it says it is, and judging again from what was kept."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from scorecard.audit import run
from scorecard.collect import Collector
from scorecard.document import DocumentError, loads
from scorecard.document_file import fitting, observations_of
from scorecard.document_writing import dumps, to_json
from scorecard.errors import FailureKind, TransportError
from scorecard.model import Status
from scorecard.outputs import travelling_evidence
from scorecard.rejudge import NoAnswers, rejudge
from scorecard.result import Audit
from scorecard.seal import canonical
from scorecard.standard import Standard, differences, load, parse
from scorecard.store import Store
from scorecard.transports.base import Transport
from scorecard.verify import verify
from tests.fleet import REGISTRY as SHIPPED_REGISTRY
from tests.unit.test_audit import DONE, REGISTRY, STANDARD, Machines, answer, audit, order

OFF = TransportError(FailureKind.UNREACHABLE, "It is off", "Switch it on.")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{tmp_path / 'history.db'}")
    yield opened
    opened.close()


@pytest.fixture
def done(store: Store) -> Audit:
    """The second audit: one machine is in order, one is not, one is away that was seen before."""
    audit(Machines({"a": answer(), "b": answer(), "c": answer(part="bad")}), store, order("a", "b", "c"))
    return audit(Machines({"a": answer(), "b": answer(part="bad", more="x y"), "c": OFF}), store, order("a", "b", "c"))


def raw_of(done: Audit, store: Store | None = None) -> dict[str, Any]:
    raw: dict[str, Any] = json.loads(dumps(done, travelling_evidence(store, done) if store else None))
    return raw


def test_a_document_is_recomputed_from_itself_alone(done: Audit, store: Store) -> None:
    found = verify(raw_of(done, store), "audit.json")
    assert found.problems == ()
    assert found.raw_answers == sum(len(seen) for seen in store.evidence(done.id).values())
    assert verify(raw_of(done), "audit.json").raw_answers is None


def test_the_document_of_the_store_is_the_same_to_the_last_byte(done: Audit, store: Store) -> None:
    assert dumps(store.load(done.id)) == dumps(done)


def problems_of(raw: dict[str, Any]) -> tuple[str, ...]:
    """As the command line says them; a document that cannot be read at all is one problem."""
    try:
        return verify(fitting(raw, "audit.json"), "audit.json").problems
    except DocumentError as error:
        return (str(error),)


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, dict) and value:
        for key in value:
            yield from leaves(value[key], (*path, key))
    elif isinstance(value, list) and value:
        for index in range(len(value)):
            yield from leaves(value[index], (*path, index))
    else:
        yield path


def other(value: Any) -> Any:
    """Nearly the same."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return value[:-1] + chr(ord(value[-1]) ^ 1) if value else "x"
        case _:
            return "x" if value is None else None


def changed(raw: dict[str, Any], path: tuple[str | int, ...]) -> dict[str, Any]:
    copied: Any = copy.deepcopy(raw)
    within = copied
    for step in path[:-1]:
        within = within[step]
    within[path[-1]] = other(within[path[-1]])
    return copied  # type: ignore[no-any-return] # a JSON document


def test_any_value_that_is_changed_is_named(done: Audit, store: Store) -> None:
    """Every one of them, one after the other."""
    raw = raw_of(done)
    chance = random.Random(1)
    for path in leaves(raw):
        if path[0] in ("standard", "checks") and chance.random() > 0.1:
            continue
        problems = problems_of(changed(raw, path))
        assert problems, path
        if problems[0].startswith("audit.json:"):
            continue
        if path[0] == "endpoints":
            name = raw["endpoints"][path[1]]["name"]
            assert any(name in line for line in problems), path
        elif path[0] == "findings":
            name = raw["findings"][path[1]]["endpoint"]
            assert any(name in line for line in problems), path
        elif path[0] != "seal":
            assert any(line.startswith(str(path[0])) for line in problems), path


def test_any_raw_answer_that_is_changed_is_named(done: Audit, store: Store) -> None:
    raw = raw_of(done, store)
    for path in leaves(raw["observations"], ("observations",)):
        if path[-1] in ("observed_at", "duration_ms"):
            continue  # when and how fast it came is no part of what it says
        endpoint, index = path[1], path[2]
        part = raw["observations"][endpoint][index]["part"]
        problems = problems_of(changed(raw, path))
        if problems and problems[0].startswith("audit.json:"):
            continue
        assert any(str(endpoint) in line for line in problems), path
        if path[-1] in ("text", "code", "reason", "outcome"):
            assert any(part in line for line in problems), path


def test_raw_answers_that_are_missing_or_added_are_found(done: Audit, store: Store) -> None:
    raw = raw_of(done, store)
    less, more = copy.deepcopy(raw), copy.deepcopy(raw)
    less["observations"]["a"].pop()
    more["observations"]["a"].append(raw["observations"]["b"][-1])
    for one in (less, more):
        assert any("endpoint a" in line for line in verify(one, "audit.json").problems)


def test_who_seals_anew_what_was_changed_is_found_by_the_arithmetic(done: Audit) -> None:
    """Each finding's effect on its own, whatever hash stands beside it."""
    for index, finding in enumerate(done.findings):
        better = replace(finding, effective=1.0 if finding.effective != 1.0 else 0.0)
        findings = (*done.findings[:index], better, *done.findings[index + 1 :])
        raw = to_json(replace(done, findings=findings))
        problems = verify(json.loads(json.dumps(raw)), "audit.json").problems
        assert any(f"finding {finding.check} on {finding.endpoint}: effective" in line for line in problems)


def test_who_makes_a_fail_a_pass_and_grades_it_is_found_by_the_chain(done: Audit, store: Store) -> None:
    """A document that is right in itself, but is not the one that the next audit names."""
    after = audit(Machines({"a": answer(), "b": answer(), "c": answer()}), store, order("a", "b", "c"))
    chain = raw_of(done)["seal"]["chain"]
    assert after.previous == chain
    assert raw_of(replace(done, client="Other"))["seal"]["chain"] != chain


def test_garbage_is_one_line(done: Audit) -> None:
    raw = raw_of(done)
    chance = random.Random(1)
    for path in chance.sample(list(leaves(raw)), 200):
        broken: Any = copy.deepcopy(raw)
        within = broken
        for step in path[:-1]:
            within = within[step]
        within[path[-1]] = chance.choice([[], {}, "2026", -1, "x" * 1000, "\u202e"])
        assert all("\n" not in line for line in problems_of(broken))


# --- judged again ---------------------------------------------------------------------------------------------------


def shown(done: Audit) -> dict[str, Any]:
    raw = raw_of(done)
    return {key: raw[key] for key in raw if key not in ("seal", "notes", "tool")}


def test_under_the_same_standard_nothing_changes(done: Audit, store: Store) -> None:
    again = rejudge(done, store.answers(done.id), REGISTRY, STANDARD)
    assert shown(again) == shown(done)
    assert again.notes[-1].startswith("Judged again")
    travelled = rejudge(done, observations_of(raw_of(done, store)), REGISTRY, STANDARD)
    assert dumps(travelled) == dumps(again)
    assert verify(raw_of(again), "audit.json").problems == ()


def edited(registry_text: str = "high", to: str = "low") -> Standard:
    text = json.dumps(STANDARD.raw).replace(f'"is": "{registry_text}"', f'"is": "{to}"', 1)
    text = text.replace('"version": "2026.11"', '"version": "ours"')
    return parse(text, "ours.yaml", REGISTRY.checks, edited=True)


def test_under_another_standard(done: Audit, store: Store) -> None:
    ours = edited()
    again = rejudge(done, store.answers(done.id), REGISTRY, ours)
    assert again.scorecard.score != done.scorecard.score
    assert {f.severity.value for f in again.findings if f.check == next(iter(ours.content.checks))} == {"low"}
    assert {f.status for f in again.findings} == {f.status for f in done.findings}
    assert again.standard["version"] == "ours"
    assert [f.last for f in again.findings] == [f.last for f in done.findings]


def test_without_the_answers_nothing_is_guessed(done: Audit) -> None:
    with pytest.raises(NoAnswers, match="a: what it answered is not kept"):
        rejudge(done, [], REGISTRY, STANDARD)


def test_an_answer_that_was_truncated_since_is_refused(done: Audit, store: Store) -> None:
    cut = [(name, dict(list(seen.items())[:1])) for name, seen in store.answers(done.id)]
    with pytest.raises(NoAnswers):
        rejudge(done, [(name, {}) for name, _ in cut], REGISTRY, STANDARD)


# --- an edited standard ---------------------------------------------------------------------------------------------


def test_an_edited_standard_shows_the_letter_of_the_shipped_one(store: Store) -> None:
    """The sample checks are not in the shipped standard, so none can be judged by it: that is said, and no letter given."""
    text = (
        files("scorecard")
        .joinpath("standards/it-partner.yaml")
        .read_text(encoding="utf-8")
        .replace("pass_days: 14, warn_days: 30", "pass_days: 60, warn_days: 90")
    )
    ours = parse(text, "ours.yaml", SHIPPED_REGISTRY.checks, edited=True)
    machines = Machines({"a": answer()})

    def transport(_name: str) -> Transport:
        return machines

    collector = Collector(SHIPPED_REGISTRY, ours, transport, str)
    DONE.clear()
    done = loads(dumps(run(order("a"), collector, store, 1, DONE, lambda *_: None)))
    shipped = done.scorecard.shipped
    assert shipped is not None
    assert shipped.score == done.scorecard.score  # nothing was answered that the parameters could change
    assert shipped.differences == (
        "checks.patching.security-updates.parameters.pass_days: 60 instead of 14",
        "checks.patching.security-updates.parameters.warn_days: 90 instead of 30",
    )


def test_the_shipped_standard_has_nothing_beside_it(done: Audit) -> None:
    assert done.scorecard.shipped is None


def test_differences_name_what_is_missing_added_and_otherwise() -> None:
    shipped = load("it-partner", SHIPPED_REGISTRY.checks)
    raw = json.loads(json.dumps(shipped.raw))
    del raw["checks"]["antivirus.recent-scan"]
    raw["caps"][0]["few"]["share"] = 0.5
    raw["letters"]["A"] = 85
    raw["title"] = "Ours"
    raw["categories"].reverse()
    ours = parse(json.dumps(raw), "ours.yaml", SHIPPED_REGISTRY.checks, edited=True)
    assert differences(ours, shipped) == (
        "caps.laptops-not-encrypted.few.share: 0.5 instead of 0.1",
        "checks.antivirus.recent-scan is missing",
        "letters.A: 85 instead of 90",
    )


def test_canonical_json_is_one_text_for_one_value() -> None:
    assert canonical({"b": [1, "é"], "a": None}) == '{"a":null,"b":[1,"é"]}'.encode()


def test_statuses_that_were_measured_stay(done: Audit) -> None:
    assert {f.endpoint for f in done.findings if f.status is Status.UNKNOWN} == {"c"}
