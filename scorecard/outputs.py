"""An Audit becomes files: the document and the wanted reports, each written whole or not at all."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from scorecard.bundle import host_probe
from scorecard.document_writing import chunks, observation_json
from scorecard.errors import InputError
from scorecard.folders import write_whole
from scorecard.frameworks import load as load_framework
from scorecard.frameworks import shipped as shipped_frameworks
from scorecard.model import Json, Observation, Platform, Status
from scorecard.registry import Registry, report, report_names
from scorecard.reporting import ReportContext
from scorecard.result import Audit
from scorecard.store import Store
from scorecard.told import told_by

DOCUMENT = "json"
DEFAULT_FORMATS = ("html", "xlsx", "json")
EDITION = "client"
_LONGEST_SLUG = 80


def formats() -> tuple[str, ...]:
    return tuple(sorted({DOCUMENT, *report_names()}))


def parse_formats(text: str) -> tuple[str, ...]:
    """`html,xlsx` -> names, each once. Raises InputError."""
    wanted = tuple(dict.fromkeys(word.strip().lower() for word in text.split(",") if word.strip()))
    for name in wanted:
        if name not in formats():
            raise InputError(f"--format {name}: no such format; expected a list of {', '.join(formats())}")
    if not wanted:
        raise InputError(f"--format: expected a list of {', '.join(formats())}")
    return wanted


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


def context(audit: Audit, store: Store | None, registry: Registry, wanted: Iterable[str]) -> ReportContext:
    """What reports show beside the audit: history, what moved, what lies ahead, and evidence for what did not pass.

    Nothing where the document alone is wanted: it holds the audit and no more, and earlier audits take time to read.
    """
    if set(wanted) <= {DOCUMENT}:
        return ReportContext()
    asked = [*registry.probes(), *(host_probe(platform) for platform in (Platform.LINUX, Platform.MACOS))]
    probes = {f"{probe.platform}/{probe.part}": probe.text for probe in asked}
    frameworks = tuple(load_framework(name, registry.checks) for name in shipped_frameworks())
    if store is None:
        return ReportContext(probes=probes, frameworks=frameworks)
    told = told_by(audit, store)
    return ReportContext(
        history=told.history,
        evidence=_evidence(audit, store),
        probes=probes,
        before=told.before,
        inflow_hours=told.inflow_hours,
        outlook=told.outlook,
        frameworks=frameworks,
    )


def _evidence(audit: Audit, store: Store) -> dict[str, Observation]:
    shown = (Status.FAIL, Status.WARN, Status.UNKNOWN)
    wanted = {digest for finding in audit.findings if finding.status in shown for digest in finding.observations}
    evidence: dict[str, Observation] = {}
    for observations in store.evidence(audit.id, wanted).values():
        evidence.update(observations)
    return evidence


def write(
    audit: Audit,
    folder: Path,
    wanted: Iterable[str],
    shown: ReportContext,
    observations: Mapping[str, list[Json]] | None = None,
) -> list[Path]:
    """Write the wanted formats into `folder`; returns the paths. Raises ReportError; files written before stay."""
    written: list[Path] = []
    for name in wanted:
        if name == DOCUMENT:
            path = folder / "audit.json"
            write_whole(path, partial(_fill, audit, observations))
        else:
            chosen = report(name)
            path = folder / f"scorecard_{slug(audit.client)}_{audit.as_of:%Y-%m-%d}_{EDITION}{chosen.suffix}"
            write_whole(path, partial(chosen.render, audit, shown))
        written.append(path)
    return written


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
