"""What the antivirus probes look for and what products.yaml lists agree; the parts run in every shell of the floor."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from scorecard.bundle import Bundle, new_marker, parse_reply
from scorecard.model import Outcome, Platform
from scorecard.registry import Registry
from tests.rig.required import cannot_run

TOPIC = Registry.load().by_id["antivirus"]
ROWS: list[dict[str, Any]] = yaml.safe_load((Path(TOPIC.source) / "products.yaml").read_text(encoding="utf-8"))["rows"]
PARTS = {(probe.platform, probe.part): probe.text for probe in TOPIC.probes}


def listed(platform: str, *signs: str) -> set[str]:
    return {value for row in ROWS for sign in signs for value in row.get(platform, {}).get(sign, ())}


def command(text: str, start: str) -> list[str]:
    """The words of the first command that begins with `start`, with its continued lines."""
    joined = text.replace("\\\n", " ")
    line = next(line.strip() for line in joined.splitlines() if line.strip().startswith(start))
    return shlex.split(line.split("2>&1")[0])


def watched(text: str) -> set[str]:
    """The alternatives of the one `case` pattern that picks processes."""
    patterns = re.findall(r"^\s+([A-Za-z0-9_.|-]+\|[A-Za-z0-9_.|-]+)\)$", text, re.MULTILINE)
    assert len(patterns) == 1
    return set(patterns[0].split("|"))


def test_linux_paths_units_and_processes_agree() -> None:
    text = PARTS[Platform.LINUX, "antivirus.products"]
    assert {word for word in command(text, "ls -d") if word.startswith("/")} == listed("linux", "paths")
    assert {word for word in command(text, "systemctl show") if word.endswith(".service")} == listed("linux", "units")
    assert watched(text) == listed("linux", "processes", "helpers")


def test_macos_paths_daemons_and_processes_agree() -> None:
    text = PARTS[Platform.MACOS, "antivirus.products"]
    assert {word for word in command(text, "ls -d") if word.startswith("/")} == listed("macos", "paths")
    assert {word.rstrip(";") for word in command(text, "for product in")[3:] if word.startswith("com.")} == listed(
        "macos", "daemons"
    )
    assert watched(text) == listed("macos", "processes", "helpers", "extensions")


def test_windows_services_and_drivers_agree() -> None:
    asked = json.loads(PARTS[Platform.WINDOWS, "antivirus.services"])["names"]
    # The service behind Windows Security Center says whether its list is kept.
    assert set(asked) == listed("windows", "services", "helpers", "drivers") | {"wscsvc"}
    assert len({name.lower() for name in asked}) == len(asked)


def test_windows_agents_that_only_manage_are_no_engines() -> None:
    """windows.md 2.5, first trap: they run also where the engine was never installed."""
    agents = {"klnagent", "masvc", "macmnsvc", "eraagentsvc", "mbendpointagent", "pandaaetheragent", "sense", "avpsus"}
    agents |= {"sophos mcs agent", "trend micro endpoint basecamp", "huntressagent", "elastic agent"}
    engines = [row for row in ROWS if row["kind"] == "antivirus"]
    assert not agents & {name.lower() for row in engines for name in row.get("windows", {}).get("services", ())}


def test_each_row_of_windows_names_the_lists_it_stands_in() -> None:
    rows = [row for row in ROWS if "windows" in row]
    said = re.compile(r"windows\.md [0-9. and,]*2\.5 \((S[1-4]|four repositories)")
    assert [row["id"] for row in rows if not said.search(row["source"])] == []
    assert all(row["windows"].get("names") for row in rows if row["kind"] == "antivirus")


def test_linux_process_names_are_as_short_as_the_kernel_keeps_them() -> None:
    assert [name for name in listed("linux", "processes", "helpers") if len(name) > 15] == []


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_each_row_says_where_it_comes_from(row: dict[str, Any]) -> None:
    assert re.search(r"(linux|macos|windows)\.md [0-9]", row["source"])
    assert row["as_of"] <= datetime.now(UTC).date()
    for word in ("definitions", "tamper", "last-scan"):
        if row.get("publishes", {}).get(word) is False:
            assert "2.6" in row["source"] or "tells" in row["source"] or "log only" in row["source"], "no reason is given"


def test_the_topic_names_its_data() -> None:
    assert TOPIC.data is not None
    [row] = TOPIC.data()
    assert row["as_of"] == max(row["as_of"] for row in ROWS).isoformat()


def test_no_part_starts_a_scan_or_an_update() -> None:
    started = r"(?:^\s*|[|;&] |\()(?:clamscan|freshclam|sigtool)\b"
    changing = r"scan (?:quick|full|custom|start)|definitions update|xprotect (?:check|update)"
    for text in PARTS.values():
        code = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
        assert not re.search(f"{started}|{changing}", code, re.MULTILINE)


SHELLS = [("dash", "-s"), ("bash", "--posix", "-s"), ("busybox", "sh", "-s")]


@pytest.mark.parametrize("shell", SHELLS, ids=[shell[0] for shell in SHELLS])
def test_parts_end_well_or_absent_in_every_shell(shell: tuple[str, ...]) -> None:
    if not shutil.which(shell[0]):
        cannot_run(f"{shell[0]} is not installed")
    marker = new_marker()
    script = Bundle(TOPIC.probes_for(Platform.LINUX), Platform.LINUX).script(marker)
    done = subprocess.run(shell, input=script.encode(), capture_output=True, check=True)
    reply = parse_reply(done.stdout, marker, datetime.now(UTC))
    assert reply.complete
    assert done.stderr == b""
    ended = {part: observation.outcome for part, observation in reply.observations.items()}
    assert ended["antivirus.products"] is Outcome.OK
    assert {outcome for part, outcome in ended.items() if part.startswith("antivirus.")} <= {
        Outcome.OK,
        Outcome.ABSENT,
        Outcome.DENIED,
    }
