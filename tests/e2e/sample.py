"""Builders of Audit values for the tests of reports: graded by the real scoring under the shipped standard.

All names and figures are invented.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files

import yaml

from scorecard.answers import Answers, after, remember
from scorecard.errors import FailureKind
from scorecard.exceptions import Exceptions, apply
from scorecard.model import Failure, Finding, Identity, Json, Observation, Outcome, Platform, Role, Status, Verdict
from scorecard.reporting import Past, ReportContext
from scorecard.result import Audit, Authorisation, Device, Provider, Retired, System
from scorecard.score import score, settle
from scorecard.standard import Content, Standard

AS_OF = datetime(2026, 11, 14, 7, 42, tzinfo=UTC)
ZONE = "Europe/London"
JOINED = AS_OF - timedelta(days=300)
SYSTEMS = {
    Platform.LINUX: System("Debian GNU/Linux 12 (bookworm)", "12", "6.1.0-42-amd64"),
    Platform.MACOS: System("macOS 26.7", "26.7", "25G229"),
    Platform.WINDOWS: System("Windows 11 Pro", "24H2", "26100.4349"),
}
# check: title, what a good machine shows, what is expected, minutes once and each
CHECKS: dict[str, tuple[str, str, str, int, int]] = {
    "disk-encryption.system-volume": (
        "The system drive is encrypted",
        "/ is on LUKS2",
        "fully encrypted, protection on",
        30,
        20,
    ),
    "disk-encryption.data-volumes": (
        "Every data drive is encrypted",
        "no open data drive",
        "every fixed drive encrypted",
        30,
        20,
    ),
    "disk-encryption.recovery-key": (
        "The drive can be opened again",
        "a recovery key exists",
        "a recovery key that is kept",
        30,
        5,
    ),
    "disk-encryption.method": ("The encryption is strong", "aes-xts-plain64, 512 bits", "AES with 128 bits or more", 0, 45),
    "antivirus.protected": (
        "A working antivirus protects the machine",
        "ClamAV is running",
        "installed, running, real-time",
        30,
        15,
    ),
    "antivirus.definitions": ("The antivirus knows the newest threats", "1 day old", "at most 3 days old", 0, 10),
    "antivirus.single-engine": ("One antivirus works alone", "1 engine", "one active engine", 0, 15),
    "antivirus.tamper-protection": ("The antivirus guards itself", "on", "on", 30, 2),
    "antivirus.recent-scan": ("The whole machine was scanned lately", "2 days ago", "at most 14 days ago", 0, 5),
    "patching.security-updates": (
        "No security update has waited too long",
        "none is missing",
        "none missing for over 14 days",
        15,
        15,
    ),
    "patching.last-installed": ("Updates were installed lately", "3 days ago", "at most 35 days ago", 0, 15),
    "patching.sources-fresh": ("The list of updates is fresh", "renewed today", "at most 7 days old", 0, 10),
    "patching.automatic-updates": ("Updates install themselves", "unattended-upgrades is on", "on", 30, 5),
    "patching.reboot-pending": ("No restart is waiting", "none is waiting", "none, or for at most 7 days", 0, 5),
    "os-support.supported": ("The maker still supports the system", "until 30 Jun 2028", "supported on the day", 60, 120),
    "os-support.upgrade-due": ("Support lasts for half a year", "593 days left", "over 180 days left", 0, 60),
    "inventory.identified": ("The machine can be told apart", "name, serial and model are known", "all three known", 0, 5),
    "inventory.naming-standard": ("The name follows the pattern", "it does", "the pattern of the standard", 0, 10),
}
LSBLK = """NAME        TYPE  FSTYPE      MOUNTPOINTS
nvme0n1     disk
├─nvme0n1p1 part  vfat        /boot/efi
└─nvme0n1p2 part  ext4        /"""


@dataclass(frozen=True)
class Machine:
    """What an invented machine is like: good, unless `answers` says otherwise."""

    name: str
    role: Role = Role.LAPTOP
    platform: Platform = Platform.LINUX
    answers: Mapping[str, Verdict] = field(default_factory=dict)
    failure: Failure | None = None
    site: str = "Head office"
    owner: str = ""
    days_open: int = 21
    last_seen_at: datetime | None = None
    identity: Identity = Identity.PROVEN
    facts: Mapping[str, Json] = field(default_factory=dict)
    raw: str = LSBLK
    managed: bool = True


def short(measured: str, expected: str, status: Status = Status.FAIL, **evidence: Json) -> Verdict:
    return Verdict(status, measured, expected, evidence)


def no_answer(reason: str) -> Verdict:
    return Verdict(Status.UNKNOWN, "Not known", reason=reason)


def unreachable(kind: FailureKind = FailureKind.UNREACHABLE) -> Failure:
    return Failure(kind, "Nothing answered on port 22.", "Switch it on, or retire it in the inventory.")


def standard() -> Standard:
    text = files("scorecard").joinpath("standards", "it-partner.yaml").read_text(encoding="utf-8")
    raw = json.loads(json.dumps(yaml.safe_load(text), default=str))
    return Standard(Content.model_validate(raw), raw, edited=False, source="it-partner.yaml")


def digest(observation: Observation) -> str:
    return "sha256:" + hashlib.sha256(f"{observation.part}\0{observation.text}".encode()).hexdigest()


def observations(machine: Machine) -> dict[str, Observation]:
    """By topic: what this machine answered to the one part that the sample asks for it."""
    topics = sorted({check.partition(".")[0] for check in CHECKS})
    text = {topic: f"{machine.name} answers for {topic}\n{machine.raw}" for topic in topics}
    return {topic: Observation(f"{topic}.state", Outcome.OK, text[topic], 0, 12, AS_OF) for topic in topics}


def audit(
    machines: Iterable[Machine],
    *,
    scope: str = "",
    at: datetime = AS_OF,
    exceptions: Exceptions | None = None,
    past: Sequence[Audit] = (),
    **changes: object,
) -> Audit:
    """An Audit of these machines; `changes` are fields of Audit. What `past` saw is remembered, as the store does."""
    rules = standard()
    listed = tuple(machines)
    devices = tuple(_device(machine, at) for machine in listed)
    findings = tuple(finding for machine in listed for finding in _findings(machine, rules, at))
    if past:
        known, within = _known(past), timedelta(days=rules.content.came_back_days)
        findings = tuple(remember(found, known.get(found.endpoint, {}).get(found.check), within) for found in findings)
    applied = apply(
        exceptions or Exceptions(),
        findings,
        devices,
        rules,
        (),
        as_of=at,
        time_zone=ZONE,
        stable={},
        whole=not scope,
    )
    findings = settle(applied.findings, rules, at, ZONE)
    card = score(findings, devices, rules, as_of=at, client_since=JOINED, time_zone=ZONE, scope=scope)
    devices = tuple(replace(device, score=card.endpoint_scores[device.name]) for device in devices)
    made = Audit(
        id="2026-11-14-harbour-finch",
        client="Harbour & Finch",
        time_zone=ZONE,
        as_of=at,
        started_at=at - timedelta(minutes=4),
        finished_at=at,
        tool_version="0.1.0",
        standard=rules.document(),
        scorecard=card,
        devices=devices,
        findings=findings,
        checks={check: _check(check, rules) for check in CHECKS},
        provider=Provider("Polestar IT", "desk@polestar.example"),
        authorised=Authorisation("R. Finch, director", date(2026, 1, 5), "all computers of the company"),
        scope=scope,
        data=({"name": "support dates", "source": "endoflife.yaml", "as_of": "2026-10-30"},),
        retired=(Retired("PC-090", date(2026, 9, 1), "sold"),),
        sites=("Depot", "Head office"),
        exceptions=applied.records,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # the names and types are checked by Audit's own users


def _known(audits: Iterable[Audit]) -> dict[str, Answers]:
    """What is remembered of every machine once these audits are over, oldest first."""
    known: dict[str, Answers] = {}
    for one in audits:
        by_name: dict[str, list[Finding]] = {}
        for finding in one.findings:
            by_name.setdefault(finding.endpoint, []).append(finding)
        known |= {name: after(mine, known.get(name, {})) for name, mine in by_name.items()}
    return known


def context(machines: Iterable[Machine], history: tuple[Past, ...] = ()) -> ReportContext:
    kept = {digest(seen): seen for machine in machines for seen in observations(machine).values()}
    probes = {
        f"{check.partition('.')[0]}.state": "have lsblk || absent\nlsblk -o NAME,TYPE,FSTYPE,MOUNTPOINTS\n"
        for check in CHECKS
    }
    return ReportContext(history, kept, probes)


def year() -> tuple[Past, ...]:
    """Eleven months before the sample, April missed."""
    scores = (61, 63, 66, 64, None, 74, 78, 82, 81, 86, 90.6)
    shares = (0.71, 0.74, 0.78, 0.78, 0.0, 0.86, 0.86, 0.90, 0.91, 0.93, 0.94)
    months = [(2025, 12), *((2026, month) for month in range(1, 11))]
    return tuple(
        Past(f"past-{number}", datetime(*month, 14, 8, tzinfo=UTC), points, "C", coverage, 120, 30)
        for number, (month, points, coverage) in enumerate(zip(months, scores, shares, strict=True))
        if points is not None
    )


def fleet() -> tuple[Machine, ...]:
    """124 machines: 4 laptops without encryption, 9 that wait for updates, 2 out of support, 6 not seen, 3 odd answers."""
    machines = [*(_laptop(number) for number in range(1, 71)), *(_pc(number) for number in range(1, 43))]
    machines += [Machine(f"SV-{number:03d}", Role.SERVER, site="Depot") for number in range(1, 13)]
    by_name = {machine.name: machine for machine in machines}
    for name in ("LT-014", "LT-022", "LT-031", "LT-040"):
        by_name[name] = _with(
            by_name[name],
            "disk-encryption.system-volume",
            short("/ on nvme0n1p2 is not encrypted", "fully encrypted, protection on", volume="/"),
        )
    for name in ("LT-014", "LT-003", "LT-009", "PC-011", "PC-012", "PC-023", "PC-030", "LT-050", "LT-062"):
        waiting = short(
            "openssl has waited for 23 days", "none missing for over 14 days", Status.WARN, packages=["openssl"]
        )
        by_name[name] = _with(by_name[name], "patching.security-updates", waiting)
        by_name[name] = _with(
            by_name[name],
            "patching.reboot-pending",
            short("A restart has waited for 23 days", "none, or for at most 7 days"),
        )
    for name in ("PC-007", "PC-019"):
        by_name[name] = _with(
            by_name[name], "os-support.supported", short("Debian 10 ended on 30 Jun 2024", "supported on the day")
        )
    for name in ("SV-001", "PC-040"):
        by_name[name] = _with(
            by_name[name], "patching.automatic-updates", short("Updates are only announced", "on", Status.WARN)
        )
    by_name["SV-002"] = _with(
        by_name["SV-002"], "antivirus.recent-scan", no_answer("Our account has no right to read this")
    )
    virtual = Verdict(Status.NOT_APPLICABLE, "Does not apply", reason="A virtual disk (kvm): the host's job")
    for name in ("SV-003", "SV-004"):
        for check in ("system-volume", "data-volumes", "recovery-key", "method"):
            by_name[name] = _with(by_name[name], f"disk-encryption.{check}", virtual)
    for name, kind in (
        ("LT-051", FailureKind.UNREACHABLE),
        ("LT-058", FailureKind.UNREACHABLE),
        ("LT-063", FailureKind.NAME_NOT_FOUND),
        ("LT-066", FailureKind.UNREACHABLE),
        ("PC-042", FailureKind.REFUSED),
        ("SV-012", FailureKind.AUTH_FAILED),
    ):
        last = None if kind is FailureKind.REFUSED else AS_OF - timedelta(days=41)
        by_name[name] = replace(by_name[name], failure=unreachable(kind), last_seen_at=last)
    by_name["PC-033"] = replace(by_name["PC-033"], identity=Identity.NOT_PROVEN)
    return tuple(by_name.values())


@cache
def fleet_audit() -> Audit:
    """The audit of `fleet()`; made once, since nothing in it changes."""
    return audit(fleet())


def _laptop(number: int) -> Machine:
    platform = Platform.MACOS if number % 9 == 0 else Platform.LINUX
    return Machine(
        f"LT-{number:03d}",
        Role.LAPTOP,
        platform,
        owner=f"Desk {number}",
        facts={"serial": f"PF{number:06d}", "model": "Latitude 5440"},
    )


def _pc(number: int) -> Machine:
    return Machine(f"PC-{number:03d}", Role.WORKSTATION, site="Depot" if number % 3 == 0 else "Head office")


def _with(machine: Machine, check: str, verdict: Verdict) -> Machine:
    return replace(machine, answers={**machine.answers, check: verdict})


def _device(machine: Machine, at: datetime) -> Device:
    seen = machine.failure is None
    return Device(
        name=machine.name,
        address=f"{machine.name[:60].lower()}.example",
        site=machine.site,
        role=machine.role,
        role_from="inventory",
        managed=machine.managed,
        expected_because="inventory",
        platform=machine.platform,
        os=SYSTEMS[machine.platform],
        seen=seen,
        identity=machine.identity if seen else Identity.NOT_CONTACTED,
        failure=machine.failure,
        owner=machine.owner,
        last_seen_at=at if seen else machine.last_seen_at,
        first_seen_at=JOINED,
        account="audit",
        privileged=True,
        facts=machine.facts,
    )


def _findings(machine: Machine, rules: Standard, at: datetime) -> Iterable[Finding]:
    hashes = {topic: digest(seen) for topic, seen in observations(machine).items()}
    for check in rules.checks_for(machine.role):
        _, good, expected, _, _ = CHECKS[check]
        verdict = machine.answers.get(check) or Verdict(Status.PASS, good, expected)
        if machine.failure is not None:
            verdict = no_answer(f"The machine was not seen: {machine.failure.message}")
        falls_short = verdict.status in (Status.FAIL, Status.WARN)
        yield Finding(
            check=check,
            endpoint=machine.name,
            verdict=verdict,
            severity=rules.severity(check, machine.role, machine.platform),
            observed_at=None if machine.failure else at - timedelta(minutes=2),
            effective=rules.values[verdict.status],
            observations=() if machine.failure else (hashes[check.partition(".")[0]],),
            first_seen=at - timedelta(days=machine.days_open) if falls_short else None,
        )


def _check(check: str, rules: Standard) -> dict[str, Json]:
    title, _, _, once_min, each_min = CHECKS[check]
    parameters: dict[str, Json] = {}
    for name, value in rules.content.checks[check].parameters.items():
        parameters[name] = list(value) if isinstance(value, list) else value
    return {
        "title": title,
        "task": f"Set right: {title[0].lower()}{title[1:]}",
        "why": "Without it one stolen or infected machine can stop the whole company.",
        "fix": [
            "Look at what was found below.",
            "Put it in order with the usual tool.",
            "Check again and see it listed as a Yes.",
        ],
        "effort": {"once_min": once_min, "each_min": each_min},
        "category": rules.category(check).id,
        "topic": check.partition(".")[0],
        "parameters": parameters,
        "graded": True,
    }


MARKUP = "</script><img src=x onerror=alert(1)><!--"


def hostile() -> tuple[Machine, ...]:
    """Machines that try everything at once: markup, direction marks, formulas, control characters, endless names."""
    evil = short(
        f"=cmd|' /C calc'!A0 {MARKUP}\x1b[2J", f"{MARKUP}\u202eexpected", Status.FAIL, **{MARKUP: f"@SUM(1){MARKUP}"}
    )
    names = (
        MARKUP,
        '=HYPERLINK("http://evil.example","open")',
        "+1+1",
        "@SUM(A1:A9)",
        "\u202egpj.exe\u2066",
        "\x00\x07\x1b[31mred",
        "{{ 7*7 }}{% raw %}",
        "../../etc/passwd",
        "' onmouseover='alert(1)",
        "#N/A",
    )
    wicked = [
        Machine(
            name,
            answers={"disk-encryption.system-volume": evil, "antivirus.protected": no_answer(f"{MARKUP}\x1b]0;title\x07")},
            site=f"{MARKUP}&site",
            owner="-2+3+cmd|' /C calc'!A0",
            facts={f"{MARKUP}key": f"{MARKUP}value", "serial": "\t=1+1"},
            raw=f"{MARKUP}\n\u2028{'A' * 9000}\x1b[0m",
        )
        for name in names
    ]
    endless = Machine(
        "n" * 10_240, failure=Failure(FailureKind.PROTOCOL, MARKUP * 50, f"=1+1{MARKUP}"), site="\u202d" * 300
    )
    return (*wicked, endless)
