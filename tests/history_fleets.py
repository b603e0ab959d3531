"""Made-up clients that live on from audit to audit: for tests of what changed between them. All from one seed."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from scorecard.answers import Answers, after, remember
from scorecard.model import ExceptionKind, Finding, Json, Last, Mark, Platform, Role, Status, Verdict
from scorecard.result import Audit, Device, Retired, Scorecard
from scorecard.score import effective, score, settle
from scorecard.standard import Content, Standard
from scorecard.sums import Sums
from tests.fleet import STANDARD, device

START = datetime(2025, 11, 3, 8, 0, tzinfo=UTC)
ZONE = "Europe/London"
KEPT = (
    "disk-encryption.system-volume",
    "disk-encryption.method",
    "antivirus.protected",
    "antivirus.definitions",
    "patching.security-updates",
    "patching.reboot-pending",
    "inventory.identified",
)
_REASONS = {Status.UNKNOWN: "It was not read", Status.NOT_APPLICABLE: "It has no such thing"}
Raw = dict[str, Any]


def edited(change: Callable[[Raw], None], base: Standard = STANDARD) -> Standard:
    """The standard with a change to its content."""
    raw: Raw = copy.deepcopy(dict(base.raw))
    change(raw)
    return Standard(Content.model_validate(raw), raw, True, "a test")


def _few(raw: Raw) -> None:
    raw["checks"] = {check: raw["checks"][check] for check in KEPT}
    raw["promises"], raw["caps"] = [], []


SMALL = edited(_few)


@lru_cache(maxsize=1)
def variants() -> tuple[Standard, ...]:
    """The small standard, and the same with one thing or another changed."""

    def severities(raw: Raw) -> None:
        raw["severity_weights"]["critical"] = 7.7

    def servers(raw: Raw) -> None:
        raw["role_weights"]["server"] = 5.3

    def warnings(raw: Raw) -> None:
        raw["values"]["warn"] = 0.3

    def fewer(raw: Raw) -> None:
        del raw["checks"]["disk-encryption.method"]
        del raw["checks"]["inventory.identified"]

    def more(raw: Raw) -> None:
        raw["checks"]["antivirus.single-engine"] = {"severity": [{"is": "low"}], "shelf_life_days": 14}

    def looser(raw: Raw) -> None:
        raw["checks"]["patching.security-updates"]["parameters"] = {"pass_days": 30, "warn_days": 60}

    def narrower(raw: Raw) -> None:
        raw["checks"]["antivirus.definitions"]["roles"] = ["laptop", "workstation"]

    def later(raw: Raw) -> None:
        raw["checks"]["patching.reboot-pending"]["counts_from"] = (START + timedelta(days=60)).date().isoformat()

    def shorter(raw: Raw) -> None:
        raw["checks"]["antivirus.protected"]["shelf_life_days"] = 3

    def categories(raw: Raw) -> None:
        raw["categories"][0]["weight"] = 40
        raw["categories"][2]["weight"] = 3

    def moved(raw: Raw) -> None:
        raw["categories"][1]["topics"].append(raw["categories"][6]["topics"].pop())

    def critical(raw: Raw) -> None:
        raw["checks"]["antivirus.definitions"]["severity"] = [{"is": "critical"}]

    def words(raw: Raw) -> None:
        raw["title"] = "The same by another name"

    counted = (severities, servers, warnings, categories, moved, critical)
    asked = (fewer, more, looser, narrower, later, shorter)
    changes = (*counted, *asked, words)
    return (SMALL, *(edited(change, SMALL) for change in changes))


@dataclass
class Machine:
    """What is true of a machine, whether anybody looks or not."""

    role: Role
    platform: Platform | None
    answers: dict[str, Status] = field(default_factory=dict)
    marks: dict[str, Mark] = field(default_factory=dict)
    seen: bool = True
    expected_because: str = "inventory"


@dataclass
class Client:
    """A client over time. Change it as you like between audits; `audit` looks at it and keeps what was answered."""

    standard: Standard = SMALL
    now: datetime = START
    graded: bool = False  # with caps and letters; else the score alone, which is faster
    name: str = "Harbour Foods"
    machines: dict[str, Machine] = field(default_factory=dict)
    retired: tuple[Retired, ...] = ()
    known: dict[str, Answers] = field(default_factory=dict)
    count: int = 0

    def add(self, name: str, role: Role = Role.LAPTOP, platform: Platform | None = Platform.LINUX) -> Machine:
        self.machines[name] = Machine(role, platform)
        return self.machines[name]

    def retire(self, name: str, reason: str = "sold") -> None:
        del self.machines[name]
        self.known.pop(name, None)
        self.retired = (*self.retired, Retired(name, self.now.date(), reason))

    def wait(self, days: float) -> None:
        self.now += timedelta(days=days)

    def audit(self) -> Audit:
        self.count += 1
        devices = tuple(self._device(name, machine) for name, machine in self.machines.items())
        found = [
            finding
            for name, machine in self.machines.items()
            for finding in self._findings(name, machine, self.known.get(name, {}))
        ]
        settled = settle(found, self.standard, self.now, ZONE)
        by_name: dict[str, list[Finding]] = {}
        for finding in settled:
            by_name.setdefault(finding.endpoint, []).append(finding)
        self.known = {**self.known, **{name: after(mine, self.known.get(name, {})) for name, mine in by_name.items()}}
        return Audit(
            id=f"{self.count:08x}-{self.name.casefold().replace(' ', '-')}",
            client=self.name,
            time_zone=ZONE,
            as_of=self.now,
            started_at=self.now,
            finished_at=self.now,
            tool_version="1",
            standard=MappingProxyType(self.standard.document()),
            scorecard=self._card(settled, devices),
            devices=devices,
            findings=settled,
            checks=MappingProxyType({check: _described(check, self.standard) for check in self.standard.content.checks}),
            retired=self.retired,
        )

    def _device(self, name: str, machine: Machine) -> Device:
        made = device(name, machine.role, machine.platform, seen=machine.seen)
        return replace(made, expected_because=machine.expected_because)

    def _findings(self, name: str, machine: Machine, known: Mapping[str, Last]) -> Iterable[Finding]:
        within = timedelta(days=self.standard.content.came_back_days)
        for check in self.standard.checks_for(machine.role):
            status = machine.answers.get(check, Status.PASS) if machine.seen else Status.UNKNOWN
            since = self.standard.content.checks[check].counts_from
            finding = Finding(
                check=check,
                endpoint=name,
                verdict=Verdict(status, "measured", "expected", reason=_REASONS.get(status)),
                severity=self.standard.severity(check, machine.role, machine.platform),
                observed_at=self.now if machine.seen else None,
                effective=None,
                exception=_fitting(machine.marks.get(check), status),
                counts=since is None or self.now.date() >= since,
            )
            yield remember(finding, known.get(check), within)

    def _card(self, findings: tuple[Finding, ...], devices: tuple[Device, ...]) -> Scorecard:
        if self.graded:
            return score(findings, devices, self.standard, as_of=self.now, client_since=None, time_zone=ZONE)
        counted = [finding for finding in findings if finding.counts]
        total = Sums(counted, {one.name: one for one in devices}, self.standard).total(effective)
        nothing: Mapping[str, float | None] = MappingProxyType({})
        return Scorecard(
            score=total,
            possible=total,
            coverage=1.0,
            letter=None,
            worst_case=None,
            not_graded=None,
            caps=(),
            letter_before_caps=None,
            provisional=False,
            promises=(),
            categories=(),
            endpoint_scores=nothing,
        )


def _described(check: str, standard: Standard) -> Json:
    return {
        "title": f"The good state of {check}",
        "task": f"Bring about {check}",
        "why": "Somebody asked for it.",
        "fix": ["Do it.", "Audit again and see it done."],
        "effort": {"once_min": 10, "each_min": 5},
        "topic": check.partition(".")[0],
        "category": standard.category(check).id,
        "severity": "high",
        "parameters": {},
        "stable": [],
        "graded": True,
    }


def _fitting(mark: Mark | None, status: Status) -> Mark | None:
    """A waiver covers what is open, a statement what is unknown."""
    if mark is None:
        return None
    wanted = (Status.UNKNOWN,) if mark.kind is ExceptionKind.STATED else (Status.FAIL, Status.WARN)
    return mark if status in wanted else None


WAIVED = Mark("W-1", ExceptionKind.WAIVED)
DECLINED = Mark("D-1", ExceptionKind.DECLINED)
STATED = Mark("S-1", ExceptionKind.STATED)
MARKS = (WAIVED, DECLINED, STATED)


def random_client(chance: random.Random, most: int = 5, standard: Standard = SMALL) -> Client:
    client = Client(standard)
    for number in range(chance.randint(0 if chance.random() < 0.05 else 1, most)):
        _random_machine(client, f"m{number:04}", chance)
    return client


def _random_machine(client: Client, name: str, chance: random.Random) -> None:
    machine = client.add(name, chance.choice(list(Role)), chance.choice([*Platform, None]))
    weights = [chance.random() ** 2 + 0.01 for _ in Status]
    for check in (*KEPT, "antivirus.single-engine"):
        machine.answers[check] = chance.choices(list(Status), weights)[0]
        if chance.random() < 0.15:
            machine.marks[check] = chance.choice(MARKS)
    machine.seen = chance.random() > 0.2


def live_on(client: Client, chance: random.Random) -> None:
    """Time goes by, and whatever may happen does, in a random measure."""
    restless, days = chance.random() * 0.6, chance.choice([1, 7, 15, 31, 46, 95])
    client.wait(days)
    for name, machine in list(client.machines.items()):
        if chance.random() < 0.1:
            client.retire(name)
            continue
        if chance.random() < 0.25:
            machine.seen = not machine.seen
        if chance.random() < 0.1:
            machine.role = chance.choice(list(Role))
        if machine.platform is None and chance.random() < 0.5:
            machine.platform = chance.choice(list(Platform))
        for check in machine.answers:
            if chance.random() < restless:
                machine.answers[check] = chance.choice(list(Status))
            if chance.random() < restless * 0.3:
                machine.marks[check] = chance.choice(MARKS)
            elif chance.random() < restless * 0.3:
                machine.marks.pop(check, None)
    for number in range(chance.choice([0, 0, 1, 2])):
        _random_machine(client, f"n{client.count:03}{number}", chance)
    if chance.random() < 0.3:
        client.standard = chance.choice(variants())


def random_pair(seed: int) -> tuple[Audit, Audit]:
    """Two audits of one client, at times with one between that nobody shows."""
    chance = random.Random(seed)
    client = random_client(chance, standard=chance.choice(variants()) if chance.random() < 0.3 else SMALL)
    if chance.random() < 0.3:
        client.audit()
        live_on(client, chance)
    older = client.audit()
    for _ in range(2 if chance.random() < 0.2 else 1):
        live_on(client, chance)
        newer = client.audit()
    return older, newer
