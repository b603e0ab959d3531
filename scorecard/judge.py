"""Facts x rules become Findings: every check of the standard for an endpoint's role, whatever came back from it."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypeVar

from scorecard.bundle import FIRST_SEEN_PART
from scorecard.errors import FactUnavailable
from scorecard.model import (
    Fact,
    Finding,
    Host,
    Json,
    Observation,
    Observations,
    Outcome,
    Platform,
    Role,
    Status,
    Verdict,
    not_applicable,
    unknown,
)
from scorecard.registry import Registry
from scorecard.standard import Standard
from scorecard.topic import Check, Topic

T = TypeVar("T")

log = logging.getLogger(__name__)

CRASHED = "The check crashed on this answer; please report it"
_LONGEST_LINE = 500
_ENCODER = json.JSONEncoder(allow_nan=False)

# topic id -> name -> when it was first seen
Sightings = Mapping[str, Mapping[str, datetime]]


@dataclass(frozen=True, slots=True)
class Judged:
    """What one endpoint's answer came to. `remembered`: what each topic wants to know the first sighting of."""

    findings: tuple[Finding, ...]
    remembered: Mapping[str, tuple[str, ...]]
    portrait: Mapping[str, Json]
    observations: Mapping[str, Observation]  # by digest: what the findings rest on


def digest(observation: Observation) -> str:
    """`sha256:…` over what an observation says; when and how fast it came is left out."""
    # Lengths stand before what may hold anything, so that no two observations look alike.
    head = f"{observation.part}\n{observation.outcome.value}\n{observation.code}\n{len(observation.reason)}\n"
    said = f"{head}{observation.reason}{observation.text}".encode(errors="surrogatepass")
    return "sha256:" + hashlib.sha256(said).hexdigest()


def judge_unseen(
    endpoint: str,
    role: Role,
    platform: Platform | None,
    reason: str,
    as_of: datetime,
    registry: Registry,
    standard: Standard,
) -> Judged:
    """Unknown in every check of its role: an endpoint that was not seen passes nothing and is left out of nothing."""
    verdict = unknown(reason)
    findings = tuple(
        _finding(check, endpoint, verdict, role, platform, as_of, None, (), standard)
        for check in _asked(registry, standard, role)
    )
    return Judged(findings, {}, {}, {})


def judge(
    endpoint: str,
    role: Role,
    observations: Observations,
    host: Host,
    sightings: Sightings,
    registry: Registry,
    standard: Standard,
) -> Judged:
    """Judge one answer. A crash in a parser or a rule costs that topic's or that check's finding only."""
    read = [_Read(topic, observations, host, sightings.get(topic.id, {})) for topic in registry.topics]
    traits: dict[str, Fact[bool]] = {}
    for topic in read:
        traits.update(topic.traits())
    whole = replace(host, traits=MappingProxyType(traits))
    by_topic = {topic.topic.id: topic for topic in read}
    findings = tuple(
        _finding(
            check,
            endpoint,
            by_topic[check.topic].verdict(check, whole, standard),
            role,
            host.platform,
            host.as_of,
            host.as_of,
            by_topic[check.topic].digests,
            standard,
        )
        for check in _asked(registry, standard, role)
    )
    portrait: dict[str, Json] = {}
    for topic in read:
        portrait.update(topic.portrait())
    kept = {name: observation for topic in read for name, observation in topic.kept.items()}
    remembered = {topic.topic.id: names for topic in read if (names := topic.remembered()) is not None}
    return Judged(findings, remembered, portrait, kept)


def _asked(registry: Registry, standard: Standard, role: Role) -> Iterator[Check]:
    """The standard's checks for this role in its own order, then loaded checks that it does not name."""
    for check_id in standard.checks_for(role):
        yield registry.checks[check_id]
    for check_id, check in sorted(registry.checks.items()):
        if check_id not in standard.content.checks and role in check.roles:
            yield check


