"""The files of an Ansible inventory: its sources, and `group_vars` and `host_vars` beside them. Nothing is executed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from scorecard import marked_yaml
from scorecard.inventory import ansible_yaml
from scorecard.inventory.ansible_tree import Notes, Origin, Variable
from scorecard.marked_yaml import Problem, printable

MAX_BYTES = marked_yaml.MAX_BYTES
MAX_FOLDERS = 1000  # within one another, those that links lead to counted each time
VARIABLE_FOLDERS = ("group_vars", "host_vars")
_NO_SOURCES = (*VARIABLE_FOLDERS, "vars_plugins")
_VAULT = b"$ANSIBLE_VAULT"
_ENDINGS = ("", ".yml", ".yaml", ".json")  # in this order, the first that is there counts
# What Ansible passes over in a folder of sources.
_PASSED_OVER = (".pyc", ".pyo", ".swp", ".bak", "~", ".rpm", ".md", ".txt", ".rst", ".orig", ".cfg", ".retry")
_NOTHING: Mapping[str, Variable] = MappingProxyType({})


def is_folder(path: Path) -> bool:
    """False where that cannot be told: opening it says why."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def sources(folder: Path, notes: Notes) -> Iterator[Path]:
    """The files of a folder in Ansible's order, those of folders inside too."""
    return _walk(folder, notes, _is_source, ())


def _is_source(path: Path) -> bool:
    name = path.name
    return not (name.startswith(".") or name in _NO_SOURCES or name.endswith(_PASSED_OVER))


def _is_of_variables(path: Path) -> bool:
    if path.name.startswith(".") or path.name.endswith("~"):
        return False
    return not path.suffix or (path.suffix in _ENDINGS and not is_folder(path))


def _walk(folder: Path, notes: Notes, wanted: Callable[[Path], bool], above: tuple[str, ...]) -> Iterator[Path]:
    """Files in order of their names, those of folders inside in their place. `above`: the folders around this one."""
    left, entered = [(folder, above)], 0
    while left:
        path, around = left.pop()
        if not is_folder(path):
            yield path
            continue
        here = os.path.realpath(path)
        entered += 1
        if here in around:
            notes.problem(Origin(str(path), 0), "", "is a link back to a folder around it; take it out")
        elif entered > MAX_FOLDERS:
            notes.problem(Origin(str(path), 0), "", f"is one of more than {MAX_FOLDERS:,} folders; expected fewer")
            return
        else:
            left += [(inner, (*around, here)) for inner in reversed(_inside(path, notes)) if wanted(inner)]


def _inside(folder: Path, notes: Notes) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        notes.problem(Origin(str(folder), 0), "", f"cannot be read: {error.strerror or type(error).__name__}")
        return []


def data_of(path: Path, notes: Notes, *, named: bool) -> bytes | None:
    """What is in a file; None with a problem where it cannot be read. One that was not `named` must be a plain file:
    to open a pipe may wait for ever."""
    origin = Origin(printable(str(path), 4096), 0)
    try:
        if not (named or path.is_file()):
            path.stat()
            notes.problem(origin, "", "is neither a file nor a folder; take it out")
            return None
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        notes.problem(origin, "", f"cannot be read: {error.strerror or type(error).__name__}")
        return None
    except ValueError:  # a NUL in the name
        notes.problem(origin, "", "cannot be read: this is not a file name")
        return None
    if len(data) > MAX_BYTES:
        notes.problem(origin, "", f"is larger than {MAX_BYTES // (1024 * 1024)} MiB; split it into several files")
        return None
    return data


def is_encrypted(data: bytes) -> bool:
    return data.startswith(_VAULT)


def text_of(data: bytes, file: str, notes: Notes) -> str | None:
    """Plain text, or None with a problem."""
    text = marked_yaml.plain_text(data, file)
    if isinstance(text, Problem):
        notes.problems.append(text)
        return None
    return text


class Variables:
    """What the files of one folder, `group_vars` or `host_vars`, say about a name. Each file is read once, when asked."""

    def __init__(self, folder: Path, notes: Notes) -> None:
        self.read: list[Path] = []
        self._notes = notes
        self._folder = os.path.realpath(folder)
        self._known: dict[str, Mapping[str, Variable]] = {}
        self._entries: dict[str, Path] = {}
        if is_folder(folder):
            # Looking names up among those that are there leaves no way out of the folder, whatever a group is called.
            self._entries = {path.name: path for path in _inside(folder, notes)}

    def of(self, name: str) -> Mapping[str, Variable]:
        if not self._entries:
            return _NOTHING
        if name not in self._known:
            self._known[name] = self._read(name)
        return self._known[name]

    def _read(self, name: str) -> Mapping[str, Variable]:
        first = next((path for ending in _ENDINGS if (path := self._entries.get(name + ending))), None)
        if first is None:
            return _NOTHING
        found: dict[str, Variable] = {}
        for path in _walk(first, self._notes, _is_of_variables, (self._folder,)) if is_folder(first) else [first]:
            found.update(self._variables(path))
        return found

    def _variables(self, path: Path) -> Mapping[str, Variable]:
        file = str(path)
        data = data_of(path, self._notes, named=False)
        if data is None:
            return _NOTHING
        self.read.append(path)
        if is_encrypted(data):
            said = "is encrypted with Ansible Vault and not read; what it sets does not count here"
            self._notes.warn(Origin(file, 0), "", said)
            return _NOTHING
        text = text_of(data, file, self._notes)
        if text is None or all(_is_empty(line) for line in text.splitlines()):
            return _NOTHING
        return ansible_yaml.variables(marked_yaml.parse(text, file), self._notes)


def _is_empty(line: str) -> bool:
    line = line.strip()
    return not line or line.startswith("#") or line in ("---", "...")


def ours_alone(paths: Iterator[Path]) -> bool:
    """Whether the user owns all these files and nobody else can write them; False where that cannot be told."""
    if os.name != "posix":
        return False
    try:
        found = [path.stat() for path in paths]
    except OSError:
        return False
    return all(status.st_uid == os.geteuid() and not status.st_mode & 0o022 for status in found)
