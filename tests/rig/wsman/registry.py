"""The registry of a simulated machine: a flat mapping of keys to their values; every key on the way exists as well."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tests.rig.wsman.machine import Machine, hresult

_USER = re.compile(r"S-1-(5-21|12-1)-[0-9-]+")
_BINARY_BYTES = 64

Keys = Mapping[str, Mapping[str, Any]]


def read(machine: Machine, question: Mapping[str, Any]) -> dict[str, Any]:
    keys = {
        str(key).lower(): (str(key), values) for key, values in machine.section("registry").items() if values is not None
    }
    asked = question["key"]
    if not asked.startswith("HKU/*/"):
        return _key(machine, keys, asked, question, question["depth"])
    users = sorted({name.split("/")[1] for name, _ in keys.values() if name.upper().startswith("HKU/")})
    rest = asked.removeprefix("HKU/*/")
    return {
        "users": {
            sid: {"error": hresult(0x80070005)}
            if machine.denies("registry", f"HKU/{sid}")
            else _key(machine, keys, f"HKU/{sid}/{rest}", question, question["depth"])
            for sid in users
            if _USER.fullmatch(sid)
        }
    }


def _key(
    machine: Machine, keys: Mapping[str, tuple[str, Any]], path: str, question: Mapping[str, Any], depth: int
) -> dict[str, Any]:
    place = path.lower()
    below = sorted(
        {name[len(path) + 1 :].split("/")[0] for folded, (name, _) in keys.items() if folded.startswith(f"{place}/")},
        key=str.lower,
    )
    if place not in keys and not below:
        return {"exists": False, "values": {}, "keys": {}, "capped": False}
    held = keys[place][1] if place in keys else {}
    values = {str(name).lower(): value for name, value in held.items()}
    wanted = [name for name, value in held.items() if value is not None] if question["all"] else question["values"]
    chosen = below[: question["at_most"]] if depth else []
    return {
        "exists": True,
        "values": {name: _value(values.get(str(name).lower())) for name in wanted},
        "keys": {
            name: {"error": hresult(0x80070005)}
            if machine.denies("registry", f"{path}/{name}")
            else _key(machine, keys, f"{path}/{name}", question, depth - 1)
            for name in chosen
        },
        "capped": bool(depth) and len(below) > len(chosen),
    }


def _value(value: Any) -> Any:
    if isinstance(value, Mapping) and "error" in value:
        return {"error": hresult(value["error"])}
    if isinstance(value, Mapping) and "hex" in value:
        return {"hex": str(value["hex"])[: 2 * _BINARY_BYTES]}
    return value
