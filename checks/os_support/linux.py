"""Linux: release, second witness, and signs of extended support.

Sources: linux.md 0 and 4; the files that Ubuntu's Pro client keeps (status.json, machine-token.json).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, datetime

from scorecard.model import Fact, Host, Observations, Outcome, Seen, Unseen
from scorecard.reading import clean, pairs, text_of, unquote

from .shape import Contract, Identity, Proof, disagree, number_in
from .table import VERSION

RELEASE = "os-support.release"
PRO = "os-support.ubuntu-pro"
SIGNS = "os-support.extension-signs"

_MAX_LINES = 2000

# Before os-release existed: the first words of /etc/redhat-release (linux.md 0).
_OLD_RELEASES = (("CentOS release ", "centos"), ("Red Hat Enterprise Linux Server release ", "rhel"))

# Where each product keeps its second witness.
_WITNESSES = {
    "debian": "debian_version",
    "alpine": "alpine-release",
    "ubuntu": "lsb-release",
    **dict.fromkeys(("rhel", "centos", "centos-stream", "almalinux", "rocky", "ol", "fedora"), "redhat-release"),
}


def identity(observations: Observations, host: Host) -> Fact[Identity]:
    release = text_of(observations, RELEASE)
    values = _release(release)
    if not isinstance(host.product, Seen):
        old = values.get("redhat-release", "")
        for words, product in _OLD_RELEASES:
            if old.startswith(words):
                return Seen(Identity(product, number_in(old)))
        return host.product
    if not isinstance(host.version, Seen):
        return host.version
    product = host.product.value
    if product == "centos":
        return _centos(values, host, host.version.value, release)
    return Seen(Identity(product, host.version.value))


def _centos(values: dict[str, str], host: Host, version: str | None, release: Fact[str]) -> Fact[Identity]:
    """CentOS Linux and CentOS Stream share their ID and version numbers; only the name tells (linux.md 0)."""
    name = values.get("NAME") or (host.product_name.value if isinstance(host.product_name, Seen) else "")
    if name.casefold().startswith("centos stream"):
        return Seen(Identity("centos-stream", version))
    if name.casefold().startswith(("centos linux", "centos release")):
        return Seen(Identity("centos", version))
    return release if isinstance(release, Unseen) else Unseen("CentOS Linux or CentOS Stream: the name does not tell")


def conflict(observations: Observations, found: Fact[Identity]) -> Fact[str | None]:
    release = text_of(observations, RELEASE)
    if isinstance(release, Unseen):
        return release
    if not isinstance(found, Seen):
        return Seen(None)
    product, version = found.value.product, found.value.version
    file = _WITNESSES.get(product)
    said = _release(release).get(file or "", "")
    if not file or not said or version is None or not VERSION.fullmatch(version):
        return Seen(None)
    number = number_in(said)
    # Debian's testing has no number there but "forky/sid".
    if (number is None and product == "debian") or (number is not None and disagree(version, number)):
        return Seen(f"os-release says version {clean(version, 40)}, /etc/{file} says {clean(said, 80)}")
    return Seen(None)


def _release(text: Fact[str]) -> dict[str, str]:
    return {key: clean(unquote(value)) for key, value in pairs(text.value)} if isinstance(text, Seen) else {}


def contracts(observations: Observations, found: Fact[Identity]) -> Fact[tuple[Contract, ...]]:
    if not isinstance(found, Seen):
        return found
    signs = text_of(observations, SIGNS)
    if isinstance(signs, Unseen):
        return signs
    listed = list(pairs(signs.value))[:_MAX_LINES]
    unreadable = [clean(value, 100) for key, value in listed if key == "unreadable"]
    if unreadable:
        return Unseen(f"Our account cannot read {unreadable[0]}, where an extended support contract would show")
    seen = tuple(_signs(listed))
    if found.value.product != "ubuntu":
        return Seen(seen)
    pro = _pro(observations, {value for key, value in listed if key == "apt"})
    return Seen((*pro.value, *seen)) if isinstance(pro, Seen) else pro


# kind -> what a package source or product of that contract is called.
_SIGNS = (
    ("ELS", re.compile(r"(^|[-_.])els([-_.]|$)")),
    ("LTSS", re.compile(r"ltss")),
    ("LTS", re.compile(r"(^|[-_.])lts([-_.]|$)")),
    ("EUS", re.compile(r"(^|[-_.])(eus|e4s|aus|tus)([-_.]|$)")),
    ("Extended Support", re.compile(r"extended|(^|[-_.])els([-_.]|$)")),
    ("third-party", re.compile(r"tuxcare|cloudlinux|[0-9]els|els[0-9]")),
)

_WORDS = {"repo": "package source", "product": "product"}


def _signs(listed: list[tuple[str, str]]) -> Iterator[Contract]:
    """Package sources and products that belong to such contracts. They are signs: none of them proves a contract."""
    for kind, pattern in _SIGNS:
        named = [(_WORDS[key], name) for key, name in listed if key in _WORDS and pattern.search(name[:200].casefold())]
        if named:
            what, name = named[0]
            yield Contract(kind, Proof.SIGN, f"the {what} {clean(name, 80)} is set up", Seen(None))
    for kind, word in (("ELTS", "elts"), ("third-party", "third-party")):
        if ("apt", word) in listed:
            yield Contract(kind, Proof.SIGN, "a package source of such a contract is set up", Seen(None))


def _pro(observations: Observations, sources: set[str]) -> Fact[tuple[Contract, ...]]:
    """Ubuntu Pro. Proven: attached by two witnesses, the service enabled, its package source set up."""
    observation = observations.get(PRO)
    if observation is not None and observation.outcome is Outcome.ABSENT:
        return Seen(tuple(_sourced(sources, "the Pro client is not installed")))
    text = text_of(observations, PRO)
    if isinstance(text, Unseen):
        return Unseen(f"Ubuntu Pro: {text.reason}")
    values = dict(pairs(text.value))
    token = values.get("token") == "present"
    if values.get("token") not in ("present", "none"):
        return Unseen("Ubuntu Pro: whether a contract is attached could not be read")
    if values.get("status") == "none":
        if token:
            return Seen((_esm(Proof.SIGN, "the Pro client is attached but keeps no record of its services"),))
        return Seen(tuple(_sourced(sources, "the Pro client knows of no contract")))
    record = _Record.read(text.value)
    if record is None or record.attached is None:
        return Unseen("Ubuntu Pro: the client's record could not be understood")
    if record.attached != token:
        words = ("attached", "no contract") if record.attached else ("not attached", "a contract")
        return Seen((_esm(Proof.SIGN, f"the Pro client's record says {words[0]}, its folder holds {words[1]}"),))
    if not record.attached:
        return Seen(tuple(_sourced(sources if token else set(), "no Ubuntu Pro contract is attached")))
    return Seen(tuple(_services(record, sources)))


def _esm(proof: Proof, detail: str, kind: str = "ESM", until: Fact[date | None] | None = None) -> Contract:
    return Contract(kind, proof, detail, until or Seen(None))


_SERVICES = (("ESM", "esm-infra"), ("Legacy", "esm-infra-legacy"))


def _sourced(sources: set[str], why_not: str) -> Iterator[Contract]:
    """Nothing is attached: a package source of the service is still a sign, and without one there is nothing."""
    for kind, service in _SERVICES:
        if service in sources:
            yield _esm(Proof.SIGN, f"{why_not}, yet its package source is set up", kind)
        else:
            yield _esm(Proof.NONE, why_not, kind)


def _services(record: _Record, sources: set[str]) -> Iterator[Contract]:
    for kind, service in _SERVICES:
        enabled = record.services.get(service) == "enabled"
        if enabled and service in sources:
            yield _esm(Proof.PROVEN, f"Ubuntu Pro is attached, {service} is enabled", kind, record.expires)
        elif enabled:
            yield _esm(Proof.SIGN, f"{service} is called enabled, but its package source is not set up", kind)
        elif service in sources:
            yield _esm(Proof.SIGN, f"{service} is not enabled, but its package source is set up", kind)
        else:
            yield _esm(Proof.NONE, f"Ubuntu Pro is attached, but {service} is not enabled", kind)


class _Record:
    """What is wanted of the client's status.json, from its braces and chosen keys alone (see linux.sh)."""

    def __init__(self) -> None:
        self.attached: bool | None = None
        self.expires: Fact[date | None] = Unseen("the Pro client's record names no end of the contract")
        self.services: dict[str, str] = {}

    @classmethod
    def read(cls, text: str) -> _Record | None:
        """None where the braces do not match: then it is not whole."""
        record = cls()
        open_: list[dict[str, object]] = []
        for line in text.splitlines()[:_MAX_LINES]:
            if not line.startswith("json "):
                continue
            item = line[5:].strip()
            if item.startswith("{"):
                open_.append({})
            elif item.startswith("}"):
                if not open_:
                    return None
                record._close(open_.pop(), outermost=not open_)
            elif open_:
                _keep(open_[-1], item)
        return None if open_ else record

    def _close(self, values: dict[str, object], *, outermost: bool) -> None:
        name, status = values.get("name"), values.get("status")
        if outermost:
            attached = values.get("attached")
            self.attached = attached if isinstance(attached, bool) else None
            if "expires" in values:
                self.expires = _day(values["expires"])
        elif isinstance(name, str) and name in ("esm-infra", "esm-infra-legacy") and isinstance(status, str):
            # Twice in one record is no record.
            self.services[name] = status if name not in self.services else "named twice"


def _keep(values: dict[str, object], item: str) -> None:
    try:
        pair = json.loads("{" + item.rstrip("]") + "}")
    except (ValueError, RecursionError):
        return
    values.update(pair)


def _day(value: object) -> Fact[date | None]:
    if value is None:
        return Seen(None)
    try:
        return Seen(datetime.fromisoformat(str(value)).date())
    except ValueError:
        return Unseen("the end of the Pro contract could not be read")
