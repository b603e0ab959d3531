"""The site of a portfolio: a page for all clients, one for each, and their reports, in a folder that is replaced whole."""

from __future__ import annotations

import glob
import json
import logging
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import partial
from pathlib import Path

from scorecard import outputs
from scorecard.document import DocumentError
from scorecard.document_writing import time_text
from scorecard.errors import InputError, ReportError
from scorecard.folders import check_folder, write_whole
from scorecard.portfolio import tables
from scorecard.portfolio.model import Client, Ending, Imprint, Newest, Overdue, Site, Summary
from scorecard.portfolio.newest import newest
from scorecard.pseudonyms import redacted
from scorecard.registry import Registry
from scorecard.reporting import ReportContext
from scorecard.result import Promise
from scorecard.store import Store

log = logging.getLogger(__name__)

SCHEMA = "scorecard/portfolio/1"
_UNFINISHED = ".scorecard-part"
_ABANDONED_S = 86_400.0
INDEX, LIST, CLIENTS, TABLES = "index.html", "portfolio.json", "clients", "tables"


class Reports(StrEnum):
    """Of which audits reports are written."""

    NONE = "none"
    NEWEST = "newest"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for. `now`: the moment that ages are counted to. `tables`: whether those for analysts are written."""

    folder: Path
    now: datetime
    reports: Reports
    formats: tuple[str, ...]
    look: outputs.Look
    tables: bool = False


def check_target(folder: Path) -> None:
    """Whether the folder can be replaced: it is not there, or empty, or an earlier portfolio and nothing else.

    Raises InputError.
    """
    check_folder(folder.resolve().parent)
    if not folder.is_dir():
        check_folder(folder)
        return
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    if there and (foreign := sorted(there - _listed(folder))):
        raise InputError(
            f"{folder}: holds {foreign[0]!r}, which is not of an earlier portfolio; give another folder with --out"
        )


def _listed(folder: Path) -> set[str]:
    """The files that an earlier portfolio wrote there; none where there was no such portfolio."""
    try:
        found = json.loads((folder / LIST).read_text(encoding="utf-8"))
        return {LIST, *map(str, found["files"])} if found["schema"] == SCHEMA else set()
    except (OSError, ValueError, LookupError, TypeError):
        return set()


def write(store: Store, registry: Registry, site: Site, order: Order, told: Callable[[Client, int, int], None]) -> Path:
    """Write the site and return its first page. Raises ReportError; an earlier site stays as it is then.

    `told`: each client that is done, how many are, and how many there are. Holds one client's audit at a time.
    """
    names = store.clients()
    folders = outputs.folder_names([spellings[0] for spellings in names])
    with _replaced(order.folder.resolve()) as place:
        clients: list[Client] = []
        for spellings in names:
            client = Client(spellings[0], f"{CLIENTS}/{folders[spellings[0]]}", store.summaries(spellings))
            client = _with_newest(_with_reports(client, place, store, registry, order), store, order)
            clients.append(client)
            told(client, len(clients), len(names))
        found = tables.write(store, site, place / TABLES, names) if order.tables else ()
        last = _newest_of_all(clients)
        imprint = Imprint(
            order.now, last.provider, last.preferences, tuple(path.relative_to(place).as_posix() for path in found)
        )
        for client in clients:
            write_whole(place / client.folder / INDEX, partial(site.client, client, imprint))
        write_whole(place / INDEX, partial(site.index, clients, imprint))
        write_whole(place / LIST, partial(_list, clients, order.now, place))
    return order.folder / INDEX


def _newest_of_all(clients: Iterable[Client]) -> Newest:
    """Of whatever client: who the provider is, and how it writes."""
    told = [(client.audits[-1].as_of, client.newest) for client in clients if client.newest]
    return max(told, key=lambda pair: pair[0])[1] if told else Newest()


def _with_newest(client: Client, store: Store, order: Order) -> Client:
    """With what the newest audit's document tells, in numbers for names where all reports have those."""
    if not client.audits or client.audits[-1].id in client.unreadable:
        return client
    line = client.audits[-1]
    try:
        audit = store.load(line.id)
    except DocumentError:
        log.debug("%s: nothing is told of the audit %s", client.name, line.id, exc_info=True)
        return replace(client, unreadable=client.unreadable | {line.id})
    if order.look.redacts_all:
        audit, _ = redacted(audit, ReportContext())
    return replace(client, newest=newest(audit))


