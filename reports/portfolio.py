"""The pages of a portfolio: every client on one page, and a page for each with all its checks.

For the provider's own people. Ages are counted to the moment the site is made; all else is what the store keeps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cache
from pathlib import Path, PurePosixPath

from jinja2 import Environment
from markupsafe import Markup

from scorecard.history.shapley import as_shown
from scorecard.portfolio.model import LATE_DAYS, OVERDUE_DAYS, Client, Site, Summary
from scorecard.standard import LETTERS

from . import hygiene, labels, numbers, templating, words
from . import portfolio_words as said

_SLOTS = 12
_WIDTH, _HEIGHT, _EDGE = 120.0, 30.0, 3.0


@dataclass(frozen=True, slots=True)
class Spark:
    """Twelve months on an axis that all clients share; `lines` are the unbroken pieces, `x` and `y` the newest point."""

    lines: tuple[str, ...]
    x: float
    y: float


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
    """A client. `newest`, and what rests on it, is None or empty where no whole audit was finished.

    `flags`: what it needs a look for, by the keys of the words.
    """

    name: str
    page: str
    newest: Check | None
    checks: tuple[Check, ...]  # newest first
    spark: Spark | None
    ago: str
    flags: tuple[str, ...]
    made_up: bool


@dataclass(frozen=True, slots=True)
class View:
    lines: tuple[Line, ...]
    day: str
    stamp: str
    headline: str
    letters: tuple[tuple[str, int], ...]  # letter ("" for not graded) and how many clients have it
    flags: tuple[tuple[str, str, int], ...]  # key, words, and how many clients it is true of


def index_view(clients: Sequence[Client], now: datetime) -> View:
    """Clients in the order of need: not graded, then the worst letter and the fewest points first."""
    lowest = min((audit.score for client in clients for audit in client.audits if audit.score is not None), default=100.0)
    lines = sorted((_line(client, now, _floor(lowest)) for client in clients), key=_need)
    letters = [line.newest.letter for line in lines if line.newest]
    names = said.flags(LATE_DAYS, OVERDUE_DAYS)
    return View(
        lines=tuple(lines),
        day=numbers.day(now.astimezone(UTC)),
        stamp=numbers.stamp(now.astimezone(UTC)),
        headline=said.headline(len(lines), sum(bool(line.flags) for line in lines)),
        letters=tuple((letter, letters.count(letter)) for letter in (*LETTERS, "") if letter in letters),
        flags=tuple(
            (key, name, count) for key, name in names.items() if (count := sum(key in line.flags for line in lines))
        ),
    )


def client_view(client: Client, now: datetime) -> Line:
    scores = [audit.score for audit in client.audits if audit.score is not None]
    return _line(client, now, _floor(min(scores, default=100.0)))


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
    age_days = numbers.days_between(newest.as_of, now) if newest else 0
    return Line(
        name=hygiene.name(words.client_name(client.name, made_up=made_up)),
        page=f"{client.folder}/index.html",
        newest=checks[-1] if checks else None,
        checks=tuple(reversed(checks)),
        spark=_spark(audits, zone, floor),
        ago=said.ago(age_days) if newest else "",
        flags=tuple(_flags(newest, age_days)),
        made_up=made_up,
    )


def _flags(newest: Summary | None, age_days: int) -> list[str]:
    if newest is None:
        return ["never"]
    true = {
        "late": age_days > LATE_DAYS,
        "unseen": bool(newest.unseen),
        "overdue": bool(newest.overdue),
        "unknown": newest.unseen is None,
    }
    return [key for key, holds in true.items() if holds]


def _change(now: float | None, before: float | None) -> float | None:
    """Between the scores as they are shown, like on the client's page: who subtracts them gets this."""
    return None if now is None or before is None else float(as_shown(now, 1) - as_shown(before, 1))


def _check(audit: Summary, before: Summary | None, client: Client, zone: tzinfo) -> Check:
    here = audit.as_of.astimezone(zone)
    letter = hygiene.name(audit.letter or "")
    points = words.DASH if audit.score is None else numbers.tenth(audit.score)
    change = _change(audit.score, before.score if before else None)
    return Check(
        day=numbers.day(here),
        moment=int(audit.as_of.timestamp()),
        letter=letter,
        label=said.standing(letter, points, provisional=bool(audit.provisional)),
        provisional=bool(audit.provisional and letter),
        score=audit.score,
        points=points,
        moved="" if change is None else said.moved(change),
        since=said.since(numbers.day(before.as_of.astimezone(zone))) if before and change is not None else "",
        change=change,
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
        if audit is None or audit.score is None:
            pieces.append([])
            continue
        x = round(_EDGE + step * slot, 1)
        y = round(_EDGE + (_HEIGHT - 2 * _EDGE) * (100 - audit.score) / (100 - floor), 1)
        pieces[-1].append(f"{x},{y}")
        newest = (x, y) if slot == _SLOTS - 1 else None
    lines = tuple(" ".join(piece if len(piece) > 1 else piece * 2) for piece in pieces if piece)
    return Spark(lines, *newest) if newest else None


@cache
def _environment() -> Environment:
    environment = templating.environment()
    environment.globals.update(said=said, words=words, labels=labels, numbers=numbers)
    return environment


def _page(template: str, **shown: object) -> str:
    environment = _environment()
    style = environment.get_template("page.css").render() + environment.get_template("portfolio.css").render()
    script = environment.get_template("portfolio.js").render()
    strings = {"words": {**said.SCRIPT, "dark": labels.DARK, "light": labels.LIGHT}}
    return environment.get_template(template).render(
        **shown,
        policy=templating.policy(style, script),
        data=Markup(hygiene.json_block(strings)),  # noqa: S704 - json_block leaves no character that HTML gives a meaning
        explained=said.explained(LATE_DAYS, OVERDUE_DAYS),
    )


def _index(clients: Sequence[Client], now: datetime, path: Path) -> None:
    path.write_text(_page("portfolio.html", view=index_view(clients, now)), encoding="utf-8", newline="\n")


def _client(client: Client, now: datetime, path: Path) -> None:
    here = now.astimezone(UTC)
    text = _page("portfolio_client.html", line=client_view(client, now), day=numbers.day(here), stamp=numbers.stamp(here))
    path.write_text(text, encoding="utf-8", newline="\n")


SITE = Site(_index, _client)
