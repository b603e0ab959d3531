"""The page by keyboard, touch and eyes that need more, in Debian's Chromium (reports.md 7, 9 and 10)."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from scorecard.registry import report
from scorecard.reporting import EditionName
from tests.e2e import sample, story
from tests.e2e.sample import Machine

pytestmark = pytest.mark.browser

FOCUSED = """() => {
  const one = document.activeElement, style = getComputedStyle(one), place = one.getClientRects()[0];
  const x = Math.max(0, Math.min(innerWidth - 1, place.left + Math.min(place.width / 2, 8)));
  const y = Math.max(0, Math.min(innerHeight - 1, place.top + place.height / 2));
  const hit = document.elementFromPoint(x, y);
  let cut = false;
  for (let box = one.parentElement; box !== document.body && box; box = box.parentElement) {
    const edge = box.getBoundingClientRect();
    if (getComputedStyle(box).overflowX !== 'visible') {
      cut ||= place.left - 5 < edge.left || place.top - 5 < edge.top || place.bottom + 5 > edge.bottom;
    }
  }
  return {
    end: one === document.body, cut, name: (one.id || one.textContent).trim().slice(0, 30),
    at: [...document.querySelectorAll('*')].indexOf(one),
    ring: [style.outlineStyle, style.outlineWidth, style.outlineOffset].join(' '),
    seen: place.bottom > 0 && place.top < innerHeight && Boolean(hit) && (one.contains(hit) || hit.contains(one))
  };
}"""
# Text smaller than it may be: 12 px, and 11 px in drawings, as it is drawn.
SMALL = """() => [...document.querySelectorAll('body *')].filter(one => {
  const own = [...one.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
  const place = one.getBoundingClientRect(), drawing = one.closest('svg');
  if (!own || !place.width || one.closest('.vh, script, option')) { return false; }
  const scale = drawing ? drawing.getBoundingClientRect().width / drawing.viewBox.baseVal.width : 1;
  return parseFloat(getComputedStyle(one).fontSize) * scale < (drawing ? 10.95 : 11.95);
}).map(one => one.outerHTML.slice(0, 80))"""
TOO_LOW = """low => [...document.querySelectorAll('button, select, input, summary')].map(one =>
  one.closest('label') && one.type === 'checkbox' ? one.closest('label') : one).filter(one => {
  const height = one.getBoundingClientRect().height;
  return height && height < low;
}).map(one => one.outerHTML.slice(0, 80))"""
FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
OPEN_ALL = "document.querySelectorAll('details').forEach(box => { box.open = true })"
SHIFTS = """window.shifts = [];
new PerformanceObserver(list => list.getEntries().forEach(entry => window.shifts.push(
  [entry.value, ...entry.sources.map(source => source.node && source.node.outerHTML && source.node.outerHTML.slice(0, 60))]
))).observe({type: 'layout-shift', buffered: true})"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Pages by name: the story of a client, the same for engineers and for a prospect's eyes, and odd names."""
    folder = tmp_path_factory.mktemp("keys")
    told = story.story(brief=True)
    odd = [Machine("Büro-Éclair", site="Zürich"), Machine("ANGSTROM", owner="Ångström"), *sample.hostile()]
    made = {
        "client": (told.audit, told.context),
        "engineer": (told.audit, replace(told.context, edition=EditionName.ENGINEER)),
        "odd": (sample.audit(odd), replace(sample.context(odd), edition=EditionName.ENGINEER)),
    }
    for name, (audit, context) in made.items():
        report("html").render(audit, context, folder / f"{name}.html")
    return {name: folder / f"{name}.html" for name in made}


Opener = Callable[..., Page]


@pytest.fixture
def opened(browser: Browser, files: dict[str, Path]) -> Iterator[Opener]:
    contexts = []

    def opening(name: str, width: int = 1280, hash_: str = "", before: str = "", **wishes: object) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 720}, **wishes)  # type: ignore[arg-type]  # passed on as they are
        contexts.append(context)
        page = context.new_page()
        if before:
            page.add_init_script(before)
        page.goto(files[name].as_uri() + hash_)
        return page

    yield opening
    for context in contexts:
        context.close()


def rows(page: Page) -> list[str]:
    return page.locator("#rows tr:visible th bdi").all_text_contents()


