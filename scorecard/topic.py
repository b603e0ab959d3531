"""What a check module is made of: a topic folder with its probes, its facts and its rules (design section 4).

A topic's `__init__.py` ties the folder together::

    TOPIC = Topic.from_folder(__file__, id="disk-encryption", title="Disk encryption", parse=facts.parse, rules=rules)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

from scorecard.data import DataFile, describe
from scorecard.errors import PluginError
from scorecard.model import Fact, Host, Observations, Platform, Probe, Role, Severity, Verdict
from scorecard.questions import QUESTIONS_FILE, read_questions

ParameterValue: TypeAlias = "int | float | str | bool | tuple[str, ...] | None"

_CHECK_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\.[a-z][a-z0-9]*(-[a-z0-9]+)*")
_SNIPPETS = {"linux.sh": Platform.LINUX, "macos.sh": Platform.MACOS}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A threshold that a standard may set. The unit is in the name as well: `pass_days`."""

    name: str
    default: ParameterValue
    unit: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Parameters:
    """The values that a rule gets: the check's defaults under what the standard sets."""

    values: Mapping[str, ParameterValue]

    def number(self, name: str) -> float:
        value = self.values[name]
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError(f"parameter {name} is not a number")
        return value

    def text(self, name: str) -> str | None:
        value = self.values[name]
        return None if value is None else str(value)

    def flag(self, name: str) -> bool:
        return bool(self.values[name])

    def names(self, name: str) -> tuple[str, ...]:
        value = self.values[name]
        return value if isinstance(value, tuple) else ()


@dataclass(frozen=True, slots=True)
class Effort:
    """Hands-on minutes: once per client (preparing) and for each endpoint."""

    once_min: int
    each_min: int


Rule: TypeAlias = Callable[[Any, Host, Parameters], Verdict]


@dataclass(frozen=True, slots=True)
class Check:
    """One question with its metadata; made by the `check` decorator."""

    id: str
    title: str  # the good state, present tense
    why: str  # for the owner
    fix: tuple[str, ...]  # for the technician, in order; the last step shows that it worked
    severity: Severity
    effort: Effort
    rule: Rule
    parameters: tuple[Parameter, ...] = ()
    platforms: frozenset[Platform] = frozenset(Platform)
    roles: frozenset[Role] = frozenset(Role)
    stable: tuple[str, ...] = ()  # evidence keys that identify the finding from audit to audit; no ages
    aliases: tuple[str, ...] = ()
    task: str = ""  # what there is to do where it is not so, verb first; empty: the title has to do

    @property
    def topic(self) -> str:
        return self.id.partition(".")[0]

    def defaults(self) -> dict[str, ParameterValue]:
        return {parameter.name: parameter.default for parameter in self.parameters}


def check(
    id: str,
    *,
    title: str,
    why: str,
    fix: tuple[str, ...],
    severity: Severity,
    effort: Effort,
    parameters: tuple[Parameter, ...] = (),
    platforms: Iterable[Platform] = tuple(Platform),
    roles: Iterable[Role] = tuple(Role),
    stable: tuple[str, ...] = (),
    aliases: tuple[str, ...] = (),
    task: str = "",
) -> Callable[[Rule], Check]:
    """Make a check of a rule. Raises PluginError where the metadata is not usable."""
    if not _CHECK_ID.fullmatch(id):
        raise PluginError(f"check id {id!r}: expected topic.noun in lower case with hyphens")
    if not (title and why and fix):
        raise PluginError(f"check {id}: title, why and fix are needed")

    def wrap(rule: Rule) -> Check:
        return Check(
            id=id,
            title=title,
            why=why,
            fix=fix,
            severity=severity,
            effort=effort,
            rule=rule,
            parameters=parameters,
            platforms=frozenset(platforms),
            roles=frozenset(roles),
            stable=stable,
            aliases=aliases,
            task=task,
        )

    return wrap


