"""The list of protection products (products.yaml): what identifies each, and what it lets one read.

Raises DataError, naming file and row, for a list that cannot be used; that is a fault of ours, found when the list is
first read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from scorecard.errors import DataError
from scorecard.model import Platform

FILE = Path(__file__).with_name("products.yaml")
_KEYS = {"id", "name", "kind", "publishes", "ended", "relocatable", "built-in", "linux", "macos", "source", "as_of"}
_SIGNS = {"paths", "units", "processes", "helpers", "extensions", "daemons", "publishes"}
_PUBLISHED = {"definitions", "tamper", "last-scan"}


class Kind(StrEnum):
    ANTIVIRUS = "antivirus"
    SCANNER = "scanner"  # looks only when started
    MONITOR = "monitor"  # watches and reports
    EDR = "edr"  # finds attackers; the engine that stops malware is another


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


@cache
def products(platform: Platform) -> tuple[Product, ...]:
    """All products known for a platform, in the order of the list."""
    return tuple(_product(row, row[platform]) for row in _rows() if platform in row)


@cache
def product(platform: Platform, id: str) -> Product:
    for found in products(platform):
        if found.id == id:
            return found
    raise DataError(f"{FILE.name}: there is no row {id} for {platform}")


def data() -> Iterator[Mapping[str, str]]:
    """For `scorecard data status`: the list as a whole, with the newest date of its rows."""
    rows = _rows()
    newest = max(row["as_of"] for row in rows)
    yield {"name": "antivirus products", "source": f"{len(rows)} rows, each with its source", "as_of": newest.isoformat()}


@cache
def _rows() -> tuple[Mapping[str, Any], ...]:
    content = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    rows = content.get("products") if isinstance(content, dict) else None
    if not isinstance(rows, list):
        raise DataError(f"{FILE.name}: expected a list under 'products'")
    seen: set[str] = set()
    for number, row in enumerate(rows, 1):
        _verify(row, f"{FILE.name}: row {number}")
        if row["id"] in seen:
            raise DataError(f"{FILE.name}: row {number}: {row['id']} is listed twice")
        seen.add(row["id"])
    return tuple(rows)


def _verify(row: Any, where: str) -> None:
    if not isinstance(row, dict) or set(row) - _KEYS:
        raise DataError(f"{where}: expected a mapping with some of {', '.join(sorted(_KEYS))}")
    for key in ("id", "name", "kind", "source"):
        if not isinstance(row.get(key), str) or not row[key]:
            raise DataError(f"{where}: {key} is missing")
    if row["kind"] not in list(Kind):
        raise DataError(f"{where}: kind {row['kind']!r}: expected {', '.join(Kind)}")
    if not isinstance(row.get("as_of"), date) or not isinstance(row.get("ended", row["as_of"]), date):
        raise DataError(f"{where}: as_of and ended are dates such as 2026-08-22")
    _verify_published(row.get("publishes", {}), where)
    for platform in ("linux", "macos"):
        signs = row.get(platform, {})
        if not isinstance(signs, dict) or set(signs) - _SIGNS:
            raise DataError(f"{where}: {platform}: expected a mapping with some of {', '.join(sorted(_SIGNS))}")
        _verify_published(signs.get("publishes", {}), where)


def _verify_published(values: Any, where: str) -> None:
    if not isinstance(values, dict) or set(values) - _PUBLISHED or not all(isinstance(v, bool) for v in values.values()):
        raise DataError(f"{where}: publishes: expected true or false for {', '.join(sorted(_PUBLISHED))}")


def _product(row: Mapping[str, Any], signs: Mapping[str, Any]) -> Product:
    publishes = {**row.get("publishes", {}), **signs.get("publishes", {})}
    return Product(
        id=row["id"],
        name=row["name"],
        kind=Kind(row["kind"]),
        built_in=bool(row.get("built-in")),
        relocatable=bool(row.get("relocatable")),
        ended=row.get("ended"),
        silent=frozenset(key for key, value in publishes.items() if value is False),
        paths=tuple(signs.get("paths", ())),
        units=tuple(signs.get("units", ())),
        processes=tuple(signs.get("processes", ())),
        helpers=tuple(signs.get("helpers", ())),
        extensions=tuple(signs.get("extensions", ())),
        daemons=tuple(signs.get("daemons", ())),
    )
