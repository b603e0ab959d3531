"""zypper on SUSE systems (linux.md 3.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from html import unescape

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
        return nothing_read(text)  # the package database alone takes any new package for an update
    found = sections(text.value)
    sources = found.get("sources", Section())
    patches, updates = _read(found.get("patches", Section())), _read(found.get("updates", Section()))
    database = read_rpm(observations)
    with_patches = set(sources.after("updateinfo"))
    enabled = _enabled(sources)
    told_apart = bool(with_patches & set(enabled)) or bool(patches.rows)
    missing: Fact[tuple[Update, ...]]
    if unread := sources.after("unread"):
        missing = Unseen(f"Source {clean(unread[0], 80)} was never read, and zypper would fetch it if it were asked")
    elif failure := patches.failure or updates.failure:
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


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one question to zypper gave. `failure` says why it decides nothing; `skipped` are sources passed over."""

    rows: list[dict[str, str]]
    code: int | None
    failure: str
    skipped: list[str]


# Possessive throughout: a hostile answer must not make the reader go over the same letters again and again.
_TAG = re.compile(r"""<(?P<end>/?)(?P<name>[a-z-]{1,30}+)(?P<attributes>(?:\s++[a-zA-Z_:-]{1,40}+="[^"<]*+")*+)\s*+/?>""")
_ATTRIBUTE = re.compile(r"""([a-zA-Z_:-]{1,40}+)="([^"<]*+)\"""")
_SKIPPED = re.compile(
    r"(Skipping|Some of the repositories|Repository '.{1,300}' (is invalid|appears to be outdated)|not cached|disabling)",
    re.I,
)


def _plain(text: str, limit: int = 255) -> str:
    return clean(unescape(text[: 2 * limit]), limit)


def _tags(text: str) -> tuple[list[dict[str, str]], list[str], bool]:
    """Rows, messages of trouble, and whether the list came to its end. zypper's XML is read tag by tag: a broken or
    hostile answer gives fewer rows, never an error or an endless entity."""
    rows: list[dict[str, str]] = []
    messages: list[str] = []
    finished = False
    message_from: int | None = None
    for tag in _TAG.finditer(text):
        name = tag["name"]
        if message_from is not None:
            messages.append(_plain(text[message_from : min(tag.start(), message_from + 400)], 160))
            message_from = None
        if tag["end"]:
            finished = finished or name in ("update-list", "stream")
            continue
        values = {key: _plain(value) for key, value in _ATTRIBUTE.findall(tag["attributes"])}
        if name == "update":
            rows.append(values)
        elif name == "source" and rows:
            rows[-1]["source"] = values.get("alias", "")
        elif name == "issue-date" and rows:
            rows[-1]["issued"] = values.get("time_t", "")
            rows[-1]["issued-text"] = values.get("text", "")
        elif name == "message" and values.get("type") in ("error", "warning"):
            message_from = tag.end()
        elif name in ("update-list", "update-status"):
            finished = False
    return rows, [message for message in messages if message], finished


def _read(section: Section) -> _Answer:
    rows, messages, finished = _tags("\n".join(section.lines))
    failure = ""
    if section.code not in _READ:
        named = _CODES.get(section.code or 0, f"exit code {section.code}")
        failure = f"{named}: {messages[0]}" if messages else named
    elif not finished:
        failure = "its answer is not complete"
    skipped = ["Some sources were skipped"] if section.code == _SOME_SKIPPED else []
    skipped += [message for message in messages if _SKIPPED.search(message)][:5]
    return _Answer(rows, section.code, failure, skipped)


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
