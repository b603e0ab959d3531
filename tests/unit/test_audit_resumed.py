"""An audit that is gone on with, or kept open by a window: what is kept, who is asked again, what is called broken off."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scorecard.asking import Order, Stop
from scorecard.audit import basis, run
from scorecard.document import loads
from scorecard.document_writing import dumps
from scorecard.errors import FailureKind, TransportError
from scorecard.model import Credential, Endpoint, Failure, Role, SecretRef
from scorecard.result import Audit
from scorecard.store import Begun, Store
from tests.unit.test_audit import REGISTRY, STANDARD, Machines, answer, audit, collector_of, memory, order

OFF = TransportError(FailureKind.UNREACHABLE, "It is off", "Switch it on.")
HANGS = TransportError(FailureKind.DEADLINE, "It hangs", "Look.")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{tmp_path / 'history.db'}")
    yield opened
    opened.close()


def begun(store: Store) -> Begun:
    found = store.broken_off("Acme", "", basis(REGISTRY, STANDARD), "r")
    assert found is not None
    return found


def stopped_after(machines: Machines, store: Store, last: str, wanted: Order) -> Audit:
    """An audit that was stopped while `last` was asked; its answer did not come in."""
    stop, ended = Stop(), threading.Event()

    def halt(endpoint: Endpoint) -> None:
        if endpoint.name == last:
            stop.set()
            ended.wait(20)

    machines.meanwhile = halt
    done = audit(machines, store, replace(wanted, run="r"), stop, concurrency=1)
    ended.set()
    machines.meanwhile = lambda _endpoint: None
    machines.asked.clear()
    return done


def gone_on(machines: Machines, store: Store, wanted: Order) -> Audit:
    return audit(machines, store, replace(wanted, run="r", begun=begun(store)), concurrency=1)


@pytest.mark.parametrize(
    "correction",
    [
        {"address": "other.example.com"},
        {"port": 2222},
        {"role": Role.LAPTOP},
        {"site": "Leeds"},
        {"managed": False},
        {"owner": "Ann"},
        {"tags": ("vip",)},
    ],
)
def test_who_was_corrected_in_the_inventory_meanwhile_is_asked_again(store: Store, correction: dict[str, Any]) -> None:
    """What is kept of it was another machine's answer, or is judged or shown as what it is not."""
    machines = Machines({name: answer() for name in "abc"})
    stopped_after(machines, store, "c", order(*"abc"))
    wanted = order(*"abc")
    corrected = replace(wanted.endpoints[0], **correction)
    done = gone_on(machines, store, replace(wanted, endpoints=(corrected, *wanted.endpoints[1:])))
    assert "a" in machines.asked
    assert "b" not in machines.asked
    device = done.devices[0]
    assert (device.address, device.site, device.managed, device.owner) == (
        corrected.address,
        corrected.site,
        corrected.managed,
        corrected.owner,
    )
    assert sorted(result.device.name for result in store.results(done.id)) == ["a", "b", "c"]


def test_another_way_to_log_in_costs_nobody_its_answer(store: Store) -> None:
    machines = Machines({name: answer() for name in "abc"})
    stopped_after(machines, store, "c", order(*"abc"))
    login = Credential("new", "Acme", user="audit", password=SecretRef("env", "PASSWORD", "inventory.yaml:7"))
    wanted = order(*"abc")
    moved = tuple(replace(one, credential=login, source="inventory.yaml:99") for one in wanted.endpoints)
    gone_on(machines, store, replace(wanted, endpoints=moved))
    assert not set("ab") & set(machines.asked)


def test_who_was_put_back_into_the_inventory_is_asked(store: Store) -> None:
    machines = Machines({name: answer() for name in "abc"})
    audit(machines, store, order(*"abc", run="earlier"))
    window = order("a", "b", window_s=3600)
    machines.answers["b"] = OFF
    stop = Stop()

    def halt(endpoint: Endpoint) -> None:
        if endpoint.name == "b":
            stop.set()

    machines.meanwhile = halt
    first = audit(machines, store, replace(window, run="r"), stop, concurrency=1)
    assert [device.expected_because for device in first.devices] == ["inventory", "inventory", "seen before"]
    machines.meanwhile = lambda _endpoint: None
    machines.asked.clear()
    done = gone_on(machines, store, order(*"abc"))
    assert "c" in machines.asked
    assert [(device.seen, device.expected_because) for device in done.devices][2] == (True, "inventory")


def test_who_left_the_inventory_meanwhile_is_named_and_never_counted_as_seen(store: Store) -> None:
    machines = Machines({name: answer() for name in "abc"})
    stopped_after(machines, store, "c", order(*"abc"))
    done = gone_on(machines, store, order("b", "c"))
    by_name = {device.name: device for device in done.devices}
    assert (by_name["a"].seen, by_name["a"].expected_because) == (False, "seen before")
    assert store.load() == loads(dumps(done))


def test_what_halted_an_audit_is_asked_again_before_the_others(store: Store) -> None:
    machines = Machines({"a": answer(), "b": HANGS, "c": answer(), "d": answer()})
    wanted = order(*"abcd", canary=2)
    halted = audit(machines, store, replace(wanted, run="r"), concurrency=1)
    assert (machines.asked, halted.interrupted) == (["a", "b"], True)
    machines.asked.clear()
    again = gone_on(machines, store, wanted)
    assert (machines.asked, again.interrupted) == (["b"], True)
    machines.asked.clear()
    machines.answers["b"] = answer()
    done = gone_on(machines, store, wanted)
    assert (machines.asked, done.interrupted) == (["b", "c", "d"], False)
    assert all(device.seen for device in done.devices)


