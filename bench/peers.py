"""Our client and others, in turn, on the same fleet with the same probe: what each costs with all that it starts."""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from bench import client, install
from bench.clients import ALL, ANSIBLE_PARAMIKO, ANSIBLE_SSH, CHECK_BY_CHECK, TOGETHER, XARGS, Client, environment, prepare
from bench.figures import columns, middle
from bench.process import ROOT
from bench.shells import Shells, answered
from bench.tree import Task, TreeCost, run

OURS = f"scorecard, host part, {TOGETHER} at a time"
_LIMIT_S = 300.0
_LIMIT_EACH_S = 2.0  # more, where there are very many endpoints
_CHECKED = (4, 12)  # endpoints that are asked check by check
_HEAD = (
    "Client",
    "Endpoints",
    "CPU an endpoint",
    "beside ours",
    "CPU of each endpoint more",
    "beside ours",
    "Duration",
    "Memory, peak",
    "Connections an endpoint",
    "Aim",
)


@dataclass(frozen=True, slots=True)
class Run:
    """`wrong` says why it does not count: not every endpoint answered, or the client said that it failed."""

    cost: TreeCost
    count: int
    connections: Counter[str]
    wrong: str = ""

    @property
    def each_ms(self) -> float:
        return self.cost.cpu_ms / self.count


@dataclass(frozen=True, slots=True)
class Peers:
    """`clients` beside ours, whose programs are in `programs`; `versions` of their packages."""

    clients: tuple[Client, ...]
    programs: Path
    versions: dict[str, str]

    @classmethod
    def installed(cls) -> Peers:
        """All of them; what is not there yet is installed."""
        programs = install.programs()
        names = sorted({one.package for one in ALL if one.package})
        # Newer ones have left it out.
        paramiko = any(programs.parent.glob("lib/python3*/site-packages/ansible/plugins/connection/paramiko_ssh.py"))
        clients = tuple(one for one in ALL if paramiko or one is not ANSIBLE_PARAMIKO)
        return cls((*clients, CHECK_BY_CHECK), programs, install.versions(programs, [*names, "paramiko"]))

    @classmethod
    def at_hand(cls) -> Peers:
        """Those for which nothing has to be installed beside what the tests need."""
        programs = Path(sys.executable).parent
        return cls((XARGS, ANSIBLE_SSH), programs, install.versions(programs, ["ansible-core"]))


def measure(folder: Path, peers: Peers, sizes: Sequence[int], rounds: int, until: float, say: Callable[[str], None]) -> str:
    """A table and a line of versions. `until`: the moment of the monotonic clock after which nothing is measured again."""
    runs: dict[str, dict[int, list[Run]]] = {}
    with Shells(folder) as fleet:
        for number in range(rounds):
            if number and time.monotonic() > until:
                break
            for count in sizes:
                say(f"{count} endpoints, {len(peers.clients)} clients beside ours, time {number + 1} of at most {rounds}")
                for name, found in _round(fleet, peers, count):
                    runs.setdefault(name, {}).setdefault(count, []).append(found)
        if CHECK_BY_CHECK in peers.clients:
            for count in _CHECKED:
                say(f"{count} endpoints, {CHECK_BY_CHECK.name}")
                addresses = _laid_ready(fleet, count)
                found = _other(fleet, peers, CHECK_BY_CHECK, addresses)
                runs.setdefault(CHECK_BY_CHECK.name, {})[count] = [found]
    named = ", ".join(f"{name} {number}" for name, number in peers.versions.items())
    return f"{columns(list(_rows(peers, runs)))}\n{named}.\n"


def _round(fleet: Shells, peers: Peers, count: int) -> Iterator[tuple[str, Run]]:
    """Each client once, ours first."""
    addresses = _laid_ready(fleet, count)
    yield OURS, _ours(fleet, addresses)
    for other in peers.clients:
        if other is not CHECK_BY_CHECK:
            yield other.name, _other(fleet, peers, other, addresses)


def _laid_ready(fleet: Shells, count: int) -> list[str]:
    addresses = fleet.addresses(count)
    prepare(fleet, addresses)
    return addresses


def _ours(fleet: Shells, addresses: Sequence[str]) -> Run:
    asked = client.Task(str(fleet.folder), fleet.port, len(addresses), TOGETHER, thin=True)
    command = [sys.executable, "-m", "bench.client", json.dumps(asdict(asked))]
    cost, printed, seen = _run(fleet, Task(command, dict(os.environ), str(ROOT), _limit_s(addresses)))
    if cost.exit_code != 0:
        return Run(cost, len(addresses), seen, _failed(cost, printed))
    read = json.loads(printed)["seen"]
    return Run(cost, len(addresses), seen, "" if read == len(addresses) else f"{read} of {len(addresses)} answered")


def _other(fleet: Shells, peers: Peers, other: Client, addresses: Sequence[str]) -> Run:
    command = other.command(fleet, addresses, peers.programs)
    variables = environment(fleet, peers.programs, other)
    cost, printed, seen = _run(fleet, Task(command, variables, str(fleet.folder), _limit_s(addresses)))
    missing = set(addresses) - answered(printed)
    if missing or cost.exit_code != 0:
        wrong = f"{len(addresses) - len(missing)} of {len(addresses)} answered, {_failed(cost, printed)}"
        return Run(cost, len(addresses), seen, wrong)
    return Run(cost, len(addresses), seen)


