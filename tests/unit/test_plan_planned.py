"""The plan and the roads of an audit are reckoned once, and with numbers for names nothing but names differs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scorecard import outputs
from scorecard.errors import InputError
from scorecard.plan.planned import Planned
from scorecard.plan.road import Road, road
from scorecard.plan.tasks import Plan, plan
from scorecard.pseudonyms import redacted
from scorecard.registry import Registry
from scorecard.reporting import ReportContext
from scorecard.result import Audit
from tests.e2e import sample, story
from tests.e2e.sample import Machine


@pytest.fixture(scope="module")
def audit() -> Audit:
    return story.story().audit


def test_it_is_what_plan_and_road_say_and_reckoned_once(audit: Audit) -> None:
    planned = Planned(audit)
    assert planned.plan == plan(audit)
    assert planned.road() == road(audit)
    assert planned.plan is planned.plan
    assert planned.work is planned.work
    found = planned.road()
    assert isinstance(found, Road)
    assert found is planned.road() is planned.road(found.letter)
    poor = replace(audit, scorecard=replace(audit.scorecard, letter="D"))
    assert Planned(poor).road("B") == road(poor, "B")
    assert Planned(poor).road() == Planned(poor).road("C") == road(poor)
    with pytest.raises(InputError, match="expected a letter better than"):
        planned.road(found.start)


def test_with_numbers_for_names_hours_points_and_the_way_stay(audit: Audit) -> None:
    context = ReportContext(planned=Planned(audit))
    seen, around = redacted(audit, context)
    assert context.planned is not None
    assert around.planned is not None
    number = dict(zip((one.name for one in audit.devices), (one.name for one in seen.devices), strict=True))
    hidden, named = around.planned.plan, context.planned.plan
    assert around.planned.audit is seen
    assert _figures(hidden) == _figures(named)
    for one, other in zip(hidden.tasks, named.tasks, strict=True):
        assert one.endpoints == tuple(sorted(number[name] for name in other.endpoints))
    way, real = around.planned.road(), context.planned.road()
    assert isinstance(way, Road)
    assert isinstance(real, Road)
    assert (way.hours, way.score_after, way.letter) == (real.hours, real.score_after, real.letter)
    assert [step.title for step in way.steps] == [step.title for step in real.steps]
    assert way.assumed == tuple(sorted(number[name] for name in real.assumed))
    assert {name for step in way.steps for name in step.endpoints} <= {*number.values()}
    assert {fix.endpoint for fix in around.planned.work.fixes} <= {*number.values()}
    # The same as if it had been reckoned without names from the start.
    assert hidden == plan(seen)
    assert (way.hours, way.score_after) == _road_of(seen)


def _figures(found: Plan) -> object:
    tasks = [(one.id, one.title, one.fix, one.hours, one.points, one.lifts, one.score_after) for one in found.tasks]
    return tasks, found.hours, found.points, found.estimated, found.agreed


def _road_of(audit: Audit) -> object:
    found = road(audit)
    assert isinstance(found, Road)
    return found.hours, found.score_after


def test_a_machine_that_is_called_like_a_word_of_ours_changes_no_task(audit: Audit) -> None:
    """Names are looked for in texts as well, but what a task is called is ours."""
    fault = {"disk-encryption.system-volume": sample.short("/ is open", "encrypted")}
    made = sample.audit([Machine("drive", answers=fault), Machine("disk-encryption", answers=fault), Machine("Encrypt")])
    _, around = redacted(made, ReportContext(planned=Planned(made)))
    assert around.planned is not None
    assert _figures(around.planned.plan) == _figures(plan(made))
    (task,) = around.planned.plan.tasks
    assert task.endpoints == ("M-001", "M-002")


def test_what_stands_beside_an_audit_has_its_plan(audit: Audit) -> None:
    for wanted in (("json",), ("html",)):
        shown = outputs.context(audit, None, Registry.load(), wanted)
        assert shown.planned is not None
        assert shown.planned.audit is audit


def test_a_part_and_an_audit_without_a_grade_are_said_as_before() -> None:
    part = sample.audit([Machine("A")], scope="--limit A")
    assert Planned(part).road() == road(part)
    unread = replace(part, scorecard=replace(part.scorecard, letter=None, score=None, not_graded="Nothing was seen"))
    assert Planned(unread).road() == road(unread)
