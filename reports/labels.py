"""Headings, labels and fixed lines of the page; sentences with figures in them are in words.py."""

from __future__ import annotations

SKIP = "Skip to the answers"
SCORECARD_FOR = "Scorecard for"
PRINT = "Print"
DARK = "Dark"
LIGHT = "Light"
CONTENTS = "On this page"
CONTACT = "Questions:"

NOT_GRADED = "Not graded"
MADE_UP = "Made up"
PROVISIONAL = "provisional"
OF_100 = "of 100"
EXCUSED = "Excused"
HOLDS = "Holds the letter"
NOT_COUNTED = "Not graded"
NEVER = "Never"

# Behind the number of machines: of one, of any other number.
COUNT_WORDS = {
    "yes": ("meets every promise", "meet every promise"),
    "no": ("falls short", "fall short"),
    "not-checked": ("not checked", "not checked"),
    "excused": ("excused", "excused"),
}
NOT_FULLY_CHECKED = "not fully checked"  # some of them did answer, but not everything
CHART_COVERAGE = "Answers we have"
SHOW_FIGURES = "Show the figures as a table"

COLUMN_PROMISE = "Promise"
COLUMN_ANSWER = "Answer"
COLUMN_COUNT = "Machines that do"
COLUMN_WHY = "Why"
COLUMN_WHEN = "When"
COLUMN_SCORE = "Points"
COLUMN_COVERAGE = "Answers we have"
COLUMN_NUMBER = "No."
COLUMN_SEVERITY = "Weight"
COLUMN_MACHINES = "Machines"
COLUMN_WHICH = "Which"
COLUMN_HOURS = "Hours"
COLUMN_MACHINE = "Machine"
COLUMN_LAST = "Last checked"
COLUMN_SEEN = "What was seen"
COLUMN_NOT_BETTER = "Not better than"
COLUMN_LIFT = "What lifts it"
COLUMN_PART = "Part"
COLUMN_LIMITS = "Limits"
COLUMN_COUNTED = "Results"
COLUMN_WHAT = "What became of them"
MOVED_FIXED, MOVED_NEW, MOVED_BACK, MOVED_OPEN = "fixed", "new", "came back", "still open"
COLUMN_CAUSE = "What moved the points"
COLUMN_WHERE = "Where"
COLUMN_BAR = "From last time to now"
COLUMN_FIXES = "Fixes"
COLUMN_MEAN = "Days, mean"
COLUMN_MEDIAN = "Days, median"
COLUMN_SINCE = "Since"
COLUMN_MEANWHILE = "Meanwhile"

FIX_TABLE = "Fixes, scrolls sideways"

MACHINES_TABLE = "Machines, scrolls sideways"
MACHINES_CAPTION = "The answer to each promise for each machine, worst first"
SEARCH = "Search name, person, site or system"
FILTER_STATE = "Answer"
FILTER_PART = "To"
FILTER_SITE = "Site"
FILTER_SYSTEM = "System"
ANY = "Any"
ALL_PROMISES = "All promises together"
CLEAR = "Clear all"
FILTER_STATES = {
    "no": "No",
    "not-checked": "Not checked",
    "excused": "Excused",
    "yes": "Yes",
    "not-applicable": "Not applicable",
}

DETAIL_INTRO = "Open a machine to see what was expected, what was found and how we know."
MACHINE = "Machine"
ADDRESS = "Address"
OWNER = "Person or place"
ROLE_NOTE = "Kind of machine"
LAST_CHECKED = "Last checked"
IDENTITY = "Identity"
WHY_NOT = "Not checked because"
NEXT_STEP = "Next step"
WE_EXPECT = "What we expect"
WE_FOUND = "What we found"
SINCE = "Since"
CAME_BACK = "Came back"
AGREEMENT = "Exception"
LAST_ANSWER = "Last answer"
CARRIED = "Counts meanwhile"
WE_KNOW = "How we know"
TO_FIX = "To fix"
CHECK = "Check"
ANSWERED = "What the machine answered"
WHAT_WE_SENT = "what we sent"

UNSEEN_TABLE = "Machines that could not be checked"
SILENT_TABLE = "Checks without an answer"
EXCEPTIONS_TABLE = "Exceptions, scrolls sideways"
HELD_TITLE = "Limits on the letter that rest on older answers"
HELD_INTRO = "These faults were seen when the machine answered last. They limit the letter until it is seen without them."
CAPS_TITLE = "What limits the letter"
CAPS_TABLE = "Limits on the letter"
CHECKS_TITLE = "What was checked"
CHECKS_TABLE = "Checks with their limits"
ASKED_TITLE = "What we asked"
ASKED_INTRO = "The exact text that was sent. It reads and changes nothing."
ANSWERS_TITLE = "Answers"
LEFT_OUT = "Left out of this file"
