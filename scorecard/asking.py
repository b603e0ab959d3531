"""Asking everyone that an audit is to ask, once or until its window closes, and committing what each gives as it comes."""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from scorecard.collect import Collector, EndpointResult
from scorecard.errors import FailureKind
from scorecard.exceptions.entries import Exceptions
from scorecard.model import NOT_ASKED, Endpoint, Failure, Pace
from scorecard.result import SEEN_BEFORE, Authorisation, Contract, Device, Preferences, Provider, Retired
from scorecard.store import Begun, Store
from scorecard.store.rows import prepare
from scorecard.window import Window, closed, curable, tries

_LOOK_S = 0.2

# Called with each result as it has been committed, how many are in, and how many are expected.
Progress = Callable[[EndpointResult, int, int], None]


class Stop(threading.Event):
    """Set when no further endpoint is to be asked. `time_up`: since the run's time is used up, not by a person.

    It is set by a signal's handler as well, which may come while this very thread holds an Event's lock and would then
    wait for itself for ever. So it has no lock, and whoever waits looks again and again.
    """

    def __init__(self) -> None:
        super().__init__()
        self.time_up = False
        self._stopped = False

    @property
    def by_hand(self) -> bool:
        """A person or a signal stopped it."""
        return self._stopped and not self.time_up

    def is_set(self) -> bool:
        return self._stopped

    def set(self) -> None:
        self._stopped = True

    def clear(self) -> None:
        self._stopped = self.time_up = False

    def wait(self, timeout: float | None = None) -> bool:
        until = math.inf if timeout is None else time.monotonic() + timeout
        while not self._stopped and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, _LOOK_S))
        return self._stopped


@dataclass(frozen=True, slots=True)
class Order:
    """What one audit is to do."""

    client: str
    endpoints: tuple[Endpoint, ...]
    time_zone: str = "UTC"
    sites: tuple[str, ...] = ()
    paces: Mapping[str, Pace] = field(default_factory=dict)  # by site
    retired: tuple[Retired, ...] = ()
    provider: Provider = field(default_factory=Provider)
    authorised: Authorisation | None = None
    contract: Contract | None = None
    preferences: Preferences = field(default_factory=Preferences)
    exceptions: Exceptions = field(default_factory=Exceptions)
    scope: str = ""  # why it is not the whole client; such an audit is not graded
    remember_endpoints: bool = True  # endpoints of earlier audits stay expected until they are retired
    run: str = ""  # the run that it belongs to, with the audits of other clients
    begun: Begun | None = None  # an audit that was broken off, to go on with
    canary: int = 0  # so many endpoints are asked first; when one misbehaves the others are not asked
    window_s: float = 0.0  # for so long after its beginning who was not seen is tried again
    made_up: bool = False  # a demonstration, whose endpoints are made up


_NOT_ASKED = Failure(
    FailureKind.DEADLINE,
    "The audit was stopped before this machine had answered",
    "Run the audit again with --resume and let it end.",
)
_TIME_UP = Failure(
    FailureKind.DEADLINE,
    "The time of the whole run was used up before this machine had answered",
    "Give the run more --max-time or more --concurrency, or go on with --resume.",
)


# It let us in and then did not answer as it should: what every other one would do as well.
_MISBEHAVED = frozenset(
    {
        FailureKind.DEADLINE,
        FailureKind.OUTPUT_TOO_LARGE,
        FailureKind.PERMISSION_DENIED,
        FailureKind.PROTOCOL,
        FailureKind.QUOTA,
        FailureKind.INTERNAL,
    }
)


