"""Bring a store's tables up to date with Alembic, from any released schema."""

from __future__ import annotations

from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from scorecard.errors import StoreError


def migrate(engine: Engine) -> None:
    """Create or upgrade the tables. Raises StoreError for a store that a newer version made."""
    config = Config()
    config.set_main_option("script_location", str(files("scorecard.store").joinpath("migrations")))
    with engine.begin() as connection:
        _upgrade(config, connection)


def _upgrade(config: Config, connection: Connection) -> None:
    script = ScriptDirectory.from_config(config)
    current = MigrationContext.configure(connection).get_current_revision()
    if current == script.get_current_head():
        return
    if current is not None and current not in {revision.revision for revision in script.walk_revisions()}:
        raise StoreError(f"the store was made by a newer version (schema {current}); update the tool")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
