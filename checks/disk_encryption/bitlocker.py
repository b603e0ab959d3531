"""What BitLocker says of one volume: the decision table of windows.md 1.4 and the methods of 1.2.

Only methods are asked: the properties of the same names are a snapshot, seen to say "on" for clear drives (1.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scorecard.model import Fact, Seen, Unseen
from scorecard.windows_answers import Call, Instance

from .shape import Method, State

LOCKED_VOLUME = 0x80310000
_NOT_ACTIVATED = 0x80310008

# windows.md 1.2; the strength of a drive's own encryption is not known to Windows.
_METHODS: Mapping[int, Method] = {
    1: Method("AES-CBC 128 with diffuser", "aes", "cbc", 128, by_drive=False),
    2: Method("AES-CBC 256 with diffuser", "aes", "cbc", 256, by_drive=False),
    3: Method("AES-CBC 128", "aes", "cbc", 128, by_drive=False),
    4: Method("AES-CBC 256", "aes", "cbc", 256, by_drive=False),
    5: Method("the drive's own encryption", "", "", None, by_drive=True),
    6: Method("XTS-AES 128", "aes", "xts", 128, by_drive=False),
    7: Method("XTS-AES 256", "aes", "xts", 256, by_drive=False),
}
_USED_SPACE_ONLY = 0x1


@dataclass(frozen=True, slots=True)
class BitLocker:
    """One volume as the methods tell it."""

    state: Fact[State]
    method: Fact[Method | None]
    detail: str = ""
    percent: int | None = None


def read_bitlocker(volume: Instance) -> BitLocker:
    protection = _told(volume.call("GetProtectionStatus"), "GetProtectionStatus", "ProtectionStatus")
    conversion_call, lock_call = volume.call("GetConversionStatus"), volume.call("GetLockStatus")
    says_locked = lock_call.succeeded and lock_call.out.number("LockStatus") == Seen(1)
    if isinstance(protection, Unseen):
        return _unseen(protection.reason)
    if conversion_call.code == Seen(LOCKED_VOLUME) or says_locked:
        return _locked(protection.value, says_locked and conversion_call.code == Seen(LOCKED_VOLUME))
    conversion = _told(conversion_call, "GetConversionStatus", "ConversionStatus")
    if isinstance(conversion, Unseen):
        return _unseen(conversion.reason)
    percent = conversion_call.out.number("EncryptionPercentage")
    share = percent.value if isinstance(percent, Seen) and percent.value is not None and 0 <= percent.value <= 100 else None
    protectors = volume.call("GetKeyProtectors").counted("VolumeKeyProtectorID")
    state, detail = _decided(conversion.value, protection.value, protectors, volume)
    if state in (Seen(State.CONVERTING), Seen(State.DECRYPTING), Seen(State.PARTLY)) and share is not None:
        detail = f"{detail}, {share} % encrypted"
    return _with_method(BitLocker(state, _method(volume), detail, share))


def _unseen(reason: str) -> BitLocker:
    return BitLocker(Unseen(reason), Unseen(reason))


def _told(call: Call, name: str, out: str) -> Fact[int]:
    """An out parameter of a call that succeeded. "Not activated" is an answer as well: nothing is on."""
    if call.code == Seen(_NOT_ACTIVATED):
        return Seen(0)
    if isinstance(call.code, Unseen):
        return Unseen(f"BitLocker: {call.code.reason}")
    if not call.succeeded:
        return Unseen(f"BitLocker: {name} ended with 0x{call.code.value:08X}")
    value = call.out.number(out)
    if isinstance(value, Seen) and value.value is not None:
        return Seen(value.value)
    return Unseen(f"BitLocker: {name} told no {out}")


def _locked(protection: int, both_say_so: bool) -> BitLocker:
    """A locked volume refuses its conversion, calls itself locked and its protection "unknown": all three, or nothing."""
    if protection == 2 and both_say_so:
        return BitLocker(Seen(State.LOCKED), Unseen("It is locked, and tells its method only when it is open"), "BitLocker")
    return _unseen("BitLocker contradicts itself on whether the volume is locked")


def _decided(conversion: int, protection: int, protectors: Fact[int], volume: Instance) -> tuple[Fact[State], str]:
    match conversion, protection:
        case 1, 1 if isinstance(protectors, Unseen):
            return Unseen(f"BitLocker: {protectors.reason}"), ""
        case 1, 1 if protectors != Seen(0):
            return Seen(State.ENCRYPTED), "BitLocker" + (", used space only" if _is_used_space_only(volume) else "")
        case 1, 0 if protectors == Seen(0):
            return Seen(State.SUSPENDED), "encrypted but not protected: with no protector, its key lies open on the disk"
        case 1, 0:
            return Seen(State.SUSPENDED), f"its key lies open on the disk{_restarts(volume)}"
        case 2, 0 | 1:
            return Seen(State.CONVERTING), "BitLocker is encrypting"
        case ((3 | 5), 0 | 1):
            return Seen(State.DECRYPTING), "BitLocker is " + ("decrypting" if conversion == 3 else "paused in decrypting")
        case 4, 0 | 1:
            return Seen(State.PARTLY), "the encryption is paused"
        case 0, 0:
            waits = isinstance(protectors, Seen) and protectors.value > 0
            return Seen(State.PLAIN), "key protectors are prepared, the encryption has not started" if waits else ""
    return Unseen(f"BitLocker contradicts itself: conversion {conversion}, protection {protection}"), ""


def _is_used_space_only(volume: Instance) -> bool:
    flags = volume.call("GetConversionStatus").out.number("EncryptionFlags")
    return isinstance(flags, Seen) and flags.value is not None and bool(flags.value & _USED_SPACE_ONLY)


def _restarts(volume: Instance) -> str:
    call = volume.call("GetSuspendCount")
    count = call.out.number("SuspendCount") if call.succeeded else Unseen("")
    if isinstance(count, Seen) and count.value:
        return f", for {count.value} more {'restart' if count.value == 1 else 'restarts'}"
    return ""


def _method(volume: Instance) -> Fact[Method | None]:
    call = volume.call("GetEncryptionMethod")
    number = call.out.unsigned("EncryptionMethod") if call.succeeded else Unseen("")
    if call.code == Seen(_NOT_ACTIVATED) or number == Seen(0):
        return Seen(None)
    if isinstance(number, Seen) and (found := _METHODS.get(number.value or 0)) is not None:
        return Seen(found)
    return Unseen("BitLocker did not tell how it is encrypted")


def _with_method(told: BitLocker) -> BitLocker:
    """A clear volume has no method; an encrypted one without a method contradicts itself."""
    if told.state == Seen(State.PLAIN):
        return BitLocker(told.state, Seen(None), told.detail)
    if told.state in (Seen(State.ENCRYPTED), Seen(State.SUSPENDED)) and told.method == Seen(None):
        why = "BitLocker contradicts itself: encrypted, and by no method"
        return BitLocker(Unseen(why) if told.state == Seen(State.ENCRYPTED) else told.state, Unseen(why), told.detail)
    return told