@dataclass
class Asking:
    """One audit's endpoints. `results` gets what each gave, without the raw answers, which the store keeps.

    `left_early`: the window was left before it closed, with some that would have been tried again.
    """

    order: Order
    collector: Collector
    store: Store
    audit: Begun
    results: dict[str, EndpointResult]
    total: int
    progress: Progress
    left_early: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self._asked_as = {endpoint.name: asked_as(endpoint) for endpoint in self.order.endpoints}

    def ask(self, gone: Sequence[Endpoint], concurrency: int, stop: Stop) -> Failure:
        """Ask everyone who has not been asked. Returns why those that are not among the results were not asked.

        Raises StoreError when a result cannot be committed.
        """
        halted = self._ask_first(self.order.endpoints[: self.order.canary], concurrency, stop)
        if halted is None:
            self._ask(self._not_asked(self.order.endpoints), concurrency, stop)
        self._keep(_left(self.collector, endpoint) for endpoint in gone)
        if halted is None and self.order.window_s:
            self._keep_trying(concurrency, stop)
        return halted or (_TIME_UP if stop.time_up else _NOT_ASKED)

    def _not_asked(self, endpoints: Iterable[Endpoint]) -> tuple[Endpoint, ...]:
        return tuple(endpoint for endpoint in endpoints if endpoint.name not in self.results)

    def _ask_first(self, canaries: Sequence[Endpoint], concurrency: int, stop: Stop) -> Failure | None:
        """Why nobody else is asked, if so. What halted an audit that is gone on with is asked again."""
        kept = [self.results[endpoint.name].device for endpoint in canaries if endpoint.name in self.results]
        bad = {device.name for device in kept if not device.seen or _misbehaved(device)} if _halt(kept) else set()
        again = tuple(endpoint for endpoint in canaries if endpoint.name in bad)
        self._ask((*self._not_asked(canaries), *again), concurrency, stop)
        devices = [self.results[endpoint.name].device for endpoint in canaries if endpoint.name in self.results]
        return None if stop.is_set() else _halt(devices)

    def _ask(self, endpoints: Sequence[Endpoint], concurrency: int, stop: Stop) -> None:
        for together in self.collector.run(endpoints, concurrency, stop, self.order.paces):
            self._keep(together)

    def _keep(self, together: Iterable[EndpointResult]) -> None:
        """Commit them. Who was seen in this audit stays seen, whatever a later try gives."""
        kept = tuple(result for result in together if result.device.seen or not self._was_seen(result.device.name))
        if not kept:
            return
        prepared = [prepare(replace(result, asked_as=self._asked_as.get(result.device.name, ""))) for result in kept]
        before = self.order.begun is not None or any(result.device.name in self.results for result in kept)
        self.store.add(self.audit.id, self.order.client, prepared, again=before)
        for result in kept:
            self.results[result.device.name] = replace(result, observations={})
            self.progress(result, len(self.results), self.total)

    def _was_seen(self, name: str) -> bool:
        return name in self.results and self.results[name].device.seen

    def _keep_trying(self, concurrency: int, stop: Stop) -> None:
        whole_s = self.order.window_s
        # A clock that was put back since must not keep it open for longer than it was meant to be.
        passed_s = max((datetime.now(UTC) - self.audit.started_at).total_seconds(), 0.0)
        listed = {endpoint.name: endpoint for endpoint in self.order.endpoints}
        tried = Counter({name: 1 for name in listed if name in self.results})

        def unseen() -> dict[str, Endpoint]:
            left = (name for name in tried if not self.results[name].device.seen)
            return {name: listed[name] for name in left if curable(self.results[name].device.failure)}

        for batch in tries(unseen, Window(whole_s - passed_s, whole_s), stop):
            for together in self.collector.run(batch, concurrency, stop, self.order.paces):
                tried.update(result.device.name for result in together)
                self._keep(result for result in together if self._is_news(result))
        if stop.is_set():
            self.left_early = bool(unseen())
            return
        for name, endpoint in unseen().items():
            failure = self.results[name].device.failure
            if failure is not None:
                count = None if self.order.begun else tried[name]  # how often it was tried before the break is not known
                self._keep([self.collector.unseen(endpoint, closed(failure, count, whole_s))])

    def _is_news(self, result: EndpointResult) -> bool:
        before, now = self.results[result.device.name].device.failure, result.device.failure
        return result.device.seen or before is None or now is None or before.kind is not now.kind


def asked_as(endpoint: Endpoint) -> str:
    """What an answer rests on: which machine it is, and as what it is judged and shown. Not how to log in there."""
    said = (
        *(endpoint.name, endpoint.client, endpoint.address, endpoint.port, endpoint.transport, endpoint.site),
        *(endpoint.platform, endpoint.role, endpoint.managed, endpoint.owner, endpoint.tags),
    )
    return hashlib.sha256(repr(said).encode(errors="surrogatepass")).hexdigest()[:16]


def _left(collector: Collector, endpoint: Endpoint) -> EndpointResult:
    """The result of one that left the inventory without being retired."""
    last = collector.history[endpoint.name].last_seen_at
    seen = f"seen on {last:%Y-%m-%d}" if last else "known"
    said = f"It was {seen} and is no longer in the inventory"
    next_step = "Put it back into the inventory, or list it under `retired` with a date and a reason."
    return collector.unseen(endpoint, Failure(FailureKind.UNREACHABLE, said, next_step), SEEN_BEFORE)


def _misbehaved(device: Device) -> bool:
    return device.failure is not None and device.failure.kind in _MISBEHAVED


def _halt(canaries: Sequence[Device]) -> Failure | None:
    """Why nobody else is asked, if so: one of the first misbehaved, or not one of them answered."""
    if not canaries:
        return None
    next_step = "See what happened there with `scorecard doctor`, then go on with --resume."
    for device in canaries:
        if device.failure is not None and _misbehaved(device):
            who = f"{device.name}, one of the first {len(canaries)}, misbehaved"
            return Failure(device.failure.kind, f"{NOT_ASKED}{who}: {device.failure.message}", next_step)
    if not any(device.seen for device in canaries):
        said = f"{NOT_ASKED}none of the first {len(canaries)} machines could be seen"
        return Failure(FailureKind.UNREACHABLE, said, next_step)
    return None
