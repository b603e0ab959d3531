"""Puts lists into inventories: those that an inventory names under `endpoints_from`, and lists that stand alone."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from scorecard.inventory.build import resolve
from scorecard.inventory.joined import Joined, Segment
from scorecard.inventory.layers import names
from scorecard.inventory.lists import ENDINGS, MachineList, Rows, is_list, read, split
from scorecard.inventory.shape import items, mapping
from scorecard.inventory.values import MAX_NAME
from scorecard.marked_yaml import Document, Problem, printable
from scorecard.yaml_values import KeyPath, Marks

KEY = "endpoints_from"


def place(path: Path) -> str:
    """The same for every way to write the path of one file."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):  # reading the file says what is wrong with it
        return str(path)


@dataclass(slots=True)
class Lists:
    """The lists that inventories name: each is read once, and each of its rows belongs to one client."""

    _read: dict[str, MachineList] = field(default_factory=dict)
    _taken: dict[str, dict[str, str]] = field(default_factory=dict)  # place -> the list's client -> the inventory's
    _files: set[str] = field(default_factory=set)

    def named(self, path: Path) -> bool:
        """Whether an inventory names this file, or a sheet of it."""
        return place(split(path)[0]) in self._files

    def rows(self, path: Path, client: str) -> tuple[MachineList, Rows | None, str]:
        """The rows of a client, who is the only one to get them; else what is wrong."""
        if not is_list(path):
            said = f"expected a list, which ends in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}"
            return MachineList(str(path)), None, said
        at = place(path)
        self._files.add(place(split(path)[0]))
        found = self._read.get(at)
        if found is None:
            found = self._read[at] = read(path)
        key = client.casefold() if "" not in found.clients else ""
        rows = found.clients.get(key)
        if found.problems and not found.clients:
            return found, None, ""
        shown = printable(path.name)
        if rows is None:  # a client without a name is told anyway
            said = f"{shown} has no machine of client '{printable(client, 40)}' in its column client" if client else ""
            return found, None, said
        taken = self._taken.setdefault(at, {})
        if key in taken:
            said = f"{shown} already holds the machines of client '{printable(taken[key], 40)}'; "
            return found, None, said + ("name it once" if taken[key] == client else "add a column client to it")
        taken[key] = client
        return found, rows, ""

    def problems(self) -> Iterator[Problem]:
        for found in self._read.values():
            yield from found.problems

    def warnings(self) -> Iterator[Problem]:
        """Those of the lists, and rows that no inventory asks for: nobody would look at these machines."""
        for at, found in self._read.items():
            yield from found.warnings
            left = [rows for key, rows in found.clients.items() if key not in self._taken.get(at, {})]
            for rows in left:
                count = len(rows.values)
                said = f"{count:,} machine{'' if count == 1 else 's'} of client '{printable(rows.client, 40)}' "
                yield Problem(found.file, rows.lines[0], "", said + "are in this list, and no inventory asks for them")


def joined(document: Document, lists: Lists) -> Document:
    """The document with the machines of the lists that it names; itself where it names none."""
    value = document.value
    clients: dict[KeyPath, Mapping[str, Any]] = {(): mapping(value)}
    if isinstance(value, dict) and "clients" in value:
        clients = {("clients", number): mapping(raw) for number, raw in enumerate(items(value, "clients"))}
    if not any(KEY in raw for raw in clients.values()):
        return document
    join = _Join(document, lists)
    whole = {path: join.client(path, raw) if KEY in raw else raw for path, raw in clients.items()}
    made = whole[()] if () in whole else {**mapping(value), "clients": list(whole.values())}
    marks = document.marks
    result = Joined(document.file, dict(made), (), marks, document.ours_alone, document.warnings, segments=join.segments)
    return replace(result, problems=(*document.problems, *join.problems(result)))


