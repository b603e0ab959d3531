"""Kerberos for simulated Windows machines: a KDC of our own on loopback, tickets, and what accepts them.

with Kdc(tmp_path) as kdc, Wsman(tmp_path, machine, "127.0.0.1", kerberos=kdc.service()) as server:
    kdc.get_ticket(file)  # as kinit does; then KRB5_CONFIG and KRB5CCNAME say where it is: kdc.environment(file)

Everything lies in one folder: configuration, database, keytabs. Neither the system's files nor its service are touched.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, NamedTuple

from tests.rig.needs import RigError, RigUnavailable

REALM = "CORP.EXAMPLE"
USER = f"audit@{REALM}"
OTHER_USER = f"helpdesk@{REALM}"
PASSWORD = "rig-domain-Passw0rd!"
NAME = "localhost"  # the one name that resolves to loopback everywhere
ADDRESS = "127.0.8.250"
SYSTEM_PYTHON = "/usr/bin/python3"
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
_PROGRAMS = {
    "kadmin.local": "krb5-admin-server",
    "kdb5_util": "krb5-kdc",
    "kinit": "krb5-user",
    "krb5kdc": "krb5-kdc",
    "kvno": "krb5-user",
    "setpriv": "util-linux",
}
_LIMIT_S = 30.0
Proof = Literal["good", "none", "forged", "replayed"]


def check_kerberos() -> None:
    """Raises RigUnavailable with everything that is missing."""
    missing = {package for program, package in _PROGRAMS.items() if not shutil.which(program, path=_PATH)}
    try:
        found = subprocess.run([SYSTEM_PYTHON, "-I", "-c", "import gssapi.raw"], capture_output=True, timeout=_LIMIT_S)
        if found.returncode:
            missing.add("python3-gssapi")
    except OSError:
        missing |= {"python3", "python3-gssapi"}
    if missing:
        raise RigUnavailable(f"Kerberos needs the Debian packages {', '.join(sorted(missing))}")


class Kdc:
    """The realm CORP.EXAMPLE: two accounts with a password, and a machine called localhost."""

    def __init__(self, folder: Path) -> None:
        check_kerberos()
        self.folder = folder / "kdc"
        self.folder.mkdir(mode=0o700)
        self.config = self.folder / "krb5.conf"
        self.keytab = self.folder / "machine.keytab"
        self.old_keytab = self.folder / "old.keytab"  # from before the machine joined the domain anew
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Kdc:
        with socket.create_server((ADDRESS, 0)) as free:
            self.port = free.getsockname()[1]
        self.config.write_text(configuration(ADDRESS, self.port), encoding="ascii")
        (self.folder / "kdc.conf").write_text(_KDC.format(folder=self.folder, address=ADDRESS, port=self.port, realm=REALM))
        self._run("kdb5_util", "-r", REALM, "create", "-s", "-P", "rig-master-Passw0rd!")
        for user in (USER, OTHER_USER):
            self._admin(f"addprinc -pw {PASSWORD} +requires_preauth {user}")
        self._admin(f"addprinc -randkey HTTP/{NAME}@{REALM}")
        for keytab in (self.old_keytab, self.keytab):  # each makes a new key
            self._admin(f"ktadd -k {keytab} HTTP/{NAME}@{REALM}")
        # It ends with the thread that started it, whatever ends that.
        command = ["setpriv", "--pdeathsig", "KILL", "krb5kdc", "-n", "-r", REALM, "-P", str(self.folder / "pid")]
        with (self.folder / "kdc.output").open("wb") as output:
            self._process = subprocess.Popen(
                command, env=self._environment(), stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        try:
            self._wait()
        except RigError:
            self._process.terminate()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(_LIMIT_S)

    def environment(self, tickets: Path, config: Path | None = None) -> dict[str, str]:
        """What tells a client where this KDC is and which tickets to use: a file, or a folder for those of many users."""
        kind = "DIR" if tickets.is_dir() else "FILE"
        return {"KRB5_CONFIG": str(config or self.config), "KRB5CCNAME": f"{kind}:{tickets}"}

    def get_ticket(self, tickets: Path, lifetime: str = "1h", *services: str, user: str = USER) -> None:
        """Log in as an account with its password, and fetch tickets for services. Raises RigError."""
        self._run("kinit", "-l", lifetime, user, said=f"{PASSWORD}\n", environment=self.environment(tickets))
        if services:
            self._run("kvno", *services, environment=self.environment(tickets))

    def service(self, proof: Proof = "good", keytab: Path | None = None) -> Service:
        """What a simulated machine needs to accept tickets; `proof` is how it proves itself to the client."""
        return Service(self.config, keytab or self.keytab, self.folder, proof)

    def _wait(self) -> None:
        ends = time.monotonic() + _LIMIT_S
        while True:
            try:
                socket.create_connection((ADDRESS, self.port), 1).close()
                return
            except OSError as error:
                if time.monotonic() > ends or (self._process and self._process.poll() is not None):
                    raise RigError(f"the KDC did not start: {(self.folder / 'kdc.output').read_text()[-2000:]}") from error
                time.sleep(0.05)

    def _admin(self, query: str) -> None:
        self._run("kadmin.local", "-r", REALM, "-q", query)

    def _run(self, *command: str, said: str = "", environment: Mapping[str, str] | None = None) -> None:
        variables = {**self._environment(), **(environment or {})}
        done = subprocess.run(command, input=said, capture_output=True, text=True, env=variables, timeout=_LIMIT_S)
        if done.returncode:
            raise RigError(f"{command[0]} ended with code {done.returncode}: {(done.stdout + done.stderr)[-2000:]}")

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": _PATH,
            "LC_ALL": "C",
            "KRB5_CONFIG": str(self.config),
            "KRB5_KDC_PROFILE": str(self.folder / "kdc.conf"),
        }


def configuration(address: str, port: int, **settings: str) -> str:
    """A krb5.conf that knows one KDC; nothing is looked up in DNS unless `settings` say so."""
    chosen = {"dns_canonicalize_hostname": "false", "rdns": "false", **settings}
    lines = "".join(f" {key} = {value}\n" for key, value in chosen.items())
    return _CLIENT.format(realm=REALM, address=address, port=port, lines=lines)


_CLIENT = """[libdefaults]
 default_realm = {realm}
 dns_lookup_kdc = false
 dns_lookup_realm = false
 udp_preference_limit = 1
{lines}[realms]
 {realm} = {{
  kdc = {address}:{port}
 }}
