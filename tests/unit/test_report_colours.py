"""Colours of the page and the workbook: what can be read, and what stays apart for every eye (reports.md 6 and 14)."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from importlib.resources import files
from itertools import combinations
from pathlib import Path

import openpyxl
import pytest

from scorecard.colours import contrast
from scorecard.registry import report
from tests.golden.clients import first
from tests.vision import EYES, apart, difference

icons = importlib.import_module("scorecard.reports.icons")
words = importlib.import_module("scorecard.reports.words")

TEMPLATES = files("scorecard.reports").joinpath("templates")
TEXT, GRAPHICS = 4.5, 3.0  # WCAG 2.2, 1.4.3 and 1.4.11
# The table of section 6: the colour, and the lower of its contrasts against page and soft background.
LIGHT = {
    "ink": ("#14202e", 15.2),
    "mute": ("#4e5b6b", 6.4),
    "link": ("#1a4fa3", 7.2),
    "yes": ("#0b7a5e", 4.9),
    "no": ("#9c0f3c", 7.6),
    "warn": ("#946000", 4.9),
    "un": ("#5c6470", 5.5),
    "ex": ("#4b2e9e", 8.9),
}
DARK = {
    "ink": ("#e9eef4", 14.1),
    "mute": ("#a9b4c2", 7.8),
    "link": ("#8fb8ff", 8.2),
    "yes": ("#4fd8ac", 9.2),
    "no": ("#ff6f82", 6.1),
    "warn": ("#ffd166", 11.4),
    "un": ("#9daaba", 7.0),
    "ex": ("#b79cff", 7.2),
}
STATED = {"light": LIGHT, "dark": DARK}
ON_FAIL = {"light": 8.2, "dark": 6.9}
# The five state colours between any two, for any eye: the floors of section 6. They lie far over 2, where a difference is
# just seen side by side, since states stand apart on a page and in small marks.
STATES, FLOORS = ("yes", "no", "warn", "un", "ex"), {"light": 11.3, "dark": 11.0}
# Marks that have to be seen against what lies under them.
DRAWN = (
    *(("yes", "bg"), ("no-f", "bg"), ("ex-f", "bg"), ("un-s", "bg"), ("line", "bg"), ("line", "band"), ("line", "b0")),
    *(("focus", "bg"), ("focus", "soft"), ("cov", "bg"), ("cov", "b0"), ("rule2", "bg"), ("b3", "b0"), ("yes", "band")),
)
# Text that stands on a fill of its own.
WRITTEN = (("on", "no-f"), ("tile-ink", "tile"), ("ink", "un-f"), ("mute", "band"), ("line", "band"), ("yes", "band"))
# Sheets of the workbook: the fill of each word, "" for none, and the contrast of its text.
CELLS = {
    "No": ("#9C0F3C", "#F8DDE4", 6.5),
    "Nearly": ("#6B4600", "#FFE9B8", 7.0),
    "Yes": ("#0B5F4A", "", 7.6),
    "Not checked": ("#3D4552", "#E4E8ED", 7.9),
    "Excused": ("#4B2E9E", "#E6E0F7", 7.5),
}


def declared(css: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Each rule that sets tokens, with its selector."""
    for selector, body in re.findall(r"(:root[^{]*)\{([^}]*)\}", css):
        tokens = {name: _long(value) for name, value in re.findall(r"--([\w-]+):\s*(#[0-9a-f]{3,6})\b", body)}
        if tokens:
            yield selector.strip(), tokens


def _long(colour: str) -> str:
    return "#" + "".join(2 * digit for digit in colour[1:]) if len(colour) == 4 else colour


def themes() -> dict[str, dict[str, str]]:
    found = dict(declared(TEMPLATES.joinpath("page.css").read_text(encoding="utf-8")))
    return {"light": found[":root"], "dark": found[":root[data-theme=dark]"]}


THEMES = themes()


def test_dark_is_the_same_whether_the_system_or_the_reader_asks_for_it() -> None:
    found = dict(declared(TEMPLATES.joinpath("page.css").read_text(encoding="utf-8")))
    assert found[":root:not([data-theme=light])"] == found[":root[data-theme=dark]"]
    assert set(found[":root"]) == set(found[":root[data-theme=dark]"]), "a theme lacks a colour of the other"


