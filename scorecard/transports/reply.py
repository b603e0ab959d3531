"""What was heard from an endpoint becomes an Answer, or a TransportError when it holds not one whole frame.

The same for every transport that runs a script: bytes, and how they ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from scorecard.bundle import Reply, parse_reply
from scorecard.errors import FailureKind, TransportError
from scorecard.model import Failure, Identity, Platform
from scorecard.reading import clean
from scorecard.transports.base import MAX_OUTPUT_BYTES, Answer

ERROR_TAIL_BYTES = 4096
# More than any login script prints. A machine that only floods must not cost the memory of a whole answer, as many at once
# would fill ours.
MAX_NOISE_BYTES = 1024 * 1024
# Errors are not kept, so that they cost time alone.
MAX_ERRORS_BYTES = 4 * MAX_OUTPUT_BYTES


class Ended(Enum):
    """Why we stopped listening."""

    DONE = "the last line came"
    CLOSED = "the command ended"
    DEADLINE = "the deadline passed"
    TOO_LARGE = "the output was too large"
    NOISE = "too much came, and no answer among it"
    FLOOD = "messages came that are no answer, without end"
    LOST = "the connection broke"


@dataclass(frozen=True, slots=True)
class Heard:
    """What came back from the command. `errors` is the end of standard error, at most ERROR_TAIL_BYTES."""

    output: bytes
    errors: bytes
    ended: Ended
    as_of: datetime
    exit_code: int | None = None


class Listener:
    """Gathers standard output up to the cap and the end of standard error, and sees the last line come.

    The last line is enough: a child that was left behind over there may hold the output open for ever.
    """

    def __init__(self, marker: str) -> None:
        self._marker = marker.encode()
        self._last_line = f"\n{marker} done ".encode()
        self._begun = False
        self._output = bytearray()
        self._errors = bytearray()
        self._errors_bytes = 0
        self.ended: Ended | None = None

    def take_output(self, data: bytes) -> None:
        start = max(len(self._output) - len(self._last_line) - 16, 0)
        self._output += data
        self._begun = self._begun or self._output.find(self._marker, start) >= 0
        if not self._begun and len(self._output) > MAX_NOISE_BYTES:
            self.ended = Ended.NOISE
            return
        if len(self._output) > MAX_OUTPUT_BYTES:
            del self._output[MAX_OUTPUT_BYTES:]
            self.ended = Ended.TOO_LARGE
            return
        found = self._output.rfind(self._last_line, start)
        if found >= 0 and self._output.find(b"\n", found + len(self._last_line)) >= 0:
            self.ended = Ended.DONE

    def take_errors(self, data: bytes) -> None:
        """Only the end is kept, but a flood here keeps us as busy as one on standard output, and ends the same way."""
        self._errors_bytes += len(data)
        if self._errors_bytes > MAX_ERRORS_BYTES:
            self.ended = self.ended or (Ended.TOO_LARGE if self._begun else Ended.NOISE)
        self._errors += data
        if len(self._errors) > ERROR_TAIL_BYTES:
            del self._errors[:-ERROR_TAIL_BYTES]

    def heard(self, ended: Ended, as_of: datetime, exit_code: int | None = None) -> Heard:
        return Heard(bytes(self._output), bytes(self._errors), self.ended or ended, as_of, exit_code)


def to_answer(
    heard: Heard,
    marker: str,
    where: str,
    deadline_s: float,
    identity: Identity,
    account: str,
    notes: tuple[str, ...] = (),
    platform: Platform | None = None,
) -> Answer:
    """`where` names the endpoint in messages; `platform` is given where it is known by the way that was taken.

    Raises TransportError when no frame came whole.
    """
    # A flood without a single frame is not worth taking apart line by line.
    spoke = marker.encode() in heard.output
    reply = parse_reply(heard.output, marker, heard.as_of, platform) if spoke else Reply({}, 0, False)
    cut = None if reply.complete else _failure(heard, where, deadline_s, platform)
    whole = any(observation.code is not None for observation in reply.observations.values())
    if cut is not None and not whole:
        raise TransportError(cut.kind, cut.message, cut.next_step)
    if cut is not None and heard.ended in (Ended.CLOSED, Ended.DONE):
        cut = Failure(
            FailureKind.PROTOCOL,
            f"The answer of {where} is not complete: the script was stopped over there",
            "See whether something on the machine ends long commands or is short of memory, then audit again.",
        )
    return Answer(
        observations=reply.observations,
        as_of=heard.as_of,
        identity=identity,
        account=account,
        dropped_lines=reply.dropped_lines,
        complete=reply.complete,
        cut=cut,
        notes=notes,
    )


def _failure(heard: Heard, where: str, deadline_s: float, platform: Platform | None) -> Failure:
    match heard.ended:
        case Ended.DEADLINE:
            return deadline_failure(where, deadline_s, "while it answered")
        case Ended.TOO_LARGE:
            return Failure(
                FailureKind.OUTPUT_TOO_LARGE,
                f"{where} sent more than {MAX_OUTPUT_BYTES // 1024 // 1024} MiB",
                _FLOOD_STEP,
            )
        case Ended.NOISE:
            said = next(filter(None, map(first_line, (heard.output, heard.errors))), "")
            return Failure(
                FailureKind.OUTPUT_TOO_LARGE,
                f"{where} sent a flood and no answer{f'; it began with: {said}' if said else ''}",
                _FLOOD_STEP,
            )
        case Ended.FLOOD:
            return flood_failure(where)
        case Ended.LOST:
            return Failure(
                FailureKind.UNREACHABLE,
                f"The connection to {where} broke before the answer was complete",
                "Check the network and whether the machine was restarted, then audit again.",
            )
        case _:
            return _not_run(heard, where, windows=platform is Platform.WINDOWS)


_FLOOD_STEP = "See what the account's login scripts print, and whether the machine can be trusted."


def deadline_failure(where: str, deadline_s: float, when: str) -> Failure:
    return Failure(
        FailureKind.DEADLINE,
        f"{where} was not done within {deadline_s:g} seconds; the time ran out {when}",
        "Give more time with --deadline, or see what keeps the machine busy.",
    )


def flood_failure(where: str) -> Failure:
    return Failure(
        FailureKind.OUTPUT_TOO_LARGE,
        f"{where} sent a flood of messages that bring nothing, and we hung up",
        "See which program answers there, and whether the machine can be trusted.",
    )


def _not_run(heard: Heard, where: str, *, windows: bool) -> Failure:
    told = (heard.errors, heard.output) if windows else (heard.output, heard.errors)
    said = next(filter(None, map(first_line, told)), "")
    words = f"; it said: {said}" if said else ", and it said nothing"
    code = f" (exit code {heard.exit_code})" if heard.exit_code is not None else ""
    if windows:
        message = f"The login to {where} worked, but PowerShell did not run our questions there{words}{code}"
        cure = "See whether a policy or a security product there stops Windows PowerShell for this account."
    else:
        message = f"The login to {where} worked, but our script was not run there{words}{code}"
        cure = "Give the account a login shell that runs commands, and no forced command; it needs a POSIX sh."
    return Failure(FailureKind.PERMISSION_DENIED, message, cure)


def first_line(data: bytes) -> str:
    """The first line with something to read in it, made safe to show."""
    for line in data[:ERROR_TAIL_BYTES].decode("utf-8", errors="replace").splitlines():
        if cleaned := clean(line, 200):
            return cleaned
    return ""
