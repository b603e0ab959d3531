"""What went wrong over WinRM, in plain words: the one place where foreign exceptions become ours.

The table is winrm.md section 5. Decided by number, never by message: Windows translates those.
"""

from __future__ import annotations

import http.client
import re
import struct
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from enum import Enum

import requests
from spnego.exceptions import SpnegoError
from winrm.exceptions import (
    AuthenticationError,
    WinRMError,
    WinRMOperationTimeoutError,
    WinRMTransportError,
    WSManFaultError,
)

from scorecard.errors import FailureKind, TransportError
from scorecard.model import Authentication
from scorecard.reading import clean
from scorecard.transports.winrm_wire import ConnectionEnded, Wire

# Everything that pywinrm and what it stands on let through (winrm.md section 3, trap 12): a damaged answer shows itself
# as whatever the first line of code that trips over it raises.
FOREIGN = (
    WinRMError,
    WinRMTransportError,
    WinRMOperationTimeoutError,
    requests.RequestException,
    SpnegoError,
    ET.ParseError,
    struct.error,
    OSError,
    ValueError,  # with its kinds for text, Base64 and JSON
    LookupError,
    AttributeError,
    TypeError,
    AssertionError,
    StopIteration,
)

TIMED_OUT = 2150858793
_NO_SUCH_SHELL = 2150858843


class Cure(Enum):
    """What another try, from scratch, can do about it."""

    NONE = "nothing"
    AGAIN = "at once"
    LATER = "after a while"


class WinrmFailure(TransportError):
    """`logged_in`: the login had been accepted. `odd`: the answer was nothing that WinRM says."""

    def __init__(
        self,
        kind: FailureKind,
        message: str,
        next_step: str,
        cure: Cure = Cure.NONE,
        logged_in: bool = False,
        odd: bool = False,
        refused: bool = False,
        fault: int | None = None,
    ) -> None:
        super().__init__(kind, message, next_step)
        self.cure = cure
        self.logged_in = logged_in
        self.odd = odd
        self.refused = refused
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Moment:
    """When it went wrong: `doing` in words ("opening a shell"), as whom, and how long was waited.

    The machine is asked to answer within `limit_s`; `patience_s` is when we stop waiting for it.
    """

    doing: str
    user: str
    limit_s: int
    patience_s: int


def explain(error: BaseException, wire: Wire, moment: Moment) -> TransportError:
    """The failure behind one of FOREIGN, or one that is ours already."""
    match error:
        case ConnectionEnded():
            return WinrmFailure(error.kind, error.message, error.next_step, Cure.AGAIN)
        case TransportError():
            return error
        case WSManFaultError():
            return _fault(error, wire, moment)
        case WinRMOperationTimeoutError():
            return _too_slow(wire, moment)
        case AuthenticationError():
            return _refused(wire, moment)
        case WinRMTransportError():
            return status_failure(error.code, wire, moment)
        case requests.TooManyRedirects():
            return not_winrm(wire.way.where)
        case requests.Timeout():
            return WinrmFailure(
                FailureKind.UNREACHABLE,
                f"{wire.way.where} took the connection and then gave no answer within {moment.patience_s} seconds "
                f"while {moment.doing}",
                "See whether that machine is overloaded, or a firewall in between holds the connection.",
            )
        case requests.RequestException() if _no_http(error):
            return _odd(wire, "it does not speak HTTP")
        case OSError():  # every RequestException is one too
            return _broke(wire, moment)
        case SpnegoError() if wire.status == requests.codes.unauthorized:
            return _odd(wire, "its part of the login cannot be read")
        case SpnegoError() | WinRMError():
            return _odd(wire, "an encrypted answer is damaged or was changed on the way")
    return _unreadable(wire)


def _no_http(error: BaseException | None) -> bool:
    """Whether what came could not be read as HTTP, rather than broke off."""
    while error is not None:
        if isinstance(error, http.client.BadStatusLine | http.client.LineTooLong | http.client.UnknownProtocol):
            return not isinstance(error, http.client.RemoteDisconnected)
        error = error.__cause__ or error.__context__
    return False


