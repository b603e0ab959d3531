"""A year of audits, month by month, with the real collector and store, at moments where calendars go wrong.

Every audit's document is recomputed, sealed to the one before, and bridged to it. The clock is the collector's own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scorecard.asking import Order, Stop
from scorecard.audit import run
from scorecard.bundle import HOST_PART, Bundle
from scorecard.collect import Collector
from scorecard.document_file import fitting
from scorecard.document_writing import dumps
from scorecard.errors import FailureKind, TransportError
from scorecard.exceptions.entries import Entry, Exceptions
from scorecard.history.bridge import Bridge, bridge
from scorecard.history.causes import Cause
from scorecard.history.pairs import NotComparable
from scorecard.model import (
    Endpoint,
    ExceptionKind,
    Finding,
    Host,
    Identity,
    Observation,
    Observations,
    Outcome,
    Platform,
    Probe,
    Severity,
    Status,
    Verdict,
    failed,
    passed,
)
from scorecard.registry import Registry
from scorecard.result import Audit, Cap, Retired
from scorecard.standard import Standard, parse
from scorecard.store import Store
from scorecard.topic import Check, Effort, Parameters, Topic, check
from scorecard.transports.base import Answer
from scorecard.verify import verify
from tests.unit.test_audit import HOST, LAPTOP
from tests.unit.test_standard import TEXT

ZONES = ("Pacific/Auckland", "Europe/London", "America/Los_Angeles")
LOCKED, WATCHED, CURRENT = "sample.locked", "sample.watched", "sample.current"
SHELF_DAYS = {LOCKED: 45, WATCHED: 14, CURRENT: 21}
STATE = "sample.state"
WELL = dict.fromkeys(SHELF_DAYS, "pass")
_SAME_SCORE = 1e-6
_CAP = """
  - id: unlocked
    check: sample.locked
    area: encryption
    what: not locked
    lift: Lock every laptop
    pool: {name: laptops, roles: [laptop]}
    few: {share: 0.5, at_least: 1, letter: B}
    systemic: {letter: C}
"""


def judged(name: str) -> Check:
    def rule(facts: Mapping[str, str], _host: Host, _parameters: Parameters) -> Verdict:
        return passed("in order") if facts[name] == "pass" else failed("not in order", "in order")

    about = {"title": "Good", "why": "Because.", "fix": ("Do it.",), "severity": Severity.HIGH, "effort": Effort(1, 1)}
    return check(name, **about)(rule)  # type: ignore[arg-type]  # a table of keywords


def parsed(seen: Observations, _host: Host) -> Mapping[str, str]:
    facts: dict[str, str] = json.loads(seen[STATE].text)
    return facts


TOPIC = Topic("sample", "Sample", parsed, tuple(map(judged, SHELF_DAYS)), (Probe(STATE, Platform.LINUX, "echo"),))
REGISTRY = Registry((TOPIC,))


def standard(shelf_days: Mapping[str, int] = SHELF_DAYS) -> Standard:
    """The usual one's weights and windows, over three checks of ours and one cap."""
    start, rest = TEXT.split("\nchecks:\n")
    end = rest.split("unknown_in_capped_check:")[1]
    checks = "\n".join(
        f"  {name}: {{severity: [{{is: high}}], shelf_life_days: {days}}}" for name, days in shelf_days.items()
    )
    text = f"{start}\nchecks:\n{checks}\npromises: []\ncaps:{_CAP}unknown_in_capped_check:{end}"
    return parse(text.replace("topics: [accounts]", "topics: [sample]"), "s.yaml", REGISTRY.checks)


STANDARD = standard()


