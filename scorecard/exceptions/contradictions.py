"""What is wrong with entries although each key has its shape: days, names, and entries that get in each other's way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from scorecard.exceptions.entries import Entry
from scorecard.exceptions.limits import longest_days, run_days
from scorecard.inventory.values import suggestion
from scorecard.marked_yaml import Document, Problem, printable
from scorecard.model import ExceptionKind
from scorecard.standard import ExceptionLimits
from scorecard.yaml_values import KeyPath

_FIRST_YEAR, _LAST_YEAR = 2000, 2199
# The keys of the first and the last day, by kind.
_DAYS = {
    ExceptionKind.WAIVED: ("from", "expires"),
    ExceptionKind.DECLINED: ("on", "until"),
    ExceptionKind.STATED: ("on", "until"),
}
_SAID = {ExceptionKind.DECLINED: "refused", ExceptionKind.STATED: "said"}

Placed = Sequence[tuple[KeyPath, Entry]]  # each entry with its place in the file


def problems_of(
    placed: Placed, document: Document, checks: Iterable[str], limits: ExceptionLimits, today: date
) -> Iterator[Problem]:
    known = frozenset(checks)
    for path, entry in placed:
        for said_at, said in (*_names(entry, known), *_days(entry, limits, today)):
            yield document.problem((*path, said_at), said)
    yield from _ids(placed, document)
    yield from _overlaps(placed, document)


def _names(entry: Entry, known: frozenset[str]) -> Iterator[tuple[str, str]]:
    key = "checks" if entry.kind is ExceptionKind.DECLINED else "check"
    for check in entry.checks:
        if check not in known:
            hint = suggestion(check, known)
            yield key, f"there is no check '{printable(check)}'{hint or '; `scorecard checks list` shows all'}"
    if not entry.checks:
        yield key, "expected at least one check, found an empty list"
    if not entry.endpoints:
        yield "endpoints", "expected at least one name, found an empty list"
    for name in entry.endpoints:
        if "*" in name:
            yield "endpoints", f"'{printable(name)}' is a pattern; name each endpoint, so that a new one is never excused"
    if len({name.casefold() for name in entry.endpoints}) < len(entry.endpoints):
        yield "endpoints", "a name stands here twice (capitals do not count); keep one of them"


def _days(entry: Entry, limits: ExceptionLimits, today: date) -> Iterator[tuple[str, str]]:
    first, last = _DAYS[entry.kind]
    for key, day in ((first, entry.since), (last, entry.until)):
        if day is not None and not _FIRST_YEAR <= day.year <= _LAST_YEAR:
            yield key, f"expected a day from {_FIRST_YEAR} to {_LAST_YEAR}, found {day}"
            return
    if entry.kind in _SAID and entry.since > today:
        yield first, f"{entry.since} is yet to come, so nothing was {_SAID[entry.kind]} on it; correct the day"
    if entry.until is None:
        return
    if entry.until < entry.since:
        yield last, f"{entry.until} is before {first}, {entry.since}; correct one of them"
        return
    most = longest_days(entry, limits)
    if most is not None and (days := run_days(entry)) > most:
        hint = "" if entry.covered or entry.kind is ExceptionKind.STATED else _hint(limits)
        yield last, f"runs for {days} days; at most {most} are allowed, {first} and {last} included{hint}"


def _hint(limits: ExceptionLimits) -> str:
    return f" ({limits.covered_days} where cover: says what protects the machine meanwhile)"


def _ids(placed: Placed, document: Document) -> Iterator[Problem]:
    """Of entries that are about the same the overlap is said instead."""
    first: dict[str, tuple[KeyPath, Entry]] = {}
    for path, entry in placed:
        other_path, other = first.setdefault(entry.id, (path, entry))
        same = (other.checks, other.endpoints, other.since) == (entry.checks, entry.endpoints, entry.since)
        if other is not entry and not same:
            line = document.line((*other_path, "id"))
            yield document.problem((*path, "id"), f"'{entry.id}' is already used on line {line}; ids are unique")


def _overlaps(placed: Placed, document: Document) -> Iterator[Problem]:
    """A check on an endpoint has one exception at a time, whatever its kind: two would say different things."""
    about: dict[tuple[str, str], list[tuple[KeyPath, Entry]]] = defaultdict(list)
    for path, entry in placed:
        for check in dict.fromkeys(entry.checks):
            for name in dict.fromkeys(name.casefold() for name in entry.endpoints):
                about[check, name].append((path, entry))
    said: set[tuple[KeyPath, KeyPath]] = set()
    for (check, name), found in about.items():
        longest: tuple[KeyPath, Entry] | None = None
        for path, entry in sorted(found, key=lambda one: (one[1].since, document.line(one[0]))):
            if longest is not None and entry.since <= _end(longest[1]) and (path, longest[0]) not in said:
                said.add((path, longest[0]))
                yield document.problem(path, _twice(check, name, document.line(longest[0])))
            if longest is None or _end(entry) > _end(longest[1]):
                longest = (path, entry)


def _twice(check: str, name: str, line: int) -> str:
    about = f"{printable(check)} on '{printable(name)}'"
    return f"{about} has another exception for some of these days, on line {line}; keep one at a time"


def _end(entry: Entry) -> date:
    return entry.until or date.max
