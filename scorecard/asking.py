"""Asking everyone that an audit is to ask, once or until its window closes, and committing what each gives as it comes."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from scorecard.collect import Collector, EndpointResult
from scorecard.errors import FailureKind
from scorecard.model import Endpoint, Failure, Pace
from scorecard.result import Authorisation, Device, Provider, Retired
from scorecard.store import Begun, Store
from scorecard.store.rows import prepare
from scorecard.window import Window, closed, curable, tries

# Called with each result as it has been committed, how many are in, and how many are expected.
Progress = Callable[[EndpointResult, int, int], None]


class Stop(threading.Event):
    """Set when no further endpoint is to be asked. `time_up`: since the run's time is used up, not by a person."""

    time_up = False


@dataclass(frozen=True, slots=True)
class Order:
    """What one audit is to do. `whole`: the endpoints are all that the client is known to have."""

    client: str
    endpoints: tuple[Endpoint, ...]
    time_zone: str = "UTC"
    sites: tuple[str, ...] = ()
    paces: Mapping[str, Pace] = field(default_factory=dict)  # by site
    retired: tuple[Retired, ...] = ()
    provider: Provider = field(default_factory=Provider)
    authorised: Authorisation | None = None
    scope: str = ""  # why it is not the whole client; such an audit is not graded
    remember_endpoints: bool = True  # endpoints of earlier audits stay expected until they are retired
    run: str = ""  # the run that it belongs to, with the audits of other clients
    begun: Begun | None = None  # an audit that was broken off, to go on with
    canary: int = 0  # so many endpoints are asked first; when one misbehaves the others are not asked
    window_s: float = 0.0  # for so long after its beginning who was not seen is tried again


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
    """One audit's endpoints. `results` gets what each gave, without the raw answers, which the store keeps."""

    order: Order
    collector: Collector
    store: Store
    audit: Begun
    results: dict[str, EndpointResult]
    total: int
    progress: Progress

    def ask(self, gone: Sequence[Endpoint], concurrency: int, stop: Stop) -> Failure:
        """Ask everyone who has not been asked. Returns why those that are not among the results were not asked.

        Raises StoreError when a result cannot be committed.
        """
        rest = tuple(endpoint for endpoint in self.order.endpoints if endpoint.name not in self.results)
        first, others = rest[: self.order.canary], rest[self.order.canary :]
        self._ask(first, concurrency, stop)
        canaries = [self.results[endpoint.name].device for endpoint in first if endpoint.name in self.results]
        halted = None if stop.is_set() or not canaries else _halt(canaries)
        if halted is None:
            self._ask(others, concurrency, stop)
        self._keep(_left(self.collector, endpoint) for endpoint in gone)
        if halted is None and self.order.window_s:
            self._keep_trying(concurrency, stop)
        return halted or (_TIME_UP if stop.time_up else _NOT_ASKED)

    def _ask(self, endpoints: Sequence[Endpoint], concurrency: int, stop: Stop) -> None:
        for together in self.collector.run(endpoints, concurrency, stop, self.order.paces):
            self._keep(together)

    def _keep(self, together: Iterable[EndpointResult]) -> None:
        kept = tuple(together)
        if not kept:
            return
        prepared = [prepare(result) for result in kept]
        before = self.order.begun is not None or any(result.device.name in self.results for result in kept)
        self.store.add(self.audit.id, self.order.client, prepared, again=before)
        for result in kept:
            self.results[result.device.name] = replace(result, observations={})
            self.progress(result, len(self.results), self.total)

    def _keep_trying(self, concurrency: int, stop: Stop) -> None:
        whole_s = self.order.window_s
        passed_s = (datetime.now(UTC) - self.audit.started_at).total_seconds()
        listed = {endpoint.name: endpoint for endpoint in self.order.endpoints}
        tried = Counter({name: 1 for name in listed if name in self.results})

        def unseen() -> dict[str, Endpoint]:
            left = (name for name in tried if not self.results[name].device.seen)
            return {name: listed[name] for name in left if curable(self.results[name].device.failure)}

        for batch in tries(unseen, Window(whole_s - passed_s, whole_s), stop):
            for together in self.collector.run(batch, concurrency, stop, self.order.paces):
                tried.update(result.device.name for result in together)
                self._keep(result for result in together if self._is_news(result))
        for name in () if stop.is_set() else unseen():
            device = self.results[name].device
            if device.failure is not None:
                said = closed(device.failure, tried[name], whole_s)
                self._keep([self.collector.unseen(listed[name], said)])

    def _is_news(self, result: EndpointResult) -> bool:
        before, now = self.results[result.device.name].device.failure, result.device.failure
        return result.device.seen or before is None or now is None or before.kind is not now.kind


def _left(collector: Collector, endpoint: Endpoint) -> EndpointResult:
    """The result of one that left the inventory without being retired."""
    last = collector.history[endpoint.name].last_seen_at
    seen = f"seen on {last:%Y-%m-%d}" if last else "known"
    said = f"It was {seen} and is no longer in the inventory"
    next_step = "Put it back into the inventory, or list it under `retired` with a date and a reason."
    return collector.unseen(endpoint, Failure(FailureKind.UNREACHABLE, said, next_step), "seen before")


def _halt(canaries: Sequence[Device]) -> Failure | None:
    """Why nobody else is asked, if so: one of the first misbehaved, or not one of them answered."""
    next_step = "See what happened there with `scorecard doctor`, then run the audit again."
    for device in canaries:
        if device.failure is not None and device.failure.kind in _MISBEHAVED:
            who = f"{device.name}, one of the first {len(canaries)}, misbehaved"
            return Failure(device.failure.kind, f"Not asked, because {who}: {device.failure.message}", next_step)
    if not any(device.seen for device in canaries):
        said = f"Not asked, because none of the first {len(canaries)} machines could be seen"
        return Failure(FailureKind.UNREACHABLE, said, next_step)
    return None
