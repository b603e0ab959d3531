"""What the script of the page reads, what is told once for all machines, and the answers that the page prints."""

from __future__ import annotations

import importlib
import json
import re
from collections import Counter
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from scorecard.model import Observation, Outcome, Status
from scorecard.reporting import EditionName, ReportContext
from scorecard.result import Audit
from tests.e2e import sample, story
from tests.e2e.sample import MARKUP, Machine, short

views = importlib.import_module("scorecard.reports.view")
compact = importlib.import_module("scorecard.reports.compact")
hygiene = importlib.import_module("scorecard.reports.hygiene")
LETTERS = {Status.PASS: "P", Status.WARN: "W", Status.FAIL: "F", Status.UNKNOWN: "U", Status.NOT_APPLICABLE: "N"}
DRIVE, SCAN = "disk-encryption.system-volume", "antivirus.recent-scan"
(NUMBER, NAME, PEOPLE, SITE, SYSTEM, ROLE, GROUPS, STATES, OTHER, POINTS, DAY, CHANGED, CHECKS, FOUND) = range(14)


def view(audit: Audit, context: ReportContext | None = None) -> Any:
    return views.build(audit, context or ReportContext())


@cache
def told() -> Any:
    return view(story.story().audit, story.story().context)


def unpacked(made: Any) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(hygiene.json_block(compact.data(made)))
    return data


def test_each_machine_is_there_in_the_order_of_the_list_with_the_values_of_its_row() -> None:
    made = told()
    data = unpacked(made)
    assert [row[NAME] for row in data["rows"]] == [device.name for device in made.rows.devices]
    for row, device in zip(data["rows"], made.rows.devices, strict=True):
        assert f"d{row[NUMBER]:04d}" == device.id
        assert [data["order"][int(place)] for place in row[STATES]] == [
            device.state,
            *(cell.state for cell in device.cells),
        ]
        assert data["cells"][row[OTHER]] == device.cells[-1].word
        assert (data["sites"][row[SITE]], data["systems"][row[SYSTEM]]) == (device.site, device.system)
        assert data["roles"][row[ROLE]] == device.role
        assert row[POINTS] is None if device.score is None else f"{row[POINTS] / 10:.1f}" == f"{device.score:.1f}"


def test_a_check_is_a_letter_and_a_small_one_is_excused() -> None:
    made = told()
    data = unpacked(made)
    counted = Counter(letter for row in data["rows"] for letter in row[CHECKS])
    for status, letter in LETTERS.items():
        excused = sum(finding.excused for finding in made.rows.findings if finding.status is status)
        assert counted[letter] + excused == sum(finding.status is status for finding in made.rows.findings)
        assert counted[letter.lower()] == excused
    assert counted["f"] + counted["w"] > 0
    assert {len(row[CHECKS]) for row in data["rows"]} == {len(data["checks"])}


def test_what_moved_since_the_audit_before_is_marked() -> None:
    made = told()
    moved = {endpoint for (_, endpoint), word in made.moves.states.items() if word != "Open"}
    marked = {row[NAME] for row in unpacked(made)["rows"] if row[CHANGED]}
    assert marked == moved & {device.name for device in story.story().audit.devices}
    assert 0 < len(marked) < len(made.rows.devices)


def test_what_is_as_agreed_is_found_again_by_its_place() -> None:
    made = told()
    data = unpacked(made)
    pages = {page.id: page for page in made.by_check.pages}
    for row, device in zip(data["rows"], made.rows.devices, strict=True):
        good = [place for place, letter in enumerate(row[CHECKS]) if letter in "PN"]
        assert len(good) == len(row[FOUND])
        texts = [pages[data["checks"][place][2]].found[at].text for place, at in zip(good, row[FOUND], strict=True)]
        passed = sorted(finding.measured for finding in device.with_status(Status.PASS))
        assert sorted(text for text in texts if not text.startswith("Not applicable: ")) == passed


