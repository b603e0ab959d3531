"""Secret references: what they look like, and how one becomes a secret at the moment it is needed (design section 7).

A reference is `env:NAME`, `file:PATH`, `keyring:SERVICE/USER`, `{command: [...]}` or `prompt`. References resolve only in
`audit` and `doctor`. No message here holds a secret or any part of one.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import re
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scorecard.errors import CredentialError
from scorecard.model import Endpoint, SecretRef
from scorecard.redaction import Redactor

__all__ = ["FORMS", "PLACEHOLDERS", "BadReference", "Redactor", "Resolver", "parse_reference"]

FORMS = 'env:NAME, file:PATH, keyring:SERVICE/USER, {command: [program, "{name}"]} or prompt'
PLACEHOLDERS = ("client", "name", "address")
COMMAND_LIMIT_S = 30
MAX_SECRET_BYTES = 64 * 1024

_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")
_PLACEHOLDER = re.compile(r"\{([A-Za-z_]+)\}")
_OTHERS_MAY = stat.S_IROTH | stat.S_IWOTH


class BadReference(ValueError):
    """Not a secret reference. The message never quotes what was found: it may be a password."""


def parse_reference(value: object) -> SecretRef:
    """Read a reference as it stands in an inventory. Raises BadReference."""
    if value is None:
        raise BadReference(f"is empty; expected a reference to a secret: {FORMS}")
    if isinstance(value, dict):
        return _parse_command(value)
    if not isinstance(value, str):
        raise _plain_secret()
    kind, colon, rest = value.partition(":")
    if value == "prompt":
        return SecretRef("prompt", "")
    if not colon or kind not in ("env", "file", "keyring", "command"):
        raise _plain_secret()
    if not rest.isprintable() or rest != rest.strip() or not rest:
        raise BadReference(f"{kind}: must be followed at once by what it names; expected one of {FORMS}")
    if kind == "command":
        raise BadReference('a command is a list of its parts; write {command: [program, "{name}"]}')
    if kind == "env" and not _ENV_NAME.fullmatch(rest):
        raise BadReference("env: names an environment variable; expected letters, digits and underscores after it")
    if kind == "keyring" and not all(rest.rpartition("/")):
        raise BadReference("keyring: names a service and a user; expected keyring:SERVICE/USER")
    return SecretRef(kind, rest)


def _plain_secret() -> BadReference:
    return BadReference(f"a plain secret stands here; secrets are never kept in this file, so write where it is: {FORMS}")


def _parse_command(value: dict[object, object]) -> SecretRef:
    command = value.get("command")
    if set(value) != {"command"}:
        raise BadReference(f"this mapping is not a reference to a secret; expected {FORMS}")
    if not isinstance(command, list) or not command or not all(isinstance(part, str) and part for part in command):
        raise BadReference("command needs a list of texts, the program first; put numbers and yes or no in quotes")
    parts = tuple(str(part) for part in command)
    if any("\0" in part for part in parts):
        raise BadReference("command holds a NUL character; remove it")
    if _PLACEHOLDER.search(parts[0]):
        raise BadReference("the program of a command is fixed; use placeholders only in what follows it")
    if any(name not in PLACEHOLDERS for part in parts for name in _PLACEHOLDER.findall(part)):
        raise BadReference("command has an unknown placeholder; there are {client}, {name} and {address}")
    return SecretRef("command", parts)


@dataclass(slots=True)
class _Slot:
    """What one reference gave; `lock` is held while it is found out, so that nobody is asked twice."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    secret: str | None = None
    error: str | None = None


# What was resolved already: of which reference (and, of a command, for which endpoint), the secret.
Known = Mapping[tuple[Any, ...], str]


class Resolver:
    """Turns references into secrets, once for each (a command once for each endpoint). Safe to share between threads.

    Every secret is made known to the redactor before it is handed out. `ask` is how a person is asked; by default on
    the terminal, without echo.
    """

    def __init__(self, redactor: Redactor, ask: Callable[[str], str] | None = None, known: Known | None = None) -> None:
        self._redactor = redactor
        self._ask = ask or _ask_on_terminal
        self._slots: dict[tuple[Any, ...], _Slot] = {}
        self._lock = threading.Lock()
        self._one_at_a_time = threading.Lock()  # keyrings and terminals serve one caller
        for key, secret in (known or {}).items():
            self._slots[key] = _Slot(secret=secret)
            redactor.learn(secret)

    def known(self) -> Known:
        """What has been resolved, for another process; it holds secrets."""
        with self._lock:
            return {key: slot.secret for key, slot in self._slots.items() if slot.secret is not None}

    def __call__(self, reference: SecretRef, endpoint: Endpoint) -> str:
        """The secret. Raises CredentialError, which names the reference and what to do."""
        slot = self._slot(reference, endpoint)
        with slot.lock:
            if slot.secret is None and slot.error is None:
                try:
                    slot.secret = self._find(reference, endpoint)
                except CredentialError as error:
                    slot.error = str(error)
            if slot.secret is None:
                raise CredentialError(slot.error)
            return slot.secret

    def prepare(self, endpoints: Iterable[Endpoint]) -> tuple[str, ...]:
        """Resolve ahead what does not depend on the endpoint, so that a person is asked before the work starts.

        Returns what failed, one line each.
        """
        failed: dict[str, None] = {}
        for endpoint in endpoints:
            for credential in endpoint.credentials:
                for reference in (credential.password, credential.passphrase):
                    if reference is None or reference.kind == "command":
                        continue
                    try:
                        self(reference, endpoint)
                    except CredentialError as error:
                        failed[str(error)] = None
        return tuple(failed)

    def _slot(self, reference: SecretRef, endpoint: Endpoint) -> _Slot:
        key: tuple[Any, ...] = (reference,)
        if reference.kind == "command":
            key = (reference, endpoint.client, endpoint.name, endpoint.address)
        with self._lock:
            return self._slots.setdefault(key, _Slot())

    def _find(self, reference: SecretRef, endpoint: Endpoint) -> str:
        if reference.kind == "prompt":
            with self._one_at_a_time:
                secret = self._ask(f"{_purpose(reference, endpoint)}: ")
        elif isinstance(reference.value, tuple):
            secret = _from_command(reference, reference.value, endpoint)
        elif reference.kind == "env":
            secret = _from_environment(reference, reference.value)
        elif reference.kind == "file":
            secret = _from_file(reference, Path(reference.value))
        elif reference.kind == "keyring":
            with self._one_at_a_time:
                secret = _from_keyring(reference, reference.value)
        else:
            raise _error(reference, f"is of no known kind; expected {FORMS}")
        if not secret:
            raise _error(reference, "gives an empty secret; put one there")
        self._redactor.learn(secret)
        return secret


