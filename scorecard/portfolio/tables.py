"""Every audit of the whole client, one after another, as the tables for analysts are made of them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from scorecard.document import DocumentError
from scorecard.portfolio.model import Entry, Site
from scorecard.result import Audit
from scorecard.store import Store
from scorecard.told import moved

log = logging.getLogger(__name__)


def write(store: Store, site: Site, folder: Path, clients: Iterable[tuple[str, ...]]) -> tuple[Path, ...]:
    """Write the tables of these clients into `folder`, each file whole and for its owner alone; returns the paths.

    `clients`: each with all its spellings. Holds two audits at a time. Raises ReportError.
    """
    every = tuple(clients)
    return site.tables([spellings[0] for spellings in every], _entries(store, every), folder)


def _entries(store: Store, clients: Iterable[tuple[str, ...]]) -> Iterator[Entry]:
    """Of each client the oldest first. What moved is counted from the last audit before that can be read, as in reports."""
    for spellings in clients:
        before: Audit | None = None
        for line in store.summaries(spellings):
            audit: Audit | None = None
            with suppress(DocumentError):
                audit = store.load(line.id)
            if audit is None:
                log.debug("%s: the audit %s cannot be read", spellings[0], line.id)
                yield Entry(spellings[0], line)
                continue
            yield Entry(spellings[0], line, audit, moved(before, audit))
            before = audit
