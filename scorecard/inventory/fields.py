"""The kinds of value that an inventory holds: how each is checked, and how it looks in the JSON Schema.

Every refusal is one sentence: what was expected, what was found, what to do. Where a secret could stand by mistake, what
was found is not quoted.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from difflib import get_close_matches
from enum import StrEnum
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from scorecard.colours import DARK_PAGE, LEAST_CONTRAST, LIGHT_PAGE, contrast, is_colour
from scorecard.marked_yaml import printable
from scorecard.model import Authentication, HostKeyPolicy, Platform, Proxy, ProxyKind, Role, SecretRef
from scorecard.secrets import BadReference, parse_reference

SAID = "said"  # the error type of our own sentences
MAX_NAME = 255
MAX_TEXT = 1000
MAX_LINES = 6
MAX_COMPARED = 1000  # looking for likeness among more names takes too long
_HOST = re.compile(r"[^\W_](?:[\w.-]*[\w])?\.?(?:%[\w.-]{1,32})?")
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")

T = TypeVar("T")


class PlatformChoice(StrEnum):
    WINDOWS = "windows"
    LINUX = "linux"
    MACOS = "macos"
    AUTO = "auto"

    def known(self) -> Platform | None:
        return None if self is PlatformChoice.AUTO else Platform(self.value)


class TransportChoice(StrEnum):
    SSH = "ssh"
    WINRM = "winrm"
    LOCAL = "local"
    REPLAY = "replay"


def refuse(message: str) -> PydanticCustomError:
    return PydanticCustomError(SAID, "{message}", {"message": message})


def found(value: object) -> str:
    """A value as a message names it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"the number {value}" if abs(value) < 1e15 else "a huge number"
    if isinstance(value, str):
        return f"'{printable(value, 40)}'" if value else "empty text"
    if isinstance(value, date):
        return f"the date {value.isoformat()}"
    return "a list" if isinstance(value, list | tuple) else "a mapping"


def kind_of(value: object) -> str:
    """The same without quoting, for places where a secret may stand by mistake."""
    if isinstance(value, str):
        return "text" if value else "empty text"
    return "a number" if isinstance(value, int | float) and not isinstance(value, bool) else found(value)


def _number(value: object) -> str:
    return "text; write the number alone, without quotes" if isinstance(value, str) else found(value)


def suggestion(value: str, known: Iterable[str]) -> str:
    """`; did you mean 'linux'?` or nothing."""
    lower = {name.lower(): name for name in known}
    if len(lower) > MAX_COMPARED:
        return ""
    close = get_close_matches(value[:MAX_NAME].lower(), list(lower), n=1, cutoff=0.6)
    return f"; did you mean '{printable(lower[close[0]])}'?" if close else ""


def _text(value: object, what: str, limit: int) -> str:
    if not isinstance(value, str):
        quotes = "; put it in quotes" if isinstance(value, bool | int | float | date) else ""
        raise refuse(f"expected {what}, found {found(value)}{quotes}")
    if not value:
        raise refuse(f"expected {what}, found empty text")
    if len(value) > limit:
        raise refuse(f"expected {what} of at most {limit} characters, found {len(value)}")
    if not value.isprintable():
        raise refuse(f"expected {what}, found text with control or invisible characters; remove them")
    return value


def _name(value: object) -> str:
    text = _text(value, "a name", MAX_NAME)
    if text != text.strip():
        raise refuse("expected a name, found one with spaces around it; remove them")
    return text


def _free_text(value: object) -> str:
    """One paragraph; line breaks become spaces."""
    return _text(" ".join(value.split()) if isinstance(value, str) else value, "text", MAX_TEXT)


def address_fault(text: str) -> str:
    """Why this is not an address to connect to; empty when it is one. Never quotes it: it may hold a password."""
    if "@" in text:
        return "has a user in it; put the user into a credential"
    if "://" in text or "/" in text:
        return "is a web or file address; write the host name or IP address alone"
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if ":" in bare or bare.replace(".", "").isdigit():
        try:
            ipaddress.ip_address(bare)
        except ValueError:
            host, _, port = bare.rpartition(":")
            joined = bool(host) and port.isdigit() and ":" not in host
            return "holds a port; put it under the key port" if joined else "is not a valid IP address"
        return ""
    return "" if _HOST.fullmatch(bare) else "is not a host name or IP address"


