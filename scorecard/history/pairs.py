"""Two audits of one client side by side: whether they can be compared, and what stands in each for every finding."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias
from zoneinfo import ZoneInfo

from scorecard.errors import InputError
from scorecard.model import Finding, Status
from scorecard.result import Audit
from scorecard.standard import Standard

# endpoint -> check -> finding
Cells: TypeAlias = Mapping[str, Mapping[str, Finding]]


class NotComparable(InputError):
    """Two audits that say nothing about each other; the message is one line."""


def require_comparable(older: Audit, newer: Audit) -> None:
    """Raises NotComparable unless these are two audits of the whole of one client, the older one first.

    One audit under two standards is two.
    """
    if older.client.casefold() != newer.client.casefold():
        raise NotComparable(
            f"these are audits of two clients, {older.client} and {newer.client}; compare two of one client"
        )
    if older.id == newer.id and older.standard.get("sha256") == newer.standard.get("sha256"):
        raise NotComparable(f"this is one audit twice ({older.id[:8]}); give two")
    for audit in (older, newer):
        if audit.scope:
            part = f"audit {audit.id[:8]} looked at a part of the client only ({audit.scope})"
            raise NotComparable(f"{part}; compare audits of the whole client")
    if newer.as_of < older.as_of:
        first, second = older.as_of.date().isoformat(), newer.as_of.date().isoformat()
        raise NotComparable(f"the second audit ({second}) is older than the first ({first}); give the older one first")


def zone_of(audit: Audit) -> ZoneInfo:
    """The client's time zone. Raises NotComparable where this computer does not know it."""
    try:
        return ZoneInfo(audit.time_zone)
    except (KeyError, ValueError, OSError) as error:
        raise NotComparable(f"audit {audit.id[:8]}: no time zone {audit.time_zone[:60]!r} is known here") from error


def by_endpoint(findings: Iterable[Finding]) -> Cells:
    cells: dict[str, dict[str, Finding]] = defaultdict(dict)
    for finding in findings:
        cells[finding.endpoint][finding.check] = finding
    return cells


def sides(older: Audit, newer: Audit) -> Iterator[tuple[str, Mapping[str, Finding], Mapping[str, Finding]]]:
    """Every endpoint of either audit with its findings by check, then and now."""
    nothing: Mapping[str, Finding] = {}
    before, now = by_endpoint(older.findings), by_endpoint(newer.findings)
    for endpoint in (*before, *(endpoint for endpoint in now if endpoint not in before)):
        yield endpoint, before.get(endpoint, nothing), now.get(endpoint, nothing)


def standing(finding: Finding) -> Status:
    """The answer that counts in the score: this audit's own, else the older one that still counts, else unknown."""
    if finding.status is Status.UNKNOWN and finding.carried_from is not None and finding.last is not None:
        return finding.last.status
    return finding.status


def judged_otherwise(older: Standard, newer: Standard) -> frozenset[str]:
    """The checks that both standards ask, with other parameters."""
    both = older.content.checks.keys() & newer.content.checks.keys()
    return frozenset(
        check for check in both if older.content.checks[check].parameters != newer.content.checks[check].parameters
    )
