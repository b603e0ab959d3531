"""The pages of a portfolio: every client on one page, and a page for each with all its checks.

For the provider's own people. Ages are counted to the moment the site is made; all else is what the store keeps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cache
from pathlib import Path, PurePosixPath

from jinja2 import Environment
from markupsafe import Markup

from scorecard import days
from scorecard.days import LETTER
from scorecard.portfolio.model import LATE_DAYS, OVERDUE_DAYS, Client, Entry, Imprint, Newest, Site, Summary
from scorecard.standard import LETTERS

from . import branding, hygiene, labels, numbers, paper, portfolio_across, portfolio_promises, templating, words
from . import portfolio_words as said
from .branding import Brand
from .paper import Paper
from .portfolio_across import Across, Told
from .portfolio_needs import ENDING_DAYS, SOON_DAYS, Need, change, needs
from .portfolio_promises import Promises

_FIRST, _NAMED = 3, 5
_SLOTS = 12
_LETTER = "@page portfolio { size: letter landscape; }\n"  # after the style sheet, which is for A4
_WIDTH, _HEIGHT, _EDGE = 120.0, 30.0, 3.0


@dataclass(frozen=True, slots=True)
class Spark:
    """Twelve months on an axis that all clients share; `lines` are the unbroken pieces, `dot` is the newest audit's."""

    lines: tuple[str, ...]
    dot: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Check:
    """One audit as a row. Counts are None where the version that made it did not keep them."""

    day: str
    moment: int  # seconds, to sort by
    letter: str
    label: str
    provisional: bool
    score: float | None
    points: str
    moved: str  # "Up 3.1", and `since` says since when; both empty where there is nothing to compare with
    since: str
    change: float | None
    answers: str
    coverage: float
    machines: int
    unseen: int | None
    overdue: int | None
    open: int
    stopped: bool
    files: tuple[tuple[str, str], ...]  # label and address
    unreadable: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A client. `newest`, and what rests on it, is None or empty where no whole audit was finished."""

    name: str
    page: str
    newest: Check | None
    checks: tuple[Check, ...]  # newest first
    spark: Spark | None
    ago: str
    needs: tuple[Need, ...]
    made_up: bool
    told: Told

    @property
    def flags(self) -> tuple[str, ...]:
        """What it needs a look for, by the keys of the words."""
        return tuple(need.key for need in self.needs)


@dataclass(frozen=True, slots=True)
class Head:
    """What stands on every page. `provider`: of the newest audit of all; empty where that names none."""

    day: str
    stamp: str
    provider: str
    brand: Brand
    paper: Paper
    tables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Month:
    """Who was checked this month, and who was not: name, and when last."""

    sentence: str
    others: tuple[tuple[str, str], ...]
    more: int


@dataclass(frozen=True, slots=True)
class View:
    """`first`: whom to look at first. `month`: None where there are no clients."""

    head: Head
    lines: tuple[Line, ...]
    headline: str
    first: tuple[Line, ...]
    more: str
    month: Month | None
    letters: tuple[tuple[str, int], ...]  # letter ("" for not graded) and how many clients have it
    flags: tuple[tuple[str, str, int, str], ...]  # key, words, how many clients it is true of, and its icon
    overdue: Across
    endings: Across
    promises: Promises


@dataclass(frozen=True, slots=True)
class ClientView:
    head: Head
    line: Line
    overdue: Across
    endings: Across


def index_view(clients: Sequence[Client], imprint: Imprint) -> View:
    """Clients in the order of need: not graded, then the worst letter and the fewest points first."""
    now = imprint.now
    lowest = min((audit.points for client in clients for audit in client.audits if audit.points is not None), default=100.0)
    lines = sorted((_line(client, now, _floor(lowest)) for client in clients), key=_need)
    letters = [line.newest.letter for line in lines if line.newest]
    waiting = [line for line in lines if line.needs]
    told = [line.told for line in lines]
    first = tuple(waiting[:_FIRST])
    return View(
        head=_head(imprint),
        lines=tuple(lines),
        headline=said.headline(len(lines), len(waiting), len(first)),
        first=first,
        more=said.more_need(len(waiting) - len(first)),
        month=_month(lines, now) if lines else None,
        letters=tuple((letter, letters.count(letter)) for letter in (*LETTERS, "") if letter in letters),
        flags=tuple(_flags(lines)),
        overdue=portfolio_across.overdue(told, now),
        endings=portfolio_across.endings(told, now, SOON_DAYS),
        promises=portfolio_promises.build(told),
    )


def client_view(client: Client, imprint: Imprint) -> ClientView:
    scores = [audit.points for audit in client.audits if audit.points is not None]
    line = _line(client, imprint.now, _floor(min(scores, default=100.0)))
    return ClientView(
        head=_head(imprint),
        line=line,
        overdue=portfolio_across.overdue([line.told], imprint.now, names=True),
        endings=portfolio_across.endings([line.told], imprint.now, SOON_DAYS, names=True),
    )


def _head(imprint: Imprint) -> Head:
    here = imprint.now.astimezone(UTC)
    return Head(
        day=numbers.day(here),
        stamp=numbers.stamp(here),
        provider=hygiene.name(imprint.provider.name),
        brand=branding.build(imprint.provider),
        paper=paper.build(imprint.preferences),
        tables=imprint.tables,
    )


def _flags(lines: Sequence[Line]) -> Iterator[tuple[str, str, int, str]]:
    for key, name in said.flags(LATE_DAYS, OVERDUE_DAYS, SOON_DAYS, ENDING_DAYS).items():
        found = [need for line in lines for need in line.needs if need.key == key]
        if found:
            yield key, name, len(found), found[0].icon


def _month(lines: Sequence[Line], now: datetime) -> Month:
    """Who was checked in the month of `now`, each by its own calendar, and who was not: the longest ago first."""
    others: list[tuple[int, str, str]] = []
    for line in lines:
        newest, here = line.newest, now.astimezone(line.told.zone)
        at = datetime.fromtimestamp(newest.moment, line.told.zone) if newest else None
        if newest is None or at is None or (at.year, at.month) != (here.year, here.month):
            others.append((newest.moment, line.name, newest.day) if newest else (0, line.name, ""))
    named = tuple((name, said.last_on(day)) for _, name, day in sorted(others))
    sentence = said.in_month(numbers.month(now.astimezone(UTC)), len(lines) - len(others), len(lines))
    return Month(sentence, named[:_NAMED], len(named[_NAMED:]))


def _floor(lowest: float) -> float:
    """Where the axis of scores begins (reports.md 5.1)."""
    return 0.0 if lowest < 50 else 50.0


def _need(line: Line) -> tuple[bool, int, float, str]:
    newest = line.newest
    if newest is None:
        return (False, 0, 0.0, line.name.casefold())
    place = -LETTERS.index(newest.letter) if newest.letter in LETTERS else -len(LETTERS)
    return (True, place, newest.score or 0.0, line.name.casefold())


def _line(client: Client, now: datetime, floor: float) -> Line:
    audits = client.audits
    newest = audits[-1] if audits else None
    made_up = bool(newest and newest.made_up)
    zone = numbers.zone((newest.time_zone if newest else None) or "UTC")
    checks = [_check(audit, audits[place - 1] if place else None, client, zone) for place, audit in enumerate(audits)]
    name, page = hygiene.name(words.client_name(client.name, made_up=made_up)), f"{client.folder}/index.html"
    return Line(
        name=name,
        page=page,
        newest=checks[-1] if checks else None,
        checks=tuple(reversed(checks)),
        spark=_spark(audits, zone, floor),
        ago=said.ago(numbers.days_between(newest.as_of, now)) if newest else "",
        needs=needs(client, now, zone),
        made_up=made_up,
        told=Told(name, page, zone, client.newest or Newest()),
    )


def _check(audit: Summary, before: Summary | None, client: Client, zone: tzinfo) -> Check:
    here = audit.as_of.astimezone(zone)
    letter = hygiene.name(audit.letter or "")
    points = words.DASH if audit.points is None else numbers.tenth(audit.points)
    moved = change(audit.points, before.points if before else None)
    return Check(
        day=numbers.day(here),
        moment=int(audit.as_of.timestamp()),
        letter=letter,
        label=said.standing(letter, points, provisional=bool(audit.provisional)),
        provisional=bool(audit.provisional and letter),
        score=audit.points,
        points=points,
        moved="" if moved is None else said.moved(moved),
        since=said.since(numbers.day(before.as_of.astimezone(zone))) if before and moved is not None else "",
        change=moved,
        answers=numbers.share(audit.coverage),
        coverage=audit.coverage,
        machines=audit.devices,
        unseen=audit.unseen,
        overdue=audit.overdue,
        open=audit.open_findings,
        stopped=audit.interrupted,
        files=tuple(_labelled(client.reports.get(audit.id, ()))),
        unreadable=audit.id in client.unreadable,
    )


def _labelled(files: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Label and address; of several files of one kind each by what its name ends in, such as its edition."""
    paths = [PurePosixPath(name) for name in files]
    kinds = [path.suffix for path in paths]
    for path in paths:
        label = said.FILES.get(path.suffix, path.name)
        yield said.one_of(label, path.stem.rpartition("_")[2]) if kinds.count(path.suffix) > 1 else label, str(path)


