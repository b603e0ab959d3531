"""What machines and their names can do to an audit: cost their own findings, and nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from scorecard.registry import Registry
from tests.e2e.clear import CLEAR
from tests.e2e.commands import scorecard
from tests.e2e.recordings import HOST, inventory, raw_reply, replayed


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


MARKER = "scorecard-" + "0" * 32
_HOSTILE = (
    "=cmd|'/C calc'!A1",
    "+1+1",
    "@SUM(1)",
    "-2+3",
    "<script>alert(1)</script>",
    "{{7*7}}",
    "../../../../tmp/escape",
    "/etc/passwd",
    "[red]x[/red]",
    "x" * 255,
    "a\\b",
    "%2e%2e%2f",
    "Ünïcødé 名前",
)


def frame(part: str, payload: bytes, end: str = "0 1 whole") -> bytes:
    lines = b"".join(b"|" + line + b"\n" for line in payload.split(b"\n"))
    return f"{MARKER} begin {part}\n".encode() + lines + f"{MARKER} end {part} {end}\n".encode()


def host(**changes: str) -> bytes:
    return "\n".join(f"{key}={value}" for key, value in {**HOST, **changes}.items()).encode("utf-8", "surrogateescape")


def test_hostile_names_stay_inside_the_folder_and_harm_no_file(tmp_path: Path, home: Path) -> None:
    machines = [{**replayed(tmp_path / "machines", name), "site": name, "owner": name} for name in _HOSTILE]
    sites: dict[str, None] = dict.fromkeys(_HOSTILE)
    clients = [
        {"client": name, "sites": sites, "endpoints": machines if index == 0 else machines[:1]}
        for index, name in enumerate(_HOSTILE[:9])
    ]
    file, out = tmp_path / "inventory.yaml", tmp_path / "deep" / "out"
    file.write_text(json.dumps({"clients": clients}), encoding="utf-8")
    around = {path for path in tmp_path.rglob("*") if path.is_file()}
    done = scorecard("audit", file, "--out", out, "--format", "json,csv,html", home=home)
    assert done.returncode == 0, done.stderr
    assert CLEAR.fullmatch(done.stdout + done.stderr)
    new = {path for path in tmp_path.rglob("*") if path.is_file()} - around
    assert all(path.is_relative_to(out) or path.is_relative_to(home) for path in new)
    assert len(list(out.iterdir())) == len(clients)
    assert all(re.fullmatch(r"[a-z0-9-]+", folder.name) for folder in out.iterdir())
    assert not Path("/tmp/escape").exists()
    for page in out.rglob("*.html"):
        assert "<script>alert" not in page.read_text(encoding="utf-8")


def test_hostile_and_broken_answers_cost_only_their_own_findings(tmp_path: Path, home: Path) -> None:
    folder = tmp_path / "machines"
    parts = [probe.part for probe in Registry.load().probes() if probe.platform == "linux"]
    ansi = b"\x1b[2J\x1b]0;owned\x07\x9b31m" + b"\xff\xfe" + "日本語 ‮ Zugriff verweigert".encode()

    def reply(name: str, payload: bytes, first: bytes = host(), tail: bytes | None = None) -> dict[str, Any]:
        body = frame("engine.host", first) + b"".join(frame(part, payload) for part in dict.fromkeys(parts))
        done = f"{MARKER} done {len(dict.fromkeys(parts)) + 1}\n".encode()
        return raw_reply(folder, name, body + (done if tail is None else tail))

    names = {
        "garbage": reply("garbage", bytes(range(256)).replace(b"\n", b"") * 20),
        "ansi": reply("ansi", ansi, first=host(**{"os-release: PRETTY_NAME": '"\x1b[31mRed\x07 ‮Hat"', "hostname": "<b>x"})),
        "foreign": reply("foreign", "Zugriff verweigert: 権限がありません".encode()),
        "oversize": reply("oversize", b"x" * 300_000),
        "cut": reply("cut", b"half", tail=f"{MARKER} begin patching.late\n|half a".encode()),
        "silent": raw_reply(folder, "silent", b""),
        "noise": raw_reply(folder, "noise", ansi * 500),
        "binary": raw_reply(folder, "binary", bytes(range(256)) * 100),
        "nohost": raw_reply(folder, "nohost", frame("patching.apt", b"x") + f"{MARKER} done 1\n".encode()),
        "lying": raw_reply(
            folder, "lying", frame("engine.host", host()) + f"{MARKER} done 99999999999999999999\n".encode()
        ),
        "well": replayed(folder, "well"),
    }
    file = inventory(tmp_path / "inventory.yaml", "Acme", names.values())
    done = scorecard(
        *("audit", file, "--out", tmp_path / "out", "--format", "html,xlsx,json,csv", "--evidence", "--json"), home=home
    )
    assert done.returncode == 3, done.stderr
    assert CLEAR.fullmatch(done.stdout + done.stderr), "control characters reach a screen"
    assert "\u202e" not in done.stdout + done.stderr
    document = json.loads(done.stdout)
    statuses: dict[str, set[str]] = {name: set() for name in names}
    for finding in document["findings"]:
        statuses[finding["endpoint"]].add(finding["status"])
        assert finding["status"] != "unknown" or finding["reason"]
    assert statuses["well"] <= {"pass", "not-applicable"}
    for name in ("silent", "noise", "binary", "nohost", "lying"):
        assert statuses[name] - {"not-applicable"} == {"unknown"}, name  # a standard without a pattern asks for no name
    for finding in document["findings"]:
        garbled = finding["endpoint"] in ("garbage", "ansi", "foreign", "oversize", "cut")
        # What the machine is was told well in the host part, and with it the end of its support.
        if garbled and not finding["check"].startswith(("os-support.", "inventory.")):
            assert finding["status"] != "pass", finding
    entries = {entry["name"]: entry for entry in document["endpoints"]}
    assert {name for name, entry in entries.items() if not entry["seen"]} == {"silent", "noise", "binary", "nohost"}
    for entry in entries.values():
        assert entry["seen"] or (entry["failure"]["message"] and entry["failure"]["next_step"])
        assert CLEAR.fullmatch(json.dumps(entry, ensure_ascii=False))
    assert scorecard("report", "--json", home=home).returncode == 0


def test_recordings_that_are_missing_or_broken_are_named(tmp_path: Path, home: Path) -> None:
    folder = tmp_path / "machines"
    web1 = replayed(folder, "web1")
    broken = replayed(folder, "web2")
    (Path(str(broken["address"])) / "outcomes.yaml").write_bytes(b"\x00{{{")
    gone = {**web1, "name": "web3", "address": str(folder / "nowhere")}
    linked = folder / "web4"
    linked.mkdir()
    (linked / "patching.apt.txt").symlink_to("/etc/passwd")
    outside = {**web1, "name": "web4", "address": str(linked)}
    file = inventory(tmp_path / "inventory.yaml", "Acme", [web1, broken, gone, outside])
    done = scorecard("audit", file, "--json", "--evidence", home=home)
    assert done.returncode == 3, done.stderr
    entries = {entry["name"]: entry for entry in json.loads(done.stdout)["endpoints"]}
    assert [entries[name]["seen"] for name in ("web1", "web2", "web3", "web4")] == [True, False, False, False]
    assert "is not YAML" in entries["web2"]["failure"]["message"]
    assert "There is no recording of web3" in entries["web3"]["failure"]["message"]
    assert "leads out of the folder" in entries["web4"]["failure"]["message"]
    assert "root:" not in done.stdout
