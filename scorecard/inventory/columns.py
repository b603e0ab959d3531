"""The head of a list: which column holds which key, however the tool that wrote the list calls it.

Capitals, spaces and signs between words do not count. Where several columns could hold a key, the name given first below is
taken; the others are told as not used.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scorecard.marked_yaml import printable

MAX_COLUMNS = 1000
_SHOWN = 8  # columns that a warning names

# Key -> what tools call it, the best first. The key itself comes before all of them.
_CALLED: Mapping[str, tuple[str, ...]] = {
    "client": (
        "client name", "customer", "customer name", "company", "company name", "organisation", "organization",
        "organisation name", "organization name", "tenant", "tenant name",
    ),
    "name": (
        "computer name", "host name", "device name", "machine name", "system name", "server name", "endpoint name",
        "asset name", "computer", "host", "device", "machine", "endpoint",
    ),
    "address": (
        "dns host name", "fqdn", "dns name", "fully qualified domain name", "host name", "ip address", "ipv4 address", "ip",
        "local ip address", "local ip", "internal ip address", "internal ip", "private ip address", "private ip", "ipv4",
        "ipv6 address", "ipv6",
    ),
    "platform": ("operating system", "os", "os name", "os type", "operating system name", "os platform"),
    "role": (
        "device type", "device role", "machine type", "computer type", "device class", "form factor", "chassis",
        "chassis type",
    ),
    "site": ("site name", "location", "location name", "office", "branch"),
    "port": ("ssh port", "winrm port"),
    "transport": ("protocol",),
    "credential": ("credential name",),
    "tags": ("tag", "labels", "label"),
    "groups": ("group",),
    "managed": ("is managed",),
    "owner": ("assigned to", "assigned user", "primary user", "department"),
    "proxy_jump": ("jump host", "jump", "bastion", "gateway ssh"),
    "proxy": (),
    "known_hosts": (),
    "host_key_policy": (),
    "connect_timeout_s": (),
    "keep_alive_s": (),
    "https": (),
    "authentication": (),
    "ca_file": (),
}  # fmt: skip
KEYS = frozenset(_CALLED)

# Columns that hold a secret by their name, unless they tell about one: directories export the day a password was set.
_SECRET = re.compile(
    r"^(?:pass|pw|pin)$|passw|passwd|pwd|passphrase|passcode|kennwort|secret|token|apikey|privatekey|recoverykey"
    r"|motdepasse|contrasena|contraseña|senha|wachtwoord|hasło|пароль"
)
_ABOUT = re.compile(
    r"lastset|expir|changed|cannotchange|(?:required|status|policy|length|count|age|date|time|type|id|enabled|escrowed"
    r"|backedup|stored|present|exists)$"
)
_SIGNS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Head:
    """`keys` by the number of the column, from 0; None for one that is not used. `titles` are as the file has them."""

    titles: tuple[str, ...]
    keys: tuple[str | None, ...]
    secrets: frozenset[int]  # columns that must hold nothing

    def called(self, key: str) -> str:
        """The title of a key's column where it is another word; else empty."""
        title = self.titles[self.keys.index(key)] if key in self.keys else key
        return "" if _plain(title) == _plain(key) else title

    def unused(self) -> str:
        """The titles of columns that are not used, for a warning; empty where there are none."""
        rest = [
            f"'{printable(title.strip(), 40)}'"
            for title, key, number in zip(self.titles, self.keys, range(len(self.titles)), strict=True)
            if key is None and title.strip() and number not in self.secrets
        ]
        more = f" and {len(rest) - _SHOWN:,} more" if len(rest) > _SHOWN else ""
        return ", ".join(rest[:_SHOWN]) + more


class BadHead(Exception):
    """The first row says nothing that a list could be read by; `str()` is one line for a person that quotes no cell."""


def known(titles: Sequence[str]) -> int:
    """How many of the titles name a key: tells the right separator from a wrong one."""
    words = {word for key, called in _CALLED.items() for word in (_plain(key), *map(_plain, called))}
    return sum(_plain(title) in words for title in titles)


def head(titles: Sequence[str]) -> Head:
    """Raises BadHead."""
    if len(titles) > MAX_COLUMNS:
        raise BadHead(f"there are {len(titles):,} columns; expected at most {MAX_COLUMNS:,}")
    plain = [_plain(title) for title in titles]
    keys: list[str | None] = [None] * len(plain)
    for key, called in _CALLED.items():
        free = {word: number for number, word in reversed(list(enumerate(plain))) if keys[number] is None}
        word = next((word for word in map(_plain, (key, *called)) if word in free), None)
        if word is None:
            continue
        if plain.count(word) > 1:
            which = " and ".join(_letters(number) for number, other in enumerate(plain) if other == word)
            raise BadHead(f"the column for {key} stands twice, as {which}; remove or rename one")
        keys[free[word]] = key
    if "name" not in keys:
        raise BadHead(
            "no column is called name (or computer name, hostname, device name); expected a first row with the names of "
            "the columns, separated by commas, semicolons or tabs"
        )
    secrets = frozenset(number for number, word in enumerate(plain) if _SECRET.search(word) and not _ABOUT.search(word))
    return Head(tuple(titles), tuple(keys), secrets - {number for number, key in enumerate(keys) if key})


def _plain(title: str) -> str:
    """The same for "IP-Address" and "ip_address". Empty for what is no word at all."""
    return _SIGNS.sub("", title[:200]).casefold()


def _letters(number: int) -> str:
    """The name that spreadsheets give a column: A for 0, AA for 26."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
