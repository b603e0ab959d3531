"""The workbook's sheets of work, history, exceptions and coverage: columns with their types, and rows (reports.md 14)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from . import exempt_words, hygiene, labels, numbers, sheets_words, tasks_words, unchecked_words, words
from .ahead import Asked, FrameworkRows
from .exempt import Exempt
from .pillars import Gone, plan_hours
from .rows import DeviceRow
from .sheets_kinds import Formula, Heading, Kind, Line, Table, Value, day, plain, utc
from .tasks import TaskRow
from .trend import Month
from .view import View

_NAMES = ", "
_YES_NO = ("Yes", "No")
# The first columns, which go to the printer; what stands beyond is for whoever works in the sheet.
_PRINTED_PLAN, _PRINTED_EXCEPTIONS, _PRINTED_COVERAGE = 14, 11, 11


def plan(view: View) -> Table:
    """Owner, due day, state and notes are to be filled in; hours may be changed, and what rests on them follows."""
    headings = (
        Heading("Order", Kind.WHOLE),
        Heading("Fix id", widest=36),
        Heading("What to do", wrap=True, widest=42),
        Heading("Part"),
        Heading("Machines", Kind.WHOLE),
        Heading("Hours", Kind.TENTH_PLAIN, not_negative=True),
        Heading("Points", Kind.HUNDREDTH),
        Heading("Points per hour", Kind.HUNDREDTH),
        Heading("Score after", Kind.TENTH_PLAIN),
        Heading("Paid by", choices=tuple(tasks_words.PAYERS.values())),
        Heading("Owner", input=True, widest=18),
        Heading("Due", Kind.DAY, input=True, after_report=True, widest=12),
        Heading("State", input=True, choices=tasks_words.STATES),
        Heading("Notes", input=True, widest=40),
        Heading("Weight"),
        Heading(labels.HOLDS),
        Heading("Declined", Kind.WHOLE),
        Heading("Hours, at least", Kind.TENTH_PLAIN),
        Heading("Hours, at most", Kind.TENTH_PLAIN),
        Heading("Holds if", wrap=True, widest=20),
    )
    table = Table(sheets_words.PLAN, "tblPlan", headings, (), 3, tuple(_totals(view)), _PRINTED_PLAN)
    rows = [_task(row, table.head + place) for place, row in enumerate(view.tasks.rows, 2)]
    return replace(table, rows=rows)


def places(view: View) -> Mapping[str, int]:
    """By id of a fix the row of the plan's sheet, counted from 0; empty where the workbook has no such sheet."""
    if not view.edition.has_sheet(sheets_words.PLAN):
        return {}
    head = Table(sheets_words.PLAN, "tblPlan", (), (), 3, tuple(_totals(view))).head
    return {row.id: head + place for place, row in enumerate(view.tasks.rows, 1)}


def _totals(view: View) -> Iterator[Line]:
    """By the names that the summary gives them."""
    tasks, contract = view.tasks, plan_hours(view.tasks, view.pillars)
    if not tasks.rows:
        return
    if tasks.hours is not None:
        yield _named(sheets_words.HOURS_NEEDED, "Hours_Needed", tasks.hours.likely)
    if contract is not None:
        yield _named(sheets_words.HOURS_PLAN, "Plan_Hours_Left", tasks.contract_hours)
        yield _named(sheets_words.HOURS_EXTRA, "Hours_Extra", contract.extra)
    if tasks.start is not None:
        yield _named(sheets_words.START_SCORE, "Start_Score", tasks.start)


def _named(label: str, name: str, value: float | None) -> Line:
    return Line(label, Formula(name, value), kind=Kind.TENTH_PLAIN)


def _task(row: TaskRow, line: int) -> tuple[Value, ...]:
    """`line`: the row of the sheet, counted from 1, that its formulas look along."""
    hours = row.hours
    run = f'Start_Score+SUMIFS(tblPlan[Points],tblPlan[Order],"<="&A{line})'
    return (
        row.number,
        row.id,
        row.title,
        row.part,
        row.machines,
        hours.likely if hours else None,
        row.points,
        None if row.points is None else Formula(f'IFERROR(G{line}/F{line},"")', row.rate),
        None if row.after is None else Formula(f"IF({run}>100,100,{run})", row.after),
        row.payer,
        "",
        None,
        tasks_words.TO_DO,
        "",
        "" if row.severity == words.DASH else row.severity,
        "Yes" if row.holds else "No",
        row.declined,
        hours.low if hours else None,
        hours.high if hours else None,
        row.note,
    )


def trend(view: View) -> Table:
    titles = {category.id: category.title for category in view.agreed.categories}
    ids = trend_parts(view)
    headings = (
        Heading("Month", Kind.DAY),
        Heading("Score", Kind.TENTH),
        Heading("Grade"),
        Heading("Answers we have", Kind.SHARE),
        *(Heading(plain(titles[id_]) or id_, Kind.TENTH_PLAIN) for id_ in ids),
        Heading("Machines", Kind.WHOLE),
        Heading("Open", Kind.WHOLE),
        Heading("Fixed", Kind.WHOLE),
        Heading("New", Kind.WHOLE),
        Heading("Came back", Kind.WHOLE),
        Heading("Audit", widest=30),
    )
    return Table(sheets_words.TREND, "tblTrend", headings, [_month(month, ids) for month in view.months], 1)


