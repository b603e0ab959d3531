"""The same numbers everywhere: what page, workbook, CSV, tickets and PDF say is what the audit document holds.

Expected figures are counted here, from the document and from what is compared and planned; none comes from the reports.
"""

from __future__ import annotations

import csv
import html
import json
import re
import subprocess
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import floor
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from scorecard import outputs
from scorecard.history.compare import Ended, Opened, compare
from scorecard.plan.tasks import Plan, plan
from scorecard.result import Audit
from tests.e2e import story
from tests.e2e.programs import program

RESULTS = {"pass": "Yes", "warn": "Nearly", "fail": "No", "unknown": "Not checked", "not-applicable": "Not applicable"}
NEW, FIXED, BACK = "New", "Fixed", "Came back"
Figures = Mapping[str, object]


@dataclass(frozen=True)
class Written:
    files: Mapping[str, Path]
    expected: Figures
    promises: Mapping[str, tuple[int, int]]  # of so many, so many do
    parts: Mapping[str, float]
    findings: Counter[str]
    findings_excused: Counter[str]  # the same, and what is excused as that
    hours: float

    def texts(self) -> dict[str, str]:
        """The page's sections as plain text."""
        page = self.files["html"].read_text(encoding="utf-8")
        found = re.findall(r'<section[^>]* id="([a-z]+)"(.*?)</section>', page, re.DOTALL)
        return {name: plain(inner) for name, inner in found}

    def sheet(self, name: str, first: str) -> list[dict[str, Any]]:
        """The rows of its table; `first`: the heading of the first column."""
        rows = list(load_workbook(self.files["xlsx"], read_only=True, data_only=True)[name].iter_rows(values_only=True))
        head = next(number for number, row in enumerate(rows) if row[0] == first)
        return [dict(zip(map(str, rows[head]), row, strict=True)) for row in rows[head + 1 :]]

    def summary(self) -> dict[str, tuple[Any, ...]]:
        """By label what stands beside it, each time that the label comes."""
        rows = load_workbook(self.files["xlsx"], read_only=True, data_only=True)["Summary"].iter_rows(values_only=True)
        found: dict[str, tuple[Any, ...]] = {}
        for label, value, *_ in rows:
            found[str(label)] = (*found.get(str(label), ()), value)
        return found


