"""The history on each database it may lie on: SQLite in a file, and a real PostgreSQL server."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
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
from scorecard.store import AuditRunning, Store, StoreUnusable, tables
from scorecard.store.migrate import HEAD, back_up, migrate, revision, upgrade
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
    assert (run.id, [(part.id, part.ended, part.reported) for part in run.parts]) == (
        "r2",
        [("a2", True, False), ("b2", False, False)],
    )
    assert (run.ended("A", "basis"), run.ended("A", "another"), run.ended("B", "basis")) == ("a2", None, None)
    assert run.is_judged_otherwise("B", "another")
    assert not run.is_judged_otherwise("B", "basis")
    assert not any(run.is_done(client) for client in "ABC")
    store.reported("a2")
    run = store.last_run(["A", "B"], "")
    assert run is not None
    assert [client for client in "ABC" if run.is_done(client)] == ["A"]
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


def test_a_server_that_stays_away_is_one_line(server: Postgres) -> None:
    url = server.url()
    store = Store.open(url)
    store.patience_s = 1.0
    said: list[str] = []
    store.on_wait = said.append
    store.begin("a", "Acme", NOW, "")
    server.stop()
    try:
        with pytest.raises(StoreError) as caught:
            store.add("a", "Acme", [prepared("web1")])
        assert "\n" not in str(caught.value)
        assert said == [said[0]]  # once, however often it was tried
        with pytest.raises(StoreUnusable), store.auditing(["Acme"]):
            pytest.fail("it was let in")
    finally:
        server.start()
    store.add("a", "Acme", [prepared("web1")])
    assert len(list(store.results("a"))) == 1
    store.close()


def test_a_server_that_is_started_anew_costs_nothing(server: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the middle of a write, and while nobody writes; the lock is taken again."""
    monkeypatch.setattr("scorecard.store.locks._LOOK_EVERY_S", 0.0)
    url = server.url()
    store, other = Store.open(url), Store.open(url)
    store.begin("a", "Acme", NOW, "")
    with store.auditing(["Acme"]):
        server.stop()
        late = threading.Timer(1.5, server.start)
        late.start()
        store.add("a", "Acme", [prepared("web1")])
        late.join()
        store.patience_s = 0.0
        store.add("a", "Acme", [prepared("web2")])
        with pytest.raises(AuditRunning), other.auditing(["Acme"]):
            pytest.fail("it was let in")
    assert [result.device.name for result in store.results("a")] == ["web1", "web2"]
    with other.auditing(["Acme"]):
        pass
    store.close()
    other.close()


