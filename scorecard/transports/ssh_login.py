"""Logging in: keys first, a password where the credential has one; never again after a refusal.

The order, for the credential's means:

1. its keys (a key file alone, or the agent's). A server that wants a second proof says so, and gets the password.
2. its password, when there is no key, when the server takes no keys, or as that second proof: as "password", else as
   "keyboard-interactive" with exactly one hidden question. The server is asked first which of the two it takes, so that
   the password is sent once, in one way.

A key that was refused is not followed by the password: a second try is what locks accounts. Without any credential the
agent's keys and ~/.ssh/id_* are tried, at most three, as ssh would.
"""

from __future__ import annotations

import getpass
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial

import paramiko

from scorecard.errors import CredentialError, FailureKind, TransportError
from scorecard.model import Credential, Endpoint
from scorecard.reading import clean
from scorecard.transports.accounts import Accounts, Try
from scorecard.transports.base import Secrets
from scorecard.transports.ssh_keys import Identity, KeyProblem, KeyRing
from scorecard.transports.ssh_wire import Login, Wire
from scorecard.transports.watchdog import Deadline


class _Result(Enum):
    GRANTED = "granted"
    PARTIAL = "partial"  # right so far; the server wants another proof
    REFUSED = "refused"
    NOT_OFFERED = "not offered"  # the server does not take this method: nothing was judged
    BROKEN = "broken"  # the connection ended


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """`how` names the proof that was taken, for messages."""

    user: str
    how: str
    notes: tuple[str, ...] = ()


class LoginBroken(TransportError):
    """The connection ended during the login, which was neither granted nor refused."""


class _MoreQuestions(paramiko.SSHException):
    """The server asked for more than one password in its dialogue."""


def user_of(credential: Credential | None) -> str:
    """The credential's user, else the user of this computer. Raises TransportError where that has no name."""
    if credential is not None and credential.user:
        return credential.user
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:
        raise TransportError(
            FailureKind.AUTH_FAILED, "It is not known as whom to log in", "Name a user in the endpoint's credential."
        ) from error


def log_in(
    wire: Wire,
    where: str,
    credential: Credential | None,
    endpoint: Endpoint,
    ring: KeyRing,
    secrets: Secrets,
    accounts: Accounts,
    deadline: Deadline,
) -> LoggedIn:
    """The host key is known to be right when this is called. Raises TransportError."""
    attempt = _Attempt(wire, where, user_of(credential), deadline)
    credential = credential or Credential("", endpoint.client)
    try:
        return attempt.run(credential, endpoint, ring, secrets, accounts)
    except KeyProblem as problem:
        raise TransportError(FailureKind.AUTH_FAILED, f"{where}: {problem}", problem.next_step) from problem
    except CredentialError as error:
        raise TransportError(
            FailureKind.AUTH_FAILED, f"{where}: {error}", "Correct the secret that the credential names."
        ) from error


