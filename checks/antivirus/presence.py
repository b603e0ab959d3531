"""Which products are there and which run, from the answers of the parts named `products`.

A product is installed where one of its paths exists. It runs where systemd says so or one of its processes is seen;
a process inside a container protects the container, not this machine. Sources: linux.md 2, macos.md 2.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from scorecard.model import Fact, Seen, Unseen

from .products import Product

_CONTAINER = re.compile(r"docker|libpod|kubepods|containerd|crio|lxc|machine\.slice")
_SECTION = re.compile(r"\[([a-z]+)\]")
_LS_ERROR = re.compile(r"ls: (?:cannot access )?'?(?P<path>/[^']*?)'?: (?P<why>[^:]+)")
_EXTENSION = re.compile(r"\t(?P<id>[A-Za-z0-9.-]+) \([^()\t]*\)\t[^\t]*\t\[(?P<state>[a-z ]+)\]\s*$")
_ENABLED = "activated enabled"
# Of several rows of one extension (an old version waits to go) the one that works counts, then the one that might.
_STATES = (_ENABLED, "activated waiting for user", "activated disabled")


def sections(text: str) -> dict[str, list[str]]:
    """`[name]` lines and what follows each; lines before the first are passed over."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.splitlines():
        if match := _SECTION.fullmatch(line):
            lines = found.setdefault(match[1], [])
        else:
            lines.append(line)
    return found


@dataclass(frozen=True, slots=True)
class Paths:
    """What `ls -d` said of every path asked: there, not there, or (anything else) not known."""

    there: frozenset[str]
    missing: frozenset[str]

    @classmethod
    def read(cls, lines: Iterable[str]) -> Paths:
        there: set[str] = set()
        missing: set[str] = set()
        for line in lines:
            if line.startswith("/"):
                there.add(line)
            elif (match := _LS_ERROR.fullmatch(line)) and match["why"] in ("No such file or directory", "Not a directory"):
                missing.add(match["path"])
        return cls(frozenset(there), frozenset(missing))

    def any_of(self, paths: Iterable[str]) -> Fact[bool]:
        wanted = frozenset(paths)
        if wanted & self.there:
            return Seen(True)
        if unclear := sorted(wanted - self.missing):
            return Unseen(f"It could not be seen whether {unclear[0]} exists")
        return Seen(False)


@dataclass(frozen=True, slots=True)
class Units:
    """What systemd said: unit name to its properties. `seen` is False where there is no systemd or it did not answer."""

    seen: bool
    states: Mapping[str, Mapping[str, str]]

    @classmethod
    def read(cls, lines: Iterable[str]) -> Units:
        states: dict[str, Mapping[str, str]] = {}
        for block in _blocks(lines):
            for name in (*block.get("Names", "").split(), block.get("Id", "")):
                states[name] = block
        return cls(bool(states), states)

    def loaded(self, names: Iterable[str]) -> list[Mapping[str, str]]:
        return [unit for name in names if (unit := self.states.get(name, {})).get("LoadState") == "loaded"]

    def covers(self, names: Iterable[str]) -> bool:
        return all("ActiveState" in self.states.get(name, {}) for name in names)

    def running(self, names: Iterable[str]) -> bool:
        """A unit of the kind "active (exited)" proves nothing: an old init script ran once."""
        return any(unit.get("ActiveState") == "active" and unit.get("SubState") == "running" for unit in self.loaded(names))


def _blocks(lines: Iterable[str]) -> Iterator[dict[str, str]]:
    block: dict[str, str] = {}
    for line in (*lines, ""):
        key, found, value = line.partition("=")
        if found:
            block[key] = value
        elif block:
            yield block
            block = {}


@dataclass(frozen=True, slots=True)
class Processes:
    """Names of the watched processes that run; `seen` is False where other people's processes are hidden from us."""

    seen: bool
    names: frozenset[str]
    contained: frozenset[str] = frozenset()  # seen only inside a container

    @classmethod
    def read_linux(cls, lines: Iterable[str]) -> Processes:
        """Lines `process NAME STATE here|inside CGROUPS` and `cgroup CGROUPS` of process 1, or the one line `hidden`."""
        seen, own = False, ""
        rows: list[tuple[str, str, str]] = []
        for line in lines:
            words = line.split(" ", 4)
            if words[0] == "cgroup":
                seen, own = True, line
            elif words[0] == "process" and len(words) >= 4 and words[2] not in ("Z", "X"):
                rows.append((words[1], words[3], words[4] if len(words) == 5 else ""))
        # Where process 1 itself lies in such a group, the machine asked is the container.
        ours = bool(_CONTAINER.search(own))
        here = frozenset(name for name, place, group in rows if place == "here" and (ours or not _CONTAINER.search(group)))
        return cls(seen, here, frozenset(name for name, _, _ in rows) - here)

    @classmethod
    def read_macos(cls, lines: Iterable[str]) -> Processes:
        """Lines `process NAME`, then `seen COUNT`; a Mac always has many, so a count of none is no answer."""
        names: set[str] = set()
        seen = False
        for line in lines:
            word, _, value = line.partition(" ")
            if word == "process":
                names.add(value)
            elif word == "seen":
                seen = value.isascii() and value.isdigit() and len(value) < 8 and int(value) > 1
        return cls(seen, frozenset(names))


