"""Whole documents, byte for byte as they are stored in tests/golden (reports.md 15), and how that is told and renewed."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from scorecard.registry import report
from scorecard.reporting import EditionName
from tests.golden import documents
from tests.golden.clients import CLIENTS
from tests.plurals import wrong

MOST_BYTES = 1_500_000


@pytest.mark.parametrize("name", documents.names())
def test_the_document_is_the_one_that_is_stored(name: str) -> None:
    if told := documents.differences(name, documents.made(name)):
        pytest.fail(told, pytrace=False)


def test_all_that_is_stored_is_looked_at_and_is_not_too_much() -> None:
    kept = documents.kept()
    assert sorted(kept) == sorted(map(documents.stored, documents.names()))
    assert sum(path.stat().st_size for path in kept) < MOST_BYTES


@pytest.mark.parametrize("name", [name for name in documents.names() if name.endswith(".html") and "hostile" not in name])
def test_what_pages_say_agrees_in_number(name: str) -> None:
    page = documents.stored(name).read_text(encoding="utf-8")
    for left_out in (r"<script.*?</script>", r"<pre[^>]*>.*?</pre>", r"</?(?:b|bdi|a|small|span)\b[^>]*>"):
        page = re.sub(left_out, "", page, flags=re.DOTALL)
    assert [*wrong(re.sub(r"<[^>]+>", "\n", page))] == []


def test_a_difference_is_shown_with_its_place_and_the_way_to_renew() -> None:
    name = "unknown/tickets.csv"
    stored = documents.stored(name).read_bytes()
    assert documents.differences(name, stored) == ""
    told = documents.differences(name, stored.replace(b"LT-001", b"LT-999", 1))
    assert name in told
    assert "python -m tests.golden" in told
    assert "LT-999" in told
    assert len(told) < 3_000


def test_a_document_that_is_not_stored_yet_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "FOLDER", tmp_path)
    assert "is not what is made now" in documents.differences("empty/client.html", b"<p>")


@pytest.mark.parametrize("client", ["one", "hostile"])
def test_a_workbook_has_the_same_bytes_each_time(client: str, tmp_path: Path) -> None:
    told = CLIENTS[client].told()
    context = replace(told.context, edition=EditionName.ENGINEER)
    for name in ("first", "second"):
        report("xlsx").render(told.audit, context, tmp_path / name)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_the_first_client_has_the_figures_of_the_picture() -> None:
    """Those that real scoring can reach (clients.harbour)."""
    page = documents.stored("harbour/client.html").read_text(encoding="utf-8")
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    for said in (
        "Nearly. 13 machines fall short and 6 could not be checked.",
        *("104 meet every promise", "13 fall short", "6 not checked", "1 excused"),
        *("118 of 124 machines checked", "113 of 124 do", "118 of 124 do", "107 of 124 do"),
        *("9 fixed", "3 new", "1 came back", "25 still open"),
    ):
        assert said in text, said