@pytest.mark.parametrize("theme", THEMES)
def test_colours_are_those_of_the_design_with_the_contrast_that_it_states(theme: str) -> None:
    colours = THEMES[theme]
    for token, (colour, stated) in STATED[theme].items():
        assert colours[token] == colour, token
        lower = min(contrast(colour, colours[under]) for under in ("bg", "soft"))
        assert lower == pytest.approx(stated, abs=0.1), token
        assert lower >= TEXT, token
    assert colours["line"] == colours["link"]
    assert contrast(colours["on"], colours["no-f"]) == pytest.approx(ON_FAIL[theme], abs=0.1)


@pytest.mark.parametrize("theme", THEMES)
def test_text_on_a_fill_and_marks_on_the_page_can_be_seen(theme: str) -> None:
    colours = THEMES[theme]
    poor = [(*pair, least) for pairs, least in ((WRITTEN, TEXT), (DRAWN, GRAPHICS)) for pair in pairs
            if contrast(colours[pair[0]], colours[pair[1]]) < least]  # fmt: skip
    assert poor == []


def test_no_other_sheet_has_colours_of_its_own_that_cannot_be_read() -> None:
    """Paper knows no tokens in its margins, so a few colours stand there by themselves."""
    light = {_long(colour) for colour in THEMES["light"].values()}
    for file in TEMPLATES.iterdir():
        if file.name.endswith(".css") and file.name != "page.css":
            own = set(map(_long, re.findall(r"#[0-9a-f]{6}\b|#[0-9a-f]{3}\b", file.read_text(encoding="utf-8"))))
            assert own <= light, file.name


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("theme", THEMES)
def test_states_stay_apart_for_every_eye(theme: str, eyes: str) -> None:
    """To one decimal, as the design gives its floors."""
    colours = THEMES[theme]
    near = {
        (one, other): found
        for one, other in combinations(STATES, 2)
        if (found := round(apart(colours[one], colours[other], eyes), 1)) < FLOORS[theme]
    }
    assert near == {}


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("theme", THEMES)
def test_parts_of_the_bar_stay_apart_for_every_eye(theme: str, eyes: str) -> None:
    """Of two pale fills one has an outline and the other a hatch; those two lines are what has to differ."""
    colours = THEMES[theme]
    seen = {"yes": "yes-f", "excused": "ex-f", "no": "no-f", "not-checked": "un-f"}
    for one, other in combinations(seen, 2):
        tokens = (seen[one], seen[other]) if {one, other} != {"yes", "not-checked"} else ("yes", "un-s")
        assert apart(colours[tokens[0]], colours[tokens[1]], eyes) >= FLOORS[theme], (one, other)


def test_the_bar_has_the_hatch_and_the_outline_and_every_state_its_shape_and_word() -> None:
    css = TEMPLATES.joinpath("page.css").read_text(encoding="utf-8")
    rules = dict(re.findall(r"^\.(m-[\w-]+|h\d) \{([^}]*)\}", css, re.MULTILINE))
    assert "url(#hatch)" in rules["m-not-checked"]
    assert "stroke: var(--yes)" in rules["m-yes"]
    assert ("var(--un-f)" in rules["h0"], "var(--un-s)" in rules["h1"]) == (True, True)
    shapes = re.findall(r'--m: url\("([^"]+)"\)', icons.masks())
    assert len(shapes) == len(set(shapes)) >= len(STATES)
    assert len(set(words.STATES.values())) == len(words.STATES)


def test_words_in_cells_can_be_read(tmp_path: Path) -> None:
    told = first()
    report("xlsx").render(told.audit, told.context, tmp_path / "book.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "book.xlsx")["Findings"]
    found: dict[str, tuple[str, str]] = {}
    for place in sheet.conditional_formatting:
        for rule in place.rules:
            word = re.search(r'"([^"]+)"', "".join(rule.formula))
            if word and rule.dxf is not None and rule.dxf.font is not None:
                fill = rule.dxf.fill.bgColor.rgb if rule.dxf.fill else ""
                found[word[1]] = ("#" + rule.dxf.font.color.rgb[-6:], f"#{fill[-6:]}" if fill else "")
    for shown, (text, fill, stated) in CELLS.items():
        assert found[shown] == (text, fill), shown
        assert contrast(text, fill or "#ffffff") == pytest.approx(stated, abs=0.1), shown


def test_differences_are_those_of_the_published_pairs() -> None:
    """Sharma, Wu and Dalal 2005, table 1: pairs 1, 7, 13, 17, 25 and 34."""
    for one, other, known in (
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
        ((50.0, -0.001, 2.49), (50.0, 0.0009, -2.49), 4.8045),
        ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082),
    ):
        assert difference(one, other) == pytest.approx(known, abs=0.0001)
