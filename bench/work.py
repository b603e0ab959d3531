"""What is done with answers, without a network: judged, graded, stored, reported. Each in a process of its own.

`python -m bench.work NAME COUNT REPLY FOLDER` prints what it cost as JSON.
"""

from __future__ import annotations

import json
import sys
import time
import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bench.process import LIMIT_S, Numbers, cpu_ms, numbers_of, peak_mib
from bench.recording import Replay, endpoints, varied
from scorecard import outputs
from scorecard.asking import Order, Stop
from scorecard.audit import run
from scorecard.collect import Collector, EndpointResult
from scorecard.redaction import Redactor
from scorecard.registry import Registry
from scorecard.score import score
from scorecard.standard import DEFAULT, load
from scorecard.store import Store
from scorecard.store.rows import prepare
from tests.rig.postgres import Postgres


def measure(name: str, count: int, reply: Path, folder: Path, limit_s: float = LIMIT_S) -> Numbers:
    """One of JOBS in a process of its own. Raises where it fails."""
    return numbers_of("bench.work", name, count, reply, folder, limit_s=limit_s)


def judging(count: int, reply: bytes, _folder: Path) -> Numbers:
    """Take answers apart, redact and judge them; then grade all findings."""
    spent_ms = 0.0
    results: list[EndpointResult] = []
    collector, replay = _collector()
    for number, endpoint in enumerate(endpoints(count)):
        replay.ready[endpoint.name] = varied(reply, number)
        before = cpu_ms()
        results.append(replace(collector.ask(endpoint), observations={}))
        spent_ms += cpu_ms() - before
    _all_seen(results)
    findings = [finding for result in results for finding in result.findings]
    devices = [result.device for result in results]
    before = cpu_ms()
    score(findings, devices, collector.standard, as_of=datetime.now(UTC), client_since=None)
    return {
        "findings": len(findings),
        "judge_s": spent_ms / 1000,
        "score_s": (cpu_ms() - before) / 1000,
        "peak_mib": peak_mib(),
    }


def storing(count: int, reply: bytes, folder: Path) -> Numbers:
    """Commit results one by one to a new store, none of whose observations is in it."""
    numbers = _stored(f"sqlite:///{folder}/writes.db", count, reply)
    size = sum(file.stat().st_size for file in folder.glob("writes.db*"))
    return {**numbers, "kib": size / count / 1024}


def storing_postgresql(count: int, reply: bytes, _folder: Path) -> Numbers:
    """The same to a PostgreSQL server, over its socket. CPU is that of our process alone."""
    with Postgres(durable=True) as server:
        return _stored(server.url(), count, reply)


def _stored(url: str, count: int, reply: bytes) -> Numbers:
    collector, replay = _collector()
    results: list[EndpointResult] = []
    for number, endpoint in enumerate(endpoints(count)):
        replay.ready[endpoint.name] = varied(reply, number)
        results.append(collector.ask(endpoint))
    _all_seen(results)
    store = Store.open(url)
    audit_id = str(uuid.uuid4())
    store.begin(audit_id, "Bench", datetime.now(UTC), "")
    before, started = cpu_ms(), time.monotonic()
    for result in results:
        store.add(audit_id, "Bench", [prepare(result)])
    spent_ms, wall_s = cpu_ms() - before, time.monotonic() - started
    store.close()
    return {"cpu_ms": spent_ms / count, "a_second": count / wall_s}


def replaying(count: int, reply: bytes, folder: Path) -> Numbers:
    """A whole audit without a network: ask, judge, commit each result, grade, keep the audit."""
    collector, _ = _collector(reply)
    asked = endpoints(count)
    store = Store.open(f"sqlite:///{folder}/replayed-{count}.db")
    before, started = cpu_ms(), time.monotonic()
    audit = run(Order("Bench", asked), collector, store, 50, Stop(), lambda *_: None)
    spent_ms, wall_s = cpu_ms() - before, time.monotonic() - started
    store.close()
    if not all(device.seen and device.failure is None for device in audit.devices):
        raise RuntimeError("an endpoint was not read")
    return {"cpu_ms": spent_ms / count, "wall_s": wall_s, "peak_mib": peak_mib()}


def reporting(count: int, reply: bytes, folder: Path) -> Numbers:
    """Write every format of an audit; the libraries that a format needs are loaded within its time."""
    collector, replay = _collector()
    asked = endpoints(count)
    for number, endpoint in enumerate(asked):
        replay.ready[endpoint.name] = varied(reply, number)
    store = Store.open(f"sqlite:///{folder}/reported.db")
    audit = run(Order("Bench", asked), collector, store, 1, Stop(), lambda *_: None)
    shown = outputs.context(audit, store, collector.registry, outputs.formats())
    numbers: Numbers = {}
    for name in outputs.formats():
        started = time.monotonic()
        (file,) = outputs.write(audit, folder, [name], shown)
        numbers[f"{name} s"] = time.monotonic() - started
        numbers[f"{name} kB"] = file.stat().st_size / 1000
    store.close()
    return numbers


def _collector(reply: bytes = b"") -> tuple[Collector, Replay]:
    registry = Registry.load()
    replay = Replay(reply)
    return Collector(registry, load(DEFAULT, registry.checks), lambda _: replay, Redactor()), replay


def _all_seen(results: Iterable[EndpointResult]) -> None:
    for result in results:
        if not result.device.seen or result.device.failure:
            raise RuntimeError(f"{result.device.name} was not read: {result.device.failure}")


JOBS = {job.__name__: job for job in (judging, storing, storing_postgresql, replaying, reporting)}

if __name__ == "__main__":
    print(json.dumps(JOBS[sys.argv[1]](int(sys.argv[2]), Path(sys.argv[3]).read_bytes(), Path(sys.argv[4]))))
