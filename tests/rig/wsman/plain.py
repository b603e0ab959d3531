"""Plain scripts: the few statements of Windows PowerShell that the rig runs, so that clients of others can be heard.

They read no standard input, as most scripts do not. Whatever is more than these statements is taken for the prelude.
Unverified on Windows: the wording of error records.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape

from tests.rig.wsman.shells import Command

_TEXT = r"'(?P<text>(?:[^'\r\n]|'')*)'"
_STATEMENTS = {
    "output": rf"(?:Write-Output\s+)?{_TEXT}",
    "error": rf"Write-Error\s+{_TEXT}",
    "console": rf"\[Console\]::Error\.WriteLine\({_TEXT}\)",
    "computer": r"\$env:COMPUTERNAME",
    "sleep": r"Start-Sleep\s+-Milliseconds\s+(?P<number>\d{1,9})",
    "exit": r"exit\s+(?P<number>\d{1,9})",
}
_ENDED = r"[ \t]*(?:[;\r\n]\s*|\Z)"
_PATTERNS = {kind: re.compile(rf"\s*{pattern}{_ENDED}", re.IGNORECASE) for kind, pattern in _STATEMENTS.items()}
# What these statements need of a module makes PowerShell report the loading of it.
_OF_A_MODULE = re.compile(r"\s*(?:Write-|Start-)", re.IGNORECASE)


@dataclass(frozen=True)
class Statement:
    kind: str
    source: str
    text: str = ""
    number: int = 0


def statements_of(script: str) -> tuple[Statement, ...]:
    """The statements of a plain script; empty for any other script."""
    found: list[Statement] = []
    place = 0
    while place < len(script):
        for kind, pattern in _PATTERNS.items():
            if match := pattern.match(script, place):
                known: Mapping[str, str] = match.groupdict()
                text, number = known.get("text", "").replace("''", "'"), int(known.get("number", "0"))
                found.append(Statement(kind, match[0].strip().rstrip(";"), text, number))
                place = match.end()
                break
        else:
            return ()
    return tuple(found)


def run(statements: tuple[Statement, ...], command: Command, computer: str, records: Callable[[str], str]) -> int:
    """Run them; the exit code. `records` makes the CLIXML of standard error out of the error records in it."""
    encoding = _encoding(command.line.codepage)

    def write(text: str, stream: str = "stdout") -> None:
        command.write(text.encode(encoding, errors="replace"), stream)

    errors, code = "", 0
    for statement in statements:
        code = 0
        match statement.kind:
            case "output":
                write(f"{statement.text}\r\n")
            case "console":
                write(f"{statement.text}\r\n", "stderr")
            case "computer":
                write(f"{computer}\r\n")
            case "sleep":
                command.sleep(statement.number / 1000)
            case "error":
                errors, code = errors + _error_record(statement), 1
            case "exit":
                code = statement.number
                break
    if errors or any(_OF_A_MODULE.match(statement.source) for statement in statements):
        write(records(errors), "stderr")
    return code


def _encoding(codepage: str) -> str:
    """The console keeps its own code page where the client asks for one that is none."""
    try:
        return codecs.lookup(f"cp{codepage}").name
    except LookupError:
        return "cp437"


def _error_record(statement: Statement) -> str:
    lines = (
        f"{statement.source} : {statement.text}",
        "    + CategoryInfo          : NotSpecified: (:) [Write-Error], WriteErrorException",
        "    + FullyQualifiedErrorId : Microsoft.PowerShell.Commands.WriteErrorException",
        " ",
    )
    return "".join(f'<S S="Error">{escape(line)}_x000D__x000A_</S>' for line in lines)
