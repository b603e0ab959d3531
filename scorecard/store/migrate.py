"""Bring a store's tables up to date with Alembic, from any released schema."""

from __future__ import annotations

from importlib.resources import files

from sqlalchemy import Connection, Engine, inspect, text

from scorecard.errors import StoreError

# The newest revision in migrations/versions/; a test compares the two. Known here so that Alembic, which takes its time
# to load, is asked only when there is something to migrate.
HEAD = "0001"


def migrate(engine: Engine) -> None:
    """Create or upgrade the tables. Raises StoreError for a store that a newer version made."""
    with engine.connect() as connection:
        if revision(connection) == HEAD:
            return
    with engine.begin() as connection:
        _upgrade(connection)


def revision(connection: Connection) -> str | None:
    """Of the tables as they are; None: there are none yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def _upgrade(connection: Connection) -> None:
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
    command.upgrade(config, "head")
