"""pywinrm's Protocol over our wire: with the credential's means, nothing from the environment, no answer trusted blindly.

One Protocol belongs to one thread and one endpoint: shared, its sealing falls out of step (winrm.md section 3, trap 5).
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass

import requests
import winrm.transport
from requests.auth import HTTPBasicAuth
from winrm.protocol import Protocol

from scorecard.errors import CredentialError, FailureKind, TransportError
from scorecard.model import Authentication, Credential, Endpoint
from scorecard.transports.base import Secrets
from scorecard.transports.winrm_failures import is_html, not_winrm
from scorecard.transports.winrm_kerberos import KerberosLogin, can_seal, is_installed, principal_of
from scorecard.transports.winrm_ntlm import NtlmLogin
from scorecard.transports.winrm_way import HTTPS_PORT, SEALING, Way
from scorecard.transports.winrm_wire import Wire, WireAdapter

OPERATION_LIMIT_S = 20
READ_LIMIT_S = 30
_WITH_PASSWORD = frozenset({Authentication.NTLM, Authentication.BASIC, Authentication.CREDSSP})
_DOCTYPE = re.compile(rb"<!DOCTYPE", re.IGNORECASE)
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")  # how UTF-16 begins, in which a DOCTYPE would not be seen
_SEALED = "session-encrypted"


def quieten_loggers() -> None:
    """pyspnego writes login tokens to its debug log; a password could be guessed from them."""
    for name in ("spnego", "requests_kerberos", "requests_credssp", "winrm"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


@dataclass(frozen=True, slots=True)
class Means:
    """What a login needs, resolved. `user` is also its name in messages."""

    user: str
    password: str = ""
    certificate_file: str = ""
    key_file: str = ""

    def __repr__(self) -> str:
        return f"Means({self.user!r})"


def means_of(way: Way, endpoint: Endpoint, secrets: Secrets) -> Means:
    """Raises TransportError where the credential does not have what this login needs. Nothing is sent."""
    credential = endpoint.credential or Credential("", endpoint.client)
    if way.login is Authentication.CERTIFICATE:
        if not credential.key_file:
            raise _lacking(way, "key file", "key_file and certificate_file")
        return Means(credential.user or "the certificate", "", credential.certificate_file or "", credential.key_file)
    _need_extra(way)
    if way.login not in _WITH_PASSWORD:  # Kerberos: a password is not even looked up
        return Means(principal_of(credential.user or "", way))
    if not credential.user or credential.password is None:
        raise _lacking(way, "user" if not credential.user else "password", "user and password")
    try:
        password = secrets(credential.password, endpoint)
    except CredentialError as error:
        raise TransportError(
            FailureKind.AUTH_FAILED, f"{way.where}: {error}", "Correct the secret that the credential names."
        ) from error
    if not password:
        raise TransportError(
            FailureKind.AUTH_FAILED,
            f"The password for {credential.user} at {way.where} is empty",
            "Windows takes no empty password over the network: give the account one.",
        )
    return Means(credential.user, password)


def _lacking(way: Way, what: str, both: str) -> TransportError:
    return TransportError(
        FailureKind.AUTH_FAILED,
        f"There is no {what} to log in to {way.where} with {way.login_name}",
        f"Give the endpoint a credential with {both} in the inventory.",
    )


def _need_extra(way: Way) -> None:
    missing = {
        Authentication.KERBEROS: not is_installed(),
        Authentication.CREDSSP: not winrm.transport.HAVE_CREDSSP,
    }.get(way.login, False)
    if missing:
        raise TransportError(
            FailureKind.AUTH_FAILED,
            f"No login was tried at {way.where}: {way.login_name} needs a Python package that is not installed here",
            f'Install it with: pip install "pywinrm[{way.login.value}]"',
        )
    if way.login is Authentication.KERBEROS and way.sealed and not can_seal():
        raise TransportError(
            FailureKind.AUTH_FAILED,
            f"No login was tried at {way.where}: the Kerberos package of this computer cannot encrypt messages",
            f"Use HTTPS (port {HTTPS_PORT}), where TLS encrypts them, or log in with NTLM.",
        )


def new_protocol(wire: Wire, means: Means) -> tuple[Protocol, Pipe]:
    """A fresh Protocol on a fresh wire, and its pipe. Nothing is sent yet."""
    pipe = Pipe(wire, means)
    protocol = Protocol(
        wire.way.url,
        # Any kind will do: what is made from it is replaced at once, and no file is looked for.
        transport="ntlm",
        username=means.user or "-",
        password="",
        operation_timeout_sec=OPERATION_LIMIT_S,
        read_timeout_sec=READ_LIMIT_S,
    )
    protocol.transport = pipe
    return protocol, pipe


class Pipe(winrm.transport.Transport):
    """pywinrm's HTTP side, bound to one wire."""

    def __init__(self, wire: Wire, means: Means) -> None:
        way = wire.way
        # Kerberos is sealed with as NTLM is; what pywinrm makes of the user and the password is replaced.
        ticket = way.login is Authentication.KERBEROS
        super().__init__(
            endpoint=way.url,
            username=means.user or ("-" if ticket else None),
            password=means.password or ("-" if ticket else None),
            service="HTTP",
            ca_trust_path=way.ca_file,  # never looked at: the wire has verified already
            cert_pem=means.certificate_file or means.key_file or None,
            cert_key_pem=means.key_file or None,
            read_timeout_sec=READ_LIMIT_S,
            auth_method="ntlm" if ticket else way.login.value,
            message_encryption="always" if way.sealed else "never",
            proxy="",  # the wire has gone through one already where there is one; none from the environment
        )
        self._wire = wire
        self._means = means
        self._kerberos: KerberosLogin | None = None
        self.last_sent: str | bytes = b""  # without what logs us in: that stands in the headers
        self.last_text = b""  # of the last answer, decrypted

    @property
    def user(self) -> str:
        """As whom we are logged in: with a ticket, whoever it belongs to."""
        return self._kerberos.user if self._kerberos else self._means.user

    def build_session(self) -> requests.Session:
        fresh = self.session is None
        session = super().build_session()
        if fresh:
            self._fit(session)
        return session

    def setup_encryption(self, session: requests.Session) -> None:
        """Log in with an empty message, as WinRM has it over plain HTTP; from then on every message is sealed."""
        self._fit(session)
        super().setup_encryption(session)
        if self._wire.way.login in SEALING and getattr(session.auth, "session_security", None) is None:
            # It said yes to an empty request of nobody: another web server (winrm.md section 2).
            raise not_winrm(self._wire.way.where)

    def _fit(self, session: requests.Session) -> None:
        session.trust_env = False
        session.proxies = {}
        session.max_redirects = 0
        session.cert = None  # ours is in the wire's TLS
        session.headers["Accept-Encoding"] = "identity"
        for scheme in ("http://", "https://"):
            if not isinstance(session.adapters[scheme], WireAdapter):
                session.mount(scheme, WireAdapter(self._wire))
        if self._wire.way.login is Authentication.NTLM and not isinstance(session.auth, NtlmLogin):
            session.auth = NtlmLogin(
                self._means.user,
                self._means.password,
                self._wire.way.address,
                lambda: self._wire.certificate,
                lambda: self._wire.connections,
            )
        if self._wire.way.login is Authentication.KERBEROS and not isinstance(session.auth, KerberosLogin):
            session.auth = self._kerberos = KerberosLogin(self._wire, self._means.user)
        if self._wire.way.login is Authentication.BASIC:
            # As text, what is not Latin-1 could not be sent at all.
            session.auth = HTTPBasicAuth(self._means.user.encode(), self._means.password.encode())

    def send_message(self, message: str | bytes) -> bytes:
        self.last_sent = message
        return super().send_message(message)

    def _get_message_response_text(self, response: requests.Response) -> bytes:
        """The clear text of an answer. Raises where somebody on the way may have written it, or it could do harm."""
        sealed = _SEALED in response.headers.get("Content-Type", "")
        if self.encryption and response.ok and response.content and not sealed:
            raise TransportError(
                FailureKind.PROTOCOL,
                f"{self._wire.way.where} answered an encrypted message in clear text",
                "Somebody on the way may have written that answer: use HTTPS, and see what stands in between.",
            )
        self.last_text = text = super()._get_message_response_text(response)
        if text[:2] in _WIDE or _DOCTYPE.search(text):
            if is_html(text):
                raise not_winrm(self._wire.way.where)
            raise TransportError(
                FailureKind.PROTOCOL,
                f"{self._wire.way.where} sent XML of a kind that WinRM never sends and that can do harm",
                "See whether the machine, or something in between, can be trusted.",
            )
        return text
