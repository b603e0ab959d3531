"""What we need from the client: one to five decisions, each with a price or its hours, and a date (reports.md 2.3).

Nothing is decided here twice: machines, hours, points and exceptions are those of the other sections.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo

from scorecard.exceptions.listing import Group
from scorecard.model import Status
from scorecard.result import Audit, Contract

from . import hygiene, need_words, numbers, words
from .exempt import Exempt
from .rows import DeviceRow, Rows
from .standing import Link
from .tasks import Tasks
from .unchecked import is_out_of_reach

SUPPORT = "os-support.supported"  # the check whose fix may be another machine
_NAMES_SHOWN = 4
# Days after the check by which an answer is asked for.
_PRODUCE_DAYS, _HOURS_DAYS, _OTHER_DAYS = 7, 14, 28


@dataclass(frozen=True, slots=True)
class Decision:
    """`amount`: its price, its hours, or that it costs nothing. `price`: in the contract's currency, for the sum; None
    where it has none. `hours`: beyond the contract's. `why`: text as it is, links where they lead. `target`: the section
    that has its rows."""

    title: str
    amount: str
    by: str
    why: tuple[str | Link, ...]
    target: str
    price: float | None = None
    hours: float = 0.0


@dataclass(frozen=True, slots=True)
class Need:
    title: str = ""
    decisions: tuple[Decision, ...] = ()


def build(audit: Audit, rows: Rows, tasks: Tasks, exceptions: Sequence[Exempt], zone: tzinfo) -> Need | None:
    """None for a part of the client: what the whole needs cannot be told from it."""
    if audit.scope:
        return None
    decisions = tuple(_Builder(audit, rows, tasks, exceptions, audit.as_of.astimezone(zone).date()).decisions())
    return Need(_title(decisions, audit.contract), decisions)


def _title(decisions: Sequence[Decision], contract: Contract | None) -> str:
    if not decisions:
        return need_words.NOTHING
    prices = [decision.price for decision in decisions if decision.price]
    unpriced = any(decision.amount == need_words.NO_PRICE for decision in decisions)
    price = numbers.money(sum(prices), hygiene.name(contract.currency)) if prices and contract else ""
    hours = sum(decision.hours for decision in decisions)
    return need_words.title(len(decisions), price, numbers.tenth(hours) if hours else "", unpriced=unpriced)


@dataclass(frozen=True, slots=True)
class _Builder:
    audit: Audit
    rows: Rows
    tasks: Tasks
    exceptions: Sequence[Exempt]
    today: date

    def decisions(self) -> Iterator[Decision]:
        """In the order of their sources."""
        yield from self._produce()
        yield from self._hours()
        yield from self._replace()
        yield from self._renew()
        yield from self._look_after()

    def _by(self, days: int) -> str:
        return need_words.by(self._day(self.today + timedelta(days=days)))

    def _day(self, day: date) -> str:
        return numbers.short_day(day) if day.year == self.today.year else numbers.day(day)

    def _produce(self) -> Iterator[Decision]:
        out = {device.name for device in self.audit.devices if is_out_of_reach(device)}
        ids = {self.rows.ids[name] for name in out}
        asked = [row for row in self.rows.devices if row.id in ids]
        if not asked:
            return
        finding = [task for task in self.tasks.rows if task.finds]
        others = sum(task.machines for task in finding) - len(asked)
        points = sum(task.points or 0.0 for task in finding)
        yield Decision(
            title=need_words.produce(words.kind_of(len(asked), [row.role for row in asked])),
            amount=need_words.NO_COST,
            by=self._by(_PRODUCE_DAYS),
            why=(
                *_named(asked),
                f". {_last_seen(asked)}",
                f" {need_words.hold_back(points, len(asked), others)}" if self.tasks.scored else "",
            ),
            target="unchecked",
        )

    def _hours(self) -> Iterator[Decision]:
        contract, extra = self.audit.contract, self.tasks.extra
        if contract is None or extra is None:
            return
        price = extra.price
        shown = numbers.tenth(extra.hours)
        yield Decision(
            title=need_words.approve(shown),
            amount=need_words.hours(shown) if price is None else numbers.money(price, hygiene.name(contract.currency)),
            by=self._by(_HOURS_DAYS),
            why=(
                need_words.reach(f"{contract.hours_per_month:g}", extra.within, extra.after),
                f" {need_words.LIFTS}" if extra.lifts else "",
            ),
            target="fix",
            price=price,
            hours=extra.hours,
        )

    def _replace(self) -> Iterator[Decision]:
        """Machines without support that nobody agreed to keep as they are, and that the client did not decline to."""
        short = [
            row
            for row in self.rows.findings
            if row.check == SUPPORT and row.status is Status.FAIL and not row.excused and not row.exception
        ]
        ids = {row.device_id for row in short}
        asked = [row for row in self.rows.devices if row.id in ids]
        if asked:
            yield Decision(
                title=need_words.replace(words.kind_of(len(asked), [row.role for row in asked])),
                amount=need_words.NO_PRICE,
                by=self._by(_OTHER_DAYS),
                why=(*_named(asked), f". {need_words.UNSUPPORTED}"),
                target="fix",
            )

    def _renew(self) -> Iterator[Decision]:
        ending = [row for row in self.exceptions if row.group is Group.ENDING and row.until]
        if not ending:
            return
        first = min(ending, key=lambda row: (row.until or date.max, row.id))
        yield Decision(
            title=need_words.renew(len({row.id for row in ending})),
            amount=need_words.NO_COST,
            by=need_words.on(self._day(first.until or date.max)),
            why=(
                need_words.ends_first(first.what[0] if first.what else first.id),
                *_listed(first.machines, first.more),
                ".",
            ),
            target="exceptions",
        )

    def _look_after(self) -> Iterator[Decision]:
        """Machines that nobody manages and that fall short: the client says who does."""
        asked = [row for row in self.rows.devices if not row.managed and any(found.graded for found in row.failing)]
        if asked:
            yield Decision(
                title=need_words.look_after(len(asked)),
                amount=need_words.NO_COST,
                by=self._by(_OTHER_DAYS),
                why=(*_named(asked), f". {need_words.unmanaged(len(asked), _results(asked))}"),
                target="exceptions" if self.audit.scorecard.partner else "machines",
            )


def _results(asked: Sequence[DeviceRow]) -> int:
    return sum(found.graded for row in asked for found in row.failing)


def _named(asked: Sequence[DeviceRow]) -> Iterator[str | Link]:
    shown = asked if len(asked) <= _NAMES_SHOWN else asked[: _NAMES_SHOWN - 1]
    links = [Link(row.name, row.id, is_name=True) for row in shown]
    return _listed(links, len(asked) - len(shown))


def _listed(links: Sequence[Link], more: int) -> Iterator[str | Link]:
    for place, link in enumerate(links):
        yield from ((", ", link) if place else (link,))
    if more:
        yield f" {words.and_more(more)}"


def _last_seen(asked: Sequence[DeviceRow]) -> str:
    seen = [row.last_seen for row in asked if row.last_seen]
    return need_words.last_seen(numbers.span(min(seen), max(seen)) if seen else "", len(asked) - len(seen))
