"""apk on Alpine (linux.md 3.4). It has no security class: in a stable branch every update mends something."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from scorecard.model import Fact, Observations, Seen, Unseen
from scorecard.reading import clean, text_of

from .payload import MANY, NO_DATE, Section, epoch, oldest, remembered, sections, stamped
from .shape import Update, Updates, nothing_read

# "openssl-3.3.1-r0  < 3.3.2-r0"
_ROW = re.compile(r"(\S{1,200})-([0-9][^\s-]*-r[0-9]+)\s+<\s+(\S+)")
_WARNINGS = re.compile(r"(WARNING|ERROR): (.{1,200})")


def parse(observations: Observations, first_seen: Mapping[str, datetime]) -> Updates:
    text = text_of(observations, "patching.apk")
    if isinstance(text, Unseen):
        return nothing_read(text)
    found = sections(text.value)
    sources, listing = found.get("sources", Section()), found.get("updates", Section())
    fetched = stamped(sources.after("index"))
    pinned = {re.split(r"[=<>~@]", line)[0] for line in found.get("pins", Section()).lines}
    missing: Fact[tuple[Update, ...]]
    if not fetched:
        missing = Unseen("apk keeps no package index here, so nothing can be said about missing updates")
    elif listing.code != 0:
        missing = Unseen(f"apk could not work out what is missing: {listing.complaint() or listing.code}")
    elif not any(line.startswith("Installed:") for line in listing.lines):
        missing = Unseen("apk's answer has no heading")
    else:
        missing = Seen(tuple(_updates(listing, pinned, first_seen))[:MANY])
    warnings = [clean(match[2]) for line in listing.lines if (match := _WARNINGS.match(line))]
    installed = epoch(next(iter(sources.after("installed")), ""))
    return Updates(
        manager=Seen("apk"),
        missing=missing,
        told_apart=Seen(False),
        security_source=Seen(True),
        data_time=_data_time(fetched),
        blind=Seen(tuple(warnings[:5])),
        last_installed=Seen(installed) if installed else Unseen("apk's database has no date"),
        # The database changes with every package that is added, so its date is no sign of an update.
        last_security_installed=NO_DATE,
        notes=("apk does not say which updates are security updates, so every update counts",),
    )


def _data_time(fetched: Mapping[str, datetime]) -> Fact[datetime]:
    moment = oldest(fetched.values())
    return Seen(moment) if moment else Unseen("apk keeps no package index here")


def _updates(listing: Section, pinned: set[str], first_seen: Mapping[str, datetime]) -> list[Update]:
    rows: list[Update] = []
    for line in listing.lines:
        if match := _ROW.match(line):
            name, installed, candidate = (clean(group) for group in match.groups())
            key = remembered("apk", name, installed, False)
            seen_first = Seen(first_seen.get(key))
            no_class = Unseen("apk does not say")
            rows.append(Update(name, candidate, Seen(installed), no_class, NO_DATE, seen_first, Seen(name in pinned)))
    return rows
