"""The provider's logo and accent: what can be shown and read, and what is refused with a word on what to do."""

from __future__ import annotations

import base64
import importlib
import json
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from scorecard import colours, logo
from scorecard.document import from_json, loads
from scorecard.document_writing import dumps
from scorecard.errors import InputError, InventoryError
from scorecard.inventory import load
from scorecard.reporting import ReportContext
from scorecard.result import Audit, Provider
from tests.e2e import sample

branding = importlib.import_module("scorecard.reports.branding")
html = importlib.import_module("scorecard.reports.html")

SVG = (
    '<?xml version="1.0"?><!DOCTYPE svg><svg xmlns="http://www.w3.org/2000/svg" width="20px" height="10" class="a">'
    '<title>Ours</title><defs><linearGradient id="g"><stop offset="1" stop-color="#fff"/></linearGradient></defs>'
    '<path d="M0 0h10v10z" style="fill:url(#g);stroke: #1a4fa3" onclick="alert(1)"/></svg>'
)
CLEAN = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 10"><defs><linearGradient id="g">'
    '<stop offset="1" stop-color="#fff"></stop></linearGradient></defs>'
    '<path d="M0 0h10v10z" fill="url(#g)" stroke="#1a4fa3"></path></svg>'
)


def png(width: int = 2, height: int = 2) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * (width + 1) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def _inside(address: str) -> bytes:
    return base64.b64decode(address.partition(",")[2])


def test_an_svg_keeps_its_shapes_and_nothing_else() -> None:
    kept = logo.from_bytes(SVG.encode())
    assert kept.startswith("data:image/svg+xml;base64,")
    assert _inside(kept).decode() == CLEAN
    assert logo.address(kept) == kept, "what was cleaned once stays as it is"


def test_a_png_stays_as_it_is() -> None:
    kept = logo.from_bytes(png())
    assert kept.startswith("data:image/png;base64,")
    assert _inside(kept) == png()


def _svg(inside: str, head: str = 'viewBox="0 0 1 1"') -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink" {head}>{inside}</svg>'.encode()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"GIF89a", "is neither a PNG nor an SVG"),
        (b"", "is neither a PNG nor an SVG"),
        (b"\x89PNG\r\n\x1a\n", "is a damaged PNG"),
        (png(4001, 1), "has 4,001 x 1 pixels; expected at most 4,000"),
        (b"x" * 30_001, "is too large; expected at most 30,000 bytes"),
        (_svg("<script>alert(1)</script>"), "holds <script>, and only shapes can be taken; save it as plain SVG"),
        (_svg("<style>*{}</style><path d='M0 0'/>"), "holds <style>"),
        (_svg("<text>Polestar</text>"), "holds <text>"),
        (_svg("<image x:href='http://evil.example/a.png'/>"), "holds <image>"),
        (_svg("<path d='M0 0' x:href='#a'/>"), "refers to something else with href"),
        (_svg("<svg><path d='M0 0'/></svg>"), "has svg in a place where it cannot be"),
        (_svg(""), "holds no shape"),
        (_svg("<path d='M0 0'/>", ""), "has neither a viewBox nor a size in pixels"),
        (_svg("<path d='M0 0'>"), "is not well-formed XML: mismatched tag, line 1"),
        (b"<!DOCTYPE svg [<!ENTITY a 'b'>]>" + _svg("<path d='M0 0'/>"), "declares entities"),
        (b"<html><!-- <svg> --></html>", "is not an SVG"),
        (_svg("<path d='M0 0'/>" * 800 + "<g/>" * 1500), "has more than 2,000 elements"),
    ],
)
def test_what_cannot_be_shown_as_it_is_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(logo.LogoError) as caught:
        logo.from_bytes(content)
    assert said in str(caught.value)


@pytest.mark.parametrize("value", ["url(http://evil.example/x)", "expression(alert(1))<", "u\\72l(x)", '"><script>'])
def test_paint_that_leads_elsewhere_is_left_out(value: str) -> None:
    shape = f"<path d='M0 0' fill='{value.replace('<', '&lt;')}'/>"
    assert b"fill" not in _inside(logo.from_bytes(_svg(shape)))


