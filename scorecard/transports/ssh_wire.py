"""paramiko's Transport as we use it: one list of algorithms, silent, bounded, with what it heard kept for our messages.

Some methods with a leading underscore are overridden, each only to keep or bound something on its way to the original;
without them logins would still work, with poorer messages (the tests notice).
"""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Sequence
from typing import Any
from weakref import WeakSet

import paramiko
from paramiko.auth_handler import AuthHandler
from paramiko.common import MSG_CHANNEL_CLOSE, cMSG_CHANNEL_CLOSE
from paramiko.message import Message

from scorecard.reading import clean
from scorecard.transports.ssh_packets import Packets, WireError
from scorecard.transports.ssh_tunnel import Tunnel, end

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


class TunnelRefused(paramiko.SSHException):
    """The server opened no tunnel. `code` as in RFC 4254 5.1; `said`: its words, made harmless."""

    def __init__(self, code: int, said: str) -> None:
        super().__init__(said)
        self.code = code
        self.said = said


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


def _closed_over_there(channel: paramiko.Channel, message: Message) -> None:
    """paramiko's answer, except to a tunnel's end: that is its owner's to give (see ssh_tunnel)."""
    wire = channel.get_transport()
    if isinstance(wire, Wire) and wire.tunnelled(channel):
        end(channel)
        return
    own: Any = channel
    own._handle_close(message)


class Wire(paramiko.Transport):
    """One SSH connection over a socket or over another connection's channel."""

    # A connection is ended by shutting its socket, which wakes the reader: it need not look ten times a second.
    _active_check_timeout = 5.0

    packetizer: Packets

    def __init__(self, sock: socket.socket | Tunnel, known_kinds: Sequence[str]) -> None:
        """`known_kinds`: host key types that we know of this host. They are asked for first, so that a host which
        also has other keys shows the one that we can check."""
        self._host_keys = _host_key_order(known_kinds)
        self.key_exchange = ""
        self.last_words = ""
        self._opening = threading.local()
        self._refused: dict[int, TunnelRefused] = {}
        self._tunnels: WeakSet[paramiko.Channel] = WeakSet()
        own: Any = self
        own._channel_handler_table = {**own._channel_handler_table, MSG_CHANNEL_CLOSE: _closed_over_there}
        stream: Any = sock  # a tunnel has what paramiko asks of a socket
        super().__init__(stream, packetizer_class=Packets)

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

    @property
    def flooded(self) -> bool:
        """It was ended because of what came over it."""
        return self.packetizer.flooded

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

    def open_tunnel(self, address: str, port: int, limit_s: float) -> Tunnel:
        """From the server to an address; may be called by many threads at once. Raises TunnelRefused.

        paramiko keeps one exception a connection, so that of two threads that are refused one gets the other's reason
        and the other none: each refusal is kept by its channel here.
        """
        self._opening.number = None
        try:
            limit_s = max(limit_s, 0.05)
            channel = self.open_channel("direct-tcpip", (address, port), ("127.0.0.1", 0), timeout=limit_s)
        except (paramiko.SSHException, EOFError, OSError):
            refused = self._refused.pop(self._opening.number, None)
            self._forget(self._opening.number)
            if refused is not None:
                raise refused from None
            raise
        self._tunnels.add(channel)
        return Tunnel(channel)

    def tunnelled(self, channel: paramiko.Channel) -> bool:
        return channel in self._tunnels

    def _forget(self, number: int | None) -> None:
        """What comes for this channel later is nobody's."""
        own: Any = self
        with self.lock:
            own.channel_events.pop(number, None)
            own._channels.delete(number)

    def _next_channel(self) -> int:
        """Called by the thread that opens the channel."""
        original: Any = super()
        number = int(original._next_channel())
        self.packetizer.expect_channel()
        self._opening.number = number
        return number

    def _parse_channel_open_success(self, m: Message) -> None:
        """One that comes after its time is closed: nobody here holds it, and over there it stands open."""
        number, theirs = m.get_int(), m.get_int()
        m.rewind()
        if self._channels.get(number) is None:  # type: ignore[attr-defined]  # the stubs leave it out
            close = Message()
            close.add_byte(cMSG_CHANNEL_CLOSE)
            close.add_int(theirs)
            original: Any = super()
            original._send_message(close)
            return
        original = super()
        original._parse_channel_open_success(m)

    def _parse_channel_open_failure(self, m: Message) -> None:
        number, code = m.get_int(), m.get_int()
        self.last_words = clean(m.get_text(), 200)
        if number in self.channel_events:
            self._refused[number] = TunnelRefused(code, self.last_words)
        m.rewind()
        original: Any = super()
        original._parse_channel_open_failure(m)


def _host_key_order(known_kinds: Sequence[str]) -> tuple[str, ...]:
    kinds = dict.fromkeys([kind for kind in known_kinds if kind in _HOST_KEYS] + list(_HOST_KEYS))
    return tuple(algorithm for kind in kinds for algorithm in _HOST_KEYS[kind])
