"""One audit of one client, from its endpoints to the Audit: ask, judge, commit as it arrives, grade, keep."""

from __future__ import annotations

import hashlib
import json
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import MappingProxyType

from scorecard import __version__
from scorecard.collect import Collector, EndpointResult, Remembered
from scorecard.errors import FailureKind, ScorecardError, StoreError
from scorecard.model import Endpoint, Failure, Finding, Json
from scorecard.registry import Registry
from scorecard.result import Audit, Authorisation, Device, Provider, Retired
from scorecard.score import score
from scorecard.standard import Standard
from scorecard.store import Begun, Store, StoreUnusable
from scorecard.store.rows import prepare
from scorecard.topic import Check

# Called with each result as it has been committed, how many are in, and how many are expected.
Progress = Callable[[EndpointResult, int, int], None]


@dataclass(frozen=True, slots=True)
class Order:
    """What one audit is to do. `whole`: the endpoints are all that the client is known to have."""

    client: str
    endpoints: tuple[Endpoint, ...]
    time_zone: str = "UTC"
    sites: tuple[str, ...] = ()
    retired: tuple[Retired, ...] = ()
    provider: Provider = field(default_factory=Provider)
    authorised: Authorisation | None = None
    scope: str = ""  # why it is not the whole client; such an audit is not graded
    remember_endpoints: bool = True  # endpoints of earlier audits stay expected until they are retired
    run: str = ""  # the run that it belongs to, with the audits of other clients
    begun: Begun | None = None  # an audit that was broken off, to go on with
    canary: int = 0  # so many endpoints are asked first; when one misbehaves the others are not asked


class Missing(ScorecardError):
    """Findings are not endpoints x checks: our own fault, and never passed over."""


def run(
    order: Order, collector: Collector, store: Store, concurrency: int, stop: threading.Event, progress: Progress
) -> Audit:
    """Audit one client. When `stop` is set what came in is kept, the rest is named as not asked, and the audit ends.

    Raises StoreUnusable before any endpoint is asked, and StoreError when a result cannot be committed; what was
    committed before stays in the store.
    """
    audit = order.begun or Begun(str(uuid.uuid4()), datetime.now(UTC))
    try:
        history = _by_listed_name(order, store)
        client_since = store.client_since(order.client, audit.started_at)
        if order.begun is None:
            store.begin(audit.id, order.client, audit.started_at, order.scope, basis(collector), order.run)
        results = _kept(store, audit.id, order) if order.begun else {}
    except StoreError as error:
        raise StoreUnusable(str(error)) from error
    collector.history = history
    gone = () if order.scope or not order.remember_endpoints else _gone(order, history)
    total = len(order.endpoints) + len(gone)
    rest = tuple(endpoint for endpoint in order.endpoints if endpoint.name not in results)
    halted: list[Failure] = []
    for together in _results(replace(order, endpoints=rest), collector, gone, concurrency, stop, halted):
        store.add(audit.id, order.client, [prepare(result) for result in together], again=order.begun is not None)
        for result in together:
            results[result.device.name] = replace(result, observations={})
            progress(result, len(results), total)
    interrupted = len(results) < total
    everyone = (*order.endpoints, *gone)
    why = halted[0] if halted else _NOT_ASKED
    not_asked = [collector.unseen(endpoint, why) for endpoint in everyone if endpoint.name not in results]
    store.expect(order.client, (result.device.name for result in not_asked), datetime.now(UTC))
    results.update((result.device.name, result) for result in not_asked)
    ordered = [results[endpoint.name] for endpoint in everyone]
    done = _grade(audit, order, collector, ordered, client_since, interrupted)
    store.finish(done)
    return done


def basis(collector: Collector) -> str:
    """What results are judged by: with another standard, other checks, data or program they cannot be put together."""
    data = [dict(entry) for topic in collector.registry.topics if topic.data for entry in topic.data()]
    said = [__version__, collector.standard.document(), sorted(collector.registry.checks), data]
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


def _kept(store: Store, audit_id: str, order: Order) -> dict[str, EndpointResult]:
    """What an audit that was broken off has of the endpoints that are still listed."""
    listed = {endpoint.name for endpoint in order.endpoints}
    return {result.device.name: result for result in store.results(audit_id) if result.device.name in listed}


