"""What a portfolio is made of: one line an audit, a client with its lines, and who writes the pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

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


@dataclass(frozen=True, slots=True)
class Client:
    """`audits`: oldest first; none where no audit of the whole client ever finished. `folder`: of its files, in the site.

    `reports`: by audit, the files that were written of it, relative to that folder. `unreadable`: audits of which none
    could be, since this version does not read their documents.
    """

    name: str
    folder: str
    audits: tuple[Summary, ...]
    reports: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unreadable: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Site:
    """Writes the pages. `index` gets every client, `client` one; both the moment they are made and the file to write."""

    index: Callable[[Sequence[Client], datetime, Path], None]
    client: Callable[[Client, datetime, Path], None]
