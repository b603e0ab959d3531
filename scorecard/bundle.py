"""Wanted probes become one script; its framed reply becomes Observations (design section 5).

Frames, one a part, each payload line behind a bar::

    <marker> begin <part id>
    |payload
    <marker> end <part id> <exit code> <milliseconds> <whole|cut>
    <marker> done <number of parts>

The marker is drawn at random for each endpoint and travels inside the script, never in arguments.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from importlib.resources import files

from scorecard.errors import BundleError
from scorecard.model import Observation, Observations, Outcome, Platform, Probe
from scorecard.topic import read_snippet

HOST_PART = "engine.host"
FIRST_SEEN_PART = "engine.first-seen"

_MARKER_PLACE = "@MARKER@"
_TOGETHER = 64 * 1024  # characters that are taken into lines at a time
_PART_ID = re.compile(r"[a-z0-9.-]+")
_SYSTEMS = {Platform.LINUX: "Linux", Platform.MACOS: "Darwin"}
_LAST_EXIT_CODE = 255
_FORBIDDEN_CODE = 77
_EXIT_CODES = {
    0: Outcome.OK,
    **dict.fromkeys((124, 137, 142, 143), Outcome.TIMEOUT),
    **dict.fromkeys((77, 126), Outcome.DENIED),
    127: Outcome.ABSENT,
}
# 77 and 124 are the prelude's own: forbidden by the language mode, and the question's time was up.
_HRESULTS = {
    0: Outcome.OK,
    # WBEM_S_TIMEDOUT, WBEM_E_TIMED_OUT, and the provider's own limit
    **dict.fromkeys((124, 0x00040004, 0x80041069, 0x80043001), Outcome.TIMEOUT),
    # ERROR_ACCESS_DENIED, E_ACCESSDENIED, WBEM_E_ACCESS_DENIED, ERROR_PRIVILEGE_NOT_HELD
    **dict.fromkeys((77, 5, 0x80070005, 0x80041003, 0x80070522), Outcome.DENIED),
    # no such namespace, class, object; file, path, service; component not registered
    **dict.fromkeys((0x8004100E, 0x80041010, 0x80041002, 0x80070002, 0x80070003, 0x80070424, 0x80040154), Outcome.ABSENT),
}


def new_marker() -> str:
    return "scorecard-" + secrets.token_hex(16)


def prelude(name: str) -> str:
    return files("scorecard").joinpath("preludes", name).read_text(encoding="utf-8")


def host_probe(platform: Platform) -> Probe:
    return replace(read_snippet(prelude("host.sh"), "engine", platform, "host.sh")[0], part=HOST_PART)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, taken apart. `complete`: the last line arrived and counted every part that was begun."""

    observations: Observations
    dropped_lines: int
    complete: bool


@dataclass(frozen=True)
class Bundle:
    """Everything asked of one kind of Unix endpoint in one go. `platform` None asks the endpoint which it is.

    Made once for an audit; `script()` only puts in the marker.
    """

    probes: tuple[Probe, ...]
    platform: Platform | None = None

    def __post_init__(self) -> None:
        seen: set[tuple[Platform, str]] = set()
        for probe in self.probes:
            if not _PART_ID.fullmatch(probe.part):
                raise BundleError(f"part id {probe.part!r} has characters outside a-z, 0-9, dot and hyphen")
            if (probe.platform, probe.part) in seen:
                raise BundleError(f"part {probe.part} is asked twice")
            seen.add((probe.platform, probe.part))

    def script(self, marker: str) -> str:
        return self._template.replace(_MARKER_PLACE, marker, 1)

    def parts(self, platform: Platform) -> tuple[str, ...]:
        """Part ids expected of this platform, the host part first."""
        return (HOST_PART, *(probe.part for probe in self.probes if probe.platform is platform))

    @cached_property
    def _template(self) -> str:
        lines = [prelude("prelude.sh"), "main() {", "prepare", f"marker={_MARKER_PLACE}", _call(host_probe(Platform.LINUX))]
        wanted = (self.platform,) if self.platform else tuple(_SYSTEMS)
        lines.append("case $(uname -s) in")
        for platform in wanted:
            if platform not in _SYSTEMS:
                raise BundleError(f"{platform} is not asked with a shell script")
            lines.append(f"{_SYSTEMS[platform]})")
            lines += [_call(probe) for probe in self.probes if probe.platform is platform]
            lines.append(";;")
        lines += ["esac", 'printf \'%s done %s\\n\' "$marker" "$parts"', "}", "main </dev/null", "exit 0", ""]
        return "\n".join(lines)


def _call(probe: Probe) -> str:
    return f"part {probe.part} {probe.limit_s} {probe.size_bytes} {_quote(probe.text)}"


