"""The outlook of a client: from its audits' snapshots to what will break first."""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from scorecard.days import spelled
from scorecard.outlook import disks, lapses, support
from scorecard.outlook.model import Kind, Outlook, Untold
from scorecard.outlook.snapshot import Snapshot
from scorecard.outlook.words import names, plural

MONTHS = 12
_KINDS = tuple(Kind)


def outlook(snapshots: Iterable[Snapshot], months: int = MONTHS) -> Outlook:
    """Of at least one snapshot of one client, in any order. The newest says which machines there are.

    Raises ValueError without a snapshot.
    """
    ordered = sorted({one.audit: one for one in snapshots}.values(), key=lambda one: (one.as_of, one.audit))
    if not ordered:
        raise ValueError("an outlook needs at least one audit")
    newest = ordered[-1]
    until = months_after(newest.day(), months)
    standing = tuple(disks.outlooks(ordered))
    found = [*disks.warnings(standing, until), *support.warnings(ordered, until), *lapses.warnings(ordered, until)]
    found.sort(key=lambda one: (one.on, _KINDS.index(one.kind), one.endpoints, one.what))
    return Outlook(newest.audit, newest.day(), until, len(ordered), tuple(found), standing, tuple(_untold(ordered)))


def months_after(day: date, months: int) -> date:
    """The same day of a later month, or its last where it is shorter: a month after 31 January is 28 or 29 February.

    The last day of the calendar where it has no such month.
    """
    year, month = divmod(day.month - 1 + months, 12)
    if day.year + year > date.max.year:
        return date.max
    return date(day.year + year, month + 1, min(day.day, monthrange(day.year + year, month + 1)[1]))


def _untold(snapshots: Sequence[Snapshot]) -> Iterator[Untold]:
    newest = snapshots[-1]
    unsupported: dict[str, list[str]] = defaultdict(list)
    for endpoint, sight in sorted(newest.machines.items()):
        if not sight.seen:
            since = _last_seen(endpoint, snapshots)
            when = "was never seen" if since is None else f"was not seen since {spelled(since)}"
            yield Untold((endpoint,), f"{endpoint} {when}, so nothing can be told of what fills or lapses there.")
            continue
        if sight.spaces is None:
            said = f"The disks of {endpoint} were not read, so whether they fill cannot be told."
            yield Untold((endpoint,), said)
        else:
            for space in sight.spaces.listed:
                if not space.size_bytes or space.free_bytes is None:
                    yield Untold((endpoint,), f"How full {space.mount} of {endpoint} is could not be read.")
            if sight.spaces.more:
                said = f"{plural(sight.spaces.more, 'further disk')} of {endpoint} had no room in the device list."
                yield Untold((endpoint,), said)
        if sight.unsupported is not None:
            unsupported[sight.unsupported].append(endpoint)
    for reason, endpoints in sorted(unsupported.items()):
        what = f"{plural(len(endpoints), 'machine')} ({names(endpoints)})"
        yield Untold(tuple(endpoints), f"When support ends is not known of {what}: {reason.rstrip('.')}.")


def _last_seen(endpoint: str, snapshots: Sequence[Snapshot]) -> date | None:
    """By the machine's own record, or else by the audits that are at hand."""
    newest = snapshots[-1]
    for snapshot in reversed(snapshots):
        sight = snapshot.machines.get(endpoint)
        if sight is not None and (sight.seen or sight.at is not None):
            return newest.day(sight.at or snapshot.as_of)
    return None
