"""Endpoints over WinRM on the rig's servers: what a client costs, how many requests it makes, and others beside it."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import windows_client, windows_others
from bench.figures import Figure, cpu, middle
from bench.process import Cost, launch, result
from bench.recording import MARKER
from bench.windows_server import ADDRESSES, DOMAIN_USER, Counted, Order, WindowsServer
from scorecard.bundle_windows import ARGUMENTS, POWERSHELL, WindowsBundle
from scorecard.registry import Registry
from tests.rig.wsman import ACCOUNTS

_LIMIT_S = 180.0
# Create, Command, Send, Receive, Delete, and a login: two empty messages where messages are sealed, else one refusal.
FEWEST = {"http": 7, "https": 6}
_SAID = {"http": "sealed over HTTP", "https": "over HTTPS"}
_AIM = "at most 1.3 x the fewest requests"
_MEMORY_AIM = "under 150 MiB"


@dataclass(frozen=True, slots=True)
class Kind:
    """`judged`: the answers are judged and stored as well, which only our client does."""

    way: str
    client: str
    judged: bool = False


OURS = "scorecard"
KINDS = (
    Kind("http", OURS, judged=True),
    *(Kind("http", client) for client in (OURS, "pypsrp", "pywinrm")),
    Kind("https", OURS, judged=True),
    *(Kind("https", client) for client in (OURS, "pypsrp")),
)


@dataclass(frozen=True, slots=True)
class Run:
    cost: Cost
    counted: Counted


def measure(folder: Path, count: int, concurrency: int, most: int, runs: int, until: float) -> list[Figure]:
    """`until`: the moment of the monotonic clock after which nothing is measured once more.

    `most` endpoints are also asked all at once, for the memory that takes.
    """
    order = Order(count, min(count, concurrency))
    conversation = _conversation(folder)
    done: dict[Kind, list[Run]] = {kind: [] for kind in KINDS}
    with WindowsServer(folder) as server:
        for number in range(runs):
            if number and time.monotonic() > until:
                break
            # One of each in turn: what else the machine does weighs on all alike.
            for kind, found in done.items():
                found.append(_run(server, kind, folder, conversation, order))
        all_at_once = _run(server, Kind("http", OURS), folder, conversation, Order(most, most))
        size = f"{server.listening.answer_bytes / 1000:.0f} kB each"
    what = f"{count} endpoints over WinRM, {order.together} in flight, whole bundle, judged and stored ({size})"
    figures: list[Figure] = []
    for kind, found in done.items():
        said = _SAID[kind.way]
        if kind.judged:
            figures += _judged(f"{what}, {said}", kind, found, count)
        else:
            figures.append(_alone(f"the conversation alone, {said}: {kind.client}", kind, found, count))
    held = f"the conversation alone, {_SAID['http']}, {most} in flight at the same moment: client memory, peak"
    return [*figures, Figure(held, _memory([all_at_once.cost]), _MEMORY_AIM)]


def _conversation(folder: Path) -> Path:
    """What our client would say, for others to say."""
    asked = WindowsBundle(Registry.load().probes())
    file = folder / "conversation.json"
    content = {
        "executable": POWERSHELL,
        "arguments": [*ARGUMENTS, asked.encoded_command()],
        "questions": asked.questions(MARKER).decode("ascii"),
        "place": MARKER,
    }
    file.write_text(json.dumps(content), encoding="ascii")
    return file


def _judged(what: str, kind: Kind, runs: Sequence[Run], count: int) -> list[Figure]:
    costs = [run.cost for run in runs]
    return [
        Figure(f"{what}: client CPU an endpoint", cpu(costs, count)),
        Figure("the same: HTTP requests an endpoint", _requests(runs, kind.way, count), _AIM),
        Figure("the same: client memory, peak", _memory(costs)),
        Figure("the same: duration, server on the same cores", middle([cost.wall_s for cost in costs], ".1f", "s")),
    ]


def _alone(what: str, kind: Kind, runs: Sequence[Run], count: int) -> Figure:
    costs = [run.cost for run in runs]
    measured = f"{cpu(costs, count)}, {_requests(runs, kind.way, count)}, {_memory(costs)}"
    return Figure(what, measured, _AIM if kind.client == OURS else "")


def _memory(costs: Sequence[Cost]) -> str:
    return middle([cost.peak_mib for cost in costs], ".0f", "MiB")


def _requests(runs: Sequence[Run], way: str, count: int) -> str:
    """Counted by the server, over all endpoints of a run: every request, refused ones too."""
    each = sorted(run.counted.total / count for run in runs)
    shown = " to ".join(dict.fromkeys(f"{number:.2f}".removesuffix(".00") for number in (each[0], each[-1])))
    return f"{shown} requests ({each[-1] / FEWEST[way]:.2f} x the fewest)"


def _run(server: WindowsServer, kind: Kind, folder: Path, conversation: Path, order: Order) -> Run:
    server.order(order)
    listening = server.listening
    ca_file = listening.ca_file if kind.way == "https" else ""
    port = listening.https if kind.way == "https" else listening.http
    where = (ADDRESSES[kind.way], port, ca_file, DOMAIN_USER)
    secrets = {windows_client.PASSWORD: ACCOUNTS[DOMAIN_USER]}
    if kind.client == OURS:
        task = windows_client.Task(str(folder), *where, order.count, order.together, kind.judged)
        process = launch("bench.windows_client", task, secrets)
    else:
        other = windows_others.Task(
            kind.client, str(conversation), *where, windows_client.PASSWORD, order.count, order.together
        )
        process = launch("bench.windows_others", other, secrets)
    cost = result(process, order.count, _LIMIT_S)
    counted = server.counted()
    if counted.amiss:
        raise RuntimeError(f"{kind}: {'; '.join(counted.amiss)}")
    return Run(cost, counted)
