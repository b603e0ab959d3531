"""Windows Remote Shells: a shell holds commands, a command is a thread with a standard input and a bounded output."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.rig.wsman import soap

# What a pipe of the host holds before the command has to wait, and what one answer carries (base64 makes it a third more).
_PIPE_BYTES = 256 * 1024
_ANSWER_BYTES = 96 * 1024
# How Windows ends a process on Ctrl+C.
_STOPPED = 0xC000013A


class CommandStoppedError(Exception):
    """The command was signalled, or its shell was deleted, while it ran."""


@dataclass(frozen=True)
class CommandLine:
    """What the client asked to be run."""

    command: str
    arguments: tuple[str, ...]
    skip_cmd_shell: bool
    console_mode_stdin: bool
    codepage: str = "437"

    @property
    def words(self) -> list[str]:
        return " ".join((self.command, *self.arguments)).split()


Program = Callable[["Command"], int]


class Command:
    """A command that runs. The program's side: `stdin`, `write`, `sleep`. The server's: `send`, `receive`, `stop`."""

    def __init__(self, line: CommandLine, program: Program) -> None:
        self.id = soap.new_id()
        self.line = line
        self.exit_code: int | None = None
        self._changed = threading.Condition()
        self._input = bytearray()
        self._input_ended = False
        self._output: deque[tuple[str, bytes]] = deque()
        self._held = 0
        self._stopped = False
        self._gone = False
        self._finished = False
        self._thread = threading.Thread(target=self._run, args=(program,), name="rig-command", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def _run(self, program: Program) -> None:
        code = _STOPPED
        try:
            code = program(self)
        except CommandStoppedError:
            pass
        finally:
            with self._changed:
                self.exit_code, self._finished = code, True
                self._changed.notify_all()

    def stdin(self) -> bytes:
        """All of standard input, once the client has ended it."""
        with self._changed:
            self._changed.wait_for(lambda: self._input_ended or self._stopped)
            self._go_on()
            return bytes(self._input)

    def write(self, data: bytes, stream: str = "stdout") -> None:
        """Hand output to the client; waits while the pipe is full."""
        for start in range(0, len(data), _ANSWER_BYTES):
            piece = data[start : start + _ANSWER_BYTES]
            with self._changed:
                self._changed.wait_for(lambda: self._held < _PIPE_BYTES or self._stopped)
                self._go_on()
                self._output.append((stream, piece))
                self._held += len(piece)
                self._changed.notify_all()

    def sleep(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._stopped, seconds)
            self._go_on()

    def _go_on(self) -> None:
        if self._stopped:
            raise CommandStoppedError

    def send(self, data: bytes, *, end: bool) -> None:
        with self._changed:
            if self._input_ended:
                raise soap.bad_parameter()
            self._input += data
            self._input_ended = end
            self._changed.notify_all()

    def receive(self, timeout_s: float) -> tuple[list[tuple[str, bytes]], bool]:
        """Output as soon as there is some, and whether the command is done. Raises the fault of a time-out."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._output or self._finished or self._gone, timeout_s):
                raise soap.timed_out()
            if self._gone:
                raise soap.aborted()
            streams: list[tuple[str, bytes]] = []
            size = 0
            while self._output and (not streams or size + len(self._output[0][1]) <= _ANSWER_BYTES):
                streams.append(self._output.popleft())
                size += len(streams[-1][1])
            self._held -= size
            self._changed.notify_all()
            return streams, self._finished and not self._output

    def stop(self, *, gone: bool) -> None:
        """End the program. `gone`: the command itself is given up, so that a Receive that waits is aborted."""
        with self._changed:
            self._stopped = True
            self._gone = self._gone or gone
            self._changed.notify_all()

    def join(self, timeout_s: float) -> bool:
        self._thread.join(timeout_s)
        return not self._thread.is_alive()


@dataclass
class Shell:
    """One shell of one user."""

    owner: str
    idle_timeout_s: float
    codepage: str
    id: str = field(default_factory=soap.new_id)
    commands: dict[str, Command] = field(default_factory=dict)

    def command(self, command_id: str) -> Command:
        if not command_id:
            raise soap.bad_parameter()
        if command_id not in self.commands:
            raise soap.no_such_shell(self.id)
        return self.commands[command_id]


class Shells:
    """The open shells of a host."""

    def __init__(self) -> None:
        self._open: dict[str, Shell] = {}
        self._lock = threading.Lock()
        self._ended: list[Command] = []

    def __len__(self) -> int:
        return len(self._open)

    def add(self, shell: Shell) -> None:
        with self._lock:
            self._open[shell.id] = shell

    def get(self, shell_id: str) -> Shell:
        with self._lock:
            if shell_id not in self._open:
                raise soap.no_such_shell(shell_id)
            return self._open[shell_id]

    def delete(self, shell_id: str) -> None:
        shell = self.get(shell_id)
        with self._lock:
            self._open.pop(shell_id, None)
            self._ended += shell.commands.values()
        for command in shell.commands.values():
            command.stop(gone=True)

    def close(self, limit_s: float) -> list[str]:
        """End every command. Returns the command lines of those that would not end."""
        with self._lock:
            commands = self._ended + [command for shell in self._open.values() for command in shell.commands.values()]
        for command in commands:
            command.stop(gone=True)
        until = time.monotonic() + limit_s
        return [
            " ".join(command.line.words) for command in commands if not command.join(max(until - time.monotonic(), 0.01))
        ]
