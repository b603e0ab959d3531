"""Which package manager runs a Linux machine, and its facts. A tool alone decides nothing: Debian has zypper too."""

from __future__ import annotations

from scorecard.model import Fact, Host, Observations, Seen, Unseen, Virtual
from scorecard.reading import text_of

from . import apk, apt, automatic, dnf, pacman, reboot, zypper
from .payload import Section, earlier_sightings, sections
from .shape import Patching, Updates, nothing_read

_FAMILIES = {
    "debian": "apt",
    "ubuntu": "apt",
    "raspbian": "apt",
    "kali": "apt",
    "linuxmint": "apt",
    "fedora": "dnf",
    "rhel": "dnf",
    "centos": "dnf",
    "almalinux": "dnf",
    "rocky": "dnf",
    "ol": "dnf",
    "amzn": "dnf",
    "suse": "zypper",
    "opensuse": "zypper",
    "opensuse-leap": "zypper",
    "opensuse-tumbleweed": "zypper",
    "sles": "zypper",
    "sled": "zypper",
    "sles_sap": "zypper",
    "alpine": "apk",
    "arch": "pacman",
}
_UNSUPPORTED = {"nix": "Nix", "portage": "Portage", "xbps": "XBPS", "swupd": "swupd", "slackpkg": "slackpkg"}
_IMAGES = {"ostree": "rpm-ostree or bootc", "transactional-update": "transactional-update"}


def parse(observations: Observations, host: Host) -> Patching:
    text = text_of(observations, "patching.system")
    system = sections(text.value)[""] if isinstance(text, Seen) else Section()
    updates = nothing_read(text) if isinstance(text, Unseen) else _updates(observations, host, system)
    manager = updates.manager.value if isinstance(updates.manager, Seen) else _family(host)
    return Patching(
        updates=updates,
        automatic=automatic.parse(observations, manager),
        reboot=reboot.parse(observations),
        own_kernel=_own_kernel(host),
    )


def _updates(observations: Observations, host: Host, system: Section) -> Updates:
    if images := [_IMAGES[name] for name in system.after("image") if name in _IMAGES]:
        reason = f"This system is updated as a whole image ({images[0]}), and this version does not read image updates"
        return nothing_read(Unseen(reason))
    present = [name.strip() for name in system.after("manager")]
    manager = _family(host)
    if manager is None:
        for name in present:
            if name in _UNSUPPORTED:
                return nothing_read(Unseen(f"Updates of {_UNSUPPORTED[name]} are not read by this version"))
        if len(present) != 1:
            return nothing_read(Unseen("No package manager was recognised that this version can read"))
        manager = present[0]
    first_seen = earlier_sightings(observations)
    match manager:
        case "apt":
            return apt.parse(observations, host, first_seen)
        case "dnf":
            return dnf.parse(observations, host, first_seen, system)
        case "zypper":
            return zypper.parse(observations, first_seen)
        case "apk":
            return apk.parse(observations, first_seen)
        case "pacman":
            return pacman.parse(observations, first_seen)
        case _:
            return nothing_read(Unseen("No package manager was recognised that this version can read"))


def _family(host: Host) -> str | None:
    names = [host.product.value] if isinstance(host.product, Seen) else []
    names += host.like.value if isinstance(host.like, Seen) else ()
    return next((_FAMILIES[name] for name in names if name in _FAMILIES), None)


def _own_kernel(host: Host) -> Fact[bool]:
    if isinstance(host.virtual, Unseen):
        return host.virtual
    return Seen(host.virtual.value is not Virtual.CONTAINER)
