"""A connection through another SSH connection, which others share: what one of them does must never end it.

sshd ends the whole connection when data comes for a channel that was closed. paramiko makes that possible: it prepares a
packet under a channel's lock and sends it after letting go of the lock, so that another thread's close may overtake it, or
the answer to a close from over there. Here both sending and closing hold one lock, and only the owner closes.
"""

from __future__ import annotations

import threading

import paramiko

# A sender that waits for room lets others have their turn so often.
_TURN_S = 1.0


class Tunnel:
    """What a socket is to an SSH connection of our own that runs through it."""

    def __init__(self, channel: paramiko.Channel) -> None:
        self._channel = channel
        self._turn = threading.Lock()
        self._let_go = False

    def settimeout(self, seconds: float | None) -> None:
        self._channel.settimeout(_TURN_S if seconds is None else min(seconds, _TURN_S))

    def send(self, data: bytes) -> int:
        with self._turn:
            return self._channel.send(data)

    def recv(self, count: int) -> bytes:
        return b"" if self._let_go else self._channel.recv(count)

    def let_go(self) -> None:
        """Have whoever reads see the end, whatever else has come. Never blocks and sends nothing: closing may do both."""
        self._let_go = True
        end(self._channel)

    def close(self) -> None:
        with self._turn:
            self._channel.close()


def end(channel: paramiko.Channel) -> None:
    """Nothing more will come. The owner then closes the channel."""
    channel.in_buffer.close()
