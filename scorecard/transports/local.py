"""The local transport: this computer's own sh runs the script; a deadline ends it with everything that it started."""

from __future__ import annotations

import getpass
import os
import selectors
import signal
import socket
import subprocess
import threading
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from scorecard.bundle import Bundle, new_marker
from scorecard.errors import FailureKind, TransportError
from scorecard.model import Endpoint, Identity
from scorecard.transports.base import Answer
from scorecard.transports.reply import Ended, Heard, Listener, to_answer
from scorecard.transports.watchdog import Deadline

WHERE = "This computer"
_CHUNK_BYTES = 64 * 1024
_END_AFTER_TERM_S = 0.3
_EXIT_WAIT_S = 1.0


class LocalTransport:
    """Asks this computer, whatever the endpoint's address says."""

    def __init__(self, shell: str = "sh") -> None:
        self._shell = shell
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()

    def ask(self, endpoint: Endpoint, bundle: Bundle, deadline_s: float) -> Answer:  # noqa: ARG002 - there is one local
        marker = new_marker()
        heard = self._run(bundle.script(marker), marker, Deadline(deadline_s))
        return to_answer(heard, marker, WHERE, deadline_s, Identity.PROVEN, account())

    def close(self) -> None:
        """End what still runs: an audit that is stopped does not wait for its answers."""
        with self._lock:
            running = tuple(self._running)
        for process in running:
            _stop(process)

    def _run(self, script: str, marker: str, deadline: Deadline) -> Heard:
        process = self._start()
        with self._lock:
            self._running.add(process)
        listener = Listener(marker)
        try:
            ended = _converse(process, script.encode(), listener, deadline)
            as_of = datetime.now(UTC)
            code = None
            if ended in (Ended.DONE, Ended.CLOSED):
                with suppress(subprocess.TimeoutExpired):
                    code = process.wait(deadline.left_s(_EXIT_WAIT_S))
            return listener.heard(ended, as_of, code)
        finally:
            _stop(process)
            for pipe in _pipes(process):
                pipe.close()
            with self._lock:
                self._running.discard(process)

    def _start(self) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                [self._shell, "-s"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
            )
        except OSError as error:
            raise TransportError(
                FailureKind.INTERNAL,
                f"{WHERE} has no POSIX shell that can be started ({self._shell}: {error.strerror})",
                "Audit it over SSH instead, or install a POSIX sh.",
            ) from error


def account() -> str:
    """Who we are here, with the computer's name."""
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (KeyError, OSError, ImportError):  # a user id without a name; on Windows no name in the environment
        return socket.gethostname()


def _converse(process: subprocess.Popen[bytes], script: bytes, listener: Listener, deadline: Deadline) -> Ended:
    """Write the script and read both outputs in one loop, until the last line, the end, the cap or the deadline."""
    stdin, stdout, stderr = _pipes(process)
    unsent = memoryview(script)
    with selectors.DefaultSelector() as selector:
        for pipe in (stdin, stdout, stderr):
            os.set_blocking(pipe.fileno(), False)
        selector.register(stdin, selectors.EVENT_WRITE)
        selector.register(stdout, selectors.EVENT_READ, listener.take_output)
        selector.register(stderr, selectors.EVENT_READ, listener.take_errors)
        while stdout in selector.get_map():
            if deadline.passed:
                return Ended.DEADLINE
            for key, _ in selector.select(deadline.left_s()):
                if key.fileobj is stdin:
                    unsent = _send(stdin, unsent)
                    if not unsent:
                        selector.unregister(stdin)
                        stdin.close()
                elif data := os.read(key.fd, _CHUNK_BYTES):
                    key.data(data)
                else:
                    selector.unregister(key.fileobj)
            if listener.ended is not None:
                return listener.ended
    return Ended.CLOSED


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes], IO[bytes]]:
    if process.stdin is None or process.stdout is None or process.stderr is None:
        raise RuntimeError("the shell was started without pipes")
    return process.stdin, process.stdout, process.stderr


def _send(pipe: IO[bytes], data: memoryview) -> memoryview:
    """What is left to send; nothing when the shell has stopped reading."""
    try:
        return data[os.write(pipe.fileno(), data) :]
    except BlockingIOError:
        return data
    except BrokenPipeError:
        return data[:0]


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End what still runs. What the limits of single parts moved into process groups of their own is found by descent;
    it is asked to end first, since sudo passes that on to what it runs as root."""
    if process.poll() is not None:
        return
    family = [*_descendants(process.pid), process.pid]
    _signal(process.pid, family, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_END_AFTER_TERM_S)
    _signal(process.pid, family, signal.SIGKILL)
    process.wait()


def _signal(group: int, family: list[int], number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
    for pid in family:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def _descendants(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for pid, parent in _parents():
        children.setdefault(parent, []).append(pid)
    found: list[int] = []
    waiting = [root]
    while waiting:
        for child in children.get(waiting.pop(), ()):
            found.append(child)
            waiting.append(child)
    return found


def _parents() -> list[tuple[int, int]]:
    """(process, its parent) of all processes, from /proc or else from ps."""
    found: list[tuple[int, int]] = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            # The command's name stands in brackets and may hold anything; the parent is the second word after it.
            found.append((int(stat.parent.name), int(stat.read_text(errors="replace").rpartition(")")[2].split()[1])))
    if found:
        return found
    with suppress(OSError, subprocess.SubprocessError):
        listed = subprocess.run(
            ["/bin/ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, timeout=5, check=False
        )
        for line in listed.stdout.splitlines():
            words = line.split()
            if len(words) == 2 and all(word.isdigit() for word in words):
                found.append((int(words[0]), int(words[1])))
    return found
