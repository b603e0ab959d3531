"""The parts of os-support and inventory, run for real in the shells at hand over a made-up root folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scorecard.bundle import Bundle, new_marker, parse_reply
from scorecard.model import Observation, Outcome, Platform, Seen, Status
from scorecard.registry import Registry
from scorecard.topic import Parameters
from tests import cases

REGISTRY = Registry.load()
TOPIC = REGISTRY.by_id["os-support"]
ROOTS = ("/etc/", "/var/lib/", "/usr/lib/os-release", "/sys/class/", "/proc/device-tree", "/proc/cpuinfo", "/proc/meminfo")
SHELLS = [shell for shell in (["dash"], ["bash", "--posix"], ["busybox", "sh"]) if shutil.which(shell[0])]


def ask(topic_id: str, root: Path, shell: list[str]) -> dict[str, Observation]:
    """Run a topic's Linux parts with every path below `root`, in the real bundle."""
    probes = []
    for probe in REGISTRY.by_id[topic_id].probes_for(Platform.LINUX):
        text = probe.text
        for prefix in ROOTS:
            text = text.replace(prefix, f"{root}{prefix}")
        probes.append(replace(probe, text=text))
    marker = new_marker()
    script = Bundle(tuple(probes), Platform.LINUX).script(marker)
    done = subprocess.run([*shell, "-s"], input=script.encode(), capture_output=True, check=True, timeout=60)
    reply = parse_reply(done.stdout, marker, datetime(2026, 11, 20, tzinfo=UTC))
    assert reply.complete
    return dict(reply.observations)


def put(root: Path, path: str, content: str) -> None:
    file = root / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)


STATUS: dict[str, Any] = {
    "_schema_version": "0.1",
    "account": {"name": "Example, {Ltd}", "id": "aAbB"},
    "attached": True,
    "config": {"ua_config": {"http_proxy": "http://proxy:pr0xyS3cret@10.0.0.1:3128"}},
    "contract": {"name": "Ubuntu Pro", "products": ["uai-essential"]},
    "effective": "2025-01-01T00:00:00+00:00",
    "expires": "2027-06-01T00:00:00+00:00",
    "notices": [],
    "services": [
        {"name": "esm-apps", "entitled": "yes", "status": "enabled", "blocked_by": []},
        {"available": "yes", "description": "ESM {x}, y", "name": "esm-infra", "entitled": "yes", "status": "enabled"},
        {"name": "livepatch", "entitled": "yes", "status": "disabled", "variants": {}},
    ],
}


def ubuntu(root: Path, sources: str = "", status: dict[str, Any] | None = None, token: bool = False) -> None:
    put(root, "/etc/os-release", 'NAME="Ubuntu"\nVERSION="20.04 LTS (Focal Fossa)"\nID=ubuntu\nVERSION_ID="20.04"\n')
    put(root, "/etc/lsb-release", "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=20.04\n")
    put(root, "/etc/apt/sources.list", "deb http://archive.example/ubuntu focal main\n")
    put(root, "/var/lib/ubuntu-advantage/marker-license-check", "")
    if sources:
        put(root, "/etc/apt/sources.list.d/ubuntu-esm-infra.list", sources)
    if status is not None:
        put(root, "/var/lib/ubuntu-advantage/status.json", json.dumps(status))
    if token:
        put(root, "/var/lib/ubuntu-advantage/machine-token.json", '{"machineToken": "t0k3nS3cret"}')


def judge(root: Path, shell: list[str], version: str = "20.04", product: str = "ubuntu") -> tuple[Status, str]:
    host = cases.host(Platform.LINUX, product=product, version=version)
    facts = TOPIC.parse(ask("os-support", root, shell), host)
    check = next(check for check in TOPIC.checks if check.id == "os-support.supported")
    verdict = check.rule(facts, host, Parameters({}))
    return verdict.status, f"{verdict.measured} {verdict.reason}"


