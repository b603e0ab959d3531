"""Asking in several processes: Python runs on one core, and taking answers apart is most of the work (performance.md).

Each process makes its own registry, standard and transports, keeps its own connections, and hands results back. The one
that began them decides who is asked next and alone writes to the store. They are started anew and not forked: a forked one
would hold the store's lock and connections as well, and threads may be running already.
"""

from __future__ import annotations

import copyreg
import os
import queue
import signal
import threading
import zlib
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any

from scorecard import logs
from scorecard.collect import Collector, EndpointResult, Remembered
from scorecard.errors import FailureKind
from scorecard.model import Endpoint, Failure, Pace
from scorecard.redaction import Redactor
from scorecard.registry import Registry
from scorecard.schedule import Schedule
from scorecard.secrets import Known, Resolver
from scorecard.standard import load as load_standard
from scorecard.transports import Transports
from scorecard.transports.accounts import Accounts, passwords_of

MOST = 8
_WORTHWHILE = 500  # fewer endpoints are asked sooner than other processes have started
_FOR_EACH = 100  # at least so many endpoints for each process
_LOOK_S = 0.2
_END_S = 2.0
_STOPPING = (signal.SIGINT, signal.SIGTERM)
_CAN_HOLD_BACK = hasattr(signal, "pthread_sigmask")  # not on Windows
_LOST = Failure(
    FailureKind.INTERNAL,
    "The process that asked this machine ended without a word",
    "See whether this computer is short of memory, then go on with --resume.",
)


