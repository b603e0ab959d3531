"""A simulated Windows machine: a folder of YAML, and the folders that it rests on. README.md describes the format."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import yaml

MACHINES = Path(__file__).parent / "machines"
SECTIONS = frozenset(
    {
        "base",
        "about",
        "administrator",
        "host",
        "cim",
        "registry",
        "services",
        "files",
        "events",
        "updates",
        "needs_administrator",
        "said",
        "banner",
        "delays",
    }
)
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


class MachineError(Exception):
    """A machine's folder cannot be read; the message names the file."""


def hresult(code: int) -> str:
    return f"0x{int(code) & 0xFFFFFFFF:08X}"


def text_of(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class _Loader(yaml.SafeLoader):
    """Knows `!ago 40d`, so that a machine stays as it is told while time goes by."""

    now: datetime

    def moment(self, node: yaml.Node) -> tuple[datetime, str]:
        """The moment that the node names, and the text that follows."""
        match = re.fullmatch(r"(-?\d+)([smhd])(?: (.*))?", str(node.value))
        if not match:
            raise yaml.constructor.ConstructorError(None, None, "expected a number and s, m, h or d", node.start_mark)
        return self.now - timedelta(seconds=int(match[1]) * _UNITS[match[2]]), match[3] or ""


# As the prelude writes dates; as the security centre and the list of hotfixes hold theirs; in any form that follows.
_FORMS: Mapping[str, Callable[[datetime, str], str]] = {
    "!ago": lambda moment, _: text_of(moment),
    "!ago-rfc1123": lambda moment, _: format_datetime(moment, usegmt=True),
    "!ago-us": lambda moment, _: f"{moment.month}/{moment.day}/{moment.year}",
    "!ago-as": lambda moment, form: moment.strftime(form),
}


def _constructor(form: Callable[[datetime, str], str]) -> Callable[[_Loader, yaml.Node], str]:
    return lambda loader, node: form(*loader.moment(node))


for _tag, _form in _FORMS.items():
    _Loader.add_constructor(_tag, _constructor(_form))
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


def items(told: Any) -> list[Any]:
    """A list as it stands, or the values of a mapping: names let a machine change one item of its base."""
    found = list(told.values()) if isinstance(told, Mapping) else list(told or [])
    return [item for item in found if item is not None]


@dataclass(frozen=True)
class Machine:
    """What the YAML says, every base laid under it."""

    name: str
    data: Mapping[str, Any]
    now: datetime

    @classmethod
    def load(cls, machine: str | Path, now: datetime | None = None) -> Machine:
        folder = MACHINES / machine if isinstance(machine, str) else machine
        now = now or datetime.now(UTC)
        return cls(folder.name, _read(folder, now), now)

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
        """What the account may do; `host.is_admin` is what it could find out about that."""
        return bool(self.data.get("administrator", self.section("host").get("is_admin")))

    @property
    def constrained(self) -> bool:
        return self.section("host").get("lang_mode") == "ConstrainedLanguage"

    def denies(self, verb: str, what: str) -> bool:
        """Whether this takes an administrator and the account is none. A key or namespace covers what lies below it."""
        if self.administrator:
            return False
        what = what.replace("\\", "/").lower()
        places = [str(place).lower() for place in self.section("needs_administrator").get(verb) or ()]
        return any(what == place or what.startswith((f"{place}/", f"{place}:")) for place in places)

    def say(self, what: str, otherwise: str) -> str:
        """A message in the language of the machine."""
        return str(self.section("said").get(what, otherwise))
