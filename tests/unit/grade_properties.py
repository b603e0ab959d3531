"""What no fleet may break (design section 8).

Every fleet has all statuses, roles and platforms, older answers of every age, exceptions of every kind, machines that were
never seen, joined lately or are managed by others.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from scorecard.document import finding_from_json
from scorecard.document_writing import finding_json
from scorecard.model import OPEN, Finding, Status
from scorecard.result import Device, Scorecard
from scorecard.score import settle
from scorecard.standard import LETTERS
from tests.fleet import NOW, STANDARD, ZONE, grade, storied_fleet, turned, unseen

_TOLERANCE = 1e-9
_SHOWN = (
    "score",
    "possible",
    "coverage",
    "letter",
    "worst_case",
    "caps",
    "categories",
    "promises",
    "not_graded",
    "partner",
)

Fleet = tuple[Sequence[Device], Sequence[Finding], Scorecard]


def rank(letter: str | None) -> int:
    """Higher is better; not graded is below F."""
    return -1 if letter is None else len(LETTERS) - LETTERS.index(letter)


def changed(found: Sequence[Finding], index: int, entry: Finding) -> list[Finding]:
    return [*found[:index], entry, *found[index + 1 :]]


def not_knowing_never_pays(fleet: Fleet, chance: random.Random) -> None:
    """1. On today's answers: an answer that is withheld raises neither the score nor the worst-case letter."""
    devices, found, before = fleet
    index = chance.randrange(len(found))
    if found[index].status is Status.UNKNOWN:
        return
    after = grade(changed(found, index, unseen(found[index])), devices)
    if before.score is None:
        return
    assert (after.score or 0) <= (before.score or 0) + _TOLERANCE
    assert rank(after.worst_case) <= rank(before.worst_case)
    assert after.coverage <= before.coverage + _TOLERANCE


def hiding_never_pays(fleet: Fleet, chance: random.Random) -> None:
    """2. A machine that is hidden, for however long, never gives a better score than its last seen answers do.

    Nor a better worst case; and a cap that it caused holds. As they were measured: what was agreed about them ends, for an
    exception covers nothing that is unknown. (Where a warning that left the sum was above the average, its waiver cost
    points, and they come back.)
    """
    devices, found, before = fleet
    name = chance.choice(devices).name
    if any(one.endpoint == name and one.exception is not None and one.status in OPEN for one in found):
        found = [replace(one, exception=None) if one.endpoint == name and one.status in OPEN else one for one in found]
        before = grade(found, devices)
    days = chance.choice([0, 1, 14, 15, 21, 28, 45, 46, 90, 91, 400])
    after = grade([unseen(one, days) if one.endpoint == name else one for one in found], devices)
    if before.score is None:  # nothing applied to any machine: there was nothing to grade, now there is
        return
    assert (after.score or 0) <= (before.score or 0) + _TOLERANCE
    assert rank(after.worst_case) <= rank(before.worst_case)
    caused = {cap.id for cap in before.caps if cap.check is not None and name in cap.endpoints}
    assert caused <= {cap.id for cap in after.caps} | {cap for cap in caused if cap.startswith("not-read.")}
    assert rank(after.letter) <= rank(before.letter)


def mending_never_costs(fleet: Fleet, chance: random.Random) -> None:
    """3. A fail or warn that passes lowers neither the score nor the letter, of the client or of the partner."""
    devices, found, before = fleet
    index = chance.randrange(len(found))
    if found[index].status not in OPEN:
        return
    mended = replace(turned(found, index, Status.PASS)[index], exception=None)
    after = grade(changed(found, index, mended), devices)
    assert (after.score or 0) >= (before.score or 0) - _TOLERANCE
    assert rank(after.letter) >= rank(before.letter)
    assert rank(after.worst_case) >= rank(before.worst_case)
    assert after.partner is not None
    assert before.partner is not None
    assert rank(after.partner.letter) >= rank(before.partner.letter) or before.partner.not_graded


def order_does_not_matter(fleet: Fleet, chance: random.Random) -> None:
    """4."""
    devices, found, card = fleet
    mixed, machines = list(found), list(devices)
    chance.shuffle(mixed)
    chance.shuffle(machines)
    other = grade(mixed, machines)
    assert dict(card.endpoint_scores) == dict(other.endpoint_scores)
    for name in _SHOWN[:-1]:
        assert getattr(card, name) == getattr(other, name)


def twins_change_nothing(fleet: Fleet, _chance: random.Random) -> None:
    """5. An identical fleet twice has the same score."""
    devices, found, card = fleet
    twins = [replace(one, name=f"twin-{one.name}") for one in devices]
    again = [replace(entry, endpoint=f"twin-{entry.endpoint}") for entry in found]
    other = grade([*found, *again], [*devices, *twins])
    assert card.score == pytest.approx(other.score)
    assert card.possible == pytest.approx(other.possible)
    assert card.coverage == pytest.approx(other.coverage)


def bounds_hold(fleet: Fleet, _chance: random.Random) -> None:
    """6."""
    _, found, card = fleet
    if card.score is None or card.possible is None:
        assert card.letter is None
        return
    assert 0 <= card.score <= card.possible + _TOLERANCE <= 100 + 2 * _TOLERANCE
    if not any(entry.status is Status.UNKNOWN and entry.effective != 0 for entry in settled_again(fleet)):
        assert card.score <= 100 * card.coverage + _TOLERANCE
    if card.letter is not None:
        assert rank(card.worst_case) <= rank(card.letter) <= rank(card.letter_before_caps)
    for promise in card.promises:
        parts = (promise.met, len(promise.endpoints), len(promise.unknown), len(promise.excused))
        assert sum(parts) == promise.of
    assert len(card.endpoint_scores) == len(fleet[0])
    assert len(found) == len(fleet[1])


def settled_again(fleet: Fleet) -> Sequence[Finding]:
    return settle(fleet[1], STANDARD, NOW, ZONE)


def the_document_alone_gives_the_same(fleet: Fleet, _chance: random.Random) -> None:
    """7. From the findings as the document has them."""
    devices, _, card = fleet
    again = grade([finding_from_json(finding_json(entry)) for entry in settled_again(fleet)], devices)
    for name in _SHOWN:
        assert getattr(card, name) == getattr(again, name)


PROPERTIES: tuple[Callable[[Fleet, random.Random], None], ...] = (
    not_knowing_never_pays,
    hiding_never_pays,
    mending_never_costs,
    order_does_not_matter,
    twins_change_nothing,
    bounds_hold,
    the_document_alone_gives_the_same,
)


def fleet_of(seed: int, most: int) -> Fleet:
    devices, found = storied_fleet(seed, most)
    return devices, found, grade(found, devices)
