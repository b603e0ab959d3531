"""What could not be checked, what was agreed to leave, and how all of it was measured (reports.md 2.9)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import tzinfo

from scorecard.model import Identity, Status
from scorecard.reporting import ReportContext
from scorecard.result import Audit

from . import hygiene, numbers, words
from .agreed import Agreed, mapping, shown, string
from .rows import DeviceRow, Rows
from .standing import CapLine, Link, cap_lines

_NAMES_SHOWN = 4
_NOTE_NAMES = 12


@dataclass(frozen=True, slots=True)
class Silent:
    """A check that gave no answer on machines that were seen, for one reason."""

    check: str
    title: str
    reason: str
    names: tuple[Link, ...]
    more: int
    machines: int


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the method section: a label with its lines."""

    label: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckLine:
    id: str
    title: str
    category: str
    severity: str
    parameters: str
    graded: bool
    asked: int


@dataclass(frozen=True, slots=True)
class Asked:
    """The text of one part as it was sent. `part` may name the platform first: "linux/patching.packages"."""

    id: str
    part: str
    text: str
    cut: bool

    @property
    def scrolls(self) -> bool:
        return hygiene.is_long(self.text)


@dataclass(frozen=True, slots=True)
class Method:
    unseen: tuple[DeviceRow, ...]
    silent: tuple[Silent, ...]
    facts: tuple[Fact, ...]
    caps: tuple[CapLine, ...]
    checks: tuple[CheckLine, ...]
    asked: tuple[Asked, ...]

    @property
    def held(self) -> tuple[CapLine, ...]:
        """Limits that rest on older answers: nobody has seen yet that the fault is gone."""
        return tuple(cap for cap in self.caps if cap.held_since)


def build(audit: Audit, context: ReportContext, agreed: Agreed, rows: Rows, zone: tzinfo) -> Method:
    return Method(
        unseen=tuple(row for row in rows.devices if not row.seen),
        silent=_silent(agreed, rows),
        facts=tuple(fact for fact in _facts(audit, agreed, rows, zone) if fact.lines),
        caps=cap_lines(audit, agreed, rows, zone),
        checks=_checks(agreed, rows),
        asked=tuple(
            Asked(f"p{number:03d}", hygiene.name(part), hygiene.text(text), len(text) > hygiene.CELL_LIMIT)
            for number, (part, text) in enumerate(sorted(context.probes.items()), 1)
        ),
    )


def _silent(agreed: Agreed, rows: Rows) -> tuple[Silent, ...]:
    groups: dict[tuple[str, str], list[DeviceRow]] = {}
    for device in rows.devices:
        if device.seen:
            for finding in device.with_status(Status.UNKNOWN):
                groups.setdefault((finding.check, finding.reason), []).append(device)
    ranked = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(
        Silent(
            check,
            agreed.check(check).title,
            reason,
            tuple(Link(device.name, device.id, is_name=True) for device in devices[:_NAMES_SHOWN]),
            max(len(devices) - _NAMES_SHOWN, 0),
            len(devices),
        )
        for (check, reason), devices in ranked
    )


def _facts(audit: Audit, agreed: Agreed, rows: Rows, zone: tzinfo) -> tuple[Fact, ...]:
    return (
        Fact("What was looked at", _scope(audit, agreed, rows)),
        Fact("When", _when(audit, zone)),
        Fact("Permission", _permission(audit)),
        Fact("Standard", _standard(agreed)),
        Fact("Grades", _grades(agreed)),
        Fact("How much each part counts", _weights(audit, agreed)),
        Fact("What each promise takes", tuple(_promised(audit, agreed))),
        Fact("Identity of the machines", _identity(rows)),
        Fact("Data used", _data(audit)),
        Fact("No longer on the list", tuple(_retired(audit))),
        Fact("Notes", tuple(_notes(audit.notes, {device.name for device in audit.devices}))),
        Fact(
            "This check",
            (f"Made with {words.PRODUCT} {hygiene.name(audit.tool_version)}.", f"Audit {hygiene.name(audit.id)}."),
        ),
    )


def _scope(audit: Audit, agreed: Agreed, rows: Rows) -> tuple[str, ...]:
    seen = sum(row.seen for row in rows.devices)
    reasons = {hygiene.line(device.expected_because) for device in audit.devices}
    lines = [words.on_the_list(len(rows.devices), seen, sorted(reasons))] if rows.devices else []
    if audit.scope:
        lines.append(words.scope_notice(hygiene.line(audit.scope)))
    if agreed.looked_at:
        lines.append(f"Looked at: {agreed.looked_at}.")
    if agreed.not_looked_at:
        lines.append(f"Not looked at: {words.listed(agreed.not_looked_at)}.")
    if audit.scorecard.omitted_categories:
        lines.append(
            words.omitted_parts(words.listed([hygiene.line(title).lower() for title in audit.scorecard.omitted_categories]))
        )
    return tuple(lines)


def _when(audit: Audit, zone: tzinfo) -> tuple[str, ...]:
    started, finished = audit.started_at.astimezone(zone), audit.finished_at.astimezone(zone)
    lines = [f"From {numbers.stamp(started)} to {numbers.stamp(finished)}."]
    if audit.interrupted:
        lines.append(words.INTERRUPTED)
    return tuple(lines)