def test_who_was_seen_stays_seen(store: Store) -> None:
    """A canary that answered in part halts the audit; when it is off the next time its answer still stands."""
    late = Failure(FailureKind.DEADLINE, "a was not done in time", "Give more time.")
    machines = Machines({"a": answer(), "b": answer()}, {"a": late})
    wanted = order("a", "b", canary=1)
    audit(machines, store, replace(wanted, run="r"), concurrency=1)
    machines.answers["a"] = OFF
    done = gone_on(machines, store, wanted)
    assert machines.asked == ["a", "a"]
    assert done.devices[0].seen
    assert [result.device.seen for result in store.results(done.id)] == [True]


def test_a_window_that_is_left_can_be_gone_on_with(store: Store) -> None:
    """Everybody was asked once, but some would have been tried again for days."""
    stop = Stop()
    machines = Machines({"a": answer(), "b": OFF, "c": TransportError(FailureKind.AUTH_FAILED, "No", "Ask.")})
    machines.meanwhile = lambda _endpoint: stop.set() if machines.asked.count("b") == 2 else None
    wanted = order(*"abc", run="r", window_s=3.0)
    first = audit(machines, store, wanted, stop, concurrency=4)
    assert first.interrupted
    machines.meanwhile = lambda _endpoint: None
    machines.asked.clear()
    machines.answers["b"] = answer()
    before = datetime.now(UTC)
    done = gone_on(machines, store, wanted)
    assert (machines.asked, done.id, done.interrupted) == (["b"], first.id, False)
    device = done.devices[1]
    assert device.last_seen_at is not None
    assert before <= device.last_seen_at <= done.as_of
    assert {finding.observed_at for finding in done.findings if finding.endpoint == "b"} == {device.last_seen_at}
    assert device.expected_since == first.devices[1].expected_since
    assert done.scorecard.score is not None
    assert first.scorecard.score is not None
    assert done.scorecard.score > first.scorecard.score


def test_a_window_in_which_only_refused_logins_are_left_is_over(store: Store) -> None:
    machines = Machines({"a": answer(), "b": TransportError(FailureKind.AUTH_FAILED, "No", "Ask.")})
    done = audit(machines, store, order("a", "b", run="r", window_s=86_400))
    assert machines.asked == ["a", "b"]
    assert not done.interrupted


def test_a_window_counts_from_the_beginning_of_the_audit(store: Store) -> None:
    machines = Machines({"a": answer(), "b": OFF, "c": answer()})
    stopped_after(machines, store, "c", order(*"abc"))
    found = begun(store)
    long_ago = replace(found, started_at=found.started_at - timedelta(days=2))
    done = audit(machines, store, order(*"abc", run="r", begun=long_ago, window_s=86_400))
    assert "b" not in machines.asked  # the window closed yesterday
    failure = done.devices[1].failure
    assert failure is not None
    assert failure.message == "It is off (tried for 1 day)"  # how often before the break is not known
    assert not done.interrupted


def test_a_clock_that_was_put_back_keeps_no_window_open(store: Store) -> None:
    machines = Machines({"a": answer(), "b": OFF, "c": answer()})
    stopped_after(machines, store, "c", order(*"abc"))
    found = begun(store)
    ahead = replace(found, started_at=found.started_at + timedelta(days=30))
    done = audit(machines, store, order(*"abc", run="r", begun=ahead, window_s=0.6))
    assert not done.interrupted
    assert done.started_at <= done.finished_at == done.as_of
    assert store.load() == loads(dumps(done))


def test_first_sightings_are_those_of_the_first_try(store: Store) -> None:
    machines = Machines({"a": answer(more="x y"), "b": answer()})
    first = audit(machines, store, order("a", "b", run="before"))
    machines.answers["a"] = OFF

    def wake(_endpoint: Endpoint) -> None:
        if machines.asked.count("a") > 2:
            machines.answers["a"] = answer(more="y z")

    machines.meanwhile = wake
    second = audit(machines, store, order("a", "b", run="r", window_s=1.5))
    assert second.devices[0].seen
    assert set(memory_of(second)) == {"x", "y"}
    machines.meanwhile = lambda _endpoint: None
    third = audit(machines, store, order("a", "b", run="after"))
    assert set(memory_of(third)) == {"y", "z"}
    assert memory_of(third)["y"] == memory_of(second)["y"] < memory_of(third)["z"]
    assert third.client_since == first.finished_at
    assert third.devices[0].first_seen_at == first.devices[0].first_seen_at


def memory_of(done: Audit) -> Any:
    return memory(replace(done, findings=tuple(one for one in done.findings if one.endpoint == "a")))


def test_the_first_audit_stays_the_first_when_it_is_gone_on_with(store: Store) -> None:
    """Else the machines that it had not asked before the break would be newcomers, whose faults hold no letter."""
    machines = Machines({name: answer() for name in "abc"})
    first = stopped_after(machines, store, "b", order(*"abc"))
    done = gone_on(machines, store, order(*"abc"))
    assert (first.client_since, done.client_since) == (None, None)
    nxt = run(order(*"abc", run="s"), collector_of(machines), store, 2, Stop(), lambda _result, _count, _total: None)
    assert nxt.client_since == done.finished_at
    assert all(device.expected_since <= done.finished_at for device in nxt.devices if device.expected_since)


_SIGNALLED = """
import signal
from scorecard.asking import Stop
stop = Stop()
signal.signal(signal.SIGALRM, lambda _number, _frame: stop.set())
signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
for _ in range(200_000):
    stop.wait(0)
    stop.clear()
print("ended")
"""


def test_a_signal_may_come_at_any_moment_of_waiting() -> None:
    """An Event would wait for its own lock for ever when the signal comes while it holds it."""
    done = subprocess.run([sys.executable, "-c", _SIGNALLED], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "ended\n", done.stderr
