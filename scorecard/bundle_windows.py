"""What is sent to Windows: one text for every machine, and the questions on its standard input (design section 4)."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from functools import cache, cached_property

from scorecard.bundle import HOST_PART, Bundle, prelude
from scorecard.model import Platform, Probe

PRELUDE = "prelude.ps1"
# By its full path, which a shell without cmd.exe needs; a program of that name elsewhere is never started.
POWERSHELL = r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe"
ARGUMENTS = ("-NoLogo", "-NoProfile", "-NonInteractive", "-EncodedCommand")

# Nothing over there can end a query of an event log or a search of the update agent that has begun, so nothing that has a
# limit may wait behind them (windows.md 5.11).
_LATER = {"events": 1, "updates": 2}

# What a command line can take: CreateProcess ends at 32,767 characters, and base64 of UTF-16 needs 8 for 3.
MAX_CHARACTERS = 12_000

_QUOTED = re.compile(r"""('[^'\n]*'|"[^"\n]*")""")
_BLANKS = (
    (re.compile(r" ?([=|{},;]) ?"), r"\1"),
    (re.compile(r" \+ "), "+"),
    (re.compile(r"\b(if|elseif|for|foreach|while|switch) \("), r"\1("),
    (re.compile(r"\{\n"), "{"),
    (re.compile(r"\n\}"), "}"),
    (re.compile(r"\}\n(catch|else)"), r"}\1"),
)


@cache
def stripped_prelude() -> str:
    """The prelude as it is sent: without comments, and without the blanks and line ends that mean nothing."""
    lines = (line.strip() for line in prelude(PRELUDE).splitlines())
    code = "\n".join(line for line in lines if line and not line.startswith("#")) + "\n"
    # Every other piece is a text in quotes, and stays as it is.
    return "".join(piece if number % 2 else _squeezed(piece) for number, piece in enumerate(_QUOTED.split(code)))


def _squeezed(code: str) -> str:
    for pattern, replacement in _BLANKS:
        code = pattern.sub(replacement, code)
    return code


@cache
def encoded_command() -> str:
    """The argument of `-EncodedCommand`, the same for every machine."""
    return base64.b64encode(stripped_prelude().encode("utf-16-le")).decode("ascii")


def fingerprint() -> str:
    """SHA-256 of the argument, so that a customer can allow exactly this."""
    return hashlib.sha256(encoded_command().encode("ascii")).hexdigest()


@dataclass(frozen=True)
class WindowsBundle(Bundle):
    """Everything asked of one Windows endpoint in one go. Probes of other platforms are passed over."""

    platform: Platform | None = Platform.WINDOWS

    def encoded_command(self) -> str:
        return encoded_command()

    def questions(self, marker: str) -> bytes:
        """What goes to standard input: one line of ASCII JSON."""
        return f'{{"marker":{json.dumps(marker)},"questions":[{self._questions}]}}\n'.encode("ascii")

    @cached_property
    def asked(self) -> tuple[Probe, ...]:
        """In the order in which they are sent."""
        found = [probe for probe in self.probes if probe.platform is Platform.WINDOWS]
        return tuple(sorted(found, key=_turn))

    @cached_property
    def _questions(self) -> str:
        return ",".join(probe.text for probe in self.asked)


def host_question() -> Probe:
    """The part that comes first and needs no question: what machine it is."""
    return Probe(HOST_PART, Platform.WINDOWS, "", 20, why="Which machine this is, and which rights we have there")


def _turn(probe: Probe) -> int:
    return _LATER.get(json.loads(probe.text)["verb"], 0)
