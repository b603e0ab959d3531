"""The words of the SARIF log (sarif.py)."""

from __future__ import annotations

from collections.abc import Sequence

WITHOUT_NAMES = "results of a SARIF log are matched by the names of machines; write it with --no-redact"
# What a notification is about, by its id.
NOTICES = {
    "not-seen": "The machine gave no answer at all",
    "no-answer": "The check has no answer for this machine",
    "stopped": "The audit was stopped before it was finished",
}


def run(client: str) -> str:
    return f"Audit of the computers of {client}"


def help_text(task: str, steps: Sequence[str]) -> str:
    return "\n".join([f"{task.rstrip('.')}.", *(f"{number}. {step}" for number, step in enumerate(steps, 1))])


def result(machine: str, measured: str, expected: str) -> str:
    return f"{machine}: {_sentence(measured)}{f' Expected: {_sentence(expected)}' if expected else ''}"


def agreed(id_: str, reason: str) -> str:
    return f"Agreed to leave for a while, exception {id_}{f': {reason}' if reason else ''}"


def not_seen(machine: str, why: str, more: str) -> str:
    return f"{machine}: {why}.{f' {more}' if more else ''}"


def no_answer(machine: str, title: str, reason: str, *, stated: bool) -> str:
    tail = " It was answered in writing instead." if stated else ""
    return f"{machine}: no answer to “{title}”{f': {_sentence(reason)}' if reason else '.'}{tail}"


def _sentence(said: str) -> str:
    return f"{said.rstrip('.')}."