ESM = "deb https://esm.ubuntu.com/infra/ubuntu focal-infra-security main\n"


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
class TestInEveryShell:
    def test_an_attached_contract_is_proven_and_no_secret_is_printed(self, tmp_path: Path, shell: list[str]) -> None:
        ubuntu(tmp_path, ESM, STATUS, token=True)
        observations = ask("os-support", tmp_path, shell)
        printed = "\n".join(observation.text for observation in observations.values())
        for secret in ("pr0xyS3cret", "t0k3nS3cret", "10.0.0.1"):
            assert secret not in printed
        status, words = judge(tmp_path, shell)
        assert status is Status.PASS
        assert "2030-04-23" in words

    @pytest.mark.parametrize(
        ("sources", "status", "token", "expected"),
        [
            ("", None, False, Status.FAIL),
            ("", {**STATUS, "attached": False}, False, Status.FAIL),
            ("# " + ESM, STATUS, True, Status.UNKNOWN),  # a source that is commented out is not set up
            ("deb-src" + ESM.removeprefix("deb"), STATUS, True, Status.UNKNOWN),
            (ESM, None, False, Status.UNKNOWN),
            (ESM, STATUS, False, Status.UNKNOWN),
            (ESM, {**STATUS, "expires": "2026-01-01T00:00:00+00:00"}, True, Status.UNKNOWN),
            (ESM, {**STATUS, "attached": "yes"}, True, Status.UNKNOWN),
            (ESM, {}, True, Status.UNKNOWN),
        ],
    )
    def test_less_than_proof(
        self, tmp_path: Path, shell: list[str], sources: str, status: dict[str, Any] | None, token: bool, expected: Status
    ) -> None:
        ubuntu(tmp_path, sources, status, token)
        assert judge(tmp_path, shell)[0] is expected

    def test_sources_in_stanzas(self, tmp_path: Path, shell: list[str]) -> None:
        ubuntu(tmp_path)
        stanza = "Types: deb\nURIs: https://user:S3cretWord@deb.freexian.com/extended-lts\nSuites: bullseye\n"
        file = "/etc/apt/sources.list.d/extra.sources"
        commented = "".join(f"# {line}\n" for line in stanza.splitlines())
        put(tmp_path, file, f"{commented}\nEnabled: no\n{stanza}\n\nTypes: deb\nURIs: https://x\n")
        assert ask("os-support", tmp_path, shell)["os-support.extension-signs"].text == ""
        put(tmp_path, file, f"Types: deb\nURIs: https://x\n\n{stanza}")
        observation = ask("os-support", tmp_path, shell)["os-support.extension-signs"]
        assert observation.text == "apt=elts"

    def test_repositories_and_products(self, tmp_path: Path, shell: list[str]) -> None:
        put(
            tmp_path,
            "/etc/yum.repos.d/redhat.repo",
            "[rhel-7-server-rpms]\nname = RHEL\nbaseurl=https://u:S3cretWord@cdn/x\nenabled = 1\n"
            "[rhel-7-server-els-rpms]\nenabled = 0\n[no-word-about-it]\nbaseurl=file:///x\n",
        )
        put(tmp_path, "/etc/zypp/repos.d/a.repo", "[SLES15-SP6-LTSS-Updates]\nenabled=1\n")
        put(tmp_path, "/etc/products.d/SLES-LTSS.prod", "<product/>")
        text = ask("os-support", tmp_path, shell)["os-support.extension-signs"].text
        assert text.splitlines() == [
            "repo=rhel-7-server-rpms",
            "repo=no-word-about-it",
            "repo=SLES15-SP6-LTSS-Updates",
            "product=SLES-LTSS",
        ]
        assert judge(tmp_path, shell, "7.9", "rhel")[0] is Status.FAIL

    def test_an_empty_root_answers_without_an_error(self, tmp_path: Path, shell: list[str]) -> None:
        for topic in ("os-support", "inventory"):
            for observation in ask(topic, tmp_path, shell).values():
                assert observation.outcome in (Outcome.OK, Outcome.ABSENT), observation

    def test_what_a_board_with_a_device_tree_says(self, tmp_path: Path, shell: list[str]) -> None:
        put(tmp_path, "/proc/device-tree/model", "Raspberry Pi 4 Model B Rev 1.4\0")
        put(tmp_path, "/proc/device-tree/serial-number", "10000000a1b2c3d4\0")
        put(tmp_path, "/proc/cpuinfo", "processor\t: 0\nprocessor\t: 1\nModel\t\t: Raspberry Pi 4\n")
        put(tmp_path, "/proc/meminfo", "MemTotal:        3884132 kB\nMemFree: 1 kB\n")
        put(tmp_path, "/etc/machine-id", "3f1c7a0e5b6d4c2f9a8b7c6d5e4f3a2b\n")
        facts = REGISTRY.by_id["inventory"].parse(ask("inventory", tmp_path, shell), cases.host(Platform.LINUX))
        assert facts.serial == Seen("10000000a1b2c3d4")
        assert facts.model == Seen("Raspberry Pi 4 Model B Rev 1.4")
        assert facts.cpus == Seen(2)
        assert facts.memory_bytes == Seen(3884132 * 1024)
        assert facts.machine_id == Seen("3f1c7a0e5b6d4c2f9a8b7c6d5e4f3a2b")

    @pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root may read these files on a real machine")
    def test_what_the_firmware_says_to_root(self, tmp_path: Path, shell: list[str]) -> None:
        dmi = "/sys/class/dmi/id"
        for name, value in (("product_name", "21AHCTO1WW"), ("sys_vendor", "LENOVO"), ("product_version", "ThinkPad T14")):
            put(tmp_path, f"{dmi}/{name}", f"{value}\n")
        put(tmp_path, f"{dmi}/product_serial", "PF3ABCDE\n")
        put(tmp_path, f"{dmi}/product_uuid", "4c4c4544-0042-3510-8052-b4c04f4e3133\n")
        facts = REGISTRY.by_id["inventory"].parse(ask("inventory", tmp_path, shell), cases.host(Platform.LINUX))
        assert facts.serial == Seen("PF3ABCDE")
        assert facts.uuid == Seen("4c4c4544-0042-3510-8052-b4c04f4e3133")
        assert facts.model == Seen("ThinkPad T14 (21AHCTO1WW)")
