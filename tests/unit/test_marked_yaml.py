"""YAML with lines: values as PyYAML gives them but for the named differences, and every mistake one clear line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from scorecard import yaml_values
from scorecard.errors import DataError
from scorecard.marked_yaml import Document, parse, printable, read

PARSERS = [yaml.SafeLoader, *([yaml.CSafeLoader] if hasattr(yaml, "CSafeLoader") else [])]


@pytest.fixture(params=PARSERS, ids=lambda loader: loader.__name__)
def either_parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The C parser and the pure one, which stands in where there is no C one."""
    monkeypatch.setattr(yaml_values, "_Loader", request.param)


def lines(document: Document) -> list[str]:
    return [str(problem) for problem in document.problems]


@pytest.mark.usefixtures("either_parser")
def test_values_and_their_lines() -> None:
    document = parse(
        "client: A\n"  # 1
        "on: {by: me}\n"  # 2
        "list:\n"  # 3
        "  - name: web1\n"  # 4
        "    port: 22\n"  # 5
        "  - web2\n"  # 6
        "  - [1,\n"  # 7
        "     2]\n",  # 8
        "f.yaml",
    )
    assert document.value == {"client": "A", "on": {"by": "me"}, "list": [{"name": "web1", "port": 22}, "web2", [1, 2]]}
    assert document.problems == ()
    assert [
        document.line(path) for path in [(), ("client",), ("list",), ("list", 0, "port"), ("list", 1), ("list", 2, 1)]
    ] == [
        1,
        1,
        3,
        5,
        6,
        8,
    ]
    assert document.line(("list", 0, "nothing", "there")) == 4
    assert document.where(("list", 0, "port")) == "f.yaml:5"
    assert document.key(("list", 0, "port")) == "list[web1].port"
    assert document.key(("list", 2, 1)) == "list[3][2]"


@pytest.mark.usefixtures("either_parser")
def test_merge_keys_keep_the_line_where_a_value_stands() -> None:
    document = parse("base: &b\n  x: 1\n  y: {z: 1}\nmore: &m {w: 5, x: 9}\nuse:\n  <<: [*b, *m]\n  x: 3\n", "f")
    assert document.value == {
        "base": {"x": 1, "y": {"z": 1}},
        "more": {"w": 5, "x": 9},
        "use": {"x": 3, "y": {"z": 1}, "w": 5},
    }
    assert document.problems == ()
    assert document.line(("use", "x")) == 7
    assert document.line(("use", "y")) == 3
    assert document.line(("use", "w")) == 4


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 22:30", "22:30"),
        ("a: 1:2.5", "1:2.5"),
        ("a: 2026-01-31", yaml.safe_load("2026-01-31")),
        ("a: no", False),
        ("a: 'no'", "no"),
        ("a: 0x10", 16),
        ("a: ~", None),
        ("a:", None),
        ("a: =", "="),
        ("a: !!str 5", "5"),
        ("a: !!int '5'", 5),
        ("a: <<", "<<"),
        ("\ufeffa: x", "x"),
        ("a: x\r\nb: y\r\n", "x"),
    ],
)
@pytest.mark.usefixtures("either_parser")
def test_scalars(text: str, value: object) -> None:
    document = parse(text, "f")
    assert document.problems == ()
    assert isinstance(document.value, dict)
    assert document.value["a"] == value
    assert type(document.value["a"]) is type(value)


def test_keys_are_text() -> None:
    assert parse("on: 1\n7: 2\nno: 3\n~: 4\n2026-01-01: 5\n", "f").value == {
        "on": 1,
        "7": 2,
        "no": 3,
        "~": 4,
        "2026-01-01": 5,
    }


ALIAS_BOMB = "a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
)
DEEP_BY_ALIAS = "a0: &a0 [1]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 60))