def _spark(audits: Sequence[Summary], zone: tzinfo, floor: float) -> Spark | None:
    """The last audit of each of the last twelve months; a month without a score is a gap."""
    by_month = {(day.year * 12 + day.month): audit for audit in audits if (day := audit.as_of.astimezone(zone))}
    if not by_month:
        return None
    last = max(by_month)
    step = (_WIDTH - 2 * _EDGE) / (_SLOTS - 1)
    pieces: list[list[str]] = [[]]
    newest: tuple[float, float] | None = None
    for slot in range(_SLOTS):
        audit = by_month.get(last - _SLOTS + 1 + slot)
        if audit is None or audit.points is None:
            pieces.append([])
            continue
        x = round(_EDGE + step * slot, 1)
        y = round(_EDGE + (_HEIGHT - 2 * _EDGE) * (100 - audit.points) / (100 - floor), 1)
        pieces[-1].append(f"{x},{y}")
        newest = (x, y) if slot == _SLOTS - 1 else None
    lines = tuple(" ".join(piece if len(piece) > 1 else piece * 2) for piece in pieces if piece)
    return Spark(lines, newest) if lines else None


@cache
def _environment() -> Environment:
    environment = templating.environment()
    environment.globals.update(said=said, words=words, labels=labels, numbers=numbers)
    return environment


