#!/usr/bin/env python3
"""Writes docs/standard.md and docs/windows-questions.md from what is in the code. `--check` only says whether they are up
to date."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scorecard.model import Platform, Probe
from scorecard.registry import Registry
from scorecard.standard import DEFAULT, Standard, load
from scorecard.topic import Check

DOCS = Path(__file__).parents[1] / "docs"

_HEAD = """
This page is written by `scripts/docs.py` from `scorecard/standards/it-partner.yaml` and the checks. To work to your own
standard, print this one with `scorecard standards show it-partner`, edit the copy, and audit with `--standard FILE`;
reports then say that it is edited.

## How the score is made

A check is worth 1 where it passes, 0.5 where it warns, 0 where it fails and **0 where it is not known**; where it does not
apply it leaves the sum. A server counts 3, other machines 1. Severity weights: critical 10, high 7.5, medium 5, low 2.5.
With endpoint weight w, severity weight s and value v, a check's result is r = sum(w s v) / sum(w s) over the machines where
it applies and its weight is sum(w s) / sum(w); a category is the weighted mean of its checks, and the score is 100 times
the weighted mean of the categories that have a check that applies. Coverage is the same sum with 1 for every answer and 0
for every unknown; the possible score counts every unknown as a pass. The worst-case grade counts every unknown as a fail.
"""


def main() -> int:
    registry = Registry.load()
    pages = {
        DOCS / "standard.md": "\n".join(page(load(DEFAULT, registry.checks), registry)) + "\n",
        DOCS / "windows-questions.md": "\n".join(windows(registry)) + "\n",
    }
    if "--check" in sys.argv:
        old = [path.name for path, text in pages.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
        print(*(f"docs/{name} is not up to date; run python scripts/docs.py" for name in old), sep="\n", file=sys.stderr)
        return 1 if old else 0
    for path, text in pages.items():
        path.write_text(text, encoding="utf-8")
    return 0


def page(standard: Standard, registry: Registry) -> Iterator[str]:
    content = standard.content
    yield f"# The standard `{standard.name}`, version {content.version}"
    yield ""
    yield from _HEAD.splitlines()
    yield "| Category | Weight | Topics |"
    yield "|---|---|---|"
    for category in content.categories:
        here = [topic if topic in registry.by_id else f"{topic} (no checks yet)" for topic in category.topics]
        yield f"| {category.title} | {category.weight:g} | {', '.join(here)} |"
    yield ""
    bands = content.letters
    yield f"Grades: A from {bands.A:g}, B from {bands.B:g}, C from {bands.C:g}, D from {bands.D:g}, F below."
    yield ""
    yield from held(standard)
    yield from promises(standard)
    yield "## The checks"
    yield ""
    for check_id in content.checks:
        yield from entry(registry.checks[check_id], standard)


def held(standard: Standard) -> Iterator[str]:
    content = standard.content
    yield "## What holds the grade"
    yield ""
    yield "| What is seen | Pool | Few: not better than B | Systemic | Not better than D |"
    yield "|---|---|---|---|---|"
    for cap in content.caps:
        few = (
            f"up to {cap.few.share:.0%}"
            if not cap.few.at_least
            else f"up to {cap.few.share:.0%}, at least {cap.few.at_least}"
        )
        severe = f"above {cap.severe.above:.0%}" if cap.severe else ""
        yield f"| {cap.what} | {cap.pool.name} | {few} | above: {cap.systemic.letter} | {severe} |"
    rules = content.coverage
    yield ""
    yield f"- Coverage below {rules.capped.below:.0%}: not better than {rules.capped.letter}."
    yield f"- Coverage below {rules.provisional.below:.0%}: not better than {rules.provisional.letter}, and provisional."
    yield f"- Coverage below {rules.not_graded.below:.0%}: no grade, but the range in which the score lies."
    yield f"- No answer to a check of this table: not better than {content.unknown_in_capped_check.letter}."
    broken = content.broken_areas
    areas = f"{broken.areas} areas broken systemically by at least {broken.endpoints} machines"
    yield f"- {areas}: not better than {broken.letter}."
    joined = f"joined less than {content.joined_grace_days} days ago, and after the first audit"
    yield f"- A machine that {joined}, loses points but does not hold the grade."
    yield ""


def promises(standard: Standard) -> Iterator[str]:
    yield "## The promises"
    yield ""
    yield "Can we say, without a doubt, that every machine has…"
    yield ""
    for promise in standard.content.promises:
        yield f"- **{promise.title}?** Every machine passes {' and '.join(f'`{check}`' for check in promise.checks)}."
    yield ""
    yield "A fail or a warning is a No; an unknown without one is Not yet."
    yield ""


def entry(check: Check, standard: Standard) -> Iterator[str]:
    yield f"### `{check.id}`"
    yield ""
    yield f"{check.title}. {check.why}"
    yield ""
    for line in standard.content.checks[check.id].severity:
        yield f"- {line.is_.capitalize()}: {', '.join(line.roles)} on {', '.join(line.platforms)}"
    values = standard.parameters(check).values
    for parameter in check.parameters:
        yield f"- `{parameter.name}` = {values[parameter.name]} {parameter.unit}: {parameter.meaning}"
    yield f"- To fix ({check.effort.once_min} minutes once, {check.effort.each_min} a machine):"
    for number, step in enumerate(check.fix, 1):
        yield f"  {number}. {step}"
    yield ""


# --- what we run on Windows ------------------------------------------------------------------------------------------

_WINDOWS_HEAD = """
# What we run on Windows

