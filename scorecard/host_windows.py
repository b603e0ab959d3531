"""What a Windows machine says of itself becomes a Host. Source: windows.md 0.2."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

from scorecard.model import Chassis, Fact, Host, Platform, Seen, Unseen, Virtual
from scorecard.windows_answers import Values

T = TypeVar("T")

CLIENT, SERVER = "windows", "windows-server"
_PRODUCTS = {1: CLIENT, 2: SERVER, 3: SERVER}  # workstation, domain controller, server
_KINDS = {"Client": CLIENT, "Server": SERVER, "Server Core": SERVER, "Nano Server": SERVER}
# From here on it is Windows 11: the name in the registry still says 10.
_WINDOWS_11 = 22000
_WINDOWS_10 = 10240
_LONGEST_UPTIME_S = 50 * 366 * 86_400

# SMBIOS chassis types, DMTF DSP0134 table 17.
_LAPTOPS = frozenset({8, 9, 10, 11, 14, 30, 31, 32})
_DESKTOPS = frozenset({3, 4, 5, 6, 7, 13, 15, 16, 24, 34, 35, 36})
_SERVERS = frozenset({17, 23, 25, 28, 29})

# How the firmware of a guest calls its maker and itself: (maker begins with, model begins with, kind); windows.md 0.2.
_GUESTS = (
    ("microsoft", "virtual machine", "hyper-v"),
    ("vmware", "", "vmware"),
    ("", "vmware", "vmware"),
    ("innotek", "", "virtualbox"),
    ("", "virtualbox", "virtualbox"),
    ("qemu", "", "kvm"),
    ("", "kvm", "kvm"),
    ("xen", "", "xen"),
    ("", "hvm domu", "xen"),
    ("parallels", "", "parallels"),
    ("", "parallels", "parallels"),
    ("", "google compute engine", "kvm"),
    ("nutanix", "ahv", "kvm"),
    ("", "openstack", "kvm"),
    ("bochs", "", "bochs"),
    ("bhyve", "", "bhyve"),
)
_CLOUD = "amazon ec2"
_BARE_METAL = ".metal"


def windows_host(raw: Mapping[str, Any], as_of: datetime) -> Host:
    """From the host part's answer; every value in it may be missing, an error, or nonsense."""
    values = Values(raw)
    clock = _there(values.moment("clock"), "clock")
    virtual, virtual_kind = _virtual(values)
    product, build = _product(values), _number_of_build(values)
    uptime = _uptime(clock, values.moment("booted"))
    return Host(
        as_of=as_of,
        platform=Platform.WINDOWS,
        clock=clock,
        product=product,
        product_name=_name(values, product, build),
        version=_version(values, build),
        build=_full_build(values, build),
        edition=_text(values, "edition"),
        like=Seen(()),
        architecture=_text(values, "architecture"),
        hostname=_text(values, "hostname"),
        chassis=_chassis(values, product, virtual),
        virtual=virtual,
        virtual_kind=virtual_kind,
        privileged=_there(values.flag("is_admin"), "is_admin"),
        user=_text(values, "user"),
        shell=_shell(values),
        joined=_joined(values),
        uptime_s=uptime,
        booted_at=Seen(as_of - timedelta(seconds=uptime.value)) if isinstance(uptime, Seen) else uptime,
    )


def _there(fact: Fact[T | None], what: str) -> Fact[T]:
    """Of what every machine has, none is as good as not told."""
    if isinstance(fact, Unseen):
        return fact
    return Unseen(f"The machine did not tell ({what})") if fact.value is None else Seen(fact.value)


def _text(values: Values, name: str) -> Fact[str]:
    found = _there(values.text(name), name)
    return found if isinstance(found, Unseen) or found.value else Unseen(f"The machine did not tell ({name})")


def _product(values: Values) -> Fact[str]:
    """A build says nothing here: Windows 11 and Server 2025 share theirs."""
    told = values.number("product_type")
    if isinstance(told, Seen) and told.value in _PRODUCTS:
        return Seen(_PRODUCTS[told.value])
    kind = values.text("installation_type")
    if isinstance(kind, Seen) and kind.value in _KINDS:
        return Seen(_KINDS[kind.value])
    return told if isinstance(told, Unseen) else Unseen("The machine did not tell (product_type)")


def _number_of_build(values: Values) -> Fact[int]:
    """From the registry, else from the version that WMI tells."""
    version = values.text("version")
    from_version = (version.value or "").split(".")[2:3] if isinstance(version, Seen) else []
    found = _text(values, "build")
    for text in (found.value if isinstance(found, Seen) else "", *from_version):
        if text.isascii() and text.isdigit() and len(text) <= 6:
            return Seen(int(text))
    return found if isinstance(found, Unseen) else Unseen("The build is not a number")


