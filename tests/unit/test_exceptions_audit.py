"""Exceptions from one audit to the next, with the real store: places that are held, names, a part of the client."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scorecard.asking import Order
from scorecard.audit import run
from scorecard.document import loads
from scorecard.document_writing import dumps
from scorecard.exceptions import Entry, Exceptions
from scorecard.exceptions.records import uses_from
from scorecard.exceptions.states import State
from scorecard.model import ExceptionKind, Mark
from scorecard.result import Audit
from scorecard.store import Store
from tests.unit.test_audit import DONE, Machines, answer, collector_of, order

CHECK = "sample.good"


def waived(id: str, *endpoints: str, since: int = 3) -> Entry:
    first = datetime.now(UTC).date() - timedelta(days=since)
    return Entry(id, ExceptionKind.WAIVED, (CHECK,), endpoints, first, first + timedelta(days=20), details={"reason": "x"})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{tmp_path / 'history.db'}")
    yield opened
    opened.close()


def audited(store: Store, wanted: Order, *entries: Entry, **said: str) -> Audit:
    """`said`: by endpoint, what is not good there."""
    machines = Machines({one.name: answer(part=said.get(one.name, "good")) for one in wanted.endpoints})
    wanted = replace(wanted, exceptions=Exceptions(entries))
    return run(wanted, collector_of(machines), store, 2, DONE, lambda _result, _count, _total: None)


def marks(made: Audit) -> dict[str, Mark]:
    return {f.endpoint: f.exception for f in made.findings if f.exception is not None}


def test_a_place_is_held_from_audit_to_audit_and_freed_when_its_entry_goes(store: Store) -> None:
    wanted, bad = order("m1", "m2"), {"m1": "bad", "m2": "bad"}
    young, old = waived("young", "m2", since=1), waived("old", "m1")
    first = audited(store, wanted, young, **bad)
    assert marks(first) == {"m2": Mark("young", ExceptionKind.WAIVED)}
    assert [(f.endpoint, f.effective) for f in first.findings if f.check == CHECK] == [("m1", 0.0), ("m2", None)]
    (kept,) = store.excepted("Acme")
    assert (kept.endpoint, kept.exception, kept.placed_at) == ("m2", "young", first.as_of.replace(microsecond=0))
    assert list(marks(audited(store, wanted, young, old, **bad))) == ["m2"]
    assert list(marks(audited(store, wanted, young, old, m1="bad"))) == []  # m2 is in order, and still has the place
    assert list(marks(audited(store, wanted, old, **bad))) == ["m1"]
    assert list(marks(audited(store, wanted, young, old, **bad))) == ["m1"]


def test_a_part_of_the_client_leaves_what_is_kept_alone(store: Store) -> None:
    audited(store, order("m1", "m2"), waived("one", "m1"), m1="bad")
    kept = store.excepted("Acme")
    part = audited(store, order("m2", scope="--limit m2"), waived("one", "m1"), waived("two", "m2"), m2="bad")
    assert marks(part) == {}
    assert store.excepted("Acme") == kept
    assert [use.state for record in part.exceptions for use in uses_from(record)] == [State.OUT_OF_SCOPE] * 2


def test_a_name_in_other_capitals_keeps_its_place(store: Store) -> None:
    audited(store, order("m1"), waived("one", "M1"), m1="bad")
    again = audited(store, order("M1"), waived("one", "m1"), M1="bad")
    assert list(marks(again)) == ["M1"]
    (kept,) = store.excepted("Acme")
    assert kept.endpoint == "M1"
    assert kept.begun_at < again.as_of


def test_what_was_agreed_to_travels_with_the_document(store: Store) -> None:
    made = audited(store, order("m1"), waived("one", "m1"), m1="bad")
    read = loads(dumps(made))
    assert [dict(record) for record in read.exceptions] == [dict(record) for record in made.exceptions]
    assert marks(read) == marks(made)
