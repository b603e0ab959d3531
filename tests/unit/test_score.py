"""The grade: worked examples, caps, promises, and the properties that no fleet may break (design section 8)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from scorecard.model import Finding, Role, Status
from scorecard.result import Answer, Device, Scorecard
from scorecard.score import score
from scorecard.standard import LETTERS
from tests.fleet import NOW, STANDARD, device, except_for, finding, findings, grade, passing, unseen

ENCRYPTED = "disk-encryption.system-volume"
UPDATES = "patching.security-updates"
SUPPORTED = "os-support.supported"
PROTECTED = "antivirus.protected"


def laptops(count: int) -> list[Device]:
    return [device(f"laptop{number}") for number in range(count)]


def with_faults(devices: list[Device], faults: dict[tuple[str, str], Status]) -> Scorecard:
    return grade(findings(devices, except_for(faults)), devices)


def cap_ids(card: Scorecard) -> list[str]:
    return [cap.id for cap in card.caps]


def test_everything_in_order_is_an_a() -> None:
    fleet = [*laptops(4), device("server", Role.SERVER)]
    card = grade(findings(fleet, passing), fleet)
    assert (card.score, card.possible, card.coverage, card.letter, card.worst_case) == (100, 100, 1, "A", "A")
    assert card.caps == ()
    assert {promise.answer for promise in card.promises} == {Answer.YES}
    assert all(promise.met == promise.of == 5 for promise in card.promises)


def test_the_sum_by_hand() -> None:
    """One laptop and one server, four checks of two categories; each step is written out."""
    laptop, server = device("laptop"), device("server", Role.SERVER)
    found = [
        finding(ENCRYPTED, laptop, Status.FAIL),  # critical: w 1, s 10, v 0
        finding(ENCRYPTED, server, Status.PASS),  # medium: w 3, s 5, v 1
        finding("disk-encryption.method", laptop, Status.WARN),  # low: w 1, s 2.5, v 0.5
        finding("disk-encryption.method", server, Status.PASS),  # low: w 3, s 2.5, v 1
        finding(UPDATES, laptop, Status.UNKNOWN),  # critical: w 1, s 10, v 0
        finding(UPDATES, server, Status.PASS),  # critical: w 3, s 10, v 1
    ]
    # encryption: ((3x5x1)/4 + (1x2.5x0.5 + 3x2.5x1)/4) / ((1x10 + 3x5)/4 + 2.5) = (3.75 + 2.1875) / (6.25 + 2.5)
    encryption = 5.9375 / 8.75
    patching = 0.75
    card = grade(found, [laptop, server])
    assert card.score == pytest.approx(100 * (20 * encryption + 25 * patching) / 45, abs=1e-9)
    assert card.possible == pytest.approx(100 * (20 * encryption + 25) / 45, abs=1e-9)
    assert card.coverage == pytest.approx((20 + 25 * 0.75) / 45)
    assert card.endpoint_scores["laptop"] == pytest.approx(100 * (20 * 1.25 / 12.5) / 45)
    assert card.endpoint_scores["server"] == pytest.approx(100)


BAD = [
    "disk-encryption.data-volumes",
    "disk-encryption.recovery-key",
    "antivirus.definitions",
    "antivirus.single-engine",
    "antivirus.tamper-protection",
    UPDATES,
    "patching.last-installed",
    "patching.automatic-updates",
    "inventory.identified",
]
SOME = ["patching.reboot-pending", "antivirus.recent-scan", "disk-encryption.method"]


def poor_company() -> tuple[list[Device], list[Finding]]:
    """20 laptops and 3 servers. Five laptops fail nine checks each, the others two or three; no names are prescribed."""
    fleet = [*laptops(20), *(device(f"server{n}", Role.SERVER) for n in range(3))]
    faults = {(owner.name, "inventory.naming-standard"): Status.NOT_APPLICABLE for owner in fleet}
    for owner in fleet[:5]:
        faults |= {(owner.name, check): Status.FAIL for check in BAD}
    for number, owner in enumerate(fleet[5:]):
        faults |= {(owner.name, check): Status.FAIL for check in SOME[: 3 if number < 12 else 2]}
    faults[fleet[0].name, "antivirus.recent-scan"] = Status.WARN
    faults[fleet[-1].name, "os-support.upgrade-due"] = Status.WARN
    return fleet, findings(fleet, except_for(faults))


def usual_average(found: Iterable[Finding]) -> float:
    """What most tools print: the mean over what answered."""
    values = [f.effective for f in found if f.status is not Status.UNKNOWN and f.effective is not None]
    return 100 * sum(values) / len(values)


def test_unplugging_the_worst_machines_lowers_the_score_where_the_usual_average_rises() -> None:
    """The README's example; its numbers come from here."""
    fleet, before = poor_company()
    worst = {owner.name for owner in fleet[:5]}
    unplugged = [replace(owner, seen=owner.name not in worst) for owner in fleet]
    # An unplugged machine tells nothing, not even what does not apply to it.
    after = [entry if entry.endpoint not in worst else unseen(entry) for entry in before]
    ours_before, ours_after = grade(before, fleet), grade(after, unplugged)
    seen_before = [entry if entry.endpoint not in worst else unseen(entry, 7) for entry in before]
    known = grade(seen_before, unplugged)
    rows = [
        f"| as it is | {usual_average(before):.1f} | {ours_before.score:.1f}, {ours_before.letter} |",
        f"| five worst machines unplugged | {usual_average(after):.1f} | {ours_after.score:.1f}, {ours_after.letter} |",
        f"| the same, a week after they were seen | {usual_average(after):.1f} | {known.score:.1f}, {known.letter} |",
    ]
    assert (f"{usual_average(before):.1f}", f"{usual_average(after):.1f}") == ("76.0", "84.2")
    assert ours_before.score is not None
    assert ours_after.score is not None
    assert ours_after.score < ours_before.score
    assert ours_after.coverage < ours_before.coverage == 1
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    for row in rows:
        assert row in readme


