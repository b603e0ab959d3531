"""The one round trip: what is sent runs in every shell, and what comes back is taken apart whatever it is."""

from __future__ import annotations

import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorecard.bundle import HOST_PART, Bundle, Reply, fill_missing, new_marker, outcome_of, parse_reply
from scorecard.errors import BundleError, PluginError
from scorecard.host import parse_host
from scorecard.model import Outcome, Platform, Probe, Seen
from scorecard.registry import Registry
from scorecard.topic import read_snippet
from tests.rig.required import cannot_run

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SHELLS = [["dash", "-s"], ["bash", "-s"], ["bash", "--posix", "-s"], ["busybox", "sh", "-s"]]
MARKER = "scorecard-0123456789abcdef0123456789abcdef"


def probe(part: str, text: str, limit_s: int = 10, size_bytes: int = 10_000) -> Probe:
    return Probe(part, Platform.LINUX, text, limit_s, size_bytes)


PROBES = (
    probe("t.plain", "echo one; echo \"it's\"; printf 'no line feed'"),
    probe("t.stuck", "echo before; sleep 30", limit_s=1),
    probe("t.children", "sleep 30 & sleep 30", limit_s=1),
    probe("t.left", "sleep 300 & echo left one behind", limit_s=5),
    probe("t.flood", "yes", size_bytes=100),
    probe("t.fits", "printf '%s\\n' 123456789", size_bytes=10),
    probe("t.over", "printf '%s\\n' 123456789; printf '%s\\n' x", size_bytes=10),
    probe("t.absent", "have no-such-tool || absent"),
    probe("t.denied", "denied"),
    probe("t.error", "echo said; exit 3"),
    probe("t.greedy", "cat; echo got nothing"),
    probe("t.forged", f"echo '{MARKER} end t.forged 0 0 whole'; printf 'a\\000b\\n'"),
    probe("t.scope", 'x=1; cd /; umask; echo "$marker$parts"'),
    probe("t.last", "echo still here"),
)


def run(shell: list[str], bundle: Bundle, marker: str = MARKER) -> Reply:
    if shutil.which(shell[0]) is None:
        cannot_run(f"{shell[0]} is not installed")
    done = subprocess.run(shell, input=bundle.script(marker).encode(), capture_output=True, check=True, timeout=60)
    return parse_reply(done.stdout, marker, NOW)


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_each_part_is_framed_in_every_shell(shell: list[str]) -> None:
    reply = run(shell, Bundle(PROBES))
    said = {part.removeprefix("t."): (seen.outcome, seen.text) for part, seen in reply.observations.items()}
    assert reply.complete
    assert reply.dropped_lines == 0
    assert said.pop(HOST_PART)[0] is Outcome.OK
    assert said == {
        "plain": (Outcome.OK, "one\nit's\nno line feed"),
        "stuck": (Outcome.TIMEOUT, "before"),
        "children": (Outcome.TIMEOUT, ""),
        "left": (Outcome.OK, "left one behind"),
        "flood": (Outcome.TRUNCATED, "\n".join("y" * 51)),
        "fits": (Outcome.OK, "123456789"),
        "over": (Outcome.TRUNCATED, "123456789\nx"),
        "absent": (Outcome.ABSENT, ""),
        "denied": (Outcome.DENIED, ""),
        "error": (Outcome.ERROR, "said"),
        "greedy": (Outcome.OK, "got nothing"),
        "forged": (Outcome.OK, f"{MARKER} end t.forged 0 0 whole\nab"),
        "scope": (Outcome.OK, "0077\n"),
        "last": (Outcome.OK, "still here"),
    }


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_without_timeout_and_perl_a_stuck_part_is_stopped_all_the_same(shell: list[str]) -> None:
    script = Bundle((probe("t.stuck", "sleep 60", limit_s=4), probe("t.last", "echo still here"))).script(MARKER)
    script = script.replace("limiter=timeout;", "limiter=none;").replace("limiter=perl;", "limiter=none;")
    if shutil.which(shell[0]) is None:
        cannot_run(f"{shell[0]} is not installed")
    done = subprocess.run(shell, input=script.encode(), capture_output=True, check=True, timeout=50)
    reply = parse_reply(done.stdout, MARKER, NOW)
    assert reply.observations["t.stuck"].outcome is Outcome.TIMEOUT
    assert reply.observations["t.last"].text == "still here"


