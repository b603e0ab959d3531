"""Ansible's INI form: `[group]`, `[group:children]`, `[group:vars]`, hosts with variables behind them.

Values are read as Ansible reads them: what is a Python literal is that literal, anything else is text. Nothing is
evaluated beyond that, and no message quotes a value.
"""

from __future__ import annotations

import ast
import re
import shlex
import warnings
from collections.abc import Iterable

from scorecard.inventory import ansible_hosts as hosts
from scorecard.inventory.ansible_tree import ALL, UNGROUPED, Origin, Tree, Variable
from scorecard.marked_yaml import printable
from scorecard.yaml_values import Value

_SECTION = re.compile(r"\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?")
_GROUP_NAME = re.compile(r"([^:\]\s]+)\s*(?:#.*)?")
_PLAIN_LINE = re.compile(r"[^'\"\\#]*")
_BLANKS = re.compile(r"[ \t\r\n]+")
_INTEGER = re.compile(r"[+-]?(?:0|[1-9][0-9]{0,17})")
_CERTAINLY_TEXT = re.compile(r"[A-Za-z_~/][\w./@:~-]*|\w+(?:\.[\w-]+){2,}")
_WORDS = {"True": True, "False": False, "None": None}
_MAX_LITERAL = 1000
_LINE_ENDS = re.compile(r"\r\n|\r|\n")


def read(text: str, file: str, tree: Tree) -> None:
    """Add what stands in one file. Raises TooMany."""
    _File(file, tree).read(_LINE_ENDS.split(text))


class _File:
    def __init__(self, file: str, tree: Tree) -> None:
        self._file = file
        self._tree = tree
        self._origin = Origin(file, 0)
        self._declared = set(tree.groups) | {ALL, UNGROUPED}
        self._wanted: list[tuple[str, Origin, str]] = []  # groups that must be declared somewhere, where, and why

    def read(self, lines: Iterable[str]) -> None:
        group, kind = self._tree.group(UNGROUPED, self._origin), "hosts"
        for number, line in enumerate(lines, 1):
            line = line.strip()
            if not line or line[0] in ";#":
                continue
            self._origin = Origin(self._file, number)
            if found := _SECTION.fullmatch(line):
                group, kind = self._tree.group(found[1], self._origin), found[2] or "hosts"
                self._section(found[1], kind)
            elif line.startswith("[") and line.endswith("]"):
                self._problem("", "this is no section; expected [group], [group:children] or [group:vars], without spaces")
                kind = ""
            elif kind == "hosts":
                self._hosts(line, group.name)
            elif kind == "vars":
                self._group_variable(line, group.name)
            elif kind == "children":
                self._child(line, group.name)
        for name, origin, why in self._wanted:
            if name not in self._declared:
                said = f"{why}, but no section [{printable(name)}] is anywhere; add it, or correct the name"
                self._tree.notes.problem(origin, printable(name), said)

    def _problem(self, key: str, message: str) -> None:
        self._tree.notes.problem(self._origin, key, message)

    def _section(self, name: str, kind: str) -> None:
        if kind in ("hosts", "children"):
            self._declared.add(name)
        elif kind == "vars":
            self._wanted.append((name, self._origin, "variables are set for this group"))
        else:
            self._problem(printable(name), "a section holds hosts, children or vars; correct what stands after the colon")

    def _hosts(self, line: str, group: str) -> None:
        try:
            first, *rest = _words(line)
            pattern = hosts.read(first)
        except hosts.BadPattern as error:
            self._problem("", str(error))
            return
        except ValueError:
            self._problem("", "a quote is opened and never closed")
            return
        if first.startswith("---"):
            self._problem("", "this looks like YAML; give the file the ending .yaml")
            return
        variables = self._host_variables(rest)
        self._tree.mention(pattern.count, self._origin)
        for name in pattern.names():
            host = self._tree.host(name, group, pattern.port, self._origin)
            host.variables.update(variables)

    def _host_variables(self, words: Iterable[str]) -> dict[str, Variable]:
        found: dict[str, Variable] = {}
        for word in words:
            name, equals, value = word.partition("=")
            if not equals:
                self._problem("", "expected name=value after the host, without spaces around the equals sign")
                return {}
            found[name] = self._tree.notes.variable(name, literal(value), self._origin)
        return found

    def _group_variable(self, line: str, group: str) -> None:
        name, equals, value = line.partition("=")
        if equals:
            name = name.strip()
            variable = self._tree.notes.variable(name, literal(value.strip()), self._origin)
            self._tree.set_on_group(self._tree.groups[group], name, variable)
        else:
            self._problem("", "expected name=value")

    def _child(self, line: str, group: str) -> None:
        found = _GROUP_NAME.fullmatch(line)
        if not found:
            self._problem("", "expected the name of a group alone on its line")
            return
        child = self._tree.group(found[1], self._origin).name
        self._tree.groups[group].children.setdefault(child, self._origin)
        self._wanted.append((child, self._origin, "this group is listed"))


def _words(line: str) -> list[str]:
    """As a shell splits them, comments left out. Raises ValueError for a quote that is not closed."""
    if _PLAIN_LINE.fullmatch(line):  # shlex takes 30 times as long
        return _BLANKS.split(line)
    words = shlex.split(line, comments=True)
    if not words:
        raise hosts.BadPattern("expected the name of a host")
    return words


def literal(text: str) -> Value:
    """A whole number, yes or no as Python writes them, quoted text; else the text itself."""
    if _INTEGER.fullmatch(text):
        return int(text)
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > _MAX_LITERAL or _CERTAINLY_TEXT.fullmatch(text):
        return text
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd escapes: Ansible takes them without a word
            value = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str | int | float | list) else text
