"""XProtect, the protection built into macOS, with Gatekeeper and System Integrity Protection. Source: macos.md 2.1, 3.3.

It has no process to look for: it works where its data is there and Gatekeeper and System Integrity Protection are on.
Its definitions are as old as the newest of receipt, bundle and (from macOS 15) its own word; the bundle under
/var/protected is the one in use there, the other may lag or lead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from scorecard.model import Fact, Observations, Seen, Unseen
from scorecard.reading import clean, text_of

from .products import Product
from .shape import Engine, Mode, Told

_BUNDLES = ("/Library/Apple/System/Library/CoreServices/XProtect.bundle", "/var/protected/xprotect/XProtect.bundle")
# "enabled (Custom Configuration)." is partly off, so only the whole line with its dot counts.
_INTEGRITY_ON = "System Integrity Protection status: enabled."
_INSTALLED = re.compile(
    r"Version: (?P<version>[0-9.]{1,20}) Installed: (?P<at>[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8} \+0000)"
)
_WORDS = {"1": "on", "true": "on", "0": "off", "false": "off", "": "", "null": "", "undefined": ""}


@dataclass(frozen=True, slots=True)
class _Builtin:
    """The lines of the part `builtin` by their first word, in order."""

    rows: tuple[tuple[str, ...], ...]

    @classmethod
    def read(cls, text: str) -> _Builtin:
        return cls(tuple(tuple(line.split("\t")) for line in text.splitlines()[:100]))

    def of(self, kind: str) -> list[tuple[str, ...]]:
        return [row[1:] for row in self.rows if row[0] == kind]

    def word(self, kind: str) -> str:
        found = self.of(kind)
        return found[0][0].strip() if found and found[0] else ""


def xprotect(product: Product, observations: Observations) -> Engine:
    text = text_of(observations, "antivirus.builtin")
    builtin = _Builtin.read(text.value if isinstance(text, Seen) else "")
    gap = Unseen(f"{product.name}: {text.reason}") if isinstance(text, Unseen) else None
    integrity = gap or _integrity(builtin.word("integrity"))
    gatekeeper = gap or _gatekeeper(builtin.word("gatekeeper"))
    installed = gap or _installed(builtin)
    return Engine(
        product=product.id,
        name=product.name,
        built_in=True,
        installed=installed,
        running=installed,
        real_time=_real_time(gatekeeper, builtin.word("status")),
        mode=Seen(Mode.NORMAL),
        expired=Seen(False),
        troubles=_troubles(integrity),
        version=gap or Seen(_version(builtin)),
        definitions_at=_definitions_at(builtin, observations, gap),
        definitions_current=Seen(None),
        definitions_stopped=_stopped(observations),
        definitions_version=gap or Seen(_version(builtin)),
        tamper=integrity if isinstance(integrity, Unseen) else Seen(integrity.value),
        last_scan=Seen(Told.NOT_PUBLISHED) if "last-scan" in product.silent else Unseen("XProtect: scans leave no date"),
        notes=("built into macOS", _word("Gatekeeper", gatekeeper), _word("System Integrity Protection", integrity)),
    )


def _word(name: str, state: Fact[bool]) -> str:
    if isinstance(state, Unseen):
        return f"{name} not known"
    return f"{name} {'on' if state.value else 'not fully on'}"


def _integrity(line: str) -> Fact[bool]:
    if line == _INTEGRITY_ON:
        return Seen(True)
    if line.startswith("System Integrity Protection status:"):
        return Seen(False)
    return Unseen("System Integrity Protection: csrutil did not tell its state")


def _gatekeeper(line: str) -> Fact[bool]:
    found = {"assessments enabled": True, "assessments disabled": False}.get(line)
    return Unseen("Gatekeeper: spctl did not tell its state") if found is None else Seen(found)


def _installed(builtin: _Builtin) -> Fact[bool]:
    if any(row[0] in _BUNDLES for row in builtin.of("bundle") if row):
        return Seen(True)
    gone = {row[0] for row in builtin.of("missing") if row}
    return Seen(False) if gone >= set(_BUNDLES) else Unseen("XProtect: its data could not be looked at")


def _real_time(gatekeeper: Fact[bool], status: str) -> Fact[bool]:
    if isinstance(gatekeeper, Unseen) or not gatekeeper.value:
        return gatekeeper
    if re.search(r"launch scans: *disabled", status, re.IGNORECASE):
        return Unseen('XProtect: Gatekeeper is on, but xprotect status says "launch scans: disabled"')
    return Seen(True)


def _troubles(integrity: Fact[bool]) -> Fact[tuple[str, ...]]:
    if isinstance(integrity, Unseen):
        return integrity
    return Seen(() if integrity.value else ("needs System Integrity Protection, which is not fully on",))


def _version(builtin: _Builtin) -> str | None:
    """The copy in use (/var/protected) first."""
    versions = {row[0]: clean(row[1], 20) for row in builtin.of("bundle") if len(row) == 3}
    return versions.get(_BUNDLES[1]) or versions.get(_BUNDLES[0]) or None


def _definitions_at(builtin: _Builtin, observations: Observations, gap: Unseen | None) -> Fact[datetime | Told]:
    found = [_epoch(row[2]) for row in builtin.of("bundle") if len(row) == 3 and row[0] in _BUNDLES]
    if match := _INSTALLED.search(builtin.word("version")):
        found.append(_moment(match["at"], "%Y-%m-%d %H:%M:%S %z"))
    receipts = text_of(observations, "antivirus.receipts")
    if isinstance(receipts, Seen):
        found += _receipt_dates(receipts.value.splitlines()[:500])
    dates = [date for date in found if date is not None]
    return Seen(max(dates)) if dates else gap or Unseen("XProtect: neither its data nor a receipt shows a date")


def _receipt_dates(lines: Iterable[str]) -> list[datetime | None]:
    rows = [line.split("\t") for line in lines]
    return [
        _moment(row[1], "%Y-%m-%dT%H:%M:%S%z")
        for row in rows
        if len(row) == 4 and row[0] == "receipt" and row[2].startswith("XProtectPlistConfigData")
    ]


def _moment(text: str, pattern: str) -> datetime | None:
    try:
        return datetime.strptime(text, pattern).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _epoch(text: str) -> datetime | None:
    return datetime.fromtimestamp(int(text), UTC) if re.fullmatch(r"[0-9]{9,11}", text) else None


def _stopped(observations: Observations) -> Fact[bool]:
    """ConfigDataInstall off means that no new data comes; a missing key means on (macos.md 3.3)."""
    text = text_of(observations, "antivirus.settings")
    if isinstance(text, Unseen):
        return Unseen(f"XProtect: whether it gets new data is not known: {text.reason}")
    rows = [line.split("\t") for line in text.value.splitlines()[:50]]
    off = _switched_off(rows)
    if isinstance(off, Seen) and off.value and ["declared", "yes"] in rows:
        return Unseen("XProtect: ConfigDataInstall is off, but a management server declares updates, which overrules it")
    return off


def _switched_off(rows: list[list[str]]) -> Fact[bool]:
    """The managed file overrules the plain one. The value that the system computes for our account must agree: a
    setting of that account alone could stand before the machine's."""
    effective = _setting([row[2] for row in rows if len(row) == 3 and row[:2] == ["effective", "0"]])
    managed = _setting([row[2] for row in rows if len(row) == 3 and row[0] == "file" and "/Managed " in row[1]])
    plain = _setting([row[2] for row in rows if len(row) == 3 and row[0] == "file" and "/Managed " not in row[1]])
    if "?" in (effective, managed, plain):
        return Unseen("XProtect: whether it gets new data is not known: ConfigDataInstall has an odd value")
    on_file = managed or plain
    if effective and on_file and effective != on_file:
        return Unseen("XProtect: whether it gets new data is not known: two places disagree about ConfigDataInstall")
    if value := on_file or effective:
        return Seen(value == "off")
    # Nothing is set anywhere that could be read: then it is on.
    if effective is None and (plain is None or any(row[0] == "denied" for row in rows)):
        return Unseen("XProtect: whether it gets new data is not known: the setting cannot be read")
    return Seen(False)


def _setting(found: list[str]) -> str | None:
    """ "on", "off", "" (read, and not set), "?" (neither), None (not read)."""
    if not found:
        return None
    value = found[0].strip().lower()
    return _WORDS.get(value, "?")
