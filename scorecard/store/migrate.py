"""Bring a store's tables up to date with Alembic, from any released schema."""

from __future__ import annotations

import filecmp
import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from importlib.resources import files
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from scorecard.errors import StoreError
from scorecard.folders import sync_folder
from scorecard.store.database import file_of
from scorecard.store.tables import metadata

# The newest revision in migrations/versions/; a test compares the two. Known here so that Alembic, which takes its time
# to load, is asked only when there is something to migrate.
HEAD = "0008"

# Any number that no other program on the server uses for a lock of its own.
_MIGRATING = text("SELECT pg_advisory_xact_lock(7239170912)")


def migrate(engine: Engine) -> None:
    """Create or upgrade the tables, whole or not at all; of a file that is upgraded a copy is kept beside it.

    Raises StoreError for a store that a newer version made.
    """
    with engine.connect() as connection:
        if revision(connection) == HEAD:
            return
    with engine.begin() as connection:
        # One at a time, and the tables change together or not at all.
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(_MIGRATING)
        current = revision(connection)
        if current == HEAD:
            return
        if current is None:
            create(connection)
            return
        if file := file_of(engine.url):
            back_up(file, current)
        upgrade(connection, HEAD)


def create(connection: Connection) -> None:
    """All tables of a new store, as the migrations would make them one after the other; Alembic takes longer to load."""
    metadata.create_all(connection)
    connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
    connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})


def revision(connection: Connection) -> str | None:
    """Of the tables as they are; None: there are none yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def back_up(file: Path, current: str) -> Path:
    """A copy as it was before, for its owner only; what is not yet written back from the log beside it is in it as well.

    An older copy stays as it is; one that already holds the same is enough. Raises StoreError when none can be made;
    nothing is changed then.
    """
    wanted = file.with_name(f"{file.name}.before-{HEAD}-was-{current}")
    fresh = wanted.with_name(f"{wanted.name}.new")
    try:
        fresh.unlink(missing_ok=True)
        fresh.touch(mode=0o600)
        before = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)
        with closing(before), closing(sqlite3.connect(fresh)) as target:
            before.backup(target)
        copy = next(name for name in _names(wanted) if not name.exists() or filecmp.cmp(name, fresh, shallow=False))
        fresh.replace(copy)
        sync_folder(copy.parent)
    except (OSError, sqlite3.Error) as error:
        fresh.unlink(missing_ok=True)
        raise StoreError(f"store {file}: no copy of it could be made before its tables are renewed: {error}") from error
    return copy


def _names(wanted: Path) -> Iterator[Path]:
    yield wanted
    for number in itertools.count(2):
        yield wanted.with_name(f"{wanted.name}-{number}")


def upgrade(connection: Connection, target: str) -> None:
    """To the revision `target`, in the connection's transaction. Raises StoreError for a store of a newer version."""
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(files("scorecard.store").joinpath("migrations")))
    script = ScriptDirectory.from_config(config)
    current = revision(connection)
    if current is not None and current not in {known.revision for known in script.walk_revisions()}:
        raise StoreError(f"the store was made by a newer version (schema {current}); update the tool")
    config.attributes["connection"] = connection
    command.upgrade(config, target)
