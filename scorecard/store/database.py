"""The database behind the history: how it is opened, and what its errors mean."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError, SQLAlchemyError

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

# PostgreSQL's classes of errors that pass: connection, deadlock, too many connections, the server being stopped or started.
_PASSING = ("08", "40", "53300", "57P")

_BUSY_MS = 10_000  # so long SQLite itself waits for another program

# A line that is cut without a word is noticed within two minutes, not after the hours that a system gives it.
_ALIVE = {"connect_timeout": 10, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 6}


class StoreUnusable(StoreError, InputError):
    """The store cannot be used at all, found before anything was asked: the wrong place, or one that is damaged."""


class StoreBusy(StoreError):
    """Another program holds the store, or its server is away: the same may go well a moment later.

    `said`: what is the matter, without what to do about it.
    """

    def __init__(self, said: str, remedy: str) -> None:
        super().__init__(said + remedy)
        self.said = said


@contextmanager
def translated(url: str) -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        said = str(getattr(error, "orig", None) or error).splitlines()[0]
        remedy = next((f"; {remedy}" for sign, remedy in _REMEDIES.items() if sign in said), "")
        if _passes(error, said):
            raise StoreBusy(f"store {shown(url)}: {said}", remedy) from error
        raise StoreError(f"store {shown(url)}: {said}{remedy}") from error


def _passes(error: SQLAlchemyError, said: str) -> bool:
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated or "database is locked" in said:
        return True
    state: str | None = getattr(error.orig, "sqlstate", "")  # SQLite has none; PostgreSQL none when it cannot be reached
    return isinstance(error, OperationalError) if state is None else state.startswith(_PASSING)


def connect(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if file := file_of(parsed):
            _prepare_file(file)
        # A connection may have been idle for hours, its server restarted meanwhile: it is looked at before it is used.
        engine = create_engine(parsed, connect_args=arguments(parsed), pool_pre_ping=True)
    except ModuleNotFoundError as error:
        raise StoreUnusable(f"store {shown(url)}: the Python package {error.name} is not installed; install it") from error
    except (ArgumentError, NoSuchModuleError, ValueError, UnicodeError) as error:
        # The cause is not quoted: it may hold the URL's password.
        raise StoreUnusable(f"store {shown(url)}: expected a URL such as sqlite:////path/history.db") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
    return engine


def file_of(url: URL) -> Path | None:
    """The file of a SQLite store, links followed: by whatever path it is named, it is one file. Raises ValueError."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    if url.database.startswith("file:"):
        raise ValueError("a URI inside a URL")
    return Path(url.database).resolve()


def shown(url: str) -> str:
    """A URL without its password."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except (ArgumentError, ValueError):
        return "(the URL cannot be read)"


class SameFile:
    """The file as it was when it was opened. What is written after it was removed would go nowhere, without a word."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._was = self._now()

    def check(self) -> None:
        """Raises StoreError."""
        if self._now() != self._was:
            raise StoreError(
                f"store {self._file}: the file was removed or replaced while it was written to, and what came in is lost "
                "with it; put it back and go on with --resume, or audit again"
            )

    def _now(self) -> tuple[int, int] | None:
        try:
            found = self._file.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino


def arguments(url: URL) -> dict[str, Any]:
    """Of a connection; what the URL says itself stays as it says."""
    if url.drivername != "postgresql+psycopg":
        return {}
    return {name: value for name, value in _ALIVE.items() if name not in url.query}


def _prepare_file(path: Path) -> None:
    try:
        private_folder(path.parent)
        path.touch(mode=0o600, exist_ok=True)
    except OSError as error:
        said = f"store {path}: cannot be opened: {error.strerror or error}"
        raise StoreUnusable(f"{said}; name a file in a folder that you can write to with --store") from error


def _set_up_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    # What is committed survives a power cut, and a reader never sees a half-written audit.
    for setting in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={_BUSY_MS}"):
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()
