"""dnf 4, dnf5 and yum 3 on Fedora, Red Hat and their relatives (linux.md 3.2)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase

from scorecard.model import Fact, Host, Observations, Seen, Unseen
from scorecard.reading import clean, text_of

from .payload import MANY, Section, dated, epoch, log_time, newest, oldest, remembered, sections
from .rpm import read_rpm
from .shape import Update, Updates, nothing_read

_LOCKED_DAYS = 60  # linux.md 3.2: Amazon Linux 2023 sees only its own release; past 60 to 90 days that is behind
_NO_CLASS = Unseen("Its source carries no security advisories")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def parse(observations: Observations, host: Host, first_seen: Mapping[str, datetime], system: Section) -> Updates:
    text = text_of(observations, "patching.dnf-updates")
    if isinstance(text, Unseen):
        return replace(nothing_read(text), last_installed=read_rpm(observations).last_installed)
    found = sections(text.value)
    tool = next(iter(found[""].after("tool")), "dnf")
    database = read_rpm(observations)
    repositories = found.get("repositories", Section())
    advisories = _Advisories.read(observations)
    versions = _installed(found.get("installed", Section()))
    missing = _missing(tool, found.get("updates", Section()), repositories, advisories, versions, database.held, first_seen)
    blind = _unread_sources(found.values()) + _locked_release(host, system)
    notes = [f"Fixed to release {clean(pin)}" for pin in system.after("releasever")]
    if isinstance(advisories, _Advisories) and not advisories.any:
        notes.append("The sources carry no security advisories, so every update counts")
    return Updates(
        manager=Seen(tool),
        missing=missing,
        told_apart=Seen(advisories.any) if isinstance(advisories, _Advisories) else advisories,
        security_source=Seen(True),
        data_time=_data_time(tool, repositories),
        blind=Seen(tuple(blind)),
        last_installed=database.last_installed,
        last_security_installed=Seen(advisories.last_full) if isinstance(advisories, _Advisories) else advisories,
        notes=tuple(notes),
    )


class _Advisories:
    """Security advisories that apply here, by package name; whether there are any at all; the last full upgrade."""

    def __init__(self) -> None:
        self.by_package: dict[str, list[tuple[str, datetime | None]]] = {}
        self.any = False
        self.last_full: datetime | None = None

    @classmethod
    def read(cls, observations: Observations) -> _Advisories | Unseen:
        text = text_of(observations, "patching.dnf-advisories")
        if isinstance(text, Unseen):
            return text
        found = sections(text.value)
        tool = next(iter(found[""].after("tool")), "dnf")
        listing, met = found.get("security", Section()), found.get("met", Section())
        for section in (listing, met):
            if section.code != 0:
                return Unseen(f"{tool} could not list security advisories: {section.complaint() or section.code}")
        new = cls()
        dates = _dates(found.get("dates", Section()))
        rows = _json_rows(listing) if tool == "dnf5" else _table_rows(listing, dates)
        if rows is None:
            return Unseen(f"{tool}'s list of security advisories cannot be read")
        for identity, nevra, published in rows:
            new.by_package.setdefault(_package_name(nevra), []).append((identity, published))
        count = next(iter(met.after("advisories")), "")
        new.any = bool(new.by_package) or (count.isdigit() and int(count) > 0)
        new.last_full = newest(log_time(line) for line in found.get("history", Section()).after("full-upgrade"))
        return new


def _table_rows(section: Section, dates: Mapping[str, datetime]) -> list[tuple[str, str, datetime | None]]:
    """ "RHSA-2026:1234 Important/Sec. alpha-2.0-1.el9.noarch"; yum 3 writes the same."""
    rows: list[tuple[str, str, datetime | None]] = []
    for line in section.lines:
        words = line.split()
        if len(words) == 3 and (words[1].endswith("/Sec.") or words[1] == "security"):
            rows.append((clean(words[0]), clean(words[2]), dates.get(words[0])))
    return rows


def _json_rows(section: Section) -> list[tuple[str, str, datetime | None]] | None:
    """dnf5: [{"name": ..., "type": "security", "nevra": ..., "buildtime": 1772532000}]; None when that is not what came."""
    try:
        listed = json.loads("\n".join(section.lines))
    except (ValueError, RecursionError):
        return None
    if not isinstance(listed, list):
        return None
    rows: list[tuple[str, str, datetime | None]] = []
    for entry in listed:
        if isinstance(entry, dict) and entry.get("type") == "security" and isinstance(entry.get("nevra"), str):
            rows.append((clean(str(entry.get("name", ""))), clean(entry["nevra"]), epoch(str(entry.get("buildtime", "")))))
    return rows


def _dates(section: Section) -> dict[str, datetime]:
    """ "Update ID: X" followed by "Updated: 2026-03-03 10:00:00" (dnf 4) or "Issued : 2026-03-03" (yum 3)."""
    found: dict[str, datetime] = {}
    identity = ""
    for line in section.lines:
        key, _, value = line.partition(":")
        value = value.strip()
        if key.strip() == "Update ID":
            identity = value
        elif key.strip() in ("Updated", "Issued") and identity:
            moment = log_time(value if len(value) > 10 else value + " 00:00:00")
            if moment:
                found[identity] = moment
    return found


def _package_name(nevra: str) -> str:
    """ "kernel-core-5.14.0-2.el9.noarch" is of kernel-core; an epoch stands before the name or before the version."""
    parts = nevra.rpartition(".")[0].rsplit("-", 2)
    return re.sub(r"^[0-9]+:", "", parts[0])


def _missing(
    tool: str,
    section: Section,
    repositories: Section,
    advisories: _Advisories | Unseen,
    versions: Mapping[str, str],
    locks: Iterable[str],
    first_seen: Mapping[str, datetime],
) -> Fact[tuple[Update, ...]]:
    good = (0, 100) if tool == "yum" else (0,)
    if section.code not in good:
        return Unseen(f"{tool} could not work out what is missing: {section.complaint() or f'exit code {section.code}'}")
    if isinstance(advisories, Unseen):
        return advisories
    rows = _yum_rows(section) if tool == "yum" else _query_rows(section)
    with_advisories = {re.sub(r"-[0-9a-f]{16}$", "", name) for name in repositories.after("updateinfo")}
    known = {name: (candidate, source) for name, candidate, source in rows}
    missing: list[Update] = []
    for name in sorted(set(known) | set(advisories.by_package)):
        candidate, source = known.get(name, ("", ""))
        listed = advisories.by_package.get(name, [])
        security: Fact[bool] = Seen(bool(listed))
        if not listed and advisories.any and with_advisories and source not in with_advisories:
            security = _NO_CLASS
        # The oldest advisory that is still unmet decides the age, whatever a newer one adds.
        published = oldest(moment for _, moment in listed)
        installed = versions.get(name)
        key = remembered("rpm", name, installed, bool(listed))
        held = any(_matches(pattern, name, candidate) for pattern in locks)
        missing.append(
            Update(
                name,
                candidate,
                Seen(installed),
                security,
                Seen(published),
                Seen(first_seen.get(key)),
                Seen(held),
                min((identity for identity, _ in listed), default=""),
            )
        )
    return Seen(tuple(missing)[:MANY])


def _installed(section: Section) -> dict[str, str]:
    """Of several installed versions, as kernels have, the last one named."""
    rows = [line.split() for line in section.after("installed")]
    return {clean(row[0]): clean(row[1]) for row in rows if len(row) == 2}


def _matches(pattern: str, name: str, candidate: str) -> bool:
    """An exclusion names packages, a version lock the one version that may stay: "curl-0:7.76.1-26.el9.*"."""
    if any(fnmatchcase(text, pattern) for text in (name, f"{name}-{candidate}")):
        return True
    locked = re.sub(r"-[0-9]+:", "-", pattern.lstrip("!")).rsplit("-", 2)
    return len(locked) == 3 and fnmatchcase(name, locked[0])


def _query_rows(section: Section) -> list[tuple[str, str, str]]:
    """ "U|name|evr|arch|repository" as our own query format writes it."""
    rows = [line.split("|") for line in section.lines if line.startswith("U|")]
    return [(clean(row[1]), clean(row[2]), clean(row[4])) for row in rows if len(row) == 5 and row[1]]


def _yum_rows(section: Section) -> list[tuple[str, str, str]]:
    """yum 3 breaks long rows over two or three lines; rows after "Obsoleting Packages" are not updates."""
    words: list[str] = []
    rows: list[tuple[str, str, str]] = []
    for line in section.lines:
        if line.startswith("Obsoleting Packages"):
            break
        if line and not line.startswith(" "):
            words = []
        words += line.split()
        if len(words) == 3 and re.fullmatch(r"\S+\.[a-z0-9_]+", words[0]) and re.match(r"([0-9]+:)?[0-9a-zA-Z]", words[1]):
            rows.append((clean(words[0].rpartition(".")[0]), clean(words[1]), clean(words[2])))
            words = []
    return rows


_SKIPPED = (
    re.compile(r"Ignoring repositories: (.{1,300})"),
    re.compile(r"no cache for '([^']{1,200})'"),
    re.compile(r"Failed to download metadata for repo '([^']{1,200})'"),
    re.compile(r"[Cc]ache-only enabled but no cache for repository [\"']([^\"']{1,200})"),
)


def _unread_sources(found: Iterable[Section]) -> list[str]:
    """Sources that were passed over: with skip_if_unavailable the answer is empty and the exit code 0 all the same."""
    names: set[str] = set()
    for section in found:
        for line in section.lines:
            for pattern in _SKIPPED:
                if match := pattern.search(line):
                    names.update(clean(name) for name in match[1].split(","))
    return [f"Source {name} was not read" for name in sorted(names)[:10]]


def _locked_release(host: Host, system: Section) -> list[str]:
    """Amazon Linux 2023 offers nothing beyond its own release, whose date is in its name: 2023.6.20241121."""
    if host.product != Seen("amzn"):
        return []
    for line in system.after("system-release"):
        if match := re.search(r"2023\.[0-9]{1,3}\.([0-9]{4})([0-9]{2})([0-9]{2})", line):
            try:
                day = date(int(match[1]), int(match[2]), int(match[3]))
            except ValueError:
                return ["The release of Amazon Linux has no readable date"]
            if (host.as_of.date() - day).days > _LOCKED_DAYS:
                return [f"Amazon Linux stays at its release {match[0]} of {day} until it is moved to a newer one"]
            return []
    if isinstance(host.version, Seen) and (host.version.value or "").startswith("2023"):
        return ["The release of Amazon Linux was not read"]
    return []


def _data_time(tool: str, section: Section) -> Fact[datetime]:
    """When the source that was asked longest ago was last asked."""
    if section.code != 0:
        return Unseen(f"{tool} could not tell how old its package lists are: {section.complaint() or section.code}")
    moments = _json_checks(section) if tool == "dnf5" else _checks(section)
    if not moments:
        return Unseen(f"{tool} has no source with a date")
    if None in moments:
        return Unseen(f"{tool} has a source that was never read")
    return dated(oldest(moments), f"{tool}'s package lists have no date")


def _checks(section: Section) -> list[datetime | None]:
    """ "Repo-expire  : 172,800 second(s) (last: Sun Nov 22 00:15:42 2026)"; "last: unknown" for one never read."""
    moments: list[datetime | None] = []
    for line in section.lines:
        if re.match(r"Repo-expire\s*:", line):
            match = re.search(r"last: \w{3} (\w{3}) +([0-9]{1,2}) ([0-9:]{8}) ([0-9]{4})", line)
            moment = None
            if match and match[1] in _MONTHS:
                month = _MONTHS.index(match[1]) + 1
                moment = log_time(f"{match[4]}-{month:02}-{int(match[2]):02} {match[3]}")
            moments.append(moment)
    return moments


def _json_checks(section: Section) -> list[datetime | None]:
    text = "\n".join(line for line in section.lines if not line.startswith("updateinfo "))
    try:
        listed = json.loads(text)
    except (ValueError, RecursionError):
        return []
    moments: list[datetime | None] = []
    for entry in listed if isinstance(listed, list) else []:
        if isinstance(entry, dict) and entry.get("is_enabled", True):
            stamp = entry.get("timestamp")
            moment = epoch(str(stamp)) if isinstance(stamp, int) and not isinstance(stamp, bool) else None
            moments.append(moment.astimezone(UTC) if moment else None)
    return moments
