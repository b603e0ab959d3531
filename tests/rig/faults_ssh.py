"""Hosts that misbehave on loopback, each in its own way, before the login and after it; and two that do well.

    with FaultHosts(folder) as hosts:
        scorecard audit hosts.inventory(connect_timeout_s=1)

After the login a real sshd misbehaves, by what it is forced to run, or the line to it does. Whatever hangs goes on
hanging until the rig ends.
"""

from __future__ import annotations

import getpass
import json
import select
import socket
import struct
import threading
import time
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Protocol

from scorecard.errors import FailureKind
from tests.rig.recorded import Recorded, own_reply
from tests.rig.silence import Listener, babbler, black_hole, meeting, nobody
from tests.rig.ssh_packets import IGNORE
from tests.rig.sshd import Sshd, free_port, keygen

CLIENT = "Faults"
_NETWORK = "127.92.0"
_SLOW_S = 1.5
# Asked for the keys of an account, it takes a minute to say that there are none.
_SLEEP = "AuthorizedKeysCommand /bin/sleep 60"


class Behaviour(Protocol):
    """What a connection meets; the event is set when the rig ends."""

    def __call__(self, sock: socket.socket, ended: threading.Event) -> None: ...


@dataclass(frozen=True, slots=True)
class Fault:
    """What must be said of a host: how its failure is called, words of the message, and whether it was seen at all."""

    name: str
    kind: FailureKind | None
    words: str = ""
    seen: bool = False


# --- before the login ----------------------------------------------------------------------------------------------


def keep_silent(sock: socket.socket, ended: threading.Event) -> None:
    """Takes the connection and never says a word."""
    ended.wait()


def half_close(sock: socket.socket, ended: threading.Event) -> None:
    """Says that nothing will follow, and keeps the connection."""
    sock.shutdown(socket.SHUT_WR)
    ended.wait()


def drip(sock: socket.socket, ended: threading.Event) -> None:
    """A byte a second, and never the end of a line."""
    while not ended.wait(1):
        sock.sendall(b"S")


def drip_packets(sock: socket.socket, ended: threading.Event) -> None:
    """Greets, and then a byte a second of a packet that is never whole."""
    sock.sendall(b"SSH-2.0-slow\r\n")
    sock.sendall(b"\x00\x00\x7f\xfc")
    drip(sock, ended)


def flood_greeting(sock: socket.socket, ended: threading.Event) -> None:
    """Lines before the greeting, as RFC 4253 4.2 allows, without end."""
    while not ended.is_set():
        sock.sendall(b"Welcome to this machine\r\n" * 1000)


def flood_packets(sock: socket.socket, ended: threading.Event) -> None:
    """Greets, and then says nothing in packet after packet."""
    sock.sendall(b"SSH-2.0-empty\r\n")
    while not ended.is_set():
        sock.sendall(IGNORE * 1000)


def reset(sock: socket.socket, ended: threading.Event) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


_BEFORE: dict[Fault, Behaviour] = {
    Fault("no-greeting", FailureKind.PROTOCOL, "does not begin to speak SSH in time"): keep_silent,
    Fault("half-close", FailureKind.PROTOCOL, "without a word of SSH"): half_close,
    Fault("reset", FailureKind.PROTOCOL, "without a word of SSH"): reset,
    Fault("drip", FailureKind.PROTOCOL, "does not begin to speak SSH in time"): drip,
    Fault("drip-after-greeting", FailureKind.PROTOCOL, "did not finish the SSH handshake within"): drip_packets,
    Fault("flood-of-greetings", FailureKind.PROTOCOL, "does not speak SSH; it said: Welcome"): flood_greeting,
    Fault("flood-of-nothing", FailureKind.OUTPUT_TOO_LARGE, "sent a flood of messages that bring nothing"): flood_packets,
}

# --- after the login -----------------------------------------------------------------------------------------------

