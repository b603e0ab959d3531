"""The audit document: it says everything, reads back the same, and fits its published schema."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorecard.describing import describe
from scorecard.document import DocumentError, loads, schema
from scorecard.document_file import read
from scorecard.document_writing import chunks, dumps, to_json
from scorecard.model import Json, Role
from scorecard.result import Audit, Authorisation, Contact, Contract, Goal, Preferences, Provider, Retired
from tests.fleet import NOW, REGISTRY, STANDARD, grade, random_fleet


def audit(seed: int = 1) -> Audit:
    devices, found = random_fleet(seed)
    card = grade(found, devices)
    return Audit(
        id="0d6ff7c2-3c1e-4b6f-9d86-0b1f4c9f2a11",
        client="Harbour & Finch",
        time_zone="Europe/London",
        as_of=NOW,
        started_at=NOW - timedelta(minutes=3),
        finished_at=NOW,
        tool_version="0.1.0",
        standard=MappingProxyType(STANDARD.document()),
        scorecard=card,
        devices=tuple(replace(one, score=card.endpoint_scores[one.name]) for one in devices),
        findings=tuple(found),
        checks=MappingProxyType({check.id: describe(check, STANDARD) for check in REGISTRY.checks.values()}),
        retired=(Retired("old-pc", date(2026, 10, 1), "sold"),),
        provider=Provider("Polestar IT", "help@example.com"),
        authorised=Authorisation("A. Finch", date(2026, 11, 1), "all computers", None),
        sites=("Depot",),
        notes=("m001: noted",),
    )


@given(st.integers(0, 2**32))
def test_round_trip_and_schema(seed: int) -> None:
    made = audit(seed)
    text = dumps(made)
    jsonschema.Draft202012Validator(schema()).validate(json.loads(text))
    assert loads(text) == made
    assert dumps(loads(text)) == text


def test_what_was_agreed_is_kept_and_documents_without_it_read_as_before() -> None:
    preferences = Preferences(
        goal=Goal("A", date(2027, 3, 31)),
        contact=Contact("Jo Larkspur", "jo@larkspur.example", "+44 20 7946 0001"),
        contacts={"Depot": Contact("Sam Reed")},
        locale="en-US",
        paper="letter",
    )
    contract = Contract(6, 85.0, "GBP", {Role.LAPTOP: 900.0, Role.SERVER: 4000.0})
    made = replace(audit(), preferences=preferences, contract=contract)
    raw = json.loads(dumps(made))
    jsonschema.Draft202012Validator(schema()).validate(raw)
    assert loads(json.dumps(raw)) == made
    assert preferences.contact_at("Depot") == Contact("Sam Reed")
    assert preferences.contact_at("elsewhere") == preferences.contact

    plain = json.loads(dumps(replace(made, preferences=Preferences(), contract=Contract(6, 85.0, "GBP"))))
    assert "preferences" not in plain
    assert list(plain["contract"]) == ["hours_per_month", "rate", "currency"]
    only_goal = replace(made, preferences=Preferences(goal=Goal("B")))
    assert json.loads(dumps(only_goal))["preferences"] == {"goal": {"letter": "B", "by": None}}
    assert loads(dumps(only_goal)) == only_goal


@pytest.mark.parametrize(
    "preferences",
    [
        {"goal": "A"},
        {"goal": {"letter": "A", "by": "soon"}},
        {"contact": "Jo"},
        {"contact": {"name": "Jo"}, "contacts": []},
        {"contacts": {"Depot": {"who": "Jo"}}},
        [],
    ],
)
def test_preferences_that_are_none_are_refused_in_one_line(preferences: Json) -> None:
    raw = {**to_json(audit()), "preferences": preferences}
    strictly = jsonschema.Draft202012Validator(schema(), format_checker=jsonschema.FormatChecker())
    assert not strictly.is_valid(raw)
    with pytest.raises(DocumentError) as raised:
        loads(json.dumps(raw))
    assert "\n" not in str(raised.value)


def test_the_schema_is_a_schema_and_refuses_what_it_should() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    validator = jsonschema.Draft202012Validator(schema())
    good = to_json(audit())

    def broken(change: dict[str, Any]) -> bool:
        return not validator.is_valid({**good, **change})

    assert validator.is_valid(good)
    assert broken({"surprise": 1})
    assert broken({"as_of": "2026-11-20 09:30"})
    assert broken({"findings": [{**good["findings"][0], "status": "fine"}]})
    assert broken({"findings": [{**good["findings"][0], "status": "unknown", "reason": None}]})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "this is not JSON"),
        ("[]", "this is not an audit document"),
        ('{"schema": "scorecard/audit/2"}', "update the tool"),
        ('{"schema": "scorecard/audit/1"}', "key 'endpoints' is missing"),
        ('{"schema": "scorecard/audit/1", "endpoints": 3}', "cannot be read"),
        ("[" * 100_000, "this is not JSON"),
    ],
)
def test_what_is_no_document_gets_one_line(text: str, said: str) -> None:
    with pytest.raises(DocumentError) as caught:
        loads(text, "audit.json")
    assert str(caught.value).startswith("audit.json: ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_damaged_document_never_gives_a_traceback() -> None:
    good = to_json(audit())
    for key in good:
        for wrong in (None, 3, "x", [3], {"a": 1}):
            try:
                loads(json.dumps({**good, key: wrong}))
            except DocumentError as error:
                assert "\n" not in str(error)  # noqa: PT017 - some of these are harmless, so nothing may be expected


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"client": 5}, "client: 5 is not of type 'string'"),
        ({"findings": {}}, "findings: {} is not of type 'array'"),
        ({"endpoints": []}, "is of an endpoint or a check that the document lacks"),
        ({"checks": {}}, "is of an endpoint or a check that the document lacks"),
        ({"surprise\n": "x" * 10_000}, "Additional properties are not allowed"),
    ],
)
def test_a_file_has_to_fit_the_schema_and_itself(change: dict[str, Any], said: str, tmp_path: Path) -> None:
    file = tmp_path / "audit.json"
    made = audit()
    file.write_text(json.dumps(to_json(made)), encoding="utf-8")
    assert read(file) == made
    file.write_text(json.dumps({**to_json(made), **change}), encoding="utf-8")
    with pytest.raises(DocumentError) as caught:
        read(file)
    assert str(caught.value).startswith(f"{file}: ")
    assert said in str(caught.value)
    assert len(str(caught.value)) < 500
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_told_in_plain_words(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"audit\.json: cannot be read: No such file or directory$"):
        read(tmp_path / "audit.json")


def test_written_piece_by_piece_it_is_the_same_document() -> None:
    made = audit()
    extra: dict[str, list[Json]] = {"web1": [{"text": "a\n\u2028b"}]}
    for one in (made, replace(made, devices=(), findings=())):
        assert json.loads(dumps(one)) == to_json(one)
        assert "".join(chunks(one, lines=False)) == json.dumps(to_json(one), ensure_ascii=False) + "\n"
        assert json.loads(dumps(one, extra)) == {**to_json(one), "observations": extra}


def test_every_key_endpoint_and_finding_has_a_line_of_its_own() -> None:
    made = audit()
    lines = dumps(made).splitlines()
    assert len(lines) == 2 + len(to_json(made)) + 2 + len(made.devices) + len(made.findings)
    assert all(json.loads(line.removesuffix(",")) for line in lines if line.startswith("  "))