def trend_parts(view: View) -> list[str]:
    """Ids of the categories that have a column, in order: those that any month has points of."""
    return [one.id for one in view.agreed.categories if any(one.id in month.categories for month in view.months)]


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
        Heading("What", wrap=True, widest=40),
        Heading("Machines", wrap=True, widest=30),
        Heading("Count", Kind.WHOLE),
        Heading("Reason", wrap=True, widest=36),
        Heading("Agreed by", wrap=True, widest=22),
        Heading("From", Kind.DAY),
        Heading("Until", Kind.DAY),
        Heading("Days left", Kind.WHOLE),
        Heading("Cover", wrap=True, widest=30),
        Heading("Status", Kind.STATUS, choices=(*exempt_words.STATES.values(), exempt_words.UNREAD)),
        Heading("Kind", wrap=True, widest=24),
        Heading("What became of it", wrap=True, widest=40),
        Heading("Price quoted"),
        Heading("Proof (SHA-256)", widest=24),
    )
    rows = [_exception(row, line) for line, row in enumerate(view.exceptions, 2)]
    return Table(sheets_words.EXCEPTIONS, "tblExceptions", headings, rows, 1, printed=_PRINTED_EXCEPTIONS)


def _exception(row: Exempt, line: int) -> tuple[Value, ...]:
    """Days are left of what has not ended and of what has begun."""
    return (
        row.id,
        exempt_words.what(row.what),
        hygiene.text(_NAMES.join(row.names)),
        len(row.names),
        row.reason,
        row.who,
        day(row.since),
        day(row.until),
        None if row.days_left is None else Formula(f"H{line}-Report_Date", row.days_left),
        row.cover,
        row.state,
        row.kind_word,
        row.note,
        row.price,
        row.proof,
    )


def coverage(view: View) -> Table:
    headings = (
        Heading("Device id"),
        Heading("Machine"),
        Heading("Site"),
        Heading("On the list because of"),
        Heading("In scope", choices=_YES_NO),
        Heading("Checked", choices=_YES_NO),
        Heading(sheets_words.WHY_NOT, wrap=True, widest=30, listed_in=sheets_words.REASONS_NAME),
        Heading("Last good result (UTC)", Kind.MOMENT),
        Heading("Days since", Kind.WHOLE),
        Heading(unchecked_words.COLUMN_UNBLOCK, wrap=True),
        Heading(unchecked_words.COLUMN_WHO, choices=tuple(unchecked_words.WHO.values())),
        Heading("What happened", wrap=True),
        Heading("Next step", wrap=True),
        Heading("We manage it", choices=_YES_NO),
        Heading("Checks without an answer", Kind.WHOLE),
        Heading("Older answers that count", Kind.WHOLE),
    )
    rows = [*(_covered(row) for row in view.rows.devices), *(_gone(gone) for gone in view.pillars.gone)]
    return Table(sheets_words.COVERAGE, "tblCoverage", headings, rows, 2, tuple(_reconciled(view)), _PRINTED_COVERAGE)


def _reconciled(view: View) -> Iterator[Line]:
    """In scope is checked and not checked together: the machines of the check, without those that left the list."""
    total = len(view.rows.devices)
    seen = sum(row.seen for row in view.rows.devices)
    for label, name, checked, value in (
        (sheets_words.IN_SCOPE, "Coverage_In_Scope", "", total),
        (sheets_words.CHECKED, "Coverage_Checked", ',tblCoverage[Checked],"Yes"', seen),
        (sheets_words.NOT_CHECKED, "Coverage_Not_Checked", ',tblCoverage[Checked],"No"', total - seen),
    ):
        yield Line(label, Formula(f'COUNTIFS(tblCoverage[In scope],"Yes"{checked})', value), name=name)
    sum_ = f'IF(Coverage_In_Scope=Coverage_Checked+Coverage_Not_Checked,"{sheets_words.OK}","{sheets_words.DIFF}")'
    yield Line(sheets_words.ADDS_UP, Formula(sum_, sheets_words.OK), kind=Kind.STATUS)


def _covered(row: DeviceRow) -> tuple[Value, ...]:
    return (
        row.id,
        row.name,
        row.site,
        row.expected_because,
        "Yes",
        "Yes" if row.seen else "No",
        row.why_not_seen,
        utc(row.last_seen),
        row.days_since,
        row.unblock,
        row.who,
        row.failure_message,
        row.next_step,
        "Yes" if row.managed else "No",
        row.unanswered,
        len(row.carried),
    )


def _gone(gone: Gone) -> tuple[Value, ...]:
    """A machine that left the list, without an id and without answers."""
    said = sheets_words.gone(gone.reason, numbers.day(gone.on))
    return ("", gone.name, "", "", "No", "No", sheets_words.GONE, None, None, "", "", said, "", "", None, None)


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
    return Table(sheets_words.AHEAD, "tblWarnings", headings, rows, 1)


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
    return Table(sheets_words.FRAMEWORKS, "tblFrameworks", headings, list(_asked(view)), 2)


def _asked(view: View) -> Iterator[tuple[Value, ...]]:
    for found in view.frameworks:
        for row in found.rows:
            yield _row(found, row)


def _row(found: FrameworkRows, row: Asked) -> tuple[Value, ...]:
    return (found.title, row.id, row.group, row.title, row.answer, row.met, row.of, row.said, row.not_seen)
