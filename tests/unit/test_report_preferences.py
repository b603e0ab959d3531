"""What the inventory says of the reports alone: the agreed goal, whom to ask, how days and money are written, the paper."""

from __future__ import annotations

import importlib
import re
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from markupsafe import escape

from scorecard import days, outputs
from scorecard.cli.summary import show
from scorecard.inventory import fields_reports
from scorecard.model import Status, Verdict
from scorecard.registry import Registry
from scorecard.reporting import EditionName, ReportContext
from scorecard.result import Audit, Contact, Goal, Preferences
from scorecard.standard import LETTERS
from scorecard.store import Store
from tests.e2e import sample, story
from tests.e2e.sample import MARKUP, Machine, short, unreachable

views = importlib.import_module("scorecard.reports.view")
html = importlib.import_module("scorecard.reports.html")
goal_words = importlib.import_module("scorecard.reports.goal_words")
numbers = importlib.import_module("scorecard.reports.numbers")
DRIVE, SUPPORT = "disk-encryption.system-volume", "os-support.supported"
SPRING = date(2027, 3, 31)
MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
DAY_FIRST = re.compile(rf"\b[0-9]{{1,2}} {MONTH}\b(?! [0-9]{{1,2}})")
MONTH_FIRST = re.compile(rf"\b{MONTH} [0-9]{{1,2}}\b")


def wishing(audit: Audit, **wishes: Any) -> Audit:
    return replace(audit, preferences=Preferences(**wishes))


def view(audit: Audit, edition: EditionName = EditionName.CLIENT) -> Any:
    return views.build(audit, ReportContext(edition=edition))


def fleet(short_on: int, of: int = 20, checks: tuple[str, ...] = (DRIVE,), **more: Any) -> Audit:
    bad = {check: short("open", "shut") for check in checks}
    return sample.audit([Machine(f"M{n}", answers=bad if n < short_on else {}) for n in range(of)], **more)


def held() -> Audit:
    """With the points for an A, and a letter below it."""
    found = fleet(1)
    assert found.scorecard.letter_before_caps == "A" != found.scorecard.letter
    return found


@pytest.mark.parametrize(
    ("audit", "goal", "said"),
    [
        (fleet(0), Goal("B", SPRING), "Agreed goal: B by 31 Mar 2027. It is reached."),
        (fleet(0), Goal("A"), "Agreed goal: A. It is reached."),
        (held(), Goal("A", SPRING), "Agreed goal: A by 31 Mar 2027."),
        (held(), Goal("A", sample.AS_OF.date()), "Agreed goal: A by 14 Nov 2026."),
        (
            held(),
            Goal("A", sample.AS_OF.date() - timedelta(days=1)),
            "Agreed goal: A by 13 Nov 2026. Its day has passed.",
        ),
        (held(), None, ""),
        (fleet(1, scope="--limit M0"), Goal("A"), ""),
        (sample.audit([]), Goal("A"), ""),
    ],
)
def test_the_grade_says_how_far_the_agreed_goal_is(audit: Audit, goal: Goal | None, said: str) -> None:
    assert view(wishing(audit, goal=goal)).goal == said


def test_the_points_to_the_agreed_goal_are_those_of_its_letter_not_of_the_next_one() -> None:
    audit = fleet(20, checks=(DRIVE, "antivirus.protected", SUPPORT))
    score = audit.scorecard.score
    assert score is not None
    assert score < 80
    assert view(wishing(audit, goal=Goal("A"))).goal == f"Agreed goal: A. It is {90 - score:.0f} points away."


@pytest.mark.parametrize(
    ("points", "said"),
    [(0.0, ""), (0.01, "It is 0.1 points away."), (0.97, "It is 1 point away."), (1.6, "It is 2 points away.")],
)
def test_what_is_left_is_never_nothing(points: float, said: str) -> None:
    assert goal_words.away(points) == said


@cache
def year() -> Any:
    return story.story(brief=True)


