"""An Audit becomes files: the document and the wanted reports, each written whole or not at all."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from scorecard.bundle import host_probe
from scorecard.document_writing import chunks, observation_json
from scorecard.errors import InputError
from scorecard.folders import write_whole
from scorecard.frameworks import load as load_framework
from scorecard.frameworks import shipped as shipped_frameworks
from scorecard.model import Json, Observation, Platform, Status
from scorecard.plan.planned import Planned
from scorecard.pseudonyms import redacted
from scorecard.registry import Registry, report, report_names
from scorecard.reporting import EditionName, Report, ReportContext
from scorecard.result import Audit
from scorecard.spelling import in_its_locale
from scorecard.store import Store
from scorecard.told import told_by

DOCUMENT = "json"
DEFAULT_FORMATS = ("html", "xlsx", "json")
_LONGEST_SLUG = 80


def formats() -> tuple[str, ...]:
    return tuple(sorted({DOCUMENT, *report_names()}))


def parse_formats(text: str) -> tuple[str, ...]:
    """`html,xlsx` -> names, each once. Raises InputError, also where a format cannot be written on this computer."""
    wanted = tuple(dict.fromkeys(word.strip().lower() for word in text.split(",") if word.strip()))
    for name in wanted:
        if name not in formats():
            raise InputError(f"--format {name}: no such format; expected a list of {', '.join(formats())}")
    if not wanted:
        raise InputError(f"--format: expected a list of {', '.join(formats())}")
    for name in wanted:
        if name not in DEFAULT_FORMATS:  # those need only what the tool needs, and loading them takes its time
            report(name).ready()
    return wanted


@dataclass(frozen=True, slots=True)
class Look:
    """For whom reports are written. `redact`: whether names become numbers; None: as usual in each edition."""

    editions: tuple[EditionName, ...] = (EditionName.CLIENT,)
    with_letter: bool = False
    redact: bool | None = None

    def redacts(self, edition: EditionName) -> bool:
        return edition is EditionName.PROSPECT if self.redact is None else self.redact

    @property
    def redacts_all(self) -> bool:
        return all(self.redacts(edition) for edition in self.editions)


def look(editions: str | None, *, with_letter: bool = False, redact: bool | None = None) -> Look:
    """`client,engineer` -> editions, each once, with their wishes. Raises InputError."""
    known = [edition.value for edition in EditionName]
    named = list(
        dict.fromkeys(word.strip().lower() for word in (editions or EditionName.CLIENT).split(",") if word.strip())
    )
    for name in named:
        if name not in known:
            raise InputError(f"--edition {name}: no such edition; expected a list of {', '.join(known)}")
    if not named:
        raise InputError(f"--edition: expected a list of {', '.join(known)}")
    if with_letter and EditionName.PROSPECT not in named:
        raise InputError("--with-letter: only the prospect's edition is without a letter; add --edition prospect")
    return Look(tuple(map(EditionName, named)), with_letter, redact)


def chosen_formats(text: str | None, chosen: Look) -> tuple[str, ...]:
    """What to write. The document holds every name, so it does not go beside files without names. Raises InputError."""
    wanted = parse_formats(text) if text else DEFAULT_FORMATS
    if not chosen.redacts_all:
        return wanted
    if text and DOCUMENT in wanted:
        raise InputError(f"--format {DOCUMENT}: the audit document holds all names; leave it out, or give --no-redact")
    wanted = tuple(name for name in wanted if name != DOCUMENT)
    for name in wanted:
        if report(name).for_programs:
            raise InputError(f"--format {name}: it is matched by names of machines; leave it out, or give --no-redact")
    return wanted


def check_whole(wanted: Iterable[str], part: str) -> None:
    """Raises InputError for a format that a part of a client cannot have; `part`: the option that asks for one."""
    for name in wanted:
        if name != DOCUMENT and report(name).whole_client:
            raise InputError(f"--format {name}: it is of a whole client, and {part} looks at a part; leave it out")


def slug(name: str) -> str:
    """A file name's part made of a client's name: plain letters, digits and hyphens, never empty, never a path.

    Where letters are lost that way (another script, or a very long name) a hash tells the name from others.
    """
    plain = unicodedata.normalize("NFKD", name)
    short = re.sub(r"[^a-z0-9]+", "-", plain.encode("ascii", "ignore").decode().lower()).strip("-")[:_LONGEST_SLUG]
    lost = len(plain) > _LONGEST_SLUG or any(letter.isalnum() and not letter.isascii() for letter in plain)
    return _told_apart(short, name) if lost or not short else short


def _told_apart(short: str, name: str) -> str:
    return f"{short or 'client'}-{hashlib.sha256(name.encode(errors='surrogatepass')).hexdigest()[:8]}"


def folder_names(clients: Sequence[str]) -> dict[str, str]:
    """A folder for each client's files, no two alike."""
    found = {client: slug(client) for client in clients}
    counts = Counter(found.values())
    return {client: name if counts[name] == 1 else _told_apart(name, client) for client, name in found.items()}