@dataclass
class Life:
    """A client over time: what each machine would answer, who does not, and what every audit came to."""

    store: Store
    zone: str = "Europe/London"
    machines: dict[str, dict[str, str]] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    exceptions: Exceptions = field(default_factory=Exceptions)
    retired: tuple[Retired, ...] = ()
    standard: Standard = STANDARD
    audits: list[Audit] = field(default_factory=list)
    chains: list[str] = field(default_factory=list)
    now: datetime = datetime(2027, 1, 1, tzinfo=UTC)

    def ask(self, endpoint: Endpoint, bundle: Bundle, deadline_s: float) -> Answer:
        if endpoint.name in self.silent:
            raise TransportError(FailureKind.UNREACHABLE, "It is off", "Switch it on.")
        said = {HOST_PART: HOST.format(LAPTOP), STATE: json.dumps(self.machines[endpoint.name])}
        seen = {part: Observation(part, Outcome.OK, text, 0, 1, self.now) for part, text in said.items()}
        return Answer(seen, self.now, Identity.PROVEN, "root")

    def close(self) -> None:
        return

    def at(self, year: int, month: int, day: int, hour: int = 12, minute: int = 0) -> datetime:
        """A moment by the client's clock."""
        return datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(self.zone)).astimezone(UTC)

    def audit(self, moment: datetime) -> Audit:
        """Audits everybody who is not retired, and sees that the document holds what it says."""
        self.now = moment
        collector = Collector(REGISTRY, self.standard, lambda _name: self, str)
        collector.now = lambda: self.now
        gone = {entry.name for entry in self.retired}
        order = Order(
            "Acme",
            tuple(Endpoint(name, "Acme", f"{name}.example.com") for name in self.machines if name not in gone),
            time_zone=self.zone,
            exceptions=self.exceptions,
            retired=self.retired,
        )
        done = run(order, collector, self.store, 1, Stop(), lambda _result, _count, _total: None)
        raw: dict[str, Any] = json.loads(dumps(done))
        assert verify(fitting(raw, "audit.json"), "audit.json").problems == ()
        self.audits.append(done)
        self.chains.append(raw["seal"]["chain"])
        return done


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    store = Store.open(f"sqlite:///{tmp_path / 'history.db'}")
    yield Life(store)
    store.close()


def found(done: Audit, endpoint: str, name: str) -> Finding:
    return next(finding for finding in done.findings if (finding.endpoint, finding.check) == (endpoint, name))


def cap(done: Audit) -> Cap | None:
    return next((cap for cap in done.scorecard.caps if cap.id == "unlocked"), None)


def worth(status: Status, days: int, shelf_days: int) -> float:
    """By the words of docs/method.md, on their own."""
    value = 1.0 if status is Status.PASS else 0.0
    return value if days <= shelf_days else value / 2 if days <= 2 * shelf_days else 0.0


def local_day(moment: datetime, zone: str) -> date:
    return moment.astimezone(ZoneInfo(zone)).date()


def adds_up(older: Audit, newer: Audit) -> Bridge:
    moved = bridge(older, newer)
    assert moved.missing is None
    assert moved.before is not None
    assert moved.after is not None
    assert sum(part.points for part in moved.parts) == pytest.approx(moved.after - moved.before, abs=_SAME_SCORE)
    return moved


# The last minute of every month by the client's clock, with a gap of two months, up to the end of a leap day.
_MONTH_ENDS = (
    (2027, 1, 31),
    (2027, 2, 28),
    (2027, 3, 31),
    (2027, 4, 30),
    (2027, 7, 31),
    (2027, 8, 31),
    (2027, 9, 30),
    (2027, 10, 31),
    (2027, 11, 30),
    (2027, 12, 31),
    (2028, 1, 31),
    (2028, 2, 29),
)
# What is wrong with whom at which of these audits; who does not answer; who joins; a machine that leaves the list.
_BROKEN = {("a", LOCKED): (0, 3, 4), ("b", WATCHED): (2, 8), ("e", LOCKED): range(5, 12), ("c", CURRENT): (0, 1, 2)}
_SILENT = {"b": (3, 4), "c": (5, 6, 7), "d": (1, 9, 10, 11)}
_JOINS, _RETIRES = {"e": 5}, {"d": 11}


