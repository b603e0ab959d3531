"""A real OpenSSH server on loopback, with its own host keys, configuration and, for root, its own accounts.

    with Sshd(tmp_path, options=("PasswordAuthentication no",)) as server:
        server.address, server.port, server.known_hosts_line(), server.log()

As root the server runs in a private mount namespace: /run is its own, and `accounts` stand in its own copies of
/etc/passwd, /etc/shadow and /etc/group, so that nothing of this computer is changed. As another user it serves that user
alone, with keys. It is ended by its process group, which nothing else is in.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from scorecard.model import Connection, Credential, Endpoint, SecretRef
from scorecard.transports.base import Secrets
from tests.rig.required import cannot_run

SSHD = "/usr/sbin/sshd"
_START_LIMIT_S = 20.0


def is_root() -> bool:
    return os.geteuid() == 0


def need_root() -> None:
    """Accounts with passwords and shells of their own take a private mount namespace."""
    if not is_root():
        cannot_run("sshd with accounts of its own needs root")


@dataclass(frozen=True)
class Account:
    """A user of the server's own. `shadow` is what follows the password field in /etc/shadow (expiry and the like)."""

    name: str
    password: str = ""
    shell: str = "/bin/sh"
    uid: int = 7001
    shadow: str = "19000:0:99999:7:::"


def keygen(file: Path, kind: str = "ed25519", *, passphrase: str = "", pem: bool = False, bits: int = 0) -> Path:
    """A new private key; its public half lies beside it as .pub."""
    options = ["-m", "PEM"] if pem else []
    options += ["-b", str(bits)] if bits else []
    subprocess.run(
        ["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", f"{kind} test key", *options, "-f", str(file)], check=True
    )
    return file


def free_port(address: str) -> int:
    with socket.socket() as sock:
        sock.bind((address, 0))
        return int(sock.getsockname()[1])