def _run(fleet: Shells, task: Task) -> tuple[TreeCost, str, Counter[str]]:
    fleet.connections()
    output = fleet.folder / "printed"
    cost = run(task, output)
    return cost, output.read_text(encoding="utf-8", errors="replace"), fleet.connections()


def _limit_s(addresses: Sequence[str]) -> float:
    return max(_LIMIT_S, _LIMIT_EACH_S * len(addresses))


def _failed(cost: TreeCost, printed: str) -> str:
    if cost.exit_code is None:
        return f"not ended after {cost.wall_s:.0f} s"
    last = (printed.strip().splitlines() or ["no output"])[-1]
    return f"exit code {cost.exit_code}: {last[:120].replace('|', '/')}"


def _rows(peers: Peers, runs: dict[str, dict[int, list[Run]]]) -> Iterator[tuple[str, ...]]:
    yield _HEAD
    ours = runs[OURS]
    largest = max(ours)
    for name, least in ((OURS, 0.0), *((one.name, one.least) for one in peers.clients if one is not CHECK_BY_CHECK)):
        for count, found in runs[name].items():
            aim = f"at least {least:g} x" if least and count >= 200 and count == largest else ""
            yield _row(name, count, found, ours[count], _more_ms(runs[name]), _more_ms(ours), aim)
    if CHECK_BY_CHECK.name in runs:
        yield _checked(runs[CHECK_BY_CHECK.name], ours, largest)


def _row(
    name: str, count: int, runs: Sequence[Run], ours: Sequence[Run], more: float | None, ours_more: float | None, aim: str
) -> tuple[str, ...]:
    wrong = next((one.wrong for one in (*runs, *ours) if one.wrong), "")
    if wrong:
        return (name, f"{count:,}", f"failed: {wrong}", *[""] * (len(_HEAD) - 4), aim)
    # Round by round: what else the machine did weighed on both.
    beside = [one.each_ms / our.each_ms for one, our in zip(runs, ours, strict=True)]
    is_ours = runs is ours
    return (
        name,
        f"{count:,}",
        middle([one.each_ms for one in runs], ".1f", "ms"),
        "" if is_ours else middle(beside, ".1f", "x"),
        "" if more is None else f"{more:.1f} ms",
        "" if is_ours or more is None or not ours_more else f"{more / ours_more:.1f} x",
        middle([one.cost.wall_s for one in runs], ".1f", "s"),
        middle([one.cost.peak_mib for one in runs], ".0f", "MiB"),
        _connections(runs),
        aim,
    )


def _more_ms(by_count: dict[int, list[Run]]) -> float | None:
    """What one endpoint more costs, start-up left out: from the smallest fleet to the largest. None where only one was
    measured, or where a run does not count."""
    small, large = min(by_count), max(by_count)
    if small == large or any(one.wrong for runs in by_count.values() for one in runs):
        return None
    spent = [median(one.cost.cpu_ms for one in by_count[count]) for count in (small, large)]
    return (spent[1] - spent[0]) / (large - small)


def _checked(by_count: dict[int, list[Run]], ours: dict[int, list[Run]], count: int) -> tuple[str, ...]:
    """Measured on a few endpoints, since it asks one after the other, and scaled: start-up and so much an endpoint."""
    more, ours_more = _more_ms(by_count), _more_ms(ours)
    few, many = (by_count[size][0] for size in _CHECKED)
    name = f"{CHECK_BY_CHECK.name}; scaled from {few.count} and {many.count} endpoints"
    wrong = next((one.wrong for one in (few, many, *ours[count]) if one.wrong), "")
    if wrong or more is None:
        return (name, f"{count:,}", f"failed: {wrong}", *[""] * (len(_HEAD) - 4), "")
    each_ms = more + (few.cost.cpu_ms - few.count * more) / count
    wall_s = few.cost.wall_s + (count - few.count) * (many.cost.wall_s - few.cost.wall_s) / (many.count - few.count)
    ours_ms = median(one.each_ms for one in ours[count])
    return (
        name,
        f"{count:,}",
        f"{each_ms:.1f} ms",
        f"{each_ms / ours_ms:.1f} x",
        f"{more:.1f} ms",
        f"{more / ours_more:.1f} x" if ours_more else "",
        f"{wall_s:.1f} s",
        "",
        _connections([few, many]),
        f"at least {CHECK_BY_CHECK.least:g} x",
    )


def _connections(runs: Sequence[Run]) -> str:
    """As the server logged them; one number where every endpoint had as many in every run."""
    each = sorted({number for one in runs for number in one.connections.values()})
    if any(len(one.connections) != one.count for one in runs):
        raise RuntimeError("the server's log names other endpoints than were asked")
    return " to ".join(str(number) for number in dict.fromkeys((each[0], each[-1])))