@pytest.mark.parametrize("zone", ZONES)
def test_a_year_month_by_month(life: Life, zone: str) -> None:
    life.zone = zone
    for number, day in enumerate(_MONTH_ENDS):
        life.machines = {
            name: {one: "fail" if number in _BROKEN.get((name, one), ()) else "pass" for one in SHELF_DAYS}
            for name in "abcde"
            if number >= _JOINS.get(name, 0)
        }
        life.silent = {name for name, when in _SILENT.items() if number in when}
        life.retired = tuple(Retired(name, date(2028, 2, 29), "sold") for name, when in _RETIRES.items() if number >= when)
        done = life.audit(life.at(*day, 23, 59))
        assert local_day(done.as_of, zone) == date(*day)
        carried(done, zone)
        if number:
            adds_up(life.audits[-2], done)
    assert [done.previous for done in life.audits] == [None, *life.chains[:-1]]
    assert life.audits[0].client_since is None
    assert {done.client_since for done in life.audits[1:]} == {life.audits[0].finished_at}
    # Fixed at the second audit, broken at the fourth: 61 days by the calendar, so it came back.
    assert found(life.audits[3], "a", LOCKED).came_back == life.audits[1].as_of
    assert found(life.audits[4], "a", LOCKED).first_seen == life.audits[3].as_of
    # b was fixed when it was seen again, at the sixth; at the ninth that is 91 days ago.
    assert found(life.audits[8], "b", WATCHED).came_back is None
    # e has been broken since it joined: no cap at that audit, one from the next on.
    assert [cap(done) is not None for done in life.audits] == [index in (0, 3, 4, *range(6, 12)) for index in range(12)]
    assert "d" not in {device.name for device in life.audits[-1].devices}
    assert Cause.LEFT in {part.cause for part in adds_up(life.audits[-2], life.audits[-1]).parts}


def carried(done: Audit, zone: str) -> None:
    """What every answer that this audit lacks is worth, from the calendar alone."""
    for finding in done.findings:
        if finding.status is not Status.UNKNOWN:
            assert finding.carried_from is None
            continue
        assert finding.last is not None
        days = (local_day(done.as_of, zone) - local_day(finding.last.observed_at, zone)).days
        assert finding.effective == worth(finding.last.status, days, SHELF_DAYS[finding.check])
        counted = days <= 2 * SHELF_DAYS[finding.check]
        assert finding.carried_from == (finding.last.observed_at if counted else None)


# Each window of 28 days holds the change named. Local midnight is at another hour in UTC before and after it.
_FIRST_DAYS = {
    "the clocks of the north go forward": (2027, 3, 10),
    "the clocks of the north go back": (2027, 10, 25),
    "the clocks of the south go forward": (2027, 9, 20),
    "the clocks of the south go back": (2027, 3, 28),
    "a leap day": (2028, 2, 10),
    "no leap day": (2027, 2, 10),
    "the end of a year": (2027, 12, 15),
}


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("first", _FIRST_DAYS.values(), ids=_FIRST_DAYS)
def test_a_shelf_life_ends_with_a_day_of_the_clients(life: Life, zone: str, first: tuple[int, int, int]) -> None:
    """Seen in the last minute of a day: that day is day 0, though a minute later it is another one."""
    life.zone, life.machines = zone, {"a": WELL, "b": WELL}
    life.audit(life.at(*first, 23, 59))
    life.silent = {"a"}
    for days, hour, minute, value in (
        (1, 0, 0, 1.0),
        (14, 0, 0, 1.0),
        (14, 23, 59, 1.0),
        (15, 0, 0, 0.5),
        (28, 23, 59, 0.5),
        (29, 0, 0, 0.0),
    ):
        day = date(*first) + timedelta(days=days)
        done = life.audit(life.at(day.year, day.month, day.day, hour, minute))
        assert found(done, "a", WATCHED).effective == value, day
        adds_up(life.audits[-2], done)


