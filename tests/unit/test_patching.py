"""Details of the patching topic's parsers, and what must hold for any answer whatever."""

from __future__ import annotations

import base64
import json
import plistlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scorecard.errors import FactUnavailable
from scorecard.model import Host, Observation, Outcome, Platform, Seen, Status, Unseen, Verdict, unknown
from scorecard.topic import Parameters, Topic
from tests.cases import AS_OF, Case, apply, cases, host
from tests.losses import never_help

PACKAGE = "scorecard.checks.patching"
TOPIC: Topic = import_module(PACKAGE).TOPIC
RECORDED = cases("patching")
PARTS = {platform: [probe.part for probe in TOPIC.probes_for(platform)] for platform in Platform}
JUDGED = ("security-updates", "last-installed", "sources-fresh", "automatic-updates", "reboot-pending")


def module(name: str) -> Any:
    return import_module(f"{PACKAGE}.{name}")


def verdicts(observations: Mapping[str, Observation], on: Host) -> dict[str, Verdict]:
    facts = TOPIC.parse(observations, on)
    found: dict[str, Verdict] = {}
    for check in TOPIC.checks:
        try:
            found[check.id.partition(".")[2]] = check.rule(facts, on, Parameters(check.defaults()))
        except FactUnavailable as error:
            found[check.id.partition(".")[2]] = unknown(error.reason)
    assert tuple(found) == JUDGED
    return found


# --- kernels ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("release", "flavour"),
    [
        ("6.1.0-42-amd64", "amd64"),
        ("6.1.0-42-cloud-amd64", "cloud-amd64"),
        ("6.1.0-0.deb11.21-amd64", "amd64"),
        ("6.8.0-49-generic", "generic"),
        ("6.8.12-4-pve", "pve"),
        ("5.14.0-503.11.1.el9_5.x86_64", ""),
        ("5.14.0-503.11.1.el9_5.x86_64+rt", "rt"),
        ("5.15.0-302.167.6.el9uek.x86_64", "uek"),
        ("6.4.0-150600.23.25-default", "default"),
        ("6.12.1-arch1-1", "arch"),
        ("6.6.63-1-lts", "lts"),
        ("6.6.63-0-virt", "virt"),
        ("", ""),
    ],
)
def test_kernels_of_one_flavour_are_compared(release: str, flavour: str) -> None:
    assert module("reboot").flavour(release) == flavour


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("6.1.0-9-amd64", "6.1.0-42-amd64"),
        ("5.14.0-503.el9.x86_64", "5.14.0-503.2.1.el9_5.x86_64"),
        ("6.11.1-arch1-1", "6.12.1-arch1-1"),
        ("6.8.0-49-generic", "6.8.0-101-generic"),
    ],
)
def test_kernel_versions_are_ordered_by_number(older: str, newer: str) -> None:
    key = module("reboot").version_key
    assert key(older) < key(newer)


# --- times and lists ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2026-11-21 06:12:01 upgrade", "+0100", datetime(2026, 11, 21, 5, 12, 1, tzinfo=UTC)),
        ("2026-11-21 06:12:01", "-0530", datetime(2026, 11, 21, 11, 42, 1, tzinfo=UTC)),
        ("2026-11-21 06:12", "", datetime(2026, 11, 21, 6, 12, tzinfo=UTC)),
        ("2026-13-45 06:12:01", "", None),
        ("0001-01-01 00:00:00", "+0100", None),
        ("2026-11-21 06:12:01", "+9999", None),
        ("yesterday", "", None),
    ],
)
def test_log_times(text: str, zone: str, expected: datetime | None) -> None:
    assert module("payload").log_time(text, zone) == expected


@pytest.mark.parametrize("text", ["", "0", "-5", "99999999999999", "1e9", "١٢٣"])
def test_what_is_no_time_is_none(text: str) -> None:
    assert module("payload").epoch(text) is None