def _view(content: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(content)


# Evidence is read-only; it crosses as what it shows.
copyreg.pickle(MappingProxyType, lambda view: (_view, (dict(view),)))


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a process needs to ask and judge as this one does. Holds secrets: it crosses a pipe and lies nowhere else."""

    folders: tuple[Path, ...]  # of further check modules
    standard: str  # name or file
    secrets: Known
    deadline_s: float
    most_refusals: int
    concurrency: int
    debug: bool


@dataclass(frozen=True, slots=True)
class _Task:
    """`proven`: the passwords of this endpoint are right, another machine has accepted them."""

    endpoint: Endpoint
    past: Remembered | None
    proven: bool


def how_many(endpoints: int) -> int:
    """Processes for so many endpoints; 0 where they are not worth their start."""
    if endpoints < _WORTHWHILE:
        return 0
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    count = min(cores, endpoints // _FOR_EACH, MOST)
    return count if count > 1 else 0


@dataclass(eq=False, slots=True)
class _Worker:
    process: BaseProcess
    pipe: Connection
    asked: dict[str, Endpoint] = field(default_factory=dict)


class Pool:
    """Processes that ask. A context manager: leaving it ends them, whatever they are doing."""

    def __init__(self, recipe: Recipe, processes: int) -> None:
        self._proven: set[Hashable] = set()
        self._all: list[_Worker] = []
        with ExitStack() as undoing:
            undoing.callback(self._end)
            for number in range(processes):
                self._all.append(_begin(f"scorecard-ask-{number}", recipe))
            undoing.pop_all()
        self._workers = list(self._all)  # those that live

    def run(
        self,
        collector: Collector,
        endpoints: Sequence[Endpoint],
        concurrency: int,
        stop: threading.Event,
        paces: Mapping[str, Pace],
    ) -> Iterator[tuple[EndpointResult, ...]]:
        """As Collector.run, whose history and whose idea of an unseen endpoint it uses."""
        schedule, under_way = Schedule(endpoints, paces), 0
        while (under_way or not schedule.empty) and not stop.is_set():
            together: list[EndpointResult] = []
            while under_way < concurrency and (endpoint := schedule.take()) is not None:
                under_way += 1
                if not self._hand_out(endpoint, collector.history.get(endpoint.name)):
                    together.append(collector.unseen(endpoint, _LOST))
            wait_s = schedule.wait_s() if under_way < concurrency else None
            together += self._come_in(collector, 0.0 if together else min(_LOOK_S, wait_s or _LOOK_S))
            for result in together:
                schedule.ended(result.device.site)
            under_way -= len(together)
            if together:
                yield tuple(together)

    def _hand_out(self, endpoint: Endpoint, past: Remembered | None) -> bool:
        """False where nobody is left to ask it."""
        if not self._workers:
            return False
        passwords = passwords_of(endpoint)
        proven = passwords <= self._proven
        worker = self._workers[0] if not proven else self._least_busy(endpoint)
        worker.asked[endpoint.name] = endpoint
        with suppress(OSError):  # it has ended: `_come_in` says so of all that it was asking
            worker.pipe.send(_Task(endpoint, past, proven and bool(passwords)))
        return True

    def _least_busy(self, endpoint: Endpoint) -> _Worker:
        """Endpoints behind the same first jump host go to one process, which holds the connection to it."""
        if jumps := endpoint.connection.jumps:
            way = repr((jumps[0].address, jumps[0].port, endpoint.connection.proxy))
            return self._workers[zlib.crc32(way.encode()) % len(self._workers)]
        return min(self._workers, key=lambda worker: len(worker.asked))

    def _come_in(self, collector: Collector, patience_s: float) -> list[EndpointResult]:
        by_pipe = {worker.pipe: worker for worker in self._workers}
        found: list[EndpointResult] = []
        for pipe in wait(list(by_pipe), patience_s):
            worker = by_pipe[pipe]  # type: ignore[index] # only connections are waited for
            try:
                while True:
                    result: EndpointResult = worker.pipe.recv()
                    endpoint = worker.asked.pop(result.device.name)
                    if result.device.seen:
                        self._proven |= passwords_of(endpoint, used=True)
                    found.append(result)
                    if not worker.pipe.poll():
                        break
            except (EOFError, OSError):
                self._workers.remove(worker)
                found += [collector.unseen(endpoint, _LOST) for endpoint in worker.asked.values()]
                worker.asked.clear()
        return found

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._end()

    def _end(self) -> None:
        for worker in self._all:
            worker.pipe.close()  # which ends it
        for worker in self._all:
            worker.process.join(_END_S)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            worker.process.close()


def _begin(name: str, recipe: Recipe) -> _Worker:
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs,), name=name, daemon=True)
    with theirs, _signals_held_back():
        process.start()
    with suppress(OSError):  # it ended at once, as `run` will see
        ours.send(recipe)
    return _Worker(process, ours)


@contextmanager
def _signals_held_back() -> Iterator[None]:
    """A process that is started meanwhile begins like that, so that none of them ends it before it is ready for them."""
    if not _CAN_HOLD_BACK:
        yield
        return
    resource_tracker.ensure_running()  # its start would let them through
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# --- in the process that asks ----------------------------------------------------------------------------------------


def serve(pipe: Connection) -> None:
    """Ask what comes through the pipe until it is closed."""
    _leave_stopping_to_the_first()
    try:
        recipe: Recipe = pipe.recv()
    except (EOFError, OSError):
        return
    logs.set_up(debug=recipe.debug)
    redactor = Redactor()
    accounts = Accounts(recipe.most_refusals)
    transports = Transports(Resolver(redactor, known=recipe.secrets), accounts)
    registry = Registry.load(recipe.folders)
    standard = load_standard(recipe.standard, registry.checks)
    collector = Collector(registry, standard, transports, redactor, deadline_s=recipe.deadline_s)
    _Server(pipe, collector, accounts, recipe.concurrency).run()
    closing = threading.Thread(target=transports.close, daemon=True)
    closing.start()
    closing.join(_LOOK_S)
    os._exit(0)  # what still runs is not awaited: whoever wanted it has gone


def _leave_stopping_to_the_first() -> None:
    """Ctrl-C reaches every process of a terminal, and systemd's SIGTERM every one of a service; the first decides, and
    closes our pipe. A signal that is ignored stays so in what we start, which has to end when it is told to: hence a
    handler, but not on Windows, where it would break off the reading of the pipe and nothing is inherited.
    """
    for number in _STOPPING:
        signal.signal(number, signal.SIG_IGN if os.name == "nt" else lambda _number, _frame: None)
    if _CAN_HOLD_BACK:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)


class _Server:
    """Threads that ask, as many as are needed at a time."""

    def __init__(self, pipe: Connection, collector: Collector, accounts: Accounts, most: int) -> None:
        self._pipe = pipe
        self._collector = collector
        self._accounts = accounts
        self._most = most
        self._history: dict[str, Remembered] = {}
        self._tasks: queue.SimpleQueue[_Task] = queue.SimpleQueue()
        self._sending = threading.Lock()
        self._threads = 0
        collector.history = self._history

    def run(self) -> None:
        with suppress(EOFError, OSError):
            while True:
                task: _Task = self._pipe.recv()
                self._tasks.put(task)
                if self._threads < self._most:
                    self._threads += 1
                    threading.Thread(target=self._work, name=f"ask-{self._threads}", daemon=True).start()

    def _work(self) -> None:
        try:
            while True:
                self._answer(self._tasks.get())
        finally:
            # A thread ends only by a fault. Whoever waits for its answer learns of it when the process is gone.
            os._exit(1)

    def _answer(self, task: _Task) -> None:
        endpoint = task.endpoint
        if task.proven:
            self._accounts.is_right(endpoint)
        if task.past is not None:
            self._history[endpoint.name] = task.past
        result = self._collector.ask(endpoint)
        self._history.pop(endpoint.name, None)
        with self._sending:
            self._pipe.send(result)