def test_a_cap_is_held_until_the_machine_is_seen_in_order(life: Life) -> None:
    life.machines = {"a": {**WELL, LOCKED: "fail"}, "b": WELL, "c": WELL}
    first = life.audit(life.at(2027, 1, 31))
    life.silent = {"a"}
    for month in range(2, 13):
        held = cap(life.audit(life.at(2027, month, 28)))
        assert held is not None
        assert (held.endpoints, held.held_since) == (("a",), first.as_of)
    life.machines["a"] = WELL  # in order meanwhile, and nobody has seen it
    assert cap(life.audit(life.at(2028, 1, 31))) is not None
    life.silent = set()
    assert cap(life.audit(life.at(2028, 2, 29))) is None


def test_a_cap_is_held_until_the_machine_is_retired(life: Life) -> None:
    life.machines = {"a": {**WELL, LOCKED: "fail"}, "b": WELL, "c": WELL}
    life.audit(life.at(2027, 1, 31))
    life.silent = {"a"}
    assert cap(life.audit(life.at(2027, 2, 28))) is not None
    del life.machines["a"]  # off the list, and not retired
    left = life.audit(life.at(2027, 3, 31))
    assert cap(left) is not None
    life.retired = (Retired("a", date(2027, 4, 1), "sold"),)
    assert cap(life.audit(life.at(2027, 4, 30))) is None


@pytest.mark.parametrize("zone", ZONES)
def test_who_joined_lately_causes_no_cap_for_fourteen_times_24_hours(life: Life, zone: str) -> None:
    """Over a change of the clocks, in each of these zones."""
    life.zone, life.machines = zone, {"a": WELL, "b": WELL}
    life.audit(life.at(2028, 2, 29))
    life.machines["c"] = {**WELL, LOCKED: "fail"}
    joined = life.audit(life.at(2028, 3, 25))
    assert cap(joined) is None
    assert found(joined, "c", LOCKED).effective == 0
    assert cap(life.audit(joined.as_of + timedelta(days=14, seconds=-1))) is None
    assert cap(life.audit(joined.as_of + timedelta(days=14))) is not None


def test_on_the_first_audit_nobody_joined_lately(life: Life) -> None:
    life.machines = {"a": WELL, "b": {**WELL, LOCKED: "fail"}}
    assert cap(life.audit(life.at(2027, 1, 31))) is not None


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("last", [(2027, 3, 28), (2027, 10, 31), (2028, 2, 29), (2027, 12, 31)])
def test_an_exception_holds_to_the_end_of_its_last_day(life: Life, zone: str, last: tuple[int, int, int]) -> None:
    until = date(*last)
    entry = Entry("agreed", ExceptionKind.WAIVED, (WATCHED,), ("a",), until - timedelta(days=30), until)
    life.zone, life.exceptions = zone, Exceptions((entry,))
    life.machines = {"a": {**WELL, WATCHED: "fail"}, "b": WELL}
    first, next_day = until - timedelta(days=30), until + timedelta(days=1)
    states = []
    for day, hour, minute in ((first - timedelta(days=1), 23, 59), (first, 0, 0), (until, 23, 59), (next_day, 0, 0)):
        done = life.audit(life.at(day.year, day.month, day.day, hour, minute))
        finding = found(done, "a", WATCHED)
        assert (finding.exception is None) == (finding.effective == 0)
        ((use,),) = (record["uses"] for record in json.loads(json.dumps([dict(one) for one in done.exceptions])))
        states.append(use["state"])
    assert states == ["not-yet", "counts", "counts", "expired"]
    causes = [{part.cause for part in adds_up(*pair).parts} for pair in zip(life.audits, life.audits[1:], strict=False)]
    assert causes == [{Cause.EXCEPTIONS_BEGUN}, set(), {Cause.EXCEPTIONS_ENDED}]


