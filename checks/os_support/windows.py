"""Windows: product, edition and build, second witness, and what shows extended security updates (windows.md 0.2, 3.8).

The build alone names no product: Windows 11 24H2 and Windows Server 2025 share one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from scorecard.model import Fact, Host, Observations, Outcome, Seen, Unseen, Virtual
from scorecard.reading import clean
from scorecard.windows_answers import instances, registry, services

from .shape import Contract, Identity, Proof

RELEASE = "os-support.release"
LICENCE = "os-support.esu-licence"
SERVICES = "os-support.esu-services"

CLIENT, SERVER = "windows", "windows-server"

# EditionID to the column of Microsoft's dates (windows.md 0.2, 3.8). An edition that is not here is not guessed at.
_EDITIONS = (
    (re.compile(r"(Core|Professional)[A-Za-z]{0,30}"), "home-pro"),
    (re.compile(r"IoTEnterpriseSN?"), "iot-ltsc"),
    (re.compile(r"EnterpriseSN?"), "ltsc"),
    (re.compile(r"(Enterprise|Education)N?|IoTEnterprise"), "enterprise"),
)

_OTHER_PRODUCT = "ServerAzureStackHCI"

# Builds of the yearly releases with short support; Windows Server 2019 shares one of them.
_SHORT_LIVED = frozenset({"16299", "17134", "18362", "18363", "19041", "19042", "25398"})
_SHARED_BUILD = "17763"

# Each year of Windows 10's extended security updates has a licence of its own (windows.md 3.8).
_ESU_YEARS = {
    "f520e45e-7413-4a34-a497-d2765967d094": "ESU year 1",
    "1043add5-23b1-4afb-9a0f-64343c8f3f8d": "ESU year 2",
    "83d49986-add3-41d7-ba33-87c7bfb5c0fb": "ESU",
}
_LICENSED = 1


def identity(observations: Observations, host: Host) -> Fact[Identity]:
    for fact in (host.product, host.version, host.edition):
        if isinstance(fact, Unseen):
            return fact
    product = host.product.seen()
    build = _build(host.version.seen())
    if build is None:
        return Unseen("The version of Windows names no build")
    edition = (
        _server_edition(observations, build, host.edition.seen() or "")
        if product == SERVER
        else _client_edition(host.edition.seen())
    )
    return edition if isinstance(edition, Unseen) else Seen(Identity(product, build, edition.value))


def _build(version: str | None) -> str | None:
    """ "26100" of "10.0.26100" """
    found = re.fullmatch(r"[0-9]{1,3}\.[0-9]{1,3}\.([0-9]{3,6})(\.[0-9]{1,6})?", version or "")
    return found[1] if found else None


def _client_edition(edition: str | None) -> Fact[str]:
    name = edition or ""
    for pattern, column in _EDITIONS:
        if pattern.fullmatch(name):
            return Seen(column)
    return Unseen(f"The edition {clean(name, 40) or '(none)'} of Windows is not one whose dates our table knows")


def _server_edition(observations: Observations, build: str, edition: str) -> Fact[str]:
    """Server 2019 and the yearly release 1809 share a build: only the product's name tells (windows.md 3.8).

    What is a product of its own on a build of Windows Server has dates of its own: Azure Stack HCI, today Azure Local.
    """
    if edition.startswith(_OTHER_PRODUCT):
        return Unseen(
            f"The edition {clean(edition, 40)} of Windows Server has dates of its own, which our table does not know"
        )
    if build in _SHORT_LIVED:
        return Seen("annual-channel")
    if build != _SHARED_BUILD:
        return Seen("long-term")
    name = _value(observations, "ProductName")
    if isinstance(name, Unseen):
        return name
    if "2019" in (name.value or ""):
        return Seen("long-term")
    return Unseen("Windows Server 2019 or the yearly release 1809: the name does not tell")


def _value(observations: Observations, name: str) -> Fact[str | None]:
    key = registry(observations, RELEASE)
    return key if isinstance(key, Unseen) else key.value.values.text(name)


def conflict(observations: Observations, host: Host) -> Fact[str | None]:
    """What the registry says must fit what the system's own description said."""
    found: list[str] = []
    witnesses = (
        (
            "CurrentBuildNumber",
            "build",
            Seen(_build(host.version.value)) if isinstance(host.version, Seen) else host.version,
        ),
        ("EditionID", "edition", host.edition),
        ("InstallationType", "kind", host.product),
    )
    for name, what, told in witnesses:
        said = _value(observations, name)
        if isinstance(said, Unseen):
            return said
        if isinstance(told, Unseen):
            continue
        other = _kind(said.value) if what == "kind" else said.value
        if other != told.value:
            found.append(f"its {what} reads {clean(str(told.value), 40)}, the registry says {clean(str(said.value), 40)}")
    return Seen("; ".join(found) or None)