def _broke(wire: Wire, moment: Moment) -> WinrmFailure:
    where, kind = wire.way.where, FailureKind.UNREACHABLE
    if not wire.status:
        other = "HTTP, which usually is 5985" if wire.way.tls else "HTTPS, which usually is 5986"
        then = f"Check that the port is not one for {other}, and what stands between this computer and the machine."
        return WinrmFailure(kind, f"{where} closed the connection before it answered anything", then, Cure.AGAIN)
    return WinrmFailure(
        kind,
        f"The connection to {where} broke while {moment.doing}",
        "Check the network and whether the machine or its WinRM service was restarted, then audit again.",
        Cure.AGAIN,
    )


def not_winrm(where: str) -> WinrmFailure:
    return WinrmFailure(
        FailureKind.PROTOCOL,
        f"{where} is a web server but not WinRM",
        "Check address and port in the inventory: WinRM listens on 5986 (HTTPS) or 5985 (HTTP).",
    )


def _odd(wire: Wire, said: str) -> WinrmFailure:
    return WinrmFailure(
        FailureKind.PROTOCOL,
        f"{wire.way.where} did not answer as WinRM does: {said}",
        "Check the port in the inventory, and what stands between this computer and the machine.",
        odd=True,
    )


def _unreadable(wire: Wire) -> WinrmFailure:
    if is_html(wire.head):
        return not_winrm(wire.way.where)
    return _odd(wire, "the answer is cut short or damaged")


def is_html(head: bytes) -> bool:
    start = head[:512].lower()
    return b"<html" in start or b"<!doctype html" in start


# --- HTTP statuses -----------------------------------------------------------------------------------------------------


def status_failure(code: int, wire: Wire, moment: Moment) -> WinrmFailure:
    where = wire.way.where
    if code == requests.codes.service_unavailable:
        return WinrmFailure(
            FailureKind.REFUSED,
            f"The WinRM service of {where} is not running",
            "Start it there (Start-Service WinRM) and let it start by itself.",
        )
    if code == requests.codes.bad_request and not is_html(wire.head):
        return WinrmFailure(
            FailureKind.PROTOCOL,
            f"{where} dropped the session while {moment.doing}",
            "Audit again; if it stays so, see what stands between this computer and the machine.",
            Cure.AGAIN,
        )
    if code == requests.codes.forbidden and wire.way.login is Authentication.CERTIFICATE:
        return _refused(wire, moment)
    if code == requests.codes.server_error and not wire.head:
        return WinrmFailure(
            FailureKind.PROTOCOL,
            f"{where} answered with an empty error, as WinRM does where it only accepts encrypted messages",
            "Use HTTPS, or see the event log Microsoft-Windows-WinRM/Operational there.",
        )
    if is_html(wire.head) or code in (requests.codes.not_found, requests.codes.method_not_allowed):
        return not_winrm(where)
    return _odd(wire, f"HTTP status {code} while {moment.doing}")


_TAKES = {
    Authentication.NTLM: ("Negotiate", "NTLM"),
    Authentication.KERBEROS: ("Negotiate", "Kerberos"),
    Authentication.BASIC: ("Basic",),
    Authentication.CREDSSP: ("CredSSP",),
}


def _refused(wire: Wire, moment: Moment) -> WinrmFailure:
    way, kind = wire.way, FailureKind.AUTH_FAILED
    if way.login is Authentication.CERTIFICATE:
        return WinrmFailure(
            kind,
            f"{way.where} did not accept our certificate",
            "Map it to a local account there (WSMan:\\localhost\\ClientCertificate) and allow Certificate logins.",
            refused=True,
        )
    offers = f"it offers: {', '.join(wire.offered)}" if wire.offered else "it names no other way"
    if wire.offered and not set(_TAKES[way.login]) & set(wire.offered):
        return WinrmFailure(
            kind,
            f"{way.where} does not accept {way.login_name} over this connection ({offers})",
            "Allow it there (winrm get winrm/config/service/auth), or choose another login in the inventory.",
        )
    return WinrmFailure(
        kind,
        f"{way.where} refused {moment.user} with {way.login_name} ({offers})",
        _after_refusal(way.login, moment.user),
        refused=True,
    )