@pytest.mark.parametrize(("later", "back"), [(timedelta(), True), (timedelta(seconds=1), False)])
def test_what_opens_again_within_90_days_came_back(life: Life, later: timedelta, back: bool) -> None:
    life.machines = {"a": {**WELL, LOCKED: "fail"}, "b": WELL}
    life.audit(life.at(2027, 11, 30))
    life.machines["a"] = WELL
    fixed = life.audit(life.at(2027, 12, 31))
    life.machines["a"] = {**WELL, LOCKED: "fail"}
    again = life.audit(fixed.as_of + timedelta(days=90) + later)
    finding = found(again, "a", LOCKED)
    assert (finding.came_back, finding.first_seen) == (fixed.as_of if back else None, again.as_of)
    still = life.audit(again.as_of + timedelta(days=60))
    assert found(still, "a", LOCKED).came_back == finding.came_back


@pytest.mark.parametrize("put_back", [timedelta(hours=1), timedelta(days=31)], ids=["an hour", "a month"])
def test_a_clock_that_was_put_back(life: Life, put_back: timedelta) -> None:
    """Nobody knows which time was right: an answer from the future is as old as it is far ahead."""
    life.machines = {"a": WELL, "b": WELL}
    life.audit(life.at(2027, 8, 31))
    ahead = life.audit(life.at(2027, 10, 30))
    life.silent = {"a"}
    back = life.audit(ahead.as_of - put_back)
    assert back.started_at <= back.finished_at == back.as_of
    finding = found(back, "a", WATCHED)
    assert finding.last is not None
    assert finding.last.observed_at == ahead.as_of
    days = abs((local_day(ahead.as_of, life.zone) - local_day(back.as_of, life.zone)).days)
    assert finding.effective == worth(Status.PASS, days, SHELF_DAYS[WATCHED])
    assert back.previous == life.chains[0]  # the newest that began before this one, as far as anybody can tell
    with pytest.raises(NotComparable, match="is older than the first"):
        bridge(ahead, back)
    adds_up(life.audits[0], back)
    right = life.audit(ahead.as_of + timedelta(days=30))
    assert right.previous == life.chains[1]
    adds_up(ahead, right)
    adds_up(back, right)


def test_a_clock_that_was_ahead_by_years_when_the_client_was_first_audited(life: Life) -> None:
    life.machines = {"a": WELL, "b": WELL}
    life.audit(life.at(2031, 1, 31))
    back = life.audit(life.at(2027, 1, 31))
    assert (back.previous, back.client_since) == (None, None)
    life.silent = {"a"}
    third = life.audit(life.at(2027, 2, 28))
    assert found(third, "a", WATCHED).last == found(life.audit(life.at(2027, 3, 1)), "a", WATCHED).last
    assert found(third, "a", WATCHED).effective == 0.5


def test_a_changed_standard_is_a_cause_of_its_own(life: Life) -> None:
    life.machines = {"a": WELL, "b": WELL}
    life.audit(life.at(2027, 1, 31))
    life.silent = {"a"}
    before = life.audit(life.at(2027, 2, 14))
    assert found(before, "a", WATCHED).effective == 1
    life.standard = standard({**SHELF_DAYS, WATCHED: 7})
    after = life.audit(life.at(2027, 2, 14, 12, 1))
    assert found(after, "a", WATCHED).effective == 0.5
    life.standard = standard({WATCHED: 7, LOCKED: 45})
    fewer = life.audit(life.at(2027, 2, 14, 12, 2))
    assert {finding.check for finding in fewer.findings if finding.counts} == {WATCHED, LOCKED}
    adds_up(before, after)
    assert {part.cause for part in adds_up(after, fewer).parts} == {Cause.STANDARD}
    life.standard = STANDARD
    again = life.audit(life.at(2027, 2, 14, 12, 3))
    assert again.scorecard.score == before.scorecard.score
    assert life.chains[:-1] == [done.previous for done in life.audits[1:]]
