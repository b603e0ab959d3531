"""The made-up clients whose documents are kept whole (reports.md 15): ordinary, odd and empty ones.

Audits are graded by the real scoring, and compared, planned and looked ahead from by the real engine. All names and
figures are invented.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cache

from scorecard.errors import FailureKind
from scorecard.exceptions import Entry, Exceptions
from scorecard.model import ExceptionKind, Json, Role, Status, Verdict
from scorecard.reporting import Past
from scorecard.result import Audit, Contact, Contract, Goal, Preferences
from tests.e2e import sample, story
from tests.e2e.sample import Machine, no_answer, short
from tests.e2e.story import DEFINITIONS, DRIVE, OCTOBER, SEPTEMBER, SUPPORT, UPDATES, Story

TAMPER, RESTART, NAMED = "antivirus.tamper-protection", "patching.reboot-pending", "inventory.identified"
OPEN_DRIVE = short("/ on nvme0n1p2 is not encrypted", "fully encrypted, protection on", volume="/")
WAITING = short("openssl has waited for 23 days", "none missing for over 14 days", Status.WARN, packages=["openssl"])
ENDED = short("Debian 10 ended on 30 Jun 2024", "supported on the day")
OLD = short("9 days old", "at most 3 days old")
OFF = short("off", "on")
NAMELESS = short("no serial number", "all three known")
LAST_SEEN = datetime(2026, 10, 4, 7, 42, tzinfo=UTC)
SHORT_OF_DRIVE = ("LT-014", "LT-022", "LT-031", "LT-040")
SHORT_OF_UPDATES = ("LT-014", "LT-022", "LT-003", "LT-009", "LT-050", "PC-011", "PC-012", "PC-023", "PC-030")
NOT_SEEN = {
    **dict.fromkeys(("LT-051", "LT-058", "LT-063", "LT-066"), FailureKind.UNREACHABLE),
    "PC-112": FailureKind.REFUSED,
    "SV-004": FailureKind.AUTH_FAILED,
}
Answers = Mapping[str, Mapping[str, Verdict]]


@dataclass(frozen=True, slots=True)
class Client:
    """`told` makes its audits. `documents`: what is kept of it, as documents.py names it."""

    told: Callable[[], Story]
    documents: tuple[str, ...]


def _with(machines: Iterable[Machine], answers: Answers) -> dict[str, Machine]:
    """By name, with these answers beside their own."""
    return {one.name: replace(one, answers={**one.answers, **answers.get(one.name, {})}) for one in machines}


def _faults(*faults: tuple[Iterable[str], str, Verdict]) -> Answers:
    found: dict[str, dict[str, Verdict]] = {}
    for names, check, verdict in faults:
        for name in names:
            found.setdefault(name, {})[check] = verdict
    return found


def _waived(check: str, names: tuple[str, ...], first: date, last: date, **said: Json) -> Entry:
    agreed = {"approver": "R. Finch, director", **said}
    return Entry(f"{names[0].lower()}-stays", ExceptionKind.WAIVED, (check,), names, first, last, "cover" in said, agreed)


def _named(prefix: str, numbers: Iterable[int], role: Role, site: str = "Head office") -> list[Machine]:
    return [Machine(f"{prefix}-{number:03d}", role, site=site) for number in numbers]


@cache
def harbour() -> Story:
    """The client of the mock-up: 124 machines, 118 seen, 104 meet every promise, 13 fall short, 6 not checked, 1 excused.

    Findings, promises, movements (9 fixed, 3 new, 1 came back, 25 open) and the letter are the mock-up's. Out of reach,
    since the scoring is the real one: 85 points (those findings cost less: 94, held at B), the points of single parts,
    checks that are not there (administrator rights, backups) and hours already used in a month.
    """
    listed = [
        *_named("LT", range(1, 71), Role.LAPTOP),
        *_named("PC", (*range(1, 39), 101, 112), Role.WORKSTATION, "Depot"),
        *_named("SV", range(1, 13), Role.SERVER, "Depot"),
        *_named("KI", (1, 2), Role.WORKSTATION),
    ]
    rest = (
        (("PC-030", "PC-031", "PC-032", "PC-033", "PC-034", "PC-035", "PC-036"), TAMPER, OFF),
        (("SV-001", "SV-002", "SV-003", "SV-005", "SV-006", "SV-007"), NAMED, NAMELESS),
        (("PC-007", "PC-019"), SUPPORT, ENDED),
        (("KI-002",), DRIVE, OPEN_DRIVE),
    )
    new, back = ("LT-003", "LT-009", "LT-050"), "PC-023"
    older = tuple(name for name in SHORT_OF_UPDATES if name not in (*new, back))
    fixed = ((*(f"PC-{number:03d}" for number in range(1, 7)), "LT-001", "LT-002", "LT-004"), DEFINITIONS, OLD)
    drives = (SHORT_OF_DRIVE, DRIVE, OPEN_DRIVE)
    first = _with(listed, _faults(*rest, drives, fixed, ((*older, back), UPDATES, WAITING)))
    before = _with(listed, _faults(*rest, drives, fixed, (older, UPDATES, WAITING)))
    now = _with(listed, _faults(*rest, drives, (SHORT_OF_UPDATES, UPDATES, WAITING)))
    kiosk = _waived(DRIVE, ("KI-002",), date(2026, 9, 14), date(2026, 12, 12), reason="It has nothing to steal on it")
    exceptions = Exceptions((kiosk,))
    contract = Contract(12, 110.0, "GBP", {Role.WORKSTATION: 820.0})
    agreed = Preferences(goal=Goal("A", date(2027, 3, 31)), contact=Contact("Jo Larkspur"))

    def audit(machines: Mapping[str, Machine], at: datetime, past: Sequence[Audit]) -> Audit:
        id_ = f"{at:%Y-%m-%d}-harbour-finch"
        return sample.audit(
            machines.values(), at=at, past=past, exceptions=exceptions, contract=contract, preferences=agreed, id=id_
        )

    september = audit(_away(first, "PC-112"), SEPTEMBER, ())
    october = audit(_away(before, *NOT_SEEN, "LT-060"), OCTOBER, (september,))
    gone = _away(now, *NOT_SEEN)
    november = audit(gone, sample.AS_OF, (september, october))
    audits = (september, october, november)
    return Story(audits, replace(story.beside(audits, tuple(gone.values()), _months()), inflow_hours=4.5))


def _away(machines: Mapping[str, Machine], *names: str) -> dict[str, Machine]:
    return {
        name: replace(
            one,
            failure=sample.unreachable(NOT_SEEN.get(name, FailureKind.UNREACHABLE)),
            last_seen_at=None if name == "PC-112" else LAST_SEEN,
        )
        if name in names
        else one
        for name, one in machines.items()
    }


def _months() -> tuple[Past, ...]:
    """Nine months with the mock-up's rise from month to month, ending where the real scoring begins."""
    points = (70, 72, 75, 73, 79, 81, 84, 87, 86)
    shares = (0.71, 0.74, 0.78, 0.78, 0.83, 0.86, 0.86, 0.90, 0.91)
    days = [datetime(2025, 12, 14, 8, tzinfo=UTC), *(datetime(2026, month, 14, 8, tzinfo=UTC) for month in range(1, 9))]
    letters = {True: "B", False: "C"}
    return tuple(
        Past(f"past-{number}", day, float(score), letters[score >= 80], share, 112, 60 - 4 * number)
        for number, (day, score, share) in enumerate(zip(days, points, shares, strict=True))
    )


