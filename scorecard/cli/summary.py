"""The end of an audit on a screen, in 80 columns: the letter and what holds it, the answers, what to fix first, what nobody
saw, and where the files are. Set with colour on a terminal; the same lines without it elsewhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from rich.text import Text

from scorecard.caps import told_once
from scorecard.cli import summary_words as words
from scorecard.cli.made_up import NOTE
from scorecard.cli.setting import Page, one_line, short
from scorecard.cli.terminal import safe
from scorecard.days import spelled
from scorecard.errors import InputError
from scorecard.history.pairs import zone_of
from scorecard.model import Identity
from scorecard.plan.gains import can_be_asked
from scorecard.plan.limits import is_better
from scorecard.plan.planned import Planned
from scorecard.plan.tasks import Task
from scorecard.reporting import ReportContext
from scorecard.result import Answer, Audit, Promise
from scorecard.rounding import as_shown, percentage
from scorecard.spelling import in_its_locale
from scorecard.told import moved

_LARGE_PAGE_BYTES = 8_000_000  # above it some mail and some browsers refuse
_CAPS, _TASKS, _UNSEEN, _NAMES = 3, 3, 5, 3
_STYLES = {
    Answer.YES: "green",
    Answer.NO: "bold red",
    Answer.NOT_YET: "yellow",
    Answer.YES_EXCEPT: "magenta",
    Answer.DOES_NOT_APPLY: "dim",
}
_ANSWER_WIDTH, _MACHINES_WIDTH, _HOURS_WIDTH, _POINTS_WIDTH = 12, 15, 9, 14


@in_its_locale
def show(audit: Audit, files: Sequence[Path] = (), shown: ReportContext | None = None, *, err: bool = False) -> None:
    """Print it. `shown`: what its reports were written with; without it nothing is compared with an earlier audit."""
    before, planned = (shown.before, shown.planned) if shown else (None, None)
    page = Page()
    page.gap()
    if audit.made_up:
        page.paragraph(Text(NOTE), 0)
    _grade(page, audit)
    _movement(page, audit, before)
    _promises(page, audit)
    _fixes(page, planned or Planned(audit))
    _unseen(page, audit)
    _unproven(page, audit)
    if audit.interrupted:
        page.gap()
        page.paragraph(Text(words.INTERRUPTED, "bold"))
    if files:
        page.gap()
        for path in files:
            page.add(Text(f"  {safe(str(path))}", "cyan"))
            if path.suffix == ".html" and path.is_file() and (size := path.stat().st_size) > _LARGE_PAGE_BYTES:
                page.paragraph(Text(words.large_page(size), "yellow"))
    page.print(err=err)


def _grade(page: Page, audit: Audit) -> None:
    card = audit.scorecard
    client, letter = short(audit.client), card.letter
    checked = words.checked(sum(device.seen for device in audit.devices), len(audit.devices))
    if letter is None:
        page.paragraph(Text.assemble((client, "bold"), f": {words.NO_GRADE}, {checked}"), 0)
        page.paragraph(Text(words.sentence(one_line(card.not_graded or ""))))
    else:
        score = words.score(card.score)
        provisional = words.PROVISIONAL if card.provisional else ""
        head = Text.assemble(
            (client, "bold"), ": ", (f"grade {letter}", "bold reverse"), f"{provisional} ({score}), {checked}"
        )
        page.paragraph(head, 0)
    if not audit.scope:
        page.paragraph(Text(words.answered(percentage(card.coverage))))
    if letter is not None and card.worst_case and card.worst_case != letter:
        page.paragraph(Text(words.worst_case(card.worst_case)))
    before = card.letter_before_caps
    holding = told_once(cap for cap in card.caps if before is not None and is_better(before, cap.letter))
    for cap in holding[:_CAPS]:
        page.paragraph(
            Text.assemble((words.held(cap.letter), "bold"), f": {one_line(cap.message)} ({_names(cap.endpoints)}).")
        )
    if len(holding) > _CAPS:
        page.paragraph(Text(words.more_reasons(len(holding) - _CAPS)))


def _movement(page: Page, audit: Audit, before: Audit | None) -> None:
    """Nothing where the audit before is not at hand, or says nothing about this one."""
    if audit.client_since is None and not audit.scope:
        page.paragraph(Text(words.FIRST))
        return
    counts = moved(before, audit)
    if before is None or counts is None:
        return
    change = None
    if before.scorecard.score is not None and audit.scorecard.score is not None:
        change = as_shown(audit.scorecard.score, 1) - as_shown(before.scorecard.score, 1)
    said = words.moved(change, _day(before), before.scorecard.letter, counts.fixed, counts.new, counts.came_back)
    page.paragraph(Text(said))
    if before.standard.get("sha256") != audit.standard.get("sha256"):
        page.paragraph(Text(words.OTHER_STANDARD))


def _day(audit: Audit) -> str:
    try:
        return spelled(audit.as_of.astimezone(zone_of(audit)))
    except InputError:
        return spelled(audit.as_of)


def _promises(page: Page, audit: Audit) -> None:
    page.heading(words.PROMISES)
    for promise in audit.scorecard.promises:
        answer = Text(f"  {words.ANSWERS[promise.answer]:<{_ANSWER_WIDTH}}", _STYLES[promise.answer])
        count = "" if promise.answer is Answer.DOES_NOT_APPLY else words.count(promise.met, promise.of)
        page.row(answer, Text(f"{one_line(promise.title)}?"), Text(f" {count}"))
        if who := _who(promise):
            page.paragraph(Text(who, "dim"), len(answer), hanging=0)


def _who(promise: Promise) -> str:
    groups = ((words.SHORT, promise.endpoints), (words.NOT_KNOWN, promise.unknown), (words.EXCUSED, promise.excused))
    return "; ".join(f"{word}: {_names(names)}" for word, names in groups if names)


def _fixes(page: Page, planned: Planned) -> None:
    audit = planned.audit
    try:
        found = planned.plan
    except InputError as error:
        page.heading(words.FIXES)
        page.paragraph(Text(words.no_plan(one_line(str(error)))))
        return
    if not found.tasks:
        return
    page.heading(words.FIXES)
    scored = audit.scorecard.score is not None and not audit.scope
    for number, task in enumerate(found.tasks[:_TASKS], 1):
        _task(page, number, task, scored=scored)
    if len(found.tasks) > 1:
        page.paragraph(Text(words.total(len(found.tasks), found.estimated, found.hours, found.points if scored else None)))


def _task(page: Page, number: int, task: Task, *, scored: bool) -> None:
    spent = words.hours(task.hours.likely) if task.hours else words.NOT_ESTIMATED
    figures = f"{words.machines(len(task.endpoints)):>{_MACHINES_WIDTH}}{spent:>{_HOURS_WIDTH}}"
    if scored:
        figures += f"{words.points(task.points):>{_POINTS_WIDTH}}"
    notes = words.notes(holds=bool(task.lifts), owner=task.owner, declined=len(task.declined), assumed=bool(task.note))
    page.row(Text(f"{number:>3}  "), Text(one_line(task.title), "bold"), Text(figures))
    if notes:
        page.paragraph(Text(notes, "dim"), 5, hanging=0)


def _unseen(page: Page, audit: Audit) -> None:
    """Machines with the same reason and next step together."""
    missing: dict[str, list[str]] = defaultdict(list)
    for device in audit.devices:
        if not device.seen:
            failure = device.failure
            missing[words.reason(failure.message, failure.next_step) if failure else words.NOT_ASKED].append(device.name)
    if missing:
        page.heading(words.not_seen(sum(map(len, missing.values()))))
    for why, names in [*missing.items()][:_UNSEEN]:
        page.paragraph(Text.assemble((_names(names), "yellow"), f": {one_line(why)}"))
    if more := sum(map(len, [*missing.values()][_UNSEEN:])):
        page.paragraph(Text(words.more_unseen(more)))


def _unproven(page: Page, audit: Audit) -> None:
    """What seen machines did not tell, and which did not prove that they are the ones meant."""
    seen = {device.name for device in audit.devices if device.seen}
    silent = [finding.endpoint for finding in audit.findings if finding.endpoint in seen and can_be_asked(finding)]
    unproven = [device.name for device in audit.devices if device.identity is Identity.NOT_PROVEN]
    if silent or unproven:
        page.gap()
    if silent:
        page.paragraph(Text(words.silent(len(silent), _names(sorted(set(silent))))))
    if unproven:
        page.paragraph(Text(words.not_proven(_names(unproven))))


def _names(names: Sequence[str]) -> str:
    """Up to three, and how many more."""
    shown = [short(name) for name in (names if len(names) <= _NAMES + 1 else names[:_NAMES])]
    return words.named(shown, len(names) - len(shown))
