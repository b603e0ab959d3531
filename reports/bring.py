"""The sheet for whoever can lay hands on the machines: those that nobody can reach from outside (reports.md 2.9)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from scorecard.reporting import ReportContext
from scorecard.result import Audit, Device

from . import hygiene
from .rows import DeviceRow, Rows
from .unchecked import is_out_of_reach


@dataclass(frozen=True, slots=True)
class Person:
    """Whom to ask at the client. `ways`: mail and telephone, empty where there are none or names are hidden."""

    name: str
    ways: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """A machine to bring in. `user`: who uses it, as the inventory says or as it said itself when it was seen last."""

    id: str
    name: str
    kind: str  # "Laptop, Latitude 5440"
    user: str
    place: str
    why: str
    since: datetime | None  # when it was seen last; None: never
    contact: Person | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """What one person is asked for; None: nobody is named."""

    contact: Person | None
    rows: tuple[Wanted, ...]


def build(audit: Audit, context: ReportContext, rows: Rows) -> tuple[Wanted, ...]:
    """Longest away first, those never seen before all others."""
    devices = {device.name: device for device in audit.devices}
    before = {device.name: device for device in context.before.devices} if context.before else {}
    by_id = {id_: name for name, id_ in rows.ids.items()}
    wanted = [
        _wanted(row, devices[by_id[row.id]], before.get(by_id[row.id]), _person(audit, context, by_id[row.id], devices))
        for row in rows.devices
        if is_out_of_reach(devices[by_id[row.id]])
    ]
    return tuple(sorted(wanted, key=_longest_away))


def sheets(wanted: Iterable[Wanted]) -> tuple[Sheet, ...]:
    """One for each person, in the order of their first machine."""
    by_person: dict[Person | None, list[Wanted]] = {}
    for one in wanted:
        by_person.setdefault(one.contact, []).append(one)
    return tuple(Sheet(person, tuple(rows)) for person, rows in by_person.items())


def _person(audit: Audit, context: ReportContext, name: str, devices: Mapping[str, Device]) -> Person | None:
    contact = audit.preferences.contact_at(devices[name].site)
    if contact is None:
        return None
    ways = () if context.redacted else (contact.mail, contact.phone)
    return Person(hygiene.line(contact.name), ", ".join(filter(None, map(hygiene.line, ways))))


def _wanted(row: DeviceRow, now: Device, before: Device | None, contact: Person | None) -> Wanted:
    facts = [found.facts for found in (now, before) if found is not None]
    return Wanted(
        id=row.id,
        name=row.name,
        kind=", ".join(filter(None, (row.role, _fact(facts, "model")))),
        user=row.owner or _fact(facts, "user"),
        place=row.site,
        why=row.why_not_seen,
        since=row.last_seen,
        contact=contact,
    )


def _fact(facts: Iterable[Mapping[str, object]], key: str) -> str:
    said = (found.get(key) for found in facts)
    return next((hygiene.name(value) for value in said if isinstance(value, str) and value), "")


def _longest_away(one: Wanted) -> tuple[float, str]:
    return (one.since.timestamp() if one.since else 0.0, one.name.casefold())
