"""The client over WinRM: `python -m bench.windows_client TASK` prints what it cost as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.client import DEADLINE_S, audit
from bench.process import Cost, in_threads, measured
from scorecard.bundle_windows import WindowsBundle
from scorecard.model import Authentication, Connection, Credential, Endpoint, Platform, SecretRef
from scorecard.redaction import Redactor
from scorecard.registry import Registry
from scorecard.secrets import Resolver
from scorecard.transports import make

# The variable of the environment with the user's password.
PASSWORD = "BENCH_PASSWORD"


@dataclass(frozen=True, slots=True)
class Task:
    """All endpoints stand behind one address and port; NTLM over HTTPS where there is a `ca_file`, else over HTTP, sealed.

    `judged`: the answers are judged and stored as well; else the transport alone. `folder` gets the store.
    """

    folder: str
    address: str
    port: int
    ca_file: str
    user: str
    count: int
    concurrency: int
    judged: bool


def main(task: Task) -> Cost:
    redactor = Redactor()
    transport = make("winrm", Resolver(redactor))
    endpoints = tuple(_endpoints(task))
    try:
        if task.judged:
            return measured(audit(endpoints, task.concurrency, transport, redactor, Path(task.folder)))
        bundle = WindowsBundle(Registry.load().probes())

        def ask(endpoint: Endpoint) -> bool:
            return transport.ask(endpoint, bundle, DEADLINE_S).complete

        return measured(lambda: (in_threads(endpoints, task.concurrency, ask), 0))
    finally:
        transport.close()


def _endpoints(task: Task) -> Iterator[Endpoint]:
    connection = Connection(
        connect_timeout_s=60, https=bool(task.ca_file), authentication=Authentication.NTLM, ca_file=task.ca_file
    )
    credential = Credential("bench", "Bench", user=task.user, password=SecretRef("env", PASSWORD))
    for number in range(task.count):
        yield Endpoint(
            f"{number:05}",
            "Bench",
            task.address,
            transport="winrm",
            port=task.port,
            platform=Platform.WINDOWS,
            credential=credential,
            connection=connection,
        )


if __name__ == "__main__":
    print(json.dumps(asdict(main(Task(**json.loads(sys.argv[1]))))))
