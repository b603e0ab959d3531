"""A machine's details: what an engineer wants to know of it before what falls short, and how each answer is known."""

from __future__ import annotations

import html
import importlib
import re
from collections.abc import Mapping
from dataclasses import replace

import pytest

from scorecard.model import Observation, Outcome
from scorecard.reporting import EditionName, ReportContext
from scorecard.result import Audit
from tests.e2e import sample
from tests.e2e.sample import Machine, short

page = importlib.import_module("scorecard.reports.html").page
views = importlib.import_module("scorecard.reports.view")
words = importlib.import_module("scorecard.reports.detail_words")
DRIVE, SCAN = "disk-encryption.system-volume", "antivirus.recent-scan"
EVIDENCE = "sha256:" + "ab" * 32


def made() -> Audit:
    one = Machine("A", answers={DRIVE: short("open", "shut"), SCAN: sample.no_answer("Our account may not read this")})
    audit = sample.audit([one, Machine("B"), Machine("C", answers=one.answers, managed=False)])
    first = replace(audit.devices[0], tags=("till", "north"), evidence=EVIDENCE, account="EXAMPLE\\audit", privileged=False)
    return replace(audit, devices=(first, *audit.devices[1:]))


def heads(text: str, id_: str) -> Mapping[str, str]:
    """The first list of a machine's details: label -> what stands beside it, without markup."""
    body = text[text.index(f'id="{id_}"') :]
    pairs = re.findall(r"<dt>(.*?)<dd[^>]*>(.*?)(?=<dt>|</dl>)", body[: body.index("</dl>") + 5], re.DOTALL)
    return {label: " ".join(html.unescape(re.sub(r"<[^>]*>", " ", value)).split()) for label, value in pairs}


def shown(audit: Audit, context: ReportContext) -> str:
    text: str = page(views.build(audit, context))
    return text


def test_a_machine_says_its_answers_and_engineers_how_it_was_asked() -> None:
    audit = made()
    for_engineers = heads(shown(audit, ReportContext(edition=EditionName.ENGINEER)), "d0001")
    assert for_engineers["Answers"].startswith("Disk encryption: No Antivirus: ")
    assert for_engineers["Answers"].endswith("Other checks: 1 of 11 not checked")
    assert for_engineers["Asked"] == "Over SSH as EXAMPLE\\audit, without full rights"
    assert (for_engineers["Evidence id"], for_engineers["Groups"]) == (EVIDENCE, "till, north")
    for_clients = heads(shown(audit, ReportContext()), "d0001")
    assert for_clients["Answers"] == for_engineers["Answers"]
    assert not {"Asked", "Evidence id", "Groups"} & for_clients.keys()
    assert EVIDENCE not in shown(audit, ReportContext())


def test_who_looks_after_a_machine_is_said_where_it_is_somebody_else() -> None:
    text = shown(made(), ReportContext())
    assert heads(text, "d0003")["Ours to look after"].startswith("No.")
    assert "Ours to look after" not in heads(text, "d0001")


@pytest.mark.parametrize(("text", "code", "said"), [("x" * 5_000, 0, words.CUT), ("short", 5, "Ended with 5.")])
def test_an_answer_says_how_it_ended_and_where_the_rest_is(text: str, code: int, said: str) -> None:
    audit = made()
    (finding,) = [one for one in audit.findings if (one.endpoint, one.check) == ("A", DRIVE)]
    answer = Observation("disk-encryption.state", Outcome.ERROR, text, code, 12, sample.AS_OF)
    context = ReportContext(evidence={finding.observations[0]: answer})
    view = views.build(audit, context)
    assert view.evidence.shortened == (len(text) > 4_096)
    written = page(view)
    assert said in written
    assert (words.ASK_FOR_EVIDENCE in written) == view.evidence.shortened
    engineers = page(views.build(audit, replace(context, edition=EditionName.ENGINEER)))
    assert (words.EVIDENCE_FILE in engineers) == view.evidence.shortened


@pytest.mark.parametrize(
    ("code", "said"),
    [(1, "Ended with 1."), (-2147024891, "Ended with 0x80070005."), (0x80070005, "Ended with 0x80070005.")],
)
def test_codes_are_said_as_engineers_look_them_up(code: int, said: str) -> None:
    assert words.ended(code) == said


@pytest.mark.parametrize(
    ("transport", "account", "privileged", "said"),
    [
        ("winrm", "audit", True, "Over WinRM as audit, with full rights"),
        ("local", "", None, "On this computer itself"),
        ("other", "", False, "Without full rights"),
        ("other", "", None, ""),
    ],
)
def test_how_a_machine_was_asked(transport: str, account: str, privileged: bool | None, said: str) -> None:
    assert words.asked(transport, account, privileged) == said
