"""One audit of one client, from its endpoints to the Audit: ask, judge, commit as it arrives, grade, keep."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from scorecard import __version__
from scorecard.asking import Asking, Order, Progress, Stop, asked_as
from scorecard.collect import Collector, EndpointResult, Remembered
from scorecard.describing import count, described
from scorecard.errors import StoreError
from scorecard.exceptions import Kept
from scorecard.grading import graded
from scorecard.model import Endpoint
from scorecard.registry import Registry
from scorecard.rejudge import under_shipped
from scorecard.result import Audit
from scorecard.standard import Standard
from scorecard.store import Begun, Store, StoreUnusable


def run(order: Order, collector: Collector, store: Store, concurrency: int, stop: Stop, progress: Progress) -> Audit:
    """Audit one client. When `stop` is set what came in is kept, the rest is named as not asked, and the audit ends.

    Raises StoreUnusable before any endpoint is asked, and StoreError when a result cannot be committed; what was
    committed before stays in the store.
    """
    audit = order.begun or Begun(str(uuid.uuid4()), collector.now())
    try:
        history = _by_listed_name(order, store)
        client_since = store.client_since(order.client, audit.started_at)
        previous = store.chain_before(order.client, audit.started_at)
        kept = store.excepted(order.client)
        if order.begun is None:
            store.begin(
                audit.id,
                order.client,
                audit.started_at,
                order.scope,
                basis(collector.registry, collector.standard),
                order.run,
            )
        results = _kept(store, audit.id, order) if order.begun else {}
    except StoreError as error:
        raise StoreUnusable(str(error)) from error
    collector.history = history
    gone = () if order.scope or not order.remember_endpoints else _gone(order, history)
    asking = Asking(order, collector, store, audit, results, len(order.endpoints) + len(gone), progress)
    why = asking.ask(gone, concurrency, stop)
    everyone = (*order.endpoints, *gone)
    not_asked = [collector.unseen(endpoint, why) for endpoint in everyone if endpoint.name not in results]
    store.expect(order.client, (result.device.name for result in not_asked), collector.now())
    results.update((result.device.name, result) for result in not_asked)
    ordered = [results[endpoint.name] for endpoint in everyone]
    before = _Before(client_since, previous, kept)
    done, kept = _grade(audit, order, collector, ordered, before, bool(not_asked) or asking.left_early)
    if collector.standard.edited:
        as_shipped = under_shipped(done, store.answers(done.id), collector.registry, collector.standard)
        done = replace(done, scorecard=replace(done.scorecard, shipped=as_shipped))
    store.finish(done, kept)
    return done


def basis(registry: Registry, standard: Standard) -> str:
    """What results are judged by: with another standard, other checks, data or program they cannot be put together."""
    data = [dict(entry) for entry in registry.data()]
    said = [__version__, standard.document(), sorted(registry.checks), data]
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


def _kept(store: Store, audit_id: str, order: Order) -> dict[str, EndpointResult]:
    """What an audit that was broken off has of the endpoints that are still listed, and as they were then.

    One whose address or role was corrected meanwhile is asked again: what was kept is of another machine, or judged as one.
    """
    asked = {endpoint.name: asked_as(endpoint) for endpoint in order.endpoints}
    return {
        result.device.name: result
        for result in store.results(audit_id)
        if result.device.name in asked and asked[result.device.name] == result.asked_as
    }


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


@dataclass(frozen=True, slots=True)
class _Before:
    """What earlier audits of the client left. `client_since`: when the first one ended."""

    client_since: datetime | None
    previous: str | None  # the chain of the newest one
    kept: tuple[Kept, ...]


def _grade(
    begun: Begun,
    order: Order,
    collector: Collector,
    results: Sequence[EndpointResult],
    before: _Before,
    interrupted: bool,
) -> tuple[Audit, tuple[Kept, ...]]:
    """The audit, and what is to be remembered of the client's exceptions."""
    finished = max(collector.now(), begun.started_at)  # the clock may have been put back
    standard, registry = collector.standard, collector.registry
    devices = tuple(result.device for result in results)
    judged = tuple(finding for result in results for finding in result.findings)
    count(devices, judged, standard)
    grade = graded(
        judged,
        devices,
        standard,
        order.exceptions,
        before.kept,
        stable=registry.stable(),
        as_of=finished,
        client_since=before.client_since,
        time_zone=order.time_zone,
        scope=order.scope,
    )
    audit = Audit(
        id=begun.id,
        client=order.client,
        time_zone=order.time_zone,
        as_of=finished,
        started_at=begun.started_at,
        finished_at=finished,
        tool_version=__version__,
        standard=MappingProxyType(standard.document()),
        scorecard=grade.scorecard,
        devices=grade.scorecard.on_each(devices),
        findings=grade.findings,
        checks=described(registry, standard),
        retired=order.retired,
        exceptions=grade.records,
        client_since=before.client_since,
        provider=order.provider,
        authorised=order.authorised,
        contract=order.contract,
        preferences=order.preferences,
        scope=order.scope,
        interrupted=interrupted,
        data=registry.data(),
        sites=order.sites,
        notes=tuple(note for result in results for note in result.notes),
        previous=before.previous,
        made_up=order.made_up,
    )
    return audit, grade.kept
