"""The demonstration's client with as many machines as wanted: systems, faults and answers as long as those of real ones.

`audited` runs the engine over every month of its history; nothing is contacted.
`python -m bench.realistic COUNT FILE` writes the page and prints the cost as JSON.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

import yaml

from bench.process import Numbers, cpu_ms
from scorecard import outputs
from scorecard.asking import Order, Stop
from scorecard.audit import basis, run
from scorecard.collect import Collector
from scorecard.demo import files
from scorecard.demo.answering import Answering
from scorecard.demo.build import audit_id, days_of
from scorecard.demo.story import AUDITED, CLIENT, Machine, machines
from scorecard.inventory import Client, load
from scorecard.registry import Registry, report
from scorecard.reporting import ReportContext
from scorecard.result import Audit
from scorecard.standard import DEFAULT
from scorecard.standard import load as load_standard
from scorecard.store import Begun, Store

_UNTIL = date(2026, 11, 14)
_TOOK = timedelta(minutes=6)


def audited(count: int, slots: Sequence[int] = AUDITED) -> tuple[Audit, ReportContext]:
    """The newest of the audits of these months, the last one being the newest, with what its reports need beside it."""
    registry, fleet = Registry.load(), _machines(count)
    with tempfile.TemporaryDirectory(prefix="scorecard-bench-") as place:
        folder = Path(place)
        store = Store.open(f"sqlite:///{folder / 'history.db'}")
        try:
            with store.auditing([CLIENT]):
                for slot in slots:
                    audit = _audit(_client(folder, fleet, slot), store, registry, fleet, slot)
            return audit, outputs.context(audit, store, registry, ("html",))
        finally:
            store.close()


def _machines(count: int) -> tuple[Machine, ...]:
    """Those of the demonstration over and over, each with a name of its own."""
    listed = [machine for machine in machines() if machine.leaves is None]
    return tuple(
        replace(machine, name=f"{machine.name[:3]}{number:03}")
        for number, machine in zip(range(1, count + 1), cycle(listed), strict=False)
    )


def _client(folder: Path, fleet: Sequence[Machine], slot: int) -> Client:
    """Through an inventory in the form of the demonstration's, without its exceptions: they name machines."""
    content: dict[str, Any] = yaml.load(files.inventory(days_of(_UNTIL), slot), Loader=yaml.CSafeLoader)
    content["endpoints"] = [_endpoint(machine) for machine in fleet if machine.listed(slot)]
    del content["exceptions"]
    content.pop("retired", None)
    target = folder / "inventory.yaml"
    target.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return load([target]).client(CLIENT)


def _endpoint(machine: Machine) -> dict[str, Any]:
    windows = machine.platform.value == "windows"
    return {
        "name": machine.name,
        "address": f"{machine.name.lower()}.larkspurmoor.example",
        "transport": "winrm" if windows else "ssh",
        "platform": machine.platform.value,
        "role": machine.role.value,
        "site": machine.site,
        "managed": machine.managed,
        **({"owner": machine.owner} if machine.owner else {}),
    }


def _audit(client: Client, store: Store, registry: Registry, fleet: Sequence[Machine], slot: int) -> Audit:
    day = days_of(_UNTIL)[slot]
    as_of = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    standard = load_standard(DEFAULT, registry.checks)
    begun = Begun(audit_id(day), as_of - _TOOK)
    order = Order(
        client=client.name,
        endpoints=client.endpoints,
        time_zone=client.time_zone,
        sites=client.sites,
        provider=client.provider,
        authorised=client.authorised,
        contract=client.contract,
        begun=begun,
        made_up=True,
    )
    answering = Answering({machine.name: machine for machine in fleet}, slot, as_of)
    collector = Collector(registry, standard, lambda _name: answering, str)
    collector.now = lambda: as_of
    collector.stopwatch = lambda: 0.0
    store.begin(begun.id, order.client, begun.started_at, order.scope, basis(registry, standard))
    return run(order, collector, store, 1, Stop(), lambda _result, _done, _total: None)


def _cost(count: int, file: Path) -> Numbers:
    audit, context = audited(count)
    before_ms = cpu_ms()
    report("html").render(audit, context, file)
    return {"build_s": (cpu_ms() - before_ms) / 1000}


if __name__ == "__main__":
    print(json.dumps(_cost(int(sys.argv[1]), Path(sys.argv[2]))))
