"""The WinRM transport: one connection, one shell, one command, one answer (design section 6; pywinrm at Protocol level).

The name, the port and the certificate are looked at before any credential moves. What a retry can cure is tried again from
scratch, over a new connection with a new login: a sealed conversation cannot be continued (winrm.md section 3, trap 1). A
refused login is never tried again. Every shell that was opened is closed, over a connection of its own where need be.
"""

from __future__ import annotations

import logging
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from secrets import SystemRandom
from types import TracebackType
from typing import TypeVar

from scorecard.bundle import Bundle, new_marker
from scorecard.bundle_windows import WindowsBundle
from scorecard.errors import FailureKind, TransportError
from scorecard.model import Authentication, Endpoint, Failure, Platform
from scorecard.transports.accounts import Accounts
from scorecard.transports.base import Answer, Secrets
from scorecard.transports.lateness import in_time
from scorecard.transports.reply import Ended, Heard, to_answer
from scorecard.transports.watchdog import Deadline, Guard, Watchdog
from scorecard.transports.winrm_failures import Cure, WinrmFailure, is_gone, not_winrm
from scorecard.transports.winrm_identify import LIMIT_S as IDENTIFY_LIMIT_S
from scorecard.transports.winrm_identify import identify, is_winrm
from scorecard.transports.winrm_pipe import Means, means_of, quieten_loggers
from scorecard.transports.winrm_shell import Shell
from scorecard.transports.winrm_trust import client_context, unverified_context, with_certificate
from scorecard.transports.winrm_way import Way, checked, way_of
from scorecard.transports.winrm_wire import Wire

T = TypeVar("T")
log = logging.getLogger(__name__)

CLOSING_LIMIT_S = 5.0  # of an endpoint's time, kept back to close its shell
_CLOSING_SHARE = 0.2
_LATER_S = (2.0, 5.0)
_TRIES = {Cure.NONE: 0, Cure.AGAIN: 1, Cure.LATER: 2}


@dataclass(frozen=True, slots=True)
class WinrmStep:
    """One step on the way. `act` returns a sentence or raises TransportError."""

    name: str
    act: Callable[[], str]


class WinrmTransport:
    """Asks endpoints over WinRM; trusted issuers are read once and kept until `close`."""

    def __init__(self, secrets: Secrets, way: Callable[[Endpoint], Way] = way_of, accounts: Accounts | None = None) -> None:
        quieten_loggers()
        self.secrets = secrets
        self.accounts = accounts or Accounts()
        self.watchdog = Watchdog()
        self._way = way
        self._lock = threading.Lock()
        self._trust: dict[str, ssl.SSLContext] = {}

    def ask(self, endpoint: Endpoint, bundle: Bundle, deadline_s: float) -> Answer:
        with self.conversation(endpoint, deadline_s) as conversation:
            return conversation.ask(bundle)

    def conversation(self, endpoint: Endpoint, deadline_s: float) -> Conversation:
        """The same walk, a step at a time. Raises TransportError for a way that is not safe."""
        return Conversation(endpoint, checked(self._way(endpoint)), self, deadline_s)

    def trust(self, way: Way, endpoint: Endpoint) -> ssl.SSLContext | None:
        """Raises TransportError when a file of certificates or keys cannot be used."""
        if not way.tls:
            return None
        if way.login is Authentication.CERTIFICATE:
            return with_certificate(client_context(way.ca_file), way, endpoint, self.secrets)
        with self._lock:
            if way.ca_file not in self._trust:
                self._trust[way.ca_file] = client_context(way.ca_file)
            return self._trust[way.ca_file]

    def close(self) -> None:
        self.watchdog.close()