def test_the_chart_draws_the_agreed_goal_or_else_the_next_letter() -> None:
    told = year()
    chart = views.build(wishing(told.audit, goal=Goal("A", SPRING)), told.context).trend.chart
    assert chart.goal.label == "Agreed goal: A (90)"
    assert "The agreed goal is A, from 90 points." in chart.description
    drawn = {stripe.letter: stripe.y + stripe.height for stripe in chart.stripes}
    assert chart.goal.y == pytest.approx(drawn["A"], abs=0.2)
    plain = views.build(told.audit, told.context).trend.chart
    assert plain.goal.label == "A from 90"
    assert "goal" not in plain.description
    odd = views.build(wishing(told.audit, goal=Goal("Z")), told.context)
    assert (odd.trend.chart.goal.label, odd.goal) == ("A from 90", "")


def test_nothing_was_agreed_with_a_prospect() -> None:
    audit = wishing(held(), goal=Goal("A", SPRING))
    made = views.build(audit, ReportContext(edition=EditionName.PROSPECT, with_letter=True))
    assert made.standing.letter
    assert "Agreed goal" not in html.page(made)
    assert "Agreed goal" in html.page(view(audit))


def away_at_two_sites(**wishes: Any) -> Audit:
    machines = [
        Machine("A", failure=unreachable(), site="Depot", last_seen_at=story.OCTOBER),
        Machine("B", failure=unreachable(), last_seen_at=story.OCTOBER + timedelta(days=1)),
        Machine("C", failure=unreachable(), site="Depot", last_seen_at=story.OCTOBER + timedelta(days=2)),
        Machine("D"),
    ]
    return wishing(sample.audit(machines), **wishes)


def sheets(audit: Audit, **context: Any) -> list[tuple[str, str, list[str]]]:
    found = views.build(audit, ReportContext(**context)).bring_sheets
    return [
        (one.contact.name if one.contact else "", one.contact.ways if one.contact else "", [row.name for row in one.rows])
        for one in found
    ]


def test_each_contact_has_a_sheet_with_the_machines_of_the_own_site() -> None:
    jo, sam = Contact("Jo Larkspur", "jo@larkspur.example", "+44 20 7946 0001"), Contact("Sam Reed")
    audit = away_at_two_sites(contact=jo, contacts={"Depot": sam})
    ways = "jo@larkspur.example, +44 20 7946 0001"
    assert sheets(audit) == [("Sam Reed", "", ["A", "C"]), ("Jo Larkspur", ways, ["B"])]
    assert sheets(away_at_two_sites(contact=jo)) == [("Jo Larkspur", ways, ["A", "B", "C"])]
    assert sheets(away_at_two_sites()) == [("", "", ["A", "B", "C"])]
    page = html.page(views.build(audit, ReportContext()))
    assert "For Jo Larkspur" in page
    regions = re.findall(r'aria-label="(Machines to bring in[^"]*)"', page)
    assert regions == ["Machines to bring in, for Sam Reed", "Machines to bring in, for Jo Larkspur"]


def test_a_hostile_contact_is_text() -> None:
    page = html.page(views.build(away_at_two_sites(contact=Contact(MARKUP, MARKUP, MARKUP)), ReportContext()))
    assert MARKUP not in page
    assert "<script>alert" not in page


def test_without_names_the_contact_has_a_number_and_no_mail_or_telephone(tmp_path: Path) -> None:
    jo = Contact("Zelda Quince", "zelda@quince.example", "+44 20 7946 0777")
    told = {DRIVE: short("told by Zelda Quince on +44 20 7946 0777", "shut", Status.FAIL)}
    away = away_at_two_sites(contact=jo, contacts={"Depot": Contact("Yorick Plum")}, locale="en-US", goal=Goal("A"))
    audit = replace(away, findings=tuple(replace(one, verdict=told[DRIVE]) for one in away.findings[:1]))
    look = outputs.look("client", redact=True)
    (file,) = outputs.write(audit, tmp_path, ("html",), ReportContext(), chosen=look)
    page = file.read_text(encoding="utf-8")
    for hidden in ("Zelda", "Quince", "7946 0777", "Yorick", "Plum"):
        assert hidden not in page
    assert re.search(r"For P-00[0-9]", page)
    assert '<html lang="en-US">' in page


LOCALES = sorted(days.LOCALES)