@dataclass(frozen=True, slots=True)
class Topic:
    """A check module.

    `parse(observations, host)` turns what the topic's own parts answered into its facts; it never raises for bad
    input (a field that cannot be read is `Unseen`). `remember(facts)` names things whose first sighting matters from
    audit to audit, such as missing updates; on later audits the engine adds an observation `engine.first-seen` whose
    text is a JSON object from those names to UTC times. It gives None where that could not be read: then what earlier
    audits remember stays. `portray(facts)` gives a few plain values for the device list.
    `traits(facts, host)` tells what the machine is where rules of other topics need it; it ends up in `Host.traits`.
    """

    id: str
    title: str
    parse: Callable[[Observations, Host], Any]
    checks: tuple[Check, ...]
    probes: tuple[Probe, ...]
    remember: Callable[[Any], Iterable[str] | None] | None = None
    portray: Callable[[Any], Mapping[str, str | None]] | None = None
    traits: Callable[[Any, Host], Mapping[str, Fact[bool]]] | None = None
    data: Callable[[], Iterable[Mapping[str, str]]] | None = None  # data files read: name, source, as_of
    source: str = ""  # the folder, for messages
    data_files: tuple[DataFile[Any], ...] = ()  # what `scorecard data` shows and updates; `data` describes them

    def probes_for(self, platform: Platform) -> tuple[Probe, ...]:
        return tuple(probe for probe in self.probes if probe.platform is platform)

    @classmethod
    def from_folder(
        cls,
        init_file: str,
        *,
        id: str,
        title: str,
        parse: Callable[[Observations, Host], Any],
        rules: ModuleType,
        remember: Callable[[Any], Iterable[str] | None] | None = None,
        portray: Callable[[Any], Mapping[str, str | None]] | None = None,
        traits: Callable[[Any, Host], Mapping[str, Fact[bool]]] | None = None,
        data: Callable[[], Iterable[Mapping[str, str]]] | None = None,
        data_files: tuple[DataFile[Any], ...] = (),
    ) -> Topic:
        """Tie a topic folder together: its snippets and questions, and every Check in its rules module, in order.

        Raises PluginError for a broken snippet or question, a check of another topic, or a repeated id.
        """
        folder = Path(init_file).parent
        probes: list[Probe] = []
        for name, platform in _SNIPPETS.items():
            file = folder / name
            if file.is_file():
                probes += read_snippet(file.read_text(encoding="utf-8"), id, platform, str(file))
        questions = folder / QUESTIONS_FILE
        if questions.is_file():
            probes += read_questions(questions.read_bytes(), id, str(questions))
        checks = tuple(value for value in vars(rules).values() if isinstance(value, Check))
        for found in checks:
            if found.topic != id:
                raise PluginError(f"{folder}: check {found.id} does not belong to topic {id}")
        if len({found.id for found in checks}) != len(checks):
            raise PluginError(f"{folder}: a check id is used twice")
        if data is None and data_files:
            data = partial(describe, data_files)
        return cls(id, title, parse, checks, tuple(probes), remember, portray, traits, data, str(folder), data_files)


_DIRECTIVE = re.compile(r"#:\s*part\s+(?P<noun>[a-z][a-z0-9-]*)(?P<options>(?:\s+[a-z]+=\S+)*)\s*(?:--\s*(?P<why>.*))?")

# Nought would be no limit at all.
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


def read_snippet(text: str, topic: str, platform: Platform, source: str) -> list[Probe]:
    """Split a snippet file into parts.

    A part starts with a line `#: part NOUN [limit=SECONDS] [size=BYTES] [root=yes] [-- why]` and runs to the next one.
    Lines before the first are for readers and linters. Each part is complete POSIX sh and is run in its own shell.
    Raises PluginError naming file and line.
    """
    probes: list[Probe] = []
    current: dict[str, Any] | None = None
    lines: list[str] = []

    def finish() -> None:
        if current is not None:
            probes.append(Probe(text="\n".join(lines).strip("\n") + "\n", platform=platform, **current))

    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("#:"):
            finish()
            lines = []
            current = _read_directive(line, topic, f"{source}:{number}")
            if any(probe.part == current["part"] for probe in probes):
                raise PluginError(f"{source}:{number}: part {current['part']} is defined twice")
        elif current is not None:
            lines.append(line)
    finish()
    if not probes:
        raise PluginError(f"{source}: no part found; expected a line such as '#: part noun limit=10'")
    return probes


def _read_directive(line: str, topic: str, where: str) -> dict[str, Any]:
    match = _DIRECTIVE.fullmatch(line.strip())
    if match is None:
        raise PluginError(f"{where}: expected '#: part NOUN [limit=SECONDS] [size=BYTES] [root=yes] [-- why]'")
    values: dict[str, Any] = {"part": f"{topic}.{match['noun']}", "why": match["why"] or ""}
    for option in match["options"].split():
        key, _, value = option.partition("=")
        if key == "limit" and _NUMBER.fullmatch(value):
            values["limit_s"] = int(value)
        elif key == "size" and _NUMBER.fullmatch(value):
            values["size_bytes"] = int(value)
        elif key == "root" and value in ("yes", "no"):
            values["root"] = value == "yes"
        else:
            raise PluginError(f"{where}: option {option!r}: expected limit=SECONDS, size=BYTES or root=yes")
    return values
