"""Tidy tables for analysts, as CSV: every audit, its parts and its promises in rows; and scores with a row a month.

UTF-8 with a byte order mark, as Excel wants it; days are ISO 8601 in the client's calendar; an empty field is not known.
Text that a spreadsheet might take for a formula has an apostrophe in front (reports.md 12.4). No machine is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

import pandas as pd

from scorecard.errors import InputError
from scorecard.folders import write_whole
from scorecard.plan.tasks import plan
from scorecard.portfolio.model import Entry
from scorecard.result import Audit

from . import agreed, hygiene, numbers, row_builder, words
from .rows import State

_DIGITS = 4
_TEXT, _DAY, _COUNT, _NUMBER, _YES_NO = "string", "datetime64[s]", "Int64", "Float64", "boolean"
_AUDIT = {"client": _TEXT, "audit": _TEXT, "day": _DAY}

# Columns in their order, with what they hold; docs/portfolio.md describes each.
AUDITS: Mapping[str, str] = {
    **_AUDIT,
    "letter": _TEXT,
    "provisional": _YES_NO,
    "score": _NUMBER,
    "coverage": _NUMBER,
    "machines": _COUNT,
    "not_seen": _COUNT,
    "meet": _COUNT,
    "excused": _COUNT,
    "short": _COUNT,
    "not_checked": _COUNT,
    "open": _COUNT,
    "overdue": _COUNT,
    "fixed": _COUNT,
    "new": _COUNT,
    "came_back": _COUNT,
    "tasks": _COUNT,
    "tasks_estimated": _COUNT,
    "hours_low": _NUMBER,
    "hours_likely": _NUMBER,
    "hours_high": _NUMBER,
    "stopped_early": _YES_NO,
    "made_up": _YES_NO,
}
PARTS: Mapping[str, str] = {
    **_AUDIT,
    "part": _TEXT,
    "title": _TEXT,
    "points": _NUMBER,
    "coverage": _NUMBER,
    "weight": _NUMBER,
}
PROMISES: Mapping[str, str] = {
    **_AUDIT,
    "promise": _TEXT,
    "title": _TEXT,
    "answer": _TEXT,
    "of": _COUNT,
    "met": _COUNT,
    "short": _COUNT,
    "not_checked": _COUNT,
    "excused": _COUNT,
}
_STATES = {"meet": State.YES, "excused": State.EXCUSED, "short": State.NO, "not_checked": State.NOT_CHECKED}

_Row = dict[str, object]


def write(clients: Sequence[str], entries: Iterable[Entry], folder: Path) -> tuple[Path, ...]:
    """Write audits.csv, parts.csv, promises.csv and months.csv into `folder`. Raises ReportError.

    `entries`: of each client the oldest first. `clients`: all there are, those without an audit too.
    """
    audits: list[_Row] = []
    parts: list[_Row] = []
    promises: list[_Row] = []
    shown = {client: hygiene.name(client) for client in clients}
    for entry in entries:
        told = _told(entry)
        shown[entry.client] = str(told["client"])
        audits.append({**told, **_audit(entry), "key": entry.client})
        if entry.audit is not None:
            parts += ({**told, **part} for part in _parts(entry.audit))
            promises += ({**told, **promise} for promise in _promises(entry.audit))
    every = _frame(audits, {**AUDITS, "key": _TEXT})
    tables = {
        "audits.csv": every.drop(columns="key"),
        "parts.csv": _frame(parts, PARTS),
        "promises.csv": _frame(promises, PROMISES),
        "months.csv": _months(every, shown),
    }
    for name, table in tables.items():
        write_whole(folder / name, partial(_save, table))
    return tuple(folder / name for name in tables)


def _told(entry: Entry) -> _Row:
    line = entry.summary
    here = line.as_of.astimezone(numbers.zone(line.time_zone or "UTC"))
    return {
        "client": hygiene.name(words.client_name(entry.client, made_up=bool(line.made_up))),
        "audit": line.id,
        "day": datetime(here.year, here.month, here.day),  # noqa: DTZ001 - a day of the client's calendar, not a moment
    }


def _audit(entry: Entry) -> _Row:
    line, moved = entry.summary, entry.moved
    return {
        "letter": line.letter,
        "provisional": line.provisional,
        "score": line.score,
        "coverage": line.coverage,
        "machines": line.devices,
        "not_seen": line.unseen,
        "open": line.open_findings,
        "overdue": line.overdue,
        "fixed": moved.fixed if moved else None,
        "new": moved.new if moved else None,
        "came_back": moved.came_back if moved else None,
        "stopped_early": line.interrupted,
        "made_up": line.made_up,
        **({**_states(entry.audit), **_work(entry.audit)} if entry.audit else {}),
    }


def _states(audit: Audit) -> _Row:
    """Machines by state as on the page; together they are all."""
    counts = row_builder.build(audit, agreed.read(audit), numbers.zone(audit.time_zone)).counts
    return {name: counts[state] for name, state in _STATES.items()}


def _work(audit: Audit) -> _Row:
    """The hours of the plan; nothing where it cannot be made, and no hours where nobody estimated any of it."""
    try:
        found = plan(audit)
    except InputError:
        return {}
    known: _Row = {"tasks": len(found.tasks), "tasks_estimated": found.estimated}
    if found.tasks and not found.estimated:
        return known
    hours = found.hours
    return {**known, "hours_low": hours.low, "hours_likely": hours.likely, "hours_high": hours.high}


def _parts(audit: Audit) -> Iterator[_Row]:
    for part in audit.scorecard.categories:
        yield {
            "part": part.id,
            "title": part.title,
            "points": part.score,
            "coverage": part.coverage,
            "weight": part.weight,
        }


def _promises(audit: Audit) -> Iterator[_Row]:
    for promise in audit.scorecard.promises:
        yield {
            "promise": promise.id,
            "title": promise.title,
            "answer": promise.answer.value,
            "of": promise.of,
            "met": promise.met,
            "short": len(promise.endpoints),
            "not_checked": len(promise.unknown),
            "excused": len(promise.excused),
        }


def _frame(found: Sequence[_Row], columns: Mapping[str, str]) -> pd.DataFrame:
    return pd.DataFrame(found, columns=list(columns)).astype(dict(columns))


def _months(audits: pd.DataFrame, shown: Mapping[str, str]) -> pd.DataFrame:
    """Scores, a row a month and a column a client: of the month's last audit. A month without a grade stays empty.

    Clients are told apart by what the store calls them: two may look alike once they are cleaned.
    """
    if audits.empty:
        return pd.DataFrame({"month": pd.Series([], dtype=_DAY), **{name: [] for name in shown.values()}})
    monthly = audits.assign(month=audits["day"].dt.to_period("M").dt.to_timestamp())
    monthly["score"] = monthly["score"].where(monthly["letter"].notna())
    wide = monthly.drop_duplicates(["key", "month"], keep="last").pivot(index="month", columns="key", values="score")
    every = pd.date_range(wide.index.min(), wide.index.max(), freq="MS", name="month")
    ordered = sorted(shown, key=lambda client: (shown[client].casefold(), client))
    table = wide.reindex(index=every, columns=ordered)
    table.columns = pd.Index([shown[client] for client in ordered])
    return table.reset_index()


def _save(table: pd.DataFrame, path: Path) -> None:
    """Every text and every heading is guarded; numbers are rounded to four digits."""
    guarded = table.rename(columns=hygiene.csv_cell)
    for place, kind in enumerate(guarded.dtypes):
        column = guarded.iloc[:, place]
        if kind == _TEXT:
            guarded.isetitem(place, column.map(_cell, na_action="ignore").array)
        elif kind == _NUMBER:
            guarded.isetitem(place, column.round(_DIGITS).array)
    guarded.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n", date_format="%Y-%m-%d")


def _cell(text: str) -> str:
    return hygiene.csv_cell(hygiene.line(text))