def test_with_perl_alone_a_stuck_part_and_its_children_are_stopped() -> None:
    script = Bundle(
        (
            probe("t.stuck", "sleep 300 & sleep 300; wait", limit_s=1),
            probe("t.left", "sleep 300 &"),
            probe("t.last", "exit 3"),
        )
    ).script(MARKER)
    done = subprocess.run(
        ["sh", "-s"], input=script.replace("limiter=timeout;", ":;").encode(), capture_output=True, check=True, timeout=25
    )
    reply = parse_reply(done.stdout, MARKER, NOW)
    assert reply.observations["t.stuck"].outcome is Outcome.TIMEOUT
    assert reply.observations["t.left"].outcome is Outcome.OK
    assert reply.observations["t.last"].code == 3


def test_with_busybox_alone_a_stuck_child_is_stopped_with_its_part(tmp_path: Path) -> None:
    """The timeout of busybox stops the shell only. Alpine has no other, and no perl.

    Many at once, because what is stopped dies in an order that differs on a busy machine.
    """
    busybox = shutil.which("busybox")
    if busybox is None:
        cannot_run("busybox is not installed")
    for name in subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split():
        (tmp_path / name).symlink_to(busybox)
    script = Bundle((probe("t.stuck", "sleep 300; echo after", limit_s=1), probe("t.last", "exit 3"))).script(MARKER)
    alone = re.sub(r"(?m)^PATH=.*$", f"PATH={tmp_path}", script)

    def run(_: int) -> bytes:
        command = [busybox, "sh", "-s"]
        return subprocess.run(command, input=alone.encode(), capture_output=True, check=True, timeout=60).stdout

    with ThreadPoolExecutor(16) as pool:
        replies = [parse_reply(output, MARKER, NOW) for output in pool.map(run, range(32))]
    assert {reply.observations["t.stuck"].outcome for reply in replies} == {Outcome.TIMEOUT}
    assert {reply.observations["t.last"].code for reply in replies} == {3}


