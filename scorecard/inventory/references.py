"""What must agree between the parts of an inventory: names that are used and defined, and settings that meet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from scorecard.inventory.fields_network import address_fault
from scorecard.inventory.joined import Joined
from scorecard.inventory.layers import ClientView, Layer, pick
from scorecard.inventory.models import ClientModel
from scorecard.inventory.shape import items, mapping
from scorecard.inventory.values import suggestion
from scorecard.marked_yaml import Problem, printable
from scorecard.model import Authentication
from scorecard.transports.winrm_way import HTTP_PORTS, refusal
from scorecard.yaml_values import KeyPath

_OVER_NETWORK = ("ssh", "winrm")
_INVENTORY = "write an inventory in YAML with credentials, and name this list there under endpoints_from"


def problems(view: ClientView, owners: Mapping[str, Sequence[str]]) -> Iterator[Problem]:
    """What does not agree within one client. `owners`: which clients have a credential of that name."""
    yield from _number(view)
    yield from _doubles(view)
    yield from _credentials(view, owners)
    yield from _places(view)
    yield from _secrets(view)
    yield from _meeting(view)
    yield from _logins_of_a_list(view)
    yield from _authorised(view)


def doubled_clients(views: Iterable[ClientView]) -> Iterator[Problem]:
    first: dict[str, ClientView] = {}
    for view in views:
        if not view.name:
            continue
        other = first.setdefault(view.name.casefold(), view)
        if other is not view:
            path = (*view.path, "client")
            where = other.document.where((*other.path, "client"))
            yield view.document.problem(path, f"this client is already defined at {where}; a client has one definition")


def _number(view: ClientView) -> Iterator[Problem]:
    """An inventory holds an endpoint at least, or names a list."""
    path = (*view.path, "endpoints")
    if view.raw.get("endpoints_from") == [] and not view.raw.get("endpoints"):
        said = "expected at least one item, found an empty list"
        yield view.document.problem((*view.path, "endpoints_from"), said)
    if not view.raw or "endpoints_from" in view.raw:
        return
    if "endpoints" not in view.raw:
        expected = ClientModel.model_fields["endpoints"].description
        yield view.document.problem(path, f"is missing. Expected: {expected}")
    elif view.raw["endpoints"] == []:
        yield view.document.problem(path, "expected at least one item, found an empty list")


def _doubles(view: ClientView) -> Iterator[Problem]:
    listed: dict[str, int] = {}
    for index, raw in enumerate(view.rows()):
        name = raw.get("name")
        if not isinstance(name, str):
            continue
        first = listed.setdefault(name.casefold(), index)
        if first != index:
            path = (*view.path, "endpoints", index, "name")
            where = _where(view, (*view.path, "endpoints", first, "name"), path)
            said = f"an endpoint named '{printable(name)}' is already {where}; names are unique (capitals do not count)"
            yield view.document.problem(path, said)
    gone: dict[str, int] = {}
    for index, entry in enumerate(items(view.raw, "retired")):
        name = mapping(entry).get("name")
        if not isinstance(name, str):
            continue
        path = (*view.path, "retired", index, "name")
        line = view.document.line(path)
        if (key := name.casefold()) in listed:
            at = _where(view, (*view.path, "endpoints", listed[key], "name"), path)
            said = f"'{printable(name)}' is retired here and still listed {at}; remove it in one of the two places"
            yield view.document.problem(path, said)
        elif gone.setdefault(key, line) != line:
            yield view.document.problem(path, f"'{printable(name)}' is already retired on line {gone[key]}; remove one")


def _where(view: ClientView, path: KeyPath, seen_from: KeyPath) -> str:
    """`on line 12`, with the file where it is another one."""
    document = view.document
    if document.file_of(path) == document.file_of(seen_from):
        return f"on line {document.line(path)}"
    return f"at {document.where(path)}"


def _unknown(what: str, name: str, known: Iterable[str], where: str) -> str:
    known = list(known)
    hint = suggestion(name, known) or f"; define it under {where}: or correct the name"
    return f"there is no {what} named '{printable(name, 40)}'{hint}"


def _credentials(view: ClientView, owners: Mapping[str, Sequence[str]]) -> Iterator[Problem]:
    for layer in view.everywhere("credential", "proxy_jump"):
        for path, name in _credentials_of(layer):
            if not isinstance(name, str) or name in view.credentials:
                continue
            said = _unknown("credential", name, view.credentials, "credentials")
            if _alone(view):
                said = f"there is no credential named '{printable(name, 40)}': a list alone has none; {_INVENTORY}"
            if others := [client for client in owners.get(name, ()) if client != view.name]:
                said = (
                    f"credential '{printable(name, 40)}' belongs to client '{printable(others[0])}' and is not used for "
                    f"another; define one under credentials: of this client"
                )
            yield view.document.problem(path, said)


def _credentials_of(layer: Layer) -> Iterator[tuple[KeyPath, object]]:
    """The names of credentials in a layer, each with its place."""
    if "credential" in layer.raw:
        yield (*layer.path, "credential"), layer.raw["credential"]
    chain = layer.raw.get("proxy_jump")
    if chain is None:
        return
    for index, hop in enumerate(chain if isinstance(chain, list) else [chain]):
        if isinstance(hop, dict):
            step = (index,) if isinstance(chain, list) else ()
            yield (*layer.path, "proxy_jump", *step, "credential"), hop.get("credential")


def _alone(view: ClientView) -> bool:
    return isinstance(view.document, Joined) and view.document.alone


def _logins_of_a_list(view: ClientView) -> Iterator[Problem]:
    """SSH takes the user's own keys; WinRM has nothing like that, and a list has no place for a way to log in."""
    if not _alone(view):
        return
    over_winrm = [
        layer
        for layer in view.endpoints()
        if (transport := layer.raw.get("transport")) == "winrm"
        or (transport is None and layer.raw.get("platform") == "windows")
        if layer.raw.get("authentication") != "kerberos"
    ]
    if over_winrm:
        count = len(over_winrm) - 1
        others = f", and {count:,} more" if count else ""
        said = f"is asked over WinRM{others}, which needs a credential, and a list alone has none; {_INVENTORY}"
        yield view.document.problem(over_winrm[0].path, said)