def test_few_machines_with_the_same_answer_are_named_and_many_are_counted() -> None:
    odd = {SCAN: short("3 days ago", "", Status.PASS)}
    machines = [*(Machine(f"M{n:02d}") for n in range(20)), Machine("b", answers=odd), Machine("A", answers=odd)]
    page = view(sample.audit(machines)).by_check.of[SCAN]
    assert [(found.text, found.names, found.machines) for found in page.found] == [
        ("2 days ago", (), 20),
        ("3 days ago", ("A", "b"), 2),
    ]
    assert page.fix == ()
    broken = view(sample.audit([*machines, Machine("C", answers={SCAN: short("never", "lately")})])).by_check.of[SCAN]
    assert broken.short == 1
    assert broken.fix


def test_groups_are_the_tags() -> None:
    audit = sample.audit([Machine("A"), Machine("B")])
    devices = (replace(audit.devices[0], tags=("till", "shop, north")), audit.devices[1])
    made = view(replace(audit, devices=devices))
    data = unpacked(made)
    assert data["groups"] == ["shop, north", "till"]
    assert sorted(data["groups"][place] for place in data["rows"][0][GROUPS]) == ["shop, north", "till"]


def many(count: int) -> Audit:
    weak = {DRIVE: short("open", "shut")}
    return sample.audit([Machine(f"M{n:04d}", answers=weak if n >= count - 600 else {}) for n in range(count)])


def test_a_large_fleet_is_printed_in_part_and_listed_whole() -> None:
    made = view(many(700))
    data = unpacked(made)
    assert made.large
    assert len(made.on_page) == 500
    assert {device.state.value for device in made.on_page} == {"no"}
    assert made.needing == 600
    assert len(data["rows"]) == 700
    printed = {int(device.id[1:]) for device in made.on_page}
    faults = [row for row in data["rows"] if row[STATES][0] == "0" and row[NUMBER] not in printed]
    assert len(faults) == 100
    ((check, found, expected, since),) = faults[0][FOUND]
    assert data["checks"][check][0] == DRIVE
    assert (data["texts"][found], data["texts"][expected]) == ("open", "shut")
    assert since == sample.AS_OF.date().toordinal() - 719_163 - 21


def test_texts_that_do_not_fit_are_left_out_and_not_mixed_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compact, "_TEXTS_BYTES", 10)
    data = unpacked(view(many(700)))
    assert data["texts"] == ["open"]
    assert {row[FOUND][0][2] for row in data["rows"] if row[FOUND] and isinstance(row[FOUND][0], list)} == {-1}


def test_the_prospects_edition_carries_no_machine() -> None:
    audit = sample.audit([Machine("PLANTED-NAME", site="PLANTED-SITE")])
    data = compact.data(view(audit, ReportContext(edition=EditionName.PROSPECT)))
    assert data["rows"] == []
    assert "PLANTED" not in json.dumps(data)


def test_hostile_texts_stay_texts_in_the_block() -> None:
    audit = sample.audit([replace(machine, site=MARKUP) for machine in sample.hostile()])
    block = hygiene.json_block(compact.data(view(audit)))
    assert not set(block) & set("<>&\u2028\u2029")
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", block)


def observed(part: str, text: str, outcome: Outcome = Outcome.OK) -> Observation:
    return Observation(part, outcome, text, 0, 1, sample.AS_OF)


def evidence_of(kept: dict[str, Observation], *, machines: int = 1) -> Any:
    open_ = {DRIVE: short("open", "shut"), "disk-encryption.method": short("weak", "strong")}
    audit = sample.audit([Machine(f"M{n}", answers=open_) for n in range(machines)])
    findings = tuple(replace(finding, observations=tuple(kept)) for finding in audit.findings)
    return view(replace(audit, findings=findings), ReportContext(evidence=kept)).evidence


