"""The page in Debian's Chromium: it opens quietly, filters, searches, prints, and reads without its script."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from scorecard.registry import report
from tests.e2e import sample, story
from tests.e2e.sample import Machine

pytestmark = pytest.mark.browser

AXE = files("axe_playwright_python").joinpath("axe.min.js")
SCREENS = {"wide": ViewportSize(width=1280, height=720), "narrow": ViewportSize(width=390, height=844)}
FLEETS: dict[str, Callable[[], tuple[Machine, ...]]] = {
    "fleet": sample.fleet,
    "hostile": sample.hostile,
    "empty": tuple,
    "one": lambda: (Machine("alone"),),
    "provisional": lambda: (
        *(Machine(f"M{n}") for n in range(7)),
        *(Machine(f"X{n}", failure=sample.unreachable()) for n in range(3)),
    ),
    "unknown": lambda: tuple(Machine(f"M{n}", failure=sample.unreachable()) for n in range(5)),
}
# With a past, exceptions of every kind, and what lies ahead.
STORIES: dict[str, Callable[[], story.Story]] = {
    "story": lambda: story.story(brief=True),
    "hostile story": story.hostile,
}
PAGES = (*FLEETS, *STORIES)


@dataclass
class Opened:
    """A page with everything it complained about or asked for."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def value(self, expression: str) -> object:
        return self.page.evaluate(expression)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    written = {}
    for name, machines in FLEETS.items():
        made = machines()
        written[name] = folder / f"{name}.html"
        report("html").render(sample.audit(made), sample.context(made, sample.year()), written[name])
    for name, told in STORIES.items():
        written[name] = folder / f"{name}.html"
        report("html").render(told().audit, told().context, written[name])
    return written


@pytest.fixture
def load(browser: Browser, pages: dict[str, Path]) -> Iterator[Callable[..., Opened]]:
    contexts = []

    def opening(name: str, screen: str = "wide", hash_: str = "", scheme: str = "light", script: bool = True) -> Opened:
        context = browser.new_context(
            viewport=SCREENS[screen],
            color_scheme="dark" if scheme == "dark" else "light",
            java_script_enabled=script,
        )
        contexts.append(context)
        opened = Opened(context.new_page())
        opened.page.on("console", lambda message: opened.complaints.append(f"{message.type}: {message.text}"))
        opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        opened.page.on("dialog", lambda dialog: opened.complaints.append(f"dialog: {dialog.message}"))
        opened.page.on("request", lambda request: opened.requests.append(request.url))
        opened.page.goto(pages[name].as_uri() + hash_)
        return opened

    yield opening
    for context in contexts:
        context.close()


def shown_rows(opened: Opened) -> list[str]:
    found = opened.value(
        "[...document.querySelectorAll('#rows tr')].filter(r => !r.hidden).map(r => r.querySelector('bdi').textContent)"
    )
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("name", PAGES)
def test_it_opens_quietly_asks_for_nothing_and_fits_the_screen(load: Callable[..., Opened], name: str, screen: str) -> None:
    opened = load(name, screen)
    assert opened.complaints == []
    assert [url for url in opened.requests if not url.startswith("file:")] == []
    assert len(opened.requests) == 1
    assert opened.value("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    opened.page.evaluate("document.querySelectorAll('details').forEach(box => { box.open = true })")
    assert opened.value("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_the_policy_is_at_work(load: Callable[..., Opened]) -> None:
    opened = load("one")
    opened.page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'window.ran = 1'; document.body.append(s) }"
    )
    assert opened.value("window.ran === undefined")
    assert any("Content Security Policy" in complaint for complaint in opened.complaints)


@pytest.mark.parametrize("name", ["fleet", "story"])
def test_the_first_screen_needs_no_scrolling(load: Callable[..., Opened], name: str) -> None:
    opened = load(name)
    assert opened.value("document.getElementById('safe').getBoundingClientRect().bottom <= 720")
    assert opened.value("document.getElementById('h-better').getBoundingClientRect().bottom <= 720")
    asked = (
        "[...document.querySelectorAll('#h-need, .ask li')].map(line => Math.round(line.getBoundingClientRect().bottom))"
    )
    bottoms = opened.value(asked)
    assert isinstance(bottoms, list)
    assert len(bottoms) >= 2
    assert max(bottoms) <= 720


