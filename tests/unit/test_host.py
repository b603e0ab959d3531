"""The host part: what each kind of machine says of itself, and that no garbage becomes a fact.

The answers are written by hand after linux.md 0 and 5.7 and macos.md 0, in the form that preludes/host.sh prints.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scorecard.bundle import HOST_PART, host_probe
from scorecard.host import parse_host
from scorecard.model import Chassis, Endpoint, Fact, Host, Observation, Outcome, Platform, Role, Seen, Unseen, Virtual
from scorecard.roles import role_of

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CLOCK = int(NOW.timestamp())

DEBIAN = """system=Linux
kernel=6.1.0-42-amd64
machine=x86_64
hostname=one
clock=1795176000
uid=1000
user=audit
rights=sudo
shell=/bin/bash
os-release: PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
os-release: NAME="Debian GNU/Linux"
os-release: VERSION_ID="12"
os-release: ID=debian
uptime=86400.17 170000.25
"""
MAC = """system=Darwin
kernel=25.3.0
machine=x86_64
hostname=mac
clock=1795176000
uid=501
user=audit
rights=user
shell=/bin/zsh
sw_vers: ProductName:\t\tmacOS
sw_vers: ProductVersion:\t\t26.3.1
sw_vers: BuildVersion:\t\t25D771280a
boottime={ sec = 1795089600, usec = 123456 } Thu Nov 19 12:00:00 2026
"""


def said(text: str, outcome: Outcome = Outcome.OK) -> Host | None:
    return parse_host({HOST_PART: Observation(HOST_PART, outcome, text, 0, 5, NOW)}, NOW)


def linux(**values: str) -> Host:
    """A Debian machine; `values` are the fields that tell its kind."""
    host = said(DEBIAN + "".join(f"{key}={value}\n" for key, value in values.items()))
    assert host is not None
    return host


def mac(**values: str) -> Host:
    host = said(MAC + "".join(f"{key}={value}\n" for key, value in values.items()))
    assert host is not None
    return host


def value(fact: Fact[Any]) -> Any:
    return fact.value if isinstance(fact, Seen) else "unseen"


def role(host: Host) -> Role:
    return role_of(Endpoint("one", "Acme", "192.0.2.1"), host, None).role


def test_what_a_linux_machine_says_of_itself() -> None:
    host = linux(detect_container="none", detect_vm="none", chassis_type="3", sys_vendor="Dell Inc.", keytab="no", realm="")
    assert host == Host(
        as_of=NOW,
        platform=Platform.LINUX,
        clock=Seen(NOW),
        product=Seen("debian"),
        product_name=Seen("Debian GNU/Linux 12 (bookworm)"),
        version=Seen("12"),
        build=Seen("6.1.0-42-amd64"),
        edition=Seen(None),
        like=Seen(()),
        architecture=Seen("x86_64"),
        hostname=Seen("one"),
        chassis=Seen(Chassis.DESKTOP),
        virtual=Seen(Virtual.NO),
        virtual_kind=Seen("none"),
        privileged=Seen(True),
        user=Seen("audit"),
        shell=Seen("/bin/bash"),
        joined=Seen(None),
        uptime_s=Seen(86_400),
        booted_at=Seen(NOW - timedelta(days=1)),
    )


NONE = {"detect_container": "none", "detect_vm": "none"}


@pytest.mark.parametrize(
    ("values", "virtual", "kind", "chassis", "role_"),
    [
        pytest.param({**NONE, "chassis_type": "3"}, Virtual.NO, "none", Chassis.DESKTOP, Role.WORKSTATION, id="desktop"),
        pytest.param({**NONE, "chassis_type": "10"}, Virtual.NO, "none", Chassis.LAPTOP, Role.LAPTOP, id="laptop"),
        pytest.param({**NONE, "chassis_type": "31"}, Virtual.NO, "none", Chassis.LAPTOP, Role.LAPTOP, id="convertible"),
        pytest.param(
            {**NONE, "chassis_type": "3", "battery": "yes"},
            Virtual.NO,
            "none",
            Chassis.LAPTOP,
            Role.LAPTOP,
            id="battery wins",
        ),
        pytest.param({**NONE, "chassis_type": "23"}, Virtual.NO, "none", Chassis.SERVER, Role.SERVER, id="rack server"),
        pytest.param(
            {"detect_container": "none", "detect_vm": "kvm", "hypervisor_flag": "yes", "chassis_type": "1"},
            Virtual.MACHINE,
            "kvm",
            Chassis.OTHER,
            Role.SERVER,
            id="kvm",
        ),
        pytest.param(
            {"detect_container": "none", "detect_vm": "vmware", "hypervisor_flag": "yes", "sys_vendor": "VMware, Inc."},
            Virtual.MACHINE,
            "vmware",
            "unseen",
            Role.SERVER,
            id="vmware",
        ),
        pytest.param(
            {"detect_container": "none", "detect_vm": "microsoft", "chassis_type": "3"},
            Virtual.MACHINE,
            "microsoft",
            Chassis.DESKTOP,
            Role.SERVER,
            id="hyper-v says desktop",
        ),
        pytest.param(
            {"hypervisor_flag": "yes", "sys_vendor": "QEMU"}, Virtual.MACHINE, "vm", "unseen", Role.SERVER, id="no systemd"
        ),
        pytest.param({"sys_vendor": "QEMU"}, Virtual.MACHINE, "vm", "unseen", Role.SERVER, id="ARM guest without systemd"),
        pytest.param(
            {"sys_vendor": "Apple Inc.", "product_name": "Apple Virtualization Generic Platform"},
            Virtual.MACHINE,
            "vm",
            "unseen",
            Role.SERVER,
            id="guest on a Mac",
        ),
        pytest.param(
            {"hypervisor_flag": "yes"}, Virtual.MACHINE, "vm", "unseen", Role.SERVER, id="cloud image without DMI"
        ),
        pytest.param(
            {"sys_vendor": "Apple Inc.", "product_name": "MacBookPro12,1", "chassis_type": "9"},
            Virtual.NO,
            "none",
            Chassis.LAPTOP,
            Role.LAPTOP,
            id="Linux on a MacBook",
        ),
        pytest.param(
            {**NONE, "hypervisor_flag": "yes", "control_domain": "yes", "chassis_type": "23"},
            Virtual.NO,
            "none",
            Chassis.SERVER,
            Role.SERVER,
            id="Xen control domain",
        ),
        pytest.param(
            {"hypervisor_flag": "yes", "control_domain": "yes", "sys_vendor": "HPE", "chassis_type": "23"},
            Virtual.NO,
            "none",
            Chassis.SERVER,
            Role.SERVER,
            id="Xen control domain without systemd",
        ),
        pytest.param(
            {"detect_container": "docker", "detect_vm": "kvm", "container_file": "/.dockerenv", "hypervisor_flag": "yes"},
            Virtual.CONTAINER,
            "docker",
            "unseen",
            Role.SERVER,
            id="docker",
        ),
        pytest.param(
            {"container_file": "/run/.containerenv"}, Virtual.CONTAINER, "container", "unseen", Role.SERVER, id="podman"
        ),
        pytest.param(
            {"detect_container": "lxc", "detect_vm": "none", "sys_vendor": "Dell Inc.", "chassis_type": "23"},
            Virtual.CONTAINER,
            "lxc",
            Chassis.SERVER,
            Role.SERVER,
            id="lxc",
        ),
        pytest.param(
            {"lxcfs": "yes", "sys_vendor": "Dell Inc."},
            Virtual.CONTAINER,
            "lxc",
            "unseen",
            Role.SERVER,
            id="lxc, no systemd",
        ),
        pytest.param(
            {"detect_container": "wsl", "detect_vm": "microsoft", "hypervisor_flag": "yes"},
            Virtual.CONTAINER,
            "wsl",
            "unseen",
            Role.SERVER,
            id="wsl",
        ),
        pytest.param(
            {"kernel": "5.15.167.4-microsoft-standard-WSL2", "hypervisor_flag": "yes"},
            Virtual.CONTAINER,
            "wsl",
            "unseen",
            Role.SERVER,
            id="wsl, no systemd",
        ),
        pytest.param(
            {**NONE, "detect_vm": "microsoft", "kernel": "4.19-microsoft-standard"},
            Virtual.MACHINE,
            "microsoft",
            "unseen",
            Role.SERVER,
            id="wsl, old systemd",
        ),
        pytest.param({}, "unseen", "unseen", "unseen", Role.SERVER, id="Raspberry Pi without systemd"),
        pytest.param(NONE, Virtual.NO, "none", "unseen", Role.SERVER, id="Raspberry Pi with systemd"),
        pytest.param(
            {**NONE, "container_file": "/.dockerenv", "chassis_type": "10"},
            "unseen",
            "unseen",
            Chassis.LAPTOP,
            Role.LAPTOP,
            id="a real laptop with a stray /.dockerenv",
        ),
    ],
)
def test_kinds_of_linux_machines(
    values: Mapping[str, str], virtual: Virtual | str, kind: str, chassis: Chassis | str, role_: Role
) -> None:
    host = linux(**values)
    assert (value(host.virtual), value(host.virtual_kind), value(host.chassis)) == (virtual, kind, chassis)
    assert role(host) is role_


@pytest.mark.parametrize("detector", [{"detect_container": "", "detect_vm": ""}, {}, {"detect_vm": ""}])
def test_a_detector_that_said_nothing_proves_nothing(detector: Mapping[str, str]) -> None:
    assert isinstance(linux(**detector).virtual, Unseen)


def test_what_a_mac_says_of_itself() -> None:
    host = mac(arm64="1", hv_vmm_present="0", model="Mac14,7", battery="yes", directory="corp.example.com")
    assert (host.platform, host.product, host.product_name) == (Platform.MACOS, Seen("macos"), Seen("macOS 26.3.1"))
    assert (host.version, host.build, host.architecture) == (Seen("26.3.1"), Seen("25D771280a"), Seen("arm64"))
    assert (host.uptime_s, host.booted_at) == (Seen(86_400), Seen(NOW - timedelta(days=1)))
    assert (host.privileged, host.joined) == (Seen(False), Seen("corp.example.com"))


@pytest.mark.parametrize(
    ("values", "virtual", "kind", "chassis", "role_"),
    [
        pytest.param(
            {"arm64": "", "hv_vmm_present": "0", "model": "MacBookPro15,2", "battery": "yes"},
            Virtual.NO,
            "none",
            Chassis.LAPTOP,
            Role.LAPTOP,
            id="Intel laptop",
        ),
        pytest.param(
            {"hv_vmm_present": "0", "model": "MacBookPro15,2", "battery": "no"},
            Virtual.NO,
            "none",
            Chassis.LAPTOP,
            Role.LAPTOP,
            id="Intel laptop without its battery",
        ),
        pytest.param(
            {"arm64": "1", "hv_vmm_present": "0", "model": "Mac16,10", "battery": "no"},
            Virtual.NO,
            "none",
            Chassis.DESKTOP,
            Role.WORKSTATION,
            id="Apple silicon desktop",
        ),
        pytest.param(
            {"arm64": "1", "hv_vmm_present": "1", "model": "VirtualMac2,1", "battery": "no"},
            Virtual.MACHINE,
            "vm",
            Chassis.DESKTOP,
            Role.WORKSTATION,
            id="virtual machine",
        ),
        pytest.param(
            {"arm64": "1", "hv_vmm_present": "0", "model": "Mac14,7"},
            Virtual.NO,
            "none",
            "unseen",
            Role.SERVER,
            id="pmset failed: nobody says that it has no battery",
        ),
        pytest.param(
            {"hv_vmm_present": "", "battery": "no"}, "unseen", "unseen", Chassis.DESKTOP, Role.WORKSTATION, id="old macOS"
        ),
    ],
)
def test_kinds_of_macs(
    values: Mapping[str, str], virtual: Virtual | str, kind: str, chassis: Chassis | str, role_: Role
) -> None:
    host = mac(**values)
    assert (value(host.virtual), value(host.virtual_kind), value(host.chassis)) == (virtual, kind, chassis)
    assert role(host) is role_


def test_a_rapid_response_is_part_of_the_name() -> None:
    host = said(MAC + "sw_vers: ProductVersionExtra:\t\t(a)\n")
    assert host is not None
    assert (host.product_name, host.edition) == (Seen("macOS 26.3.1 (a)"), Seen("(a)"))


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.OK])
def test_a_host_part_that_did_not_come_whole_is_no_host(outcome: Outcome) -> None:
    assert said(DEBIAN, outcome) is None


@pytest.mark.parametrize("text", ["", "system=FreeBSD\n", "system=\n", "Willkommen!\n", "system: Linux\n"])
def test_neither_linux_nor_macos_is_no_host(text: str) -> None:
    assert said(text) is None
    assert parse_host({}, NOW) is None


@pytest.mark.parametrize(
    ("release", "product", "version", "name"),
    [
        ("", "unseen", "unseen", "unseen"),
        ('ID="centos"\nVERSION_ID="9"\nNAME="CentOS Stream"', "centos", "9", "CentOS Stream"),
        ("ID=arch\nPRETTY_NAME='Arch Linux'", "arch", None, "Arch Linux"),
        ("ID=../../etc\nVERSION_ID=12\nNAME=x", "unseen", "unseen", "x"),
        ("ID=" + "a" * 65 + "\nVERSION_ID=12", "unseen", "unseen", "unseen"),
        ('ID=debian\nPRETTY_NAME="\x1b[31m<script>`id`"', "debian", None, "[31m<script>`id`"),
        ("# ID=debian\nID = debian", "debian", None, "unseen"),
        ("ID=" + "Debian", "debian", None, "unseen"),
    ],
)
def test_os_release(release: str, product: str, version: str | None, name: str) -> None:
    lines = "".join(f"os-release: {line}\n" for line in release.splitlines())
    host = said(f"system=Linux\n{lines}")
    assert host is not None
    assert (value(host.product), value(host.version), value(host.product_name)) == (product, version, name)


def test_os_release_cannot_speak_for_the_rest() -> None:
    host = said("system=Linux\nrights=user\nos-release: rights=root\nos-release: ID=debian\nos-release: system=Darwin\n")
    assert host is not None
    assert (host.platform, host.privileged) == (Platform.LINUX, Seen(False))


@pytest.mark.parametrize(
    ("rights", "privileged"), [("root", True), ("sudo", True), ("user", False), ("", "unseen"), ("ROOT", "unseen")]
)
def test_rights(rights: str, privileged: bool | str) -> None:
    assert value(linux(rights=rights).privileged) == privileged


@pytest.mark.parametrize(
    ("keytab", "realm", "joined"),
    [("yes", "CORP.EXAMPLE.COM", "CORP.EXAMPLE.COM"), ("no", "CORP.EXAMPLE.COM", None), ("yes", "", None)],
)
def test_a_realm_counts_with_a_key_for_it(keytab: str, realm: str, joined: str | None) -> None:
    assert linux(keytab=keytab, realm=realm).joined == Seen(joined)


@pytest.mark.parametrize("text", ["", "soon", "-5.0", "12", "1e9", "²³.00", "99999999999999.5"])
def test_an_uptime_that_is_none_is_unseen(text: str) -> None:
    host = linux(uptime=text)
    assert isinstance(host.uptime_s, Unseen)
    assert isinstance(host.booted_at, Unseen)


@pytest.mark.parametrize("text", ["", "soon", "-1", "12.5", "²", "999999999999"])
def test_a_clock_that_is_none_is_unseen(text: str) -> None:
    assert isinstance(linux(clock=text).clock, Unseen)
    assert isinstance(mac(clock=text).uptime_s, Unseen)


def test_the_largest_numbers_stay_within_what_a_time_holds() -> None:
    assert isinstance(linux(uptime="9999999999.99").booted_at, Seen)
    assert isinstance(mac(clock="99999999999", boottime="{ sec = 0, usec = 0 }").booted_at, Seen)
    assert mac(boottime="{ sec = 999999999999, usec = 0 }").uptime_s == Seen(0)


FIELDS = [
    "system",
    "kernel",
    "machine",
    "hostname",
    "clock",
    "rights",
    "user",
    "shell",
    "uptime",
    "boottime",
    "battery",
    "chassis_type",
    "sys_vendor",
    "product_name",
    "detect_container",
    "detect_vm",
    "hypervisor_flag",
    "container_file",
    "lxcfs",
    "control_domain",
    "realm",
    "keytab",
    "hv_vmm_present",
    "arm64",
    "model",
    "directory",
]
WORDS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["Linux", "Darwin", "yes", "no", "none", "0", "1", "10", "{ sec = 99999999999", "99999999999", "1.5"]),
)
LINES = st.one_of(
    st.tuples(st.sampled_from(FIELDS), WORDS).map("=".join),
    st.tuples(st.sampled_from(["os-release: ", "sw_vers: "]), WORDS).map("".join),
    st.text(max_size=60),
)


@given(st.sampled_from(["Linux", "Darwin"]), st.lists(LINES, max_size=30))
@example("Darwin", ["clock=99999999999", "boottime={ sec = 0"])
def test_garbage_never_raises_and_every_text_is_one_printable_line(system: str, lines: list[str]) -> None:
    host = said("\n".join([*lines, f"system={system}"]))
    assert host is None or host.as_of == NOW
    for field in () if host is None else Host.__dataclass_fields__:
        fact = getattr(host, field)
        if isinstance(fact, Seen) and isinstance(fact.value, str) and field not in ("chassis", "virtual"):
            assert fact.value.isprintable()
            assert 0 < len(fact.value) <= 300


def probed(place: Path, **tools: str) -> dict[str, str]:
    """What the host part says with stand-ins for the programs of a Mac: they are the machine, not our code."""
    text = host_probe(Platform.MACOS).text
    for name, code in {"uname": "echo Darwin", **tools}.items():
        (place / name).write_text(f"#!/bin/sh\n{code}\n", encoding="utf-8")
        (place / name).chmod(0o755)
        text = text.replace(f"/usr/bin/{name} ", f"{place / name} ").replace(f"/usr/sbin/{name} ", f"{place / name} ")
    done = subprocess.run(
        [shutil.which("sh") or "sh", "-c", text],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": f"{place}:/usr/bin:/bin", "SCORECARD_RIGHTS": "user", "SHELL": "/bin/zsh"},
    )
    return dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)


@pytest.mark.parametrize(
    ("code", "battery"),
    [
        ("echo \"Now drawing from 'AC Power'\"", "no"),
        ("echo \"Now drawing from 'Battery Power'\"; echo ' -InternalBattery-0 (id=1)\t80%; discharging'", "yes"),
        ("exit 1", None),
        ("echo 'pmset: no power sources' >&2; exit 5", None),
        ("echo Fehler", None),
    ],
)
def test_only_an_answer_says_that_a_mac_has_no_battery(tmp_path: Path, code: str, battery: str | None) -> None:
    assert probed(tmp_path, pmset=code).get("battery") == battery
