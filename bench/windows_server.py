"""The rig's WS-Management servers with recorded answers: `python -m bench.windows_server FOLDER`.

In a process of its own stand one over plain HTTP and one over HTTPS, each for any number of endpoints. Every command gets
the answer of one of the rig's machines, recorded when the process starts, so that its CPU goes into the protocol alone. It
obeys lines of JSON on standard input (`Order`), prints one for each, and ends with its input.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import Counter
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from bench.process import ROOT
from bench.recording import MARKER, varied
from scorecard.bundle_windows import ARGUMENTS, POWERSHELL, WindowsBundle
from scorecard.registry import Registry
from tests.rig.wsman import ACCOUNTS, Wsman, faults, soap
from tests.rig.wsman.machine import MACHINES, Machine
from tests.rig.wsman.powershell import PowerShell
from tests.rig.wsman.shells import Command, CommandLine

DOMAIN_USER = next(iter(ACCOUNTS))
ADDRESSES = {"http": "127.0.8.90", "https": "127.0.8.91"}
_BASE = "windows-11-pro-well"
_RECORD_LIMIT_S = 60.0
_GATE_LIMIT_S = 120.0
_END_LIMIT_S = 30.0


@dataclass(frozen=True, slots=True)
class Order:
    """From now on answer `count` commands, none before `together` of them run at the same moment."""

    count: int
    together: int


@dataclass(frozen=True, slots=True)
class Listening:
    """Where the servers are, how many machines were recorded and how long their answers are on average."""

    http: int
    https: int
    ca_file: str
    machines: int
    answer_bytes: float


@dataclass(frozen=True, slots=True)
class Counted:
    """Requests since the last order, by what they asked for; `amiss` says what must not be."""

    requests: dict[str, int]
    amiss: list[str]

    @property
    def total(self) -> int:
        return sum(self.requests.values())


class WindowsServer:
    """The process, from outside. A context manager."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "bench.windows_server", str(folder)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> WindowsServer:
        try:
            self.listening = Listening(**self._line())
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._end()

    def order(self, order: Order) -> None:
        self._say(asdict(order))

    def counted(self) -> Counted:
        return Counted(**self._say({}))

    def _say(self, line: object) -> dict[str, Any]:
        if self._process.stdin is None:
            raise RuntimeError("the process was started without an input")
        self._process.stdin.write(json.dumps(line) + "\n")
        self._process.stdin.flush()
        return self._line()

    def _line(self) -> dict[str, Any]:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise RuntimeError(f"the server ended with code {self._process.wait(_END_LIMIT_S)}")
        found: dict[str, Any] = json.loads(line)
        return found

    def _end(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(_END_LIMIT_S)
        finally:
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()
            if self._process.stdout is not None:
                self._process.stdout.close()


# --- the process itself ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Recorded:
    """What one machine wrote, with MARKER for its marker."""

    output: bytes
    errors: bytes


def recorded(machine: str, asked: WindowsBundle) -> Recorded:
    """Raises where the machine refuses a question or its answer is not whole."""
    questions = asked.questions(MARKER)
    refused: list[str] = []
    shell = PowerShell(Machine.load(machine), faults.read(None), refused)
    line = CommandLine(POWERSHELL, (*ARGUMENTS, asked.encoded_command()), skip_cmd_shell=True, console_mode_stdin=False)
    command = Command(line, lambda running: shell.run(running, shell.questions_of(questions), questions))
    command.start()
    streams: dict[str, bytearray] = {"stdout": bytearray(), "stderr": bytearray()}
    done = False
    while not done:
        pieces, done = command.receive(_RECORD_LIMIT_S)
        for stream, data in pieces:
            streams[stream] += data
    if refused or f"\n{MARKER} done ".encode() not in streams["stdout"]:
        raise RuntimeError(f"the answer of the rig's machine {machine} cannot be recorded: {refused}")
    return Recorded(bytes(streams["stdout"]), bytes(streams["stderr"]))


class Gate:
    """Holds commands until so many of them run at the same moment; then all pass, and so does whoever comes later."""

    def __init__(self, together: int) -> None:
        self._changed = threading.Condition()
        self._together = together
        self._arrived = 0

    def enter(self) -> int:
        """The number of this command, from 0. Raises TimeoutError where the others do not come."""
        with self._changed:
            number = self._arrived
            self._arrived += 1
            self._changed.notify_all()
            if not self._changed.wait_for(lambda: self._arrived >= self._together, _GATE_LIMIT_S):
                raise TimeoutError(f"{self._arrived} commands came, not {self._together} together")
            return number


class Whole(Command):
    """A command whose output is handed over once all is written: one Receive, the least that there can be."""

    def receive(self, timeout_s: float) -> tuple[list[tuple[str, bytes]], bool]:
        if not self.join(timeout_s):
            raise soap.timed_out()
        return super().receive(0)


class Server(Wsman):
    """Answers every command that is ours with the next recorded answer, which differs from every other in each part."""

    def __init__(self, folder: Path, way: str, answers: list[Recorded], command: str) -> None:
        super().__init__(folder, _BASE, ADDRESSES[way], "good" if way == "https" else None)
        self._recorded = answers
        self._expected = [POWERSHELL, *ARGUMENTS, command]
        self.obey(Order(1, 1))

    def obey(self, order: Order) -> None:
        self.requests.clear()
        self._gate = Gate(order.together)
        self._answers = [
            varied(self._recorded[number % len(self._recorded)].output, number) for number in range(order.count)
        ]

    def run(self, line: CommandLine) -> Command:
        command = Whole(line, self._answer)
        command.start()
        return command

    def _answer(self, command: Command) -> int:
        if command.line.words != self._expected:
            self.refused.append("another command than ours")
            return 1
        marker = json.loads(command.stdin())["marker"].encode()
        number = self._gate.enter()
        command.write(self._recorded[number % len(self._recorded)].errors, "stderr")
        command.write(self._answers[number].replace(MARKER.encode(), marker))
        return 0


def main(folder: Path) -> None:
    asked = WindowsBundle(Registry.load().probes())
    machines = sorted(place.name for place in MACHINES.iterdir() if not place.name.startswith("_"))
    answers = [recorded(machine, asked) for machine in machines]
    servers = {way: Server(folder, way, answers, asked.encoded_command()) for way in ADDRESSES}
    with ExitStack() as stack:
        for server in servers.values():
            stack.enter_context(server)
        ports = {way: server.port for way, server in servers.items()}
        length = sum(len(answer.output) for answer in answers) / len(answers)
        _print(
            asdict(Listening(**ports, ca_file=str(servers["https"].ca_file), machines=len(answers), answer_bytes=length))
        )
        for line in sys.stdin:
            order = json.loads(line)
            if order:
                for server in servers.values():
                    server.obey(Order(**order))
            _print(asdict(_counted(list(servers.values()))))


def _counted(servers: list[Server]) -> Counted:
    requests: Counter[str] = Counter()
    for server in servers:
        requests.update(server.requests)
    amiss = [refused for server in servers for refused in server.refused]
    amiss += [f"{server.open_shells} shells are open" for server in servers if server.open_shells]
    return Counted(dict(requests), amiss)


def _print(line: object) -> None:
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