@pytest.mark.parametrize(("width", "most"), [(1280, 40), (390, 400)])
def test_everything_is_reached_by_tab_in_reading_order_and_seen(opened: Opener, width: int, most: int) -> None:
    page = opened("client", width)
    stops: list[dict[str, Any]] = []
    while len(stops) < most:
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUSED)
        if stop["end"]:
            break
        stops.append(stop)
    wanted = page.evaluate(
        "[...document.querySelectorAll('a[href], button, input, select, summary, [tabindex=\"0\"]')]"
        ".filter(one => one.checkVisibility({contentVisibilityAuto: true, visibilityProperty: true})).length"
    )
    assert wanted > 60
    assert len(stops) == min(wanted, most)
    assert [stop["name"] for stop in stops if stop["ring"] != "solid 3px 2px"] == []
    assert [stop["name"] for stop in stops if not stop["seen"] or stop["cut"]] == []
    assert all(before["at"] < after["at"] for before, after in pairwise(stops))


def test_search_sorting_and_details_need_no_mouse(opened: Opener) -> None:
    page = opened("client")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.getElementById('main').contains(document.activeElement)")
    result, search = page.locator("#result"), page.locator("#f-q")
    everything = rows(page)
    page.keyboard.press("/")
    expect(search).to_be_focused()
    page.keyboard.type("a/b")
    expect(search).to_have_value("a/b")
    expect(result).to_contain_text("found by “a/b”")
    page.keyboard.press("Escape")
    expect(search).to_have_value("")
    assert rows(page) == everything
    button = page.locator("th[data-sort=name] button")
    button.focus()
    page.keyboard.press("Enter")
    expect(result).to_contain_text("Sorted by Machine.")
    assert rows(page) == sorted(everything)
    page.keyboard.press(" ")
    expect(result).to_contain_text("Sorted by Machine, from the end.")
    expect(page.locator("th[data-sort=name]")).to_have_attribute("aria-sort", "descending")
    assert rows(page) == sorted(everything, reverse=True)
    expect(button).to_be_focused()
    summary = page.locator("details.dev > summary").first
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.locator("details.dev").first).to_have_attribute("open", "")
    page.keyboard.press(" ")
    expect(page.locator("details.dev[open]")).to_have_count(0)
    assert page.locator("#result[role=status][aria-live=polite]").count() == 1


def test_typing_is_one_step_back_and_one_message(opened: Opener) -> None:
    page = opened("client", hash_="#unchecked")
    page.evaluate(
        "() => { window.said = []; new MutationObserver(() => said.push(document.getElementById('result').textContent))"
        ".observe(document.getElementById('result'), {childList: true, characterData: true, subtree: true}) }"
    )
    page.clock.install()
    page.clock.pause_at(datetime(2100, 1, 1))  # noqa: DTZ001 - the browser's own clock, in no zone
    search = page.locator("#f-q")
    search.press_sequentially("lt-0")
    page.clock.run_for(79)
    assert page.evaluate("said") == []
    page.clock.run_for(1)
    assert page.evaluate("said") == ["8 of 16 machines are shown, found by “lt-0”."]
    search.press_sequentially("14")
    page.clock.run_for(80)
    expect(page.locator("#result")).to_contain_text("found by “lt-014”")
    assert page.url.endswith("#machines?q=lt-014")
    page.go_back()
    expect(page).to_have_url(re.compile("#unchecked$"))


def test_search_folds_case_and_accents(opened: Opener) -> None:
    page = opened("odd")
    for typed, found in (("buro-ecl", "Büro-Éclair"), ("ZURICH", "Büro-Éclair"), ("ångstrom", "ANGSTROM")):
        page.fill("#f-q", typed)
        expect(page.locator("#result")).to_contain_text(f"found by “{typed}”")
        assert rows(page) == [found]


def test_addresses_that_mean_nothing_do_nothing(opened: Opener) -> None:
    page = opened("client", before="window.failed = []; addEventListener('error', event => failed.push(event.message))")
    count = len(rows(page))
    for hash_ in (
        "#machines?page=-1&rows=none&sort=--name&changed=maybe&check=toString&group=constructor",
        "#machines?state=%&site&__proto__=1",
        "#device=d99999",
        "#device=__proto__",
        "#check=hasOwnProperty",
        "#%F0%9F",
    ):
        page.evaluate("hash => { location.hash = hash }", hash_)
        page.wait_for_timeout(0)
        assert page.evaluate("failed") == []
        assert len(rows(page)) == count, hash_
    page.evaluate("hash => { location.hash = hash }", "#machines?q=%E0%A4%A")
    expect(page.locator("#result")).to_contain_text("found by “")
    assert page.evaluate("failed") == []


