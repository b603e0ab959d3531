"""The same numbers everywhere: page, workbook, lists, tickets, SARIF, PDF and screen say what the audit document holds."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from scorecard import outputs
from scorecard.cli.summary import show
from scorecard.frameworks import answers, fresh_days
from scorecard.history.bridge import bridge
from scorecard.history.shapley import rounded
from scorecard.registry import report
from scorecard.result import Contract
from scorecard.rounding import as_shown, percentage
from tests.e2e import story
from tests.e2e.programs import program
from tests.e2e.same_numbers import OPEN, RESULTS, STATES, Figures, Written, expected, figures_in, plain, state_of

# Without these the worst case has another letter than the grade, so that both are said.
WITHOUT = frozenset({"LT-014", "LT-022", "LT-040"})
FORMATS = ("json", "html", "xlsx", "csv", "tickets", "tickets-json", "sarif", "pdf")


def told() -> story.Story:
    """With a contract whose month does not hold the work, at a price whose sum ends on a half."""
    made = story.story(brief=True, without=WITHOUT)
    audit = replace(made.audit, contract=Contract(1, 114.0, "GBP"))
    return replace(made, audits=(*made.audits[:-1], audit))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    made, folder = told(), tmp_path_factory.mktemp("same-numbers")
    paths = outputs.write(made.audit, folder, FORMATS, made.context)
    files = dict(zip(FORMATS, paths, strict=True))
    document = json.loads(files["json"].read_text(encoding="utf-8"))
    return Written(files, expected(document, made.audits[-2], made.audit))


def held(said: Figures, written: Written, *beside: str) -> None:
    """All that is expected is said, but for what this format has not (`beside`), and as it is expected."""
    wanted = {name: str(figure) for name, figure in written.expected.figures.items()}
    assert {name: str(figure) for name, figure in said.items()} == {name: wanted[name] for name in said}
    assert {*wanted} - {*said} == {*beside}


def _first_screen(text: str) -> Figures:
    """The three answers: what stands on the page and on the first sheet of paper."""
    return figures_in(
        text,
        letter=r"(?:^|[> ])([A-F]) \d+ of 100",
        points=r"(\d+) of 100",
        worst_case=r"could not check were bad, the letter would be ([A-F])",
        answers=r"machines checked(?: \(\d+%\))?, with (\d+)% of the answers",
        seen=r"(\d+) of \d+ machines checked",
        machines=r"\d+ of (\d+) machines checked",
        Yes=r"(\d+) meets? every promise",
        No=r"(\d+) falls? short \d",
        Not_checked=r"(\d+) not checked \d",
        Excused=r"(\d+) excused",
        fixed=r"(\d+) fixed",
        new=r"(\d+) new",
        came_back=r"(\d+) came back",
        still_open=r"(\d+) still open",
        hours_beyond=r"Approve ([\d.]+) extra hours",
        money=r"extra hours £([\d,]+)",
        hours_in_the_plan=r"Your plan's (\d+) hours? ",
    )


def _fix(text: str) -> Figures:
    found = figures_in(
        text,
        hours=r"([\d.,]+) hours \([^)]*\) and [\d.,]+ points in all",
        points_to_gain=r"hours \([^)]*\) and ([\d.,]+) points in all",
        hours_of_ours=r"([\d.,]+) in all for us",
        hours_of_the_road=r"road from [A-F] to [A-F] takes ([\d.]+) hours",
        next_letter=r"road from [A-F] to ([A-F]) takes",
    )
    # The last of the tasks' numbers; a figure of hours or points before such a word is none.
    tasks = map(int, re.findall(r"(?<![\d.])(\d+) (?:Find and check|Get the answers|Set right)", text))
    return {**found, "tasks": max(tasks)}


def _exceptions(text: str) -> Figures:
    return figures_in(text, agreed_to_leave=r"(\d+) agreed to leave;", declined=r"(\d+) declined", told=r"(\d+) told")


def test_the_page_says_what_the_document_holds(written: Written) -> None:
    texts = written.texts()
    said = {
        **_first_screen(f"{texts['safe']} {texts['better']} {texts['need']}"),
        **figures_in(texts["changes"], open_before=r"(\d+) fell short at the check before", open=r"(\d+) falls? short now"),
        **_fix(texts["fix"]),
        **_exceptions(texts["exceptions"]),
    }
    held(said, written)
    parts = sorted(map(float, re.findall(r"([\d.]+) of 100, counts", texts["parts"])))
    assert parts == [pytest.approx(points, abs=0.5) for points in sorted(written.expected.parts.values())]


def test_the_page_says_what_the_document_holds_of_each_promise_and_machine(written: Written) -> None:
    safe, detail = written.texts()["safe"], written.texts()["detail"]
    _promises(safe, written)
    listed = {}
    (body,) = re.findall(r'<tbody id="rows">(.*?)</tbody>', written.page, re.DOTALL)
    for row in re.split(r"<tr[^>]*>", body)[1:]:
        name, *cells = (plain(cell).strip() for cell in re.split(r"<t[dh][^>]*>", row)[1:])
        listed[name.split(" ")[0]] = (*cells[:3], cells[4])
    assert listed == {one.name: (*one.states, str(as_shown(one.points, 1))) for one in written.expected.machines.values()}
    said = dict(re.findall(r"([A-Z]{2}-\d{3}) (\d+) (?:other checks? )?falls? short", detail))
    assert said == {one.name: str(one.short) for one in written.expected.machines.values() if one.short}


def _promises(text: str, written: Written) -> None:
    """Each with its answer, how many do, and how many do not and why."""
    for promise in written.expected.promises:
        shown = (
            rf"{re.escape(promise.title)}\? (Yes, except|Yes|Not yet|No) (\d+) of (\d+) do(?:es)?\b (.*?)(?:\?|Looked at)"
        )
        match = re.search(shown, text)
        assert match, promise.title
        assert match.group(1, 2, 3) == (promise.answer, str(promise.counts["Yes"]), str(promise.of))
        why = {"No": r"(\d+) [\w]+ do(?:es)? not:", "Not checked": r"(\d+) w(?:as|ere) not checked|(\d+) not checked"}
        for state, pattern in {**why, "Excused": r"(\d+) excused"}.items():
            found = re.search(pattern, match[4])
            said = next(filter(None, found.groups())) if found else "0"
            assert said == str(promise.counts[state]), (promise.title, state, match[4])


def test_the_workbook_says_what_the_document_holds(written: Written) -> None:
    grade, counts, terms = (written.summary(title) for title in ("Grade", "Machines", "What became of"))
    work, plan_rows = written.summary("What to fix first"), written.sheet("Remediation plan", "Order")
    kinds = Counter(
        kind for _, kind in {(row["Exception id"], row["Kind"]) for row in written.sheet("Exceptions", "Exception id")}
    )
    states = Counter(row["All promises"] for row in written.sheet("Devices", "Device id"))
    road = str(work["Hours to the next letter"][1])
    said = {
        "letter": grade["Grade"][0],
        "points": int(as_shown(grade["Points"][0], 0)),
        "worst case": grade["Worst case"][0],
        "answers": int(as_shown(100 * grade["Answers we have"][0], 0)),
        "machines": counts["On the list"][0],
        "seen": counts["Seen"][0],
        "Yes": counts["Meet every promise"][0],
        "No": counts["Fall short"][0],
        "Not checked": counts["Not checked"][0],
        "Excused": counts["Excused"][0],
        "fixed": -terms["Fixed"][0],
        "new": terms["New"][0],
        "came back": terms["Came back"][0],
        "open before": terms["Fell short at the check before"][0],
        "open": terms["Fall short now"][0],
        "still open": terms["Of those, still open from before"][0],
        "agreed to leave": kinds["Agreed to leave for a while"],
        "declined": kinds["Work that you declined"],
        "told": kinds["Told, not measured"],
        "tasks": len(plan_rows),
        "points to gain": str(as_shown(sum(row["Points"] for row in plan_rows), 1)),
        "hours": str(as_shown(work["Hours needed"][0], 1)),
        "hours of ours": str(as_shown(work["Of these, ours to do"][0], 1)),
        "hours in the plan": f"{work['Hours in the plan each month'][0]:g}",
        "hours beyond": str(as_shown(work["Hours beyond one month of the plan"][0], 1)),
        "money": str(as_shown(work["Price of the hours beyond"][0], 0)),
        "hours of the road": str(as_shown(work["Hours to the next letter"][0], 1)),
        **figures_in(road, next_letter=r"road from [A-F] to ([A-F]) takes"),
    }
    held(said, written)
    assert states == {state: said[state] for state in STATES}
    above = written.above("Remediation plan")
    for label in ("Hours needed", "Hours in the plan each month", "Hours beyond one month of the plan"):
        assert above[label] == work[label][0]
    assert sum(row["Hours"] for row in plan_rows) == pytest.approx(work["Hours needed"][0])


def test_the_workbook_says_what_the_document_holds_of_each_promise_and_machine(written: Written) -> None:
    wanted = written.expected
    rows = written.sheet("Scorecard", "Part")
    assert {row["Check"] for row in rows} == {"OK"}
    assert sorted(row["Points"] for row in rows) == pytest.approx(sorted(wanted.parts.values()))
    for promise, row in zip(wanted.promises, rows, strict=False):
        assert row["Answer"] == promise.answer
        assert row["Machines"] == promise.of
        assert {state: row[state] for state in STATES} == promise.counts
        assert row["Share of Yes"] == pytest.approx(promise.counts["Yes"] / promise.of)
    columns = [row["Part"] for row in rows][: len(wanted.promises)]
    listed = {
        row["Machine"]: (
            tuple(row[column] for column in columns),
            round(row["Points"], 9),
            row["Checks that fall short"],
            row["Checks without an answer"],
        )
        for row in written.sheet("Devices", "Device id")
    }
    assert {
        one.name: (one.states, round(one.points, 9), one.short, one.silent) for one in wanted.machines.values()
    } == listed
    counted = written.summary("Findings")
    findings = {word: counted[word][0] for word in (*RESULTS.values(), "Excused")}
    assert findings == {word: wanted.findings_excused[word] for word in findings}
    on_sheet = Counter(row["Result"] for row in written.sheet("Findings", "Finding id"))
    assert on_sheet.pop("Yes") == wanted.figures["fixed"]  # of what is in order, what was fixed
    assert on_sheet == Counter({word: count for word, count in findings.items() if word not in ("Yes", "Not applicable")})


def test_page_and_workbook_say_what_moved_the_points(written: Written) -> None:
    made = told()
    found = bridge(made.audits[-2], made.audit)
    assert found.before is not None
    assert found.after is not None
    parts = rounded([part.points for part in found.parts], found.before, found.after, 1)
    changes = written.texts()["changes"].replace("\N{MINUS SIGN}", "-")
    steps = [Decimal(step) for step in re.findall(r"([+-][\d.]+|\b0) [\d.]+ \d+ results? on", changes)]
    cells = [value for value, remark in written.summary("Why the points moved").values() if "on " in str(remark)]
    assert len(parts) > 3
    assert steps == parts
    assert [as_shown(value, 1) for value in cells] == parts
    assert f"from {as_shown(found.before, 1)} to {as_shown(found.after, 1)}" in changes


def test_page_and_workbook_say_the_months_before(written: Written) -> None:
    made = told()
    card = made.audit.scorecard
    past = [(one.as_of, one.score, one.coverage) for one in made.context.history]
    months = [*past, (made.audit.as_of, card.score, card.coverage)][-12:]
    wanted = [(f"{moment:%b %Y}", f"{as_shown(score or 0.0, 0)}", percentage(share)) for moment, score, share in months]
    page = re.findall(r"([A-Z][a-z]{2} \d{4}) (\d+) ([\d.]+%)", written.texts()["better"].partition("When Points")[2])
    assert page == wanted
    rows = [row for row in written.sheet("Trend", "Month") if row["Score"] is not None]
    assert [
        (f"{row['Month']:%b %Y}", f"{as_shown(row['Score'], 0)}", percentage(row["Answers we have"])) for row in rows
    ] == wanted


def test_page_and_workbook_say_what_lies_ahead_and_what_is_asked(written: Written) -> None:
    made, texts = told(), written.texts()
    assert made.context.outlook is not None
    warnings = made.context.outlook.warnings
    assert [(row["When"].date(), row["Count"]) for row in written.sheet("Will break first", "When")] == [
        (one.on, len(one.endpoints)) for one in warnings
    ]
    assert [int(days) for days in re.findall(r"\d{4} in (\d+) days ", texts["ahead"])] == [one.days for one in warnings]
    asked = {
        (one.row.id, one.met, one.of)
        for framework in made.context.frameworks
        for one in answers(made.audit, framework, fresh_days=fresh_days(made.audit), now=made.audit.as_of)
    }
    rows = written.sheet("Frameworks", "Framework")
    assert {(row["Id"], row["Machines that do"], row["Of"]) for row in rows} == asked
    counted = Counter(row["Answer"].lower() for row in rows)
    said: Counter[str] = Counter()
    for summary in re.findall(r"\d+ asked: ([a-z ,\d]+\d)", texts["frameworks"]):
        said.update({word: int(count) for word, count in re.findall(r"([a-z][a-z ]*) (\d+)", summary)})
    assert said == counted


def test_the_list_of_findings_says_what_the_document_holds(written: Written) -> None:
    document, rows = written.expected.document, written.records("csv")
    assert Counter(row["result"] for row in rows) == written.expected.findings
    wanted = {
        (one["endpoint"], one["check"]): (
            one["status"],
            one["severity"],
            "yes" if one["counts"] else "no",
            one["exception"]["id"] if one["exception"] else "",
            one["first_seen"] or "",
            None if one["effective"] is None else pytest.approx(one["effective"]),
        )
        for one in document["findings"]
    }
    said = {
        (row["machine"], row["check"]): (
            row["status"],
            row["severity"],
            row["graded"],
            row["exception"],
            row["first_seen"],
            float(row["worth"]) if row["worth"] else None,
        )
        for row in rows
    }
    assert said == wanted
    waived = {one["id"] for one in document["exceptions"] if one["kind"] == "waived"}
    for one in written.expected.machines.values():
        for promise, state in zip(written.expected.promises, one.states, strict=True):
            mine = [row for row in rows if row["machine"] == one.name and row["check"] in promise.checks]
            words = {"Excused" if row["exception"] in waived else row["result"] for row in mine if row["graded"] == "yes"}
            assert state_of(words) == state, (one.name, promise.title)
    short = Counter(row["machine"] for row in rows if row["result"] in ("No", "Nearly") and row["graded"] == "yes")
    assert sum(short.values()) == written.expected.figures["open"]


def test_tickets_hold_the_work_of_the_plan(written: Written) -> None:
    figures = written.expected.figures
    for rows in (
        [(row["hours_likely"], row["points"]) for row in written.records("tickets") if row["state"] == "open"],
        [
            (one["hours"]["likely"], one["points"])
            for one in written.json("tickets-json")["tickets"]
            if one["state"] == "open"
        ],
    ):
        hours, points = (sum(float(value) for value in column) for column in zip(*rows, strict=True))
        assert hours == pytest.approx(float(str(figures["hours"])), abs=0.05 + 0.005 * len(rows))
        assert points == pytest.approx(float(str(figures["points to gain"])), abs=0.05 + 0.005 * len(rows))


def test_sarif_says_what_the_document_holds(written: Written) -> None:
    (run,) = written.json("sarif")["runs"]
    figures, about = written.expected.figures, run["properties"]
    assert (about["letter"], about["machines"], about["machinesSeen"]) == (
        figures["letter"],
        figures["machines"],
        figures["seen"],
    )
    assert as_shown(about["score"], 0) == figures["points"]
    assert as_shown(100 * about["coverage"], 0) == figures["answers"]
    assert len(run["results"]) == sum(one["status"] in OPEN for one in written.expected.document["findings"])


def test_the_pdf_says_what_the_document_holds(written: Written) -> None:
    """Columns stand one after the other in its text, so what is beside another figure is looked for by itself."""
    pdftotext = program("pdftotext", "poppler-utils")
    done = subprocess.run([pdftotext, "-raw", written.files["pdf"], "-"], capture_output=True, text=True, check=True)
    text = re.sub(r"\s+", " ", done.stdout)
    said = {
        **_first_screen(text),
        **figures_in(text, open_before=r"(\d+) fell short at the check before", open=r"(\d+) falls? short now"),
        **_fix(text),
        **_exceptions(text),
    }
    held(said, written)
    _promises(text, written)
    for one in written.expected.machines.values():
        row = rf"{one.name} {' '.join(one.states)} [^.]*? {as_shown(one.points, 1)} \d+ \w+ 2026"
        assert re.search(row, text), row
    for points in written.expected.parts.values():
        assert re.search(rf" {as_shown(points, 0)} of 100, counts", text), points


def test_the_screen_says_what_the_document_holds(written: Written, capsys: pytest.CaptureFixture[str]) -> None:
    made = told()
    show(made.audit, (), made.context)
    text = re.sub(r"\s+", " ", capsys.readouterr().out)
    said = figures_in(
        text,
        letter=r"grade ([A-F]) ",
        worst_case=r"not known were bad, the grade would be ([A-F])",
        answers=r"(\d+)% of what is asked was answered",
        seen=r"(\d+) of \d+ machines checked",
        machines=r"\d+ of (\d+) machines checked",
        fixed=r"(\d+) fixed",
        new=r"(\d+) new",
        came_back=r"(\d+) came back",
        tasks=r"In all (\d+) tasks",
        hours=r"tasks: ([\d.]+) hours",
        points_to_gain=r"\), ([\d.]+) points\.",
    )
    assert said == {name: written.expected.figures[name] for name in said}
    assert float(figures_in(text, score=r"\(([\d.]+) of 100\)")["score"]) == pytest.approx(  # type: ignore[arg-type]  # text
        written.expected.document["scorecard"]["score"], abs=0.05
    )
    for promise in written.expected.promises:
        shown = rf"{promise.answer} {re.escape(promise.title)}\? {promise.counts['Yes']} of {promise.of}\b"
        assert re.search(shown, text), shown


def test_formats_written_together_are_what_each_writes_alone(written: Written, tmp_path: Path) -> None:
    """They share what they are made from, and none changes it."""
    made = told()
    for name in ("html", "xlsx", "csv", "tickets-json"):
        report(name).render(made.audit, made.context, tmp_path / name)
        assert (tmp_path / name).read_bytes() == written.files[name].read_bytes(), name
