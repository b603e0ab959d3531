"""A fleet as it is on a bad day: machines a distance away, some of them switched off, some that let us in and then hang.

One real sshd answers for all the good machines with a recorded reply, on addresses of loopback; another lets in and says
nothing more. Both stand behind a line that takes time (`distance`). Where the dead machines are, packets vanish.
"""

from __future__ import annotations

import getpass
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from scorecard.errors import FailureKind
from tests.rig.distance import Line
from tests.rig.recorded import MARKER, Recorded
from tests.rig.silence import black_hole
from tests.rig.sshd import Sshd, free_port, keygen

CLIENT = "Broken"


@dataclass(frozen=True, slots=True)
class Machine:
    """`kind`: how it fails, None for a good one."""

    number: int
    kind: FailureKind | None

    @property
    def name(self) -> str:
        return f"pc-{self.number:05}"

    @property
    def address(self) -> str:
        return f"127.91.{self.number // 250}.{self.number % 250 + 1}"


def machines(count: int) -> tuple[Machine, ...]:
    """One in 20 is dead, one in 50 hangs after the login; they stand among the good ones from first to last."""

    def kind(number: int) -> FailureKind | None:
        if number % 20 == 1:
            return FailureKind.UNREACHABLE
        return FailureKind.DEADLINE if number % 50 == 3 else None

    return tuple(Machine(number, kind(number)) for number in range(count))


class BrokenFleet:
    """`reply`: what a good machine answers, with `marker` where the marker of the script goes."""

    def __init__(self, folder: Path, count: int, reply: bytes, marker: str = MARKER, delay_s: float = 0.03) -> None:
        self.folder = folder
        self.machines = machines(count)
        self._reply = reply
        self._marker = marker
        self._delay_s = delay_s
        self._stack = ExitStack()

    def __enter__(self) -> BrokenFleet:
        with ExitStack() as stack:
            self._start(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()

    def inventory(self, **connection: float) -> Path:
        """The file that lists them all; `connection` are keys of its defaults, such as connect_timeout_s."""
        credentials = {"key": {"user": getpass.getuser(), "key_file": str(self._key)}}
        defaults = {
            "credential": "key",
            "platform": "linux",
            "role": "workstation",
            "known_hosts": [str(self.folder / "known_hosts")],
            **connection,
        }
        endpoints = [
            {"name": machine.name, "address": machine.address, "port": self._port_of(machine)} for machine in self.machines
        ]
        content = {"client": CLIENT, "credentials": credentials, "defaults": defaults, "endpoints": endpoints}
        file = self.folder / "inventory.yaml"
        file.write_text(json.dumps(content, indent=1), encoding="utf-8")
        return file

    def asked(self) -> list[str]:
        """The addresses of good machines, once for every time that a script came there."""
        return self._recorded.asked()

    # --- inside ----------------------------------------------------------------------------------------------------

    def _start(self, stack: ExitStack) -> None:
        self._key = keygen(self.folder / "key")
        addresses = (machine.address for machine in self.machines)
        self._recorded = Recorded(self.folder / "recorded", addresses, self._reply, self._marker)
        good = stack.enter_context(self._server("good", self._recorded.command))
        working = self.folder / "working"
        working.touch()
        stack.callback(working.unlink)
        hanging = stack.enter_context(self._server("hanging", f"while [ -e {working} ]; do sleep 0.5; done"))
        self._ports = {
            None: free_port("127.0.0.1"),
            FailureKind.DEADLINE: free_port("127.0.0.1"),
            FailureKind.UNREACHABLE: free_port("127.0.0.1"),
        }
        servers = {None: good, FailureKind.DEADLINE: hanging}
        hosts = (
            server.known_hosts_line(name=f"[{machine.address}]:{self._port_of(machine)}")
            for machine in self.machines
            if (server := servers.get(machine.kind))
        )
        (self.folder / "known_hosts").write_text("".join(hosts))
        dead = [machine for machine in self.machines if machine.kind is FailureKind.UNREACHABLE]
        with ThreadPoolExecutor(max_workers=len(dead) or 1) as pool:
            list(pool.map(lambda machine: black_hole(machine.address, self._port_of(machine), stack), dead))
        ports = {self._ports[kind]: server.port for kind, server in servers.items()}
        stack.enter_context(Line(ports, self._delay_s))

    def _port_of(self, machine: Machine) -> int:
        return self._ports[machine.kind]

    def _server(self, name: str, command: str) -> Sshd:
        port = free_port("127.0.0.1")
        return Sshd(
            self.folder / name,
            address="127.0.0.1",
            port=port,
            listen=f"0.0.0.0:{port} rdomain lo",  # bound to the loopback interface, so that it hears nothing else
            authorized=[self._key],
            options=(f"ForceCommand {command}",),
            log_level="INFO",
        )
