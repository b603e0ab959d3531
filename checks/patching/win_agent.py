"""What Windows' update agent answers: missing updates, how whole the list is, when it last looked (windows.md 3.2, 3.3).

Classifications are told by their ids: names and titles are in the machine's language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scorecard.model import Fact, Host, Observations, Seen, Unseen
from scorecard.reading import clean
from scorecard.windows_answers import Values, moment_of, payload

from .payload import MANY
from .win_titles import Entry, counts

PART = "patching.agent"

_SECURITY = frozenset({"0fa1201d-4330-4fa8-8ae9-b877473b6441", "e6cf1350-c01b-414d-a61f-263d14d133b4"})
_DEFINITIONS = "e0789628-ce08-4437-be74-2495b842f43b"  # nearly always missing for some hours
_DRIVERS = "ebfc1fc5-71a4-4f7b-9aca-3b9a503104a0"
_UPGRADES = frozenset({"b54e7d24-7add-428f-8b75-90a396fa584f", "3689bdc8-b205-4af4-8d4a-a63924c5e9d5"})
_ORDINARY = frozenset(
    {
        "28bc880e-0592-4cbf-8f95-c79b17911d5f",
        "cd5ffd1e-e932-4e3a-bf74-18bf0b1bbd83",
        "68c5b0a3-d1a6-4553-ae49-01d3a7827828",
        "b4832bd8-e735-4761-8daf-37f882276dab",  # tools (Microsoft's documentation: Policy CSP, Update)
    }
)
_MICROSOFT_UPDATE = "7971f918-a847-4430-9279-4a52d1efe18d"
_SEVERITIES = frozenset({"critical", "important", "moderate", "low"})
_DRIVER_TYPE = 2
_MOST_HISTORY = 400  # so many entries come at most, the newest
_SUCCEEDED = 2
_INSTALLED, _REMOVED = 1, 2

_DENIED = 0x80070005
# From this build on Windows gives its list to no remote session, not even to an administrator's (windows.md 3.3).
_FIRST_BLOCKED_BUILD = 26100
_MEANINGS = {
    _DENIED: "our account has no right to ask it",
    0x80070422: "the update service is disabled",
    0x8024001E: "the update service was stopped meanwhile",
    0x8024001F: "the machine is offline",
    0x80240009: "another search or installation is running",
    0x80240016: "an installation is running, or a restart must come first",
    0x80240025: "a policy forbids it",
    0x8024002E: "a policy allows the company's update server only",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """One update that the agent found missing and that should be on the machine."""

    title: str
    kbs: tuple[str, ...]  # "KB5034441"
    security: Fact[bool]
    hidden: Fact[bool]
    published: datetime | None


@dataclass(frozen=True, slots=True)
class Agent:
    offers: Fact[tuple[Offer, ...]]
    blocked: bool  # Windows itself refuses the list; nothing is wrong with our rights
    incomplete: tuple[str, ...]  # reasons why `offers` may lack some
    searched: Fact[datetime | None]  # the last search that succeeded
    history: Fact[tuple[Entry, ...]]  # each installation that succeeded
    removed: tuple[Entry, ...] = ()  # what was taken off again
    # Update services that are registered, by id; what Windows searches.
    services: frozenset[str] = frozenset()

    @property
    def only_windows(self) -> bool:
        """Microsoft Update, which also has Office and other products, is not registered (windows.md 3.2)."""
        return bool(self.services) and _MICROSOFT_UPDATE not in self.services


def parse(observations: Observations, host: Host) -> Agent:
    said = payload(observations, PART)
    if isinstance(said, Unseen):
        return Agent(said, False, (), said, said)
    values = said.value
    raw = values.get("errors")
    errors: Mapping[str, Any] = raw if isinstance(raw, dict) else {}
    code = _hresult(errors.get("search"))
    offers = _offers(values.get("missing"), errors.get("search"), code)
    refused = values.get("missing") is None and code == _DENIED
    blocked = refused and _build(host) >= _FIRST_BLOCKED_BUILD and host.privileged == Seen(True)
    if blocked:
        offers = Unseen("Windows gives its list of missing updates to no remote session (0x80070005)")
    return Agent(
        offers,
        blocked,
        _incomplete(values, errors),
        _searched(values, errors),
        _history(values, errors),
        _done(values.get("history"), _REMOVED),
        _services(values),
    )


def _hresult(value: Any) -> int | None:
    return int(value, 16) if isinstance(value, str) and re.fullmatch(r"0x[0-9A-Fa-f]{8}", value) else None


def _build(host: Host) -> int:
    version = host.version.value or "" if isinstance(host.version, Seen) else ""
    found = re.fullmatch(r"[0-9]{1,3}\.[0-9]{1,3}\.([0-9]{3,6})(\.[0-9]{1,6})?", version)
    return int(found[1]) if found else 0


def _offers(missing: Any, error: Any, code: int | None) -> Fact[tuple[Offer, ...]]:
    if missing is None:
        what = _MEANINGS.get(code or 0, "its search failed")
        said = f" ({clean(error, 20)})" if isinstance(error, str) else ""
        return Unseen(f"The update agent gave no list of missing updates: {what}{said}")
    if not isinstance(missing, list) or not all(_is_update(item) for item in missing):
        return Unseen("The update agent's list of missing updates cannot be read")
    offers = tuple(_offer(item) for item in missing if _matters(item))
    return Seen(offers[:MANY])


def _is_update(item: Any) -> bool:
    if not isinstance(item, dict) or not isinstance(item.get("title"), str) or not item["title"].strip():
        return False
    return all(isinstance(item.get(key), list) for key in ("categories", "kbs"))


def _classes(item: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(one.lower() for one in item["categories"] if isinstance(one, str))


def _matters(item: Mapping[str, Any]) -> bool:
    """Without definitions, drivers, optional updates and feature upgrades; a security update always matters."""
    classes = _classes(item)
    if item.get("type") == _DRIVER_TYPE or _DRIVERS in classes or item.get("browse_only") is True:
        return False
    return bool(classes & _SECURITY) or not (classes & _UPGRADES or _DEFINITIONS in classes)


def _offer(item: Mapping[str, Any]) -> Offer:
    classes, severity = _classes(item), item.get("severity")
    rated = isinstance(severity, str) and severity.lower() in _SEVERITIES
    security: Fact[bool] = Unseen("The update agent names neither class nor severity of this update")
    if classes & _SECURITY or rated:
        security = Seen(True)
    elif classes & _ORDINARY:
        security = Seen(False)
    hidden = item.get("hidden")
    kbs = (f"KB{kb.upper().removeprefix('KB')}" for kb in item["kbs"][:20] if isinstance(kb, str))
    return Offer(
        clean(item["title"], 160),
        tuple(kb for kb in kbs if re.fullmatch(r"KB[0-9]{6,8}", kb)),
        security,
        Seen(hidden) if isinstance(hidden, bool) else Unseen("Whether the update is hidden was not told"),
        moment_of(item.get("published")),
    )


def _incomplete(values: Mapping[str, Any], errors: Mapping[str, Any]) -> tuple[str, ...]:
    reasons = []
    if values.get("result_code") != _SUCCEEDED:
        reasons.append(f"The update agent's search ended with result {clean(str(values.get('result_code')), 20)}")
    if values.get("warnings") != 0:
        reasons.append("The update agent's search ended with warnings")
    if errors.get("search") is not None:
        reasons.append(f"The update agent's search failed ({clean(str(errors['search']), 20)})")
    if values.get("truncated") not in (None, False):
        reasons.append("The update agent's list is longer than what came")
    return tuple(reasons)


def _searched(values: Mapping[str, Any], errors: Mapping[str, Any]) -> Fact[datetime | None]:
    found = Values(values).moment("last_search")
    if found == Seen(None) and (error := errors.get("auto")) is not None:
        return Unseen(f"When Windows last looked for updates could not be read ({clean(str(error), 20)})")
    return found


def _services(values: Mapping[str, Any]) -> frozenset[str]:
    listed = values.get("services")
    return frozenset(one.lower() for one in listed if isinstance(one, str)) if isinstance(listed, list) else frozenset()


def _history(values: Mapping[str, Any], errors: Mapping[str, Any]) -> Fact[tuple[Entry, ...]]:
    """Installations that succeeded."""
    if (error := errors.get("history")) is not None:
        return Unseen(f"The update agent's history could not be read ({clean(str(error), 20)})")
    listed = values.get("history")
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        return Unseen("The update agent's history cannot be read")
    found = _done(listed, _INSTALLED)
    if len(listed) >= _MOST_HISTORY and not any(counts(title) for title, _ in found):
        return Unseen("The newest entries of the update agent's history are all of definitions")
    return Seen(found)


def _done(listed: Any, operation: int) -> tuple[Entry, ...]:
    """What succeeded, with errors or without."""
    found = []
    for entry in listed if isinstance(listed, list) else ():
        if isinstance(entry, dict) and entry.get("operation") == operation and entry.get("result") in (2, 3):
            title, moment = entry.get("title"), moment_of(entry.get("date"))
            if isinstance(title, str) and moment:
                found.append((title, moment))
    return tuple(found)
