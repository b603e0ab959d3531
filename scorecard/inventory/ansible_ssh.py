"""What Ansible's extra arguments for ssh say about the way to a host: jump hosts, user, port and key.

Of options that repeat ssh takes the first. What is not understood is named, by the option's name alone: its value may
hold a secret.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field

_WITH_VALUE = frozenset("BbcDEeFIiJLlmOopQRSWw")  # ssh(1), OpenSSH 9
# How a connection is kept or shown. They change nothing about who is reached, and as whom.
_WITHOUT_BEARING = frozenset(
    {
        *(
            "controlmaster",
            "controlpath",
            "controlpersist",
            "compression",
            "connectionattempts",
            "loglevel",
            "tcpkeepalive",
        ),
        *("serveraliveinterval", "serveralivecountmax", "batchmode", "requesttty", "forwardagent", "forwardx11", "ipqos"),
        *("visualhostkey", "clearallforwardings", "addkeystoagent", "preferredauthentications", "connecttimeout"),
        *("-C", "-q", "-T", "-t", "-A", "-a", "-x", "-n", "-v", "-N"),
    }
)
_TO_HOST = re.compile(r"\[?%h\]?:%p")
_HOST_KEYS = ("stricthostkeychecking", "userknownhostsfile", "globalknownhostsfile")


@dataclass(frozen=True, slots=True)
class Hop:
    """`text`: user@host:port, as an inventory of ours has it."""

    text: str
    key_file: str | None = None


@dataclass(slots=True)
class Way:
    """`hops` is None where nothing is said. `left_out` holds names of options; `unchecked`: host keys shall not count."""

    hops: tuple[Hop, ...] | None = None
    user: str | None = None
    port: str | None = None
    key_file: str | None = None
    left_out: list[str] = field(default_factory=list)
    unchecked: bool = False


class Unreadable(Exception):
    """`str()` says why; it quotes nothing."""


def read(text: str) -> Way:
    """One text with arguments. Raises Unreadable."""
    way = Way()
    for name, value in _options(_words(text)):
        _take(way, name, value)
    return way


def proxy_command(text: str) -> tuple[Hop, ...] | None:
    """The hop that `ssh -W %h:%p [user@]host` stands for; None for any other command. Raises Unreadable."""
    program, *rest = _words(text) or [""]
    if program.rpartition("/")[2] != "ssh":
        return None
    hop = Way()
    host, forwards = "", False
    for name, value in _options(rest):
        if name == "":
            host = host or value
        elif name == "-W":
            forwards = bool(_TO_HOST.fullmatch(value))
        else:
            _take(hop, name, value)
    if not host or not forwards or any(name not in _WITHOUT_BEARING for name in hop.left_out):
        return None
    user, at, machine = host.removeprefix("ssh://").rpartition("@")
    user = user if at else hop.user or ""
    place = f"[{machine}]" if ":" in machine and not machine.startswith("[") else machine
    text = f"{user}@{place}" if user else place
    return (*(hop.hops or ()), Hop(f"{text}:{hop.port}" if hop.port else text, hop.key_file))


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        raise Unreadable("a quote is opened and never closed") from None


def _options(words: list[str]) -> Iterator[tuple[str, str]]:
    """Name and value of each: `-J`, or an option's own name in small letters; an empty name for a word that is none."""
    left = iter(words)
    for word in left:
        if len(word) < 2 or not word.startswith("-"):
            yield "", word
            continue
        letters = word[1:]
        while letters:
            letter, letters = letters[0], letters[1:]
            if letter not in _WITH_VALUE:
                yield f"-{letter}", ""
                continue
            value = letters or next(left, "")
            letters = ""
            if letter == "o":
                name, _, given = re.sub(r"\s*[=\s]\s*", "=", value.strip(), count=1).partition("=")
                yield name.lower(), given
            else:
                yield f"-{letter}", value


def _take(way: Way, name: str, value: str) -> None:
    if name in ("-J", "proxyjump"):
        if way.hops is None:
            way.hops = () if value.lower() == "none" else tuple(Hop(_hop(part)) for part in value.split(","))
    elif name == "proxycommand":
        hops = () if value.lower() == "none" else proxy_command(value)
        if hops is None:
            way.left_out.append("ProxyCommand")
        elif way.hops is None:
            way.hops = hops
    elif name in ("-l", "user"):
        way.user = way.user or value
    elif name in ("-p", "port"):
        way.port = way.port or value
    elif name in ("-i", "identityfile"):
        way.key_file = way.key_file or value
    elif name in _HOST_KEYS:
        way.unchecked = way.unchecked or name != "stricthostkeychecking" or value.lower() not in ("yes", "ask", "true")
    elif name not in _WITHOUT_BEARING:
        way.left_out.append(name if re.fullmatch(r"-?[A-Za-z0-9]{1,32}", name) else "a word that is no option")


def _hop(text: str) -> str:
    return text.strip().removeprefix("ssh://").rstrip("/")
