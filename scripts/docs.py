#!/usr/bin/env python3
"""Writes docs/standard.md from the standard and the checks themselves. `--check` only says whether it is up to date."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from scorecard.registry import Registry
from scorecard.standard import DEFAULT, Standard, load
from scorecard.topic import Check

TARGET = Path(__file__).parents[1] / "docs" / "standard.md"


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
    text = "\n".join(page(load(DEFAULT, registry.checks), registry)) + "\n"
    if "--check" in sys.argv:
        return 0 if TARGET.is_file() and TARGET.read_text(encoding="utf-8") == text else 1
    TARGET.write_text(text, encoding="utf-8")
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


if __name__ == "__main__":
    sys.exit(main())
