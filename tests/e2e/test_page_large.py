"""The page of 1,200 machines in Debian's Chromium: it shows them by the hundred, and every link finds its machine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from scorecard.registry import report
from scorecard.reporting import EditionName
from tests.e2e import sample
from tests.e2e.sample import Machine, short

pytestmark = pytest.mark.browser

COUNT = 1_200
WEAK = "disk-encryption.method"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    weak = {WEAK: short("aes-cbc-essiv", "AES with 128 bits or more")}
    listed = [*sample.fleet(), *(Machine(f"NB-{n:04d}", answers=weak if n % 2 else {}) for n in range(COUNT - 124))]
    target = tmp_path_factory.mktemp("large") / "large.html"
    context = replace(sample.context(sample.fleet()), edition=EditionName.ENGINEER)
    report("html").render(sample.audit(listed), context, target)
    return target


@pytest.fixture(scope="module")
def opened(browser: Browser, file: Path) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 720}, accept_downloads=True)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(file.as_uri())
    yield page
    assert complaints == []


def names(page: Page) -> list[str]:
    return page.locator("#machines tbody.drawn th bdi").all_text_contents()


def go(page: Page, address: str) -> None:
    page.evaluate("hash => { location.hash = hash }", address)
    page.wait_for_timeout(0)


def test_pages_of_a_hundred_and_the_way_back(opened: Page) -> None:
    result = opened.locator("#result")
    go(opened, "#machines")
    expect(result).to_have_text("All 1,200 machines are shown. Page 1 of 12.")
    first = names(opened)
    assert len(first) == 100
    opened.click("#next")
    expect(result).to_contain_text("Page 2 of 12.")
    assert opened.url.endswith("#machines?page=2")
    assert not set(first) & set(names(opened))
    opened.go_back()
    expect(result).to_contain_text("Page 1 of 12.")
    assert names(opened) == first
    go(opened, "#machines?page=99")
    expect(result).to_contain_text("Page 12 of 12.")
    expect(opened.locator("#next")).to_be_disabled()
    expect(opened.locator("#show-all")).to_be_hidden()  # more than 1,000
    go(opened, "#machines?page=11")
    opened.locator("#next").focus()
    opened.keyboard.press("Enter")
    expect(result).to_contain_text("Page 12 of 12.")
    expect(opened.locator("#previous")).to_be_focused()  # the other one has nothing more to do
    go(opened, "#machines?q=nb-0")
    expect(result).to_have_text("1,000 of 1,200 machines are shown, found by “nb-0”. Page 1 of 10.")
    opened.click("#show-all")
    expect(result).to_have_text("1,000 of 1,200 machines are shown, found by “nb-0”.")
    assert len(names(opened)) == 1_000
    expect(opened.locator("#machines .scroll")).to_be_focused()


def test_every_count_of_the_first_screen_leads_to_that_many_machines(opened: Page) -> None:
    for link in opened.locator("#safe .key a[data-filter]").all():
        count = re.match(r"[\d,]+", link.inner_text())
        assert count is not None
        go(opened, link.get_attribute("href") or "")
        expect(opened.locator("#result")).to_have_text(re.compile(rf"^{count[0]} of 1,200 machines? "))


def test_values_of_one_filter_add_up_and_filters_narrow(opened: Page) -> None:
    result = opened.locator("#result")
    go(opened, "#machines?state=no&pillar=encryption&pillar=updates&site=Depot")
    expect(result).to_have_text("2 of 1,200 machines fall short on disk encryption or updates, at Depot.")
    opened.select_option("#f-site", "Head office")
    expect(result).to_have_text("14 of 1,200 machines fall short on disk encryption or updates, at Depot or Head office.")
    opened.get_by_role("button", name="Take away: Site: Depot").click()
    expect(result).to_have_text("12 of 1,200 machines fall short on disk encryption or updates, at Head office.")
    opened.go_back()
    expect(result).to_contain_text("14 of 1,200")
    opened.click("#clear")
    expect(result).to_contain_text("All 1,200")
    expect(opened.locator("#chips")).to_be_hidden()


def test_a_check_leads_to_its_machines_and_back(opened: Page) -> None:
    go(opened, f"#check={WEAK}")
    page = opened.locator("details.chk[open]")
    expect(page).to_contain_text("The encryption is strong")
    link = page.locator("a[data-filter]")
    count = re.match(r"[\d,]+", link.inner_text())
    assert count is not None
    link.click()
    expect(opened.locator("#result")).to_contain_text(
        f"{count[0]} of 1,200 machines are shown, falling short of “The encry"
    )


def test_machines_that_are_printed_and_those_that_are_not_have_their_detail(opened: Page) -> None:
    go(opened, "#device=d0014")
    expect(opened.locator("#d0014")).to_contain_text("/ on nvme0n1p2 is not encrypted")
    go(opened, "#d1200")
    last = opened.locator("#drawn > details")
    expect(last.locator("summary bdi").first).to_have_text("NB-1075")
    expect(last).to_contain_text("aes-cbc-essiv")
    answers = "Disk encryption: Yes Antivirus: Yes Updates: Yes Other checks: 1 of 11 falls short"
    expect(last.locator("dd.st")).to_have_text(answers)
    expect(last).to_contain_text("Put it in order with the usual tool.")
    go(opened, "#device=d1199")
    expect(last.locator("summary bdi").first).to_have_text("NB-1074")
    last.locator("details.passing summary").first.click()
    expect(last.locator("details.passing li").first).to_be_visible()
    expect(last).not_to_contain_text("aes-cbc-essiv")


def test_names_and_rows_can_be_taken_along(opened: Page) -> None:
    opened.context.grant_permissions(["clipboard-read", "clipboard-write"])
    go(opened, "#machines?state=no&pillar=encryption&sort=-name")
    expect(opened.locator("#result")).to_have_text(
        "4 of 1,200 machines fall short on disk encryption. Sorted by Machine, from the end."
    )
    opened.click("#copy")
    expect(opened.locator("#result")).to_have_text("4 copied.")
    assert opened.evaluate("navigator.clipboard.readText()") == "LT-040\nLT-031\nLT-022\nLT-014"
    with opened.expect_download() as waiting:
        opened.click("#download")
    text = Path(waiting.value.path()).read_text(encoding="utf-8-sig")
    assert text.count("\n") == 5
    assert text.splitlines()[0].startswith('"Machine","Disk encryption","Antivirus"')
    assert text.splitlines()[1].startswith('"LT-040","No","Yes","Yes"')


def test_on_paper_the_worst_are_listed_and_nothing_is_drawn(opened: Page) -> None:
    opened.emulate_media(media="print")
    expect(opened.locator("#rows")).to_be_visible()
    expect(opened.locator("tbody.drawn")).to_be_hidden()
    expect(opened.locator(".print-only").first).to_be_visible()
    opened.emulate_media(media="screen")
    expect(opened.locator("#rows")).to_be_hidden()
    assert opened.locator("#rows tr").count() == 500