@in_its_locale
def context(audit: Audit, store: Store | None, registry: Registry, wanted: Iterable[str]) -> ReportContext:
    """What reports show beside the audit: history, what moved, what lies ahead, and evidence for what did not pass.

    Nothing where the document alone is wanted: it holds the audit and no more, and earlier audits take time to read.
    """
    if set(wanted) <= {DOCUMENT}:
        return ReportContext(planned=Planned(audit))
    asked = [*registry.probes(), *(host_probe(platform) for platform in (Platform.LINUX, Platform.MACOS))]
    probes = {f"{probe.platform}/{probe.part}": probe.text for probe in asked}
    frameworks = tuple(load_framework(name, registry.checks) for name in shipped_frameworks())
    if store is None:
        return ReportContext(probes=probes, frameworks=frameworks, planned=Planned(audit))
    told = told_by(audit, store)
    return ReportContext(
        history=told.history,
        evidence=_evidence(audit, store),
        probes=probes,
        before=told.before,
        inflow_hours=told.inflow_hours,
        outlook=told.outlook,
        strips=told.strips,
        frameworks=frameworks,
        planned=Planned(audit),
    )


def _evidence(audit: Audit, store: Store) -> dict[str, Observation]:
    shown = (Status.FAIL, Status.WARN, Status.UNKNOWN)
    wanted = {digest for finding in audit.findings if finding.status in shown for digest in finding.observations}
    evidence: dict[str, Observation] = {}
    for observations in store.evidence(audit.id, wanted).values():
        evidence.update(observations)
    return evidence


@in_its_locale
def write(
    audit: Audit,
    folder: Path,
    wanted: Iterable[str],
    shown: ReportContext,
    observations: Mapping[str, list[Json]] | None = None,
    chosen: Look | None = None,
) -> list[Path]:
    """Write the wanted formats into `folder`, a file for each edition, and one for programs; returns the paths.

    What is the same in all editions comes first. Raises InputError before anything is written; ReportError, and files
    written before stay.
    """
    wanted = tuple(wanted)
    if audit.scope:
        check_whole(wanted, audit.scope)
    stem = f"scorecard_{slug(audit.client)}_{audit.as_of:%Y-%m-%d}"
    formats = {name: report(name) for name in wanted if name != DOCUMENT}
    written: dict[str, list[Path]] = {name: [] for name in wanted}
    if DOCUMENT in wanted:
        path = folder / "audit.json"
        write_whole(path, partial(_fill, audit, observations))
        written[DOCUMENT].append(path)
    for_programs = {name: one for name, one in formats.items() if one.for_programs}
    for name, path in _written(for_programs, audit, shown, folder / stem):
        written[name].append(path)
    by_edition = {name: one for name, one in formats.items() if not one.for_programs}
    for edition, seen, around in _editions(audit, shown, chosen or Look()) if by_edition else ():
        for name, path in _written(by_edition, seen, around, folder / f"{stem}_{edition}"):
            written[name].append(path)
    return [path for name in wanted for path in written[name]]


def _written(
    formats: Mapping[str, Report[Any]], audit: Audit, shown: ReportContext, stem: Path
) -> Iterator[tuple[str, Path]]:
    """The file of each format, once it is there. What several are made from is worked out once.

    A file for what had no room in another comes under the name of that other.
    """
    prepared: dict[Callable[[Audit, ReportContext], Any], Any] = {}

    def made(one: Report[Any]) -> Path:
        if one.prepare not in prepared:
            prepared[one.prepare] = one.prepare(audit, shown)
        path = stem.with_name(stem.name + one.suffix)
        write_whole(path, partial(one.write, prepared[one.prepare]))
        return path

    there = set(formats)
    for name, one in formats.items():
        yield name, made(one)
        for further in one.overflow(prepared[one.prepare]):
            if further not in there:
                there.add(further)
                yield name, made(report(further))


def _editions(audit: Audit, shown: ReportContext, chosen: Look) -> Iterator[tuple[EditionName, Audit, ReportContext]]:
    """For each edition what it may know. Names are replaced here, before any report module sees them."""
    without_names: tuple[Audit, ReportContext] | None = None
    for edition in chosen.editions:
        seen, around = audit, shown
        if chosen.redacts(edition):
            seen, around = without_names = without_names or redacted(audit, shown)
        yield edition, seen, replace(around, edition=edition, with_letter=chosen.with_letter)


def _fill(audit: Audit, observations: Mapping[str, list[Json]] | None, path: Path) -> None:
    with path.open("w", encoding="utf-8", errors="replace") as file:
        file.writelines(chunks(audit, observations))


def travelling_evidence(store: Store, audit: Audit) -> dict[str, list[Json]]:
    """Raw answers by endpoint, in the form that goes with a document.

    The store may hold more: of machines that were renamed or retired before the audit was gone on with.
    """
    names = {device.name for device in audit.devices}
    return {
        endpoint: [{"sha256": digest, **observation_json(seen)} for digest, seen in observations.items()]
        for endpoint, observations in store.evidence(audit.id).items()
        if endpoint in names
    }
