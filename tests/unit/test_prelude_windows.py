"""The prelude for Windows, read as text: no PowerShell can be had here (winrm.md 9), so what it is made of is checked.

It parses, it fits a command line, and it is made of listed parts alone: preludes/prelude.yaml names each command, type and
member with its source. The checks themselves are tried on code that must not pass.
"""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import tree_sitter
import tree_sitter_pwsh
import yaml

from scorecard.bundle import prelude
from scorecard.bundle_windows import (
    ARGUMENTS,
    MAX_CHARACTERS,
    POWERSHELL,
    PRELUDE,
    encoded_command,
    fingerprint,
    stripped_prelude,
)
from scorecard.questions_safety import _KNOWN_METHODS
from scorecard.questions_verbs import VERBS
from tests.rig.wsman.questions import VERBS as SIMULATED

ROOT = Path(__file__).parents[2]
SOURCE = prelude(PRELUDE)
LISTED: dict[str, list[dict[str, Any]]] = yaml.safe_load(prelude("prelude.yaml"))
_PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_pwsh.language()))
_LONGEST_COMMAND_LINE = 32_767

_READS = re.compile(r"(Get|Select|Where|ForEach|ConvertTo|ConvertFrom)-[A-Za-z]+")
_CHANGES = re.compile(
    r"(Set|Remove|Delete|Clear|Write|Save|Install|Uninstall|Download|Start|Stop|Enable|Disable|Register|Create|Invoke|Accept"
    r"|Add|Copy|Move|Load|Open)[A-Z]"
)
_HARMLESS = {"AddDays", "AddSeconds", "CreateUpdateSearcher", "StartMode"}


def parsed(code: str) -> tree_sitter.Node:
    return _PARSER.parse(code.encode()).root_node


def nodes(node: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    yield node
    for child in node.children:
        yield from nodes(child)


def text(node: tree_sitter.Node) -> str:
    return (node.text or b"").decode()


def syntax_errors(code: str) -> list[str]:
    """Also what the grammar lets pass: a try without catch, an else without if (winrm.md 9)."""
    found = [f"line {node.start_point[0] + 1}" for node in nodes(parsed(code)) if node.type == "ERROR" or node.is_missing]
    for node in nodes(parsed(code)):
        kinds = {child.type for child in node.children}
        if node.type == "try_statement" and not kinds & {"catch_clauses", "finally_clause"}:
            found.append(f"line {node.start_point[0] + 1}: try alone")
        if node.type == "command_name" and text(node).lower() in ("else", "elseif", "catch", "finally"):
            found.append(f"line {node.start_point[0] + 1}: {text(node)} alone")
    return found


def surface(code: str) -> dict[str, set[str]]:
    """What the code names, by kind. A member with a small first letter is a key of a question or of an answer."""
    found: dict[str, set[str]] = defaultdict(set)
    parameters: set[str] = set()
    for node in nodes(parsed(code)):
        said = text(node)
        match node.type:
            case "command_name":
                found["commands"].add(said)
            case "command_parameter":
                parameters.add(f"{_command_of(node)} {said}")
            case "member_name" if not said.startswith("$"):
                found["own" if said[0].islower() else "members"].add(said)
            case "key_expression":
                key = said.strip("'")
                found["own_keys" if key[0].islower() and " " not in key else "splatted"].add(key)
            case "type_literal":
                found["types"].add(said)
            case "generic_token":
                found["names"].add(said)
            case "function_name":
                found["functions"].add(said)
            case "command_invocation_operator":
                found["invocations"].add(text(node.parent) if node.parent else said)
            case _ if not node.children and re.fullmatch(r"-[a-z]+", said):
                found["operators"].add(said)
    found["commands"] -= found["functions"]
    found["parameters"] = parameters
    return found


def variables(code: str) -> tuple[set[str], set[str]]:
    """What is read without being made anywhere in reach, and what is made.

    In reach are the function's own parameters and variables, those of the whole text, and `$until` of the function that
    calls all others.
    """
    made: dict[str, set[str]] = defaultdict(set)
    read: dict[str, set[str]] = defaultdict(set)
    for node in nodes(parsed(code)):
        if node.type == "variable":
            where = "" if text(node).startswith("$script:") else function_of(node)
            name = text(node).replace("$script:", "$").replace("@", "$")
            (made if _is_made(node) else read)[where].add(name)
    shared = made[""] | made["Write-Answer"] & {"$until"}
    unmade = {name for where, names in read.items() for name in names if name not in made[where] | shared}
    return unmade, set().union(*made.values())


def _is_made(node: tree_sitter.Node) -> bool:
    """Whether the variable is given a value here: left of =, as a parameter, as what foreach goes through."""
    parent = node.parent
    while parent is not None and parent.type in ("unary_expression", "array_literal_expression"):
        parent = parent.parent
    return parent is not None and parent.type in ("left_assignment_expression", "script_parameter", "foreach_statement")


def function_of(node: tree_sitter.Node) -> str:
    parent: tree_sitter.Node | None = node
    while parent is not None and parent.type != "function_statement":
        parent = parent.parent
    return text(next(child for child in parent.children if child.type == "function_name")) if parent is not None else ""


def function(name: str) -> str:
    """The text of one function."""
    return next(
        text(node) for node in nodes(parsed(SOURCE)) if node.type == "function_statement" and function_of(node) == name
    )


def _command_of(node: tree_sitter.Node) -> str:
    parent = node.parent
    while parent is not None and parent.type != "command":
        parent = parent.parent
    name = next((child for child in nodes(parent) if child.type == "command_name"), None) if parent is not None else None
    return text(name) if name is not None else ""


USED = surface(SOURCE)


def listed(kind: str) -> set[str]:
    return {name for entry in LISTED[kind] for name in (entry["names"] if "names" in entry else [entry["name"]])}


# The host part's own table of what stands where, which the code takes apart at blanks and equals signs.
MACHINE_KEYS = {key for key in USED["splatted"] if " " in key}


@pytest.mark.parametrize("code", [SOURCE, stripped_prelude()], ids=["source", "as sent"])
def test_it_parses(code: str) -> None:
    assert syntax_errors(code) == []


@pytest.mark.parametrize(
    "code",
    ["if ($a) {", "try { 1 }", "else { 1 }", "$x = @{ a = }", "function f { 1 ", "1..2 | ForEach-Object { ", "catch { 1 }"],
)
def test_broken_code_does_not_pass_for_parsed(code: str) -> None:
    assert syntax_errors(code)


def tokens(code: str) -> list[str]:
    return [
        text(node) for node in nodes(parsed(code)) if not node.children and node.type != "comment" and text(node).strip()
    ]


def test_what_is_sent_says_the_same_as_what_is_shown() -> None:
    assert tokens(stripped_prelude()) == tokens(SOURCE)


def test_what_is_sent_has_blanks_where_words_would_run_together() -> None:
    """Between an argument in braces and the next parameter everybody writes one; without, it was not tried."""
    sent = stripped_prelude()
    assert not re.search(
        r"[})\]'\"]-[A-Za-z]|[A-Za-z0-9_]@|[A-Za-z0-9_]\$(?!\w*['\"])", re.sub(r"'[^']*'|\"[^\"]*\"", "''", sent)
    )


def test_it_fits_the_command_line_of_windows() -> None:
    assert len(stripped_prelude()) <= MAX_CHARACTERS
    line = " ".join([POWERSHELL, *ARGUMENTS, encoded_command()])
    assert len(line) < _LONGEST_COMMAND_LINE


def test_the_encoded_command_is_the_text_and_plain_ascii() -> None:
    assert base64.b64decode(encoded_command()).decode("utf-16-le") == stripped_prelude()
    assert SOURCE.isascii()
    assert "\t" not in SOURCE


def test_anybody_can_make_the_number_that_is_published() -> None:
    """The command of the page, as it stands there, gives the number that stands there."""
    page = (ROOT / "docs" / "windows-questions.md").read_text(encoding="utf-8")
    command = next(line for line in page.splitlines() if line.endswith("| sha256sum"))
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, check=True, env={**os.environ, "PATH": path}
    )
    assert done.stdout.split()[0] == fingerprint()
    assert f"\n{fingerprint()}\n" in page


