"""Real hosts on this machine's loopback, each in namespaces of its own with its own sshd and one deliberate state.

    with Rig() as rig:
        rig.inventory(folder / "inventory.yaml")

Nothing outlives the `with`, however it ends: a host's first process waits on a pipe that ends with this process, its
mounts live in its own namespace, and a janitor, which waits on such a pipe too, removes the folder of the files.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from scorecard.model import Connection, Credential, Endpoint, Platform, Role
from tests.rig.inventory import CLIENT, write_inventory
from tests.rig.needs import ALONE, RigError, cache_folder, check_needs
from tests.rig.packages import Layer, Packages, build_layer, make_signing_key
from tests.rig.roots import use_root
from tests.rig.states import HOSTS, SILENT, HostState, KnownKey, SilentState, Truth
from tests.rig.tree import Tree

PORT = 2222
START_LIMIT_S = 180.0
BOOT = Path(__file__).with_name("boot.py")

_SSHD = """\
Port {port}
ListenAddress {address}
HostKey /etc/ssh/ssh_host_ed25519_key
AuthorizedKeysFile /etc/ssh/authorized_keys
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
PidFile none
PrintMotd no
LogLevel VERBOSE
"""

# Every host says that it is a virtual machine, so that nothing depends on what the rig itself runs on.
_DETECT_VIRT = """\
#!/bin/sh
case $1 in
  -c | --container) echo none; exit 1 ;;
esac
echo kvm
"""

# Waits for the end of the rig, then removes its folder; a host that is just ending may still write to it.
_JANITOR = """
trap '' INT TERM HUP
read -r end_of_the_rig
for _ in 1 2 3 4 5 6 7 8 9 10; do rm -rf -- "$1" && exit; sleep 0.3; done
"""


@dataclass(frozen=True, slots=True)
class RunningHost:
    """`process` is the one that holds the namespaces; `log` what its sshd prints."""

    state: HostState
    address: str
    process: subprocess.Popen[bytes]
    log: Path

    def printed(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")


class Rig:
    """All hosts, or those named in `only`. Raises RigUnavailable where the machine cannot run it, RigError else."""

    def __init__(self, only: Collection[str] | None = None) -> None:
        known = {state.name for state in (*HOSTS, *SILENT)}
        if only is not None and not set(only) <= known:
            raise ValueError(f"no such host in the rig: {', '.join(sorted(set(only) - known))}")
        self._states = tuple(state for state in HOSTS if only is None or state.name in only)
        self._silent = tuple(state for state in SILENT if only is None or state.name in only)
        self._all: tuple[HostState | SilentState, ...] = (*self._states, *self._silent)
        self._stack = ExitStack()
        self.hosts: dict[str, RunningHost] = {}
        self.addresses: dict[str, str] = {}

    @property
    def truth(self) -> Mapping[str, Truth]:
        return {state.name: state.truth for state in self._all}

    def start(self) -> None:
        with ExitStack() as stack:
            with _readable_for_all():
                self._start(stack)
            self._stack = stack.pop_all()

    def close(self) -> None:
        """End all hosts and remove their files."""
        self._stack.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    # --- what tests ask of it ---------------------------------------------------------------------------------------

    def endpoint(self, name: str) -> Endpoint:
        """As an inventory of the rig would give it."""
        user = next((state.user for state in self._states if state.name == name), "root")
        return Endpoint(
            name=name,
            client=CLIENT,
            address=self.addresses[name],
            port=PORT,
            platform=Platform.LINUX,
            role=Role.SERVER,
            credential=Credential(f"rig-{user}", CLIENT, user, key_file=str(self.key_file)),
            connection=Connection(known_hosts=(str(self.known_hosts),)),
        )

    def endpoints(self) -> tuple[Endpoint, ...]:
        return tuple(self.endpoint(name) for name in self.addresses)

    def inventory(self, path: Path) -> Path:
        """Write an inventory of all hosts; key file and known hosts are named by their full paths."""
        return write_inventory(path, self.endpoints())

    def ssh(
        self, name: str, command: str, *, text: str = "", timeout_s: float = 120, connect_s: int = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run a command on a host with the OpenSSH client, `text` on its standard input."""
        call = self.ssh_command(name, command, connect_s=connect_s)
        return subprocess.run(call, input=text, capture_output=True, text=True, errors="replace", timeout=timeout_s)

    def ssh_command(self, name: str, command: str, *, connect_s: int = 60) -> list[str]:
        """The call of the OpenSSH client."""
        endpoint = self.endpoint(name)
        user = endpoint.credential.user if endpoint.credential else None
        options = {
            "BatchMode": "yes",
            "ConnectTimeout": str(connect_s),
            "GlobalKnownHostsFile": "/dev/null",
            "IdentitiesOnly": "yes",
            "IdentityFile": str(self.key_file),
            "KexAlgorithms": "curve25519-sha256",  # half the time of the default
            "LogLevel": "ERROR",
            "StrictHostKeyChecking": "yes",
            "UserKnownHostsFile": str(self.known_hosts),
        }
        settings = [f"-o{key}={value}" for key, value in options.items()]
        return ["ssh", "-F", "none", *settings, "-p", str(PORT), f"{user}@{endpoint.address}", command]

    # --- how it starts and ends -------------------------------------------------------------------------------------

    def _start(self, stack: ExitStack) -> None:
        check_needs()
        releases = sorted({state.packages.release for state in self._states})
        self._roots = {release: use_root(release, stack) for release in releases}
        self.folder = _work_folder(stack)
        self.now = datetime.now(UTC)
        subnet = _lease_subnet(stack)
        self.addresses = {state.name: f"{subnet}.{number}" for number, state in enumerate(self._all, start=1)}
        self.key_file = _make_key(self.folder / "client_key")
        layers = self._layers()
        for state in self._states:
            self.hosts[state.name] = self._start_host(state, layers[self._kinds.index(state.packages)], stack)
        for silent in self._silent:
            silent.listener(self.addresses[silent.name], PORT, stack)
        self.known_hosts = self._write_known_hosts()
        self._wait_for_banners()

    @property
    def _kinds(self) -> list[Packages]:
        kinds: list[Packages] = []
        for state in self._states:
            if state.packages not in kinds:
                kinds.append(state.packages)
        return kinds

    def _layers(self) -> list[Layer]:
        key = self.folder / "archive-key"
        make_signing_key(key)

        def build(numbered: tuple[int, Packages]) -> Layer:
            number, packages = numbered
            return build_layer(self.folder / f"layer-{number}", packages, self._roots[packages.release], key, self.now)

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return list(pool.map(build, enumerate(self._kinds)))

    def _start_host(self, state: HostState, layer: Layer, stack: ExitStack) -> RunningHost:
        folder = self.folder / state.name
        (folder / "upper").mkdir(parents=True)
        self._furnish(Tree(folder / "upper", layer.lowers, self.now), state)
        host = {
            "folder": str(folder),
            "lowers": [str(lower) for lower in layer.lowers],
            "hostname": (state.hostname or state.name.encode()).decode("latin-1"),
            "daemons": state.daemons,
            "full": state.full,
        }
        plan, log = folder / "boot.json", folder / "log"
        plan.write_text(json.dumps(host), encoding="utf-8")
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*ALONE, sys.executable, "-I", "-S", str(BOOT), str(plan)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C is for the rig, which then ends its hosts in order
            )
        stack.callback(_end, process)
        return RunningHost(state, self.addresses[state.name], process, log)

    def _furnish(self, tree: Tree, state: HostState) -> None:
        key = _make_key(tree.upper.parent / "host_key")
        tree.put("/etc/ssh/ssh_host_ed25519_key", key.read_bytes(), mode=0o600)
        admitted = self.key_file.with_suffix(".pub").read_text() if state.admits else ""
        tree.put("/etc/ssh/authorized_keys", admitted)
        tree.put("/etc/ssh/sshd_config", _SSHD.format(port=PORT, address=self.addresses[state.name]) + state.sshd)
        tree.put("/usr/bin/systemd-detect-virt", _DETECT_VIRT, mode=0o755)
        tree.put("/etc/hostname", f"{state.name}\n")
        tree.put("/etc/machine-id", hashlib.md5(state.name.encode(), usedforsecurity=False).hexdigest() + "\n")
        state.setup(tree)

    def _write_known_hosts(self) -> Path:
        lines = []
        for state in self._states:
            folder = self.folder / state.name
            if state.known_key is KnownKey.OTHER:
                _make_key(folder / "other_key")
            if state.known_key is not KnownKey.NONE:
                name = "host_key" if state.known_key is KnownKey.RIGHT else "other_key"
                kind, key, *_ = (folder / f"{name}.pub").read_text().split()
                lines.append(f"[{self.addresses[state.name]}]:{PORT} {kind} {key}\n")
        path = self.folder / "known_hosts"
        path.write_text("".join(lines))
        return path

    def _wait_for_banners(self) -> None:
        limit = time.monotonic() + START_LIMIT_S
        for host in self.hosts.values():
            while not _has_banner(host.address):
                if host.process.poll() is not None or time.monotonic() > limit:
                    raise RigError(f"host {host.state.name} did not start:\n{host.printed()[-2000:]}")
                time.sleep(0.02)


