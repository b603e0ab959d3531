"""The history of audits: every endpoint's result as it arrives, every finished audit document, every raw answer."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Row, create_engine, event, insert, select, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from scorecard.collect import EndpointResult, Remembered
from scorecard.document import device_from_json, device_json, dumps, finding_from_json, finding_json, loads
from scorecard.errors import InputError, StoreError
from scorecard.folders import data_folder, private_folder
from scorecard.model import Finding, Observation, Outcome, Platform, Role, Status
from scorecard.reporting import Past
from scorecard.result import Audit, Device, System
from scorecard.store import statements, tables
from scorecard.store.migrate import migrate

_OPEN = (Status.FAIL, Status.WARN)
_LONGEST_NAME = 255


# What SQLite says -> what a person can do about it.
_REMEDIES = {
    "locked": "another program is writing to it; try again when that has ended",
    "not a database": "name another store with --store, or put the file back from a backup",
    "malformed": "the file is damaged; put it back from a backup, or name another store with --store",
    "readonly": "give yourself the right to write to the file and its folder, or name another store with --store",
    "unable to open": "expected a file in a folder that you can write to",
    "disk is full": "make room and try again; what was committed before is kept",
    "disk I/O error": "see whether the disk is full or failing; what was committed before is kept",
}


class StoreUnusable(StoreError, InputError):
    """The store cannot be used at all, found before anything was asked: the wrong place, or one that is damaged."""


class UnknownAudit(InputError):
    """No audit of that id or client is in the store."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the history."""

    id: str
    client: str
    started_at: datetime
    finished_at: datetime | None
    scope: str
    score: float | None
    letter: str | None
    coverage: float | None
    devices: int | None
    open_findings: int | None


def default_url() -> str:
    return f"sqlite:///{data_folder() / 'history.db'}"


