"""The content of the workbook's data sheets: columns with their types, and rows of values (reports.md 14)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum

from scorecard.model import Status

from . import grades_words, hygiene, labels, moves_words, numbers, words
from .rows import DeviceRow, FindingRow, State
from .view import View

Value = str | int | float | datetime | None
ALL_FINDINGS_UP_TO = 50_000  # above it, what passes is left to the CSV file


class Kind(StrEnum):
    TEXT = "text"
    STATUS = "status"
    WHOLE = "whole"
    TENTH = "tenth"
    TENTH_PLAIN = "tenth-plain"  # without a bar behind it
    HUNDREDTH = "hundredth"
    SIGNED = "signed"
    SHARE = "share"
    DAY = "day"
    MOMENT = "moment"


@dataclass(frozen=True, slots=True)
class Heading:
    title: str
    kind: Kind = Kind.TEXT
    wrap: bool = False
    widest: int = 44  # in characters
    input: bool = False  # left for the reader to fill in
    choices: tuple[str, ...] = ()  # what may be filled in


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


def day(moment: datetime | date | None) -> datetime | None:
    """A whole day, in the client's zone: what a spreadsheet counts days by."""
    return None if moment is None else datetime.combine(date(moment.year, moment.month, moment.day), time.min)


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
        Heading("State"),
        Heading("Since", Kind.DAY),
        Heading("Days open", Kind.WHOLE),
        Heading("In order before it came back", Kind.DAY),
        Heading("Collected at (UTC)", Kind.MOMENT),
        Heading("Last answer"),
        Heading("Last answer on", Kind.DAY),
        Heading("Older answer counts since", Kind.DAY),
        Heading("Counts"),
        Heading("Exception"),
        Heading("Kind of exception", wrap=True, widest=22),
        Heading("Evidence", widest=18),
        Heading("Check id", widest=34),
    )
    return Table("Findings", "tblFindings", headings, [_finding(row, view) for row in listed(view)], 3)


def listed(view: View) -> Sequence[FindingRow]:
    """All findings, or those that are not a plain Yes where there are too many for a sheet that opens at once."""
    if len(view.rows.findings) <= ALL_FINDINGS_UP_TO:
        return view.rows.findings
    return [row for row in view.rows.findings if row.status not in (Status.PASS, Status.NOT_APPLICABLE)]


def _finding(row: FindingRow, view: View) -> tuple[Value, ...]:
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
        view.moves.states.get(row.key, ""),
        day(row.first_seen),
        row.days_open,
        day(row.came_back),
        utc(row.observed_at),
        row.last.result if row.last else "",
        day(row.last.at) if row.last else None,
        day(row.carried_from),
        "Yes" if row.graded else "No",
        row.exception,
        row.agreement,
        " ".join(hygiene.name(digest) for digest in row.observations),
        row.check,
    )


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
    return tuple(group for group in _groups(view) if group.lines)


def _groups(view: View) -> tuple[Group, ...]:
    return (
        Group("", _grade(view)),
        Group("Machines", _machines(view)),
        Group(words.PROMISE_CAPTION, _promises(view)),
        Group("Findings", tuple(Line(word, count) for word, count in view.tally.items())),
        Group(moves_words.points_title(view.moves.since), tuple(_steps(view))),
        Group(moves_words.SUM_TITLE, tuple(_terms(view))),
        Group(words.TITLE_FIX, tuple(_work(view))),
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
        *_beside(view),
    )


def _beside(view: View) -> Iterator[Line]:
    """The grades beside the letter, where they say something else."""
    grades = view.grades
    if grades.own:
        yield Line(grades_words.OWN_LABEL, grades.own_letter or labels.NOT_GRADED, grades.own)
    if grades.shipped:
        yield Line(grades_words.SHIPPED_LABEL, grades.shipped_letter, grades.shipped)


def _steps(view: View) -> Iterator[Line]:
    """What moved the points; adds up to its last line."""
    moves = view.moves
    if moves.missing:
        yield Line(moves_words.STEPS_TITLE, None, moves.missing)
        return
    for step in moves.steps:
        about = moves_words.about(step.findings, step.machines) if step.findings else ""
        yield Line(step.title, float(step.points), about, Kind.SIGNED)
    if moves.before is not None and moves.after is not None:
        yield Line(moves_words.TOGETHER, float(moves.after - moves.before), moves.together, Kind.SIGNED)
    elif moves.no_steps:
        yield Line(moves_words.STEPS_TITLE, None, moves.no_steps)


def _terms(view: View) -> Iterator[Line]:
    moves = view.moves
    for term in moves.terms:
        yield Line(moves_words.capitalised(term.text), term.count)
    if moves.terms:
        yield Line(moves_words.STILL_OPEN, moves.still_open)


def _work(view: View) -> Iterator[Line]:
    tasks = view.tasks
    if tasks.missing:
        yield Line(labels.COLUMN_HOURS, None, tasks.missing)
        return
    if tasks.hours is not None:
        yield Line("Hours needed", tasks.hours.likely, tasks.total, Kind.TENTH_PLAIN)
    if tasks.contract_hours is not None:
        yield Line("Hours in the plan each month", tasks.contract_hours, tasks.contract, Kind.TENTH_PLAIN)
    if tasks.road is not None:
        hours = tasks.road.hours.likely if tasks.road.hours else None
        yield Line(
            "Hours to the next letter", hours, " ".join((tasks.road.sentence, tasks.road.assumed)).strip(), Kind.TENTH_PLAIN
        )


def _machines(view: View) -> tuple[Line, ...]:
    counts, total = view.rows.counts, len(view.rows.devices)
    seen = sum(row.seen for row in view.rows.devices)
    return (
        Line("On the list", total),
        Line("Seen", seen),
        Line("Not seen", total - seen, "named on the sheet Coverage"),
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
