"""The files that the made-up client's provider keeps: the inventory and the exceptions, as they were in each month."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import yaml

from scorecard.demo.story import CLIENT, NEWEST, TIME_ZONE, Machine, machines
from scorecard.model import Platform

PROVIDER = "Polestar IT (made up)"
DIRECTOR = "Jo Larkspur, director"
CONTACT = "Robin Ash, studio manager"
_HEAD = "# Made up: no such client and none of these machines exists.\n"

Days = Mapping[int, date]  # by slot


def inventory(days: Days, slot: int) -> str:
    """YAML, as it was on the day of this slot."""
    known = [machine for machine in machines() if machine.joins <= slot]
    first = days[0]
    content: dict[str, Any] = {
        "client": CLIENT,
        "time_zone": TIME_ZONE,
        "provider": {"name": PROVIDER, "contact": "desk@polestar.example"},
        "authorised": {"by": DIRECTOR, "on": first - timedelta(days=9), "scope": "all computers of the company"},
        "contract": {
            "hours_per_month": 6,
            "rate": 85,
            "currency": "GBP",
            "prices": {"workstation": 1150, "laptop": 1290},
        },
        "goal": {"letter": "A", "by": date(days[NEWEST].year + 1, 3, 31)},
        "contact": {"name": CONTACT, "mail": "office@larkspurmoor.example", "phone": "+44 20 7946 0000"},
        "locale": "en-GB",
        "exceptions": "exceptions.yaml",
        "credentials": {"audit": {"user": "audit", "agent": True}},
        "sites": {"Studio": {}, "Workshop": {"contact": {"name": "Piet Vos"}}},
        "endpoints": [_endpoint(machine) for machine in known if machine.listed(slot)],
    }
    retired = [_retired(machine, days) for machine in known if machine.retired and not machine.listed(slot)]
    if retired:
        content["retired"] = retired
    return _HEAD + _yaml(content)


def _endpoint(machine: Machine) -> dict[str, Any]:
    windows = machine.platform is Platform.WINDOWS
    found: dict[str, Any] = {
        "name": machine.name,
        "address": f"{machine.name.lower()}.larkspurmoor.example",
        "transport": "winrm" if windows else "ssh",
        "platform": machine.platform.value,
        "role": machine.role.value,
        "site": machine.site,
    }
    if machine.owner:
        found["owner"] = machine.owner
    if not machine.managed:
        found["managed"] = False
    return found


def _retired(machine: Machine, days: Days) -> dict[str, Any]:
    left = machine.leaves if machine.leaves is not None else NEWEST
    return {"name": machine.name, "on": days[left] - timedelta(days=3), "reason": machine.retired}


def exceptions(days: Days, slot: int) -> str:
    """YAML, with what had been agreed to by the day of this slot."""
    content: dict[str, Any] = {"client": CLIENT}
    for kind, entries in (("waived", _waived), ("declined", _declined), ("stated", _stated)):
        since = {"waived": "from", "declined": "on", "stated": "on"}[kind]
        content[kind] = [entry for entry in entries(days) if entry[since] <= days[slot]]
    return _HEAD + _yaml({key: value for key, value in content.items() if value})


def _waived(days: Days) -> Iterator[dict[str, Any]]:
    yield _agreed(
        days[3] - timedelta(days=2),
        364,
        id="milling-machine",
        check="os-support.supported",
        endpoints=["WS-13"],
        reason="The maker of the milling machine supports no newer system.",
        cover="A network of its own without a way to the internet.",
    )
    yield _agreed(
        days[8] - timedelta(days=1),
        60,
        id="tamper-protection-of-lt-14",
        check="antivirus.tamper-protection",
        endpoints=["LT-14"],
        reason="A plug-in of the drawing program is measured for two months.",
    )
    yield _agreed(
        days[11] - timedelta(days=1),
        89,
        id="definitions-of-lt-13",
        check="antivirus.definitions",
        endpoints=["LT-13"],
        reason="It is on site abroad, and its line is thin.",
    )
    yield _agreed(
        days[11] - timedelta(days=1),
        89,
        id="definitions-of-the-linux-servers",
        check="antivirus.definitions",
        endpoints=["SV-04", "SV-05", "SV-06"],
        reason="The mirror that serves them is moved.",
    )
    yield _agreed(
        days[12] - timedelta(days=5),
        45,
        id="automatic-updates-of-the-file-server",
        check="patching.automatic-updates",
        endpoints=["SV-01"],
        reason="Updates are installed by hand until the storage is replaced.",
    )


def _agreed(start: date, length_days: int, **entry: Any) -> dict[str, Any]:
    return {**entry, "approver": DIRECTOR, "from": start, "expires": start + timedelta(days=length_days)}


def _declined(days: Days) -> Iterator[dict[str, Any]]:
    yield {
        "id": "encrypt-the-drawing-desks",
        "what": "Encrypt the two desks in the drawing office",
        "checks": ["disk-encryption.system-volume", "disk-encryption.recovery-key", "disk-encryption.method"],
        "endpoints": ["WS-08", "WS-10"],
        "price": 340,
        "currency": "GBP",
        "by": DIRECTOR,
        "on": days[5] + timedelta(days=4),
        "until": days[5] + timedelta(days=4 + 364),
    }


def _stated(days: Days) -> Iterator[dict[str, Any]]:
    yield {
        "id": "definitions-of-sv-07",
        "check": "antivirus.definitions",
        "endpoints": ["SV-07"],
        "text": "The definitions are renewed every night by the vendor of the drawing archive.",
        "says": "Archive vendor, support",
        "on": days[12] - timedelta(days=8),
        "until": days[12] + timedelta(days=80),
        "sha256": "5d7c1a0c7ab8a3bfb1d2ef2e1f5b0a9c6f2f4a8d3e7b9c0d1e2f3a4b5c6d7e8f",
    }


def _yaml(content: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True, width=120, default_flow_style=False)
