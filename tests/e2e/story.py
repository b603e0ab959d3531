"""The sample client with a past: three audits, exceptions of every kind, machines that are not seen any more, a contract.

All names and figures are invented.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cache
from itertools import pairwise

from scorecard.exceptions import Entry, Exceptions
from scorecard.frameworks import load, shipped
from scorecard.model import ExceptionKind, Json, Status, Verdict
from scorecard.outlook import outlook, snapshot
from scorecard.registry import Registry
from scorecard.reporting import Past, ReportContext
from scorecard.result import Audit, Contract
from scorecard.strips import Alignment, Strips, squares
from scorecard.told import moved
from tests.e2e import sample
from tests.e2e.sample import MARKUP, Machine, short

SEPTEMBER, OCTOBER = datetime(2026, 9, 14, 7, 40, tzinfo=UTC), datetime(2026, 10, 14, 7, 41, tzinfo=UTC)
DRIVE, UPDATES, SUPPORT = "disk-encryption.system-volume", "patching.security-updates", "os-support.supported"
DEFINITIONS, SCAN, METHOD = "antivirus.definitions", "antivirus.recent-scan", "disk-encryption.method"
CATEGORIES = ("patching", "disk-encryption", "antivirus", "standards")
NAMELESS = tuple(f"LT-0{number}" for number in range(10, 28))  # more than may leave the sum
ENGINE, NAMED = "antivirus.protected", "inventory.identified"
UNMANAGED_FAULTS = (
    *(DEFINITIONS, SCAN, METHOD, "antivirus.tamper-protection", "antivirus.single-engine", "patching.reboot-pending"),
    *("patching.last-installed", "patching.sources-fresh", "patching.automatic-updates", "disk-encryption.recovery-key"),
)
_OPEN = short("/ on nvme0n1p2 is not encrypted", "fully encrypted, protection on", volume="/")
_WAITING = short("openssl has waited for 40 days", "none missing for over 14 days", packages=["openssl"])
_OLD = short("9 days old", "at most 3 days old")
_WEAK = short("aes-cbc-essiv, 128 bits", "AES with 128 bits or more", Status.WARN)


@dataclass(frozen=True)
class Story:
    """Audits from the oldest to the newest, and what stands beside the newest in its reports."""

    audits: tuple[Audit, ...]
    context: ReportContext

    @property
    def audit(self) -> Audit:
        return self.audits[-1]


def _changed(machines: Mapping[str, Machine], faults: Mapping[str, Mapping[str, Verdict]]) -> dict[str, Machine]:
    """With these answers in place of their own."""
    return {
        name: replace(machine, answers={**machine.answers, **faults.get(name, {})}) for name, machine in machines.items()
    }


def _seen(machines: Mapping[str, Machine]) -> dict[str, Machine]:
    return {name: replace(machine, failure=None, last_seen_at=None) for name, machine in machines.items()}


def _disks(machines: Mapping[str, Machine], free_gb: float) -> dict[str, Machine]:
    """One server's disk is running full."""
    facts: dict[str, Json] = {"disks": f"/ {free_gb:.3f} of 100.000 GB free; /srv 400.000 of 900.000 GB free"}
    return {**machines, "SV-001": replace(machines["SV-001"], facts=facts)}


