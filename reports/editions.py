"""What each edition has: one set of templates and sheets, with switches that are decided here (reports.md 2 and 13)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType

from scorecard.reporting import EditionName, ReportContext
from scorecard.result import Audit

from . import edition_words

# Ids of the page's sections, in the order in which they stand.
SECTIONS = (
    "safe",
    "tally",  # counts by check and state
    "better",
    "need",
    "waiting",  # the tasks that come first, who was not seen the longest
    "road",  # what it would take
    "top",  # the worst findings
    "parts",
    "sites",  # the promises at each site
    "changes",
    "ages",  # how long failures have been open
    "fix",
    "ahead",
    "machines",
    "detail",
    "unchecked",
    "bring",  # the sheet of machines to bring in
    "exceptions",
    "frameworks",
    "method",
    "words",
)
# Sheets of the workbook, by their names there.
SHEETS = (
    "Summary",
    "Scorecard",
    "Devices",
    "Findings",
    "Remediation plan",
    "Trend",
    "Exceptions",
    "Coverage",
    "Frameworks",
    "Will break first",
    "Method",
)


@dataclass(frozen=True, slots=True)
class Edition:
    """The switches of one edition, as chosen for one report."""

    name: EditionName
    sections: frozenset[str]  # of SECTIONS
    sheets: frozenset[str]  # of SHEETS
    letter: bool = True  # the grade block with letter and points
    rows: bool = True  # machines row by row; else counts alone
    hours: bool = True  # hours as figures; else effort in bands
    prices: bool = True
    ids: bool = False  # check ids, commands, rule ids outside of detail and method
    passes: bool = False  # what passes, row by row, in the workbook
    by_check: bool = False  # the sheet of findings has a row a check, not a row a machine
    full_evidence: bool = False  # raw answers unfolded, and in print
    our_mark: bool = True  # "This is our mark too"

    def shows(self, section: str) -> bool:
        """Whether the page has this section. Raises ValueError for a section that no edition has."""
        return _known(section, SECTIONS) in self.sections

    def has_sheet(self, sheet: str) -> bool:
        """Whether the workbook has this sheet. Raises ValueError for a sheet that no edition has."""
        return _known(sheet, SHEETS) in self.sheets

    @property
    def trend(self) -> bool:
        """Whether anything is compared with earlier audits."""
        return "better" in self.sections


def _known(name: str, names: tuple[str, ...]) -> str:
    if name not in names:
        raise ValueError(f"no edition knows {name!r}")
    return name


_CLIENT = frozenset(SECTIONS) - {"tally", "waiting", "road", "top", "sites", "ages"}
_PROSPECT = frozenset({"safe", "road", "top", "parts", "machines", "fix", "unchecked", "method", "words"})
_ENGINEER = frozenset(SECTIONS) - {"need", "road", "top", "bring"}


def chosen(name: EditionName, *, with_letter: bool = False) -> Edition:
    """The edition with its switches. `with_letter` matters to the prospect's alone: the others have the letter."""
    if name is EditionName.PROSPECT:
        return Edition(
            name,
            _PROSPECT,
            frozenset({"Summary", "Scorecard", "Devices", "Findings", "Method"}),
            letter=with_letter,
            rows=False,
            hours=False,
            prices=False,
            by_check=True,
            our_mark=False,
        )
    if name is EditionName.ENGINEER:
        return Edition(
            name, _ENGINEER, frozenset(SHEETS), prices=False, ids=True, passes=True, full_evidence=True, our_mark=False
        )
    return Edition(name, _CLIENT, frozenset(SHEETS))


def known(edition: Edition, audit: Audit, context: ReportContext) -> tuple[Audit, ReportContext]:
    """What this edition may know: what it does not show is taken away before a figure is made of it."""
    if not edition.trend:
        context = replace(context, history=(), before=None, inflow_hours=None, strips=None)
        audit = replace(audit, preferences=replace(audit.preferences, goal=None))
    if not edition.shows("ahead"):
        context = replace(context, outlook=None)
    if not edition.shows("frameworks"):
        context = replace(context, frameworks=())
    if not edition.rows:
        context = replace(context, evidence=MappingProxyType({}), probes=MappingProxyType({}))
    if not edition.shows("exceptions"):
        audit = replace(audit, exceptions=())
    if not edition.hours:
        audit = replace(audit, contract=None)
    elif not edition.prices and audit.contract is not None:
        audit = replace(audit, contract=replace(audit.contract, rate=None, currency="", prices={}))
    return audit, context


def label(edition: Edition) -> str:
    """What stands on an edition that is not for everybody's eyes."""
    return edition_words.INTERNAL if edition.name is EditionName.ENGINEER else ""