def test_yum_rows_may_span_three_lines() -> None:
    text = "\n".join(
        (
            "kernel.x86_64            3.10.0-1160.el7      updates",
            "a-package-with-a-name-too-long-for-its-column.noarch",
            "                         2:1.0-3.el7",
            "                                              updates",
            "Obsoleting Packages",
            "new.noarch               1-1                  updates",
        )
    )
    rows = module("dnf")._yum_rows(module("payload").Section(tuple(text.splitlines())))
    assert [row[0] for row in rows] == ["kernel", "a-package-with-a-name-too-long-for-its-column"]
    assert rows[1][1] == "2:1.0-3.el7"


@pytest.mark.parametrize(
    ("nevra", "name"),
    [
        ("kernel-core-5.14.0-2.el9.noarch", "kernel-core"),
        ("openssl-libs-1:1.0.2k-26.el7_9.x86_64", "openssl-libs"),
        ("1:NetworkManager-1.54.0-3.el9.x86_64", "NetworkManager"),
        ("python3.11-3.11.9-1.el9.x86_64", "python3.11"),
    ],
)
def test_package_name_of_an_advisory(nevra: str, name: str) -> None:
    assert module("dnf")._package_name(nevra) == name


@pytest.mark.parametrize(
    ("pattern", "name", "held"),
    [
        ("kernel*", "kernel-core", True),
        ("alpha", "alpha-ng", False),
        ("curl-0:7.76.1-26.el9.*", "curl", True),
        ("curl-0:7.76.1-26.el9.*", "libcurl", False),
    ],
)
def test_locks_and_exclusions(pattern: str, name: str, held: bool) -> None:
    assert module("dnf")._matches(pattern, name, "9-9") is held


@pytest.mark.parametrize(
    ("older", "newer"), [("26.6.2", "26.7"), ("26.9", "26.10"), ("15.7.9", "26.0"), ("26.6", "26.6.1"), ("10.15.7", "11.0")]
)
def test_macos_versions_are_numbers(older: str, newer: str) -> None:
    numbers = module("mac_version").numbers
    assert numbers(older) < numbers(newer)


def test_the_table_of_releases_names_its_sources() -> None:
    rows = list(TOPIC.data()) if TOPIC.data else []
    assert rows
    for row in rows:
        assert row["source"]
        assert datetime.fromisoformat(row["as_of"]).replace(tzinfo=UTC) <= AS_OF


# --- ages and memory ---------------------------------------------------------------------------------------------------


def recorded(name: str) -> Case:
    return next(case for case in RECORDED if case.name == name)


def test_what_is_remembered_comes_back_as_first_seen() -> None:
    case = recorded("apt-missing-first-audit-no-history")
    assert TOPIC.remember is not None
    (name,) = TOPIC.remember(TOPIC.parse(case.observations, case.host)) or ()
    known = Observation("engine.first-seen", Outcome.OK, f'{{"{name}": "2026-11-01T00:00:00+00:00"}}')
    found = verdicts({**case.observations, "engine.first-seen": known}, case.host)
    assert found["security-updates"].status is Status.WARN
    assert "19 days" in found["security-updates"].measured


def test_a_newer_candidate_keeps_the_name_and_an_upgrade_changes_it() -> None:
    remembered = module("payload").remembered
    assert remembered("apt", "openssl", "3.0.15-1", True) == remembered("apt", "openssl", "3.0.15-1", True)
    assert remembered("apt", "openssl", "3.0.15-1", True) != remembered("apt", "openssl", "3.0.16-1", True)
    assert remembered("apt", "openssl", "3.0.15-1", True) != remembered("apt", "openssl", "3.0.15-1", False)


