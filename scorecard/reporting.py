"""What a report format is: an Audit in, one file out. They are found by the entry points `scorecard.reports`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from scorecard.model import Observation
from scorecard.result import Audit

if TYPE_CHECKING:  # everything imports this module, and few need what these load
    from scorecard.frameworks import Framework
    from scorecard.outlook import Outlook
    from scorecard.plan.planned import Planned
    from scorecard.strips import Strips


class EditionName(StrEnum):
    """For whom a report is written. What each edition has is decided by the report modules."""

    CLIENT = "client"
    ENGINEER = "engineer"
    PROSPECT = "prospect"


@dataclass(frozen=True, slots=True)
class Moved:
    """How many findings moved between an audit and the one before it."""

    fixed: int
    new: int
    came_back: int


@dataclass(frozen=True, slots=True)
class Past:
    """An earlier audit of the same client, for the trend.

    `categories` (id to score) and `moved` are there where its document was read: of the audits next before this one.
    `unreadable`: it could not be, and nothing was compared with it.
    """

    id: str
    as_of: datetime
    score: float | None
    letter: str | None
    coverage: float
    devices: int
    open_findings: int
    categories: Mapping[str, float | None] = field(default_factory=dict)
    moved: Moved | None = None
    unreadable: bool = False


@dataclass(frozen=True, slots=True)
class ReportContext:
    """What stands beside the audit: earlier audits (oldest first), kept observations by hash, what each part asks.

    `before`: the audit of the whole client before this one, to compare with. `inflow_hours`: new work a month, None where
    there is no contract to hold it against or too few audits tell. `outlook`: what will break first. `strips`: what the
    last audits said of each check on a machine. `planned`: what is to do about this very audit; where it is None, reports
    reckon it for themselves. `with_letter`: the prospect's edition has the letter too. `redacted`: names were replaced by
    numbers, here and in the audit.
    """

    history: tuple[Past, ...] = ()
    evidence: Mapping[str, Observation] = field(default_factory=dict)  # "sha256:…" -> observation
    probes: Mapping[str, str] = field(default_factory=dict)  # "linux/patching.apt" -> the text that was sent
    before: Audit | None = None
    inflow_hours: float | None = None
    outlook: Outlook | None = None
    strips: Strips | None = None
    frameworks: tuple[Framework, ...] = ()
    planned: Planned | None = None
    edition: EditionName = EditionName.CLIENT
    with_letter: bool = False
    redacted: bool = False


def nothing_missing() -> None:
    """Of a format that needs only what the tool itself needs."""


def nothing_left(_: object) -> tuple[str, ...]:
    """Of a format that has room for everything."""
    return ()


Prepared = TypeVar("Prepared")


@dataclass(frozen=True, slots=True)
class Report(Generic[Prepared]):
    """A report format, in two steps, so that what several formats show is worked out once.

    `prepare` makes what is shown: for each edition it is called once, for all wanted formats that name the same function,
    so what it makes must not be changed. `write` puts that into a file at the path that it is given, whole; the caller
    renames it into place. Both may raise ReportError.

    `for_programs`: other programs match its rows by name, so there is one file with all names, whatever the editions.
    `whole_client`: it says what is no longer there, which an audit of a part cannot. `ready`: raises InputError, with what
    to do, where something is missing that `write` needs; asked before any machine is. `overflow`: names of the formats that
    hold what had no room in this file; they are written beside it, even if nobody asked for them.
    """

    name: str  # "html"
    suffix: str  # ".html"
    prepare: Callable[[Audit, ReportContext], Prepared]
    write: Callable[[Prepared, Path], None]
    for_programs: bool = False
    whole_client: bool = False
    ready: Callable[[], None] = nothing_missing
    overflow: Callable[[Prepared], tuple[str, ...]] = nothing_left

    def render(self, audit: Audit, context: ReportContext, path: Path) -> None:
        """Both steps, for this format alone."""
        self.write(self.prepare(audit, context), path)
