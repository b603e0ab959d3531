"""Private keys for logins: from files, from the SSH agent, or those that ssh itself would try. Each is loaded once.

Loading an RSA key costs 200 ms and a passphrase as much again (performance.md), so a key stays in memory until `close`.
"""

from __future__ import annotations

import base64
import io
import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from paramiko.agent import AgentKey, AgentSSH

from scorecard.model import Credential, Endpoint, SecretRef
from scorecard.reading import clean
from scorecard.transports.base import Secrets

# Each key is a login attempt over there, and an SSH server ends the connection after six (MaxAuthTries).
MAX_AGENT_KEYS = 5
MAX_KEYS_UNASKED = 3
_OWN_KEYS = ("id_ed25519", "id_ecdsa", "id_rsa")
# An agent that asks its user may take a while, not for ever.
_AGENT_ANSWER_S = 10.0


class KeyProblem(Exception):
    """A key cannot be used. `str()` is a sentence; `next_step` says what to do. Never holds a secret."""

    def __init__(self, message: str, next_step: str) -> None:
        super().__init__(message)
        self.next_step = next_step


@dataclass(frozen=True, slots=True)
class Identity:
    """A key to log in with and where it came from, for messages ("key ~/.ssh/id_rsa")."""

    label: str
    key: paramiko.PKey
    note: str = ""


class _AgentKey(AgentKey):
    """An agent's key that many threads may use: the agent answers one question at a time on its connection."""

    _one_at_a_time = threading.Lock()

    def sign_ssh_data(self, data: Any, algorithm: str | None = None) -> Any:
        with self._one_at_a_time:
            return super().sign_ssh_data(data, algorithm)


class KeyRing:
    """All keys of a run. Safe to use from many threads: the first to ask loads, the others wait for it."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._lock = threading.Lock()
        self._loading: dict[tuple[str, ...], threading.Lock] = {}
        self._kept: dict[tuple[str, ...], Identity | KeyProblem] = {}
        self._agent_socket: socket.socket | None = None
        self._agent_keys: tuple[Identity, ...] | KeyProblem | None = None

    def identities(self, credential: Credential, endpoint: Endpoint) -> tuple[Identity, ...]:
        """The keys to try, in order. Raises KeyProblem where the credential names one that cannot be used, and
        CredentialError for its passphrase.

        A key file is tried alone. With `agent` and a key file, the agent's copy of that key is used where it has one.
        """
        if credential.key_file:
            if credential.agent and (held := self._in_agent(credential.key_file)):
                return (held,)
            return (self._from_file(credential, endpoint),)
        if credential.agent:
            held_all = self._from_agent()
            if not held_all:
                raise KeyProblem("The SSH agent of this computer holds no key", "Add one with ssh-add.")
            return held_all[:MAX_AGENT_KEYS]
        return ()

    def unasked(self) -> tuple[tuple[Identity, ...], tuple[str, ...]]:
        """What ssh would try without being told: the agent's keys, then ~/.ssh/id_*; at most MAX_KEYS_UNASKED.

        Also says which files could not be used and why; that is no error here.
        """
        found: dict[bytes, Identity] = {}
        problems: list[str] = []
        with suppress(KeyProblem):  # having no agent is usual
            found.update((identity.key.asbytes(), identity) for identity in self._from_agent())
        for name in _OWN_KEYS:
            file = Path("~/.ssh").expanduser() / name
            if not file.is_file():
                continue
            try:
                identity = self._kept_or((str(file),), partial(_load, file, None, None))
                found.setdefault(identity.key.asbytes(), identity)
            except KeyProblem as problem:
                problems.append(str(problem))
        return tuple(found.values())[:MAX_KEYS_UNASKED], tuple(problems)

    def close(self) -> None:
        with self._lock:
            self._kept.clear()
            self._agent_keys = None
            if self._agent_socket is not None:
                self._agent_socket.close()
                self._agent_socket = None

    def _from_file(self, credential: Credential, endpoint: Endpoint) -> Identity:
        file = Path(credential.key_file or "").expanduser()
        certificate = Path(credential.certificate_file).expanduser() if credential.certificate_file else None
        secret: SecretRef | None = credential.passphrase
        name = (str(file), str(certificate), str(secret))

        def load() -> Identity:
            return _load(file, self._secrets(secret, endpoint) if secret else None, certificate)

        return self._kept_or(name, load)

    def _kept_or(self, name: tuple[str, ...], load: Callable[[], Identity]) -> Identity:
        with self._lock:
            turn = self._loading.setdefault(name, threading.Lock())
        with turn:
            kept = self._kept.get(name)
            if kept is None:
                try:
                    kept = load()
                except KeyProblem as problem:
                    kept = problem
                self._kept[name] = kept
        if isinstance(kept, KeyProblem):
            raise KeyProblem(str(kept), kept.next_step)
        return kept

    def _in_agent(self, key_file: str) -> Identity | None:
        """The agent's copy of a key whose public half lies beside the file."""
        public = Path(key_file + ".pub").expanduser()
        try:
            blob = paramiko.pkey.PublicBlob.from_file(str(public)).key_blob
        except (OSError, ValueError):
            return None
        return next((identity for identity in self._from_agent() if identity.key.asbytes() == blob), None)

    def _from_agent(self) -> tuple[Identity, ...]:
        with self._lock:
            if self._agent_keys is None:
                self._agent_keys = self._ask_agent()
            if isinstance(self._agent_keys, KeyProblem):
                raise KeyProblem(str(self._agent_keys), self._agent_keys.next_step)
            return self._agent_keys

    def _ask_agent(self) -> tuple[Identity, ...] | KeyProblem:
        next_step = "Start ssh-agent, or name a key file in the credential."
        if not os.environ.get("SSH_AUTH_SOCK") and os.name != "nt":
            return KeyProblem("No SSH agent is running for this user (SSH_AUTH_SOCK is not set)", next_step)
        agent: AgentSSH | None = None
        try:
            agent = paramiko.Agent() if os.name == "nt" else self._open_agent()
        except (paramiko.SSHException, OSError, ValueError) as error:
            said = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
            return KeyProblem(f"The SSH agent of this computer cannot be reached: {said}", next_step)
        return tuple(
            Identity(f"agent key {clean(key.comment, 60) or key.get_name()}", _AgentKey(agent, key.blob, key.comment))
            for key in agent.get_keys()
        )

    def _open_agent(self) -> AgentSSH:
        """paramiko's own way knows no limit and says nothing of a socket where nobody listens. Raises OSError."""
        self._agent_socket = sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(_AGENT_ANSWER_S)
        sock.connect(os.environ["SSH_AUTH_SOCK"])
        agent: Any = AgentSSH()
        agent._connect(sock)
        return cast(AgentSSH, agent)


