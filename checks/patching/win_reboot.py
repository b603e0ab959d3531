"""Whether a Windows machine waits for a restart (windows.md 3.6).

Signs have a quality: a strong one alone says that a restart waits; a medium one only after a day without a restart; renamed
files never, because browsers and printer drivers leave some every day. That none waits is only said where all were read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from scorecard.model import Fact, Host, Observations, Outcome, Seen, Unseen
from scorecard.windows_answers import Values, events, payload

from . import win_registry
from .payload import NO_DATE, oldest
from .shape import Reboot
from .win_registry import Node

_DAY_S = 86_400


class _Quality(StrEnum):
    STRONG = "strong"
    MEDIUM = "medium"
    WEAK = "weak"


@dataclass(frozen=True, slots=True)
class _Sign:
    quality: _Quality
    there: Fact[bool]
    words: str


def parse(observations: Observations, host: Host, clock: str) -> Fact[Reboot]:
    """`clock`: why the dates of events tell nothing."""
    signs = list(_signs(observations))
    waiting = [sign.words for sign in signs if sign.quality is _Quality.STRONG and sign.there == Seen(True)]
    medium = [sign.words for sign in signs if sign.quality is _Quality.MEDIUM and sign.there == Seen(True)]
    if medium and not waiting:
        if isinstance(host.uptime_s, Unseen):
            return host.uptime_s
        waiting = medium if host.uptime_s.value > _DAY_S else []
    if waiting:
        since = Unseen(clock) if clock else _since(observations, host)
        return Seen(Reboot(True, since, tuple(waiting)))
    for sign in signs:
        if isinstance(sign.there, Unseen) and sign.quality is not _Quality.WEAK:
            return Unseen(f"Whether a restart waits is not known: {sign.there.reason}")
    weak = [sign.words for sign in signs if sign.quality is _Quality.WEAK and sign.there == Seen(True)]
    said = "neither servicing nor Windows Update asks for one"
    return Seen(Reboot(False, NO_DATE, (said, *(f"{words}, which alone is no sign" for words in weak))))


def _signs(observations: Observations) -> Iterator[_Sign]:
    keys = {
        noun: win_registry.read(observations, f"patching.{noun}")
        for noun in (
            *("servicing", "auto-update", "user-settings", "pending-services", "file-renames", "computer-name"),
            *("domain-join", "old-updates", "run-once", "server-roles"),
        )
    }
    strong, medium, weak = _Quality.STRONG, _Quality.MEDIUM, _Quality.WEAK
    yield _Sign(strong, _has_key(keys["servicing"], "RebootPending"), "servicing waits for a restart")
    yield _Sign(strong, _has_key(keys["servicing"], "RebootInProgress"), "servicing is in the middle of a restart")
    yield _Sign(strong, _has_key(keys["auto-update"], "RebootRequired"), "Windows Update asks for a restart")
    yield _Sign(
        strong, _is_set(keys["user-settings"], "StateVariables", "RebootRequired"), "Windows Update still asks for one"
    )
    yield _Sign(strong, _renamed(keys["computer-name"]), "a new computer name waits for a restart")
    yield _Sign(strong, _joining(keys["domain-join"]), "a change of domain waits for a restart")
    yield _Sign(strong, _configuration_manager(observations), "Configuration Manager asks for a restart")
    yield _Sign(medium, _has_key(keys["servicing"], "PackagesPending"), "servicing has packages that wait")
    yield _Sign(
        medium, _has_key(keys["auto-update"], "PostRebootReporting"), "Windows Update waits to report after a restart"
    )
    yield _Sign(medium, _any_key(keys["pending-services"]), "a service of Windows Update waits for a restart")
    yield _Sign(medium, _number(keys["old-updates"], "UpdateExeVolatile"), "an older installer asks for a restart")
    yield _Sign(medium, _has_value(keys["run-once"], "DVDRebootSignal"), "an older installer asks for a restart")
    yield _Sign(medium, _either(keys["server-roles"], "CurrentRebootAttempts"), "a server role waits for a restart")
    for name in ("PendingFileRenameOperations", "PendingFileRenameOperations2"):
        yield _Sign(weak, _has_value(keys["file-renames"], name), "files wait to be renamed")


def _has_key(key: Fact[Node], name: str) -> Fact[bool]:
    child = key if isinstance(key, Unseen) else key.value.child(name)
    return child if isinstance(child, Unseen) else Seen(child.value.exists)


def _any_key(key: Fact[Node]) -> Fact[bool]:
    return key if isinstance(key, Unseen) else Seen(bool(key.value.children))


def _has_value(key: Fact[Node], name: str) -> Fact[bool]:
    return key if isinstance(key, Unseen) else key.value.holds(name)


def _either(key: Fact[Node], name: str) -> Fact[bool]:
    """As a value or as a sub-key."""
    value = _has_value(key, name)
    return value if value == Seen(True) or isinstance(value, Unseen) else _has_key(key, name)


def _number(key: Fact[Node], name: str) -> Fact[bool]:
    found = key if isinstance(key, Unseen) else key.value.number(name)
    return found if isinstance(found, Unseen) else Seen(found.value not in (None, 0))


def _is_set(key: Fact[Node], child: str, name: str) -> Fact[bool]:
    return _number(key if isinstance(key, Unseen) else key.value.child(child), name)


def _renamed(key: Fact[Node]) -> Fact[bool]:
    names = []
    for child in ("ActiveComputerName", "ComputerName"):
        found = key if isinstance(key, Unseen) else key.value.child(child)
        name = found if isinstance(found, Unseen) else found.value.text("ComputerName")
        if isinstance(name, Unseen):
            return name
        names.append((name.value or "").casefold())
    if not all(names):
        return Unseen("The computer's name was not read")
    return Seen(names[0] != names[1])


def _joining(key: Fact[Node]) -> Fact[bool]:
    signs = [_either(key, name) for name in ("JoinDomain", "AvoidSpnSet")]
    if Seen(True) in signs:
        return Seen(True)
    return next((sign for sign in signs if isinstance(sign, Unseen)), Seen(False))


def _configuration_manager(observations: Observations) -> Fact[bool]:
    """Most machines have no such client."""
    observation = observations.get("patching.configuration-manager")
    if observation is not None and observation.outcome is Outcome.ABSENT:
        return Seen(False)
    said = payload(observations, "patching.configuration-manager")
    if isinstance(said, Unseen):
        return said
    calls = said.value.get("calls")
    call = calls.get("DetermineIfRebootPending") if isinstance(calls, dict) else None
    out = call.get("out") if isinstance(call, dict) else None
    if not isinstance(call, dict) or not isinstance(out, dict) or call.get("return") not in (0, None):
        return Unseen("What Configuration Manager said about a restart could not be read")
    flags = [Values(out).flag(name) for name in ("RebootPending", "IsHardRebootPending")]
    if Seen(True) in flags:
        return Seen(True)
    return next((Unseen("Configuration Manager told no state") for flag in flags if flag != Seen(False)), Seen(False))


def _since(observations: Observations, host: Host) -> Fact[datetime | None]:
    """The first time since the last start that servicing asked for a restart."""
    asked = events(observations, "patching.restart-asked")
    if isinstance(asked, Unseen):
        return Unseen("Since when the restart waits was not read")
    if isinstance(host.booted_at, Unseen):
        return host.booted_at
    moments = [event.at for event in asked.value]
    first = oldest(moment for moment in moments if moment > host.booted_at.value)
    said = payload(observations, "patching.restart-asked")
    if first == oldest(moments) and isinstance(said, Seen) and said.value.get("capped") is not False:
        return Unseen("Since when the restart waits was not seen: there are older events")
    return Seen(first) if first else Unseen("Since when the restart waits was not seen")
