"""The history store: what is committed comes back, tables and migrations agree, faults are one line."""

from __future__ import annotations

import sqlite3
import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect

from scorecard.collect import EndpointResult
from scorecard.errors import StoreError
from scorecard.judge import digest
from scorecard.model import Observation, Outcome, Role, Status
from scorecard.result import System
from scorecard.store import Store, UnknownAudit, migrations, tables
from scorecard.store.migrate import HEAD, upgrade
from scorecard.store.rows import prepare
from tests.fleet import NOW, device, findings, passing
from tests.unit.test_document import audit


def url(folder: Path) -> str:
    return f"sqlite:///{folder / 'deep' / 'history.db'}"


def result(name: str = "web1", *names: str, day: int = 0) -> EndpointResult:
    one = device(name, Role.SERVER)
    moment = NOW + timedelta(days=day)
    answer = Observation("patching.apt", Outcome.OK, "Inst bash é", 0, 12, moment)
    return EndpointResult(
        device=replace(one, last_seen_at=moment, first_seen_at=NOW),
        findings=tuple(findings([one], passing)),
        remembered={"patching": names},
        observations={digest(answer): answer},
        as_of=moment,
    )


def test_an_audit_comes_back_as_it_went_in(tmp_path: Path) -> None:
    store = Store.open(url(tmp_path))
    made = audit()
    store.begin(made.id, made.client, made.started_at, "")
    store.add(made.id, made.client, map(prepare, [result()]))
    assert store.history()[0].finished_at is None
    with pytest.raises(UnknownAudit, match="no finished audit"):
        store.load()
    store.finish(made)
    assert store.load() == store.load(made.id[:8]) == store.load(client=made.client) == made
    (entry,) = store.history(made.client)
    assert (entry.id, entry.letter, entry.score) == (made.id, made.scorecard.letter, made.scorecard.score)
    short = sum(finding.status in (Status.FAIL, Status.WARN) for finding in made.findings)
    assert entry.open_findings == short
    store.close()


def test_results_are_there_before_the_audit_ends_and_evidence_is_kept_once(tmp_path: Path) -> None:
    store = Store.open(url(tmp_path))
    store.begin("a1", "Acme", NOW, "")
    one, two = result("web1"), result("web2")
    store.add("a1", "Acme", map(prepare, [one]))
    store.add("a1", "Acme", map(prepare, [two]))
    store.close()
    again = Store.open(url(tmp_path))
    assert list(again.results("a1")) == [replace(one, remembered={}, observations={}) for one in (one, two)]
    assert again.evidence("a1") == {"web1": dict(one.observations), "web2": dict(two.observations)}
    assert again.evidence("a1", []) == {}
    with sqlite3.connect(tmp_path / "deep" / "history.db") as plain:
        assert plain.execute("select count(*) from observations").fetchone() == (1,)
    plain.close()
    again.close()


def test_first_sightings_last_until_the_thing_is_gone(tmp_path: Path) -> None:
    store = Store.open(url(tmp_path))
    for day, names in enumerate((("bash", "curl"), ("bash", "vim"), ("bash", "curl"))):
        store.begin(f"a{day}", "Acme", NOW + timedelta(days=day), "")
        store.add(f"a{day}", "Acme", map(prepare, [result("web1", *names, day=day)]))
    known = store.remembered("Acme")["web1"]
    assert known.sightings == {"patching": {"bash": NOW, "curl": NOW + timedelta(days=2)}}
    assert (known.role, known.first_seen_at, known.last_seen_at) == (Role.SERVER, NOW, NOW + timedelta(days=2))
    assert known.os == System("Debian GNU/Linux 12 (bookworm)", "12", "6.1.0-42-amd64")
    assert store.remembered("Another client") == {}
    store.close()


def test_an_unseen_endpoint_forgets_nothing(tmp_path: Path) -> None:
    store = Store.open(url(tmp_path))
    store.begin("a0", "Acme", NOW, "")
    store.add("a0", "Acme", map(prepare, [result("web1", "bash")]))
    before = store.remembered("Acme")
    gone = device("web1", Role.SERVER, seen=False)
    store.begin("a1", "Acme", NOW + timedelta(days=1), "")
    store.add("a1", "Acme", map(prepare, [EndpointResult(gone, tuple(findings([gone], passing)), {}, {}, NOW)]))
    assert store.remembered("Acme") == before
    store.close()


