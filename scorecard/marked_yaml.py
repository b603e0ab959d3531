"""YAML to plain values that remember their lines, for inventories, standards and data files.

`read(path)` and `parse(data, name)` never raise: what is wrong stands in `Document.problems`, all of it at once (a syntax
error ends a file, of course). Differences from YAML 1.1 as PyYAML reads it, each because people get hurt otherwise:

- keys are always text (`on:` is the key "on", not true) and may not repeat;
- `22:30` is text, not a number to the base of sixty;
- one document a file, no tags but the plain ones, depth, size and alias expansion bounded.

Messages never quote a value from the file: it may be a password.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from scorecard.errors import InputError
from scorecard.yaml_values import Builder, KeyPath, Marks, Stop, Value

MAX_BYTES = 300 * 1024 * 1024
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_SHOWN = re.compile(r"[\w.@ -]{1,64}")


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong. `line` counts from 1; 0 means the file as a whole. `message` is one line for a person."""

    file: str
    line: int
    key: str
    message: str
    path: KeyPath = field(default=(), compare=False)

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.key}: {self.message}" if self.key else f"{where}: {self.message}"


@dataclass(frozen=True, slots=True)
class Document:
    """One file. `value` is None where it could not be read; with problems it may be incomplete."""

    file: str
    value: Value
    problems: tuple[Problem, ...]
    marks: Marks
    ours_alone: bool = False  # the user owns the file and nobody else can write it; False where that cannot be told
    warnings: tuple[Problem, ...] = ()  # worth a look; they stop nothing

    def file_of(self, path: Sequence[str | int]) -> str:  # noqa: ARG002 - documents made of several files look at it
        """The file in which `path` stands."""
        return self.file

    def line(self, path: Sequence[str | int]) -> int:
        """Line of the key or item at `path`, or of the nearest thing around it; 0 for an empty file."""
        marks: Marks | None = self.marks
        line = self.marks.line
        for step in path:
            if marks is None or step not in marks.lines:
                break
            line = marks.lines[step]
            marks = marks.children.get(step)
        return line

    def where(self, path: Sequence[str | int]) -> str:
        """`inventory.yaml:31`"""
        return f"{self.file_of(path)}:{self.line(path)}"

    def key(self, path: Sequence[str | int]) -> str:
        """`endpoints[web1].port`: list items by their name where they have one, else by number from 1."""
        shown = ""
        value: Any = self.value
        for step in path:
            value = _child(value, step)
            if isinstance(step, int):
                shown += f"[{_label(value) or step + 1}]"
            else:
                shown += f".{printable(step)}" if shown else printable(step)
        return shown

    def problem(self, path: Sequence[str | int], message: str) -> Problem:
        return Problem(self.file_of(path), self.line(path), self.key(path), message, tuple(path))

    def require(self, error: type[InputError]) -> Value:
        """The value; raises `error` with every problem, one a line, where there is any."""
        if self.problems:
            raise error("\n".join(str(problem) for problem in self.problems))
        return self.value


