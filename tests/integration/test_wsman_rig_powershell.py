"""What the rig takes for a question, and what a run of its PowerShell prints."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from scorecard.bundle import parse_reply
from scorecard.model import Observation, Outcome
from tests.rig.wsman.faults import read
from tests.rig.wsman.machine import MACHINES, Machine
from tests.rig.wsman.powershell import PowerShell
from tests.rig.wsman.questions import VERBS, Refused, check
from tests.rig.wsman.shells import Command, CommandLine

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
STORIES = sorted(folder.name for folder in MACHINES.iterdir() if not folder.name.startswith("_"))
COMMON = {"part": "test.part", "limit": 20, "size": 200_000}
WHOLE: dict[str, dict[str, Any]] = {
    "cim": {"namespace": "root/cimv2", "class": "A", "filter": "", "keep": [], "call": [], "static": False, "paths": []},
    "registry": {"key": "HKLM/SOFTWARE/A", "values": [], "all": False, "depth": 0, "at_most": 200},
    "services": {"names": ["*"]},
    "files": {"paths": ["%ProgramFiles%/a"], "text_kb": 0},
    "events": {"log": "System", "provider": "", "ids": [1], "levels": [], "days": 9, "at_most": 50, "fields": []},
    "updates": {"online": False},
}
GOOD = {**COMMON, "verb": "registry", **WHOLE["registry"]}

# --- the form of a question ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"verb": "script"}, "no such verb"),
        ({"verb": ["cim"]}, "no such verb"),
        ({"part": "nodot"}, "no part id"),
        ({"extra": 1}, "unknown extra"),
        ({"depth": "1"}, "depth is not"),
        ({"depth": True}, "depth is not"),
        ({"key": "HKCU/Software"}, "key is not"),
        ({"key": "HKLM\\SOFTWARE"}, "key is not"),
        ({"values": "all"}, "values is not"),
        ({"limit": 0}, "at least 1"),
    ],
)
def test_a_question_in_another_form_is_refused(changed: dict[str, Any], said: str) -> None:
    assert check(GOOD) == GOOD
    with pytest.raises(Refused, match=said):
        check({**GOOD, **changed})


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_key_must_be_there(verb: str) -> None:
    whole = {**COMMON, "verb": verb, **WHOLE[verb]}
    assert check(whole) == whole
    for name in whole:
        with pytest.raises(Refused):
            check({key: value for key, value in whole.items() if key != name})


# --- a run of PowerShell -------------------------------------------------------------------------------------------


Ran = tuple[dict[str, Observation], list[str], bool]


def run(machine: str, questions: list[Any], fault: str | None = None) -> Ran:
    refused: list[str] = []
    stdin = json.dumps({"marker": "scorecard-m", "questions": questions}).encode()
    line = CommandLine("C:\\x\\powershell.exe", ("-EncodedCommand", "ZQBjAGgAbwA="), True, False)
    shell = PowerShell(Machine.load(machine, NOW), read(fault), refused)
    command = Command(line, lambda command: shell.run(command, questions, stdin))
    command.start()
    output, done = b"", False
    while not done:
        streams, done = command.receive(10)
        output += b"".join(data for name, data in streams if name == "stdout")
    reply = parse_reply(output, "scorecard-m", NOW)
    return dict(reply.observations), refused, reply.complete


@pytest.mark.parametrize("name", STORIES)
def test_every_machine_names_itself(name: str) -> None:
    observations, _, complete = run(name, [])
    assert complete
    host = json.loads(observations["engine.host"].text)
    assert host["hostname"] == Machine.load(name).hostname
    assert host["clock"] == "2026-03-01T12:00:00Z"
    for must in (
        "ps",
        "lang_mode",
        "is_admin",
        "product_type",
        "version",
        "build",
        "edition",
        "booted",
        "domain_role",
        "sku",
    ):
        assert host[must] is not None, must
    assert Machine.load(name).data["about"] != Machine.load("_windows").data["about"]


def test_a_refused_question_is_noted_and_costs_only_itself() -> None:
    observations, refused, complete = run("windows-11-pro-well", [{"part": "a.b", "verb": "script"}, GOOD, GOOD])
    assert refused == ["a.b: no such verb: 'script'", "test.part: asked twice"]
    assert complete
    assert observations["a.b"].code == 0x80070057


def test_an_answer_that_is_too_long_is_cut() -> None:
    small = {**COMMON, "verb": "services", **WHOLE["services"], "size": 100}
    observations, _, complete = run("windows-11-pro-well", [small])
    assert complete
    assert observations["test.part"].outcome is Outcome.TRUNCATED
    assert len(observations["test.part"].text) == 100


def test_characters_of_any_language_arrive_whole() -> None:
    host = json.loads(run("japanese", [])[0]["engine.host"].text)
    assert host["model"] == "FMVU5N01𠮷"


def test_a_command_that_breaks_off_leaves_its_last_part_open() -> None:
    observations, _, complete = run("windows-11-pro-well", [GOOD], "broken-off:1")
    assert not complete
    assert [observations[part].outcome for part in ("engine.host", "test.part")] == [Outcome.OK, Outcome.TRUNCATED]
