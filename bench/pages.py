"""Pages of made-up fleets: written in a process of their own, then opened in Chromium where there is one.

`python -m bench.pages COUNT CHECKS FILE` writes the page and prints the cost as JSON.
"""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, Error, sync_playwright

from bench.figures import Figure
from bench.process import Numbers, cpu_ms, numbers_of, peak_mib
from scorecard.model import OPEN, Finding, Observation, Outcome
from scorecard.registry import Registry, report
from scorecard.reporting import ReportContext
from scorecard.result import Audit, Device, System
from tests.e2e.programs import CHROMIUM_ARGUMENTS
from tests.unit.plan_fleet import made_up

_POOR = 0.03  # about 0.6 faults a machine, as in the demonstration
_MOST_KB = {150: 400, 10_000: 4_000}
_AIMED_AT = 10_000
_BUILD_S, _BUILD_MIB, _PAINT_S, _FILTER_MS, _TASK_MS = 10, 500, 2, 100, 200
_SETTLED_MS = 500
_TYPED = ("m0", "depot", "debian", "m00001", "m1", "desk 7", "macos")
_SITES = ("Head office", "Depot", "Workshop", "Harbour yard", "Studio")
_SYSTEMS = (System("Windows 11 Pro", "24H2"), System("Debian GNU/Linux 12 (bookworm)", "12"), System("macOS 26.7", "26.7"))
_ANSWERS, _ANSWER_LINES = 2, 9  # of each fault: so much is printed of the answers in the demonstration
_PAINTED = "performance.getEntriesByType('paint').find(entry => entry.name === 'first-contentful-paint')?.startTime ?? 0"
# How long the list takes until it stands there filtered: typed, and with the wait for the next key taken off.
_FILTERED = """value => new Promise(done => {
  const field = document.getElementById('f-q'), result = document.getElementById('result');
  const began = performance.now();
  new MutationObserver((changes, watch) => {
    watch.disconnect();
    result.getBoundingClientRect();
    requestAnimationFrame(() => done(performance.now() - began - 80));
  }).observe(result, {childList: true});
  field.value = value;
  field.dispatchEvent(new Event('input'));
})"""
_LONG_TASKS = """() => { window.longest = 0; new PerformanceObserver(list => {
  list.getEntries().forEach(entry => { window.longest = Math.max(window.longest, entry.duration); });
}).observe({type: 'longtask'}); }"""


def measure(folder: Path, fleets: Iterable[tuple[int, int]], real: int) -> Iterator[Figure]:
    """Of so many endpoints with so many checks each, from the smallest fleet to the largest.

    Then of so many `real` ones, which are not opened: machines of the demonstration, after a year of audits.
    """
    pages: dict[int, Path] = {}
    for count, checks in sorted(fleets):
        file = pages[count] = folder / f"page-{count}.html"
        cost = numbers_of("bench.pages", count, checks, file)
        what = f"page of {count:,} endpoints, {checks} checks each"
        size = f"{file.stat().st_size / 1000:,.0f} kB"
        yield Figure(f"{what}: size", size, f"at most {_MOST_KB[count]:,} kB" if count in _MOST_KB else "")
        aim = f"at most {_BUILD_S} s, {_BUILD_MIB} MiB" if count == _AIMED_AT else ""
        yield Figure("the same: built and written", f"{cost['build_s']:.1f} s, {cost['peak_mib']:.0f} MiB", aim)
    file = folder / f"page-real-{real}.html"
    numbers_of("bench.realistic", real, file)
    size = f"{file.stat().st_size / 1000:,.0f} kB"
    aim = f"at most {_MOST_KB[real]:,} kB" if real in _MOST_KB else ""
    yield Figure(f"page of {real:,} machines with answers as long as real ones: size", size, aim)
    chromium = shutil.which("chromium")
    if chromium is None:
        yield Figure("pages opened in a browser", "0: there is no Chromium here")
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_ARGUMENTS))
        try:
            for count, file in pages.items():
                yield from _opened(browser, count, file)
        finally:
            browser.close()


