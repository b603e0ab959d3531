"""The history of audits: every endpoint's result as it arrives, every finished audit document, every raw answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, insert, select, update

from scorecard.collect import EndpointResult, Remembered
from scorecard.document import DocumentError, loads
from scorecard.document_writing import chunks
from scorecard.errors import InputError, StoreError
from scorecard.exceptions.entries import Kept
from scorecard.folders import data_folder
from scorecard.model import OPEN, Observation
from scorecard.portfolio.model import Summary
from scorecard.reporting import Past
from scorecard.result import Audit
from scorecard.seal import Sealing
from scorecard.store import excepted, known, locks, names, raw, runs, squares, statements, summaries, tables
from scorecard.store.database import SameFile, StoreBusy, StoreUnusable, connect, file_of, translated
from scorecard.store.locks import AuditRunning
from scorecard.store.migrate import migrate
from scorecard.store.rows import Prepared, pack_pieces, result_of, unpack
from scorecard.store.runs import Begun, Run
from scorecard.strips import Squares

__all__ = ["AuditRunning", "Begun", "Entry", "Run", "Store", "StoreUnusable", "UnknownAudit", "default_url"]

_PAUSE_S = 0.5


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
    interrupted: bool = False  # it was stopped early; --resume may go on with it


def default_url() -> str:
    return f"sqlite:///{data_folder() / 'history.db'}"


class Store:
    """Use from one thread. Every method raises StoreError where the database cannot do its part.

    Results are written with patience: for `patience_s` another program may hold the store, or its server be away.
    `on_wait` is told why, once for each time.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._statements = statements.of(engine.dialect.name)
        file = file_of(engine.url)
        self._check_file: Callable[[], None] = SameFile(file).check if file else _nothing
        self._keep_locks: Callable[[], None] = _nothing
        self.patience_s = 300.0
        self.on_wait: Callable[[str], None] = lambda _said: None

    @classmethod
    def open(cls, url: str | None = None) -> Store:
        """Open and bring the tables up to date. The file of a SQLite store is created for its owner only.

        Raises StoreUnusable.
        """
        url = url or default_url()
        engine = connect(url)
        try:
            with translated(url):
                migrate(engine)
        except StoreError as error:
            engine.dispose()
            raise StoreUnusable(str(error)) from error
        return cls(engine)

    def close(self) -> None:
        self._engine.dispose()

    # --- writing ---------------------------------------------------------------------------------------------------

    @contextmanager
    def auditing(self, clients: Iterable[str]) -> Iterator[None]:
        """Nobody else audits these clients meanwhile, on this store. Raises AuditRunning where somebody does already.

        Ends with the process, however that ends. What is kept of a client whose name was written in other capitals goes
        by the name given from now on.
        """
        wanted = tuple(clients)
        with locks.hold(self._engine, wanted) as keep_locks:
            self._keep_locks = keep_locks
            try:
                try:
                    self._take_over(wanted)
                except StoreError as error:
                    raise StoreUnusable(str(error)) from error
                yield
            finally:
                self._keep_locks = _nothing

    def _take_over(self, clients: Iterable[str]) -> None:
        with self._transaction() as connection:
            for client in clients:
                names.take_over(connection, client)

    def begin(self, audit_id: str, client: str, started_at: datetime, scope: str, basis: str = "", run: str = "") -> None:
        """`basis`: what results are judged by; an audit is gone on with only by the same. `run`: begun together."""
        values = {"id": audit_id, "client": client, "started_at": started_at, "scope": scope, "basis": basis, "run": run}
        values["reported"] = False
        with self._transaction() as connection:
            connection.execute(insert(tables.audits).values(values))

    def add(self, audit_id: str, client: str, results: Iterable[Prepared], *, again: bool = False) -> None:
        """Commit results that came in together: findings, raw answers, what is now known of each endpoint.

        `again`: in place of what these endpoints gave before in this audit; else a second result is an error.
        """
        prepared = tuple(results)

        def write(connection: Connection, tried: bool) -> None:
            for result in prepared:
                if again or tried:  # a commit whose confirmation was lost may have gone well
                    mine = {"of_audit": audit_id, "of_name": result.endpoint}
                    connection.execute(self._statements.forget_links, mine)
                    connection.execute(self._statements.forget_results, mine)
                self._add(connection, audit_id, client, result)

        self._patiently(write)

    def _add(self, connection: Connection, audit_id: str, client: str, result: Prepared) -> None:
        values = {
            "audit_id": audit_id,
            "endpoint": result.endpoint,
            "committed_at": datetime.now(UTC),
            "content": result.content,
        }
        connection.execute(self._statements.add_result, values)
        raw.keep(connection, self._statements, audit_id, result)
        known.remember(connection, self._statements, client, result)

    def expect(self, client: str, names: Iterable[str], since: datetime) -> None:
        """Note endpoints that were not asked: they belong to the client all the same."""
        rows = [{"client": client, "name": name, "expected_since": since} for name in sorted(names)]
        if rows:
            self._patiently(lambda connection, _tried: connection.execute(self._statements.expect_endpoint, rows))

    def finish(self, audit: Audit, kept: Iterable[Kept] | None = None) -> None:
        """`kept`: what is to be remembered of the client's exceptions from now on; None leaves that as it is."""
        card, sealing = audit.scorecard, Sealing(audit.previous)
        values = {
            "as_of": audit.as_of,
            "finished_at": audit.finished_at,
            "interrupted": audit.interrupted,
            "reported": False,
            "score": card.score,
            "letter": card.letter,
            "coverage": card.coverage,
            "devices": len(audit.devices),
            "open_findings": sum(finding.status in OPEN and finding.counts for finding in audit.findings),
            "document": pack_pieces(chunks(audit, lines=False, sealing=sealing)),
            "chain": sealing.chain,
            "squares": squares.packed(audit),
            **summaries.values(audit),
        }
        done = update(tables.audits).where(tables.audits.c.id == audit.id).values(values)
        remembered = None if kept is None else tuple(kept)

        def write(connection: Connection, _tried: bool) -> None:
            connection.execute(done)
            if remembered is not None:
                excepted.write(connection, audit.client, remembered)

        self._patiently(write)

    def reported(self, audit_id: str) -> None:
        """Note that the audit's reports were written: --resume has nothing left to do for it."""
        done = update(tables.audits).where(tables.audits.c.id == audit_id).values(reported=True)
        self._patiently(lambda connection, _tried: connection.execute(done))

    def rename(self, client: str, renamed: Mapping[str, str]) -> None:
        """Endpoints of a client, old name to new: what is known of them from now on goes by the new one."""
        with self._transaction() as connection:
            names.rename(connection, client, renamed)

    # --- reading ---------------------------------------------------------------------------------------------------

    def history(self, client: str | None = None) -> tuple[Entry, ...]:
        """All audits, oldest first."""
        column = tables.audits.c
        wanted = [column[name] for name in Entry.__dataclass_fields__]
        query = select(*wanted).order_by(column.started_at, column.id)
        with self._transaction() as connection:
            if client is not None:
                query = query.where(column.client.in_(names.spellings(connection, client)))
            return tuple(Entry(*row) for row in connection.execute(query))

    def client_since(self, client: str, before: datetime | None = None) -> datetime | None:
        """When the first audit of the whole client ended; None where there was none. `before`: that began before then.

        A look at a part of the client is none: it would make every machine that it left out one that joined lately.
        """
        column = tables.audits.c
        query = select(column.finished_at).where(
            column.client == client, column.scope == "", column.finished_at.is_not(None)
        )
        if before is not None:
            query = query.where(column.started_at < before)
        with self._transaction() as connection:
            return connection.execute(query.order_by(column.finished_at).limit(1)).scalar()

    def chain_before(self, client: str, started_at: datetime) -> str | None:
        """The chain of the client's newest finished audit that began before then; None where there is none."""
        column = tables.audits.c
        query = select(column.chain).where(
            column.client == client, column.document.is_not(None), column.started_at < started_at
        )
        with self._transaction() as connection:
            return connection.execute(query.order_by(column.started_at.desc(), column.id).limit(1)).scalar()

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

    def squares(self, audit_ids: Iterable[str]) -> Iterator[tuple[str, Squares]]:
        """What these audits said, in any order; without those of which an older version kept none, or that are damaged."""
        with self._transaction() as connection:
            yield from squares.read(connection, audit_ids)

    def clients(self) -> tuple[tuple[str, ...], ...]:
        """Every client: its name, then what differs from it in capitals alone and is the same client."""
        with self._transaction() as connection:
            return summaries.clients(connection)

    def summaries(self, spellings: Iterable[str]) -> tuple[Summary, ...]:
        """Finished audits of the whole client, oldest first, without their documents.

        What an older version did not keep beside the newest one is taken from its document, where this one reads it.
        """
        with self._transaction() as connection:
            found = summaries.read(connection, spellings)
        if found and found[-1].unseen is None:
            with suppress(DocumentError):
                return (*found[:-1], replace(found[-1], **summaries.values(self.load(found[-1].id))))
        return found

    def load(self, audit_id: str | None = None, client: str | None = None) -> Audit:
        """A finished audit by its id (or the start of it), else the newest of the client or of all."""
        column = tables.audits.c
        query = select(column.id, column.document).where(column.document.is_not(None)).order_by(column.started_at.desc())
        if audit_id is not None:
            query = query.where(column.id.startswith(audit_id, autoescape=True))
        with self._transaction() as connection:
            if client is not None:
                query = query.where(column.client.in_(names.spellings(connection, client)))
            rows = connection.execute(query.limit(2)).all()
        if not rows:
            wanted = audit_id or client
            which = f" {wanted!r}" if wanted else ""
            raise UnknownAudit(f"no finished audit{which} in the store; `scorecard history` lists them")
        if audit_id is not None and len(rows) > 1:
            raise UnknownAudit(f"several audits start with {audit_id!r}; give more of the id")
        return loads(unpack(rows[0].document), f"stored audit {rows[0].id}")

    def results(self, audit_id: str) -> Iterator[EndpointResult]:
        """What was committed of an audit, finished or not, by endpoint and without the raw answers."""
        table = tables.results
        query = select(table.c.content).where(table.c.audit_id == audit_id).order_by(table.c.endpoint)
        with self._transaction() as connection:
            for packed in connection.execute(query).scalars():
                yield result_of(packed)

    def last_run(self, clients: Iterable[str], scope: str) -> Run | None:
        """The newest run that had audits of these clients."""
        with self._transaction() as connection:
            return runs.last_run(connection, clients, scope)

    def broken_off(self, client: str, scope: str, basis: str, run: str) -> Begun | None:
        """The client's audit of that run, if not every endpoint was asked and it was judged by the same."""
        with self._transaction() as connection:
            return runs.broken_off(connection, client, scope, basis, run)

    def evidence(self, audit_id: str, digests: Iterable[str] | None = None) -> dict[str, dict[str, Observation]]:
        """Raw answers of an audit: endpoint -> digest -> observation; all, or only those named."""
        return dict(self.answers(audit_id, digests))

    def answers(self, audit_id: str, digests: Iterable[str] | None = None) -> Iterator[tuple[str, dict[str, Observation]]]:
        """The same endpoint by endpoint, in order of their names; those without any are left out."""
        with self._transaction() as connection:
            yield from raw.read(connection, audit_id, digests)

    def remembered(self, client: str) -> dict[str, Remembered]:
        """What earlier audits know of this client's endpoints, by name."""
        with self._transaction() as connection:
            return known.read(connection, client)

    def excepted(self, client: str) -> tuple[Kept, ...]:
        """What earlier audits remember of this client's exceptions."""
        with self._transaction() as connection:
            return excepted.read(connection, client)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with translated(str(self._engine.url)), self._engine.begin() as connection:
            yield connection

    def _patiently(self, write: Callable[[Connection, bool], object]) -> None:
        """`write` gets whether it was tried before."""
        until, tried = time.monotonic() + self.patience_s, False
        while True:
            try:
                self._keep_locks()
                self._check_file()
                with self._transaction() as connection:
                    write(connection, tried)
                self._check_file()
            except StoreBusy as error:
                if time.monotonic() >= until:
                    raise
                if not tried:
                    self.on_wait(error.said)
                tried = True
                time.sleep(_PAUSE_S)
            else:
                return


def _nothing() -> None:
    return
