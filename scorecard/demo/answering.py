"""What a made-up machine answers in a month: the texts under `answers/`, filled in with its name and the days.

A file of answers holds, under `base`, what such a machine says when all is well, part by part, and under `variants` what it
says instead where something is wrong. They are written in the form that real machines use, so parsers and rules judge them.
"""

from __future__ import annotations

import base64
import hashlib
import plistlib
import re
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from scorecard.bundle import Bundle
from scorecard.demo.story import Machine
from scorecard.errors import FailureKind, TransportError
from scorecard.model import Endpoint, Identity, Observation, Outcome, Platform, Role
from scorecard.transports.base import Answer

ACCOUNT = "audit"
_PLACE = re.compile(r"<<([a-z_]+)(?: (-?[0-9]+))?>>")
_GB = 1024**3
_LATE_MONTHS = 2  # a Windows 11 that is late lacks so many monthly updates
_SETTLED_DAYS = 3  # an update is installed so many days after it came out
_UP_DAYS, _LONG_UP_DAYS = 4, 24
_MAC_VERSION = "26.7"


@dataclass(frozen=True, slots=True)
class System:
    """A Windows: what its registry and WMI call it.

    `monthly`: how the title of its monthly update begins. `last`: when the last one came out, where it gets none any more.
    """

    caption: str
    edition: str
    build: int
    revision: int
    product_type: int = 1
    display_version: str = ""
    product_name: str = ""
    monthly: str = ""
    last: date = date.max


_SYSTEMS = {
    "windows-11": System("Microsoft Windows 11 Pro", "Professional", 26200, 7000, 1, "25H2", "Windows 10 Pro"),
    "windows-10": System(
        "Microsoft Windows 10 Pro",
        "Professional",
        19045,
        6456,
        1,
        "22H2",
        "Windows 10 Pro",
        "Cumulative Update for Windows 10 Version 22H2 for x64-based Systems",
        date(2025, 10, 14),
    ),
    "windows-10-21h2": System(
        "Microsoft Windows 10 Pro",
        "Professional",
        19044,
        3086,
        1,
        "21H2",
        "Windows 10 Pro",
        "Cumulative Update for Windows 10 Version 21H2 for x64-based Systems",
        date(2023, 6, 13),
    ),
    "server-2016": System(
        "Microsoft Windows Server 2016 Standard",
        "ServerStandard",
        14393,
        8500,
        3,
        "1607",
        "Windows Server 2016 Standard",
        "Cumulative Update for Windows Server 2016 for x64-based Systems",
    ),
    "server-2019": System(
        "Microsoft Windows Server 2019 Standard",
        "ServerStandard",
        17763,
        7800,
        3,
        "1809",
        "Windows Server 2019 Standard",
        "Cumulative Update for Windows Server 2019 (1809) for x64-based Systems",
    ),
    "server-2022": System(
        "Microsoft Windows Server 2022 Standard",
        "ServerStandard",
        20348,
        4200,
        3,
        "21H2",
        "Windows Server 2022 Standard",
        "Cumulative Update for Microsoft server operating system, version 21H2 for x64-based Systems",
    ),
}


class Answering:
    """Stands where a transport stands, for one month's audit. Opens no connection."""

    def __init__(self, machines: Mapping[str, Machine], slot: int, as_of: datetime) -> None:
        self._machines = machines
        self._slot = slot
        self._as_of = as_of

    def ask(self, endpoint: Endpoint, bundle: Bundle, deadline_s: float) -> Answer:  # noqa: ARG002 - all is in memory
        """Raises TransportError where the machine is silent in this month."""
        machine = self._machines[endpoint.name]
        if machine.silent_in(self._slot):
            raise TransportError(
                FailureKind.UNREACHABLE,
                f"{endpoint.address} did not answer within 10 s",
                "Switch the machine on and audit it again, or retire it in the inventory.",
            )
        observations = answers_of(machine, self._slot, self._as_of)
        return Answer(observations, self._as_of, Identity.PROVEN, ACCOUNT)

    def close(self) -> None:
        return


def answers_of(machine: Machine, slot: int, as_of: datetime) -> dict[str, Observation]:
    """Every part's answer, by part."""
    texts = _texts(machine.answers)
    parts = dict(texts["base"])
    if machine.system and machine.system != "windows-11" and machine.role is not Role.SERVER:
        parts.update(texts["variants"]["old-agent"])
    symptoms = machine.symptoms(slot)
    for symptom in symptoms:
        parts.update(texts["variants"].get(symptom, {}))
    values = _values(machine, slot, as_of, symptoms)
    return {part: _observation(part, said, values, as_of) for part, said in parts.items()}


@cache
def _texts(name: str) -> Mapping[str, Any]:
    text = files(__package__).joinpath("answers", f"{name}.yaml").read_text(encoding="utf-8")
    found: Mapping[str, Any] = yaml.load(text, Loader=yaml.CSafeLoader)
    return found


def _observation(part: str, said: Any, values: Mapping[str, str], as_of: datetime) -> Observation:
    row: Mapping[str, Any] = {"text": said} if isinstance(said, str) else said
    outcome = Outcome(row.get("outcome", "ok"))
    code = row.get("code", 0 if outcome is Outcome.OK else None)
    text = _PLACE.sub(lambda found: _filled(found, values, as_of), row.get("text", ""))
    reason = "" if outcome is Outcome.OK else row.get("reason", "The machine has no such tool or file")
    return Observation(part, outcome, text, code, 12, as_of, reason)


