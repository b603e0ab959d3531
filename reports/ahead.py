"""What lies ahead: what will break first, and what insurers and frameworks ask.

Answers to frameworks are as of the day of the check, so that the same audit gives the same page.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from scorecard.frameworks import Answered, Framework, Kind, answers, fresh_days
from scorecard.outlook import EarlyWarning, Outlook
from scorecard.reporting import ReportContext
from scorecard.result import Audit

from . import ahead_words, hygiene, numbers
from .rows import Rows
from .standing import Link

_NAMES_SHOWN = 4
_UNTOLD_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Warned:
    on: date
    days: str
    range: str
    kind: str
    sentence: str
    basis: str
    names: tuple[Link, ...]
    more: int
    machines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ahead:
    """`told`: the audits it rests on, in a sentence; empty where there is no outlook."""

    told: str = ""
    warnings: tuple[Warned, ...] = ()
    untold: tuple[str, ...] = ()
    more_untold: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """One question or id of a framework, with its answer."""

    id: str
    group: str
    title: str
    answer: str
    said: str
    not_seen: str
    of: int
    met: int
    icon: str


@dataclass(frozen=True, slots=True)
class FrameworkRows:
    key: str  # "fw1", for ids in the page
    title: str
    note: str
    summary: str
    rows: tuple[Asked, ...]
    is_questions: bool


def build(context: ReportContext, rows: Rows) -> Ahead:
    found = context.outlook
    if found is None or not rows.devices:
        return Ahead()
    untold = tuple(hygiene.line(one.sentence) for one in found.untold)
    return Ahead(
        told=_told(found),
        warnings=tuple(_warned(warning, rows) for warning in found.warnings),
        untold=untold[:_UNTOLD_SHOWN],
        more_untold=max(len(untold) - _UNTOLD_SHOWN, 0),
    )


def _told(found: Outlook) -> str:
    return ahead_words.told(found.audits, numbers.day(found.until))


def _warned(warning: EarlyWarning, rows: Rows) -> Warned:
    names = [(hygiene.name(name), rows.ids.get(name, "")) for name in warning.endpoints]
    shown = names if len(names) <= _NAMES_SHOWN else names[: _NAMES_SHOWN - 1]
    return Warned(
        on=warning.on,
        days=ahead_words.days(warning.days),
        range=_range(warning),
        kind=ahead_words.KINDS[warning.kind],
        sentence=hygiene.line(warning.sentence),
        basis=hygiene.line(warning.basis),
        names=tuple(Link(name, id_, is_name=True) for name, id_ in shown),
        more=len(names) - len(shown),
        machines=tuple(name for name, _ in names),
    )


def _range(warning: EarlyWarning) -> str:
    early = numbers.day(warning.earliest) if warning.earliest else ""
    late = numbers.day(warning.latest) if warning.latest else ""
    return "" if early == late else ahead_words.between(early, late)


def frameworks(audit: Audit, context: ReportContext) -> tuple[FrameworkRows, ...]:
    """Questions first; then as they are named. None where there is no machine to answer for."""
    if not audit.devices:
        return ()
    ordered = sorted(context.frameworks, key=lambda one: (one.kind is not Kind.QUESTIONS, one.name))
    return tuple(_framework(f"fw{number}", found, audit) for number, found in enumerate(ordered, 1))


def _framework(key: str, found: Framework, audit: Audit) -> FrameworkRows:
    answered = answers(audit, found, fresh_days=fresh_days(audit), now=audit.as_of)
    rows = tuple(_rows(found, answered))
    return FrameworkRows(
        key=key,
        title=hygiene.line(found.title if found.version in found.title else f"{found.title} {found.version}"),
        note=hygiene.line(found.note),
        summary=_summary(rows),
        rows=rows,
        is_questions=found.kind is Kind.QUESTIONS,
    )


def _rows(found: Framework, answered: Sequence[Answered]) -> Iterator[Asked]:
    for one in answered:
        yes_or_no, colon, rest = one.said.partition(": ")
        split = found.kind is Kind.QUESTIONS and bool(colon) and yes_or_no in ahead_words.ICONS
        answer = yes_or_no if split else ahead_words.STATES[one.state]
        yield Asked(
            id=hygiene.name(one.row.id),
            group=hygiene.name(one.row.group),
            title=hygiene.line(one.row.title),
            answer=answer,
            said=hygiene.line(ahead_words.capitalised(rest if split else one.said)),
            not_seen=hygiene.line(one.row.not_seen),
            of=one.of,
            met=one.met,
            icon=ahead_words.ICONS[answer],
        )


def _summary(rows: Sequence[Asked]) -> str:
    counted = {word: sum(row.answer == word for row in rows) for word in ahead_words.ICONS}
    return ahead_words.counted(counted, len(rows))