def test_no_text_spans_lines_and_comments_stand_alone() -> None:
    for number, line in enumerate(SOURCE.splitlines(), 1):
        if not line.strip().startswith("#"):
            assert len([*re.finditer(r"'[^']*'|\"[^\"]*\"", line)]) * 2 <= line.count("'") + line.count('"'), number
            outside = re.sub(r"'[^']*'|\"[^\"]*\"", "", line)
            assert not set(outside) & {"'", '"', "#"}, number
            assert not outside.endswith("`"), number
    assert "<#" not in SOURCE
    assert '@"' not in SOURCE
    assert "@'" not in SOURCE


@pytest.mark.parametrize("kind", ["commands", "names", "types", "members", "operators"])
def test_it_is_made_of_what_is_listed_and_all_that_is_listed_is_used(kind: str) -> None:
    assert USED[kind] == listed(kind)


def test_parameters_are_listed_with_their_command() -> None:
    assert USED["parameters"] == {f"{entry['name']} {name}" for entry in LISTED["commands"] for name in entry["parameters"]}
    assert USED["splatted"] - MACHINE_KEYS <= listed("splatted")
    assert listed("splatted") <= USED["splatted"] | USED["members"]


def test_every_variable_is_made_in_reach_or_listed() -> None:
    """A name with a slip of the pen would be nothing at all, without a word."""
    unmade, made = variables(SOURCE)
    given = {entry["name"] for entry in LISTED["variables"] if entry.get("sets")}
    assert unmade | {name for name in made if name in listed("variables") or ":" in name} == listed("variables")
    assert {name for name in made if ":" in name} == given == {"$env:PSModulePath", "$env:PSModuleAnalysisCachePath"}


