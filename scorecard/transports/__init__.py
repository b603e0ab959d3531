"""Ways to reach an endpoint. Each is imported when it is first asked for: paramiko alone costs 0.3 s."""

from __future__ import annotations

import os

from scorecard.errors import InputError
from scorecard.transports.accounts import Accounts
from scorecard.transports.base import Secrets, Transport

NAMES = ("ssh", "local", "replay", "winrm")


def make(name: str, secrets: Secrets, accounts: Accounts | None = None) -> Transport:
    """The transport of that name. It is shared by all endpoints and threads of a run; `close` it at the end.

    `accounts`: what its wrong passwords may not lock. Raises InputError for a name that is none.
    """
    match name:
        case "ssh":
            from scorecard.transports.ssh import SshTransport

            return SshTransport(secrets, accounts)
        case "local" if os.name == "nt":
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