@pytest.mark.parametrize(
    ("count", "of", "letter"),
    [(1, 1, "B"), (1, 3, "B"), (1, 30, "B"), (3, 30, "B"), (4, 30, "C"), (2, 10, "C"), (30, 30, "C")],
)
def test_unencrypted_laptops_hold_the_letter(count: int, of: int, letter: str) -> None:
    fleet = laptops(of)
    card = with_faults(fleet, {(f"laptop{n}", ENCRYPTED): Status.FAIL for n in range(count)})
    (cap,) = [cap for cap in card.caps if cap.id == "laptops-not-encrypted"]
    assert cap.letter == letter
    assert cap.endpoints == tuple(sorted(f"laptop{n}" for n in range(count)))
    assert cap.lift


@pytest.mark.parametrize(
    ("role", "count", "of", "letter"),
    [
        (Role.WORKSTATION, 1, 4, "B"),
        (Role.WORKSTATION, 2, 20, "C"),
        (Role.WORKSTATION, 6, 20, "D"),
        (Role.WORKSTATION, 5, 20, "C"),
        (Role.SERVER, 1, 3, "C"),
        (Role.SERVER, 1, 20, "B"),
        (Role.SERVER, 2, 3, "D"),
        (Role.SERVER, 1, 2, "C"),
    ],
)
def test_missing_updates_hold_the_letter_by_share_of_the_pool(role: Role, count: int, of: int, letter: str) -> None:
    fleet = [device(f"m{n}", role) for n in range(of)]
    card = with_faults(fleet, {(f"m{n}", UPDATES): Status.FAIL for n in range(count)})
    assert [cap.letter for cap in card.caps if cap.check == UPDATES] == [letter]
    assert card.letter is not None
    assert LETTERS.index(card.letter) >= LETTERS.index(letter)


def test_a_linux_server_without_antivirus_causes_no_cap() -> None:
    fleet = [device("server", Role.SERVER)]
    assert cap_ids(with_faults(fleet, {("server", PROTECTED): Status.FAIL})) == []


def test_three_areas_broken_on_many_machines_are_a_d() -> None:
    fleet = laptops(10)
    faults = {(f"laptop{n}", check): Status.FAIL for n in range(3) for check in (ENCRYPTED, PROTECTED, SUPPORTED)}
    card = with_faults(fleet, faults)
    assert card.letter == "D"
    assert "broken-areas" in cap_ids(card)


def test_a_machine_that_joined_lately_loses_points_but_holds_no_letter() -> None:
    fleet = laptops(10)
    begun = NOW - timedelta(days=90)
    old = [replace(one, expected_since=begun) for one in fleet]
    lately = [replace(old[0], expected_since=NOW - timedelta(days=13)), *old[1:]]
    found = findings(fleet, except_for({("laptop0", ENCRYPTED): Status.FAIL}))
    assert cap_ids(grade(found, old, client_since=begun)) == ["laptops-not-encrypted"]
    card = grade(found, lately, client_since=begun)
    assert cap_ids(card) == []
    assert card.score is not None
    assert card.score < 100
    assert cap_ids(grade(found, lately, client_since=None)) == ["laptops-not-encrypted"]


