#!/usr/bin/env python3
"""Writes docs/standard.md and docs/windows-questions.md from what is in the code. `--check` only says whether they are up
to date."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scorecard import __version__
from scorecard.bundle import prelude
from scorecard.bundle_windows import MAX_CHARACTERS, PRELUDE, fingerprint, stripped_prelude
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
it applies and its weight is sum(w s) / sum(w) over all that are asked it; a category is the weighted mean of its checks,
and the score is 100 times the weighted mean of the categories that have a check that applies. Coverage is the same sum with
1 for every answer and 0 for every unknown; the possible score counts every unknown as a pass. The worst-case grade counts
every unknown as a fail. What was answered before and could not be read again counts for a while; that, exceptions, and
three examples worked out by hand are in [method.md](method.md).
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

One PowerShell program runs on each machine. It is the same for every machine and every client of a version, changes
nothing, writes no file, installs nothing and calls no other machine. All that it does is to answer the questions below,
which come to it as JSON on its standard input. What Windows itself notes of that is in [tell your security
team](security-team.md).

## Is it this program that ran?

In version {version} it has {length} characters, of {limit} that it may have. It goes to `powershell.exe` as the argument of
`-EncodedCommand`. The SHA-256 of that argument, as text without line ends:

```
{fingerprint}
```

`scorecard probes show --platform windows` prints the number of the version that you have; when a security tool shows
another one, something else ran. On Linux it is made like this, without believing us (on macOS with `shasum -a 256`
at the end):

```
scorecard probes show --platform windows --exact | iconv -t UTF-16LE | base64 | tr -d '\\n' | sha256sum
```

On Windows, of the argument as event 4688 or a security tool shows it, with the text that it stands for:

```powershell
$argument = '...'
[Text.Encoding]::Unicode.GetString([Convert]::FromBase64String($argument))
$hash = [Security.Cryptography.SHA256]::Create().ComputeHash([Text.Encoding]::ASCII.GetBytes($argument))
[BitConverter]::ToString($hash).Replace('-', '').ToLower()
```

## Every machine

What machine it is: {machine}. Where files are asked for, which drives are inside the machine, since no others are read.
"""

# What the prelude tells of every machine, in words; what comes twice is said once.
_MACHINE = {
    "clock": "its clock",
    "ps": "the version of PowerShell",
    "lang_mode": "its language mode",
    "is_admin": "whether our account's rights are in force",
    "user": "the name of our account",
    "is_64bit": "the kind of processor",
    "architecture": "the kind of processor",
    "hostname": "its name",
    "has_battery": "whether it has a battery",
    "chassis_types": "the kind of enclosure",
    "product_type": "edition, version and build of Windows",
    "caption": "edition, version and build of Windows",
    "version": "edition, version and build of Windows",
    "sku": "edition, version and build of Windows",
    "build": "edition, version and build of Windows",
    "ubr": "edition, version and build of Windows",
    "edition": "edition, version and build of Windows",
    "installation_type": "edition, version and build of Windows",
    "display_version": "edition, version and build of Windows",
    "booted": "when it was started",
    "manufacturer": "maker and model",
    "model": "maker and model",
    "hypervisor_present": "whether a hypervisor runs",
    "part_of_domain": "its domain or workgroup and its part in it",
    "domain": "its domain or workgroup and its part in it",
    "workgroup": "its domain or workgroup and its part in it",
    "domain_role": "its domain or workgroup and its part in it",
}


def machine_keys() -> list[str]:
    """The keys of the host part's answer, as the prelude makes them. Raises ValueError where there are no words for one."""
    code = re.search(r"^function Read-Machine \{\n(.*?)^\}", prelude(PRELUDE), re.MULTILINE | re.DOTALL)
    if code is None:
        raise ValueError(f"{PRELUDE} has no function Read-Machine")
    own = re.findall(r"^        (\w+) = |\$answer\.(\w+) = |^        '(.+)' = Get-Try", code[1], re.MULTILINE)
    keys = [word.partition("=")[0] for found in own for word in "".join(found).split()]
    if set(keys) != set(_MACHINE):
        raise ValueError(f"words and keys of the host part differ: {', '.join(sorted(set(keys) ^ set(_MACHINE)))}")
    return keys


def windows(registry: Registry) -> Iterator[str]:
    said = dict.fromkeys(_MACHINE[key] for key in machine_keys())
    yield from (
        _WINDOWS_HEAD.strip()
        .format(
            version=__version__,
            length=f"{len(stripped_prelude()):,}",
            limit=f"{MAX_CHARACTERS:,}",
            fingerprint=fingerprint(),
            machine=", ".join(said),
        )
        .splitlines()
    )
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
            levels = "the level" if question["depth"] == 1 else f"{question['depth']} levels"
            below = f", {levels} below as well (at most {question['at_most']} keys)" if question["depth"] else ""
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
            when = f"of the last {question['days']} days"
            return f"Newest {question['at_most']} events {ids}{source} {when} in the log {question['log']}{fields}"
        case "updates":
            return (
                "The update agent's own list from its last search, its history and dates; it is not asked to search online"
            )
        case verb:
            raise ValueError(f"no words for the verb {verb}")


def _cim(question: dict[str, Any]) -> str:
    where = f" where `{question['filter']}`" if question["filter"] else ""
    calls = f"; calls {_names([_call(call) for call in question['call']])}" if question["call"] else ""
    paths = f"; files named by {_names(question['paths'])}: size, date, version" if question["paths"] else ""
    kept = f": {_names(question['keep'])}" if question["keep"] else ""
    return f"CIM class `{question['class']}` in `{question['namespace']}`{where}{kept}{calls}{paths}"


def _call(call: dict[str, Any]) -> str:
    given = ", ".join(f"{name}={value}" for name, value in call["in"].items())
    return f"{call['name']}({given})" if given else call["name"]


def _names(names: list[str]) -> str:
    return ", ".join(f"`{name or '(default)'}`" for name in names)


if __name__ == "__main__":
    sys.exit(main())
