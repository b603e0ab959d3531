"""An Ansible inventory as it was read: hosts, groups, and the variables that hold for each host.

The order of variables, the later winning, is Ansible's: those of `all` and of the other groups in inventory files, then
`group_vars/all`, then the other files in `group_vars`, then the host's own, then its file in `host_vars`. Among groups
the deeper wins, then the one with the higher `ansible_group_priority`, then the later name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from scorecard.inventory.ansible_names import BECOME, KEYS, OWN, OWN_PASSPHRASE, OWN_PASSWORD, PASSPHRASES, SECRETS
from scorecard.marked_yaml import Problem, printable
from scorecard.secrets import FORMS
from scorecard.yaml_values import Value

ALL, UNGROUPED = "all", "ungrouped"
PRIORITY = "ansible_group_priority"
MAX_MENTIONS = 200_000  # hosts that lines and ranges name, one that is named twice counted twice
MAX_DEPTH = 100  # of groups within groups
MAX_ANCESTORS = 2_000_000  # over all groups
MAX_MEMBERSHIPS = 5_000_000  # over all hosts
_MARKS = ("{{", "{%", "{#")
_PLAIN = "a plain secret stands here; take it out, or encrypt it with ansible-vault"
_BY_REFERENCE = f", and say where it is: {OWN_PASSWORD} set to {FORMS}"
_INSTEAD = {
    **dict.fromkeys(BECOME, ""),
    **dict.fromkeys(KEYS, "; name its file with ansible_private_key_file"),
    **dict.fromkeys(PASSPHRASES, f", and say where it is: {OWN_PASSPHRASE} set to {FORMS}"),
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where something stands."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Variable:
    """`value` is None for one that cannot be read here: it is encrypted, or empty."""

    value: Value
    origin: Origin


def is_template(value: Value) -> bool:
    return isinstance(value, str) and any(mark in value for mark in _MARKS)


@dataclass(slots=True)
class Notes:
    """What is wrong, and what is left out. Problems stop the inventory from being used, warnings do not."""

    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    own_names: set[str] = field(default_factory=set)  # variables of ours that are set anywhere

    def variable(self, name: str, value: Value, origin: Origin) -> Variable:
        """A variable as it may be kept: a plain secret is refused, and its value goes no further."""
        if name.startswith(OWN):
            self.own_names.add(name)
        if name not in SECRETS or value in (None, "") or is_template(value):
            return Variable(value, origin)
        self.problem(origin, name, _PLAIN + _INSTEAD.get(name, _BY_REFERENCE))
        return Variable(None, origin)

    def problem(self, origin: Origin, key: str, message: str) -> None:
        self.problems.append(Problem(origin.file, origin.line, key, message))

    def warn(self, origin: Origin, key: str, message: str) -> None:
        self.warnings.append(Problem(origin.file, origin.line, key, message))


@dataclass(slots=True, eq=False)
class Group:
    name: str
    origin: Origin
    variables: dict[str, Variable] = field(default_factory=dict)
    children: dict[str, Origin] = field(default_factory=dict)
    priority: int = 1
    depth: int = 0
    ancestors: frozenset[str] = frozenset()

    @property
    def rank(self) -> tuple[int, int, str]:
        """Groups of a higher rank win."""
        return self.depth, self.priority, self.name


@dataclass(slots=True, eq=False)
class Host:
    name: str
    origin: Origin
    variables: dict[str, Variable] = field(default_factory=dict)
    groups: set[str] = field(default_factory=set)  # those that name it


class TooMany(Exception):
    """A bound is passed, or groups contain each other: reading on makes no sense. The problem is noted."""


class Tree:
    """Filled by the readers, then `finish`ed, then asked."""

    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        self.groups: dict[str, Group] = {name: Group(name, Origin("", 0)) for name in (ALL, UNGROUPED)}
        self.hosts: dict[str, Host] = {}
        self._mentions = 0
        self._joined: dict[frozenset[str], tuple[Group, ...]] = {}

    def group(self, name: str, origin: Origin) -> Group:
        """The group of that name, made where there is none."""
        if name not in self.groups:
            self.groups[name] = Group(name, origin)
        return self.groups[name]

    def mention(self, count: int, origin: Origin) -> None:
        """Count hosts before they are made. Raises TooMany."""
        self._mentions += count
        if self._mentions > MAX_MENTIONS:
            said = f"more than {MAX_MENTIONS:,} hosts are named up to here; split the inventory"
            self.notes.problem(origin, "", said)
            raise TooMany

    def host(self, name: str, group: str, port: int | None, origin: Origin) -> Host:
        """The host of that name in a group. A port counts only where the host is first named, as in Ansible."""
        if (host := self.hosts.get(name)) is None:
            host = self.hosts[name] = Host(name, origin)
            if port is not None:
                host.variables["ansible_port"] = Variable(port, origin)
        host.groups.add(group)
        return host

    def set_on_group(self, group: Group, name: str, variable: Variable) -> None:
        if name != PRIORITY:
            group.variables[name] = variable
            return
        try:
            group.priority = int(str(variable.value))
        except ValueError:
            self.notes.problem(variable.origin, PRIORITY, "expected a whole number")

    def finish(self) -> None:
        """Settle how deep each group lies and what it belongs to. Raises TooMany."""
        parents: dict[str, list[str]] = {name: [] for name in self.groups}
        for group in self.groups.values():
            for child in group.children:
                parents[child].append(group.name)
                if child == ALL:
                    self.notes.problem(group.children[ALL], ALL, "contains every other group; take it out here")
                    raise TooMany
        waiting = {name: len(found) for name, found in parents.items()}
        ready = [name for name, count in waiting.items() if not count]
        ancestors = 0
        while ready:
            group = self.groups[ready.pop()]
            above = [self.groups[name] for name in parents[group.name]]
            group.ancestors = frozenset().union(*(one.ancestors for one in above), (one.name for one in above))
            group.depth = 0 if group.name == ALL else 1 + max((one.depth for one in above), default=0)
            ancestors += len(group.ancestors)
            if group.depth > MAX_DEPTH or ancestors > MAX_ANCESTORS:
                said = f"groups lie in groups more than {MAX_DEPTH} deep, or too many times over; expected fewer"
                self.notes.problem(group.origin, printable(group.name), said)
                raise TooMany
            for child in group.children:
                waiting[child] -= 1
                if not waiting[child]:
                    ready.append(child)
        self._say_cycles({name for name, count in waiting.items() if count})

    def _say_cycles(self, tangled: set[str]) -> None:
        """`tangled`: groups that are in a cycle, or below one."""
        if not tangled:
            return
        above = {child: name for name in tangled for child in self.groups[name].children if child in tangled}
        name, seen = min(tangled), set[str]()
        while name not in seen:  # each of them has another above it, so going up ends in a cycle
            seen.add(name)
            name = above[name]
        origin = self.groups[above[name]].children[name]
        parent = printable(above[name])
        said = f"contains '{parent}' and is contained in it; take one of the two out"
        self.notes.problem(origin, printable(name), "contains itself; take it out" if above[name] == name else said)
        raise TooMany

    def memberships(self, host: Host) -> tuple[Group, ...]:
        """The host's groups and those around them, the one that wins last; without `all`. Who is in none is in `ungrouped`,
        and nobody else is, wherever a file puts them."""
        key = frozenset(host.groups - {ALL, UNGROUPED}) or frozenset({UNGROUPED})
        if key not in self._joined:
            names = key.union(*(self.groups[name].ancestors for name in key)) - {ALL}
            self._joined[key] = tuple(sorted((self.groups[name] for name in names), key=lambda group: group.rank))
        return self._joined[key]


Found = Mapping[str, Variable]


class Settled:
    """Which variables hold for a host. `of_group` and `of_host` give what files say about one, by its name."""

    def __init__(self, tree: Tree, of_group: Callable[[str], Found], of_host: Callable[[str], Found]) -> None:
        self._tree = tree
        self._of_group = of_group
        self._of_host = of_host
        self._merged: dict[tuple[str, ...], dict[str, Variable]] = {}

    def variables(self, host: Host) -> Found:
        of_groups, of_host = self._groups(host), self._of_host(host.name)
        return {**of_groups, **host.variables, **of_host} if host.variables or of_host else of_groups

    def _groups(self, host: Host) -> dict[str, Variable]:
        groups = self._tree.memberships(host)
        key = tuple(group.name for group in groups)
        if key not in self._merged:
            merged = self._merged[key] = {}
            merged.update(self._tree.groups[ALL].variables)
            for group in groups:
                merged.update(group.variables)
            merged.update(self._of_group(ALL))
            for group in groups:
                merged.update(self._of_group(group.name))
        return self._merged[key]