def test_findings_on_the_same_answers_share_them_and_later_machines_point_to_them() -> None:
    kept = {"sha256:1": observed("disk.a", "one"), "sha256:2": observed("disk.b", "", Outcome.ABSENT)}
    found = evidence_of({**kept, "sha256:3": observed("disk.c", "three")}, machines=2)
    (first,), (second,) = found.by_device["d0001"], found.by_device["d0002"]
    assert [answer.text for answer in first.answers] == ["one", "three"]
    assert first.absent.parts == (("disk.b", ""),)
    assert second.answers == ()
    assert second.before.parts == tuple((answer.part, answer.id) for answer in first.answers)
    assert {group for group, _ in found.groups.values()} == {first.id, second.id}
    assert found.asked("d0001") == {"disk.a", "disk.b", "disk.c"}


def test_a_list_of_what_is_only_named_is_printed_with_the_first_machine_alone() -> None:
    kept = {"sha256:1": observed("disk.a", "one"), "sha256:2": observed("disk.b", "", Outcome.ABSENT)}
    found = evidence_of(kept, machines=3)
    (first,), (second,), (third,) = (found.by_device[f"d000{n}"] for n in (1, 2, 3))
    assert first.before is None
    assert (first.absent.as_with, second.absent.as_with) == ("", "M0")
    assert first.absent.id == second.absent.id == third.absent.id
    assert (second.before.id, second.before.as_with) == (first.id, "M0")
    assert found.asked("d0003") == {"disk.b"}


def test_answers_of_several_machines_are_listed_once_where_one_group_does_not_have_them_all() -> None:
    weak = {DRIVE: short("open", "shut")}
    audit = sample.audit([Machine(f"M{n}", answers=weak) for n in range(4)])
    kept = {f"sha256:{part}{text}": observed(f"disk.{part}", text) for part in "ab" for text in "12"}
    asked = {"M0": ("a1", "b1"), "M1": ("a2", "b1"), "M2": ("a2", "b1"), "M3": ("a2", "b1")}
    findings = tuple(
        replace(found, observations=tuple(f"sha256:{key}" for key in asked[found.endpoint])) for found in audit.findings
    )
    made = view(replace(audit, findings=findings), ReportContext(evidence=kept)).evidence
    m1, m2, m3 = (made.by_device[f"d000{n}"][0].before for n in (2, 3, 4))
    assert (m1.id, m1.as_with) == ("a00001", "M0")
    assert (m2.as_with, dict(m2.parts)) == ("", {"disk.a": "e00003", "disk.b": "e00002"})
    assert (m3.id, m3.as_with) == (m2.id, "M2")


def test_texts_that_each_machine_has_for_itself_are_counted_and_not_listed() -> None:
    machines = [Machine(f"M{n:02d}", answers={SCAN: short(f"{n} days ago", "", Status.PASS)}) for n in range(30)]
    made = view(sample.audit(machines))
    page = made.by_check.of[SCAN]
    assert (len(page.found), page.others) == (20, 10)
    at = sorted(check.check for check in made.by_check.pages).index(SCAN)
    assert sum(places[at] == -1 for places in made.by_check.passing.values()) == 10


def test_answers_beyond_the_budget_are_left_out_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module("scorecard.reports.evidence")
    monkeypatch.setattr(module, "_BUDGET_BYTES", 5_000)
    found = evidence_of({f"sha256:{n}": observed(f"disk.{n}", str(n) * 4_000) for n in range(3)})
    ((group,),) = found.by_device.values()
    assert [(bool(answer.text), answer.left_out) for answer in group.answers] == [
        (True, False),
        (False, True),
        (False, True),
    ]
    assert found.left_out == 2


def test_an_answer_that_is_not_kept_is_named_by_its_fingerprint() -> None:
    audit = sample.audit([Machine("A", answers={DRIVE: short("open", "shut")})])
    ((group,),) = view(audit).evidence.by_device.values()
    assert group.answers == ()
    assert all(re.fullmatch(r"sha256:[0-9a-f]{12}…", shown) for shown in group.not_kept)
