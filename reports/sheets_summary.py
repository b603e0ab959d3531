"""The first sheet: the answers and figures of the page, computed anew from the other sheets where those hold the rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from scorecard.plan.work import Owner

from . import first_look_words, grades_words, labels, moves_words, numbers, paying, sheets_words, standing_words, words
from .first_look import FirstLook
from .need import Need
from .pillars import PlanHours, plan_hours
from .rows import State
from .sheets import listed, result
from .sheets_kinds import Formula, Group, Kind, Line, Value, day, quoted
from .view import View

_DEVICES, _COVERAGE, _FINDINGS = sheets_words.DEVICES, sheets_words.COVERAGE, sheets_words.FINDINGS


def groups(view: View) -> tuple[Group, ...]:
    """The figures of the first sheet: the answers, then what is behind them."""
    return tuple(group for group in (*_answers(view), *_behind(view)) if group.lines)


def _answers(view: View) -> Iterator[Group]:
    yield Group("", tuple(_grade(view)))
    yield Group("Machines", tuple(_machines(view)))
    yield Group(words.PROMISE_CAPTION, tuple(_promises(view)))
    if view.edition.trend:
        yield Group(moves_words.SUM_TITLE, tuple(_terms(view)))
    if view.need is not None:
        yield Group(view.need.title, tuple(_decisions(view.need)))
    if view.edition.hours:
        yield Group(words.TITLE_FIX, tuple(_work(view)))
    if view.first_look is not None:
        yield Group(first_look_words.TITLE_TOP, tuple(_top(view.first_look)))
        yield Group(first_look_words.TITLE_ROAD, tuple(_road(view.first_look)))


def _behind(view: View) -> Iterator[Group]:
    yield Group("Findings", tuple(_findings(view)), on_paper=False)
    if view.edition.trend:
        yield Group(moves_words.points_title(view.moves.since), tuple(_steps(view)), on_paper=False)
    yield Group(words.TITLE_PARTS, tuple(_parts(view)), on_paper=False)
    yield Group(sheets_words.NAMED, tuple(_about(view)), on_paper=False)


def _live(view: View, sheet: str, formula: str, value: str | int | float | None) -> Value:
    """The formula where the workbook has the sheet that it looks at, else the value alone."""
    return Formula(formula, value) if view.edition.has_sheet(sheet) else value


def _grade(view: View) -> Iterator[Line]:
    standing = view.standing
    if view.edition.letter:
        why = standing.not_graded or " ".join(
            filter(None, (standing.held, "; ".join(cap.message for cap in standing.caps)))
        )
        yield Line("Grade", standing.letter or labels.NOT_GRADED, why, Kind.TEXT, "Grade")
        points = view.score if standing.graded else None
        yield Line("Points", points, "of 100, before rounding", Kind.TENTH, name="Score")
    share = "the share of the answers that count"
    yield Line(labels.COLUMN_COVERAGE, view.coverage, share, Kind.SHARE, name="Coverage")
    if view.edition.letter:
        yield from _beside(view)


def _beside(view: View) -> Iterator[Line]:
    """The grades beside the letter, where they say something else."""
    grades, standing = view.grades, view.standing
    if standing.worst_letter:
        yield Line(standing_words.WORST_LABEL, standing.worst_letter, standing.worst_case, Kind.TEXT)
    if grades.own:
        yield Line(grades_words.OWN_LABEL, grades.own_letter or labels.NOT_GRADED, grades.own, Kind.TEXT)
    if grades.shipped:
        yield Line(grades_words.SHIPPED_LABEL, grades.shipped_letter, grades.shipped, Kind.TEXT)


def _machines(view: View) -> Iterator[Line]:
    counts, total = view.rows.counts, len(view.rows.devices)
    seen = sum(row.seen for row in view.rows.devices)
    listed_ = _live(view, _DEVICES, 'COUNTIFS(tblDevices[Device id],"?*")', total)
    yield Line("On the list", listed_, name="Machines_In_Scope")
    checked = 'COUNTIFS(tblCoverage[In scope],"Yes",tblCoverage[Checked],{})'
    yield Line("Seen", _live(view, _COVERAGE, checked.format('"Yes"'), seen))
    remark = "named on the sheet Coverage" if view.edition.has_sheet(_COVERAGE) else ""
    yield Line("Not seen", _live(view, _COVERAGE, checked.format('"No"'), total - seen), remark)
    unchecked = "at least one promise has no answer, and none is broken"
    for label, state, note in (
        ("Meet every promise", State.YES, ""),
        ("Fall short", State.NO, ""),
        ("Not checked", State.NOT_CHECKED, unchecked),
        ("Excused", State.EXCUSED, ""),
    ):
        formula = f"COUNTIFS(tblDevices[{sheets_words.ALL_PROMISES}],{quoted(words.STATES[state])})"
        yield Line(label, _live(view, _DEVICES, formula, counts[state]), note)


def _promises(view: View) -> Iterator[Line]:
    """Their answers stand on the sheet Scorecard in the same order."""
    for place, promise in enumerate(view.standing.promises, 1):
        why = "".join(piece if isinstance(piece, str) else piece.text for piece in promise.why)
        count = f"{promise.met:,} {words.of_do(promise.of, promise.met)}. " if promise.of else ""
        answer = _live(view, sheets_words.SCORECARD, f"INDEX(tblScorecard[Answer],{place})", promise.word)
        yield Line(promise.title, answer, count + why, Kind.STATUS)


def _findings(view: View) -> Iterator[Line]:
    """As on the sheet of findings, whose rows are counted where it has them all of that word."""
    counted = Counter(result(row) for row in view.rows.findings)
    on_sheet = Counter(result(row) for row in listed(view))
    for word in (*words.RESULTS.values(), words.STATES[State.EXCUSED]):
        formula = f"COUNTIFS(tblFindings[Result],{quoted(word)})"
        has_rows = not view.edition.by_check and on_sheet[word] == counted[word]
        yield Line(word, _live(view, _FINDINGS, formula, counted[word]) if has_rows else counted[word])


def _steps(view: View) -> Iterator[Line]:
    """What moved the points; adds up to its last line."""
    moves = view.moves
    if moves.missing:
        yield Line(moves_words.STEPS_TITLE, None, moves.missing)
        return
    for step in moves.steps:
        about = moves_words.about(step.findings, step.machines) if step.findings else ""
        yield Line(step.title, float(step.points), about, Kind.SIGNED)
    if moves.before is not None and moves.after is not None:
        yield Line(moves_words.TOGETHER, float(moves.after - moves.before), moves.together, Kind.SIGNED)
    elif moves.no_steps:
        yield Line(moves_words.STEPS_TITLE, None, moves.no_steps)


def _terms(view: View) -> Iterator[Line]:
    moves = view.moves
    for term in moves.terms:
        yield Line(moves_words.capitalised(term.text), term.count)
    if moves.terms:
        yield Line(moves_words.STILL_OPEN, moves.still_open)


def _decisions(need: Need) -> Iterator[Line]:
    for one in need.decisions:
        why = "".join(piece if isinstance(piece, str) else piece.text for piece in one.why)
        yield Line(one.title, one.amount, f"{moves_words.capitalised(one.by)}. {why}", Kind.TEXT)


def _top(look: FirstLook) -> Iterator[Line]:
    for one in look.top:
        yield Line(one.title, one.severity, f"{one.count}. {one.why}", Kind.TEXT)


def _road(look: FirstLook) -> Iterator[Line]:
    """Effort in bands, as the prospect's page says it."""
    yield Line(first_look_words.COLUMN_EFFORT, "", f"{look.goal} {first_look_words.BANDS}", Kind.TEXT)
    for step in look.steps:
        yield Line(step.title, step.effort, words.machines(step.machines), Kind.TEXT)


