"""Lines of 80 columns for a screen: wrapped by what letters take there, wide ones two; long names are kept short."""

from __future__ import annotations

from io import StringIO

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from scorecard.cli.terminal import is_terminal, safe, say

WIDTH = 80
_LONGEST_NAME = 32  # columns
_MOST_LETTERS = 400  # of one text; what takes no column could go on for ever


def one_line(said: str) -> str:
    """Text from anywhere on one line, with nothing that moves a cursor, and never a screen full of it."""
    kept = safe(" ".join(said[: 2 * _MOST_LETTERS].split()))
    return kept if len(kept) <= _MOST_LETTERS else f"{kept[: _MOST_LETTERS - 1].rstrip()}…"


def short(name: str) -> str:
    """A name in at most 32 columns."""
    kept = one_line(name[: 4 * _LONGEST_NAME])
    if kept == one_line(name) and cell_len(kept) <= _LONGEST_NAME:
        return kept
    return f"{set_cell_size(kept, _LONGEST_NAME - 1).rstrip()}…"


class Page:
    """Lines in the order in which they are added."""

    def __init__(self) -> None:
        self.lines: list[Text] = []
        self._ruler = Console(file=StringIO(), width=WIDTH, color_system=None)

    def print(self, *, err: bool = False) -> None:
        """On standard output, or standard error. With styles on a terminal, without colours where NO_COLOR is set."""
        if not is_terminal(err=err):
            say("\n".join(line.plain.rstrip() for line in self.lines), err=err)
            return
        console = Console(stderr=err, highlight=False, soft_wrap=True)
        for line in self.lines:
            console.print(line)

    def add(self, line: Text) -> None:
        """As it is, however long: what is to be copied must not be broken. It has to be printable already."""
        self.lines.append(line)

    def gap(self) -> None:
        self.lines.append(Text())

    def heading(self, said: str) -> None:
        self.gap()
        self.paragraph(Text(said, "bold"), 0)

    def paragraph(self, said: Text, indent: int = 2, *, hanging: int = 2) -> None:
        """Lines after the first stand so many columns further in."""
        for number, line in enumerate(said.wrap(self._ruler, WIDTH - indent - hanging)):
            line.rstrip()
            self.lines.append(Text.assemble(" " * (indent + (hanging if number else 0)), line))

    def row(self, lead: Text, title: Text, figures: Text) -> None:
        """A title with figures at the right end of its first line."""
        start, end = cell_len(lead.plain), cell_len(figures.plain)
        first, *more = title.wrap(self._ruler, WIDTH - start - end)
        first.rstrip()
        first.pad_right(WIDTH - start - end - cell_len(first.plain))
        self.lines.append(Text.assemble(lead, first, figures))
        for line in more:
            line.rstrip()
            self.lines.append(Text.assemble(" " * start, line))