def _places(view: ClientView) -> Iterator[Problem]:
    for layer in view.everywhere("site"):
        site = layer.raw.get("site")
        if isinstance(site, str) and site not in view.sites and "sites" not in layer.path:
            yield view.document.problem((*layer.path, "site"), _unknown("site", site, view.sites, "sites"))
    known: dict[str, None] = {}  # in order: what is suggested must not change from run to run
    if any("endpoints" in layer.raw for layer in view.groups.values()):
        known = dict.fromkeys(name for raw in view.rows() if isinstance(name := raw.get("name"), str))
    for layer in view.groups.values():
        for path, name in _used(layer, "endpoints"):
            if name not in known:
                yield view.document.problem(path, _unknown("endpoint", name, known, "endpoints"))
    for layer in view.endpoints("groups"):
        for path, group in _used(layer, "groups"):
            if group not in view.groups:
                yield view.document.problem(path, _unknown("group", group, view.groups, "groups"))


def _used(layer: Layer, key: str) -> Iterator[tuple[KeyPath, str]]:
    """The names under `key`, each with its place."""
    value = layer.raw.get(key)
    path = (*layer.path, key)
    if isinstance(value, str):
        yield path, value
    for index, name in enumerate(value if isinstance(value, list) else ()):
        if isinstance(name, str):
            yield (*path, index), name


def _secrets(view: ClientView) -> Iterator[Problem]:
    for name, raw in view.credentials.items():
        path = (*view.path, "credentials", name)
        held = mapping(raw)
        for key in ("passphrase", "certificate_file"):
            if key in held and "key_file" not in held:
                yield view.document.problem((*path, key), "belongs to a key; give key_file too, or remove it")
        for key in ("password", "passphrase"):
            if "command" in mapping(held, key) and not view.document.ours_alone:
                said = (
                    "a command is only accepted from a file that you own and that nobody else can write; "
                    f"run: chmod go-w {view.document.file}, or use env:, file: or keyring:"
                )
                yield view.document.problem((*path, key), said)


