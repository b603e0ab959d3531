"""The registry of a simulated machine: a flat mapping of keys to their values; every key on the way exists as well."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.rig.wsman.machine import Machine, hresult

_USER = re.compile(r"S-1-(5-21|12-1)-[0-9-]+")
_BINARY_BYTES = 64
ACCESS_DENIED = 0x80070005


def read(machine: Machine, question: Mapping[str, Any]) -> dict[str, Any]:
    keys = {
        str(key).lower(): (str(key), values) for key, values in machine.section("registry").items() if values is not None
    }
    tree = _Tree(machine, keys, question)
    asked = question["key"]
    if not asked.startswith("HKU/*/"):
        return tree.read(asked)
    rest = asked.removeprefix("HKU/*/")
    users: dict[str, Any] = {}
    for sid in sorted({name.split("/")[1] for name, _ in keys.values() if name.upper().startswith("HKU/")}):
        if _USER.fullmatch(sid):
            denied = machine.denies("registry", f"HKU/{sid}")
            users[sid] = {"error": hresult(ACCESS_DENIED)} if denied else tree.read(f"HKU/{sid}/{rest}")
    return {"users": users}


@dataclass
class _Tree:
    """One reading of a key with what lies below it: the limit on sub-keys is for all of them together."""

    machine: Machine
    keys: Mapping[str, tuple[str, Any]]
    question: Mapping[str, Any]
    left: int = 0
    capped: bool = False

    def read(self, path: str) -> dict[str, Any]:
        self.left, self.capped = self.question["at_most"], False
        found = self._key(path, self.question["depth"])
        return {**found, "capped": self.capped}

    def _key(self, path: str, depth: int) -> dict[str, Any]:
        place = path.lower()
        below = {
            name[len(path) + 1 :].split("/")[0] for folded, (name, _) in self.keys.items() if folded.startswith(f"{place}/")
        }
        if place not in self.keys and not below:
            return {"exists": False, "values": {}, "keys": {}}
        held = self.keys[place][1] if place in self.keys else {}
        values = {str(name).lower(): value for name, value in held.items() if value is not None}
        wanted = [name for name in held if name.lower() in values] if self.question["all"] else self.question["values"]
        found: dict[str, Any] = {"exists": True, "values": {name: _value(values.get(name.lower())) for name in wanted}}
        found["keys"] = {}
        for name in sorted(below, key=str.lower) if depth else ():
            if not self.left:
                self.capped = True
                break
            self.left -= 1
            found["keys"][name] = self._below(f"{path}/{name}", depth - 1)
        return found

    def _below(self, path: str, depth: int) -> dict[str, Any]:
        return {"error": hresult(ACCESS_DENIED)} if self.machine.denies("registry", path) else self._key(path, depth)


def _value(value: Any) -> Any:
    if isinstance(value, Mapping) and "error" in value:
        return {"error": hresult(value["error"])}
    if isinstance(value, Mapping) and "hex" in value:
        return {"hex": str(value["hex"])[: 2 * _BINARY_BYTES]}
    return value
