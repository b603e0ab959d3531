"""The figures that every format has to say, counted from the audit document and from what is compared and planned.

None of them comes from the reports. Beside them: readers of what was written.
"""

from __future__ import annotations

import csv
import html
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from scorecard.history.compare import Ended, Opened, compare
from scorecard.plan.planned import Planned
from scorecard.plan.road import Road
from scorecard.plan.work import Owner
from scorecard.result import Audit
from scorecard.rounding import as_shown

RESULTS = {"pass": "Yes", "warn": "Nearly", "fail": "No", "unknown": "Not checked", "not-applicable": "Not applicable"}
STATES = ("Yes", "No", "Not checked", "Excused")
WORST_FIRST = ("No", "Not checked", "Excused", "Yes")
ANSWERS = {"yes": "Yes", "no": "No", "not-yet": "Not yet", "yes-except": "Yes, except"}
OPEN = ("fail", "warn")
Figures = dict[str, object]


@dataclass(frozen=True)
class Promise:
    """`counts`: machines by state."""

    title: str
    answer: str
    of: int
    counts: Mapping[str, int]
    checks: frozenset[str]


@dataclass(frozen=True)
class Machine:
    """`states`: the answer to each promise, in their order. `short` and `silent`: checks that count."""

    name: str
    states: tuple[str, ...]
    points: float
    short: int
    silent: int

    @property
    def state(self) -> str:
        return next(state for state in WORST_FIRST if state in self.states)


@dataclass(frozen=True)
class Expected:
    figures: Figures
    promises: tuple[Promise, ...]
    parts: Mapping[str, float]
    machines: Mapping[str, Machine]
    findings: Counter[str]
    findings_excused: Counter[str]  # the same, and what is excused as that
    document: Mapping[str, Any]


def expected(document: Mapping[str, Any], before: Audit, audit: Audit) -> Expected:
    promises = tuple(_promises(document))
    machines = {one["name"]: _machine(one, document, promises) for one in document["endpoints"]}
    findings = document["findings"]
    return Expected(
        figures={**_standing(document, machines), **_moved(before, audit), **_work(document, Planned(audit))},
        promises=promises,
        parts={one["title"]: one["score"] for one in document["scorecard"]["categories"]},
        machines=machines,
        findings=Counter(RESULTS[finding["status"]] for finding in findings),
        findings_excused=Counter("Excused" if is_excused(one) else RESULTS[one["status"]] for one in findings),
        document=document,
    )


def is_excused(finding: Mapping[str, Any]) -> bool:
    mark = finding["exception"]
    return mark is not None and mark["kind"] == "waived" and finding["status"] in OPEN


def _promises(document: Mapping[str, Any]) -> list[Promise]:
    rules = {one["id"]: frozenset(one["checks"]) for one in document["standard"]["content"]["promises"]}
    found = []
    for one in document["scorecard"]["promises"]:
        lists = {"No": one["endpoints"], "Not checked": one["unknown"], "Excused": one["excused"]}
        counts = {"Yes": one["met"], **{state: len(names) for state, names in lists.items()}}
        assert sum(counts.values()) == one["of"] == len(document["endpoints"]), (
            "each promise is asked of every machine here"
        )
        found.append(Promise(one["title"], ANSWERS[one["answer"]], one["of"], counts, rules[one["id"]]))
    return found


def _machine(endpoint: Mapping[str, Any], document: Mapping[str, Any], promises: tuple[Promise, ...]) -> Machine:
    mine = [one for one in document["findings"] if one["endpoint"] == endpoint["name"] and one["counts"]]
    states = [_state([one for one in mine if one["check"] in promise.checks]) for promise in promises]
    for promise, state in zip(document["scorecard"]["promises"], states, strict=True):
        listed = {"No": promise["endpoints"], "Not checked": promise["unknown"], "Excused": promise["excused"]}
        assert (endpoint["name"] in listed.get(state, ())) is (state != "Yes"), (endpoint["name"], promise["id"])
    return Machine(
        endpoint["name"],
        tuple(states),
        endpoint["score"],
        sum(one["status"] in OPEN and not is_excused(one) for one in mine),
        sum(one["status"] == "unknown" for one in mine),
    )


def _state(findings: list[Mapping[str, Any]]) -> str:
    return state_of({"Excused" if is_excused(one) else RESULTS[one["status"]] for one in findings})


def state_of(said: set[str]) -> str:
    """Of the words of its results: what falls short goes first, then what is not known, then what is excused."""
    if said & {"No", "Nearly"}:
        return "No"
    return next((state for state in ("Not checked", "Excused") if state in said), "Yes")


