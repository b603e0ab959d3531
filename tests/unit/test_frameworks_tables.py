"""The framework tables: what ships is whole and has its sources, and what is wrong with a file is named by line and key."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest

from scorecard.errors import DataError
from scorecard.frameworks import Framework, Kind, load, parse, shipped
from tests.fleet import REGISTRY, STANDARD

TABLES = {name: load(name, REGISTRY.checks) for name in shipped()}

# How ids of a framework look; an id of another one does not fit.
PATTERNS = {
    "cis-controls": r"(?:[1-9]|1[0-8])\.[1-9][0-9]?",
    "cyber-essentials": r"A[1-8](?:\.[1-9][0-9]?){1,2}|Firewalls|Secure configuration|User access control",
    "hipaa": r"164\.3(?:08|10|12)(?:\([a-z0-9A-Z]+\))+",
    "insurance": r"[a-z]+(?:-[a-z]+)*",
    "nist-csf": r"(?:GV|ID|PR|DE|RS|RC)\.[A-Z]{2}-[0-9]{2}",
    "pci-dss": r"[1-9][0-9]?(?:\.[1-9][0-9]?){1,3}",
}
GOOD = """\
name: mine
title: Mine
version: "1"
kind: controls
note: What it is.
rows:
  - id: "1.10"
    title: Encrypt drives
    checks: [disk-encryption.system-volume, patching.security-updates]
    roles: [laptop]
    at_most: {patching.security-updates: {pass_days: 14}}
    not_seen: Phones.
    source: A document, section 1
    as_of: 2026-11-22
  - id: "1.2"
    title: Train people
    not_seen: Training.
    source: A document, section 2
    as_of: 2026-11-22
