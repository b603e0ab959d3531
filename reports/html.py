"""The page: one file that needs nothing else, made from the view (reports.md 2 to 12).

Templates escape everything. One value is put in as it is: the JSON block, which hygiene.json_block makes harmless.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from scorecard.errors import ReportError
from scorecard.reporting import Report

from . import (
    ahead_words,
    bring_words,
    compact,
    detail_words,
    edition_words,
    exempt,
    exempt_words,
    figures_words,
    first_look_words,
    glossary,
    grades_words,
    hygiene,
    labels,
    list_words,
    moves_words,
    numbers,
    quiet,
    strips_words,
    tally,
    tasks_words,
    templating,
    unchecked_words,
    words,
)
from . import view as views
from .method import Asked
from .view import View

# Of the lists of what moved, by their keys: keys of the icons in parts.html.
_MOVED_ICONS = {
    "came-back": "fail",
    "new": "fail",
    "seen-again": "fail",
    "joined": "fail",
    "fixed": "yes",
    "no-longer-seen": "not-checked",
}


@cache
def _environment() -> Environment:
    environment = templating.environment()
    environment.globals.update(
        words=words,
        moves_words=moves_words,
        tasks_words=tasks_words,
        exempt_words=exempt_words,
        figures_words=figures_words,
        grades_words=grades_words,
        ahead_words=ahead_words,
        bring_words=bring_words,
        unchecked_words=unchecked_words,
        edition_words=edition_words,
        look_words=first_look_words,
        tally=tally,
        exempt=exempt,
        glossary=glossary,
        labels=labels,
        numbers=numbers,
        quiet=quiet,
        list_words=list_words,
        strips_words=strips_words,
        detail_words=detail_words,
    )
    return environment


def page(view: View) -> str:
    environment = _environment()
    sheets = (environment.get_template(name).render() for name in ("page.css", "machines.css"))
    style = _lean_style("".join((*sheets, view.brand.style, view.paper.style)))
    script = _lean_script(environment.get_template("page.js").render())
    asked, sent = _asked(view)
    return environment.get_template("page.html").render(
        view=view,
        style=Markup(style),  # noqa: S704 - our own, and named by its hash in the policy
        script=Markup(script),  # noqa: S704 - the same
        policy=templating.policy(style, script),
        data=Markup(hygiene.json_block(compact.data(view))),  # noqa: S704 - json_block leaves no character that HTML gives a meaning
        known=frozenset(row.id for row in view.on_page),
        asked=asked,
        most=views.ROWS_ON_PAGE,
        sent=sent,
        contents=_contents(view),
        moved_icons=_MOVED_ICONS,
        steps_at={page.fix: page.id for page in view.by_check.pages if page.fix} if view.edition.rows else {},
    )


def _contents(view: View) -> list[tuple[str, str]]:
    rows = view.edition.rows
    sections = (
        ("parts", words.parts_title(len(view.work.cards)), True),
        ("tally", edition_words.TITLE_TALLY, view.shows("tally")),
        ("changes", words.TITLE_CHANGES, view.shows("changes")),
        ("fix", words.TITLE_FIX if view.edition.hours else first_look_words.TITLE_FIX, True),
        ("ahead", ahead_words.TITLE, bool(view.ahead.told)),
        ("machines", words.TITLE_MACHINES, True),
        ("detail", words.TITLE_DETAIL, rows and bool(view.rows.devices)),
        ("unchecked", words.TITLE_UNCHECKED, True),
        ("bring", bring_words.TITLE, bool(view.bring)),
        ("exceptions", words.TITLE_EXCEPTIONS, bool(view.exceptions or view.grades.apart)),
        ("frameworks", ahead_words.FRAMEWORKS_TITLE, bool(view.frameworks)),
        ("method", words.TITLE_METHOD, True),
        ("words", words.TITLE_WORDS, True),
    )
    return [(id_, title) for id_, title, there in sections if there]


def _asked(view: View) -> tuple[dict[str, str], tuple[Asked, ...]]:
    """What was sent, by part: all of it for engineers, else what the answers on the page were asked with."""
    by_part = {asked.part: asked for asked in view.method.asked}
    wanted = {
        by_part[key].id
        for device in view.on_page
        for part in view.evidence.asked(device.id)
        for key in (f"{device.platform}/{part}", part)
        if key in by_part
    }
    shown = tuple(asked for asked in view.method.asked if view.edition.full_evidence or asked.id in wanted)
    return {asked.part: asked.id for asked in shown}, shown


def _lean(source: str) -> str:
    """Without comments and the blanks that lines begin with: they are for people, and every page carries them."""
    return re.sub(r"\n\s+", "\n", re.sub(r"/\*.*?\*/", "", source))


def _lean_style(source: str) -> str:
    """The same, and without blanks around what separates words anyway. What stands in quotes stays."""
    pieces = re.split(r'("[^"]*")', _lean(source))
    pieces[::2] = [re.sub(r"[;\s]*}\s*", "}", re.sub(r"\s*([{;,>])\s*|(:)\s+", r"\1\2", text)) for text in pieces[::2]]
    return "".join(pieces)


def _lean_script(source: str) -> str:
    """The same. A line with a slash may hold a pattern, and stays as it is."""
    return "\n".join(line if "/" in line else _lean_line(line) for line in _lean(source).splitlines())


def _lean_line(line: str) -> str:
    pieces = re.split(r"""('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""", line)
    pieces[::2] = [re.sub(r"\s*([{}(),;:?=<>&|])\s*", r"\1", text) for text in pieces[::2]]
    return "".join(pieces)


def write(view: View, path: Path) -> None:
    """Write the page at `path`. Raises ReportError."""
    text = page(view)
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise ReportError(f"{path}: the page cannot be written: {error.strerror or error}") from error


REPORT = Report("html", ".html", views.build, write)