_NOT_ASKED = Failure(
    FailureKind.DEADLINE, "The audit was stopped before this machine had answered", "Run the audit again and let it end."
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


def _results(
    order: Order,
    collector: Collector,
    gone: Sequence[Endpoint],
    concurrency: int,
    stop: threading.Event,
    halted: list[Failure],
) -> Iterator[tuple[EndpointResult, ...]]:
    """Canaries, the others, and who left. `halted` gets the reason where the others are not asked."""
    canaries: list[Device] = []
    for together in collector.run(order.endpoints[: order.canary], concurrency, stop):
        canaries += [result.device for result in together]
        yield together
    if canaries and not stop.is_set() and (failure := _halt(canaries)):
        halted.append(failure)
    else:
        yield from collector.run(order.endpoints[order.canary :], concurrency, stop)
    for endpoint in gone:
        last = collector.history[endpoint.name].last_seen_at
        seen = f"seen on {last:%Y-%m-%d}" if last else "known"
        said = f"It was {seen} and is no longer in the inventory"
        next_step = "Put it back into the inventory, or list it under `retired` with a date and a reason."
        yield (collector.unseen(endpoint, Failure(FailureKind.UNREACHABLE, said, next_step), "seen before"),)


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


def _by_listed_name(order: Order, store: Store) -> dict[str, Remembered]:
    """What earlier audits know. As in the inventory, names that differ in capitals only are one name.

    Else an endpoint written otherwise would be a newcomer, whose missing updates are new and whose faults hold no letter.
    """
    history = store.remembered(order.client)
    listed = {entry.name.casefold(): entry.name for entry in order.endpoints}
    renamed = {old: new for old in history if (new := listed.get(old.casefold(), old)) not in history}
    store.rename(order.client, renamed)
    return {renamed.get(name, name): known for name, known in history.items()}


def _gone(order: Order, history: Mapping[str, Remembered]) -> tuple[Endpoint, ...]:
    """Endpoints of earlier audits that are neither listed nor retired: they stay expected, seen or not."""
    listed = {entry.name.casefold() for entry in order.endpoints} | {entry.name.casefold() for entry in order.retired}
    return tuple(
        Endpoint(name, order.client, known.address, site=known.site, platform=known.platform)
        for name, known in sorted(history.items())
        if name.casefold() not in listed
    )


def _grade(
    begun: Begun,
    order: Order,
    collector: Collector,
    results: Sequence[EndpointResult],
    client_since: datetime | None,
    interrupted: bool,
) -> Audit:
    finished = datetime.now(UTC)
    findings = tuple(finding for result in results for finding in result.findings)
    standard, registry = collector.standard, collector.registry
    _count(results, findings, standard)
    devices = tuple(result.device for result in results)
    card = score(findings, devices, standard, as_of=finished, client_since=client_since, scope=order.scope)
    devices = tuple(replace(device, score=card.endpoint_scores[device.name]) for device in devices)
    return Audit(
        id=begun.id,
        client=order.client,
        time_zone=order.time_zone,
        as_of=finished,
        started_at=begun.started_at,
        finished_at=finished,
        tool_version=__version__,
        standard=MappingProxyType(standard.document()),
        scorecard=card,
        devices=devices,
        findings=findings,
        checks=MappingProxyType({check.id: describe(check, standard) for check in _checks(registry, standard)}),
        retired=order.retired,
        client_since=client_since,
        provider=order.provider,
        authorised=order.authorised,
        scope=order.scope,
        interrupted=interrupted,
        data=tuple(MappingProxyType(dict(entry)) for topic in registry.topics if topic.data for entry in topic.data()),
        sites=order.sites,
        notes=tuple(note for result in results for note in result.notes),
    )


def _count(results: Sequence[EndpointResult], findings: Sequence[Finding], standard: Standard) -> None:
    """Findings = endpoints x checks of the standard for their role: nothing goes missing, nothing comes twice."""
    wanted = Counter((r.device.name, check) for r in results for check in standard.checks_for(r.device.role))
    found = Counter((finding.endpoint, finding.check) for finding in findings if finding.check in standard.content.checks)
    if wanted != found:
        (endpoint, check), _ = next(iter(((wanted - found) + (found - wanted)).items()))
        raise Missing(f"internal error: the findings are not complete, see {check} on {endpoint}; please report it")


def _checks(registry: Registry, standard: Standard) -> Iterator[Check]:
    for check_id in standard.content.checks:
        yield registry.checks[check_id]
    for check_id, check in sorted(registry.checks.items()):
        if check_id not in standard.content.checks:
            yield check


def describe(check: Check, standard: Standard) -> dict[str, Json]:
    """A check as the document and the reports print it, with the values that this standard gives it."""
    graded = check.id in standard.content.checks
    category = standard.category_of_topic.get(check.topic)
    values = standard.parameters(check).values
    parameters: dict[str, Json] = {
        parameter.name: {
            "value": _plain(values[parameter.name]),
            "unit": parameter.unit,
            "meaning": parameter.meaning,
        }
        for parameter in check.parameters
    }
    return {
        "title": check.title,
        "why": check.why,
        "fix": list(check.fix),
        "effort": {"once_min": check.effort.once_min, "each_min": check.effort.each_min},
        "topic": check.topic,
        "category": category.id if category else None,
        "severity": check.severity.value,
        "parameters": parameters,
        "stable": list(check.stable),
        "graded": graded,
    }


def _plain(value: object) -> Json:
    if isinstance(value, tuple):
        return list(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"a parameter is {type(value).__name__}")
