"""The kinds of value that say where an endpoint is and what lies on the way: addresses, ports, hops, proxies."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated

from pydantic import BeforeValidator

from scorecard.inventory import values as read
from scorecard.model import Proxy, ProxyKind

_HOST = re.compile(r"[^\W_](?:[\w.-]*[\w])?\.?(?:%[\w.-]{1,32})?")


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
    text = read.text_of(value, "a host name or IP address", read.MAX_NAME)
    if text != text.strip():
        raise read.refuse("expected a host name or IP address, found one with spaces around it; remove them")
    return text[1:-1] if text.startswith("[") and text.endswith("]") else text


def _host(value: object) -> str:
    if fault := address_fault(text := _address(value)):
        raise read.refuse(f"expected a host name or IP address, but this {fault}")
    return text


def _port(value: object) -> int:
    return read.whole(value, 1, 65535, "a port number")


def hop_parts(text: str) -> dict[str, object]:
    """`user@host:port` as a mapping. Never quotes what it refuses: people put passwords here."""
    user, at, rest = text.rpartition("@")
    if (at and not user) or ":" in user or "@" in user or "/" in text:
        raise read.refuse("expected user@host:port, with user and port optional; a password belongs into a credential")
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
        raise read.refuse(f"expected {what}, or none, found {read.kind_of(value)}")
    scheme, given, rest = value.partition("://")
    kinds = [kind.value for kind in ProxyKind]
    if not given:
        raise read.refuse(f"expected {what}, found text without {' or '.join(f'{kind}://' for kind in kinds)} at its start")
    if scheme not in kinds:
        raise read.refuse(f"expected {what}; no other kind of proxy can be used")
    rest = rest.removesuffix("/")
    if "@" in rest:
        raise read.refuse(f"expected {what}, without a user or a password: a proxy is given none")
    bracketed = re.fullmatch(r"\[([^\]]*)\]:([^:]*)", rest)
    address, port = bracketed.groups() if bracketed else rest.partition(":")[::2]
    return Proxy(ProxyKind(scheme), _host(address), _proxy_port(port))


def _proxy_port(text: str) -> int:
    if not text:
        raise read.refuse("expected socks5://host:port or http://host:port, but the port is missing")
    if not (text.isascii() and text.isdigit() and 0 < int(text[:6]) <= 65535):
        raise read.refuse("expected socks5://host:port or http://host:port, but the port is not a number from 1 to 65535")
    return int(text)


def hops_listed(value: object) -> object:
    """A chain of hops as a list: one text with commas, one mapping, or a list; `none` is an empty chain."""
    if value == "none":
        return []
    if isinstance(value, dict):
        return [value]
    return read.listed(value, "user@host:port", split=",")


Host = Annotated[str, BeforeValidator(_host), read.schema(**read.NAME_SCHEMA)]
MaybeAddress = Annotated[str | None, BeforeValidator(_address), read.schema(**read.NAME_SCHEMA)]
MaybePort = Annotated[int | None, BeforeValidator(_port), read.schema(type="integer", minimum=1, maximum=65535)]
MaybeProxy = Annotated[
    Proxy | None,
    BeforeValidator(_proxy),
    read.schema(type="string", pattern=r"^(none|(socks5|http)://[^@/]+:[0-9]{1,5}/?)$"),
]
