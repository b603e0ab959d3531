"""The page on paper, page by page, as Debian's Chromium prints it (reports.md 8): read back with poppler's pdftotext."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from scorecard.registry import report
from scorecard.reporting import EditionName
from tests.e2e import sample, story
from tests.e2e.programs import program
from tests.e2e.sample import Machine

pytestmark = pytest.mark.browser

MARGINS = {"top": "14mm", "bottom": "14mm", "left": "13mm", "right": "13mm"}
# Without its margins, in CSS pixels: what the first page has to hold.
PAPERS = {"A4": ViewportSize(width=695, height=1016), "Letter": ViewportSize(width=717, height=950)}
POINTS_PER_MM = 72 / 25.4
# What stands together on one page: rows, points of lists, headings, drawings, cards. Each with its text on a line.
TOGETHER = """() => [...document.querySelectorAll('tr, li, h2, h3, summary, .pill > div')].map(box => {
  const place = box.getBoundingClientRect();
  if (!place.width || !place.height || box.closest('.vh')) { return ''; }
  return box.tagName === 'TR' ? [...box.cells].map(cell => cell.innerText).join(' ') : box.innerText;
}).filter(text => text.trim())"""
LOOSE = """() => [...document.querySelectorAll('body *')].filter(one => {
  const style = getComputedStyle(one), place = one.getBoundingClientRect();
  const loose = /auto|scroll/.test(style.overflowX + style.overflowY) || /fixed|sticky/.test(style.position);
  return place.width && (loose || one.tagName === 'BUTTON' || place.right > innerWidth + 1);
}).map(one => one.outerHTML.slice(0, 90))"""


@dataclass(frozen=True)
class Word:
    left: float
    top: float
    right: float
    bottom: float
    text: str


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("print") / "client.html"
    told = story.story(brief=True)
    report("html").render(told.audit, told.context, target)
    return target


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(color_scheme="dark")
    yield opened
    opened.close()


def _told(*arguments: str | Path) -> str:
    done = subprocess.run(
        [program("pdftotext", "poppler-utils"), *map(str, arguments), "-"], capture_output=True, text=True, check=True
    )
    return done.stdout


def _lean(text: str) -> str:
    """Letters, figures and signs alone: how a line is broken, and how a reader of PDF finds blanks, says nothing."""
    return re.sub(r"[\s\u00ad\u200b-\u200f\u2060-\u2069]", "", text)


def _words(file: Path) -> tuple[tuple[float, float], list[list[Word]]]:
    """Width and height of the paper in points, and the words of each page with their places."""
    found: list[list[Word]] = []
    size = (0.0, 0.0)
    for line in _told("-bbox", file).splitlines():
        if paper := re.match(r'\s*<page width="([\d.]+)" height="([\d.]+)"', line):
            size = (float(paper[1]), float(paper[2]))
            found.append([])
        elif word := re.match(r'\s*<word xMin="(.+?)" yMin="(.+?)" xMax="(.+?)" yMax="(.+?)">(.*)</word>', line):
            found[-1].append(Word(float(word[1]), float(word[2]), float(word[3]), float(word[4]), word[5]))
    return size, found


def _on_each_other(words: list[Word]) -> list[tuple[str, str]]:
    """Words that are printed over one another: those that share more than the edges of their lines."""
    found = []
    down = sorted(words, key=lambda word: word.top)
    for at, one in enumerate(down):
        for other in down[at + 1 :]:
            if other.top > one.bottom - 3.5:
                break
            if min(one.right, other.right) - max(one.left, other.left) > 1.5 and other.bottom - other.top > 3.5:
                found.append((one.text, other.text))
    return found


def test_nothing_is_cut_or_outside_of_the_paper_and_heads_are_repeated(client: Path, page: Page, tmp_path: Path) -> None:
    page.goto(client.as_uri())
    page.emulate_media(media="print")
    page.set_viewport_size(PAPERS["A4"])
    together = page.evaluate(TOGETHER)
    page.emulate_media(media=None)
    file = tmp_path / "page.pdf"
    page.pdf(path=file, prefer_css_page_size=True)
    raw = [_lean(text) for text in _told("-raw", file).split("\f")]
    whole = "".join(raw)
    assert len(together) > 150
    broken = [text for text in together if _lean(text) in whole and not any(_lean(text) in one for one in raw)]
    assert broken == []
    assert sum(_lean(text) in whole for text in together) > len(together) * 0.9  # else the one above says little

    (width, height), pages = _words(file)
    side, top = 13 * POINTS_PER_MM - 1, 14 * POINTS_PER_MM - 3
    outside = [
        word
        for words in pages
        for word in words
        if word.left < side or word.right > width - side or word.top < top or word.bottom > height - top
    ]
    assert outside == []
    assert [pair for words in pages for pair in _on_each_other(words)] == []

    lines = [text.split("\n") for text in _told("-layout", file).split("\f")[:-1]]
    with_rows = [text for text in lines if any(re.match(r" *(LT|PC|SV)-\d{3} .*14 Nov 2026$", line) for line in text)]
    assert with_rows
    assert all(any(re.search(r"Machine +Disk encryption +Antivirus", line) for line in text) for text in with_rows)
    (start,) = (text for text in lines if any(line.strip() == "All machines" for line in text))
    assert next(line for line in start if line.strip()).strip() == "All machines"  # at the top of a page
    foot = " ".join(" ".join(lines[-1]).split())
    assert re.search(r"Harbour & Finch\. Checked 14 Nov 2026, .*Audit \S+\. Client edition\.", foot)


def test_the_first_page_holds_the_first_screen_and_the_parts(client: Path, page: Page) -> None:
    page.goto(client.as_uri())
    page.emulate_media(media="print")
    assert page.locator("#parts .pill > div").count() == 4
    for paper in PAPERS.values():
        page.set_viewport_size(paper)
        assert page.evaluate("document.querySelector('.pill').getBoundingClientRect().bottom") <= paper["height"]
    foot = "getComputedStyle(document.querySelector('.fix tfoot')).display"
    assert page.evaluate(foot) == "table-row-group"  # a foot group would be repeated on every page


def test_paper_is_light_open_and_without_what_only_a_screen_needs(client: Path, page: Page) -> None:
    page.goto(client.as_uri())
    page.click("#theme")
    page.click("#theme")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.emulate_media(media="print")
    page.set_viewport_size(PAPERS["A4"])
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    assert page.evaluate(LOOSE) == []
    kept = "[...document.querySelectorAll('tr, li, figure, .found')].map(one => getComputedStyle(one).breakInside)"
    assert set(page.evaluate(kept)) == {"avoid"}  # whatever the next client's rows are like
    for selector in (".figs", ".contents", "#controls", "#actions", "#result", ".skip", ".raw"):
        assert page.locator(f"{selector}:visible").count() == 0, selector
    # Steps of the fixes are printed once, check by check; figures of a chart and raw answers are left out.
    shut = page.evaluate(
        "[...document.querySelectorAll('details:not(.figs, .raw, .fix *)')].map(one => [one.lastElementChild, one])"
        ".filter(pair => !pair[0].checkVisibility({contentVisibilityAuto: true})).map(pair => pair[1].textContent)"
    )
    assert shut == []
    assert page.locator("details:not(.figs, .raw)").count() > 20


def test_raw_answers_are_on_the_paper_of_engineers_alone(client: Path, page: Page, tmp_path: Path) -> None:
    told = story.story(brief=True)
    target = tmp_path / "engineer.html"
    report("html").render(told.audit, replace(told.context, edition=EditionName.ENGINEER), target)
    for file, printed in ((client, False), (target, True)):
        page.goto(file.as_uri())
        page.emulate_media(media="print")
        assert page.locator("#detail pre").first.is_visible() is printed


def test_long_lists_leave_what_is_as_agreed_to_the_workbook(page: Page, tmp_path: Path) -> None:
    machines = [*sample.fleet(), *(Machine(f"NB-{number:03d}") for number in range(200))]
    target = tmp_path / "long.html"
    report("html").render(sample.audit(machines), sample.context(sample.fleet()), target)
    page.goto(target.as_uri())
    page.emulate_media(media="print")
    shown = page.locator("#rows tr:visible").count()
    left = re.match(r"(\d+) machines that meet every promise are listed in the workbook\.", page.inner_text(".print-only"))
    assert left is not None
    assert shown + int(left[1]) == 324
    assert page.locator("#rows tr:visible td.c-no").count() >= 13
    assert page.locator("details.rest").is_hidden()
