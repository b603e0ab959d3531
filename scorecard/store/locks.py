"""One audit of a client at a time. The lock belongs to the process, so that it ends with it however that ends."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import Engine, text

from scorecard.errors import InputError
from scorecard.store.database import StoreUnusable, shown

_SHARED = text("SELECT pg_try_advisory_lock(:key)")


class AuditRunning(InputError):
    """Another audit of the client is running."""


@contextmanager
def hold(engine: Engine, clients: Iterable[str]) -> Iterator[None]:
    """Raises AuditRunning where one of the clients is being audited, and StoreUnusable where that cannot be known."""
    with ExitStack() as held:
        for client in sorted(set(clients)):
            if engine.dialect.name == "postgresql":
                _hold_shared(engine, client, held)
            elif engine.url.database and engine.url.database != ":memory:":
                _hold_file(Path(engine.url.database), client, held)
        yield


def _hold_shared(engine: Engine, client: str, held: ExitStack) -> None:
    """A lock of the server's, kept by a connection that does nothing else and ends with the block."""
    connection = held.enter_context(engine.connect().execution_options(isolation_level="AUTOCOMMIT"))
    connection.detach()
    if not connection.execute(_SHARED, {"key": int.from_bytes(_digest(client)[:8], "big", signed=True)}).scalar():
        raise _running(client, shown(str(engine.url)))


def _hold_file(store: Path, client: str, held: ExitStack) -> None:
    file = store.with_name(f"{store.name}.{_digest(client).hex()[:16]}.lock")
    lock = FileLock(file, timeout=0, mode=0o600)
    try:
        lock.acquire()
    except Timeout:
        raise _running(client, str(store)) from None
    except OSError as error:
        raise StoreUnusable(f"store {store}: {file.name} beside it cannot be locked: {error.strerror or error}") from error
    held.callback(lock.release)


def _digest(client: str) -> bytes:
    return hashlib.sha256(client.casefold().encode("utf-8", errors="replace")).digest()


def _running(client: str, where: str) -> AuditRunning:
    return AuditRunning(
        f"{client}: another audit is running with the store {where}; wait until it has ended, or name another with --store"
    )
