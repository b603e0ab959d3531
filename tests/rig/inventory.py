"""The rig's hosts as an inventory file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from scorecard.model import Endpoint

CLIENT = "rig"


def write_inventory(path: Path, endpoints: Iterable[Endpoint]) -> Path:
    """One client with all of `endpoints`, which differ in name, address and account alone."""
    credentials: dict[str, Any] = {}
    defaults: dict[str, Any] = {}
    rows: list[dict[str, Any]] = []
    for endpoint in endpoints:
        credential = endpoint.credential
        assert credential
        credentials[credential.name] = {"user": credential.user, "key_file": credential.key_file}
        defaults = {
            "port": endpoint.port,
            "platform": str(endpoint.platform),
            "role": str(endpoint.role),
            "known_hosts": list(endpoint.connection.known_hosts),
        }
        rows.append({"name": endpoint.name, "address": endpoint.address, "credential": credential.name})
    whole = {"client": CLIENT, "credentials": credentials, "defaults": defaults, "endpoints": rows}
    path.write_text(yaml.safe_dump(whole, sort_keys=False), encoding="utf-8")
    return path
