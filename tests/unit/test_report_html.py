"""The page as text: nothing hostile gets through, the policy names what is inside, the same audit gives the same page."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from scorecard.errors import ReportError
from scorecard.model import Platform, Role
from scorecard.registry import report
from scorecard.reporting import ReportContext
from scorecard.result import Audit
from tests.e2e import sample
from tests.e2e.sample import MARKUP, Machine

TEMPLATES = files("scorecard.reports").joinpath("templates")


class Page(HTMLParser):
    """What a browser would find: elements with their attributes, and the text of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inside: dict[str, list[str]] = {"script": [], "style": []}
        self._open: str | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in self.inside:
            self._open = tag
            self.inside[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        self._open = None

    def handle_data(self, data: str) -> None:
        if self._open:
            self.inside[self._open][-1] += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def page(audit: Audit, tmp_path: Path, context: ReportContext | None = None) -> str:
    target = tmp_path / "page.html"
    report("html").render(audit, context or ReportContext(), target)
    return target.read_text(encoding="utf-8")


AUDITS: dict[str, Callable[[], tuple[Machine, ...]]] = {
    "fleet": sample.fleet,
    "hostile": sample.hostile,
    "empty": lambda: (),
    "one": lambda: (Machine("alone"),),
    "not graded": lambda: (Machine("A"), Machine("B", failure=sample.unreachable())),
    "all unknown": lambda: tuple(Machine(f"M{n}", failure=sample.unreachable()) for n in range(5)),
}


@cache
def made(name: str) -> Page:
    """Made once for the tests that only look."""
    machines = AUDITS[name]()
    with TemporaryDirectory() as folder:
        return Page(page(sample.audit(machines), Path(folder), sample.context(machines, sample.year())))


@pytest.mark.parametrize("name", AUDITS)
def test_the_policy_names_exactly_the_script_and_the_style_that_are_inside(name: str) -> None:
    found = made(name)
    policy = found.all("meta")[1]["content"]
    assert policy is not None
    data, script = found.inside["script"]
    (style,) = found.inside["style"]
    for source, directive in ((script, "script-src"), (style, "style-src")):
        digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}';" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    json.loads(data)


@pytest.mark.parametrize("name", AUDITS)
def test_the_page_needs_nothing_from_outside_and_runs_nothing_inline(name: str) -> None:
    found = made(name)
    assert {tag for tag, _ in found.elements} & {
        "img",
        "iframe",
        "object",
        "embed",
        "link",
        "base",
        "audio",
        "video",
    } == set()
    for tag, attributes in found.elements:
        assert not [key for key in attributes if key.startswith("on") or key in ("style", "src", "srcdoc")], tag
        assert (attributes.get("href") or "#").startswith("#")


@pytest.mark.parametrize("name", AUDITS)
def test_ids_are_made_by_us_and_every_link_leads_somewhere(name: str) -> None:
    found = made(name)
    ids = [attributes["id"] for _, attributes in found.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z][a-z0-9-]*", id_ or "") for id_ in ids)
    for attributes in (*found.all("a"), *found.all("use")):
        assert (attributes["href"] or "")[1:] in ids


def test_hostile_text_is_shown_and_does_nothing(tmp_path: Path) -> None:
    machines = sample.hostile()
    audit = replace(sample.audit(machines), client=MARKUP, notes=(MARKUP,))
    text = page(audit, tmp_path, sample.context(machines))
    assert "<img" not in text
    assert "&lt;img src=x onerror=alert(1)&gt;" in text
    assert "{{ 7*7 }}{% raw %}" in text
    assert "⟨U+202E⟩gpj.exe" in text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    assert "n" * 256 not in text
    assert text.count("</script>") == 2


def test_the_same_audit_gives_the_same_page(tmp_path: Path) -> None:
    context = sample.context(sample.fleet(), sample.year())
    assert page(sample.fleet_audit(), tmp_path, context) == page(sample.fleet_audit(), tmp_path, context)


def test_raw_answers_are_cut_and_identical_ones_are_printed_once(tmp_path: Path) -> None:
    open_drive = {"disk-encryption.system-volume": sample.short("open", "shut")}
    machine = Machine("A", answers=open_drive, raw="x" * 9_000)
    audit = sample.audit([machine, Machine("B")])
    twin = tuple(
        replace(finding, verdict=audit.findings[0].verdict, observations=audit.findings[0].observations)
        if finding.endpoint == "B" and finding.check == audit.findings[0].check
        else finding
        for finding in audit.findings
    )
    text = page(replace(audit, findings=twin), tmp_path, sample.context([machine, Machine("B")]))
    assert audit.findings[0].check == "disk-encryption.system-volume"
    assert "x" * 4_000 in text
    assert "x" * 4_097 not in text
    assert text.count("x" * 4_000) == 1
    assert "Cut after 4 KB" in text
    assert 'word for word as shown before: <a href="#a00001">1 answer, the same one as with A</a>' in text