def test_one_result_an_endpoint_and_audit(tmp_path: Path) -> None:
    store = Store.open(url(tmp_path))
    store.begin("a1", "Acme", NOW, "")
    store.add("a1", "Acme", map(prepare, [result()]))
    with pytest.raises(StoreError, match="UNIQUE"):
        store.add("a1", "Acme", map(prepare, [result()]))
    store.close()


def test_past_audits_of_the_whole_client_only(tmp_path: Path) -> None:
    store = Store.open(url(tmp_path))
    made = audit()
    for number, scope in enumerate(("", "--limit web*", "")):
        moment = NOW + timedelta(days=number)
        one = replace(made, id=f"a{number}", as_of=moment, started_at=moment, scope=scope)
        store.begin(one.id, one.client, moment, scope)
        store.finish(one)
    assert [entry.id for entry in store.past(made.client, NOW + timedelta(days=9))] == ["a0", "a2"]
    assert [entry.id for entry in store.past(made.client, NOW + timedelta(days=1))] == ["a0"]
    store.close()


def test_a_client_is_known_since_its_first_whole_audit(tmp_path: Path) -> None:
    """A trial run on one machine must not make all the others newcomers, whose faults hold no letter."""
    store = Store.open(url(tmp_path))
    made = audit()
    since = []
    for number, scope in enumerate(("--limit web*", "", "")):
        moment = NOW + timedelta(days=number)
        store.begin(f"a{number}", made.client, moment, scope)
        store.finish(replace(made, id=f"a{number}", finished_at=moment, scope=scope))
        since.append(store.client_since(made.client))
    assert since == [None, NOW + timedelta(days=1), NOW + timedelta(days=1)]
    store.close()


def portrait(engine: Engine) -> dict[str, Any]:
    """Everything about the tables that the database tells."""
    seen = inspect(engine)
    return {
        name: {
            "columns": {column["name"]: {**column, "type": str(column["type"])} for column in seen.get_columns(name)},
            "keys": seen.get_pk_constraint(name)["constrained_columns"],
            "foreign": sorted(str(key) for key in seen.get_foreign_keys(name)),
            "indexes": sorted(str(index) for index in seen.get_indexes(name)),
        }
        for name in seen.get_table_names()
    }


def test_migrations_make_the_same_tables_as_a_new_store_has(tmp_path: Path) -> None:
    Store.open(url(tmp_path)).close()
    fresh, migrated = create_engine(url(tmp_path)), create_engine(f"sqlite:///{tmp_path / 'migrated.db'}")
    with migrated.begin() as connection:
        upgrade(connection, HEAD)
    with migrated.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []
    old, new = portrait(migrated), portrait(fresh)
    assert old.keys() == new.keys()
    for name in new:
        assert old[name] == new[name], name
    fresh.dispose()
    migrated.dispose()


def test_the_newest_revision_is_known_without_asking_alembic() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__path__[0])))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    Store.open(url(tmp_path)).close()
    assert stat.S_IMODE((tmp_path / "deep" / "history.db").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "deep").stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"this is not a database, but it is long enough to be looked at", "not a database"), (None, "cannot be opened")],
)
def test_a_store_that_cannot_be_read_is_one_line(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "file" / "history.db"
    if content is None:
        (tmp_path / "file").write_text("a file where a folder should be")
    else:
        path.parent.mkdir()
        path.write_bytes(content)
    with pytest.raises(StoreError) as caught:
        Store.open(f"sqlite:///{path}")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "wrong", ["not a url", "nosuch://x/y", "postgresql+nosuch://u:hunter2@h/db", "sqlite:///file:/tmp/history.db?uri=true"]
)
def test_a_url_that_is_none_is_one_line_without_its_password(wrong: str) -> None:
    with pytest.raises(StoreError) as caught:
        Store.open(wrong)
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_store_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    Store.open(url(tmp_path)).close()
    with sqlite3.connect(tmp_path / "deep" / "history.db") as plain:
        plain.execute("update alembic_version set version_num = '9999'")
    plain.close()
    with pytest.raises(StoreError, match="made by a newer version"):
        Store.open(url(tmp_path))
