"""What the title of an update tells: article, month, line, product, and the build that it makes (windows.md 3.4).

Titles are in the machine's language; numbers and the names of products are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from scorecard.reading import clean

from .calendar import midnight, next_update_day, update_day

Entry = tuple[str, datetime]  # title and time of an installation; packages have their article's number as title

_ARTICLE = re.compile(r"KB([0-9]{6,8})(?![0-9])")
# They come every day or whenever Microsoft likes, also to a machine whose monthly updates fail: definitions, engine and
# platforms of Defender and Windows Security, the monthly tool that looks for known malware, parts of the update service.
_NOT_SYSTEM = frozenset({"2267602", "915597", "2461484", "4052623", "5007651", "890830", "4023057", "5001716"})
# Products with updates of their own. What names none of them is taken as Windows itself.
_PRODUCTS = re.compile(
    r"\.NET\b|\b(?:Office|SQL Server|Visual Studio|Visual C\+\+|Edge|Exchange|SharePoint|Silverlight|Skype|Lync|OneDrive|"
    r"Flash Player|PowerShell|(?:Word|Excel|Outlook|PowerPoint|Access|OneNote|Publisher|Project|Visio) 20[0-9]{2})\b"
    r"|Visual C\+\+",
    re.IGNORECASE,
)
_RELEASE = re.compile(r"Windows 1[01]\b.{0,40}\b2[0-9]H[12]\b", re.IGNORECASE)  # "Windows 11, version 25H2" has no article
_MONTH = re.compile(r"(?<![0-9])(20[0-9]{2})-(0[1-9]|1[0-2])(?![0-9-])")
_IN_BRACKETS = re.compile(r"[(\uff08][^()\uff08\uff09]{0,80}[)\uff09]")
_MAKES = re.compile(r"[(\uff08]([0-9]{5,6})\.([0-9]{1,6})[)\uff09]")
_RUNTIME = re.compile(r"(\.NET (?:Core )?[0-9]{1,2}\.[0-9]{1,2})\.[0-9]{1,4}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Made:
    """The build and revision that an update of Windows makes, and the day of its month's updates."""

    build: str
    revision: int
    day: date


def articles(title: str) -> frozenset[str]:
    return frozenset(_ARTICLE.findall(title))


def counts(title: str) -> bool:
    """Whether a title is that of an update of the system or of a product."""
    numbers = articles(title)
    return not numbers & _NOT_SYSTEM if numbers else bool(_RELEASE.search(title))


def is_of_windows(title: str) -> bool:
    """Whether it is an update of Windows itself: Office may be patched every month where Windows is not.

    A new release is none: which month's updates it brings its title does not say.
    """
    return bool(articles(title)) and counts(title) and not _PRODUCTS.search(title)


def month_of(title: str) -> date | None:
    """The update day of the month that a title begins with."""
    found = _MONTH.search(title)
    return update_day(int(found[1]), int(found[2])) if found else None


def reach(title: str, moment: datetime, month: date | None) -> datetime:
    """Up to when the machine has Windows' updates by this one: an update of September that is installed in November brings
    none of October. Without a month the day of installation is all there is to go by."""
    month = month_of(title) or month
    return moment if month is None else min(moment, midnight(next_update_day(month)) - timedelta(seconds=1))


def published_by(title: str) -> datetime | None:
    """The last day of the month in a title: a company's server dates an update by its approval, which may come later."""
    month = month_of(title)
    if month is None:
        return None
    after = month.replace(day=28) + timedelta(days=4)
    return midnight(after.replace(day=1) - timedelta(days=1))


def made_by(title: str) -> Made | None:
    """ "2025-11 Security Update (KB5068861) (26200.7171)" names the build that runs once it is installed."""
    found, month = _MAKES.search(title), month_of(title)
    if found is None or month is None or not is_of_windows(title):
        return None
    return Made(found[1], int(found[2]), month)


# Builds that share their revisions with the build they are a switch upon (windows.md 3.5).
FAMILIES = {"26200": "26100", "22631": "22621", **dict.fromkeys(("19042", "19043", "19044", "19045"), "19041")}


def family(build: str) -> str:
    return FAMILIES.get(build, build)


def does_not_run(title: str, running: str) -> bool:
    """Whether the build that a title names is newer than the one that runs ("26200.7171"): the update was removed again, or
    waits for a restart."""
    made, (build, _, revision) = made_by(title), running.partition(".")
    return made is not None and family(made.build) == family(build) and revision.isdigit() and made.revision > int(revision)


def line_of(title: str) -> str:
    """What stays of a title from month to month, in any language: without month, article, build and last place of a
    runtime's version."""
    plain = _ARTICLE.sub("", _IN_BRACKETS.sub("", _MONTH.sub("", title)))
    return clean(" ".join(_RUNTIME.sub(r"\1", plain).split()).strip(" -:"), 120)


def newest_of_line(title: str, entries: Iterable[Entry]) -> Entry | None:
    """The last installation on record of an update's line. Whatever makes a build is of one line, whatever it is called."""
    line, makes = line_of(title).casefold(), made_by(title) is not None
    mine = [
        (said, moment)
        for said, moment in entries
        if (line and line_of(said).casefold() == line) or (makes and made_by(said) is not None)
    ]
    return max(mine, key=lambda entry: entry[1], default=None)


def line_since(title: str, entries: Iterable[Entry]) -> datetime | None:
    """Since when an update of this line is missing: the update day after the last one that was installed; None: not known.

    The month in a title tells more than the day of its installation: updates may come late.
    """
    last = newest_of_line(title, entries)
    return midnight(next_update_day(reach(*last, None).date())) if last else None