def plain(markup: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", markup)))


def number(text: str) -> float:
    return float(text.replace(",", "").replace("\u2212", "-").lstrip("+"))


def found_in(text: str, pattern: str) -> tuple[str, ...]:
    match = re.search(pattern, text)
    assert match, f"{pattern!r} is not in {text[:3000]!r}"
    return match.groups()


def is_excused(finding: Mapping[str, Any]) -> bool:
    mark = finding["exception"]
    return mark is not None and mark["kind"] == "waived" and finding["status"] in ("fail", "warn")


def figures_of(document: Mapping[str, Any], before: Audit, audit: Audit, planned: Plan) -> Figures:
    card = document["scorecard"]
    promises = card["promises"]
    short = {name for one in promises for name in one["endpoints"]}
    unread = {name for one in promises for name in one["unknown"]} - short
    excused = {name for one in promises for name in one["excused"]} - short - unread
    moved = compare(before, audit)
    return {
        "letter": card["letter"],
        "points": floor(card["score"] + 0.5),
        "machines seen": f"{sum(one['seen'] for one in document['endpoints'])} of {len(document['endpoints'])}",
        "yes": len(document["endpoints"]) - len(short) - len(unread) - len(excused),
        "no": len(short),
        "not checked": len(unread),
        "excused": len(excused),
        FIXED: len(moved.ended[Ended.FIXED]),
        NEW: len(moved.opened[Opened.NEW]),
        BACK: len(moved.opened[Opened.CAME_BACK]),
        "tasks' points": round(sum(task.points for task in planned.tasks), 1),
    }


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    told = story.story(brief=True)
    folder = tmp_path_factory.mktemp("same-numbers")
    wanted = ("json", "html", "xlsx", "csv", "tickets", "pdf")
    paths = outputs.write(told.audit, folder, wanted, told.context)
    document = json.loads((folder / "audit.json").read_text(encoding="utf-8"))
    planned = plan(told.audit)
    card = document["scorecard"]
    hours = sum(task.hours.likely for task in planned.tasks if task.hours is not None)
    return Written(
        files={("tickets" if "tickets" in path.name else path.suffix[1:]): path for path in paths},
        expected=figures_of(document, told.audits[-2], told.audit, planned),
        promises={one["title"]: (one["of"], one["met"]) for one in card["promises"]},
        parts={one["id"]: one["score"] for one in card["categories"]},
        findings=Counter(RESULTS[finding["status"]] for finding in document["findings"]),
        findings_excused=Counter(
            "Excused" if is_excused(finding) else RESULTS[finding["status"]] for finding in document["findings"]
        ),
        hours=hours,
    )


def test_the_page_says_what_the_document_holds(written: Written) -> None:
    texts = written.texts()
    safe, better, fix = texts["safe"], texts["better"], texts["fix"]
    letter, points = found_in(safe, r"> ?([A-F]) (\d+) of 100")
    counts = found_in(safe, r"(\d+) meet every promise (\d+) fall short (\d+) not checked (\d+) excused")
    moved = found_in(better, r"(\d+) fixed (\d+) new (\d+) came back")
    hours, worth = found_in(fix, r"([\d.,]+) hours \([^)]*\) and ([\d.,]+) points in all")
    said = {
        "letter": letter,
        "points": int(points),
        "machines seen": found_in(safe, r"(\d+ of \d+) machines checked")[0],
        **dict(zip(("yes", "no", "not checked", "excused"), map(int, counts), strict=True)),
        **dict(zip((FIXED, NEW, BACK), map(int, moved), strict=True)),
        "tasks' points": number(worth),
    }
    assert said == written.expected
    assert number(hours) == round(written.hours, 1)
    for title, (of, met) in written.promises.items():
        assert found_in(safe, rf"{re.escape(title)}\?? \S+.*? (\d+) of (\d+) do(?:es)?\b")[:2] == (str(met), str(of)), title
    said_parts = sorted(float(shown) for shown in re.findall(r"([\d.]+) of 100, counts", texts["parts"]))
    assert said_parts == [pytest.approx(score, abs=0.5) for score in sorted(written.parts.values())]


def test_the_workbook_says_what_the_document_holds(written: Written) -> None:
    summary, plan_rows = written.summary(), written.sheet("Remediation plan", "Order")
    said = {
        "letter": summary["Grade"][0],
        "points": floor(summary["Points"][0] + 0.5),
        "machines seen": f"{summary['Seen'][0]} of {summary['On the list'][0]}",
        "yes": summary["Meet every promise"][0],
        "no": summary["Fall short"][0],
        "not checked": summary["Not checked"][0],
        "excused": summary["Excused"][0],
        FIXED: -summary["Fixed"][-1],
        NEW: summary["New"][0],
        BACK: summary["Came back"][0],
        "tasks' points": round(sum(row["Points"] for row in plan_rows), 1),
    }
    assert said == written.expected
    assert sum(row["Hours"] for row in plan_rows) == pytest.approx(written.hours)
    states = Counter(row["All promises"] for row in written.sheet("Devices", "Device id"))
    assert states == Counter({word: said[word.lower()] for word in ("Yes", "No", "Not checked", "Excused")})
    parts = {row["Part"]: row for row in written.sheet("Scorecard", "Part")}
    assert {row["Check"] for row in parts.values()} == {"OK"}
    assert sorted(row["Points"] for row in parts.values()) == pytest.approx(sorted(written.parts.values()))
    findings = Counter({word: summary[word][-1] for word in RESULTS.values()}) + Counter(Excused=summary["Excused"][-1])
    assert findings == written.findings_excused
    listed = Counter(row["Result"] for row in written.sheet("Findings", "Finding id"))
    assert listed.pop("Yes") == written.expected[FIXED]  # of what is in order, what was fixed
    assert listed == Counter({word: count for word, count in findings.items() if word not in ("Yes", "Not applicable")})


def test_the_list_of_findings_says_what_the_document_holds(written: Written) -> None:
    with written.files["csv"].open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert Counter(row["result"] for row in rows) == written.findings
    document = json.loads(written.files["json"].read_text(encoding="utf-8"))
    worth = {(one["endpoint"], one["check"]): one["effective"] for one in document["findings"]}
    said = {(row["machine"], row["check"]): float(row["worth"]) if row["worth"] else None for row in rows}
    assert said == {key: None if value is None else pytest.approx(value) for key, value in worth.items()}


def test_the_tickets_hold_the_work_of_the_plan(written: Written) -> None:
    with written.files["tickets"].open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["state"] == "open"]
    assert sum(float(row["hours_likely"]) for row in rows) == pytest.approx(written.hours, abs=0.05 * len(rows))
    assert sum(float(row["points"]) for row in rows) == pytest.approx(written.expected["tasks' points"], abs=0.1)


def test_the_pdf_says_what_the_page_says(written: Written) -> None:
    """Every figure of the first screen stands in the PDF's text: side by side there are columns, so each by itself."""
    pdftotext = program("pdftotext", "poppler-utils")
    done = subprocess.run([pdftotext, "-raw", written.files["pdf"], "-"], capture_output=True, text=True, check=True)
    text, expected = re.sub(r"\s+", " ", done.stdout), written.expected
    wanted = (
        f"{expected['points']} of 100",
        f"{expected['machines seen']} machines checked",
        f"{expected['yes']} meet every promise",
        f"{expected['no']} fall short",
        f"{expected['not checked']} not checked",
        f"{expected['excused']} excused",
        f"{expected[FIXED]} fixed",
        f"{expected[NEW]} new",
        f"{expected[BACK]} came back",
        f"{written.hours:.1f} hours",
        *(f"{met} of {of} do" for of, met in written.promises.values()),
    )
    assert [figure for figure in wanted if figure not in text] == []
