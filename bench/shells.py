"""A real sshd on every address of 127.0.0.0/8 with a real shell behind it, for any client, and what a client needs to know.

Every client has the same thing run: the script that we send for the host part alone. It lies ready as a file, so others
need not send it; before and after its reply the address that was called is printed, so that each endpoint's can be told.
"""

from __future__ import annotations

import getpass
import re
from collections import Counter
from pathlib import Path
from types import TracebackType

from bench.recording import address_of, bundle
from bench.server import connections, everywhere
from scorecard.bundle import new_marker
from scorecard.registry import Registry
from tests.rig.sshd import keygen

_END = re.compile(r"bench-end (127\.90\.\d+\.\d+)")
_PROBE = """\
set -- $SSH_CONNECTION
printf 'bench-begin %s\\n' "$3"
sh -s <{script} && printf 'bench-end %s\\n' "$3"
"""
# One key exchange for all, and the cheaper one: OpenSSH's own choice costs it more.
_SSH_CONFIG = """\
Port {port}
User {user}
IdentityFile {key}
IdentitiesOnly yes
BatchMode yes
UserKnownHostsFile {known_hosts}
GlobalKnownHostsFile /dev/null
StrictHostKeyChecking yes
UpdateHostKeys no
KexAlgorithms curve25519-sha256
LogLevel ERROR
"""


class Shells:
    """Its `folder` is every client's home and working folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.user = getpass.getuser()
        self.key = keygen(folder / "key")
        self.known_hosts = folder / "known_hosts"
        self.ssh_config = folder / "ssh_config"
        self.probe = f"sh {folder / 'probe.sh'}"
        self._sshd = everywhere(folder / "sshd", self.key, "Subsystem sftp internal-sftp", "PrintLastLog no")
        self.port = self._sshd.port
        self._read_to = 0

    def __enter__(self) -> Shells:
        self._sshd.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._sshd.__exit__(kind, value, trace)

    def addresses(self, count: int) -> list[str]:
        """Of so many endpoints; from now on their host keys are known."""
        addresses = [address_of(number) for number in range(count)]
        self._write(addresses)
        return addresses

    @property
    def host_key(self) -> str:
        """Of every address: "ssh-ed25519 AAAA…"."""
        return self._sshd.public_key("ed25519")

    def connections(self) -> Counter[str]:
        """Those that sshd logged since the last time this was asked, by the address that was called."""
        log = self._sshd.log()
        found = connections(log[self._read_to :])
        self._read_to = len(log)
        return found

    def _write(self, addresses: list[str]) -> None:
        script = self.folder / "script"
        script.write_text(bundle(Registry(()), thin=True).script(new_marker()), encoding="utf-8")
        texts = {
            "probe.sh": _PROBE.format(script=script),
            "known_hosts": "".join(self._sshd.known_hosts_line(name=f"[{address}]:{self.port}") for address in addresses),
            "hosts": "".join(f"{address}\n" for address in addresses),
            "ssh_config": _SSH_CONFIG.format(port=self.port, user=self.user, key=self.key, known_hosts=self.known_hosts),
        }
        for name, text in texts.items():
            (self.folder / name).write_text(text, encoding="utf-8")


def answered(output: str) -> set[str]:
    """The addresses whose reply came to its end, in whatever form a client prints it."""
    return set(_END.findall(output))
