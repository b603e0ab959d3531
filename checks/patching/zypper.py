"""zypper on SUSE systems (linux.md 3.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from fnmatch import fnmatchcase
from html.parser import HTMLParser

from scorecard.model import Fact, Observations, Seen, Unseen
from scorecard.reading import clean, text_of

from .payload import MANY, NO_DATE, Section, epoch, iso_time, log_time, newest, oldest, remembered, sections, stamped
from .rpm import read_rpm
from .shape import Update, Updates, nothing_read

_CODES = {
    1: "an error in zypper",
    4: "an error of the package library",
    5: "missing rights",
    6: "no sources are set up",
    7: "another program holds the package lock",
    8: "an error on commit",
    105: "interrupted",
}
_SOME_SKIPPED, _MANAGER_FIRST = 106, 103
_READ = frozenset({0, 100, 101, 102, _MANAGER_FIRST, _SOME_SKIPPED})


def parse(observations: Observations, first_seen: Mapping[str, datetime]) -> Updates:
    text = text_of(observations, "patching.zypper")
    if isinstance(text, Unseen):
        return replace(nothing_read(text), last_installed=read_rpm(observations).last_installed)
    found = sections(text.value)
    sources = found.get("sources", Section())
    patches, updates = _read(found.get("patches", Section())), _read(found.get("updates", Section()))
    database = read_rpm(observations)
    with_patches = set(sources.after("updateinfo"))
    enabled = _enabled(sources)
    told_apart = bool(with_patches & set(enabled)) or bool(patches.rows)
    missing: Fact[tuple[Update, ...]]
    if failure := patches.failure or updates.failure:
        missing = Unseen(f"zypper could not work out what is missing: {failure}")
    elif not enabled:
        missing = Unseen("zypper has no source that is switched on")
    else:
        packages = [_package(row, with_patches if told_apart else set(), first_seen) for row in updates.rows]
        rows = [_patch(row, first_seen) for row in patches.rows if row.get("status") == "needed"] + packages
        missing = Seen(tuple(_held(row, database.held) for row in rows)[:MANY])
    notes = [] if told_apart else ["The sources carry no patches, so every update counts"]
    if patches.code == _MANAGER_FIRST or any(row.get("pkgmanager") == "true" for row in patches.rows):
        notes.append("The package manager itself is to be updated first; more may show up after that")
    last_installed, last_security = _history(found.get("history", Section()))
    if last_installed is None and isinstance(database.last_installed, Seen):
        last_installed = database.last_installed.value
    return Updates(
        manager=Seen("zypper"),
        missing=missing,
        told_apart=Seen(told_apart),
        security_source=Seen(True),
        data_time=_data_time(sources, enabled),
        blind=Seen(tuple(patches.skipped + [line for line in updates.skipped if line not in patches.skipped])),
        last_installed=Seen(last_installed) if last_installed else database.last_installed,
        last_security_installed=Seen(last_security),
        notes=tuple(notes),
    )


class _Answer(HTMLParser):
    """zypper's XML, read tag by tag: a broken or hostile answer gives fewer rows, never an error or an endless entity."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[dict[str, str]] = []
        self.messages: list[str] = []
        self.finished = False
        self.code: int | None = None
        self.failure = ""
        self.skipped: list[str] = []
        self._message: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {key: clean(value or "") for key, value in attrs}
        if tag == "update":
            self.rows.append(values)
        elif tag == "source" and self.rows:
            self.rows[-1]["source"] = values.get("alias", "")
        elif tag == "issue-date" and self.rows:
            self.rows[-1]["issued"] = values.get("time_t", "")
            self.rows[-1]["issued-text"] = values.get("text", "")
        elif tag == "message":
            self._message = values.get("type", "")
        elif tag in ("update-list", "update-status"):
            self.finished = False

    def handle_endtag(self, tag: str) -> None:
        self.finished = self.finished or tag in ("update-list", "stream")
        if tag == "message":
            self._message = None

    def handle_data(self, data: str) -> None:
        if self._message in ("error", "warning"):
            self.messages.append(clean(data, 160))