def test_every_count_of_the_first_screen_leads_to_that_many_rows(load: Callable[..., Opened]) -> None:
    opened = load("fleet")
    links = opened.page.locator("#safe a[data-filter]")
    assert links.count() >= 6
    for place in range(links.count()):
        link = links.nth(place)
        text = link.inner_text()
        found = re.search(r"[\d,]+", text)
        assert found is not None
        count = int(found.group().replace(",", ""))
        filters = link.get_attribute("data-filter") or ""
        link.click()
        if text.startswith("and "):
            count += 3  # three were named before it
        # The script follows the address a moment after the click.
        opened.page.wait_for_function(
            "wanted => [...document.querySelectorAll('#rows tr')].filter(row => !row.hidden).length === wanted", arg=count
        )
        assert len(shown_rows(opened)) == count, filters
        assert opened.page.url.endswith(f"#machines?{filters}")
    assert opened.complaints == []


def test_search_filters_and_sorting_work_together(load: Callable[..., Opened]) -> None:
    opened = load("fleet")
    opened.page.fill("#f-q", "LT-01")
    expect(opened.page.locator("#result")).to_have_text("10 of 124 machines are shown, found by “LT-01”.")
    assert shown_rows(opened)[0] == "LT-014"
    opened.page.select_option("#f-state", "no")
    assert shown_rows(opened) == ["LT-014"]
    expect(opened.page.locator("#result")).to_have_text("1 of 124 machines falls short, found by “LT-01”.")
    assert "q=LT-01" in opened.page.url
    assert "state=no" in opened.page.url
    opened.page.click("#clear")
    assert len(shown_rows(opened)) == 124
    opened.page.click("th[data-sort=name] button")
    names = shown_rows(opened)
    assert names == sorted(names)
    assert opened.page.locator("th[data-sort=name]").get_attribute("aria-sort") == "ascending"
    opened.page.click("th[data-sort=name] button")
    assert shown_rows(opened) == sorted(names, reverse=True)
    opened.page.keyboard.press("/")
    opened.page.keyboard.type("depot")
    expect(opened.page.locator("#result")).to_contain_text("26 of 124 machines are shown, found by “depot”.")
    opened.page.keyboard.press("Escape")
    assert len(shown_rows(opened)) == 124


def test_a_link_with_a_filter_opens_filtered_and_nonsense_is_ignored(load: Callable[..., Opened]) -> None:
    opened = load("fleet", hash_="#machines?state=not-checked&part=antivirus&sort=-name")
    assert len(shown_rows(opened)) == 6
    assert shown_rows(opened)[0] == "SV-012"
    odd = load("fleet", hash_="#machines?state=%3Cb%3E&part=__proto__&site=99&sort=constructor&zzz=1")
    assert len(shown_rows(odd)) == 124
    assert odd.complaints == []


@pytest.mark.parametrize("hash_", ["#device=d0014", "#d0014"])
def test_a_link_to_a_machine_opens_its_proof(load: Callable[..., Opened], hash_: str) -> None:
    opened = load("fleet", hash_=hash_)
    body = opened.page.locator("#d0014")
    assert body.is_visible()
    assert "/ on nvme0n1p2 is not encrypted" in body.inner_text()
    body.locator("a[href^='#a']").first.click()
    assert body.locator("pre").first.is_visible()
    assert "nvme0n1p2 part  ext4" in body.locator("pre").first.inner_text()


def test_a_machine_that_is_folded_away_is_found_by_its_link(load: Callable[..., Opened]) -> None:
    opened = load("fleet", hash_="#device=d0001")
    assert opened.page.locator("#d0001").is_visible()


def test_without_scripts_all_of_it_is_there(load: Callable[..., Opened]) -> None:
    opened = load("fleet", script=False)
    assert opened.page.locator("#rows tr").count() == 124
    assert opened.page.locator("#controls").is_hidden()
    assert opened.page.locator("#theme").is_hidden()
    opened.page.locator("#safe a[href='#d0014']").first.click()
    assert opened.page.locator("#d0014").is_visible()
    opened.page.locator("#safe a[data-filter]").first.click()
    assert opened.page.url.endswith("#machines")


@pytest.mark.parametrize("name", ["hostile", "hostile story"])
def test_hostile_text_runs_nothing_when_everything_is_opened_and_searched(load: Callable[..., Opened], name: str) -> None:
    opened = load(name)
    opened.page.evaluate("document.querySelectorAll('details').forEach(box => { box.open = true })")
    opened.page.fill("#f-q", "<img src=x onerror=alert(1)>")
    expect(opened.page.locator("#result")).to_contain_text("of 11 machines are shown, found by “<img")
    assert opened.page.locator("img").count() == 0
    assert opened.complaints == []
    assert len(opened.requests) == 1


def test_dark_colours_by_system_and_by_button_and_never_in_print(load: Callable[..., Opened]) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    opened = load("fleet", scheme="dark")
    assert opened.value(background) == "rgb(15, 21, 29)"
    opened.page.click("#theme")
    assert opened.value(background) == "rgb(255, 255, 255)"
    opened.page.click("#theme")
    opened.page.emulate_media(media="print")
    assert opened.value(background) == "rgb(255, 255, 255)"
    assert opened.value("getComputedStyle(document.querySelector('.letter')).backgroundColor") == "rgb(20, 32, 46)"


