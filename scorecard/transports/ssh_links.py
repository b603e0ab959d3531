"""Connections to jump hosts, each shared by the endpoints behind it and made anew when it drops.

An endpoint holds a passage: a seat on such a connection, through which it opens its own tunnel. Nothing that happens to one
endpoint ends the connection for the others. It is opened in a thread of its own, once, however many want it; they wait
within their own deadlines. A jump host that could not be reached is not tried again for a while, and one that refused our
login never again in this run: both are told to all behind it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial

import paramiko

from scorecard.errors import FailureKind, TransportError
from scorecard.model import Endpoint
from scorecard.transports.sockets import place
from scorecard.transports.ssh_hop import Hop, Kit
from scorecard.transports.ssh_jumps import JumpFailure, Order, failed, jumps_of
from scorecard.transports.ssh_tunnel import Tunnel
from scorecard.transports.ssh_wire import TunnelRefused
from scorecard.transports.watchdog import Deadline, Guard, Watchdog

# So many endpoints at a time over one connection, then another is opened. Fewer cost more: with 200 endpoints, 100 in
# flight, client CPU an endpoint was 9.1 ms with 8 seats, 7.7 with 25, 6.6 with 100, and 12.9 with a connection for each;
# the time was the same. sshd sets no limit to tunnels, but serves those of a connection with one process, which stands
# still while it looks up a name and may open 1024 files.
SEATS = 64
REMEMBERED_S = 30.0
# A line that took no packet for so long is dead, whatever TCP still hopes for. Who sends over it waits past all deadlines.
STUCK_S = 20.0
IDLE_S = 300.0  # an audit may stay open for days
LOOK_EVERY_S = 5.0
_CLOSING_LIMIT_S = 5.0


class _Link:
    """One connection to a jump host, logged in to."""

    def __init__(self, hop: Hop, before: Passage | None) -> None:
        self.hop = hop
        self.before = before
        self.taken = 0
        self.given_up = 0  # tunnels that did not open in time, which may still be under way over there
        self.broken = False
        self.idle_since = time.monotonic()
        self._closing = threading.Lock()
        self._closed = False

    @property
    def alive(self) -> bool:
        return not self.broken and self.hop.active and (self.before is None or not self.before.lost)

    @property
    def accepted_new(self) -> bool:
        return self.hop.accepted_new or (self.before is not None and self.before.accepted_new)

    @property
    def notes(self) -> tuple[str, ...]:
        return (*(self.before.notes if self.before else ()), *self.hop.notes)

    def close(self) -> None:
        with self._closing:
            if self._closed:
                return
            self._closed = True
        self.hop.close()
        if self.before is not None:
            self.before.close()


@dataclass
class _Route:
    """What is known of one way: its connections, whether another is being opened, and how that failed last."""

    links: list[_Link] = field(default_factory=list)
    opening: bool = False
    failure: JumpFailure | None = None
    failed_at: float = 0.0

    def standing(self) -> JumpFailure | None:
        """The failure that still holds."""
        failure = self.failure
        if failure is None or failure.final or time.monotonic() < self.failed_at + REMEMBERED_S:
            return failure
        return None

    def emptiest(self) -> _Link | None:
        """Of those that take newcomers."""
        return min((link for link in self.links if link.given_up < SEATS), key=lambda link: link.taken, default=None)


class Links:
    """All connections to jump hosts of a run. Safe to use from many threads."""

    def __init__(self, watchdog: Watchdog) -> None:
        self._watchdog = watchdog
        self._changed = threading.Condition()
        self._routes: dict[tuple[object, ...], _Route] = {}
        self._openers: dict[threading.Thread, Guard] = {}
        self._closed = False

    def passage(self, endpoint: Endpoint, kit: Kit, guard: Guard) -> Passage:
        """An endpoint's way through all of its jump hosts. Nothing is opened yet."""
        return Passage(self, Order(endpoint, jumps_of(endpoint), kit, guard.deadline.seconds), guard)

    def close(self) -> None:
        """Close every connection; those that are being opened are given up."""
        with self._changed:
            self._closed = True
            links = [link for route in self._routes.values() for link in route.links]
            openers = dict(self._openers)
            self._routes.clear()
            self._changed.notify_all()
        for guard in openers.values():
            guard.fire()
        for link in reversed(links):
            link.close()
        for thread in openers:
            thread.join(_CLOSING_LIMIT_S)

    def take(self, order: Order, deadline: Deadline) -> _Link:
        """A seat on a connection, opened where there is none with room. Raises TransportError."""
        dead: list[_Link] = []
        try:
            with self._changed:
                while True:
                    route = self._routes.setdefault(order.key, _Route())
                    dead += [link for link in route.links if not link.alive]
                    route.links = [link for link in route.links if link.alive]
                    link, failure = route.emptiest(), route.standing()
                    if link is not None and (link.taken < SEATS or failure is not None):
                        link.taken += 1
                        return link
                    if failure is not None:
                        raise failure.again()
                    self._wait_for(route, order, deadline)
        finally:
            for link in dead:
                link.close()

    def leave(self, link: _Link) -> None:
        with self._changed:
            link.taken -= 1
            link.idle_since = time.monotonic()
            done = link.given_up >= SEATS and link.taken == 0
            if done:
                link.broken = True
            self._changed.notify_all()
        if done:
            link.close()

    def _wait_for(self, route: _Route, order: Order, deadline: Deadline) -> None:
        """The lock is held."""
        if self._closed or deadline.passed:
            raise JumpFailure(
                FailureKind.DEADLINE,
                f"The jump host {order.jump.address} was still being connected when the time ran out",
                "Give more time with --deadline, or see what keeps the jump host busy.",
            )
        if not route.opening:
            guard = self._watchdog.guard(Deadline(order.deadline_s))
            thread = threading.Thread(target=self._open, args=(route, order, guard), name="scorecard-jump", daemon=True)
            thread.start()
            route.opening = True
            self._openers[thread] = guard
        self._changed.wait(deadline.left_s(1.0))

    # --- in the watchdog's thread ------------------------------------------------------------------------------------

    def _look_after(self, link: _Link) -> None:
        self._watchdog.guard(Deadline(LOOK_EVERY_S)).watch(partial(self._look, link))

    def _look(self, link: _Link) -> None:
        with self._changed:
            if self._closed or not link.alive:
                return
            idle = link.taken == 0 and time.monotonic() > link.idle_since + IDLE_S
            if idle or link.hop.stuck_s > STUCK_S:
                link.broken = True
                link.hop.cut()
                return
        self._look_after(link)

    # --- in a thread of its own --------------------------------------------------------------------------------------

    def _open(self, route: _Route, order: Order, guard: Guard) -> None:
        link: _Link | None = None
        failure = JumpFailure(
            FailureKind.INTERNAL,
            f"The connection to the jump host {order.jump.address} failed with an internal error",
            "Run the audit again with --debug and report what it prints.",
        )
        try:
            link = self._connected(order, guard)
        except JumpFailure as error:
            failure = error
        finally:
            guard.release()
            with self._changed:
                route.opening = False
                del self._openers[threading.current_thread()]
                if link is None:
                    route.failure, route.failed_at = failure, time.monotonic()
                elif not self._closed:
                    route.links.append(link)
                    self._look_after(link)
                    route.failure, link = None, None
                self._changed.notify_all()
            if link is not None:
                link.close()

    def _connected(self, order: Order, guard: Guard) -> _Link:
        """Raises JumpFailure."""
        jump, rest = order.jump, order.jumps[:-1]
        before = Passage(self, replace(order, jumps=rest), guard) if rest else None
        hop = Hop(order.endpoint, jump.address, jump.port, jump.credential, before, order.kit, guard)
        link = _Link(hop, before)
        with ExitStack() as on_failure:
            on_failure.callback(link.close)
            for name, act, when in hop.steps():
                self._step(act, partial(failed, order, hop, guard, name, when))
            on_failure.pop_all()
        return link

    @staticmethod
    def _step(act: Callable[[], str], failed: Callable[[TransportError], JumpFailure]) -> None:
        try:
            act()
        except JumpFailure:
            raise  # of a jump host before this one
        except TransportError as error:
            raise failed(error) from error


