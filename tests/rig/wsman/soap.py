"""WS-Management envelopes: requests taken apart, answers written with the namespaces and prefixes that Windows uses.

Windows declares a different set of prefixes for each kind of answer, and so does this server: a client that matches
prefixes or counts on a declaration is found out here.
"""

from __future__ import annotations

import base64
import binascii
import re
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

NAMESPACES = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "x": "http://schemas.xmlsoap.org/ws/2004/09/transfer",
    "e": "http://schemas.xmlsoap.org/ws/2004/08/eventing",
    "n": "http://schemas.xmlsoap.org/ws/2004/09/enumeration",
    "w": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    "rsp": "http://schemas.microsoft.com/wbem/wsman/1/windows/shell",
    "p": "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd",
}
SHELL_URI = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd"
_SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
_TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
ACTIONS = {
    f"{_TRANSFER}/Create": "Create",
    f"{_TRANSFER}/Delete": "Delete",
    f"{_SHELL}/Command": "Command",
    f"{_SHELL}/Send": "Send",
    f"{_SHELL}/Receive": "Receive",
    f"{_SHELL}/Signal": "Signal",
}
_URIS = {name: uri for uri, name in ACTIONS.items()}
_PREFIXES = {"Receive": "s a w rsp p", "Delete": "s a w p", "fault": "s a x e n w p"}
_USUAL_PREFIXES = "s a x w rsp p"
_ANONYMOUS = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"
_FAULT_ACTION = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"
_FAULT_DETAIL = "http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/"

OPERATION_TIMEOUT = 2150858793
SHELL_NOT_FOUND = 2150858843
INVALID_XML = 2150858817
ENVELOPE_TOO_LARGE = 2150858825
ABORTED = 995
BAD_PARAMETER = 87


# MaxTimeoutms, and what Windows can count in milliseconds.
_LONGEST_OPERATION_S = 60.0
_LONGEST_S = 2_147_483.0


class BadEnvelopeError(Exception):
    """What came is no WS-Management request."""


@dataclass(frozen=True)
class Request:
    """One SOAP request. `action` is the last part of its URI, or the whole URI where it is none of a shell's six."""

    action: str
    message_id: str
    shell_id: str
    to: str
    timeout_s: float
    options: Mapping[str, str]
    body: ET.Element

    def text(self, name: str) -> str:
        """The text of the first element of the shell's namespace with this name, or nothing."""
        return self.body.findtext(f".//{{{NAMESPACES['rsp']}}}{name}") or ""

    def texts(self, name: str) -> list[str]:
        return [element.text or "" for element in self.body.iter(f"{{{NAMESPACES['rsp']}}}{name}")]

    def element(self, name: str) -> ET.Element | None:
        return self.body.find(f".//{{{NAMESPACES['rsp']}}}{name}")

    def command_id(self, name: str) -> str:
        element = self.element(name)
        return "" if element is None else element.get("CommandId", "")


def parse(data: bytes) -> Request:
    try:
        envelope = ET.fromstring(data)
    except (ET.ParseError, ValueError) as error:
        raise BadEnvelopeError(str(error)) from error
    header, body = (envelope.find(f"s:{name}", NAMESPACES) for name in ("Header", "Body"))
    if envelope.tag != f"{{{NAMESPACES['s']}}}Envelope" or header is None or body is None:
        raise BadEnvelopeError("not a SOAP 1.2 envelope")
    uri = (header.findtext("a:Action", "", NAMESPACES) or "").strip()
    message_id = (header.findtext("a:MessageID", "", NAMESPACES) or "").strip()
    if uri in ACTIONS and not message_id:
        raise BadEnvelopeError("no MessageID")
    if uri in ACTIONS and (header.findtext("w:ResourceURI", "", NAMESPACES) or "").strip() != SHELL_URI:
        raise BadEnvelopeError("not the resource of a shell")
    return Request(
        ACTIONS.get(uri, uri),
        message_id,
        _named(header, "w:SelectorSet/w:Selector").get("ShellId", ""),
        (header.findtext("a:To", "", NAMESPACES) or "").strip(),
        min(seconds(header.findtext("w:OperationTimeout", "", NAMESPACES) or "PT60S"), _LONGEST_OPERATION_S),
        _named(header, "w:OptionSet/w:Option"),
        body,
    )


def action_of(data: bytes) -> str:
    """The action of a request, or nothing where it is none."""
    try:
        return parse(data).action
    except BadEnvelopeError:
        return ""


def _named(header: ET.Element, path: str) -> dict[str, str]:
    return {element.get("Name", ""): (element.text or "").strip() for element in header.findall(path, NAMESPACES)}


