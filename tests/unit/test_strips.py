"""What earlier audits said of a check on a machine: from the store or their documents, by the machines of this one."""

from __future__ import annotations

import json
import sqlite3
import zlib
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest

from scorecard import strips, told
from scorecard.exceptions import Entry, Exceptions
from scorecard.model import ExceptionKind, Status, Verdict
from scorecard.pseudonyms import redacted
from scorecard.reporting import ReportContext
from scorecard.result import Audit
from scorecard.store import Store
from scorecard.strips import Square
from tests.e2e import sample, story
from tests.e2e.sample import Machine, short
from tests.unit.test_report_told import kept

OPEN = {story.DRIVE: short("open", "shut")}
APART = {story.DRIVE: Verdict(Status.NOT_APPLICABLE, "Does not apply", reason="A virtual disk")}


def month(number: int, machines: list[Machine], **changes: object) -> Audit:
    at = sample.AS_OF - timedelta(days=30 * (20 - number))
    return sample.audit(machines, at=at, id=f"a{number:02d}", **changes)  # type: ignore[arg-type]  # fields of Audit


def strip(found: told.Told, audit: Audit, name: str, check: str = story.DRIVE) -> str:
    assert found.strips is not None
    return found.strips.of([device.name for device in audit.devices].index(name), check)


@cache
def year() -> tuple[Audit, ...]:
    """A machine that is waived, unseen, cannot be asked and falls short; one that is new; one that is written otherwise."""
    said = {"reason": "Replaced soon", "approver": "R. Finch"}
    on = (sample.AS_OF - timedelta(days=30 * 18 + 5)).date()
    waived = Entry("w", ExceptionKind.WAIVED, (story.DRIVE,), ("A",), on, on + timedelta(days=20), False, said)
    return (
        month(1, [Machine("A"), Machine("pc-b")]),
        month(2, [Machine("A", answers=OPEN), Machine("pc-b", answers=OPEN), *many()], exceptions=Exceptions((waived,))),
        month(3, [Machine("A", failure=sample.unreachable()), Machine("pc-b")]),
        month(4, [Machine("A", answers=APART), Machine("pc-b")]),
        month(5, [Machine("Z"), Machine("PC-B", answers=OPEN), Machine("A", answers=OPEN), Machine("new", answers=OPEN)]),
    )


def many() -> list[Machine]:
    """So many that a waiver of one of them stays within the share that may leave the sum."""
    return [Machine(f"M{number}") for number in range(30)]


def test_a_strip_says_what_each_audit_said_then(tmp_path: Path) -> None:
    audits = year()
    store = kept(audits, tmp_path)
    found = told.told_by(audits[-1], store)
    assert strip(found, audits[-1], "A") == "meuns"
    assert strip(found, audits[-1], "PC-B") == "msmms"  # the same machine, whatever its capitals
    assert strip(found, audits[-1], "new") == "----s"
    assert strip(found, audits[-1], "A", "no.such-check") == "-" * 5


def test_of_audits_that_are_not_read_whole_the_store_has_the_letters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a very large client: the same strips, and only one document is read."""
    audits = year()
    store = kept(audits, tmp_path)
    whole = told.told_by(audits[-1], store).strips
    assert whole is not None
    monkeypatch.setattr(told, "_MACHINES", 1)
    read: list[str | None] = []
    load = Store.load

    def noted(self: Store, audit_id: str | None = None) -> Audit:
        read.append(audit_id)
        return load(self, audit_id)

    monkeypatch.setattr(Store, "load", noted)
    few = told.told_by(audits[-1], store)
    assert read == ["a04"]
    for name in ("A", "PC-B", "new"):
        assert strip(few, audits[-1], name) == whole.of([one.name for one in audits[-1].devices].index(name), story.DRIVE)


@pytest.mark.parametrize("damage", [None, b"no zlib", zlib.compress(b"[1, 2]")])
def test_what_an_older_version_did_not_keep_or_is_damaged_is_a_gap(
    damage: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    audits = year()
    store = kept(audits, tmp_path)
    monkeypatch.setattr(told, "_MACHINES", 1)
    with sqlite3.connect(tmp_path / "history.db") as database:
        database.execute("update audits set squares = ? where id = 'a02'", [damage])
    database.close()
    assert strip(told.told_by(audits[-1], store), audits[-1], "A") == "m-uns"


@pytest.mark.parametrize("line", ['"mm"', '"<"', "1", "null"])
def test_letters_that_are_none_are_refused(line: str) -> None:
    with pytest.raises(ValueError, match="a letter for each check"):
        strips.loads(f'{{"checks": ["a"], "machines": {{"a": {line}}}}}')


def test_an_audit_that_cannot_be_read_is_a_gap_and_one_of_a_part_is_none_at_all(tmp_path: Path) -> None:
    audits = year()
    part = month(3, [Machine("A", answers=OPEN)], scope="--limit A")
    store = kept((*audits[:3], replace(part, id="part", as_of=part.as_of + timedelta(days=1)), *audits[3:]), tmp_path)
    with sqlite3.connect(tmp_path / "history.db") as database:
        database.execute("update audits set document = ? where id = 'a02'", [zlib.compress(b"{}")])
    database.close()
    found = told.told_by(audits[-1], store)
    assert strip(found, audits[-1], "A") == "m-uns"
    assert [past.unreadable for past in found.history] == [False, True, False, False]


def test_the_newest_twelve_are_shown_and_a_first_audit_has_no_strip(tmp_path: Path) -> None:
    good, poor = month(1, [Machine("A")]), month(1, [Machine("A", answers=OPEN)])
    audits = tuple(
        replace(poor if day in (1, 12, 14) else good, id=f"a{day:02d}", as_of=sample.AS_OF + timedelta(days=day))
        for day in range(1, 15)
    )
    store = kept(audits, tmp_path)
    assert strip(told.told_by(audits[-1], store), audits[-1], "A") == "mmmmmmmmmsms"
    assert strip(told.told_by(audits[11], store), audits[11], "A") == "smmmmmmmmmms"
    assert told.told_by(audits[0], store).strips is None


def test_numbers_for_names_leave_the_strips_as_they_are(tmp_path: Path) -> None:
    """Even where a machine is called as a check's topic is, or as a strip reads."""
    names = ("patching", "msm")
    first = month(1, [Machine(name, answers=OPEN) for name in names])
    second = month(2, [Machine(name) for name in names])
    third = month(3, [Machine(name, answers=OPEN) for name in names])
    found = told.told_by(third, kept((first, second, third), tmp_path))
    audit, context = redacted(third, ReportContext(strips=found.strips))
    assert [device.name for device in audit.devices] == ["M-001", "M-002"]
    assert context.strips == found.strips
    assert strip(found, third, "msm") == "sms"


def test_letters_come_back_as_they_were_kept() -> None:
    made = strips.squares(year()[1])
    assert strips.loads(strips.dumps(made)) == made
    assert Square.EXCUSED in made.lines["a"]
    assert len(json.loads(strips.dumps(made))["machines"]) == 32
