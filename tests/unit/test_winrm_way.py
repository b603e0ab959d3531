"""By which way an endpoint is reached over WinRM, and which ways are refused before anything is sent."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from scorecard.errors import FailureKind, TransportError
from scorecard.model import Authentication, Connection, Credential, Endpoint, Identity
from scorecard.transports.winrm_way import Way, way_of

NTLM, BASIC = Authentication.NTLM, Authentication.BASIC
PLAIN: list[dict[str, Any]] = [{"port": 5985}, {"port": 80}, {"https": False}]
KEYED = Credential("k", "c", key_file="/keys/audit.key")


def endpoint(port: int | None = None, credential: Credential | None = None, **connection: Any) -> Endpoint:
    said = Connection(**connection)
    return Endpoint("pc", "c", "pc.corp.example", "winrm", port=port, credential=credential, connection=said)


@pytest.mark.parametrize(
    ("port", "https", "tls", "taken"),
    [
        (None, None, True, 5986),
        (None, True, True, 5986),
        (None, False, False, 5985),
        (5986, None, True, 5986),
        (5985, None, False, 5985),
        (80, None, False, 80),
        (443, None, True, 443),
        (5985, True, True, 5985),
        (5986, False, False, 5986),
        (8080, False, False, 8080),
    ],
)
def test_https_unless_the_inventory_says_otherwise(port: int | None, https: bool | None, tls: bool, taken: int) -> None:
    way = way_of(endpoint(port, https=https))
    assert (way.tls, way.port, way.sealed) == (tls, taken, not tls)
    assert way.url == f"{'https' if tls else 'http'}://pc.corp.example:{taken}/wsman"
    assert way.identity is (Identity.PROVEN if tls else Identity.NOT_PROVEN)
    assert bool(way.notes) == (not tls)


@pytest.mark.parametrize(
    ("credential", "said", "taken"),
    [
        (None, None, NTLM),
        (KEYED, None, Authentication.CERTIFICATE),
        (KEYED, NTLM, NTLM),
        (None, BASIC, BASIC),
        (None, Authentication.KERBEROS, Authentication.KERBEROS),
        (None, Authentication.CREDSSP, Authentication.CREDSSP),
    ],
)
def test_the_login_is_the_one_that_is_named(
    credential: Credential | None, said: Authentication | None, taken: Authentication
) -> None:
    way = way_of(endpoint(credential=credential, authentication=said, ca_file="/certificates/ca.pem"))
    assert (way.login, way.ca_file) == (taken, "/certificates/ca.pem")


def test_kerberos_proves_the_machine_without_a_certificate() -> None:
    assert way_of(endpoint(5985, authentication=Authentication.KERBEROS)).identity is Identity.PROVEN


@pytest.mark.parametrize(("login", "plain"), list(product(Authentication, PLAIN)))
def test_no_login_that_needs_https_goes_without(login: Authentication, plain: dict[str, Any]) -> None:
    asked = endpoint(authentication=login, **plain)
    if login in (NTLM, Authentication.KERBEROS):
        assert not way_of(asked).tls
        return
    with pytest.raises(TransportError, match=r"No login was tried at pc.corp.example port (5985|80)") as caught:
        way_of(asked)
    assert caught.value.kind is FailureKind.AUTH_FAILED
    assert "Use HTTPS" in caught.value.next_step


def test_an_ipv6_address_stands_in_brackets() -> None:
    assert Way("fe80::1%eth0").url == "https://[fe80::1%eth0]:5986/wsman"
    assert Way("2001:db8::1", 5985, tls=False).url == "http://[2001:db8::1]:5985/wsman"
