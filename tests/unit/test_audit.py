"""One audit from endpoints to the Audit: failures, cut answers, the stop, who left, what is remembered.

The transports below are stand-ins for machines; the bundle, the collector, the store and the rules are the real ones.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scorecard.asking import Order, Stop
from scorecard.audit import basis, run
from scorecard.bundle import HOST_PART, Bundle
from scorecard.collect import Collector
from scorecard.describing import Missing, count
from scorecard.document import loads
from scorecard.document_writing import dumps
from scorecard.errors import CredentialError, FailureKind, TransportError
from scorecard.model import (
    Endpoint,
    Failure,
    Host,
    Identity,
    Observation,
    Observations,
    Outcome,
    Platform,
    Probe,
    Role,
    Severity,
    Status,
    Verdict,
    failed,
    passed,
)
from scorecard.registry import Registry
from scorecard.result import Audit, Retired
from scorecard.score import score
from scorecard.store import Store
from scorecard.topic import Effort, Parameters, Topic, check
from scorecard.transports.base import Answer, Transport
from tests.unit.test_judge import standard_of

HOST = "system=Linux\nkernel=6.1\nclock=1795176000\nrights=root\nos-release: ID=debian\nos-release: VERSION_ID=12\n{}"
LAPTOP = "chassis_type=10\ndetect_vm=none\n"
PARTS = {"sample.part": "good", "sample.more": "a\nb"}
DONE = Stop()


def parse(seen: Observations, _host: Host) -> Observations:
    return seen


def good(seen: Observations, _host: Host, _parameters: Parameters) -> Verdict:
    return passed("good") if seen["sample.part"].text == "good" else failed(seen["sample.part"].text, "good")


def whole(seen: Observations, _host: Host, _parameters: Parameters) -> Verdict:
    """Reads the second part only."""
    if seen["sample.more"].outcome is not Outcome.OK:
        return Verdict(Status.UNKNOWN, "Not known", reason=seen["sample.more"].reason)
    return passed("whole")


def aged(seen: Observations, host: Host, _parameters: Parameters) -> Verdict:
    text = seen["engine.first-seen"].text if "engine.first-seen" in seen else "{}"
    return passed(text, memory=text)


def remember(seen: Observations) -> tuple[str, ...] | None:
    more = seen["sample.more"]
    return tuple(more.text.split()) if more.outcome is Outcome.OK else None


def made(noun: str, rule: Callable[..., Verdict]) -> Any:
    about = {"title": "Good", "why": "Because.", "fix": ("Do it.",), "severity": Severity.HIGH, "effort": Effort(1, 1)}
    return check(f"sample.{noun}", **about)(rule)  # type: ignore[arg-type]  # a table of keywords


PROBES = tuple(Probe(part, Platform.LINUX, "echo") for part in PARTS)
TOPIC = Topic(
    "sample", "Sample", parse, (made("good", good), made("whole", whole), made("aged", aged)), PROBES, remember=remember
)
REGISTRY = Registry((TOPIC,))
STANDARD = standard_of(REGISTRY)


@dataclass
class Machines:
    """Every endpoint by name: what it answers, or what is raised when it is asked."""

    answers: dict[str, Mapping[str, str | Outcome] | BaseException]
    cut: dict[str, Failure] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    meanwhile: Callable[[Endpoint], None] = lambda _endpoint: None
    account: str = "root"

    def ask(self, endpoint: Endpoint, bundle: Bundle, deadline_s: float) -> Answer:
        self.asked.append(endpoint.name)
        self.meanwhile(endpoint)
        said = self.answers[endpoint.name]
        if isinstance(said, BaseException):
            raise said
        now = datetime.now(UTC)
        seen = {
            part: Observation(part, Outcome.OK, text, 0, 1, now)
            if not isinstance(text, Outcome)
            else Observation(part, text, "", None, 1, now, f"it ended as {text}")
            for part, text in said.items()
        }
        return Answer(seen, now, Identity.PROVEN, self.account, cut=self.cut.get(endpoint.name))

    def close(self) -> None:
        return


def answer(extra: str = "", **parts: str | Outcome) -> dict[str, str | Outcome]:
    named = {f"sample.{noun}": text for noun, text in parts.items()}
    return {HOST_PART: HOST.format(extra), **PARTS, **named}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{tmp_path / 'history.db'}")
    yield opened
    opened.close()


def order(*names: str, **more: Any) -> Order:
    return Order("Acme", tuple(Endpoint(name, "Acme", f"{name}.example.com") for name in names), **more)


def collector_of(machines: Machines) -> Collector:
    def transport(_name: str) -> Transport:
        return machines

    return Collector(REGISTRY, STANDARD, transport, lambda text: text.replace("hunter22", "[redacted]"))


def audit(machines: Machines, store: Store, wanted: Order, stop: Stop = DONE, concurrency: int = 4) -> Audit:
    stop.clear()
    return run(wanted, collector_of(machines), store, concurrency, stop, lambda _result, _count, _total: None)


def statuses(done: Audit, endpoint: str) -> dict[str, Status]:
    return {finding.check: finding.status for finding in done.findings if finding.endpoint == endpoint}


ALL_UNKNOWN = dict.fromkeys(("sample.good", "sample.whole", "sample.aged"), Status.UNKNOWN)


@pytest.mark.parametrize("kind", FailureKind)
def test_a_failure_of_any_kind_is_a_result(store: Store, kind: FailureKind) -> None:
    broken = TransportError(kind, "It said hunter22", "Do this with hunter22.")
    done = audit(Machines({"a": broken, "b": answer()}), store, order("a", "b"))
    a, b = done.devices
    assert (a.seen, a.failure) == (False, Failure(kind, "It said [redacted]", "Do this with [redacted]."))
    assert (b.seen, b.failure) == (True, None)
    assert statuses(done, "a") == ALL_UNKNOWN
    assert {finding.verdict.reason for finding in done.findings if finding.endpoint == "a"} == {
        "Not seen: It said [redacted]"
    }
    assert set(statuses(done, "b").values()) == {Status.PASS}
    assert store.load() == loads(dumps(done))


@pytest.mark.parametrize("error", [RuntimeError("boom"), KeyError("x"), SystemExit(3), RecursionError(), MemoryError()])
def test_a_crash_costs_its_own_endpoint_only(store: Store, error: BaseException) -> None:
    done = audit(Machines({"a": error, "b": answer()}), store, order("a", "b"))
    failure = done.devices[0].failure
    assert failure is not None
    assert failure.kind is FailureKind.INTERNAL
    assert type(error).__name__ in failure.message
    assert statuses(done, "a") == ALL_UNKNOWN
    assert set(statuses(done, "b").values()) == {Status.PASS}


def test_a_secret_that_is_missing_is_a_login_that_was_not_tried(store: Store) -> None:
    done = audit(Machines({"a": CredentialError("env:PASSWORD is not set")}), store, order("a"))
    failure = done.devices[0].failure
    assert failure is not None
    assert failure.kind is FailureKind.AUTH_FAILED
    assert "env:PASSWORD" in failure.message


def test_a_cut_answer_keeps_what_came_and_the_rest_is_unknown(store: Store) -> None:
    said = answer()
    del said["sample.more"]
    late = Failure(FailureKind.DEADLINE, "a was not done within 5 seconds", "Give more time.")
    done = audit(Machines({"a": said}, {"a": late}), store, order("a"))
    assert statuses(done, "a")["sample.good"] is Status.PASS
    assert statuses(done, "a")["sample.whole"] is Status.UNKNOWN
    assert (done.devices[0].seen, done.devices[0].failure) == (True, late)
    kept = {seen.part: seen for seen in store.evidence(done.id)["a"].values()}
    assert (kept["sample.more"].outcome, kept["sample.more"].reason) == (Outcome.TIMEOUT, late.message)


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.OK])
def test_a_part_that_ended_badly_never_passes(store: Store, outcome: Outcome) -> None:
    done = audit(Machines({"a": answer(more=outcome)}), store, order("a"))
    assert statuses(done, "a")["sample.whole"] is Status.UNKNOWN


@pytest.mark.parametrize(
    "said", [{}, {HOST_PART: "system=BeOS"}, {HOST_PART: Outcome.TRUNCATED, **PARTS}, {"other.part": "x"}]
)
def test_without_the_host_part_nothing_counts_as_seen(store: Store, said: Mapping[str, str | Outcome]) -> None:
    done = audit(Machines({"a": said}), store, order("a"))
    failure = done.devices[0].failure
    assert failure is not None
    assert (done.devices[0].seen, failure.kind) == (False, FailureKind.PROTOCOL)
    assert statuses(done, "a") == ALL_UNKNOWN


def test_parts_that_nobody_asked_for_are_not_kept(store: Store) -> None:
    done = audit(Machines({"a": {**answer(), "engine.first-seen": "{}", "other.part": "x"}}), store, order("a"))
    kept = {seen.part for seen in store.evidence(done.id)["a"].values()}
    assert kept == {HOST_PART, *PARTS}


def test_secrets_are_out_before_anything_is_hashed_or_kept(store: Store) -> None:
    done = audit(Machines({"a": answer(part="hunter22")}), store, order("a"))
    assert "hunter22" not in dumps(done)
    kept = store.evidence(done.id)["a"]
    assert [seen.text for seen in kept.values() if seen.part == "sample.part"] == ["[redacted]"]
    assert {digest for finding in done.findings for digest in finding.observations} <= set(kept)


def test_a_stop_keeps_what_came_in_and_names_the_rest(store: Store) -> None:
    stop, names = Stop(), [f"m{number}" for number in range(6)]

    def halt(endpoint: Endpoint) -> None:
        if endpoint.name == "m2":
            stop.set()

    machines = Machines({name: answer() for name in names}, meanwhile=halt)
    done = audit(machines, store, order(*names), stop, concurrency=1)
    assert done.interrupted
    assert [device.name for device in done.devices] == names
    seen = {device.name for device in done.devices if device.seen}
    assert seen <= {"m0", "m1", "m2"}
    for device in done.devices:
        assert device.seen or (device.failure and "stopped" in device.failure.message)
    assert {result.device.name for result in store.results(done.id)} == seen
    assert set(store.remembered(done.client)) == set(names)


@pytest.mark.parametrize(
    ("first", "asked", "said"),
    [
        (answer(), 5, ""),
        (TransportError(FailureKind.UNREACHABLE, "Off", "On."), 5, ""),
        (TransportError(FailureKind.DEADLINE, "m0 hangs", "Look."), 2, "m0, one of the first 2, misbehaved: m0 hangs"),
        (TransportError(FailureKind.OUTPUT_TOO_LARGE, "m0 floods", "Look."), 2, "misbehaved: m0 floods"),
    ],
)
def test_no_other_is_asked_when_a_canary_misbehaves(
    first: Mapping[str, str | Outcome] | BaseException, asked: int, said: str, store: Store
) -> None:
    names = [f"m{number}" for number in range(5)]
    machines = Machines({"m0": first, **{name: answer() for name in names[1:]}})
    done = audit(machines, store, order(*names, canary=2), concurrency=1)
    assert machines.asked == names[:asked]
    assert [device.name for device in done.devices] == names
    for device in done.devices[asked:]:
        assert device.failure is not None
        assert said in device.failure.message
    assert done.interrupted is (asked < 5)


def test_canaries_that_cannot_be_seen_prove_nothing(store: Store) -> None:
    off = TransportError(FailureKind.REFUSED, "Off", "On.")
    machines = Machines({"a": off, "b": answer()})
    done = audit(machines, store, order("a", "b", canary=1))
    assert machines.asked == ["a"]
    assert done.devices[1].failure is not None
    assert "none of the first 1 machines could be seen" in done.devices[1].failure.message


def test_what_is_in_when_the_stop_comes_is_handed_on() -> None:
    """Answers that wait to be committed are no answers that were never given."""
    stop, names = Stop(), [f"m{number}" for number in range(5)]
    machines = Machines({name: answer() for name in names})
    collector = Collector(REGISTRY, STANDARD, lambda _name: machines, str)
    results = collector.run(order(*names).endpoints, 1, stop)
    found = [result.device.name for result in next(results)]
    for thread in threading.enumerate():  # the collector's own worker, which ends when nobody is left to ask
        if thread.name.startswith("collect-"):
            thread.join(20)
    stop.set()
    found += [result.device.name for together in results for result in together]
    assert found == names


def test_who_left_the_inventory_stays_expected_until_retired(store: Store) -> None:
    """Seen or not: taking a machine that never answers out of the file must not raise the grade."""
    machines = Machines({"a": answer(), "b": answer(LAPTOP), "c": TransportError(FailureKind.UNREACHABLE, "Off", "On.")})
    audit(machines, store, order("a", "b", "c"))
    left = audit(machines, store, order("a"))
    by_name = {device.name: device for device in left.devices}
    assert list(by_name) == ["a", "b", "c"]
    assert [(by_name[name].seen, by_name[name].expected_because) for name in "bc"] == [(False, "seen before")] * 2
    assert (by_name["b"].role, by_name["b"].role_from, by_name["b"].platform) == (Role.LAPTOP, "last audit", Platform.LINUX)
    assert statuses(left, "b") == statuses(left, "c") == ALL_UNKNOWN
    today = datetime.now(UTC).date()
    gone = audit(machines, store, order("a", retired=(Retired("B", today, "Sold"), Retired("c", today, "Never was"))))
    assert [device.name for device in gone.devices] == ["a"]
    part = audit(machines, store, order("a", scope="--limit a"))
    assert [device.name for device in part.devices] == ["a"]
    assert part.scorecard.letter is None


def test_a_name_in_other_capitals_is_no_newcomer(store: Store) -> None:
    machines = Machines({"PC1": answer(), "pc1": answer()})
    first = audit(machines, store, order("PC1"))
    second = audit(machines, store, order("pc1"))
    third = audit(machines, store, order("pc1"))
    assert [[device.name for device in done.devices] for done in (first, second, third)] == [["PC1"], ["pc1"], ["pc1"]]
    assert len({done.devices[0].expected_since for done in (first, second, third)}) == 1
    assert len({done.devices[0].first_seen_at for done in (first, second, third)}) == 1
    assert set(store.remembered("Acme")) == {"pc1"}
    assert memory(second) == memory(third) != {}


def memory(done: Audit) -> Any:
    (text,) = (finding.verdict.evidence["memory"] for finding in done.findings if finding.check == "sample.aged")
    return json.loads(str(text))


def test_first_sightings_over_four_audits(store: Store) -> None:
    machines = Machines({"a": answer(more="x y")})
    first = audit(machines, store, order("a"))
    machines.answers["a"] = answer(more="y z")
    second = audit(machines, store, order("a"))
    machines.answers["a"] = answer(more=Outcome.TIMEOUT)
    third = audit(machines, store, order("a"))
    machines.answers["a"] = answer(more="y")
    fourth = audit(machines, store, order("a"))
    assert memory(first) == {}
    assert set(memory(second)) == {"x", "y"}
    assert memory(third) == memory(fourth)
    assert set(memory(fourth)) == {"y", "z"}
    assert memory(fourth)["y"] == memory(second)["y"] < memory(fourth)["z"]


def test_the_last_answer_tells_role_and_platform_of_a_machine_that_is_away(store: Store) -> None:
    machines = Machines({"a": answer(LAPTOP)})
    seen = audit(machines, store, order("a")).devices[0]
    machines.answers["a"] = TransportError(FailureKind.UNREACHABLE, "Off", "On.")
    away = audit(machines, store, order("a")).devices[0]
    assert (away.role, away.role_from, away.platform, away.os) == (Role.LAPTOP, "last audit", Platform.LINUX, seen.os)
    assert (away.last_seen_at, away.identity) == (seen.last_seen_at, Identity.NOT_CONTACTED)


def test_a_platform_that_is_wrong_in_the_inventory_is_named(store: Store) -> None:
    """A machine asked the questions of another system answers none of its own."""
    machines = Machines({"a": {HOST_PART: HOST.format("")}})
    wanted = replace(order(), endpoints=(Endpoint("a", "Acme", "a.example.com", platform=Platform.MACOS),))
    done = audit(machines, store, wanted)
    whole = next(finding for finding in done.findings if finding.check == "sample.whole")
    assert whole.verdict.reason == "The inventory says that it runs macos, but it runs linux; correct `platform` there"


def test_the_account_of_a_recording_is_redacted(store: Store) -> None:
    machines = Machines({"a": answer()}, account="hunter22@web1")
    assert audit(machines, store, order("a")).devices[0].account == "[redacted]@web1"


def test_the_letter_is_the_same_from_the_document_alone(store: Store) -> None:
    machines = Machines({"a": answer(), "b": answer(part="bad"), "c": TransportError(FailureKind.REFUSED, "No", "Ask.")})
    done = audit(machines, store, order("a", "b", "c"))
    back = loads(dumps(done))
    again = score(back.findings, back.devices, STANDARD, as_of=back.as_of, client_since=back.client_since, scope=back.scope)
    assert (again.letter, again.score, again.worst_case) == (
        done.scorecard.letter,
        done.scorecard.score,
        done.scorecard.worst_case,
    )
    assert timedelta() <= back.finished_at - back.started_at


def test_a_finding_that_is_missing_or_double_is_never_passed_over(store: Store) -> None:
    done = audit(Machines({"a": answer()}), store, order("a"))
    count(done.devices, done.findings, STANDARD)
    for wrong in (done.findings[1:], (*done.findings, done.findings[0]), ()):
        with pytest.raises(Missing, match=r"sample\.\w+ on a"):
            count(done.devices, wrong, STANDARD)


def test_who_was_not_seen_is_tried_again_until_it_answers_or_the_window_closes(store: Store) -> None:
    off = TransportError(FailureKind.UNREACHABLE, "It is off", "Switch it on.")
    refused = TransportError(FailureKind.AUTH_FAILED, "It refused us", "Correct it.")
    machines = Machines({"late": off, "never": off, "wrong": refused, "well": answer()})

    def wake(endpoint: Endpoint) -> None:
        if machines.asked.count("late") == 3:
            machines.answers["late"] = answer()

    machines.meanwhile = wake
    done = audit(machines, store, order("late", "never", "wrong", "well", window_s=4))
    by_name = {device.name: device for device in done.devices}
    assert by_name["late"].seen
    assert machines.asked.count("late") == 3
    assert machines.asked.count("wrong") == 1  # a refused login is never tried again
    assert machines.asked.count("well") == 1
    failure = by_name["never"].failure
    assert failure is not None
    assert failure.message == f"It is off (tried {machines.asked.count('never')} times in 4 seconds)"
    assert not done.interrupted
    kept = {result.device.name: result.device for result in store.results(done.id)}
    assert {name: device.seen for name, device in kept.items()} == {name: by_name[name].seen for name in by_name}


def test_the_time_of_a_run_is_up(store: Store) -> None:
    stop = Stop()

    def late(endpoint: Endpoint) -> None:
        if endpoint.name == "b":
            stop.time_up = True
            stop.set()

    done = audit(Machines({name: answer() for name in "abcd"}, meanwhile=late), store, order(*"abcd"), stop, concurrency=1)
    assert done.interrupted
    failures = [device.failure for device in done.devices if not device.seen]
    assert failures
    for failure in failures:
        assert failure is not None
        assert failure.kind is FailureKind.DEADLINE
        assert "time of the whole run was used up" in failure.message


def test_a_stopped_audit_goes_on_where_it_was(store: Store) -> None:
    stop = Stop()
    machines = Machines({name: answer() for name in "abcd"}, meanwhile=lambda one: stop.set() if one.name == "b" else None)
    first = audit(machines, store, order(*"abcd", run="r"), stop, concurrency=1)
    asked = set(machines.asked)
    begun = store.broken_off("Acme", "", basis(REGISTRY, STANDARD), "r")
    assert begun is not None
    assert begun.id == first.id
    machines.asked.clear()
    machines.meanwhile = lambda _endpoint: None
    done = audit(machines, store, order(*"abcd", run="r", begun=begun))
    assert set(machines.asked) >= set("abcd") - asked
    kept = {device.name for device in first.devices if device.seen}
    assert not kept & set(machines.asked)
    assert (done.id, done.started_at) == (first.id, first.started_at)
    assert all(device.seen for device in done.devices)
    assert not done.interrupted
    assert store.load() == loads(dumps(done))
    assert store.broken_off("Acme", "", basis(REGISTRY, STANDARD), "r") is None


def test_what_a_machine_answered_counts_on_when_it_is_away(store: Store) -> None:
    """Over four audits: it fails, is away, is seen in order, fails again."""
    off = TransportError(FailureKind.UNREACHABLE, "It is off", "Switch it on.")
    said: list[Mapping[str, str | Outcome] | BaseException] = [answer(part="bad"), off, answer(), answer(part="bad")]
    found = []
    for one in said:
        done = loads(dumps(audit(Machines({"a": one, "b": answer()}), store, order("a", "b"))))
        found.append(next(f for f in done.findings if (f.endpoint, f.check) == ("a", "sample.good")))
    first, away, mended, again = found
    assert (away.status, away.effective) == (Status.UNKNOWN, 0)
    assert away.last is not None
    assert (away.last.status, away.last.observed_at) == (Status.FAIL, first.observed_at)
    assert away.carried_from == first.observed_at
    assert mended.first_seen == mended.observed_at
    assert again.came_back == mended.observed_at