def test_what_may_be_chosen_is_what_there_is_and_is_documented() -> None:
    assert LETTERS[:-1] == fields_reports.LETTERS
    said = (Path(__file__).parents[2] / "docs" / "inventory.md").read_text(encoding="utf-8")
    table = said[said.index("| `locale` | A day |") :].split("\n\n")[0]
    assert sorted(re.findall(r"`(en-[A-Z]{2})`", table)) == LOCALES
    for line in table.splitlines()[2:]:
        names, shown, _, paper = (cell.strip() for cell in line.strip("|").split("|"))
        for name in re.findall(r"`(en-[A-Z]{2})`", names):
            with days.written(name) as there:
                assert numbers.day(date(2026, 11, 14)) == shown
            assert f"`{there.paper}`" == paper


@pytest.mark.parametrize("name", LOCALES)
def test_days_are_written_as_in_the_country(name: str) -> None:
    early, late = datetime(2026, 11, 12, 7, 2, tzinfo=UTC), datetime(2026, 11, 14, 7, 2, tzinfo=UTC)
    before = datetime(2025, 12, 30, tzinfo=UTC)
    with days.written(name):
        shown = (
            numbers.day(late),
            numbers.short_day(late),
            numbers.stamp(late),
            numbers.span(early, late),
            numbers.span(late, late),
            numbers.span(before, late),
            numbers.month(late),
            numbers.short_month(late),
        )
    if name in ("en-US", "en-CA"):
        assert shown == (
            "Nov 14, 2026",
            "Nov 14",
            "Nov 14, 2026, 07:02 UTC",
            "between Nov 12 and 14",
            "on Nov 14",
            "between Dec 30, 2025 and Nov 14, 2026",
            "November 2026",
            "Nov 2026",
        )
    else:
        assert shown == (
            "14 Nov 2026",
            "14 Nov",
            "14 Nov 2026, 07:02 UTC",
            "between 12 and 14 Nov",
            "on 14 Nov",
            "between 30 Dec 2025 and 14 Nov 2026",
            "November 2026",
            "Nov 2026",
        )
    assert numbers.day(late) == "14 Nov 2026"  # and afterwards it is as before


@pytest.mark.parametrize(
    ("name", "currency", "shown"),
    [
        ("en-US", "USD", "$1,210"),
        ("en-GB", "USD", "$1,210"),
        ("en-CA", "CAD", "$1,210"),
        ("en-CA", "USD", "US$1,210"),
        ("en-AU", "AUD", "$1,210"),
        ("en-NZ", "AUD", "A$1,210"),
        ("en-US", "GBP", "£1,210"),
        ("en-IE", "EUR", "€1,210"),
        ("en-US", "CHF", "CHF 1,210"),
        ("fr-FR", "GBP", "£1,210"),
    ],
)
def test_a_dollar_is_that_of_the_country(name: str, currency: str, shown: str) -> None:
    with days.written(name):
        assert numbers.money(1210.4, currency) == shown


def test_a_locale_does_not_outlast_a_mistake() -> None:
    with pytest.raises(KeyError), days.written("en-US"):
        raise KeyError
    assert days.locale().name == "en-GB"


def readable(page: str) -> str:
    """What people read, without what machines answered."""
    for finding in year().audit.findings:
        for answer in (finding.verdict.measured, finding.verdict.expected, finding.verdict.reason or ""):
            if DAY_FIRST.search(answer):
                page = page.replace(str(escape(answer)), "")
    return re.sub(r"<(style|script|pre)\b.*?</\1>", " ", page, flags=re.DOTALL)


@cache
def written(locale: str, edition: EditionName = EditionName.CLIENT) -> str:
    """A page of the story, and all that it is made from, in this locale."""
    told = year()
    audit = wishing(told.audit, locale=locale, goal=Goal("A", SPRING))
    context = replace(told.context, outlook=None, edition=edition)  # its sentences were made with the fixture
    with days.written(locale):
        return html.page(views.build(audit, context))  # type: ignore[no-any-return]  # a module that is looked up by name


