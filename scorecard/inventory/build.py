"""From checked models to the core types. Everything that can be wrong has been said before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from scorecard.inventory.layers import ClientView, Layer, pick
from scorecard.inventory.models import (
    AuthorisationModel,
    ContactModel,
    ContractModel,
    CredentialModel,
    HopModel,
    ProviderModel,
)
from scorecard.inventory.types import DEFAULT_TIME_ZONE, Client
from scorecard.logo import from_file
from scorecard.marked_yaml import Problem, printable
from scorecard.model import Connection, Credential, Endpoint, HostKeyPolicy, Jump, Pace, Platform, Role, SecretRef
from scorecard.result import Authorisation, Contact, Contract, Goal, Preferences, Provider, Retired

_DEFAULTS = Connection()
_OWN = ("name", "address", "owner")
_MANY = 1000


def resolve(text: str, folder: Path) -> str:
    """An absolute path: `~` is the user's home, anything relative starts at the inventory's folder."""
    path = Path(text)
    if text.startswith("~"):
        try:
            path = path.expanduser()
        except RuntimeError:  # no such user; the file is then reported as missing under the name it was given
            return text
    return str(folder / path)


class Builder:
    """Makes one Client."""

    def __init__(self, view: ClientView) -> None:
        if view.model is None:
            raise ValueError("a client with mistakes cannot be built")
        self._view = view
        self._model = view.model
        self._folder = Path(view.document.file).absolute().parent
        self._credentials: dict[str, Credential] = {}
        self._connections: dict[Connection, Connection] = {}  # equal ones are shared: fleets are large
        self._alike: dict[tuple[object, ...], Endpoint] = {}

    def client(self) -> Client:
        model, shared = self._model, self._view.shared
        self._credentials = {name: self._credential(name, given) for name, given in model.credentials.items()}
        standard = model.standard or (shared.standard if shared else None) or ""
        zone = model.time_zone or (shared.time_zone if shared else None) or DEFAULT_TIME_ZONE
        return Client(
            name=model.client,
            time_zone=zone,
            endpoints=tuple(self._endpoint(layer) for layer in self._view.endpoints()),
            standard=self._standard(standard),
            exceptions=resolve(model.exceptions, self._folder) if model.exceptions else "",
            provider=self._provider(model.provider or (shared.provider if shared else None)),
            authorised=_authorised(model.authorised),
            contract=_contract(model.contract),
            preferences=self._preferences(),
            sites=tuple(model.sites),
            paces={
                name: Pace(site.max_parallel, site.start_gap_s or 0.0)
                for name, site in model.sites.items()
                if site.max_parallel is not None or site.start_gap_s
            },
            credentials=self._credentials,
            retired=tuple(Retired(entry.name, entry.on, entry.reason) for entry in model.retired),
            source=self._view.document.where((*self._view.path, "client")),
        )

    def _provider(self, given: ProviderModel | None) -> Provider:
        if given is None:
            return Provider()
        logo = from_file(Path(resolve(given.logo, self._folder))) if given.logo else ""
        return Provider(given.name, given.contact or "", logo, given.accent or "", given.accent_dark or "")

    def _preferences(self) -> Preferences:
        model, shared = self._model, self._view.shared
        return Preferences(
            goal=Goal(model.goal.letter, model.goal.by) if model.goal else None,
            contact=_contact(model.contact) if model.contact else None,
            contacts={name: _contact(site.contact) for name, site in model.sites.items() if site.contact},
            locale=model.locale or (shared.locale if shared else None) or "",
            paper=model.paper or (shared.paper if shared else None) or "",
        )

    def _standard(self, text: str) -> str:
        is_file = "/" in text or "\\" in text or text.endswith((".yaml", ".yml"))
        return resolve(text, self._folder) if is_file else text

    def _credential(self, name: str, given: CredentialModel) -> Credential:
        path = (*self._view.path, "credentials", name)
        return Credential(
            name=name,
            client=self._model.client,
            user=given.user,
            password=self._secret(given.password, (*path, "password")),
            key_file=resolve(given.key_file, self._folder) if given.key_file else None,
            certificate_file=resolve(given.certificate_file, self._folder) if given.certificate_file else None,
            passphrase=self._secret(given.passphrase, (*path, "passphrase")),
            agent=given.agent,
        )

    def _secret(self, reference: SecretRef | None, path: tuple[str | int, ...]) -> SecretRef | None:
        if reference is None:
            return None
        value = reference.value
        if reference.kind == "file" and isinstance(value, str):
            value = resolve(value, self._folder)
        elif isinstance(value, tuple) and ("/" in value[0] or value[0].startswith("~")):
            value = (resolve(value[0], self._folder), *value[1:])
        return SecretRef(reference.kind, value, self._view.document.where(path))

    def _endpoint(self, layer: Layer) -> Endpoint:
        if (own := layer.settings) is None:
            raise ValueError("an endpoint with mistakes cannot be built")
        name, address = own["name"], own.get("address") or own["name"]
        like = self._like(layer, own)
        return Endpoint(
            name=name,
            client=like.client,
            address=resolve(address, self._folder) if like.transport == "replay" else address,
            transport=like.transport,
            site=like.site,
            port=like.port,
            platform=like.platform,
            role=like.role,
            credential=like.credential,
            connection=like.connection,
            tags=like.tags,
            managed=like.managed,
            owner=own.get("owner") or like.owner,
            source=self._view.document.where(layer.path),
        )

    def _like(self, layer: Layer, own: Mapping[str, Any]) -> Endpoint:
        """An endpoint that has everything but this one's own name, address and owner: few of a fleet differ in more."""
        around = self._view.around(layer)
        key = (id(around), *(item for item in own.items() if item[0] not in _OWN))
        like = self._alike.get(key)
        if like is None:
            if len(self._alike) >= _MANY:  # endpoints that all differ: keeping what none shares would only take memory
                self._alike.clear()
            like = self._alike[key] = self._made((layer, *around))
        return like

    def _made(self, layers: Sequence[Layer]) -> Endpoint:
        transport, platform = _transport_and_platform(layers)
        credential = self._credentials.get(_get(layers, "credential") or "")
        managed = _get(layers, "managed")
        return Endpoint(
            name="",
            client=self._model.client,
            address="",
            transport=transport,
            site=_get(layers, "site") or "",
            port=_get(layers, "port"),
            platform=platform,
            role=_get(layers, "role"),
            credential=credential,
            connection=self._connection(layers, credential),
            tags=_tags(layers),
            managed=True if managed is None else managed,
            owner=_get(layers[1:], "owner") or "",
        )

    def _connection(self, layers: Sequence[Layer], credential: Credential | None) -> Connection:
        keep_alive, timeout = _get(layers, "keep_alive_s"), _get(layers, "connect_timeout_s")
        connection = Connection(
            jumps=tuple(self._jump(hop, credential) for hop in _get(layers, "proxy_jump") or ()),
            known_hosts=tuple(resolve(file, self._folder) for file in _get(layers, "known_hosts") or ()),
            host_key_policy=_get(layers, "host_key_policy") or HostKeyPolicy.STRICT,
            keep_alive_s=_DEFAULTS.keep_alive_s if keep_alive is None else keep_alive,
            connect_timeout_s=_DEFAULTS.connect_timeout_s if timeout is None else timeout,
            https=_get(layers, "https"),
            authentication=_get(layers, "authentication"),
            proxy=_get(layers, "proxy"),
            ca_file=resolve(ca_file, self._folder) if (ca_file := _get(layers, "ca_file")) else "",
        )
        return self._connections.setdefault(connection, connection)

    def _jump(self, hop: HopModel, credential: Credential | None) -> Jump:
        """A hop that names a user alone gets the endpoint's keys, never its password: that is meant for the endpoint."""
        held = self._credentials.get(hop.credential or "")
        if held is None and hop.user:
            held = replace(credential, password=None) if credential else Credential("", self._model.client)
        if held is not None and hop.user:
            held = replace(held, user=hop.user)
        return Jump(hop.address, hop.port or 22, held)