def _opened(browser: Browser, count: int, file: Path) -> Iterator[Figure]:
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    try:
        page.goto(file.as_uri())
        painted_s = float(page.evaluate(_PAINTED)) / 1000
        page.wait_for_timeout(_SETTLED_MS)
        page.evaluate(_LONG_TASKS)
        filtered_ms = median(float(page.evaluate(_FILTERED, text)) for text in _TYPED)
        page.wait_for_timeout(_SETTLED_MS)
        longest_ms = float(page.evaluate("window.longest"))
    except Error as error:
        raise RuntimeError(f"the page of {count} endpoints failed in the browser: {error}") from error
    finally:
        page.close()
    aimed = count == _AIMED_AT
    yield Figure(
        f"page of {count:,} endpoints in Chromium: first paint",
        f"{painted_s:.1f} s",
        f"at most {_PAINT_S} s" if aimed else "",
    )
    yield Figure("the same: filtered", f"{max(filtered_ms, 0):.0f} ms", f"at most {_FILTER_MS} ms" if aimed else "")
    yield Figure("the same: longest task after load", f"{longest_ms:.0f} ms", f"at most {_TASK_MS} ms" if aimed else "")


def _cost(count: int, checks: int, file: Path) -> Numbers:
    audit, context = furnished(made_up(count, checks, poor=_POOR))
    chosen = report("html")
    before_ms = cpu_ms()
    chosen.render(audit, context, file)
    return {"build_s": (cpu_ms() - before_ms) / 1000, "peak_mib": peak_mib()}


def furnished(audit: Audit) -> tuple[Audit, ReportContext]:
    """The audit with words, places and answers of the usual lengths, and what its reports need beside it."""
    chance = random.Random(3)
    kept: dict[str, Observation] = {}
    findings = tuple(_with_words(finding, chance, kept) for finding in audit.findings)
    devices = tuple(_with_place(device, number, chance) for number, device in enumerate(audit.devices))
    probes = {f"{probe.platform}/{probe.part}": probe.text for probe in Registry.load().probes()}
    return replace(audit, findings=findings, devices=devices), ReportContext(evidence=kept, probes=probes)


def _with_words(finding: Finding, chance: random.Random, kept: dict[str, Observation]) -> Finding:
    short = finding.status in OPEN
    variant = chance.randrange(100_000 if short else 8)
    measured = f"Version {variant % 40}.{variant % 7} was found, {variant % 90} days old, and 2 of its settings"
    verdict = replace(finding.verdict, measured=measured, expected="At most 14 days old, and every setting as agreed")
    found = replace(finding, verdict=verdict, first_seen=finding.observed_at if short else None)
    return replace(found, observations=_answers(found, kept)) if short else found


def _answers(finding: Finding, kept: dict[str, Observation]) -> tuple[str, ...]:
    topic = finding.check.partition(".")[0]
    digests = []
    for number in range(_ANSWERS):
        lines = (f"{finding.endpoint} {topic} setting-{number}-{line} = as it was read" for line in range(_ANSWER_LINES))
        text = "\n".join(lines)
        digest = "sha256:" + hashlib.sha256(text.encode()).hexdigest()
        kept[digest] = Observation(f"{topic}.part-{number}", Outcome.OK, text, 0, 12, finding.observed_at)
        digests.append(digest)
    return tuple(digests)


def _with_place(device: Device, number: int, chance: random.Random) -> Device:
    return replace(
        device,
        site=chance.choice(_SITES),
        os=chance.choice(_SYSTEMS),
        owner=f"Desk {number % 400}",
        facts={"serial": f"PF{number:06d}", "model": "Latitude 5440"},
    )


if __name__ == "__main__":
    print(json.dumps(_cost(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))))
