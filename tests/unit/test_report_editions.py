"""Editions: what each shows, and what it must not even know (reports.md 2 and 13)."""

from __future__ import annotations

import importlib
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from scorecard.errors import FailureKind
from scorecard.pseudonyms import redacted
from scorecard.registry import report
from scorecard.reporting import EditionName
from scorecard.result import Audit, Contract, Provider
from tests.e2e import sample
from tests.e2e.story import story

editions = importlib.import_module("scorecard.reports.editions")
first_look = importlib.import_module("scorecard.reports.first_look")
views = importlib.import_module("scorecard.reports.view")


@cache
def view(name: str, *, with_letter: bool = False) -> Any:
    told = story(brief=True)
    context = replace(told.context, edition=EditionName(name), with_letter=with_letter)
    return views.build(told.audits[-1], context)


@cache
def page(name: str, *, with_letter: bool = False) -> str:
    html = importlib.import_module("scorecard.reports.html")
    return str(html.page(view(name, with_letter=with_letter)))


def sections(text: str) -> list[str]:
    return re.findall(r'<section[^>]* id="([a-z0-9]+)"', text)


def test_each_edition_has_its_sections() -> None:
    client, engineer, prospect = (set(sections(page(name))) for name in ("client", "engineer", "prospect"))
    assert {"safe", "better", "parts", "changes", "fix", "machines", "detail", "unchecked", "method", "words"} <= client
    assert {"need", "bring", "exceptions"} <= client
    assert not {"tally", "waiting"} & client
    assert {"tally", "waiting", "better", "changes", "detail", "exceptions"} <= engineer
    assert not {"need", "bring", "top5", "road"} & engineer
    assert prospect == {"safe", "top5", "road", "parts", "fix", "machines", "unchecked", "method", "words"}


@pytest.mark.parametrize("name", list(EditionName))
def test_every_link_leads_somewhere(name: str) -> None:
    text = page(name)
    ids = set(re.findall(r' id="([^"]+)"', text))
    assert {target for target in re.findall(r'href="#([^"]+)"', text) if target not in ids} == set()


def test_the_edition_stands_in_the_masthead_and_says_for_whom_it_is() -> None:
    assert "Client edition" in page("client")
    assert "Engineer edition" in page("engineer")
    assert "Internal: contains security detail." in page("engineer")
    seen = sum(device.seen for device in story(brief=True).audits[-1].devices)
    total = len(story(brief=True).audits[-1].devices)
    said = f"First assessment. Based on {seen} of about {total} machines seen on 14 Nov 2026."
    assert said in page("prospect")
    assert said not in page("client")


def test_engineers_see_first_what_comes_first_and_who_was_not_seen_the_longest() -> None:
    seen = view("engineer")
    assert seen.waiting is not None
    silent = [row for row in seen.rows.devices if not row.seen]
    assert len(silent) == 1
    assert seen.waiting.title == f"{len(seen.tasks.rows)} tasks and 1 machine not seen."
    assert [task.title for task in seen.waiting.tasks] == [row.title for row in seen.tasks.rows[:4]]
    first = seen.tasks.rows[0]
    assert first.hours is not None
    assert seen.waiting.tasks[0].hours == f"{first.hours.likely:.1f} h"
    assert len(seen.waiting.stale) + seen.waiting.more == len(silent)
    assert seen.waiting.stale[0].since == f"{silent[0].days_since} days"
    assert view("client").waiting is None


def test_a_prospect_gets_no_letter_unless_it_is_asked_for() -> None:
    hidden, shown = view("prospect"), view("prospect", with_letter=True)
    assert (hidden.standing.letter, hidden.score, hidden.standing.points, hidden.standing.caps) == (None, None, "", ())
    assert hidden.method.caps == ()
    assert 'class="letter' not in page("prospect")
    assert shown.standing.letter == view("client").standing.letter is not None
    assert 'class="letter' in page("prospect", with_letter=True)
    assert hidden.standing.counts == shown.standing.counts == view("client").standing.counts


def test_a_prospect_gets_no_past_no_price_no_hours_and_nothing_agreed() -> None:
    found, text = view("prospect"), page("prospect")
    assert found.trend.chart is None
    assert (found.exceptions, found.frameworks, found.need, found.ahead.warnings) == ((), (), None, ())
    assert all(not card.was and not card.spark for card in found.work.cards)
    assert "£" not in text
    assert not re.search(r"\d hours \(", text)
    assert "This is our mark" not in text
    assert any("£" in one.price for one in view("client").exceptions)
    assert "£" not in view("engineer").tasks.contract
    assert view("engineer").tasks.hours == view("client").tasks.hours


