"""Every sentence and label of the reports, in English (reports.md 3).

Results are stated, never praised; a machine is a "machine", updates are "updates". One word for one thing everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence

from scorecard import disk_space
from scorecard.errors import FailureKind
from scorecard.model import Identity, Outcome, Role, Status
from scorecard.result import Answer

PRODUCT = "IT partner scorecard"
DASH = "\N{EN DASH}"

STATES = {
    "yes": "Yes",
    "no": "No",
    "not-checked": "Not checked",
    "excused": "Excused",
    "not-applicable": DASH,
}
NOT_APPLICABLE = "Not applicable"
RESULTS = {
    Status.PASS: "Yes",
    Status.WARN: "Nearly",
    Status.FAIL: "No",
    Status.UNKNOWN: "Not checked",
    Status.NOT_APPLICABLE: NOT_APPLICABLE,
}
ANSWERS = {
    Answer.YES: "Yes",
    Answer.NO: "No",
    Answer.NOT_YET: "Not yet",
    Answer.YES_EXCEPT: "Yes, except",
    Answer.DOES_NOT_APPLY: DASH,
}
SEVERITIES = {"critical": "Critical", "high": "High", "medium": "Medium", "low": "Low"}
ROLES = {Role.WORKSTATION: "PC", Role.LAPTOP: "Laptop", Role.SERVER: "Server"}
_ROLE_NOUNS = {"PC": ("PC", "PCs"), "Laptop": ("laptop", "laptops"), "Server": ("server", "servers")}
IDENTITIES = {
    Identity.PROVEN: "Proven",
    Identity.NOT_PROVEN: "Not proven",
    Identity.NOT_CONTACTED: "Not contacted",
}
OUTCOMES = {
    Outcome.OK: "whole",
    Outcome.ABSENT: "no such tool or file",
    Outcome.DENIED: "not allowed",
    Outcome.TIMEOUT: "took too long",
    Outcome.TRUNCATED: "cut off",
    Outcome.ERROR: "ended with an error",
}
OTHER_CHECKS = "Other checks"
ALL_MET = "All met"

# Why a machine was not checked: a fixed vocabulary (reports.md 2.9).
NOT_YET_DUE = "Not asked: the check was stopped first"
_WHY_NOT_SEEN = {
    FailureKind.NAME_NOT_FOUND: "Its name was not found",
    FailureKind.UNREACHABLE: "It did not answer",
    FailureKind.REFUSED: "Remote check not set up",
    FailureKind.HOST_KEY_CHANGED: "Its identity has changed",
    FailureKind.HOST_KEY_UNKNOWN: "Its identity is not known yet",
    FailureKind.CERTIFICATE_INVALID: "Its certificate cannot be trusted",
    FailureKind.AUTH_FAILED: "Sign-in refused",
    FailureKind.PERMISSION_DENIED: "Sign-in lacks the rights",
    FailureKind.QUOTA: "It is too busy for another check",
    FailureKind.PROTOCOL: "It answered in a way we do not understand",
    FailureKind.DEADLINE: "It took too long",
    FailureKind.OUTPUT_TOO_LARGE: "It sent too much",
    FailureKind.INTERNAL: "The check failed on our side",
}

TITLE_SAFE = "Are our computers in order?"
TITLE_BETTER = "Is it getting better?"
TITLE_NEED = "What do we need from you?"
TITLE_PARTS = "What makes the grade?"
TITLE_CHANGES = "What changed"
TITLE_FIX = "What to fix first"
TITLE_MACHINES = "All machines"
TITLE_DETAIL = "Machine by machine"
TITLE_UNCHECKED = "What we could not check, and why"
TITLE_EXCEPTIONS = "Accepted exceptions"
TITLE_METHOD = "How this was measured"
TITLE_WORDS = "Words used here"
FIRST_CHECK = "This is the first check, so there is nothing to compare yet."
NOT_COMPARABLE = "This check has no points for the whole client, so there is nothing to compare."
OUR_MARK = "This is our mark too: when it falls, we have failed."
NO_POINTS_UNSEEN = "A machine we could not check earns no points."
PROMISE_CAPTION = "Can we say, without a doubt, that every machine has…"
PROMISE_KEPT = "A machine keeps a promise when every check behind it that applies is a Yes."
GUARANTEE = "This report shows results at the time of the check and is not a guarantee."
INTERRUPTED = "This check was stopped before it was finished. Machines it did not reach are listed as not checked."
EDITED = "This standard was edited: it is not the one that came with the tool."
UNEDITED = "As it came with the tool, unchanged."
ALL_KEPT = "Yes. Every machine was checked and keeps every promise."
NONE_LISTED = "There are no machines on the list."
NO_MACHINES = f"We cannot say. {NONE_LISTED}"
NO_DATA = "No support dates or product lists were used."
ALL_PROVEN = "Every machine that answered proved that it is the one on the list."
NO_AUTHORISATION = "No written permission is on file for this check."
NOT_ESTIMATED = "not estimated"
EVERYTHING_ANSWERED = "Every machine on the list was checked, and every check gave an answer."
UNKNOWN_ARE_NO = "Every check that gives no answer counts as nothing, never as a pass."


def nothing_falls_short(*, any_seen: bool, agreed: bool = False) -> str:
    """`agreed`: something does that was agreed to leave."""
    if not any_seen:
        return "No machine was checked, so nothing can be said here."
    return f"Nothing {'else ' if agreed else ''}that was checked falls short."


def plural(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


def promise_takes(title: str, checks: Sequence[str]) -> str:
    """ "Its whole disk encrypted: The system drive is encrypted; Every other fixed drive is encrypted." """
    return f"{title[:1].upper()}{title[1:]}: {'; '.join(checks)}."


def machines(count: int) -> str:
    return plural(count, "machine", "machines")


def kind_of(count: int, roles: Sequence[str]) -> str:
    """ "4 laptops" where all are of one kind, else "4 machines"."""
    nouns = _ROLE_NOUNS[roles[0]] if roles and len(set(roles)) == 1 else ("machine", "machines")
    return plural(count, *nouns)


def listed(names: Sequence[str]) -> str:
    """ "A", "A and B", "A, B and C"; "A, B, and C and D" where the last one has an "and" of its own."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])}{',' if ' and ' in names[-1] else ''} and {names[-1]}"


