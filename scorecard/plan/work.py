"""What can be done about an audit: every fix of a known fault, and every machine to get answers from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from scorecard.model import OPEN, ExceptionKind, Finding, Json
from scorecard.plan.gains import Gains, can_be_asked
from scorecard.plan.hours import ASK_AGAIN, FIND, effort_of
from scorecard.result import Audit, Device
from scorecard.topic import Effort

# What is done about machines that owe answers: by its id, which stays the same from month to month.
FIND_AND_CHECK, GET_ANSWERS = "find-and-check", "get-answers"
ANSWERING = {
    FIND_AND_CHECK: "Find and check the machines that were not seen",
    GET_ANSWERS: "Get the answers that machines did not give",
}


class Owner(StrEnum):
    """Who does the work, or pays for it."""

    PROVIDER = "provider"
    CLIENT = "client"
    VENDOR = "vendor"


@dataclass(frozen=True, slots=True)
class Fix:
    """Put one finding in order. `points`: what the score gains."""

    check: str
    endpoint: str
    points: float
    owner: Owner
    declined: bool
    waived: bool  # agreed to stay as it is, with a place that takes it out of the sum


@dataclass(frozen=True, slots=True)
class Answers:
    """Get the missing answers of one machine. `points` and `coverage` are what comes if all of them pass.

    Checks in `again` were open when they were last answered: their fixes are counted in `each_min` as well, and their
    preparation has to be done.
    """

    endpoint: str
    checks: tuple[str, ...]
    again: tuple[str, ...]
    each_min: int
    points: float
    coverage: float
    owner: Owner
    seen: bool  # it answered, but not everything


@dataclass(frozen=True, slots=True)
class Work:
    """`efforts`: by check, without those that nobody estimated. `fixes` also has these; the road cannot use them."""

    efforts: Mapping[str, Effort]
    fixes: tuple[Fix, ...]
    answers: tuple[Answers, ...]


def work_of(audit: Audit, gains: Gains) -> Work:
    """Everything that counts in the grade, by check and endpoint."""
    devices = {device.name: device for device in audit.devices}
    estimates = {check: effort_of(audit.described(check)) for check in audit.checks}
    efforts = {check: effort for check, effort in estimates.items() if effort is not None}
    fixes: list[Fix] = []
    missing: dict[str, list[Finding]] = defaultdict(list)
    for finding in audit.findings:
        if finding.counts and finding.status in OPEN:
            fixes.append(_fix(audit, finding, gains, devices[finding.endpoint]))
        elif can_be_asked(finding):
            missing[finding.endpoint].append(finding)
    answers = [_answers(found, gains, devices[name], efforts) for name, found in sorted(missing.items())]
    return Work(efforts, tuple(sorted(fixes, key=lambda fix: (fix.check, fix.endpoint))), tuple(answers))


def title_of(audit: Audit, check: str) -> str:
    """What there is to do; the check's id where the audit does not describe it."""
    task = audit.described(check).get("task")
    return task if isinstance(task, str) else check


def by_kind(answers: Iterable[Answers]) -> Iterator[tuple[str, list[Answers]]]:
    """Machines to find, then those that were seen and did not tell everything; none that is empty."""
    found: dict[str, list[Answers]] = {FIND_AND_CHECK: [], GET_ANSWERS: []}
    for one in answers:
        found[GET_ANSWERS if one.seen else FIND_AND_CHECK].append(one)
    return ((id_, mine) for id_, mine in found.items() if mine)


def _fix(audit: Audit, finding: Finding, gains: Gains, device: Device) -> Fix:
    declined, waived = finding.marked(ExceptionKind.DECLINED), finding.marked(ExceptionKind.WAIVED)
    owner = Owner.CLIENT if declined or not device.managed else owner_of(audit.described(finding.check))
    return Fix(finding.check, finding.endpoint, gains.points(finding), owner, declined, waived)


def owner_of(check: Mapping[str, Json]) -> Owner:
    """The provider, unless the check names somebody else."""
    named = check.get("owner")
    return Owner(named) if named in list(Owner) else Owner.PROVIDER


def _answers(found: list[Finding], gains: Gains, device: Device, efforts: Mapping[str, Effort]) -> Answers:
    """What nobody estimated takes no minutes here: that a machine is found does not hang on it."""
    again = tuple(sorted(finding.check for finding in found if finding.last is not None and finding.last.open))
    fixing = sum(efforts[check].each_min for check in again if check in efforts)
    return Answers(
        endpoint=device.name,
        checks=tuple(sorted(finding.check for finding in found)),
        again=again,
        each_min=(ASK_AGAIN if device.seen else FIND).each_min + fixing,
        points=sum(gains.points(finding) for finding in found),
        coverage=sum(gains.coverage(finding) for finding in found),
        owner=Owner.PROVIDER if device.managed else Owner.CLIENT,
        seen=device.seen,
    )
