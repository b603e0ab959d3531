"""The workbook's sheets of work, history, exceptions and coverage: columns with their types, and rows (reports.md 14)."""

from __future__ import annotations

from collections.abc import Iterator

from . import exempt_words, hygiene, labels, tasks_words, words
from .ahead import Asked, FrameworkRows
from .exempt import Exempt
from .rows import DeviceRow
from .sheets import Heading, Kind, Table, Value, day, utc
from .tasks import TaskRow
from .trend import Month
from .view import View

_NAMES = ", "


def plan(view: View) -> Table:
    """Owner, due day, state and notes are for the reader to fill in."""
    headings = (
        Heading("No.", Kind.WHOLE),
        Heading("Fix id", widest=36),
        Heading("What to do", wrap=True, widest=42),
        Heading("Part"),
        Heading("Weight"),
        Heading(labels.HOLDS),
        Heading("Machines", Kind.WHOLE),
        Heading("Declined", Kind.WHOLE),
        Heading("Hours", Kind.TENTH_PLAIN),
        Heading("Hours, at least", Kind.TENTH_PLAIN),
        Heading("Hours, at most", Kind.TENTH_PLAIN),
        Heading("Points", Kind.HUNDREDTH),
        Heading("Points per hour", Kind.HUNDREDTH),
        Heading("Score after", Kind.TENTH_PLAIN),
        Heading("Paid by"),
        Heading("Holds if", wrap=True, widest=20),
        Heading("Owner", input=True),
        Heading("Due", Kind.DAY, input=True),
        Heading("State", input=True, choices=tasks_words.STATES),
        Heading("Notes", input=True, widest=40),
    )
    return Table("Remediation plan", "tblPlan", headings, [_task(row) for row in view.tasks.rows], 3)


def _task(row: TaskRow) -> tuple[Value, ...]:
    hours = row.hours
    return (
        row.number,
        row.id,
        row.title,
        row.part,
        "" if row.severity == words.DASH else row.severity,
        "Yes" if row.holds else "No",
        row.machines,
        row.declined,
        hours.likely if hours else None,
        hours.low if hours else None,
        hours.high if hours else None,
        row.points,
        row.rate,
        row.after,
        row.payer,
        row.note,
        "",
        None,
        tasks_words.TO_DO,
        "",
    )


def trend(view: View) -> Table:
    titles = {category.id: category.title for category in view.agreed.categories}
    ids = [id_ for id_ in titles if any(id_ in month.categories for month in view.months)]
    headings = (
        Heading("Month", Kind.DAY),
        Heading("Score", Kind.TENTH),
        Heading("Grade"),
        Heading("Answers we have", Kind.SHARE),
        *(Heading(titles[id_], Kind.TENTH_PLAIN) for id_ in ids),
        Heading("Machines", Kind.WHOLE),
        Heading("Open", Kind.WHOLE),
        Heading("Fixed", Kind.WHOLE),
        Heading("New", Kind.WHOLE),
        Heading("Came back", Kind.WHOLE),
        Heading("Audit", widest=30),
    )
    return Table("Trend", "tblTrend", headings, [_month(month, ids) for month in view.months], 1)


def _month(month: Month, ids: list[str]) -> tuple[Value, ...]:
    moved = month.moved
    return (
        day(month.first),
        month.score,
        month.letter,
        month.coverage,
        *(month.categories.get(id_) for id_ in ids),
        month.machines,
        month.open_findings,
        moved.fixed if moved else None,
        moved.new if moved else None,
        moved.came_back if moved else None,
        month.audit,
    )


def exceptions(view: View) -> Table:
    headings = (
        Heading("Exception id", widest=30),
        Heading("Kind", wrap=True, widest=24),
        Heading("What", wrap=True, widest=40),
        Heading("Status", Kind.STATUS),
        Heading("What became of it", wrap=True, widest=40),
        Heading("Machines", wrap=True, widest=40),
        Heading("Count", Kind.WHOLE),
        Heading("Reason", wrap=True),
        Heading("Cover", wrap=True, widest=36),
        Heading("Price quoted"),
        Heading("Agreed by", wrap=True, widest=28),
        Heading("From", Kind.DAY),
        Heading("Until", Kind.DAY),
        Heading("Days left", Kind.WHOLE),
        Heading("Proof (SHA-256)", widest=24),
    )
    return Table("Exceptions", "tblExceptions", headings, [_exception(row) for row in view.exceptions], 1)


def _exception(row: Exempt) -> tuple[Value, ...]:
    return (
        row.id,
        row.kind_word,
        exempt_words.what(row.what),
        row.state,
        row.note,
        hygiene.text(_NAMES.join(row.names)),
        len(row.names),
        row.reason,
        row.cover,
        row.price,
        row.who,
        day(row.since),
        day(row.until),
        row.days_left,
        row.proof,
    )


def coverage(view: View) -> Table:
    headings = (
        Heading("Device id"),
        Heading("Machine"),
        Heading("Site"),
        Heading("On the list because of"),
        Heading("We manage it"),
        Heading("Checked"),
        Heading("Why not", wrap=True, widest=30),
        Heading("What happened", wrap=True),
        Heading("Last checked (UTC)", Kind.MOMENT),
        Heading("Days since", Kind.WHOLE),
        Heading("Checks without an answer", Kind.WHOLE),
        Heading("Older answers that count", Kind.WHOLE),
        Heading("Next step", wrap=True),
    )
    return Table("Coverage", "tblCoverage", headings, [_covered(row) for row in view.rows.devices], 2)


def _covered(row: DeviceRow) -> tuple[Value, ...]:
    return (
        row.id,
        row.name,
        row.site,
        row.expected_because,
        "Yes" if row.managed else "No",
        "Yes" if row.seen else "No",
        row.why_not_seen,
        row.failure_message,
        utc(row.last_seen),
        row.days_since,
        row.unanswered,
        len(row.carried),
        row.next_step,
    )


def ahead(view: View) -> Table:
    headings = (
        Heading("When", Kind.DAY),
        Heading("Kind"),
        Heading("What will happen", wrap=True, widest=60),
        Heading("Machines", wrap=True, widest=40),
        Heading("Count", Kind.WHOLE),
        Heading("Range", wrap=True, widest=40),
        Heading("What it rests on", wrap=True),
    )
    rows: list[tuple[Value, ...]] = [
        (
            day(row.on),
            row.kind,
            row.sentence,
            hygiene.text(_NAMES.join(row.machines)),
            len(row.machines),
            row.range,
            row.basis,
        )
        for row in view.ahead.warnings
    ]
    return Table("Early warnings", "tblWarnings", headings, rows, 1)


def frameworks(view: View) -> Table:
    headings = (
        Heading("Framework", wrap=True, widest=34),
        Heading("Id"),
        Heading("Group"),
        Heading("Asked", wrap=True, widest=50),
        Heading("Answer", Kind.STATUS),
        Heading("Machines that do", Kind.WHOLE),
        Heading("Of", Kind.WHOLE),
        Heading("How it stands", wrap=True, widest=60),
        Heading("What a check cannot see", wrap=True, widest=50),
    )
    return Table("Frameworks", "tblFrameworks", headings, list(_asked(view)), 2)


def _asked(view: View) -> Iterator[tuple[Value, ...]]:
    for found in view.frameworks:
        for row in found.rows:
            yield _row(found, row)


def _row(found: FrameworkRows, row: Asked) -> tuple[Value, ...]:
    return (found.title, row.id, row.group, row.title, row.answer, row.met, row.of, row.said, row.not_seen)