def _quote(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def outcome_of(code: int, whole: bool, platform: Platform | None = None) -> Outcome:
    """What a shell's exit code, or the HRESULT that came from Windows, says about a part.

    The preludes name their own codes. Without a platform a code that no shell can end with is an HRESULT.
    """
    codes = _HRESULTS if platform is Platform.WINDOWS or code > _LAST_EXIT_CODE else _EXIT_CODES
    found = codes.get(code, Outcome.ERROR)
    return found if whole or found is Outcome.TIMEOUT else Outcome.TRUNCATED


_REASONS = {
    Outcome.OK: "",
    Outcome.ABSENT: "The machine has no such tool or file",
    Outcome.DENIED: "Our account has no right to read this",
    Outcome.TIMEOUT: "The machine took too long to answer this",
    Outcome.TRUNCATED: "The answer was cut off",
    Outcome.ERROR: "The command ended with an error",
}


def parse_reply(output: bytes, marker: str, observed_at: datetime, platform: Platform | None = None) -> Reply:
    """Take a framed reply apart. Never raises: what is not a whole frame becomes an Observation that says so."""
    reader = _FrameReader(observed_at, platform)
    before, *frames = ("\n" + output.decode("utf-8", errors="replace")).split(f"\n{marker} ")
    reader.take(before)
    for frame in frames:
        mark, _, lines = frame.partition("\n")
        reader.mark(mark.rstrip("\r").split(" "))
        reader.take(lines)
    return reader.finish()


def _lines(text: str) -> Iterator[str]:
    """As text.split("\\n") gives them, and never many at a time: a flood has millions."""
    start = 0
    while start <= len(text):
        end = text.find("\n", start + _TOGETHER)
        end = len(text) if end < 0 else end
        yield from text[start:end].split("\n")
        start = end + 1


class _FrameReader:
    def __init__(self, observed_at: datetime, platform: Platform | None = None) -> None:
        self._observed_at = observed_at
        self._platform = platform
        self._found: dict[str, Observation] = {}
        self._part: str | None = None
        self._payload: list[str] = []
        self._dropped = 0
        self._frames = 0
        self._complete = False

    def take(self, lines: str) -> None:
        """What stands between two marks."""
        if not lines:
            return
        barred = "\n" + lines
        if self._part is not None and "\r" not in lines and barred.count("\n|") == barred.count("\n"):
            # The usual case at a tenth of the cost: a payload may have thousands of lines.
            self._payload.append(lines[1:].replace("\n|", "\n"))
            return
        for line in _lines(lines):
            if self._part is not None and line.startswith("|"):
                self._payload.append(line[1:].rstrip("\r"))
            elif line.strip():
                self._dropped += 1

    def finish(self) -> Reply:
        self._abandon()
        return Reply(self._found, self._dropped, self._complete)

    def mark(self, words: list[str]) -> None:
        match words:
            case ["begin", part]:
                self._abandon()
                self._part, self._payload = part, []
                self._frames += 1
            case ["end", part, code, duration, extent] if part == self._part:
                self._end(part, code, duration, extent)
            case ["done", count] if self._part is None:
                self._complete = count.isascii() and count.isdigit() and int(count) == self._frames
            case _:
                self._dropped += 1

    def _end(self, part: str, code: str, duration: str, extent: str) -> None:
        numbers = [int(word) if re.fullmatch(r"-?[0-9]{1,10}", word) else None for word in (code, duration)]
        exit_code = 1 if numbers[0] is None else numbers[0]
        outcome = outcome_of(exit_code, extent == "whole", self._platform)
        self._keep(part, outcome, self._reason(outcome, exit_code), exit_code, max(numbers[1] or 0, 0))

    def _reason(self, outcome: Outcome, code: int) -> str:
        """For an HRESULT with its number, by which a technician finds what is the matter."""
        if self._platform is Platform.WINDOWS and code == _FORBIDDEN_CODE:
            return "The machine's rules for PowerShell (Constrained Language Mode) forbid reading this"
        reason = _REASONS[outcome]
        return f"{reason} (0x{code:08X})" if reason and code > _LAST_EXIT_CODE else reason

    def _abandon(self) -> None:
        if self._part is not None:
            self._keep(self._part, Outcome.TRUNCATED, "The answer broke off in the middle", None, 0)

    def _keep(self, part: str, outcome: Outcome, reason: str, code: int | None, duration_ms: int) -> None:
        if part in self._found:
            outcome, reason, self._payload = Outcome.ERROR, "The machine answered this twice", []
        text = "\n".join(self._payload)
        self._found[part] = Observation(part, outcome, text, code, duration_ms, self._observed_at, reason)
        self._part, self._payload = None, []


def fill_missing(observations: Observations, parts: Iterable[str], reason: str, outcome: Outcome) -> dict[str, Observation]:
    """Every expected part has an Observation: those that never came say why. Parts nobody asked for are left out."""
    return {part: observations.get(part) or Observation(part, outcome, reason=reason) for part in parts}
