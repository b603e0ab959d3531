"""The host part's answer becomes a Host. Sources: linux.md 0 and 5.7, macos.md 0; host_windows.py has Windows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from scorecard.bundle import HOST_PART
from scorecard.host_windows import windows_host
from scorecard.model import Chassis, Fact, Host, Observations, Outcome, Platform, Seen, Unseen, Virtual
from scorecard.reading import clean, pairs, unquote
from scorecard.windows_answers import payload

# SMBIOS chassis types, DMTF DSP0134 table 17.
_LAPTOPS = frozenset({"8", "9", "10", "11", "14", "30", "31", "32"})
_DESKTOPS = frozenset({"3", "4", "5", "6", "7", "13", "15", "16", "24", "34", "35", "36"})
_SERVERS = frozenset({"17", "23", "25", "28", "29"})

# How the firmware of a guest calls its maker or itself; asked only where no detector ran (linux.md 0).
_GUEST_VENDORS = ("QEMU", "Xen", "VMware", "innotek GmbH", "Parallels", "BHYVE")
_GUEST_PRODUCTS = ("KVM", "Apple Virtualization", "Google Compute Engine")
# A clock that is far off must not push the time of the start out of what a datetime holds.
_LONGEST_UPTIME_S = 50 * 366 * 86_400


def parse_host(observations: Observations, as_of: datetime) -> Host | None:
    """None when the host part did not come whole: then nothing else can be read either."""
    observation = observations.get(HOST_PART)
    if observation is None or observation.outcome is not Outcome.OK:
        return None
    if observation.text.startswith("{"):
        told = payload(observations, HOST_PART)
        return windows_host(told.value, as_of) if isinstance(told, Seen) and "product_type" in told.value else None
    values = dict(pairs(observation.text))
    release: dict[str, str] = {}
    for line in observation.text.splitlines():
        for prefix in ("os-release: ", "sw_vers: "):
            if line.startswith(prefix):
                key, _, value = line[len(prefix) :].partition("=" if prefix[0] == "o" else ":")
                release[key.strip()] = clean(unquote(value.strip()))
    match values.get("system"):
        case "Linux":
            return _linux(values, release, as_of)
        case "Darwin":
            return _macos(values, release, as_of)
        case _:
            return None


def _linux(values: Mapping[str, str], release: Mapping[str, str], as_of: datetime) -> Host:
    product = release.get("ID", "").lower()
    if not re.fullmatch(r"[a-z0-9._-]{1,64}", product):
        product = ""
    version: Fact[str | None] = Seen(release.get("VERSION_ID") or None) if product else _missing("os-release")
    name = release.get("PRETTY_NAME") or release.get("NAME") or ""
    uptime = _uptime(values.get("uptime", ""))
    virtual, virtual_kind = _linux_virtual(values)
    return _host(
        values,
        as_of,
        Platform.LINUX,
        product=Seen(product) if product else _missing("os-release"),
        product_name=Seen(name) if name else _missing("os-release"),
        version=version,
        build=_text(values, "kernel"),
        edition=Seen(release.get("VARIANT_ID") or None),
        like=Seen(tuple(release.get("ID_LIKE", "").lower().split())),
        architecture=_text(values, "machine"),
        chassis=_linux_chassis(values),
        virtual=virtual,
        virtual_kind=virtual_kind,
        joined=_linux_joined(values),
        uptime_s=uptime,
    )


def _macos(values: Mapping[str, str], release: Mapping[str, str], as_of: datetime) -> Host:
    version = release.get("ProductVersion", "")
    extra = release.get("ProductVersionExtra", "")
    booted = re.search(r"sec = ([0-9]{1,12})", values.get("boottime", ""))
    uptime: Fact[int] = _missing("kern.boottime")
    clock = _clock(values)
    if booted and isinstance(clock, Seen):
        uptime = Seen(min(max(int(clock.value.timestamp()) - int(booted[1]), 0), _LONGEST_UPTIME_S))
    virtual: Fact[Virtual] = _missing("kern.hv_vmm_present")
    if values.get("hv_vmm_present") in ("0", "1"):
        virtual = Seen(Virtual.MACHINE if values["hv_vmm_present"] == "1" else Virtual.NO)
    battery = {"yes": Chassis.LAPTOP, "no": Chassis.DESKTOP}.get(values.get("battery", ""))
    if values.get("model", "").startswith("MacBook"):  # newer models do not tell: Mac14,7
        battery = Chassis.LAPTOP
    return _host(
        values,
        as_of,
        Platform.MACOS,
        product=Seen("macos"),
        product_name=Seen(f"macOS {version} {extra}".strip()) if version else _missing("sw_vers"),
        version=Seen(version) if version else _missing("sw_vers"),
        build=Seen(release["BuildVersion"]) if release.get("BuildVersion") else _missing("sw_vers"),
        edition=Seen(extra or None),
        like=Seen(()),
        architecture=Seen("arm64") if values.get("arm64") == "1" else _text(values, "machine"),
        chassis=Seen(battery) if battery else _missing("pmset"),
        virtual=virtual,
        virtual_kind=Seen("vm" if virtual.value is Virtual.MACHINE else "none") if isinstance(virtual, Seen) else virtual,
        joined=Seen(clean(values.get("directory", "")) or None),
        uptime_s=uptime,
    )


def _host(
    values: Mapping[str, str],
    as_of: datetime,
    platform: Platform,
    *,
    product: Fact[str],
    product_name: Fact[str],
    version: Fact[str | None],
    build: Fact[str | None],
    edition: Fact[str | None],
    like: Fact[tuple[str, ...]],
    architecture: Fact[str],
    chassis: Fact[Chassis],
    virtual: Fact[Virtual],
    virtual_kind: Fact[str],
    joined: Fact[str | None],
    uptime_s: Fact[int],
) -> Host:
    rights = values.get("rights")
    privileged: Fact[bool] = Seen(rights != "user") if rights in ("root", "sudo", "user") else _missing("rights")
    booted: Fact[datetime] = Seen(as_of - timedelta(seconds=uptime_s.value)) if isinstance(uptime_s, Seen) else uptime_s
    return Host(
        as_of=as_of,
        platform=platform,
        clock=_clock(values),
        product=product,
        product_name=product_name,
        version=version,
        build=build,
        edition=edition,
        like=like,
        architecture=architecture,
        hostname=_text(values, "hostname"),
        chassis=chassis,
        virtual=virtual,
        virtual_kind=virtual_kind,
        privileged=privileged,
        user=_text(values, "user"),
        shell=_text(values, "shell"),
        joined=joined,
        uptime_s=uptime_s,
        booted_at=booted,
    )


def _missing(what: str) -> Unseen:
    return Unseen(f"The machine did not tell ({what})")


def _text(values: Mapping[str, str], key: str) -> Fact[str]:
    value = clean(values.get(key, ""))
    return Seen(value) if value else _missing(key)


def _clock(values: Mapping[str, str]) -> Fact[datetime]:
    text = values.get("clock", "")
    if re.fullmatch(r"[0-9]{1,11}", text):
        return Seen(datetime.fromtimestamp(int(text), UTC))
    return _missing("clock")


def _uptime(text: str) -> Fact[int]:
    match = re.match(r"([0-9]{1,10})\.", text)
    return Seen(min(int(match[1]), _LONGEST_UPTIME_S)) if match else _missing("uptime")


def _linux_virtual(values: Mapping[str, str]) -> tuple[Fact[Virtual], Fact[str]]:
    """Machine, container or neither, and which kind. Much does not apply to a guest, so doubt is never resolved to one."""
    container, machine = (clean(values.get(key, ""), 32) for key in ("detect_container", "detect_vm"))
    signs = _container_signs(values)
    if container == "none" and signs:
        doubt = Unseen("The machine contradicts itself on whether it is a container")
        return doubt, doubt
    if not container and not signs and "microsoft" in values.get("kernel", "").lower():
        signs = "wsl"
    if container != "none" and (kind := container or signs):
        return Seen(Virtual.CONTAINER), Seen(kind)
    # A detector tells the control domain of Xen, which is the machine itself, from its guests: the processor does not.
    if not machine and values.get("control_domain") != "yes":
        machine = _guest_signs(values)
    if machine not in ("", "none"):
        return Seen(Virtual.MACHINE), Seen(machine)
    # A positive sign of real hardware: a detector that ran, or a firmware that names its maker.
    if machine == "none" or values.get("sys_vendor"):
        return Seen(Virtual.NO), Seen("none")
    return _missing("virtual machine or not"), _missing("virtual machine or not")


def _container_signs(values: Mapping[str, str]) -> str:
    """The kind of container that files or mounts speak for; empty for none."""
    if values.get("container_file"):
        return "container"
    return "lxc" if values.get("lxcfs") == "yes" else ""


def _guest_signs(values: Mapping[str, str]) -> str:
    vendor, product = values.get("sys_vendor", ""), values.get("product_name", "")
    named = vendor.startswith(_GUEST_VENDORS) or product.startswith(_GUEST_PRODUCTS)
    return "vm" if named or values.get("hypervisor_flag") == "yes" else ""


def _linux_chassis(values: Mapping[str, str]) -> Fact[Chassis]:
    kind = values.get("chassis_type", "")
    if kind in _LAPTOPS or values.get("battery") == "yes":
        return Seen(Chassis.LAPTOP)
    if kind in _SERVERS:
        return Seen(Chassis.SERVER)
    if kind in _DESKTOPS:
        return Seen(Chassis.DESKTOP)
    return Seen(Chassis.OTHER) if kind else _missing("chassis")


def _linux_joined(values: Mapping[str, str]) -> Fact[str | None]:
    realm = clean(values.get("realm", ""))
    return Seen(realm if realm and values.get("keytab") == "yes" else None)
