"""What holds the letter: the standard's caps over the findings that count (design section 8). Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from scorecard.carried import shelf_lives
from scorecard.model import ExceptionKind, Finding, Status
from scorecard.result import Cap, Device
from scorecard.standard import LETTERS, CapLine, Standard, worse

Broken = Callable[[Finding], bool]


def is_held(finding: Finding) -> bool:
    """Not seen now, and failing when it was seen last, however long ago: it holds its caps until it is seen in order."""
    return finding.status is Status.UNKNOWN and finding.last is not None and finding.last.status is Status.FAIL


def fails(finding: Finding) -> bool:
    return finding.status is Status.FAIL or is_held(finding)


def could_fail(finding: Finding) -> bool:
    """In the worst case: whatever nobody can tell. What was stated in writing is told, not measured, and does not count."""
    return fails(finding) or (finding.status is Status.UNKNOWN and not finding.is_stated)


def is_covered(finding: Finding) -> bool:
    """A known fault that was agreed to, with something that protects the machine meanwhile."""
    mark = finding.exception
    return finding.status is Status.FAIL and mark is not None and mark.kind is ExceptionKind.WAIVED and mark.covered


@dataclass(frozen=True, slots=True)
class Moment:
    """When an audit is graded. `client_since`: when the client's first audit ended; None on that first audit."""

    as_of: datetime
    zone: ZoneInfo
    client_since: datetime | None


class Caps:
    """The caps over one set of findings, all of which count and apply."""

    def __init__(
        self, findings: Iterable[Finding], devices: Mapping[str, Device], standard: Standard, moment: Moment
    ) -> None:
        self._standard = standard
        self._devices = devices
        self._moment = moment
        found = tuple(findings)
        self._unread = sorted({finding.endpoint for finding in found if finding.status is Status.UNKNOWN})
        wanted = {line.check for line in standard.content.caps}
        self._by_check: dict[str, list[Finding]] = defaultdict(list)
        for finding in found:
            if finding.check in wanted:
                self._by_check[finding.check].append(finding)
        grace = timedelta(days=standard.content.joined_grace_days)
        since = moment.client_since
        self._pools = {line.id: self._pool(line) for line in standard.content.caps}
        self._joined_lately = {
            device.name
            for device in devices.values()
            if since is not None and _between(since, device.expected_since, moment.as_of, grace)
        }

    def coverage(self, share: float) -> tuple[Cap, ...]:
        rules = self._standard.content.coverage
        for rule in (rules.provisional, rules.capped):
            if share < rule.below:
                said = f"only {percent(share)} of what the standard asks was seen"
                lift = f"See at least {percent(rule.below)} of what the standard asks"
                return (Cap("coverage", None, "all machines", rule.letter, tuple(self._unread), said, lift),)
        return ()

    def all(self, broken: Broken) -> tuple[Cap, ...]:
        """The caps of the standard's list that hold, then the rule on areas that are broken systemically."""
        found: list[Cap] = []
        areas: dict[str, set[str]] = defaultdict(set)
        for line in self._standard.content.caps:
            pool = self._pools[line.id]
            causes = [f for f in pool if broken(f) and f.endpoint not in self._joined_lately]
            if not causes:
                continue
            cap, systemic = self._cap(line, causes, len(pool))
            found.append(cap)
            if systemic:
                areas[line.area].update(f.endpoint for f in causes if not is_covered(f))
        return (*found, *self._areas(areas))

    def _cap(self, line: CapLine, causes: list[Finding], pool: int) -> tuple[Cap, bool]:
        """What is covered lifts the cap, but not off: that machine is not in order."""
        bare = sum(not is_covered(finding) for finding in causes)
        letter, systemic = LETTERS[0], False
        if bare:
            letter, systemic = letter_of_cap(line, bare, pool)
        if bare < len(causes):
            letter = worse(letter, self._standard.content.exceptions.covered_letter)
        names = tuple(sorted({finding.endpoint for finding in causes}))
        said = f"{line.what}: {len(names)} of {_counted(pool, line.pool.name)}"
        since = min((f.last.observed_at for f in causes if is_held(f) and f.last is not None), default=None)
        return Cap(line.id, line.check, line.pool.name, letter, names, said, line.lift, since), systemic

    def unread(self) -> tuple[Cap, ...]:
        """An unknown without an earlier answer in a check that carries a cap holds the letter.

        Not one that joined lately, nor one that was answered in writing. An answer that has outlived its two shelf lives is
        none any more.
        """
        letter = self._standard.content.unknown_in_capped_check.letter
        held: dict[str, set[str]] = {}
        for line in self._standard.content.caps:
            names = {f.endpoint for f in self._pools[line.id] if self._is_unread(f)}
            held.setdefault(line.check, set()).update(names - self._joined_lately)
        return tuple(
            Cap(
                f"not-read.{check}",
                check,
                "all machines",
                letter,
                tuple(sorted(names)),
                f"no answer to a question that decides the grade: {_machines(len(names))}",
                "Get an answer from every machine named",
            )
            for check, names in held.items()
            if names
        )

    def _is_unread(self, finding: Finding) -> bool:
        if finding.status is not Status.UNKNOWN or finding.is_stated:
            return False
        if finding.last is None:
            return True
        return shelf_lives(finding.check, finding.last, self._standard, self._moment.as_of, self._moment.zone) > 2

    def _pool(self, line: CapLine) -> list[Finding]:
        return [finding for finding in self._by_check[line.check] if is_in_pool(line, self._devices[finding.endpoint])]

    def _areas(self, areas: Mapping[str, set[str]]) -> tuple[Cap, ...]:
        rule = self._standard.content.broken_areas
        names = tuple(sorted(set().union(*areas.values())))
        if len(areas) < rule.areas or len(names) < rule.endpoints:
            return ()
        said = f"{len(areas)} areas are broken on many machines: {', '.join(sorted(areas))}"
        lift = f"Bring all but {rule.areas - 1} of these areas in order"
        return (Cap("broken-areas", None, "all machines", rule.letter, names, said, lift),)


