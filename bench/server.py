"""A real sshd that answers on every address of 127.0.0.0/8 with recorded replies, and counts."""

from __future__ import annotations

import os
import re
import shlex
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from bench.recording import MARKER
from tests.rig.sshd import Sshd, free_port, keygen

_CONNECTION = re.compile(r"^Connection from \S+ port \d+ on (127\.90\.\S+) port", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the server counted, by the address that was called."""

    connections: Counter[str]
    commands: Counter[str]


def everywhere(folder: Path, key: Path, *options: str) -> Sshd:
    """A server on every address, which lets in who has this key."""
    port = free_port("127.0.0.1")
    return Sshd(
        folder,
        address="127.0.0.1",
        port=port,
        # Bound to the loopback interface, so that it hears nothing else.
        listen=f"0.0.0.0:{port} rdomain lo",
        authorized=[key],
        options=options,
        log_level="VERBOSE",
    )


def connections(log: str) -> Counter[str]:
    """Those that such a server logged, by the address that was called."""
    return Counter(_CONNECTION.findall(log.replace("\r", "")))


class Server:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = keygen(folder / "key")
        (folder / "replies").mkdir()
        (folder / "commands").write_text("")
        command = shlex.join(["exec", "perl", str(Path(__file__).with_name("answer.pl")), str(folder), MARKER])
        self._sshd = everywhere(folder / "sshd", self.key, f"ForceCommand {command}")
        self._read_to = 0
        self._gate = -1

    def __enter__(self) -> Server:
        self._sshd.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._sshd.__exit__(kind, value, trace)
        if self._gate >= 0:
            os.close(self._gate)

    @property
    def port(self) -> int:
        return self._sshd.port

    def answer(self, replies: Mapping[str, bytes]) -> None:
        """From now on give these replies, by the address that is called."""
        for file in (self.folder / "replies").iterdir():
            file.unlink()
        for address, reply in replies.items():
            (self.folder / "replies" / address).write_bytes(reply)
        hosts = "".join(self._sshd.known_hosts_line(name=f"[{address}]:{self.port}") for address in replies)
        self.known_hosts.write_text(hosts)

    @property
    def known_hosts(self) -> Path:
        return self.folder / "known_hosts"

    def hold(self) -> None:
        """No answer leaves before `release`."""
        gate = self.folder / "gate"
        os.mkfifo(gate)
        self._gate = os.open(gate, os.O_RDWR)

    def release(self, count: int, limit_s: float) -> None:
        """Wait until so many commands are running, all at the same time, then let them answer."""
        until = time.monotonic() + limit_s
        while self._commands().total() < count:
            if time.monotonic() > until:
                raise RuntimeError(f"not {count} commands in flight after {limit_s:g} seconds: {self._sshd.log()[-2000:]}")
            time.sleep(0.1)
        os.write(self._gate, b"\n" * count)

    def seen(self) -> Seen:
        """What came since the last time this was asked: connections as sshd logged them, commands as they ran."""
        log = self._sshd.log()
        found = Seen(connections(log[self._read_to :]), self._commands())
        self._read_to = len(log)
        (self.folder / "commands").write_text("")
        return found

    def _commands(self) -> Counter[str]:
        return Counter((self.folder / "commands").read_text().split())
