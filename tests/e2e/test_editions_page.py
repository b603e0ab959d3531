"""Editions with a provider's branding in Debian's Chromium: quiet, in the provider's colours, without faults for axe."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from scorecard import colours, logo
from scorecard.pseudonyms import redacted
from scorecard.registry import report
from scorecard.reporting import EditionName
from scorecard.result import Provider
from tests.e2e.story import story

pytestmark = pytest.mark.browser

AXE = files("axe_playwright_python").joinpath("axe.min.js")
ACCENT = "#7a1fa2"


def _logo() -> str:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head, rows = struct.pack(">IIBBBBB", 3, 2, 8, 0, 0, 0, 0), zlib.compress(b"\0\0\0\0" * 2)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return logo.from_bytes(png)


def _written(edition: EditionName, folder: Path) -> Path:
    told = story(brief=True)
    provider = Provider("Polestar IT", "desk@polestar.example\n+44 20 7946 0000", _logo(), ACCENT)
    audit, context = replace(told.audit, provider=provider), replace(told.context, edition=edition)
    if edition is EditionName.PROSPECT:
        audit, context = redacted(audit, context)
    path = folder / f"{edition}.html"
    report("html").render(audit, context, path)
    return path


def _faults(page: Page) -> object:
    page.evaluate("document.querySelectorAll('details').forEach(box => { box.open = true })")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    return page.evaluate(
        "axe.run(document, {resultTypes: ['violations']}).then(result => result.violations.map("
        "found => [found.id, found.nodes.map(node => node.html.slice(0, 200))]))"
    )


def _line(page: Page) -> object:
    return page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--line').trim()")


@pytest.mark.parametrize(
    ("edition", "width", "dark"), [(EditionName.PROSPECT, 390, True), (EditionName.ENGINEER, 1280, False)]
)
def test_an_edition_is_quiet_branded_and_accessible(
    edition: EditionName, width: int, dark: bool, browser: Browser, tmp_path: Path
) -> None:
    said: list[str] = []
    page = browser.new_page(viewport={"width": width, "height": 720}, color_scheme="dark" if dark else "light")
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(_written(edition, tmp_path).as_uri())
    assert said == []
    assert page.evaluate("document.querySelector('img.logo').naturalWidth") == 3
    assert _line(page) == (colours.lighter(ACCENT) if dark else ACCENT)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert _faults(page) == []
    page.close()


def test_the_sheet_of_machines_to_bring_in_prints_on_a_page_of_its_own(browser: Browser, tmp_path: Path) -> None:
    page = browser.new_page()
    page.goto(_written(EditionName.CLIENT, tmp_path).as_uri())
    page.emulate_media(media="print")
    breaks = page.locator("#bring").evaluate("one => [getComputedStyle(one).breakBefore, getComputedStyle(one).breakAfter]")
    page.close()
    assert breaks == ["page", "page"]
