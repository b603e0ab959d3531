"""One client process over SSH, measured from within: `python -m bench.client ORDER` prints what it cost as JSON.

Its own process, so that nothing but the client is in the figures: the server and what runs there are others' children.
"""

from __future__ import annotations

import getpass
import json
import os
import queue
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.recording import address_of, bundle
from scorecard.model import Connection, Credential, Endpoint
from scorecard.redaction import Redactor
from scorecard.registry import Registry
from scorecard.secrets import Resolver
from scorecard.transports import make
from scorecard.transports.base import Transport

ROOT = Path(__file__).parents[1]
DEADLINE_S = 300.0


@dataclass(frozen=True, slots=True)
class Task:
    """`thin`: the host part only, neither judged nor stored. `folder` holds the key, known_hosts and gets the store."""

    folder: str
    port: int
    count: int
    concurrency: int
    thin: bool


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU is user and system time of this process; `start_cpu_ms` is what it spent before the first endpoint."""

    seen: int
    findings: int
    start_cpu_ms: float
    run_cpu_ms: float
    wall_s: float
    peak_mib: float
    children_cpu_ms: float


def launch(task: Task) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "bench.client", json.dumps(asdict(task))]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)


def result(process: subprocess.Popen[str], limit_s: float) -> Cost:
    """Raises where the client failed, spent CPU in children, or did not see every endpoint."""
    try:
        printed, _ = process.communicate(timeout=limit_s)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    if process.returncode:
        raise RuntimeError(f"the client ended with code {process.returncode}")
    return Cost(**json.loads(printed))


def cpu_ms(who: int = resource.RUSAGE_SELF) -> float:
    used = resource.getrusage(who)
    return (used.ru_utime + used.ru_stime) * 1000


def peak_mib() -> float:
    """The most memory that this process had at any time, as the kernel counted it (VmHWM)."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("the kernel does not tell a process's peak of memory")


def main(task: Task) -> Cost:
    redactor = Redactor()
    transport = make("ssh", Resolver(redactor))
    try:
        job = _thin(task, transport) if task.thin else _whole(task, transport, redactor)
        start_cpu_ms, started = cpu_ms(), time.monotonic()
        seen, findings = job()
        wall_s = time.monotonic() - started
    finally:
        transport.close()
    return Cost(
        seen=seen,
        findings=findings,
        start_cpu_ms=start_cpu_ms,
        run_cpu_ms=cpu_ms() - start_cpu_ms,
        wall_s=wall_s,
        peak_mib=peak_mib(),
        children_cpu_ms=cpu_ms(resource.RUSAGE_CHILDREN),
    )


# What is measured: it returns how many endpoints were seen and how many findings there are.
Job = Callable[[], tuple[int, int]]


def _whole(task: Task, transport: Transport, redactor: Redactor) -> Job:
    """An audit as the command line does it: ask, judge, commit each result to a store, grade."""
    # Imported here, so that they are not in the memory of the thin probe.
    from scorecard.audit import Order, run
    from scorecard.collect import Collector
    from scorecard.standard import DEFAULT, load
    from scorecard.store import Store

    registry = Registry.load()
    collector = Collector(registry, load(DEFAULT, registry.checks), lambda _: transport, redactor, deadline_s=DEADLINE_S)
    for topic in registry.topics:
        tuple(topic.data() if topic.data else ())  # the command line reads data files before contact as well
    store = Store.open(f"sqlite:///{task.folder}/history-{os.getpid()}.db")
    order = Order("Bench", tuple(_endpoints(task)))

    def job() -> tuple[int, int]:
        try:
            audit = run(order, collector, store, task.concurrency, threading.Event(), lambda *_: None)
        finally:
            store.close()
        return sum(device.seen and device.failure is None for device in audit.devices), len(audit.findings)

    return job


def _thin(task: Task, transport: Transport) -> Job:
    """The host part through the transport alone."""
    asked = bundle(Registry(()), thin=True)
    waiting: queue.SimpleQueue[Endpoint] = queue.SimpleQueue()
    for endpoint in _endpoints(task):
        waiting.put(endpoint)
    whole: list[bool] = []

    def work() -> None:
        while True:
            try:
                endpoint = waiting.get_nowait()
            except queue.Empty:
                return
            whole.append(transport.ask(endpoint, asked, DEADLINE_S).complete)

    def job() -> tuple[int, int]:
        workers = [threading.Thread(target=work) for _ in range(task.concurrency)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return sum(whole), 0

    return job


def _endpoints(task: Task) -> Iterable[Endpoint]:
    folder = Path(task.folder)
    connection = Connection(known_hosts=(str(folder / "known_hosts"),), connect_timeout_s=60)
    credential = Credential("bench", "Bench", user=getpass.getuser(), key_file=str(folder / "key"))
    for number in range(task.count):
        name, address = f"{number:05}", address_of(number)
        yield Endpoint(name, "Bench", address, port=task.port, credential=credential, connection=connection)


if __name__ == "__main__":
    print(json.dumps(asdict(main(Task(**json.loads(sys.argv[1]))))))
