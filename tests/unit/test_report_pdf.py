"""The PDF: the page's text and figures on paper, drawings that stand alone, nothing fetched, the same bytes each time."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest

from scorecard import outputs
from scorecard.errors import InputError
from scorecard.registry import report
from scorecard.result import Provider
from tests.e2e import sample
from tests.e2e.programs import program
from tests.e2e.sample import MARKUP, Machine

drawings = importlib.import_module("scorecard.reports.pdf_drawings")
lean = importlib.import_module("scorecard.reports.pdf_lean")
pages_of = importlib.import_module("scorecard.reports.html")
views = importlib.import_module("scorecard.reports.view")
weasyprint = importlib.import_module("weasyprint")

# A red pixel.
LOGO = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
PROVIDER = Provider("Polestar IT", "help@polestar.example", logo=LOGO)


SHORT = {"disk-encryption.system-volume": sample.short("/ is not encrypted", "fully encrypted")}


def written(machines: tuple[Machine, ...], folder: Path, client: str = "Acme") -> Path:
    audit = sample.audit(machines, provider=PROVIDER, client=client)
    target = folder / "scorecard.pdf"
    report("pdf").render(audit, sample.context(machines, sample.year()), target)
    return target


def told(tool: str, *arguments: object) -> str:
    done = subprocess.run([program(tool, "poppler-utils"), *map(str, arguments)], capture_output=True, check=True)
    return done.stdout.decode()


def pages(file: Path) -> list[str]:
    return told("pdftotext", "-layout", file, "-").split("\f")[:-1]


def unpacked(file: Path) -> bytes:
    """Everything that stands in the file, its compressed parts too."""
    content = file.read_bytes()
    packed = re.findall(rb"/FlateDecode.*?stream\r?\n(.*?)\r?\nendstream", content, re.DOTALL)
    return b"\n".join((content, *(zlib.decompressobj().decompress(piece) for piece in packed)))


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> tuple[tuple[Machine, ...], Path]:
    good = tuple(Machine(f"LT-{n:03d}") for n in range(50))
    made = (*good, Machine("SV-01", answers=SHORT), Machine("SV-02", failure=sample.unreachable()))
    return made, written(made, tmp_path_factory.mktemp("pdf"))


def test_its_figures_are_those_of_the_page(fleet: tuple[tuple[Machine, ...], Path]) -> None:
    machines, file = fleet
    view: Any = views.build(sample.audit(machines, provider=PROVIDER), sample.context(machines, sample.year()))
    first, *rest = pages(file)
    words = " ".join(first.split())
    assert view.standing.points in words
    assert view.standing.seen[0] in words
    assert view.standing.headline.split(".")[0] in words
    for row in view.standing.promises:
        assert row.word in words
    everything = " ".join(" ".join(rest).split())
    for device in view.rows.devices:
        assert device.name in everything


def test_every_page_has_its_foot_and_tables_their_heads_again(fleet: tuple[tuple[Machine, ...], Path]) -> None:
    found = pages(fleet[1])
    for number, text in enumerate(found, 1):
        assert re.search(rf"Page {number} of {len(found)}$", text.strip()), text[-200:]
        assert "Checked 14 Nov 2026." in text.strip().splitlines()[-1]
    listed = [text for text in found if re.search(r"^ *LT-0\d\d .*100\.0", text, re.MULTILINE)]
    assert len(listed) >= 2
    assert all(re.search(r"Machine +Disk encryption +Antivirus", text) for text in listed)


def test_it_is_tagged_has_bookmarks_a_language_and_says_whose_it_is(fleet: tuple[tuple[Machine, ...], Path]) -> None:
    file = fleet[1]
    info = dict(re.findall(r"^(.+?): +(.*)$", told("pdfinfo", "-isodates", file), re.MULTILINE))
    assert info["Tagged"] == "yes"
    assert info["Author"] == PROVIDER.name
    assert info["Title"].endswith("November 2026")
    assert info["CreationDate"] == info["ModDate"] == "2026-11-14T07:42:00Z"
    content = unpacked(file)
    assert b"/Lang (en-GB)" in content
    assert b"/Outlines" in content
    assert b"/URI" not in content
    assert b"/JavaScript" not in content
    assert "image" in told("pdfimages", "-list", file)


def test_hostile_text_is_printed_and_the_same_audit_gives_the_same_bytes(tmp_path: Path) -> None:
    machines = (Machine("\u202egpj.exe", owner=MARKUP, answers=SHORT),)
    client = f"{MARKUP} </style><style>*{{display:none}}"
    file = written(machines, tmp_path, client)
    text = " ".join(" ".join(pages(file)).split())
    assert "<img src=x onerror=alert(1)>" in text
    assert "*{display:none}" in text
    assert "⟨U+202E⟩gpj.exe" in text.replace(" ", "")
    first = file.read_bytes()
    assert written(machines, tmp_path, client).read_bytes() == first


def thinned(*, full: bool) -> Any:
    machines = (Machine("A", answers=SHORT), Machine("B"))
    view = views.build(sample.audit(machines), sample.context(machines))
    root = weasyprint.HTML(string=pages_of.page(view)).etree_element
    lean.thin(root, full=full)
    return root


def test_a_clients_pdf_leaves_answers_to_the_page_and_says_so() -> None:
    client, engineer = thinned(full=False), thinned(full=True)
    told, told_all = ("".join(root.itertext()) for root in (client, engineer))
    for text in (told, told_all):
        assert "/ is not encrypted" in text
        assert "Machines without a fault stand in the list of machines alone." in text
        assert "All machines are shown" not in text
    assert "What each machine answered, and how it was asked, stands in the page." in told
    assert "A answers for disk-encryption" not in told
    assert "A answers for disk-encryption" in told_all
    assert re.search(
        r"Machine: Laptop, Debian .* · Last checked: .* · Points: [0-9.]+ of 100 · Answers: Disk encryption: No, ", told
    )
    assert "stands in the page" not in told_all
    for root in (client, engineer):
        ids = {element.get("id") for element in root.iter()}
        targets = {link.get("href").removeprefix("#") for link in root.iter("a") if link.get("href", "").startswith("#")}
        assert targets
        assert targets <= ids
        assert not list(root.iter("script"))


def test_drawings_get_their_colours_and_what_they_refer_to() -> None:
    page = """<style>:root { --no: #9c0f3c; --on: #fff } .i-no { color: var(--no) } .cell .i { color: var(--on) }
    .bar .b { fill: url(#hatch) } .h0 { fill: var(--no) } x::details-content { fill: red }
    @media print { .small { font-size: 15px } } @media screen { .small { font-size: 9px } }
    </style><svg class="defs"><defs><symbol id="s-no" viewBox="0 0 16 16"><path d="M0 0h9"/></symbol>
    <pattern id="hatch"><rect class="h0"/></pattern></defs></svg>
    <p><svg class="i i-no"><use href="#s-no"/></svg><b class="cell"><svg class="i i-no"><use href="#s-no"/></svg></b>
    <svg class="bar" role="img" aria-label="A bar"><rect class="b"/><text class="small">x</text></svg></p>"""
    root = weasyprint.HTML(string=page).etree_element
    drawings.settle(root)
    svg = "{http://www.w3.org/2000/svg}"
    _defs, plain, on_fill, bar = root.iter(f"{svg}svg")
    assert (plain.get("color"), on_fill.get("color")) == ("#9c0f3c", "#fff")
    assert plain.get("viewBox") == "0 0 16 16"
    assert plain.find(f"{svg}path") is not None
    assert plain.find(f"{svg}use") is None
    hatch = bar.find(f"{svg}pattern")
    assert hatch is not None
    assert [part.get("fill") for part in hatch] == ["#9c0f3c"]
    text, title = bar.find(f"{svg}text"), bar.find(f"{svg}title")
    assert text is not None
    assert title is not None
    assert (text.get("font-size"), title.text) == ("15px", "A bar")


def test_without_weasyprint_it_is_said_before_anything_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(InputError, match=r"^--format pdf: WeasyPrint is not installed; .*it-partner-scorecard\[pdf\]"):
        outputs.parse_formats("html,pdf")


def test_without_its_library_it_says_which_package_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "weasyprint.py").write_text("raise OSError('cannot load library pango\\nand more')")
    monkeypatch.delitem(sys.modules, "weasyprint")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(InputError, match=r"cannot load library pango\); on Debian install libpango-1\.0-0") as caught:
        outputs.parse_formats("pdf")
    assert "\n" not in str(caught.value)