@pytest.mark.parametrize(
    ("code", "unmade"),
    [
        ("function f($a) { $b = $a; $b + $c }", {"$c"}),
        ("function f { $a = 1 }\n$a", {"$a"}),
        ("foreach ($a in $b) { $a }", {"$b"}),
        ("$a, $b = 1, 2; $a; $b; $a.x = $d", {"$d"}),
        ("$x.y = 1", {"$x"}),
        ("function f { $script:a = 1 }\n$a", set()),
        ("f @with", {"$with"}),
    ],
)
def test_variables_that_nobody_makes_are_found(code: str, unmade: set[str]) -> None:
    assert variables(code)[0] == unmade


def test_every_entry_tells_version_mode_and_source() -> None:
    for entry in (entry for entries in LISTED.values() for entry in entries):
        assert tuple(map(int, entry["since"].split("."))) <= (4, 0), entry
        assert isinstance(entry["constrained"], bool), entry
        assert isinstance(entry["writes"], bool), entry
        assert len(entry["source"]) > 8, entry


def unguarded(commands: Iterable[str], members: Iterable[str]) -> set[str]:
    """What could change the machine: commands by their verbs, members by how their names begin."""
    return {name for name in commands if not _READS.fullmatch(name)} | {
        name for name in members if _CHANGES.match(name) and name not in _HARMLESS
    }


def test_nothing_in_it_can_write_but_what_is_guarded() -> None:
    guarded = {entry["name"] for entry in LISTED["commands"] if entry["writes"] and entry["guarded"]}
    assert guarded == {"Invoke-CimMethod", "New-Object"}
    assert unguarded(USED["commands"], USED["members"]) == guarded
    assert not any(entry["writes"] for kind, entries in LISTED.items() if kind != "commands" for entry in entries)


@pytest.mark.parametrize(
    "code",
    [
        "Set-ItemProperty -Path x -Name y -Value 1",
        "Add-Type -TypeDefinition x",
        "Invoke-Expression $x",
        "Out-File x",
        "[IO.File]::WriteAllText('a', 'b')",
        "$session.CreateUpdateInstaller()",
        "shutdown.exe /r",
    ],
)
def test_what_writes_does_not_pass_for_reading(code: str) -> None:
    used = surface(code)
    assert unguarded(used["commands"], used["members"])


@pytest.mark.parametrize(
    "word", ["ScriptBlock", "Invoke-Expression", "iex", "Add-Type", "FromBase64", "Out-String", ">", "Out-File"]
)
def test_words_that_security_tools_and_reviewers_look_for_are_not_in_it(word: str) -> None:
    code = "\n".join(line for line in SOURCE.splitlines() if not line.strip().startswith("#"))
    assert word.lower() not in code.lower()


def test_a_program_is_never_started_and_only_our_own_blocks_are_called() -> None:
    assert USED["invocations"] == {"& $code"}
    blocks = [line for line in SOURCE.splitlines() if "Get-Try" in line and not line.startswith("function")]
    assert all(re.search(r"Get-Try \{", line) for line in blocks)


def test_the_methods_that_it_calls_are_those_that_may_be_asked() -> None:
    pattern = re.search(r"^\$methods = '(.+)'$", SOURCE, re.MULTILINE)
    assert pattern is not None
    assert all(re.search(pattern[1], name) for name in _KNOWN_METHODS)
    for name in (
        "GetKeyProtectorNumericalPassword",
        "GetKeyPackage",
        "DeleteKeyProtectors",
        "Encrypt",
        "getversion",
        "GetVersionX",
    ):
        assert not re.search(pattern[1], name)


def test_com_objects_are_named_in_full() -> None:
    made = re.findall(r"New-Object \S+ (\S+?)[\s)]", SOURCE)
    assert len(made) == SOURCE.count("New-Object ")
    assert {name.rstrip(")") for name in made} <= listed("names")


def test_it_answers_every_verb_that_a_question_may_have_and_no_other() -> None:
    cases = re.findall(r"^        '([a-z]+)' \{ Read-", SOURCE, re.MULTILINE)
    assert sorted(cases) == sorted([*VERBS, "machine"])
    assert set(SIMULATED) == set(VERBS)


def test_every_key_of_a_question_is_read_and_none_that_is_not_sent() -> None:
    sent = {"part", "limit", "size", "verb"}
    for verb, given in EXAMPLES.items():
        sent |= set(VERBS[verb].model_validate({verb: given}).asked())
    read = set(re.findall(r"\$q\.([a-z_]+)", SOURCE))
    assert read == sent


EXAMPLES: dict[str, dict[str, Any]] = {
    "cim": {"namespace": "root/cimv2", "class": "Win32_BIOS", "keep": ["SerialNumber"]},
    "registry": {"key": "HKLM/SOFTWARE/Example", "values": ["Name"]},
    "services": {"names": ["WinDefend"]},
    "files": {"paths": ["%ProgramFiles%/Example/example.exe"]},
    "events": {"log": "System", "ids": [19], "days": 1},
    "updates": {},
}


def test_the_examples_have_every_verb() -> None:
    assert set(EXAMPLES) == set(VERBS)
