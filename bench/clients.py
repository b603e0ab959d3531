"""Clients beside ours: how each is called to run the probe on every endpoint, at its best.

Every one logs in with the same key, checks host keys, and talks the same key exchange; the files that it reads lie in the
fleet's folder, and nothing of the user's own configuration is read.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.shells import Shells

TOGETHER = 50
CHECKS = 40


@dataclass(frozen=True, slots=True)
class Client:
    """`command`: of the fleet, the addresses and the folder of programs. `package`: whose version is named; "" is none of
    Python's. `environment`: of the fleet, what is added to every client's. `least`: how many times our CPU is the aim."""

    name: str
    package: str
    command: Callable[[Shells, Sequence[str], Path], list[str]]
    environment: Callable[[Shells], dict[str, str]]
    least: float = 0


def prepare(fleet: Shells, addresses: Sequence[str]) -> None:
    """Write the files that the clients read. Raises OSError."""
    folder = fleet.folder
    for name, extra in (("ansible-ssh", ""), ("ansible-paramiko", "    ansible_connection: paramiko\n")):
        (folder / f"{name}.yaml").write_text(_ansible_inventory(fleet, addresses, extra), encoding="utf-8")
    (folder / "ansible.cfg").write_text("[defaults]\n", encoding="utf-8")
    (folder / ".ssh").mkdir(exist_ok=True)
    shutil.copy(fleet.known_hosts, folder / ".ssh" / "known_hosts")  # where paramiko's users keep it
    (folder / "hosts").write_text("".join(f"{address}\n" for address in addresses), encoding="utf-8")
    (folder / "pyinfra_hosts.py").write_text(_pyinfra_inventory(fleet, addresses), encoding="utf-8")
    task = {
        "addresses": list(addresses),
        "port": fleet.port,
        "user": fleet.user,
        "key": str(fleet.key),
        "host_key": fleet.host_key,
        "probe": fleet.probe,
        "together": TOGETHER,
    }
    (folder / "fabric.json").write_text(json.dumps(task), encoding="utf-8")
    for name in ("peer_testinfra.py", "peer_fabric.py"):
        shutil.copy(Path(__file__).with_name(name), folder / name)
    # Without a place for it testinfra makes a connection for every check.
    kept = fleet.ssh_config.read_text(encoding="utf-8") + f"ControlPath {folder}/c-%C\n"
    (folder / "ssh_config_kept").write_text(kept, encoding="utf-8")


def environment(fleet: Shells, programs: Path, client: Client) -> dict[str, str]:
    return {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "HOME": str(fleet.folder),
        "LC_ALL": "C.UTF-8",
        "BENCH_PROBE": fleet.probe,
        **client.environment(fleet),
    }


def _nothing(_fleet: Shells) -> dict[str, str]:
    return {}


def _ansible_variables(fleet: Shells) -> dict[str, str]:
    return {"ANSIBLE_CONFIG": str(fleet.folder / "ansible.cfg"), "ANSIBLE_HOME": str(fleet.folder / "a")}


def _ansible_inventory(fleet: Shells, addresses: Sequence[str], extra: str) -> str:
    hosts = "".join(f"    {address}:\n" for address in addresses)
    variables = (
        f"    ansible_port: {fleet.port}\n    ansible_user: {fleet.user}\n    ansible_ssh_private_key_file: {fleet.key}\n"
        f"    ansible_ssh_common_args: -F {fleet.ssh_config}\n{extra}"
    )
    return f"all:\n  hosts:\n{hosts}  vars:\n{variables}"


def _pyinfra_inventory(fleet: Shells, addresses: Sequence[str]) -> str:
    data = {
        "ssh_port": fleet.port,
        "ssh_user": fleet.user,
        "ssh_key": str(fleet.key),
        "ssh_known_hosts_file": str(fleet.known_hosts),
        "ssh_strict_host_key_checking": "yes",
        "ssh_allow_agent": False,
        "ssh_look_for_keys": False,
    }
    return f"hosts = ({list(addresses)!r}, {data!r})\n"


def _ansible_raw(connection: str) -> Callable[[Shells, Sequence[str], Path], list[str]]:
    def command(fleet: Shells, _addresses: Sequence[str], programs: Path) -> list[str]:
        inventory = fleet.folder / f"ansible-{connection}.yaml"
        return [
            *(str(programs / "ansible"), "all", "-i", str(inventory), "-o"),
            *("-f", str(TOGETHER), "-m", "raw", "-a", fleet.probe),
        ]

    return command


def _ansible_script(fleet: Shells, _addresses: Sequence[str], programs: Path) -> list[str]:
    inventory = fleet.folder / "ansible-ssh.yaml"
    script = str(fleet.folder / "probe.sh")
    return [str(programs / "ansible"), "all", "-i", str(inventory), "-o", "-m", "script", "-a", script]


def _pyinfra(fleet: Shells, _addresses: Sequence[str], programs: Path) -> list[str]:
    inventory = str(fleet.folder / "pyinfra_hosts.py")
    return [str(programs / "pyinfra"), "-y", "--parallel", str(TOGETHER), inventory, "exec", "--", fleet.probe]


def _testinfra(config: str, *tests: str) -> Callable[[Shells, Sequence[str], Path], list[str]]:
    def command(fleet: Shells, addresses: Sequence[str], programs: Path) -> list[str]:
        hosts = ",".join(f"ssh://{address}" for address in addresses)
        return [
            *(
                str(programs / "python"),
                "-m",
                "pytest",
                "-q",
                "-s",
                "-p",
                "no:cacheprovider",
                "--rootdir",
                str(fleet.folder),
            ),
            *(f"--ssh-config={fleet.folder / config}", f"--hosts={hosts}", *tests),
        ]

    return command


def _fabric(fleet: Shells, _addresses: Sequence[str], programs: Path) -> list[str]:
    return [str(programs / "python"), str(fleet.folder / "peer_fabric.py"), str(fleet.folder / "fabric.json")]


def _xargs(fleet: Shells, _addresses: Sequence[str], _programs: Path) -> list[str]:
    return [
        *("xargs", "-a", str(fleet.folder / "hosts"), "-P", str(TOGETHER), "-I{}"),
        *("ssh", "-n", "-F", str(fleet.ssh_config), "{}", fleet.probe),
    ]


XARGS = Client(f"ssh under xargs, {TOGETHER} at a time", "", _xargs, _nothing, least=4)
FABRIC = Client(f"Fabric, {TOGETHER} threads", "fabric", _fabric, _nothing)
PYINFRA = Client(f"pyinfra exec, {TOGETHER} at a time", "pyinfra", _pyinfra, _nothing, least=5)
TESTINFRA = Client(
    "pytest-testinfra, the script", "pytest-testinfra", _testinfra("ssh_config", "peer_testinfra.py::test_probe"), _nothing
)
ANSIBLE_PARAMIKO = Client(
    f"Ansible raw, forks {TOGETHER}, paramiko", "ansible-core", _ansible_raw("paramiko"), _ansible_variables
)
ANSIBLE_SSH = Client(
    f"Ansible raw, forks {TOGETHER}, ssh", "ansible-core", _ansible_raw("ssh"), _ansible_variables, least=40
)
ANSIBLE_DEFAULTS = Client(
    "Ansible script, defaults (forks 5)", "ansible-core", _ansible_script, _ansible_variables, least=60
)
CHECK_BY_CHECK = Client(
    f"pytest-testinfra, {CHECKS} checks one by one",
    "pytest-testinfra",
    _testinfra("ssh_config_kept", "--deselect=peer_testinfra.py::test_probe", "peer_testinfra.py"),
    _nothing,
    least=20,
)
ALL = (XARGS, FABRIC, PYINFRA, TESTINFRA, ANSIBLE_PARAMIKO, ANSIBLE_SSH, ANSIBLE_DEFAULTS)