def test_a_machine_a_check_and_the_way_back(opened: Opener) -> None:
    page = opened("client", hash_="#machines?state=no&sort=-name")
    listed = rows(page)
    assert listed == sorted(listed, reverse=True)
    page.locator("#rows tr:visible th a").first.click()
    expect(page.locator("details.dev[open] > summary bdi").first).to_have_text(listed[0])
    page.evaluate("location.hash = 'check=disk-encryption.system-volume'")
    expect(page.locator("details.chk[open]")).to_contain_text("disk-encryption.system-volume")
    page.go_back()
    page.go_back()
    assert page.url.endswith("#machines?state=no&sort=-name")
    assert rows(page) == listed


def test_every_cell_that_is_taken_along_is_guarded(opened: Opener) -> None:
    page = opened("odd", accept_downloads=True)
    with page.expect_download() as waiting:
        page.click("#download")
    with Path(waiting.value.path()).open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.reader(file))
    assert len(lines) == 14
    assert {len(line) for line in lines} == {len(lines[0])}
    cells = [cell for line in lines for cell in line]
    assert [cell for cell in cells if re.match(r"[\s\u200b\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]", cell)] == []
    assert any(cell.startswith("'=HYPERLINK") for cell in cells)
    assert any(cell.startswith("'@SUM") for cell in cells)


def test_the_theme_stays_and_is_all_that_is_stored(opened: Opener) -> None:
    page = opened("client")
    page.fill("#f-q", "lt")
    page.click("#theme")
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(15, 21, 29)"
    assert page.evaluate("[{...localStorage}, {...sessionStorage}, document.cookie]") == [
        {"scorecard-theme": "dark"},
        {},
        "",
    ]


def test_a_browser_that_stores_nothing_still_changes_the_theme(opened: Opener) -> None:
    page = opened(
        "client",
        before="window.failed = []; addEventListener('error', event => failed.push(event.message));"
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('refused', 'SecurityError'); } })",
    )
    page.click("#theme")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(15, 21, 29)"
    assert page.evaluate("failed") == []


@pytest.mark.parametrize("edition", ["client", "engineer"])
def test_small_screens_and_large_zoom_keep_text_readable_and_the_page_in_place(opened: Opener, edition: str) -> None:
    page = opened(edition)
    page.evaluate(OPEN_ALL)
    for width in (1280, 1024, 640, 390, 360, 320):  # 640 and 320: 200 and 400 per cent of 1280
        page.set_viewport_size({"width": width, "height": 720})
        assert page.evaluate(FITS), width
        assert page.evaluate(SMALL) == [], width
    assert page.evaluate(TOO_LOW, 28) == []


def test_fingers_get_larger_targets(opened: Opener) -> None:
    page = opened("engineer", 390, has_touch=True, is_mobile=True)
    page.evaluate(OPEN_ALL)
    assert page.evaluate("matchMedia('(pointer: coarse)').matches")
    assert page.evaluate(TOO_LOW, 44) == []
    assert page.evaluate(FITS)


@pytest.mark.parametrize("dark", [False, True])
def test_colours_of_the_system_keep_every_shape(opened: Opener, dark: bool) -> None:
    page = opened("client", forced_colors="active", color_scheme="dark" if dark else "light")
    assert page.evaluate("getComputedStyle(document.querySelector('.letter')).borderTopWidth") == "2px"
    drawn = page.evaluate(
        "[...document.querySelectorAll('.prom .i, .key .i')].map(one => getComputedStyle(one).backgroundColor)"
        ".concat([...document.querySelectorAll('.mx td')].map(one => getComputedStyle(one, '::before'))"
        ".filter(style => style.content !== 'none').map(style => style.backgroundColor))"
    )
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert len(drawn) > 30
    assert paper not in drawn


def test_nothing_moves_by_itself(opened: Opener) -> None:
    page = opened("client", reduced_motion="no-preference", contrast="more")
    assert page.evaluate("document.getAnimations().length") == 0
    assert page.evaluate(
        "[...document.querySelectorAll('*')].every(one => (style => style.transitionDuration === '0s' &&"
        " style.animationName === 'none' && style.scrollBehavior === 'auto')(getComputedStyle(one)))"
    )


def test_a_link_to_a_machine_has_all_of_it_before_it_is_shown(opened: Opener) -> None:
    page = opened("client")
    filled = (
        "new Promise(done => { addEventListener('hashchange', () => done("
        "document.getElementById('d0014').closest('details').dataset.filled)); location.hash = 'device=d0014' })"
    )
    assert page.evaluate(filled) == "yes"  # not in a later task, when it would push what is looked at already
    expect(page.locator("details.dev[open] > summary").first).to_be_in_viewport()


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_moves_after_it_was_painted(opened: Opener, width: int) -> None:
    page = opened("client", width, before=SHIFTS)
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 50))))")
    assert page.evaluate("performance.getEntriesByType('paint').length") > 0
    assert page.evaluate("window.shifts") == []