def _permission(audit: Audit) -> tuple[str, ...]:
    given = audit.authorised
    if given is None:
        return (words.NO_AUTHORISATION,)
    until = f", until {numbers.day(given.until)}" if given.until else ""
    return (f"Given by {hygiene.name(given.by)} on {numbers.day(given.on)}{until}. Scope: {hygiene.line(given.scope)}.",)


def _standard(agreed: Agreed) -> tuple[str, ...]:
    fresh = f"An answer is fresh for {words.plural(agreed.fresh_days, 'day', 'days')}." if agreed.fresh_days else ""
    lines = (
        f"{agreed.title} ({agreed.name}), version {agreed.version}.",
        words.EDITED if agreed.edited else words.UNEDITED,
        f"Fingerprint (SHA-256): {agreed.sha256}",
        fresh,
    )
    return tuple(filter(None, lines))


def _grades(agreed: Agreed) -> tuple[str, ...]:
    bands = ", ".join(f"{letter} from {start:g}" for letter, start in agreed.bands.items())
    lines = [f"{bands}, F below. The letter is decided on the points before rounding."] if bands else []
    lines.append(words.UNKNOWN_ARE_NO)
    coverage = mapping(agreed.content.get("coverage"))
    for key, said in words.COVERAGE_RULES.items():
        rule = mapping(coverage.get(key))
        if isinstance(rule.get("below"), int | float):
            lines.append(said.format(below=numbers.share(float(rule["below"])), letter=string(rule.get("letter"))))
    weights = mapping(agreed.content.get("severity_weights"))
    if weights:
        lines.append(
            "Weight of a check: " + ", ".join(f"{string(name)} {shown(value)}" for name, value in weights.items()) + "."
        )
    roles = mapping(agreed.content.get("role_weights"))
    if roles:
        lines.append(
            "Weight of a machine: " + ", ".join(f"{string(name)} {shown(value)}" for name, value in roles.items()) + "."
        )
    return tuple(lines)


def _weights(audit: Audit, agreed: Agreed) -> tuple[str, ...]:
    return tuple(
        words.category_line(
            hygiene.line(category.title),
            f"{category.weight:g}",
            "" if category.score is None else numbers.points(category.score, agreed.bands),
            numbers.share(category.coverage),
        )
        for category in audit.scorecard.categories
    )


def _promised(audit: Audit, agreed: Agreed) -> Iterator[str]:
    """What counts as kept, a line each promise."""
    rules = [(one.title, agreed.promises.get(one.id)) for one in audit.scorecard.promises]
    known = [(hygiene.line(title).rstrip("?"), rule.checks) for title, rule in rules if rule and rule.checks]
    if known:
        yield words.PROMISE_KEPT
    for title, checks in known:
        yield words.promise_takes(title, [agreed.check(check).title for check in checks])


def _identity(rows: Rows) -> tuple[str, ...]:
    doubtful = [row.name for row in rows.devices if row.identity is Identity.NOT_PROVEN]
    if doubtful:
        return (f"Identity not proven for {words.machines(len(doubtful))}: {', '.join(doubtful)}.",)
    return (words.ALL_PROVEN,) if any(row.seen for row in rows.devices) else ()


def _notes(notes: Iterable[str], names: AbstractSet[str]) -> Iterator[str]:
    """What is the same of many machines is said once, with the first of them."""
    machines: dict[str, list[str]] = {}
    for note in notes:
        name, colon, said = note.partition(": ")
        of_machine = colon and name in names
        machines.setdefault(said if of_machine else note, []).extend([name] if of_machine else [])
    for said, who in machines.items():
        shown = [hygiene.name(name) for name in who[:_NOTE_NAMES]]
        more = [f"{len(who) - len(shown):,} more"] if len(who) > len(shown) else []
        yield hygiene.line(f"{words.listed([*shown, *more])}: {said}" if who else said)


def _data(audit: Audit) -> tuple[str, ...]:
    lines = []
    for raw in audit.data:
        as_of, oldest = string(raw.get("as_of")), string(raw.get("oldest_as_of"))
        dated = f"as of {as_of}" if as_of else ""
        aged = f"oldest row {oldest}" if oldest and oldest != as_of else ""
        lines.append(", ".join(filter(None, (string(raw.get("name")), string(raw.get("source")), dated, aged))) + ".")
    return tuple(lines) or (words.NO_DATA,)


def _retired(audit: Audit) -> list[str]:
    return [
        f"{hygiene.name(gone.name)}, since {numbers.day(gone.on)}: {hygiene.line(gone.reason)}." for gone in audit.retired
    ]


def _checks(agreed: Agreed, rows: Rows) -> tuple[CheckLine, ...]:
    severities: dict[str, set[str]] = {}
    asked: dict[str, int] = {}
    for row in rows.findings:
        severities.setdefault(row.check, set()).add(row.severity)
        asked[row.check] = asked.get(row.check, 0) + 1
    return tuple(
        CheckLine(
            id=hygiene.name(info.id),
            title=info.title,
            category=agreed.category_title(info.category),
            severity=", ".join(words.SEVERITIES[key] for key in words.SEVERITIES if key in severities.get(info.id, ())),
            parameters="; ".join(f"{name}: {value}" for name, value in info.parameters) or words.DASH,
            graded=info.graded,
            asked=asked.get(info.id, 0),
        )
        for info in sorted(agreed.checks.values(), key=lambda info: (info.category, info.id))
    )
