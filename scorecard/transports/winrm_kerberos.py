"""Kerberos as WinRM wants it: one token unasked, bound to TLS, and a machine that proves itself or is not spoken to.

pywinrm's own way (requests_kerberos) lets krb5.conf and the DNS decide for which machine the ticket is, and tells no
reason when there is none. Here a ticket is asked for the very name in the inventory, so that a forged DNS answer cannot
lead to another machine that would then be "proven"; and every refusal keeps its number.
"""

from __future__ import annotations

import base64
import importlib
import ipaddress
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import requests
from winrm.exceptions import WinRMError

from scorecard.errors import FailureKind, TransportError
from scorecard.transports.winrm_kerberos_failures import no_answer_from_kdc, not_proven, ticket_failure
from scorecard.transports.winrm_negotiate import NegotiateLogin, binding_to, say, token_in
from scorecard.transports.winrm_way import Way
from scorecard.transports.winrm_wire import Wire

T = TypeVar("T")

KDC_LIMIT_S = 20.0
_KDC_SHARE = 0.8  # of the time that is left: the reason is told, not just that time ran out
_COMPLETE = 1
_WRAP = b"\x05\x04"  # the token of RFC 4121, 4.2.6.2, which carries its number in clear and protected


def library() -> Any:
    """pykerberos, or winkerberos on Windows. Raises ImportError where neither is installed."""
    try:
        return importlib.import_module("kerberos")
    except ImportError:
        return importlib.import_module("winkerberos")


def is_installed() -> bool:
    try:
        library()
    except ImportError:
        return False
    return True


def can_seal() -> bool:
    """Not where it was built against another Kerberos than MIT's, as on macOS."""
    return hasattr(library(), "authGSSWinRMEncryptMessage")


def principal_of(user: str, way: Way) -> str:
    """The name that tickets are kept under: realms are in capitals in every Windows domain. Empty is whoever has a ticket.

    Raises TransportError for an address instead of a name, and for a user as NTLM has it.
    """
    if _is_address(way.address):
        raise TransportError(
            FailureKind.AUTH_FAILED,
            f"No login was tried at {way.where}: Kerberos goes by the machine's name, and this is an IP address",
            "Give the machine's full DNS name as its address in the inventory, or log in with NTLM.",
        )
    if "\\" in user:
        raise TransportError(
            FailureKind.AUTH_FAILED,
            f"No login was tried at {way.where}: {user} is no user name that Kerberos knows",
            "Write the user of the credential as name@DOMAIN, with the domain's full DNS name, or leave it out.",
        )
    name, at, realm = user.rpartition("@")
    return f"{name}@{realm.upper()}" if at else user


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return True


class KerberosLogin(NegotiateLogin["_Context"]):
    """Logs in on one wire as the principal `user` (empty: as the owner of the default ticket)."""

    def __init__(self, wire: Wire, user: str) -> None:
        super().__init__()
        self.user = user
        self.session_security: _Sealing | None = None  # what pywinrm seals messages with
        self._wire = wire
        self._unanswered = False

    def _begin(self, request: requests.PreparedRequest) -> None:
        certificate = self._wire.certificate
        where = self._wire.way.where
        limit_s = min(KDC_LIMIT_S, self._wire.left_s() * _KDC_SHARE)
        try:
            self._context, token = _within(limit_s, lambda: _begun(self._wire.way, self.user, certificate))
        except _NoAnswer as error:
            raise no_answer_from_kdc(where, limit_s) from error
        except library().KrbError as error:
            raise ticket_failure(error, self._wire.way, self.user) from error
        self._unanswered = True
        say(request, token)

    def _answered(self, response: requests.Response, **settings: Any) -> requests.Response:
        refused = response.status_code == requests.codes.unauthorized
        if refused and not self._unanswered and self._logged_in_on != self._wire.connections:
            response = self._begin_again(response, settings)
            refused = response.status_code == requests.codes.unauthorized
        if self._unanswered:
            self._unanswered = False
            self._logged_in_on = self._wire.connections
            try:
                self._judge(response, refused)
            except TransportError:
                response.close()
                raise
        return response

    def _judge(self, response: requests.Response, refused: bool) -> None:
        """Raises TransportError unless the machine proved itself, or only failed: then its status says how."""
        token, context = token_in(response), self._context
        if context is None or (token is None and not response.ok):
            return
        if token is None:
            raise not_proven(self._wire.way, "it gave no proof")
        try:
            context.step(token)
        except library().KrbError as error:
            if refused:
                raise ticket_failure(error, self._wire.way, self.user) from error
            raise not_proven(self._wire.way, "its proof is not that machine's") from error
        if not context.complete:
            raise not_proven(self._wire.way, "its proof is not whole")
        if not refused:
            self.user = context.user or self.user
            self.session_security = _Sealing(context)


