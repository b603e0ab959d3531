"""The end of an audit on a screen: what it says, in 80 columns whatever the names, with colour on a terminal alone."""

from __future__ import annotations

import os
import pty
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len

from scorecard.cli.summary import show
from scorecard.plan.hours import Hours
from scorecard.plan.tasks import plan
from scorecard.reporting import ReportContext
from scorecard.result import Audit
from scorecard.rounding import percentage
from tests.e2e import sample, story
from tests.e2e.sample import Machine, short, unreachable

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
Shown = Callable[..., str]


@pytest.fixture
def plain(capsys: pytest.CaptureFixture[str]) -> Shown:
    """What is printed where there is no terminal."""

    def shown(audit: Audit, *files: Path, before: Audit | None = None) -> str:
        show(audit, files, ReportContext(before=before))
        return capsys.readouterr().out

    return shown


def on_terminal(monkeypatch: pytest.MonkeyPatch, audit: Audit, **environment: str) -> str:
    """What a real terminal is sent."""
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm-256color", **environment}.items():
        monkeypatch.setenv(name, value)
    leader, follower = pty.openpty()
    shown = bytearray()

    def read() -> None:
        with suppress(OSError):  # that is how a terminal without a program ends
            while data := os.read(leader, 65536):
                shown.extend(data)

    reader = threading.Thread(target=read)
    reader.start()
    with os.fdopen(follower, "w", encoding="utf-8") as terminal, monkeypatch.context() as patch:
        patch.setattr("sys.stdout", terminal)
        show(audit)
    reader.join()
    os.close(leader)
    return shown.decode()


def joined(said: str) -> str:
    """With lines that were wrapped put together."""
    return re.sub(r"\s+", " ", said)


def test_it_says_letter_answers_fixes_and_what_was_not_seen(plain: Shown) -> None:
    told = story.story()
    said = plain(told.audit, Path("out/page.html"), before=told.audits[-2])
    card, found = told.audit.scorecard, plan(told.audit)
    assert f"Harbour & Finch: grade {card.letter} ({card.score:.1f} of 100), 118 of 124 machines checked\n" in said
    assert f"{percentage(card.coverage)} of what is asked was answered." in said
    assert f"If everything not known were bad, the grade would be {card.worst_case}." in said
    assert "Held at B: no longer supported: 2 of 112 PCs (PC-007, PC-019)." in said
    assert "Held at B: not encrypted: 5 of 70 laptops (LT-014, LT-022, LT-031 and 2 more)." in joined(said)
    for promise in card.promises:
        assert re.search(rf"(?m)^  No +{re.escape(promise.title)}\? +{promise.met} of {promise.of}$", said)
    assert "falling short: LT-014, LT-031, LT-040; not known: LT-051, LT-058, LT-063 and 3 more; excused: LT-022" in joined(
        said
    )
    for number, task in enumerate(found.tasks[:3], 1):
        assert isinstance(task.hours, Hours)
        figures = rf"{len(task.endpoints)} machines? +{task.hours.likely:.1f} h +\+{task.points:.1f} points"
        assert re.search(rf"(?m)^  {number}  .* +{figures}$", said), task
    assert f"In all {len(found.tasks)} tasks: {found.hours.likely:.1f} hours" in said
    assert "Not seen: 6\n" in said
    assert "LT-051, LT-058, LT-063 and 3 more: Nothing answered on port 22." in said
    assert "Identity not proven: PC-033." in said
    assert said.endswith("\n  out/page.html\n")


def test_the_strictest_limit_is_told_first_and_each_once(plain: Shown) -> None:
    audit = story.story().audit
    first, *others = audit.scorecard.caps
    caps = (*others, *others, replace(first, letter="C", message="the worst of them"))
    said = plain(replace(audit, scorecard=replace(audit.scorecard, letter="C", caps=caps)))
    held = re.findall(r"(?m)^  Held at ([A-F]): (.*)$", said)
    assert held[0][0] == "C"
    assert held[0][1].startswith("the worst of them")
    assert [letter for letter, _ in held[1:]] == ["B"] * (min(len(others), 2))