@pytest.mark.parametrize("edition", EditionName)
def test_no_day_is_left_in_the_other_order(edition: EditionName) -> None:
    page = written("en-US", edition)
    assert DAY_FIRST.findall(readable(page)) == []
    assert MONTH_FIRST.search(readable(page))
    assert '<html lang="en-US">' in page
    assert '"monthFirst":true' in page.replace(" ", "")


def test_days_are_british_where_nothing_is_said() -> None:
    page = written("en-GB")
    assert MONTH_FIRST.findall(re.sub(rf"{MONTH} 20[0-9][0-9]", "", readable(page))) == []
    assert written("") == page


def test_formats_are_written_in_the_clients_locale_whoever_asks(tmp_path: Path) -> None:
    told = year()
    audit = wishing(told.audit, locale="en-US", goal=Goal("A", SPRING))
    (file,) = outputs.write(audit, tmp_path, ("html",), replace(told.context, outlook=None))
    assert file.read_text(encoding="utf-8") == written("en-US")
    assert days.locale().name == "en-GB"


def test_the_end_of_an_audit_on_the_screen_is_written_so_too(capsys: pytest.CaptureFixture[str]) -> None:
    told = year()
    show(wishing(told.audit, locale="en-US"), (), ReportContext(before=told.audits[-2]))
    said = capsys.readouterr().out
    assert "Oct 14, 2026" in said
    assert DAY_FIRST.findall(said) == []


def test_what_lies_ahead_is_told_in_the_clients_locale(tmp_path: Path) -> None:
    ends = {"product": "debian", "version": "12", "release": "12", "ends": "2027-06-30", "kind": "standard", "source": "x"}
    good = Verdict(Status.PASS, "supported", "supported", ends)
    first, second = (
        sample.audit([Machine("A", answers={SUPPORT: good}), Machine("B")], at=at, id=f"a{at.month}")
        for at in (story.OCTOBER, sample.AS_OF)
    )
    gone = replace(second, devices=tuple(replace(one, seen=one.name != "B") for one in second.devices))
    with closing(Store.open(f"sqlite:///{tmp_path / 'history.db'}")) as store:
        for audit in (first, gone):
            store.begin(audit.id, audit.client, audit.started_at, audit.scope)
            store.finish(audit)
        found = outputs.context(wishing(gone, locale="en-US"), store, Registry.load(), ["html"]).outlook
    assert found is not None
    assert "ends on Jun 30, 2027" in found.warnings[0].sentence
    assert days.locale().name == "en-GB"


@pytest.mark.parametrize(
    ("locale", "paper", "size"),
    [
        ("", "", "a4"),
        ("en-US", "", "letter"),
        ("en-CA", "", "letter"),
        ("en-US", "a4", "a4"),
        ("en-GB", "letter", "letter"),
        ("xx", "legal", "a4"),
    ],
)
def test_the_paper_is_the_countrys_unless_the_inventory_says_otherwise(locale: str, paper: str, size: str) -> None:
    made = view(wishing(fleet(0, of=1), locale=locale, paper=paper))
    assert made.paper.size == size
    assert bool(re.search(r"@page ?\{ ?size: ?letter", html.page(made))) == (size == "letter")


@pytest.mark.parametrize("size", ["A4", "letter"])
def test_a_drawing_in_a_grid_may_meet_the_end_of_any_paper(size: str) -> None:
    """Where WeasyPrint breaks such a grid it stops: on one of the two papers it came to nothing."""
    style = importlib.import_module("scorecard.reports.templating").environment().get_template("pdf.css").render()
    height = {"A4": 1122, "letter": 1056}[size]  # of the paper in pixels
    bar = '<div class="hrs"><span>Hours</span><svg viewBox="0 0 602 16"></svg><span></span><span>10 of 14.6</span></div>'
    body = "".join(f'<div style="break-before: page; height: {height - room}px"></div>{bar}' for room in range(4, 60, 8))
    ours = ".hrs { display: grid; grid-template-columns: 130px 1fr; gap: 4px 16px } svg { height: 16px }"
    page = f"<style>{ours}\n{style}\n@page {{ size: {size}; margin: 0 }}</style><body style='margin: 0'>{body}</body>"
    made = importlib.import_module("weasyprint").HTML(string=page).render()
    assert len(made.pages) >= 7
