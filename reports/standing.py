"""The first answer: grade block, verdict, machine bar, promises (reports.md 2.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo

from scorecard.caps import told_once
from scorecard.model import Status
from scorecard.result import Answer, Audit, Cap, Promise, Scorecard

from . import first_look_words, hygiene, labels, numbers, standing_words, words
from .agreed import Agreed
from .rows import Rows, State

_NAMES_SHOWN = 4
_CAPS_SHOWN = 2
_NAMES_BESIDE_LETTER = 2  # of what holds it: more are in the table of promises and in the list of limits
_SCALE_LEFT, _SCALE_WIDTH = 6.0, 217.0
_SCALE_GAP = 1.4
_BAR_WIDTH, _BAR_GAP, _BAR_LEAST = 1000.0, 2.0, 6.0
_BAR_ORDER = (State.YES, State.EXCUSED, State.NO, State.NOT_CHECKED)


@dataclass(frozen=True, slots=True)
class Link:
    """A name or count that leads somewhere: `target` is a device id, or a section id with `filter` as its state."""

    text: str
    target: str
    filter: str = ""
    is_name: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the letter scale or of the machine bar, in units of its drawing."""

    key: str
    x: float
    width: float
    on: bool = False

    @property
    def middle(self) -> float:
        return self.x + self.width / 2


@dataclass(frozen=True, slots=True)
class CapLine:
    message: str
    check: str  # the title of the check it rests on
    names: tuple[Link, ...]
    more: int
    letter: str
    lift: str
    binding: bool
    held_since: str = ""  # the day of the older answer that holds it; empty where all of it was seen now


