"""Finds check modules and report modules: by entry point, or in folders the user names. Knows none of them by name."""

from __future__ import annotations

import hashlib
import importlib.util
import pkgutil
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

from scorecard.errors import PluginError
from scorecard.model import Json, Platform, Probe
from scorecard.portfolio.model import Site
from scorecard.reporting import Report
from scorecard.topic import Check, Topic

CHECKS_GROUP = "scorecard.checks"
REPORTS_GROUP = "scorecard.reports"
PORTFOLIO_GROUP = "scorecard.portfolio"

# What a module of other people may raise while it is imported.
_BROKEN = (
    ImportError,
    SyntaxError,
    NameError,
    AttributeError,
    TypeError,
    ValueError,
    LookupError,
    OSError,
    ArithmeticError,
    AssertionError,
    RuntimeError,
    SystemExit,
)
_TOPIC_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_OURS = "engine"  # the engine's own parts go by this name


@dataclass(frozen=True)
class Registry:
    """All topics, in order of their ids."""

    topics: tuple[Topic, ...]

    @classmethod
    def load(cls, folders: Iterable[Path] = ()) -> Registry:
        """Installed modules first, then those in `folders`. Raises PluginError, which names the module at fault."""
        topics: dict[str, Topic] = {}
        for topic in (*_installed(), *_in_folders(folders)):
            _examine(topic)
            if topic.id in topics:
                raise PluginError(f"topic {topic.id} is in {topics[topic.id].source} and again in {topic.source}")
            topics[topic.id] = topic
        return cls(tuple(topics[name] for name in sorted(topics)))

    @cached_property
    def checks(self) -> dict[str, Check]:
        """Every check by its id."""
        return {check.id: check for topic in self.topics for check in topic.checks}

    @cached_property
    def by_id(self) -> dict[str, Topic]:
        return {topic.id: topic for topic in self.topics}

    def data(self) -> tuple[Mapping[str, Json], ...]:
        """The data files that rules judge by, as audits name them."""
        return tuple(MappingProxyType(dict(entry)) for topic in self.topics if topic.data for entry in topic.data())

    def stable(self) -> dict[str, tuple[str, ...]]:
        """By check: the evidence keys that decide whether a finding got worse."""
        return {check.id: check.stable for check in self.checks.values()}

    def probes(self, platform: Platform | None = None, topics: Iterable[str] | None = None) -> tuple[Probe, ...]:
        """What these topics ask, of one platform or of all."""
        wanted = None if topics is None else frozenset(topics)
        return tuple(
            probe
            for topic in self.topics
            if wanted is None or topic.id in wanted
            for probe in topic.probes
            if platform is None or probe.platform is platform
        )


def reports() -> dict[str, Report[Any]]:
    """Report formats by name. Their modules are heavy, so ask only when one is wanted."""
    return {point.name: report(point.name) for point in entry_points(group=REPORTS_GROUP)}


def report_names() -> tuple[str, ...]:
    return tuple(sorted({point.name for point in entry_points(group=REPORTS_GROUP)}))


def report(name: str) -> Report[Any]:
    """One report format by its name. Raises PluginError."""
    for point in entry_points(group=REPORTS_GROUP, name=name):
        found = _load(point)
        if not isinstance(found, Report):
            raise PluginError(f"report {name}: {point.value} is not a Report")
        return found
    raise PluginError(f"no report format {name!r}; there are: {', '.join(report_names())}")


def portfolio_site() -> Site:
    """Who writes the pages of a portfolio. Raises PluginError."""
    for point in entry_points(group=PORTFOLIO_GROUP, name="html"):
        if isinstance(found := _load(point), Site):
            return found
        raise PluginError(f"{PORTFOLIO_GROUP} html: {point.value} is not a Site")
    raise PluginError(f"nothing here writes a portfolio; the entry point html of {PORTFOLIO_GROUP} is missing")


def _examine(topic: Topic) -> None:
    """A module may speak for its own topic only: it neither replaces another's checks nor the engine's parts."""
    where = f"topic {topic.id!r} in {topic.source or 'a module'}"
    if topic.id == _OURS or not _TOPIC_ID.fullmatch(topic.id):
        raise PluginError(f"{where}: expected an id in lower case with hyphens, other than {_OURS!r}")
    names = [check.id for check in topic.checks]
    asked = [(probe.platform, probe.part) for probe in topic.probes]
    for name in (*names, *(part for _, part in asked)):
        if not name.startswith(f"{topic.id}."):
            raise PluginError(f"{where}: {name} does not belong to it")
    if len(set(names)) != len(names) or len(set(asked)) != len(asked):
        raise PluginError(f"{where}: a check or a part is defined twice")


def _load(point: EntryPoint) -> object:
    try:
        return point.load()
    except _BROKEN as error:
        raise PluginError(f"{point.group} {point.name}: cannot load {point.value}: {_named(error)}") from error


def _installed() -> Iterator[Topic]:
    for point in entry_points(group=CHECKS_GROUP):
        module = _load(point)
        if not isinstance(module, ModuleType):
            raise PluginError(f"{CHECKS_GROUP} {point.name}: {point.value} is not a module")
        if isinstance(topic := getattr(module, "TOPIC", None), Topic):
            yield topic
            continue
        for info in pkgutil.iter_modules(module.__path__):
            if info.ispkg:
                found = getattr(_import(f"{module.__name__}.{info.name}"), "TOPIC", None)
                if isinstance(found, Topic):
                    yield found


def _import(name: str) -> ModuleType:
    try:
        return import_module(name)
    except _BROKEN as error:
        raise PluginError(f"{name}: cannot be loaded: {_named(error)}") from error


def _named(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _in_folders(folders: Iterable[Path]) -> Iterator[Topic]:
    for folder in folders:
        if not folder.is_dir():
            raise PluginError(f"{folder}: no such folder of checks")
        inner = [child for child in sorted(folder.iterdir()) if (child / "__init__.py").is_file()]
        packages = [folder] if (folder / "__init__.py").is_file() else inner
        if not packages:
            raise PluginError(f"{folder}: no check module here; expected a folder with an __init__.py that defines TOPIC")
        for package in packages:
            yield _import_folder(package)


def _import_folder(folder: Path) -> Topic:
    """Import one topic folder under a name of its own, so that its relative imports work."""
    # One name a folder, however much two paths are alike: else one would get the other's modules.
    name = "scorecard_checks_" + hashlib.sha256(str(folder.resolve()).encode(errors="surrogateescape")).hexdigest()[:16]
    for old in [key for key in sys.modules if key == name or key.startswith(f"{name}.")]:
        del sys.modules[old]
    spec = importlib.util.spec_from_file_location(name, folder / "__init__.py", submodule_search_locations=[str(folder)])
    if spec is None or spec.loader is None:
        raise PluginError(f"{folder}: cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except PluginError:
        raise
    except _BROKEN as error:
        raise PluginError(f"{folder}: cannot be imported: {_named(error)}") from error
    topic = getattr(module, "TOPIC", None)
    if not isinstance(topic, Topic):
        raise PluginError(f"{folder}: defines no TOPIC")
    return topic
