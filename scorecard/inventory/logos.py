"""The logo that an inventory names is read when the inventory is checked: its faults are said before any audit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from scorecard.inventory.build import resolve
from scorecard.inventory.layers import ClientView
from scorecard.inventory.shape import mapping
from scorecard.logo import LogoError, from_file
from scorecard.marked_yaml import Problem, printable
from scorecard.yaml_values import KeyPath


def problems(view: ClientView) -> Iterator[Problem]:
    """A logo that cannot be shown, of the client's provider or of the one for all clients of the file."""
    folder = Path(view.document.file).absolute().parent
    places: list[tuple[KeyPath, object]] = [((*view.path, "provider"), mapping(view.raw, "provider").get("logo"))]
    if view.path:
        places.append((("provider",), mapping(view.document.value, "provider").get("logo")))
    for path, named in places:
        if isinstance(named, str) and named:
            try:
                from_file(Path(resolve(named, folder)))
            except LogoError as error:
                yield view.document.problem((*path, "logo"), f"the file {printable(named, 200)} {error}")
