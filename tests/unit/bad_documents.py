"""An audit document as a whole and what may be wrong with one, for test_bad_documents.py."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from scorecard import seal
from scorecard.asking import Order, Stop
from scorecard.audit import run
from scorecard.collect import Collector
from scorecard.demo.answering import Answering
from scorecard.demo.story import machines
from scorecard.document_writing import dumps
from scorecard.exceptions.entries import Entry, Exceptions
from scorecard.model import Endpoint, ExceptionKind, Platform
from scorecard.outputs import travelling_evidence
from scorecard.registry import Registry
from scorecard.standard import DEFAULT, load
from scorecard.store import Store

Raw = dict[str, Any]

# One of each platform and role; LT-12 does not answer in the second of the two slots, WS-10's drive is open in both.
_NAMES = ("LT-12", "MB-05", "LX-02", "WS-10", "SV-04")
_SLOTS = (8, 9)
_DAY = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


def pair(folder: Path) -> tuple[str, str]:
    """Two documents of one client, a month apart, with raw answers and all three kinds of exception."""
    store = Store.open(f"sqlite:///{folder / 'made.db'}")
    registry = Registry.load()
    standard = load(DEFAULT, registry.checks)
    stories = {machine.name: machine for machine in machines() if machine.name in _NAMES}
    endpoints = tuple(
        Endpoint(
            name,
            "Acme",
            f"{name.lower()}.example.com",
            transport="winrm" if stories[name].platform is Platform.WINDOWS else "ssh",
            role=stories[name].role,
        )
        for name in _NAMES
    )

    def audited(slot: int, now: datetime) -> str:
        answering = Answering(stories, slot, now)
        collector = Collector(registry, standard, lambda _name: answering, str)
        collector.now = lambda: now
        order = Order("Acme", endpoints, time_zone="Europe/London", exceptions=_agreed())
        done = run(order, collector, store, 1, Stop(), lambda _result, _done, _total: None)
        return dumps(done, travelling_evidence(store, done))

    older, newer = audited(_SLOTS[0], _DAY), audited(_SLOTS[1], _DAY + timedelta(days=31))
    store.close()
    return older, newer


def _agreed() -> Exceptions:
    encrypted, since = "disk-encryption.system-volume", date(2026, 10, 20)
    waived = Entry("isolated", ExceptionKind.WAIVED, (encrypted,), ("WS-10",), since, date(2027, 3, 1), covered=True)
    declined = Entry("refused", ExceptionKind.DECLINED, ("antivirus.tamper-protection",), ("WS-10",), since, None)
    stated = Entry("told", ExceptionKind.STATED, (encrypted,), ("LT-12",), since, date(2027, 1, 10))
    return Exceptions((waived, declined, stated))


def sealed(raw: Raw) -> Raw:
    """The same, sealed anew: by whoever changed it."""
    sealing = seal.Sealing(raw[seal.KEY]["previous"])
    for entry in raw["endpoints"]:
        sealing.endpoint(entry)
    for entry in raw["findings"]:
        sealing.finding(entry)
    return {**raw, seal.KEY: sealing.seal(raw)}
