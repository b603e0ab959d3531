"""The pool: ask every endpoint once, judge its answer, hand on the result. A dead endpoint is a result like any other."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from scorecard import answers, seal
from scorecard.bundle import HOST_PART, Bundle, fill_missing
from scorecard.bundle_windows import WindowsBundle
from scorecard.errors import CredentialError, FailureKind, TransportError
from scorecard.host import parse_host
from scorecard.judge import Judged, Sightings, digest, judge, judge_unseen
from scorecard.model import Endpoint, Failure, Finding, Host, Identity, Observation, Outcome, Pace, Platform, Role, Seen
from scorecard.registry import Registry
from scorecard.result import Device, System
from scorecard.roles import Known, role_of
from scorecard.schedule import Feed, Schedule
from scorecard.standard import Standard
from scorecard.transports import leads_to_windows
from scorecard.transports.base import Answer, Transport

log = logging.getLogger(__name__)

DEFAULT_CONCURRENCY = 50
DEFAULT_DEADLINE_S = 120.0
_MOST_WAITING = 64


@dataclass(frozen=True, slots=True)
class Remembered:
    """What earlier audits know of an endpoint."""

    role: Role | None = None
    platform: Platform | None = None
    os: System = field(default_factory=System)
    address: str = ""
    site: str = ""
    expected_since: datetime | None = None
    first_seen_at: datetime | None = None
    last_seen_at: datetime | None = None
    sightings: Sightings = field(default_factory=dict)
    answers: str = ""  # the newest of each check, as answers.py writes them: of a large fleet they lie here for long


@dataclass(frozen=True, slots=True)
class EndpointResult:
    """One endpoint, asked and judged: what the store commits."""

    device: Device
    findings: tuple[Finding, ...]
    remembered: Mapping[str, tuple[str, ...]]
    observations: Mapping[str, Observation]  # by digest, the host part among them
    as_of: datetime
    notes: tuple[str, ...] = ()
    asked_as: str = ""  # what of the inventory it rests on, where it is kept; see asking.py
    answers: str = ""  # the newest of each check once this one is in


class Processes(Protocol):
    """Other processes that ask."""

    def run(
        self,
        collector: Collector,
        endpoints: Sequence[Endpoint],
        concurrency: int,
        stop: threading.Event,
        paces: Mapping[str, Pace],
    ) -> Iterator[tuple[EndpointResult, ...]]: ...


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Collector:
    """Asks and judges endpoints one at a time or many at once. Everything it holds is safe to share between threads."""

    registry: Registry
    standard: Standard
    transport: Callable[[str], Transport]
    redact: Callable[[str], str]
    history: Mapping[str, Remembered] = field(default_factory=dict)
    deadline_s: float = DEFAULT_DEADLINE_S
    processes: Processes | None = None  # that ask in its place
    now: Callable[[], datetime] = _now
    stopwatch: Callable[[], float] = time.monotonic  # seconds

    def __post_init__(self) -> None:
        probes = self.registry.probes()
        shell = tuple(probe for probe in probes if probe.platform is not Platform.WINDOWS)
        self._bundles = {platform: Bundle(shell, platform) for platform in (None, Platform.LINUX, Platform.MACOS)}
        self._bundles[Platform.WINDOWS] = WindowsBundle(probes)

    def run(
        self,
        endpoints: Iterable[Endpoint],
        concurrency: int,
        stop: threading.Event,
        paces: Mapping[str, Pace] | None = None,
    ) -> Iterator[tuple[EndpointResult, ...]]:
        """Results as they come, those together that came together; never none. `paces`: by site.

        When `stop` is set no further endpoint is asked and what is under way is not awaited; what is in is handed on.
        """
        wanted = tuple(endpoints)
        if self.processes is not None:
            yield from self.processes.run(self, wanted, concurrency, stop, paces or {})
            return
        done: queue.SimpleQueue[EndpointResult] = queue.SimpleQueue()
        # A slow disk holds the asking back; the answers that wait for it must not fill the memory.
        most_waiting = max(_MOST_WAITING, concurrency)
        feed = Feed(Schedule(wanted, paces or {}), stop, lambda: done.qsize() >= most_waiting)
        # Threads of our own: a pool's threads would be awaited at exit, hanging endpoints and all.
        for number in range(min(concurrency, len(wanted))):
            worker = threading.Thread(target=self._work, args=(feed, done), name=f"collect-{number}", daemon=True)
            worker.start()
        count = len(wanted)
        while count and not stop.is_set():
            try:
                together = (done.get(timeout=0.2), *_at_hand(done))
            except queue.Empty:
                continue
            yield together
            count -= len(together)
        if together := tuple(_at_hand(done)):
            yield together

    def _work(self, feed: Feed, done: queue.SimpleQueue[EndpointResult]) -> None:
        while (endpoint := feed.take()) is not None:
            result = self.ask(endpoint)
            feed.ended(endpoint)
            done.put(result)

    def ask(self, endpoint: Endpoint) -> EndpointResult:
        """Ask and judge one endpoint. Never raises: what goes wrong is the endpoint's failure."""
        started = self.stopwatch()
        try:
            result = self._ask(endpoint)
        except TransportError as error:
            result = self.unseen(endpoint, Failure(error.kind, self.redact(error.message), self.redact(error.next_step)))
        except CredentialError as error:
            said = f"No login was tried: {self.redact(str(error))}"
            next_step = "Correct the reference in the inventory, or put the secret where it points."
            result = self.unseen(endpoint, Failure(FailureKind.AUTH_FAILED, said, next_step))
        # Around an endpoint's work: our own fault must not cost the other endpoints, nor a check module that calls exit().
        except (Exception, SystemExit) as error:
            log.exception("endpoint %s: internal error", endpoint.name)
            said = f"The audit of this machine broke off with an internal error ({type(error).__name__})"
            failure = Failure(FailureKind.INTERNAL, said, "Run the audit again with --debug and report what it prints.")
            result = self.unseen(endpoint, failure)
        device = replace(result.device, duration_ms=int((self.stopwatch() - started) * 1000))
        return replace(result, device=device)

    def unseen(self, endpoint: Endpoint, failure: Failure, expected_because: str = "inventory") -> EndpointResult:
        """The result of an endpoint that gave no answer: unknown in every check of its role."""
        past = self.history.get(endpoint.name, Remembered())
        known = role_of(endpoint, None, past.role)
        platform = endpoint.platform or past.platform
        as_of = self.now()
        reason = f"Not seen: {failure.message}"
        judged = judge_unseen(endpoint.name, known.role, platform, reason, as_of, self.registry, self.standard)
        device = _device(endpoint, known, past, platform, expected_because, as_of)
        return self._remembering(EndpointResult(replace(device, failure=failure), judged.findings, {}, {}, as_of), past)

    def _ask(self, endpoint: Endpoint) -> EndpointResult:
        bundle = self._bundles[_asked_as(endpoint)]
        answer = self.transport(endpoint.transport).ask(endpoint, bundle, self.deadline_s)
        observations = {part: self._redacted(seen) for part, seen in answer.observations.items()}
        answer = replace(answer, account=self.redact(answer.account))  # of a recording, it is words from outside as well
        host = parse_host(observations, answer.as_of)
        if host is None:
            return self.unseen(endpoint, answer.cut or _no_host(endpoint, observations))
        reason, outcome = _why_missing(answer, endpoint, host)
        parts = self._bundles[host.platform].parts(host.platform)
        observations = fill_missing(observations, parts, reason, outcome)
        past = self.history.get(endpoint.name, Remembered())
        known = role_of(endpoint, host, past.role)
        judged = judge(endpoint.name, known.role, observations, host, past.sightings, self.registry, self.standard)
        kept = dict(judged.observations)
        has = {observation.part for observation in kept.values()}
        kept.update((digest(seen), seen) for part, seen in observations.items() if part not in has)
        result = _seen_result(endpoint, known, past, host, answer, judged)
        device = replace(result.device, evidence=seal.evidence(kept))
        return self._remembering(replace(result, device=device, observations=kept), past)

    def _remembering(self, result: EndpointResult, past: Remembered) -> EndpointResult:
        before = answers.loads(past.answers)
        within = timedelta(days=self.standard.content.came_back_days)
        findings = tuple(answers.remember(finding, before.get(finding.check), within) for finding in result.findings)
        return replace(result, findings=findings, answers=answers.dumps(answers.after(findings, before)))

    def _redacted(self, observation: Observation) -> Observation:
        text = self.redact(observation.text)
        reason = self.redact(observation.reason)
        if (text, reason) == (observation.text, observation.reason):
            return observation
        return replace(observation, text=text, reason=reason)


