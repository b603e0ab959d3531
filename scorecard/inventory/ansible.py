"""Ansible inventories, INI or YAML, read as they stand: nothing is executed, no template evaluated, no secret taken.

`read` gives the same values as a YAML inventory of ours, with what holds for an endpoint on the endpoint itself, since
groups win over each other by other rules in Ansible than here. What is wrong with a value is said with the file, line
and variable that it comes from.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scorecard import marked_yaml
from scorecard.inventory import ansible_files as files
from scorecard.inventory import ansible_ini, ansible_yaml
from scorecard.inventory.ansible_client import ClientParts
from scorecard.inventory.ansible_settings import LeftOut, Machine, Place, Reading
from scorecard.inventory.ansible_tree import ALL, MAX_MEMBERSHIPS, UNGROUPED, Notes, Origin, Settled, TooMany, Tree
from scorecard.marked_yaml import Document, printable
from scorecard.yaml_values import KeyPath, Marks, Value

_YAML_ENDINGS = (".yaml", ".yml", ".json")
_INI_ENDING = ".ini"
_IN_FOLDER = frozenset({"hosts", "inventory", *files.VARIABLE_FOLDERS})
# Names that say nothing about whose machines these are.
_GENERAL = frozenset({"hosts", "inventory", "inventories", "ansible", "main", "static", "all", "etc"})
_YAML_START = re.compile(r"---|%YAML|\{|-\s|(?:[^\s\[\]:=#'\"]+|'[^']*'|\"[^\"]*\")\s*:(?:\s|$)")
_AS_STATIC = "write what it says into a file and give that: ansible-inventory -i {} --list --yaml > static.yaml"


@dataclass(frozen=True, slots=True)
class AnsibleDocument(Document):
    """What was read from one or more files. `places`: where the value at a path comes from, and its name there."""

    places: Mapping[KeyPath, Place] = field(default_factory=dict)

    def file_of(self, path: Sequence[str | int]) -> str:
        return self._place(path).origin.file

    def line(self, path: Sequence[str | int]) -> int:
        return self._place(path).origin.line

    def key(self, path: Sequence[str | int]) -> str:
        return self._place(path).key

    def _place(self, path: Sequence[str | int]) -> Place:
        """Of the nearest thing around it that has one."""
        whole = tuple(path)
        for end in range(len(whole), -1, -1):
            if place := self.places.get(whole[:end]):
                return place
        return Place(Origin(self.file, 0), "")


def is_inventory(inside: Iterable[Path]) -> bool:
    """Whether a folder with this in it is one Ansible inventory, and not a folder with a file a client."""
    names = {path.name for path in inside}
    return bool(names & _IN_FOLDER) or any(name.endswith(_INI_ENDING) and name != "desktop.ini" for name in names)


def read_yaml(path: Path) -> Document:
    """A YAML file, which may be Ansible's or ours."""
    return read(path) if files.is_folder(path) else _whose(marked_yaml.read(path), path)


def _whose(document: Document, path: Path) -> Document:
    ansible = ansible_yaml.is_ansible(document.value) or ansible_yaml.is_plugin(document.value)
    return _Reading(path, parsed=document).document() if ansible else document


def read_unknown(path: Path) -> Document:
    """A folder, or a file whose name says nothing about its form. Each is read once: it may be a pipe."""
    if files.is_folder(path) or path.suffix.lower() == _INI_ENDING:
        return read(path)
    data = files.data_of(path, Notes(), named=True)
    if data is None:
        return marked_yaml.read(path)  # which says what is wrong
    text = marked_yaml.plain_text(data, str(path))
    if isinstance(text, str) and not _looks_like_yaml(text):
        return _Reading(path, data=data).document()
    return read_yaml(path) if path.is_file() else _whose(marked_yaml.parse(data, str(path)), path)


def read(path: Path) -> Document:
    """One Ansible inventory: a file, or a folder of them. Never raises."""
    return _Reading(path).document()


