"""powershell.exe of a simulated machine as a program here: `python -m tests.rig.wsman.program MACHINE FAULT ...`.

What follows the two names is what powershell.exe is started with; the questions are read from standard input.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.rig.wsman.faults import read
from tests.rig.wsman.machine import Machine
from tests.rig.wsman.powershell import PowerShell
from tests.rig.wsman.shells import Command, CommandLine

_ROOT = Path(__file__).parents[3]


class Piped(Command):
    """A command whose standard output and error are this process's own."""

    def write(self, data: bytes, stream: str = "stdout") -> None:
        out = sys.stderr if stream == "stderr" else sys.stdout
        out.buffer.write(data)
        out.buffer.flush()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def script(folder: Path, machine: str, fault: str = "none") -> str:
    """A program file that is this machine's powershell.exe. Returns its path."""
    file = folder / "powershell.exe"
    file.write_text(
        f'#!/bin/sh\ncd "{_ROOT}" && exec "{sys.executable}" -m {__name__} "{machine}" "{fault}" "$@"\n', encoding="utf-8"
    )
    file.chmod(0o755)
    return str(file)


def main(machine: str, fault: str, *arguments: str) -> int:
    line = CommandLine("powershell.exe", arguments, skip_cmd_shell=True, console_mode_stdin=False)
    refused: list[str] = []
    program = PowerShell(Machine.load(machine, datetime.now(UTC)), read(None if fault == "none" else fault), refused)
    stdin = sys.stdin.buffer.read()
    code = program.run(Piped(line, lambda _: 0), program.questions_of(stdin), stdin)
    for one in refused:
        print(one, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