def _finding(
    check: Check,
    endpoint: str,
    verdict: Verdict,
    role: Role,
    platform: Platform | None,
    as_of: datetime,
    observed_at: datetime | None,
    digests: tuple[str, ...],
    standard: Standard,
) -> Finding:
    line = standard.content.checks.get(check.id)
    counts = line is not None and (line.counts_from is None or as_of.date() >= line.counts_from)
    return Finding(
        check=check.id,
        endpoint=endpoint,
        verdict=verdict,
        severity=standard.severity(check.id, role, platform) if line else check.severity,
        observed_at=observed_at,
        effective=standard.values[verdict.status] if counts else None,
        observations=digests,
        counts=counts,
    )


class _Read:
    """One topic's share of an answer: its facts, or why there are none."""

    def __init__(self, topic: Topic, observations: Observations, host: Host, sightings: Mapping[str, datetime]) -> None:
        self.topic = topic
        own = {
            part: observations[part] for probe in topic.probes_for(host.platform) if (part := probe.part) in observations
        }
        if sightings:
            text = json.dumps({name: moment.isoformat() for name, moment in sorted(sightings.items())})
            own[FIRST_SEEN_PART] = Observation(FIRST_SEEN_PART, Outcome.OK, text, 0, 0, host.as_of)
        self.kept = {digest(observation): observation for observation in own.values()}
        self.digests = tuple(sorted(self.kept))
        self._host = host
        self._facts: Any = None
        self._broken = False
        try:
            self._facts = topic.parse(own, host)
        except Exception:  # around a check: a parser that crashes makes its topic unknown, nothing else
            log.exception("topic %s crashed while reading an answer", topic.id)
            self._broken = True

    def verdict(self, check: Check, host: Host, standard: Standard) -> Verdict:
        if host.platform not in check.platforms:
            names = ", ".join(sorted(check.platforms))
            return not_applicable(f"This is asked of {names} only, and the machine runs {host.platform}")
        if self._broken:
            return unknown(CRASHED)
        try:
            return _tidy(check.rule(self._facts, host, standard.parameters(check)))
        except FactUnavailable as error:
            return unknown(_line(error.reason))
        except Exception:  # around a check: a rule that crashes makes its own finding unknown, nothing else
            log.exception("check %s crashed", check.id)
            return unknown(CRASHED)

    def traits(self) -> Mapping[str, Fact[bool]]:
        return self._ask(lambda: self.topic.traits(self._facts, self._host) if self.topic.traits else {}, {})

    def remembered(self) -> tuple[str, ...] | None:
        """None where the topic does not know: what earlier audits remember must outlive an answer that never came."""
        names = self._ask(lambda: self.topic.remember(self._facts) if self.topic.remember else (), None)
        return None if names is None else self._ask(lambda: tuple(sorted({_line(name) for name in names})), None)

    def portrait(self) -> Mapping[str, Json]:
        return self._ask(lambda: _portrait(self.topic.portray(self._facts)) if self.topic.portray else {}, {})

    def _ask(self, question: Callable[[], T], otherwise: T) -> T:
        if self._broken:
            return otherwise
        try:
            return question()
        except Exception:  # around a check: what a topic adds to its findings may crash as well
            log.exception("topic %s crashed", self.topic.id)
            return otherwise


def _tidy(verdict: object) -> Verdict:
    """A rule's verdict in a form that can be written anywhere. Raises TypeError or ValueError for what cannot."""
    if not isinstance(verdict, Verdict):
        raise TypeError(f"a rule returned {type(verdict).__name__}, not a Verdict")
    evidence = json.loads(_ENCODER.encode(dict(verdict.evidence)))
    reason = None if verdict.reason is None else _line(verdict.reason)
    if verdict.status is Status.UNKNOWN and not reason:
        raise ValueError("a rule returned unknown without a reason")
    return Verdict(verdict.status, _line(verdict.measured), _line(verdict.expected), MappingProxyType(evidence), reason)


def _portrait(values: Mapping[str, str | None]) -> dict[str, Json]:
    """Plain values for the device list. Raises AttributeError or TypeError for others: they could not be written."""
    return {_line(name): None if value is None else _line(value) for name, value in values.items()}


def _line(text: str) -> str:
    """One printable line of bounded length."""
    kept = text if text.isprintable() else "".join(one if one.isprintable() else " " for one in text)
    return kept if len(kept) <= _LONGEST_LINE else kept[: _LONGEST_LINE - 1] + "…"