def _meeting(view: ClientView) -> Iterator[Problem]:
    """Settings that come together in one endpoint from several places."""
    for endpoint in view.endpoints():
        layers = view.layers(endpoint)
        platform, transport = _value(layers, "platform"), _value(layers, "transport")
        if transport == "winrm" and platform in ("linux", "macos"):
            said = f"platform {platform} cannot be reached over winrm; set transport: ssh, or platform: windows"
            yield view.document.problem(endpoint.path, said)
        if (transport or "ssh") in _OVER_NETWORK:
            yield from _address(view, endpoint)
        if transport == "winrm" or (transport is None and platform == "windows"):
            yield from _login_in_clear(view, layers)


def _login_in_clear(view: ClientView, layers: Sequence[Layer]) -> Iterator[Problem]:
    """A login that must not go over plain HTTP, said at the nearest of the keys that meet: once for a whole fleet."""
    chosen, plain = _login(view, layers), _plain_http(layers)
    if chosen is None or plain is None or not (why := refusal(chosen.login, tls=False)):
        return
    nearest = next(layer for layer in layers if layer in (chosen.layer, plain.layer))
    key = chosen.key if nearest is chosen.layer else plain.key
    yield view.document.problem(
        (*nearest.path, key),
        f"authentication {chosen.login} and {plain.words} do not go together: {why}; use HTTPS, or ntlm or kerberos",
    )


@dataclass(frozen=True, slots=True)
class _Login:
    login: Authentication
    layer: Layer
    key: str


def _login(view: ClientView, layers: Sequence[Layer]) -> _Login | None:
    """What `way_of` will take, where the inventory says it."""
    if layer := pick(layers, "authentication"):
        return next(
            (_Login(one, layer, "authentication") for one in Authentication if one == layer.raw["authentication"]), None
        )
    layer = pick(layers, "credential")
    name = layer.raw["credential"] if layer else None
    if layer and isinstance(name, str) and "key_file" in mapping(view.credentials.get(name)):
        return _Login(Authentication.CERTIFICATE, layer, "credential")
    return None


@dataclass(frozen=True, slots=True)
class _Plain:
    layer: Layer
    key: str
    words: str


def _plain_http(layers: Sequence[Layer]) -> _Plain | None:
    """Where the inventory asks for plain HTTP; None where it does not."""
    if layer := pick(layers, "https"):
        return _Plain(layer, "https", "https: no") if layer.raw["https"] is False else None
    layer = pick(layers, "port")
    port = layer.raw["port"] if layer else None
    return (
        _Plain(layer, "port", f"port {port} (plain HTTP)") if layer and type(port) is int and port in HTTP_PORTS else None
    )


def _address(view: ClientView, endpoint: Layer) -> Iterator[Problem]:
    name, address = endpoint.raw.get("name"), endpoint.raw.get("address")
    if "address" in endpoint.raw:
        if isinstance(address, str) and _is_checkable(address) and (fault := address_fault(address)):
            said = f"expected a host name or IP address, but this {fault}"
            yield view.document.problem((*endpoint.path, "address"), said)
    elif isinstance(name, str) and _is_checkable(name) and (fault := address_fault(name)):
        said = f"the name serves as address, but it {fault}; add the key address"
        yield view.document.problem((*endpoint.path, "name"), said)


def _is_checkable(text: str) -> bool:
    """Whether its form is right at all; where it is not, the form has been refused already."""
    return 0 < len(text) <= 255 and text.isprintable() and text == text.strip()


def _value(layers: Sequence[Layer], key: str) -> Any:
    layer = pick(layers, key)
    return layer.raw[key] if layer else None


def _authorised(view: ClientView) -> Iterator[Problem]:
    given = mapping(view.raw, "authorised")
    on, until = given.get("on"), given.get("until")
    if type(on) is date and type(until) is date and until < on:
        yield view.document.problem((*view.path, "authorised", "until"), f"expected a day not before {on}, found {until}")