class Store:
    """Use from one thread. Every method raises StoreError where the database cannot do its part."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str | None = None) -> Store:
        """Open and bring the tables up to date. The file of a SQLite store is created for its owner only.

        Raises StoreUnusable.
        """
        url = url or default_url()
        engine = _engine(url)
        try:
            with _translated(url):
                migrate(engine)
        except StoreError as error:
            engine.dispose()
            raise StoreUnusable(str(error)) from error
        return cls(engine)

    def close(self) -> None:
        self._engine.dispose()

    # --- writing ---------------------------------------------------------------------------------------------------

    def begin(self, audit_id: str, client: str, started_at: datetime, scope: str) -> None:
        with self._transaction() as connection:
            values = {"id": audit_id, "client": client, "started_at": started_at, "scope": scope}
            connection.execute(insert(tables.audits).values(values))

    def add(self, audit_id: str, client: str, results: Iterable[EndpointResult]) -> None:
        """Commit results that came in together: findings, raw answers, what is now known of each endpoint."""
        with self._transaction() as connection:
            for result in results:
                self._add(connection, audit_id, client, result)

    def _add(self, connection: Connection, audit_id: str, client: str, result: EndpointResult) -> None:
        device = result.device
        content = {"device": device_json(device), "findings": [finding_json(finding) for finding in result.findings]}
        values = {
            "audit_id": audit_id,
            "endpoint": device.name,
            "committed_at": datetime.now(UTC),
            "content": _pack(json.dumps(content, ensure_ascii=False)),
        }
        connection.execute(statements.add_result, values)
        self._keep_observations(connection, audit_id, device.name, result.observations)
        self._remember(connection, client, result)

    def finish(self, audit: Audit) -> None:
        card = audit.scorecard
        values = {
            "as_of": audit.as_of,
            "finished_at": audit.finished_at,
            "score": card.score,
            "letter": card.letter,
            "coverage": card.coverage,
            "devices": len(audit.devices),
            "open_findings": sum(finding.status in _OPEN and finding.counts for finding in audit.findings),
            "document": _pack(dumps(audit, indent=None)),
        }
        with self._transaction() as connection:
            connection.execute(update(tables.audits).where(tables.audits.c.id == audit.id).values(values))

    def _keep_observations(
        self, connection: Connection, audit_id: str, endpoint: str, observations: Mapping[str, Observation]
    ) -> None:
        if not observations:
            return
        there = set(connection.execute(statements.kept_digests, {"of_digests": list(observations)}).scalars())
        new = [
            {
                "digest": digest,
                "part": seen.part,
                "outcome": seen.outcome.value,
                "code": seen.code,
                "reason": seen.reason[:1000],
                "text": _pack(seen.text),
            }
            for digest, seen in observations.items()
            if digest not in there
        ]
        if new:
            connection.execute(statements.keep_observations, new)
        links = [
            {
                "audit_id": audit_id,
                "endpoint": endpoint,
                "digest": digest,
                "observed_at": seen.observed_at,
                "duration_ms": seen.duration_ms,
            }
            for digest, seen in observations.items()
        ]
        connection.execute(statements.link_observations, links)

    def _remember(self, connection: Connection, client: str, result: EndpointResult) -> None:
        """What was seen replaces what was known; an endpoint that was not seen is only noted as expected."""
        device = result.device
        mine = {"of_client": client, "of_name": device.name}
        if connection.execute(statements.known_endpoint, mine).first() is None:
            since = device.expected_since or result.as_of
            connection.execute(statements.expect_endpoint, {"client": client, "name": device.name, "expected_since": since})
        if not device.seen:
            return
        values: dict[str, Any] = {
            "first_seen_at": device.first_seen_at,
            "last_seen_at": device.last_seen_at,
            "role": device.role.value,
            "platform": device.platform.value if device.platform else None,
            "os_name": device.os.name[:255],
            "os_version": device.os.version[:64],
            "os_build": device.os.build[:255],
            "address": device.address[:255],
            "site": device.site[:255],
        }
        connection.execute(statements.remember_endpoint, {**values, **mine})
        self._note_sightings(connection, mine, result)

    @staticmethod
    def _note_sightings(connection: Connection, mine: Mapping[str, str], result: EndpointResult) -> None:
        """Keep the first date of what is still there, add what is new, forget what is gone."""
        there = {(row.topic, row.name) for row in connection.execute(statements.sightings, mine)}
        now = {(topic, name[:_LONGEST_NAME]) for topic, names in result.remembered.items() for name in names}
        gone = [
            {**mine, "of_topic": topic, "of_sighting": name}
            for topic, name in sorted(there - now)
            if topic in result.remembered
        ]
        if gone:
            connection.execute(statements.forget_sightings, gone)
        fixed = {"client": mine["of_client"], "endpoint": mine["of_name"], "first_seen_at": result.as_of}
        if new := [{**fixed, "topic": topic, "name": name} for topic, name in sorted(now - there)]:
            connection.execute(statements.note_sightings, new)

    def rename(self, client: str, names: Mapping[str, str]) -> None:
        """Endpoints of a client, old name to new: what is known of them from now on goes by the new one."""
        with self._transaction() as connection:
            for old, new in names.items():
                for table, column in (
                    (tables.endpoints, tables.endpoints.c.name),
                    (tables.sightings, tables.sightings.c.endpoint),
                ):
                    mine = (table.c.client == client, column == old)
                    connection.execute(update(table).where(*mine).values({column: new}))

    # --- reading ---------------------------------------------------------------------------------------------------

    def history(self, client: str | None = None) -> tuple[Entry, ...]:
        """All audits, oldest first."""
        column = tables.audits.c
        wanted = [column[name] for name in Entry.__dataclass_fields__]
        query = select(*wanted).order_by(column.started_at, column.id)
        if client is not None:
            query = query.where(column.client == client)
        with self._transaction() as connection:
            return tuple(Entry(*row) for row in connection.execute(query))

    def client_since(self, client: str) -> datetime | None:
        """When the first audit of the whole client ended; None where there was none.

        A look at a part of the client is none: it would make every machine that it left out one that joined lately.
        """
        column = tables.audits.c
        query = select(column.finished_at).where(
            column.client == client, column.scope == "", column.finished_at.is_not(None)
        )
        with self._transaction() as connection:
            return connection.execute(query.order_by(column.finished_at).limit(1)).scalar()

    def past(self, client: str, before: datetime) -> tuple[Past, ...]:
        """Earlier finished audits of the whole client, oldest first, for the trend."""
        column = tables.audits.c
        query = (
            select(
                column.id, column.as_of, column.score, column.letter, column.coverage, column.devices, column.open_findings
            )
            .where(column.client == client, column.scope == "", column.document.is_not(None), column.as_of < before)
            .order_by(column.as_of, column.id)
        )
        with self._transaction() as connection:
            return tuple(Past(*row) for row in connection.execute(query))

    def load(self, audit_id: str | None = None, client: str | None = None) -> Audit:
        """A finished audit by its id (or the start of it), else the newest of the client or of all."""
        column = tables.audits.c
        query = select(column.id, column.document).where(column.document.is_not(None)).order_by(column.started_at.desc())
        if client is not None:
            query = query.where(column.client == client)
        if audit_id is not None:
            query = query.where(column.id.startswith(audit_id, autoescape=True))
        with self._transaction() as connection:
            rows = connection.execute(query.limit(2)).all()
        if not rows:
            wanted = audit_id or client
            which = f" {wanted!r}" if wanted else ""
            raise UnknownAudit(f"no finished audit{which} in the store; `scorecard history` lists them")
        if audit_id is not None and len(rows) > 1:
            raise UnknownAudit(f"several audits start with {audit_id!r}; give more of the id")
        return loads(_unpack(rows[0].document), f"stored audit {rows[0].id}")

    def results(self, audit_id: str) -> Iterator[tuple[Device, tuple[Finding, ...]]]:
        """What was committed of an audit, finished or not."""
        table = tables.results
        query = select(table.c.content).where(table.c.audit_id == audit_id).order_by(table.c.endpoint)
        with self._transaction() as connection:
            for packed in connection.execute(query).scalars():
                content = json.loads(_unpack(packed))
                yield device_from_json(content["device"]), tuple(map(finding_from_json, content["findings"]))

    def evidence(self, audit_id: str, digests: Iterable[str] | None = None) -> dict[str, dict[str, Observation]]:
        """Raw answers of an audit: endpoint -> digest -> observation; all, or only those named."""
        link, kept = tables.observed.c, tables.observations.c
        query = (
            select(link.endpoint, link.digest, link.observed_at, link.duration_ms, *kept)
            .join(tables.observations, kept.digest == link.digest)
            .where(link.audit_id == audit_id)
            .order_by(link.endpoint, kept.part)
        )
        wanted = None if digests is None else frozenset(digests)
        found: dict[str, dict[str, Observation]] = {}
        with self._transaction() as connection:
            for row in connection.execute(query):
                if wanted is None or row.digest in wanted:
                    found.setdefault(row.endpoint, {})[row.digest] = _observation(row)
        return found

    def remembered(self, client: str) -> dict[str, Remembered]:
        """What earlier audits know of this client's endpoints, by name."""
        with self._transaction() as connection:
            rows = connection.execute(select(tables.endpoints).where(tables.endpoints.c.client == client)).all()
            seen = connection.execute(select(tables.sightings).where(tables.sightings.c.client == client)).all()
        found = {
            row.name: Remembered(
                role=Role(row.role) if row.role else None,
                platform=Platform(row.platform) if row.platform else None,
                os=System(row.os_name, row.os_version, row.os_build),
                address=row.address,
                site=row.site,
                expected_since=row.expected_since,
                first_seen_at=row.first_seen_at,
                last_seen_at=row.last_seen_at,
            )
            for row in rows
        }
        dates: dict[str, dict[str, dict[str, datetime]]] = {}
        for row in seen:
            dates.setdefault(row.endpoint, {}).setdefault(row.topic, {})[row.name] = row.first_seen_at
        return {name: replace(known, sightings=dates.get(name, {})) for name, known in found.items()}

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with _translated(str(self._engine.url)), self._engine.begin() as connection:
            yield connection