class Passage:
    """One endpoint's way through its jump hosts. Used by one thread; `close` gives the seat back."""

    def __init__(self, links: Links, order: Order, guard: Guard) -> None:
        self._links = links
        self._order = order
        self._guard = guard
        self._link: _Link | None = None

    @property
    def address(self) -> str:
        return self._order.jump.address

    @property
    def lost(self) -> bool:
        """Whether the connection broke that this passage was on."""
        return self._link is not None and not self._link.alive

    @property
    def accepted_new(self) -> bool:
        return self._link is not None and self._link.accepted_new

    @property
    def notes(self) -> tuple[str, ...]:
        return self._link.notes if self._link else ()

    def open_tunnel(self, address: str, port: int, limit_s: float) -> Tunnel:
        """Once more over another connection where the first turned out to be gone."""
        for link in self._seats():
            limit = Deadline(self._guard.deadline.left_s(limit_s))
            try:
                tunnel = link.hop.open_tunnel(address, port, limit.seconds)
            except TunnelRefused:
                raise
            except (paramiko.SSHException, EOFError, OSError):
                if limit.passed:
                    link.given_up += 1
                    raise
                link.broken = True  # nothing else ends an opening before its time
                continue
            self._guard.watch(tunnel.let_go)
            return tunnel
        raise self.broken()

    def _seats(self) -> Iterator[_Link]:
        for _ in range(2):
            if self._link is None or not self._link.alive:
                self.close()
                self._link = self._links.take(self._order, self._guard.deadline)
            yield self._link

    def broken(self) -> JumpFailure:
        target = place(self._order.endpoint.address, self._order.endpoint.port or 22)
        return JumpFailure(
            FailureKind.UNREACHABLE,
            f"The connection to the jump host {self.address} broke again and again on the way to {target}",
            "Check the jump host and the line to it, then audit again.",
        )

    def close(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            self._links.leave(link)
