"""Recorded machines for the command line to replay, each always in the same state, and inventories that list them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from scorecard.bundle import FIRST_SEEN_PART, HOST_PART
from scorecard.model import Observation, Outcome
from scorecard.transports.replay import folder_name, record
from tests.cases import AS_OF, FACTS, load_case

HOST = {
    "system": "Linux",
    "kernel": "6.1.0-42-amd64",
    "machine": "x86_64",
    "hostname": "machine",
    "clock": str(int(AS_OF.timestamp())),
    "uid": "0",
    "user": "root",
    "rights": "root",
    "shell": "/bin/sh",
    "os-release: ID": "debian",
    "os-release: VERSION_ID": '"12"',
    "os-release: PRETTY_NAME": '"Debian GNU/Linux 12 (bookworm)"',
    "uptime": "86400.25 1000.00",
    "chassis_type": "17",
    "sys_vendor": "Maker",
    "detect_vm": "none",
    "detect_container": "none",
}
# What a machine answers that passes every check (see those cases for what each topic then says).
WELL = (
    "antivirus/linux/clamav-on-access",
    "disk-encryption/linux/tang-server",
    "inventory/linux/laptop",
    "os-support/linux/debian-12-in-free-lts",
    "patching/linux/apt-patched",
)


def replayed(
    folder: Path,
    name: str,
    *,
    cases: Iterable[str] = WELL,
    host: Mapping[str, str] | None = None,
    parts: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Record a machine under `folder` and return its entry for an inventory.

    `host` changes fields of HOST; `parts` adds answers, or replaces those of the cases, by part id.
    """
    told = {**HOST, **(host or {})}
    answers = {HOST_PART: "\n".join(f"{key}={value}" for key, value in told.items()), **(parts or {})}
    seen: dict[str, Observation] = {}
    for case in cases:
        seen.update(load_case(FACTS / f"{case}.yaml").observations)
    for part, text in answers.items():
        seen[part] = Observation(part, Outcome.OK, text, 0, 1, AS_OF)
    seen.pop(FIRST_SEEN_PART, None)  # that one is ours, not the machine's
    return entry(name, record(folder, name, seen, AS_OF))


def raw_reply(folder: Path, name: str, body: bytes, marker: str = "scorecard-" + "0" * 32) -> dict[str, Any]:
    """Keep bytes as they might come from a machine, framed or not, and return its entry for an inventory."""
    place = folder / folder_name(name)
    place.mkdir(parents=True)
    (place / "reply.txt").write_bytes(f"marker: {marker}\nas_of: {AS_OF.isoformat()}\n".encode() + body)
    return entry(name, place)


def entry(name: str, place: Path) -> dict[str, Any]:
    return {"name": name, "transport": "replay", "address": str(place), "platform": "linux", "role": "server"}


def refusing(name: str, **more: Any) -> dict[str, Any]:
    """An endpoint on this computer's loopback where nothing listens: port 1 is nobody's."""
    return {"name": name, "address": "127.0.0.1", "port": 1, "platform": "linux", "role": "server", **more}


def inventory(file: Path, client: str, endpoints: Iterable[Mapping[str, Any]], **more: Any) -> Path:
    """Write an inventory; JSON is YAML too."""
    content = {"client": client, "endpoints": list(endpoints), **more}
    file.write_text(json.dumps(content, indent=1), encoding="utf-8")
    return file