@contextmanager
def _readable_for_all() -> Iterator[None]:
    """The hosts' accounts read what is made here, whatever the mask of the person who starts the rig."""
    mask = os.umask(0o022)
    try:
        yield
    finally:
        os.umask(mask)


def _work_folder(stack: ExitStack) -> Path:
    parent = cache_folder() / "run"
    parent.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=parent))
    folder.chmod(0o755)  # the overlay's root is made of folders in it, and accounts without rights pass through them
    janitor = subprocess.Popen(
        ["sh", "-c", _JANITOR, "janitor", str(folder)], stdin=subprocess.PIPE, start_new_session=True
    )
    stack.callback(_end, janitor)
    return folder


def _end(process: subprocess.Popen[bytes]) -> None:
    """Close the pipe that the process waits on; kill what does not end by itself."""
    assert process.stdin
    process.stdin.close()
    try:
        process.wait(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _lease_subnet(stack: ExitStack) -> str:
    """A /24 of loopback addresses that no other rig on this machine uses: a bound socket says that it is taken."""
    for number in range(1, 255):
        sign = socket.socket()
        try:
            sign.bind((f"127.77.{number}.254", PORT))
        except OSError:
            sign.close()
            continue
        stack.callback(sign.close)
        return f"127.77.{number}"
    raise RigError("all loopback addresses of the rig are taken")


def _make_key(path: Path) -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "rig", "-f", str(path)], check=True)
    return path


def _has_banner(address: str) -> bool:
    try:
        with socket.create_connection((address, PORT), timeout=5) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False
