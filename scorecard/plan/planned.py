"""What is to do about one audit, reckoned once for all who ask: its work, the plan and the roads to better letters."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Protocol, TypeVar

from scorecard.plan.gains import Gains
from scorecard.plan.road import NoRoad, Road, next_letter, road
from scorecard.plan.tasks import Plan, plan
from scorecard.plan.work import Work, work_of
from scorecard.result import Audit
from scorecard.standard import standard_of

T = TypeVar("T")


class Renaming(Protocol):
    """Puts other names into a value and leaves the rest as it is."""

    def __call__(self, value: T, /) -> T: ...


class Planned:
    """Each part is reckoned when it is first asked for. Not to be shared between threads."""

    def __init__(self, audit: Audit) -> None:
        self.audit = audit
        self._roads: dict[str | None, Road | NoRoad] = {}

    @cached_property
    def work(self) -> Work:
        """Raises StandardError where the standard that the audit keeps cannot be read."""
        return work_of(self.audit, Gains(self.audit, standard_of(self.audit)))

    @cached_property
    def plan(self) -> Plan:
        """Raises StandardError."""
        return plan(self.audit, self.work)

    def road(self, to: str | None = None) -> Road | NoRoad:
        """To the next letter, or to a better one. Raises InputError where `to` is no better letter, and StandardError."""
        letter = self.audit.scorecard.letter
        goal = to or (next_letter(letter) if letter else None)
        if goal not in self._roads:
            self._roads[goal] = road(self.audit, to, self.work)
        return self._roads[goal]

    def renamed(self, rename: Renaming, audit: Audit) -> Planned:
        """The same, with other names of machines; `audit`: the one that has them."""
        return _Renamed(self, rename, audit)


class _Renamed(Planned):
    """Only names are exchanged, so hours, points and the way taken are those of the plan behind it."""

    def __init__(self, planned: Planned, rename: Renaming, audit: Audit) -> None:
        super().__init__(audit)
        self._planned = planned
        self._rename = rename

    @cached_property
    def work(self) -> Work:
        return self._rename(self._planned.work)

    @cached_property
    def plan(self) -> Plan:
        found = self._rename(self._planned.plan)
        return replace(found, tasks=tuple(replace(task, endpoints=tuple(sorted(task.endpoints))) for task in found.tasks))

    def road(self, to: str | None = None) -> Road | NoRoad:
        if to not in self._roads:
            found = self._rename(self._planned.road(to))
            self._roads[to] = replace(found, assumed=tuple(sorted(found.assumed))) if isinstance(found, Road) else found
        return self._roads[to]
