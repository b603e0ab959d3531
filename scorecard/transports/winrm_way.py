"""By which way an endpoint is reached over WinRM: scheme, port, kind of login, whose certificates are trusted.

What would send a credential over an unsafe way is refused here, before anything is sent (design section 6):

* plain HTTP only with a login that encrypts every message (NTLM, Kerberos);
* Basic and CredSSP hand over the password itself, so only over HTTPS with a verified certificate;
* a certificate of our own only over HTTPS.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from scorecard.errors import FailureKind, TransportError
from scorecard.model import Authentication, Endpoint, Identity, Proxy
from scorecard.transports.sockets import place

HTTPS_PORT = 5986
HTTP_PORT = 5985
HTTP_PORTS = frozenset({80, HTTP_PORT})


_NAMES = {
    Authentication.NTLM: "NTLM",
    Authentication.KERBEROS: "Kerberos",
    Authentication.BASIC: "Basic",
    Authentication.CREDSSP: "CredSSP",
    Authentication.CERTIFICATE: "a certificate",
}
SEALING = frozenset({Authentication.NTLM, Authentication.KERBEROS})


@dataclass(frozen=True, slots=True)
class Way:
    """`ca_file`: the only certificates to trust, issuers' or machines', PEM; empty trusts what this computer does.

    `proxy` takes every connection there, and looks the name up.
    """

    address: str
    port: int = HTTPS_PORT
    tls: bool = True
    login: Authentication = Authentication.NTLM
    ca_file: str = ""
    proxy: Proxy | None = None

    @property
    def where(self) -> str:
        there = place(self.address, self.port)
        return f"{there} (through the proxy {self.proxy})" if self.proxy else there

    @property
    def url(self) -> str:
        host = f"[{self.address}]" if _is_ipv6(self.address) else self.address
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}/wsman"

    @property
    def login_name(self) -> str:
        """The kind of login as a person calls it."""
        return _NAMES[self.login]

    @property
    def sealed(self) -> bool:
        """Whether every message is encrypted by the login itself."""
        return not self.tls

    @property
    def identity(self) -> Identity:
        """A certificate proves the machine, and so does Kerberos; NTLM does not (windows.md 5.10)."""
        return Identity.PROVEN if self.tls or self.login is Authentication.KERBEROS else Identity.NOT_PROVEN

    @property
    def notes(self) -> tuple[str, ...]:
        if self.identity is Identity.PROVEN:
            return ()
        return (
            "It was asked over plain HTTP: NTLM encrypts the messages, but nothing proves that this is the machine that is "
            f"meant; an HTTPS listener (port {HTTPS_PORT}) would",
        )


def way_of(endpoint: Endpoint) -> Way:
    """The way that the inventory gives: HTTPS unless the port is one of plain HTTP, NTLM unless there is a key.

    Raises TransportError for a way that is not safe.
    """
    connection, credential = endpoint.connection, endpoint.credential
    tls = endpoint.port not in HTTP_PORTS if connection.https is None else connection.https
    keyed = credential is not None and credential.key_file is not None
    login = connection.authentication or (Authentication.CERTIFICATE if keyed else Authentication.NTLM)
    port = endpoint.port or (HTTPS_PORT if tls else HTTP_PORT)
    return checked(Way(endpoint.address, port, tls, login, connection.ca_file, connection.proxy))


def checked(way: Way) -> Way:
    """The way, when no credential is in danger on it. Raises TransportError, and nothing has been sent."""
    said = refusal(way.login, tls=way.tls)
    if not said:
        return way
    raise TransportError(
        FailureKind.AUTH_FAILED,
        f"No login was tried at {way.where}: {said}",
        f"Use HTTPS (port {HTTPS_PORT}), or log in with NTLM or Kerberos.",
    )


def refusal(login: Authentication, *, tls: bool) -> str:
    """Why nobody may log in that way; empty where one may."""
    if tls or login in SEALING:
        return ""
    return {
        Authentication.BASIC: "Basic would send the password in clear text",
        Authentication.CREDSSP: "CredSSP hands over the password itself, and plain HTTP does not prove to whom",
    }.get(login, "a login by certificate needs HTTPS")


def _is_ipv6(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).version == 6
    except ValueError:
        return False