def _load(file: Path, passphrase: str | None, certificate: Path | None) -> Identity:
    try:
        data = file.read_bytes()
        mode = file.stat().st_mode
    except OSError as error:
        raise KeyProblem(
            f"The key file {file} cannot be read: {error.strerror}", "Correct key_file in the inventory, or its rights."
        ) from error
    key = _paramiko_key(_decode(data, file, passphrase), file)
    label = f"key {file}"
    if certificate is not None:
        label = f"certificate {certificate}"
        try:
            key.load_certificate(str(certificate.resolve(strict=True)))
        except OSError as error:
            raise KeyProblem(
                f"The certificate {certificate} cannot be read: {error.strerror}",
                "Correct certificate_file in the inventory.",
            ) from error
        except (ValueError, paramiko.SSHException, IndexError) as error:
            raise KeyProblem(
                f"The certificate {certificate} does not belong to the key {file}, or is none",
                "Give the user certificate (…-cert.pub) that was made for this key.",
            ) from error
    note = ""
    if os.name != "nt" and mode & 0o077:
        note = f"The key file {file} can be read by other users of this computer; chmod 600 stops that"
    return Identity(label, key, note)


_Loaded = RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey


def _decode(data: bytes, file: Path, passphrase: str | None) -> Any:
    """OpenSSH's own format, else PEM. Messages tell a locked key from a wrong passphrase from a broken file."""
    secret = passphrase.encode() if passphrase is not None else None
    openssh = b"BEGIN OPENSSH PRIVATE KEY" in data
    read = serialization.load_ssh_private_key if openssh else serialization.load_pem_private_key
    locked = _is_locked(data, openssh)
    if locked and secret is None:
        raise KeyProblem(
            f"The key {file} is locked with a passphrase", "Name its passphrase in the credential, or use the agent."
        )
    try:
        return read(data, secret if locked else None)
    except UnsupportedAlgorithm as error:
        raise KeyProblem(
            f"The key {file} is of a type that cannot be used from a file",
            "Use an Ed25519, ECDSA or RSA key; a key on a security token works through the agent.",
        ) from error
    except (ValueError, TypeError) as error:
        if locked:
            raise KeyProblem(
                f"The passphrase does not open the key {file}", "Correct the secret that the credential's passphrase names."
            ) from error
        what = "a public key" if data.startswith((b"ssh-", b"ecdsa-", b"sk-")) else "not a private key that can be read"
        raise KeyProblem(f"The file {file} is {what}", "Give the private key, in OpenSSH or PEM format.") from error


def _is_locked(data: bytes, openssh: bool) -> bool:
    if not openssh:
        return b"ENCRYPTED" in data
    try:
        body = base64.b64decode(b"".join(data.split(b"-----")[2].split()), validate=True)
        cipher = paramiko.Message(body[len(b"openssh-key-v1\0") :]).get_text()
    except (ValueError, IndexError):
        return False
    return cipher not in ("none", "")  # broken files have no cipher


def _paramiko_key(loaded: Any, file: Path) -> paramiko.PKey:
    """Made from the open key, so that a passphrase is worked through once."""
    if isinstance(loaded, RSAPrivateKey):
        return paramiko.RSAKey(key=loaded)
    if isinstance(loaded, EllipticCurvePrivateKey) and loaded.curve.name in ("secp256r1", "secp384r1", "secp521r1"):
        return paramiko.ECDSAKey(vals=(loaded, loaded.public_key()))
    if isinstance(loaded, Ed25519PrivateKey):
        text = loaded.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
        )
        return paramiko.Ed25519Key.from_private_key(io.StringIO(text.decode()))
    raise KeyProblem(f"The key {file} is of a type that cannot be used", "Use an Ed25519, ECDSA or RSA key.")
