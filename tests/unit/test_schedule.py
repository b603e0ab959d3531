"""Who is asked next: the limits of sites hold at every moment, and everybody gets a turn."""

from __future__ import annotations

import random
import threading
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from scorecard.model import Endpoint, Pace
from scorecard.schedule import Feed, Schedule


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def at(site: str, number: int = 0) -> Endpoint:
    return Endpoint(f"{site}{number}", "c", f"{site}{number}", site=site)


def test_sites_take_turns_and_each_keeps_its_order() -> None:
    schedule = Schedule([at("a", 1), at("a", 2), at("a", 3), at("b", 1)], {})
    taken = [schedule.take() for _ in range(4)]
    assert [endpoint.name for endpoint in taken if endpoint] == ["a1", "b1", "a2", "a3"]
    assert schedule.empty
    assert schedule.take() is None
    assert schedule.wait_s() is None


def test_no_more_of_a_site_than_it_allows() -> None:
    schedule = Schedule([at("a", n) for n in range(3)], {"a": Pace(max_parallel=2)})
    first, second = schedule.take(), schedule.take()
    assert first is not None
    assert second is not None
    assert schedule.take() is None
    assert schedule.wait_s() is None  # only an end helps
    schedule.ended(first.site)
    assert schedule.wait_s() == 0
    assert schedule.take() is not None


def test_starts_of_a_site_keep_their_distance() -> None:
    clock = Clock()
    schedule = Schedule([at("a", 1), at("a", 2), at("b", 1)], {"a": Pace(start_gap_s=5)}, clock)
    assert schedule.take() == at("a", 1)
    assert schedule.take() == at("b", 1)
    assert schedule.take() is None
    assert schedule.wait_s() == 5
    clock.now += 5
    assert schedule.take() == at("a", 2)


@given(
    st.lists(st.sampled_from("abcd"), max_size=60),
    st.dictionaries(
        st.sampled_from("abcd"),
        st.builds(Pace, st.one_of(st.none(), st.integers(1, 5)), st.sampled_from([0.0, 1.0, 7.5])),
    ),
    st.integers(0, 2**32),
)
def test_everybody_is_asked_once_and_no_limit_is_passed(sites: list[str], paces: dict[str, Pace], seed: int) -> None:
    clock, dice = Clock(), random.Random(seed)
    wanted = [at(site, number) for number, site in enumerate(sites)]
    schedule = Schedule(wanted, paces, clock)
    under_way: list[Endpoint] = []
    done: list[Endpoint] = []
    last_start: dict[str, float] = {}
    while not schedule.empty or under_way:
        endpoint = schedule.take() if dice.random() < 0.7 else None
        if endpoint is not None:
            pace = paces.get(endpoint.site, Pace())
            assert clock.now - last_start.get(endpoint.site, -1e9) >= pace.start_gap_s
            last_start[endpoint.site] = clock.now
            under_way.append(endpoint)
            assert pace.max_parallel is None or Counter(e.site for e in under_way)[endpoint.site] <= pace.max_parallel
        elif under_way:
            done.append(under_way.pop(dice.randrange(len(under_way))))
            schedule.ended(done[-1].site)
        else:
            wait_s = schedule.wait_s()
            assert wait_s is not None  # nobody waits for ever
            clock.now += wait_s
    assert sorted(e.name for e in done) == sorted(e.name for e in wanted)


def test_nobody_is_handed_out_while_answers_wait_to_be_kept() -> None:
    stop, held = threading.Event(), [True]
    feed = Feed(Schedule([at("a", 1)], {}), stop, lambda: held[0])
    taken: list[Endpoint | None] = []
    worker = threading.Thread(target=lambda: taken.append(feed.take()))
    worker.start()
    worker.join(0.2)
    assert taken == []
    held[0] = False
    worker.join(20)
    assert taken == [at("a", 1)]


def test_a_stop_ends_the_waiting() -> None:
    stop = threading.Event()
    feed = Feed(Schedule([at("a", 1), at("a", 2)], {"a": Pace(start_gap_s=3600)}), stop, lambda: False)
    assert feed.take() == at("a", 1)
    taken: list[Endpoint | None] = []
    worker = threading.Thread(target=lambda: taken.append(feed.take()))
    worker.start()
    stop.set()
    worker.join(20)
    assert taken == [None]
