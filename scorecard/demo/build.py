"""Makes the made-up client's audits, oldest first, with the engine's own collector, rules, grading and store."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from importlib.resources import files
from pathlib import Path

from scorecard.asking import Order, Stop
from scorecard.audit import basis, run
from scorecard.collect import Collector
from scorecard.demo import files as demo_files
from scorecard.demo.answering import Answering
from scorecard.demo.story import AUDITED, CLIENT, EDITED, NEWEST, machines
from scorecard.errors import InputError
from scorecard.exceptions.load import load as load_exceptions
from scorecard.folders import write_whole
from scorecard.inventory import load as load_inventory
from scorecard.registry import Registry
from scorecard.result import Audit
from scorecard.standard import DEFAULT, Standard, parse
from scorecard.standard import load as load_standard
from scorecard.store import Begun, Store

# The newest audit's day lies here: the systems of the made-up machines are those of that time.
EARLIEST, LATEST = date(2026, 10, 15), date(2026, 12, 31)
_LAST_DAY = 28  # every month has it
_ASKED_AT = time(12, 0, tzinfo=UTC)
_TOOK = timedelta(minutes=6)
INVENTORY, EXCEPTIONS = "inventory.yaml", "exceptions.yaml"

# What the client's own standard says from the slot EDITED on, in place of what the shipped one says.
_NAMING = "inventory.naming-standard: {severity: [{is: low}], shelf_life_days: 45"
_EDITS = (
    (_NAMING, _NAMING + ', parameters: {pattern: "(LT|MB|LX|WS|SV)-[0-9]{2}"}'),
    ('version: "2026.11"', 'version: "2026.11, with names as agreed"'),
)


def until(wanted: date | None, today: date) -> date:
    """The day of the newest audit. Raises InputError for one that the made-up machines are not of."""
    if wanted is None:
        return max(EARLIEST, min(today - timedelta(days=1), LATEST))
    if not EARLIEST <= wanted <= LATEST:
        raise InputError(f"--until {wanted}: the made-up machines are of another time; expected {EARLIEST} to {LATEST}")
    return wanted


def days_of(newest: date) -> dict[int, date]:
    """The day of each slot's audit."""
    day = min(newest.day, _LAST_DAY)
    months = [newest.year * 12 + newest.month - 1 - (NEWEST - slot) for slot in range(NEWEST)]
    days = {slot: date(month // 12, month % 12 + 1, day) for slot, month in enumerate(months)}
    return {**days, NEWEST: newest}


def audit_id(day: date) -> str:
    """The same for the same day."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{day}.larkspurmoor.example"))


def build(
    folder: Path,
    store: Store,
    registry: Registry,
    newest: date,
    told: Callable[[int, int], None] = lambda _done, _total: None,
    slots: Sequence[int] = AUDITED,
) -> Audit:
    """Write inventory and exceptions into `folder` and every audit into `store`; returns the newest one.

    `told` is called after each audit with how many are done and how many there are. `slots`: for a shorter history.
    """
    days = days_of(newest)
    with tempfile.TemporaryDirectory(prefix="scorecard-demo-") as place, store.auditing([CLIENT]):
        for done, slot in enumerate(slots, 1):
            where = folder if slot == slots[-1] else Path(place)
            _write(where, days, slot)
            audit = _audit(where, store, registry, days[slot], slot)
            told(done, len(slots))
    return audit


def _write(folder: Path, days: demo_files.Days, slot: int) -> None:
    for name, text in ((INVENTORY, demo_files.inventory(days, slot)), (EXCEPTIONS, demo_files.exceptions(days, slot))):
        write_whole(folder / name, partial(_fill, text))


def _fill(text: str, path: Path) -> None:
    path.write_text(text, encoding="utf-8")


def _audit(folder: Path, store: Store, registry: Registry, day: date, slot: int) -> Audit:
    as_of = datetime.combine(day, _ASKED_AT)
    standard = _standard(registry, slot)
    client = load_inventory([folder / INVENTORY]).client(CLIENT)
    exceptions = load_exceptions(
        folder / EXCEPTIONS,
        client=CLIENT,
        checks=registry.checks,
        limits=standard.content.exceptions,
        today=day,
    )
    begun = Begun(audit_id(day), as_of - _TOOK)
    order = Order(
        client=client.name,
        endpoints=client.endpoints,
        time_zone=client.time_zone,
        sites=client.sites,
        retired=client.retired,
        provider=client.provider,
        authorised=client.authorised,
        contract=client.contract,
        preferences=client.preferences,
        exceptions=exceptions,
        begun=begun,
        made_up=True,
    )
    answering = Answering({machine.name: machine for machine in machines()}, slot, as_of)
    collector = Collector(registry, standard, lambda _name: answering, str)
    collector.now = lambda: as_of
    collector.stopwatch = lambda: 0.0
    store.begin(begun.id, order.client, begun.started_at, order.scope, basis(registry, standard))
    return run(order, collector, store, 1, Stop(), lambda _result, _done, _total: None)


def _standard(registry: Registry, slot: int) -> Standard:
    if slot < EDITED:
        return load_standard(DEFAULT, registry.checks)
    text = files("scorecard").joinpath("standards", f"{DEFAULT}.yaml").read_text(encoding="utf-8")
    for shipped, edited in _EDITS:
        text = text.replace(shipped, edited)
    return parse(text, "larkspur-moor.yaml", registry.checks, edited=True)
