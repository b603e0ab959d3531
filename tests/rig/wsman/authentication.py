"""Who is at the other end of a connection: Negotiate with NTLM, SPNEGO or Kerberos, Basic over TLS, and sealed messages.

As on Windows, authentication belongs to the TCP connection and not to the request.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import spnego
import spnego.channel_bindings
from spnego.exceptions import SpnegoError

from tests.rig.wsman.kerberos import Acceptor, Context, Refused, is_kerberos

_BOUNDARY = b"--Encrypted Boundary"
_PROTOCOLS = (b"application/HTTP-SPNEGO-session-encrypted", b"application/HTTP-Kerberos-session-encrypted")
# The acceptor learns where its accounts are from the environment alone: one server at a time may point it at its own.
_ACCOUNTS_LOCK = threading.Lock()

# What the acceptor lets through when a token is damaged.
_DAMAGED = (SpnegoError, ValueError, LookupError, ArithmeticError, StopIteration, struct.error)


class UnsealedError(Exception):
    """A message that is not sealed for this connection."""


@dataclass(frozen=True)
class Accounts:
    """The accounts of one host: `CORP\\name` is the domain's, a name without a domain is a local one."""

    passwords: Mapping[str, str]
    hostname: str
    domain: str
    file: Path

    def write(self) -> None:
        """One line for every form of a name that a client may send."""
        lines = []
        for account, password in self.passwords.items():
            if ":" in account + password:
                raise ValueError("the account file has no place for a colon")
            domain, _, name = account.rpartition("\\")
            if domain:
                forms = [(domain, name), ("", f"{name}@{self.domain or domain}"), (self.domain, name)]
            else:
                forms = [("", name), (self.hostname, name), (".", name)]
            lines += [f"{place}:{user}:{password}\n" for place, user in forms]
        self.file.touch(mode=0o600)
        self.file.write_text("".join(lines), encoding="utf-8")

    def basic(self, name: str, password: str) -> bool:
        """Windows takes Basic from local accounts only."""
        local = name.removeprefix(f"{self.hostname}\\").removeprefix(".\\")
        known = None if "\\" in local else self.passwords.get(local)
        return known is not None and hmac.compare_digest(known.encode(), password.encode())

    @contextmanager
    def chosen(self) -> Iterator[None]:
        with _ACCOUNTS_LOCK:
            before = os.environ.get("NTLM_USER_FILE")
            os.environ["NTLM_USER_FILE"] = str(self.file)
            try:
                yield
            finally:
                if before is None:
                    del os.environ["NTLM_USER_FILE"]
                else:
                    os.environ["NTLM_USER_FILE"] = before


@dataclass(frozen=True)
class Step:
    """What a header of authorisation came to: the account, or a token to send back, or neither where it was refused."""

    user: str = ""
    token: bytes | None = None


class Login:
    """The authentication of one connection."""

    def __init__(self, accounts: Accounts, certificate: bytes | None, kerberos: Acceptor | None) -> None:
        self._accounts = accounts
        self._certificate = certificate
        self._kerberos = kerberos
        self._context: spnego.ContextProxy | Context | None = None
        self.user = ""
        self.scheme = ""

    def step(self, header: str) -> Step:
        scheme, _, credentials = header.partition(" ")
        self.user = ""
        try:
            sent = base64.b64decode(credentials.encode("ascii"), validate=True)
        except (binascii.Error, ValueError):
            return Step()
        match scheme.lower():
            case "basic" if self._certificate is not None:
                return self._basic(sent)
            case "negotiate" | "kerberos":
                return self._negotiate(sent)
            case _:
                return Step()

    def _basic(self, sent: bytes) -> Step:
        name, _, password = sent.decode("utf-8", errors="replace").partition(":")
        self._context = None
        if self._accounts.basic(name, password):
            self.user, self.scheme = name, "Basic"
        return Step(self.user)

    def _negotiate(self, sent: bytes) -> Step:
        context = self._context
        if context is None or context.complete:
            context = self._new_context(sent)
        self._context = None
        try:
            with self._accounts.chosen():
                token = context.step(sent)
        except Refused as error:
            return Step("", error.token)
        except _DAMAGED:
            return Step()
        self._context = context
        if context.complete:
            self.user, self.scheme = context.client_principal or "someone", "Negotiate"
        return Step(self.user, token)

    def _new_context(self, sent: bytes) -> spnego.ContextProxy | Context:
        certificate = self._certificate
        binding = None if certificate is None else b"tls-server-end-point:" + hashlib.sha256(certificate).digest()
        if self._kerberos and is_kerberos(sent):
            return self._kerberos.context(binding)
        bindings = None if binding is None else spnego.channel_bindings.GssChannelBindings(application_data=binding)
        with self._accounts.chosen():
            return spnego.server(
                protocol="ntlm" if sent.startswith(b"NTLMSSP\0") else "negotiate", channel_bindings=bindings
            )

    def close(self) -> None:
        if isinstance(self._context, Context):
            self._context.forget()

    def unseal(self, body: bytes) -> bytes:
        """The clear text of a multipart/encrypted body, taken apart by length. Raises UnsealedError."""
        if self._context is None or not self._context.complete:
            raise UnsealedError("no context on this connection")
        clear = b""
        while not body.startswith(_BOUNDARY + b"--"):
            part, body = self._unseal_part(body)
            clear += part
        return clear

    def _unseal_part(self, body: bytes) -> tuple[bytes, bytes]:
        head = re.match(
            rb"--Encrypted Boundary\r\n\tContent-Type: ([^\r]+)\r\n"
            rb"\tOriginalContent: type=application/soap\+xml;charset=UTF-8;Length=(\d+)\r\n"
            rb"--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n",
            body,
        )
        if not head or head[1] not in _PROTOCOLS or self._context is None:
            raise UnsealedError("not a sealed message")
        rest = body[head.end() :]
        size, length = int.from_bytes(rest[:4], "little"), int(head[2])
        end = 4 + size + length
        if not rest[end:].startswith(_BOUNDARY):
            raise UnsealedError("the length does not fit")
        try:
            clear = self._context.unwrap_winrm(rest[4 : 4 + size], rest[4 + size : end])
        except (SpnegoError, Refused, ValueError) as error:
            raise UnsealedError("sealed for another context") from error
        return clear, rest[end:]

    def seal(self, clear: bytes) -> bytes:
        if self._context is None:
            raise UnsealedError("no context on this connection")
        sealed = self._context.wrap_winrm(clear)
        return b"".join(
            (
                _BOUNDARY,
                b"\r\n\tContent-Type: " + _PROTOCOLS[0],
                b"\r\n\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=%d\r\n" % len(clear),
                _BOUNDARY,
                b"\r\n\tContent-Type: application/octet-stream\r\n",
                struct.pack("<i", len(sealed.header)),
                sealed.header,
                sealed.data,
                _BOUNDARY + b"--\r\n",
            )
        )
