"""One audit of a client at a time. The lock belongs to the process, so that it ends with it however that ends."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, NullPool, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from scorecard.errors import InputError, StoreError
from scorecard.store.database import StoreUnusable, arguments, file_of, shown, translated

_TRY = text("SELECT pg_try_advisory_lock(:key)")
_STILL_THERE = text("SELECT 1")
_LOOK_EVERY_S = 1.0


class AuditRunning(InputError):
    """Another audit of the client is running."""


@contextmanager
def hold(engine: Engine, clients: Iterable[str]) -> Iterator[Callable[[], None]]:
    """Yields what is to be called before writing: it gets the locks back where they were lost, and raises StoreError
    where somebody else has one by then.

    Raises AuditRunning where one of the clients is being audited, and StoreUnusable where that cannot be known.
    """
    wanted = sorted(set(clients))
    if engine.dialect.name == "postgresql":
        shared = _Shared(engine, wanted)
        try:
            shared.take()
        except StoreError as error:
            raise StoreUnusable(str(error)) from error
        try:
            yield shared.keep
        finally:
            shared.release()
        return
    with ExitStack() as held:
        if file := file_of(engine.url):
            for client in wanted:
                _hold_file(file, client, held)
        yield lambda: None


class _Shared:
    """Locks of the server's, kept by one connection that does nothing else. They go when it breaks off."""

    def __init__(self, engine: Engine, clients: Iterable[str]) -> None:
        # Not one of the pool's, which would take it back with the locks on it.
        self._engine = create_engine(engine.url, connect_args=arguments(engine.url), poolclass=NullPool)
        self._url = str(engine.url)
        self._clients = tuple(clients)
        self._connection: Connection | None = None
        self._looked = 0.0

    def take(self) -> None:
        """Raises AuditRunning, and StoreError where the server does not answer."""
        with translated(self._url):
            connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            self._connection = connection
            for client in self._clients:
                if not connection.execute(_TRY, {"key": _key(client)}).scalar():
                    self.release()
                    raise _running(client, shown(self._url))
        self._looked = time.monotonic()

    def keep(self) -> None:
        """Raises StoreError where the locks are lost, StoreBusy among them where they may yet be had."""
        if self._connection is not None and time.monotonic() < self._looked + _LOOK_EVERY_S:
            return
        if self._connection is not None:
            try:
                self._connection.execute(_STILL_THERE)
            except SQLAlchemyError:
                self.release()
        if self._connection is None:
            try:
                self.take()
            except AuditRunning as error:
                said = "the line to the store had broken, and another audit was begun meanwhile"
                raise StoreError(f"{error}; {said}, so this one ends; what it committed is kept") from error
        self._looked = time.monotonic()

    def release(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _hold_file(store: Path, client: str, held: ExitStack) -> None:
    file = store.with_name(f"{store.name}.{_digest(client).hex()[:16]}.lock")
    # Where a folder knows no locks a file that merely exists would do for one; it stays after a power cut.
    lock = FileLock(file, timeout=0, mode=0o600, fallback_to_soft=False)
    try:
        lock.acquire()
    except Timeout:
        raise _running(client, str(store)) from None
    except OSError as error:
        raise StoreUnusable(
            f"store {store}: {file.name} beside it cannot be locked: {error.strerror or error}; "
            "name a store in a folder on this computer with --store, or one on a PostgreSQL server"
        ) from error
    held.callback(lock.release)


def _key(client: str) -> int:
    return int.from_bytes(_digest(client)[:8], "big", signed=True)


def _digest(client: str) -> bytes:
    return hashlib.sha256(client.casefold().encode("utf-8", errors="replace")).digest()


def _running(client: str, where: str) -> AuditRunning:
    return AuditRunning(
        f"{client}: another audit is running with the store {where}; wait until it has ended, or name another with --store"
    )
