"""What a portfolio is made of: one line an audit, a client with its lines, and who writes the pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from scorecard.model import Severity
from scorecard.reporting import Moved
from scorecard.result import Audit, Preferences, Promise, Provider

OVERDUE_DAYS = 30  # open for longer, with no exception agreed
LATE_DAYS = 35  # since the newest audit: a month, and some days of grace


@dataclass(frozen=True, slots=True)
class Summary:
    """One finished audit of a whole client.

    `unseen`: machines that gave no answer. `overdue`: open findings without an exception, older than OVERDUE_DAYS on the
    audit's day. From `unseen` on all are None for an audit that was made before the store kept them.
    """

    id: str
    as_of: datetime
    score: float | None
    letter: str | None
    coverage: float
    devices: int
    open_findings: int
    interrupted: bool
    unseen: int | None = None
    overdue: int | None = None
    provisional: bool | None = None
    made_up: bool | None = None
    time_zone: str | None = None

    @property
    def points(self) -> float | None:
        """The score where there is a grade: of one that was not graded it says how little was seen, not how things are."""
        return None if self.letter is None else self.score


@dataclass(frozen=True, slots=True)
class Overdue:
    """The overdue findings of one check, one a machine. `since`: since when the oldest has been open."""

    check: str
    task: str  # what there is to do, verb first
    severity: Severity
    since: datetime
    machines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ending:
    """A system whose support ends. `on`: the last day that is certainly supported; None where nobody says.

    `over`: the audit found it ended.
    """

    system: str
    on: date | None
    over: bool
    machines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Newest:
    """What the newest audit's own document tells. `agreed_until`: the last day of each exception that was valid then.

    `promises`: as its scorecard answers them.
    """

    provider: Provider = field(default_factory=Provider)
    preferences: Preferences = field(default_factory=Preferences)
    overdue: tuple[Overdue, ...] = ()
    endings: tuple[Ending, ...] = ()
    agreed_until: tuple[date, ...] = ()
    promises: tuple[Promise, ...] = ()


@dataclass(frozen=True, slots=True)
class Client:
    """`audits`: oldest first; none where no audit of the whole client ever finished. `folder`: of its files, in the site.

    `reports`: by audit, the files that were written of it, relative to that folder. `unreadable`: audits of which none
    could be, since this version does not read their documents. `newest` is None where that holds of the newest one, and
    without an audit.
    """

    name: str
    folder: str
    audits: tuple[Summary, ...]
    reports: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unreadable: frozenset[str] = frozenset()
    newest: Newest | None = None


@dataclass(frozen=True, slots=True)
class Imprint:
    """What stands on every page. `now`: ages are counted to it. `tables`: files for analysts, from the first page on.

    `preferences`: how days are written, and for which paper.
    """

    now: datetime
    provider: Provider = field(default_factory=Provider)
    preferences: Preferences = field(default_factory=Preferences)
    tables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One audit for the tables. `audit`: None where its document cannot be read; `moved`: where nothing is before it."""

    client: str
    summary: Summary
    audit: Audit | None = None
    moved: Moved | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """Writes the pages: `index` gets every client, `client` one; both what stands on each page, and the file to write.

    `tables` gets the names of the clients, their audits (the oldest of each first) and the folder; it returns the paths.
    """

    index: Callable[[Sequence[Client], Imprint, Path], None]
    client: Callable[[Client, Imprint, Path], None]
    tables: Callable[[Sequence[str], Iterable[Entry], Path], tuple[Path, ...]]
