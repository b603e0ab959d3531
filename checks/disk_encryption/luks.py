"""dm-crypt and LUKS: what a mapping really does, and how it is opened (linux.md 1.1, 1.4).

Three witnesses: the mapping's uuid (readable by all), the device mapper's table and the header (both need root).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from scorecard.model import Fact, Seen, Unseen

from .blocktree import Device, printable
from .shape import Method, State

_MAX_RECORDS = 20_000


@dataclass(slots=True)
class Header:
    """A LUKS header, as far as it was let through. `ciphers` and `segments` are those in force now."""

    version: str = ""
    uuid: str = ""
    ciphers: list[str] = field(default_factory=list)
    segments: list[str] = field(default_factory=list)
    bits: int | None = None
    slots: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    pins: list[str] = field(default_factory=list)  # of clevis: "tang", "tpm2", "sss"
    asks_pin: bool = False
    mode: str = ""  # while it is converted: "encrypt", "decrypt", "reencrypt"
    requires: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """One stretch of a device mapper table. `length` in sectors; cipher and bits of a crypt target only."""

    kind: str
    length: int
    cipher: str = ""
    bits: int | None = None


def read_headers(text: str) -> dict[str, Header]:
    """Headers by device name; devices that turned out to have none are left out."""
    headers: dict[str, Header] = {}
    for line in text.split("\n")[:_MAX_RECORDS]:
        match line.split("\t"):
            case ["header", name, "0"]:
                headers.setdefault(name, Header())
            case ["luks", name, key, value] if name in headers:
                _take(headers[name], key, printable(value, 80))
    return {name: header for name, header in headers.items() if header.version in ("1", "2")}


def _take(header: Header, key: str, value: str) -> None:
    match key:
        case "version":
            header.version = value
        case "uuid":
            header.uuid = value
        case "cipher":
            header.ciphers.append(value)
        case "segment":
            header.segments.append(value)
        case "bits":
            header.bits = header.bits or _number(value)
        case "slot":
            header.slots.append(value)
        case "token":
            header.tokens.append(value)
        case "clevis":
            header.pins.append(value)
        case "pin":
            header.asks_pin = header.asks_pin or value == "true"
        case "mode":
            header.mode = value
        case "requires":
            header.requires = value


def read_targets(text: str) -> dict[str, list[Target]]:
    """Tables by mapping name."""
    targets: dict[str, list[Target]] = {}
    for line in text.split("\n")[:_MAX_RECORDS]:
        match line.split("\t"):
            case ["target", name, length, "crypt", cipher, bits]:
                found = Target("crypt", _number(length) or 0, printable(cipher, 80), _number(bits))
                targets.setdefault(name, []).append(found)
            case ["target", name, length, kind]:
                targets.setdefault(name, []).append(Target(printable(kind, 40), _number(length) or 0))
    return targets


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,15}", text) else None


_CAPI = re.compile(r"capi:(?P<mode>[a-z0-9]+)\((?P<cipher>[a-z0-9]+)\)")


def method_of(spec: str, bits: int | None) -> Method:
    """From a dm-crypt cipher such as "aes-xts-plain64" and the bits of its key."""
    if match := _CAPI.match(spec):
        cipher, mode = match["cipher"], match["mode"]
    else:
        cipher, _, rest = spec.partition("-")
        mode = rest.partition("-")[0]
        cipher = cipher.partition(":")[0]
    if mode == "xts" and bits is not None:
        bits //= 2  # one half is for the tweak
    return Method(spec, cipher, mode, bits, by_drive=False)


def is_null(spec: str) -> bool:
    """LUKS with a cipher that encrypts nothing, left over from tests of reencryption."""
    return spec.startswith("cipher_null") or spec in ("null", "null-ecb")


@dataclass(frozen=True, slots=True)
class Opened:
    """What one layer of encryption amounts to."""

    state: Fact[State]
    method: Fact[Method | None]
    detail: str
    unlock: tuple[str, ...] = ()
    header: Header | None = None


_MODES = {
    "encrypt": (State.CONVERTING, "is being encrypted"),
    "reencrypt": (State.CONVERTING, "is being encrypted anew"),
    "decrypt": (State.DECRYPTING, "is being decrypted"),
}


def judge_mapping(
    device: Device, devices: Mapping[str, Device], targets: Fact[dict[str, list[Target]]], headers: Fact[dict[str, Header]]
) -> Opened:
    """An open mapping. Without root only its kind is known, and that its method is not."""
    table = targets.value.get(device.dm_name, []) if isinstance(targets, Seen) else []
    header = _header_of(device, devices, headers)
    kind = device.mapping or "dm-crypt"
    unlock = ways_in(header) if header else ()
    if header and (header.mode or "reencrypt" in header.requires):
        state, detail = converting(header)
        return Opened(state, _method(table, header, kind, targets, headers), f"{kind}, {detail}", unlock, header)
    if any(devices[name].is_helper for name in device.slaves if name in devices):
        why = f"{device.dm_name or device.name} is being converted; in which direction only root can see"
        return Opened(Unseen(why), _method(table, header, kind, targets, headers), kind, unlock, header)
    hollow = [target for target in table if target.kind != "crypt" or is_null(target.cipher)]
    ciphers = [target.cipher for target in table if target.cipher] or (header.ciphers if header else [])
    if hollow and kind != "LUKS2-OPAL":
        why = "its cipher encrypts nothing" if all(target.cipher for target in hollow) else "a part of it is not encrypted"
        state = Seen(State.PLAIN if len(hollow) == len(table) else State.PARTLY)
        return Opened(state, Seen(None), f"{kind}, but {why}", unlock, header)
    if ciphers and all(is_null(cipher) for cipher in ciphers):
        return Opened(Seen(State.PLAIN), Seen(None), f"{kind}, but its cipher encrypts nothing", unlock, header)
    method = _method(table, header, kind, targets, headers)
    told = "plain dm-crypt, no header" if kind == "PLAIN" else kind
    if not table and header is None:
        told += " by its name; header and cipher were not seen"
    return Opened(Seen(State.ENCRYPTED), method, told, unlock, header)


def judge_locked(header: Header | None, why: Unseen | None) -> Opened:
    """A LUKS header on a device that nobody opened."""
    if header is None:
        return Opened(Seen(State.LOCKED), why or Unseen("Its header was not read"), "LUKS, not opened")
    kind = f"LUKS{header.version}"
    if header.mode or "reencrypt" in header.requires:
        state, detail = converting(header)
        return Opened(state, method_of_header(header), f"{kind}, {detail}", ways_in(header), header)
    if header.ciphers and all(is_null(cipher) for cipher in header.ciphers):
        return Opened(Seen(State.PLAIN), Seen(None), f"{kind}, but its cipher encrypts nothing", ways_in(header), header)
    return Opened(Seen(State.LOCKED), method_of_header(header), f"{kind}, not opened", ways_in(header), header)


def converting(header: Header) -> tuple[Fact[State], str]:
    known = _MODES.get(header.mode)
    if known is None:
        return Unseen("Its header asks for a reencryption to be finished, and not in which direction"), "unfinished"
    return Seen(known[0]), known[1]


def _header_of(device: Device, devices: Mapping[str, Device], headers: Fact[dict[str, Header]]) -> Header | None:
    """The header on the device below, if it is this mapping's: a detached header lies elsewhere.

    While a volume is converted there are helper mappings in between, two deep (seen with cryptsetup 2.6).
    """
    if not isinstance(headers, Seen):
        return None
    below = list(device.slaves)
    for _ in range(2):
        helpers = [devices[name] for name in below if name in devices and devices[name].is_helper]
        below += [name for helper in helpers for name in helper.slaves]
    for name in below:
        header = headers.value.get(name)
        if header and header.uuid.replace("-", "") in device.dm_uuid:
            return header
    return None


def _method(
    table: list[Target],
    header: Header | None,
    kind: str,
    targets: Fact[dict[str, list[Target]]],
    headers: Fact[dict[str, Header]],
) -> Fact[Method | None]:
    if header and header.segments and all(segment == "hw-opal" for segment in header.segments):
        return Seen(Method("OPAL", "", "", None, by_drive=True))
    if known := [target for target in table if target.cipher and not is_null(target.cipher)]:
        return Seen(weakest(method_of(target.cipher, target.bits) for target in known))
    if header and header.ciphers:
        return method_of_header(header)
    for fact in (headers, targets):
        if isinstance(fact, Unseen):
            return Unseen(f"The cipher was not seen: {fact.reason}")
    return Unseen(f"The cipher of this {kind} volume was not told")


def method_of_header(header: Header) -> Fact[Method | None]:
    if header.segments and all(segment == "hw-opal" for segment in header.segments):
        return Seen(Method("OPAL", "", "", None, by_drive=True))
    if not header.ciphers:
        return Unseen("The header names no cipher")
    return Seen(weakest(method_of(cipher, header.bits) for cipher in header.ciphers))


def weakest(methods: Iterable[Method]) -> Method:
    """Of several methods on one volume the one that stands for it. Needs at least one."""
    return min(methods, key=lambda method: (not method.by_drive, method.mode in ("xts", "gcm"), method.key_bits or 0))


_TOKENS = {
    "systemd-tpm2": "TPM",
    "systemd-fido2": "FIDO2 key",
    "systemd-pkcs11": "smart card",
    "systemd-recovery": "recovery key",
    "ubuntu-fde": "TPM",
    "ubuntu-fde-recovery": "recovery key",
}
_RECOVERY_TOKENS = frozenset({"systemd-recovery", "ubuntu-fde-recovery"})


def ways_in(header: Header) -> tuple[str, ...]:
    """For information: "passphrase", "TPM without a PIN", "Tang server". Slots without a token are passphrases or files."""
    ways = []
    for kind in header.tokens:
        way = _TOKENS.get(kind)
        if kind == "systemd-tpm2":
            way = "TPM and PIN" if header.asks_pin else "TPM without a PIN"
        if way:
            ways.append(way)
    ways += ["Tang server" if pin == "tang" else f"clevis {pin}" for pin in header.pins]
    if len(header.slots) > len(header.tokens):
        ways.append("passphrase or key file")
    return tuple(dict.fromkeys(ways))


def protectors(header: Header) -> tuple[str, ...]:
    """Ways in beside the daily one.

    A recovery key counts by itself. Otherwise there have to be two key slots, and one of them must not hang on a chip
    or token in or at this machine: with a single slot whoever loses its passphrase loses the data.
    """
    found = ["recovery key"] * bool(_RECOVERY_TOKENS.intersection(header.tokens))
    if "tang" in header.pins:
        found.append("Tang server")
    bound = len([token for token in header.tokens if token not in _RECOVERY_TOKENS])
    free = len(header.slots) - len(header.tokens)
    if not found and len(header.slots) >= 2 and free >= 1:
        found.append("passphrase beside the daily way" if bound else "second passphrase or key file")
    return tuple(found)


def escrow(header: Header) -> tuple[str, ...]:
    """Signs that a way in is kept away from the machine. A Tang server is the only one that Linux itself shows."""
    return ("a Tang server of the company opens it",) if "tang" in header.pins else ()
