"""Standards: the shipped ones load, and what is wrong with an edited one is named by file, line and key."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from scorecard.errors import StandardError
from scorecard.model import Platform, Role, Severity, Status
from scorecard.standard import load, parse, shipped, worse
from tests.fleet import REGISTRY, STANDARD

TEXT = files("scorecard").joinpath("standards", "it-partner.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", shipped())
def test_shipped_standards_load_and_name_only_checks_that_exist(name: str) -> None:
    standard = load(name, REGISTRY.checks)
    assert set(standard.content.checks) <= set(REGISTRY.checks)
    assert not standard.edited


def test_every_check_that_ships_is_graded() -> None:
    assert set(STANDARD.content.checks) == set(REGISTRY.checks)


def test_severity_by_role_and_platform() -> None:
    def severity(check: str, role: Role, platform: Platform | None = Platform.LINUX) -> Severity:
        return STANDARD.severity(check, role, platform)

    encrypted = "disk-encryption.system-volume"
    assert severity(encrypted, Role.LAPTOP) is Severity.CRITICAL
    assert severity(encrypted, Role.WORKSTATION) is Severity.HIGH
    assert severity(encrypted, Role.SERVER) is Severity.MEDIUM
    assert severity("antivirus.protected", Role.SERVER) is Severity.LOW
    assert severity("antivirus.protected", Role.SERVER, Platform.WINDOWS) is Severity.CRITICAL
    assert severity("antivirus.protected", Role.SERVER, None) is Severity.CRITICAL
    assert severity("antivirus.protected", Role.LAPTOP) is Severity.CRITICAL


@pytest.mark.parametrize(
    ("score", "letter"), [(100, "A"), (90, "A"), (89.999, "B"), (80, "B"), (79.9, "C"), (60, "D"), (59.99, "F"), (0, "F")]
)
def test_letters(score: float, letter: str) -> None:
    assert STANDARD.letter(score) == letter


def test_worse() -> None:
    assert worse("A", "C") == worse("C", "B") == "C"


def test_values_of_statuses() -> None:
    values = {status: STANDARD.values[status] for status in Status}
    assert values == {
        Status.PASS: 1,
        Status.WARN: 0.5,
        Status.FAIL: 0,
        Status.UNKNOWN: 0,
        Status.NOT_APPLICABLE: None,
    }


def test_parameters_are_the_defaults_under_what_the_standard_sets() -> None:
    check = REGISTRY.checks["patching.security-updates"]
    edited = parse(TEXT.replace("pass_days: 14", "pass_days: 7"), "mine.yaml", REGISTRY.checks, edited=True)
    assert STANDARD.parameters(check).number("pass_days") == 14
    assert edited.parameters(check).number("pass_days") == 7


def test_a_copy_is_edited_only_when_something_differs(tmp_path: Path) -> None:
    copy = tmp_path / "mine.yaml"
    copy.write_text("# our own\n" + TEXT, encoding="utf-8")
    assert not load(str(copy), REGISTRY.checks).edited
    assert load(str(copy), REGISTRY.checks).sha256 == STANDARD.sha256
    copy.write_text(TEXT.replace("{A: 90, B: 80", "{A: 91, B: 80"), encoding="utf-8")
    assert load(str(copy), REGISTRY.checks).edited


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("letters: {A: 90, B: 80", "letters: {A: 80, B: 80", "letters: expected A > B > C > D > 0"),
        ("server: 3,", "server: 0,", "role_weights.server: input should be greater than 0"),
        ("server: 3,", "server: three,", "role_weights.server"),
        ("unknown: 0}", "unknown: 0.5}", "values.unknown: input should be 0"),
        ("weight: 25,", "wight: 25,", "wight"),
        (
            "patching.last-installed:",
            "patching.last-instaled:",
            "patching.last-instaled: no check of this name is installed",
        ),
        ("pass_days: 14", "pas_days: 14", "the check has no such parameter; it has: pass_days"),
        ("pass_days: 14", "pass_days: soon", "expected a value like 14"),
        ("pass_days: 14", "pass_days: -1", "expected a value like 14"),
        ("pass_days: 14", "pass_days: .inf", "expected a value like 14"),
        ("systemic: {letter: C}", "systemic: {letter: F}", "input should be 'B', 'C' or 'D'"),
        (
            "    check: disk-encryption.system-volume\n    area",
            "    check: no.such\n    area",
            "names no.such, which is not among",
        ),
        (
            "      - {is: medium}\n    shelf",
            "      - {roles: [server], platforms: [linux], is: medium}\n    shelf",
            "says nothing",
        ),
        ("capped: {below: 0.90", "capped: {below: 0.50", "expected capped.below >= provisional.below"),
        ("part: encryption, weight", "part: enc, weight", "no part 'enc'"),
        (
            "{id: antivirus, title: Antivirus, part",
            "{id: patching, title: Antivirus, part",
            "patching stands here for the second",
        ),
        ("topics: [antivirus]", "topics: [antivirus, patching]", "patching stands here for the second time"),
        ("critical: 10", "critical: 1", "severity_weights: expected critical >= high >= medium >= low"),
        ("below: 0.90, letter: B", "below: 0.90, letter: D", "coverage.provisional.letter: expected a letter no better"),
        (
            "share: 0.10, at_least: 1, letter: B",
            "share: 0.10, at_least: 1, letter: D",
            "systemic.letter: expected a letter",
        ),
        ("severe: {above: 0.25, letter: D}", "severe: {above: 0.25, letter: B}", "severe.letter: expected a letter no"),
        ("severe: {above: 0.25", "severe: {above: 0.01", "severe.above: expected a share no smaller than that of few"),
        (
            "pool: {name: laptops, roles: [laptop]}",
            "pool: {name: laptops, roles: []}",
            "roles: tuple should have at least 1",
        ),
        ("looked_at: computers", "looked_at: ''", "looked_at: string should have at least 1"),
        (
            "pass_days: 14, warn_days: 30",
            "pass_days: 40, warn_days: 30",
            "expected pass_days <= warn_days, found 40 and 30",
        ),
        (
            "    title: its whole disk encrypted\n    part: encryption",
            "    title: its whole disk encrypted\n    part: disks",
            "no part 'disks'",
        ),
        ("carried: {then: 0.5}", "carried: {then: 1.5}", "carried.then: input should be less than or equal to 1"),
        ("stated_value: 0.5", "stated_value: 0.9", "exceptions.stated_value: input should be less than or equal to 0.5"),
        ("covered_letter: B", "covered_letter: A", "exceptions.covered_letter: input should be 'B', 'C' or 'D'"),
        ("asked_with: pattern", "asked_with: patern", "asked_with: the check has no such parameter; it has: pattern"),
        ("name: it-partner", "name: it-partner\nname: again", "already on line"),
        ("fresh_days: 30", "fresh_days: 30\n  bad: [", "this is not YAML"),
    ],
)
def test_mistakes_are_named_by_file_line_and_key(old: str, new: str, said: str) -> None:
    assert old in TEXT
    with pytest.raises(StandardError) as caught:
        parse(TEXT.replace(old, new, 1), "mine.yaml", REGISTRY.checks)
    assert said in str(caught.value)
    assert all(line.startswith("mine.yaml:") for line in str(caught.value).splitlines())


def test_a_check_that_is_asked_with_a_pattern_is_asked_of_nobody_without_one() -> None:
    """Else a machine that is not seen would lose points for what is asked of none that is."""
    naming = "inventory.naming-standard"
    assert all(naming not in load("it-partner", REGISTRY.checks).checks_for(role) for role in Role)
    with_pattern = TEXT.replace("asked_with: pattern", "asked_with: pattern, parameters: {pattern: 'PC-[0-9]+'}")
    assert naming in parse(with_pattern, "mine.yaml", REGISTRY.checks).checks_for(Role.LAPTOP)


def test_an_unknown_standard_says_which_there_are() -> None:
    with pytest.raises(
        StandardError, match="expected cis-ig1, cyber-essentials, insurance, it-partner or the path of a file"
    ):
        load("no-such", REGISTRY.checks)
