"""A reply that is given again: what a real sshd answers where the script itself is not to run there."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from scorecard.bundle import Bundle, new_marker
from tests.rig.required import cannot_run
from tests.rig.sshd import SSHD

MARKER = "@MARKER@"
PROGRAMS = (SSHD, "perl")
_ANSWER = Path(__file__).parents[2] / "bench" / "answer.pl"


def need_programs() -> None:
    """Skips the test where a server that answers with a recorded reply cannot run."""
    for program in PROGRAMS:
        if not shutil.which(program):
            cannot_run(f"an SSH server with recorded replies needs {program}")


def own_reply() -> bytes:
    """What this machine says to the part that every endpoint is asked first, with MARKER for the marker."""
    marker = new_marker()
    done = subprocess.run(["sh", "-s"], input=Bundle(()).script(marker).encode(), capture_output=True, check=True)
    return done.stdout.replace(marker.encode(), MARKER.encode())


class Recorded:
    """`command` answers for any of the addresses, called over SSH."""

    def __init__(self, folder: Path, addresses: Iterable[str], reply: bytes, marker: str = MARKER) -> None:
        (folder / "replies").mkdir(parents=True)
        self._count = folder / "commands"
        self._count.touch()
        one = folder / "reply"
        one.write_bytes(reply)
        for address in addresses:
            (folder / "replies" / address).symlink_to(one)
        self.command = shlex.join(["exec", "perl", str(_ANSWER), str(folder), marker])

    def asked(self) -> list[str]:
        """The addresses, once for every time that a script came there."""
        return self._count.read_text().split()