"""
# The kinds of keys that a current domain controller of Windows gives.
_KDC = """[kdcdefaults]
 kdc_listen = {address}:{port}
 kdc_tcp_listen = {address}:{port}
[realms]
 {realm} = {{
  database_name = {folder}/principal
  key_stash_file = {folder}/stash
  acl_file = {folder}/acl
  master_key_type = aes256-cts-hmac-sha1-96
  supported_enctypes = aes256-cts-hmac-sha1-96:normal
  max_life = 10h
 }}
[logging]
 kdc = FILE:{folder}/kdc.log
 admin_server = FILE:{folder}/admin.log
"""


@dataclass(frozen=True)
class Service:
    """Where the keys of a machine are, and what somebody on the way does.

    `proof`: nothing; withholds the machine's proof of itself; changes it; sends an old answer again instead of a new one
    of the same length.
    """

    config: Path
    keytab: Path
    folder: Path
    proof: Proof
    name: str = NAME


class Refused(Exception):
    """A token or message that is not accepted; `token` is what Kerberos has to say about it, or empty."""

    def __init__(self, why: str, token: bytes) -> None:
        super().__init__(why)
        self.token = token


class Sealed(NamedTuple):
    """A message after wrapping."""

    header: bytes
    data: bytes


class Acceptor:
    """The process that holds a server's contexts; see kerberos_acceptor.py. A context manager."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._lock = threading.Lock()
        self._count = 0
        self.refusals: list[str] = []
        environment = {
            "PATH": _PATH,
            "LC_ALL": "C.UTF-8",
            "KRB5_CONFIG": str(service.config),
            "KRB5_KTNAME": f"FILE:{service.keytab}",
            "KRB5RCACHENAME": f"file2:{service.folder / f'replays-{os.urandom(4).hex()}'}",
        }
        program = Path(__file__).with_name("kerberos_acceptor.py")
        self._process = subprocess.Popen(
            [SYSTEM_PYTHON, "-I", str(program)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
            encoding="ascii",
        )
        self._answer()

    def close(self) -> None:
        self._process.communicate(timeout=_LIMIT_S)

    def context(self, bindings: bytes | None) -> Context:
        with self._lock:
            self._count += 1
            return Context(self, self._count, bindings, self._service.proof)

    def ask(self, do: str, context: int, **given: bytes | None) -> dict[str, Any]:
        """Raises Refused."""
        texts = {key: None if value is None else base64.b64encode(value).decode() for key, value in given.items()}
        with self._lock:
            if self._process.stdin is None:
                raise RigError("the acceptor has no input")
            self._process.stdin.write(json.dumps({"do": do, "context": context, **texts}) + "\n")
            self._process.stdin.flush()
            answer = self._answer()
        if "refused" in answer:
            self.refusals.append(answer["refused"])
            raise Refused(answer["refused"], base64.b64decode(answer["token"]))
        return answer

    def _answer(self) -> dict[str, Any]:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise RigError("the acceptor of Kerberos logins ended")
        answer: dict[str, Any] = json.loads(line)
        return answer


class Context:
    """One login, with the methods of pyspnego's contexts."""

    def __init__(self, acceptor: Acceptor, number: int, bindings: bytes | None, proof: Proof) -> None:
        self._acceptor, self._number, self._bindings, self._proof = acceptor, number, bindings, proof
        self._sealed: dict[int, Sealed] = {}
        self.complete = False
        self.client_principal = ""

    def step(self, token: bytes) -> bytes | None:
        """Raises Refused."""
        answer = self._acceptor.ask("step", self._number, token=token, bindings=self._bindings)
        self.complete, self.client_principal = answer["complete"], answer["user"]
        said = base64.b64decode(answer["token"])
        if self._proof == "none":
            return None
        return said[:-1] + bytes([said[-1] ^ 1]) if said and self._proof == "forged" else said

    def wrap_winrm(self, data: bytes) -> Sealed:
        answer = self._acceptor.ask("wrap", self._number, data=data)
        sealed = Sealed(base64.b64decode(answer["header"]), base64.b64decode(answer["data"]))
        return self._sealed.setdefault(len(data), sealed) if self._proof == "replayed" else sealed

    def unwrap_winrm(self, header: bytes, data: bytes) -> bytes:
        answer = self._acceptor.ask("unwrap", self._number, header=header, data=data)
        return base64.b64decode(answer["data"])

    def forget(self) -> None:
        self._acceptor.ask("forget", self._number)


# The mechanism of raw Kerberos tokens, and how it stands in an offer of SPNEGO (Windows' old number for it too).
_KERBEROS = (bytes.fromhex("06092a864886f712010202"), bytes.fromhex("06092a864882f712010202"))


def is_kerberos(token: bytes) -> bool:
    """Whether a first token is one of Kerberos, raw or within SPNEGO."""
    return any(mechanism in token[:200] for mechanism in _KERBEROS) and b"NTLMSSP\0" not in token
