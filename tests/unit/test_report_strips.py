"""History strips on the page: what each shows is said beside it, and editions without a past have none."""

from __future__ import annotations

import importlib
import re
from dataclasses import replace
from functools import cache

import pytest

from scorecard.pseudonyms import redacted
from scorecard.reporting import EditionName, ReportContext
from scorecard.result import Audit
from scorecard.strips import Square
from tests.e2e import story

html = importlib.import_module("scorecard.reports.html")
views = importlib.import_module("scorecard.reports.view")
drawn = importlib.import_module("scorecard.reports.strips")
said = importlib.import_module("scorecard.reports.strips_words").said


@cache
def told() -> tuple[Audit, ReportContext]:
    known = story.story(brief=True)
    return known.audit, known.context


def test_each_finding_that_is_shown_has_a_strip_that_says_what_it_shows() -> None:
    audit, context = told()
    view = views.build(audit, context)
    shown = {row.id for device in view.on_page for row in (*device.failing, *device.excused)}
    shown |= {row.id for device in view.on_page if device.seen for row in device.with_status("unknown")}
    assert view.strips.of.keys() == shown
    by_id = {drawing.id: drawing for drawing in view.strips.drawings}
    assert len(by_id) < len(shown)
    (row,) = [row for row in view.rows.findings if (row.device, row.check) == ("PC-030", story.UPDATES)]
    strip = view.strips.of[row.id]
    assert by_id[strip.drawing.id].paths == (("short", "M0 0h10v10h-10zM24 0h10v10h-10z"), ("met", "M12.5 0.5h9v9h-9z"))
    assert strip.said == "Fell short in 2 of the last 3 checks."
    (new,) = [row for row in view.rows.findings if (row.device, row.check) == ("LT-010", "inventory.identified")]
    assert view.strips.of[new.id].said == "Excused in 1 of the last 3 checks."


def test_a_strip_costs_few_bytes_and_is_drawn_once() -> None:
    audit, context = told()
    page = html.page(views.build(audit, context))
    without = html.page(views.build(audit, replace(context, strips=None)))
    count = page.count("<dt>Last checks")
    assert count > 20
    symbols = re.findall(r'<symbol id="(h[0-9]+)"', page)
    assert len(symbols) == len(set(symbols)) < count
    assert set(re.findall(r'href="#(h[0-9]+)"', page)) == set(symbols)
    assert len(page) - len(without) < 150 * count + 2_500  # what stands once: the fills and their words
    assert "Last checks" not in without


@pytest.mark.parametrize("name", [EditionName.CLIENT, EditionName.ENGINEER])
def test_numbers_for_names_leave_every_strip_where_it_was(name: EditionName) -> None:
    audit, context = told()
    plain = views.build(audit, replace(context, edition=name))
    hidden = views.build(*redacted(audit, replace(context, edition=name)))
    assert plain.strips.of
    assert {id_: strip.said for id_, strip in hidden.strips.of.items()} == {
        id_: strip.said for id_, strip in plain.strips.of.items()
    }


def test_the_prospects_edition_and_a_document_alone_have_no_strips() -> None:
    audit, context = told()
    prospect = views.build(audit, replace(context, edition=EditionName.PROSPECT))
    for view in (prospect, views.build(audit, ReportContext())):
        assert view.strips == drawn.Strips()
        assert "Last checks" not in html.page(view)


@pytest.mark.parametrize(
    ("letters", "sentence"),
    [
        ("mmmmmmmsssss", "Fell short in 5 of the last 12 checks."),
        ("ssssssssssss", "Fell short in each of the last 12 checks."),
        ("---eenussmus", "Fell short in 3 of 9 checks, excused in 2, no answer in 2, could not apply in 1."),
        ("mmmmmmmmmmmu", "No answer in 1 of the last 12 checks."),
        ("----------ss", "Fell short in each of 2 checks."),
        ("sms", "Fell short in 2 of the last 3 checks."),
        ("-----------u", "Nothing earlier is known of it."),
    ],
)
def test_what_a_strip_shows_in_words(letters: str, sentence: str) -> None:
    counts = {square: letters.count(square) for square in Square if square is not Square.GAP and square in letters}
    assert said(Square(letters[-1]), counts, len(letters)) == sentence
