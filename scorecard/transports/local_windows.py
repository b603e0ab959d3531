"""This computer where it runs Windows: the same prelude and questions as over WinRM, through PowerShell's own pipes.

Pipes cannot be waited for together on Windows, so each has a thread of its own.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import IO

from scorecard.bundle import Bundle, new_marker
from scorecard.bundle_windows import ARGUMENTS, POWERSHELL, WindowsBundle
from scorecard.errors import FailureKind, TransportError
from scorecard.model import Endpoint, Identity, Platform
from scorecard.transports.base import Answer
from scorecard.transports.local import WHERE, account
from scorecard.transports.reply import Ended, Heard, Listener, to_answer
from scorecard.transports.watchdog import Deadline

_CHUNK_BYTES = 64 * 1024
_EXIT_WAIT_S = 1.0
# No console window may appear beside a scheduled audit; the flag is there on Windows alone.
_NO_WINDOW: int = getattr(subprocess, "CREATE_NO_WINDOW", 0)


class LocalWindowsTransport:
    """Asks this computer, whatever the endpoint's address says. `powershell`: the full path of the program."""

    def __init__(self, powershell: str = POWERSHELL) -> None:
        self._powershell = powershell
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()

    def ask(self, endpoint: Endpoint, bundle: Bundle, deadline_s: float) -> Answer:  # noqa: ARG002 - there is one local
        if not isinstance(bundle, WindowsBundle):
            raise TypeError("a bundle for Windows is needed on Windows")
        marker = new_marker()
        heard = self._run(bundle.encoded_command(), bundle.questions(marker), marker, Deadline(deadline_s))
        return to_answer(heard, marker, WHERE, deadline_s, Identity.PROVEN, account(), platform=Platform.WINDOWS)

    def close(self) -> None:
        """End what still runs: an audit that is stopped does not wait for its answers."""
        with self._lock:
            running = tuple(self._running)
        for process in running:
            process.kill()

    def _run(self, command: str, questions: bytes, marker: str, deadline: Deadline) -> Heard:
        process = self._start(command)
        with self._lock:
            self._running.add(process)
        listener = Listener(marker)
        try:
            ended = _converse(process, questions, listener, deadline)
            as_of, code = datetime.now(UTC), None
            if ended in (Ended.DONE, Ended.CLOSED):
                with suppress(subprocess.TimeoutExpired):
                    code = process.wait(deadline.left_s(_EXIT_WAIT_S))
            return listener.heard(ended, as_of, code)
        finally:
            process.kill()
            process.wait()
            with self._lock:
                self._running.discard(process)

    def _start(self, command: str) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                [self._powershell, *ARGUMENTS, command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                creationflags=_NO_WINDOW,
            )
        except OSError as error:
            raise TransportError(
                FailureKind.INTERNAL,
                f"{WHERE} did not start Windows PowerShell ({self._powershell}: {error.strerror})",
                "See whether a policy or a security product forbids it; scorecard probes show prints what it would run.",
            ) from error


def _converse(process: subprocess.Popen[bytes], questions: bytes, listener: Listener, deadline: Deadline) -> Ended:
    """Until the last line, the end, the cap or the deadline. The threads end with the process, which the caller ends."""
    stdin, stdout, stderr = process.stdin, process.stdout, process.stderr
    if stdin is None or stdout is None or stderr is None:
        raise RuntimeError("PowerShell was started without pipes")
    over = threading.Event()

    def enough() -> bool:
        return listener.ended is not None

    def listen() -> None:
        _read(stdout, listener.take_output, enough)
        over.set()

    def listen_to_errors() -> None:
        _read(stderr, listener.take_errors, enough)
        if enough():  # a flood; that errors come to their end says nothing about the answer
            over.set()

    errors = _started("errors", listen_to_errors)
    _started("answer", listen)
    _started("ask", lambda: _send(stdin, questions))
    if not over.wait(deadline.left_s()):
        return Ended.DEADLINE
    if listener.ended is None:
        errors.join(deadline.left_s(_EXIT_WAIT_S))  # what was said last may still be on its way
    return listener.ended or Ended.CLOSED


def _started(name: str, work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, name=f"local-{name}", daemon=True)
    thread.start()
    return thread


def _send(pipe: IO[bytes], data: bytes) -> None:
    """All of it, or as much as PowerShell takes; what it answers shows the rest."""
    with suppress(OSError), pipe:
        unsent = memoryview(data)
        while unsent:
            unsent = unsent[pipe.write(unsent) :]


def _read(pipe: IO[bytes], take: Callable[[bytes], None], enough: Callable[[], bool]) -> None:
    with suppress(OSError), pipe:
        while not enough() and (data := pipe.read(_CHUNK_BYTES)):
            take(data)
