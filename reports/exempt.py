"""Accepted exceptions of all kinds, what ran out first (reports.md 2.9; design section 7). What became of each is told by
the audit's own records; nothing here decides whether one counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import Any

from scorecard.exceptions.listing import Group, Line, lines, recent
from scorecard.model import ExceptionKind
from scorecard.result import Audit

from . import exempt_words, hygiene, numbers
from .agreed import Agreed, mapping, number, sequence, string
from .rows import Rows
from .standing import Link

_NAMES_SHOWN = 6
_SOON_DAYS = 30  # where the standard does not say
_OVER_DAYS = 90  # what ended longer ago than that is history
_ORDER = (Group.OVER, Group.ENDING, Group.NO_PLACE, Group.MATCHES_NOTHING, Group.VALID, Group.IDLE, Group.NOT_YET)
_KINDS = list(ExceptionKind)


@dataclass(frozen=True, slots=True)
class Exempt:
    """One entry, with the machines where the same becomes of it. Days are counted from the day of the check."""

    id: str
    kind: ExceptionKind | None  # None: the entry cannot be read
    kind_word: str
    group: Group
    state: str
    icon: str
    note: str
    checks: tuple[str, ...]  # their ids
    what: tuple[str, ...]
    price: str
    quoted: tuple[float, str] | None  # a price that is a number, and its currency
    machines: tuple[Link, ...]
    more: int
    names: tuple[str, ...]  # all of them
    reason: str
    cover: str
    who: str
    proof: str
    since: date | None
    until: date | None
    days_left: int | None


def build(audit: Audit, agreed: Agreed, rows: Rows, zone: tzinfo) -> tuple[Exempt, ...]:
    today = audit.as_of.astimezone(zone).date()
    limits = mapping(agreed.content.get("exceptions"))
    soon = number(limits.get("ending_soon_days"))
    made = [row for raw in audit.exceptions for row in _rows(raw, today, int(soon or _SOON_DAYS), agreed, rows)]
    return tuple(sorted(made, key=_order))


def _order(row: Exempt) -> tuple[int, int, date, str]:
    kind = _KINDS.index(row.kind) if row.kind else -1
    return _ORDER.index(row.group), kind, row.until or date.max, row.id


def _rows(raw: Mapping[str, Any], today: date, soon: int, agreed: Agreed, rows: Rows) -> Iterator[Exempt]:
    """The document's schema leaves open what an entry holds; one that this version cannot read is shown as such."""
    try:
        found = recent(lines([raw], today, soon), today, _OVER_DAYS)
    except (KeyError, TypeError, ValueError, AttributeError):
        yield _unread(raw)
        return
    for line in found:
        yield _row(line, agreed, rows)


def _row(line: Line, agreed: Agreed, rows: Rows) -> Exempt:
    kind, said = ExceptionKind(line.kind), line.said
    ids = [(hygiene.name(name), rows.ids.get(name, "")) for name in line.endpoints]
    shown = ids if len(ids) <= _NAMES_SHOWN else ids[: _NAMES_SHOWN - 1]
    titles = tuple(agreed.check(check).title for check in line.checks)
    return Exempt(
        id=hygiene.name(line.id),
        kind=kind,
        kind_word=exempt_words.KINDS[kind],
        group=line.group,
        state=exempt_words.STATES[line.group],
        icon=exempt_words.ICONS[line.group],
        note=exempt_words.sentence(line.note),
        checks=tuple(map(hygiene.name, line.checks)),
        what=tuple(filter(None, (string(said.get("what")), *titles))),
        price=_price(said),
        quoted=_quoted(said),
        machines=tuple(Link(name, id_, is_name=True) for name, id_ in shown),
        more=len(ids) - len(shown),
        names=tuple(name for name, _ in ids),
        reason=string(said.get("reason") or said.get("text")),
        cover=string(said.get("cover")),
        who=string(said.get("approver") or said.get("by") or said.get("says")),
        proof=string(said.get("sha256")),
        since=line.since,
        until=line.until,
        days_left=line.days_left,
    )


def _price(said: Mapping[str, Any]) -> str:
    """As it was quoted; blank where nothing was."""
    quoted = _quoted(said)
    return numbers.money(*quoted) if quoted else string(said.get("price"))


def _quoted(said: Mapping[str, Any]) -> tuple[float, str] | None:
    price = said.get("price")
    if isinstance(price, bool) or not isinstance(price, int | float):
        return None
    return price, string(said.get("currency"))


def _unread(raw: Mapping[str, Any]) -> Exempt:
    names = tuple(map(string, sequence(raw.get("endpoints"))))
    return Exempt(
        id=string(raw.get("id")),
        kind=None,
        kind_word=string(raw.get("kind")),
        group=Group.MATCHES_NOTHING,
        state=exempt_words.UNREAD,
        icon="warn",
        note=exempt_words.UNREAD_NOTE,
        checks=(),
        what=(string(raw.get("check") or raw.get("what")) or string(raw.get("id")),),
        price="",
        quoted=None,
        machines=tuple(Link(name, "", is_name=True) for name in names[:_NAMES_SHOWN]),
        more=max(len(names) - _NAMES_SHOWN, 0),
        names=names,
        reason=string(raw.get("reason")),
        cover="",
        who="",
        proof="",
        since=None,
        until=None,
        days_left=None,
    )


def days_left(row: Exempt) -> str:
    return "" if row.days_left is None else exempt_words.left(row.days_left)


def summary(rows: Sequence[Exempt]) -> str:
    """How many there are of each kind, and what needs a word."""
    ids = {kind: len({row.id for row in rows if row.kind is kind}) for kind in ExceptionKind}
    over = len({row.id for row in rows if row.group is Group.OVER})
    ending = len({row.id for row in rows if row.group is Group.ENDING})
    return exempt_words.summary(ids, over, ending)


def ends(row: Exempt) -> str:
    """The last day with what is left, for a person."""
    if row.until is None:
        return exempt_words.WITHOUT_END if row.kind is not None else ""
    return numbers.day(row.until)
