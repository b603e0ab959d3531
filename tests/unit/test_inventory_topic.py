"""Inventory: placeholders are no serial numbers, the audit's login is no user, garbage identifies nothing."""

from __future__ import annotations

import importlib
import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorecard.model import Observation, Outcome, Platform, Seen, Unseen
from scorecard.registry import Registry
from tests import cases

TOPIC = Registry.load().by_id["inventory"]
PACKAGE = TOPIC.parse.__module__.rpartition(".")[0]
SHAPE: Any = importlib.import_module(f"{PACKAGE}.shape")
USERS: Any = importlib.import_module(f"{PACKAGE}.users")


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "-", "...", "0", "0000000000", "FFFFFFFF", "xxxxxxxx", "123456789", "\x00\x1b"),
        *("To be filled by O.E.M.", "TO BE FILLED BY O.E.M.", "Default string", "None", "Not Specified", "N/A"),
        "System Serial Number",
    ],
)
def test_a_placeholder_is_none(text: str) -> None:
    assert SHAPE.real(text) is None


@pytest.mark.parametrize("text", ["PF3ABCDE", "VMware-56 4d 1a 2b", "7", "F00", "C02ABC123DEF"])
def test_a_serial_number_is_kept(text: str) -> None:
    assert SHAPE.real(f" {text} ") == text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("3f1c7a0e5b6d4c2f9a8b7c6d5e4f3a2b", True),
        ("3F1C7A0E5B6D4C2F9A8B7C6D5E4F3A2B", True),
        ("00000000000000000000000000000000", False),
        ("uninitialized", False),
        ("3f1c7a0e", False),
        ("", False),
    ],
)
def test_a_machine_id(text: str, kept: bool) -> None:
    assert (SHAPE.real_machine_id(text) is not None) == kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("4C4C4544-0042-3510-8052-B4C04F4E3133", True),
        ("03000200-0400-0500-0006-000700080009", False),
        ("ffffffff-ffff-ffff-ffff-ffffffffffff", False),
        ("not a uuid", False),
    ],
)
def test_a_hardware_id(text: str, kept: bool) -> None:
    assert (SHAPE.real_uuid(text) is not None) == kept


@pytest.mark.parametrize(
    ("lines", "audit_user", "user"),
    [
        (["who: anna tty2 2026-11-20 08:01 (tty2)"], "msp-audit", "anna"),
        (["who: msp-audit pts/0 2026-11-20 12:00 (10.0.0.5)", "last: bert :0 :0 Thu Nov 19 08:00"], "msp-audit", "bert"),
        (["who: anna :0 2026-11-20 08:01 (:0)"], "anna", "anna"),  # an audit of one's own computer
        (["who: anna pts/0 2026-11-20 08:01 (10.0.0.5)"], "anna", None),
        (["session: 2 1000 carla seat0 tty2 active no -"], "msp-audit", "carla"),
        (["session: c1 120 gdm seat0 tty1", "session: 2 1000 carla - -"], "msp-audit", "carla"),
        (["last: reboot system boot 6.1.0 Fri Nov 20", "last: wtmp begins Tue May 20 00:00:00 2025"], None, None),
        (["last: wtmpdb begins Tue May 20 00:00:00 2025"], None, None),
        (["console=anna", "who: bert ttys001 Nov 20 08:01"], "msp-audit", "anna"),
        (["console=root", "last: bert console Fri Nov 20"], "msp-audit", "bert"),
        (["console=_mbsetupuser"], None, None),
        (["who: <script> tty1 2026-11-20 08:01", "who: a=b tty1 2026-11-20"], None, None),
        ([], None, None),
    ],
)
def test_whose_machine_it_is(lines: list[str], audit_user: str | None, user: str | None) -> None:
    assert USERS.user_of(lines, audit_user) == user


def linux(machine: str, **host: Any) -> Any:
    observations = {"inventory.machine": Observation("inventory.machine", Outcome.OK, machine, 0, 1)}
    return TOPIC.parse(observations, cases.host(Platform.LINUX, **host))


def test_what_a_physical_machine_is_made_of() -> None:
    facts = linux(
        "product_name=PowerEdge R650\nbios_version=1.9.2\nbios_date=02/29/2024\ncpu=Xeon\ncpus=32\nmemory=16116344 kB"
    )
    assert facts.model == Seen("PowerEdge R650")
    assert facts.firmware == Seen("1.9.2")
    assert facts.firmware_date == Seen(date(2024, 2, 29))
    assert facts.cpus == Seen(32)
    assert facts.memory_bytes == Seen(16116344 * 1024)
    assert facts.serial == Unseen("This was not asked")


def test_a_container_does_not_take_its_hosts_hardware_for_its_own() -> None:
    facts = linux("sys_vendor=Dell\nproduct_name=PowerEdge\nbios_version=1", virtual="container", virtual_kind="lxc")
    assert facts.model == Seen("container (lxc)")
    assert facts.serial == facts.uuid == facts.maker == facts.firmware == facts.firmware_date == Seen(None)


def test_the_device_list_shows_what_was_seen() -> None:
    assert TOPIC.portray is not None
    facts = linux("product_name=PowerEdge R650\nmemory=16116344 kB")
    assert TOPIC.portray(facts) == {
        "serial": None,
        "model": "PowerEdge R650",
        "user": None,
        "memory": "15 GB",
        "disks": None,
    }


def test_no_part_asks_for_a_secret_or_writes() -> None:
    for probe in TOPIC.probes:
        for word in ("shadow", "/etc/ssh/", "passwd", ">/tmp", "mktemp", "curl", "wget"):
            assert word not in probe.text


NOUNS = ("machine", "serial", "users", "hardware", "registry", "disks")


@settings(max_examples=300, deadline=None)
@given(
    platform=st.sampled_from([Platform.LINUX, Platform.MACOS, Platform.WINDOWS]),
    texts=st.fixed_dictionaries({noun: st.text(max_size=300) for noun in NOUNS}),
    outcomes=st.fixed_dictionaries({noun: st.sampled_from(list(Outcome)) for noun in NOUNS}),
)
def test_garbage_never_raises(platform: Platform, texts: dict[str, str], outcomes: dict[str, Outcome]) -> None:
    observations = {
        f"inventory.{noun}": Observation(f"inventory.{noun}", outcomes[noun], texts[noun], 0, 1) for noun in NOUNS
    }
    facts = TOPIC.parse(observations, cases.host(platform))
    assert TOPIC.portray is not None
    for value in TOPIC.portray(facts).values():
        assert value is None or (value.isprintable() and len(value) < 600)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["SPHardwareDataType", "serial_number"]), inner)
    ),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(value=JSON)
def test_a_profile_of_any_shape_never_raises(value: Any) -> None:
    text = json.dumps(value)
    observations = {"inventory.hardware": Observation("inventory.hardware", Outcome.OK, text, 0, 1)}
    TOPIC.parse(observations, cases.host(Platform.MACOS))
