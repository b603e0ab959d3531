"""What the script of the page reads: all machines in a few bytes each (reports.md 11).

Sites, systems, people and checks are dictionaries; a machine is an array, its checks are a letter each. The values are
those of the table, in the same order. Of a large fleet, what falls short comes with it, since the page has no other list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from scorecard.days import MONTHS, locale
from scorecard.model import Status
from scorecard.rounding import as_shown

from . import detail_words, hygiene, labels, list_words, moves_words, words
from .rows import OTHER, WORST_FIRST, DeviceRow, FindingRow
from .view import View

_LETTERS = {
    Status.PASS: "P",
    Status.WARN: "W",
    Status.FAIL: "F",
    Status.UNKNOWN: "U",
    Status.NOT_APPLICABLE: "N",
}
# Symbols of the page's icons.
ICONS = {
    "no": "no",
    "not-checked": "un",
    "excused": "ex",
    "yes": "yes",
    "not-applicable": "na",
    "warn": "at",
    "fail": "no",
}
_NOT_ASKED = "-"
_DAY_ZERO = date(1970, 1, 1).toordinal()
# What was found, of a large fleet; what does not fit is in the CSV file, and the page says so.
_TEXTS_BYTES = 1_200_000
_LEFT_OUT = -1

Packed = list[object]


@dataclass(slots=True)
class _Dictionary:
    """Texts by their place; each stands there once. With a limit, what is too much gets no place."""

    limit_bytes: int | None = None
    texts: list[str] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)

    def place(self, text: str) -> int:
        """-1 for nothing, and for what does not fit."""
        if not text:
            return _LEFT_OUT
        found = self.places.get(text)
        if found is not None:
            return found
        if self.limit_bytes is not None:
            self.limit_bytes -= len(text.encode()) + 3
            if self.limit_bytes < 0:
                return _LEFT_OUT
        self.places[text] = len(self.texts)
        self.texts.append(text)
        return self.places[text]


def data(view: View) -> dict[str, object]:
    """The content of the JSON block."""
    packer = _Packer(view)
    by_machine = view.edition.rows
    rows = [packer.row(device) for device in view.rows.devices] if by_machine else []
    return {
        "large": view.large,
        "parts": [column.id for column in view.rows.columns],
        "titles": [_in_a_sentence(column.title) for column in view.rows.columns],
        "order": [state.value for state in WORST_FIRST],
        "states": {state.value: labels.FILTER_STATES[state.value] for state in WORST_FIRST},
        "cells": packer.cells.texts,
        "verbs": list_words.STATE_VERBS,
        "sites": view.sites if by_machine else (),
        "systems": view.systems if by_machine else (),
        "groups": view.groups if by_machine else (),
        "people": packer.people.texts,
        "roles": packer.roles.texts,
        "checks": [[page.check, page.title, page.id] for page in view.by_check.pages],
        "texts": packer.texts.texts,
        "months": MONTHS,
        "monthFirst": locale().month_first,
        "icons": ICONS,
        "formula": hygiene.FORMULA_START,
        "words": {**list_words.SCRIPT, "dark": labels.DARK, "light": labels.LIGHT},
        "labels": _labels(),
        "rows": rows,
    }


def _labels() -> dict[str, object]:
    """Of a machine that the script draws."""
    return {
        "machine": labels.MACHINE,
        "people": labels.OWNER,
        "checked": labels.LAST_CHECKED,
        "points": labels.COLUMN_SCORE,
        "answers": detail_words.ANSWERS,
        "expect": labels.WE_EXPECT,
        "found": labels.WE_FOUND,
        "since": labels.SINCE,
        "fix": labels.TO_FIX,
        "results": {_LETTERS[status]: word for status, word in words.RESULTS.items()},
        "excused": labels.EXCUSED,
        "only": list_words.ONLY_LISTED,
        "elsewhere": list_words.TEXT_ELSEWHERE,
        "check": labels.CHECK,
        "columns": list_words.DOWNLOADED,
    }


def _in_a_sentence(title: str) -> str:
    return title[:1].lower() + title[1:]


def day_number(moment: date | datetime | None) -> int:
    """Days from 1 January 1970 to this day in the client's zone; 0: none."""
    return 0 if moment is None else moment.toordinal() - _DAY_ZERO


class _Packer:
    def __init__(self, view: View) -> None:
        self.people, self.roles, self.cells = _Dictionary(), _Dictionary(), _Dictionary()
        self.texts = _Dictionary(_TEXTS_BYTES)
        self._view = view
        self._sites = {site: place for place, site in enumerate(view.sites)}
        self._systems = {system: place for place, system in enumerate(view.systems)}
        self._groups = {group: place for place, group in enumerate(view.groups)}
        self._checks = {page.check: place for place, page in enumerate(view.by_check.pages)}
        self._on_page = frozenset(device.id for device in view.on_page)
        self._changed = changed(view)

    def row(self, device: DeviceRow) -> Packed:
        """The order of the fields is that of `machine` in page.js."""
        other = next((cell for cell in device.cells if cell.column == OTHER), None)
        return [
            int(device.id[1:]),
            device.name,
            self.people.place(words.listing(device.owner, dict(device.facts).get("user", ""))),
            self._sites.get(device.site, _LEFT_OUT),
            self._systems.get(self._view.listed_system(device), _LEFT_OUT),
            self.roles.place(device.role),
            [self._groups[group] for group in device.groups],
            "".join(str(WORST_FIRST.index(state)) for state in (device.state, *(cell.state for cell in device.cells))),
            self.cells.place(other.word) if other else _LEFT_OUT,
            None if device.score is None else int(10 * as_shown(device.score, 1)),
            day_number(device.last_seen),
            int(device.id in self._changed),
            self._letters(device.findings),
            self._found(device),
        ]

    def _letters(self, findings: Iterable[FindingRow]) -> str:
        """In the order of the checks; small for a fault that is excused."""
        letters = [_NOT_ASKED] * len(self._checks)
        for finding in findings:
            letter = _LETTERS[finding.status]
            letters[self._checks[finding.check]] = letter.lower() if finding.excused else letter
        return "".join(letters)

    def _found(self, device: DeviceRow) -> Packed:
        """Where the page has the machine: `passing` of bycheck.py. Else: check, found, expected, since."""
        if device.id in self._on_page:
            return list(self._view.by_check.passing.get(device.id, ()))
        faults = (*device.failing, *device.excused)
        return [
            [
                self._checks[finding.check],
                self.texts.place(finding.measured),
                self.texts.place(finding.expected),
                day_number(finding.first_seen),
            ]
            for finding in faults
        ]


def changed(view: View) -> frozenset[str]:
    """Ids of the machines where something was fixed, is new or came back since the audit before."""
    states: Mapping[tuple[str, str], str] = view.moves.states
    moved = (endpoint for (_, endpoint), word in states.items() if word != moves_words.STATE_OPEN)
    return frozenset(view.rows.ids[endpoint] for endpoint in moved if endpoint in view.rows.ids)