def _address(value: object) -> str:
    """Only the form of text is checked here: for `replay` an address is a file, so the rest follows with the transport."""
    text = _text(value, "a host name or IP address", MAX_NAME)
    if text != text.strip():
        raise refuse("expected a host name or IP address, found one with spaces around it; remove them")
    return text[1:-1] if text.startswith("[") and text.endswith("]") else text


def _host(value: object) -> str:
    if fault := address_fault(text := _address(value)):
        raise refuse(f"expected a host name or IP address, but this {fault}")
    return text


def _whole(value: object, low: int, high: int, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise refuse(f"expected {what} from {low} to {high}, found {_number(value)}")
    return value


def _port(value: object) -> int:
    return _whole(value, 1, 65535, "a port number")


def _keep_alive(value: object) -> int:
    return _whole(value, 0, 3600, "a whole number of seconds")


def _timeout(value: object) -> float:
    return _seconds(value, 0.1, 600)


def _start_gap(value: object) -> float:
    return _seconds(value, 0, 3600)


def _hours(value: object) -> float:
    return _amount(value, 0.1, 10_000, "a number of hours")


def _rate(value: object) -> float:
    return _amount(value, 0.01, 1_000_000, "a price for an hour")


def _amount(value: object, least: float, most: int, what: str) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(float(str(value))) or not least <= float(str(value)) <= most:
        raise refuse(f"expected {what} from {least:g} to {most:,}, found {_number(value)}")
    return float(str(value))


def _block(value: object) -> str:
    """Lines of an address as one text with line breaks."""
    lines = _listed(value, "text")
    if not lines or len(lines) > MAX_LINES:
        raise refuse(f"expected text or a list of 1 to {MAX_LINES} lines, found {len(lines)}")
    return "\n".join(_free_text(line) for line in lines)


def _accent(value: object) -> str:
    return _readable(value, LIGHT_PAGE, "white", "darker")


def _dark_accent(value: object) -> str:
    return _readable(value, DARK_PAGE, "the dark page", "lighter")


def _readable(value: object, page: str, called: str, way: str) -> str:
    if not isinstance(value, str) or not is_colour(value):
        raise refuse(f"expected a colour such as '#1a4fa3', in quotes, found {found(value)}")
    if (given := contrast(value, page)) < LEAST_CONTRAST:
        least = f"at least {LEAST_CONTRAST} to 1 on {called}"
        raise refuse(f"expected a colour with a contrast of {least}, found {value} with {given:.1f}; choose a {way} one")
    return value.lower()


def _currency(value: object) -> str:
    text = _text(value, "a currency such as EUR", 3)
    if not re.fullmatch(r"[A-Z]{3}", text):
        raise refuse(f"expected a currency such as EUR, in three capital letters, found {found(text)}")
    return text


def _max_parallel(value: object) -> int:
    return _whole(value, 1, 1000, "a number of endpoints")


def _seconds(value: object, least: float, most: float) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(float(str(value))) or not least <= float(str(value)) <= most:
        raise refuse(f"expected a number of seconds from {least:g} to {most:g}, found {_number(value)}")
    return float(str(value))


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise refuse(f"expected yes or no, found {kind_of(value)}")
    return value


def _one_of(kind: type[StrEnum]) -> Callable[[object], StrEnum]:
    known = [member.value for member in kind]

    def read(value: object) -> StrEnum:
        if isinstance(value, str) and value in known:
            return kind(value)
        hint = suggestion(value, known) if isinstance(value, str) else ""
        raise refuse(f"expected one of {', '.join(known)}, found {found(value)}{hint}")

    return read


def _date(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and _ISO_DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise refuse(f"expected a date such as 2026-01-31, found {found(value)}")


def _zone(value: object) -> str:
    text = _text(value, "a time zone such as Europe/London", MAX_NAME)
    try:
        ZoneInfo(text)
    except (ValueError, OSError, LookupError):  # not a path inside the database, a folder, or unknown
        hint = suggestion(text, available_timezones())
        raise refuse(f"expected a time zone such as Europe/London or UTC, found {found(text)}{hint}") from None
    return text


def _listed(value: object, what: str, split: str | None = None) -> list[object]:
    """A list, or a single text that stands for a list of one."""
    if isinstance(value, list):
        return value
    if isinstance(value, str):
        return [part.strip() for part in value.split(split)] if split else [value]
    raise refuse(f"expected {what} or a list of them, found {kind_of(value)}")


def _names(value: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_name(item) for item in _listed(value, "a name")))


def _file(value: object) -> str:
    if not isinstance(value, str):
        raise refuse(f"expected the path of a file, found {kind_of(value)}")
    return _text(value, "the path of a file", 4096)


def _files(value: object) -> tuple[str, ...]:
    return tuple(_file(item) for item in _listed(value, "the path of a file"))


def _secret(value: object) -> SecretRef:
    if isinstance(value, SecretRef):
        return value
    try:
        return parse_reference(value)
    except BadReference as error:
        raise refuse(str(error)) from None  # the cause would not leak either; it never quotes


def hop_parts(text: str) -> dict[str, object]:
    """`user@host:port` as a mapping. Never quotes what it refuses: people put passwords here."""
    user, at, rest = text.rpartition("@")
    if (at and not user) or ":" in user or "@" in user or "/" in text:
        raise refuse("expected user@host:port, with user and port optional; a password belongs into a credential")
    host, port = rest, ""
    if rest.startswith("["):
        host, _, port = rest[1:].partition("]")
        port = port.removeprefix(":")
    elif rest.count(":") == 1:
        host, _, port = rest.partition(":")
    parts: dict[str, object] = {"address": host}
    if user:
        parts["user"] = user
    if port:
        parts["port"] = int(port) if port.isascii() and port.isdigit() and len(port) <= 5 else port
    return parts


def _proxy(value: object) -> Proxy | None:
    """`socks5://host:port` or `http://host:port`; `none` takes one of a level above away. Never quotes what it refuses:
    people put passwords here."""
    what = "socks5://host:port or http://host:port"
    if value == "none":
        return None
    if not isinstance(value, str):
        raise refuse(f"expected {what}, or none, found {kind_of(value)}")
    scheme, given, rest = value.partition("://")
    kinds = [kind.value for kind in ProxyKind]
    if not given:
        raise refuse(f"expected {what}, found text without {' or '.join(f'{kind}://' for kind in kinds)} at its start")
    if scheme not in kinds:
        raise refuse(f"expected {what}; no other kind of proxy can be used")
    rest = rest.removesuffix("/")
    if "@" in rest:
        raise refuse(f"expected {what}, without a user or a password: a proxy is given none")
    bracketed = re.fullmatch(r"\[([^\]]*)\]:([^:]*)", rest)
    address, port = bracketed.groups() if bracketed else rest.partition(":")[::2]
    return Proxy(ProxyKind(scheme), _host(address), _proxy_port(port))


def _proxy_port(text: str) -> int:
    if not text:
        raise refuse("expected socks5://host:port or http://host:port, but the port is missing")
    if not (text.isascii() and text.isdigit() and 0 < int(text[:6]) <= 65535):
        raise refuse("expected socks5://host:port or http://host:port, but the port is not a number from 1 to 65535")
    return int(text)


def hops_listed(value: object) -> object:
    """A chain of hops as a list: one text with commas, one mapping, or a list; `none` is an empty chain."""
    if value == "none":
        return []
    if isinstance(value, dict):
        return [value]
    return _listed(value, "user@host:port", split=",")


def _schema(**schema: Any) -> WithJsonSchema:
    return WithJsonSchema(schema)


_NAME_SCHEMA = {"type": "string", "minLength": 1, "maxLength": MAX_NAME}
_SECRET_SCHEMA = {
    "anyOf": [
        {"type": "string", "pattern": r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+|keyring:.+/.+|prompt)$"},
        {
            "type": "object",
            "properties": {"command": {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1}},
            "required": ["command"],
            "additionalProperties": False,
        },
    ]
}


def _choice(kind: type[StrEnum]) -> tuple[BeforeValidator, WithJsonSchema]:
    return BeforeValidator(_one_of(kind)), _schema(enum=[member.value for member in kind])


# None stands for "not set": defaults are not validated, and a written null is refused.
Name = Annotated[str, BeforeValidator(_name), _schema(**_NAME_SCHEMA)]
MaybeName = Annotated[str | None, BeforeValidator(_name), _schema(**_NAME_SCHEMA)]
Text = Annotated[str, BeforeValidator(_free_text), _schema(type="string", minLength=1, maxLength=MAX_TEXT)]
MaybeText = Annotated[str | None, BeforeValidator(_free_text), _schema(type="string", minLength=1, maxLength=MAX_TEXT)]
Host = Annotated[str, BeforeValidator(_host), _schema(**_NAME_SCHEMA)]
MaybeAddress = Annotated[str | None, BeforeValidator(_address), _schema(**_NAME_SCHEMA)]
MaybePort = Annotated[int | None, BeforeValidator(_port), _schema(type="integer", minimum=1, maximum=65535)]
MaybeKeepAlive = Annotated[int | None, BeforeValidator(_keep_alive), _schema(type="integer", minimum=0, maximum=3600)]
MaybeTimeout = Annotated[float | None, BeforeValidator(_timeout), _schema(type="number", minimum=0.1, maximum=600)]
Flag = Annotated[bool, BeforeValidator(_flag), _schema(type="boolean")]
MaybeStartGap = Annotated[float | None, BeforeValidator(_start_gap), _schema(type="number", minimum=0, maximum=3600)]
MaybeParallel = Annotated[int | None, BeforeValidator(_max_parallel), _schema(type="integer", minimum=1, maximum=1000)]
Hours = Annotated[float, BeforeValidator(_hours), _schema(type="number", minimum=0.1, maximum=10_000)]
MaybeRate = Annotated[float | None, BeforeValidator(_rate), _schema(type="number", minimum=0.01, maximum=1_000_000)]
MaybeCurrency = Annotated[str | None, BeforeValidator(_currency), _schema(type="string", pattern=r"^[A-Z]{3}$")]
MaybeBlock = Annotated[
    str | None,
    BeforeValidator(_block),
    _schema(
        anyOf=[
            {"type": "string", "minLength": 1, "maxLength": MAX_TEXT},
            {
                "type": "array",
                "items": {"type": "string", "minLength": 1, "maxLength": MAX_TEXT},
                "minItems": 1,
                "maxItems": MAX_LINES,
            },
        ]
    ),
]
MaybeAccent = Annotated[str | None, BeforeValidator(_accent), _schema(type="string", pattern=r"^#[0-9a-fA-F]{6}$")]
MaybeDarkAccent = Annotated[str | None, BeforeValidator(_dark_accent), _schema(type="string", pattern=r"^#[0-9a-fA-F]{6}$")]
MaybeFlag = Annotated[bool | None, BeforeValidator(_flag), _schema(type="boolean")]
Day = Annotated[date, BeforeValidator(_date), _schema(type="string", format="date")]
MaybeDay = Annotated[date | None, BeforeValidator(_date), _schema(type="string", format="date")]
MaybeZone = Annotated[str | None, BeforeValidator(_zone), _schema(type="string", minLength=1)]
Names = Annotated[
    tuple[str, ...],
    BeforeValidator(_names),
    _schema(anyOf=[_NAME_SCHEMA, {"type": "array", "items": _NAME_SCHEMA}]),
]
MaybeFile = Annotated[str | None, BeforeValidator(_file), _schema(type="string", minLength=1)]
MaybeFiles = Annotated[
    tuple[str, ...] | None,
    BeforeValidator(_files),
    _schema(anyOf=[{"type": "string", "minLength": 1}, {"type": "array", "items": {"type": "string", "minLength": 1}}]),
]
MaybeSecret = Annotated[SecretRef | None, BeforeValidator(_secret), _schema(**_SECRET_SCHEMA)]
MaybePlatform = Annotated[PlatformChoice | None, *_choice(PlatformChoice)]
MaybeTransport = Annotated[TransportChoice | None, *_choice(TransportChoice)]
MaybeRole = Annotated[Role | None, *_choice(Role)]
MaybePolicy = Annotated[HostKeyPolicy | None, *_choice(HostKeyPolicy)]
MaybeAuthentication = Annotated[Authentication | None, *_choice(Authentication)]
MaybeProxy = Annotated[
    Proxy | None,
    BeforeValidator(_proxy),
    _schema(type="string", pattern=r"^(none|(socks5|http)://[^@/]+:[0-9]{1,5}/?)$"),
]
