"""The portfolio in Debian's Chromium, opened from its folder: quiet, filtered, sorted, read without scripts, printed."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from scorecard.model import Severity
from scorecard.portfolio.model import Client, Ending, Imprint, Newest, Overdue, Summary
from scorecard.registry import portfolio_site
from scorecard.result import Provider
from tests.e2e.programs import program
from tests.e2e.sample import AS_OF, MARKUP

pytestmark = pytest.mark.browser

AXE = files("axe_playwright_python").joinpath("axe.min.js")
NOW = AS_OF + timedelta(days=3)
WIDE, NARROW = ViewportSize(width=1280, height=720), ViewportSize(width=390, height=844)


def year(score: float | None, letter: str | None, unseen: int = 0, overdue: int = 0, late: int = 0) -> tuple[Summary, ...]:
    """Twelve audits, a month between them, the newest `late` days before the others' newest."""
    return tuple(
        Summary(
            id=f"a{month}",
            as_of=AS_OF - timedelta(days=30 * (11 - month) + late),
            score=None if score is None else score - 11 + month,
            letter=letter,
            coverage=0.7 if letter == "D" else 1.0,
            devices=40,
            open_findings=9,
            interrupted=False,
            unseen=unseen,
            overdue=overdue,
            provisional=letter == "D",
            made_up=False,
            time_zone="Europe/London",
        )
        for month in range(12)
    )


LATE = tuple(
    Overdue(f"a.c{number}", f"Do task {number}", severity, AS_OF - timedelta(days=90), (f"LT-{number}",) * 2)
    for number, severity in enumerate([*Severity] * 3)
)
ENDS = (
    Ending("Windows 10", (AS_OF - timedelta(days=30)).date(), True, ("LT-1",)),
    Ending(f"{MARKUP}\u202e", (AS_OF + timedelta(days=30)).date(), False, (MARKUP, "LT-2")),
)
PROVIDER = Provider("Northgate IT", accent="#7a1f5c")
IMPRINT = Imprint(NOW, PROVIDER, tables=("tables/audits.csv",))
CLIENTS = (
    Client("Alder & Finch", "clients/alder", year(95.0, "A")),
    Client("Birchway", "clients/birchway", year(84.0, "B", unseen=3)),
    Client("Cobalt", "clients/cobalt", year(66.0, "D", overdue=24), newest=Newest(PROVIDER, overdue=LATE, endings=ENDS)),
    Client("Ærø Shipping", "clients/aero", year(None, None)),
    Client("Dunmore", "clients/dunmore", year(85.0, "B", late=60)),
    Client("Eastgate", "clients/eastgate", ()),
    Client(f"{MARKUP}\u202egpj.exe", "clients/hostile", year(40.0, "F")),
    Client("x" * 10_000, "clients/long", year(91.0, "A")),
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    for client in CLIENTS:
        page = folder / client.folder / "index.html"
        page.parent.mkdir(parents=True)
        portfolio_site().client(client, IMPRINT, page)
    portfolio_site().index(CLIENTS, IMPRINT, folder / "index.html")
    return folder


@contextmanager
def opened(browser: Browser, file: Path, hash_: str = "", *, narrow: bool = False, dark: bool = False) -> Iterator[Page]:
    """A page that complains of nothing, and asks for nothing but files beside it, until it is closed."""
    page = browser.new_page(viewport=NARROW if narrow else WIDE, color_scheme="dark" if dark else "light")
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith("file:") else complaints.append(request.url))
    page.goto(file.as_uri() + hash_)
    yield page
    page.close()
    assert complaints == []


def shown(page: Page) -> list[str]:
    found: list[str] = page.evaluate(
        "[...document.querySelectorAll('#rows tr')].filter(row => !row.hidden)"
        ".map(row => row.cells[0].textContent.slice(0, 12).trim())"
    )
    return found


