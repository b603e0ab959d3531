"""What the store tells beside an audit: the one before, the parts of the trend, what lies ahead."""

from __future__ import annotations

import importlib
import sqlite3
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from scorecard import outputs, told
from scorecard.history.compare import Ended, compare
from scorecard.plan.contract import inflow
from scorecard.registry import Registry
from scorecard.reporting import ReportContext
from scorecard.result import Audit, Contract
from scorecard.store import Store
from tests.e2e import sample, story
from tests.e2e.sample import Machine, short

views = importlib.import_module("scorecard.reports.view")
OPEN = {story.DRIVE: short("open", "shut")}


def small() -> tuple[Audit, Audit, Audit]:
    """Three audits of three machines: one is fixed on the way, one breaks."""
    names = ("A", "B", "C")
    first = sample.audit([Machine(n, answers=OPEN if n == "A" else {}) for n in names], at=story.SEPTEMBER, id="one")
    second = sample.audit(
        [Machine(n) for n in names], at=story.OCTOBER, past=[first], id="two", client_since=story.SEPTEMBER
    )
    last = [Machine(n, answers=OPEN if n == "B" else {}) for n in names]
    third = sample.audit(last, past=[first, second], id="three", client_since=story.SEPTEMBER)
    return first, second, third


def kept(audits: tuple[Audit, ...], folder: Path) -> Store:
    store = Store.open(f"sqlite:///{folder / 'history.db'}")
    for audit in audits:
        store.begin(audit.id, audit.client, audit.started_at, audit.scope)
        store.finish(audit)
    return store


def test_reports_get_the_audit_before_and_what_moved_between_the_older_ones(tmp_path: Path) -> None:
    audits = small()
    context = outputs.context(audits[-1], kept(audits, tmp_path), Registry.load(), ["html"])
    assert context.before == audits[1]
    assert [past.id for past in context.history] == ["one", "two"]
    assert context.history[0].moved is None
    moved = context.history[1].moved
    assert moved is not None
    assert moved.fixed == len(compare(audits[0], audits[1]).ended[Ended.FIXED]) == 1
    assert context.history[1].categories["disk-encryption"] == 100.0
    assert context.outlook is not None
    assert context.outlook.audits == 3
    assert {one.name for one in context.frameworks} >= {"insurance", "cis-controls"}
    assert context.inflow_hours is None


def test_a_document_alone_needs_nothing_beside_the_audit(tmp_path: Path) -> None:
    audits = small()
    context = outputs.context(audits[-1], kept(audits, tmp_path), Registry.load(), [outputs.DOCUMENT])
    assert replace(context, planned=None) == ReportContext()  # that is reckoned when somebody asks


def test_an_audit_that_cannot_be_read_any_more_costs_the_newer_ones_nothing(tmp_path: Path) -> None:
    """Damaged, or kept by another version: it is named, and the one before it is compared with."""
    audits = small()
    store = kept(audits, tmp_path)
    with sqlite3.connect(tmp_path / "history.db") as database:
        damaged = zlib.compress(b'{"schema": "scorecard/audit/1"}')
        database.execute("update audits set document = ? where id = 'two'", [damaged])
    context = outputs.context(audits[-1], store, Registry.load(), ["html"])
    assert context.before == audits[0]
    assert [(past.id, past.unreadable) for past in context.history] == [("one", False), ("two", True)]
    (notice,) = views.build(audits[-1], context).notices
    assert notice == "The check of 14 Oct 2026 cannot be read by this version, so nothing here is compared with it."


def test_inflow_is_told_only_where_a_contract_is_named(tmp_path: Path) -> None:
    audits = small()
    store = kept(audits, tmp_path)
    agreed = replace(audits[-1], contract=Contract(5))
    hours = told.told_by(agreed, store).inflow_hours
    assert hours == inflow(audits)
    assert hours is not None
    assert hours > 0
    assert told.told_by(audits[-1], store).inflow_hours is None


def test_the_first_audit_and_one_without_a_store_have_nothing_before(tmp_path: Path) -> None:
    first = small()[0]
    for store in (kept((first,), tmp_path), None):
        context = outputs.context(first, store, Registry.load(), ["html"])
        assert context.before is None
        assert context.history == ()
        assert context.frameworks


def test_a_look_at_a_part_has_no_outlook_and_is_nobodys_past(tmp_path: Path) -> None:
    audits = small()
    part = sample.audit([Machine("A")], scope="--limit A", id="part", at=story.OCTOBER)
    store = kept((audits[0], part, audits[2]), tmp_path)
    assert told.told_by(audits[2], store).before == audits[0]
    assert told.told_by(replace(part, contract=Contract(5)), store).inflow_hours is None


def test_of_a_very_large_client_only_the_audit_before_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    audits = small()
    monkeypatch.setattr(told, "_MACHINES", 5)
    found = told.told_by(audits[-1], kept(audits, tmp_path))
    assert found.before == audits[1]
    assert [bool(past.categories) for past in found.history] == [False, True]
    assert found.outlook is not None
    assert found.outlook.audits == 2


def test_a_time_zone_that_is_not_known_here_leaves_out_what_needs_days(tmp_path: Path) -> None:
    audits = small()
    found = told.told_by(replace(audits[-1], time_zone="Mars/Olympus"), kept(audits[:2], tmp_path))
    assert found.outlook is None
    assert found.before == audits[1]