def test_the_list_of_contents_stays_beside_a_wide_page(load: Callable[..., Opened]) -> None:
    opened = load("fleet")
    opened.page.set_viewport_size(ViewportSize(width=1440, height=900))
    opened.page.evaluate("document.getElementById('fix').scrollIntoView()")
    beside = opened.page.locator(".contents ul").bounding_box()
    column = opened.page.locator("#fix").bounding_box()
    assert beside is not None
    assert column is not None
    assert 0 <= beside["y"] <= 40
    assert beside["x"] >= column["x"] + column["width"]
    assert opened.value("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("name", ["fleet", "story"])
def test_tables_headings_and_names_are_in_order(load: Callable[..., Opened], name: str, screen: str) -> None:
    opened = load(name, screen)
    assert opened.value("document.querySelectorAll('h1').length") == 1
    assert opened.value("[...document.querySelectorAll('table')].every(t => t.caption && t.caption.textContent.trim())")
    assert opened.value("[...document.querySelectorAll('th')].every(h => h.scope)")
    levels = opened.value("[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(h => Number(h.tagName[1]))")
    assert isinstance(levels, list)
    assert all(after - before <= 1 for before, after in pairwise(levels))
    # Tables that become blocks on a narrow screen say their roles: not every browser keeps them.
    assert opened.value(
        "[...document.querySelectorAll('.prom, .prom :is(thead, tbody, tr, th, td)')].every(one => one.role)"
    )
    controls = "[...document.querySelectorAll('button, select, input')]"
    assert opened.value(f"{controls}.filter(b => b.offsetParent && b.offsetHeight < 24).length") == 0
    regions = opened.value("[...document.querySelectorAll('[role=region]')].map(r => r.getAttribute('aria-label'))")
    assert isinstance(regions, list)
    assert len(regions) == len(set(regions))


def test_the_letter_is_dashed_when_it_is_provisional_and_absent_when_not_graded(load: Callable[..., Opened]) -> None:
    provisional = load("provisional")
    assert provisional.page.locator(".letter.dashed").inner_text() == "C"
    assert provisional.page.locator(".prov").inner_text() == "provisional"
    unknown = load("unknown")
    assert unknown.page.locator(".letter").count() == 0
    assert "Not graded" in unknown.page.locator(".none").inner_text()


def test_a_part_of_the_client_is_said_at_the_top(browser: Browser, tmp_path: Path) -> None:
    audit = sample.audit([Machine("web1")], scope="--limit web*")
    target = tmp_path / "part.html"
    report("html").render(replace(audit, interrupted=True), sample.context([Machine("web1")]), target)
    page = browser.new_page(viewport=SCREENS["wide"])
    page.goto(target.as_uri())
    assert page.locator(".notice").count() == 2
    assert page.locator(".letter").count() == 0
    assert page.locator("#rows tr").count() == 1
    page.close()


@pytest.mark.parametrize(
    ("name", "screen", "scheme"),
    [
        ("story", "wide", "light"),
        ("story", "narrow", "dark"),
        ("provisional", "narrow", "light"),
        ("unknown", "wide", "dark"),
        ("empty", "narrow", "light"),
    ],
)
def test_axe_finds_nothing_with_everything_opened(load: Callable[..., Opened], name: str, screen: str, scheme: str) -> None:
    opened = load(name, screen, scheme=scheme)
    opened.page.evaluate("document.querySelectorAll('details').forEach(box => { box.open = true })")
    opened.page.evaluate(AXE.read_text(encoding="utf-8"))
    found = opened.value(
        "axe.run(document, {resultTypes: ['violations']}).then(result => result.violations.map("
        "rule => [rule.id, ...rule.nodes.slice(0, 3).map(node => node.html.slice(0, 200))]))"
    )
    assert found == []


def test_what_changed_and_what_is_agreed_reads_without_scripts_and_on_paper(load: Callable[..., Opened]) -> None:
    opened = load("story", script=False)
    opened.page.locator("#better a[href='#changes']").click()
    assert opened.page.url.endswith("#changes")
    for section in ("changes", "fix", "ahead", "exceptions", "frameworks"):
        assert opened.page.locator(f"#{section} table").first.locator("tbody tr").count() > 0
    assert opened.page.locator("#frameworks table").first.is_hidden()
    opened.page.locator("#frameworks summary").first.click()
    assert opened.page.locator("#frameworks table").first.is_visible()
    opened.page.emulate_media(media="print")
    for section in ("changes", "fix", "exceptions", "frameworks"):
        assert opened.page.locator(f"#{section} table").first.is_visible()
