"""paramiko's Transport as we use it: one list of algorithms, silent, bounded, with what it heard kept for our messages.

Some methods with a leading underscore are overridden, each only to keep or bound something on its way to the original;
without them logins would still work, with poorer messages (the tests notice).
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Sequence
from typing import Any

import paramiko
from paramiko.auth_handler import AuthHandler
from paramiko.message import Message
from paramiko.packet import NeedRekeyException, Packetizer

from scorecard.reading import clean

_MAX_BANNER_BYTES = 32 * 1024
# OpenSSH sends at most 256 KiB in a packet; paramiko would gather up to 4 GiB.
_MAX_PACKET_BYTES = 1024 * 1024
_AHEAD_BYTES = 32 * 1024
# paramiko reads the greeting in pieces of 128 bytes; what came behind it is handed out with the first packets.
_WITH_GREETING_BYTES = 256

# Cheap curves first; the Diffie-Hellman groups cost 10 to 35 times the CPU (performance.md) and come last.
_KEY_EXCHANGES = (
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group-exchange-sha256",
)
_CIPHERS = (
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "aes128-ctr",
    "aes256-ctr",
    "aes192-ctr",
)
_MACS = (
    "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-512-etm@openssh.com",
    "hmac-sha2-256",
    "hmac-sha2-512",
    "hmac-sha1",
)
# Algorithms by the type of the host key that they prove.
_HOST_KEYS = {
    "ssh-ed25519": ("ssh-ed25519",),
    "ecdsa-sha2-nistp256": ("ecdsa-sha2-nistp256",),
    "ecdsa-sha2-nistp384": ("ecdsa-sha2-nistp384",),
    "ecdsa-sha2-nistp521": ("ecdsa-sha2-nistp521",),
    "ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256"),
}


def silence() -> None:
    """paramiko logs user names and what machines say; none of it is for our users' logs."""
    logger = logging.getLogger("paramiko")
    logger.setLevel(logging.CRITICAL + 1)
    logger.propagate = False
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


silence()


class WireError(paramiko.SSHException):
    """The other side sent something that cannot be read; stands for whatever exception that was in paramiko."""


