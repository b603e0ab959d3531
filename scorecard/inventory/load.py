"""Reads inventory files: all mistakes of all files at once, or the clients."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from scorecard import marked_yaml
from scorecard.errors import InventoryError
from scorecard.inventory import references
from scorecard.inventory.build import Builder, missing_files, same_machine
from scorecard.inventory.layers import ClientView
from scorecard.inventory.models import ClientModel, ClientsModel
from scorecard.inventory.shape import items, mapping, validate
from scorecard.inventory.types import Inventory
from scorecard.marked_yaml import Document, Problem

# By the end of a file's name, in small letters. A folder's files with other ends are left alone; a file that is named is
# read as YAML.
READERS: Mapping[str, Callable[[Path], Document]] = MappingProxyType(
    {
        ".yaml": marked_yaml.read,
        ".yml": marked_yaml.read,
    }
)


def load(paths: Sequence[Path]) -> Inventory:
    """Load files, and folders with a file a client. Raises InventoryError with every problem, by file and line.

    Contacts nothing and resolves no secret. Files that the inventory names and that are missing are warnings here.
    """
    problems: list[Problem] = []
    views: list[ClientView] = []
    seen: set[str] = set()
    for path in paths:
        for file in _files(path, problems):
            if (place := _place(file)) in seen:
                continue
            seen.add(place)
            document = READERS.get(file.suffix.lower(), marked_yaml.read)(file)
            problems += document.problems
            if document.value is not None:
                views += _views(document, problems)
    owners = _owners(views)
    said = {(problem.file, problem.path) for problem in problems}
    for view in views:
        found = references.problems(view, owners)
        problems += (problem for problem in found if (problem.file, problem.path) not in said)
    problems += references.doubled_clients(views)
    if problems:
        raise InventoryError(tuple(str(problem) for problem in sorted(set(problems))))
    return _built(views)


def _built(views: list[ClientView]) -> Inventory:
    built = [(view, Builder(view).client()) for view in views]
    warnings = [problem for view, client in built for problem in same_machine(view, client)]
    warnings += missing_files(built)
    return Inventory(tuple(client for _, client in built), tuple(sorted(set(warnings))))


def _place(file: Path) -> str:
    """The same for every way to write the path of one file."""
    try:
        return os.path.realpath(file)
    except (OSError, ValueError):  # reading the file says what is wrong with it
        return str(file)


def _files(path: Path, problems: list[Problem]) -> Iterator[Path]:
    """The file itself, or a folder's files in order of their names."""
    try:
        is_folder = path.is_dir()
        inside = sorted(path.iterdir()) if is_folder else []
    except (OSError, ValueError):  # ValueError: a NUL in the name; reading the file says so
        is_folder, inside = False, []
    if not is_folder:
        yield path
        return
    found = [file for file in inside if file.suffix.lower() in READERS and not file.name.startswith(".") and file.is_file()]
    if not found:
        problems.append(
            Problem(str(path), 0, "", "this folder holds no file that ends in .yaml or .yml; expected one a client")
        )
    yield from found


def _views(document: Document, problems: list[Problem]) -> Iterator[ClientView]:
    value = document.value
    if isinstance(value, dict) and "clients" in value:
        shared, found = validate(ClientsModel, document)
        problems += found
        for index, raw in enumerate(items(value, "clients")):
            yield ClientView(document, ("clients", index), mapping(raw), shared.clients[index] if shared else None, shared)
        return
    model, found = validate(ClientModel, document)
    problems += found
    yield ClientView(document, (), mapping(value), model)


def _owners(views: Iterable[ClientView]) -> dict[str, list[str]]:
    owners: dict[str, list[str]] = {}
    for view in views:
        for name in view.credentials:
            owners.setdefault(name, []).append(view.name)
    return owners
