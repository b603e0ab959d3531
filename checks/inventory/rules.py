"""Is the machine identified, and is it named as agreed (design section 8)?"""

from __future__ import annotations

import re

from scorecard.model import (
    Fact,
    Host,
    Json,
    Seen,
    Severity,
    Unseen,
    Verdict,
    failed,
    not_applicable,
    passed,
    unknown,
    warned,
)
from scorecard.topic import Effort, Parameter, Parameters, check

from .shape import Inventory

MAX_NAME = 255  # the longest DNS name


@check(
    "inventory.identified",
    title="The machine is identified by name, id and model",
    task="Record the machine's name, id and model",
    why="A machine that cannot be told apart from the others cannot be insured, retired or found again when it is stolen.",
    fix=(
        "Give the machine a name of its own where it has none.",
        "Where the serial number is missing, enter it in the firmware with its maker's tool; on a virtual machine or board "
        "without one, give the system its own machine id (systemd-machine-id-setup on Linux).",
        "Where the maker left the model empty, enter it in the firmware or write it down in the inventory.",
        "Audit again and see name, id and model listed.",
    ),
    severity=Severity.LOW,
    effort=Effort(once_min=10, each_min=10),
    stable=("missing",),
)
def identified(facts: Inventory, _host: Host, _parameters: Parameters) -> Verdict:
    """Three things are asked: a name, one id (serial, hardware or machine id), a model. One missing is a warning; with
    two missing the machine cannot be told apart and the title is false, so that fails. What was not read is not missing.
    """
    asked = {"name": facts.name, "serial or id": _any(facts.serial, facts.uuid, facts.machine_id), "model": facts.model}
    missing: list[Json] = [what for what, fact in asked.items() if isinstance(fact, Seen) and not fact.value]
    unread = [fact.reason for fact in asked.values() if isinstance(fact, Unseen)]
    seen = [f"{what} {fact.value}" for what, fact in asked.items() if isinstance(fact, Seen) and fact.value]
    measured = "; ".join([*seen, *(f"no {what}" for what in missing)])
    expected = "a name, a serial number or id, and a model"
    if len(missing) > 1:
        return failed(measured, expected, missing=missing)
    if unread:
        return unknown(unread[0], missing=missing)
    if missing:
        return warned(measured, expected, missing=missing)
    return passed(measured, expected, missing=[])


def _any(*ids: Fact[str | None]) -> Fact[str | None]:
    """The first id that was found; none only where all were read."""
    for fact in ids:
        if isinstance(fact, Seen) and fact.value:
            return fact
    return next((fact for fact in ids if isinstance(fact, Unseen)), Seen(None))


@check(
    "inventory.naming-standard",
    title="The machine's name follows the agreed pattern",
    task="Rename the machine by the agreed pattern",
    why="A name that tells site and purpose saves minutes in every call for help and in every report.",
    fix=(
        "Choose the name that the agreed pattern gives this machine and check that no other has it.",
        "Rename the machine, then change it in DNS, monitoring, backup and the inventory.",
        "Restart it where its services ask for that.",
        "Audit again and see the new name.",
    ),
    severity=Severity.LOW,
    effort=Effort(once_min=15, each_min=15),
    parameters=(Parameter("pattern", None, "regular expression", "the whole name must match, with or without its domain"),),
    stable=("name",),
)
def naming_standard(facts: Inventory, _host: Host, parameters: Parameters) -> Verdict:
    """The standard is checked when it loads, so the pattern is one; the name is cut, because the machine chooses it."""
    pattern = parameters.text("pattern")
    if pattern is None:
        return not_applicable("The standard sets no pattern for names")
    name = (facts.name.seen() or "")[:MAX_NAME]
    if not name:
        return failed("no name of its own", f"a name that matches {pattern}", name=None)
    if any(re.fullmatch(pattern, form) for form in (name, name.partition(".")[0])):
        return passed(name, f"a name that matches {pattern}", name=name)
    return failed(name, f"a name that matches {pattern}", name=name)