def test_machines_of_the_first_audit_never_count_as_joined_lately() -> None:
    """Neither those that were seen then nor those that were expected and did not answer."""
    fleet = laptops(10)
    first_audit_ended = NOW - timedelta(hours=1)
    devices = [replace(one, expected_since=first_audit_ended - timedelta(minutes=1), first_seen_at=NOW) for one in fleet]
    found = findings(fleet, except_for({("laptop0", ENCRYPTED): Status.FAIL}))
    assert cap_ids(grade(found, devices, client_since=first_audit_ended)) == ["laptops-not-encrypted"]


def test_the_letter_is_the_same_from_times_as_the_document_keeps_them() -> None:
    fleet = laptops(10)
    found = findings(fleet, except_for({("laptop0", ENCRYPTED): Status.FAIL}))
    for joined, since, as_of in (
        (timedelta(days=-2, milliseconds=900), timedelta(days=-2, milliseconds=100), timedelta()),
        (timedelta(days=-14, milliseconds=900), timedelta(days=-90), timedelta(milliseconds=100)),
    ):
        kept = []
        for cut in (False, True):
            times = [NOW + moment for moment in (joined, since, as_of)]
            new, begun, now = (moment.replace(microsecond=0) for moment in times) if cut else times
            devices = [replace(fleet[0], expected_since=new), *fleet[1:]]
            kept.append(score(found, devices, STANDARD, as_of=now, client_since=begun).letter)
        assert kept[0] == kept[1]


@pytest.mark.parametrize(
    ("unseen", "letter", "provisional"),
    [(0, "A", False), (1, "B", False), (2, "B", False), (3, "C", True), (5, None, True)],
)
def test_coverage_holds_the_letter(unseen: int, letter: str | None, provisional: bool) -> None:
    fleet = [replace(one, seen=number >= unseen) for number, one in enumerate(laptops(10))]
    card = grade(findings(fleet, passing), fleet)
    assert (card.letter, card.provisional) == (letter, provisional)
    assert card.coverage == pytest.approx(1 - unseen / 10)
    if letter is None:
        assert card.not_graded == "Not graded: 50% seen; the score lies between 50.0 and 100.0"


def test_an_unknown_that_decides_holds_the_letter_and_names_the_machine() -> None:
    fleet = laptops(30)
    card = with_faults(fleet, {("laptop7", UPDATES): Status.UNKNOWN})
    (cap,) = card.caps
    assert (card.letter, cap.letter, cap.endpoints) == ("B", "B", ("laptop7",))


def test_promises() -> None:
    fleet = laptops(3)
    faults = {("laptop0", ENCRYPTED): Status.WARN, ("laptop1", "antivirus.definitions"): Status.UNKNOWN}
    card = with_faults(fleet, faults)
    by_id = {promise.id: promise for promise in card.promises}
    assert by_id["encryption"].answer is Answer.NO
    assert by_id["encryption"].endpoints == ("laptop0",)
    assert (by_id["encryption"].met, by_id["encryption"].of) == (2, 3)
    assert by_id["antivirus"].answer is Answer.NOT_YET
    assert by_id["antivirus"].unknown == ("laptop1",)
    assert by_id["updates"].answer is Answer.YES


def test_a_promise_about_no_machine_is_not_a_yes() -> None:
    fleet = laptops(1)
    faults = {
        ("laptop0", check): Status.NOT_APPLICABLE
        for check in STANDARD.content.checks
        if check.startswith("disk-encryption")
    }
    card = with_faults(fleet, faults)
    assert next(promise for promise in card.promises if promise.id == "encryption").answer is Answer.DOES_NOT_APPLY
    assert card.letter == "A"


def test_a_part_of_the_client_is_not_graded() -> None:
    fleet = laptops(2)
    card = score(findings(fleet, passing), fleet, STANDARD, as_of=NOW, client_since=None, scope="--limit web*")
    assert card.letter is None
    assert card.not_graded is not None
    assert "--limit web*" in card.not_graded
    assert card.endpoint_scores == {"laptop0": 100, "laptop1": 100}


def test_nobody_to_grade() -> None:
    card = grade([], [])
    assert (card.letter, card.score, card.not_graded) == (None, None, "No check applies to any machine")


def test_categories_without_checks_are_left_out_and_said_so() -> None:
    fleet = laptops(1)
    card = grade(findings(fleet, passing), fleet)
    assert {category.id for category in card.categories} == {"patching", "disk-encryption", "antivirus", "standards"}
    assert card.omitted_categories == ("Accounts", "Exposure", "Backup and health")