def test_it_says_how_it_moved_where_that_is_known(plain: Shown) -> None:
    september, october, november = story.story().audits
    assert "Down 2.0 points since 14 Oct 2026 (then B): 5 fixed, 17 new, 1 came back." in plain(november, before=october)
    assert "nothing to compare yet" not in plain(november)
    assert "since" not in plain(november)
    assert "This is the first audit, so there is nothing to compare yet." in plain(september)
    other = replace(october, standard={**october.standard, "sha256": "0" * 64})
    assert "The standard changed in between" in plain(november, before=other)
    assert "since" not in plain(november, before=replace(october, client="Somebody else"))


def test_a_part_of_a_client_has_hours_and_no_points(plain: Shown) -> None:
    said = plain(sample.audit([Machine("A", answers={story.DRIVE: short("open", "shut")})], scope="--limit A"))
    assert "Harbour & Finch: no grade, 1 of 1 machine checked" in said
    assert "so there is no grade." in said
    assert re.search(r"1 machine +0\.8 h$", said, re.MULTILINE)
    assert "points" not in said


def test_what_is_in_order_asks_for_nothing(plain: Shown) -> None:
    said = plain(sample.audit([Machine("A")]))
    assert "What to fix first" not in said
    assert "Not seen" not in said
    assert said.count("  Yes  ") == 3


def test_a_plan_that_cannot_be_made_is_said(plain: Shown) -> None:
    audit = replace(sample.audit([Machine("A")]), standard={"name": "other"}, checks={})
    assert "There is no plan of work: " in plain(audit)


def test_wide_long_and_hostile_names_keep_to_80_columns_and_move_no_cursor(plain: Shown) -> None:
    bad = {story.DRIVE: short("x", "y")}
    wide = [
        Machine(f"受付の端末{'一' * (n * 9)}{n}", failure=unreachable() if n % 2 else None, answers=bad) for n in range(6)
    ]
    told = story.hostile()
    combining = Machine("e" + "\u0301" * 9_000, answers=bad)
    for audit, before in (
        (sample.audit(wide, client="東京商事株式会社" * 9), None),
        (told.audit, told.audits[0]),
        (sample.audit([combining], client="\u202eevil\x1b]0;title\x07"), None),
    ):
        said = plain(audit, before=before)
        assert max(map(cell_len, said.splitlines())) <= 80
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", said)
        assert len(said) < 10_000


def test_a_terminal_gets_the_same_lines_with_styles(plain: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    audit = story.story().audit
    without = plain(audit)
    shown = on_terminal(monkeypatch, audit)
    assert "\x1b[1;7mgrade B\x1b[0m" in shown
    assert "\x1b[1;31m  No" in shown
    lines = [line.rstrip() for line in ESCAPE.sub("", shown).replace("\r\n", "\n").splitlines()]
    assert lines == without.splitlines()


def test_no_color_leaves_out_colours_and_a_dumb_terminal_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    audit = story.story().audit
    colours = re.compile(r"\x1b\[[0-9;]*3[0-7]")
    assert colours.search(on_terminal(monkeypatch, audit))
    assert not colours.search(on_terminal(monkeypatch, audit, NO_COLOR="1"))
    assert "\x1b" not in on_terminal(monkeypatch, audit, TERM="dumb")


def test_a_page_too_large_for_mail_says_its_size(plain: Shown, tmp_path: Path) -> None:
    large, small = tmp_path / "large.html", tmp_path / "small.html"
    for path, size in ((large, 8_200_000), (small, 400_000)):
        with path.open("wb") as file:
            file.truncate(size)
    said = plain(sample.audit([Machine("A")]), large, small)
    assert said.count("MB: some mail will not take it") == 1
    assert "8.2 MB" in said
