"""What we need from the client: one to five decisions, each with a price or its hours, and a date (reports.md 2.3).

Nothing is decided here twice: machines, hours, points and exceptions are those of the other sections. Every decision rests
on a fact of the audit. The last two sources are in need_exceptions.py and need_policy.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from itertools import chain, islice

from scorecard.model import Role, Status
from scorecard.result import Audit, Contract, Device

from . import hygiene, need_exceptions, need_policy, need_words, numbers, words
from .exempt import Exempt
from .need_kit import Asking, Decision, named
from .rows import DeviceRow, Rows
from .tasks import Tasks
from .unchecked import is_out_of_reach

SUPPORT = "os-support.supported"  # the check whose fix may be another machine
_MOST = 5
# How the topic of inventory describes a machine that is no hardware of its own.
_VIRTUAL = ("virtual machine (", "container (")
# Days after the check by which an answer is asked for.
_PRODUCE_DAYS, _HOURS_DAYS = 7, 14


@dataclass(frozen=True, slots=True)
class Need:
    title: str = ""
    decisions: tuple[Decision, ...] = ()


def build(audit: Audit, rows: Rows, tasks: Tasks, exceptions: Sequence[Exempt], zone: tzinfo) -> Need | None:
    """None for a part of the client: what the whole needs cannot be told from it."""
    if audit.scope:
        return None
    asking = Asking(audit, rows, exceptions, audit.as_of.astimezone(zone).date())
    sources = chain(_Builder(asking, tasks).decisions(), need_exceptions.decisions(asking), need_policy.decisions(asking))
    decisions = tuple(islice(sources, _MOST))
    return Need(_title(decisions, audit.contract), decisions)


def _title(decisions: Sequence[Decision], contract: Contract | None) -> str:
    if not decisions:
        return need_words.NOTHING
    prices = [decision.price for decision in decisions if decision.price]
    price = numbers.money(sum(prices), hygiene.name(contract.currency)) if prices and contract else ""
    hours = sum(decision.hours for decision in decisions if not price or decision.price is None)
    return need_words.title(
        len(decisions),
        price,
        numbers.tenth(hours) if hours else "",
        up_to=any(decision.up_to for decision in decisions),
        unpriced=any(decision.unpriced for decision in decisions),
        apart=any(decision.apart for decision in decisions),
    )


@dataclass(frozen=True, slots=True)
class _Builder:
    asking: Asking
    tasks: Tasks

    def decisions(self) -> Iterator[Decision]:
        """In the order of their sources."""
        yield from self._produce()
        yield from self._hours()
        yield from self._replace()

    @property
    def audit(self) -> Audit:
        return self.asking.audit

    @property
    def rows(self) -> Rows:
        return self.asking.rows

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
            title=need_words.produce(
                words.kind_of(len(asked), [row.role for row in asked]), back=any(row.last_seen for row in asked)
            ),
            amount=need_words.NO_COST,
            by=self.asking.by(_PRODUCE_DAYS),
            why=(
                *named(asked),
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
            by=self.asking.by(_HOURS_DAYS),
            why=(
                need_words.reach(contract.hours_per_month, extra.within, extra.after),
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
        if not asked:
            return
        by_id = {self.rows.ids[device.name]: device for device in self.audit.devices}
        hardware = [by_id[row.id].role for row in asked if not _is_virtual(by_id[row.id])]
        prices = self.audit.contract.prices if self.audit.contract else {}
        known = [prices[role] for role in hardware if role in prices]
        price = sum(known) if known else None
        yield Decision(
            title=need_words.replace(words.kind_of(len(asked), [row.role for row in asked])),
            amount=need_words.NO_PRICE if price is None else need_words.up_to(self._money(price)),
            by=self.asking.by(),
            why=(
                *named(asked),
                f". {need_words.unsupported(len(asked))}",
                *(f" {said}" for said in _of_prices(hardware, len(known), len(asked) - len(hardware))),
            ),
            target="fix",
            price=price,
            up_to=price is not None,
            unpriced=len(known) < len(hardware) or price is None,
        )

    def _money(self, price: float) -> str:
        return numbers.money(price, hygiene.name(self.audit.contract.currency) if self.audit.contract else "")


def _is_virtual(device: Device) -> bool:
    model = device.facts.get("model")
    return isinstance(model, str) and model.startswith(_VIRTUAL)


def _of_prices(hardware: Sequence[Role], known: int, virtual: int) -> Iterator[str]:
    """What the price says: the audit sees that support has ended, and not whether the hardware takes a newer system."""
    if known:
        yield need_words.IF_ALL_NEW
    if known and known < len(hardware):
        yield need_words.without_price(len(hardware) - known)
    if virtual:
        yield need_words.virtual(virtual)


def _last_seen(asked: Sequence[DeviceRow]) -> str:
    seen = [row.last_seen for row in asked if row.last_seen]
    return need_words.last_seen(numbers.span(min(seen), max(seen)) if seen else "", len(asked) - len(seen))
