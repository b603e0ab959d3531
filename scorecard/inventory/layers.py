"""Which settings hold for an endpoint: its own, then its groups', its site's, the client's defaults, the file's.

Works on the file as it was read, so that it can be asked about a file with mistakes; the checked models hang on where
there are any.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from scorecard.inventory.models import ClientModel, ClientsModel, DefaultsModel, Settings, given
from scorecard.inventory.shape import items, mapping
from scorecard.marked_yaml import Document
from scorecard.yaml_values import KeyPath


@dataclass(frozen=True, slots=True)
class Layer:
    """One place where settings stand."""

    path: KeyPath
    raw: Mapping[str, Any]
    settings: Mapping[str, Any] | None  # the same keys, checked; None where the file has mistakes


def names(value: object) -> list[str]:
    """A text or a list of texts, whatever else stands there left out."""
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)]


@dataclass(frozen=True)
class ClientView:
    """One client in a file: as read, where it stands, and as checked model (None where the file has mistakes)."""

    document: Document
    path: KeyPath  # () or ("clients", 2)
    raw: Mapping[str, Any]
    model: ClientModel | None
    shared: ClientsModel | None = None

    def endpoints(self, *keys: str) -> Iterator[Layer]:
        """All, or those that set one of the keys.

        Made anew each time: all layers of a large fleet at once would take more memory than what they show.
        """
        models = self.model.endpoints if self.model else None
        for index, raw in enumerate(self.rows()):
            if not keys or any(key in raw for key in keys):
                yield Layer((*self.path, "endpoints", index), raw, models[index] if models else None)

    def rows(self) -> Iterator[Mapping[str, Any]]:
        """The endpoints as read, a name alone as a mapping too."""
        return (raw if isinstance(raw, dict) else {"name": raw} for raw in items(self.raw, "endpoints"))

    @cached_property
    def groups(self) -> dict[str, Layer]:
        """In order of definition."""
        models = self.model.groups if self.model else {}
        return self._named("groups", models)

    @cached_property
    def sites(self) -> dict[str, Layer]:
        return self._named("sites", self.model.sites if self.model else {})

    @cached_property
    def defaults(self) -> list[Layer]:
        """The client's, then those of the file with several clients."""
        found = [self._layer((*self.path, "defaults"), mapping(self.raw, "defaults"), self.model)]
        if self.path:
            found.append(self._layer(("defaults",), mapping(self.document.value, "defaults"), self.shared))
        return found

    @cached_property
    def credentials(self) -> Mapping[str, Any]:
        return mapping(self.raw, "credentials")

    @property
    def name(self) -> str:
        name = self.raw.get("client")
        return name if isinstance(name, str) else ""

    @cached_property
    def _members(self) -> dict[str, list[str]]:
        """Names of groups by the name of an endpoint that the group lists."""
        found: dict[str, list[str]] = {}
        for group, layer in self.groups.items():
            for name in names(layer.raw.get("endpoints")):
                found.setdefault(name, []).append(group)
        return found

    @cached_property
    def _around(self) -> dict[tuple[object, ...], tuple[Layer, ...]]:
        return {}

    def around(self, endpoint: Layer) -> tuple[Layer, ...]:
        """The layers behind an endpoint's own: one and the same value for all that share them.

        From the nearest to the most general. Of several groups the one defined later is nearer.
        """
        raw = endpoint.raw
        joined = frozenset(names(raw["groups"])) if "groups" in raw else frozenset[str]()
        if self._members and isinstance(name := raw.get("name"), str):
            joined |= frozenset(self._members.get(name, ()))
        own = raw.get("site")
        key = (joined, "site" in raw, own if isinstance(own, str) else None)
        found = self._around.get(key)
        if found is None:
            groups = [layer for group, layer in reversed(self.groups.items()) if group in joined]
            site = pick([endpoint, *groups, *self.defaults], "site")
            place = self.sites.get(site.raw["site"]) if site and isinstance(site.raw["site"], str) else None
            found = self._around[key] = (*groups, *([place] if place else []), *self.defaults)
        return found

    def layers(self, endpoint: Layer) -> tuple[Layer, ...]:
        """From the nearest to the most general: the endpoint's own, then those around it."""
        return endpoint, *self.around(endpoint)

    def everywhere(self, *keys: str) -> Iterator[Layer]:
        """Every place of this client where one of the keys is set."""
        for layer in (*self.defaults, *self.sites.values(), *self.groups.values()):
            if any(key in layer.raw for key in keys):
                yield layer
        yield from self.endpoints(*keys)

    def _named(self, key: str, models: Mapping[str, Settings]) -> dict[str, Layer]:
        return {
            name: Layer((*self.path, key, name), raw if isinstance(raw, dict) else {}, _given(models.get(name)))
            for name, raw in mapping(self.raw, key).items()
        }

    @staticmethod
    def _layer(path: KeyPath, raw: Mapping[str, Any], model: ClientModel | ClientsModel | None) -> Layer:
        defaults: DefaultsModel | None = model.defaults if model else None
        return Layer(path, raw, _given(defaults))


def _given(model: Settings | None) -> Mapping[str, Any] | None:
    return given(model) if model else None


def pick(layers: Iterable[Layer], key: str) -> Layer | None:
    """The nearest layer that sets `key`."""
    for layer in layers:
        if key in layer.raw:
            return layer
    return None
