"""What the machines answered, for the findings that fall short or have no answer (reports.md 2.8 and 11)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scorecard.model import Observation, Status
from scorecard.reporting import ReportContext

from . import hygiene, words
from .rows import DeviceRow, FindingRow

_BUDGET_BYTES = 3_000_000


@dataclass(frozen=True, slots=True)
class Answer:
    """One part's answer as printed. An answer that was printed before is not repeated: `same_as` names the first."""

    id: str
    part: str
    sha256: str
    outcome: str
    reason: str
    text: str
    cut: bool
    size_bytes: int
    same_as: str
    kept: bool  # False: only its fingerprint is known here


@dataclass(frozen=True, slots=True)
class Evidence:
    by_device: Mapping[str, tuple[Answer, ...]]  # device id -> answers, in the order they are first needed
    parts: Mapping[str, tuple[tuple[str, str], ...]]  # finding id -> (part or fingerprint, answer id)
    left_out: int  # answers that did not fit


def wanted(device: DeviceRow) -> tuple[FindingRow, ...]:
    """The findings whose proof is printed: short, excused, or without an answer on a machine that was seen."""
    unknown = device.with_status(Status.UNKNOWN) if device.seen else ()
    return (*device.failing, *device.excused, *unknown)


def build(devices: Iterable[DeviceRow], context: ReportContext) -> Evidence:
    return _Collector(context.evidence).collect(devices)


class _Collector:
    def __init__(self, kept: Mapping[str, Observation]) -> None:
        self._kept = kept
        self._first: dict[str, str] = {}
        self._spent_bytes = 0
        self._left_out = 0
        self._number = 0

    def collect(self, devices: Iterable[DeviceRow]) -> Evidence:
        by_device: dict[str, tuple[Answer, ...]] = {}
        parts: dict[str, tuple[tuple[str, str], ...]] = {}
        for device in devices:
            answers: dict[str, Answer] = {}
            for finding in wanted(device):
                for digest in finding.observations:
                    if digest not in answers:
                        answers[digest] = self._answer(digest)
                parts[finding.id] = tuple((answers[digest].part, answers[digest].id) for digest in finding.observations)
            by_device[device.id] = tuple(answers.values())
        return Evidence(by_device, parts, self._left_out)

    def _answer(self, digest: str) -> Answer:
        self._number += 1
        answer_id = f"e{self._number:05d}"
        shown_digest = hygiene.name(digest)
        seen = self._kept.get(digest)
        if seen is None:
            return Answer(answer_id, shown_digest[:19] + "…", shown_digest, "", words.NO_EVIDENCE, "", False, 0, "", False)
        same_as = self._first.setdefault(digest, answer_id)
        size = len(seen.text.encode("utf-8", errors="replace"))
        fits = self._spent_bytes + min(size, hygiene.RAW_LIMIT_BYTES) <= _BUDGET_BYTES
        body, cut = hygiene.raw(seen.text) if same_as == answer_id and fits else ("", False)
        if same_as == answer_id and fits:
            self._spent_bytes += min(size, hygiene.RAW_LIMIT_BYTES)
        elif same_as == answer_id:
            self._left_out += 1
        return Answer(
            id=answer_id,
            part=hygiene.name(seen.part),
            sha256=shown_digest,
            outcome=words.OUTCOMES[seen.outcome],
            reason=hygiene.line(seen.reason),
            text=body,
            cut=cut,
            size_bytes=size,
            same_as="" if same_as == answer_id else same_as,
            kept=fits or same_as != answer_id,
        )
