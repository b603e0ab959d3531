"""Tickets as files: CSV for a ticket system's import (reports.md 12.4), JSON with every machine for programs.

Both print the same tickets. The CSV file is UTF-8 with a byte order mark, as that of findings is; times are ISO 8601, UTC.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from scorecard.errors import ReportError
from scorecard.model import Json
from scorecard.reporting import Report, ReportContext
from scorecard.result import Audit
from scorecard.rounding import as_shown

from . import hygiene, tickets, words
from .tickets import Ticket

FORMAT, VERSION = "it-partner-scorecard-tickets", 1
COLUMNS = (
    *("id", "state", "resolution", "title", "body", "client", "site", "owner", "task", "check", "priority", "severity"),
    *("machines", "machine_count", "hours_low", "hours_likely", "hours_high", "points", "note", "first_seen"),
    *("due", "audit", "checked_at"),
)
_BETWEEN = "; "
_Value = str | int | float


@dataclass(frozen=True, slots=True)
class Batch:
    """The tickets with what both files say of their audit. Texts are clean (hygiene.py)."""

    client: str
    made_up: bool
    audit: str
    checked_at: datetime
    audit_before: str | None
    audits_not_read: tuple[str, ...]
    tool_version: str
    tickets: tuple[Ticket, ...]


def prepare(audit: Audit, context: ReportContext) -> Batch:
    """Raises ReportError and InputError, as tickets.build does."""
    return Batch(
        client=hygiene.name(words.client_name(audit.client, made_up=audit.made_up)),
        made_up=audit.made_up,
        audit=hygiene.name(audit.id),
        checked_at=audit.as_of,
        audit_before=hygiene.name(context.before.id) if context.before else None,
        audits_not_read=tuple(_not_read(context)),
        tool_version=hygiene.name(audit.tool_version),
        tickets=tickets.build(audit, context),
    )


def write_csv(batch: Batch, path: Path) -> None:
    """Write the file at `path`. Raises ReportError."""

    def fill(file: TextIO) -> None:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(_record(ticket, batch) for ticket in batch.tickets)

    _write(path, fill, encoding="utf-8-sig", newline="")


def write_json(batch: Batch, path: Path) -> None:
    """Write the file at `path`. Raises ReportError."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "client": batch.client,
        "made_up": batch.made_up,
        "audit": batch.audit,
        "checked_at": _time(batch.checked_at),
        "audit_before": batch.audit_before,
        "audits_not_read": [*batch.audits_not_read],
        "tool_version": batch.tool_version,
        "tickets": [_object(ticket) for ticket in batch.tickets],
    }
    _write(path, lambda file: json.dump(document, file, ensure_ascii=False, indent=1), encoding="utf-8", newline="\n")


def _write(path: Path, fill: Callable[[TextIO], None], *, encoding: str, newline: str) -> None:
    try:
        with path.open("w", encoding=encoding, newline=newline) as file:
            fill(file)
    except OSError as error:
        raise ReportError(f"{path}: the tickets cannot be written: {error.strerror or error}") from error


def _record(ticket: Ticket, batch: Batch) -> Iterator[_Value]:
    """A row; text is guarded against being read as a formula."""
    names = [one.name for one in ticket.machines] or [one.name for one in ticket.gone]
    spent = ticket.hours
    values: tuple[_Value, ...] = (
        ticket.id,
        ticket.state.value,
        ticket.resolution.value if ticket.resolution else "",
        ticket.title,
        ticket.body,
        batch.client,
        ticket.site,
        ticket.owner.value,
        ticket.task,
        ticket.check,
        ticket.priority,
        ticket.severity,
        _BETWEEN.join(names),
        len(names),
        *(("", "", "") if spent is None else (_hundredth(spent.low), _hundredth(spent.likely), _hundredth(spent.high))),
        "" if ticket.points is None else _hundredth(ticket.points),
        ticket.note,
        _time(ticket.first_seen) or "",
        ticket.due.isoformat() if ticket.due else "",
        batch.audit,
        _time(batch.checked_at) or "",
    )
    return (hygiene.csv_cell(value) if isinstance(value, str) else value for value in values)


def _object(ticket: Ticket) -> dict[str, Json]:
    spent = ticket.hours
    return {
        "id": ticket.id,
        "state": ticket.state.value,
        "resolution": ticket.resolution.value if ticket.resolution else None,
        "title": ticket.title,
        "body": ticket.body,
        "site": ticket.site,
        "owner": ticket.owner.value,
        "task": ticket.task,
        "check": ticket.check or None,
        "priority": ticket.priority,
        "severity": ticket.severity or None,
        "machines": [
            {"name": one.name, "found": one.found, "since": _time(one.since), "seen": one.seen} for one in ticket.machines
        ],
        "no_longer_in_it": [{"name": one.name, "why": one.why.value, "ticket": one.to or None} for one in ticket.gone],
        "hours": None
        if spent is None
        else {"low": _hundredth(spent.low), "likely": _hundredth(spent.likely), "high": _hundredth(spent.high)},
        "points": None if ticket.points is None else _hundredth(ticket.points),
        "note": ticket.note,
        "first_seen": _time(ticket.first_seen),
        "due": ticket.due.isoformat() if ticket.due else None,
    }


def _not_read(context: ReportContext) -> Iterator[str]:
    """Audits since the one before that could not be read: what was opened by them alone is not closed here."""
    for past in reversed(context.history):
        if context.before is not None and past.id == context.before.id:
            return
        if past.unreadable:
            yield hygiene.name(past.id)


def _hundredth(value: float) -> float:
    return float(as_shown(value, 2))


def _time(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


CSV = Report("tickets", "_tickets.csv", prepare, write_csv, for_programs=True, whole_client=True)
JSON = Report("tickets-json", "_tickets.json", prepare, write_json, for_programs=True, whole_client=True)