class Conversation:
    """One endpoint, from its name to the closed shell. A context manager: leaving it closes everything."""

    def __init__(self, endpoint: Endpoint, way: Way, transport: WinrmTransport, deadline_s: float) -> None:
        self._endpoint = endpoint
        self._way = way
        self._transport = transport
        self._all = Deadline(deadline_s)
        kept_back_s = min(CLOSING_LIMIT_S, deadline_s * _CLOSING_SHARE)
        self._guard = transport.watchdog.guard(Deadline(deadline_s - kept_back_s))
        self._trust = transport.trust(way, endpoint)
        self._wire = self._new_wire(self._guard)
        self._means: Means | None = None
        self._shell: Shell | None = None
        self._no_shell: WinrmFailure | None = None

    def steps(self) -> tuple[WinrmStep, ...]:
        """Every step up to the shell, to be taken in order."""
        return self._steps(("name", "port", "WinRM", "certificate", "login", "shell"))

    def _steps(self, names: tuple[str, ...]) -> tuple[WinrmStep, ...]:
        known: dict[str, tuple[Callable[[], str], str]] = {
            "name": (self._wire.resolve, "while its name was looked up"),
            "port": (self._wire.connect, "while it was being connected"),
            "WinRM": (self._identify, "while it was asked whether it is WinRM"),
            "certificate": (self._wire.secure, "during the TLS handshake"),
            "login": (self._log_in, "during the login"),
            "shell": (self._opened, "while a shell was opened"),
        }
        return tuple(WinrmStep(name, partial(self._in_time, *known[name])) for name in names)

    def ask(self, bundle: Bundle) -> Answer:
        """Put the questions and read the answer; takes the steps that were not taken. Raises TransportError."""
        if not isinstance(bundle, WindowsBundle):
            raise TypeError("a bundle for Windows is needed over WinRM")
        left = dict(_TRIES)
        while True:
            try:
                return self._ask_once(bundle, can_retry=left[Cure.AGAIN] > 0)
            except WinrmFailure as failure:
                if left[failure.cure] <= 0 or not self._wait(failure.cure):
                    raise
                left[failure.cure] -= 1
                log.debug("%s: once more from scratch: %s", self._way.where, failure.message)
            self._start_over()

    def _ask_once(self, bundle: WindowsBundle, can_retry: bool) -> Answer:
        if self._shell is None:
            for step in self._steps(("name", "port", "certificate", "login", "shell")):
                step.act()
        shell, marker = self._shell, new_marker()
        if shell is None:
            raise RuntimeError("a shell that was just opened is gone")
        self._in_time(lambda: shell.run(bundle.encoded_command(), bundle.questions(marker)), "while PowerShell was started")
        heard = shell.listen(marker)
        trouble = shell.trouble
        if self._guard.fired:
            heard, trouble = replace(heard, ended=Ended.DEADLINE), None
        if can_retry and isinstance(trouble, WinrmFailure) and trouble.cure is not Cure.NONE:
            raise trouble
        return self._answer(heard, marker, trouble)

    def _answer(self, heard: Heard, marker: str, trouble: TransportError | None) -> Answer:
        """What came whole counts, whatever happened after it."""
        account = self._means.user if self._means else ""
        way = self._way
        try:
            answer = to_answer(
                heard, marker, way.where, self._all.seconds, way.identity, account, way.notes, Platform.WINDOWS
            )
        except TransportError as error:
            if trouble is not None:
                raise trouble from error
            raise
        if answer.cut is not None and trouble is not None:
            return replace(answer, cut=Failure(trouble.kind, trouble.message, trouble.next_step))
        return answer

    # --- the steps ---------------------------------------------------------------------------------------------------

    def _identify(self) -> str:
        """Over a connection of its own, before any certificate is judged: nothing secret goes over it."""
        with self._transport.watchdog.guard(Deadline(min(IDENTIFY_LIMIT_S, self._all.left_s()))) as guard:
            return identify(self._stranger(guard))

    def _log_in(self) -> str:
        means = means_of(self._way, self._endpoint, self._transport.secrets)
        shell = Shell(self._wire, means, self._guard.deadline)
        self._means, self._shell, self._no_shell = means, shell, None
        try:
            self._enter(shell, means)
        except WinrmFailure as failure:
            if failure.odd:
                self._doubt(failure)
            if not failure.logged_in:
                raise
            self._no_shell = failure
        self._means = replace(means, user=shell.user)
        return f"Logged in as {shell.user} with {self._way.login_name}"

    def _enter(self, shell: Shell, means: Means) -> None:
        if not means.password:  # no ticket and no certificate ever locks an account
            shell.log_in()
            shell.open()
            return
        with self._transport.accounts.trying(self._endpoint, means.user, self._way.where, self._guard.deadline) as attempt:
            try:
                shell.log_in()
                shell.open()
            except WinrmFailure as failure:
                if failure.logged_in:
                    attempt.accepted()
                elif failure.refused:
                    attempt.refused()
                raise
            attempt.accepted()

    def _opened(self) -> str:
        if self._no_shell is not None:
            raise self._no_shell
        return "A remote shell was opened"

    def _doubt(self, failure: WinrmFailure) -> None:
        """An answer that makes no sense: is it WinRM at all?"""
        with self._transport.watchdog.guard(Deadline(min(IDENTIFY_LIMIT_S, self._guard.deadline.left_s()))) as guard:
            if not is_winrm(self._stranger(guard)) and not guard.fired:
                said = f"Something else than WinRM listens on {self._way.where}"
                raise TransportError(FailureKind.PROTOCOL, said, not_winrm(self._way.where).next_step) from failure

    def _stranger(self, guard: Guard) -> Wire:
        trust = unverified_context() if self._way.tls else None
        return Wire(self._way, trust, self._endpoint.connection.connect_timeout_s, guard)

    def _in_time(self, act: Callable[[], T], when: str) -> T:
        return in_time(act, self._guard, self._way.where, self._all.seconds, when)

    # --- again, and the end ------------------------------------------------------------------------------------------

    def _wait(self, cure: Cure) -> bool:
        """Whether there is time for another try. With spread, so that many do not come back at once."""
        pause_s = SystemRandom().uniform(*_LATER_S) if cure is Cure.LATER else 0.0
        if cure is Cure.NONE or self._guard.deadline.left_s() < pause_s + 2:
            return False
        self._close_shell()
        time.sleep(pause_s)
        return True

    def _start_over(self) -> None:
        self._close_shell()
        self._wire = self._new_wire(self._guard)

    def _new_wire(self, guard: Guard) -> Wire:
        return Wire(self._way, self._trust, self._endpoint.connection.connect_timeout_s, guard)

    def _close_shell(self) -> None:
        """Never raises: what went wrong first is what counts."""
        shell, self._shell = self._shell, None
        if shell is None:
            self._wire.close()
            return
        limit = Deadline(min(CLOSING_LIMIT_S, max(self._all.left_s(), 0.2)))
        if shell.shell_id:
            with self._transport.watchdog.guard(limit) as guard:
                self._delete(shell, guard)
        shell.hang_up()

    def _delete(self, shell: Shell, guard: Guard) -> None:
        shell_id = shell.shell_id
        if not shell.broken and not self._guard.fired:
            shell.wire.under(guard)
            shell.adopt(shell_id, guard.deadline)
            try:
                shell.close()
            except TransportError as error:
                log.debug("%s: closing the shell: %s", self._way.where, error.message)
                if is_gone(error):
                    return
            else:
                return
        if self._means is None or self._all.passed:
            return
        other = Shell(self._new_wire(guard), self._means, guard.deadline)
        other.adopt(shell_id, guard.deadline)
        try:
            other.wire.resolve()
            other.wire.connect()
            other.wire.secure()
            other.log_in()
            other.close()
        except TransportError as error:
            log.debug("%s: the shell stays until Windows ends it: %s", self._way.where, error.message)
        finally:
            other.hang_up()

    def __enter__(self) -> Conversation:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._close_shell()
        self._guard.release()
