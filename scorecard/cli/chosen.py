"""Which clients and endpoints an audit is about."""

from __future__ import annotations

import fnmatch
import os
import socket
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

from scorecard.cli.agreed import unused
from scorecard.cli.terminal import complain
from scorecard.errors import InputError
from scorecard.inventory import Client, load
from scorecard.model import Endpoint

LOCAL_CLIENT = "This computer"


def listed(paths: Sequence[Path], name: str | None, exceptions_file: Path | None = None) -> tuple[Client, ...]:
    """All clients of the inventories, or the one of that name. Warnings are said."""
    found = load(paths)
    for warning in (*found.warnings, *unused(paths, found.clients, exceptions_file)):
        complain(f"{warning} (a warning)")
    return found.clients if name is None else (found.client(name),)


def this_computer() -> Client:
    endpoint = Endpoint(socket.gethostname() or "localhost", LOCAL_CLIENT, "localhost", transport="local")
    return Client(name=LOCAL_CLIENT, time_zone=_time_zone(), endpoints=(endpoint,))


def _time_zone() -> str:
    """The IANA name of this computer's time zone, else UTC."""
    name = os.environ.get("TZ") or os.path.realpath("/etc/localtime").partition("zoneinfo/")[2]
    try:
        return ZoneInfo(name.removeprefix(":")).key if name else "UTC"
    except (KeyError, ValueError, OSError):
        return "UTC"


def fitting(clients: Sequence[Client], limit: str | None) -> tuple[Client, ...]:
    """The clients with those of their endpoints that fit the limit; who has none is left out. Raises InputError."""
    if limit is None:
        return tuple(clients)
    fitting = [
        replace(client, endpoints=tuple(endpoint for endpoint in client.endpoints if _fits(endpoint, limit)))
        for client in clients
    ]
    if not any(client.endpoints for client in fitting):
        names = ", ".join(client.name for client in clients)
        raise InputError(f"--limit {limit}: no endpoint of {names} fits by name, site or tag")
    return tuple(client for client in fitting if client.endpoints)


def _fits(endpoint: Endpoint, pattern: str) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for name in (endpoint.name, endpoint.site, *endpoint.tags))