def test_an_audit_that_lost_its_lock_to_another_ends(server: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scorecard.store.locks._LOOK_EVERY_S", 0.0)
    url = server.url()
    store, other = Store.open(url), Store.open(url)
    store.begin("a", "Acme", NOW, "")
    with store.auditing(["Acme"]):
        server.stop()
        server.start()
        with other.auditing(["Acme"]), pytest.raises(StoreError, match="another audit was begun meanwhile") as caught:
            store.add("a", "Acme", [prepared("web1")])
        assert not isinstance(caught.value, AuditRunning)
    assert list(store.results("a")) == []
    store.close()
    other.close()


def test_many_clients_take_one_connection(server: Postgres) -> None:
    """A server gives a hundred by default."""
    store = Store.open(server.url())
    with store.auditing(f"Client {number}" for number in range(150)):
        pass
    store.close()


def test_a_store_that_another_holds_for_long_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scorecard.store.database._BUSY_MS", 300)
    store = Store.open(f"sqlite:///{tmp_path / 'history.db'}")
    said: list[str] = []
    store.on_wait = said.append
    store.begin("a", "Acme", NOW, "")
    holder = sqlite3.connect(tmp_path / "history.db", isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN EXCLUSIVE")
    late = threading.Timer(2.0, holder.execute, ["ROLLBACK"])  # for longer than SQLite itself waits
    late.start()
    store.add("a", "Acme", [prepared("web1")])
    late.join()
    holder.close()
    assert len(list(store.results("a"))) == 1
    assert len(said) == 1
    assert said[0].endswith("database is locked")
    store.close()


@pytest.mark.parametrize("replaced", [True, False])
def test_a_store_that_is_removed_meanwhile_is_noticed(tmp_path: Path, replaced: bool) -> None:
    """SQLite would go on writing to a file that has no name any more."""
    file = tmp_path / "history.db"
    store = Store.open(f"sqlite:///{file}")
    store.begin("a", "Acme", NOW, "")
    file.rename(tmp_path / "elsewhere")
    if replaced:
        Store.open(f"sqlite:///{file}").close()
    with pytest.raises(StoreError, match="removed or replaced while it was written to"):
        store.add("a", "Acme", [prepared("web1")])
    store.close()


def test_one_store_by_two_paths_is_one_store(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "other" / "also.db").symlink_to(tmp_path / "real" / "history.db")
    store = Store.open(f"sqlite:///{tmp_path / 'real' / 'history.db'}")
    for path in ("link/history.db", "other/also.db", "other/../real/history.db"):
        second = Store.open(f"sqlite:///{tmp_path / path}")
        with store.auditing(["Acme"]), pytest.raises(AuditRunning), second.auditing(["Acme"]):
            pytest.fail("it was let in")
        second.close()
    store.close()


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_folder_that_knows_no_locks_is_refused(tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock that is a mere file would stay after a power cut, and nothing could tell that nobody holds it."""

    def refuse(_file: int, _how: int) -> None:
        raise OSError(number, os.strerror(number))

    store = Store.open(f"sqlite:///{tmp_path / 'history.db'}")
    monkeypatch.setattr(fcntl, "flock", refuse)
    said = r"cannot be locked: .*; name a store in a folder on this computer"
    with pytest.raises(StoreUnusable, match=said), store.auditing(["Acme"]):
        pytest.fail("it was let in")
    store.close()


def test_a_client_in_other_capitals_is_the_same_client(store: Store) -> None:
    made = audit()
    store.begin("old", "Müller gmbh", NOW, "", "basis", "run")
    store.add("old", "Müller gmbh", [prepare(result("web1", "bash"))])
    store.begin("other", "Another", NOW, "")
    assert [entry.id for entry in store.history("MÜLLER GMBH")] == ["old"]
    with store.auditing(["Müller GmbH"]):
        known = store.remembered("Müller GmbH")
        assert known["web1"].sightings == {"patching": {"bash": NOW}}
        assert store.broken_off("Müller GmbH", "", "basis", "run") is not None
        store.finish(replace(made, id="old", client="Müller GmbH"))
    assert [(entry.id, entry.client) for entry in store.history("müller gmbh")] == [("old", "Müller GmbH")]
    assert store.load(client="MÜLLER GmbH").id == "old"
    assert len(store.history("Another")) == 1


def test_numbers_as_large_as_a_machine_may_tell(store: Store) -> None:
    """An HRESULT is larger than PostgreSQL's usual integer; so are milliseconds of a machine that lies."""
    seen = Observation("patching.updates", Outcome.DENIED, "", 0x80070005, 9_999_999_999, NOW, "No right (0x80070005)")
    one = replace(result("web1"), observations={digest(seen): seen})
    store.begin("a", "Acme", NOW, "")
    store.add("a", "Acme", [prepare(one)])
    assert store.evidence("a") == {"web1": {digest(seen): seen}}


def test_the_copy_before_a_migration_holds_what_is_only_in_the_log(tmp_path: Path) -> None:
    """A program that was killed leaves its last commits in the log beside the file."""
    engine = first_schema(f"sqlite:///{tmp_path / 'original.db'}")
    plain = sqlite3.connect(tmp_path / "original.db", isolation_level=None)
    plain.execute("PRAGMA journal_mode=WAL")
    plain.execute("PRAGMA wal_autocheckpoint=0")
    plain.execute("INSERT INTO audits (id, client, started_at, scope) VALUES ('late', 'Acme', '2026-01-03 00:00:00', '')")
    for suffix in ("", "-wal"):
        shutil.copy(tmp_path / f"original.db{suffix}", tmp_path / f"history.db{suffix}")
    plain.close()
    engine.dispose()
    assert b"late" not in (tmp_path / "history.db").read_bytes()
    opened = Store.open(f"sqlite:///{tmp_path / 'history.db'}")
    assert [entry.id for entry in opened.history()] == ["old", "late"]
    opened.close()
    (copy,) = tmp_path.glob("history.db.before-*")
    with closing(sqlite3.connect(copy)) as before:
        assert before.execute("SELECT id FROM audits ORDER BY id").fetchall() == [("late",), ("old",)]
        assert before.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_copy_is_never_written_over(tmp_path: Path) -> None:
    file = tmp_path / "history.db"
    first_schema(f"sqlite:///{file}").dispose()
    made = [back_up(file, "0001"), back_up(file, "0001")]
    assert made[0] == made[1]  # the same twice is one copy: a migration that fails every night must not fill the disk
    with closing(sqlite3.connect(file)) as plain, plain:
        plain.execute("DELETE FROM audits")
    made.append(back_up(file, "0001"))
    assert made[2] != made[0]
    counts = []
    for copy in (made[0], made[2]):
        assert copy.stat().st_mode & 0o777 == 0o600
        with closing(sqlite3.connect(copy)) as plain:
            counts.append(plain.execute("SELECT count(*) FROM audits").fetchone()[0])
    assert counts == [1, 0]
    assert not list(tmp_path.glob("*.new"))


def test_the_second_schema_is_brought_up_to_date(url: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        upgrade(connection, "0002")
        connection.execute(
            text(
                "INSERT INTO audits (id, client, started_at, scope, run, basis) "
                "VALUES ('old', 'Acme', '2026-01-02 03:04:05', '', 'r', 'b')"
            )
        )
    engine.dispose()
    opened = Store.open(url)
    run = opened.last_run(["Acme"], "")
    assert run is not None
    assert [(part.id, part.ended, part.reported) for part in run.parts] == [("old", False, True)]
    assert opened.broken_off("Acme", "", "b", "r") is not None
    opened.close()


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