def _error(reference: SecretRef, message: str) -> CredentialError:
    where = f" ({reference.source})" if reference.source else ""
    return CredentialError(f"{reference}{where}: {message}")


def _purpose(reference: SecretRef, endpoint: Endpoint) -> str:
    for credential in endpoint.credentials:
        of = f"credential {credential.name} of {credential.client}"
        if reference == credential.password:
            return f"Password for {credential.user or 'the account'} ({of})"
        if reference == credential.passphrase:
            return f"Passphrase of {credential.key_file or 'the key'} ({of})"
    return f"Secret for {endpoint.name} of {endpoint.client}"


def _ask_on_terminal(question: str) -> str:
    """getpass falls back to an echoing read where there is no terminal; that is refused."""
    if not sys.stdin.isatty():
        raise CredentialError("prompt: there is no terminal to ask on; use env:, file:, keyring: or command: instead")
    try:
        return getpass.getpass(question)
    except EOFError as error:
        raise CredentialError("prompt: nothing was typed; run again and type the secret") from error


def _from_environment(reference: SecretRef, name: str) -> str:
    secret = os.environ.get(name)
    if secret is None:
        raise _error(reference, "this environment variable is not set; set it and run again")
    return secret


def _from_file(reference: SecretRef, path: Path) -> str:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise _error(reference, "is not a plain file")
        # On Windows these bits say nothing; there the folder's access list protects the file.
        if os.name == "posix" and status.st_mode & _OTHERS_MAY:
            raise _error(reference, f"every user of this computer can read or write it; run: chmod o-rwx {path}")
        if status.st_size > MAX_SECRET_BYTES:
            raise _error(reference, f"is larger than {MAX_SECRET_BYTES // 1024} KiB; expected a secret and nothing else")
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise _error(reference, f"cannot be read: {error.strerror or type(error).__name__}") from error
    except UnicodeDecodeError:
        raise _error(reference, "is not UTF-8 text") from None  # the cause would carry the content
    return text.removesuffix("\n").removesuffix("\r")


def _from_keyring(reference: SecretRef, name: str) -> str:
    import keyring  # slow to import, and rarely wanted
    import keyring.errors

    service, _, user = name.rpartition("/")
    try:
        secret = keyring.get_password(service, user)
    except (keyring.errors.KeyringError, OSError, RuntimeError) as error:
        raise _error(
            reference, f"the keyring does not answer ({type(error).__name__}); unlock it or use env: or file:"
        ) from None
    if secret is None:
        raise _error(reference, f"the keyring has no such entry; add it with: keyring set {service} {user}")
    return secret


def _fill(reference: SecretRef, part: str, endpoint: Endpoint) -> str:
    """Put the endpoint's values in, in one pass; a value that would read as an option is refused."""
    values = {"client": endpoint.client, "name": endpoint.name, "address": endpoint.address}
    filled = _PLACEHOLDER.sub(lambda match: values[match[1]], part)
    if filled.startswith("-") and not part.startswith("-"):
        raise _error(reference, "the endpoint's name or address starts with a hyphen and would be taken for an option")
    return filled


def _from_command(reference: SecretRef, command: tuple[str, ...], endpoint: Endpoint) -> str:
    """The first line that the command prints. No shell, no input; stderr may hold secrets and is dropped."""
    arguments = [command[0], *(_fill(reference, part, endpoint) for part in command[1:])]
    try:
        process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise _error(reference, f"cannot be started: {reason}") from None
    with process:
        try:
            output, _ = process.communicate(timeout=COMMAND_LIMIT_S)
        except subprocess.TimeoutExpired:
            _kill(process)
            raise _error(reference, f"gave no answer within {COMMAND_LIMIT_S} seconds for {endpoint.name}") from None
    if process.returncode:
        said = f"ended with code {process.returncode} for {endpoint.name}; run it by hand to see why"
        raise _error(reference, said)
    line = output.split(b"\n", 1)[0].removesuffix(b"\r")
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        raise _error(reference, f"printed something that is not UTF-8 text for {endpoint.name}") from None


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the command and what it started; it leads a session of its own."""
    with contextlib.suppress(ProcessLookupError):
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
