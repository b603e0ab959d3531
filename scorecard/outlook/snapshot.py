"""What is kept of one audit for the outlook: a few numbers and dates a machine, so that many audits fit into memory."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from sys import intern
from types import MappingProxyType
from zoneinfo import ZoneInfo

from scorecard.disk_space import Spaces, read
from scorecard.history.pairs import zone_of
from scorecard.model import Finding, Json, Status
from scorecard.result import Audit, Device

DISKS = "disks"  # the key in the device list
SUPPORT = "os-support.supported"
DEFINITIONS = "antivirus.definitions"
BUILT_IN = "xprotect"  # the engine that has limits of its own, with this before their names
# Checks of an age: the evidence that dates it, and how many days past the limit the answer changes. Updates are counted in
# whole days, so day 8 is the first that is older than 7; definitions by the hour.
AGES = {
    DEFINITIONS: ("dates", 0),
    "patching.sources-fresh": ("lists_from", 1),
    "patching.last-installed": ("last_installed_at", 1),
}
_WATCHED = frozenset({SUPPORT, *AGES})
_NAME = re.compile(r"(?P<name>.{1,120}?): supported\b.*")


@dataclass(frozen=True, slots=True)
class Support:
    """`ends`: as the table of support dates has it. `kind`: "standard", or the extension that carries it."""

    name: str
    ends: str
    kind: str
    source: str


@dataclass(frozen=True, slots=True)
class Age:
    """Something that grows old: since when, and when the answer turns to warn and to fail."""

    since: datetime
    status: Status
    warn_days: float
    fail_days: float


@dataclass(frozen=True, slots=True)
class Sight:
    """What one audit saw of one machine. `at`: when it answered, or did last where it did not answer now.

    `spaces` None: its disks were not read. `unsupported`: why no date of support is known, where that was not seen.
    """

    seen: bool
    at: datetime | None
    spaces: Spaces | None = None
    support: Support | None = None
    unsupported: str | None = None
    ages: Mapping[str, Age] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Snapshot:
    audit: str
    as_of: datetime
    zone: ZoneInfo
    machines: Mapping[str, Sight]

    def day(self, moment: datetime | None = None) -> date:
        """The client's calendar day of the audit, or of another moment."""
        return (moment or self.as_of).astimezone(self.zone).date()


def snapshot(audit: Audit) -> Snapshot:
    """Raises InputError for a time zone that this computer does not know."""
    watched: dict[str, dict[str, Finding]] = defaultdict(dict)
    for finding in audit.findings:
        if finding.check in _WATCHED:
            watched[finding.endpoint][finding.check] = finding
    limits = {check: _limits(audit, check) for check in AGES}
    machines = {intern(device.name): _sight(device, watched[device.name], limits) for device in audit.devices}
    return Snapshot(audit.id, audit.as_of, zone_of(audit), machines)


def _sight(device: Device, findings: Mapping[str, Finding], limits: Mapping[str, Mapping[str, float]]) -> Sight:
    if not device.seen:
        return Sight(False, device.last_seen_at)
    line = device.facts.get(DISKS)
    support, reason = _support(findings.get(SUPPORT))
    ages = {check: age for check in AGES if (age := _age(findings.get(check), limits[check])) is not None}
    spaces = read(line) if isinstance(line, str) else None
    return Sight(True, device.last_seen_at, spaces, support, reason, MappingProxyType(ages))


def _support(finding: Finding | None) -> tuple[Support | None, str | None]:
    """The date of a supported release. One that has ended is a finding, and no warning."""
    if finding is None or finding.status in (Status.FAIL, Status.NOT_APPLICABLE):
        return None, None
    evidence = finding.verdict.evidence
    if finding.status is Status.UNKNOWN:
        return None, finding.verdict.reason or "it is not known"
    ends = evidence.get("ends")
    if not isinstance(ends, str):
        return None, None
    named = _NAME.fullmatch(finding.verdict.measured)
    name = named["name"] if named else " ".join(_words(evidence, "product", "release"))
    source = ", as of ".join(_words(evidence, "source", "as_of"))
    kind = " ".join(_words(evidence, "kind")) or "standard"
    return Support(intern(name), intern(ends), intern(kind), intern(source)), None


def _words(evidence: Mapping[str, Json], *keys: str) -> Iterator[str]:
    return (value for key in keys if isinstance(value := evidence.get(key), str))


def _limits(audit: Audit, check: str) -> Mapping[str, float]:
    """The check's thresholds in days."""
    return {
        name: float(value)
        for name, value in audit.parameters(check).items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def _age(finding: Finding | None, limits: Mapping[str, float]) -> Age | None:
    """Of several dates the one that runs out first. None where an answer is open already, or its date is not told."""
    if finding is None or finding.status not in (Status.PASS, Status.WARN):
        return None
    key, more_days = AGES[finding.check]
    engines, raw = finding.verdict.evidence.get("engines"), finding.verdict.evidence.get(key)
    dates = raw if isinstance(raw, list) else [raw]
    prefixes = _prefixes(engines, len(dates))
    ages: list[Age] = []
    for text, prefix in zip(dates, prefixes, strict=True) if prefixes else ():
        since = _moment(text)
        warn, fail = limits.get(f"{prefix}pass_days"), limits.get(f"{prefix}warn_days")
        if since is not None and warn is not None and fail is not None:
            ages.append(Age(since, finding.status, warn + more_days, fail + more_days))
    return min(ages, key=lambda age: age.since.timestamp() + age.warn_days * 86_400, default=None)


def _prefixes(engines: Json, count: int) -> list[str] | None:
    """Which limits count for each of the dates; None where it cannot be told which engine a date is of."""
    names = engines if isinstance(engines, list) else []
    if BUILT_IN not in names:
        return [""] * count
    if len(names) != count:
        return None
    return ["built_in_" if name == BUILT_IN else "" for name in names]


def _moment(value: Json) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else None
