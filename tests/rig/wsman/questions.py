"""The questions of the contract: whether one is asked in the declared form, and what a machine answers."""

from __future__ import annotations

from typing import Any

from tests.rig.wsman.machine import Machine


class Refused(Exception):
    """The question is not in the declared form."""


def check(question: dict[str, Any]) -> None:
    if not isinstance(question.get("part"), str):
        raise Refused("a question without a part")


def answer(machine: Machine, question: dict[str, Any]) -> tuple[int, Any]:
    return 0x8004100E, {"error": {"hresult": "0x8004100E", "message": "Invalid namespace"}}