class _Reading:
    """`data`, `parsed`: what was read from the file already."""

    def __init__(self, path: Path, *, data: bytes | None = None, parsed: Document | None = None) -> None:
        self._path = path
        self._data = data
        self._parsed = parsed
        self._notes = Notes()
        self._tree = Tree(self._notes)
        self._read: list[Path] = []
        self._called = called(path)
        self._folder = path if files.is_folder(path) else path.parent

    def document(self) -> AnsibleDocument:
        try:
            clients = self._clients()
        except TooMany:
            clients = []
        first = self._read[0] if self._read else self._path
        value: Value = None
        places: dict[KeyPath, Place] = {(): Place(Origin(str(first), 0), "")}
        if len(clients) == 1:
            value = clients[0].value()
            places.update(clients[0].placed(()))
        elif clients:
            value = {"clients": [client.value() for client in clients]}
            for index, client in enumerate(clients):
                places.update(client.placed(("clients", index)))
        return AnsibleDocument(
            file=str(first),
            value=value,
            problems=tuple(sorted(set(self._notes.problems))),
            marks=Marks(0),
            ours_alone=files.ours_alone(iter(self._read)),
            warnings=tuple(sorted(set(self._notes.warnings))),
            places=places,
        )

    def _clients(self) -> list[ClientParts]:
        """Raises TooMany."""
        if self._parsed is not None:
            self._read.append(self._path)
            self._yaml(self._parsed)
        elif self._folder == self._path:
            for path in files.sources(self._path, self._notes):
                self._source(path, files.data_of(path, self._notes, named=False))
        else:
            self._source(self._path, self._data or files.data_of(self._path, self._notes, named=True))
        self._tree.finish()
        group_vars, host_vars = (files.Variables(self._folder / name, self._notes) for name in files.VARIABLE_FOLDERS)
        clients = self._sorted(Settled(self._tree, group_vars.of, host_vars.of))
        self._read += (*group_vars.read, *host_vars.read)
        if not clients and not self._notes.problems:
            self._notes.problem(Origin(str(self._path), 0), "", "holds no host that can be audited; expected at least one")
        return clients

    def _source(self, path: Path, data: bytes | None) -> None:
        file = str(path)
        if data is None:
            return
        self._read.append(path)
        origin = Origin(file, 0)
        if data.startswith(b"#!"):
            said = f"is a script, and nothing is executed; {_AS_STATIC.format(file)}"
            self._notes.problem(Origin(file, 1), "", said)
        elif files.is_encrypted(data):
            self._notes.problem(origin, "", "is encrypted with Ansible Vault; expected an inventory in plain text")
        elif path.suffix.lower() == ".toml":
            self._notes.problem(origin, "", f"is TOML, which is not read; {_AS_STATIC.format(file)}")
        elif path.name == "ansible.cfg":
            said = "is Ansible's configuration; expected the inventory, which its key inventory names"
            self._notes.problem(origin, "", said)
        elif (text := files.text_of(data, file, self._notes)) is not None:
            self._text(text, path)

    def _text(self, text: str, path: Path) -> None:
        file = str(path)
        ending = path.suffix.lower()
        if ending == _INI_ENDING or (ending not in _YAML_ENDINGS and not _looks_like_yaml(text)):
            ansible_ini.read(text, file, self._tree)
            return
        self._yaml(marked_yaml.parse(text, file))

    def _yaml(self, document: Document) -> None:
        if ansible_yaml.is_plugin(document.value):
            said = f"asks somewhere else for its hosts, and nothing is executed; {_AS_STATIC.format(document.file)}"
            self._notes.problem(Origin(document.file, document.line(("plugin",))), "plugin", said)
        elif isinstance(document.value, dict) and "_meta" in document.value:
            said = "is what ansible-inventory --list prints as JSON; give what it prints with --yaml as well"
            self._notes.problem(Origin(document.file, document.line(("_meta",))), "_meta", said)
        elif document.value is not None and not ansible_yaml.is_ansible(document.value):
            said = "is not an Ansible inventory; take it out, or read it by itself"
            self._notes.problem(Origin(document.file, 0), "", said)
        else:
            ansible_yaml.read(document, self._tree)

    def _sorted(self, settled: Settled) -> list[ClientParts]:
        """The machines by the client that they name; those that name none belong to the one called by path."""
        clients: dict[str, ClientParts] = {}
        left_out, memberships = LeftOut(), 0
        folder = str(self._folder)
        for host in self._tree.hosts.values():
            own = {
                "inventory_hostname": host.name,
                "inventory_hostname_short": host.name.partition(".")[0],
                "inventory_dir": folder,
            }
            machine = Reading(host, settled.variables(host), own, self._notes, left_out).machine()
            if machine is None:
                continue
            groups = [group.name for group in self._tree.memberships(host) if group.name not in (ALL, UNGROUPED)]
            memberships += len(groups)
            if memberships > MAX_MEMBERSHIPS:
                said = f"hosts are in groups more than {MAX_MEMBERSHIPS:,} times; split the inventory"
                self._notes.problem(host.origin, printable(host.name), said)
                raise TooMany
            self._client(machine, clients).add(machine, groups)
        left_out.say(self._notes)
        return list(clients.values())

    def _client(self, machine: Machine, clients: dict[str, ClientParts]) -> ClientParts:
        given = machine.client
        name = given.value if given and isinstance(given.value, str) else self._called
        if name not in clients:
            place = given.place if given else Place(Origin(str(self._read[0]), 1), "client")
            clients[name] = ClientParts(name, place)
        return clients[name]


def called(path: Path) -> str:
    """The name of a client that is not named: the file's, or the folder's where the file's says nothing."""
    whole = path.absolute()
    for name in (whole.stem, *(folder.name for folder in whole.parents)):
        if name and name.lower() not in _GENERAL:
            return name
    return whole.stem


def _looks_like_yaml(text: str) -> bool:
    """By the first line that says anything."""
    for line in text.splitlines():
        line = line.strip()
        if line and line[0] not in "#;":
            return bool(_YAML_START.match(line))
    return False
