"""The workbook: a summary, a sheet for each list, the method (reports.md 14).

Formulas stand on the sheets for reading alone, each with the view's value beside it, since viewers that do not calculate
show that. Every text cell is written as text; the same audit gives the same bytes.
"""

from __future__ import annotations

import tempfile
import textwrap
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path

from xlsxwriter.exceptions import FileCreateError, FileSizeError

from scorecard.errors import ReportError
from scorecard.reporting import Report

from . import (
    glossary,
    grades_words,
    labels,
    sheets,
    sheets_kinds,
    sheets_more,
    sheets_scorecard,
    sheets_words,
    unchecked_words,
    words,
    workbook_charts,
    workbook_rules,
    workbook_summary,
)
from . import view as views
from .cells import LINE_POINTS, NUMBERS, Book, Look, Sheet
from .sheets_kinds import Formula, Go, Kind, Table, Value, utc
from .view import View

_NARROWEST, _BUTTON, _SAMPLED_ROWS = 10, 3, 2_000
_METHOD_WIDTHS = (34, 100)
_LEFT = Look(Kind.WHOLE, left=True)


def _data_sheet(book: Book, table: Table, view: View) -> Sheet:
    titles = table.titles
    widths = _widths(table, titles)
    sheet = Sheet(book, table.sheet, widths)
    sheet.set_up(view.client, landscape=True)
    if table.above:
        _above(sheet, table)
    sheet.table(table.name, titles, table.head, table.last)
    heads = [Look(wrap=True, bold=True, right=heading.kind in NUMBERS) for heading in table.headings]
    lines = (len(textwrap.wrap(title, int(width) - _BUTTON)) for title, width in zip(titles, widths, strict=True))
    sheet.append(list(zip(titles, heads, strict=True)), height=LINE_POINTS * max(lines))
    sheet.inner.freeze_panes(table.head + 1, table.frozen)
    sheet.inner.repeat_rows(table.head)
    if table.printed:
        sheet.inner.print_area(0, 0, table.last, table.printed - 1)
    looks = [Look(heading.kind, heading.wrap, input=heading.input) for heading in table.headings]
    for row in islice(table.rows, len(table.rows) - table.cut):
        sheet.append([_cell(value, look) for value, look in zip(row, looks, strict=True)])
    workbook_rules.follow(sheet, table, view.pillars.today)
    sheet.inner.ignore_errors({"number_stored_as_text": "A1:XFD1048576", "calculated_column": "A1:XFD1048576"})
    return sheet


def _cell(value: Value, look: Look) -> tuple[Value, Look] | None:
    """Nothing is written where there is nothing: most rows of a large table have a dozen such cells."""
    return None if value in (None, "") and not look.input else (value, look)


def _above(sheet: Sheet, table: Table) -> None:
    """A link back and the lines over a table: labels in its second column, figures in the third."""
    sheet.append([None, (Go(sheets_words.BACK, sheets_words.SUMMARY), Look())])
    for line in table.above:
        row = sheet.append([None, (line.label, Look(bold=True)), (line.value, Look(line.kind))])
        if line.name:
            sheet.book.name(line.name, table.sheet, row, 2)
        if line.kind is Kind.STATUS:
            workbook_rules.words_in(sheet, (row, 2, row, 2))
    sheet.gap()


def _widths(table: Table, titles: Sequence[str]) -> list[float]:
    """From the content, within limits; the filter's button needs room beside the last word of a heading."""
    widths: list[float] = []
    for place, (title, heading) in enumerate(zip(titles, table.headings, strict=True)):
        longest = max((_length(row[place]) for row in islice(table.rows, _SAMPLED_ROWS)), default=0)
        word = max(map(len, title.split()), default=0)
        blank = heading.widest if heading.input and not heading.choices else 0
        widths.append(min(max(longest + 2, word + 4, blank, _NARROWEST), heading.widest))
    if table.above:
        widths[1] = max(widths[1], *(len(line.label) + 2 for line in table.above))
    return widths


def _length(value: Value) -> int:
    if isinstance(value, Formula):
        value = value.value
    if isinstance(value, Go):
        return len(value.text)
    if isinstance(value, float):
        return len(f"{value:,.2f}")
    return 16 if isinstance(value, datetime) else 0 if value is None else len(str(value))


def _trend_chart(sheet: Sheet, table: Table, view: View) -> None:
    parts = sheets_more.trend_parts(view)
    if view.trend.chart is not None and parts:
        workbook_charts.part_lines(sheet, (table.last + 2, 1), table, range(4, 4 + len(parts)))


def _method(book: Book, tables: Sequence[Table], view: View) -> None:
    sheet = Sheet(book, sheets_words.METHOD, _METHOD_WIDTHS)
    sheet.set_up(view.client, landscape=False)
    sheet.heading(words.TITLE_METHOD)
    sheet.append([(Go(sheets_words.BACK, sheets_words.SUMMARY), Look())])
    if view.agreed.fresh_days is not None:
        row = sheet.append([(sheets_words.FRESH, Look(bold=True)), (view.agreed.fresh_days, _LEFT)])
        book.name("Fresh_Days", sheet.title, row, 1)
    if view.agreed.bands:
        _bands(sheet, view)
    for title, lines in _texts(tables, view):
        if title and lines:
            sheet.gap()
            sheet.heading(title, size=12)
        first = sheet.next
        for label, text in lines:
            sheet.append([(label, Look(wrap=True, bold=True)), (text, Look(wrap=True))])
        if title == labels.ANSWERS_TITLE:
            workbook_rules.words_in(sheet, (first, 0, sheet.next - 1, 0))
        if title == sheets_words.REASONS:
            book.name(sheets_words.REASONS_NAME, sheet.title, first, 0, (sheet.next - 1, 0))