def machines() -> tuple[dict[str, Machine], dict[str, Machine], dict[str, Machine]]:
    """The fleet in September, October and November: what was fixed, came back, joined and went out of sight."""
    now = {machine.name: machine for machine in sample.fleet()}
    poor = {check: short("Not as agreed", "as agreed") for check in UNMANAGED_FAULTS}
    now["SV-011"] = replace(now["SV-011"], managed=False, answers=poor)
    nameless = {name: {NAMED: short("no serial number", "all three known")} for name in NAMELESS}
    now = _changed(now, nameless)
    ends: dict[str, Json] = {"ends": "2027-03-31", "source": "endoflife.yaml", "as_of": "2026-10-30"}
    lasting = Verdict(Status.PASS, "Debian GNU/Linux 12 (bookworm): supported until 31 Mar 2027", "", ends)
    now = _changed(now, {"SV-005": {SUPPORT: lasting}, "PC-041": {METHOD: _WEAK}, "LT-002": {METHOD: _WEAK}})
    unseen = {name: replace(one, last_seen_at=OCTOBER) for name, one in now.items() if one.failure}
    now |= unseen
    then = _seen(now)
    del then["LT-070"]
    then["PC-090"] = Machine("PC-090", answers={UPDATES: _WAITING})
    fixed = {name: {DEFINITIONS: _OLD} for name in ("PC-001", "PC-002", "PC-004", "PC-005", "LT-020", "LT-021", "LT-025")}
    good = {name: {NAMED: Verdict(Status.PASS, "name, serial and model are known")} for name in nameless}
    good |= {"PC-030": {UPDATES: Verdict(Status.PASS, "none is missing")}}
    before = _changed(then, {**fixed, **good, "LT-051": {DRIVE: _OPEN}, "LT-023": {DRIVE: _OPEN}})
    first = _changed(before, {"PC-030": {UPDATES: _WAITING}, "SV-012": {UPDATES: _WAITING}})
    return _disks(first, 60.0), _disks(before, 41.0), _disks(now, 22.0)


def exceptions() -> Exceptions:
    """One of every kind and state that a person has to look at."""
    agreed: dict[str, Json] = {"reason": "Replaced in January", "approver": "R. Finch, director"}
    covered = {**agreed, "reason": "Runs the cutting machine", "cover": "A network of its own"}
    quoted: dict[str, Json] = {"what": "Two new PCs", "price": 1640, "currency": "GBP", "by": "R. Finch, director"}
    told: dict[str, Json] = {"text": "The host scans its disks each night", "says": "Depot hosting", "sha256": "ab" * 32}

    def waived(id_: str, check: str, names: tuple[str, ...], said: Mapping[str, Json], *days: date) -> Entry:
        return Entry(id_, ExceptionKind.WAIVED, (check,), names, days[0], days[1], "cover" in said, said)

    return Exceptions(
        (
            waived("cutting-machine", SUPPORT, ("PC-019",), covered, date(2026, 10, 1), date(2027, 8, 31)),
            waived("old-laptops", DRIVE, ("LT-022",), agreed, date(2026, 11, 1), date(2026, 11, 25)),
            waived("weak-ciphers", METHOD, ("LT-002", "PC-041"), agreed, date(2026, 11, 2), date(2027, 1, 20)),
            waived("summer", DRIVE, ("LT-040",), agreed, date(2026, 9, 20), date(2026, 10, 19)),
            waived(
                "updates", UPDATES, ("LT-003", "LT-009", "PC-011", "PC-012"), agreed, date(2026, 11, 3), date(2026, 12, 2)
            ),
            waived("no-serial", NAMED, NAMELESS, agreed, date(2026, 11, 4), date(2027, 1, 9)),
            waived("nobody", DRIVE, ("LT-999",), agreed, date(2026, 11, 3), date(2026, 12, 2)),
            Entry("new-pcs", ExceptionKind.DECLINED, (SUPPORT,), ("PC-007",), date(2026, 9, 15), None, False, quoted),
            Entry("scans", ExceptionKind.STATED, (SCAN,), ("SV-002",), date(2026, 11, 1), date(2027, 1, 10), False, told),
        )
    )


# Enough of the machines to show everything there is to show.
BRIEF = frozenset(
    (
        *("LT-002", "LT-010", "LT-014", "LT-022", "LT-023", "LT-040", "LT-051", "LT-070", "PC-001", "PC-007", "PC-019"),
        *("PC-030", "PC-090", "PC-101", "SV-001", "SV-002", "SV-005", "SV-011"),
    )
)


