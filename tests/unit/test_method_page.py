"""The worked examples of docs/method.md: every bold figure there is what the program makes of the same fleet."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from scorecard.model import ExceptionKind, Finding, Mark, Role, Status
from scorecard.result import Scorecard
from tests.fleet import STANDARD, device, finding, grade, unseen

PAGE = (Path(__file__).parents[2] / "docs" / "method.md").read_text(encoding="utf-8")
ENCRYPTED = "disk-encryption.system-volume"
PROTECTED = "antivirus.protected"


def printed(number: int) -> list[str]:
    """The bold figures of an example."""
    section = PAGE.split(f"\n### {number}. ")[1].split("\n## ")[0].split("\n### ")[0]
    return re.findall(r"\*\*([^*]+)\*\*", section)


def points(value: float | None) -> str:
    assert value is not None
    return f"{value:.2f}"


def worst_points(found: list[Finding]) -> str:
    """The score of the same fleet with every unknown as a fail."""
    failed = [
        replace(entry, verdict=replace(entry.verdict, status=Status.FAIL)) if entry.status is Status.UNKNOWN else entry
        for entry in found
    ]
    return points(grade(failed, [device(name) for name in {entry.endpoint for entry in found}]).score)


def test_the_sums() -> None:
    laptop, server = device("laptop"), device("server", Role.SERVER)
    card = grade(
        [
            finding(ENCRYPTED, laptop, Status.FAIL),
            finding(ENCRYPTED, server, Status.PASS),
            finding("disk-encryption.method", laptop, Status.WARN),
            finding("disk-encryption.method", server, Status.PASS),
            finding("patching.security-updates", laptop, Status.UNKNOWN),
            finding("patching.security-updates", server, Status.PASS),
        ],
        [laptop, server],
    )
    assert printed(1) == [points(card.score), points(card.possible), f"{100 * card.coverage:.2f} %"]


def away(days: int | None) -> tuple[Scorecard, list[Finding]]:
    fleet = [device(f"laptop{number}") for number in range(4)]
    found = [finding(check, one, Status.PASS) for one in fleet for check in (ENCRYPTED, PROTECTED)]
    found[-2] = finding(ENCRYPTED, fleet[-1], Status.FAIL)
    if days is not None:
        found[-2:] = [unseen(entry, days) for entry in found[-2:]]
    return grade(found, fleet), found


def test_a_machine_that_is_away() -> None:
    card, found = away(20)
    assert printed(2) == [
        points(card.score),
        points(card.possible),
        f"{100 * card.coverage:.2f} %",
        card.letter,
        worst_points(found),
        card.worst_case,
    ]
    assert {cap.id for cap in card.caps} == {"coverage", "laptops-not-encrypted"}
    assert "it is 87.50: hiding cost 6.25 points" in PAGE
    assert points(away(None)[0].score) == "87.50"
    assert "would be unknown: 75.00" in PAGE
    assert points(away(29)[0].score) == "75.00"


def test_waived_declined_and_the_partners_grade() -> None:
    fleet = [device(f"laptop{number:02}") for number in range(20)]
    found = [finding(ENCRYPTED, one, Status.FAIL if number < 3 else Status.PASS) for number, one in enumerate(fleet)]
    found[0] = replace(found[0], exception=Mark("a", ExceptionKind.WAIVED, covered=True))
    found[1] = replace(found[1], exception=Mark("b", ExceptionKind.DECLINED))
    card = grade(found, fleet)
    assert card.partner is not None
    assert printed(3) == [points(card.score), card.letter, points(card.partner.score), card.partner.letter]


@pytest.mark.parametrize(
    ("said", "topics"),
    [("antivirus 14 days", {"antivirus"}), ("updates 21", {"patching"}), ("others 45", {"disk-encryption", "os-support"})],
)
def test_shelf_lives_on_the_page_are_those_of_the_standard(said: str, topics: set[str]) -> None:
    assert said in " ".join(PAGE.split())
    checks = STANDARD.content.checks
    lives = {line.shelf_life_days for check, line in checks.items() if check.partition(".")[0] in topics}
    assert lives == {int(said.split()[1])}
