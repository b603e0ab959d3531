"""Ansible's YAML form: groups by name, each with `hosts`, `children` and `vars`; and YAML files of variables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from scorecard.inventory import ansible_hosts as hosts
from scorecard.inventory.ansible_names import is_used
from scorecard.inventory.ansible_tree import ALL, UNGROUPED, Notes, Origin, Tree, Variable
from scorecard.inventory.shape import mapping
from scorecard.inventory.values import kind_of
from scorecard.marked_yaml import Document, Problem, printable
from scorecard.yaml_values import KeyPath

_SECTIONS = ("hosts", "children", "vars")
_OURS = ("client", "clients", "endpoints", "endpoints_from")


def is_ansible(value: object) -> bool:
    """Whether a YAML file is an Ansible inventory, or a list of one's sources, and none of ours."""
    if not isinstance(value, dict) or any(key in value for key in _OURS):
        return False
    if ALL in value or UNGROUPED in value or is_plugin(value):
        return True
    return any(isinstance(group, dict) and any(key in group for key in _SECTIONS) for group in value.values())


def is_plugin(value: object) -> bool:
    """Whether the file tells Ansible to ask somewhere else for the hosts."""
    return isinstance(mapping(value).get("plugin"), str)


def read(document: Document, tree: Tree) -> None:
    """Add what stands in one file. Raises TooMany."""
    if document.value is None:
        tree.notes.problems += document.problems
        return
    tree.notes.problems += _of_use(document, _variable)
    if not isinstance(document.value, dict):
        said = f"expected groups with their hosts, such as all: with hosts: below it, found {kind_of(document.value)}"
        tree.notes.problem(_origin(document, ()), "", said)
        return
    reader = _File(document, tree)
    for name, value in document.value.items():
        reader.group((name,), value)


def variables(document: Document, notes: Notes) -> dict[str, Variable]:
    """What a file of variables holds; nothing where it is empty."""
    if not isinstance(document.value, dict):
        notes.problems += document.problems
        if document.value is not None:
            said = f"expected variables with their values, found {kind_of(document.value)}"
            notes.problem(_origin(document, ()), "", said)
        return {}
    notes.problems += _of_use(document, lambda path: path[:1])
    return {name: notes.variable(name, value, _origin(document, (name,))) for name, value in document.value.items()}


def _origin(document: Document, path: KeyPath) -> Origin:
    return Origin(document.file, document.line(path))


def _of_use(document: Document, variable: Callable[[KeyPath], KeyPath]) -> Iterator[Problem]:
    """What is wrong, but not inside variables that nobody here reads: tags, doubles, numbers that are none."""
    for problem in document.problems:
        place = variable(problem.path)
        inside = len(problem.path) > len(place) or _at(document, place) is None
        if not (place and inside and not is_used(str(place[-1]))):
            yield problem


def _at(document: Document, path: KeyPath) -> Any:
    value: Any = document.value
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _variable(path: KeyPath) -> KeyPath:
    """The path of the variable of a group or a host that `path` leads into; () where it leads into none."""
    at = 1
    while at < len(path):
        if path[at] == "vars":
            return path[: at + 2] if len(path) > at + 1 else ()
        if path[at] == "hosts":
            return path[: at + 3] if len(path) > at + 2 else ()
        at += 2  # children, and the name of one
    return ()


class _File:
    def __init__(self, document: Document, tree: Tree) -> None:
        self._document = document
        self._tree = tree

    def _problem(self, path: KeyPath, message: str) -> None:
        self._tree.notes.problem(_origin(self._document, path), printable(str(path[-1])), message)

    def group(self, path: KeyPath, value: Any) -> None:
        """The group at `path`, and those inside it: a file is at most 50 levels deep."""
        name = str(path[-1])
        if not name:
            self._problem(path, "the name of a group is empty")
            return
        if value is not None and not isinstance(value, dict):
            self._problem(path, f"expected a group with hosts, children or vars, found {kind_of(value)}")
            return
        group = self._tree.group(name, _origin(self._document, path))
        for section, inner in (value or {}).items():
            here = (*path, section)
            if section not in _SECTIONS:
                said = "is not read: a group has hosts, children and vars, and nothing else"
                self._tree.notes.warn(_origin(self._document, here), printable(section), said)
            elif section == "vars":
                for variable, given in self._mapping(here, inner).items():
                    origin = _origin(self._document, (*here, variable))
                    self._tree.set_on_group(group, variable, self._tree.notes.variable(variable, given, origin))
            elif section == "hosts":
                for pattern, given in self._mapping(here, inner).items():
                    self._host((*here, pattern), pattern, given, group.name)
            else:
                for child, given in self._mapping(here, inner).items():
                    self.group((*here, child), given)
                    if child in self._tree.groups:
                        group.children.setdefault(child, _origin(self._document, (*here, child)))

    def _mapping(self, path: KeyPath, value: Any) -> Mapping[str, Any]:
        """A text alone stands for a name with nothing behind it."""
        if isinstance(value, str) and path[-1] != "vars":
            return {value: None}
        if value is None or isinstance(value, dict):
            return value or {}
        self._problem(path, f"expected names, each with a colon after it, found {kind_of(value)}")
        return {}

    def _host(self, path: KeyPath, text: str, given: Any, group: str) -> None:
        if given is not None and not isinstance(given, dict):
            self._problem(path, f"expected variables with their values, found {kind_of(given)}")
            return
        try:
            pattern = hosts.read(text)
        except hosts.BadPattern as error:
            self._problem(path, str(error))
            return
        origin = _origin(self._document, path)
        variables = {
            name: self._tree.notes.variable(name, value, _origin(self._document, (*path, name)))
            for name, value in (given or {}).items()
        }
        self._tree.mention(pattern.count, origin)
        for name in pattern.names():
            self._tree.host(name, group, pattern.port, origin).variables.update(variables)