@cache
def story(*, brief: bool = False, without: frozenset[str] = frozenset()) -> Story:
    """`brief`: with few machines, for what takes long; `without`: these are not there."""
    kept = frozenset(name for each in machines() for name in each if not brief or name in BRIEF) - without
    first, before, now = ({name: one for name, one in each.items() if name in kept} for each in machines())
    september = sample.audit(first.values(), at=SEPTEMBER, id="2026-09-14-harbour-finch")
    october = sample.audit(
        before.values(), at=OCTOBER, past=[september], id="2026-10-14-harbour-finch", client_since=SEPTEMBER
    )
    november = sample.audit(
        now.values(),
        past=[september, october],
        exceptions=exceptions(),
        client_since=SEPTEMBER,
        contract=Contract(10, 110.0, "GBP"),
    )
    audits = (september, october, november)
    return Story(audits, beside(audits, tuple(now.values())))


def beside(
    audits: tuple[Audit, ...], listed: tuple[Machine, ...], months: tuple[Past, ...] = sample.year()[:-2]
) -> ReportContext:
    """What stands beside the newest of these audits. `months`: earlier ones, of which only the figures are left."""
    checks = Registry.load().checks
    older: dict[str, Audit] = {one.id: before for before, one in pairwise(audits)}
    history = (
        *(replace(past, categories=dict.fromkeys(CATEGORIES, past.score)) for past in months),
        *(_past(one, older.get(one.id)) for one in audits[:-1]),
    )
    return replace(
        sample.context(listed, history),
        before=audits[-2] if audits[1:] else None,
        inflow_hours=4.2,
        outlook=outlook([snapshot(one) for one in audits]),
        strips=Strips(tuple(map(Alignment(audits[-1]).line, map(squares, audits)))),
        frameworks=tuple(load(name, checks) for name in shipped()),
    )


def _past(audit: Audit, older: Audit | None) -> Past:
    card = audit.scorecard
    return Past(
        audit.id,
        audit.as_of,
        card.score,
        card.letter,
        card.coverage,
        len(audit.devices),
        sum(finding.status in (Status.FAIL, Status.WARN) for finding in audit.findings),
        {category.id: category.score for category in card.categories},
        moved(older, audit),
    )


@cache
def hostile(*, brief: bool = False) -> Story:
    """The hostile machines with hostile exceptions, an audit before, and nothing that any of it may break.

    `brief`: with three of them.
    """
    listed = sample.hostile()[:: 5 if brief else 1]
    names = tuple(machine.name for machine in listed)
    evil: dict[str, Json] = {"reason": MARKUP, "approver": "=1+1", "cover": MARKUP}
    said: dict[str, Json] = {"what": MARKUP, "price": "=cmd|' /C calc'!A0", "currency": MARKUP, "by": "@SUM(A1:A9)"}
    told: dict[str, Json] = {"text": f"{MARKUP}\u202etxt", "says": "\x00\x1b[31m", "sha256": MARKUP}
    entries = (
        Entry(MARKUP, ExceptionKind.WAIVED, (DRIVE,), names, date(2026, 11, 1), date(2027, 3, 1), True, evil),
        Entry("=2+2", ExceptionKind.DECLINED, (DRIVE,), names[:1], date(2026, 11, 1), None, False, said),
        Entry(
            "+3", ExceptionKind.STATED, ("antivirus.protected",), names, date(2026, 11, 1), date(2026, 12, 1), False, told
        ),
    )
    before = sample.audit(
        [
            *(replace(machine, failure=None, answers={}) for machine in listed),
            Machine(f"{MARKUP}gone", answers={DRIVE: _OPEN}),
        ],
        at=OCTOBER,
        id="before",
    )
    contract = Contract(10, 1.0, MARKUP)
    now = sample.audit(listed, past=[before], exceptions=Exceptions(entries), client_since=OCTOBER, contract=contract)
    context = beside((before, now), listed)
    return Story((before, now), context)
