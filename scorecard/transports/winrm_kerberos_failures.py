"""Why Kerberos gave no login, in plain words. Decided by number (RFC 4120, 7.5.9; MIT's krb5_err.et), never by message."""

from __future__ import annotations

from scorecard.errors import FailureKind
from scorecard.reading import clean
from scorecard.transports.winrm_failures import WinrmFailure
from scorecard.transports.winrm_way import Way

_BASE = -1765328384  # of the table that the numbers below count from
_REVOKED, _ETYPES, _NOT_YET, _EXPIRED, _SKEW = 18, 14, 33, 32, 37
_CLIENT_UNKNOWN, _SERVICE_UNKNOWN, _NO_KEYS = 6, 7, 9
_USER_TO_USER = 27  # the name is that of an account, not of a machine's service
_OTHER_KEY = frozenset({31, 35, 39, 41, 44, 45})  # damaged, not for us, wrong version, changed, and no such key
_NO_TICKET = frozenset({141, 195})  # not in the cache, no cache
_NO_KDC = frozenset({68, 156})  # wrong realm, none answers
_NO_REALM = frozenset({154, 155, 224})  # unknown realm, no address for it, no default realm
_NO_CREDENTIALS, _CREDENTIALS_EXPIRED = 7, 11  # GSS-API's own (RFC 2744, 3.9.1)


def ticket_failure(error: Exception, way: Way, user: str) -> WinrmFailure:
    """`error`: the library's; the numbers stand in its arguments."""
    routine, number = _numbers(error)
    said, then = _in_words(routine, number, way, user) or (
        f"The Kerberos login to {way.where} failed: {_text(error)}",
        "See the settings of Kerberos on this computer, and the system log of a domain controller.",
    )
    return WinrmFailure(FailureKind.AUTH_FAILED, said, then)


def _in_words(routine: int, number: int, way: Way, user: str) -> tuple[str, str] | None:
    of_user = f" of {user}" if user else ""
    kinit = f"kinit {user or 'USER@DOMAIN'}"
    if number in _NO_TICKET or (routine == _NO_CREDENTIALS and not number):
        return (
            f"There is no Kerberos ticket{of_user} on this computer to log in to {way.where} with",
            f"Get one before the audit ({kinit}): Kerberos takes a ticket, never the password of the credential.",
        )
    if number == _EXPIRED or (routine == _CREDENTIALS_EXPIRED and not number):
        return (
            f"The Kerberos ticket{of_user} for {way.where} has expired",
            f"Get a new one before the audit ({kinit}); for audits by the clock from a keytab (docs/prepare-windows.md).",
        )
    if number in (_SKEW, _NOT_YET):
        return (
            f"The clocks of this computer, of {way.where} and of the domain differ by more than Kerberos allows",
            "Set them right: this computer's with NTP, that machine's with w32tm /resync. 5 minutes are allowed.",
        )
    if number in (_SERVICE_UNKNOWN, _NO_KEYS, _USER_TO_USER):
        return (
            f"The domain knows no machine by the name of {way.address} (Kerberos service HTTP/{_host(way)})",
            "Give the machine's full DNS name in its domain as the address in the inventory; setspn -L lists its names.",
        )
    if number in _OTHER_KEY:
        return (
            f"{way.where} cannot read the ticket that the domain made for {way.address}",
            "See whether that name leads to another machine, or two share it (setspn -X); "
            f"if the machine joined the domain anew, get a new ticket ({kinit}).",
        )
    return _about_the_domain(number, way, user)


def _about_the_domain(number: int, way: Way, user: str) -> tuple[str, str] | None:
    if number in _NO_KDC:
        return (
            f"No domain controller could be reached to get a Kerberos ticket for {way.where}",
            "Check this computer's network and name servers, and the realm in its krb5.conf, then audit again.",
        )
    if number in _NO_REALM:
        return (
            f"This computer does not know the Kerberos domain to ask for a ticket for {way.where}",
            "Write the user as name@DOMAIN, and name the domain in krb5.conf (docs/prepare-windows.md).",
        )
    if number in (_REVOKED, _CLIENT_UNKNOWN):
        return (
            f"The domain does not let {user or 'the owner of the ticket'} log in to {way.where}",
            "See the account in the domain: it is unknown there, locked, disabled or expired.",
        )
    if number == _ETYPES:
        return (
            f"This computer, the domain and {way.where} have no kind of Kerberos encryption in common",
            "Allow AES for the account and the machine in the domain, and see permitted_enctypes in krb5.conf.",
        )
    return None


def not_proven(way: Way, said: str) -> WinrmFailure:
    return WinrmFailure(
        FailureKind.PROTOCOL,
        f"{way.where} took the Kerberos login without proving that it is {_host(way)}: {said}",
        "Somebody on the way may have answered in its place: see what stands in between, and use HTTPS.",
        odd=True,
    )


def no_answer_from_kdc(where: str, limit_s: float) -> WinrmFailure:
    return WinrmFailure(
        FailureKind.AUTH_FAILED,
        f"No domain controller gave a Kerberos ticket for {where} within {limit_s:.0f} seconds",
        "Check this computer's network and name servers, and the realm in its krb5.conf, then audit again.",
    )


def _host(way: Way) -> str:
    return way.address.rstrip(".").lower()


def _numbers(error: Exception) -> tuple[int, int]:
    """Of GSS-API and of Kerberos, 0 where there is none: pykerberos gives ((text, number), (text, number))."""
    numbers = [part[1] for part in error.args if isinstance(part, tuple) and len(part) == 2 and isinstance(part[1], int)]
    if len(numbers) != 2:
        return 0, 0
    routine, number = numbers
    known = 0 <= number - _BASE < 256
    return (routine >> 16) & 0xFF, number - _BASE if known else 0


def _text(error: Exception) -> str:
    parts = [part[0] if isinstance(part, tuple) and part else part for part in error.args]
    return clean(str(parts[-1]) if parts else type(error).__name__, 200)