This page is written by `scripts/docs.py` from `checks/*/windows.yaml`. `scorecard probes show --platform windows` prints
the same as it is sent.

One PowerShell program runs on each machine, once, over one connection. It is the same for every machine and every client
of a version, changes nothing, writes no file, installs nothing and uses no network. All that it does is to answer the
questions below, which come to it as JSON on its standard input.
"""


def windows(registry: Registry) -> Iterator[str]:
    yield from _WINDOWS_HEAD.strip().splitlines()
    for topic in registry.topics:
        if not (probes := topic.probes_for(Platform.WINDOWS)):
            continue
        yield from ("", f"## {topic.title}", "", "| Part | What for | What is asked |", "|---|---|---|")
        for probe in probes:
            yield f"| {probe.part.partition('.')[2]} | {_cell(probe.why)} | {_cell(_asked(probe))} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _asked(probe: Probe) -> str:
    question: dict[str, Any] = json.loads(probe.text)
    match question["verb"]:
        case "cim":
            return _cim(question)
        case "registry":
            what = "all values" if question["all"] else _names(question["values"]) or "whether it is there"
            below = f", {question['depth']} levels below as well" if question["depth"] else ""
            return f"Registry key `{question['key']}`{below}: {what}"
        case "services":
            return f"Services and drivers, whether they run and from where: {_names(question['names'])}"
        case "files":
            text = f", first {question['text_kb']} KB of text" if question["text_kb"] else ""
            return f"Files, size, date and version{text}: {_names(question['paths'])}"
        case "events":
            source = f" of {question['provider']}" if question["provider"] else ""
            fields = f", with {_names(question['fields'])}" if question["fields"] else ""
            ids = ", ".join(map(str, question["ids"]))
            return f"Newest {question['at_most']} events {ids}{source} in the log {question['log']}{fields}"
        case "updates":
            return (
                "The update agent's own list from its last search, its history and dates; it is not asked to search online"
            )
        case "accounts":
            policy = ["the account policy"] if question["policy"] else []
            return f"Members and state by security identifier: {_names([*question['groups'], *question['users']], policy)}"
        case _:
            return f"The output of `{question['name']}`"


def _cim(question: dict[str, Any]) -> str:
    where = f" where `{question['filter']}`" if question["filter"] else ""
    calls = f"; calls {_names([call['name'] for call in question['call']])}" if question["call"] else ""
    paths = f"; files named by {_names(question['paths'])}: size, date, version" if question["paths"] else ""
    kept = f": {_names(question['keep'])}" if question["keep"] else ""
    return f"CIM class `{question['class']}` in `{question['namespace']}`{where}{kept}{calls}{paths}"


def _names(names: list[str], plain: list[str] | None = None) -> str:
    return ", ".join([*(f"`{name or '(default)'}`" for name in names), *(plain or [])])


if __name__ == "__main__":
    sys.exit(main())
