"""What holds for a check on all machines, told once instead of with each machine (reports.md 2.8 and 11).

How it is put right, and what was found where it is as agreed: most machines answer alike, so each different text stands
here once with the machines that gave it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from scorecard.model import Status

from . import list_words
from .agreed import Agreed
from .rows import DeviceRow, FindingRow

_MOST_LISTED = 20  # texts of a check; where each machine has one of its own, such as its name, they stand with the machines
_MOST_NAMED = 8  # of more machines that answer alike, their number says enough
NOT_LISTED = -1
_GOOD = (Status.PASS, Status.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class Found:
    """One text that was found where a check is as agreed or cannot apply. `names` is empty where they are only counted."""

    id: str
    text: str
    names: tuple[str, ...]
    machines: int


@dataclass(frozen=True, slots=True)
class CheckPage:
    """`fix` and `effort` are empty where nothing falls short."""

    id: str
    check: str
    title: str
    why: str
    fix: tuple[str, ...]
    effort: str
    short: int  # machines that fall short
    found: tuple[Found, ...]
    others: int  # machines where it is as agreed, but whose text is not among those


@dataclass(frozen=True, slots=True)
class ByCheck:
    """Pages in the order of the checks' ids."""

    pages: tuple[CheckPage, ...] = ()
    of: Mapping[str, CheckPage] = field(default_factory=dict)  # by check
    # Device id -> places among what was found, one for each check that is as agreed or cannot apply there, in order; or
    # NOT_LISTED.
    passing: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(slots=True)
class _Gathered:
    short: int = 0
    excused: bool = False
    good: dict[str, list[DeviceRow]] = field(default_factory=dict)


def build(devices: Iterable[DeviceRow], agreed: Agreed, *, large: bool) -> ByCheck:
    """In a large fleet what was found where it is as agreed is left to the CSV file."""
    gathered: dict[str, _Gathered] = {}
    for device in devices:
        for finding in device.findings:
            of_check = gathered.setdefault(finding.check, _Gathered())
            of_check.short += finding.falls_short
            of_check.excused = of_check.excused or finding.excused
            if finding.status in _GOOD and not large:
                of_check.good.setdefault(_text(finding), []).append(device)
    pages: list[CheckPage] = []
    passing: dict[str, list[int]] = {}
    for place, (check, of_check) in enumerate(sorted(gathered.items()), 1):
        id_ = f"c{place:03d}"
        pages.append(_page(id_, check, of_check, _found(id_, of_check, passing), agreed))
    by_device = {device: tuple(places) for device, places in passing.items()}
    return ByCheck(tuple(pages), {page.check: page for page in pages}, by_device)


def _page(id_: str, check: str, of_check: _Gathered, found: tuple[Found, ...], agreed: Agreed) -> CheckPage:
    info = agreed.check(check)
    to_fix = of_check.short > 0 or of_check.excused
    return CheckPage(
        id=id_,
        check=check,
        title=info.title,
        why=info.why,
        fix=info.fix if to_fix else (),
        effort=list_words.effort(info.each_min, info.once_min) if to_fix else "",
        short=of_check.short,
        found=found,
        others=sum(map(len, of_check.good.values())) - sum(text.machines for text in found),
    )


def _found(page: str, of_check: _Gathered, passing: dict[str, list[int]]) -> tuple[Found, ...]:
    """Most common first. Notes in `passing` which of them each machine has, or that its own is not listed."""
    ranked = sorted(of_check.good.items(), key=lambda item: (-len(item[1]), item[0]))
    found: list[Found] = []
    for place, (text, machines) in enumerate(ranked):
        for device in machines:
            passing.setdefault(device.id, []).append(place if place < _MOST_LISTED else NOT_LISTED)
        if place >= _MOST_LISTED:
            continue
        named = machines if len(machines) <= _MOST_NAMED else ()
        names = tuple(sorted((device.name for device in named), key=str.casefold))
        found.append(Found(f"{page}-{place}", text, names, len(machines)))
    return tuple(found)


def _text(finding: FindingRow) -> str:
    if finding.status is Status.NOT_APPLICABLE:
        return list_words.cannot_apply(finding.reason or finding.measured)
    return finding.measured