def test_counts_lead_to_their_clients_and_filters_work_together(browser: Browser, site: Path) -> None:
    with opened(browser, site / "index.html") as page:
        assert shown(page)[:3] == ["Eastgate", "Ærø Shipping", "</script><im"]
        links = page.locator("a[data-filter]")
        assert links.count() == 13
        for place in range(links.count()):
            link = links.nth(place)
            link.click()
            count = int(link.locator("b").inner_text())
            page.wait_for_function(
                "wanted => [...document.querySelectorAll('#rows tr')].filter(row => !row.hidden).length === wanted",
                arg=count,
            )
            assert page.url.endswith(f"#clients?{link.get_attribute('data-filter')}")
        page.click("#clear")
        page.fill("#f-q", "IRCH")
        expect(page.locator("#result")).to_have_text("1 of 8 clients shown.")
        page.keyboard.press("Escape")
        assert "With grade D or F" in page.locator("#f-show").inner_text()
        page.select_option("#f-grade", "B")
        assert shown(page) == ["Birchway", "Dunmore"]
        page.click("th[data-sort=points] button")
        page.click("th[data-sort=points] button")
        assert shown(page) == ["Dunmore", "Birchway"]
        assert page.locator("th[data-sort=points]").get_attribute("aria-sort") == "descending"
        assert page.url.endswith("#clients?grade=B&sort=-points")


def test_a_link_with_a_filter_opens_filtered_and_nonsense_is_ignored(browser: Browser, site: Path) -> None:
    with opened(browser, site / "index.html", "#clients?show=unseen&sort=name") as page:
        assert shown(page) == ["Birchway"]
        page.goto((site / "index.html").as_uri() + "#clients?grade=%3Cb%3E&sort=constructor&show=__proto__")
        assert len(shown(page)) == 8


def test_unknown_values_stay_last_however_it_is_sorted(browser: Browser, site: Path) -> None:
    with opened(browser, site / "index.html", "#clients?sort=points") as page:
        assert shown(page)[-2:] == ["Eastgate", "Ærø Shipping"]
        page.click("th[data-sort=points] button")
        assert shown(page)[-2:] == ["Eastgate", "Ærø Shipping"]


@pytest.mark.parametrize(("narrow", "dark"), [(False, False), (True, True)])
def test_axe_finds_nothing_and_pages_fit_the_screen(browser: Browser, site: Path, narrow: bool, dark: bool) -> None:
    for name in ("index.html", "clients/cobalt/index.html", "clients/eastgate/index.html"):
        with opened(browser, site / name, narrow=narrow, dark=dark) as page:
            assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), name
            page.evaluate(AXE.read_text(encoding="utf-8"))
            found = page.evaluate(
                "axe.run(document, {resultTypes: ['violations']}).then(result => result.violations.map("
                "rule => [rule.id, ...rule.nodes.slice(0, 3).map(node => node.html.slice(0, 200))]))"
            )
            assert found == [], name


def test_without_scripts_all_of_it_is_there_and_links_lead_on(browser: Browser, site: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((site / "index.html").as_uri())
    assert page.locator(".brand").inner_text() == PROVIDER.name
    assert page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--line')") == PROVIDER.accent
    assert page.locator("#rows tr").count() == 8
    assert page.locator("#controls").is_hidden()
    page.locator("#rows").get_by_role("link", name="Cobalt").click()
    assert page.locator("h1").inner_text() == "Cobalt"
    assert page.get_by_role("region", name="Checks").locator("tbody tr").count() == 12
    page.get_by_role("link", name="All clients").click()
    assert page.url.endswith("site0/index.html")
    context.close()


def test_hostile_names_are_text_and_print_is_light(browser: Browser, site: Path, tmp_path: Path) -> None:
    with opened(browser, site / "index.html", dark=True) as page:
        assert page.locator("img").count() == 0
        assert "⟨U+202E⟩gpj.exe" in page.locator("#rows").inner_text()
        assert page.locator("#rows a").last.evaluate("a => a.textContent.length") <= 255
        page.emulate_media(media="print")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        file = tmp_path / "portfolio.pdf"
        page.pdf(path=file, prefer_css_page_size=True)
    pdftotext = program("pdftotext", "poppler-utils")
    done = subprocess.run([pdftotext, "-layout", file, "-"], capture_output=True, text=True, check=True)
    first, second, *_ = done.stdout.split("\f")
    assert "Eastgate" in first
    assert "Dunmore" in second
    assert all("12 months" in sheet for sheet in (first, second))  # the head stands on both
