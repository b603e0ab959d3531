"""The sentences of the first screen: the headline, the promises, what holds the letter (reports.md 2.1)."""

from __future__ import annotations

from collections.abc import Sequence

from . import words

WORST_LABEL = "Worst case"


def fall_short(count: int) -> str:
    return f"{words.machines(count)} {'falls' if count == 1 else 'fall'} short"


def do_not(count: int, roles: Sequence[str]) -> str:
    return f"{words.kind_of(count, roles)} {'does' if count == 1 else 'do'} not"


def gap(unchecked: int, met: int, of: int) -> tuple[str, str, str]:
    """The sentence of a promise that nothing breaks but that is not proven: before, link, after."""
    if not met:
        return ("We have no answer yet: ", f"{unchecked:,} of {words.machines(of)} could not be checked", ".")
    return ("All that we checked do, but ", f"{unchecked:,} {'was' if unchecked == 1 else 'were'} not checked", ".")


def also_unchecked(count: int) -> str:
    return f"{count:,} not checked"


def all_checked(of: int, when: str) -> str:
    return (f"The one machine, checked {when}." if of == 1 else f"All {of:,}, checked {when}.") if when else f"All {of:,}."


def excused(count: int) -> str:
    return f"{count:,} excused"


def verdict(
    letter: str | None, short: int, unchecked: int, excused_count: int, *, open_elsewhere: bool, in_part: bool
) -> str:
    """The headline: one word from a fixed set by the worst true condition, then the facts (reports.md 2.1).

    `open_elsewhere`: a check outside the promises falls short or gave no answer. `in_part`: of the unchecked machines
    some did answer, but not everything.
    """
    unknown = _unchecked_part(unchecked, bool(short), in_part) if unchecked else ""
    pieces = (fall_short(short) if short else "", unknown)
    facts = " and ".join(filter(None, pieces))
    if letter == "F":
        return f"No. {facts}." if facts else "No. Every promise is kept, but too much else falls short."
    if letter in ("C", "D"):
        return f"Not yet. {facts}." if facts else "Not yet. Every promise is kept, but other checks are not."
    if facts:
        return f"Nearly. {facts}."
    if open_elsewhere:
        return "Nearly. Every promise is kept, but some other checks are not."
    if excused_count:
        return f"Yes, with {words.plural(excused_count, 'exception', 'exceptions')} you agreed."
    return words.ALL_KEPT


def _unchecked_part(count: int, follows: bool, in_part: bool) -> str:
    who = f"{count:,}" if follows else words.machines(count)
    return f"{who} could not be {'fully ' if in_part else ''}checked"


def verdict_with_gap(letter: str, short: int, unchecked: int, seen: int, total: int) -> str:
    """Provisional: the sentence starts with the gap."""
    word = "No." if letter == "F" else "Not yet."
    gap_words = (
        f"{unchecked:,} of {words.machines(total)} could not be checked" if seen < total else "Many questions got no answer"
    )
    return f"{word} {gap_words}{f'; {short:,} {words.falls(short)} short' if short else ''}."


def cannot_say(seen: int, total: int) -> str:
    if not seen:
        return f"We cannot say. None of {words.machines(total)} could be checked."
    if seen == total:
        return "We cannot say. Too many questions got no answer."
    return f"We cannot say. Only {seen:,} of {words.machines(total)} could be checked."


def part_only(total: int, short: int) -> str:
    facts = f"{short:,} of them {words.falls(short)} short" if short else "none of them falls short of a promise"
    return f"We cannot say for all. We looked at {words.machines(total)}; {facts}."


def seen_of(seen: int, total: int, percent: str, answered: str) -> tuple[str, str]:
    """The coverage line: "118 of 124" and "machines checked (95%), with 93% of the answers that count."."""
    tail = f", with {answered} of the answers that count" if answered else ""
    return (f"{seen:,} of {total:,}", f"{'machine' if total == 1 else 'machines'} checked{percent}{tail}.")


def range_of(low: str, high: str) -> str:
    return f"Somewhere between {low} and {high} points." if low != high else f"{low} points so far."


def short_of(points: float, letter: str) -> str:
    whole = f"{points:.0f}" if points >= 1 else f"{points:.1f}"
    return f"{whole} short of {'an' if letter in 'AF' else 'a'} {letter}"


def held_at(before: str, letter: str) -> str:
    return f"Would be {'an' if before in 'AF' else 'a'} {before}, but is held at {letter}:"


def worst_case(letter: str) -> str:
    return f"If all that we could not check were bad, the letter would be {letter}."
