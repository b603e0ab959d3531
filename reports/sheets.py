"""The workbook's sheets of machines and findings: columns with their types, and rows of values (reports.md 14)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scorecard.model import Status

from . import hygiene, sheets_more, sheets_words, words
from .cells import MOST_LINKS
from .rows import DeviceRow, FindingRow, State
from .sheets_kinds import Go, Heading, Kind, Table, Value, day, plain, unique, utc
from .view import View

PASSES_UP_TO = 200_000  # findings above which what passes is left to the CSV file
_PRINTED = 12  # up to the days that a finding is open
_BEYOND = 3  # columns of the machines that are not printed: link, address, identity
_PLAIN = (Status.PASS, Status.NOT_APPLICABLE)
STATUS_WORDS = (*(words.STATES[state] for state in State if state is not State.NOT_APPLICABLE), words.NOT_APPLICABLE)
_FIRST = (
    Heading("Device id"),
    Heading("Machine"),
    Heading("Site"),
    Heading("Type"),
    Heading("System", widest=42),
    Heading("Person or place"),
    Heading("Last checked (UTC)", Kind.MOMENT),
    Heading("Days since", Kind.WHOLE),
)
_LAST = (
    Heading(sheets_words.ALL_PROMISES, Kind.STATUS, choices=STATUS_WORDS),
    Heading("Checks that fall short", Kind.WHOLE),
    Heading("Checks without an answer", Kind.WHOLE),
    Heading("Points", Kind.TENTH),
    Heading("Changed"),
    Heading("Findings"),
    Heading("Address", widest=28),
    Heading("Identity"),
)


def _headings(view: View) -> tuple[Heading, ...]:
    promised = tuple(
        Heading(plain(one.title) or words.OTHER_CHECKS, Kind.STATUS, choices=STATUS_WORDS) for one in view.rows.columns
    )
    return (*_FIRST, *promised, *_LAST)


def state_titles(view: View) -> tuple[str, ...]:
    """What formulas call the columns of the matrix."""
    titles = unique(heading.title for heading in _headings(view))
    return titles[len(_FIRST) : len(_FIRST) + len(view.rows.columns)]


def devices(view: View) -> Table:
    first = first_rows(view)
    changed = _changed(view)
    rows = [_device(row, view.listed_system(row), first.get(row.id), changed.get(row.id, "")) for row in view.rows.devices]
    headings = _headings(view)
    return Table(sheets_words.DEVICES, "tblDevices", headings, rows, 2, printed=len(headings) - _BEYOND)


def _device(row: DeviceRow, system: str, first: int | None, changed: str) -> tuple[Value, ...]:
    return (
        row.id,
        row.name,
        row.site,
        row.role,
        system,
        row.owner,
        utc(row.last_seen),
        row.days_since,
        *(_state(cell.state) for cell in row.cells),
        _state(row.state),
        len(row.failing),
        len(row.with_status(Status.UNKNOWN)),
        row.score,
        changed,
        "" if first is None else Go(sheets_words.SEE_FINDINGS, sheets_words.FINDINGS, first),
        row.address,
        words.IDENTITIES[row.identity],
    )


def _changed(view: View) -> Mapping[str, str]:
    """By device: what became of its findings since the audit before, each word once."""
    found: dict[str, dict[str, None]] = {}
    for row in view.rows.findings:
        word = view.moves.states.get(row.key)
        if word:
            found.setdefault(row.device_id, {})[word] = None
    return {id_: ", ".join(said) for id_, said in found.items()}


def _state(state: State) -> str:
    return words.NOT_APPLICABLE if state is State.NOT_APPLICABLE else words.STATES[state]


def findings(view: View) -> Table:
    headings = (
        Heading("Finding id"),
        Heading("Device id"),
        Heading("Machine"),
        Heading("Part"),
        Heading("Check", wrap=True, widest=38),
        Heading("Result", Kind.STATUS, choices=(*words.RESULTS.values(), words.STATES[State.EXCUSED])),
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
        Heading("Fix id", widest=36),
        Heading("Ticket", widest=18),
    )
    places = {row.id: place for place, row in enumerate(view.rows.devices, 1)}
    found = listed(view)
    # Where a sheet may not have both links in each row, that to the machine stays.
    planned = sheets_more.places(view) if len(found) <= MOST_LINKS // 2 else {}
    rows = [(*_finding(row, view, places.get(row.device_id)), *_fix(row, view, planned)) for row in found]
    return Table(sheets_words.FINDINGS, "tblFindings", headings, rows, 3, printed=_PRINTED)


def first_rows(view: View) -> Mapping[str, int]:
    """By device: its first row in the sheet of findings, counted from 0."""
    if view.edition.by_check:
        return {}
    found: dict[str, int] = {}
    for place, row in enumerate(listed(view), 1):
        found.setdefault(row.device_id, place)
    return found


def listed(view: View) -> Sequence[FindingRow]:
    """What is no plain Yes, and what became one since the audit before; all findings where the edition has them and they
    are not too many for a sheet."""
    if view.edition.passes and len(view.rows.findings) <= PASSES_UP_TO:
        return view.rows.findings
    states = view.moves.states
    return [row for row in view.rows.findings if row.status not in _PLAIN or row.key in states]


def result(row: FindingRow) -> str:
    return words.STATES[State.EXCUSED] if row.excused else row.result


def _finding(row: FindingRow, view: View, place: int | None) -> tuple[Value, ...]:
    return (
        row.id,
        row.device_id if place is None else Go(row.device_id, sheets_words.DEVICES, place),
        row.device,
        row.category,
        row.title,
        result(row),
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


def _fix(row: FindingRow, view: View, planned: Mapping[str, int]) -> tuple[Value, Value]:
    """What settles it: the row of the plan, and the ticket. `planned`: by id of the fix its row, counted from 0."""
    fix = view.fixes.of(row.asked, row.endpoint)
    if fix is None:
        return None, None
    place = planned.get(fix.task)
    return (fix.task if place is None else Go(fix.task, sheets_words.PLAN, place)), fix.ticket


def by_check(view: View) -> Table:
    """A row a check that is no plain Yes somewhere, with the first machine it was seen on; most machines first."""
    headings = (
        Heading("Check", wrap=True, widest=44),
        Heading("Part"),
        Heading("Weight"),
        Heading("No", Kind.WHOLE),
        Heading("Nearly", Kind.WHOLE),
        Heading("Not checked", Kind.WHOLE),
        Heading("Excused", Kind.WHOLE),
        Heading("Expected", wrap=True, widest=34),
        Heading("Seen on one of them", wrap=True, widest=48),
    )
    groups: dict[str, list[FindingRow]] = {}
    for row in view.rows.findings:
        if row.status not in _PLAIN:
            groups.setdefault(row.check, []).append(row)
    rows = [_check(rows) for rows in groups.values()]
    return Table(sheets_words.FINDINGS, "tblFindings", headings, sorted(rows, key=_most_first), 1)


def _check(rows: Sequence[FindingRow]) -> tuple[Value, ...]:
    sample = min(rows, key=lambda row: row.order)
    left = [row for row in rows if not row.excused]
    counts = [sum(row.status is status for row in left) for status in (Status.FAIL, Status.WARN, Status.UNKNOWN)]
    counts.append(len(rows) - len(left))
    said = sample.reason if sample.status is Status.UNKNOWN and sample.reason else sample.measured
    return (sample.title, sample.category, words.SEVERITIES[sample.severity], *counts, sample.expected, said)


def _most_first(row: tuple[Value, ...]) -> tuple[int, ...]:
    return tuple(-value for value in row[3:6] if isinstance(value, int))
