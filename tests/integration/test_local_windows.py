"""This computer as Windows: what is started, what it is told, and how its answer is taken. A simulated machine stands in
for powershell.exe, since there is no Windows here."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from scorecard.bundle import HOST_PART, Bundle
from scorecard.bundle_windows import WindowsBundle
from scorecard.errors import FailureKind, TransportError
from scorecard.model import Endpoint, Identity, Outcome, Platform
from scorecard.registry import Registry
from scorecard.transports.local_windows import LocalWindowsTransport
from tests.rig.wsman import program

HERE = Endpoint("here", "client", "localhost", transport="local")


@pytest.fixture(scope="module")
def bundle() -> WindowsBundle:
    return WindowsBundle(Registry.load().probes(Platform.WINDOWS))


def powershell(folder: Path, text: str) -> LocalWindowsTransport:
    file = folder / "powershell.exe"
    file.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    file.chmod(0o755)
    return LocalWindowsTransport(str(file))


def failure(local: LocalWindowsTransport, bundle: Bundle, deadline_s: float = 30) -> TransportError:
    with pytest.raises(TransportError) as caught:
        local.ask(HERE, bundle, deadline_s)
    return caught.value


def test_the_same_prelude_and_questions_as_over_winrm(tmp_path: Path, bundle: WindowsBundle) -> None:
    answer = LocalWindowsTransport(program.script(tmp_path, "windows-11-pro-well")).ask(HERE, bundle, 60)
    assert answer.complete
    assert answer.identity is Identity.PROVEN
    assert set(answer.observations) == set(bundle.parts(Platform.WINDOWS))
    assert {seen.outcome for seen in answer.observations.values()} <= {Outcome.OK, Outcome.ABSENT}


def test_small_codes_are_those_of_windows(tmp_path: Path, bundle: WindowsBundle) -> None:
    answer = LocalWindowsTransport(program.script(tmp_path, "constrained-language")).ask(HERE, bundle, 60)
    updates = answer.observations["patching.agent"]
    assert updates.outcome is Outcome.DENIED
    assert "Constrained Language Mode" in updates.reason


def test_what_came_whole_counts_when_the_time_is_up(tmp_path: Path, bundle: WindowsBundle) -> None:
    started = time.monotonic()
    answer = LocalWindowsTransport(program.script(tmp_path, "windows-11-pro-well", "stuck:4")).ask(HERE, bundle, 5)
    assert time.monotonic() - started < 15
    assert not answer.complete
    assert answer.cut is not None
    assert answer.cut.kind is FailureKind.DEADLINE
    assert answer.observations[HOST_PART].outcome is Outcome.OK


def test_a_program_that_does_not_answer_is_told_from_one_that_is_not_there(tmp_path: Path, bundle: WindowsBundle) -> None:
    refused = failure(powershell(tmp_path, "echo 'This program is blocked by group policy.' >&2; exit 1"), bundle)
    assert refused.kind is FailureKind.PERMISSION_DENIED
    assert "blocked by group policy" in refused.message
    absent = failure(LocalWindowsTransport(str(tmp_path / "nothing.exe")), bundle)
    assert absent.kind is FailureKind.INTERNAL
    assert "did not start Windows PowerShell" in absent.message


def test_a_flood_is_cut(tmp_path: Path, bundle: WindowsBundle) -> None:
    error = failure(powershell(tmp_path, "exec cat /dev/zero"), bundle)
    assert error.kind is FailureKind.OUTPUT_TOO_LARGE


def test_a_flood_of_errors_is_cut_before_the_deadline(tmp_path: Path, bundle: WindowsBundle) -> None:
    started = time.monotonic()
    error = failure(powershell(tmp_path, "cat /dev/zero >&2"), bundle, 120)  # the shell keeps its output open
    assert error.kind is FailureKind.OUTPUT_TOO_LARGE
    assert time.monotonic() - started < 100


def test_errors_that_end_before_the_answer_do_not_end_it(tmp_path: Path, bundle: WindowsBundle) -> None:
    (tmp_path / "whole").mkdir()
    whole = program.script(tmp_path / "whole", "windows-11-pro-well")
    answer = powershell(tmp_path, f'exec {whole} "$@" 2>/dev/null').ask(HERE, bundle, 60)
    assert answer.complete


def test_a_program_that_reads_nothing_ends_with_the_deadline(tmp_path: Path, bundle: WindowsBundle) -> None:
    error = failure(powershell(tmp_path, "exec sleep 60"), bundle, 0.5)
    assert error.kind is FailureKind.DEADLINE


def test_closing_ends_what_runs(tmp_path: Path, bundle: WindowsBundle) -> None:
    local = powershell(tmp_path, f"touch {tmp_path / 'begun'}; exec sleep 60")
    caught: list[TransportError] = []
    asking = threading.Thread(target=lambda: caught.append(failure(local, bundle, 50)))
    asking.start()
    until = time.monotonic() + 20
    while not (tmp_path / "begun").exists() and time.monotonic() < until:
        time.sleep(0.01)
    local.close()
    asking.join(20)
    assert caught[0].kind is FailureKind.PERMISSION_DENIED


def test_a_bundle_for_another_system_is_a_mistake_of_ours(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        LocalWindowsTransport(str(tmp_path)).ask(HERE, Bundle(()), 5)