def _version(values: Values, build: Fact[int]) -> Fact[str | None]:
    found = _text(values, "version")
    if isinstance(found, Unseen) and isinstance(build, Seen) and build.value >= _WINDOWS_10:
        return Seen(f"10.0.{build.value}")
    return found


def _full_build(values: Values, build: Fact[int]) -> Fact[str | None]:
    """Build and update revision; machines before Windows 10 may have no revision."""
    revision = values.number("ubr")
    if isinstance(build, Unseen):
        return build
    if isinstance(revision, Unseen):
        return revision
    return Seen(str(build.value) if revision.value is None else f"{build.value}.{revision.value}")


def _name(values: Values, product: Fact[str], build: Fact[int]) -> Fact[str]:
    caption = _text(values, "caption")
    if isinstance(caption, Unseen):
        if isinstance(product, Unseen) or isinstance(build, Unseen):
            return caption
        if product.value == SERVER:
            return Seen(f"Windows Server, build {build.value}")
        if build.value < _WINDOWS_10:
            return Seen(f"Windows, build {build.value}")
        return Seen("Windows 11" if build.value >= _WINDOWS_11 else "Windows 10")
    release = values.text("display_version", 20)
    return Seen(f"{caption.value} {release.value}" if isinstance(release, Seen) and release.value else caption.value)


def _virtual(values: Values) -> tuple[Fact[Virtual], Fact[str]]:
    """A hypervisor alone proves nothing: with its own protections on, Windows runs on one on real hardware too."""
    maker, model = _text(values, "manufacturer"), _text(values, "model")
    hypervisor = values.flag("hypervisor_present")
    kind = _guest(_lower(maker), _lower(model))
    if kind and hypervisor == Seen(False):
        doubt = Unseen("The machine contradicts itself on whether it is a virtual machine")
        return doubt, doubt
    if kind:
        return Seen(Virtual.MACHINE), Seen(kind)
    if hypervisor == Seen(False) or (isinstance(maker, Seen) and isinstance(model, Seen)):
        return Seen(Virtual.NO), Seen("none")
    missing = maker if isinstance(maker, Unseen) else model
    reason = missing if isinstance(missing, Unseen) else Unseen("The machine did not tell (virtual machine or not)")
    return reason, reason


def _lower(fact: Fact[str]) -> str:
    return fact.value.lower() if isinstance(fact, Seen) else ""


def _guest(maker: str, model: str) -> str:
    if maker.startswith(_CLOUD):
        return "" if model.endswith(_BARE_METAL) else "kvm"
    return next((kind for of, called, kind in _GUESTS if maker.startswith(of) and model.startswith(called)), "")


def _chassis(values: Values, product: Fact[str], virtual: Fact[Virtual]) -> Fact[Chassis]:
    """A battery alone may be a UPS, so it counts only where the enclosure does not say what it is.

    A server product makes a server of any enclosure that is not a laptop's: many stand in a desktop's tower.
    """
    told = values.any("chassis_types")
    kinds = told.value if isinstance(told, Seen) else []
    kinds = {kind for kind in (kinds if isinstance(kinds, list) else [kinds]) if isinstance(kind, int)}
    if kinds & _LAPTOPS:
        return Seen(Chassis.LAPTOP)
    if kinds & _SERVERS or product == Seen(SERVER):
        return Seen(Chassis.SERVER)
    if kinds & _DESKTOPS:
        return Seen(Chassis.DESKTOP)
    if values.flag("has_battery") == Seen(True) and virtual != Seen(Virtual.MACHINE):
        return Seen(Chassis.LAPTOP)
    if kinds:
        return Seen(Chassis.OTHER)
    return told if isinstance(told, Unseen) else Unseen("The machine did not tell (chassis)")


def _shell(values: Values) -> Fact[str]:
    version, mode = _text(values, "ps"), _text(values, "lang_mode")
    if isinstance(version, Unseen):
        return version
    return mode if isinstance(mode, Unseen) else Seen(f"PowerShell {version.value}, {mode.value}")


def _joined(values: Values) -> Fact[str | None]:
    part_of_domain = _there(values.flag("part_of_domain"), "part_of_domain")
    if isinstance(part_of_domain, Unseen):
        return part_of_domain
    return _text(values, "domain") if part_of_domain.value else Seen(None)


def _uptime(clock: Fact[datetime], booted: Fact[datetime | None]) -> Fact[int]:
    """By the machine's own clock, which may be wrong without the time that passed being wrong."""
    started = _there(booted, "booted")
    if isinstance(clock, Unseen):
        return clock
    if isinstance(started, Unseen):
        return started
    return Seen(min(max(int((clock.value - started.value).total_seconds()), 0), _LONGEST_UPTIME_S))
