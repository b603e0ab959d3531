"""Choices of policy that only the client can make, each from a fact of the audit (reports.md 2.3).

What the audit does not know is no decision: whether there is a contract where the inventory names none, or who could give
access to a machine that we look after ourselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scorecard.exceptions.listing import Group
from scorecard.model import ExceptionKind
from scorecard.result import Cap

from . import hygiene, need_words, unchecked
from .need_kit import Asking, Decision, about, listed, named
from .rows import DeviceRow
from .standing import decides
from .unchecked_words import Who

_SOON_DAYS = 30


def decisions(asking: Asking) -> Iterator[Decision]:
    """What holds the letter first, then what is about to end, then what nobody has answered for."""
    yield from _declined(asking)
    yield from _permission(asking)
    yield from _look_after(asking)


def _declined(asking: Asking) -> Iterator[Decision]:
    """Work that was offered and refused, where it holds the letter now."""
    for row in asking.exceptions:
        if row.kind is not ExceptionKind.DECLINED or row.group not in (Group.VALID, Group.ENDING):
            continue
        held = [cap for cap in _holding(asking) if cap.check and hygiene.name(cap.check) in row.checks]
        by_it = [cap for cap in held if _machines(cap) & set(row.names)]
        if not by_it:
            continue
        alone = len(_holding(asking)) == 1 and _machines(by_it[0]) <= set(row.names)
        contract = asking.audit.contract
        ours = row.quoted is not None and contract is not None and row.quoted[1] == hygiene.name(contract.currency)
        yield Decision(
            title=need_words.reconsider(about(row)),
            amount=row.price or need_words.NO_PRICE,
            by=asking.by(),
            why=(*listed(row.machines, row.more), f". {need_words.holds(by_it[0].letter, alone=alone)}"),
            target="exceptions",
            price=row.quoted[0] if row.quoted and ours else None,
            unpriced=not row.price,
            apart=bool(row.price) and not ours,
        )


def _holding(asking: Asking) -> Sequence[Cap]:
    card = asking.audit.scorecard
    return [cap for cap in card.caps if decides(card, cap)]


def _machines(cap: Cap) -> set[str]:
    return set(map(hygiene.name, cap.endpoints))


def _permission(asking: Asking) -> Iterator[Decision]:
    """The permission to look at the machines, where it ends soon."""
    given = asking.audit.authorised
    if given is None or given.until is None or not 0 <= (given.until - asking.today).days <= _SOON_DAYS:
        return
    yield Decision(
        title=need_words.PERMISSION,
        amount=need_words.NO_COST,
        by=need_words.by(asking.day(given.until)),
        why=(need_words.PERMISSION_ENDS,),
        target="method",
    )


def _look_after(asking: Asking) -> Iterator[Decision]:
    """Machines that nobody manages and that fall short, or let nobody in: the client says who does."""
    rows, audit = asking.rows, asking.audit
    locked = {rows.ids[device.name] for device in audit.devices if unchecked.who(device) is Who.NOBODY}
    asked = [row for row in rows.devices if not row.managed and (_results([row]) or row.id in locked)]
    if asked:
        said = need_words.unmanaged(len(asked), _results(asked), sum(row.id in locked for row in asked))
        yield Decision(
            title=need_words.look_after(len(asked)),
            amount=need_words.NO_COST,
            by=asking.by(),
            why=(*named(asked), f". {said}"),
            target="exceptions" if audit.scorecard.partner else "machines",
        )


def _results(asked: Sequence[DeviceRow]) -> int:
    return sum(found.graded for row in asked for found in row.failing)
