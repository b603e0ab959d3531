"""`scorecard audit`: ask, judge, grade, report."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import click

from scorecard import logs, outputs
from scorecard.asking import Order, Stop
from scorecard.audit import basis, run
from scorecard.cli import EXIT_BELOW, EXIT_ERROR, EXIT_INTERRUPTED, EXIT_NOT_ALL_SEEN, EXIT_OK
from scorecard.cli.agreed import exceptions_of
from scorecard.cli.before_contact import check_authorisation, check_credentials, check_data, hide_environment
from scorecard.cli.chosen import fitting, listed, this_computer
from scorecard.cli.options import (
    Duration,
    checks_option,
    edition_option,
    format_option,
    letter_option,
    out_option,
    redact_option,
    standard_option,
    store_option,
)
from scorecard.cli.progress import watch
from scorecard.cli.resuming import begun_run, broken_off, finished
from scorecard.cli.stopping import in_time, stoppable
from scorecard.cli.summary import show
from scorecard.cli.terminal import complain, say, say_json
from scorecard.cli.writing import what_to_write
from scorecard.collect import DEFAULT_CONCURRENCY, DEFAULT_DEADLINE_S, Collector
from scorecard.document_writing import dumps
from scorecard.errors import ReportError, StoreError
from scorecard.folders import check_folder
from scorecard.inventory import Client
from scorecard.pool import MOST, Pool, Recipe, how_many
from scorecard.registry import Registry
from scorecard.reporting import ReportContext
from scorecard.result import Audit
from scorecard.secrets import Redactor, Resolver
from scorecard.standard import DEFAULT, LETTERS, Standard
from scorecard.standard import load as load_standard
from scorecard.store import Run, Store, StoreUnusable
from scorecard.transports import Transports
from scorecard.transports.accounts import MOST_REFUSALS, Accounts
from scorecard.window import spoken


@dataclass(frozen=True, slots=True)
class _Wishes:
    """What was asked for on the command line, beyond which machines."""

    formats: tuple[str, ...]
    look: outputs.Look
    folder: Path | None
    as_json: bool
    fail_under: str | None
    concurrency: int
    deadline_s: float
    evidence: bool
    resume: bool
    max_refused: int
    processes: int | None
    check_folders: tuple[Path, ...]


@click.command()
@click.argument("inventory", nargs=-1, type=click.Path(path_type=Path))
@click.option("--local", is_flag=True, help="Audit this computer; no inventory is needed.")
@click.option("--client", metavar="NAME", help="Only this client of the inventory.")
@click.option(
    "--limit", metavar="PATTERN", help="Only endpoints whose name, site or tag fits, such as 'web*'. Gives no grade."
)
@standard_option
@click.option(
    "--exceptions",
    "exceptions_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What was agreed to, declined or stated; else what the inventory names.",
)
@out_option
@format_option
@edition_option
@letter_option
@redact_option
@click.option("--json", "as_json", is_flag=True, help="Print the audit document on standard output.")
@click.option(
    "--fail-under",
    type=click.Choice(LETTERS, case_sensitive=False),
    help="End with code 4 when the grade is worse than this.",
)
@click.option(
    "--concurrency",
    type=click.IntRange(1, 500),
    default=DEFAULT_CONCURRENCY,
    show_default=True,
    help="Endpoints at a time.",
)
@click.option(
    "--processes",
    type=click.IntRange(1, MOST),
    metavar="N",
    help="Processes that ask; else as many as there are cores where the fleet is large.",
)
@click.option(
    "--deadline",
    "deadline_s",
    type=click.FloatRange(1, 3600),
    default=DEFAULT_DEADLINE_S,
    show_default=True,
    metavar="SECONDS",
    help="Hard limit for one endpoint.",
)
@click.option(
    "--canary",
    type=click.IntRange(0, 100),
    default=0,
    metavar="N",
    help="Ask N endpoints of each client first; when one misbehaves, ask no other.",
)
@click.option(
    "--max-time",
    "max_time_s",
    type=Duration(),
    help="Limit for the whole run, such as 90m; who was not asked by then is counted as not seen.",
)
@click.option(
    "--window",
    "window_s",
    type=Duration(),
    default=0.0,
    help="Try who was not seen again, spread over the day, until all answered or this has passed, such as 7d.",
)
@click.option(
    "--max-refused",
    type=click.IntRange(1, 1000),
    default=MOST_REFUSALS,
    show_default=True,
    metavar="N",
    help="Stop using a password that N machines refused, so that the account is not locked.",
)
@click.option("--resume", is_flag=True, help="Go on with the last audit where it was broken off; its results stay.")
@click.option("--evidence", is_flag=True, help="Put the raw answers into audit.json as well.")
@click.option("--dry-run", is_flag=True, help="Show who would be asked and what; contact nobody.")
@store_option
@checks_option
def audit(
    inventory: tuple[Path, ...],
    local: bool,
    client: str | None,
    limit: str | None,
    standard: str | None,
    exceptions_file: Path | None,
    folder: Path | None,
    formats: str | None,
    editions: str | None,
    with_letter: bool,
    redact: bool | None,
    as_json: bool,
    fail_under: str | None,
    concurrency: int,
    processes: int | None,
    deadline_s: float,
    canary: int,
    max_time_s: float | None,
    window_s: float,
    max_refused: int,
    resume: bool,
    evidence: bool,
    dry_run: bool,
    store_url: str | None,
    check_folders: tuple[Path, ...],
) -> int:
    """Audit the endpoints of INVENTORY, or this computer with --local."""
    if local == bool(inventory):
        raise click.UsageError("give an inventory, or --local for this computer; `scorecard init` writes a first inventory")
    if limit and fail_under:
        raise click.UsageError("--fail-under needs a grade, and --limit gives none")
    if local and client:
        raise click.UsageError("--client chooses from an inventory, and --local needs none")
    files = folder is not None or not as_json
    wanted, look = what_to_write(formats, editions, with_letter=with_letter, redact=redact, as_json=as_json, files=files)
    if limit:
        outputs.check_whole(wanted, "--limit")
    registry = Registry.load(check_folders)
    clients = fitting((this_computer(),) if local else listed(inventory, client, exceptions_file), limit)
    if as_json and len(clients) > 1:
        raise click.UsageError(f"--json prints one audit, and here are {len(clients)} clients; choose one with --client")
    if exceptions_file and len(clients) > 1:
        raise click.UsageError(f"--exceptions are one client's, and here are {len(clients)}; choose one with --client")
    jobs = [
        _job(
            replace(_order(entry, limit, local), canary=canary, window_s=window_s),
            standard or entry.standard or DEFAULT,
            exceptions_file or entry.exceptions,
            registry,
        )
        for entry in clients
    ]
    check_data(registry)
    check_authorisation(clients)
    if dry_run:
        return _dry_run([job.order for job in jobs], registry)
    wishes = _Wishes(
        formats=wanted,
        look=look,
        folder=folder if folder or as_json else Path("scorecard-report"),
        as_json=as_json,
        fail_under=fail_under,
        concurrency=concurrency,
        deadline_s=deadline_s,
        evidence=evidence,
        resume=resume,
        max_refused=max_refused,
        processes=processes,
        check_folders=check_folders,
    )
    if wishes.folder is not None:
        check_folder(wishes.folder)
    hide_environment((job.order.endpoints, job.resolver) for job in jobs)
    check_credentials((job.order, job.resolver) for job in jobs)
    store = Store.open(store_url)
    store.on_wait = lambda said: complain(f"{said}; it is tried again for {spoken(store.patience_s)}")
    try:
        with store.auditing(job.order.client for job in jobs), stoppable() as stop, in_time(stop, max_time_s):
            begun = begun_run([job.order for job in jobs], store) if resume else None
            return _all(jobs, _Shared(registry, store, wishes, stop, begun))
    finally:
        store.close()


@dataclass(frozen=True, slots=True)
class _Job:
    """One client's audit: what is to be done, by which standard, and its secrets, which no other client's audit sees."""

    order: Order
    standard: Standard
    standard_named: str
    redactor: Redactor
    resolver: Resolver


def _job(order: Order, standard: str, exceptions: str | Path, registry: Registry) -> _Job:
    redactor, loaded = Redactor(), load_standard(standard, registry.checks)
    order = replace(order, exceptions=exceptions_of(order, exceptions, loaded, registry))
    return _Job(order, loaded, standard, redactor, Resolver(redactor))


@dataclass(frozen=True, slots=True)
class _Shared:
    """What the audits of one run share. `begun`: the run to go on with."""

    registry: Registry
    store: Store
    wishes: _Wishes
    stop: Stop
    begun: Run | None
    new_run: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def run(self) -> str:
        return self.begun.id if self.begun else self.new_run


def _all(jobs: Sequence[_Job], shared: _Shared) -> int:
    """One client after the other; where one's reports cannot be written the others are audited all the same."""
    folders = outputs.folder_names([job.order.client for job in jobs]) if len(jobs) > 1 else {}
    codes: list[int] = []
    for job in jobs:
        client = job.order.client
        if shared.stop.by_hand:
            complain(f"{client}: not audited, because the run was stopped")
            continue
        try:
            codes.append(_one(job, folders.get(client, ""), shared))
        except StoreUnusable as error:
            raise (StoreError(str(error)) if codes else error) from error
        except ReportError as error:
            complain(str(error))
            codes.append(EXIT_ERROR)
    return EXIT_INTERRUPTED if shared.stop.by_hand else _worst(codes)


