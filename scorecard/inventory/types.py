"""What the loader hands out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scorecard.errors import InventoryError
from scorecard.marked_yaml import Problem
from scorecard.model import Credential, Endpoint, Pace
from scorecard.result import Authorisation, Contract, Preferences, Provider, Retired

DEFAULT_TIME_ZONE = "UTC"


@dataclass(frozen=True, slots=True)
class Client:
    """One client. `standard` is a name, an absolute path of a file, or empty where the inventory names none."""

    name: str
    time_zone: str = DEFAULT_TIME_ZONE
    endpoints: tuple[Endpoint, ...] = ()
    standard: str = ""
    exceptions: str = ""  # absolute path of a file; empty where the inventory names none
    provider: Provider = field(default_factory=Provider)
    authorised: Authorisation | None = None
    contract: Contract | None = None
    preferences: Preferences = field(default_factory=Preferences)
    sites: tuple[str, ...] = ()
    paces: Mapping[str, Pace] = field(default_factory=dict)  # of the sites that have one
    credentials: Mapping[str, Credential] = field(default_factory=dict)
    retired: tuple[Retired, ...] = ()
    source: str = ""  # "inventory.yaml:1", for messages


@dataclass(frozen=True, slots=True)
class Inventory:
    """All clients, in order of the files. `warnings` are worth a look and stop nothing."""

    clients: tuple[Client, ...]
    warnings: tuple[Problem, ...] = ()

    def client(self, name: str) -> Client:
        """By name, capitals aside. Raises InventoryError, which lists those there are."""
        for client in self.clients:
            if client.name.casefold() == name.casefold():
                return client
        known = ", ".join(client.name for client in self.clients)
        raise InventoryError((f"there is no client named '{name}' in the inventory; there are: {known}",))