def _work(view: View) -> Iterator[Line]:
    tasks, agreed = view.tasks, view.pillars
    contract = plan_hours(tasks, agreed)
    if tasks.missing:
        yield Line(labels.COLUMN_HOURS, None, tasks.missing)
        return
    if tasks.hours is not None:
        needed = _live(view, sheets_words.PLAN, "SUM(tblPlan[Hours])", tasks.hours.likely)
        yield Line(sheets_words.HOURS_NEEDED, needed, tasks.total, Kind.TENTH_PLAIN, "Hours_Needed")
    if contract is not None:
        yield from _contract(view, contract)
    if tasks.road is not None:
        hours = tasks.road.hours.likely if tasks.road.hours else None
        said = " ".join((tasks.road.sentence, tasks.road.assumed)).strip()
        yield Line("Hours to the next letter", hours, said, Kind.TENTH_PLAIN)
    if contract is not None and contract.money is not None and view.edition.prices:
        yield Line(sheets_words.HOUR_RATE, agreed.rate, agreed.currency, Kind.HUNDREDTH, "Hour_Rate")
        yield Line(sheets_words.MONEY, Formula("Hours_Extra*Hour_Rate", contract.money), agreed.currency, Kind.WHOLE)


def _contract(view: View, contract: PlanHours) -> Iterator[Line]:
    """What others do is not paid from the plan."""
    others = dict.fromkeys(row.payer for row in view.tasks.rows if row.owner is not Owner.PROVIDER)
    formula = "".join(f"-SUMIFS(tblPlan[Hours],tblPlan[Paid by],{quoted(payer)})" for payer in others)
    ours = _live(view, sheets_words.PLAN, f"Hours_Needed{formula}", contract.ours)
    yield Line(sheets_words.HOURS_OURS, ours, "", Kind.TENTH_PLAIN, "Hours_Ours")
    hours = view.tasks.contract_hours
    yield Line(sheets_words.HOURS_PLAN, hours, view.tasks.contract, Kind.TENTH_PLAIN, "Plan_Hours_Left")
    over = "Hours_Ours-Plan_Hours_Left"
    extra = Formula(f"IF(60*({over})>{paying.NOTHING_MIN},{over},0)", contract.extra)
    yield Line(sheets_words.HOURS_EXTRA, extra, "", Kind.TENTH_PLAIN, "Hours_Extra")


def _parts(view: View) -> Iterator[Line]:
    for title, score, coverage in view.categories:
        if score is None:
            yield Line(title, words.DASH, words.no_machine_applies() if view.rows.devices else words.NONE_LISTED)
        else:
            yield Line(title, score, words.answered(numbers.share(coverage)), Kind.TENTH)


def _about(view: View) -> Iterator[Line]:
    if view.edition.hours and view.tasks.start is not None:
        yield Line(sheets_words.START_SCORE, view.tasks.start, "", Kind.TENTH_PLAIN, "Start_Score")
    yield Line(sheets_words.CLIENT, view.client, "", Kind.TEXT, "Client_Name")
    yield Line(sheets_words.REPORT_DAY, day(view.pillars.today), view.stamp, Kind.DAY, "Report_Date")
    yield Line(sheets_words.AUDIT, view.id, "", Kind.TEXT, "Run_Id")