@pytest.mark.parametrize("kept", ["", "http://x.example/a.png", "data:text/html;base64,PGI+", "data:image/png;base64,!!"])
def test_a_document_s_logo_is_checked_again(kept: str) -> None:
    assert logo.address(kept) == ""


def test_contrast_is_that_of_the_guidelines() -> None:
    assert colours.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert colours.contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)  # WCAG's own example
    assert colours.contrast(colours.lighter("#1a4fa3"), colours.DARK_PAGE) >= colours.LEAST_CONTRAST
    style = Path(__file__).parents[2].joinpath("reports/templates/page.css").read_text(encoding="utf-8")
    assert f"--bg: {colours.DARK_PAGE};" in style
    assert "--bg: #fff;" in style


INVENTORY = """client: Harbour & Finch
provider:
  name: Polestar IT
  contact: [desk@polestar.example, +44 20 7946 0000]
  logo: ours.svg
  accent: '#7A1FA2'
endpoints: [files]
"""


def test_the_inventory_s_branding_is_in_the_audit_and_in_the_page(tmp_path: Path) -> None:
    (tmp_path / "ours.svg").write_text(SVG, encoding="utf-8")
    (tmp_path / "inventory.yaml").write_text(INVENTORY, encoding="utf-8")
    (client,) = load([tmp_path / "inventory.yaml"]).clients
    provider = client.provider
    assert provider.contact == "desk@polestar.example\n+44 20 7946 0000"
    assert (provider.accent, provider.accent_dark) == ("#7a1fa2", "")
    assert _inside(provider.logo).decode() == CLEAN
    audit = replace(sample.audit([sample.Machine("one")]), provider=provider)
    again = loads(dumps(audit))
    assert again.provider == provider
    text = _page(again)
    assert f'<img class="logo" src="{provider.logo}" alt="">' in text
    style = text.partition("</style>")[0].replace(" ", "")
    assert ":root{--line:#7a1fa2" in style
    assert f"--line:{colours.lighter('#7a1fa2')}" in style
    assert "desk@polestar.example</bdi><br><bdi>+44 20 7946 0000" in text


def _page(audit: Audit) -> str:
    return str(html.page(html.views.build(audit, ReportContext())))


def test_without_branding_page_and_document_are_as_before() -> None:
    audit = sample.audit([sample.Machine("one")])
    assert set(json.loads(dumps(audit))["provider"]) == {"name", "contact"}
    assert from_json(json.loads(dumps(audit))).provider == audit.provider
    assert '<img class="logo"' not in _page(audit)
    assert branding.build(Provider("x", "y")).style == ""


def test_a_document_s_unreadable_colour_is_not_used() -> None:
    assert branding.build(Provider("x", "", "", "#ffff00")).style == ""
    assert branding.build(Provider("x", "", "", "red; } * { display: none")).style == ""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "'#7A1FA2'",
            "'#ffcc00'",
            "accent: expected a colour with a contrast of at least 4.5 to 1 on white",
        ),
        ("'#7A1FA2'", "purple", "accent: expected a colour such as '#1a4fa3', in quotes, found 'purple'"),
        (
            "'#7A1FA2'",
            "'#7A1FA2'\n  accent_dark: '#1a4fa3'",
            "accent_dark: expected a colour with a contrast of",
        ),
        ("ours.svg", "gone.svg", "logo: the file gone.svg is not there, or is not a file"),
        ("ours.svg", "inventory.yaml", "logo: the file inventory.yaml is neither a PNG nor an SVG"),
        ("[desk@polestar.example, +44 20 7946 0000]", "[]", "contact: expected text or a list of 1 to 6 lines, found 0"),
    ],
)
def test_what_cannot_be_used_gets_a_line_when_the_inventory_is_checked(
    old: str, new: str, said: str, tmp_path: Path
) -> None:
    (tmp_path / "ours.svg").write_text(SVG, encoding="utf-8")
    (tmp_path / "inventory.yaml").write_text(INVENTORY.replace(old, new), encoding="utf-8")
    with pytest.raises(InventoryError) as caught:
        load([tmp_path / "inventory.yaml"])
    assert isinstance(caught.value, InputError)
    (line,) = caught.value.problems
    assert "inventory.yaml:" in line
    assert said in line
