"""macOS's software update (macos.md 3 and 8).

Three witnesses: the last scan (by its own file and by `softwareupdate -l --no-scan`), the history, and a table of
releases. An update that any of them knows of is missing: a scan that was deferred, blocked or broken names none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from scorecard.model import Fact, Host, Observations, Seen, Unseen
from scorecard.reading import clean, text_of

from . import plists
from .mac_automatic import automatic
from .mac_history import last_update, read_history, reboot
from .mac_version import major_line, numbers, settings_file
from .payload import MANY, NO_DATE, Section, earlier_sightings, oldest, remembered, sections
from .releases import newer_release
from .shape import Patching, Update, Updates


@dataclass(frozen=True, slots=True)
class _Offer:
    """One update that a scan found."""

    label: str
    title: str
    version: str
    first_offered: datetime | None = None

    @property
    def system(self) -> bool:
        return self.title.startswith("macOS") or self.label.startswith("macOS")


def parse(observations: Observations, host: Host) -> Patching:
    settings = text_of(observations, "patching.settings")
    parts = sections(settings.value) if isinstance(settings, Seen) else {}
    preferences = settings_file(parts, "preferences", settings)
    running = host.version.value or "" if isinstance(host.version, Seen) else ""
    extra = host.edition.value or "" if isinstance(host.edition, Seen) else ""
    history = read_history(observations)
    missing = _missing(observations, preferences, running, extra)
    deferred = _deferral_days(parts)
    notes = [f"Updates are deferred by {deferred} days by the company's settings"] if deferred else []
    updates = Updates(
        manager=Seen("softwareupdate"),
        missing=missing,
        told_apart=Seen(True),
        security_source=Seen(True),
        data_time=_data_time(preferences),
        blind=Seen(_blind(preferences) + _hidden(parts, deferred)),
        last_installed=last_update(history),
        last_security_installed=last_update(history, security_only=True),
        notes=tuple(notes),
    )
    settings_say = automatic(observations, parts, settings, preferences, running)
    return Patching(updates, settings_say, reboot(history, running, host), Seen(True))


def _data_time(preferences: Fact[Mapping[str, Any]]) -> Fact[datetime]:
    if isinstance(preferences, Unseen):
        return preferences
    for key in ("LastFullSuccessfulDate", "LastSuccessfulDate"):
        if moment := plists.moment(preferences.value.get(key)):
            return Seen(moment)
    return Unseen("This Mac has no date of a scan for updates that succeeded")


def _blind(preferences: Fact[Mapping[str, Any]]) -> tuple[str, ...]:
    if isinstance(preferences, Seen):
        code = preferences.value.get("LastResultCode")
        if isinstance(code, int) and not isinstance(code, bool) and code != 2:
            return (f"The last scan for updates ended with result {code}",)
    return ()


def _missing(
    observations: Observations, preferences: Fact[Mapping[str, Any]], running: str, extra: str
) -> Fact[tuple[Update, ...]]:
    if not re.fullmatch(r"[0-9]+(\.[0-9]+){0,3}", running):
        return Unseen("The version of macOS was not read")
    scan = text_of(observations, "patching.scan")
    if isinstance(scan, Unseen):
        return scan
    offers = _listed(scan.value)
    if offers is None:
        return Unseen("The answer of softwareupdate is neither a list of updates nor says that there is none")
    if isinstance(preferences, Unseen):
        return preferences
    first_seen = earlier_sightings(observations)
    by_name: dict[str, Update] = {}
    for offer in offers + _recommended(preferences.value):
        if _is_upgrade(offer, running) or _is_past(offer, running, extra):
            continue
        name = clean(offer.title or offer.label)
        key = remembered("macos", name, running, _is_security(offer))
        seen_first = oldest([offer.first_offered, first_seen.get(key)])
        security = Seen(_is_security(offer))
        before = by_name.get(name)
        if before is not None and isinstance(before.first_seen, Seen):
            seen_first = oldest([seen_first, before.first_seen.value])
        by_name[name] = Update(
            name, offer.version, Seen(running), security, NO_DATE, Seen(seen_first), Seen(False), offer.label
        )
    newer = newer_release(running)
    if newer and not any(
        numbers(update.candidate) >= numbers(newer.version) and update.name.startswith("macOS")
        for update in by_name.values()
    ):
        published = datetime.combine(newer.released, time(), UTC)
        by_name[f"macOS {newer.version}"] = Update(
            f"macOS {newer.version}",
            newer.version,
            Seen(running),
            Seen(True),
            Seen(published),
            NO_DATE,
            Seen(False),
            "table of releases",
        )
    return Seen(tuple(by_name.values())[:MANY])


_OLD_LABEL = re.compile(r"\s+\* (?!Label:)(.{1,200})")
_OLD_TITLE = re.compile(r"\s+(.{1,200}?) ?\(([^()]{0,40})\), [0-9]+K")


def _listed(text: str) -> list[_Offer] | None:
    """Label and title lines in pairs (10.15 and later), or the older list; None when the answer is neither list nor "none".

    The first "Version:" belongs to whatever comes first, often Safari, so labels and titles are read together.
    """
    offers: list[_Offer] = []
    label = ""
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("* Label:"):
            label = clean(stripped[8:])
        elif stripped.startswith("Title:") and label:
            title = re.match(r"Title: (.{1,200}?), Version: ([^,]{0,60}),", stripped)
            offers.append(_Offer(label, clean(title[1]) if title else label, clean(title[2]) if title else ""))
            label = ""
        elif match := _OLD_LABEL.match("  " + line):
            label = clean(match[1])
        elif label and (match := _OLD_TITLE.match(line)):
            version = re.search(r"[0-9]+(\.[0-9]+)+", match[1])
            offers.append(_Offer(label, clean(match[1]), clean(match[2]) or (version[0] if version else "")))
            label = ""
    if label:
        offers.append(_Offer(label, label, ""))
    if offers or "No new software available" in text:
        return offers
    return None


def _recommended(preferences: Mapping[str, Any]) -> list[_Offer]:
    """`RecommendedUpdates` of the last scan, with the day each was first offered where macOS kept it."""
    first = preferences.get("FirstOfferDateDictionary")
    offered = first if isinstance(first, dict) else {}
    offers: list[_Offer] = []
    listed = preferences.get("RecommendedUpdates")
    for entry in listed if isinstance(listed, list) else []:
        if isinstance(entry, dict):
            label, key = _text(entry, "Identifier"), _text(entry, "Product Key")
            title, version = _text(entry, "Display Name") or label, _text(entry, "Display Version")
            moment = plists.moment(offered.get(key)) or plists.moment(offered.get(label))
            if title:
                offers.append(_Offer(clean(label), clean(title), clean(version), moment))
    return offers


def _text(entry: Mapping[str, Any], key: str) -> str:
    """Text and numbers only: lists in a property list may hold each other, and written out they have no end."""
    value = entry.get(key, "")
    return str(value) if isinstance(value, str | int | float) else ""


def _is_upgrade(offer: _Offer, running: str) -> bool:
    """A newer major macOS is offered like an update (12.3 and later); not having it is not a missing update."""
    return offer.system and bool(numbers(offer.version)) and major_line(offer.version) != major_line(running)


def _is_past(offer: _Offer, running: str, extra: str) -> bool:
    """What a stale list still names although it is installed: an older version, or the response whose letter is on."""
    if not offer.system or not numbers(offer.version):
        return False
    letter = re.search(r"\(([a-z])\)", offer.version)
    if letter:
        mine = re.search(r"\(([a-z])\)", extra)
        return numbers(offer.version) < numbers(running) or (
            numbers(offer.version) == numbers(running) and mine is not None and mine[1] >= letter[1]
        )
    return numbers(offer.version) <= numbers(running)


def _is_security(offer: _Offer) -> bool:
    """The list marks no class: updates of macOS, its responses, Safari and the malware data are security updates."""
    return offer.system or any(word in offer.title + offer.label for word in ("Safari", "Security", "XProtect", "MRT"))


# A deferral hides only updates younger than itself; within the usual two weeks these are not yet missed.
_HARMLESS_DEFERRAL_DAYS = 14
_DEFAULT_DEFERRAL_DAYS = 30  # what Apple takes where a deferral is switched on without a number


def _deferral_days(parts: Mapping[str, Section]) -> int:
    """Companies may hide updates for up to 90 days (macos.md 3.1)."""
    days = 0
    forced = False
    for line in parts.get("restrictions", Section()).lines:
        key, _, value = line.partition(" ")
        forced = forced or (key == "forceDelayedSoftwareUpdates" and value.strip() in ("1", "true"))
        if key.startswith("enforcedSoftwareUpdate") and value.isascii() and value.isdigit():
            days = max(days, int(value[:4]))
    return days or (_DEFAULT_DEFERRAL_DAYS if forced else 0)


def _hidden(parts: Mapping[str, Section], days: int) -> tuple[str, ...]:
    """Why the scan may name less than there is: "no new software" says little where updates are held from it."""
    if parts.get("restrictions", Section()).code == 77:
        return ("Our account has no right to read whether the company's settings defer updates",)
    if days > _HARMLESS_DEFERRAL_DAYS:
        return (f"Updates are hidden for {days} days by the company's settings",)
    return ()