class _Attempt:
    def __init__(self, wire: Wire, where: str, user: str, deadline: Deadline) -> None:
        self._wire = wire
        self._where = where
        self._user = user
        self._deadline = deadline
        self._offered: tuple[str, ...] = ()
        self._error: Exception | None = None
        self._said = ""

    def run(
        self, credential: Credential, endpoint: Endpoint, ring: KeyRing, secrets: Secrets, accounts: Accounts
    ) -> LoggedIn:
        identities = ring.identities(credential, endpoint)
        problems: tuple[str, ...] = ()
        if not identities and credential.password is None:
            identities, problems = ring.unasked()
            if not identities:
                raise _nothing_to_try(self._where, problems)
        notes = tuple(identity.note for identity in identities if identity.note)
        result, how = self._with_keys(identities)
        if result is _Result.GRANTED:
            return LoggedIn(self._user, how, notes)
        if not identities or result in (_Result.PARTIAL, _Result.NOT_OFFERED):
            if credential.password is not None:
                password, after_key = secrets(credential.password, endpoint), result is _Result.PARTIAL
                asked = replace(endpoint, credential=credential)  # a jump has a login of its own
                with accounts.trying(asked, self._user, self._where, self._deadline) as attempt:
                    return LoggedIn(self._user, self._with_password(password, after_key, attempt), notes)
            if result is _Result.PARTIAL:
                raise self._failed("took the key and asks for another proof", "Give the credential a password as well.")
        raise self._refused([identity.label for identity in identities], problems)

    def _with_keys(self, identities: Sequence[Identity]) -> tuple[_Result, str]:
        """The result of the last key that was tried; stops at the first that is not refused."""
        result = _Result.REFUSED
        for identity in identities:
            result = self._try(partial(Login.auth_publickey, username=self._user, key=identity.key))
            if result is _Result.BROKEN:
                raise self._broken()
            if result is not _Result.REFUSED:
                return result, identity.label
        return result, ""

    def _with_password(self, password: str, after_key: bool, attempt: Try) -> str:
        if not after_key and not self._offered:
            result = self._try(partial(Login.auth_none, username=self._user))
            if result is _Result.GRANTED:
                return "no proof at all: the account is open"
            if result is _Result.BROKEN:
                raise self._broken()
        if "password" in self._offered:
            result = self._try(partial(Login.auth_password, username=self._user, password=password))
        elif "keyboard-interactive" in self._offered:
            answer = _OneAnswer(password)
            result = self._try(partial(Login.auth_interactive, username=self._user, handler=answer))
        else:
            raise self._failed(
                f"takes no password from this account; it takes {_list(self._offered)}",
                "Give the credential a key, or allow passwords for this account over there.",
            )
        if result in (_Result.GRANTED, _Result.PARTIAL):
            attempt.accepted()
        elif result is _Result.REFUSED or (result is _Result.BROKEN and self._hung_up()):
            attempt.refused()
        if result is _Result.GRANTED:
            return "password"
        if result is _Result.BROKEN:
            raise self._broken()
        if result is _Result.PARTIAL:
            raise self._failed(
                f"took the password and asks for another proof ({_list(self._offered)})",
                "An unattended audit cannot answer that: use an account that logs in with a key alone.",
            )
        raise self._refused(["the password"], ())

    def _try(self, begin: Callable[..., None]) -> _Result:
        """One request for a login. No exception of paramiko leaves."""
        event = threading.Event()
        login = self._wire.begin_login()
        try:
            begin(login, event=event)
        except (paramiko.SSHException, EOFError, OSError) as error:
            self._error = error
            return _Result.BROKEN
        event.wait(self._deadline.left_s())
        if self._wire.is_authenticated():
            return _Result.GRANTED
        self._error = self._wire.get_exception()
        self._said = login.said
        if not self._wire.is_active() or not event.is_set():
            return _Result.BROKEN
        self._offered = login.offered
        if login.partial:
            return _Result.PARTIAL
        return _Result.NOT_OFFERED if isinstance(self._error, paramiko.BadAuthenticationType) else _Result.REFUSED

    def _hung_up(self) -> bool:
        """Whether the server ended the connection on being given the password: after few refusals some do so at once."""
        asked_more = isinstance(self._error, _MoreQuestions) or "info request" in str(self._error)
        return not asked_more and not self._deadline.passed

    # --- what went wrong, in words ---------------------------------------------------------------------------------

    def _failed(self, said: str, next_step: str) -> TransportError:
        return TransportError(FailureKind.AUTH_FAILED, f"{self._where} {said}", next_step)

    def _refused(self, tried: Sequence[str], problems: Sequence[str]) -> TransportError:
        offered = f"; it takes {_list(self._offered)}" if self._offered else ""
        also = "".join(f". {problem}" for problem in problems)
        return self._failed(
            f"refused the login of {self._user} with {', '.join(tried)}{offered}{also}",
            "Check the user name, and that the account over there knows this key or password. Nothing is tried twice.",
        )

    def _broken(self) -> TransportError:
        if isinstance(self._error, _MoreQuestions):
            return self._failed(
                f"asks more of {self._user} than one password",
                "An unattended audit cannot answer that: use an account that logs in with a key or a password alone.",
            )
        if isinstance(self._error, paramiko.SSHException) and "info request" in str(self._error):
            return self._failed(
                f"wants {self._user} to choose a new password", "Log in by hand once and change the password, or use a key."
            )
        if said := self._wire.last_words or self._said:
            return LoginBroken(
                FailureKind.PERMISSION_DENIED,
                f"{self._where} ended the connection during the login of {self._user}; it said: {said}",
                "See over there whether the account is locked, expired or not allowed to log in now.",
            )
        return LoginBroken(
            FailureKind.AUTH_FAILED,
            f"{self._where} ended the connection during the login of {self._user}",
            "See the SSH server's log over there: the account may be expired, locked or not allowed from here.",
        )


class _OneAnswer:
    """Answers one hidden question of a keyboard-interactive dialogue with the password, and nothing after it."""

    def __init__(self, password: str) -> None:
        self._password: str | None = password

    def __call__(self, _title: str, _instructions: str, fields: list[tuple[str, bool]]) -> list[str]:
        if not fields:
            return []
        if len(fields) > 1 or fields[0][1] or self._password is None:
            raise _MoreQuestions("more than one password is asked for")
        password, self._password = self._password, None
        return [password]


def _nothing_to_try(where: str, problems: Sequence[str]) -> TransportError:
    also = "".join(f". {problem}" for problem in problems)
    return TransportError(
        FailureKind.AUTH_FAILED,
        f"There is no key to log in to {where} with: no agent with keys, none in ~/.ssh{also}",
        "Give the endpoint a credential in the inventory, or add a key to the agent.",
    )


def _list(methods: Sequence[str]) -> str:
    return ", ".join(clean(method, 40) for method in methods[:8]) or "nothing"
