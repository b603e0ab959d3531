"""The cheapest road to a better letter: against trying every set of work, by hand, and where there is none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest

from scorecard.errors import InputError, StandardError
from scorecard.model import ExceptionKind, Finding, Mark, Platform, Role, Status
from scorecard.plan.gains import passed_all
from scorecard.plan.limits import demands
from scorecard.plan.road import NoRoad, Road, road
from scorecard.result import Audit, Device
from scorecard.score import score
from scorecard.standard import LETTERS, Standard, standard_of
from tests.fleet import NOW, STANDARD, device, except_for, findings, last, passing
from tests.unit.plan_fleet import made_up
from tests.unit.plan_kit import actions, audit_of, broken_areas_case, changed_standard, minutes, small_case, tried

ENCRYPTED = "disk-encryption.system-volume"
PROTECTED = "antivirus.protected"
UPDATES = "patching.security-updates"
SUPPORTED = "os-support.supported"
REBOOT = "patching.reboot-pending"


def found_road(audit: Audit, to: str | None = None) -> Road:
    found = road(audit, to)
    assert isinstance(found, Road), found
    return found


def no_road(audit: Audit, to: str | None = None) -> NoRoad:
    found = road(audit, to)
    assert isinstance(found, NoRoad), found
    return found


def letters_above(letter: str) -> tuple[str, ...]:
    return LETTERS[: LETTERS.index(letter)]


def laptops(count: int) -> list[Device]:
    return [device(f"pc{number}") for number in range(count)]


def with_faults(
    devices: list[Device], faults: Mapping[tuple[str, str], Status], standard: Standard = STANDARD, **said: Any
) -> Audit:
    return audit_of(findings(devices, except_for(faults), standard), devices, standard, **said)


def changed(audit: Audit, check: str, endpoint: str, **values: Any) -> list[Finding]:
    return [replace(f, **values) if (f.check, f.endpoint) == (check, endpoint) else f for f in audit.findings]


def test_no_set_of_work_is_cheaper() -> None:
    """Every set of work is tried and graded, on small fleets with every kind of cap, exception and old answer."""
    met: Counter[str] = Counter()
    for seed, (audit, standard) in cases():
        letter = audit.scorecard.letter
        if letter in (None, "A") or len(list(actions(audit))) > 8:
            continue
        for to in letters_above(letter):
            best, found = tried(audit, to, standard), road(audit, to)
            spent = round(60 * found.hours.likely) if isinstance(found, Road) else None
            assert spent == best, f"fleet {seed}, {letter} to {to}"
            if isinstance(found, Road):
                assert found.least_hours == pytest.approx(found.hours.likely, abs=1e-9), f"fleet {seed}"
            met.update(holding(audit, to))
            met.update(["none" if best is None else f"{letter} to {to}"])
    assert {"score", "coverage", "answers", "covered", "limit", "ways", "held", "none"} <= set(met)
    assert {"D to C", "C to B", "B to A", "F to D", "D to A"} <= set(met)
    assert sum(count for kind, count in met.items() if " to " in kind) > 150


def cases() -> Iterator[tuple[str, tuple[Audit, Standard]]]:
    yield from ((f"{seed}", small_case(seed)) for seed in range(110))
    yield from ((f"{seed} (areas)", broken_areas_case(seed)) for seed in range(30))


def holding(audit: Audit, to: str) -> list[str]:
    """What stands in the way of the letter."""
    asked, held = demands(audit, standard_of(audit), to), {cap.id for cap in audit.scorecard.caps if cap.held_since}
    way = asked.ways[0]
    covered = any(f.exception is not None and f.exception.covered and f.status is Status.FAIL for f in audit.findings)
    kinds = {
        "score": (audit.scorecard.score or 0) < asked.score,
        "coverage": audit.scorecard.coverage < asked.coverage,
        "answers": bool(asked.answers),
        "limit": any(limit.allowed < len(limit.endpoints) for limit in way),
        "covered": covered and any(not limit.area for limit in way),
        "ways": len(asked.ways) > 1,
        "held": bool(held),
    }
    return [kind for kind, is_so in kinds.items() if is_so]


def test_all_but_two_machines_is_a_way_out_of_broken_areas() -> None:
    """Three areas are broken on three laptops. One fix on the third is cheaper than any area."""
    standard = changed_standard({"broken_areas": {"areas": 3, "endpoints": 3, "letter": "D"}})
    broken = [(pc, check) for pc in ("pc0", "pc1") for check in (ENCRYPTED, PROTECTED, SUPPORTED)]
    audit = with_faults(laptops(6), dict.fromkeys([*broken, ("pc2", ENCRYPTED)], Status.FAIL), standard)
    assert (audit.scorecard.letter, len(demands(audit, standard, "C").ways)) == ("D", 4)
    found = found_road(audit)
    assert [(step.id, step.endpoints) for step in found.steps] == [(ENCRYPTED, ("pc2",))]
    assert found.letter == "C"


@pytest.mark.parametrize("seed", range(4))
def test_large_fleets_are_proven_within_two_percent(seed: int) -> None:
    audit = made_up(500, 40, seed, poor=(0.1, 0.4, 0.8, 0.9)[seed])
    letter = audit.scorecard.letter
    assert letter is not None
    for to in letters_above(letter):
        found = found_road(audit, to)
        assert LETTERS.index(found.letter) <= LETTERS.index(to)
        assert found.least_hours is not None
        assert found.least_hours <= found.hours.likely <= 1.02 * found.least_hours


def test_the_letter_rises_when_the_findings_of_the_road_are_in_order() -> None:
    """By the grade's own arithmetic, with nothing of the plan's."""
    audit = made_up(80, 18, 3, 0.4)
    found = found_road(audit, "A")
    unknown = {(f.check, f.endpoint) for f in audit.findings if f.status is Status.UNKNOWN}
    keys = {(step.id, name) for step in found.steps for name in step.endpoints if "." in step.id}
    keys |= {(check, name) for check, name in unknown if name in found.assumed}
    standard = standard_of(audit)
    card = score(
        passed_all(audit.findings, frozenset(keys), standard), audit.devices, standard, as_of=NOW, client_since=None
    )
    assert card.letter == found.letter == "A"
    assert card.score == pytest.approx(found.score_after)
    assert sum(step.hours.likely for step in found.steps) == pytest.approx(found.hours.likely)
    assert sum(step.points for step in found.steps) == pytest.approx(found.score_after - found.score)


def test_one_preparation_for_two_machines_by_hand() -> None:
    """Ten laptops, two of them not encrypted: a B takes one of them, an A both."""
    audit = with_faults(laptops(10), {("pc0", ENCRYPTED): Status.FAIL, ("pc1", ENCRYPTED): Status.FAIL})
    once, each = minutes(audit, ENCRYPTED)
    assert audit.scorecard.letter == "C"
    assert found_road(audit).hours.likely == pytest.approx((once + each) / 60)
    found = found_road(audit, "A")
    assert found.hours.likely == pytest.approx((once + 2 * each) / 60)
    assert found.hours.low < found.hours.likely < found.hours.high
    assert [(step.id, step.endpoints) for step in found.steps] == [(ENCRYPTED, ("pc0", "pc1"))]
    assert (found.letter, found.score_after, found.assumed) == ("A", 100, ())


def test_a_machine_that_was_not_seen_is_found_and_assumed_to_pass() -> None:
    fleet = [*laptops(20), device("gone", seen=False)]
    found = found_road(audit_of(findings(fleet, passing), fleet))
    assert (found.start, found.letter, found.assumed, found.only_unknown) == ("B", "A", ("gone",), True)
    assert [(step.id, step.endpoints) for step in found.steps] == [("find-and-check", ("gone",))]


def test_a_machine_last_seen_with_a_fault_costs_its_fix_as_well() -> None:
    fleet = [*laptops(20), device("gone", seen=False)]
    audit = audit_of(findings(fleet, passing), fleet)
    held = changed(audit, ENCRYPTED, "gone", last=last(Status.FAIL, 3))
    found, plain = found_road(audit_of(held, fleet)), found_road(audit)
    once, each = minutes(audit, ENCRYPTED)
    assert found.hours.likely - plain.hours.likely == pytest.approx((once + each) / 60)
    assert found.steps[0].fixed_again == (ENCRYPTED,)


def test_work_that_was_agreed_to_stay_is_on_the_road_only_where_it_holds_the_letter() -> None:
    mark = Mark("agreed", ExceptionKind.WAIVED)
    audit = with_faults(laptops(10), {("pc0", ENCRYPTED): Status.FAIL, ("pc1", REBOOT): Status.FAIL})
    audit = audit_of(changed(audit, ENCRYPTED, "pc0", exception=mark), audit.devices)
    found = found_road(audit)
    assert [(step.id, step.waived) for step in found.steps] == [(ENCRYPTED, ("pc0",))]


def test_what_the_client_has_to_do_is_said() -> None:
    fleet = [replace(device("theirs"), managed=False), *laptops(9)]
    faults = {("theirs", ENCRYPTED): Status.FAIL, ("pc0", PROTECTED): Status.FAIL}
    audit = with_faults(fleet, faults)
    refused = changed(audit, PROTECTED, "pc0", exception=Mark("no", ExceptionKind.DECLINED))
    steps = {step.id: step for step in found_road(audit_of(refused, fleet)).steps}
    assert (steps[ENCRYPTED].by_client, steps[ENCRYPTED].declined) == (("theirs",), ())
    assert (steps[PROTECTED].by_client, steps[PROTECTED].declined) == (("pc0",), ("pc0",))


def test_a_machine_that_joined_lately_is_not_fixed_for_a_cap() -> None:
    fleet = [replace(device("new"), expected_since=NOW - timedelta(days=3)), *laptops(9)]
    fleet[1:] = [replace(one, expected_since=NOW - timedelta(days=400)) for one in fleet[1:]]
    faults = {("new", ENCRYPTED): Status.FAIL, ("pc0", ENCRYPTED): Status.FAIL}
    audit = with_faults(fleet, faults, client_since=NOW - timedelta(days=300))
    assert [step.endpoints for step in found_road(audit).steps] == [("pc0",)]


def test_a_has_no_better_letter() -> None:
    assert no_road(with_faults(laptops(4), {})).reason == "The letter is A: there is no better one"


def test_too_little_seen_says_how_much_to_find() -> None:
    fleet = [*laptops(5), *(device(f"gone{number}", seen=False) for number in range(5))]
    found = no_road(audit_of(findings(fleet, passing), fleet))
    assert found.start is None
    assert "50% of what the standard asks was seen, and 60% is needed" in found.reason
    assert found.reason.endswith("first find and check 1 machine or more")


def test_a_part_of_the_client_has_no_road() -> None:
    fleet = laptops(2)
    assert "--limit" in no_road(audit_of(findings(fleet, passing), fleet, scope="--limit pc*")).reason


def test_a_fault_whose_hours_nobody_estimated_is_named_where_it_blocks_the_road() -> None:
    audit = with_faults(laptops(10), {("pc0", ENCRYPTED): Status.FAIL, ("pc1", REBOOT): Status.FAIL})
    described: Any = audit.checks[ENCRYPTED]
    bare = {**described, "effort": {"once_min": 0, "each_min": 0}}
    found = no_road(replace(audit, checks=MappingProxyType({**audit.checks, ENCRYPTED: bare})))
    assert found.reason == (
        "Even with all of this work done the grade would be B, with 98.9 of 100, held by: not encrypted: 1 of 10 laptops. "
        f"Nobody estimated the hours of {ENCRYPTED}, which are left out"
    )


def test_what_was_stated_in_writing_cannot_be_asked_again() -> None:
    """The unknown that it answers stays one; where that holds the letter there is no road."""
    fleet = laptops(2)
    audit = with_faults(fleet, {("pc0", ENCRYPTED): Status.UNKNOWN, ("pc1", ENCRYPTED): Status.UNKNOWN})
    told = [
        replace(f, exception=Mark("told", ExceptionKind.STATED)) if f.status is Status.UNKNOWN else f
        for f in audit.findings
    ]
    assert "Even with all of this work done" in no_road(audit_of(told, fleet)).reason


@pytest.mark.parametrize("to", ["C", "D", "F", "E", ""])
def test_a_letter_that_is_no_better_is_refused(to: str) -> None:
    audit = with_faults(laptops(10), {("pc0", ENCRYPTED): Status.FAIL, ("pc1", ENCRYPTED): Status.FAIL})
    if to:
        with pytest.raises(InputError, match="expected a letter better than C, so one of A, B"):
            road(audit, to)
    else:
        assert found_road(audit, to).letter == "B"


def test_a_standard_of_another_version_is_said() -> None:
    audit = with_faults(laptops(10), {("pc0", ENCRYPTED): Status.FAIL})
    with pytest.raises(StandardError, match="this version cannot read it"):
        road(replace(audit, standard=MappingProxyType({**audit.standard, "content": {"name": "x"}})))


def test_the_road_does_not_hang_on_the_order_of_findings_and_machines() -> None:
    audit = made_up(40, 18, 5, 0.4)
    turned = replace(audit, findings=tuple(reversed(audit.findings)), devices=tuple(reversed(audit.devices)))
    assert road(audit) == road(turned)


def test_pools_that_overlap_in_part_are_not_called_proven() -> None:
    """PCs and Windows machines: neither pool holds the other. The road is right all the same, seen by grading it."""
    cap = {
        "check": ENCRYPTED,
        "area": "encryption",
        "what": "not encrypted",
        "lift": "Encrypt",
        "systemic": {"letter": "C"},
    }
    few = {"few": {"share": 0, "at_least": 1, "letter": "B"}}
    pools: list[dict[str, Any]] = [
        {"name": "PCs", "roles": ["laptop", "workstation"]},
        {"name": "Windows machines", "roles": list(Role), "platforms": ["windows"]},
    ]
    caps = [{**cap, **few, "id": f"cap-{index}", "pool": pool} for index, pool in enumerate(pools)]
    standard = changed_standard({"caps": caps})
    kinds = [(Role.LAPTOP, Platform.LINUX), (Role.LAPTOP, Platform.WINDOWS), (Role.SERVER, Platform.WINDOWS)]
    fleet = [device(f"{role}-{platform}-{number}", role, platform) for role, platform in kinds for number in range(2)]
    audit = with_faults(fleet, {(one.name, ENCRYPTED): Status.FAIL for one in fleet}, standard)
    found = found_road(audit, "B")
    assert found.least_hours is None
    assert found.letter == "B"
    assert round(60 * found.hours.likely) == tried(audit, "B", standard)
