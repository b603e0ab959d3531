"""Ways to reach an endpoint. Each is imported when it is first asked for: paramiko alone costs 0.3 s."""

from __future__ import annotations

import os
import threading
from types import TracebackType

from scorecard.errors import InputError
from scorecard.transports.accounts import Accounts
from scorecard.transports.base import Secrets, Transport

NAMES = ("ssh", "local", "replay", "winrm")


def leads_to_windows(name: str) -> bool:
    """Whether whoever is reached by that transport runs Windows, whatever the inventory says of it."""
    return name == "winrm" or (name == "local" and os.name == "nt")


def make(name: str, secrets: Secrets, accounts: Accounts | None = None) -> Transport:
    """The transport of that name. It is shared by all endpoints and threads of a run; `close` it at the end.

    `accounts`: what its wrong passwords may not lock. Raises InputError for a name that is none.
    """
    match name:
        case "ssh":
            from scorecard.transports.ssh import SshTransport

            return SshTransport(secrets, accounts)
        case "local" if leads_to_windows(name):
            from scorecard.transports.local_windows import LocalWindowsTransport

            return LocalWindowsTransport()
        case "local":
            from scorecard.transports.local import LocalTransport

            return LocalTransport()
        case "replay":
            from scorecard.transports.replay import ReplayTransport

            return ReplayTransport()
        case "winrm":
            from scorecard.transports.winrm import WinrmTransport

            return WinrmTransport(secrets, accounts=accounts)
        case _:
            raise InputError(f"{name!r} is not a transport; expected one of {', '.join(NAMES)}")


class Transports:
    """Each kind of transport once, made when it is first wanted. A context manager: leaving it lets go of all."""

    def __init__(self, secrets: Secrets, accounts: Accounts) -> None:
        self._secrets = secrets
        self._accounts = accounts
        self._lock = threading.Lock()
        self._made: dict[str, Transport] = {}

    def __call__(self, name: str) -> Transport:
        with self._lock:
            if name not in self._made:
                self._made[name] = make(name, self._secrets, self._accounts)
            return self._made[name]

    def close(self) -> None:
        with self._lock:
            made = tuple(self._made.values())
        for transport in made:
            transport.close()

    def __enter__(self) -> Transports:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