def test_sections_come_in_their_order_and_empty_ones_stay_away(tmp_path: Path) -> None:
    text = page(sample.fleet_audit(), tmp_path)
    ids = re.findall(r'<(?:section|header)[^>]* id="([a-z]+)"', text)
    assert ids == [
        "top",
        "safe",
        "better",
        "need",
        "parts",
        "changes",
        "fix",
        "machines",
        "detail",
        "unchecked",
        "bring",
        "method",
        "words",
    ]


def test_what_is_as_agreed_and_what_gave_no_answer_is_told_with_each_machine(tmp_path: Path) -> None:
    answers = {"antivirus.protected": sample.no_answer("Our account has no right to read this")}
    text = page(sample.audit([Machine("A", answers=answers)]), tmp_path)
    detail = text[text.index('id="d0001"') : text.index('id="drawn"')]
    asked = sample.standard().checks_for(Role.LAPTOP)
    assert f"{len(asked) - 1} checks as agreed" in detail
    by_check = text[text.index('id="checks"') : text.index('id="unchecked"')]
    assert "<span>a recovery key exists</span> <small>A</small>" in by_check
    assert "Our account has no right to read this" in detail


def test_the_text_that_was_sent_is_that_of_the_machines_own_platform(tmp_path: Path) -> None:
    short = {"antivirus.protected": sample.short("none", "one engine")}
    machines = [Machine("A", answers=short), Machine("B", platform=Platform.MACOS, answers=short)]
    context = sample.context(machines)
    probes = {f"{platform}/antivirus.state": f"asked on {platform}" for platform in ("linux", "macos")}
    text = page(sample.audit(machines), tmp_path, replace(context, probes=probes))
    sent = dict(re.findall(r'<summary id="(p\d+)">([a-z]+)/', text))
    for device, platform in (("d0001", "linux"), ("d0002", "macos")):
        body = text[text.index(f'<div class="body" id="{device}"') :]
        target = re.search(r'href="#(p\d+)"', body)
        assert target is not None
        assert sent[target.group(1)] == platform


def test_a_hundred_and_fifty_machines_stay_small(tmp_path: Path) -> None:
    fleet = [*sample.fleet(), *(Machine(f"NB-{n:03d}") for n in range(26))]
    text = page(sample.audit(fleet), tmp_path, sample.context(fleet, sample.year()))
    assert text[text.index('<tbody id="rows">') :].partition("</tbody>")[0].count("<tr>") == 150
    assert len(text.encode()) <= 250_000


def test_a_large_fleet_lists_the_worst_and_says_so(tmp_path: Path) -> None:
    good = [Machine(f"M{n:04d}") for n in range(520)]
    bad = Machine("zz-last", answers={"antivirus.protected": sample.short("none", "one")})
    text = page(sample.audit([*good, bad]), tmp_path)
    assert text[text.index('<tbody id="rows">') :].partition("</tbody>")[0].count("<tr>") == 1
    assert "1 of 521 machines needs attention" in text
    assert text.count("zz-last") >= 3
    data = json.loads(Page(text).inside["script"][0])
    assert len(data["rows"]) == 521


def test_a_page_that_cannot_be_written_names_the_file(tmp_path: Path) -> None:
    target = tmp_path / "missing" / "page.html"
    with pytest.raises(ReportError, match=r"page\.html: the page cannot be written: No such file"):
        report("html").render(sample.audit([]), ReportContext(), target)


def test_templates_and_script_keep_to_the_safe_ways() -> None:
    for file in TEMPLATES.iterdir():
        source = file.read_text(encoding="utf-8")
        for banned in (
            "|safe",
            "| safe",
            "autoescape",
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "eval(",
            "document.write",
            "http:",
            "https:",
        ):
            assert banned not in source, f"{file.name} has {banned}"
        assert not re.search(r"\s[\w-]+=\{\{", source), f"{file.name} has an attribute without quotes"


def test_dark_colours_cannot_leak_into_print() -> None:
    source = TEMPLATES.joinpath("page.css").read_text(encoding="utf-8")
    for start in (match.start() for match in re.finditer("#0f151d", source)):
        opened = source.rfind("@media", 0, start)
        assert source[opened:].startswith("@media screen")


def test_first_screen_speaks_plainly(tmp_path: Path) -> None:
    text = page(sample.fleet_audit(), tmp_path)
    first = re.sub(r"<[^>]+>", " ", text[text.index('id="safe"') : text.index('class="two"')]).lower()
    for word in ("endpoint", "patch", "edr", "n/a", "unknown", "error", "risk", "excellent", "!"):
        assert word not in first.replace("…", ""), word