class _Packets(Packetizer):
    """Bounds what is read. The handshake's timer is left out: it would be a thread a connection (we have a watchdog)."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self.first_bytes = b""
        self._banner_bytes = 0
        self._sock = sock
        self._ahead = b""
        self._ahead_at = 0
        self._read_the_old_way = 0

    def start_handshake(self, _timeout: float) -> None:
        return

    def handshake_timed_out(self) -> bool:
        return False

    def complete_handshake(self) -> None:
        return

    def read_all(self, n: int, check_rekey: bool = False) -> bytes:
        """Exactly `n` bytes, out of what was read ahead: paramiko asks the system twice for each packet, and for nothing
        else is a small packet so dear."""
        if n > _MAX_PACKET_BYTES:
            raise WireError("a packet is too large")
        if self._read_the_old_way < _WITH_GREETING_BYTES:
            self._read_the_old_way += n
            return super().read_all(n, check_rekey)
        if self._ahead_at + n > len(self._ahead):
            self._read_ahead(n, check_rekey)
        start = self._ahead_at
        self._ahead_at = start + n
        return self._ahead[start : start + n]

    def _read_ahead(self, n: int, check_rekey: bool) -> None:
        data = self._ahead[self._ahead_at :]
        while len(data) < n:
            try:
                more = self._sock.recv(_AHEAD_BYTES)
            except TimeoutError:
                self._looked_in_vain(check_rekey and not data)
                continue
            except OSError as error:
                if self.closed:
                    raise EOFError from error
                raise
            if not more:
                raise EOFError
            data += more
        self._ahead, self._ahead_at = data, 0

    def _looked_in_vain(self, may_rekey: bool) -> None:
        """What paramiko does whenever nothing came for a while."""
        if self.closed:
            raise EOFError
        if may_rekey and self.need_rekey():
            raise NeedRekeyException
        original: Any = super()
        original._check_keepalive()

    def _read_timeout(self, timeout: float) -> bytes:
        """Reads the greeting, before there are packets."""
        original: Any = super()
        data = bytes(original._read_timeout(timeout))
        if len(self.first_bytes) < 512:
            self.first_bytes += data[:512]
        self._banner_bytes += len(data)
        if self._banner_bytes > _MAX_BANNER_BYTES:
            raise WireError("the greeting is too long")
        return data


class Login(AuthHandler):
    """Keeps what the server says with each refusal and the last words meant for the user, which paramiko drops."""

    def __init__(self, wire: Wire) -> None:
        super().__init__(wire)
        self.offered: tuple[str, ...] = ()
        self.partial = False
        self.said = ""

    def _parse_userauth_banner(self, m: Message) -> None:
        self.said = clean(m.get_binary().decode("utf-8", errors="replace").replace("\n", " "), 200)

    def _parse_userauth_failure(self, m: Message) -> None:
        self.offered = tuple(name for name in m.get_list() if name)
        self.partial = m.get_boolean()
        m.rewind()
        original: Any = super()
        original._parse_userauth_failure(m)


class Wire(paramiko.Transport):
    """One SSH connection over a socket or over another connection's channel."""

    # A connection is ended by shutting its socket, which wakes the reader: it need not look ten times a second.
    _active_check_timeout = 5.0

    packetizer: _Packets

    def __init__(self, sock: socket.socket | paramiko.Channel, known_kinds: Sequence[str]) -> None:
        """`known_kinds`: host key types that we know of this host. They are asked for first, so that a host which
        also has other keys shows the one that we can check."""
        self._host_keys = _host_key_order(known_kinds)
        self.key_exchange = ""
        self.last_words = ""
        super().__init__(sock, packetizer_class=_Packets)

    @property
    def preferred_kex(self) -> Sequence[str]:
        return _KEY_EXCHANGES

    @property
    def preferred_ciphers(self) -> Sequence[str]:
        return _CIPHERS

    @property
    def preferred_macs(self) -> Sequence[str]:
        return _MACS

    @property
    def preferred_keys(self) -> Sequence[str]:
        return self._host_keys

    def foreign_greeting(self) -> str:
        """The first line of a peer that greeted with something else than SSH, for messages."""
        text = self.packetizer.first_bytes.decode("utf-8", errors="replace")
        line = next((line for raw in text.splitlines() if (line := clean(raw, 100))), "")
        return "" if line.startswith("SSH-") else line

    def get_exception(self) -> Exception | None:
        """Only exceptions of three families: whatever a hostile peer provoked elsewhere becomes a WireError."""
        error = super().get_exception()
        if error is None or isinstance(error, paramiko.SSHException | EOFError | OSError):
            return error
        return WireError(type(error).__name__)

    def begin_login(self) -> Login:
        login = Login(self)
        self.auth_handler = login
        return login

    def _log(self, *_: object) -> None:
        return

    def _verify_key(self, host_key: bytes, sig: bytes) -> None:
        self.key_exchange = getattr(self.kex_engine, "name", "")
        original: Any = super()
        original._verify_key(host_key, sig)

    def _parse_disconnect(self, m: Message) -> None:
        m.get_int()
        self.last_words = clean(m.get_text(), 200)

    def _parse_channel_open_failure(self, m: Message) -> None:
        m.get_int()
        m.get_int()
        self.last_words = clean(m.get_text(), 200)
        m.rewind()
        original: Any = super()
        original._parse_channel_open_failure(m)


def _host_key_order(known_kinds: Sequence[str]) -> tuple[str, ...]:
    kinds = dict.fromkeys([kind for kind in known_kinds if kind in _HOST_KEYS] + list(_HOST_KEYS))
    return tuple(algorithm for kind in kinds for algorithm in _HOST_KEYS[kind])
