"""Five companies as one meets them: what is wrong there, and why that is ordinary (the table of docs/method.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from scorecard.model import ExceptionKind, Finding, Mark, Platform, Role, Status
from scorecard.result import Device
from tests.fleet import device, except_for, findings, last

ENCRYPTED = "disk-encryption.system-volume"
DATA = "disk-encryption.data-volumes"
KEY = "disk-encryption.recovery-key"
METHOD = "disk-encryption.method"
PROTECTED = "antivirus.protected"
DEFINITIONS = "antivirus.definitions"
TAMPER = "antivirus.tamper-protection"
SCAN = "antivirus.recent-scan"
UPDATES = "patching.security-updates"
INSTALLED = "patching.last-installed"
FRESH = "patching.sources-fresh"
AUTOMATIC = "patching.automatic-updates"
RESTART = "patching.reboot-pending"
SUPPORTED = "os-support.supported"
UPGRADE = "os-support.upgrade-due"
NAMING = "inventory.naming-standard"

LAPTOP, DESK, SERVER = "laptop", "desk", "server"
_KINDS = {
    LAPTOP: (Role.LAPTOP, Platform.WINDOWS),
    DESK: (Role.WORKSTATION, Platform.WINDOWS),
    SERVER: (Role.SERVER, Platform.WINDOWS),
}

# What so many machines of a kind, from the first one given, answer to a check.
Fault = tuple[str, int, int, str, Status]


@dataclass(frozen=True, slots=True)
class Company:
    """`faults`: kind, first machine, how many, check, status. `away_days`: since when the last so many laptops are away."""

    name: str
    machines: Mapping[str, int]
    faults: tuple[Fault, ...]
    away: int = 0
    away_days: int = 10
    covered: tuple[str, ...] = ()  # machines whose end of support is waived, with cover

    def fleet(self) -> tuple[list[Device], list[Finding]]:
        devices = [
            device(f"{kind}{number:03}", *_KINDS[kind]) for kind, count in self.machines.items() for number in range(count)
        ]
        answers = {(one.name, NAMING): Status.NOT_APPLICABLE for one in devices}
        for kind, first, count, check, status in self.faults:
            answers |= {(f"{kind}{number:03}", check): status for number in range(first, first + count)}
        found = findings(devices, except_for(answers))
        away = {f"{LAPTOP}{number:03}" for number in range(self.machines[LAPTOP] - self.away, self.machines[LAPTOP])}
        return (
            [replace(one, seen=one.name not in away) for one in devices],
            [self._told(entry) if entry.endpoint not in away else gone(entry, self.away_days) for entry in found],
        )

    def _told(self, entry: Finding) -> Finding:
        if entry.endpoint in self.covered and entry.check == SUPPORTED:
            return replace(entry, exception=Mark("isolated", ExceptionKind.WAIVED, covered=True))
        return entry


def gone(entry: Finding, days: int) -> Finding:
    """A machine that nobody could see, and what it answered so many days ago."""
    verdict = replace(entry.verdict, status=Status.UNKNOWN, reason="It was not seen")
    return replace(entry, verdict=verdict, last=last(entry.status, days))


TIDY_OFFICE = Company(
    "Tidy office",
    {LAPTOP: 28, DESK: 8, SERVER: 4},
    (
        (LAPTOP, 0, 2, UPDATES, Status.WARN),  # on holiday for three weeks
        (LAPTOP, 0, 2, INSTALLED, Status.WARN),
        (LAPTOP, 2, 3, RESTART, Status.WARN),  # nobody restarts a laptop that works
        (LAPTOP, 5, 3, METHOD, Status.WARN),  # the drive's own encryption, from the shop
        (LAPTOP, 8, 4, KEY, Status.WARN),  # a recovery key, but no sign of where it lies
        (LAPTOP, 12, 1, DEFINITIONS, Status.WARN),
        (DESK, 0, 2, UPGRADE, Status.WARN),  # ends next spring, replacements are ordered
        (SERVER, 0, 1, SCAN, Status.WARN),
        (SERVER, 0, 4, ENCRYPTED, Status.NOT_APPLICABLE),  # virtual: the host's job
        (SERVER, 0, 4, DATA, Status.NOT_APPLICABLE),
        (SERVER, 0, 4, KEY, Status.NOT_APPLICABLE),
        (SERVER, 0, 4, METHOD, Status.NOT_APPLICABLE),
    ),
)
HYBRID_AGENCY = Company(
    "Hybrid agency",
    {LAPTOP: 54, DESK: 4, SERVER: 2},
    (
        (LAPTOP, 0, 1, ENCRYPTED, Status.FAIL),  # the director's own, bought privately
        (LAPTOP, 0, 1, KEY, Status.FAIL),
        (LAPTOP, 0, 1, METHOD, Status.FAIL),
        (LAPTOP, 1, 2, UPDATES, Status.FAIL),  # freelancers, home office, never in the network
        (LAPTOP, 1, 2, INSTALLED, Status.FAIL),
        (LAPTOP, 3, 6, UPDATES, Status.WARN),
        (LAPTOP, 3, 9, RESTART, Status.WARN),
        (LAPTOP, 12, 5, DEFINITIONS, Status.WARN),
        (LAPTOP, 17, 6, TAMPER, Status.FAIL),
        (LAPTOP, 20, 15, KEY, Status.WARN),
        (LAPTOP, 20, 10, SCAN, Status.WARN),
        (SERVER, 0, 1, AUTOMATIC, Status.WARN),
    ),
    away=3,
)
MANUFACTURER = Company(
    "Manufacturer with three isolated machines",
    {LAPTOP: 36, DESK: 70, SERVER: 12},
    (
        (DESK, 0, 3, SUPPORTED, Status.FAIL),  # they drive the presses; cut off from every network
        (DESK, 0, 3, UPDATES, Status.NOT_APPLICABLE),
        (DESK, 0, 3, INSTALLED, Status.NOT_APPLICABLE),
        (DESK, 0, 3, DEFINITIONS, Status.FAIL),
        (DESK, 0, 20, ENCRYPTED, Status.FAIL),  # the shop floor was never encrypted
        (DESK, 0, 20, DATA, Status.FAIL),
        (DESK, 0, 20, KEY, Status.FAIL),
        (LAPTOP, 0, 5, ENCRYPTED, Status.FAIL),  # sales, before there was a standard
        (LAPTOP, 0, 5, KEY, Status.FAIL),
        (SERVER, 0, 2, UPDATES, Status.FAIL),  # the maker of the planning software forbids it
        (SERVER, 0, 2, INSTALLED, Status.FAIL),
        (SERVER, 0, 4, RESTART, Status.FAIL),  # three shifts, no window
        (DESK, 10, 12, UPDATES, Status.WARN),
        (DESK, 22, 10, RESTART, Status.WARN),
        (LAPTOP, 5, 10, KEY, Status.WARN),
        (DESK, 40, 12, TAMPER, Status.FAIL),
    ),
    covered=("desk000", "desk001", "desk002"),
)
PROSPECT = Company(
    "Ordinary prospect",
    {LAPTOP: 20, DESK: 6, SERVER: 4},
    (
        (LAPTOP, 0, 10, ENCRYPTED, Status.FAIL),  # home editions, never set up
        (LAPTOP, 0, 10, DATA, Status.FAIL),
        (LAPTOP, 0, 10, KEY, Status.FAIL),
        (LAPTOP, 0, 10, METHOD, Status.FAIL),
        (DESK, 0, 6, ENCRYPTED, Status.FAIL),
        (DESK, 0, 6, KEY, Status.FAIL),
        (LAPTOP, 4, 6, UPDATES, Status.FAIL),  # nobody looks
        (LAPTOP, 4, 6, INSTALLED, Status.FAIL),
        (DESK, 0, 3, UPDATES, Status.WARN),
        (SERVER, 0, 1, SUPPORTED, Status.FAIL),  # the old file server
        (SERVER, 0, 1, UPDATES, Status.NOT_APPLICABLE),
        (LAPTOP, 0, 2, PROTECTED, Status.FAIL),  # a trial that ran out
        (LAPTOP, 0, 2, DEFINITIONS, Status.FAIL),
        (LAPTOP, 2, 8, TAMPER, Status.FAIL),
        (LAPTOP, 0, 8, SCAN, Status.FAIL),
        (DESK, 0, 6, RESTART, Status.FAIL),
        (SERVER, 0, 2, AUTOMATIC, Status.FAIL),
    ),
)
WELL_RUN_FIRM = Company(
    "Well-run firm",
    {LAPTOP: 300, DESK: 80, SERVER: 20},
    (
        (LAPTOP, 0, 9, UPDATES, Status.WARN),  # leave, parental leave, spare machines
        (LAPTOP, 9, 12, RESTART, Status.WARN),
        (LAPTOP, 21, 6, DEFINITIONS, Status.WARN),
        (LAPTOP, 27, 10, SCAN, Status.WARN),
        (LAPTOP, 290, 1, UPDATES, Status.FAIL),  # one machine that a project forgot
        (DESK, 0, 5, UPGRADE, Status.WARN),
        (SERVER, 0, 1, RESTART, Status.WARN),
    ),
    away=6,
    away_days=5,
)
COMPANIES = (TIDY_OFFICE, HYBRID_AGENCY, MANUFACTURER, PROSPECT, WELL_RUN_FIRM)


def worst_machines(found: Iterable[Finding], count: int) -> set[str]:
    """Those that lost most."""
    lost: dict[str, float] = {}
    for entry in found:
        if entry.status is not Status.NOT_APPLICABLE:
            lost[entry.endpoint] = lost.get(entry.endpoint, 0) + 1 - (entry.effective or 0)
    return set(sorted(lost, key=lambda name: (-lost[name], name))[:count])