def _filled(found: re.Match[str], values: Mapping[str, str], as_of: datetime) -> str:
    name, days = found[1], found[2]
    if days is None:
        return values[name]
    moment = datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC) + timedelta(days=int(days))
    match name:
        case "day":
            return f"{moment:%Y-%m-%d}"
        case "epoch":
            return str(int(moment.timestamp()))
        case "rfc":
            return f"{_WEEKDAYS[moment.weekday()]}, {moment.day:02} {_MONTHS[moment.month - 1]} {moment.year}"
        case _:  # clam
            return f"{moment.day:02} {_MONTHS[moment.month - 1]} {moment.year}"


# Not strftime's names, which are the user's language's.
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _values(machine: Machine, slot: int, as_of: datetime, symptoms: Collection[str]) -> dict[str, str]:
    guid = str(uuid.UUID(bytes=hashlib.sha256(f"scorecard demo {machine.name}".encode()).digest()[:16]))
    size_k, used_k = (round(part * _GB / 1024) for part in (machine.disk.size, machine.disk_used(slot)))
    uptime_s = (_LONG_UP_DAYS if "restart-waiting" in symptoms else _UP_DAYS) * 86_400
    return {
        "name": machine.name,
        "user": (machine.owner or "desk").split()[0].lower(),
        "serial": f"DEMO{hashlib.sha256(machine.name.encode()).hexdigest()[:6].upper()}",
        "guid": guid,
        "guid_plain": guid.replace("-", ""),
        "maker": machine.made.maker,
        "model": machine.made.model,
        "model_name": machine.made.name,
        "clock": f"{as_of:%Y-%m-%dT%H:%M:%SZ}",
        "clock_s": str(int(as_of.timestamp())),
        "booted": f"{as_of - timedelta(seconds=uptime_s):%Y-%m-%dT%H:%M:%SZ}",
        "uptime_s": str(uptime_s),
        "chassis": {Role.LAPTOP: "10", Role.WORKSTATION: "3", Role.SERVER: "1"}[machine.role],
        "battery": "true" if machine.role is Role.LAPTOP else "false",
        "hypervisor": "true" if machine.role is Role.SERVER else "false",
        "linux_vm": "kvm" if machine.role is Role.SERVER else "none",
        "disk_size": str(size_k * 1024),
        "disk_free": str((size_k - used_k) * 1024),
        "disk_size_k": str(size_k),
        "disk_used_k": str(used_k),
        "disk_free_k": str(size_k - used_k),
        "disk_share": str(round(100 * used_k / size_k)),
        "mac_version": _MAC_VERSION,
        "mac_settings": _mac_settings(as_of) if machine.platform is Platform.MACOS else "",
        **(_windows(_SYSTEMS[machine.system], as_of.date(), late="late" in symptoms) if machine.system else {}),
    }


def _windows(system: System, day: date, *, late: bool) -> dict[str, str]:
    due = min(update_day(day - timedelta(days=_SETTLED_DAYS)), system.last)
    behind = _LATE_MONTHS if late else 0
    month = due
    for _ in range(behind):
        month = update_day(month - timedelta(days=1))
    installed = month + timedelta(days=_SETTLED_DAYS)
    count = month.year * 12 + month.month - 2025 * 12
    monthly = bool(system.monthly)
    revision = system.revision if monthly else system.revision + 100 * count
    return {
        "caption": system.caption,
        "edition": system.edition,
        "build": str(system.build),
        "revision": str(revision),
        "product_type": str(system.product_type),
        "display_version": system.display_version,
        "product_name": system.product_name,
        "installation": "Client" if system.product_type == 1 else "Server",
        "patch_day": installed.isoformat(),
        "patch_plain_day": installed.isoformat().replace("-", ""),
        "patch_kb": _kb(month),
        "patch_title": _title(system, month, revision),
        "due_title": _title(system, due, revision),
        "due_kb": _kb(due),
        "due_day": update_day(due - timedelta(days=32)).isoformat(),
    }


def _kb(month: date) -> str:
    """An invented number that is the month's: no update has it."""
    return str(9_000_000 + (month.year - 2020) * 100 + month.month)


def _title(system: System, month: date, revision: int) -> str:
    head = f"{month:%Y-%m}"
    if system.monthly:
        return f"{head} {system.monthly} (KB{_kb(month)})"
    return f"{head} Security Update (KB{_kb(month)}) ({system.build}.{revision})"


def update_day(day: date) -> date:
    """The last second Tuesday of a month up to this day: when Windows' monthly updates come out."""
    first = day.replace(day=1)
    second = first + timedelta(days=(1 - first.weekday()) % 7 + 7)
    return second if second <= day else update_day(first - timedelta(days=1))


def _mac_settings(as_of: datetime) -> str:
    """Base64 of a Mac's update settings, in lines as the probe prints them."""
    looked = (as_of - timedelta(days=1)).replace(tzinfo=None)
    on = ("AutomaticCheckEnabled", "AutomaticDownload", "AutomaticallyInstallMacOSUpdates", "ConfigDataInstall")
    settings: dict[str, Any] = dict.fromkeys((*on, "CriticalUpdateInstall"), True)
    settings |= {"LastFullSuccessfulDate": looked, "LastSuccessfulDate": looked, "LastResultCode": 2}
    settings["RecommendedUpdates"] = []
    return base64.encodebytes(plistlib.dumps(settings)).decode("ascii").strip()
