"""OpenSSH known_hosts files: read once, asked by name, and one line added on first contact where that is allowed.

Follows the format of sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT": plain and hashed names, `[host]:port`, wildcards and
negation, `@revoked`, `@cert-authority`, comments. Lines that cannot be read are counted and never trusted.

Names go into a dictionary; wildcards are tried for each host; the HMAC of hashed names is computed only for a host that
was not settled by name. paramiko's own reader is quadratic: 16 s for 10,000 lines (performance.md).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
import sys
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from pathlib import Path

if sys.platform != "win32":
    import fcntl

SSH_PORT = 22
_MARKERS = {b"@revoked": "revoked", b"@cert-authority": "authority"}


class KnownHostsError(Exception):
    """A file cannot be read or written; `str()` is a sentence with its name."""


@dataclass(frozen=True, slots=True)
class HostKey:
    """A public host key: its type ("ssh-ed25519") and its bytes as they travel."""

    kind: str
    blob: bytes

    @property
    def fingerprint(self) -> str:
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")

    def __str__(self) -> str:
        return f"{self.kind} {self.fingerprint}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a file."""

    key: HostKey
    file: str
    line: int  # 0: added by this run
    marker: str = ""  # "", "revoked" or "authority"


class State(Enum):
    KNOWN = "known"
    UNKNOWN = "unknown"
    CHANGED = "changed"  # keys of this host are known, and none is the one shown
    REVOKED = "revoked"
    AUTHORITY = "authority"  # only a certificate authority vouches for this host, which we cannot check


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the files say about a key; `known` are the lines that this rests on."""

    state: State
    known: tuple[Entry, ...] = ()


@dataclass(slots=True)
class _Names:
    """Lines by how they name their hosts."""

    plain: dict[bytes, list[Entry]] = field(default_factory=dict)
    patterns: list[tuple[tuple[bytes, ...], Entry]] = field(default_factory=list)
    hashed: list[tuple[bytes, bytes, Entry]] = field(default_factory=list)  # salt, HMAC-SHA1, line


class KnownHosts:
    """The lines of one or more files. Safe to use from many threads.

    A file may be missing, as with ssh; `missing` names those. Raises KnownHostsError for one that cannot be read.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        self.files = tuple(files)
        self.junk_lines = 0
        self.missing: list[Path] = []
        self._names = _Names()
        self._revoked = _Names()
        self._hashed_found: dict[bytes, list[Entry]] = {}
        self._lock = threading.Lock()
        for file in self.files:
            self._read(file)

    # --- asking ----------------------------------------------------------------------------------------------------

    def kinds(self, address: str, port: int) -> tuple[str, ...]:
        """Types of the keys known for this host, in the order of the files."""
        found: list[Entry] = []
        for name in _names_of(address, port):
            found = self._quick(self._names, name) or self._by_hash(name)
            if found:
                break
        return tuple(dict.fromkeys(entry.key.kind for entry in found if not entry.marker))

    def judge(self, address: str, port: int, key: HostKey) -> Judgement:
        """What the files say about `key` at this address.

        A key that is listed without the port vouches for every port, as with ssh; one that differs from it does not
        make the key changed.
        """
        names = _names_of(address, port)
        if revoked := [entry for entry in self._all_revoked(names) if entry.key == key]:
            return Judgement(State.REVOKED, tuple(revoked))
        for find in (partial(self._quick, self._names), self._by_hash):
            for name in names:
                if vouching := tuple(entry for entry in find(name) if entry.key == key and not entry.marker):
                    return Judgement(State.KNOWN, vouching)
        own = [*self._quick(self._names, names[0]), *self._by_hash(names[0])]
        if plain := tuple(entry for entry in own if not entry.marker):
            return Judgement(State.CHANGED, plain)
        if authorities := tuple(entry for entry in own if entry.marker == "authority"):
            return Judgement(State.AUTHORITY, authorities)
        return Judgement(State.UNKNOWN)

    def _quick(self, names: _Names, name: bytes) -> list[Entry]:
        found = list(names.plain.get(name, ()))
        found += [entry for patterns, entry in names.patterns if _matches(patterns, name)]
        return found

    def _by_hash(self, name: bytes) -> list[Entry]:
        with self._lock:
            found = self._hashed_found.get(name)
            if found is None:
                found = self._hashed_found[name] = _unhash(self._names.hashed, name)
            return found

    def _all_revoked(self, names: Iterable[bytes]) -> Iterable[Entry]:
        for name in names:
            yield from self._quick(self._revoked, name)
            yield from _unhash(self._revoked.hashed, name)

    # --- reading ---------------------------------------------------------------------------------------------------

    def _read(self, file: Path) -> None:
        try:
            data = file.read_bytes()
        except FileNotFoundError:
            self.missing.append(file)
            return
        except OSError as error:
            raise KnownHostsError(f"The file of known host keys {file} cannot be read: {error.strerror}") from error
        for number, line in enumerate(data.split(b"\n"), 1):
            words = line.split()
            if not words or words[0].startswith(b"#"):
                continue
            if not self._take(words, str(file), number):
                self.junk_lines += 1

    def _take(self, words: list[bytes], file: str, number: int) -> bool:
        marker = ""
        if words[0].startswith(b"@"):
            if words[0] not in _MARKERS:
                return False
            marker = _MARKERS[words[0]]
            words = words[1:]
        if len(words) < 3:
            return False
        key = _parse_key(words[1], words[2])
        if key is None:
            return False
        entry = Entry(key, file, number, marker)
        return _file(self._revoked if marker == "revoked" else self._names, words[0], entry)

    # --- adding ----------------------------------------------------------------------------------------------------

    def record(self, address: str, port: int, key: HostKey) -> Path:
        """Add a line for this host to the first file, which is made (0600) when it is missing. Returns the file.

        Raises KnownHostsError, also where another thread has just added another key for this host. The line is written
        in one piece, under a lock that other processes see.
        """
        if not self.files:
            raise KnownHostsError("There is no file of known host keys to add the key to")
        file, name = self.files[0], _names_of(address, port)[0]
        text = b"%s %s %s\n" % (name, key.kind.encode(), base64.b64encode(key.blob))
        with self._lock:
            added = [entry.key for entry in self._names.plain.get(name, ()) if entry.line == 0]
            if key in added:
                return file
            if added:
                raise KnownHostsError("This host has shown another host key a moment ago")
            try:
                file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                _append_line(file, text)
            except OSError as error:
                raise KnownHostsError(f"The host key cannot be added to {file}: {error.strerror}") from error
            self._names.plain.setdefault(name, []).append(Entry(key, str(file), 0))
        return file