class _Join:
    """Puts the rows behind the endpoints that stand in the inventory itself."""

    def __init__(self, document: Document, lists: Lists) -> None:
        self._document = document
        self._lists = lists
        self._said: list[tuple[KeyPath, str]] = []
        self._notes: list[tuple[KeyPath, Rows, int]] = []
        self.segments: dict[KeyPath, list[Segment]] = {}

    def client(self, path: KeyPath, raw: Mapping[str, Any]) -> dict[str, Any]:
        folder = Path(self._document.file).parent
        client = raw.get("client")
        endpoints = list(items(raw, "endpoints"))
        segments = [Segment(0)]
        for number, name in enumerate(names(raw[KEY])):
            if not name or not name.isprintable():
                continue  # the check of the shape says so
            file = Path(resolve(name, folder))
            found, rows, said = self._lists.rows(file, client if isinstance(client, str) else "")
            if said:
                step: KeyPath = (number,) if isinstance(raw[KEY], list) else ()
                self._said.append(((*path, KEY, *step), said))
            if rows is not None:
                segments.append(Segment(len(endpoints), found.file, rows.lines, found.titles))
                self._notes.append(((*path, "endpoints"), rows, len(endpoints)))
                endpoints += rows.values
        self.segments[(*path, "endpoints")] = segments
        whole = {**raw, "endpoints": endpoints}
        if "endpoints" in raw and not isinstance(raw["endpoints"], list):
            whole["endpoints"] = raw["endpoints"]  # the check of the shape says so
        return _with_places(whole, endpoints[len(items(raw, "endpoints")) :])

    def problems(self, result: Joined) -> Iterator[Problem]:
        yield from (result.problem(path, said) for path, said in self._said)
        for path, rows, start in self._notes:
            yield from _noted(result, path, rows, start)


def alone(found: MachineList) -> Document:
    """A list without an inventory: a client for each name in its column, else one that is called by the file."""
    segments: dict[KeyPath, list[Segment]] = {}
    every = list(found.clients.values())
    marks = Marks(1)
    value: dict[str, Any] = {}
    if not found.clients:
        return Document(found.file, None, tuple(found.problems), marks)
    if "" in found.clients:
        marks.lines["client"] = 1
        value = _alone(split(Path(found.file))[0].stem, every[0])
        prefixes: list[KeyPath] = [()]
    else:
        value = {"clients": [_alone(rows.client, rows) for rows in every]}
        prefixes = [("clients", number) for number in range(len(every))]
        marks.lines["clients"] = 1
        inner = Marks(1, {number: rows.lines[0] for number, rows in enumerate(every)})
        marks.children["clients"] = inner
    for prefix, rows in zip(prefixes, every, strict=True):
        segments[(*prefix, "endpoints")] = [Segment(0, found.file, rows.lines, found.titles)]
    result = Joined(found.file, value, (), marks, segments=segments, alone=True, warnings=tuple(found.warnings))
    notes = [
        note
        for prefix, rows in zip(prefixes, every, strict=True)
        for note in _noted(result, (*prefix, "endpoints"), rows, 0)
    ]
    return replace(result, problems=(*found.problems, *notes))


def _alone(client: str, rows: Rows) -> dict[str, Any]:
    return _with_places({"client": client, "endpoints": rows.values}, rows.values)


def _with_places(raw: dict[str, Any], rows: list[Any]) -> dict[str, Any]:
    """Sites and groups that a list names, where the inventory defines none of its own."""
    for key, one in (("sites", "site"), ("groups", "groups")):
        if key not in raw:
            given = dict.fromkeys(name for row in rows for name in names(row.get(one)))
            used = [name for name in given if len(name) <= MAX_NAME and name.isprintable()]  # others are told in their rows
            if used:
                raw[key] = dict.fromkeys(used)
    return raw


def _noted(result: Joined, path: KeyPath, rows: Rows, start: int) -> Iterator[Problem]:
    for number, key, said in rows.notes:
        yield result.problem((*path, start + number, *((key,) if key else ())), said)
