"""Reads inventory files: all mistakes of all files at once, or the clients."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from scorecard.errors import InventoryError
from scorecard.inventory import ansible, logos, references
from scorecard.inventory.build import Builder, missing_files, same_machine
from scorecard.inventory.joining import Lists, alone, joined, place
from scorecard.inventory.layers import ClientView
from scorecard.inventory.lists import ENDINGS, is_list
from scorecard.inventory.lists import read as read_list
from scorecard.inventory.models import ClientModel, ClientsModel
from scorecard.inventory.shape import items, mapping, validate
from scorecard.inventory.types import Inventory
from scorecard.marked_yaml import Document, Problem

# By the end of a file's name, in small letters; lists (lists.ENDINGS) are read after these, as inventories may name them. A
# folder's files with other ends are left alone; a file that is named is read as YAML,
# or as an Ansible inventory where it looks like one.
READERS: Mapping[str, Callable[[Path], Document]] = MappingProxyType(
    {
        ".yaml": ansible.read_yaml,
        ".yml": ansible.read_yaml,
    }
)


def load(paths: Sequence[Path]) -> Inventory:
    """Load files, and folders with a file a client. Raises InventoryError with every problem, by file and line.

    Contacts nothing and resolves no secret. Files that the inventory names and that are missing are warnings here.
    """
    return built(read(paths))


@dataclass(frozen=True, slots=True)
class Read:
    """What stands in the files, before it is checked, and what is wrong with the files beyond that."""

    documents: tuple[Document, ...]
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


def read(paths: Sequence[Path]) -> Read:
    """Read files and folders. Never raises."""
    problems: list[Problem] = []
    warnings: list[Problem] = []
    documents = _documents(paths, problems, warnings)
    return Read(tuple(documents), tuple(problems), tuple(warnings))


def built(files: Read) -> Inventory:
    """The clients that the files hold. Raises InventoryError with every problem, by file and line."""
    problems, warnings = list(files.problems), list(files.warnings)
    views: list[ClientView] = []
    for document in files.documents:
        problems += document.problems
        warnings += document.warnings
        if document.value is not None:
            views += _views(document, problems)
    owners = _owners(views)
    said = {(problem.file, problem.path) for problem in problems}
    for view in views:
        found = (*references.problems(view, owners), *logos.problems(view))
        problems += (problem for problem in found if (problem.file, problem.path) not in said)
    problems += references.doubled_clients(views)
    if problems:
        raise InventoryError(tuple(str(problem) for problem in sorted(set(problems))))
    return _built(views, warnings)


def _documents(paths: Sequence[Path], problems: list[Problem], warnings: list[Problem]) -> list[Document]:
    """In order of the paths. A list that an inventory among them names is part of that one, and is not read by itself."""
    files: dict[str, Path] = {}
    for path in paths:
        for file in _files(path, problems):
            files.setdefault(place(file), file)
    lists, found = Lists(), dict[str, Document]()
    for at, file in files.items():
        if not is_list(file):
            found[at] = joined(READERS.get(file.suffix.lower(), ansible.read_unknown)(file), lists)
    for at, file in files.items():
        if is_list(file) and not lists.named(file):
            found[at] = alone(read_list(file))
    problems += lists.problems()
    warnings += lists.warnings()
    return [found[at] for at in files if at in found]


def _built(views: list[ClientView], warnings: list[Problem]) -> Inventory:
    built = [(view, Builder(view).client()) for view in views]
    warnings += (problem for view, client in built for problem in same_machine(view, client))
    warnings += missing_files(built)
    return Inventory(tuple(client for _, client in built), tuple(sorted(set(warnings))))


def _files(path: Path, problems: list[Problem]) -> Iterator[Path]:
    """The file itself, or a folder's files in order of their names."""
    try:
        is_folder = path.is_dir()
        inside = sorted(path.iterdir()) if is_folder else []
    except (OSError, ValueError):  # ValueError: a NUL in the name; reading the file says so
        is_folder, inside = False, []
    if not is_folder or ansible.is_inventory(inside):
        yield path
        return
    endings = (*READERS, *ENDINGS)
    found = [file for file in inside if file.suffix.lower() in endings and _is_inventory(file)]
    if not found:
        known = f"{', '.join(endings[:-1])} or {endings[-1]}"
        problems.append(Problem(str(path), 0, "", f"this folder holds no file that ends in {known}; expected one a client"))
    yield from found


def _is_inventory(file: Path) -> bool:
    """By its name: a client's exceptions lie beside its inventory, as exceptions.yaml or NAME.exceptions.yaml.

    Spreadsheets lay a file that begins with ~$ beside each workbook that is open.
    """
    named = file.name.startswith((".", "~$")) or file.stem == "exceptions" or file.stem.endswith(".exceptions")
    return not named and file.is_file()


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