def _after_refusal(login: Authentication, user: str) -> str:
    if login is Authentication.KERBEROS:
        return (
            "See whether that name really is that machine's, whether the clocks agree, and that the account is an "
            "administrator or in Remote Management Users there."
        )
    local = "@" not in user and ("\\" not in user or user.startswith(".\\"))
    hint = (
        "; a local administrator other than the built-in one is refused unless LocalAccountTokenFilterPolicy is 1"
        if local
        else ", and that it is an administrator or in Remote Management Users there"
    )
    return f"Check user name and password, that the account is not locked{hint}. Nothing is tried twice."


# --- faults ------------------------------------------------------------------------------------------------------------


_WMI_CODE = re.compile(r"<(?:\w+:)?error_Code\b[^>]*>([0-9]{1,10})<")


def fault_code(error: WSManFaultError) -> int | None:
    """Newer hosts put some numbers into MSFT_WmiError alone, in a namespace that pywinrm does not always know."""
    if error.wsman_fault_code is not None:
        return error.wsman_fault_code
    if error.wmierror_code is not None:
        return error.wmierror_code
    found = _WMI_CODE.search(error.response)
    return int(found[1]) if found else None


def _too_slow(wire: Wire, moment: Moment) -> WinrmFailure:
    return WinrmFailure(
        FailureKind.DEADLINE,
        f"{wire.way.where} is too slow: {moment.doing} took over {moment.limit_s} seconds",
        "See what keeps the machine busy, then audit again.",
        logged_in=True,
        fault=TIMED_OUT,
    )


_QUOTA_NEXT = (
    "We left nothing open; see who else uses WinRM there, or wait until idle shells end (winrm get winrm/config/winrs)."
)
_OPERATION_QUOTAS = {2150859174, 2150858815, *range(2150859236, 2150859243)}
_OUR_FAULTS = {87, 2150858825, 2150858823, 2150858824, 2150858817, 2150858819, 2150858767, 2150858769, 2147942606}


def _fault(error: WSManFaultError, wire: Wire, moment: Moment) -> WinrmFailure:
    code = fault_code(error)
    where, user = wire.way.where, moment.user
    kind, cure = FailureKind.PROTOCOL, Cure.NONE
    match code:
        case 5:
            kind = FailureKind.PERMISSION_DENIED
            said = f"{user} may log on to {where} but not use WinRM there"
            then = "Make the account an administrator there, or put it into Remote Management Users."
        case 2150859173:
            kind, cure = FailureKind.QUOTA, Cure.LATER
            said, then = f"{where} allows {user} no further shell", _QUOTA_NEXT
        case number if number in _OPERATION_QUOTAS:
            kind, cure = FailureKind.QUOTA, Cure.LATER
            said, then = f"A limit of WinRM on {where} was reached while {moment.doing} (fault {code})", _QUOTA_NEXT
        case 170:
            kind, cure = FailureKind.QUOTA, Cure.LATER
            said, then = f"{where} was busy while {moment.doing}", "Audit again later."
        case 2150858843:
            cure = Cure.AGAIN
            said = f"{where} closed our shell while {moment.doing}"
            then = "See whether something there ends shells or restarts the WinRM service."
        case 2150859180:
            kind = FailureKind.PERMISSION_DENIED
            said = f"Remote shell access is disabled on {where}"
            then = "Set the policy Allow Remote Shell Access (AllowRemoteShellAccess) there to enabled."
        case 2147942402:
            said = f"PowerShell was not found on {where}"
            then = "Windows PowerShell must be at its usual place under System32 there."
        case number if number in _OUR_FAULTS:
            kind = FailureKind.INTERNAL
            said = f"{where} could not accept our message while {moment.doing} (fault {code})"
            then = "Please report this with the number: the message is ours to mend."
        case 2150858793:
            return _too_slow(wire, moment)
        case _:
            named = f"fault {code}" if code is not None else "a fault without a number"
            said = f"{where} reported {named} while {moment.doing}: {clean(error.reason, 200)}"
            then = "Look the number up, and see the event log Microsoft-Windows-WinRM/Operational there."
    return WinrmFailure(kind, said, then, cure, logged_in=True, fault=code)


def is_gone(error: TransportError) -> bool:
    """Whether the shell that was to be closed is not there any more."""
    return isinstance(error, WinrmFailure) and error.fault == _NO_SUCH_SHELL