def _worst(codes: Sequence[int]) -> int:
    return next((code for code in (EXIT_ERROR, EXIT_BELOW, EXIT_NOT_ALL_SEEN) if code in codes), EXIT_OK)


def _one(job: _Job, subfolder: str, shared: _Shared) -> int:
    wishes = shared.wishes
    judged_by = basis(shared.registry, job.standard)
    done = finished(job.order, judged_by, shared.begun, shared.store) if shared.begun else None
    done = done or _audited(job, shared, judged_by)
    files: list[Path] = []
    shown: ReportContext | None = None
    raw = outputs.travelling_evidence(shared.store, done) if wishes.evidence else None
    if wishes.folder is not None:
        shown = outputs.context(done, shared.store, shared.registry, wishes.formats)
        try:
            files = outputs.write(done, wishes.folder / subfolder, wishes.formats, shown, raw, wishes.look)
        except ReportError as error:
            show(done, shown=shown, err=wishes.as_json)
            again = f"`scorecard report {done.id[:8]}` writes the reports again"
            raise ReportError(f"{error}\nthe audit of {done.client} is kept in the store; {again}") from error
    if wishes.as_json:
        say_json(dumps(done, raw))
    show(done, files, shown, err=wishes.as_json)
    if files or wishes.as_json:
        shared.store.reported(done.id)
    return _code(done, wishes.fail_under)