@contextmanager
def _translated(url: str) -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        said = str(getattr(error, "orig", None) or error).splitlines()[0]
        remedy = next((f"; {remedy}" for sign, remedy in _REMEDIES.items() if sign in said), "")
        raise StoreError(f"store {_shown(url)}: {said}{remedy}") from error


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database and parsed.database != ":memory:":
            _prepare_file(Path(parsed.database))
        engine = create_engine(parsed)
    except ModuleNotFoundError as error:
        raise StoreUnusable(f"store {_shown(url)}: the Python package {error.name} is not installed; install it") from error
    except (ArgumentError, NoSuchModuleError, ValueError, UnicodeError) as error:
        # The cause is not quoted: it may hold the URL's password.
        raise StoreUnusable(f"store {_shown(url)}: expected a URL such as sqlite:////path/history.db") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
    return engine


def _shown(url: str) -> str:
    """A URL without its password."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except (ArgumentError, ValueError):
        return "(the URL cannot be read)"


def _prepare_file(path: Path) -> None:
    try:
        private_folder(path.parent)
        path.touch(mode=0o600, exist_ok=True)
    except OSError as error:
        raise StoreUnusable(f"store {path}: cannot be opened: {error.strerror or error}") from error


def _set_up_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    # What is committed survives a power cut, and a reader never sees a half-written audit.
    for setting in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def _pack(text: str) -> bytes:
    """Compressed in a window no larger than the text: setting up the usual one takes longer than a short text does.

    Any reader of the format reads every window.
    """
    data = text.encode("utf-8", errors="replace")
    window = min(max(len(data).bit_length(), 9), zlib.MAX_WBITS)
    packer = zlib.compressobj(6, zlib.DEFLATED, window, max(window - 7, 1))
    return packer.compress(data) + packer.flush()


def _unpack(packed: bytes) -> str:
    try:
        return zlib.decompress(packed).decode("utf-8")
    except (zlib.error, UnicodeDecodeError) as error:
        raise StoreError("the store is damaged: something kept in it cannot be read back") from error


def _observation(row: Row[Any]) -> Observation:
    return Observation(
        part=row.part,
        outcome=Outcome(row.outcome),
        text=_unpack(row.text),
        code=row.code,
        duration_ms=row.duration_ms,
        observed_at=row.observed_at,
        reason=row.reason,
    )