def _get(layers: Sequence[Layer], key: str) -> Any:
    """The value that the nearest layer sets; None where none does."""
    layer = pick(layers, key)
    return layer.settings[key] if layer and layer.settings else None


def _transport_and_platform(layers: Sequence[Layer]) -> tuple[str, Platform | None]:
    transport, choice = _get(layers, "transport"), _get(layers, "platform")
    platform: Platform | None = choice.known() if choice else None
    if transport is None:
        return ("winrm" if platform is Platform.WINDOWS else "ssh"), platform
    if transport == "winrm":
        platform = Platform.WINDOWS
    return str(transport), platform


def _tags(layers: Sequence[Layer]) -> tuple[str, ...]:
    """Those of all levels, the most general first. A group's name is a tag as well, so that it can be selected."""
    found: dict[str, None] = {}
    for layer in reversed(layers):
        if "groups" in layer.path[-2:-1]:
            found[str(layer.path[-1])] = None
        if layer.settings:
            found.update(dict.fromkeys(layer.settings.get("tags", ())))
    return tuple(found)


def _authorised(given: AuthorisationModel | None) -> Authorisation | None:
    return Authorisation(given.by, given.on, given.scope, given.until) if given else None


def _contract(given: ContractModel | None) -> Contract | None:
    if given is None:
        return None
    named = {role: getattr(given.prices, role.value) for role in Role} if given.prices else {}
    prices = {role: price for role, price in named.items() if price is not None}
    return Contract(given.hours_per_month, given.rate, given.currency or "", prices)


