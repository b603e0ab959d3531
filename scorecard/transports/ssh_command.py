"""Running the script: one session channel, `sh -s`, the script on standard input, both outputs read in one loop.

`sh -s` is read alike by every login shell (linux.md 6.1). There is no terminal and nothing is forwarded.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

import paramiko
from paramiko.common import cMSG_CHANNEL_REQUEST

from scorecard.bundle import Bundle
from scorecard.errors import FailureKind, TransportError
from scorecard.transports.reply import Ended, Heard, Listener
from scorecard.transports.ssh_wire import Wire
from scorecard.transports.watchdog import Deadline

COMMAND = "sh -s"
_CHUNK_BYTES = 64 * 1024
# Time to stop the command and close before the watchdog does it for us.
_STOP_EARLY_S = 0.25
_EXIT_CODE_WAIT_S = 1.0
# So many packets may wait to be read (well below the window, which must not close), and for so long.
_PACKETS_AT_ONCE = 32
_LOOK_EVERY_S = 1.0


def run_script(wire: Wire, where: str, bundle: Bundle, marker: str, deadline: Deadline) -> Heard:
    """Raises TransportError when the command was not even started."""
    channel = _open(wire, where, deadline)
    try:
        started = _start(channel, wire, where, partial(bundle.script, marker), deadline)
        listener = Listener(marker)
        ended = _listen(channel, listener, deadline) if started else Ended.CLOSED
        as_of = datetime.now(UTC)
        if ended in (Ended.DEADLINE, Ended.TOO_LARGE, Ended.NOISE):
            _stop(channel, wire)
        elif ended is Ended.CLOSED and not wire.is_active() and not channel.eof_received:
            ended = Ended.LOST
        if ended is Ended.LOST and wire.flooded:
            ended = Ended.FLOOD
        return listener.heard(ended, as_of, _exit_code(channel, deadline) if ended is Ended.CLOSED else None)
    finally:
        with suppress(paramiko.SSHException, EOFError, OSError):
            channel.close()


def _open(wire: Wire, where: str, deadline: Deadline) -> paramiko.Channel:
    try:
        channel = wire.open_channel("session", timeout=max(deadline.left_s(), 0.1))
    except paramiko.ChannelException as error:
        said = f"; it said: {wire.last_words}" if wire.last_words else ""
        raise _forbidden(f"The login to {where} worked, but it opens no session{said}") from error
    except (paramiko.SSHException, EOFError, OSError) as error:
        said = f"; it said: {wire.last_words}" if wire.last_words else ""
        raise _forbidden(f"{where} closed the connection right after the login{said}") from error
    channel.settimeout(max(deadline.left_s(), 0.1))
    return channel


def _start(channel: paramiko.Channel, wire: Wire, where: str, script: Callable[[], str], deadline: Deadline) -> bool:
    """False where the command went away while the script was sent: what it said can still be read."""
    try:
        channel.exec_command(COMMAND)
    except (paramiko.SSHException, EOFError, OSError) as error:
        if deadline.passed or not wire.is_active():
            said = f"; it said: {wire.last_words}" if wire.last_words else ""
            raise _forbidden(f"{where} closed the connection instead of running a command{said}") from error
        raise _forbidden(f"The login to {where} worked, but it runs no command for this account") from error
    try:
        channel.sendall(script().encode())  # made here, so that nobody holds it while the answer is awaited
        channel.shutdown_write()
    except (paramiko.SSHException, EOFError, OSError):
        # It ended without reading: /sbin/nologin and the like. Whatever it printed tells why.
        return True
    return True


class _News(threading.Event):
    """Set by paramiko for every packet, and at the end. Wakes at the end and once for many packets.

    A reply comes in two packets a part, and waking a thread for each costs more than reading it.
    """

    def __init__(self, channel: paramiko.Channel) -> None:
        super().__init__()
        self._channel = channel
        self._packets = 0

    def set(self) -> None:
        self._packets += 1
        if self._channel.eof_received or self._channel.closed or self._packets % _PACKETS_AT_ONCE == 0:
            super().set()


def _listen(channel: paramiko.Channel, listener: Listener, deadline: Deadline) -> Ended:
    """Read both outputs until the last line, the end, the cap or the deadline.

    Both buffers wake the same event. It is waited for only after a round in which neither had anything: a buffer that
    was read may clear what the other had set, but then there is another round. What came without waking is seen when
    the end does wake, which a script that is done brings about at once; where a child was left behind over there and
    holds the output open, the next look finds the last line.
    """
    news = _News(channel)
    channel.in_buffer.set_event(news)
    channel.in_stderr_buffer.set_event(news)
    sources: tuple[tuple[Callable[[], bool], Callable[[int], bytes], Callable[[bytes], None]], ...] = (
        (channel.recv_ready, channel.recv, listener.take_output),
        (channel.recv_stderr_ready, channel.recv_stderr, listener.take_errors),
    )
    while True:
        at_end = bool(channel.eof_received or channel.closed)
        quiet = True
        for ready, receive, take in sources:
            if ready():
                quiet = False
                try:
                    take(receive(_CHUNK_BYTES))
                except (paramiko.SSHException, EOFError, OSError):
                    # The receipt could not be sent, and what it was for is lost: nothing after a hole may be read.
                    return Ended.LOST
        if listener.ended is not None:
            return listener.ended
        left_s = deadline.left_s() - min(_STOP_EARLY_S, deadline.seconds / 10)
        if left_s <= 0:
            return Ended.DEADLINE
        if quiet:
            if at_end:
                return Ended.CLOSED
            news.wait(min(left_s, _LOOK_EVERY_S))


def _stop(channel: paramiko.Channel, wire: Wire) -> None:
    """Ask for the command's end over there (RFC 4254 6.9); closing alone leaves it running until it writes."""
    message = paramiko.Message()
    message.add_byte(cMSG_CHANNEL_REQUEST)
    message.add_int(channel.remote_chanid)
    message.add_string("signal")
    message.add_boolean(False)
    message.add_string("TERM")
    try:
        wire._send_user_message(message)  # type: ignore[attr-defined]  # the stubs leave it out; Channel uses it as well
    except (paramiko.SSHException, EOFError, OSError):
        return  # the connection is gone, and the command with it


def _exit_code(channel: paramiko.Channel, deadline: Deadline) -> int | None:
    """`recv_exit_status` knows no limit, so its event is waited for instead."""
    channel.status_event.wait(deadline.left_s(_EXIT_CODE_WAIT_S))
    return channel.exit_status if channel.exit_status >= 0 else None


def _forbidden(message: str) -> TransportError:
    return TransportError(
        FailureKind.PERMISSION_DENIED,
        message,
        "Check that the account may run commands over SSH: its login shell, ForceCommand, and whether it has expired.",
    )
