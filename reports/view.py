"""The one view of an audit that feeds the page, the workbook and the CSV file: all of them print the same values."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from scorecard.model import Status
from scorecard.plan.planned import Planned
from scorecard.reporting import ReportContext
from scorecard.result import Audit

from . import agreed as agreed_
from . import (
    ahead,
    branding,
    bring,
    bycheck,
    editions,
    evidence,
    exempt,
    figures,
    fixes,
    goal,
    grades,
    hygiene,
    method,
    moves,
    need,
    numbers,
    paper,
    pillars,
    row_builder,
    standing,
    tally,
    tasks,
    trend,
    waiting,
    words,
    work,
)
from . import first_look as first_look_
from . import strips as strips_
from .agreed import Agreed
from .ahead import Ahead, FrameworkRows
from .branding import Brand
from .bring import Sheet, Wanted
from .bycheck import ByCheck
from .editions import Edition
from .evidence import Evidence
from .exempt import Exempt
from .figures import Ages, Sites, Slope
from .first_look import FirstLook
from .fixes import Fixes
from .grades import Grades
from .method import Method
from .moves import Moves
from .need import Need
from .paper import Paper
from .pillars import Pillars
from .rows import DeviceRow, Rows, State
from .standing import Standing
from .strips import Strips
from .tally import CheckCount, PartCount
from .tasks import Tasks
from .trend import Month, Trend
from .waiting import Waiting
from .work import Work

ROWS_ON_PAGE = 500
_MOST_IN_PRINT = 300


@dataclass(frozen=True, slots=True)
class View:
    """Every text in it is clean (hygiene.py); times are in the client's zone."""

    edition: Edition
    redacted: bool  # names were replaced by numbers
    label: str  # what the edition says of itself; empty where nothing has to be said
    client: str
    provider: str
    contact: str  # on one line
    brand: Brand
    paper: Paper
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
    pillars: Pillars
    goal: str  # how far the agreed letter is; empty where none was agreed
    trend: Trend
    moves: Moves
    work: Work
    slope: Slope | None
    sites_drawn: Sites | None
    ages: Ages | None
    tasks: Tasks
    fixes: Fixes
    need: Need | None
    waiting: Waiting | None  # of the engineer's edition
    ahead: Ahead
    frameworks: tuple[FrameworkRows, ...]
    exceptions: tuple[Exempt, ...]
    months: tuple[Month, ...]
    evidence: Evidence
    strips: Strips
    method: Method
    score: float | None
    coverage: float
    categories: tuple[tuple[str, float | None, float], ...]  # title, points, share of answers
    sites: tuple[str, ...]
    systems: tuple[str, ...]  # as listed
    checks_tally: tuple[CheckCount, ...]  # machines by state, a line a check
    parts_tally: tuple[PartCount, ...]  # the same, a line a column of the list of machines
    bring: tuple[Wanted, ...]
    bring_sheets: tuple[Sheet, ...]  # the same by the person who is asked
    first_look: FirstLook | None  # of the prospect's edition
    groups: tuple[str, ...]
    on_page: tuple[DeviceRow, ...]  # what the page prints: all, the worst of a large fleet, or none with counts alone
    by_check: ByCheck

    def shows(self, section: str) -> bool:
        """Whether this edition's page has the section."""
        return self.edition.shows(section)

    def listed_system(self, row: DeviceRow) -> str:
        """What the list of machines calls this machine's system: engineers read the number of the kernel, too."""
        return _listed(self.edition, row)

    @property
    def large(self) -> bool:
        """Whether there are too many machines to print each of them on the page (reports.md 11)."""
        return _is_large(self.rows)

    @property
    def needing(self) -> int:
        """Machines about which there is something to say."""
        return sum(not row.quiet for row in self.rows.devices)

    @property
    def left_from_print(self) -> int:
        """Machines that meet every promise and are not worth the paper (reports.md 8)."""
        return self.rows.counts[State.YES] if len(self.rows.devices) > _MOST_IN_PRINT else 0

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
    edition = editions.chosen(context.edition, with_letter=context.with_letter)
    audit, context = editions.known(edition, audit, context)
    reckoned = context.planned or Planned(audit)
    zone = numbers.zone(audit.time_zone)
    standard = agreed_.read(audit)
    table = row_builder.build(audit, standard, zone)
    printed = _printed(table) if edition.rows else ()
    moved = moves.build(audit, context, standard, table, zone)
    months = trend.months(audit, context, moved, zone)
    parts = work.build(audit, context, standard, table, months, zone)
    planned = tasks.build(audit, context, standard, table, reckoned)
    excused = exempt.build(audit, standard, table, zone)
    checks_tally = tally.by_check(standard, table)
    first_look = None
    if edition.shows("top"):
        first_look = first_look_.build(reckoned, standard, table, planned, checks_tally, zone)
    described = method.build(audit, context, standard, table, zone)
    standings = standing.build(audit, standard, table, zone)
    wanted_in = bring.build(audit, context, table) if edition.shows("bring") else ()
    brand = branding.build(audit.provider)
    wanted = goal.build(audit, standard, zone)
    here = audit.as_of.astimezone(zone)
    return View(
        edition=edition,
        redacted=context.redacted,
        label=first_look.label if first_look else editions.label(edition),
        client=hygiene.name(words.client_name(audit.client, made_up=audit.made_up)),
        provider=hygiene.name(audit.provider.name),
        contact=", ".join(brand.contact),
        brand=brand,
        paper=paper.build(audit.preferences),
        month=numbers.month(here),
        day=numbers.day(here),
        stamp=numbers.stamp(here),
        as_of=audit.as_of,
        id=hygiene.name(audit.id),
        tool_version=hygiene.name(audit.tool_version),
        made_up=words.MADE_UP if audit.made_up else "",
        notices=tuple(_notices(audit, context, zone)),
        agreed=standard,
        rows=table,
        standing=standings if edition.letter else standing.without_letter(standings),
        pillars=pillars.build(audit, context, standard, table, zone),
        grades=grades.build(audit, standard, table) if edition.letter else Grades(),
        trend=trend.build(audit, context, standard, moved, zone, wanted),
        goal=wanted.sentence if wanted and edition.letter else "",
        moves=moved,
        work=parts,
        slope=None if moved.missing else figures.slope(parts.cards, moved.since),
        sites_drawn=figures.sites(table) if edition.shows("sites") else None,
        ages=figures.ages(table) if edition.shows("ages") else None,
        tasks=planned,
        fixes=fixes.build(audit, context, reckoned),
        need=need.build(audit, table, planned, excused, zone) if edition.shows("need") else None,
        waiting=waiting.build(table, planned) if edition.shows("waiting") else None,
        ahead=ahead.build(context, table),
        frameworks=ahead.frameworks(audit, context),
        exceptions=excused,
        months=months,
        evidence=evidence.build(printed, context, large=_is_large(table)),
        strips=strips_.build(printed, context),
        method=described if edition.letter else replace(described, caps=()),
        score=audit.scorecard.score if edition.letter else None,
        coverage=audit.scorecard.coverage,
        categories=tuple((hygiene.line(line.title), line.score, line.coverage) for line in audit.scorecard.categories),
        sites=tuple(sorted({row.site for row in table.devices if row.site}, key=str.casefold)),
        systems=tuple(sorted({name for row in table.devices if (name := _listed(edition, row))}, key=str.casefold)),
        checks_tally=checks_tally,
        parts_tally=tally.by_part(table),
        bring=wanted_in,
        bring_sheets=bring.sheets(wanted_in),
        first_look=first_look,
        groups=tuple(sorted({group for row in table.devices for group in row.groups}, key=str.casefold)),
        on_page=printed,
        by_check=bycheck.build(table.devices, standard, large=_is_large(table)),
    )


def _notices(audit: Audit, context: ReportContext, zone: tzinfo) -> Iterator[str]:
    """What a reader has to know before any figure: what is not whole, and what could not be compared with."""
    if audit.interrupted:
        yield words.INTERRUPTED
    if audit.scope:
        yield words.scope_notice(hygiene.line(audit.scope))
    if unreadable := [numbers.day(past.as_of.astimezone(zone)) for past in context.history if past.unreadable]:
        yield words.unreadable_notice(unreadable)


def _listed(edition: Edition, row: DeviceRow) -> str:
    return row.system if edition.ids else row.short_system


def _is_large(table: Rows) -> bool:
    return len(table.devices) > ROWS_ON_PAGE


def _printed(table: Rows) -> tuple[DeviceRow, ...]:
    """All machines; of a large fleet the worst of those that need a word."""
    if not _is_large(table):
        return table.devices
    return tuple(itertools.islice((row for row in table.devices if not row.quiet), ROWS_ON_PAGE))