def test_every_manager_remembers_what_its_parser_asks_for() -> None:
    """What a parser looks up in the memory is what `remember` gives, for every recorded case that misses something."""
    assert TOPIC.remember is not None
    asked = set()
    for case in RECORDED:
        names = list(TOPIC.remember(TOPIC.parse(case.observations, case.host)) or ())
        known = json.dumps(dict.fromkeys(names, "2026-01-01T00:00:00Z"))
        memory = Observation("engine.first-seen", Outcome.OK, known)
        updates = TOPIC.parse({**case.observations, "engine.first-seen": memory}, case.host).updates
        for update in updates.missing.value if names else ():
            if update.advisory not in ("table of releases", "table of builds", "record of installations"):  # dated by these
                assert update.first_seen == Seen(datetime(2026, 1, 1, tzinfo=UTC)), case.id
                asked.add(updates.manager.value)
    assert asked == {"apt", "dnf", "dnf5", "yum", "zypper", "apk", "pacman", "softwareupdate", "Windows Update"}


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": 5}', '{"a": "never"}', "[" * 100_000])
def test_a_broken_memory_is_no_memory(text: str) -> None:
    observation = Observation("engine.first-seen", Outcome.OK, text)
    assert module("payload").earlier_sightings({"engine.first-seen": observation}) == {}


def test_an_old_sighting_decides_without_the_history() -> None:
    case = recorded("apt-missing-seen-before")
    lost = {**case.observations, "patching.dpkg": Observation("patching.dpkg", Outcome.DENIED, reason="lost")}
    assert verdicts(lost, case.host)["security-updates"].status is Status.FAIL
    del lost["engine.first-seen"]
    assert verdicts(lost, case.host)["security-updates"].status is Status.UNKNOWN


@given(days=st.integers(0, 90))
def test_the_older_the_worse(days: int) -> None:
    case = recorded("apt-missing-first-audit-no-history")
    first = (AS_OF - timedelta(days=days)).isoformat()
    name = "apt:security:openssl@3.0.15-1~deb12u1"
    known = Observation("engine.first-seen", Outcome.OK, f'{{"{name}": "{first}"}}')
    status = verdicts({**case.observations, "engine.first-seen": known}, case.host)["security-updates"].status
    assert status is (Status.PASS if days <= 14 else Status.WARN if days <= 30 else Status.FAIL)


# --- any answer whatever ------------------------------------------------------------------------------------------------

WORDS = st.sampled_from(
    [
        *(
            "== simulate",
            "== policy",
            "== targets",
            "== releases",
            "== updates",
            "== patches",
            "== sources",
            "== preferences",
        ),
        *(
            "rc 0",
            "rc 1",
            "rc 100",
            "rc x",
            "Inst a [1] (2 X:1/y [z])",
            "0 upgraded, 0 newly installed",
            "U|a|1|b|c",
            "tool dnf5",
        ),
        *(
            "target |||",
            "release ",
            "Date: x",
            "fetched 1",
            "index 9 x",
            "marker 1 /x",
            "deb 1 linux-image-1 2",
            "running 1",
            "[]",
        ),
        *(
            "Repo-expire : (last: Sun Xxx 99 00:00:00 2026)",
            "<update kind='patch'",
            "<update-list>",
            "<message type='error'>",
        ),
        *(
            "zone +9999",
            "full-upgrade 9999-99-99 99:99",
            "No new software available.",
            "* Label: x",
            "\tTitle: x, Version: 1,",
        ),
    ]
)
NOISE = st.lists(st.one_of(WORDS, st.text(max_size=40)), max_size=25).map("\n".join)
HOSTS = st.sampled_from(
    [
        host(Platform.LINUX),
        host(Platform.LINUX, product="rocky"),
        host(Platform.LINUX, product="sles"),
        host(Platform.LINUX, product="alpine"),
        host(Platform.LINUX, product="arch"),
        host(Platform.LINUX, product=Unseen("no os-release")),
        host(Platform.MACOS),
        host(Platform.MACOS, version=Unseen("no sw_vers"), uptime_s=Unseen("no boot time")),
    ]
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(on=HOSTS, data=st.data())
def test_noise_never_raises_and_never_passes(on: Host, data: st.DataObject) -> None:
    observations = {part: Observation(part, Outcome.OK, data.draw(NOISE), 0) for part in PARTS[on.platform]}
    found = verdicts(observations, on)
    assert found["security-updates"].status not in (Status.PASS, Status.WARN)
    assert found["sources-fresh"].status is not Status.PASS


def passing(observations: Mapping[str, Observation], on: Host) -> set[str]:
    return {noun for noun, verdict in verdicts(observations, on).items() if verdict.status is Status.PASS}


@settings(max_examples=200, deadline=None)
@given(case=st.sampled_from(RECORDED), data=st.data())
def test_losing_any_part_never_helps(case: Case, data: st.DataObject) -> None:
    """What is truncated, denied or gone turns into unknown; it never turns anything into pass."""
    never_help(case, PARTS[case.platform], data, passing)


@settings(max_examples=200, deadline=None)
@given(raw=st.binary(max_size=400))
def test_property_lists_of_any_bytes(raw: bytes) -> None:
    plists = module("plists")
    plists.decode(base64.b64encode(raw).decode())
    plists.decode(base64.b64encode(b"bplist00" + raw).decode())
    plists.tail_of_array(raw.decode("utf-8", "replace") + "</array></plist>")


def test_a_property_list_bomb_is_refused() -> None:
    bomb = b'<!DOCTYPE p [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;">]><plist><string>&b;</string></plist>'
    assert module("plists").decode(base64.b64encode(bomb).decode()) is None


def test_only_the_end_of_a_long_history_is_needed() -> None:
    day = datetime(2026, 1, 1)  # noqa: DTZ001 - a property list's date has no zone
    entries = [{"displayName": f"macOS {index}", "date": day} for index in range(50)]
    text = plistlib.dumps(entries, fmt=plistlib.FMT_XML).decode()
    found = module("plists").tail_of_array(text[len(text) // 2 :])
    assert 20 <= len(found) <= 26
    assert found[-1]["displayName"] == "macOS 49"


def test_long_lists_are_bounded() -> None:
    case = recorded("apt-missing-short")
    line = "Inst package-{0} [1] (2 Debian-Security:12/oldstable-security [amd64])"
    many = "\n".join(line.format(number) for number in range(2000))
    text = case.observations["patching.apt"].text.replace("Calculating upgrade...", f"Calculating upgrade...\n{many}")
    observations = {**case.observations, "patching.apt": Observation("patching.apt", Outcome.OK, text, 0)}
    facts = TOPIC.parse(observations, case.host)
    assert len(facts.updates.missing.seen()) <= module("payload").MANY
    verdict = verdicts(observations, case.host)["security-updates"]
    assert len(verdict.measured) < 400
    assert "and 496 more" in verdict.measured


@pytest.mark.parametrize(("published", "status"), [(5, Status.WARN), (20, Status.WARN), (40, Status.FAIL)])
def test_an_old_sighting_of_one_update_does_not_hide_the_age_of_another(published: int, status: Status) -> None:
    """A date of publication counts before a sighting, here as where the age is told."""
    shape = module("shape")

    def update(name: str, days: int, sighted: int) -> Any:
        moments = [Seen(AS_OF - timedelta(days=number)) for number in (days, sighted)]
        return shape.Update(name, "2", Seen("1"), Seen(True), *moments, Seen(False))

    missing = Seen((update("one", published, 60), update("other", 20, 20)))
    plain = shape.nothing_read(Unseen("lost"))
    updates = replace(plain, missing=missing, told_apart=Seen(True), security_source=Seen(True), data_time=Seen(AS_OF))
    facts = shape.Patching(updates, Unseen("lost"), Unseen("lost"), Seen(True))
    check = next(check for check in TOPIC.checks if check.id == "patching.security-updates")
    assert check.rule(facts, host(Platform.LINUX), Parameters(check.defaults())).status is status


def test_the_standard_may_ask_for_more() -> None:
    verdict = apply(TOPIC, "patching.security-updates", recorded("apt-missing-short"), pass_days=5, warn_days=5)
    assert verdict.status is Status.FAIL