BAD: dict[str, tuple[str | bytes, list[str]]] = {
    "empty": ("", ["f: is empty; expected YAML with keys and values"]),
    "comment": ("# nothing\n", ["f: is empty; expected YAML with keys and values"]),
    "null": ("~", ["f: is empty; expected YAML with keys and values"]),
    "utf-16": ("a: 1".encode("utf-16"), ["f: is UTF-16; save it as UTF-8"]),
    "latin-1": (b"a: 1\nb: \xe4\n", ["f:2: is not UTF-8 from here on; save the file as UTF-8"]),
    "nul": ("a: 1\nb: \0\n", ["f:2: a control character stands here; expected plain text, so remove it"]),
    "escape": ("a: \x1b[31m", ["f:1: a control character stands here; expected plain text, so remove it"]),
    "tab": ("a:\n\tb: 1", ["f:2: this is not YAML: a tab is used for indentation; use spaces"]),
    "colon": (
        "a: b: c",
        ["f:1: this is not YAML: a colon stands where none is expected; check the indentation, or put the value in quotes"],
    ),
    "open bracket": ("a: [1", ["f:1: this is not YAML: a bracket or brace is not closed, or a comma is missing"]),
    "open quote": ("a: 'x", ["f:1: this is not YAML: a quote is opened and never closed"]),
    "at sign": ("a: @x", ["f:1: this is not YAML: this character cannot start a value; put the value in quotes"]),
    "twice": (
        "a: 1\nb: 2\na: 3\nc: {d: 1, d: 2}",
        [
            "f:3: a: is set here and already on line 1; keep one of them",
            "f:4: c.d: is set here and already on line 4; keep one of them",
        ],
    ),
    "tag": (
        "a: !secret x\nb: !!python/object:os.system y",
        [
            "f:1: a: a tag (a word with an exclamation mark) stands here; tags are not read: quote the value or remove it",
            "f:2: b: a tag (a word with an exclamation mark) stands here; tags are not read: quote the value or remove it",
        ],
    ),
    "tagged mapping": (
        "a: !x {b: 1}",
        ["f:1: a: a tag (a word with an exclamation mark) stands here; tags are not read, so remove it"],
    ),
    "tagged key": ("!x a: 1", ["f:1: a tag stands before a key; remove it"]),
    "unknown alias": (
        "a: *nothing",
        ["f:1: a: an alias (*) refers to nothing complete above; quote the value if the star belongs to it"],
    ),
    "alias to itself": (
        "a: &x [*x]",
        ["f:1: a[1]: an alias (*) refers to nothing complete above; quote the value if the star belongs to it"],
    ),
    "alias as key": ("a: &x b\n*x : c", ["f:2: an alias (*) stands where a key is expected; keys are plain text"]),
    "list as key": ("? [a]\n: b", ["f:1: a list or mapping stands where a key is expected; keys are plain text"]),
    "two documents": (
        "---\na: 1\n---\nb: 1",
        ["f:3: a second document starts here; expected one document a file, so split the file"],
    ),
    "merge of a number": ("a: {<<: 3}", ["f:1: a.<<: expected a mapping, or a list of mappings, to merge"]),
    "no such day": (
        "a: 2026-02-31",
        ["f:1: a: this is not a valid timestamp; correct it, or put it in quotes to make it text"],
    ),
    "no number": ("a: !!int abc", ["f:1: a: this is not a valid int; correct it, or put it in quotes to make it text"]),
    "huge number": (
        "a: " + "9" * 6000,
        ["f:1: a: this is not a valid int; correct it, or put it in quotes to make it text"],
    ),
    "deep": (
        "[" * 60,
        ["f:1: " + "[1]" * 50 + ": is nested more than 50 levels deep; expected a flatter file"],
    ),
    "deep by alias": (DEEP_BY_ALIAS, ["f:50: a49[1]: is nested more than 50 levels deep; expected a flatter file"]),
    "alias bomb": (ALIAS_BOMB, ["f:7: a6[1]: aliases repeat more than 2,000,000 values; write them out or use fewer"]),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_said_in_one_line(case: str) -> None:
    data, expected = BAD[case]
    assert lines(parse(data, "f")) == expected


@pytest.mark.usefixtures("either_parser")
@pytest.mark.parametrize("case", BAD)
def test_both_parsers_find_a_problem_on_the_same_line(case: str) -> None:
    data, expected = BAD[case]
    if case in ("open bracket", "open quote"):  # the pure parser points at the end of the file
        assert lines(parse(data, "f"))
        return
    assert [line.split(": ")[0] for line in lines(parse(data, "f"))] == [line.split(": ")[0] for line in expected]


SECRET = "hunter2"


@pytest.mark.usefixtures("either_parser")
@pytest.mark.parametrize(
    "text",
    [
        f"password: !{SECRET}",
        f"password: *{SECRET}",
        f"password: @{SECRET}",
        f"password: %{SECRET}",
        f"password: `{SECRET}",
        f"password: '{SECRET}",
        f'password: "{SECRET}\\q"',
        f"password: [{SECRET}",
        f"password: {SECRET}: x",
        f"password: {SECRET}\n  x: y",
        f"password: !x!{SECRET} y",
        f"password: !<{SECRET}> y",
        f"password: |{SECRET}\n  x",
        f"password: &{SECRET}",
        f"password: {SECRET}\npassword: {SECRET}",
        f"%{SECRET}\n---\na: 1",
        f"%YAML {SECRET}\n---\na: 1",
    ],
)
def test_messages_never_quote_a_value(text: str) -> None:
    assert SECRET not in "\n".join(lines(parse(text, "f")))


def test_too_large(tmp_path: Path) -> None:
    file = tmp_path / "big.yaml"
    file.write_text("a: " + "x" * (1024 * 1024))
    assert lines(read(file, max_bytes=1024 * 1024)) == [f"{file}: is larger than 1 MiB; split it into several files"]
    assert read(file).problems == ()


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert lines(read(tmp_path / "none.yaml")) == [f"{tmp_path}/none.yaml: cannot be read: No such file or directory"]
    assert lines(read(tmp_path)) == [f"{tmp_path}: cannot be read: Is a directory"]
    assert lines(read(Path("a\0b"))) == ["a\\x00b: cannot be read: this is not a file name"]


@pytest.mark.skipif(os.name != "posix", reason="the mode of a file says nothing on Windows")
def test_whether_a_file_is_ours_alone(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_text("a: 1")
    for mode, expected in [(0o600, True), (0o644, True), (0o660, False), (0o602, False)]:
        file.chmod(mode)
        assert read(file).ours_alone is expected
    assert parse("a: 1", "f").ours_alone is False


def test_require_gives_the_value_or_every_problem() -> None:
    assert parse("a: 1", "f").require(DataError) == {"a": 1}
    with pytest.raises(DataError, match="f:2: a: is set here") as raised:
        parse("a: 1\na: 2\nb: !x y", "f").require(DataError)
    assert len(str(raised.value).splitlines()) == 2


def test_printable_shows_control_characters_and_bounds_length() -> None:
    assert printable("a\x1b[31m\u202eb") == "a\\x1b[31m\\u202eb"
    assert printable("x" * 100, 10) == "x" * 10 + "…"


# PyYAML itself does not read back the three odd line breaks that it writes.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x85\u2028\u2029"), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT | st.dates(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES.filter(lambda value: value is not None))
def test_what_pyyaml_writes_reads_back_the_same(value: Any) -> None:
    document = parse(yaml.safe_dump(value, allow_unicode=True), "f")
    assert document.problems == ()
    assert document.value == value


@settings(max_examples=300)
@given(st.text(alphabet="ab:-[]{}\"'&*!|>%@#,? \n\t\\<~0\x00\ud800é", max_size=60) | st.binary(max_size=60))
def test_garbage_never_raises(data: str | bytes) -> None:
    for loader in PARSERS:
        yaml_values._Loader, before = loader, yaml_values._Loader
        try:
            document = parse(data, "f")
        finally:
            yaml_values._Loader = before
        assert all("\n" not in str(problem) for problem in document.problems)
        assert document.problems or document.value is not None
