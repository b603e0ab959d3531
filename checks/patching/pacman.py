"""pacman on Arch Linux (linux.md 3.5): a rolling system, so every update counts, from the last full upgrade on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from scorecard.model import Fact, Observations, Seen, Unseen
from scorecard.reading import clean, text_of

from .payload import MANY, NO_DATE, Section, iso_time, log_time, newest, remembered, sections, stamped
from .shape import Update, Updates, nothing_read

_ROW = re.compile(r"(\S+) (\S+) -> (\S+)( \[.*\])?")


def parse(observations: Observations, first_seen: Mapping[str, datetime]) -> Updates:
    text = text_of(observations, "patching.pacman")
    if isinstance(text, Unseen):
        return nothing_read(text)
    found = sections(text.value)
    sources = found.get("sources", Section())
    fetched = stamped(sources.after("fetched"))
    names = [clean(name) for name in sources.after("source") if name.strip() != "options"]
    last, full = _history(found.get("history", Section()))
    return Updates(
        manager=Seen("pacman"),
        missing=_missing(found.get("updates", Section()), names, fetched, first_seen),
        told_apart=Seen(False),
        security_source=Seen(True),
        data_time=_data_time(fetched),
        blind=Seen(tuple(f"Source {name} was never read" for name in names if f"{name}.db" not in fetched)[:5]),
        last_installed=last,
        last_security_installed=Seen(full),
        notes=("pacman does not say which updates are security updates, so every update counts",),
    )


def _missing(
    section: Section, names: list[str], fetched: Mapping[str, datetime], first_seen: Mapping[str, datetime]
) -> Fact[tuple[Update, ...]]:
    """Exit code 1 means no updates, and no lists as well: only the lists' files tell which."""
    if not names or not fetched:
        return Unseen("pacman has no package lists, so nothing can be said about missing updates")
    rows = [match for line in section.lines if (match := _ROW.fullmatch(line))]
    errors = [line for line in section.lines if line.startswith(("error:", "warning: database"))]
    if section.code not in (0, 1) or errors or (section.code == 0 and not rows):
        return Unseen(f"pacman could not work out what is missing: {clean(errors[0]) if errors else section.code}")
    updates: list[Update] = []
    for match in rows:
        name, installed, candidate = clean(match[1]), clean(match[2]), clean(match[3])
        seen_first = Seen(first_seen.get(remembered("pacman", name, installed, False)))
        no_class = Unseen("pacman does not say")
        held = Seen("ignored" in (match[4] or ""))
        updates.append(Update(name, candidate, Seen(installed), no_class, NO_DATE, seen_first, held))
    return Seen(tuple(updates)[:MANY])


def _data_time(fetched: Mapping[str, datetime]) -> Fact[datetime]:
    """The newest list's time on the server; a mirror that is in order changes every day."""
    moment = newest(fetched.values())
    return Seen(moment) if moment else Unseen("pacman has no package lists")


def _history(section: Section) -> tuple[Fact[datetime | None], datetime | None]:
    """Last upgrade of anything, and last full upgrade, from pacman.log: "[2026-11-21T06:12:01+0000] [ALPM] upgraded …"."""
    zone = next(iter(section.after("zone")), "")
    upgraded: list[datetime | None] = []
    full: list[datetime | None] = []
    for line in section.lines:
        match = re.match(r"\[([0-9T:+ -]{16,25})\] \[(?:ALPM|PACMAN)\] (.{1,200})", line)
        if match is None:
            continue
        moment = (
            iso_time(re.sub(r"([+-][0-9]{2})([0-9]{2})$", r"\1:\2", match[1]))
            if "T" in match[1]
            else log_time(match[1], zone)
        )
        if match[2].startswith("upgraded "):
            upgraded.append(moment)
        elif "full system upgrade" in match[2]:
            full.append(moment)
    last = newest(upgraded)
    return (Seen(last) if last else Unseen("pacman's log holds no update")), newest(full)
