"""Machines about which nothing needs a word: to the client a row each instead of a box each (reports.md 2.8 and 13)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scorecard.model import Status

from . import labels, list_words, numbers, words
from .rows import DeviceRow

# What only the engineer's edition shows of a machine, beside its address: keys of its facts (reports.md 13).
FOR_ENGINEERS = frozenset({"serial", "user"})


@dataclass(frozen=True, slots=True)
class QuietRow:
    """`cells` in the order of the heads that follow the machine's name, without the last one."""

    id: str
    name: str
    cells: tuple[str, ...]
    passing: str


@dataclass(frozen=True, slots=True)
class Quiet:
    heads: tuple[str, ...] = ()
    rows: tuple[QuietRow, ...] = ()


def facts(device: DeviceRow) -> tuple[tuple[str, str], ...]:
    """Of a machine, for the client's edition."""
    return tuple((key, value) for key, value in device.facts if key not in FOR_ENGINEERS)


def build(devices: Iterable[DeviceRow]) -> Quiet:
    """Of those of them that are as agreed in everything, in the same order. Columns that nobody fills are left out."""
    listed = tuple(device for device in devices if device.quiet)
    if not listed:
        return Quiet()
    keys = tuple(dict.fromkeys(key for device in listed for key, _ in facts(device)))
    heads = (list_words.WHAT_IT_IS, labels.OWNER, *map(words.fact_label, keys), labels.LAST_CHECKED)
    told = [_cells(device, keys) for device in listed]
    filled = [place for place, _ in enumerate(heads) if any(cells[place] for cells in told)]
    return Quiet(
        heads=(labels.COLUMN_MACHINE, *(heads[place] for place in filled), list_words.AS_AGREED),
        rows=tuple(
            QuietRow(device.id, device.name, tuple(cells[place] or words.DASH for place in filled), _passing(device))
            for device, cells in zip(listed, told, strict=True)
        ),
    )


def _cells(device: DeviceRow, keys: Sequence[str]) -> tuple[str, ...]:
    known = dict(facts(device))
    return (
        words.listing(device.role, device.system, device.site),
        device.owner,
        *(known.get(key, "") for key in keys),
        numbers.stamp(device.last_seen) if device.last_seen else "",
    )


def _passing(device: DeviceRow) -> str:
    return words.passing(len(device.with_status(Status.PASS)), len(device.with_status(Status.NOT_APPLICABLE)))
