"""The client over SSH: `python -m bench.client TASK` prints what it cost as JSON."""

from __future__ import annotations

import getpass
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.process import Cost, Job, in_threads, measured
from bench.recording import address_of, bundle
from scorecard.model import Connection, Credential, Endpoint
from scorecard.redaction import Redactor
from scorecard.registry import Registry
from scorecard.secrets import Resolver
from scorecard.transports import make
from scorecard.transports.base import Transport

DEADLINE_S = 300.0


@dataclass(frozen=True, slots=True)
class Task:
    """`thin`: the host part only, neither judged nor stored. `folder` holds the key, known_hosts and gets the store."""

    folder: str
    port: int
    count: int
    concurrency: int
    thin: bool


def main(task: Task) -> Cost:
    redactor = Redactor()
    transport = make("ssh", Resolver(redactor))
    endpoints = tuple(_endpoints(task))
    try:
        if task.thin:
            return measured(_thin(endpoints, task.concurrency, transport))
        return measured(audit(endpoints, task.concurrency, transport, redactor, Path(task.folder)))
    finally:
        transport.close()


def audit(endpoints: tuple[Endpoint, ...], concurrency: int, transport: Transport, redactor: Redactor, folder: Path) -> Job:
    """An audit as the command line does it: ask, judge, commit each result to a store in `folder`, grade."""
    # Imported here, so that they are not in the memory of the thin probe.
    from scorecard.asking import Order, Stop
    from scorecard.audit import run
    from scorecard.collect import Collector
    from scorecard.standard import DEFAULT, load
    from scorecard.store import Store

    registry = Registry.load()
    collector = Collector(registry, load(DEFAULT, registry.checks), lambda _: transport, redactor, deadline_s=DEADLINE_S)
    for topic in registry.topics:
        tuple(topic.data() if topic.data else ())  # the command line reads data files before contact as well
    store = Store.open(f"sqlite:///{folder}/history-{os.getpid()}.db")
    order = Order("Bench", endpoints)

    def job() -> tuple[int, int]:
        try:
            done = run(order, collector, store, concurrency, Stop(), lambda *_: None)
        finally:
            store.close()
        return sum(device.seen and device.failure is None for device in done.devices), len(done.findings)

    return job


def _thin(endpoints: tuple[Endpoint, ...], concurrency: int, transport: Transport) -> Job:
    """The host part through the transport alone."""
    asked = bundle(Registry(()), thin=True)
    return lambda: (in_threads(endpoints, concurrency, lambda one: transport.ask(one, asked, DEADLINE_S).complete), 0)


def _endpoints(task: Task) -> Iterator[Endpoint]:
    folder = Path(task.folder)
    connection = Connection(known_hosts=(str(folder / "known_hosts"),), connect_timeout_s=60)
    credential = Credential("bench", "Bench", user=getpass.getuser(), key_file=str(folder / "key"))
    for number in range(task.count):
        name, address = f"{number:05}", address_of(number)
        yield Endpoint(name, "Bench", address, port=task.port, credential=credential, connection=connection)


if __name__ == "__main__":
    print(json.dumps(asdict(main(Task(**json.loads(sys.argv[1]))))))