def falls(count: int) -> str:
    return "falls" if count == 1 else "fall"


def of_short(short: int, total: int) -> str:
    return f"{short} of {total} {'falls' if short == 1 else 'fall'} short"


def of_unknown(unknown: int, total: int) -> str:
    return f"{unknown} of {total} not checked"


def why_not_seen(kind: FailureKind | None) -> str:
    return NOT_YET_DUE if kind is None else _WHY_NOT_SEEN[kind]


def no_machine_applies() -> str:
    return "None of these machines is of a kind that this applies to."


def unreadable_notice(days: Sequence[str]) -> str:
    which = f"The check of {days[0]}" if len(days) == 1 else f"{len(days)} earlier checks"
    return f"{which} cannot be read by this version, so nothing here is compared with {'it' if len(days) == 1 else 'them'}."


def scope_notice(scope: str) -> str:
    return f"Only a part of the client was looked at ({scope}). Each machine has its results; the whole has no grade."


def and_more(count: int) -> str:
    return f"and {count:,} more"


def counts_for(share: str) -> str:
    return f"of 100, counts {share}"


def was(points: str, day: str) -> str:
    return f"Was {points} on {day}."


def as_a_whole(weight: str) -> str:
    return f"As a whole it {weight.removeprefix('of 100, ')}."


def lost_most(count: int, title: str) -> str:
    return f"Most was lost on “{title}”: {machines(count)}."


def lost_on_unknown(count: int, *, excused: bool) -> str:
    seen = "else that was seen" if excused else "seen"
    return f"Nothing {seen} falls short. {plural(count, 'question', 'questions')} got no answer."


def nothing_seen(count: int, *, carried: bool) -> str:
    """Of a part in which no question got an answer. `carried`: some older answer still counts."""
    said = "The one question got no answer." if count == 1 else f"None of {count:,} questions got an answer."
    return f"{said} The points rest on older answers." if carried else said


def lost_mostly_unknown(count: int) -> str:
    return f"Most was lost on {plural(count, 'question', 'questions')} that got no answer."


NOTHING_LOST = "Every machine is as agreed."


def nothing_else_lost(count: int) -> str:
    """`count`: of results that somebody agreed to leave."""
    return f"{plural(count, 'result is', 'results are')} excused; all else is as agreed."


def omitted_parts(titles: str) -> str:
    return f"Not part of this grade, because the standard has no check for it: {titles}."


def parts_not_applying(titles: str) -> str:
    return f"Applies to none of these machines and is left out: {titles}."


def find_and_check(count: int) -> str:
    return f"Find and check {machines(count)}"


COVERAGE_RULES = {
    "capped": "With fewer than {below} of the answers the letter is not better than {letter}.",
    "provisional": "With fewer than {below} of the answers it is not better than {letter} and is called provisional.",
    "not_graded": "With fewer than {below} of the answers there is no letter.",
}


def category_line(title: str, weight: str, points: str, answered: str) -> str:
    if not points:
        return f"{title}: weight {weight}, applies to no machine and is left out."
    return f"{title}: weight {weight}, {points} of 100 points, {answered} of the answers."


def on_the_list(total: int, seen: int, reasons: Sequence[str]) -> str:
    return f"{machines(total)} on the list, {seen:,} seen. On the list because of: {listed(reasons)}."


def page_title(client: str, month: str) -> str:
    return f"IT scorecard, {client}, {month}"


def checked_on(day: str) -> str:
    return f"Checked {day}"


MADE_UP = "Made up: no such client and none of these machines exists."


def client_name(client: str, *, made_up: bool) -> str:
    """As it stands on every page and sheet, and in every row of the CSV file."""
    return f"{client} (made up)" if made_up and "made up" not in client.casefold() else client


