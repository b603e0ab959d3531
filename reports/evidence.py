"""What the machines answered, for the findings that fall short or have no answer (reports.md 2.8 and 11).

Findings of one machine that rest on the same answers share one group of them. An answer is printed where it comes up first;
from then on it is only pointed to. Machines of a kind answer much alike, so a whole list of what is only named is printed
once as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scorecard.model import Observation, Outcome, Status
from scorecard.reporting import ReportContext

from . import hygiene, words
from .rows import DeviceRow, FindingRow

_BUDGET_BYTES = 3_000_000
# Beside the compact list of all machines, so that the page of 10,000 stays within 4 MB.
_BUDGET_LARGE_BYTES = 1_000_000
_FINGERPRINT_SHOWN = 19  # "sha256:" and the first twelve digits


@dataclass(frozen=True, slots=True)
class Answer:
    """One part's answer as printed."""

    id: str
    part: str
    sha256: str
    outcome: str
    reason: str
    text: str
    cut: bool
    code: int | None  # what it ended with, where that is not 0
    size_bytes: int
    left_out: bool  # it did not fit into the page

    @property
    def fingerprint(self) -> str:
        """Enough of it to find the answer by, where all of the answer stands beside it."""
        return self.sha256[:_FINGERPRINT_SHOWN] + "…"

    @property
    def scrolls(self) -> bool:
        return hygiene.is_long(self.text)


@dataclass(frozen=True, slots=True)
class Named:
    """Parts that are only named, each with the id of the answer that was printed before, or none.

    `as_with`: the machine with which this very list is printed already, under this id; else it is printed here.
    """

    id: str
    parts: tuple[tuple[str, str], ...]
    as_with: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """The answers that findings of one machine rest on."""

    id: str
    about: str  # the part of the standard that asks for them
    answers: tuple[Answer, ...]  # printed here
    before: Named | None  # answers that were printed before
    absent: Named | None  # parts that had nothing to say: there is no such tool or file
    not_kept: tuple[str, ...]  # fingerprints of answers that are not known here


@dataclass(frozen=True, slots=True)
class Evidence:
    by_device: Mapping[str, tuple[Group, ...]]  # device id -> groups, in the order they are first needed
    groups: Mapping[str, tuple[str, str]]  # finding id -> id of its group and what that is about
    left_out: int  # answers that did not fit

    @property
    def shortened(self) -> bool:
        """Whether any answer is not here as a whole."""
        groups = (group for groups in self.by_device.values() for group in groups)
        return self.left_out > 0 or any(answer.cut for group in groups for answer in group.answers)

    def asked(self, device_id: str) -> frozenset[str]:
        """The parts whose answers, or their absence, are printed with a machine."""
        groups = self.by_device.get(device_id, ())
        absent = (part for group in groups if group.absent for part, _ in group.absent.parts)
        return frozenset((*(one.part for group in groups for one in group.answers), *absent))


def wanted(device: DeviceRow) -> tuple[FindingRow, ...]:
    """The findings whose proof is printed: short, excused, or without an answer on a machine that was seen."""
    unknown = device.with_status(Status.UNKNOWN) if device.seen else ()
    return (*device.failing, *device.excused, *unknown)


def build(devices: Iterable[DeviceRow], context: ReportContext, *, large: bool) -> Evidence:
    return _Collector(context.evidence, _BUDGET_LARGE_BYTES if large else _BUDGET_BYTES).collect(devices)


class _Collector:
    def __init__(self, kept: Mapping[str, Observation], budget_bytes: int) -> None:
        self._kept = kept
        self._left_bytes = budget_bytes
        self._first: dict[str, str] = {}
        self._within: dict[str, str] = {}  # answer id -> id of the group that it is printed in
        self._printed: dict[str, tuple[str, frozenset[str]]] = {}  # group id -> machine, parts printed there
        self._lists: dict[tuple[str, tuple[tuple[str, str], ...]], Named] = {}
        self._left_out = 0
        self._groups = 0

    def collect(self, devices: Iterable[DeviceRow]) -> Evidence:
        by_device: dict[str, tuple[Group, ...]] = {}
        of_finding: dict[str, tuple[str, str]] = {}
        for device in devices:
            groups: dict[frozenset[str], Group] = {}
            for finding in wanted(device):
                if not finding.observations:
                    continue
                key = frozenset(finding.observations)
                if key not in groups:
                    groups[key] = self._group(finding, device)
                of_finding[finding.id] = (groups[key].id, groups[key].about)
            if groups:
                by_device[device.id] = tuple(groups.values())
        return Evidence(by_device, of_finding, self._left_out)

    def _group(self, finding: FindingRow, device: DeviceRow) -> Group:
        answers: list[Answer] = []
        before: list[tuple[str, str]] = []
        absent: list[tuple[str, str]] = []
        not_kept: list[str] = []
        for digest in finding.observations:
            seen = self._kept.get(digest)
            if seen is None:
                not_kept.append(hygiene.name(digest)[:_FINGERPRINT_SHOWN] + "…")
            elif digest in self._first:
                before.append((hygiene.name(seen.part), self._first[digest]))
            elif seen.outcome is Outcome.ABSENT and not seen.text:
                absent.append((hygiene.name(seen.part), ""))
            else:
                answers.append(self._answer(digest, seen))
        self._groups += 1
        group = f"a{self._groups:05d}"
        self._within |= {answer.id: group for answer in answers}
        self._printed[group] = (device.name, frozenset(answer.part for answer in answers))
        about = finding.category or finding.title
        return Group(
            id=group,
            about=about,
            answers=tuple(answers),
            before=self._all_else(before, answers) or self._named(tuple(before), device),
            absent=self._named(tuple(absent), device),
            not_kept=tuple(not_kept),
        )

    def _all_else(self, before: list[tuple[str, str]], answers: list[Answer]) -> Named | None:
        """Where all that is not printed here was printed with one machine, its group says it without a list."""
        groups = {self._within[answer] for _, answer in before}
        if len(groups) != 1:
            return None
        (group,) = groups
        machine, printed = self._printed[group]
        same = {part for part, _ in before}
        if same != printed - {answer.part for answer in answers}:
            return None
        return Named(group, tuple(before), machine)

    def _named(self, parts: tuple[tuple[str, str], ...], device: DeviceRow) -> Named | None:
        """Of one platform: what was asked under the same name elsewhere is another text."""
        if not parts:
            return None
        printed = self._lists.get((device.platform, parts))
        if printed is not None:
            return Named(printed.id, parts, printed.as_with)
        here = Named(f"b{len(self._lists) + 1:04d}", parts)
        self._lists[device.platform, parts] = Named(here.id, parts, device.name)
        return here

    def _answer(self, digest: str, seen: Observation) -> Answer:
        answer_id = f"e{len(self._first) + 1:05d}"
        self._first[digest] = answer_id
        size = len(seen.text.encode("utf-8", errors="replace"))
        printed = min(size, hygiene.RAW_LIMIT_BYTES)
        fits = printed <= self._left_bytes
        if fits:
            self._left_bytes -= printed
        else:
            self._left_out += 1
        body, cut = hygiene.raw(seen.text) if fits else ("", False)
        return Answer(
            id=answer_id,
            part=hygiene.name(seen.part),
            sha256=hygiene.name(digest),
            outcome=words.OUTCOMES[seen.outcome],
            reason=hygiene.line(seen.reason),
            text=body,
            cut=cut,
            code=seen.code or None,
            size_bytes=size,
            left_out=not fits,
        )