"""


def test_the_six_frameworks_ship() -> None:
    assert set(TABLES) == set(PATTERNS)
    assert {name for name, table in TABLES.items() if table.kind is Kind.QUESTIONS} == {"insurance"}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_called_as_its_file(name: str) -> None:
    assert TABLES[name].name == name


@pytest.mark.parametrize("name", TABLES)
def test_ids_look_like_the_frameworks_own(name: str) -> None:
    assert all(re.fullmatch(PATTERNS[name], row.id) for row in TABLES[name].rows)


@pytest.mark.parametrize("name", TABLES)
def test_rows_are_measured_or_say_that_they_are_not(name: str) -> None:
    measured = [row for row in TABLES[name].rows if row.checks]
    assert len(measured) >= 4
    assert all(row.not_seen and row.source and row.as_of for row in TABLES[name].rows)


@pytest.mark.parametrize("name", TABLES)
def test_nothing_is_said_to_comply(name: str) -> None:
    """A check is evidence for an id; whether the id is met is for whoever assesses it."""
    text = files("scorecard.frameworks").joinpath(f"{name}.yaml").read_text(encoding="utf-8").lower()
    assert not re.search(r"\bcompl(?:y|ies|iant|iance)\b", text)


def test_implementation_groups_are_those_of_the_controls() -> None:
    groups = {row.id: row.group for row in TABLES["cis-controls"].rows}
    assert groups["3.6"] == groups["7.3"] == groups["10.1"] == "IG1"
    assert groups["3.11"] == groups["10.6"] == "IG2"
    assert set(groups.values()) <= {"IG1", "IG2", ""}


def test_the_default_standard_is_strict_enough_for_every_row() -> None:
    """Else a row could never be supported under it."""
    for table in TABLES.values():
        for row in table.rows:
            for check, limits in row.at_most.items():
                used = STANDARD.parameters(REGISTRY.checks[check])
                assert all(used.number(name) <= limit for name, limit in limits.items()), (table.name, row.id)


def test_a_good_file_is_read() -> None:
    found = parse(GOOD, "mine.yaml", REGISTRY.checks)
    assert [(row.id, len(row.checks), row.roles) for row in found.rows] == [
        ("1.10", 2, ("laptop",)),
        ("1.2", 0, ("workstation", "laptop", "server")),
    ]


def test_the_example_in_the_documents_is_read() -> None:
    page = (Path(__file__).parents[2] / "docs" / "frameworks.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert [row.id for row in parse(example, "example.yaml", REGISTRY.checks).rows] == ["4.2", "4.5"]
    assert all(f"| `{name}` |" in page for name in shipped())


def test_a_file_is_loaded_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD, encoding="utf-8")
    assert isinstance(load(str(path), REGISTRY.checks), Framework)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "disk-encryption.system-volume,",
            "disk-encryption.systemvolume,",
            "mine.yaml:9: rows[1].checks[disk-encryption.systemvolume]: no check disk-encryption.systemvolume is installed",
        ),
        ('id: "1.2"', 'id: "1.10"', "mine.yaml:15: rows[2].id: 1.10 is the id of row 1 as well; each may stand once"),
        ('id: "1.10"', "id: 1.10", "mine.yaml:7: rows[1].id: expected text; put the value in quotes"),
        ('id: "1.2"', 'id: ""', "mine.yaml:15: rows[2].id: is empty"),
        ("    source: A document, section 1\n", "", "mine.yaml:7: rows[1].source: is missing"),
        ("section 1\n    as_of: 2026-11-22", "section 1", "mine.yaml:7: rows[1].as_of: is missing"),
        ("section 1\n    as_of: 2026-11-22", "section 1\n    as_of: today", "rows[1].as_of: expected a date such as"),
        ("section 1\n    as_of: 2026-11-22", "section 1\n    as_of: 20261122", "rows[1].as_of: expected a date such as"),
        ("source: A document, section 1", "source: ''", "rows[1].source: is empty"),
        ("    not_seen: Phones.\n", "", "rows[1].not_seen: is missing"),
        ("title: Train people", "title: Train people\n    prove: yes", "mine.yaml:17: rows[2].prove: no such key here"),
        ("note: What it is.", "note: What it is.\nnote: Again.", "already on line 5"),
        ("kind: controls", "kind: rules", "mine.yaml:4: kind: input should be 'controls' or 'questions'"),
        ("name: mine", "name: Mine!", "mine.yaml:1: name: string should match pattern"),
        ("roles: [laptop]", "roles: []", "rows[1].roles: is empty"),
        ("roles: [laptop]", "roles: [phone]", "rows[1].roles[phone]: input should be 'workstation', 'laptop' or 'server'"),
        ("checks: [disk", "checks: [[disk", "this is not YAML"),
        (
            "checks: [disk-encryption.system-volume, patching.security-updates]",
            "checks: patching.security-updates",
            "mine.yaml:9: rows[1].checks: expected a list",
        ),
        ("at_most: {patching.security-updates: {pass_days: 14}}", "at_most: 14", "at_most: expected keys and values"),
        (
            "[disk-encryption.system-volume, patching",
            "[patching.security-updates, patching",
            "patching.security-updates stands here for the second time",
        ),
        ("{pass_days: 14}", "{pass_dayz: 14}", "pass_dayz: the check has no such number among its parameters"),
        ("{pass_days: 14}", "{pass_days: -1}", "pass_days: input should be greater than or equal to 0"),
        ("{pass_days: 14}", "{pass_days: .nan}", "pass_days: input should be"),
        ("{pass_days: 14}", "{pass_days: yes}", "pass_days: input should be a valid number"),
        ("{pass_days: 14}", "{pass_days: soon}", "pass_days: input should be a valid number"),
        (
            "at_most: {patching.security-updates: ",
            "at_most: {patching.sources-fresh: ",
            "patching.sources-fresh is not among this row's checks",
        ),
        ("rows:\n", "rows: []\nmore:\n", "rows: is empty"),
        (GOOD, "- one\n- two\n", "expected keys and values"),
        (GOOD, "", "mine.yaml: is empty"),
    ],
)
def test_mistakes_are_named_by_file_line_and_key(old: str, new: str, said: str) -> None:
    assert old in GOOD
    with pytest.raises(DataError) as caught:
        parse(GOOD.replace(old, new, 1), "mine.yaml", REGISTRY.checks)
    lines = str(caught.value).splitlines()
    assert any(said in line for line in lines), lines
    assert all(line.startswith("mine.yaml") for line in lines), lines


def test_every_mistake_is_named_at_once() -> None:
    bad = GOOD.replace('id: "1.2"', 'id: "1.10"').replace("disk-encryption.system-volume", "disk-encryption.none")
    with pytest.raises(DataError) as caught:
        parse(bad, "mine.yaml", REGISTRY.checks)
    assert len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize("garbage", [b"\x00\x01", b"\xff\xfe\x00", "rows: \u0007".encode(), b"\xc3\x28"])
def test_garbage_is_one_clear_line(garbage: bytes) -> None:
    with pytest.raises(DataError) as caught:
        parse(garbage, "mine.yaml", REGISTRY.checks)
    assert len(str(caught.value).splitlines()) == 1


def test_an_unknown_framework_says_which_there_are() -> None:
    with pytest.raises(DataError, match="no such framework; expected cis-controls, cyber-essentials, hipaa, insurance"):
        load("iso-27001", REGISTRY.checks)


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "huge.yaml"
    path.write_bytes(b"#" * (1024 * 1024 + 1))
    with pytest.raises(DataError, match="is larger than 1 MiB"):
        load(str(path), REGISTRY.checks)
