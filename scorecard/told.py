"""What the audits before one tell of it, read from the store for the reports: the audit before, trend, inflow, outlook."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from scorecard.document import DocumentError
from scorecard.errors import InputError
from scorecard.history.compare import Comparison, Ended, Opened, compare
from scorecard.outlook import Outlook, Snapshot, outlook, snapshot
from scorecard.plan.contract import inflow
from scorecard.reporting import Moved, Past
from scorecard.result import Audit
from scorecard.store import Store
from scorecard.strips import MOST, Alignment, Line, Strips, squares

log = logging.getLogger(__name__)

# So many audits before this one are read whole, and as many as have so many machines together: a year of a client of
# ordinary size; of a very large one the audit before alone, since reading takes seconds there.
_AUDITS, _MACHINES = 13, 15_000
_INFLOW_AUDITS = 6


@dataclass(frozen=True, slots=True)
class Told:
    """`history`: all earlier audits, oldest first. `strips`: None for a client's first audit."""

    history: tuple[Past, ...] = ()
    before: Audit | None = None
    inflow_hours: float | None = None
    outlook: Outlook | None = None
    strips: Strips | None = None


def told_by(audit: Audit, store: Store) -> Told:
    """Holds two audits at a time, and a few more where there is a contract: they tell together what new work came in."""
    with_inflow = audit.contract is not None and not audit.scope
    past = tuple(entry for entry in store.past(audit.client, audit.as_of) if entry.id != audit.id)
    read = _worth_reading(past)
    filled: dict[str, Past] = {}
    sights: list[Snapshot] = []
    kept: list[Audit] = []
    lines: dict[str, Line | None] = {}
    alignment = Alignment(audit)
    before: Audit | None = None
    for entry, whole in _read(read, store):
        if whole is None:
            filled[entry.id] = replace(entry, unreadable=True)
            lines[entry.id] = None
            continue
        lines[entry.id] = alignment.line(squares(whole))
        filled[entry.id] = replace(
            entry,
            categories={category.id: category.score for category in whole.scorecard.categories},
            moved=moved(before, whole),
        )
        sights += _sight(whole)
        before = whole
        kept = [*kept, whole][-_INFLOW_AUDITS:] if with_inflow else []
    return Told(
        history=tuple(filled.get(entry.id, entry) for entry in past),
        before=before,
        inflow_hours=inflow([*kept, audit]) if with_inflow else None,
        outlook=outlook([*sights, *own]) if (own := _sight(audit)) else None,
        strips=_strips(audit, past[1 - MOST :], lines, alignment, store) if past else None,
    )


def _strips(
    audit: Audit, past: tuple[Past, ...], lines: Mapping[str, Line | None], alignment: Alignment, store: Store
) -> Strips:
    """`lines`: of the audits that were read whole. Of the others the store has the letters alone, in one query."""
    letters = store.squares(entry.id for entry in past if entry.id not in lines)
    found = {**lines, **{id_: alignment.line(kept) for id_, kept in letters}}
    return Strips((*(found.get(entry.id) for entry in past), alignment.line(squares(audit))))


def moved(before: Audit | None, audit: Audit) -> Moved | None:
    """None where there is nothing to compare with."""
    if before is None:
        return None
    try:
        found: Comparison = compare(before, audit)
    except InputError:
        return None  # the two say nothing about each other; the report of the newer one said why
    return Moved(len(found.ended[Ended.FIXED]), len(found.opened[Opened.NEW]), len(found.opened[Opened.CAME_BACK]))


def _worth_reading(past: tuple[Past, ...]) -> tuple[Past, ...]:
    """The newest of them, oldest first; the one before this audit always."""
    wanted: list[Past] = []
    machines = 0
    for entry in reversed(past[-_AUDITS:]):
        machines += entry.devices
        if wanted and machines > _MACHINES:
            break
        wanted.append(entry)
    return tuple(reversed(wanted))


def _read(past: tuple[Past, ...], store: Store) -> Iterator[tuple[Past, Audit | None]]:
    """None for one that is damaged, or was kept by another version: it must not cost the report of a newer one."""
    for entry in past:
        try:
            whole = store.load(entry.id)
        except DocumentError:
            log.debug("audit %s is left out of what is compared", entry.id, exc_info=True)
            yield entry, None
        else:
            yield entry, whole


def _sight(audit: Audit) -> list[Snapshot]:
    """Nothing where this computer does not know the audit's time zone: no day can be named then."""
    try:
        return [] if audit.scope else [snapshot(audit)]
    except InputError:
        return []