class _Context:
    """One GSS context of ours, for the machine whose name the way has."""

    def __init__(self, way: Way, user: str, certificate: bytes | None) -> None:
        self.complete = False
        self._library = gss = library()
        flags = gss.GSS_C_MUTUAL_FLAG | gss.GSS_C_SEQUENCE_FLAG | gss.GSS_C_CONF_FLAG | gss.GSS_C_INTEG_FLAG
        # A name with a slash is taken as it stands. The realm after @ is left to the domain controllers (MIT krb5).
        service = f"HTTP/{way.address.rstrip('.').lower()}" + ("@" if gss.__name__ == "kerberos" else "")
        _, self._state = gss.authGSSClientInit(service, principal=user or None, gssflags=flags)
        self._binding = {}
        if certificate is not None:
            self._binding = {"channel_bindings": gss.channelBindings(application_data=binding_to(certificate))}

    def step(self, token: bytes = b"") -> bytes:
        """Raises the library's KrbError."""
        done = self._library.authGSSClientStep(self._state, base64.b64encode(token).decode(), **self._binding)
        self.complete = done == _COMPLETE
        return base64.b64decode(self._library.authGSSClientResponse(self._state) or "")

    @property
    def user(self) -> str:
        return str(self._library.authGSSClientUserName(self._state) or "")

    def encrypt(self, message: bytes) -> tuple[bytes, bytes]:
        sealed, header = self._library.authGSSWinRMEncryptMessage(self._state, message)
        return bytes(sealed), bytes(header)

    def decrypt(self, sealed: bytes, header: bytes) -> bytes:
        return bytes(self._library.authGSSWinRMDecryptMessage(self._state, sealed, header))


def _begun(way: Way, user: str, certificate: bytes | None) -> tuple[_Context, bytes]:
    """A context and its first token. Raises the library's KrbError."""
    context = _Context(way, user, certificate)
    return context, context.step()


class _Sealing:
    """Wraps and unwraps, in the form in which pywinrm asks NTLM to do it."""

    def __init__(self, context: _Context) -> None:
        self._context = context
        self._last: int | None = None

    def wrap(self, message: bytes) -> tuple[bytes, bytes]:
        try:
            return self._context.encrypt(message)
        except library().KrbError as error:
            raise WinRMError("the message could not be sealed") from error

    def unwrap(self, sealed: bytes, header: bytes) -> bytes:
        """Raises WinRMError for a message that was changed, or was there before."""
        try:
            clear = self._context.decrypt(sealed, header)
        except library().KrbError as error:
            raise WinRMError("sealed for another context") from error
        self._count(header)
        return clear

    def _count(self, header: bytes) -> None:
        """pykerberos does not say when an old message comes again; the number in it does (not in those of RC4)."""
        if header[:2] != _WRAP:
            return
        number = int.from_bytes(header[8:16], "big")
        if self._last is not None and not 0 < (number - self._last) % 2**32 < 2**31:
            raise WinRMError("an old message came again")
        self._last = number


class _NoAnswer(Exception):
    """What was asked did not answer in time."""


def _within(limit_s: float, act: Callable[[], T]) -> T:
    """What `act` gives, in a thread that may be left behind: domain controllers are waited for in C, without a limit.

    Raises what `act` raises of the library, and _NoAnswer.
    """
    found: list[T] = []
    problems: list[Exception] = []
    krb_error = library().KrbError

    def run() -> None:
        try:
            found.append(act())
        except (krb_error, ValueError) as error:  # a name that C cannot hold is a ValueError
            problems.append(error)

    thread = threading.Thread(target=run, name="scorecard-ticket", daemon=True)
    thread.start()
    thread.join(limit_s)
    if problems:
        raise problems[0]
    if not found:
        raise _NoAnswer
    return found[0]
