"""What a portfolio shows of a client's newest audit that is not kept beside it: read from the document."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from scorecard.errors import InputError
from scorecard.model import Finding, Severity, Status
from scorecard.outlook import Kind, outlook, snapshot
from scorecard.outlook.support import read_end
from scorecard.plan.work import title_of
from scorecard.portfolio.model import Ending, Newest, Overdue
from scorecard.portfolio.overdue import is_overdue
from scorecard.result import Audit

_SUPPORTED = "os-support.supported"
_SEVERITIES = tuple(Severity)  # the heaviest first


def newest(audit: Audit) -> Newest:
    """Everything is as of the audit's day; who shows it counts to a later one."""
    return Newest(
        provider=audit.provider,
        preferences=audit.preferences,
        overdue=tuple(sorted(_overdue(audit), key=lambda one: (_SEVERITIES.index(one.severity), one.since, one.check))),
        endings=(*_ended(audit), *_ahead(audit)),
        agreed_until=tuple(sorted(_agreed_until(audit))),
        promises=audit.scorecard.promises,
    )


def _overdue(audit: Audit) -> Iterator[Overdue]:
    by_check: dict[str, list[Finding]] = defaultdict(list)
    for finding in audit.findings:
        if is_overdue(finding, audit.as_of):
            by_check[finding.check].append(finding)
    for check, found in by_check.items():
        yield Overdue(
            check=check,
            task=title_of(audit, check),
            severity=min((one.severity for one in found), key=_SEVERITIES.index),
            since=min(one.first_seen for one in found if one.first_seen is not None),
            machines=tuple(sorted(one.endpoint for one in found)),
        )


def _ended(audit: Audit) -> Iterator[Ending]:
    """Systems that the audit found out of support, an agreed exception or not."""
    having: dict[tuple[str, str], list[str]] = defaultdict(list)
    for finding in audit.findings:
        if finding.check == _SUPPORTED and finding.status is Status.FAIL:
            ends = finding.verdict.evidence.get("ends")
            system = finding.verdict.measured.partition(": ")[0]
            having[system, ends if isinstance(ends, str) else ""].append(finding.endpoint)
    for (system, ends), machines in sorted(having.items()):
        end = read_end(ends)
        yield Ending(system, end.sure if end else None, True, tuple(sorted(machines)))


def _ahead(audit: Audit) -> Iterator[Ending]:
    """Ends within a year of the audit's day. Nothing where this computer does not know the audit's time zone."""
    try:
        told = outlook([snapshot(audit)])
    except InputError:
        return
    for warning in told.warnings:
        if warning.kind is Kind.SUPPORT:
            yield Ending(warning.what, warning.on, False, warning.endpoints)


def _agreed_until(audit: Audit) -> Iterator[date]:
    day = audit.as_of.date()
    for entry in audit.exceptions:
        try:
            until = date.fromisoformat(str(entry.get("until")))
        except ValueError:
            continue
        if until >= day:
            yield until
