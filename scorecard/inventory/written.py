"""An inventory as YAML text of ours, made from what was read: the text loads, and means the same.

Settings that all endpoints share go into the defaults, those that all of a group's endpoints share into the group.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from scorecard import marked_yaml
from scorecard.errors import InputError
from scorecard.inventory.layers import names
from scorecard.inventory.load import Read, built
from scorecard.inventory.shape import items, mapping
from scorecard.inventory.types import Inventory
from scorecard.marked_yaml import printable

_FILE = "inventory.yaml"
_ORDER = ("client", "provider", "time_zone", "standard", "exceptions", "authorised", "credentials", "defaults", "sites")
# Not moved: who and where an endpoint is, and what adds up over the levels.
_ITS_OWN = frozenset({"name", "address", "groups", "tags"})
_FILE_KEYS = ("key_file", "certificate_file", "known_hosts", "ca_file", "exceptions")
_LISTS = "endpoints_from"

Client = dict[str, Any]


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]  # chosen when the program starts
    def ignore_aliases(self, _data: object) -> bool:
        """Written out each time: anchors are for people."""
        return True


def written(files: Read, inventory: Inventory, client: str | None, folder: Path) -> str:
    """One inventory with the clients of `files`, which `inventory` was built from.

    `client`: what the only one is called, or which of several to take. `folder`: where the text will lie; relative paths
    start there. Raises InputError where no client has the name, and InventoryError where it can be no client's name.
    """
    found: list[Client] = []
    for document in files.documents:
        start = Path(document.file).absolute().parent
        found += (_placed(raw, start, folder) for raw in _clients(document.value))
    for raw, made in zip(found, inventory.clients, strict=True):
        for endpoint, real in zip(raw["endpoints"], made.endpoints, strict=True):
            if real.transport == "replay":
                endpoint["address"] = real.address  # a file, which is absolute by now
    found = [_ordered(_shared(raw)) for raw in _wanted(found, client)]
    whole = found[0] if len(found) == 1 else {"clients": found}
    head = f"# Made from {', '.join(printable(document.file, 200) for document in files.documents)}.\n"
    text = head + yaml.dump(whole, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=None, width=120)
    built(Read((replace(marked_yaml.parse(text, _FILE), ours_alone=True),)))  # so will the file be
    return text


def _clients(value: object) -> Iterator[Client]:
    """Each with what the file says for all of them."""
    whole = mapping(value)
    if "clients" not in whole:
        yield dict(whole)
        return
    shared = {key: given for key, given in whole.items() if key != "clients"}
    for raw in items(whole, "clients"):
        client = {**shared, **mapping(raw)}
        defaults = {**mapping(shared, "defaults"), **mapping(raw, "defaults")}
        if tags := [*names(mapping(shared, "defaults").get("tags")), *names(mapping(raw, "defaults").get("tags"))]:
            defaults["tags"] = list(dict.fromkeys(tags))
        yield {**client, "defaults": defaults} if defaults else client


def _wanted(clients: list[Client], name: str | None) -> list[Client]:
    if name is None:
        return clients
    if len(clients) == 1:
        return [{**clients[0], "client": name}]
    chosen = [client for client in clients if str(client["client"]).casefold() == name.casefold()]
    if not chosen:
        known = ", ".join(printable(str(client["client"]), 40) for client in clients)
        raise InputError(f"there is no client named '{printable(name, 40)}' here; there are: {known}")
    return chosen


def _ordered(client: Client) -> Client:
    known = {key: client[key] for key in _ORDER if key in client}
    return {**known, **client}


def _placed(raw: Mapping[str, Any], start: Path, folder: Path) -> Client:
    """With its endpoints as mappings, without the lists that they came from, and with paths that hold in `folder`."""
    client: Client = {key: value for key, value in raw.items() if key != _LISTS}
    client["endpoints"] = [dict(one) if isinstance(one, dict) else {"name": one} for one in items(raw, "endpoints")]
    if os.path.realpath(start) == os.path.realpath(folder):
        return client
    standard = client.get("standard")
    if isinstance(standard, str) and ("/" in standard or "\\" in standard or standard.endswith((".yaml", ".yml"))):
        client["standard"] = _path(standard, start)
    if "exceptions" in client:
        client["exceptions"] = _paths(client["exceptions"], start)
    for key in ("credentials", "sites", "groups"):
        if key in client:
            client[key] = {name: _moved(held, start) for name, held in client[key].items()}
    if "defaults" in client:
        client["defaults"] = _moved(client["defaults"], start)
    client["endpoints"] = [_moved(endpoint, start) for endpoint in client["endpoints"]]
    return client


def _moved(held: Any, start: Path) -> Any:
    """Settings or a credential with its paths absolute."""
    if not isinstance(held, dict):
        return held
    moved = {key: _paths(value, start) if key in _FILE_KEYS else value for key, value in held.items()}
    for key in ("password", "passphrase"):
        if key in moved:
            moved[key] = _reference(moved[key], start)
    return moved


def _paths(value: Any, start: Path) -> Any:
    return [_path(one, start) for one in value] if isinstance(value, list) else _path(value, start)


def _path(text: str, start: Path) -> str:
    return text if text.startswith("~") else str(start / text)


def _reference(value: Any, start: Path) -> Any:
    """A reference to a secret, as `build` would resolve its file or program."""
    if isinstance(value, str) and value.startswith("file:"):
        return "file:" + _path(value.removeprefix("file:"), start)
    command = mapping(value).get("command")
    if isinstance(command, list) and command and "/" in str(command[0]):
        return {"command": [_path(str(command[0]), start), *command[1:]]}
    return value


def _shared(client: Client) -> Client:
    """What endpoints have in common, said once. A client with settings for more than one endpoint is left as it is."""
    levels = (client.get("defaults"), *mapping(client, "sites").values(), *mapping(client, "groups").values())
    endpoints: list[dict[str, Any]] = client["endpoints"]
    if not any(levels) and len(endpoints) > 1:
        defaults = _common(endpoints)
        for endpoint in endpoints:
            _take_out(endpoint, defaults)
        groups = _of_groups(list(mapping(client, "groups")), endpoints)
        client = {**client, **({"defaults": defaults} if defaults else {}), **({"groups": groups} if groups else {})}
    short = [endpoint["name"] if len(endpoint) == 1 else endpoint for endpoint in endpoints]
    return {**client, "endpoints": short}


def _of_groups(groups: Sequence[str], endpoints: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any] | None]:
    """What all endpoints of a group have in common, the largest group first (of equal ones the later,
    which is the more special), and taken out of the endpoints.

    Whichever group of an endpoint says it, says what the endpoint had: so it does not matter which of them wins.
    """
    members: dict[str, list[dict[str, Any]]] = {name: [] for name in groups}
    for endpoint in endpoints:
        for name in names(endpoint.get("groups")):
            members[name].append(endpoint)
    said: dict[int, set[str]] = {id(endpoint): set() for endpoint in endpoints}
    found: dict[str, dict[str, Any] | None] = dict.fromkeys(groups)
    ranks = {name: (-len(members[name]), -number) for number, name in enumerate(groups)}
    for name in sorted(groups, key=ranks.__getitem__):
        if len(members[name]) < 2:
            continue
        common = _common(members[name])
        new = {key: value for key, value in common.items() if any(key not in said[id(one)] for one in members[name])}
        for endpoint in members[name]:
            said[id(endpoint)].update(common)
        found[name] = new or None
    for endpoint in endpoints:
        _take_out(endpoint, said[id(endpoint)])
    return found


def _common(endpoints: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    first, *others = endpoints
    common = {key: value for key, value in first.items() if key not in _ITS_OWN}
    for other in others:
        common = {key: value for key, value in common.items() if key in other and other[key] == value}
    return common


def _take_out(endpoint: dict[str, Any], keys: Iterable[str]) -> None:
    for key in keys:
        del endpoint[key]
