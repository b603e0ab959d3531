"""What the tests of the WinRM transport share: an endpoint for a server of the rig, and one question to ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from scorecard.bundle_windows import WindowsBundle
from scorecard.errors import TransportError
from scorecard.model import Authentication, Credential, Endpoint, Platform, Probe, SecretRef
from scorecard.transports.base import Answer
from scorecard.transports.winrm import WinrmTransport
from scorecard.transports.winrm_way import Way
from tests.rig.wsman.server import ACCOUNTS, Wsman

MACHINE = "windows-11-pro-well"
DOMAIN_USER, LOCAL_USER = ACCOUNTS
PART = "test.product"
QUESTION = Probe(
    PART,
    Platform.WINDOWS,
    '{"part":"test.product","limit":20,"size":200000,"verb":"registry",'
    '"key":"HKLM/SOFTWARE/Microsoft/Windows NT/CurrentVersion","values":["EditionID"],"all":false,"depth":0,"at_most":200}',
)
BUNDLE = WindowsBundle((QUESTION,))
DEADLINE_S = 60.0


def secret_of(reference: SecretRef, endpoint: Endpoint) -> str:
    """In these tests a reference names the secret itself."""
    assert isinstance(reference.value, str)
    return reference.value


def credential(user: str = DOMAIN_USER, password: str | None = None) -> Credential:
    return Credential("windows", "c", user, SecretRef("env", password if password is not None else ACCOUNTS[user]))


def endpoint(server: Wsman, user: str = DOMAIN_USER, password: str | None = None) -> Endpoint:
    return Endpoint(
        server.machine.hostname or "pc",
        "c",
        server.address,
        transport="winrm",
        port=server.port,
        platform=Platform.WINDOWS,
        credential=credential(user, password),
    )


def way_to(
    server: Wsman, login: Authentication = Authentication.NTLM, trusted: Path | None = None
) -> Callable[[Endpoint], Way]:
    ca_file = trusted or server.ca_file
    tls = server.tls is not None
    return lambda asked: Way(asked.address, asked.port or 0, tls, login, str(ca_file) if tls and ca_file else "")


@contextmanager
def transport(
    server: Wsman, login: Authentication = Authentication.NTLM, trusted: Path | None = None
) -> Iterator[WinrmTransport]:
    winrm = WinrmTransport(secret_of, way_to(server, login, trusted))
    try:
        yield winrm
    finally:
        winrm.close()


def ask(
    server: Wsman,
    login: Authentication = Authentication.NTLM,
    user: str = DOMAIN_USER,
    password: str | None = None,
    deadline_s: float = DEADLINE_S,
) -> Answer:
    with transport(server, login) as winrm:
        return winrm.ask(endpoint(server, user, password), BUNDLE, deadline_s)


def failure(
    server: Wsman,
    login: Authentication = Authentication.NTLM,
    user: str = DOMAIN_USER,
    password: str | None = None,
    deadline_s: float = DEADLINE_S,
) -> TransportError:
    """How asking fails: one plain sentence and what to do, without a secret in either."""
    try:
        answer = ask(server, login, user, password, deadline_s)
    except TransportError as error:
        secrets = {*ACCOUNTS.values(), password or "-" * 9}
        for said in (error.message, error.next_step):
            assert said
            assert "\n" not in said
            assert not any(secret in said for secret in secrets)
        return error
    raise AssertionError(f"it was answered: {answer}")