def _standing(document: Mapping[str, Any], machines: Mapping[str, Machine]) -> Figures:
    card, states = document["scorecard"], Counter(one.state for one in machines.values())
    kinds = Counter(one["kind"] for one in document["exceptions"])
    assert card["worst_case"] != card["letter"], "else nobody says it"
    return {
        "letter": card["letter"],
        "points": int(as_shown(card["score"], 0)),
        "worst case": card["worst_case"],
        "answers": int(as_shown(100 * card["coverage"], 0)),
        "machines": len(document["endpoints"]),
        "seen": sum(one["seen"] for one in document["endpoints"]),
        **{state: states[state] for state in STATES},
        "agreed to leave": kinds["waived"],
        "declined": kinds["declined"],
        "told": kinds["stated"],
    }


def _moved(before: Audit, audit: Audit) -> Figures:
    moved = compare(before, audit)
    new, back = len(moved.opened[Opened.NEW]), len(moved.opened[Opened.CAME_BACK])
    was, now = (sum(one.counts and one.status in OPEN for one in each.findings) for each in (before, audit))
    return {
        "fixed": len(moved.ended[Ended.FIXED]),
        "new": new,
        "came back": back,
        "open before": was,
        "open": now,
        "still open": now - new - back,
    }


def _work(document: Mapping[str, Any], planned: Planned) -> Figures:
    tasks, contract, way = planned.plan.tasks, document["contract"], planned.road()
    spent = [(task.owner, task.hours.likely) for task in tasks if task.hours is not None]
    ours = sum(hours for owner, hours in spent if owner is Owner.PROVIDER)
    extra = ours - contract["hours_per_month"]
    assert extra > 1, "else no hours are asked for"
    assert isinstance(way, Road)
    return {
        "tasks": len(tasks),
        "points to gain": str(as_shown(sum(task.points for task in tasks), 1)),
        "hours": str(as_shown(sum(hours for _, hours in spent), 1)),
        "hours of ours": str(as_shown(ours, 1)),
        "hours in the plan": f"{contract['hours_per_month']:g}",
        "hours beyond": str(as_shown(extra, 1)),
        "money": str(as_shown(contract["rate"] * extra, 0)),
        "hours of the road": str(as_shown(way.hours.likely, 1)),
        "next letter": way.letter,
    }


@dataclass(frozen=True)
class Written:
    """What `outputs.write` left, by the ends of the names."""

    files: Mapping[str, Path]
    expected: Expected

    @property
    def page(self) -> str:
        return self.files["html"].read_text(encoding="utf-8")

    def texts(self) -> dict[str, str]:
        """The page's sections as plain text."""
        found = re.findall(r'<section[^>]* id="([a-z]+)"(.*?)</section>', self.page, re.DOTALL)
        return {name: plain(inner) for name, inner in found}

    def records(self, name: str) -> list[dict[str, str]]:
        """The rows of a CSV file."""
        with self.files[name].open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    def json(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.files[name].read_text(encoding="utf-8"))
        return found

    def sheet(self, name: str, first: str) -> list[dict[str, Any]]:
        """The rows of its table; `first`: the heading of the first column."""
        rows = _cells(self.files["xlsx"], name)
        head = next(number for number, row in enumerate(rows) if row[0] == first)
        return [dict(zip(map(str, rows[head]), row, strict=True)) for row in rows[head + 1 :]]

    def above(self, name: str) -> dict[str, Any]:
        """The lines over a sheet's table: by label what stands beside it."""
        return {str(label): value for _, label, value, *_ in _cells(self.files["xlsx"], name) if label is not None}

    def summary(self, title: str) -> dict[str, tuple[Any, Any]]:
        """Of the first group whose heading begins so: by label its value and its remark."""
        rows = [row[:3] for row in _cells(self.files["xlsx"], "Summary")]
        start = next(number for number, row in enumerate(rows) if str(row[0]).startswith(title))
        found: dict[str, tuple[Any, Any]] = {}
        for label, value, remark in rows[start:]:
            if label is None:
                break
            found[str(label)] = value, remark
        return found


@cache
def _cells(workbook: Path, sheet: str) -> tuple[tuple[Any, ...], ...]:
    """As they are stored, which for a formula is the value beside it."""
    book = load_workbook(workbook, read_only=True, data_only=True)
    try:
        return tuple(book[sheet].iter_rows(values_only=True))
    finally:
        book.close()


def plain(markup: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", markup)))


def figures_in(text: str, **patterns: str) -> Figures:
    """What each pattern catches, by its name in words; whole numbers as numbers."""
    found: Figures = {}
    for name, pattern in patterns.items():
        match = re.search(pattern, text)
        assert match, f"{pattern!r} is not in {text[:3000]!r}"
        said = match[1].replace(",", "")
        found[name.replace("_", " ")] = int(said) if said.isdigit() else said
    return found
