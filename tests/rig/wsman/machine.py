"""A simulated Windows machine: a folder of YAML, and the folders that it rests on. README.md describes the format."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

MACHINES = Path(__file__).parent / "machines"
SECTIONS = frozenset(
    {
        "base",
        "about",
        "host",
        "cim",
        "registry",
        "services",
        "files",
        "events",
        "updates",
        "accounts",
        "commands",
        "needs_administrator",
        "banner",
        "delays",
    }
)
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


class MachineError(Exception):
    """A machine's folder cannot be read; the message names the file."""


def text_of(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class _Loader(yaml.SafeLoader):
    """Knows `!ago 40d`, so that a machine stays as it is told while time goes by."""

    now: datetime

    def ago(self, node: yaml.Node) -> str:
        match = re.fullmatch(r"(-?\d+)([smhd])", str(node.value))
        if not match:
            raise yaml.constructor.ConstructorError(None, None, "!ago takes a number and s, m, h or d", node.start_mark)
        return text_of(self.now - timedelta(seconds=int(match[1]) * _UNITS[match[2]]))


_Loader.add_constructor("!ago", _Loader.ago)
# A date stays the text that it is: what a machine sends is text.
_Loader.yaml_implicit_resolvers = {
    key: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for key, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def merge(below: Any, above: Any) -> Any:
    """Mappings are merged key by key; anything else replaces what lies below."""
    if not isinstance(below, Mapping) or not isinstance(above, Mapping):
        return above
    return {**below, **{key: merge(below[key], value) if key in below else value for key, value in above.items()}}


def _read(folder: Path, now: datetime) -> dict[str, Any]:
    found: dict[str, Any] = {}
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise MachineError(f"no machine: {folder} has no YAML files")
    for file in files:
        loader = _Loader(file.read_text(encoding="utf-8"))
        loader.now = now
        try:
            content = loader.get_single_data() or {}
        except yaml.YAMLError as error:
            raise MachineError(f"{file}: {error}") from error
        finally:
            loader.dispose()
        if unknown := set(content) - SECTIONS:
            raise MachineError(f"{file}: no such section: {', '.join(sorted(unknown))}")
        found = merge(found, content)
    below: dict[str, Any] = {}
    for base in found.pop("base", []):
        below = merge(below, _read(folder.parent / base, now))
    return dict(merge(below, found))


@dataclass(frozen=True)
class Machine:
    """What the YAML says, every base laid under it."""

    name: str
    data: Mapping[str, Any]

    @classmethod
    def load(cls, machine: str | Path, now: datetime | None = None) -> Machine:
        folder = MACHINES / machine if isinstance(machine, str) else machine
        return cls(folder.name, _read(folder, now or datetime.now(UTC)))

    def section(self, name: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.data.get(name) or {}
        return found

    @property
    def hostname(self) -> str:
        return str(self.section("host").get("hostname", ""))

    @property
    def domain(self) -> str:
        return str(self.section("host").get("domain") or "")

    @property
    def modern(self) -> bool:
        """Windows 10 or Server 2016, or later."""
        return int(str(self.section("host").get("build") or 0)) >= 10_240

    @property
    def administrator(self) -> bool:
        return self.section("host").get("is_admin") is True

    @property
    def constrained(self) -> bool:
        return self.section("host").get("lang_mode") == "ConstrainedLanguage"