def _asked_as(endpoint: Endpoint) -> Platform | None:
    """By the way to it where that leaves no choice, whatever the inventory says; `_why_missing` names the difference."""
    if leads_to_windows(endpoint.transport):
        return Platform.WINDOWS
    if endpoint.platform is Platform.WINDOWS and endpoint.transport != "replay":
        return None
    return endpoint.platform


def _at_hand(results: queue.SimpleQueue[EndpointResult]) -> Iterator[EndpointResult]:
    """What can be had without waiting."""
    while True:
        try:
            yield results.get_nowait()
        except queue.Empty:
            return


def _no_host(endpoint: Endpoint, observations: Mapping[str, Observation]) -> Failure:
    said = "The machine let us in, but did not answer what every machine is asked first"
    if HOST_PART in observations:
        said = f"{said} ({observations[HOST_PART].reason or 'the answer makes no sense'})"
    if endpoint.transport == "winrm":
        next_step = "Log in by hand with the same account and see whether PowerShell answers simple commands."
    else:
        next_step = "Log in by hand with the same account and see whether `sh -s` runs and what it prints."
    return Failure(FailureKind.PROTOCOL, said, next_step)


def _why_missing(answer: Answer, endpoint: Endpoint, host: Host) -> tuple[str, Outcome]:
    if endpoint.platform not in (None, host.platform):
        said = f"The inventory says that it runs {endpoint.platform}, but it runs {host.platform}"
        return f"{said}; correct `platform` there", Outcome.ERROR
    if answer.cut is None:
        return "The answer ended before this part", Outcome.ERROR
    late = answer.cut.kind is FailureKind.DEADLINE
    return answer.cut.message, Outcome.TIMEOUT if late else Outcome.TRUNCATED


