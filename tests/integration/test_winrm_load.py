"""A hundred Windows machines in flight at once: each gets its own answer, none a neighbour's, and nothing stays open."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from scorecard.bundle_windows import WindowsBundle
from scorecard.errors import FailureKind, TransportError
from scorecard.transports.base import Answer
from tests.integration.winrm_kit import BUNDLE, DEADLINE_S, MACHINE, QUESTION, endpoint, transport
from tests.rig.wsman.server import Tls, Wsman

IN_FLIGHT = 100


@pytest.mark.parametrize("tls", [None, "good"])
def test_a_hundred_in_flight(tls: Tls | None, tmp_path: Path) -> None:
    with Wsman(tmp_path, MACHINE, "127.0.9.31", tls=tls) as server, transport(server) as winrm:

        def ask(number: int) -> tuple[int, Answer]:
            part = f"test.n{number}"
            bundle = WindowsBundle((replace(QUESTION, part=part, text=QUESTION.text.replace(QUESTION.part, part)),))
            return number, winrm.ask(replace(endpoint(server), name=f"pc-{number}"), bundle, DEADLINE_S)

        with ThreadPoolExecutor(IN_FLIGHT) as pool:
            answers = list(pool.map(ask, range(IN_FLIGHT)))
        assert all(answer.complete and f"test.n{number}" in answer.observations for number, answer in answers)
        assert server.open_shells == 0
        assert server.requests["Create"] == server.requests["Delete"] == server.requests["Receive"] == IN_FLIGHT


def test_some_of_many_fail_and_the_others_do_not_notice(tmp_path: Path) -> None:
    with (
        Wsman(tmp_path, MACHINE, "127.0.9.32") as well,
        Wsman(tmp_path, MACHINE, "127.0.9.33", fault="reset") as ill,
        transport(well) as winrm,
    ):

        def ask(number: int) -> str:
            try:
                winrm.ask(endpoint(ill if number % 5 == 0 else well), BUNDLE, DEADLINE_S)
            except TransportError as error:
                return error.kind
            return "answered"

        with ThreadPoolExecutor(40) as pool:
            answers = list(pool.map(ask, range(40)))
        assert answers == ["answered" if number % 5 else FailureKind.UNREACHABLE for number in range(40)]
        assert well.open_shells == ill.open_shells == 0