def _audited(job: _Job, shared: _Shared, judged_by: str) -> Audit:
    order, wishes, store = replace(job.order, run=shared.run), shared.wishes, shared.store
    with Transports(job.resolver, Accounts(wishes.max_refused)) as transports, ExitStack() as processes:
        collector = Collector(shared.registry, job.standard, transports, job.redactor, deadline_s=wishes.deadline_s)
        if shared.begun:
            order = replace(order, begun=broken_off(order, judged_by, shared.begun, store))
        count = how_many(len(order.endpoints)) if wishes.processes is None else wishes.processes
        if count > 1:
            collector.processes = processes.enter_context(Pool(_recipe(job, wishes), count))
        with watch(order.client, len(order.endpoints)) as progress:
            try:
                return run(order, collector, store, wishes.concurrency, shared.stop, progress)
            except StoreUnusable:
                raise
            except StoreError as error:
                kept = f"{order.client}: what was committed is kept; put that right and go on with --resume"
                raise StoreError(f"{error}\n{kept}") from error


def _recipe(job: _Job, wishes: _Wishes) -> Recipe:
    return Recipe(
        folders=wishes.check_folders,
        standard=job.standard_named,
        secrets=job.resolver.known(),
        deadline_s=wishes.deadline_s,
        most_refusals=wishes.max_refused,
        concurrency=wishes.concurrency,
        debug=logs.is_debugging(),
    )


def _code(done: Audit, fail_under: str | None) -> int:
    letter = done.scorecard.letter
    if fail_under and (letter is None or LETTERS.index(letter) > LETTERS.index(fail_under.upper())):
        return EXIT_BELOW
    return EXIT_OK if all(device.seen for device in done.devices) else EXIT_NOT_ALL_SEEN


def _order(client: Client, limit: str | None, local: bool) -> Order:
    order = Order(
        client=client.name,
        endpoints=client.endpoints,
        time_zone=client.time_zone,
        sites=client.sites,
        paces=client.paces,
        retired=client.retired,
        provider=client.provider,
        authorised=client.authorised,
        contract=client.contract,
        preferences=client.preferences,
        remember_endpoints=not local,
    )
    return replace(order, scope=f"--limit {limit}") if limit is not None else order


def _dry_run(orders: Sequence[Order], registry: Registry) -> int:
    for order in orders:
        say(f"{order.client}: {len(order.endpoints)} endpoints would be asked; nothing is contacted now")
        for endpoint in order.endpoints:
            platform = endpoint.platform or "platform found out there"
            port = f":{endpoint.port}" if endpoint.port else ""
            role = endpoint.role or "role found out there"
            say(f"  {endpoint.name}  {endpoint.transport} {endpoint.address}{port}  {platform}, {role}")
    parts = {probe.part for probe in registry.probes()}
    say(f"One connection and one command each, with up to {len(parts) + 1} parts; `scorecard probes show` prints them.")
    return EXIT_OK
