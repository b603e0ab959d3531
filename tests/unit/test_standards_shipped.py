"""The standards beside `it-partner`: what each grades, that a well-run company reaches A, and what one bad machine does."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from importlib.resources import files

import pytest

from scorecard.errors import StandardError
from scorecard.model import Finding, Platform, Role, Status
from scorecard.result import Answer, Device, Scorecard
from scorecard.score import score, settle
from scorecard.standard import DEFAULT, LETTERS, Standard, load, parse, shipped
from tests.cases import apply, cases
from tests.fleet import NOW, REGISTRY, ZONE, Pick, device, except_for, findings, passing

STANDARDS = {name: load(name, REGISTRY.checks) for name in shipped()}
ENCRYPTED = "disk-encryption.system-volume"
PROTECTED = "antivirus.protected"
SUPPORTED = "os-support.supported"
UPDATES = "patching.security-updates"
RESTART = "patching.reboot-pending"
IDENTIFIED = "inventory.identified"
SEEDS = 60


def office() -> list[Device]:
    """45 machines of all kinds."""
    fleet = [device(f"laptop{number}", Role.LAPTOP, list(Platform)[number % 3]) for number in range(24)]
    fleet += [device(f"pc{number}", Role.WORKSTATION, Platform.WINDOWS) for number in range(15)]
    fleet += [device(f"server{number}", Role.SERVER, Platform.WINDOWS) for number in range(4)]
    return [*fleet, *(device(f"linux{number}", Role.SERVER, Platform.LINUX) for number in range(2))]


def grade(devices: Sequence[Device], pick: Pick, standard: Standard) -> Scorecard:
    return graded(devices, findings(devices, pick, standard), standard)


def graded(devices: Sequence[Device], found: Sequence[Finding], standard: Standard) -> Scorecard:
    settled = settle(found, standard, NOW, ZONE)
    return score(settled, devices, standard, as_of=NOW, client_since=None, time_zone=ZONE)


def well_run(check: str, owner: Device) -> Status:
    """In order but for what any well-run company has: restarts that wait, a machine known by half, updates by hand."""
    if check == RESTART and owner.name in ("laptop3", "laptop7", "pc2", "server1"):
        return Status.WARN
    if check == IDENTIFIED and owner.name in ("laptop5", "linux0"):
        return Status.WARN
    if check == "patching.automatic-updates" and owner.role is Role.SERVER:
        return Status.WARN
    if check == "os-support.upgrade-due" and owner.name in ("pc0", "pc1"):
        return Status.WARN
    if check == ENCRYPTED and owner.name == "linux1":
        return Status.NOT_APPLICABLE
    return Status.PASS


def test_the_four_standards_ship() -> None:
    assert set(STANDARDS) == {"it-partner", "cyber-essentials", "cis-ig1", "insurance"}


@pytest.mark.parametrize("standard", STANDARDS.values(), ids=list(STANDARDS))
def test_each_says_what_it_is_and_what_it_leaves_out(standard: Standard) -> None:
    content = standard.content
    assert content.description
    assert content.looked_at
    assert content.not_looked_at
    assert set(content.checks) <= set(REGISTRY.checks)
    assert not standard.edited
    assert {promise.part for promise in content.promises} <= {part.id for part in content.parts}
    assert sum(category.weight for category in content.categories) == pytest.approx(100)


@pytest.mark.parametrize("standard", STANDARDS.values(), ids=list(STANDARDS))
def test_what_carries_a_promise_or_a_cap_is_critical_somewhere_or_high(standard: Standard) -> None:
    for line in standard.content.caps:
        weights = {standard.severity(line.check, role, None) for role in line.pool.roles}
        assert weights <= {"critical", "high", "medium"}, line.id


@pytest.mark.parametrize("standard", STANDARDS.values(), ids=list(STANDARDS))
def test_everything_in_order_is_an_a(standard: Standard) -> None:
    card = grade(office(), passing, standard)
    assert (card.score, card.letter, card.worst_case, card.caps) == (100, "A", "A", ())
    assert {promise.answer for promise in card.promises} == {Answer.YES}


@pytest.mark.parametrize("standard", STANDARDS.values(), ids=list(STANDARDS))
def test_a_well_run_company_reaches_a(standard: Standard) -> None:
    card = grade(office(), well_run, standard)
    assert (card.letter, card.worst_case, card.caps) == ("A", "A", ())
    assert card.score is not None
    assert 90 <= card.score < 100


@pytest.mark.parametrize(
    ("name", "machine", "check", "letter", "cap"),
    [
        # The scheme allows no exception to A6.1 and A6.4, on whatever machine.
        ("cyber-essentials", "laptop0", UPDATES, "C", "missing-updates"),
        ("cyber-essentials", "server0", UPDATES, "C", "missing-updates"),
        ("cyber-essentials", "linux0", SUPPORTED, "C", "out-of-support"),
        ("cyber-essentials", "laptop0", PROTECTED, "B", "without-malware-protection"),
        # Linux may be protected another way, and encryption is not asked for.
        ("cyber-essentials", "laptop1", PROTECTED, "A", None),
        ("cyber-essentials", "laptop0", ENCRYPTED, "A", None),
        ("cis-ig1", "laptop0", ENCRYPTED, "B", "laptops-not-encrypted"),
        ("cis-ig1", "pc0", ENCRYPTED, "A", None),
        # Encryption of servers belongs to group 2.
        ("cis-ig1", "server0", ENCRYPTED, "A", None),
        ("cis-ig1", "pc0", UPDATES, "B", "pcs-missing-updates"),
        ("cis-ig1", "server0", SUPPORTED, "C", "servers-out-of-support"),
        ("insurance", "laptop0", ENCRYPTED, "B", "devices-not-encrypted"),
        ("insurance", "pc0", ENCRYPTED, "B", "devices-not-encrypted"),
        ("insurance", "pc0", PROTECTED, "B", "without-antivirus"),
        ("insurance", "server0", PROTECTED, "C", "servers-without-antivirus"),
        ("insurance", "server0", UPDATES, "C", "servers-missing-updates"),
        ("insurance", "linux0", PROTECTED, "A", None),
        ("it-partner", "laptop0", ENCRYPTED, "B", "laptops-not-encrypted"),
        ("it-partner", "server0", SUPPORTED, "C", "servers-out-of-support"),
    ],
)
def test_what_one_bad_machine_does(name: str, machine: str, check: str, letter: str, cap: str | None) -> None:
    card = grade(office(), except_for({(machine, check): Status.FAIL}), STANDARDS[name])
    assert card.letter == letter
    assert [held.id for held in card.caps] == ([] if cap is None else [cap])
    assert all(held.endpoints == (machine,) for held in card.caps)


@pytest.mark.parametrize("standard", STANDARDS.values(), ids=list(STANDARDS))
def test_machines_that_nobody_saw_cost_points_and_hold_the_grade(standard: Standard) -> None:
    fleet = [*office(), device("away", Role.LAPTOP, None, seen=False)]
    card = grade(fleet, passing, standard)
    assert card.letter == "B"
    assert card.score is not None
    assert card.score < 100
    assert Answer.YES not in {promise.answer for promise in card.promises}


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("it-partner", Status.WARN),
        ("cyber-essentials", Status.FAIL),
        ("cis-ig1", Status.PASS),
        ("insurance", Status.PASS),
    ],
)
def test_a_security_update_that_is_missing_for_21_days(name: str, status: Status) -> None:
    """The recording of a machine that last upgraded 21 days ago, judged by each standard's own limits."""
    (case,) = (case for case in cases("patching") if case.name == "apt-missing-since-last-upgrade")
    parameters = STANDARDS[name].parameters(REGISTRY.checks[UPDATES])
    verdict = apply(REGISTRY.by_id["patching"], UPDATES, case, **parameters.values)
    assert "21 days" in verdict.measured
    assert verdict.status is status