@cache
def empty() -> Story:
    """An inventory without machines."""
    return _first(())


@cache
def one() -> Story:
    """One machine, one fault that is new, one that was fixed, one hour a month: one of everything."""
    before = sample.audit([Machine("LT-001", answers={DEFINITIONS: OLD})], at=OCTOBER, id="2026-10-14-harbour-finch")
    machine = Machine("LT-001", answers={DRIVE: OPEN_DRIVE}, days_open=1)
    now = sample.audit([machine], past=[before], client_since=OCTOBER, contract=Contract(1, 110.0, "GBP"))
    return Story((before, now), replace(story.beside((before, now), (machine,), ()), inflow_hours=1.0))


@cache
def first() -> Story:
    """A first audit of six machines: nothing to compare with, fewer than percentages are printed for, no contract."""
    listed = [
        *_named("LT", (1, 2, 3), Role.LAPTOP),
        *_named("PC", (1,), Role.WORKSTATION),
        *_named("SV", (1, 2), Role.SERVER, "Depot"),
    ]
    silent = (("SV-001",), "antivirus.recent-scan", no_answer("Our account has no right to read this"))
    faults = _faults((("LT-002",), DRIVE, OPEN_DRIVE), (("LT-002", "PC-001"), UPDATES, WAITING), silent)
    machines = _with(listed, faults)
    machines["LT-003"] = replace(machines["LT-003"], failure=sample.unreachable())
    return _first(tuple(machines.values()))