def is_in_pool(line: CapLine, device: Device) -> bool:
    return device.role in line.pool.roles and (device.platform is None or device.platform in line.pool.platforms)


def told_once(caps: Iterable[Cap]) -> list[Cap]:
    """The strictest first. A machine that was not seen holds the letter in several checks, and each says the same."""
    told = {(cap.letter, cap.message, cap.endpoints): cap for cap in caps}
    return sorted(told.values(), key=lambda cap: -LETTERS.index(cap.letter))


def percent(share: float) -> str:
    """Whole percent, never rounded up to what is not there."""
    return f"{int(share * 100 + 1e-9)}%"


def _between(client_since: datetime, joined: datetime | None, as_of: datetime, grace: timedelta) -> bool:
    """Whether an endpoint came after the client's first audit and is still new.

    To the second, as the audit document keeps times: from it alone anyone must get the same letter.
    """
    if joined is None:
        return False
    since, joined, as_of = (moment.replace(microsecond=0) for moment in (client_since, joined, as_of))
    return joined > since and as_of - joined < grace


def _counted(count: int, pool: str) -> str:
    """A standard names its pools in the plural, such as "laptops"."""
    return f"{count} {pool.removesuffix('s') if count == 1 else pool}"


def _machines(count: int) -> str:
    return "1 machine" if count == 1 else f"{count} machines"


def letter_of_cap(line: CapLine, broken: int, pool: int) -> tuple[str, bool]:
    """The letter that so many broken of a pool allow, and whether that is systemic."""
    if broken <= max(line.few.at_least, line.few.share * pool + 1e-9):
        return line.few.letter, False
    if line.severe is not None and broken > line.severe.above * pool + 1e-9:
        return line.severe.letter, True
    return line.systemic.letter, True
