"""Names for Kerberos, and its errors in plain words: those that no test can make for real."""

from __future__ import annotations

import re

import pytest

from scorecard.errors import FailureKind, TransportError
from scorecard.model import Authentication
from scorecard.transports.winrm_kerberos import principal_of
from scorecard.transports.winrm_kerberos_failures import ticket_failure
from scorecard.transports.winrm_way import Way

WAY = Way("pc7.corp.example", 5985, False, Authentication.KERBEROS)
UNSPECIFIED = ("Unspecified GSS failure", 851968)
BASE = -1765328384


class GSSError(Exception):
    """As the libraries raise it."""


@pytest.mark.parametrize(
    ("user", "principal"),
    [
        ("", ""),
        ("audit", "audit"),
        ("audit@corp.example", "audit@CORP.EXAMPLE"),
        ("Audit.Ö@Corp.Example", "Audit.Ö@CORP.EXAMPLE"),
    ],
)
def test_a_realm_is_in_capitals_and_a_name_as_it_stands(user: str, principal: str) -> None:
    assert principal_of(user, WAY) == principal


@pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8::7", "fe80::7%eth0"])
def test_an_address_is_no_name(address: str) -> None:
    with pytest.raises(TransportError, match="Kerberos goes by the machine's name") as caught:
        principal_of("", Way(address, 5986, True, Authentication.KERBEROS))
    assert "full DNS name" in caught.value.next_step


def test_a_user_of_ntlm_is_none_of_kerberos() -> None:
    with pytest.raises(TransportError, match=r"CORP\\audit is no user name that Kerberos knows") as caught:
        principal_of("CORP\\audit", WAY)
    assert "name@DOMAIN" in caught.value.next_step


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (6, "The domain does not let audit@CORP.EXAMPLE log in"),
        (18, "The domain does not let audit@CORP.EXAMPLE log in"),
        (14, "no kind of Kerberos encryption in common"),
        (27, "knows no machine by the name of pc7.corp.example"),
        (31, "cannot read the ticket that the domain made for pc7.corp.example"),
        (41, "cannot read the ticket that the domain made for pc7.corp.example"),
        (68, "No domain controller could be reached"),
        (195, "There is no Kerberos ticket of audit@CORP.EXAMPLE"),
        (224, "does not know the Kerberos domain"),
    ],
)
def test_a_number_is_told_in_words(number: int, words: str) -> None:
    failure = ticket_failure(GSSError(UNSPECIFIED, ("in some language", BASE + number)), WAY, "audit@CORP.EXAMPLE")
    assert failure.kind is FailureKind.AUTH_FAILED
    assert words in failure.message
    assert failure.next_step.endswith(".")
    assert "some language" not in failure.message


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((("No credentials were supplied", 458752), ("", 0)), "There is no Kerberos ticket"),
        ((("The referenced credentials have expired", 720896), ("", 0)), "has expired"),
        ((UNSPECIFIED, ("Something new\n\x1b[31m", 12345)), "failed: Something new"),
        (("SSPI: InitializeSecurityContext: no logon servers",), "failed: SSPI: InitializeSecurityContext"),
        (("Parameter error", -1), "failed: -1"),
        ((), "failed: GSSError"),
    ],
)
def test_what_has_no_known_number_is_told_as_it_is(arguments: tuple[object, ...], words: str) -> None:
    failure = ticket_failure(GSSError(*arguments), WAY, "")
    assert re.search(re.escape(words), failure.message)
    assert "\n" not in failure.message
    assert "\x1b" not in failure.message