def _page(template: str, view: View | ClientView) -> str:
    environment = _environment()
    head = view.head
    sheets = [environment.get_template(name).render() for name in ("page.css", "portfolio.css")]
    style = "".join((*sheets, head.brand.style, _LETTER if head.paper.size == LETTER else ""))
    script = environment.get_template("portfolio.js").render()
    strings = {"words": {**said.SCRIPT, "dark": labels.DARK, "light": labels.LIGHT}}
    return environment.get_template(template).render(
        view=view,
        style=Markup(style),  # noqa: S704 - our own style sheets, and colours that branding checked
        policy=templating.policy(style, script),
        data=Markup(hygiene.json_block(strings)),  # noqa: S704 - json_block leaves no character that HTML gives a meaning
        explained=said.explained(LATE_DAYS, OVERDUE_DAYS),
    )


def _index(clients: Sequence[Client], imprint: Imprint, path: Path) -> None:
    with days.written(imprint.preferences.locale):
        text = _page("portfolio.html", index_view(clients, imprint))
    path.write_text(text, encoding="utf-8", newline="\n")


def _client(client: Client, imprint: Imprint, path: Path) -> None:
    with days.written(imprint.preferences.locale):
        text = _page("portfolio_client.html", client_view(client, imprint))
    path.write_text(text, encoding="utf-8", newline="\n")


def _tables(names: Sequence[str], entries: Iterable[Entry], folder: Path) -> tuple[Path, ...]:
    from . import frames  # loads pandas, which takes longer than most commands run

    return frames.write(names, entries, folder)


SITE = Site(_index, _client, _tables)
