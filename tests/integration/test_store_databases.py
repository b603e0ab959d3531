"""The history on each database it may lie on: SQLite in a file, and a real PostgreSQL server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect, text

from scorecard.collect import EndpointResult
from scorecard.errors import StoreError
from scorecard.judge import digest
from scorecard.model import Observation, Outcome, Role
from scorecard.store import AuditRunning, Store, tables
from scorecard.store.migrate import HEAD, migrate, revision, upgrade
from scorecard.store.rows import Prepared, prepare
from tests.fleet import NOW, device, findings, passing
from tests.rig.postgres import Postgres
from tests.unit.test_document import audit


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with Postgres() as started:
        yield started


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'history.db'}"
    server: Postgres = request.getfixturevalue("server")
    return server.url()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = Store.open(url)
    yield opened
    opened.close()


def first_schema(url: str) -> Engine:
    """A store as the first version made it, with an audit in it. That migration is frozen."""
    engine = create_engine(url)
    with engine.begin() as connection:
        upgrade(connection, "0001")
        connection.execute(
            text("INSERT INTO audits (id, client, started_at, scope) VALUES ('old', 'Acme', '2026-01-02 03:04:05', '')")
        )
    return engine


def result(name: str, *sightings: str, answer: str = "Inst bash é", day: int = 0) -> EndpointResult:
    one = device(name, Role.SERVER)
    moment = NOW + timedelta(days=day)
    seen = Observation("patching.apt", Outcome.OK, answer, 0, 12, moment)
    return EndpointResult(
        device=replace(one, last_seen_at=moment, first_seen_at=NOW),
        findings=tuple(findings([one], passing)),
        remembered={"patching": sightings},
        observations={digest(seen): seen},
        as_of=moment,
        notes=(f"{name}: a note",),
    )


def prepared(name: str, answer: str = "Inst bash é") -> Prepared:
    return prepare(result(name, answer=answer))


def test_what_is_committed_comes_back(store: Store) -> None:
    made = audit()
    one = result("web1", "bash", "curl")
    store.begin(made.id, made.client, made.started_at, "", "b", "r")
    store.add(made.id, made.client, [prepare(one)])
    store.finish(made)
    assert store.load(made.id[:8]) == made
    assert list(store.results(made.id)) == [replace(one, remembered={}, observations={})]
    assert store.evidence(made.id) == {"web1": dict(one.observations)}
    assert store.remembered(made.client)["web1"].sightings == {"patching": {"bash": NOW, "curl": NOW}}
    assert store.history()[0].letter == made.scorecard.letter
    assert store.client_since(made.client) == made.finished_at
    assert store.client_since(made.client, made.started_at) is None


def test_text_that_a_database_may_not_like(store: Store) -> None:
    odd = "a\0b\ud800c" + "ü" * 2000
    one = result("web1", odd, answer=odd)
    one = replace(one, device=replace(one.device, address=odd[:300], site=odd, os=replace(one.device.os, name=odd)))
    store.begin("a", "Acme", NOW, "")
    store.add("a", "Acme", [prepare(one)])
    known = store.remembered("Acme")["web1"]
    assert len(known.site) == 255
    assert known.os.name.startswith("ab?c")
    (name,) = known.sightings["patching"]
    assert name.startswith("ab?cü")
    assert len(name) == 255


def test_a_second_result_is_an_error_unless_it_is_meant(store: Store) -> None:
    store.begin("a", "Acme", NOW, "")
    store.add("a", "Acme", [prepared("web1", "first")])
    with pytest.raises(StoreError):
        store.add("a", "Acme", [prepared("web1", "second")])
    store.add("a", "Acme", [prepared("web1", "second"), prepared("web2")], again=True)
    assert [found.device.name for found in store.results("a")] == ["web1", "web2"]
    (kept,) = store.evidence("a")["web1"].values()
    assert kept.text == "second"


def test_a_batch_is_committed_whole_or_not_at_all(store: Store) -> None:
    store.begin("a", "Acme", NOW, "")
    with pytest.raises(StoreError):
        store.add("a", "Acme", [prepared("web1"), prepared("web2"), prepared("web1")])
    assert list(store.results("a")) == []
    assert store.remembered("Acme") == {}


def test_an_audit_is_gone_on_with_only_where_it_was_broken_off(store: Store) -> None:
    made = audit()

    def begin(name: str, client: str, day: int, run: str, *, end: bool = False, interrupted: bool = False) -> None:
        moment = NOW + timedelta(days=day)
        store.begin(name, client, moment, "", "basis", run)
        store.add(name, client, [prepared("web1")])
        if end:
            store.finish(replace(made, id=name, client=client, finished_at=moment, interrupted=interrupted))

    assert store.last_run(["A", "B"], "") is None
    begin("a1", "A", 0, "r1", end=True)
    begin("a2", "A", 1, "r2", end=True)
    begin("b2", "B", 1, "r2")
    run = store.last_run(["A", "B"], "")
    assert run is not None
    assert (run.id, dict(run.whole)) == ("r2", {"A": "a2"})
    begun = store.broken_off("B", "", "basis", "r2")
    assert begun is not None
    assert (begun.id, begun.started_at, begun.results) == ("b2", NOW + timedelta(days=1), 1)
    assert store.broken_off("B", "", "another basis", "r2") is None
    assert store.broken_off("B", "--limit web*", "basis", "r2") is None
    assert store.broken_off("A", "", "basis", "r2") is None
    begin("b3", "B", 2, "r3", end=True, interrupted=True)
    stopped = store.broken_off("B", "", "basis", "r3")
    assert stopped is not None
    assert stopped.id == "b3"


def test_two_audits_of_one_client_never_at_once(url: str, store: Store) -> None:
    other = Store.open(url)
    with store.auditing(["Acme", "Acme", "Beta"]):
        with pytest.raises(AuditRunning, match="ACME: another audit is running"), other.auditing(["ACME"]):
            pytest.fail("it was let in")
        with other.auditing(["Gamma"]):
            pass
    with other.auditing(["Acme"]):
        pass
    other.close()


def test_two_auditors_write_different_clients_at_once(url: str, store: Store) -> None:
    """The same answers from both, so that each meets rows that the other is just writing."""
    failed: list[BaseException] = []

    def write(client: str) -> None:
        mine = Store.open(url)
        try:
            mine.begin(client, client, NOW, "")
            for number in range(30):
                batch = [prepared(f"m{number}-{place}", f"answer {number} {place}") for place in range(4)]
                mine.add(client, client, batch)
        except StoreError as error:
            failed.append(error)
        finally:
            mine.close()

    threads = [threading.Thread(target=write, args=(f"Client {number}",)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    for number in range(3):
        assert len(list(store.results(f"Client {number}"))) == 120
        assert len(store.evidence(f"Client {number}")) == 120


def test_the_first_schema_is_brought_up_to_date_with_all_it_holds(url: str, tmp_path: Path) -> None:
    engine = first_schema(url)
    migrate(engine)
    with engine.connect() as connection:
        assert revision(connection) == HEAD
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []
    engine.dispose()
    opened = Store.open(url)
    (entry,) = opened.history()
    assert (entry.id, entry.client) == ("old", "Acme")
    assert opened.last_run(["Acme"], "") is None
    opened.close()
    if url.startswith("sqlite"):
        (copy,) = tmp_path.glob("history.db.before-*")
        assert copy.stat().st_mode & 0o777 == 0o600
        before = create_engine(f"sqlite:///{copy}")
        with before.connect() as connection:
            assert revision(connection) == "0001"
            assert "run" not in {column["name"] for column in inspect(connection).get_columns("audits")}
        before.dispose()


def test_many_open_a_new_store_at_once(url: str) -> None:
    failed: list[BaseException] = []

    def start() -> None:
        try:
            Store.open(url).close()
        except StoreError as error:
            failed.append(error)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_a_server_that_goes_away_is_one_line(server: Postgres) -> None:
    url = server.url()
    store = Store.open(url)
    store.begin("a", "Acme", NOW, "")
    server.stop()
    try:
        with pytest.raises(StoreError) as caught:
            store.add("a", "Acme", [prepared("web1")])
        assert "\n" not in str(caught.value)
    finally:
        server.start()
    store.add("a", "Acme", [prepared("web1")])
    assert len(list(store.results("a"))) == 1
    store.close()


def test_a_failed_migration_changes_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'history.db'}"
    engine = first_schema(url)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE audits ADD COLUMN interrupted INTEGER"))  # the last step will fail
    with pytest.raises(StoreError, match="duplicate column"):
        Store.open(url)
    with engine.connect() as connection:
        assert revision(connection) == "0001"
        assert "basis" not in {column["name"] for column in inspect(connection).get_columns("audits")}
    engine.dispose()
