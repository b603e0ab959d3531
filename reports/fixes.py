"""Which fix settles a finding: the plan's task, and the ticket that hand-over files have for it (docs/handover.md).

Both ids are the same in the next audit, so that a row of the workbook, of the plan and of a ticket tool can be brought
together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scorecard.errors import InputError
from scorecard.plan.planned import Planned
from scorecard.plan.work import by_kind
from scorecard.reporting import ReportContext
from scorecard.result import Audit

from . import hygiene
from .tickets import ticket_id


@dataclass(frozen=True, slots=True)
class Fix:
    """`task`: the id of the plan's row. `ticket`: empty where there are none, of a part of a client or without names."""

    task: str
    ticket: str


@dataclass(frozen=True, slots=True)
class Fixes:
    """By check and machine as in the audit."""

    _tasks: Mapping[tuple[str, str], str] = field(default_factory=dict)
    _sites: Mapping[str, str] = field(default_factory=dict)  # machine -> site; empty where there are no tickets
    _client: str = ""
    _known: dict[tuple[str, str], Fix] = field(default_factory=dict)  # task and site -> what was worked out once

    def of(self, check: str, endpoint: str) -> Fix | None:
        """None where nothing is to be done, or where nobody could make a plan."""
        task = self._tasks.get((check, endpoint))
        if task is None:
            return None
        key = (task, self._sites.get(endpoint, ""))
        if key not in self._known:
            ticket = ticket_id(self._client, *key) if self._sites else ""
            self._known[key] = Fix(hygiene.name(task), ticket)
        return self._known[key]


def build(audit: Audit, context: ReportContext, planned: Planned) -> Fixes:
    """A fault is settled by its check's task, a missing answer by the task that gets it."""
    try:
        tasks = {(task.check, name): task.id for task in planned.plan.tasks if task.check for name in task.endpoints}
        for kind, answers in by_kind(planned.work.answers):
            tasks |= {(check, one.endpoint): f"{kind}/{one.owner}" for one in answers for check in one.checks}
    except InputError:
        return Fixes()  # the section of the plan says why
    sites = {} if audit.scope or context.redacted else {device.name: device.site for device in audit.devices}
    return Fixes(tasks, sites, audit.client)
