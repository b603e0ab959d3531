"""The list of protection products (products.yaml): what identifies each, and what it lets one read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from scorecard.data import DataFile, Row, describe, repeats
from scorecard.model import Platform


class Kind(StrEnum):
    ANTIVIRUS = "antivirus"
    SCANNER = "scanner"  # looks only when started
    MONITOR = "monitor"  # watches and reports
    EDR = "edr"  # finds attackers; the engine that stops malware is another


Words = Annotated[tuple[str, ...], Field(strict=False)]
Publishes = dict[Literal["definitions", "tamper", "last-scan"], bool]


class Signs(BaseModel):
    """How a product shows on one platform (see the head of products.yaml)."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    publishes: Publishes = Field(default_factory=dict)
    paths: Words = ()
    units: Words = ()
    processes: Words = ()
    helpers: Words = ()
    extensions: Words = ()
    daemons: Words = ()
    services: Words = ()
    drivers: Words = ()
    names: Words = ()
    registers: bool = True

    def looked_for(self) -> Iterable[str]:
        """Each sign as the probes must name it."""
        shell = (*self.paths, *self.units, *self.processes, *self.extensions, *self.daemons)
        return (*shell, *self.helpers, *self.services, *self.drivers)


class ProductRow(Row):
    """One product on every platform where it is known."""

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    name: str = Field(min_length=1)
    kind: Annotated[Kind, Field(strict=False)]
    built_in: bool = False
    relocatable: bool = False
    ended: date | None = None
    publishes: Publishes = Field(default_factory=dict)
    linux: Signs | None = None
    macos: Signs | None = None
    windows: Signs | None = None

    def on(self, platform: Platform) -> Signs | None:
        return {Platform.LINUX: self.linux, Platform.MACOS: self.macos, Platform.WINDOWS: self.windows}[platform]


_ASKED_IN = {Platform.LINUX: "linux.sh", Platform.MACOS: "macos.sh", Platform.WINDOWS: "windows.yaml"}


def check_rows(rows: Sequence[ProductRow]) -> Iterable[tuple[int, str, str]]:
    """A sign that no probe looks for is refused: of a path that nobody asked about, nobody knows whether it exists."""
    asked = {platform: Path(__file__).with_name(name).read_text(encoding="utf-8") for platform, name in _ASKED_IN.items()}
    for index, before in repeats(rows, lambda row: row.id):
        yield index, "id", f"{rows[index].id} stands in row {before} already"
    for index, row in enumerate(rows):
        for platform, text in asked.items():
            signs = row.on(platform)
            for sign in signs.looked_for() if signs else ():
                if not re.search(rf"(?<![\w/.@-]){re.escape(sign)}(?![\w/.@-])", text):
                    yield index, platform, f"{sign} is not looked for by the probes of this version"


FILE: DataFile[ProductRow] = DataFile(
    name="antivirus.products",
    title="Protection products and how they show",
    path=Path(__file__).with_name("products.yaml"),
    row=ProductRow,
    check=check_rows,
)


@dataclass(frozen=True, slots=True)
class Product:
    """One product as it looks on one platform. `silent` holds what it does not publish there, by its nature."""

    id: str
    name: str
    kind: Kind
    built_in: bool
    relocatable: bool
    ended: date | None
    silent: frozenset[str]
    paths: tuple[str, ...]
    units: tuple[str, ...]
    processes: tuple[str, ...]
    helpers: tuple[str, ...]
    extensions: tuple[str, ...]
    daemons: tuple[str, ...]
    services: tuple[str, ...] = ()
    drivers: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    registers: bool = True


def products(platform: Platform) -> tuple[Product, ...]:
    """All products known for a platform, in the order of the list. Raises DataError."""
    return _products(FILE.load().sha256, platform)


@lru_cache(maxsize=8)
def _products(_sha256: str, platform: Platform) -> tuple[Product, ...]:
    """Made once of each list; the hash tells one from another."""
    return tuple(_product(row, signs) for row in FILE.load().rows if (signs := row.on(platform)))


def data() -> list[Mapping[str, str]]:
    """What the audit document keeps of the list: each row has a source of its own, too many for one line."""
    rows = len(FILE.load().rows)
    return [{**told, "source": f"{rows} rows, each with its source"} for told in describe((FILE,))]


def _product(row: ProductRow, signs: Signs) -> Product:
    publishes = {**row.publishes, **signs.publishes}
    return Product(
        id=row.id,
        name=row.name,
        kind=row.kind,
        built_in=row.built_in,
        relocatable=row.relocatable,
        ended=row.ended,
        silent=frozenset(key for key, value in publishes.items() if value is False),
        paths=signs.paths,
        units=signs.units,
        processes=signs.processes,
        helpers=signs.helpers,
        extensions=signs.extensions,
        daemons=signs.daemons,
        services=signs.services,
        drivers=signs.drivers,
        names=signs.names,
        registers=signs.registers,
    )
