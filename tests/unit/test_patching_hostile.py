"""Answers made to keep the auditor busy: each is read to its end, within the size that its part may have.

No time is asserted. With a reader that goes over the same letters again and again these tests would not end.
"""

from __future__ import annotations

import plistlib
from base64 import b64encode
from importlib import import_module
from typing import Any

import pytest

from scorecard.model import Observation, Outcome, Platform, Seen, Unseen
from scorecard.topic import Topic
from tests.cases import cases, host
from tests.checks.test_recorded import REGISTRY

TOPIC: Topic = REGISTRY.by_id["patching"]
RECORDED = {case.name: case for case in cases() if case.topic == "patching"}


def module(name: str) -> Any:
    return import_module(f"{TOPIC.parse.__module__.rpartition('.')[0]}.{name}")


def parse(platform: Platform, **parts: str) -> Any:
    asked = {f"patching.{noun.replace('_', '-')}": text for noun, text in parts.items()}
    return TOPIC.parse({part: Observation(part, Outcome.OK, text) for part, text in asked.items()}, host(platform))


@pytest.mark.parametrize(
    "line",
    ["<", "<a ", '<a a="', "<a a='", "<!--", "<!", "</", "</a ", "<?", "<![CDATA[", "<a/", "&#9", '<message type="error">'],
)
def test_zypper_answers_of_one_sign(line: str) -> None:
    answer = module("zypper")._read(module("payload").Section((line * (800_000 // len(line)),), 0))
    assert answer.failure == "its answer is not complete"


def test_zypper_signs_with_endless_numbers() -> None:
    number = f"&#{'9' * 6000};"
    text = f'<update-list><update name="{number}"/><message type="error">{number}</message></update-list>'
    assert module("zypper")._read(module("payload").Section((text,), 0)).failure == ""


@pytest.mark.parametrize("line", ["a-0" + "-r0-0" * 40_000, "-0" * 100_000, "a-0" + "-r" * 100_000])
def test_apk_rows_of_dashes(line: str) -> None:
    assert module("apk")._updates(module("payload").Section((line,)), set(), {}) == []


def test_apt_lines_of_brackets() -> None:
    case = RECORDED["apt-missing-short"]
    text = case.observations["patching.apt"].text
    endless = text.replace("== held", "Inst a [1] (2 " + " [" * 400_000 + "\n== held")
    facts = parse(Platform.LINUX, system="manager apt", apt=endless)
    assert {update.name for update in facts.updates.missing.value} >= {"a"}


def test_apt_sources_with_brackets_in_their_name() -> None:
    """A line with an installed version is a missing update, whatever its source calls itself."""
    case = RECORDED["apt-patched"]
    text = case.observations["patching.apt"].text
    odd = text.replace("== held", "Inst code [1.0] (2.0 Tools (beta):1/stable [amd64])\n== held")
    (update,) = parse(Platform.LINUX, system="manager apt", apt=odd).updates.missing.value
    assert (update.name, update.candidate) == ("code", "2.0")
    assert isinstance(update.security, Unseen)


def test_a_property_list_of_shared_lists_is_not_written_out() -> None:
    """Forty small lists that hold each other twice would be a text of a trillion letters."""
    nested: list[Any] = ["x"]
    for _ in range(40):
        nested = [nested, nested]
    entry = {"Identifier": nested, "Display Name": nested, "Display Version": nested, "Product Key": nested}
    raw = plistlib.dumps({"RecommendedUpdates": [entry], "FirstOfferDateDictionary": {}}, fmt=plistlib.FMT_BINARY)
    settings = f"== preferences\n{b64encode(raw).decode()}\nrc 0\n"
    facts = parse(Platform.MACOS, settings=settings, scan="No new software available.\nrc 0")
    assert facts.updates.missing == Seen(())