def _kind(installation: str | None) -> str | None:
    if installation == "Client":
        return CLIENT
    return SERVER if installation in ("Server", "Server Core", "Nano Server") else None


def contracts(observations: Observations, host: Host) -> Fact[tuple[Contract, ...]]:
    if isinstance(host.product, Unseen):
        return host.product
    if host.product.value == SERVER:
        return _server_contracts(observations)
    licences = _licences(observations)
    if isinstance(licences, Unseen):
        return Unseen(f"Licences for extended security updates: {licences.reason}")
    return Seen(tuple(_client_contracts(licences.value, host)))


def _licences(observations: Observations) -> Fact[Mapping[str, bool]]:
    """Kind of contract to whether its licence is active; none where there is no such licence."""
    observation = observations.get(LICENCE)
    if observation is not None and observation.outcome is Outcome.ABSENT:
        return Unseen("Windows does not know the class that lists them")
    rows = instances(observations, LICENCE)
    if isinstance(rows, Unseen):
        return rows
    if rows.value.capped:
        return Unseen("the list is not complete")
    found: dict[str, bool] = {}
    for row in rows.value:
        identifier, status = row.props.text("ID"), row.props.number("LicenseStatus")
        if isinstance(identifier, Unseen):
            return identifier
        if isinstance(status, Unseen):
            return status
        if kind := _ESU_YEARS.get((identifier.value or "").lower()):
            found[kind] = found.get(kind, False) or status.value == _LICENSED
    return Seen(found)


def _client_contracts(licences: Mapping[str, bool], host: Host) -> Iterator[Contract]:
    for kind in _ESU_YEARS.values():
        if licences.get(kind):
            yield Contract(kind, Proof.PROVEN, "its licence is active", Seen(None))
        elif kind in licences:
            yield Contract(kind, Proof.NONE, "its licence is there, but not active", Seen(None))
        elif kind == "ESU" and _maybe_in_microsofts_cloud(host):
            detail = "no licence is active, but a virtual machine in Microsoft's cloud gets them without one"
            yield Contract(kind, Proof.SIGN, detail, Seen(None))
        else:
            yield Contract(kind, Proof.NONE, "no licence for it is active", Seen(None))
    yield Contract("consumer ESU", Proof.SIGN, "it belongs to a personal account and leaves no licence to see", Seen(None))


def _maybe_in_microsofts_cloud(host: Host) -> bool:
    """It gives the updates to its virtual machines without a licence that shows (windows.md 3.8)."""
    if isinstance(host.virtual, Seen) and host.virtual.value is not Virtual.MACHINE:
        return False
    return isinstance(host.virtual_kind, Unseen) or host.virtual_kind.value in ("hyper-v", "none")


def _server_contracts(observations: Observations) -> Fact[tuple[Contract, ...]]:
    """Azure Arc brings the updates: its agent is a sign. A licence typed in by hand shows nowhere that we know."""
    listed = services(observations, SERVICES)
    if isinstance(listed, Unseen):
        return listed
    if "himds" not in listed.value:
        return Seen((Contract("ESU", Proof.NONE, "no Azure Arc agent that would bring it is installed", Seen(None)),))
    return Seen((Contract("ESU", Proof.SIGN, "the Azure Arc agent is installed, which can bring it", Seen(None)),))