@dataclass(frozen=True, slots=True)
class PromiseRow:
    """`why` is pieces in order: text as it is, links where they lead."""

    id: str
    title: str
    answer: Answer
    word: str
    met: int
    of: int
    why: tuple[str | Link, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    graded: bool
    letter: str | None
    points: str
    distance: str
    provisional: bool
    not_graded: str
    range: str
    scale: tuple[Segment, ...]
    marker: float | None
    scale_label: str
    seen: tuple[str, str]
    held: str
    caps: tuple[CapLine, ...]
    more_caps: int
    worst_case: str
    headline: str
    bar: tuple[Segment, ...]
    counts: Mapping[State, int]
    count_words: Mapping[str, str]
    promises: tuple[PromiseRow, ...]
    looked_at: str
    not_looked_at: str
    omitted: str
    worst_letter: str = ""  # where it is another


def build(audit: Audit, agreed: Agreed, rows: Rows, zone: tzinfo) -> Standing:
    card = audit.scorecard
    score = card.score
    graded = card.letter is not None and score is not None and not audit.scope
    shown = numbers.points(score, agreed.bands) if score is not None else ""
    seen = sum(device.seen for device in audit.devices)
    total = len(audit.devices)
    binding = tuple(_cap_line(cap, agreed, rows, zone, binding=True) for cap in told_once(card.caps) if decides(card, cap))
    counts = rows.counts
    in_part = counts[State.NOT_CHECKED] > total - seen
    worst = card.worst_case if graded and card.worst_case and card.worst_case != card.letter else ""
    return Standing(
        graded=graded,
        letter=card.letter if graded else None,
        points=shown if graded else "",
        distance=_distance(score, agreed.bands) if graded and score is not None else "",
        provisional=graded and card.provisional,
        not_graded="" if graded else _not_graded(audit, seen, total),
        range="" if graded or audit.scope or not total else _range(audit, agreed),
        scale=_scale(agreed.bands, card.letter) if graded else (),
        marker=_SCALE_LEFT + _SCALE_WIDTH * score / 100 if graded and score is not None else None,
        scale_label=f"{shown} on a scale from 0 to 100" if graded else "",
        seen=standing_words.seen_of(seen, total, *_shares(card.coverage, seen, total)),
        held=standing_words.held_at(card.letter_before_caps, card.letter)
        if graded and binding and card.letter and card.letter_before_caps
        else "",
        caps=tuple(map(_brief, binding[:_CAPS_SHOWN])),
        more_caps=max(len(binding) - _CAPS_SHOWN, 0),
        worst_case=standing_words.worst_case(worst) if worst else "",
        worst_letter=worst,
        headline=_headline(audit, rows, seen, total, in_part),
        bar=_bar(counts),
        counts=counts,
        count_words=_count_words(counts, in_part),
        promises=tuple(_promise(promise, audit, agreed, rows, zone) for promise in card.promises),
        looked_at=agreed.looked_at,
        not_looked_at=words.listed(agreed.not_looked_at),
        omitted=words.listed([hygiene.line(title).lower() for title in card.omitted_categories]),
    )


def _count_words(counts: Mapping[State, int], in_part: bool) -> dict[str, str]:
    said = {state: one if counts[State(state)] == 1 else many for state, (one, many) in labels.COUNT_WORDS.items()}
    return said | ({State.NOT_CHECKED: labels.NOT_FULLY_CHECKED} if in_part else {})


def _headline(audit: Audit, rows: Rows, seen: int, total: int, in_part: bool) -> str:
    card, counts = audit.scorecard, rows.counts
    short, unchecked, excused = counts[State.NO], counts[State.NOT_CHECKED], counts[State.EXCUSED]
    if not total:
        return words.NO_MACHINES
    if audit.scope:
        return standing_words.part_only(total, short)
    if card.letter is None:
        return standing_words.cannot_say(seen, total)
    if card.provisional:
        return standing_words.verdict_with_gap(card.letter, short, total - seen, seen, total)
    open_elsewhere = any(row.graded and (row.falls_short or row.status is Status.UNKNOWN) for row in rows.findings)
    return standing_words.verdict(card.letter, short, unchecked, excused, open_elsewhere=open_elsewhere, in_part=in_part)


def _shares(coverage: float, seen: int, total: int) -> tuple[str, str]:
    """Of machines and of answers; the second is empty where it says the same."""
    if not total:
        return "", ""
    answered = numbers.share(coverage)
    return numbers.percent_of(seen, total), "" if answered == numbers.share(seen / total) else answered


def _not_graded(audit: Audit, seen: int, total: int) -> str:
    if audit.scope:
        return words.scope_notice(hygiene.line(audit.scope))
    if not total:
        return labels.NOT_GRADED
    if audit.scorecard.coverage < 1 and seen < total:
        return f"Not graded: {seen:,} of {words.machines(total)} checked."
    return hygiene.line(audit.scorecard.not_graded or "Not graded.")


def _range(audit: Audit, agreed: Agreed) -> str:
    low, high = audit.scorecard.score, audit.scorecard.possible
    if low is None or high is None:
        return ""
    return standing_words.range_of(numbers.points(low, agreed.bands), numbers.points(high, agreed.bands))


def _distance(score: float, bands: Mapping[str, float]) -> str:
    above = [(start, letter) for letter, start in bands.items() if start > score]
    if not above:
        return ""
    start, letter = min(above)
    return standing_words.short_of(start - score, letter)


def _scale(bands: Mapping[str, float], letter: str | None) -> tuple[Segment, ...]:
    edges = sorted((start, name) for name, start in bands.items())
    starts = [(0.0, "F"), *edges]
    ends = [*(start for start, _ in edges), 100.0]
    return tuple(
        Segment(
            name, _SCALE_LEFT + _SCALE_WIDTH * start / 100, _SCALE_WIDTH * (end - start) / 100 - _SCALE_GAP, name == letter
        )
        for (start, name), end in zip(starts, ends, strict=True)
        if end > start
    )


def _bar(counts: Mapping[State, int]) -> tuple[Segment, ...]:
    """Widths to scale, but any part that is not empty can be seen."""
    present = [(state, counts[state]) for state in _BAR_ORDER if counts[state]]
    if not present:
        return ()
    room = _BAR_WIDTH - _BAR_GAP * (len(present) - 1)
    total = sum(count for _, count in present)
    widths = [max(room * count / total, _BAR_LEAST) for _, count in present]
    widths[widths.index(max(widths))] -= sum(widths) - room
    segments, x = [], 0.0
    for (state, _), width in zip(present, widths, strict=True):
        segments.append(Segment(state.value, round(x, 1), round(width, 1)))
        x += width + _BAR_GAP
    return tuple(segments)


def cap_lines(audit: Audit, agreed: Agreed, rows: Rows, zone: tzinfo) -> tuple[CapLine, ...]:
    """All caps, those that decide the letter first."""
    card = audit.scorecard
    lines = [_cap_line(cap, agreed, rows, zone, binding=decides(card, cap)) for cap in card.caps]
    return tuple(sorted(lines, key=lambda line: (not line.binding, line.letter)))


def _brief(cap: CapLine) -> CapLine:
    few = len(cap.names) + cap.more <= _NAMES_BESIDE_LETTER
    return cap if few else replace(cap, names=(), more=0)


def decides(card: Scorecard, cap: Cap) -> bool:
    """Whether the letter would be a better one without it and its like."""
    return card.letter is not None and card.letter_before_caps not in (None, card.letter) and cap.letter == card.letter


def _cap_line(cap: Cap, agreed: Agreed, rows: Rows, zone: tzinfo, *, binding: bool) -> CapLine:
    named = () if cap.check is None else _names(cap.endpoints, rows)
    more = 0 if cap.check is None else len(cap.endpoints) - len(named)
    title = agreed.check(cap.check).title if cap.check else ""
    since = numbers.day(cap.held_since.astimezone(zone)) if cap.held_since else ""
    return CapLine(hygiene.line(cap.message), title, named, more, cap.letter, hygiene.line(cap.lift), binding, since)


def _names(endpoints: Sequence[str], rows: Rows) -> tuple[Link, ...]:
    """Up to four names; of more, the three worst in the order of the machine list."""
    order = {row.id: place for place, row in enumerate(rows.devices)}
    ids = sorted((rows.ids[name] for name in endpoints if name in rows.ids), key=order.__getitem__)
    by_id = {row.id: row for row in rows.devices}
    kept = ids if len(ids) <= _NAMES_SHOWN else ids[: _NAMES_SHOWN - 1]
    return tuple(Link(by_id[key].name, key, is_name=True) for key in kept)


def _promise(promise: Promise, audit: Audit, agreed: Agreed, rows: Rows, zone: tzinfo) -> PromiseRow:
    return PromiseRow(
        id=hygiene.name(promise.id),
        title=hygiene.line(promise.title).rstrip("?") + "?",
        answer=promise.answer,
        word=words.ANSWERS[promise.answer],
        met=promise.met,
        of=promise.of,
        why=tuple(_why(promise, audit, agreed, rows, zone)),
    )


def _why(promise: Promise, audit: Audit, agreed: Agreed, rows: Rows, zone: tzinfo) -> list[str | Link]:
    if not promise.of:
        return [words.no_machine_applies() if rows.devices else words.NONE_LISTED]
    if promise.answer is Answer.NO:
        return _why_no(promise, rows)
    if promise.answer is Answer.NOT_YET:
        before, link, after = standing_words.gap(len(promise.unknown), promise.met, promise.of)
        return [before, Link(link, "machines", f"state=not-checked&part={promise.id}"), after]
    if promise.excused:
        return [
            "All others do. Excused: ",
            *_joined(_names(promise.excused, rows), len(promise.excused), promise.id, "excused"),
            ".",
        ]
    return [standing_words.all_checked(promise.of, _when(promise, audit, agreed, zone))]


def _why_no(promise: Promise, rows: Rows) -> list[str | Link]:
    by_id = {row.id: row for row in rows.devices}
    short = [by_id[rows.ids[name]] for name in promise.endpoints if name in rows.ids]
    pieces: list[str | Link] = [standing_words.do_not(len(promise.endpoints), [row.role for row in short]) + ": "]
    pieces += _joined(_names(promise.endpoints, rows), len(promise.endpoints), promise.id, "no")
    pieces.append(".")
    if promise.unknown:
        pieces += [
            " ",
            Link(standing_words.also_unchecked(len(promise.unknown)), "machines", f"state=not-checked&part={promise.id}"),
            ".",
        ]
    if promise.excused:
        pieces.append(f" {standing_words.excused(len(promise.excused))}.")
    return pieces


def _joined(names: tuple[Link, ...], total: int, promise: str, state: str) -> list[str | Link]:
    pieces: list[str | Link] = []
    for place, name in enumerate(names):
        pieces += [", ", name] if place else [name]
    if total > len(names):
        more = Link(words.and_more(total - len(names)), "machines", f"state={state}&part={promise}")
        pieces += [" ", more] if pieces else [more]
    return pieces


def _when(promise: Promise, audit: Audit, agreed: Agreed, zone: tzinfo) -> str:
    rule = agreed.promises.get(promise.id)
    wanted = frozenset(rule.checks if rule else ())
    moments = [finding.observed_at for finding in audit.findings if finding.check in wanted and finding.observed_at]
    return numbers.span(min(moments).astimezone(zone), max(moments).astimezone(zone)) if moments else ""


def without_letter(found: Standing) -> Standing:
    """The same without letter, points and what limits them: answers, counts and coverage stay (reports.md 13)."""
    return replace(
        found,
        graded=False,
        letter=None,
        points="",
        distance="",
        provisional=False,
        not_graded=first_look_words.FIRST_ASSESSMENT,
        range="",
        scale=(),
        marker=None,
        scale_label="",
        held="",
        caps=(),
        more_caps=0,
        worst_case="",
        worst_letter="",
    )
