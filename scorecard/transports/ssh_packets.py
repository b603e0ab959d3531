"""Packets of SSH as we read them: bounded in size, read ahead, and ended where they bring nothing.

Methods of paramiko's Packetizer are overridden, some with a leading underscore, each only to keep or bound something on its
way to the original.
"""

from __future__ import annotations

import socket
import time
from typing import Any

import paramiko
from paramiko.common import MSG_CHANNEL_DATA, MSG_CHANNEL_EXTENDED_DATA
from paramiko.message import Message
from paramiko.packet import NeedRekeyException, Packetizer

_MAX_BANNER_BYTES = 32 * 1024
# OpenSSH sends at most 256 KiB in a packet; paramiko would gather up to 4 GiB.
_MAX_PACKET_BYTES = 1024 * 1024
_AHEAD_BYTES = 32 * 1024
# paramiko reads the greeting in pieces of 128 bytes; what came behind it is handed out with the first packets.
_WITH_GREETING_BYTES = 256
# So much may come that is no output of a channel, and for each channel so much more; output pays for what comes with it.
_BESIDE_BYTES = 1024 * 1024
_BESIDE_A_CHANNEL_BYTES = 64 * 1024
_PAYS_FOR = 10  # bytes of packets by a byte of output: lines of ten characters are packets of 100 at most
_STDERR = b"\x00\x00\x00\x01"


class WireError(paramiko.SSHException):
    """The other side sent something that cannot be read; stands for whatever exception that was in paramiko."""


class Packets(Packetizer):
    """Bounds what is read. The handshake's timer is left out: it would be a thread a connection (we have a watchdog)."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self.first_bytes = b""
        self._sending_since: float | None = None
        self._banner_bytes = 0
        self._sock = sock
        self._ahead = b""
        self._ahead_at = 0
        self._read_the_old_way = 0
        self.flooded = False
        self._beside_bytes = 0
        self._may_be_beside_bytes = _BESIDE_BYTES

    def start_handshake(self, _timeout: float) -> None:
        return

    def handshake_timed_out(self) -> bool:
        return False

    def complete_handshake(self) -> None:
        return

    def write_all(self, out: Any) -> None:
        """One thread at a time; waits for as long as the other side takes nothing."""
        self._sending_since = time.monotonic()
        super().write_all(out)
        self._sending_since = None

    @property
    def stuck_s(self) -> float:
        """For how long it has been trying to send one packet."""
        since = self._sending_since
        return 0.0 if since is None else time.monotonic() - since

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

    def read_message(self) -> tuple[int, Message]:
        """SSH_MSG_IGNORE, requests to be refused and the like cost as much time as output does, and never reach whoever
        counts that."""
        kind, message = super().read_message()
        if kind == MSG_CHANNEL_DATA:
            self._pay(message.packet.getbuffer().nbytes - 8)
        elif kind == MSG_CHANNEL_EXTENDED_DATA:
            content = message.packet.getbuffer()
            if content[4:8] == _STDERR:  # of anything else paramiko hands on nothing
                self._pay(content.nbytes - 12)
        return kind, message

    def _pay(self, output_bytes: int) -> None:
        """Nothing is saved up: a flood may begin after an answer as well."""
        self._beside_bytes = max(self._beside_bytes - _PAYS_FOR * output_bytes, 0)

    def expect_channel(self) -> None:
        """What opens and closes it, and how it goes on in between, has to be said. One thread at a time."""
        self._may_be_beside_bytes += _BESIDE_A_CHANNEL_BYTES

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
            self._beside_bytes += len(more)
            if self._beside_bytes > self._may_be_beside_bytes:
                self.flooded = True
                raise WireError("a flood of messages that bring nothing")
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
