"""What can be wrong before any endpoint is contacted, looked for then: all of it ends with code 2."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime

from scorecard.asking import Order
from scorecard.errors import CredentialError, InputError
from scorecard.inventory import Client
from scorecard.model import Endpoint
from scorecard.registry import Registry
from scorecard.secrets import Resolver


def check_authorisation(clients: Sequence[Client]) -> None:
    """A client whose authorisation has run out is not contacted. Raises InputError, a line each."""
    today = datetime.now(UTC).date()
    problems = [
        f"{entry.source}: authorised.until: {entry.name} allowed audits until {entry.authorised.until} only; ask again, "
        "and write down who allowed it"
        for entry in clients
        if entry.authorised is not None and entry.authorised.until is not None and entry.authorised.until < today
    ]
    if problems:
        raise InputError("\n".join(problems))


def check_data(registry: Registry) -> None:
    """A broken data file is found before any endpoint is contacted."""
    for topic in registry.topics:
        if topic.data is not None:
            tuple(topic.data())


def hide_environment(jobs: Iterable[tuple[Iterable[Endpoint], Resolver]]) -> None:
    """Resolve the secrets in environment variables, then take those away: programs that we start must not inherit them.

    What cannot be resolved is told where it is needed.
    """
    names: set[str] = set()
    for endpoints, resolver in jobs:
        for endpoint in endpoints:
            for credential in endpoint.credentials:
                for reference in (credential.password, credential.passphrase):
                    if reference is not None and reference.kind == "env":
                        names.add(str(reference.value))
                        with suppress(CredentialError):
                            resolver(reference, endpoint)
    for name in names:
        os.environ.pop(name, None)


def _unreadable_trust(endpoints: Iterable[Endpoint]) -> Iterator[str]:
    """Files of trusted certificates, each named once: a whole fleet may share one."""
    first = {one.connection.ca_file: one for one in reversed(tuple(endpoints)) if one.transport == "winrm"}
    for file, endpoint in sorted(first.items()):
        if file and not os.access(file, os.R_OK):
            yield f"{endpoint.source}: ca_file: {file} cannot be read"


def check_credentials(orders: Iterable[tuple[Order, Resolver]]) -> None:
    """What is missing to log in to any client's endpoints. Raises InputError, a line each."""
    problems: dict[str, None] = {}
    for order, resolver in orders:
        problems.update(dict.fromkeys(resolver.prepare(order.endpoints)))
        for endpoint in order.endpoints:
            for credential in endpoint.credentials:
                for name in (credential.key_file, credential.certificate_file):
                    if name and not os.access(name, os.R_OK):
                        problems[f"{endpoint.source}: credential {credential.name}: {name} cannot be read"] = None
        problems.update(dict.fromkeys(_unreadable_trust(order.endpoints)))
    if problems:
        raise InputError("\n".join(problems))