@cache
def unknown() -> Story:
    """Five machines that all answered a month ago, and none of them now."""
    kinds = tuple(FailureKind)[:5]
    before = sample.audit(
        [Machine("LT-001", answers={DRIVE: OPEN_DRIVE}), *_named("LT", range(2, 6), Role.LAPTOP)],
        at=OCTOBER,
        id="2026-10-14-harbour-finch",
    )
    gone = tuple(
        Machine(f"LT-{number:03d}", failure=sample.unreachable(kind), last_seen_at=OCTOBER)
        for number, kind in enumerate(kinds, 1)
    )
    now = sample.audit(gone, past=[before], client_since=OCTOBER)
    return _short((before, now), gone)


@cache
def excused() -> Story:
    """Fifteen machines, two with a fault, and an agreement about either: as many as may leave the sum."""
    steering = ("PC-001", "PC-002")
    machines = _with(_named("PC", range(1, 16), Role.WORKSTATION, "Depot"), _faults((steering, DRIVE, OPEN_DRIVE)))
    said: dict[str, Json] = {"reason": "It steers a machine tool", "cover": "Locked in a room, with no network"}
    agreed = (_waived(DRIVE, (name,), date(2026, 11, 1), date(2027, 8, 31), **said) for name in steering)
    return _first(tuple(machines.values()), Exceptions(tuple(agreed)))


@cache
def well() -> Story:
    """Three machines with which nothing is wrong, now and a month ago."""
    machines = tuple(_named("LT", (1, 2, 3), Role.LAPTOP))
    before = sample.audit(machines, at=OCTOBER, id="2026-10-14-harbour-finch")
    now = sample.audit(machines, past=[before], client_since=OCTOBER)
    return _short((before, now), machines)


def _first(machines: tuple[Machine, ...], exceptions: Exceptions | None = None) -> Story:
    return _short((sample.audit(machines, exceptions=exceptions),), machines)


def _short(audits: tuple[Audit, ...], machines: tuple[Machine, ...]) -> Story:
    """Without what insurers and frameworks ask: it is long, and other clients have it."""
    return Story(audits, replace(story.beside(audits, machines, ()), inflow_hours=None, frameworks=()))


def _hostile() -> Story:
    told = story.hostile(brief=True)
    return Story(told.audits, replace(told.context, frameworks=()))


CLIENTS: Mapping[str, Client] = {
    "harbour": Client(harbour, ("client.html", "prospect.html", "client.xlsx.txt", "tickets.csv", "tickets.json")),
    "story": Client(lambda: story.story(brief=True), ("engineer.html",)),
    "hostile": Client(_hostile, ("client.html", "client.xlsx.txt", "tickets.csv", "tickets.json")),
    "empty": Client(empty, ("client.html", "engineer.html", "prospect.html", "client.xlsx.txt", "findings.csv")),
    "one": Client(one, ("client.html", "prospect.html", "client.xlsx.txt", "findings.csv", "findings.sarif")),
    "first": Client(first, ("client.html",)),
    "unknown": Client(unknown, ("client.html", "prospect.html", "client.xlsx.txt", "tickets.csv")),
    "excused": Client(excused, ("client.html", "client.xlsx.txt")),
    "well": Client(well, ("client.html",)),
}
