"""The one view of an audit that feeds the page, the workbook and the CSV file: all of them print the same values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from scorecard.model import Status
from scorecard.reporting import ReportContext
from scorecard.result import Audit

from . import agreed as agreed_
from . import (
    ahead,
    editions,
    evidence,
    exempt,
    grades,
    hygiene,
    method,
    moves,
    numbers,
    rows,
    standing,
    tasks,
    trend,
    words,
    work,
)
from .agreed import Agreed
from .ahead import Ahead, FrameworkRows
from .editions import Edition
from .evidence import Evidence
from .exempt import Exempt
from .grades import Grades
from .method import Method
from .moves import Moves
from .rows import DeviceRow, Rows
from .standing import Standing
from .tasks import Tasks
from .trend import Month, Trend
from .work import Work

ROWS_ON_PAGE = 500


@dataclass(frozen=True, slots=True)
class View:
    """Every text in it is clean (hygiene.py); times are in the client's zone."""

    edition: Edition
    client: str
    provider: str
    contact: str
    month: str
    day: str
    stamp: str
    as_of: datetime
    id: str
    tool_version: str
    made_up: str  # what a demonstration's page says of itself; empty for a real client
    notices: tuple[str, ...]
    agreed: Agreed
    rows: Rows
    standing: Standing
    grades: Grades
    trend: Trend
    moves: Moves
    work: Work
    tasks: Tasks
    ahead: Ahead
    frameworks: tuple[FrameworkRows, ...]
    exceptions: tuple[Exempt, ...]
    months: tuple[Month, ...]
    evidence: Evidence
    method: Method
    score: float | None
    coverage: float
    categories: tuple[tuple[str, float | None, float], ...]  # title, points, share of answers
    sites: tuple[str, ...]
    systems: tuple[str, ...]

    def shows(self, section: str) -> bool:
        """Whether this edition's page has the section."""
        return self.edition.shows(section)

    @property
    def on_page(self) -> tuple[DeviceRow, ...]:
        """The machines that the page lists: all, or the worst of a large fleet."""
        return self.rows.devices[:ROWS_ON_PAGE]

    @property
    def tally(self) -> dict[str, int]:
        """Findings by result word, every word present."""
        counted = dict.fromkeys(words.RESULTS.values(), 0)
        for row in self.rows.findings:
            counted[row.result] += 1
        return counted

    @property
    def silent_findings(self) -> int:
        """Checks without an answer on machines that were seen."""
        return sum(len(device.with_status(Status.UNKNOWN)) for device in self.rows.devices if device.seen)


def build(audit: Audit, context: ReportContext) -> View:
    zone = numbers.zone(audit.time_zone)
    standard = agreed_.read(audit)
    table = rows.build(audit, standard, zone)
    moved = moves.build(audit, context, standard, table, zone)
    months = trend.months(audit, context, moved, zone)
    here = audit.as_of.astimezone(zone)
    notices = [words.INTERRUPTED] if audit.interrupted else []
    if audit.scope:
        notices.append(words.scope_notice(hygiene.line(audit.scope)))
    if unreadable := [numbers.day(past.as_of.astimezone(zone)) for past in context.history if past.unreadable]:
        notices.append(words.unreadable_notice(unreadable))
    return View(
        edition=editions.chosen(context.edition, with_letter=context.with_letter),
        client=hygiene.name(words.client_name(audit.client, made_up=audit.made_up)),
        provider=hygiene.name(audit.provider.name),
        contact=hygiene.line(audit.provider.contact),
        month=numbers.month(here),
        day=numbers.day(here),
        stamp=numbers.stamp(here),
        as_of=audit.as_of,
        id=hygiene.name(audit.id),
        tool_version=hygiene.name(audit.tool_version),
        made_up=words.MADE_UP if audit.made_up else "",
        notices=tuple(notices),
        agreed=standard,
        rows=table,
        standing=standing.build(audit, standard, table, zone),
        grades=grades.build(audit, standard, table),
        trend=trend.build(audit, context, standard, zone),
        moves=moved,
        work=work.build(audit, context, standard, table, months, zone),
        tasks=tasks.build(audit, context, standard, table),
        ahead=ahead.build(context, table),
        frameworks=ahead.frameworks(audit, context),
        exceptions=exempt.build(audit, standard, table, zone),
        months=months,
        evidence=evidence.build(table.devices[:ROWS_ON_PAGE], context),
        method=method.build(audit, context, standard, table, zone),
        score=audit.scorecard.score,
        coverage=audit.scorecard.coverage,
        categories=tuple((hygiene.line(line.title), line.score, line.coverage) for line in audit.scorecard.categories),
        sites=tuple(sorted({row.site for row in table.devices if row.site}, key=str.casefold)),
        systems=tuple(sorted({row.system for row in table.devices if row.system}, key=str.casefold)),
    )