def _contact(given: ContactModel) -> Contact:
    return Contact(given.name, given.mail or "", given.phone or "")


def same_machine(view: ClientView, client: Client) -> Iterator[Problem]:
    """Warnings for endpoints that lead to the same place: each would be counted."""
    addresses: dict[str, int] = {}  # most fleets need no more
    first: dict[tuple[object, ...], int] = {}
    for index, endpoint in enumerate(client.endpoints):
        alike = addresses.setdefault("local:" if endpoint.transport == "local" else endpoint.address.casefold(), index)
        if alike == index:
            continue
        first.setdefault(_place(client.endpoints[alike]), alike)
        other = first.setdefault(_place(endpoint), index)
        if other != index:
            name = printable(client.endpoints[other].name)
            said = f"leads to the same place as '{name}' and would be counted twice; remove one, or correct the address"
            yield view.document.problem((*view.path, "endpoints", index), said)


def _place(endpoint: Endpoint) -> tuple[object, ...]:
    """What two endpoints share that are one machine."""
    if endpoint.transport == "local":
        return ("local",)
    ways = tuple((jump.address.casefold(), jump.port) for jump in endpoint.connection.jumps)
    return endpoint.transport, endpoint.address.casefold(), endpoint.port, ways, endpoint.connection.proxy


def missing_files(views: Iterable[tuple[ClientView, Client]]) -> Iterator[Problem]:
    """Warnings for key, certificate and known-hosts files, and files of exceptions, that are not there."""
    for view, client in views:
        if client.exceptions and not Path(client.exceptions).is_file():
            said = f"there is no file {printable(client.exceptions, 200)}"
            yield view.document.problem((*view.path, "exceptions"), said)
        for name, credential in client.credentials.items():
            for key, file in (("key_file", credential.key_file), ("certificate_file", credential.certificate_file)):
                if file and not Path(file).is_file():
                    path = (*view.path, "credentials", name, key)
                    yield view.document.problem(path, f"there is no file {printable(file, 200)}")
        for layer in view.everywhere("known_hosts", "ca_file"):
            for key, file in _files_of(layer):
                if not Path(found := resolve(file, Path(view.document.file).absolute().parent)).is_file():
                    yield view.document.problem((*layer.path, key), f"there is no file {printable(found, 200)}")


def _files_of(layer: Layer) -> Iterator[tuple[str, str]]:
    if layer.settings:
        yield from (("known_hosts", file) for file in layer.settings.get("known_hosts") or ())
        if ca_file := layer.settings.get("ca_file"):
            yield "ca_file", ca_file
