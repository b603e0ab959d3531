"""Charts of the page: what they draw is what the table beside them says."""

from __future__ import annotations

import html
import importlib
import re
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from scorecard.registry import report
from scorecard.reporting import EditionName, Moved, Past, ReportContext
from tests.e2e import sample, story
from tests.e2e.sample import Machine, short, unreachable

views = importlib.import_module("scorecard.reports.view")
figures = importlib.import_module("scorecard.reports.figures")
DRIVE = "disk-encryption.system-volume"


@pytest.fixture(scope="module")
def engineers() -> Any:
    told = story.story(brief=True)
    return views.build(told.audit, replace(told.context, edition=EditionName.ENGINEER))


def past(month: int, score: float, machines: int = 10, coverage: float = 0.95, moved: Moved | None = None) -> Past:
    day = datetime(2026, month, 14, 8, tzinfo=UTC)
    return Past(f"past-{month}", day, score, "C", coverage, machines, 3, moved=moved)


def chart(*history: Past) -> Any:
    machines = [Machine(f"M{n}") for n in range(10)]
    return views.build(sample.audit(machines), ReportContext(history=history)).trend.chart


def test_a_turn_of_the_line_is_named_by_a_fact_that_goes_the_same_way() -> None:
    joined = chart(past(6, 90), past(7, 91), past(8, 80, machines=22), past(9, 81), past(10, 98))
    assert "12 machines joined" in [event.text for event in joined.events]
    assert "Aug 2026: 12 machines joined." in joined.description
    grew = chart(past(6, 90), past(7, 91), past(8, 97, machines=22), past(9, 97), past(10, 98))
    assert [event.text for event in grew.events] == []
    fixed = chart(past(6, 60), past(7, 61), past(8, 72, moved=Moved(20, 1, 0)), past(9, 73), past(10, 98))
    assert "20 fixed" in [event.text for event in fixed.events]
    fewer = chart(
        past(6, 90), past(7, 91), past(8, 80, coverage=0.7), past(9, 81, coverage=0.7), past(10, 98, coverage=0.7)
    )
    assert "fewer answers" in [event.text for event in fewer.events]
    assert all(len(one.events) <= 2 for one in (joined, fixed, fewer))


def test_what_is_written_into_the_chart_keeps_clear_of_its_line() -> None:
    for history in (sample.year(), tuple(past(month, 60 + 3 * month) for month in range(1, 11))):
        made = chart(*history)
        for event in made.events:
            near = [dot for dot in (*made.dots, made.last[0]) if abs(dot.x - event.x) <= 40]
            assert all(abs(dot.y - (event.y - 5)) >= 10 for dot in near)


def test_the_line_of_the_next_letter_stands_where_that_letter_begins() -> None:
    made = chart(past(9, 60), past(10, 75))
    assert made.goal.label == "A from 90"  # it is an A already: the line is that of its own letter
    stripe = next(band for band in made.stripes if band.letter == "A")
    assert made.goal.y == pytest.approx(stripe.y + stripe.height)


def test_parts_then_and_now_are_those_of_the_two_audits() -> None:
    told = story.story(brief=True)
    made = views.build(told.audit, told.context)
    before = {category.id: category.score for category in told.audits[-2].scorecard.categories}
    now = {category.id: category.score for category in told.audit.scorecard.categories}
    categories = {dict(made.agreed.parts)[one.part]: one.id for one in made.agreed.categories if before.get(one.id)}
    assert len(made.slope.lines) >= 3
    for line in made.slope.lines:
        then_score, now_score = before[categories[line.title]], now[categories[line.title]]
        assert then_score is not None
        assert now_score is not None
        assert line.then == f"{then_score:.1f}"
        assert line.now == f"{now_score:.1f}"
        assert line.down == (float(line.now) < float(line.then))
    for labels in ([line.label1 for line in made.slope.lines], [line.label2 for line in made.slope.lines]):
        assert all(after - before_ >= 20 for before_, after in pairwise(sorted(labels)))
        assert min(labels) >= 0
        assert max(labels) <= 150


def test_labels_keep_apart_however_close_the_points_are() -> None:
    for wanted in ([150.0, 150.0, 150.0, 150.0], [16.0, 16.5, 17.0, 17.5], [150.0, 16.0, 149.0, 20.0]):
        placed = figures._apart(wanted)
        assert all(after - before >= 20 for before, after in pairwise(sorted(placed)))
        assert min(placed) >= 0
        assert max(placed) <= 150


def test_without_a_check_before_there_is_no_slope() -> None:
    assert views.build(sample.fleet_audit(), ReportContext()).slope is None


def test_promises_by_site_count_the_machines_of_each_site(engineers: Any) -> None:
    rows = engineers.rows.devices
    for part, column in zip(engineers.sites_drawn.parts, engineers.rows.columns, strict=False):
        for bar in part.bars:
            cells = [cell.state for row in rows if row.site == bar.site for cell in row.cells if cell.column == column.id]
            assert (bar.met, bar.of) == (cells.count("yes"), len(cells) - cells.count("not-applicable"))
        shares = [bar.met / bar.of for bar in part.bars]
        assert shares == sorted(shares)
    client = views.build(story.story(brief=True).audit, story.story(brief=True).context)
    assert (client.sites_drawn, client.ages) == (None, None)


def test_one_site_needs_no_comparison() -> None:
    audit = sample.audit([Machine("A"), Machine("B")])
    assert views.build(audit, ReportContext(edition=EditionName.ENGINEER)).sites_drawn is None


def test_ages_count_every_open_result_once(engineers: Any) -> None:
    short_ = [row for row in engineers.rows.findings if row.graded and row.falls_short]
    assert sum(bar.count for bar in engineers.ages.bars) == len(short_)
    edges = [Machine(f"M{days}", answers={DRIVE: short("open", "shut")}, days_open=days) for days in (7, 8, 30, 31, 90, 91)]
    made = views.build(sample.audit(edges), ReportContext(edition=EditionName.ENGINEER)).ages
    assert [bar.count for bar in made.bars] == [1, 2, 2, 1]


def test_every_chart_has_a_name_a_message_and_a_table(tmp_path: Path) -> None:
    told = story.story(brief=True)
    target = tmp_path / "page.html"
    report("html").render(told.audit, replace(told.context, edition=EditionName.ENGINEER), target)
    text = target.read_text(encoding="utf-8")
    drawn = re.findall(r'<svg[^>]*role="img"[^>]*>', text)
    labelled = [one for one in drawn if "aria-labelledby" in one]
    assert len(labelled) >= 6
    for one in labelled:
        names = re.search(r'aria-labelledby="(\S+) (\S+)"', one)
        assert names is not None
        title, message = names.groups()
        said = re.search(rf'<title id="{title}">(.*?)</title><desc id="{message}">(.*?)</desc>', text)
        assert said is not None
        assert all(html.unescape(piece).strip() for piece in said.groups())


def test_more_machines_in_sight_are_named_beside_points_that_rose() -> None:
    before = sample.audit(
        [*(Machine(f"M{n}") for n in range(8)), *(Machine(f"X{n}", failure=unreachable()) for n in range(2))],
        at=story.OCTOBER,
        id="before",
    )
    card = before.scorecard
    history = (Past("before", before.as_of, card.score, card.letter, card.coverage, 10, 0),)
    now = sample.audit([*(Machine(f"M{n}") for n in range(8)), *(Machine(f"X{n}") for n in range(2))], past=[before])
    trend = views.build(now, ReportContext(history=history, before=before)).trend
    assert trend.sentence.endswith(", partly because we now see 2 more machines.")
    assert trend.beside == ""
    assert trend.detail
