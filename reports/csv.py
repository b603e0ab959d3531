"""Findings as CSV: a row a finding, every column, for those who sort and count for themselves (reports.md 12.4).

UTF-8 with a byte order mark, since Excel reads other files in the computer's own character set. Times are ISO 8601 in UTC.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from scorecard.errors import ReportError
from scorecard.reporting import Report

from . import hygiene
from . import view as views
from .rows import DeviceRow, FindingRow
from .view import View

COLUMNS = (
    *("finding", "device", "machine", "site", "role", "system", "part", "check", "title", "result", "status", "severity"),
    *("graded", "worth", "measured", "expected", "reason", "evidence", "observed_at", "first_seen", "days_open"),
    *("carried_from", "exception", "observations", "audit", "client", "checked_at"),
)

_Value = str | int | float


def records(view: View) -> Iterator[tuple[_Value, ...]]:
    """Rows in the order of the audit; text is guarded against being read as a formula."""
    devices = {device.id: device for device in view.rows.devices}
    for row in view.rows.findings:
        values = _values(row, devices.get(row.device_id), view)
        yield tuple(hygiene.csv_cell(value) if isinstance(value, str) else value for value in values)


def _values(row: FindingRow, device: DeviceRow | None, view: View) -> tuple[_Value, ...]:
    return (
        row.id,
        row.device_id,
        row.device,
        device.site if device else "",
        device.role if device else "",
        device.system if device else "",
        row.category,
        row.check,
        row.title,
        row.result,
        row.status.value,
        row.severity,
        "yes" if row.graded else "no",
        "" if row.effective is None else row.effective,
        row.measured,
        row.expected,
        row.reason,
        row.evidence,
        _time(row.observed_at),
        _time(row.first_seen),
        "" if row.days_open is None else row.days_open,
        _time(row.carried_from),
        row.exception,
        " ".join(hygiene.name(digest) for digest in row.observations),
        view.id,
        view.client,
        _time(view.as_of),
    )


def _time(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""


def write(view: View, path: Path) -> None:
    """Write the file at `path`. Raises ReportError."""
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows(records(view))
    except OSError as error:
        raise ReportError(f"{path}: the list of findings cannot be written: {error.strerror or error}") from error


REPORT = Report("csv", ".csv", views.build, write)
