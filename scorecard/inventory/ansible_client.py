"""One client of an Ansible inventory, as the values that an inventory of ours holds, each with the place it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from scorecard.inventory.ansible_settings import Given, Machine, Place
from scorecard.inventory.ansible_ssh import Hop
from scorecard.inventory.fields_network import hop_parts
from scorecard.yaml_values import KeyPath, Value

_Login = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class ClientParts:
    """Filled with machines, then asked for `value` and `places`."""

    name: str
    place: Place
    places: dict[KeyPath, Place] = field(default_factory=dict)  # of what is inside
    _credentials: dict[str, Value] = field(default_factory=dict)
    _named: dict[_Login, str] = field(default_factory=dict)
    _groups: dict[str, Value] = field(default_factory=dict)
    _sites: dict[str, Value] = field(default_factory=dict)
    _endpoints: list[Value] = field(default_factory=list)

    def add(self, machine: Machine, groups: Sequence[str]) -> None:
        """`groups`: those that the machine belongs to, the most general first."""
        here: KeyPath = ("endpoints", len(self._endpoints))
        endpoint: dict[str, Value] = {"name": machine.host.name}
        self.places[here] = machine.place
        for key, given in machine.settings.items():
            endpoint[key] = given.value
            self.places[*here, key] = given.place
        if machine.login:
            endpoint["credential"] = self._credential(machine.login)
        hops = machine.hops or ()
        if any(hop.key_file for hop in hops):
            place = machine.settings["proxy_jump"].place
            endpoint["proxy_jump"] = [self._hop(hop, place) for hop in hops]
        if groups:
            endpoint["groups"] = list[Value](groups)
            self._groups.update(dict.fromkeys(groups))
        if isinstance(site := endpoint.get("site"), str):
            self._sites[site] = None
        self._endpoints.append(endpoint)

    def value(self) -> dict[str, Value]:
        found: dict[str, Value] = {"client": self.name}
        for key, held in (("credentials", self._credentials), ("sites", self._sites), ("groups", self._groups)):
            if held:
                found[key] = held
        return {**found, "endpoints": self._endpoints}

    def placed(self, above: KeyPath) -> Iterator[tuple[KeyPath, Place]]:
        """Every place, with the path that leads to this client before it."""
        yield above, self.place
        for path, place in self.places.items():
            yield (*above, *path), place

    def _credential(self, login: Mapping[str, Given]) -> str:
        """The name of the credential, made where there is none yet that says the same."""
        said = tuple(sorted((key, repr(given.value)) for key, given in login.items()))
        if said not in self._named:
            name = self._named[said] = self._free(_called(login))
            self._credentials[name] = {key: given.value for key, given in login.items()}
            self.places["credentials", name] = next(iter(login.values())).place
            for key, given in login.items():
                self.places["credentials", name, key] = given.place
        return self._named[said]

    def _free(self, wanted: str) -> str:
        number, name = 1, wanted
        while name in self._credentials:
            number += 1
            name = f"{wanted}-{number}"
        return name

    def _hop(self, hop: Hop, place: Place) -> Value:
        """With the key that is meant for it as a credential."""
        try:
            parts = hop_parts(hop.text)
        except ValueError:  # refused where the whole is validated, with a sentence of its own
            return hop.text
        user = parts.get("user")
        login = {"user": Given(user, place)} if isinstance(user, str) else {}
        if hop.key_file:
            login["key_file"] = Given(hop.key_file, place)
            parts["credential"] = self._credential(login)
        return {key: value for key, value in parts.items() if isinstance(value, str | int)}


def _called(login: Mapping[str, Given]) -> str:
    """After the user and the key's file, as far as they are text."""
    user, key = (given.value if (given := login.get(part)) else None for part in ("user", "key_file"))
    parts = [user if isinstance(user, str) else "", PurePath(key).name if isinstance(key, str) else ""]
    name = "-".join("".join(c if c.isprintable() else "_" for c in part) for part in parts if part)
    return name[:200].strip() or "login"