def seconds(duration: str) -> float:
    """An xs:duration of days and smaller, at most 24 days. Raises BadEnvelopeError."""
    match = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?", duration.strip())
    if not match or not any(match.groups()):
        raise BadEnvelopeError(f"no duration: {duration!r}")
    days, hours, minutes, rest = (float(number or 0) for number in match.groups())
    return min(days * 86_400 + hours * 3_600 + minutes * 60 + rest, _LONGEST_S)


def unpack(stream: ET.Element) -> bytes:
    try:
        return base64.b64decode((stream.text or "").encode("ascii"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadEnvelopeError("a stream is not base64") from error


def new_id() -> str:
    return str(uuid.uuid4()).upper()


@dataclass(frozen=True)
class Fault(Exception):
    """A SOAP fault. `wmi` puts the number into MSFT_WmiError alone, as newer hosts do for some quotas."""

    code: int
    subcode: str
    reason: str
    sender: bool = False
    detail: str = ""
    provider: bool = False
    wmi: bool = False
    message: str = field(default="")


def timed_out() -> Fault:
    said = "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.  "
    return Fault(OPERATION_TIMEOUT, "TimedOut", said)


def no_such_shell(shell_id: str) -> Fault:
    said = f"There is no Windows Remote Shell with ShellId {shell_id}: it is wrong, or the shell was closed. "
    return Fault(
        SHELL_NOT_FOUND,
        "InvalidSelectors",
        "The request contained invalid selectors for the resource. ",
        sender=True,
        detail="UnexpectedSelectors",
        message=said,
    )


def bad_parameter() -> Fault:
    return Fault(
        BAD_PARAMETER, "InvalidParameter", "The parameter is incorrect. ", sender=True, detail="InvalidValue", provider=True
    )


def aborted() -> Fault:
    said = "The I/O operation has been aborted because of either a thread exit or an application request. "
    return Fault(ABORTED, "InternalError", said, provider=True)


def answer(request: Request, body: str, *, activity: bool) -> bytes:
    """The answer to a request that went well. `activity`: as Windows 10, Server 2016 and later write it."""
    return _envelope(request.action, f"{_URIS[request.action]}Response", request.message_id, body, activity)


def created(shell_id: str, to: str, owner: str, client: str, idle_timeout_s: float) -> str:
    return (
        f"<x:ResourceCreated><a:Address>{escape(to)}</a:Address><a:ReferenceParameters><w:ResourceURI>{SHELL_URI}"
        f'</w:ResourceURI><w:SelectorSet><w:Selector Name="ShellId">{shell_id}</w:Selector></w:SelectorSet>'
        f'</a:ReferenceParameters></x:ResourceCreated><rsp:Shell xmlns:rsp="{_SHELL}"><rsp:ShellId>{shell_id}</rsp:ShellId>'
        f"<rsp:ResourceUri>{SHELL_URI}</rsp:ResourceUri><rsp:Owner>{escape(owner)}</rsp:Owner>"
        f"<rsp:ClientIP>{client}</rsp:ClientIP><rsp:IdleTimeOut>PT{idle_timeout_s:.3f}S</rsp:IdleTimeOut>"
        "<rsp:InputStreams>stdin</rsp:InputStreams><rsp:OutputStreams>stdout stderr</rsp:OutputStreams>"
        "<rsp:ShellRunTime>P0DT0H0M0S</rsp:ShellRunTime><rsp:ShellInactivity>P0DT0H0M0S</rsp:ShellInactivity></rsp:Shell>"
    )


def received(command_id: str, streams: Iterable[tuple[str, bytes]], exit_code: int | None, *, done: bool) -> str:
    """The body of a Receive's answer. `exit_code` None with `done` leaves ExitCode out."""
    parts = [
        f'<rsp:Stream Name="{name}" CommandId="{command_id}">{base64.b64encode(data).decode()}</rsp:Stream>'
        for name, data in streams
    ]
    state = f'<rsp:CommandState CommandId="{command_id}" State="{_SHELL}/CommandState/'
    if done:
        parts += [
            f'<rsp:Stream Name="{name}" CommandId="{command_id}" End="true"></rsp:Stream>' for name in ("stdout", "stderr")
        ]
        code = "" if exit_code is None else f"<rsp:ExitCode>{exit_code}</rsp:ExitCode>"
        parts.append(f'{state}Done">{code}</rsp:CommandState>')
    else:
        parts.append(f'{state}Running"></rsp:CommandState>')
    return f"<rsp:ReceiveResponse>{''.join(parts)}</rsp:ReceiveResponse>"


def fault(request_id: str, told: Fault, machine: str, *, activity: bool) -> bytes:
    detail = f"<w:FaultDetail>{_FAULT_DETAIL}{told.detail}</w:FaultDetail>" if told.detail else ""
    detail += _wmi_error(told) if told.wmi else _wsman_fault(told, machine)
    side = "s:Sender" if told.sender else "s:Receiver"
    body = (
        f"<s:Fault><s:Code><s:Value>{side}</s:Value><s:Subcode><s:Value>w:{told.subcode}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en-US">{escape(told.reason)}</s:Text></s:Reason>'
        f"<s:Detail>{detail}</s:Detail></s:Fault>"
    )
    return _envelope("fault", _FAULT_ACTION, request_id, body, activity)


def _wsman_fault(told: Fault, machine: str) -> str:
    text = escape(told.message or told.reason)
    if told.provider:
        plugin = 'provider="Shell cmd plugin" path="%systemroot%\\system32\\winrscmd.dll"'
        text = f"<f:ProviderFault {plugin}>{text}</f:ProviderFault>"
    return (
        '<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" '
        f'Code="{told.code}" Machine="{machine}"><f:Message>{text}</f:Message></f:WSManFault>'
    )


def _wmi_error(told: Fault) -> str:
    """As recorded from a newer host: every element of the class in its order, most of them nil."""
    text, long, short = 'xsi:type="cim:cimString"', 'xsi:type="cim:cimUnsignedInt"', 'xsi:type="cim:cimUnsignedShort"'
    nil = f'{text} xsi:nil="true" /'
    hresult = f"HRESULT 0x{told.code:08x}"
    return (
        '<p:MSFT_WmiError b:IsCIM_Error="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xmlns:b="http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd" '
        'xmlns:p="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError" '
        'xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common" xsi:type="p:MSFT_WmiError_Type">'
        f"<p:CIMStatusCode {long}>27</p:CIMStatusCode><p:CIMStatusCodeDescription {nil}>"
        f"<p:ErrorSource {nil}><p:ErrorSourceFormat {short}>0</p:ErrorSourceFormat><p:ErrorType {short}>0</p:ErrorType>"
        f"<p:Message {text}>{escape(told.reason)}</p:Message><p:MessageID {text}>{hresult}</p:MessageID>"
        f"<p:OtherErrorSourceFormat {nil}><p:OtherErrorType {nil}><p:OwningEntity {nil}>"
        f"<p:PerceivedSeverity {short}>0</p:PerceivedSeverity><p:ProbableCause {short}>0</p:ProbableCause>"
        f"<p:ProbableCauseDescription {nil}><p:error_Category {long}>30</p:error_Category>"
        f"<p:error_Code {long}>{told.code}</p:error_Code><p:error_Type {text}>HRESULT</p:error_Type>"
        f"<p:error_WindowsErrorMessage {text}>{escape(told.reason)}</p:error_WindowsErrorMessage></p:MSFT_WmiError>"
    )


def identify() -> bytes:
    """What a host says of itself to anyone (header WSMANIDENTIFY: unauthenticated)."""
    identity = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"
    return (
        f'<s:Envelope xml:lang="en-US" xmlns:s="{NAMESPACES["s"]}"><s:Header/><s:Body>'
        f'<wsmid:IdentifyResponse xmlns:wsmid="{identity}"><wsmid:ProtocolVersion>{NAMESPACES["w"]}</wsmid:ProtocolVersion>'
        "<wsmid:ProductVendor>Microsoft Corporation</wsmid:ProductVendor>"
        "<wsmid:ProductVersion>OS: 0.0.0 SP: 0.0 Stack: 3.0</wsmid:ProductVersion>"
        "</wsmid:IdentifyResponse></s:Body></s:Envelope>"
    ).encode()


def _envelope(kind: str, action: str, relates_to: str, body: str, activity: bool) -> bytes:
    prefixes = _PREFIXES.get(kind, _USUAL_PREFIXES).split()
    declared = " ".join(f'xmlns:{prefix}="{NAMESPACES[prefix]}"' for prefix in prefixes)
    extra = f"<p:ActivityId>{new_id()}</p:ActivityId>" if activity else ""
    return (
        f'<s:Envelope xml:lang="en-US" {declared}><s:Header><a:Action>{action}</a:Action>'
        f"<a:MessageID>uuid:{new_id()}</a:MessageID>{extra}<a:To>{_ANONYMOUS}</a:To>"
        f"<a:RelatesTo>{escape(relates_to)}</a:RelatesTo></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()
