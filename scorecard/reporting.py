"""What a report module is: an Audit in, one file out. Modules are found by the entry points `scorecard.reports`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from scorecard.model import Observation
from scorecard.result import Audit


@dataclass(frozen=True, slots=True)
class Past:
    """An earlier audit of the same client, for the trend."""

    id: str
    as_of: datetime
    score: float | None
    letter: str | None
    coverage: float
    devices: int
    open_findings: int


@dataclass(frozen=True, slots=True)
class ReportContext:
    """What stands beside the audit: earlier audits (oldest first), kept observations by hash, what each part asks."""

    history: tuple[Past, ...] = ()
    evidence: Mapping[str, Observation] = field(default_factory=dict)  # "sha256:…" -> observation
    probes: Mapping[str, str] = field(default_factory=dict)  # "linux/patching.apt" -> the text that was sent


@dataclass(frozen=True, slots=True)
class Report:
    """A report format. `render` writes the whole file at the path that it is given; the caller renames it into place."""

    name: str  # "html"
    suffix: str  # ".html"
    render: Callable[[Audit, ReportContext, Path], None]