def test_a_prospect_reads_the_worst_findings_and_the_effort() -> None:
    found = view("prospect").first_look
    assert 0 < len(found.top) <= 5
    order = {"Critical": 0, "High": 1, "Medium": 2, "Low": 3}
    assert [order[row.severity] for row in found.top] == sorted(order[row.severity] for row in found.top)
    for row in found.top:
        short, of = (int(number) for number in re.findall(r"\d+", row.count))
        counted = next(line for line in view("client").checks_tally if line.title == row.title)
        assert (short, of) == (counted.short, counted.of)
    assert {line.effort for line in found.tasks} <= {"small", "medium", "large", "not estimated"}
    planned = view("client").tasks.rows
    assert (
        len({line.title for line in found.tasks}) == len(found.tasks) == len({row.id.partition("/")[0] for row in planned})
    )
    assert sum(line.machines for line in found.tasks) == sum(row.machines for row in planned)


def test_engineers_read_ids_and_clients_do_not() -> None:
    for row in view("engineer").tasks.rows:
        assert f'<small class="mono">{row.id}</small>' in page("engineer")
        assert f'<small class="mono">{row.id}</small>' not in page("client")
    for exempt in view("engineer").exceptions:
        assert f'<small class="mono">{exempt.id}</small>' in page("engineer")


@pytest.mark.parametrize(
    ("hours", "band"),
    [(None, "not estimated"), (0.1, "small"), (2.0, "small"), (2.1, "medium"), (8.0, "medium"), (8.1, "large")],
)
def test_effort_has_three_bands(hours: float | None, band: str) -> None:
    assert first_look.band(hours) == band


def test_the_way_to_a_good_letter_is_that_of_the_plan() -> None:
    machines = tuple(
        replace(machine, answers={**machine.answers, "os-support.supported": sample.short("ended", "supported")})
        for machine in sample.fleet()[:6]
    )
    audit = sample.audit(machines)
    assert audit.scorecard.letter in ("C", "D", "F")
    context = replace(sample.context(machines), edition=EditionName.PROSPECT)
    found = views.build(audit, context).first_look
    assert re.match(r"\d+ steps? leads? to the letter B\. The effort is (small|medium|large) in all\.", found.goal)
    assert any("supports the system" in step.title for step in found.steps)
    good = sample.audit([sample.Machine("one")])
    assert views.build(good, context).first_look.goal == "What was checked is enough for the letter B already."


def test_the_tally_counts_every_result_once() -> None:
    found = view("engineer")
    assert sum(sum(line.counts.values()) for line in found.checks_tally) == len(found.rows.findings)
    for line in found.parts_tally:
        assert sum(line.counts.values()) == len(found.rows.devices)
    for line in found.checks_tally[:3]:
        assert f'<span class="mono">{line.check}</span>' in page("engineer")


def test_the_sheet_lists_who_is_out_of_reach_with_the_last_user() -> None:
    found = view("client")
    audit = story(brief=True).audits[-1]
    kinds = (FailureKind.UNREACHABLE, FailureKind.NAME_NOT_FOUND)
    away = {device.name for device in audit.devices if device.failure and device.failure.kind in kinds}
    assert {row.name for row in found.bring} == away != set()
    since = [row.since.timestamp() if row.since else 0.0 for row in found.bring]
    assert since == sorted(since)
    by_name = {device.name: device for device in audit.devices}
    assert all(row.user == by_name[row.name].owner for row in found.bring if by_name[row.name].owner)
    assert 'href="#bring"' in page("client")


def test_the_last_user_is_who_the_machine_named_when_it_was_seen() -> None:
    before = sample.audit([sample.Machine("LT-1", facts={"user": "anna", "model": "Latitude"})])
    now = sample.audit([sample.Machine("LT-1", failure=sample.unreachable())])
    (row,) = views.build(now, replace(sample.context(()), before=before)).bring
    assert (row.user, row.kind, row.place) == ("anna", "Laptop, Latitude", "Head office")


def test_an_unknown_section_is_our_own_mistake() -> None:
    with pytest.raises(ValueError, match="no edition knows 'trends'"):
        editions.chosen(EditionName.CLIENT).shows("trends")
    with pytest.raises(ValueError, match="no edition knows 'Summry'"):
        editions.chosen(EditionName.CLIENT).has_sheet("Summry")


@pytest.mark.parametrize("name", list(EditionName))
def test_hostile_text_does_nothing_in_any_edition(name: EditionName, tmp_path: Path) -> None:
    machines = sample.hostile()
    provider = Provider("Polestar IT", f"{sample.MARKUP}\n{sample.MARKUP}", sample.MARKUP, "red;}</style>", "#fff")
    audit: Audit = sample.audit(machines, provider=provider, contract=Contract(10, 110.0, "GBP"))
    context = sample.context(machines)
    for seen, around in ((audit, context), redacted(audit, context)):
        target = tmp_path / "page.html"
        report("html").render(seen, replace(around, edition=name), target)
        text = target.read_text(encoding="utf-8")
        assert "<img" not in text
        assert text.count("</script>") == 2
        assert text.count("</style>") == 1
