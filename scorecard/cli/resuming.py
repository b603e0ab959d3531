"""--resume: what of the last run is still to be done, and what is said about it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from scorecard.asking import Order
from scorecard.cli.terminal import complain
from scorecard.result import Audit
from scorecard.store import Begun, Run, Store

_WITHIN = timedelta(days=7)


def begun_run(orders: Sequence[Order], store: Store) -> Run | None:
    """The last run, where something of it is still to be done and its answers are not too old."""
    clients = [order.client for order in orders]
    begun = store.last_run(clients, orders[0].scope)
    if begun is None or all(begun.is_done(client) for client in clients):
        complain("nothing was broken off, so everyone is asked")
        return None
    # A window is meant to last; what it has when it closes is still good to be reported a few days later.
    if begun.started_at < datetime.now(UTC) - _WITHIN - timedelta(seconds=max(order.window_s for order in orders)):
        complain(f"what was begun on {begun.started_at:%Y-%m-%d} is too old to go on with, so everyone is asked")
        return None
    return begun


def finished(order: Order, basis: str, begun: Run, store: Store) -> Audit | None:
    """The client's audit, where the run that is gone on with had ended it; its reports are written again."""
    audit_id = begun.ended(order.client, basis)
    if audit_id is None:
        return None
    complain(f"{order.client}: was audited before the run was broken off, so only its reports are written")
    return store.load(audit_id)


def broken_off(order: Order, basis: str, begun: Run, store: Store) -> Begun | None:
    """The client's audit that is gone on with, if there is one."""
    found = store.broken_off(order.client, order.scope, basis, begun.id)
    if found is not None:
        kept = f"{min(found.results, len(order.endpoints))} of {len(order.endpoints)} endpoints had been asked"
        complain(f"{order.client}: going on with the audit of {found.started_at:%Y-%m-%d %H:%M} UTC; {kept}")
    elif begun.is_judged_otherwise(order.client, basis):
        complain(
            f"{order.client}: the standard, the checks or this tool are not what they were when the audit was begun on "
            f"{begun.started_at:%Y-%m-%d}, so everyone is asked"
        )
    return found