# In the words of the shell that sshd is forced to run. `working`: there until the rig ends. `first`: the script runs until
# its first part has been answered; `here`: a file of this host's own, for the line to it.
_WAIT = 'while [ -e "$working" ]; do sleep 0.3; done'
_FIRST = r"sh -s | sed '/ end engine\.host /q'"
_COMMANDS = {
    "hang": _WAIT,
    "hang-in-first-part": rf"sh -s | sed '/|system=/q'; {_WAIT}",
    "hang-in-output": f"{_FIRST}; printf 'half a li'; {_WAIT}",
    "flood": "exec cat /dev/zero",
    "flood-of-errors": "exec cat /dev/zero >&2",
    "flood-in-output": f"{_FIRST}; exec yes",
    "drip-after-login": 'while [ -e "$working" ]; do printf x; sleep 1; done',
    "server-killed": f"{_FIRST}; sleep 0.5; kill -9 $PPID",
    "half-close-in-output": f'{_FIRST}; touch "$here"; {_WAIT}',
    "reset-in-output": f'{_FIRST}; touch "$here"; {_WAIT}',
    "vanish-in-output": f'{_FIRST}; touch "$here"; {_WAIT}',
}
_LATE = "the time ran out while it answered"
_LOST = "broke before the answer was complete"
_AFTER = (
    Fault("hang", FailureKind.DEADLINE, _LATE),
    Fault("hang-in-first-part", FailureKind.DEADLINE, _LATE),
    Fault("hang-in-output", FailureKind.DEADLINE, _LATE, seen=True),
    Fault("flood", FailureKind.OUTPUT_TOO_LARGE, "sent a flood and no answer"),
    Fault("flood-of-errors", FailureKind.OUTPUT_TOO_LARGE, "sent a flood and no answer"),
    Fault("flood-in-output", FailureKind.OUTPUT_TOO_LARGE, "sent more than 16 MiB", seen=True),
    Fault("drip-after-login", FailureKind.DEADLINE, _LATE),
    Fault("server-killed", FailureKind.UNREACHABLE, _LOST, seen=True),
)
_LINES: dict[Fault, Behaviour] = {
    Fault("half-close-in-output", FailureKind.UNREACHABLE, _LOST, seen=True): half_close,
    Fault("reset-in-output", FailureKind.UNREACHABLE, _LOST, seen=True): reset,
    Fault("vanish-in-output", FailureKind.DEADLINE, _LATE, seen=True): keep_silent,
}
_SILENT_LOGIN = Fault("hang-at-login", FailureKind.DEADLINE, "the time ran out during the login")
_DEAD = Fault("dead", FailureKind.UNREACHABLE, "did not answer within")
_REFUSING = Fault("refusing", FailureKind.REFUSED, "refused the connection")
_GARBAGE = Fault("garbage", FailureKind.PROTOCOL, "does not speak SSH")
_GOOD = Fault("good", None, seen=True)
_SLOW = Fault("slow-greeting", None, seen=True)

FAULTS = (_GOOD, _SLOW, _DEAD, _REFUSING, _GARBAGE, *_BEFORE, _SILENT_LOGIN, *_AFTER, *_LINES)


