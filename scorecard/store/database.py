"""The database behind the history: how it is opened, and what its errors mean."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from scorecard.errors import InputError, StoreError
from scorecard.folders import private_folder

# What SQLite says -> what a person can do about it.
_REMEDIES = {
    "locked": "another program is writing to it; try again when that has ended",
    "not a database": "name another store with --store, or put the file back from a backup",
    "malformed": "the file is damaged; put it back from a backup, or name another store with --store",
    "readonly": "give yourself the right to write to the file and its folder, or name another store with --store",
    "unable to open": "expected a file in a folder that you can write to",
    "disk is full": "make room and try again; what was committed before is kept",
    "disk I/O error": "see whether the disk is full or failing; what was committed before is kept",
}


class StoreUnusable(StoreError, InputError):
    """The store cannot be used at all, found before anything was asked: the wrong place, or one that is damaged."""


@contextmanager
def translated(url: str) -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        said = str(getattr(error, "orig", None) or error).splitlines()[0]
        remedy = next((f"; {remedy}" for sign, remedy in _REMEDIES.items() if sign in said), "")
        raise StoreError(f"store {shown(url)}: {said}{remedy}") from error


def connect(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database and parsed.database != ":memory:":
            _prepare_file(Path(parsed.database))
        engine = create_engine(parsed)
    except ModuleNotFoundError as error:
        raise StoreUnusable(f"store {shown(url)}: the Python package {error.name} is not installed; install it") from error
    except (ArgumentError, NoSuchModuleError, ValueError, UnicodeError) as error:
        # The cause is not quoted: it may hold the URL's password.
        raise StoreUnusable(f"store {shown(url)}: expected a URL such as sqlite:////path/history.db") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
    return engine


def shown(url: str) -> str:
    """A URL without its password."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except (ArgumentError, ValueError):
        return "(the URL cannot be read)"


def _prepare_file(path: Path) -> None:
    try:
        private_folder(path.parent)
        path.touch(mode=0o600, exist_ok=True)
    except OSError as error:
        raise StoreUnusable(f"store {path}: cannot be opened: {error.strerror or error}") from error


def _set_up_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    # What is committed survives a power cut, and a reader never sees a half-written audit.
    for setting in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()
