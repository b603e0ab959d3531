"""ClamAV: how old its databases are, and whether it looks at files as they are used. Sources: linux.md 2.1, 9.

The date is the epoch in the head of daily.cvd or daily.cld, never the file's own time, which changes on restore and
package installation. main.* is years old by design and says nothing. clamd alone scans what it is given; only
clamonacc beside it looks at files as they are used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath

from scorecard.model import Fact, Observation, Outcome, Seen, Unseen
from scorecard.reading import clean

from .presence import Processes
from .shape import Engine, Told

_DEFAULT_FOLDER = "/var/lib/clamav"
_HEAD = re.compile(r"ClamAV-VDB:(?P<day>[0-9A-Za-z +-]{8,40}):(?P<version>[0-9]{1,9}):[0-9]*:(?P<epoch>[0-9]{9,11})\s*")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAEMON = re.compile(
    r"ClamAV [^/]{1,40}/(?P<version>[0-9]{1,9})/[A-Z][a-z]{2} (?P<month>[A-Z][a-z]{2}) +(?P<day>[0-9]{1,2}) "
    r"[0-9:]{8} (?P<year>[0-9]{4})"
)
_DAY = re.compile(r"(?P<day>[0-9]{1,2}) (?P<month>[A-Z][a-z]{2}) (?P<year>[0-9]{4}) ")


@dataclass(frozen=True, slots=True)
class Database:
    """The newest daily database of one folder. `at` is Seen(None) where the folder has none."""

    at: Fact[datetime | None]
    version: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The lines of the part, sorted. Folders without a trailing slash."""

    folders: frozenset[str]
    missing: frozenset[str]
    denied: frozenset[str]
    heads: dict[str, str]
    clamd_folders: tuple[str, ...]
    freshclam_folders: tuple[str, ...]
    unreadable: tuple[str, ...]
    scheduled: tuple[str, ...]

    @classmethod
    def read(cls, text: str) -> Answer:
        rows = [line.split("\t") for line in text.splitlines()[:500]]
        named = {kind: [row[1] for row in rows if len(row) == 2 and row[0] == kind] for kind in _ONE_NAME}
        conf = [row[1:] for row in rows if len(row) == 4 and row[0] == "conf"]
        folders = [(file, value.rstrip("/")) for file, key, value in conf if key == "DatabaseDirectory"]
        return cls(
            folders=frozenset(name.rstrip("/") for name in named["folder"]),
            missing=frozenset(name.rstrip("/") for name in named["missing"]),
            denied=frozenset(name.rstrip("/") for name in named["denied"]),
            heads={row[1]: row[2] for row in rows if len(row) == 3 and row[0] == "database"},
            clamd_folders=tuple(folder for file, folder in folders if _of_clamd(file)),
            freshclam_folders=tuple(folder for file, folder in folders if not _of_clamd(file)),
            unreadable=tuple(named["unreadable"]),
            scheduled=tuple(named["scheduled"]),
        )


_ONE_NAME = ("folder", "missing", "denied", "unreadable", "scheduled")


def _of_clamd(file: str) -> bool:
    return "freshclam" not in PurePosixPath(file).name


def clamav(engine: Engine, observation: Observation | None, daemon: Observation | None, processes: Processes) -> Engine:
    """Fill in what the databases, the daemon and the processes tell."""
    answer = None
    at: Fact[datetime | Told] = Unseen(f"{engine.name}: its databases were not looked at")
    version: Fact[str | None] = Seen(None)
    if observation is not None and observation.outcome is Outcome.OK:
        answer = Answer.read(observation.text)
        at, version = _definitions(engine.name, answer)
    elif observation is not None and observation.outcome is Outcome.ABSENT:
        at = Unseen(f"{engine.name}: the folder of its databases was not found")
    elif observation is not None:
        at = Unseen(f"{engine.name}: its databases could not be read ({observation.reason})")
    if "clamd" in processes.names and isinstance(at, Seen) and isinstance(at.value, datetime):
        at, version = _in_memory(engine.name, daemon, at.value, version)
    notes = [*_service_notes(engine, processes), *(_schedule_note(answer) if answer else ())]
    return replace(
        engine,
        real_time=_real_time(engine, processes),
        definitions_at=at,
        definitions_version=version,
        notes=(*engine.notes, *notes),
    )


def _real_time(engine: Engine, processes: Processes) -> Fact[bool]:
    if not processes.seen:
        return Unseen(f"{engine.name}: our account may not see the processes of others, so on-access scanning is not known")
    if "clamonacc" not in processes.names:
        return Seen(False)
    if "clamd" not in processes.names:
        return Unseen(f"{engine.name}: clamonacc runs, but no clamd runs here; whether it reaches another is not known")
    return Seen(True)