class FaultHosts:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._stack = ExitStack()
        self._ports: dict[str, int] = {}

    def __enter__(self) -> FaultHosts:
        with ExitStack() as stack:
            self._start(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()

    def address(self, name: str) -> str:
        return f"{_NETWORK}.{next(number for number, fault in enumerate(FAULTS, 1) if fault.name == name)}"

    def inventory(self, **connection: float) -> Path:
        """All hosts in one file; `connection` are keys of its defaults, such as connect_timeout_s."""
        endpoints = [
            {"name": fault.name, "address": self.address(fault.name), "port": self._ports[fault.name]} for fault in FAULTS
        ]
        content = {
            "client": CLIENT,
            "credentials": {"key": {"user": getpass.getuser(), "key_file": str(self.folder / "key")}},
            "defaults": {
                "credential": "key",
                "platform": "linux",
                "role": "workstation",
                "known_hosts": [str(self.folder / "known_hosts")],
                **connection,
            },
            "endpoints": endpoints,
        }
        file = self.folder / "inventory.yaml"
        file.write_text(json.dumps(content, indent=1), encoding="utf-8")
        return file

    # --- inside ----------------------------------------------------------------------------------------------------

    def _start(self, stack: ExitStack) -> None:
        key, user = keygen(self.folder / "key"), getpass.getuser()
        working = self.folder / "working"
        working.touch()
        stack.callback(working.unlink)
        ended = threading.Event()
        stack.callback(ended.set)
        server = stack.enter_context(_server(self.folder / "server", [key], f"ForceCommand {self._forced(working)}"))
        silent = stack.enter_context(_server(self.folder / "silent", [], _SLEEP, f"AuthorizedKeysCommandUser {user}"))
        self._ports = {fault.name: server.port for fault in FAULTS} | {_SILENT_LOGIN.name: silent.port}
        listeners: dict[Fault, Listener] = {_DEAD: black_hole, _REFUSING: nobody, _GARBAGE: babbler}
        behaviours = {**_BEFORE, _SLOW: _line(server.port)}
        behaviours |= {
            fault: _line(server.port, self._here(self.address(fault.name)), end) for fault, end in _LINES.items()
        }
        listeners |= {fault: meeting(partial(behave, ended=ended)) for fault, behave in behaviours.items()}
        for fault, listen in listeners.items():
            address = self.address(fault.name)
            self._ports[fault.name] = free_port(address)
            listen(address, self._ports[fault.name], stack)
        hosts = (
            (silent if fault is _SILENT_LOGIN else server).known_hosts_line(
                name=f"[{self.address(fault.name)}]:{self._ports[fault.name]}"
            )
            for fault in FAULTS
        )
        (self.folder / "known_hosts").write_text("".join(hosts))

    def _here(self, address: str) -> Path:
        return self.folder / f"here-{address}"

    def _forced(self, working: Path) -> str:
        """Runs what stands under the address that was called."""
        good = (_GOOD.name, _SLOW.name)
        recorded = Recorded(self.folder / "recorded", map(self.address, good), own_reply())
        commands = self.folder / "commands"
        commands.mkdir()
        for name, text in {**_COMMANDS, **dict.fromkeys(good, recorded.command)}.items():
            (commands / self.address(name)).write_text(
                f"working={working}\nhere={self._here(self.address(name))}\n{text}\n"
            )
        forced = self.folder / "forced.sh"
        forced.write_text(f"set -- $SSH_CONNECTION\n. {commands}/$3\n")
        return f"exec sh {forced}"


def _server(folder: Path, authorized: Iterable[Path], *options: str) -> Sshd:
    port = free_port("127.0.0.1")
    # Bound to the loopback interface, so that it hears nothing else.
    listen = f"0.0.0.0:{port} rdomain lo"
    return Sshd(
        folder,
        address="127.0.0.1",
        port=port,
        listen=listen,
        authorized=authorized,
        options=options,
        log_level="INFO",
    )


def _line(port: int, here: Path | None = None, end: Behaviour | None = None) -> Behaviour:
    """A slow line to the same address on `port`; with `here` the line fails soon after that file has appeared."""

    def carry(sock: socket.socket, ended: threading.Event) -> None:
        if end is None:
            ended.wait(_SLOW_S)
        with socket.create_connection((sock.getsockname()[0], port)) as onward:
            other = {sock: onward, onward: sock}
            while not ended.is_set() and not (here and _stood_for_a_while(here)):
                for source in select.select(list(other), [], [], 0.05)[0]:
                    data = source.recv(65536)
                    if not data:
                        return
                    other[source].sendall(data)
            if end is not None:
                end(sock, ended)

    return carry


def _stood_for_a_while(file: Path) -> bool:
    """Long enough for what was said before to have come through."""
    return file.exists() and time.time() - file.stat().st_mtime > 0.5
