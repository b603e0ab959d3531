"""Is it WinRM at all? Asked without any credential: it tells "not WinRM" from "wrong password" (winrm.md section 6)."""

from __future__ import annotations

import re

import requests

from scorecard.errors import TransportError
from scorecard.reading import clean
from scorecard.transports.winrm_failures import FOREIGN, Moment, explain, not_winrm, status_failure
from scorecard.transports.winrm_wire import Wire, WireAdapter

LIMIT_S = 10
_MOMENT = Moment("being asked whether it is WinRM", "", LIMIT_S, LIMIT_S)
_ENVELOPE = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:wsmid="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd">'
    "<s:Header/><s:Body><wsmid:Identify/></s:Body></s:Envelope>"
)
_HEADERS = {
    "Content-Type": "application/soap+xml;charset=UTF-8",
    "WSMANIDENTIFY": "unauthenticated",
    "Accept-Encoding": "identity",
}
_ANSWER = b"IdentifyResponse"
_VENDOR = re.compile(rb"ProductVendor>([^<]{1,80})<")
_VERSION = re.compile(rb"ProductVersion>([^<]{1,80})<")


def identify(wire: Wire) -> str:
    """`wire` is one of its own, verified or not: nothing secret goes over it. Raises TransportError."""
    try:
        wire.resolve()
        wire.connect()
        wire.secure()
        with requests.Session() as session:
            session.trust_env = False
            for scheme in ("http://", "https://"):
                session.mount(scheme, WireAdapter(wire))
            answer = session.post(wire.way.url, _ENVELOPE, headers=_HEADERS, timeout=LIMIT_S, allow_redirects=False)
            return _judged(answer, wire)
    except FOREIGN as error:
        raise explain(error, wire, _MOMENT) from error
    finally:
        wire.close()


def _judged(answer: requests.Response, wire: Wire) -> str:
    if answer.status_code == requests.codes.unauthorized and wire.offered:
        return f"It looks like WinRM, and says nothing before a login (it offers: {', '.join(wire.offered)})"
    if answer.status_code == requests.codes.service_unavailable:
        raise status_failure(answer.status_code, wire, _MOMENT)
    if not answer.ok or _ANSWER not in answer.content:
        raise not_winrm(wire.way.where)
    found = [
        match[1].decode("utf-8", errors="replace") for name in (_VENDOR, _VERSION) if (match := name.search(answer.content))
    ]
    return f"It is WinRM: {clean(', '.join(found), 160) or 'without a name'}"


def is_winrm(wire: Wire) -> bool:
    try:
        identify(wire)
    except TransportError:
        return False
    return True