def test_a_script_cut_off_on_its_way_runs_nothing() -> None:
    script = Bundle(PROBES).script(MARKER)
    done = subprocess.run(["sh", "-s"], input=script[: len(script) * 3 // 4].encode(), capture_output=True, check=False)
    assert done.returncode != 0
    assert done.stdout == b""


def test_what_every_topic_asks_runs_here_and_tells_the_host() -> None:
    marker = new_marker()
    script = Bundle(Registry.load().probes()).script(marker)
    done = subprocess.run(["sh", "-s"], input=script.encode(), capture_output=True, check=True, timeout=300)
    reply = parse_reply(done.stdout, marker, NOW)
    host = parse_host(reply.observations, NOW)
    assert reply.complete
    assert reply.dropped_lines == 0
    assert host is not None
    assert isinstance(host.product, Seen)
    assert set(reply.observations) == set(Bundle(Registry.load().probes()).parts(Platform.LINUX))


def test_the_marker_is_new_each_time_and_nowhere_in_the_arguments() -> None:
    assert new_marker() != new_marker()
    script = Bundle(PROBES[:1]).script(MARKER)
    assert script.count(MARKER) == 1


def test_no_network_no_file_and_no_index_refresh_is_asked_for() -> None:
    """A tripwire, not a proof: words that a read-only probe has no use for."""
    banned = ("curl ", "wget ", "apt-get update", "apt update", "makecache", "mktemp", "tee ", "pacman -Sy", "freshclam --")
    for asked in Registry.load().probes():
        for word in banned:
            assert word not in asked.text, f"{asked.part} says {word!r}"


@pytest.mark.parametrize(
    ("code", "whole", "outcome"),
    [
        (0, True, Outcome.OK),
        (0, False, Outcome.TRUNCATED),
        (127, True, Outcome.ABSENT),
        (77, True, Outcome.DENIED),
        (126, True, Outcome.DENIED),
        (124, True, Outcome.TIMEOUT),
        (137, True, Outcome.TIMEOUT),
        (143, False, Outcome.TIMEOUT),
        (1, True, Outcome.ERROR),
    ],
)
def test_outcomes(code: int, whole: bool, outcome: Outcome) -> None:
    assert outcome_of(code, whole) is outcome


def framed(*lines: str) -> Reply:
    return parse_reply("\n".join(line.replace("@", MARKER) for line in lines).encode(), MARKER, NOW)


def test_noise_around_the_frames_is_dropped_and_counted() -> None:
    reply = framed("Welcome!", "@ begin a.b", "|x", "noise", "@ end a.b 0 5 whole", "bye", "@ done 1")
    assert reply.observations["a.b"].text == "x"
    assert (reply.dropped_lines, reply.complete) == (3, True)


def test_a_flood_of_noise_inside_a_part_leaves_its_lines_in_order() -> None:
    said = [f"|line {number}" if number % 3 else f"noise {number}" for number in range(30_000)]
    reply = framed("@ begin a.b", *said, "@ end a.b 0 5 whole", "@ done 1")
    assert reply.observations["a.b"].text.splitlines() == [line[1:] for line in said if line.startswith("|")]
    assert (reply.dropped_lines, reply.complete) == (10_000, True)


def test_a_part_without_its_end_is_truncated() -> None:
    for reply in (
        framed("@ begin a.b", "|x"),
        framed("@ begin a.b", "|x", "@ begin c.d", "@ end c.d 0 1 whole", "@ done 2"),
    ):
        assert reply.observations["a.b"].outcome is Outcome.TRUNCATED


def test_a_part_that_comes_twice_is_an_error() -> None:
    frame = ("@ begin a.b", "|x", "@ end a.b 0 5 whole")
    reply = framed(*frame, *frame, "@ done 2")
    assert (reply.observations["a.b"].outcome, reply.observations["a.b"].text) == (Outcome.ERROR, "")


@pytest.mark.parametrize("last", ["@ done 7", "@ done x", "@ done", "", "@ done ٣"])
def test_without_a_true_last_line_the_reply_is_not_complete(last: str) -> None:
    assert not framed("@ begin a.b", "@ end a.b 0 5 whole", last).complete


def test_the_end_of_another_part_ends_nothing() -> None:
    assert framed("@ begin a.b", "|x", "@ end c.d 0 5 whole").observations["a.b"].outcome is Outcome.TRUNCATED


@given(st.binary(max_size=400))
def test_garbage_is_taken_apart_without_a_crash(data: bytes) -> None:
    reply = parse_reply(data, MARKER, NOW)
    assert not reply.complete
    assert parse_host(reply.observations, NOW) is None


@given(st.lists(st.sampled_from(["@ begin a.b", "@ end a.b 0 1 whole", "@ end a.b x y z", "|text", "@ done 1", "@", "zz"])))
def test_frames_in_any_order_give_one_observation_a_part(lines: list[str]) -> None:
    reply = framed(*lines)
    assert set(reply.observations) <= {"a.b"}


def test_what_never_came_says_why() -> None:
    filled = fill_missing({}, ["a.b"], "The deadline came first", Outcome.TIMEOUT)
    assert filled["a.b"].outcome is Outcome.TIMEOUT
    assert filled["a.b"].reason == "The deadline came first"


def test_a_part_may_be_asked_once_only() -> None:
    with pytest.raises(BundleError, match=r"a\.b is asked twice"):
        Bundle((probe("a.b", ""), probe("a.b", "")))
    with pytest.raises(BundleError, match="characters"):
        Bundle((probe("a b", ""),))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("echo hi", "no part found"),
        ("#: part", "s.sh:1: expected"),
        ("#: part Big", "s.sh:1: expected"),
        ("#: part x colour=red", "s.sh:1: option 'colour=red'"),
        ("#: part x limit=0", "s.sh:1: option 'limit=0'"),
        ("#: part x size=²", "s.sh:1: option 'size=²'"),
        ("#: part x\n#: part x", "s.sh:2: part t.x is defined twice"),
    ],
)
def test_a_broken_snippet_names_file_and_line(text: str, said: str) -> None:
    with pytest.raises(PluginError, match=said):
        read_snippet(text, "t", Platform.LINUX, "s.sh")


def test_a_snippet_in_parts() -> None:
    text = "# shellcheck shell=sh\n#: part one limit=5 root=yes -- why not\necho 1\n\n#: part two size=9\necho 2\n"
    one, two = read_snippet(text, "t", Platform.MACOS, "s.sh")
    assert one == Probe("t.one", Platform.MACOS, "echo 1\n", 5, 200_000, True, "why not")
    assert two == Probe("t.two", Platform.MACOS, "echo 2\n", 10, 9)
