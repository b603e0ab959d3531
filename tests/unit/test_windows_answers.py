"""Answers of declared questions: each value is what was asked for, none at all, or not seen; nothing raises."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorecard.model import Observation, Outcome, Seen, Unseen
from scorecard.windows_answers import (
    Values,
    events,
    file_texts,
    hresult_of,
    instances,
    moment_of,
    payload,
    registry,
    services,
)


def answered(raw: Any, outcome: Outcome = Outcome.OK, code: int | None = 0) -> dict[str, Observation]:
    text = raw if isinstance(raw, str) else json.dumps(raw)
    return {"x.y": Observation("x.y", outcome, text, code, 1, None, "" if outcome is Outcome.OK else "It was denied")}


@pytest.mark.parametrize(
    ("method", "value", "expected"),
    [
        ("text", "a\u0000b\n", "ab"),
        ("text", None, None),
        ("text", 7, Unseen),
        ("text", {"error": "0x80070005"}, Unseen),
        ("number", 7, 7),
        ("number", 2**64 - 1, 2**64 - 1),
        ("number", 2**64, Unseen),
        ("number", True, Unseen),
        ("number", 7.5, Unseen),
        ("number", "7", Unseen),
        ("unsigned", -1, 4294967295),
        ("unsigned", 4294967295, 4294967295),
        ("unsigned", 2**32, Unseen),
        ("flag", False, False),
        ("flag", 1, Unseen),
        ("flag", "True", Unseen),
        ("moment", "2026-11-20T04:12:09Z", datetime(2026, 11, 20, 4, 12, 9, tzinfo=UTC)),
        ("moment", "1601-01-01T00:00:00Z", None),
        ("moment", None, None),
        ("moment", "20.11.2026", Unseen),
        ("texts", "one", ("one",)),
        ("texts", ["one", 2, "two"], ("one", "two")),
        ("texts", None, ()),
        ("texts", {"a": 1}, Unseen),
    ],
)
def test_values(method: str, value: Any, expected: Any) -> None:
    found = getattr(Values({"name": value}), method)("name")
    assert isinstance(found, Unseen) if expected is Unseen else found == Seen(expected)
    assert isinstance(getattr(Values({}), method)("name"), Unseen)


@pytest.mark.parametrize(
    "text", ["", "2026-11-20", "2026-13-20T04:12:09Z", "2026-11-20T04:12:09+01:00", "\uff10" * 20, None]
)
def test_what_is_no_moment(text: Any) -> None:
    assert moment_of(text) is None


def test_the_hresult_of_a_failed_question() -> None:
    said = {"error": {"hresult": "0x8004100E", "message": "x"}}
    assert hresult_of(answered(said, Outcome.ABSENT, 2)["x.y"]) == 0x8004100E
    assert hresult_of(answered("", Outcome.DENIED, -2147217405)["x.y"]) == 0x80041003
    assert hresult_of(answered("[", Outcome.DENIED, 0x80041003)["x.y"]) == 0x80041003
    assert hresult_of(answered(said)["x.y"]) is None
    assert hresult_of(answered("", Outcome.TRUNCATED, None)["x.y"]) is None
    assert hresult_of(None) is None


@pytest.mark.parametrize("text", ["", "null", "[]", "7", '{"instances":', "{" * 100_000, "[" * 100_000])
def test_what_is_no_payload(text: str) -> None:
    assert isinstance(payload(answered(text), "x.y"), Unseen)


def test_a_part_that_ended_badly_or_never_came() -> None:
    assert payload(answered("{}", Outcome.DENIED, 5), "x.y") == Unseen("It was denied")
    assert payload({}, "x.y") == Unseen("This was not asked")


def test_an_instance() -> None:
    raw = {
        "props": {"DeviceID": "v"},
        "calls": {
            "Good": {"return": 0, "out": {"Status": 1, "Ids": {"count": 2}}},
            "Refused": {"return": -2144272384, "out": {}},
            "Threw": {"error": "0x80041001"},
            "Odd": [1],
        },
        "paths": {"Path": {"exists": True}, "Gone": {"exists": False}, "Error": {"error": "0x800700A1"}},
    }
    [found] = instances(answered({"instances": [raw], "capped": False}), "x.y").seen()
    good, refused = found.call("Good"), found.call("Refused")
    assert good.succeeded
    assert good.out.number("Status") == Seen(1)
    assert good.counted("Ids") == Seen(2)
    assert isinstance(good.counted("Status"), Unseen)
    assert refused.code == Seen(0x80310000)
    assert found.call("Threw").code == Seen(0x80041001)
    for name in ("Refused", "Threw", "Odd", "Never"):
        assert not found.call(name).succeeded
        assert isinstance(found.call(name).counted("Ids"), Unseen)
    assert (found.exists("Path"), found.exists("Gone")) == (Seen(True), Seen(False))
    assert isinstance(found.exists("Error"), Unseen)
    assert isinstance(found.exists("Never"), Unseen)


@pytest.mark.parametrize(("capped", "expected"), [(False, False), (True, True), (None, True), ("no", True)])
def test_only_an_answer_that_says_so_is_whole(capped: Any, expected: bool) -> None:
    raw = {"instances": []} if capped is None else {"instances": [], "capped": capped}
    assert instances(answered(raw), "x.y").seen().capped is expected


def test_one_odd_item_makes_a_list_unseen() -> None:
    assert isinstance(instances(answered({"instances": [{}, 7], "capped": False}), "x.y"), Unseen)
    assert isinstance(services(answered({"services": {"a": 7}}), "x.y"), Unseen)
    assert isinstance(events(answered({"events": [{"id": 1, "time": "2026-11-20T04:12:09Z"}, {"id": 2}]}), "x.y"), Unseen)


def test_services() -> None:
    raw = {
        "WinDefend": {"kind": "service", "state": "Running", "start_mode": "Auto", "path": "C:\\x"},
        "wdfilter": {"kind": "driver", "state": "Stopped", "start_mode": "Boot", "path": None},
        "odd": {"kind": "service", "state": "Stop Pending"},
    }
    found = services(answered({"services": raw}), "x.y").seen()
    assert (found["windefend"].running, found["windefend"].is_driver) == (Seen(True), False)
    assert (found["wdfilter"].running, found["wdfilter"].is_driver, found["wdfilter"].start_mode) == (
        Seen(False),
        True,
        "Boot",
    )
    assert isinstance(found["odd"].running, Unseen)


def test_registry_keys() -> None:
    child = {"exists": True, "values": {"DisplayName": "A"}, "keys": {}}
    raw = {"exists": True, "values": {"UBR": 7}, "keys": {"One": child, "Two": {"error": "0x80070005"}, "Three": 7}}
    key = registry(answered({**raw, "capped": True}), "x.y").seen()
    assert (key.exists, key.capped, key.values.number("UBR")) == (Seen(True), True, Seen(7))
    assert key.children()["One"].values.text("DisplayName") == Seen("A")
    assert isinstance(key.children()["Two"].exists, Unseen)
    assert "Three" not in key.children()
    gone = registry(answered({"exists": False, "values": {}, "keys": {}}), "x.y").seen()
    assert (gone.exists, gone.capped) == (Seen(False), False)


def test_files() -> None:
    raw = [
        {"asked": "C:/A.txt", "exists": True, "text": "x"},
        {"asked": "C:/B.txt", "exists": False, "text": None},
        {"asked": "C:/C.txt", "exists": True, "text": {"error": "0x80070005"}},
        {"asked": "C:/D.txt", "exists": {"error": "0x80070005"}, "text": None},
    ]
    found = file_texts(answered({"files": raw}), "x.y").seen()
    assert (found["c:/a.txt"], found["c:/b.txt"]) == (Seen("x"), Seen(None))
    assert isinstance(found["c:/c.txt"], Unseen)
    assert isinstance(found["c:/d.txt"], Unseen)


def test_events_come_newest_first() -> None:
    raw = [{"id": number, "time": f"2026-11-0{number}T00:00:00Z", "data": {"Name": "x"}} for number in (1, 3, 2)]
    found = events(answered({"events": raw}), "x.y").seen()
    assert [event.id for event in found] == [3, 2, 1]
    assert found[0].data.text("Name") == Seen("x")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "instances",
                    "props",
                    "calls",
                    "paths",
                    "values",
                    "keys",
                    "services",
                    "files",
                    "events",
                    "exists",
                    "id",
                    "time",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=200)
@given(ANYTHING)
def test_no_answer_raises(raw: Any) -> None:
    told = answered(raw)
    for read in (services, file_texts, events, payload):
        assert isinstance(read(told, "x.y"), Seen | Unseen)
    if isinstance(key := registry(told, "x.y"), Seen):
        key.value.children()
    if isinstance(listed := instances(told, "x.y"), Seen):
        for one in listed.value:
            one.call("a")
            one.exists("a")
