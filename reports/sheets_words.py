"""The words of the workbook that stand on no page: sheets, links, checks of its own figures."""

from __future__ import annotations

from . import words

SUMMARY, SCORECARD, DEVICES, FINDINGS = "Summary", "Scorecard", "Devices", "Findings"
PLAN, TREND, EXCEPTIONS, COVERAGE = "Remediation plan", "Trend", "Exceptions", "Coverage"
FRAMEWORKS, AHEAD, METHOD = "Frameworks", "Will break first", "Method"

SHEETS_TITLE = "Sheets of this workbook"
ABOUT = {
    SCORECARD: "The parts of the grade, with the machines behind them.",
    DEVICES: "One row for each machine.",
    FINDINGS: "One row for each result.",
    PLAN: "What to do, in order, with columns to fill in.",
    TREND: "The last months.",
    EXCEPTIONS: "What was agreed to leave, and until when.",
    COVERAGE: "What was checked, and what was not.",
    FRAMEWORKS: "What insurers and frameworks ask.",
    AHEAD: "What will break first.",
    METHOD: "How this was measured, and the words used.",
}
ABOUT_BY_CHECK = "One row for each check that falls short somewhere."
BEHIND_TITLE = "Figures behind these answers"
BEHIND_NOTE = "They are not printed with this sheet."
NAMED = "What formulas start from"
BACK = "Back to Summary"
SEE_MACHINES = "See machines"
SEE_FINDINGS = "See findings"

OK, DIFF = "OK", "DIFF"
CHECK_NOTE = "OK: the sheets come to the same figures as the check itself. DIFF: something was changed."
ALL_PROMISES = "All promises"

CLIENT, REPORT_DAY, AUDIT = "Client", "Day of the check", "Audit"
HOURS_NEEDED = "Hours needed"
HOURS_OURS = "Of these, ours to do"
HOURS_PLAN = "Hours in the plan each month"
HOURS_EXTRA = "Hours beyond one month of the plan"
START_SCORE = "Points before any of it"
HOUR_RATE = "Price of one more hour"
MONEY = "Price of the hours beyond"
FRESH = "Days that an answer is fresh"
BANDS = "Grades, from so many points"
IN_SCOPE, CHECKED, NOT_CHECKED = "In scope", "Checked", "Not checked"
ADDS_UP = "Adds up"
GONE = "No longer on the list"
WHY_NOT = "Why not"
REASONS, REASONS_NAME = "Why a machine was not checked", "Why_Not_Checked"
CUT = "Rows that have no room in a sheet"
_BESIDE = "CSV file beside this workbook, which has the same name"

SCORE_CHART_ALT = "A line of the points in each month."
PARTS_CHART = "Points of each part, of 100"  # where no part has fewer than all others
TREND_CHART = "Points of each part by month"


NOT_NEGATIVE = "Enter 0 or more."


def due_after(day: str) -> str:
    return f"Enter a day after {day}."


def gone(reason: str, day: str) -> str:
    return f"{reason}, since {day}"


def passes_unlisted(count: int) -> str:
    return f"{words.plural(count, 'finding', 'findings')} that passed or cannot apply: counted, but not listed."


def passes_elsewhere(count: int) -> str:
    return f"{words.plural(count, 'finding', 'findings')} that passed or cannot apply: all are in the {_BESIDE}."


def cut(sheet: str, count: int) -> str:
    return f"{sheet}: {words.plural(count, 'row has', 'rows have')} no room. All findings are in the {_BESIDE}."


def fewest(part: str, points: str) -> str:
    return f"Fewest points: {part}, {points} of 100"


def parts_alt(message: str, pieces: str) -> str:
    return f"{message}. Bars from 0 to 100. {pieces}."


def trend_alt(message: str, low: int, pieces: str) -> str:
    return f"{message}. Lines from {low} to 100, a month without a check left open. Now: {pieces}."


def points_of(title: str, points: str) -> str:
    return f"{title} {points}"
