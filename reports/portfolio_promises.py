"""What can be promised at which client: the answers of each newest scorecard side by side (reports.md 2.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scorecard.result import Answer, Promise

from . import hygiene, words
from . import portfolio_words as said
from .portfolio_across import SHOWN, Told

_KEPT = (Answer.YES, Answer.YES_EXCEPT)


@dataclass(frozen=True, slots=True)
class Cell:
    """`answer`: the icon's key; empty where the client's standard has no such promise."""

    answer: str
    word: str
    count: str


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    page: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Promises:
    """`columns`: what is promised, and at how many clients it holds. Rows in the order of the clients."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]

    @property
    def first(self) -> tuple[Row, ...]:
        return self.rows[:SHOWN]

    @property
    def rest(self) -> tuple[Row, ...]:
        return self.rows[SHOWN:]


def build(clients: Sequence[Told]) -> Promises:
    """A column for each promise of any client's standard, in the order in which they first come."""
    titles: dict[str, str] = {}
    for client in clients:
        for promise in client.newest.promises:
            titles.setdefault(promise.id, hygiene.line(promise.title).rstrip("?"))
    rows = []
    for client in clients:
        by_id = {promise.id: promise for promise in client.newest.promises}
        if by_id:
            rows.append(Row(client.name, client.page, tuple(_cell(by_id.get(key)) for key in titles)))
    columns = [(title, _kept([row.cells[place].answer for row in rows])) for place, title in enumerate(titles.values())]
    return Promises(tuple(columns), tuple(rows))


def _kept(answers: Sequence[str]) -> str:
    """Among the clients that have machines to promise it of."""
    asked = [answer for answer in answers if answer and answer != Answer.DOES_NOT_APPLY]
    return said.kept(sum(answer in _KEPT for answer in asked), len(asked))


def _cell(promise: Promise | None) -> Cell:
    if promise is None:
        return Cell("", words.DASH, "")
    count = f"{promise.met:,} of {promise.of:,}" if promise.of else ""
    return Cell(promise.answer.value, words.ANSWERS[promise.answer], count)