def _device(
    endpoint: Endpoint, known: Known, past: Remembered, platform: Platform | None, because: str, as_of: datetime
) -> Device:
    return Device(
        name=endpoint.name,
        address=endpoint.address,
        site=endpoint.site,
        role=known.role,
        role_from=known.source,
        managed=endpoint.managed,
        expected_because=because,
        platform=platform,
        os=past.os,
        seen=False,
        identity=Identity.NOT_CONTACTED,
        failure=None,
        transport=endpoint.transport,
        owner=endpoint.owner,
        tags=endpoint.tags,
        last_seen_at=past.last_seen_at,
        first_seen_at=past.first_seen_at,
        expected_since=past.expected_since or as_of,
        role_note=known.note,
    )


def _seen_result(
    endpoint: Endpoint, known: Known, past: Remembered, host: Host, answer: Answer, judged: Judged
) -> EndpointResult:
    device = replace(
        _device(endpoint, known, past, host.platform, "inventory", answer.as_of),
        os=_system(host),
        seen=True,
        identity=answer.identity,
        failure=answer.cut,
        last_seen_at=answer.as_of,
        first_seen_at=past.first_seen_at or answer.as_of,
        privileged=host.privileged.value if isinstance(host.privileged, Seen) else None,
        account=answer.account,
        facts=judged.portrait,
        dropped_lines=answer.dropped_lines,
    )
    notes = tuple(f"{endpoint.name}: {note}" for note in answer.notes)
    return EndpointResult(device, judged.findings, judged.remembered, {}, answer.as_of, notes)


def _system(host: Host) -> System:
    def text(value: object) -> str:
        return value.value or "" if isinstance(value, Seen) else ""

    return System(text(host.product_name), text(host.version), text(host.build))
