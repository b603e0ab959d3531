"""What the store remembers of exceptions from audit to audit."""

from __future__ import annotations

import sqlite3
import zlib
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from scorecard.errors import StoreError
from scorecard.exceptions import Fingerprint, Kept
from scorecard.model import Status
from scorecard.store import Store
from tests.fleet import NOW
from tests.unit.test_document import audit

KEPT = Kept(
    check="disk-encryption.data-volumes",
    endpoint="Till é",
    since=date(2026, 11, 1),
    exception="waived-0123456789",
    begun_at=NOW,
    first=Fingerprint(Status.WARN, {"open": ["D:", "\ud800", "\0", None], "more": {"a": 1.5}}),
    placed_at=NOW,
)
ENDED = replace(KEPT, since=date(2026, 10, 1), placed_at=None, ended_at=NOW + timedelta(days=1))


def url(folder: Path) -> str:
    return f"sqlite:///{folder / 'history.db'}"


def finish(store: Store, id: str, kept: tuple[Kept, ...] | None, client: str | None = None) -> None:
    made = replace(audit(), id=id, client=client or audit().client)
    store.begin(made.id, made.client, made.started_at, "")
    store.finish(made, kept)


def test_what_is_kept_comes_back_and_is_replaced_as_a_whole(tmp_path: Path) -> None:
    store, client = Store.open(url(tmp_path)), audit().client
    assert store.excepted(client) == ()
    finish(store, "a1", (KEPT, ENDED))
    assert store.excepted(client) == (ENDED, KEPT)
    assert store.excepted("Another") == ()
    finish(store, "a2", None)
    assert store.excepted(client) == (ENDED, KEPT)
    finish(store, "a3", (KEPT,))
    assert store.excepted(client) == (KEPT,)
    finish(store, "a4", (ENDED,), "Another")
    assert store.excepted(client) == (KEPT,)
    finish(store, "a5", ())
    assert store.excepted(client) == ()
    store.close()


def test_it_goes_by_the_name_that_a_client_and_an_endpoint_have_now(tmp_path: Path) -> None:
    store, client = Store.open(url(tmp_path)), audit().client
    finish(store, "a1", (KEPT,))
    store.rename(client, {"Till é": "till É"})
    with store.auditing([client.upper()]):
        assert store.excepted(client.upper()) == (replace(KEPT, endpoint="till É"),)
    assert store.excepted(client) == ()
    store.close()


@pytest.mark.parametrize("damage", [b"x", b"", "zipped"])
def test_what_cannot_be_read_back_is_one_line(tmp_path: Path, damage: bytes | str) -> None:
    store, client = Store.open(url(tmp_path)), audit().client
    finish(store, "a1", (KEPT,))
    with sqlite3.connect(tmp_path / "history.db") as plain:
        value = damage if isinstance(damage, bytes) else zlib.compress(b'{"status": "odd"}')
        plain.execute("UPDATE excepted SET fingerprint = ?", (value,))
    plain.close()
    with pytest.raises(StoreError, match="the store is damaged"):
        store.excepted(client)
    store.close()