def _bands(sheet: Sheet, view: View) -> None:
    sheet.gap()
    sheet.heading(sheets_words.BANDS, size=12)
    first = sheet.next
    for letter, start in view.agreed.bands.items():
        sheet.append([(letter, Look(bold=True)), (start, _LEFT)])
    sheet.book.name("Grade_Bands", sheet.title, first, 0, (sheet.next - 1, 1))
    sheet.gap()


def _texts(tables: Sequence[Table], view: View) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Groups of labels with their texts."""
    method, grades = view.method, view.grades
    yield "", [(fact.label, "\n".join(fact.lines)) for fact in method.facts]
    if grades.shipped:
        yield "", [(grades_words.SHIPPED_LABEL, "\n".join((grades.shipped, *grades.differences)))]
    yield "", list(_left_out(tables, view))
    yield labels.CAPS_TITLE, [(words.not_better(cap.letter), f"{cap.message}. {cap.lift}.") for cap in method.caps]
    checks = [(check.title, words.joined(check.id, check.severity, check.parameters)) for check in method.checks]
    yield labels.CHECKS_TITLE, checks
    if view.edition.has_sheet(sheets_words.COVERAGE):
        yield sheets_words.REASONS, [*unchecked_words.reasons(), (sheets_words.GONE, words.DASH)]
    yield labels.ANSWERS_TITLE, [*glossary.LEGEND, (sheets_words.OK, sheets_words.CHECK_NOTE)]
    yield words.TITLE_WORDS, [(term, meaning) for _, term, meaning in glossary.GLOSSARY]


def _left_out(tables: Sequence[Table], view: View) -> Iterator[tuple[str, str]]:
    left_out = len(view.rows.findings) - len(sheets.listed(view))
    if left_out:
        passes = sheets_words.passes_elsewhere if view.edition.passes else sheets_words.passes_unlisted
        yield labels.LEFT_OUT, passes(left_out)
    for table in tables:
        if table.cut:
            yield sheets_words.CUT, sheets_words.cut(table.sheet, table.cut)


def _tables(view: View) -> tuple[Table, ...]:
    """Those of the edition. Frameworks and what will break only where there is something to say."""
    always = (
        sheets_scorecard.table,
        sheets.devices,
        sheets.by_check if view.edition.by_check else sheets.findings,
        sheets_more.plan,
        sheets_more.trend,
        sheets_more.exceptions,
        sheets_more.coverage,
    )
    beside = (sheets_more.ahead(view), sheets_more.frameworks(view))
    made = (*(make(view) for make in always), *(table for table in beside if table.rows))
    return tuple(table for table in made if view.edition.has_sheet(table.sheet))


def write(view: View, path: Path) -> None:
    """Write the workbook at `path`. Raises ReportError."""
    try:
        _write(view, path)
    except OSError as error:
        raise ReportError(f"{path}: the workbook cannot be written: {error.strerror or error}") from error
    except (FileCreateError, FileSizeError) as error:
        raise ReportError(f"{path}: the workbook cannot be written: {error}") from error


def _write(view: View, path: Path) -> None:
    properties = {
        "title": words.page_title(view.client, view.month),
        "author": view.provider or words.PRODUCT,
        "created": utc(view.as_of),
    }
    with tempfile.TemporaryDirectory(prefix="scorecard-") as scratch:
        book = Book(path, Path(scratch), properties, (f"{view.pillars.today:%Y-%m-%d}", view.edition.name), view.paper.size)
        try:
            _fill(book, view)
            book.close()
        except (OSError, FileCreateError, FileSizeError):
            book.discard()
            raise


def _fill(book: Book, view: View) -> None:
    tables = _tables(view)
    workbook_summary.write(book, tables, view)
    for table in tables:
        sheet = _data_sheet(book, table, view)
        if table.sheet == sheets_words.PLAN:
            workbook_rules.overdue(sheet, table)
        if table.sheet == sheets_words.TREND:
            _trend_chart(sheet, table, view)
    _method(book, tables, view)


def overflow(view: View) -> tuple[str, ...]:
    """The list of findings, where a sheet has no room for its rows or the engineer's has too many to list what passes.

    No sheet has more rows than there are findings and machines, so most workbooks need not be looked through.
    """
    is_cut = view.edition.passes and len(sheets.listed(view)) < len(view.rows.findings)
    if len(view.rows.findings) + len(view.rows.devices) + len(view.pillars.gone) > sheets_kinds.MOST_ROWS // 2:
        is_cut = is_cut or any(table.cut for table in _tables(view))
    return ("csv",) if is_cut else ()


REPORT = Report("xlsx", ".xlsx", views.build, write, overflow=overflow)