@pytest.mark.parametrize("days", [("pass_days", 14), ("warn_days", 14)])
def test_cyber_essentials_gives_14_days_and_no_more(days: tuple[str, int]) -> None:
    parameters = STANDARDS["cyber-essentials"].parameters(REGISTRY.checks[UPDATES])
    assert parameters.number(days[0]) == days[1]


@pytest.mark.parametrize("standard", STANDARDS.values(), ids=list(STANDARDS))
def test_no_fleet_does_better_by_hiding_or_worse_by_repairing(standard: Standard) -> None:
    """Properties 1, 3 and 6 of the design, under every standard that ships."""
    for seed in range(SEEDS):
        chance = random.Random(seed)
        fleet = [
            device(f"m{number}", chance.choice(list(Role)), chance.choice([*Platform, None]), seen=chance.random() > 0.1)
            for number in range(chance.randint(1, 14))
        ]
        picked = {(one.name, check): chance.choice(list(Status)) for one in fleet for check in standard.content.checks}
        before = grade(fleet, except_for(picked), standard)
        assert rank(before.worst_case) <= rank(before.letter) or before.letter is None
        assert (before.score or 0) <= (before.possible or 0) + 1e-9
        key = chance.choice(sorted(picked))
        hidden = grade(fleet, except_for({**picked, key: Status.UNKNOWN}), standard)
        if picked[key] is not Status.NOT_APPLICABLE:
            assert (hidden.score or 0) <= (before.score or 0) + 1e-9, (seed, key)
            assert rank(hidden.worst_case) <= rank(before.worst_case), (seed, key)
        if picked[key] in (Status.FAIL, Status.WARN):
            repaired = grade(fleet, except_for({**picked, key: Status.PASS}), standard)
            assert (repaired.score or 0) >= (before.score or 0) - 1e-9, (seed, key)
            assert rank(repaired.letter) >= rank(before.letter), (seed, key)


