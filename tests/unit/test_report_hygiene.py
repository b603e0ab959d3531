"""Text safety of the reports: what a hostile machine may send, and what is left of it."""

from __future__ import annotations

import importlib
import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

hygiene = importlib.import_module("scorecard.reports.hygiene")

ANY_TEXT = st.text(alphabet=st.characters(codec=None, exclude_categories=()), max_size=400)
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


@pytest.mark.parametrize(
    ("given_text", "kept"),
    [
        ("plain", "plain"),
        ("a\x00b\x1b[31mc\x07", "ab[31mc"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("tab\tstays", "tab\tstays"),
        ("\ud800lone", "lone"),
        ("photo\u202egpj.exe", "photo⟨U+202E⟩gpj.exe"),
        ("\u2066inner\u2069", "⟨U+2066⟩inner⟨U+2069⟩"),
        ("e\u0301", "\u00e9"),
        ("\ufffe\uffff\ufdd0", ""),
        ("", ""),
    ],
)
def test_controls_go_and_direction_marks_show(given_text: str, kept: str) -> None:
    assert hygiene.text(given_text) == kept


def test_long_names_are_cut_with_a_note() -> None:
    name = hygiene.name("x" * 10_000)
    assert len(name) == 255
    assert name.endswith("… (cut)")
    assert hygiene.name("x" * 255) == "x" * 255


def test_a_name_is_one_line() -> None:
    assert hygiene.name("  two\n\tlines\u2028here ") == "two lines here"


def test_raw_output_is_cut_at_four_kilobytes_and_never_inside_a_character() -> None:
    shown, cut = hygiene.raw("ä" * 3_000)
    assert (shown, cut) == ("ä" * 2_048, True)
    assert hygiene.raw("short") == ("short", False)


@given(ANY_TEXT)
def test_nothing_unprintable_is_left(value: str) -> None:
    kept = hygiene.text(value)
    assert not CONTROLS.search(kept)
    assert not any(character in kept for character in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
    assert unicodedata.normalize("NFC", kept) == kept
    kept.encode("utf-8")


@given(ANY_TEXT, st.integers(min_value=8, max_value=60))
def test_the_limit_holds_whatever_comes(value: str, limit: int) -> None:
    assert len(hygiene.text(value, limit)) <= limit
    assert "\n" not in hygiene.line(value, limit)


@pytest.mark.parametrize(
    "start",
    ["=", "+", "-", "@", "\t=", "  =", "\ufeff=", "\u200b@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\t", "\n", "\r"],
)
def test_formula_starts_are_known_and_guarded(start: str) -> None:
    assert hygiene.starts_formula(start + "cmd|' /C calc'!A0")
    assert hygiene.csv_cell(start + "1+1").startswith("'")


@pytest.mark.parametrize("plain", ["", "name", "a=b", "1-2", "'quoted", "ü"])
def test_plain_text_is_not_guarded(plain: str) -> None:
    assert hygiene.csv_cell(plain) == plain


@given(ANY_TEXT)
def test_no_csv_field_starts_a_formula(value: str) -> None:
    assert not hygiene.starts_formula(hygiene.csv_cell(value))


@given(st.dictionaries(st.text(max_size=40), st.text(max_size=80), max_size=5))
def test_a_json_block_cannot_leave_its_element_and_reads_back(value: dict[str, str]) -> None:
    block = hygiene.json_block(value)
    assert not set(block) & set("<>&\u2028\u2029")
    assert json.loads(block) == value
    assert "</script>" not in hygiene.json_block({"a": "</script><!--"})
