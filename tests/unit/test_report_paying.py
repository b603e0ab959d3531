"""Hours beyond the contract: one rule for each task, for all together, for the page and for the workbook's formula."""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from scorecard.plan.hours import hours
from scorecard.plan.tasks import Task, plan
from scorecard.plan.work import Owner
from scorecard.registry import report
from scorecard.result import Contract
from tests.e2e import story

paying: Any = import_module("scorecard.reports.paying")
BANDS = {"A": 90.0, "F": 0.0}


@cache
def task() -> Task:
    return plan(story.story(brief=True).audit).tasks[0]


def tasks_of(minutes: list[int | None], owners: list[Owner]) -> list[Any]:
    spent = [None if one is None else hours(one) for one in minutes]
    return [replace(task(), hours=one, owner=owner) for one, owner in zip(spent, itertools.cycle(owners), strict=False)]


@given(
    st.lists(st.one_of(st.none(), st.integers(1, 300)), max_size=8),
    st.lists(st.sampled_from([Owner.PROVIDER, Owner.PROVIDER, Owner.CLIENT, Owner.VENDOR]), min_size=1, max_size=4),
    st.integers(0, 40).map(lambda quarters: quarters / 4),
)
def test_what_tasks_have_beyond_adds_up(minutes: list[int | None], owners: list[Owner], month: float) -> None:
    found = tasks_of(minutes, owners)
    paid = list(paying.payers(found, month))
    extra = paying.extra(found, paid, Contract(month, 60.0, "GBP"), 50.0, BANDS)
    over = sum(one.hours.likely for one in found if one.owner is Owner.PROVIDER and one.hours) - month
    beyond = sum(one.beyond for one in paid)
    assert beyond == pytest.approx(over if 60 * over > 3.5 else 0.0)
    assert (extra is None) == (beyond == 0.0)
    assert {one.by for one in paid if one.beyond} <= {paying.Payer.PARTLY, paying.Payer.EXTRA}
    assert not any(one.beyond for one in paid if one.by not in (paying.Payer.PARTLY, paying.Payer.EXTRA))
    assert [one.by for one in paid].count(paying.Payer.PARTLY) <= 1
    if extra is not None:
        assert extra.hours == pytest.approx(over)
        assert extra.price == pytest.approx(60 * over)
        assert f"{extra.hours:.1f}" != "0.0"


@pytest.mark.parametrize(
    ("minutes", "by", "beyond"),
    [
        ([600], ["plan"], 0),
        ([603], ["plan"], 0),
        ([604], ["partly"], 4),
        ([603, 2], ["plan", "extra"], 5),
        ([600, 1, 1, 1, 1], ["plan", "plan", "plan", "plan", "extra"], 4),
        ([598, 9], ["plan", "extra"], 7),
        ([596, 9], ["plan", "partly"], 5),
        ([None, 700], ["open", "partly"], 100),
    ],
)
def test_a_few_minutes_are_nothing_for_one_task_and_for_all(minutes: list[int | None], by: list[str], beyond: int) -> None:
    """Of a month of ten hours."""
    paid = list(paying.payers(tasks_of(minutes, [Owner.PROVIDER]), 10.0))
    assert [one.by.value for one in paid] == by
    assert sum(one.beyond for one in paid) == pytest.approx(beyond / 60)


@pytest.mark.parametrize(("over_min", "shown"), [(3, 0), (4, 4)])
def test_page_and_workbook_say_the_same_hours(over_min: int, shown: int, tmp_path: Path) -> None:
    told = story.story(brief=True)
    ours = sum(one.hours.likely for one in plan(told.audit).tasks if one.hours and one.owner is Owner.PROVIDER)
    audit = replace(told.audit, contract=Contract(ours - over_min / 60, 110.0, "GBP"))
    kind = report("xlsx")
    view = kind.prepare(audit, told.context)
    kind.write(view, tmp_path / "book.xlsx")
    assert (view.tasks.extra.hours if view.tasks.extra else 0) == pytest.approx(shown / 60)
    assert bool([one for one in view.need.decisions if one.hours]) is (shown > 0)
    assert any(row.is_extra for row in view.tasks.rows) is (shown > 0)
    stored = load_workbook(tmp_path / "book.xlsx", data_only=True)
    place = stored.defined_names["Hours_Extra"].attr_text.replace("$", "").replace("'", "").partition("!")
    assert stored[place[0]][place[2]].value == pytest.approx(shown / 60)