def rank(letter: str | None) -> int:
    """Higher is better; without a grade is below F."""
    return -1 if letter is None else len(LETTERS) - LETTERS.index(letter)


# --- what is wrong with an edited one ---------------------------------------------------------------------------------

MISTAKES: Mapping[str, tuple[str, str, str]] = {
    "every severity weighs nothing": (
        "severity_weights: {critical: 10, high: 7.5, medium: 5, low: 2.5}",
        "severity_weights: {critical: 0, high: 0, medium: 0, low: 0}",
        "severity_weights.critical: input should be greater than 0",
    ),
    "a weight below nothing": ("high: 7.5,", "high: -7.5,", "severity_weights.high: input should be greater than 0"),
    "a weight that is no number": ("high: 7.5,", "high: .nan,", "severity_weights.high"),
    "a value above one": (
        "values: {pass: 1,",
        "values: {pass: 1.5,",
        "values.pass: input should be less than or equal to 1",
    ),
    "a warning worth more than a pass": ("{pass: 1, warn", "{pass: 0.4, warn", "values: expected pass >= warn >= fail"),
    "days below nothing": ("fresh_days: 30", "fresh_days: -1", "fresh_days: input should be greater than or equal to 1"),
    "no days": ("came_back_days: 90", "came_back_days: 0", "came_back_days: input should be greater than or equal to 1"),
    "half a day": ("came_back_days: 90", "came_back_days: 1.5", "came_back_days"),
    "grace below nothing": ("joined_grace_days: ", "joined_grace_days: -1", "joined_grace_days: input should be greater"),
    "a shelf life of nothing": (
        "shelf_life_days: 14",
        "shelf_life_days: 0",
        "shelf_life_days: input should be greater than",
    ),
    "an exception without an end": (
        "stated_days: 90",
        "stated_days: 99999",
        "exceptions.stated_days: input should be less",
    ),
    "more than all may leave": (
        "share: 0.05\n  critical",
        "share: 2\n  critical",
        "exceptions.share: input should be less",
    ),
    "older answers worth more": ("carried: {then: 0.5}", "carried: {then: 1.5}", "carried.then: input should be less than"),
    "coverage out of order": ("provisional: {below: 0.", "provisional: {below: 0.99", "coverage: expected capped.below"),
    "a band out of order": ("{A: 90, B: 80,", "{A: 70, B: 80,", "letters: expected A > B > C > D > 0"),
    "a band that is missing": ("{A: 90, B: 80,", "{A: 90,", "letters.B: field required"),
    "a key that nobody knows": ("fresh_days: 30", "fresh_days: 30\nstrict: true", "strict: extra inputs are not permitted"),
    "a key that stands twice": ("fresh_days: 30", "fresh_days: 30\nfresh_days: 60", "fresh_days: "),
    "a cap on a check that is not there": (
        "    check: os-support.supported\n    area",
        "    check: os-support.suported\n    area",
        "names os-support.suported, which is not among this standard's checks",
    ),
    "a cap that holds at F": ("systemic: {letter: C}", "systemic: {letter: F}", "input should be 'B', 'C' or 'D'"),
    "a check that is not installed": (
        "  os-support.upgrade-due:",
        "  os-support.upgrades-due:",
        "checks.os-support.upgrades-due: no check of this name is installed",
    ),
    "a promise on a check that is not there": (
        "[antivirus.protected, antivirus.definitions]",
        "[antivirus.protected, antivirus.fresh]",
        "names antivirus.fresh, which is not among this standard's checks",
    ),
    "a topic in no category": ("topics: [inventory", "topics: [inventories", "topic inventory is in no category"),
}


@pytest.mark.parametrize("name", [name for name in STANDARDS if name != DEFAULT])
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_by_file_line_and_key(name: str, mistake: str) -> None:
    old, new, said = MISTAKES[mistake]
    text = files("scorecard").joinpath("standards", f"{name}.yaml").read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(StandardError) as caught:
        parse(text.replace(old, new, 1), "mine.yaml", REGISTRY.checks)
    lines = str(caught.value).splitlines()
    assert any(said in line for line in lines), lines
    assert all(line.startswith("mine.yaml:") and line.split(":")[1].isdigit() for line in lines), lines
