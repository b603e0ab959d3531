"""The table of Windows builds: what a build and revision says about missing monthly updates (windows.md 3.5).

A lower revision proves that updates are missing, however old the table is. A revision as high as the table's newest proves
that none is only while the table knows the last update day. Hotpatched machines carry lower revisions, so a revision is
looked up in the list and never just compared with the newest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field

from scorecard.data import DataFile, Row, repeats
from scorecard.model import Fact, Host, Unseen

from .calendar import last_update_day
from .win_titles import FAMILIES, Entry, Made, family, made_by

_GRACE_DAYS = 3  # between an update day and the table that knows it


class Build(Row):
    product: Literal["windows", "windows-server"]
    build: str = Field(pattern=r"^[0-9]{4,6}$")
    revision: int = Field(ge=0)
    released: date
    kb: str = Field(pattern=r"^KB[0-9]{6,8}$")
    kind: Literal["security", "baseline", "preview", "out-of-band", "hotpatch"]

    @property
    def monthly(self) -> bool:
        """Whether not having it is a missing security update."""
        return self.kind in ("security", "baseline")


def check_rows(rows: Sequence[Build]) -> Iterable[tuple[int, str, str]]:
    """What a row says against itself or another."""
    for index, before in repeats(rows, lambda row: (row.product, row.build, row.revision)):
        yield index, "revision", f"this product, build and revision stand in row {before} already"
    for index, row in enumerate(rows):
        if row.build in FAMILIES:
            yield index, "build", f"this build shares its revisions with {FAMILIES[row.build]}; write that one"
        if row.released > row.as_of:
            yield index, "released", "lies after the row's as-of date"


FILE: DataFile[Build] = DataFile(
    name="patching.builds",
    title="Monthly updates of Windows by build",
    path=Path(__file__).with_name("builds.yaml"),
    row=Build,
    check=check_rows,
)


@dataclass(frozen=True, slots=True)
class Level:
    """What the table says about one machine. Neither missed nor current: it does not know, `words` say why."""

    words: str
    as_of: date | None = None
    missed: Build | None = None  # the first monthly update that is not on it
    newest: Build | None = None  # the newest one that is missing
    missed_kbs: frozenset[str] = frozenset()
    current: bool = False


def level_of(host: Host) -> Level:
    """Raises DataError where the table is broken."""
    for fact in (host.product, host.build):
        if isinstance(fact, Unseen):
            return Level(f"Product and build of Windows are not known: {fact.reason}")
    return find(FILE.load().rows, host.product.seen(), host.build, host.as_of.date())


def find(rows: Iterable[Build], product: str, told: Fact[str | None], day: date) -> Level:
    parts = re.fullmatch(r"([0-9]{4,6})\.([0-9]{1,7})", (told.seen() or "") if not isinstance(told, Unseen) else "")
    if parts is None:
        return Level("The revision of this build of Windows was not read")
    build, revision = family(parts[1]), int(parts[2])
    mine = sorted((row for row in rows if (row.product, row.build) == (product, build)), key=lambda row: row.released)
    if not mine:
        return Level(f"Our table has no updates of build {parts[1]}")
    as_of = max(row.as_of for row in mine)
    possible = [[row for row in mine if row.monthly and row.released > day] for day in _reached(mine, revision)]
    if any(missed[:1] != possible[0][:1] for missed in possible):
        return Level(f"Revision {parts[0]} is not in our table and may be a hotpatch", as_of)
    missed = possible[0]
    if missed:
        newest = missed[-1]
        words = f"The build is {parts[0]}, {newest.kb} of {newest.released} would make it {build}.{newest.revision}"
        return Level(words, as_of, missed[0], newest, frozenset(row.kb for row in missed))
    due = last_update_day(day - timedelta(days=_GRACE_DAYS))
    if as_of < due:
        return Level(f"Our table of builds ends on {as_of}, before the updates of {due}", as_of)
    beyond = " and newer than our table" if revision > max(row.revision for row in mine) else ""
    return Level(f"The build {parts[0]} has the monthly updates{beyond}", as_of, current=True)


def _reached(rows: Sequence[Build], revision: int) -> set[date]:
    """Up to which day's updates this revision may be; two days where it could be of either kind with different results."""
    exact = [row.released for row in rows if row.revision == revision]
    if exact:
        return {exact[0]}
    if revision > max(row.revision for row in rows):
        return {max(row.released for row in rows)}
    kinds = (
        [row.released for row in rows if row.kind != "hotpatch" and row.revision < revision],
        [row.released for row in rows if row.kind == "hotpatch" and row.revision < revision],
    )
    possible = {max(below, default=date.min) for below in kinds}
    # Without a hotpatch below it the revision can only be an ordinary one.
    return possible if kinds[1] else {max(kinds[0], default=date.min)}


def running(entries: Iterable[Entry], host: Host) -> Made | None:
    """The newest update whose title names this very build; None where a newer one may run, or one waits for a restart.

    Windows 11 calls its monthly updates by the build that they make: the title of what was installed is one witness, the
    build in the registry another.
    """
    if isinstance(host.build, Unseen):
        return None
    build, _, revision = (host.build.value or "").partition(".")
    made = sorted(
        (found for title, _ in entries if (found := made_by(title))), key=lambda found: (found.day, found.revision)
    )
    if not made or (family(made[-1].build), str(made[-1].revision)) != (family(build), revision):
        return None
    return made[-1]