def _with_reports(client: Client, place: Path, store: Store, registry: Registry, order: Order) -> Client:
    chosen = {Reports.NONE: (), Reports.NEWEST: client.audits[-1:], Reports.ALL: client.audits}[order.reports]
    here = place / client.folder
    written: dict[str, tuple[str, ...]] = {}
    unreadable: set[str] = set()
    for line in chosen:
        try:
            audit = store.load(line.id)
        except DocumentError:
            log.debug("%s: no reports of the audit %s", client.name, line.id, exc_info=True)
            unreadable.add(line.id)
            continue
        shown = outputs.context(audit, store, registry, order.formats)
        folder = here / f"{line.as_of:%Y-%m-%d}-{outputs.slug(line.id)}"
        files = outputs.write(audit, folder, order.formats, shown, None, order.look)
        written[line.id] = tuple(path.relative_to(here).as_posix() for path in files)
    return replace(client, reports=written, unreadable=frozenset(unreadable))


def _list(clients: Sequence[Client], now: datetime, place: Path, path: Path) -> None:
    """The same figures for programs, with the files of the site, so that the next one knows what it may replace."""
    there = (found for found in place.rglob("*") if found.is_file() and found != path)
    content = {
        "schema": SCHEMA,
        "made_at": time_text(now),
        "clients": [
            {
                "name": client.name,
                "page": f"{client.folder}/{INDEX}",
                "audits": [_audit(line, client) for line in client.audits],
                "promises": [_promise(one) for one in client.newest.promises] if client.newest else None,
                "overdue": [_overdue(one) for one in client.newest.overdue] if client.newest else None,
                "support_ends": [_ending(one) for one in client.newest.endings] if client.newest else None,
            }
            for client in clients
        ],
        "files": sorted(found.relative_to(place).as_posix() for found in there),
    }
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", errors="replace")


def _audit(line: Summary, client: Client) -> dict[str, object]:
    return {
        "id": line.id,
        "as_of": time_text(line.as_of),
        "score": line.score,
        "letter": line.letter,
        "provisional": line.provisional,
        "coverage": line.coverage,
        "machines": line.devices,
        "not_seen": line.unseen,
        "open_findings": line.open_findings,
        "overdue_findings": line.overdue,
        "interrupted": line.interrupted,
        "made_up": line.made_up,
        "reports": [f"{client.folder}/{name}" for name in client.reports.get(line.id, ())],
    }


def _promise(one: Promise) -> dict[str, object]:
    return {"id": one.id, "title": one.title, "answer": one.answer.value, "of": one.of, "met": one.met}


def _overdue(one: Overdue) -> dict[str, object]:
    return {
        "check": one.check,
        "to_do": one.task,
        "severity": one.severity.value,
        "since": time_text(one.since),
        "machines": [*one.machines],
    }


def _ending(one: Ending) -> dict[str, object]:
    on = one.on.isoformat() if one.on else None
    return {"system": one.system, "on": on, "found_over": one.over, "machines": [*one.machines]}


@contextmanager
def _replaced(folder: Path) -> Iterator[Path]:
    """A new folder to fill, which takes the place of `folder` at the end; on any error that stays as it was."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        work = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=_UNFINISHED, dir=folder.parent))
    except OSError as error:
        raise ReportError(f"{folder}: cannot be written: {error.strerror or error}") from error
    try:
        fresh, old = work / "new", work / "old"
        fresh.mkdir(mode=0o700)
        yield fresh
        try:
            _swap(folder, fresh, old)
        except OSError as error:
            raise ReportError(f"{folder}: cannot be replaced: {error.strerror or error}") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _sweep(folder: Path) -> None:
    """What a build that was killed left beside the folder, a day ago or longer."""
    for left in folder.parent.glob(f".{glob.escape(folder.name)}.*{_UNFINISHED}"):
        if left.is_dir() and left.stat().st_mtime < time.time() - _ABANDONED_S:
            shutil.rmtree(left, ignore_errors=True)


def _swap(folder: Path, fresh: Path, old: Path) -> None:
    if folder.exists():
        folder.rename(old)
    try:
        fresh.rename(folder)
    except OSError:
        with suppress(FileNotFoundError):
            old.rename(folder)
        raise