def footer(client: str, stamp: str, audit: str) -> str:
    return f"{client}. Checked {stamp}. Audit {audit}."


def grade_label(letter: str, provisional: bool) -> str:
    return f"Grade {letter}{', provisional' if provisional else ''}"


def more_reasons(count: int) -> str:
    return f"and {plural(count, 'more reason', 'more reasons')}"


def of_do(of: int, met: int) -> str:
    return f"of {of:,} {'does' if met == 1 else 'do'}"


def looked_line(looked_at: str, not_looked_at: str) -> str:
    pieces = (f"Looked at: {looked_at}." if looked_at else "", f"Not looked at: {not_looked_at}." if not_looked_at else "")
    return " ".join(filter(None, pieces))


def parts_title(count: int) -> str:
    numbers = (
        "No part has points",
        "One part makes the grade",
        "Two parts make the grade",
        "Three parts make the grade",
    )
    return (
        numbers[count]
        if count < len(numbers)
        else "The four parts of the grade"
        if count == 4
        else f"The {count} parts of the grade"
    )


def how(steps: int) -> str:
    return f"How: {plural(steps, 'step', 'steps')}"


def nearly(count: int) -> str:
    return f"{count:,} nearly there"


def ungraded(count: int) -> str:
    return f"{plural(count, 'result', 'results')} of checks that do not count yet also fall short, shown with each machine."


def machines_intro(shown: int, total: int) -> str:
    if shown < total:
        return f"The worst {shown:,} of {machines(total)}, worst first. The workbook lists all of them."
    return "Worst first. Each name leads to what was found and how we know."


def listing(*pieces: str) -> str:
    return ", ".join(filter(None, pieces))


def device_line(seen: bool, short: int, silent: int, excused: int, *, kept: bool) -> str:
    """`kept`: every promise is, and what falls short is none of what they rest on."""
    if not seen:
        return "not checked"
    which = plural(short, "other check", "other checks") if kept else f"{short}"
    pieces = (
        f"{which} {falls(short)} short" if short else "",
        f"{excused} excused" if excused else "",
        f"{silent} without an answer" if silent else "",
    )
    return ", ".join(filter(None, pieces)) or "as agreed"


def fact_label(key: str) -> str:
    return key.replace("_", " ").replace("-", " ").capitalize()


def disk(mount: str, free_bytes: int | None, size_bytes: int | None) -> str:
    """ "C: 270.5 of 500 GB free", a GB being 2^30 bytes."""
    if free_bytes is None or size_bytes is None:
        return f"{mount} not read"
    size = size_bytes / disk_space.GB
    return f"{mount} {free_bytes / disk_space.GB:,.1f} of {f'{size:,.0f}' if size >= 10 else f'{size:,.1f}'} GB free"


def days(count: int) -> str:
    return plural(count, "day", "days")


def carried(day: str) -> str:
    return f"The answer of {day} still counts in the points."


def last_answer(result: str, day: str, ago: int) -> str:
    return f"{result}, seen last on {day}, {days(ago)} ago."


def last_seen(ago: int) -> str:
    return f"{days(ago)} ago"


def carried_count(count: int) -> str:
    return f"{plural(count, 'older answer still counts', 'older answers still count')} in the points."


NOTHING_CARRIED = "No older answer counts any more."


def came_back(day: str) -> str:
    return f"It was in order on {day}, and came back."


_ASKED = {
    "ssh": "The machine was asked over SSH",
    "winrm": "The machine was asked over WinRM",
    "local": "This computer was asked",
    "replay": "Recorded answers of the machine were read; it answered",
}


def how_we_know(transport: str, account: str, when: str) -> str:
    asked = _ASKED.get(transport, "The machine was asked")
    who = f" as {account}" if account else ""
    return f"{asked}{who}{f' on {when}' if when else ''}."


def as_agreed(count: int) -> str:
    return f"{machines(count)} as agreed in everything"


def no_answers(count: int) -> str:
    return f"{plural(count, 'check has', 'checks have')} no answer for this machine."


def passing(good: int, beside: int) -> str:
    tail = f", {beside} that cannot apply" if beside else ""
    return f"{plural(good, 'check', 'checks')} as agreed{tail}"


def size(count_bytes: int) -> str:
    if count_bytes < 1024:
        return plural(count_bytes, "byte", "bytes")
    return f"{count_bytes / 1024:,.1f} KB"


def machines_unseen(count: int) -> str:
    return f"{machines(count)} gave no answer at all"


def checks_silent(count: int) -> str:
    return f"{plural(count, 'question', 'questions')} without an answer on machines that we did see"


def answered(share: str) -> str:
    return f"of 100; {share} of the answers"


def scorecard_for(client: str, month: str) -> str:
    return f"scorecard for {client}, {month}"


def not_better(letter: str) -> str:
    return f"Not better than {letter}"


def joined(*pieces: str) -> str:
    return "; ".join(piece for piece in pieces if piece and piece != DASH)