def _service_notes(engine: Engine, processes: Processes) -> list[str]:
    notes = []
    if processes.seen and engine.running == Seen(True):
        on_access = "on" if "clamonacc" in processes.names else "off: files are looked at only when someone asks"
        notes.append(f"the daemon runs, on-access scanning is {on_access}")
    if "clamd" in processes.contained:
        notes.append("a clamd runs inside a container, which does not protect this machine")
    return notes


def _schedule_note(answer: Answer) -> list[str]:
    return [f"a scan is scheduled in {clean(answer.scheduled[0], 80)}"] if answer.scheduled else []


def _definitions(name: str, answer: Answer) -> tuple[Fact[datetime | Told], Fact[str | None]]:
    """The oldest of the folders that the engine reads: clamd's own, else freshclam's, else the usual place."""
    if hidden := [file for file in answer.unreadable if _of_clamd(file)]:
        return Unseen(f"{name}: {clean(hidden[0], 80)} may not be read, so where its databases lie is not known"), Seen(
            None
        )
    wanted = answer.clamd_folders or answer.freshclam_folders
    if not wanted and answer.unreadable:
        file = clean(answer.unreadable[0], 80)
        return Unseen(f"{name}: {file} may not be read, so where its databases lie is not known"), Seen(None)
    if not wanted:
        wanted = tuple(sorted(answer.folders)) or (_DEFAULT_FOLDER,)
    found = [_newest(name, folder, answer) for folder in dict.fromkeys(wanted)]
    for database in found:
        if isinstance(database.at, Unseen):
            return database.at, Seen(None)
    dated = [(database.at.value, database.version) for database in found if isinstance(database.at, Seen)]
    if any(at is None for at, _ in dated):
        return Seen(Told.NEVER), Seen(None)
    at, version = min((at, version) for at, version in dated if at is not None)
    return Seen(at), Seen(version)


def _in_memory(
    name: str, daemon: Observation | None, at: datetime, version: Fact[str | None]
) -> tuple[Fact[datetime | Told], Fact[str | None]]:
    """The running daemon may still use older definitions than those on the disk; then its own count (linux.md 2.1).

    `ClamAV 1.4.6/27825/Fri Nov 20 08:26:00 2026`, in the daemon's own time zone; without a database only the first
    word. Without its client (absent) the disk is the only witness; a client that gave no answer leaves it open.
    """
    if daemon is not None and daemon.outcome is Outcome.ABSENT:
        return Seen(at), version
    if daemon is None or daemon.outcome is not Outcome.OK:
        return Unseen(f"{name}: the running daemon did not answer which definitions it uses"), Seen(None)
    on_disk = version.value if isinstance(version, Seen) else None
    answers = [_DAEMON.fullmatch(line.strip()) for line in daemon.text.splitlines()[:8]]
    for match in answers or [None]:
        if match is None or on_disk is None:
            return Unseen(f"{name}: the running daemon does not tell which definitions it uses"), Seen(None)
        if int(match["version"]) < int(on_disk):
            loaded = _calendar_day(match["day"], match["month"], match["year"])
            if loaded is None:
                return Unseen(f"{name}: the running daemon tells no date of the older definitions that it uses"), Seen(None)
            at, on_disk = loaded, match["version"]
    return Seen(at), Seen(on_disk)


def _newest(name: str, folder: str, answer: Answer) -> Database:
    """daily.cvd and daily.cld may lie side by side; the engine loads the newer one."""
    if folder in answer.denied:
        return Database(Unseen(f"{name}: our account may not look into {clean(folder, 80)}"), "")
    if folder not in answer.folders:
        if folder in answer.missing:
            return Database(Seen(None), "")
        return Database(Unseen(f"{name}: {clean(folder, 80)} was not looked into"), "")
    best: tuple[datetime, str] | None = None
    for file in (f"{folder}/daily.cvd", f"{folder}/daily.cld"):
        if file in answer.denied:
            return Database(Unseen(f"{name}: our account may not read {clean(file, 80)}"), "")
        if file not in answer.heads:
            continue
        head = read_head(answer.heads[file])
        if head is None:
            return Database(Unseen(f"{name}: the head of {clean(file, 80)} is damaged"), "")
        best = max(best, head) if best else head
    return Database(Seen(best[0]), best[1]) if best else Database(Seen(None), "")


def read_head(text: str) -> tuple[datetime, str] | None:
    """Date and version of a database's head; None where it is damaged or its two dates contradict each other."""
    match = _HEAD.fullmatch(text)
    if match is None:
        return None
    at = datetime.fromtimestamp(int(match["epoch"]), UTC)
    day = _DAY.match(match["day"])
    written = _calendar_day(day["day"], day["month"], day["year"]) if day else None
    return (at, match["version"]) if written and abs(at - written) <= timedelta(days=2) else None


def _calendar_day(day: str, month: str, year: str) -> datetime | None:
    """Midnight of a day given as `20`, `Nov`, `2026`; ClamAV writes English months in every language."""
    try:
        return datetime(int(year), _MONTHS.index(month) + 1, int(day), tzinfo=UTC)
    except ValueError:
        return None