def _names_of(address: str, port: int) -> tuple[bytes, ...]:
    """The names that a host may stand under, the exact one first."""
    name = address.lower()
    if port == SSH_PORT:
        return (name.encode(),)
    return (f"[{name}]:{port}".encode(), name.encode())


def _unhash(hashed: Iterable[tuple[bytes, bytes, Entry]], name: bytes) -> list[Entry]:
    return [entry for salt, digest, entry in hashed if hmac.digest(salt, name, "sha1") == digest]


def _parse_key(kind: bytes, text: bytes) -> HostKey | None:
    """None for what is not a public key, such as the lines of SSH 1 or a type that its own bytes deny."""
    try:
        blob = binascii.a2b_base64(text, strict_mode=True)
        name = kind.decode("ascii")
    except (binascii.Error, ValueError):
        return None
    if blob[:4] != len(kind).to_bytes(4, "big") or blob[4 : 4 + len(kind)] != kind:
        return None
    return HostKey(name, blob)


def _file(names: _Names, hosts: bytes, entry: Entry) -> bool:
    if hosts.startswith(b"|"):
        match hosts.split(b"|"):
            case [b"", b"1", salt, digest]:
                try:
                    names.hashed.append(
                        (binascii.a2b_base64(salt, strict_mode=True), binascii.a2b_base64(digest, strict_mode=True), entry)
                    )
                except binascii.Error:
                    return False
                return True
        return False
    listed = [host for host in hosts.lower().split(b",") if host]
    if any(character in hosts for character in b"*?!"):
        names.patterns.append((tuple(listed), entry))
        return True
    for host in listed:
        names.plain.setdefault(host, []).append(entry)
    return bool(listed)


def _matches(patterns: tuple[bytes, ...], name: bytes) -> bool:
    """As ssh does: one negated pattern that matches takes the whole line out."""
    matched = False
    for pattern in patterns:
        if pattern.startswith(b"!"):
            if _match(pattern[1:], name):
                return False
        elif not matched:
            matched = _match(pattern, name)
    return matched


def _match(pattern: bytes, name: bytes) -> bool:
    """`*` and `?` alone are special; brackets stand for themselves, unlike in shell patterns."""
    parts = [re.escape(part).replace(rb"\?", b".") for part in re.sub(rb"\*+", b"*", pattern).split(b"*")]
    return re.fullmatch(b".*?".join(parts), name, re.DOTALL) is not None


def _append_line(file: Path, text: bytes) -> None:
    handle = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        if sys.platform != "win32":
            fcntl.flock(handle, fcntl.LOCK_EX)
        size = os.lseek(handle, 0, os.SEEK_END)
        if size:
            os.lseek(handle, size - 1, os.SEEK_SET)
            if os.read(handle, 1) != b"\n":
                text = b"\n" + text
        if os.write(handle, text) != len(text):
            raise OSError(28, "the disk is full")
        os.fsync(handle)
    finally:
        os.close(handle)