def printable(text: str, limit: int = 64) -> str:
    """A key or name for a message: control characters shown as escapes, length bounded."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text[: limit + 1])
    return shown if len(text) <= limit else shown[:limit] + "…"


def read(path: Path, *, max_bytes: int = MAX_BYTES) -> Document:
    """Read one file. A file that cannot be opened is a problem as well."""
    name = str(path)
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
            status = os.fstat(file.fileno())
    except OSError as error:
        return _failed(name, 0, f"cannot be read: {error.strerror or type(error).__name__}")
    except ValueError:  # a NUL in the name
        return _failed(printable(name), 0, "cannot be read: this is not a file name")
    others_write = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    ours_alone = os.name == "posix" and status.st_uid == os.geteuid() and not others_write
    return replace(parse(data, name, max_bytes=max_bytes), ours_alone=ours_alone)


def parse(data: bytes | str, name: str, *, max_bytes: int = MAX_BYTES) -> Document:
    """Parse what was read from a file called `name`."""
    if len(data) > max_bytes:
        return _failed(name, 0, f"is larger than {max_bytes // (1024 * 1024)} MiB; split it into several files")
    text = plain_text(data, name)
    if isinstance(text, Problem):
        return _failed(name, text.line, text.message)
    builder = Builder()
    syntax: list[Problem] = []
    try:
        builder.run(text)
    except yaml.YAMLError as error:
        syntax.append(_syntax(error, name, text))
    except Stop:
        pass
    if (builder.root is None or builder.root[0] is None) and not builder.notes and not syntax:
        return _failed(name, 0, "is empty; expected YAML with keys and values")
    value, marks = builder.root or (None, Marks(0))
    keys = Document(name, value, (), marks)
    noted = (Problem(name, note.line, keys.key(note.path), note.message, note.path) for note in builder.notes)
    return Document(name, value, tuple(sorted((*noted, *syntax))), marks)


def plain_text(data: bytes | str, name: str) -> str | Problem:
    """What was read from a file called `name`, without the mark that some editors begin with; or why it is no text."""
    if isinstance(data, bytes):
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return Problem(name, 0, "", "is UTF-16; save it as UTF-8")
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            return Problem(name, line, "", "is not UTF-8 from here on; save the file as UTF-8")
    else:
        text = data
    text = text.removeprefix("\ufeff")
    if found := _CONTROL.search(text):
        line = text.count("\n", 0, found.start()) + 1
        return Problem(name, line, "", "a control character stands here; expected plain text, so remove it")
    return text


def _failed(name: str, line: int, message: str) -> Document:
    return Document(name, None, (Problem(name, line, "", message),), Marks(line))


def _child(value: Any, step: str | int) -> Any:
    if isinstance(value, dict) and isinstance(step, str):
        return value.get(step)
    if isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
        return value[step]
    return None


def _label(value: Any) -> str:
    name = value.get("name") if isinstance(value, dict) else value
    return name if isinstance(name, str) and _SHOWN.fullmatch(name) else ""


# What the parser says (in part) -> what a person can do. Its own words are not passed on: some of them quote the file.
_HINTS = (
    (
        "mapping values are not allowed",
        "a colon stands where none is expected; check the indentation, or put the value in quotes",
    ),
    ("could not find expected ':'", "expected a colon and a space after a key; check the lines just above too"),
    ("did not find expected key", "expected a key here; check the indentation and the quotes"),
    ("did not find expected '-'", "expected a list item that starts with '- '; check the indentation"),
    ("but found '-'", "expected a key here, found a list item; check the indentation"),
    ("<block end>", "expected a key or a list item here; check the indentation"),
    ("did not find expected ',' or", "a bracket or brace is not closed, or a comma is missing"),
    ("expected ',' or", "a bracket or brace is not closed, or a comma is missing"),
    ("node content", "expected a value here; check brackets, braces and commas"),
    ("unexpected end of stream", "a quote is opened and never closed"),
    ("unexpected document separator", "a quote is opened and never closed"),
    ("cannot start any token", "this character cannot start a value; put the value in quotes"),
    ("unknown escape", 'a backslash in double quotes starts an escape; use single quotes, or write it as "\\\\"'),
    ("escape", 'a backslash in double quotes starts an escape; use single quotes, or write it as "\\\\"'),
    ("block sequence entries are not allowed", "a list item cannot start here; put it on a line of its own"),
    ("block mapping", "expected a key here; check the indentation"),
    ("document start", "expected the end of the file; check the indentation of this line"),
    ("alias", "an alias (*) needs a name; put the value in quotes if the star belongs to it"),
    ("anchor", "an anchor (&) needs a name; put the value in quotes if the sign belongs to it"),
    ("tag", "a value that starts with an exclamation mark must be in quotes"),
)


def _syntax(error: yaml.YAMLError, name: str, text: str) -> Problem:
    """Translate a parser's error; the line is where it stopped, which may be just below the mistake."""
    said = " ".join(str(getattr(error, part, None) or "") for part in ("problem", "context"))
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line = mark.line + 1 if mark else 0
    lines = text.splitlines()
    line = min(line, len(lines))
    here = lines[line - 1] if line else ""
    if "\t" in here[: len(here) - len(here.lstrip())]:
        hint = "a tab is used for indentation; use spaces"
    else:
        hint = next(
            (hint for words, hint in _HINTS if words in said), "check the indentation, quotes and brackets around here"
        )
    return Problem(name, line, "", f"this is not YAML: {hint}")