def _read(section: Section) -> _Answer:
    answer = _Answer()
    answer.feed("\n".join(section.lines))
    answer.close()
    answer.code = section.code
    errors = [message for message in answer.messages if message]
    if section.code not in _READ:
        named = _CODES.get(section.code or 0, f"exit code {section.code}")
        answer.failure = f"{named}: {errors[0]}" if errors else named
    elif not answer.finished:
        answer.failure = "its answer is not complete"
    if section.code == _SOME_SKIPPED:
        answer.skipped.append("Some sources were skipped")
    skipped = re.compile(
        r"(Skipping|Some of the repositories|Repository '.*' (is invalid|appears to be outdated)|not cached|disabling)",
        re.I,
    )
    answer.skipped += [message for message in errors if skipped.search(message)][:5]
    return answer


def _patch(row: Mapping[str, str], first_seen: Mapping[str, datetime]) -> Update:
    """A patch; its category is read here because zypper's own filter lets others through."""
    name, security = row.get("name", ""), row.get("category") == "security"
    published = epoch(row.get("issued", "")) or iso_time(row.get("issued-text", ""))
    key = remembered("zypper", name, None, security)
    seen_first = Seen(first_seen.get(key))
    return Update(name, "", Seen(None), Seen(security), Seen(published), seen_first, Seen(False), advisory=name)


def _package(row: Mapping[str, str], with_patches: set[str], first_seen: Mapping[str, datetime]) -> Update:
    """A newer package. Where its source carries patches these say what matters; other sources do not say."""
    name, installed = row.get("name", ""), row.get("edition-old") or None
    security: Fact[bool] = Seen(False)
    if with_patches and row.get("source") not in with_patches:
        security = Unseen("Its source carries no patches")
    key = remembered("rpm", name, installed, False)
    return Update(name, row.get("edition", ""), Seen(installed), security, NO_DATE, Seen(first_seen.get(key)), Seen(False))


def _held(update: Update, locks: tuple[str, ...]) -> Update:
    if not any(fnmatchcase(update.name, lock) for lock in locks):
        return update
    return Update(
        update.name,
        update.candidate,
        update.installed,
        update.security,
        update.published,
        update.first_seen,
        Seen(True),
        update.advisory,
    )


def _enabled(sources: Section) -> list[str]:
    """Aliases of the sources that are switched on; without a word about it a source is on."""
    names: list[str] = []
    for line in sources.lines:
        word, _, value = line.partition(" ")
        if word == "source":
            names.append(clean(value))
        elif word == "enabled" and names and value.strip().lower() in ("0", "no", "false", "off"):
            names.pop()
    return names


def _data_time(sources: Section, enabled: list[str]) -> Fact[datetime]:
    """When the source that was asked longest ago was last asked."""
    fetched = stamped(sources.after("fetched"))
    if not enabled:
        return Unseen("zypper has no source that is switched on")
    never = [name for name in enabled if name not in fetched]
    if never:
        return Unseen(f"Source {never[0]} was never read")
    moment = oldest(fetched[name] for name in enabled)
    return Seen(moment) if moment else Unseen("zypper's lists have no date")


def _history(section: Section) -> tuple[datetime | None, datetime | None]:
    """Last installation, and last run that installed everything.

    "2026-11-21 06:12:01|install|name", "…|patch|name|category|state" for an applied patch, "…|full" for a run of
    `zypper patch`, `up` or `dup`.
    """
    zone = next(iter(section.after("zone")), "")
    installed: list[datetime | None] = []
    full: list[datetime | None] = []
    for line in section.lines:
        fields = [field.strip() for field in line.split("|")]
        moment = log_time(fields[0], zone)
        if len(fields) > 1 and fields[1] in ("install", "patch"):
            installed.append(moment)
        if fields[1:] == ["full"] or (fields[1:2] == ["patch"] and "security" in fields[3:]):
            full.append(moment)
    return newest(installed), newest(full)