class Sshd:
    def __init__(
        self,
        folder: Path,
        *,
        address: str = "127.0.7.1",
        port: int = 0,
        host_keys: Iterable[str] = ("ed25519", "ecdsa"),
        authorized: Iterable[Path] = (),
        authorized_text: str = "",
        options: Iterable[str] = (),
        accounts: Iterable[Account] = (),
        log_level: str = "DEBUG1",
        listen: str = "",
    ) -> None:
        """`authorized`: private key files whose public halves may log in, as any user of the server. `listen`: what
        ListenAddress says where `address` is only one of several."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.inside = Path("/run/server") if is_root() else folder  # the folder as the server's users see it
        self.address = address
        self.port = port or free_port(address)
        self.host_keys = [self._host_key(kind) for kind in host_keys]
        self._accounts = tuple(accounts)
        self._log = folder / "sshd.log"
        self._process: subprocess.Popen[bytes] | None = None
        keys = authorized_text + "".join(file.with_name(file.name + ".pub").read_text() for file in authorized)
        (folder / "authorized_keys").write_text(keys)
        lines = [
            f"Port {self.port}",
            f"ListenAddress {listen or address}",
            f"PidFile {folder / 'sshd.pid'}",
            f"AuthorizedKeysFile {self.inside / 'authorized_keys'}",
            f"LogLevel {log_level}",
            "StrictModes no",
            "PermitRootLogin yes",
            "PrintMotd no",
            "MaxStartups 1000",
            *options,
            # A bash that believes to be inside another one leaves this machine's start-up files alone: they are not
            # what is tested, and may take far longer than the login.
            "SetEnv SHLVL=9",
            "UsePAM no",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            *(f"HostKey {file}" for file in self.host_keys),
        ]
        # sshd takes the first value of an option, so `options` win over what follows them.
        (folder / "sshd_config").write_text("\n".join(lines) + "\n")
        folder.chmod(0o755)

    def _host_key(self, kind: str) -> Path:
        file = self.folder / f"host_{kind}"
        return file if file.exists() else keygen(file, kind)

    # --- life ------------------------------------------------------------------------------------------------------

    def __enter__(self) -> Sshd:
        server = [SSHD, "-D", "-e", "-f", str(self.folder / "sshd_config")]
        command = ["unshare", "-m", "sh", "-c", self._private_mounts(), "sh", *server] if is_root() else server
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd="/"
            )
        self._wait()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        if self._process is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self._process.pid, number)
            except ProcessLookupError:
                break
            time.sleep(0.05)
        self._process.wait()

    def _private_mounts(self) -> str:
        lines = ["mount -t tmpfs -o mode=755 tmpfs /run", f"mkdir -m 755 /run/sshd {self.inside}"]
        lines.append(f"mount --bind '{self.folder}' {self.inside}")
        if self._accounts:
            for name, text in self._account_files().items():
                file = self.folder / name
                file.write_text(text)
                file.chmod(0o600 if name == "shadow" else 0o644)
                lines.append(f"mount --bind '{file}' /etc/{name}")
        return " && ".join([*lines, 'exec "$@"'])

    def _account_files(self) -> dict[str, str]:
        files = {name: Path("/etc", name).read_text() for name in ("passwd", "shadow", "group")}
        for account in self._accounts:
            home = self.folder / f"home-{account.name}"
            home.mkdir(exist_ok=True)
            shutil.chown(home, account.uid, account.uid)
            secret = _crypt(account.password) if account.password else "*"
            files["passwd"] += f"{account.name}:x:{account.uid}:{account.uid}::{self.inside / home.name}:{account.shell}\n"
            files["shadow"] += f"{account.name}:{secret}:{account.shadow}\n"
            files["group"] += f"{account.name}:x:{account.uid}:\n"
        return files

    def _wait(self) -> None:
        """Until it greets; fails with the server's own words."""
        until = time.monotonic() + _START_LIMIT_S
        while time.monotonic() < until:
            if self._process is not None and self._process.poll() is not None:
                break
            try:
                with socket.create_connection((self.address, self.port), timeout=1) as sock:
                    if sock.recv(4) == b"SSH-":
                        self._log.write_bytes(b"")
                        return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError(f"sshd did not start: {self.log()}")

    # --- what tests ask --------------------------------------------------------------------------------------------

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def login_requests(self) -> list[str]:
        """Every authentication request that the server received, method by method ("publickey", "password", "none")."""
        lines = self.log().splitlines()
        return [line.rpartition(" method ")[2].split()[0] for line in lines if "userauth-request for user" in line]

    def connections(self) -> int:
        return self.log().count("Connection from ")

    def serving(self) -> tuple[int, ...]:
        """The processes that serve a connection now, with all that they started."""
        return () if self._process is None else _descendants(self._process.pid)

    def signal_connections(self, number: signal.Signals) -> None:
        """To the processes that serve connections; the server goes on taking others."""
        for pid in self.serving():
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def public_key(self, kind: str) -> str:
        """ "ssh-ed25519 AAAA…", without the comment."""
        return " ".join((self.folder / f"host_{kind}.pub").read_text().split()[:2])

    def known_hosts_line(self, kind: str = "ed25519", name: str = "") -> str:
        return f"{name or f'[{self.address}]:{self.port}'} {self.public_key(kind)}\n"

    def known_hosts(self, *kinds: str) -> str:
        """A file with the server's keys of these kinds, by default all; its path as the inventory gives it."""
        file = self.folder / ("known_hosts" + "-".join(["", *kinds]))
        every = [path.name.removeprefix("host_") for path in self.host_keys]
        file.write_text("".join(self.known_hosts_line(kind) for kind in kinds or every))
        return str(file)

    def endpoint(self, credential: Credential | None = None, name: str = "machine", **connection: Any) -> Endpoint:
        """This server as an inventory has it; its host keys are known unless `connection` says otherwise."""
        connection.setdefault("known_hosts", (self.known_hosts(),))
        return Endpoint(
            name, "client", self.address, port=self.port, credential=credential, connection=Connection(**connection)
        )


def key_credential(file: Path, **more: Any) -> Credential:
    return Credential("test", "client", key_file=str(file), **more)


def no_secrets(reference: SecretRef, endpoint: Endpoint) -> str:
    raise AssertionError(f"{reference} was resolved for {endpoint.name}, and nothing here needs a secret")


def always(secret: str) -> Secrets:
    """Whatever is asked for, this is it."""

    def resolve(reference: SecretRef, endpoint: Endpoint) -> str:
        return secret

    return resolve


def _descendants(pid: int) -> tuple[int, ...]:
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has just ended
            children.setdefault(int(stat.read_text().rpartition(")")[2].split()[1]), []).append(int(stat.parent.name))
    found, left = [], [pid]
    while left:
        more = children.get(left.pop(), [])
        found += more
        left += more
    return tuple(found)


def _crypt(password: str) -> str:
    done = subprocess.run(["openssl", "passwd", "-6", "-stdin"], input=password, capture_output=True, text=True, check=True)
    return done.stdout.strip()
