"""One shell, one command: open, run, feed, listen, close (winrm.md section 1). A shell that was opened is always closed.

No Signal is sent: closing the shell ends its command as well, and costs no request more.
"""

from __future__ import annotations

import logging
import re
import time
import xml.etree.ElementTree as ET
from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from winrm.exceptions import WinRMOperationTimeoutError

from scorecard.bundle_windows import ARGUMENTS, POWERSHELL
from scorecard.errors import FailureKind, TransportError
from scorecard.reading import clean
from scorecard.transports.reply import Ended, Heard, Listener
from scorecard.transports.watchdog import Deadline
from scorecard.transports.winrm_clixml import MAX_BYTES, errors_of
from scorecard.transports.winrm_failures import FOREIGN, Moment, WinrmFailure, explain
from scorecard.transports.winrm_pipe import OPERATION_LIMIT_S, READ_LIMIT_S, Means, new_protocol
from scorecard.transports.winrm_wire import Wire

T = TypeVar("T")
log = logging.getLogger(__name__)

PIECE_BYTES = 64 * 1024
CODE_PAGE = 65001
IDLE_LIMIT = "PT300S"  # how long Windows keeps a shell that we could not close
_PAUSE_S = 0.2
_SHELL_ID = re.compile(rb'Name="ShellId"[^>]*>\s*([0-9A-Fa-f-]{36})\s*<')


class Shell:
    """A shell over one wire. `broken`: the wire cannot be used any more. `shell_id` is empty while none is open."""

    def __init__(self, wire: Wire, means: Means, deadline: Deadline) -> None:
        self.wire = wire
        self.broken = False
        self.shell_id = ""
        self.trouble: TransportError | None = None
        self._means = means
        self._deadline = deadline
        self._protocol, self._pipe = new_protocol(wire, means)
        self._command_id = ""

    @property
    def user(self) -> str:
        """As whom we are logged in."""
        return self._pipe.user

    def log_in(self) -> None:
        """Over plain HTTP a message of its own; over HTTPS it comes with the first message."""
        self._asked("logging in", self._pipe.build_session)

    def open(self) -> None:
        def create() -> str:
            return self._protocol.open_shell(codepage=CODE_PAGE, noprofile=True, idle_timeout=IDLE_LIMIT)

        try:
            self.shell_id = self._asked("opening a shell", create)
        except TransportError:
            # The answer may be damaged and the shell be there all the same.
            if match := _SHELL_ID.search(self._pipe.last_text):
                self.shell_id = match[1].decode()
            raise

    def run(self, encoded_command: str, questions: bytes) -> None:
        """Start Windows PowerShell without cmd.exe, and give it the questions."""
        arguments = (*ARGUMENTS, encoded_command)

        def command() -> str:
            return self._protocol.run_command(
                self.shell_id, POWERSHELL, arguments, console_mode_stdin=False, skip_cmd_shell=True
            )

        self._command_id = self._asked("starting PowerShell", command)
        pieces = [questions[at : at + PIECE_BYTES] for at in range(0, len(questions), PIECE_BYTES)] or [b""]
        for number, piece in enumerate(pieces, 1):
            self._send(piece, last=number == len(pieces))

    def _send(self, piece: bytes, last: bool) -> None:
        def send() -> None:
            self._protocol.send_command_input(self.shell_id, self._command_id, piece, end=last)

        self._asked("sending the questions", send)

    def listen(self, marker: str) -> Heard:
        """Everything up to the last line, the deadline or the first trouble, which is kept in `trouble`."""
        listener, errors = Listener(marker), bytearray()
        code: int | None = None
        ended = Ended.DEADLINE
        while self._deadline.left_s() >= 1:
            started = time.monotonic()
            try:
                output, more, code, done = self._asked("waiting for the answer", self._receive)
            except TransportError as error:
                self.trouble, ended = error, Ended.LOST
                break
            listener.take_output(output)
            errors += more[: max(MAX_BYTES - len(errors), 0)]
            if listener.ended or done:
                ended = Ended.CLOSED
                break
            if not output and time.monotonic() - started < _PAUSE_S:
                time.sleep(_PAUSE_S)  # a server that has nothing and does not wait either
        listener.take_errors(errors_of(bytes(errors)).encode())
        return listener.heard(ended, datetime.now(UTC), code)

    def _receive(self) -> tuple[bytes, bytes, int | None, bool]:
        try:
            output, errors, code, done = self._protocol.get_command_output_raw(self.shell_id, self._command_id)
        except WinRMOperationTimeoutError:
            return b"", b"", None, False  # nothing yet: the long poll ended (winrm.md section 1)
        except StopIteration:
            return *_streams(self._pipe.last_text), None, True  # done, without an exit code
        return output, errors, code if code >= 0 else None, done

    def close(self) -> None:
        """Delete the shell, which also ends its command. Raises TransportError."""
        if not self.shell_id:
            return
        shell_id, self.shell_id = self.shell_id, ""
        self._asked("closing the shell", lambda: self._protocol.close_shell(shell_id, close_session=False))

    def hang_up(self) -> None:
        self._pipe.close_session()
        self.wire.close()

    def adopt(self, shell_id: str, deadline: Deadline) -> None:
        """Take over a shell that was opened over another wire, to close it."""
        self.shell_id, self._deadline = shell_id, deadline

    def _asked(self, doing: str, act: Callable[[], T]) -> T:
        """One exchange, with the time that is left. Every foreign exception becomes ours here."""
        limit_s = max(1, min(OPERATION_LIMIT_S, int(self._deadline.left_s())))
        patience_s = limit_s + READ_LIMIT_S - OPERATION_LIMIT_S
        self._protocol.operation_timeout_sec = limit_s
        self._pipe.read_timeout_sec = patience_s
        self._pipe.last_text = b""
        try:
            return act()
        except (TransportError, *FOREIGN) as error:
            ours = explain(error, self.wire, Moment(doing, self.user or "our account", limit_s, patience_s))
            log.debug("%s: %s: %s: %s", self.wire.way.where, doing, type(error).__name__, clean(str(error), 300))
            if isinstance(ours, WinrmFailure) and ours.kind is FailureKind.INTERNAL:
                log.debug("%s: the message was: %s", self.wire.way.where, clean(str(self._pipe.last_sent), 4000))
            self.broken = self.broken or not (isinstance(ours, WinrmFailure) and ours.logged_in)
            raise ours from error


def _streams(text: bytes) -> tuple[bytes, bytes]:
    """Output and errors of an answer to Receive. Raises what a damaged one makes it raise."""
    found = {"stdout": b"", "stderr": b""}
    for node in ET.fromstring(text).iter():  # noqa: S314 - the pipe refuses every DOCTYPE
        if node.tag.endswith("Stream") and node.text:
            found[node.attrib["Name"]] += b64decode(node.text)
    return found["stdout"], found["stderr"]
