"""The content of the workbook's data sheets: columns with their types, and rows of values (reports.md 14)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from scorecard.model import Status

from . import hygiene, labels, numbers, words
from .rows import DeviceRow, FindingRow, State
from .view import View

Value = str | int | float | datetime | None
ALL_FINDINGS_UP_TO = 50_000  # above it, what passes is left to the CSV file


class Kind(StrEnum):
    TEXT = "text"
    STATUS = "status"
    WHOLE = "whole"
    TENTH = "tenth"
    SHARE = "share"
    DAY = "day"
    MOMENT = "moment"


@dataclass(frozen=True, slots=True)
class Heading:
    title: str
    kind: Kind = Kind.TEXT
    wrap: bool = False
    widest: int = 44  # in characters


@dataclass(frozen=True, slots=True)
class Table:
    """One data sheet: `frozen` key columns stay in sight."""

    sheet: str
    name: str
    headings: tuple[Heading, ...]
    rows: Sequence[tuple[Value, ...]]
    frozen: int


def utc(moment: datetime | None) -> datetime | None:
    """A spreadsheet knows no zones: UTC, as the heading says."""
    return None if moment is None else moment.astimezone(UTC).replace(tzinfo=None, microsecond=0)


def devices(view: View) -> Table:
    headings = (
        Heading("Device id"),
        Heading("Machine"),
        Heading("Site"),
        Heading("Type"),
        Heading("System", widest=30),
        Heading("Person or place"),
        Heading("Address", widest=28),
        Heading("Last checked (UTC)", Kind.MOMENT),
        Heading("Days since", Kind.WHOLE),
        *(Heading(column.title, Kind.STATUS) for column in view.rows.columns),
        Heading("All promises", Kind.STATUS),
        Heading("Checks that fall short", Kind.WHOLE),
        Heading("Checks without an answer", Kind.WHOLE),
        Heading("Points", Kind.TENTH),
        Heading("Identity"),
    )
    return Table("Devices", "tblDevices", headings, [_device(row) for row in view.rows.devices], 2)


def _device(row: DeviceRow) -> tuple[Value, ...]:
    return (
        row.id,
        row.name,
        row.site,
        row.role,
        row.system,
        row.owner,
        row.address,
        utc(row.last_seen),
        row.days_since,
        *(_state(cell.state) for cell in row.cells),
        _state(row.state),
        len(row.failing),
        len(row.with_status(Status.UNKNOWN)),
        row.score,
        words.IDENTITIES[row.identity],
    )


def _state(state: State) -> str:
    return words.NOT_APPLICABLE if state is State.NOT_APPLICABLE else words.STATES[state]


def findings(view: View) -> Table:
    headings = (
        Heading("Finding id"),
        Heading("Device id"),
        Heading("Machine"),
        Heading("Part"),
        Heading("Check", wrap=True, widest=38),
        Heading("Result", Kind.STATUS),
        Heading("Weight"),
        Heading("Expected", wrap=True, widest=34),
        Heading("Observed", wrap=True, widest=48),
        Heading("Since", Kind.DAY),
        Heading("Days open", Kind.WHOLE),
        Heading("Collected at (UTC)", Kind.MOMENT),
        Heading("Counts"),
        Heading("Exception"),
        Heading("Evidence", widest=18),
        Heading("Check id", widest=34),
    )
    return Table("Findings", "tblFindings", headings, [_finding(row) for row in listed(view)], 3)


def listed(view: View) -> Sequence[FindingRow]:
    """All findings, or those that are not a plain Yes where there are too many for a sheet that opens at once."""
    if len(view.rows.findings) <= ALL_FINDINGS_UP_TO:
        return view.rows.findings
    return [row for row in view.rows.findings if row.status not in (Status.PASS, Status.NOT_APPLICABLE)]


def _finding(row: FindingRow) -> tuple[Value, ...]:
    return (
        row.id,
        row.device_id,
        row.device,
        row.category,
        row.title,
        words.STATES[State.EXCUSED] if row.excused else row.result,
        words.SEVERITIES[row.severity],
        row.expected,
        row.reason if row.status in (Status.UNKNOWN, Status.NOT_APPLICABLE) and row.reason else row.measured,
        utc(row.first_seen),
        row.days_open,
        utc(row.observed_at),
        "Yes" if row.graded else "No",
        row.exception,
        " ".join(hygiene.name(digest) for digest in row.observations),
        row.check,
    )


def not_seen(view: View) -> Table:
    headings = (
        Heading("Device id"),
        Heading("Machine"),
        Heading("Site"),
        Heading("Why not"),
        Heading("What happened", wrap=True),
        Heading("Last checked (UTC)", Kind.MOMENT),
        Heading("Next step", wrap=True),
    )
    rows = [
        (row.id, row.name, row.site, row.why_not_seen, row.failure_message, utc(row.last_seen), row.next_step)
        for row in view.method.unseen
    ]
    return Table("Not seen", "tblNotSeen", headings, rows, 2)


@dataclass(frozen=True, slots=True)
class Line:
    label: str
    value: Value
    remark: str = ""
    kind: Kind = Kind.WHOLE


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    lines: tuple[Line, ...]


def summary(view: View) -> tuple[Group, ...]:
    """The figures of the first sheet."""
    return (
        Group("", _grade(view)),
        Group("Machines", _machines(view)),
        Group(words.PROMISE_CAPTION, _promises(view)),
        Group("Findings", tuple(Line(word, count) for word, count in view.tally.items())),
        Group(
            words.TITLE_PARTS,
            tuple(
                Line(title, words.DASH, words.no_machine_applies())
                if score is None
                else Line(title, score, words.answered(numbers.share(coverage)), Kind.TENTH)
                for title, score, coverage in view.categories
            ),
        ),
    )


def _grade(view: View) -> tuple[Line, ...]:
    standing = view.standing
    why = standing.not_graded or " ".join(filter(None, (standing.held, "; ".join(cap.message for cap in standing.caps))))
    return (
        Line("Grade", standing.letter or labels.NOT_GRADED, why),
        Line("Points", view.score if standing.graded else None, "of 100, before rounding", Kind.TENTH),
        Line(labels.COLUMN_COVERAGE, view.coverage, "the share of the answers that count", Kind.SHARE),
    )


def _machines(view: View) -> tuple[Line, ...]:
    counts, total = view.rows.counts, len(view.rows.devices)
    seen = sum(row.seen for row in view.rows.devices)
    return (
        Line("On the list", total),
        Line("Seen", seen),
        Line("Not seen", total - seen, "named on the sheet Not seen"),
        Line("Meet every promise", counts[State.YES]),
        Line("Fall short", counts[State.NO]),
        Line("Not checked", counts[State.NOT_CHECKED], "at least one promise has no answer, and none is broken"),
        Line("Excused", counts[State.EXCUSED]),
    )


def _promises(view: View) -> tuple[Line, ...]:
    lines = []
    for promise in view.standing.promises:
        why = "".join(piece if isinstance(piece, str) else piece.text for piece in promise.why)
        count = f"{promise.met:,} {words.of_do(promise.of, promise.met)}. " if promise.of else ""
        lines.append(Line(promise.title, promise.word, count + why, Kind.TEXT))
    return tuple(lines)