@dataclass(frozen=True, slots=True)
class Extensions:
    """System extensions by bundle id, with the best state of each. `seen` is False where the list did not come."""

    seen: bool
    states: Mapping[str, str]

    @classmethod
    def read(cls, lines: Iterable[str]) -> Extensions:
        seen = False
        states: dict[str, str] = {}
        for line in lines:
            seen = seen or "extension(s)" in line
            if match := _EXTENSION.search(line):
                seen = True
                states[match["id"]] = min(states.get(match["id"], match["state"]), match["state"], key=_rank)
        return cls(seen, states)

    def of(self, product: Product) -> str | None:
        """The best state of the product's protecting extension; None where none is listed."""
        found = [self.states[name] for name in product.extensions if name in self.states]
        return min(found, key=_rank) if found else None


def _rank(state: str) -> int:
    return _STATES.index(state) if state in _STATES else len(_STATES)


@dataclass(frozen=True, slots=True)
class LinuxPresence:
    paths: Paths
    units: Units
    processes: Processes

    @classmethod
    def read(cls, text: str) -> LinuxPresence:
        found = sections(text)
        return cls(
            Paths.read(found.get("paths", ())),
            Units.read(found.get("units", ())),
            Processes.read_linux(found.get("processes", ())),
        )

    def installed(self, product: Product) -> Fact[bool]:
        if self.units.running(product.units):
            return Seen(True)
        if product.relocatable and self.processes.names & frozenset(product.processes):
            return Seen(True)
        return self.paths.any_of(product.paths)

    def running(self, product: Product) -> Fact[bool]:
        by_unit = self.units.running(product.units)
        by_process = bool(self.processes.names & frozenset(product.processes))
        if by_process:
            return Seen(True)
        if not product.units and not product.processes:
            return Unseen(f"{product.name}: whether it runs cannot be read on the machine")
        looked = self.processes.seen and bool(product.processes)
        if by_unit and looked:
            return Unseen(f"{product.name}: systemd says that it runs, but none of its processes is seen")
        if by_unit:
            return Seen(True)
        if looked or (self.units.seen and self.units.loaded(product.units)):
            return Seen(False)
        if not product.processes:
            if self.units.covers(product.units):
                return Seen(False)
            return Unseen(f"{product.name}: there is no systemd that could tell whether it runs")
        return Unseen(f"{product.name}: our account may not see the processes of others, so whether it runs is not known")


@dataclass(frozen=True, slots=True)
class MacPresence:
    paths: Paths
    daemons: tuple[str, ...]
    extensions: Extensions
    processes: Processes

    @classmethod
    def read(cls, text: str) -> MacPresence:
        found = sections(text)
        return cls(
            Paths.read(found.get("paths", ())),
            tuple(found.get("daemons", ())[:500]),
            Extensions.read(found.get("extensions", ())),
            Processes.read_macos(found.get("processes", ())),
        )

    def installed(self, product: Product) -> Fact[bool]:
        if any(name.startswith(product.daemons) for name in self.daemons) or self._processes_of(product):
            return Seen(True)
        if self.extensions.of(product) in _STATES:
            return Seen(True)
        return self.paths.any_of(product.paths)

    def running(self, product: Product) -> Fact[bool]:
        if self._processes_of(product):
            return Seen(True)
        if not product.processes and not product.extensions:
            return Unseen(f"{product.name}: whether it runs cannot be read on the machine")
        if not self.processes.seen:
            return Unseen(f"{product.name}: the list of processes did not come, so whether it runs is not known")
        if self.extensions.of(product) == _ENABLED:
            return Unseen(f"{product.name}: its system extension is enabled, but none of its processes is seen")
        if not product.processes and self.extensions.of(product) is None:
            return Unseen(f"{product.name}: whether it runs cannot be read on the machine")
        return Seen(False)

    def extension_trouble(self, product: Product) -> str | None:
        """Words for an extension that is listed but does not protect; None where it is enabled or none is listed."""
        state = self.extensions.of(product)
        if state is None or state == _ENABLED:
            return None
        if state == "activated waiting for user":
            return "still waits for someone to allow its system extension"
        return f"has a system extension that is not active ({state})"

    def _processes_of(self, product: Product) -> frozenset[str]:
        return self.processes.names & frozenset((*product.processes, *product.extensions))
