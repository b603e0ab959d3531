"""The icons of states, as rules of a style sheet: each shape stands there once (reports.md 6 and 11).

A page cuts them out of the colour of the text with a mask, so that theme, print and forced colours follow. What knows no
masks gets pictures in one colour instead. They stand beside a word and say nothing by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from types import MappingProxyType
from urllib.parse import quote

from markupsafe import Markup

# 16 x 16, in the colour that stands in for {0}. By the ending of the class i-….
_SHAPES: Mapping[str, str] = MappingProxyType(
    {
        "yes": '<circle cx="8" cy="8" r="7.2" fill="none" stroke="{0}" stroke-width="1.6"/>'
        '<path d="M4.4 8.3l2.5 2.5 4.8-5.3" fill="none" stroke="{0}" stroke-width="1.9"/>',
        "no": '<path fill="{0}" fill-rule="evenodd" d="M4.9.8h6.2l4.1 4.1v6.2l-4.1 4.1H4.9L.8 11.1V4.9z'
        'M4.9 6.1 6.8 8 4.9 9.9 6.1 11.1 8 9.2 9.9 11.1 11.1 9.9 9.2 8 11.1 6.1 9.9 4.9 8 6.8 6.1 4.9z"/>',
        "un": '<g fill="none" stroke="{0}" stroke-width="1.6"><path d="M8 .9 15.1 8 8 15.1.9 8z"/>'
        '<path d="M6.1 6.6c0-2.5 3.8-2.5 3.8-.1 0 1.5-1.9 1.4-1.9 2.8"/></g><circle cx="8" cy="11.3" r="1" fill="{0}"/>',
        "ex": '<rect x="1" y="1" width="14" height="14" rx="2" fill="none" stroke="{0}" stroke-width="1.6"/>'
        '<path d="M6 4.5v7M10 4.5v7" stroke="{0}" stroke-width="1.9"/>',
        "na": '<path d="M4 8h8" stroke="{0}" stroke-width="1.8"/>',
        "at": '<path d="M8 1.4 15.2 14.4H.8z" fill="none" stroke="{0}" stroke-width="1.6" stroke-linejoin="round"/>'
        '<path d="M8 6v4" stroke="{0}" stroke-width="1.8"/><circle cx="8" cy="12.2" r="1" fill="{0}"/>',
    }
)
# Of the cells of the list of machines, by the ending of their class c-…: they have no element for their icon.
_CELLS: Mapping[str, str] = MappingProxyType(
    {"yes": "yes", "no": "no", "not-checked": "un", "excused": "ex", "not-applicable": "na"}
)
# What colours each of them has on paper: tokens of page.css.
_INKS: Mapping[str, str] = MappingProxyType({"yes": "yes", "no": "no", "un": "un", "ex": "ex", "na": "un", "at": "warn"})
_CELL_INKS: Mapping[str, str] = MappingProxyType(
    {"yes": "yes", "no": "on", "not-checked": "ink", "excused": "ex", "not-applicable": "mute"}
)


def masks() -> Markup:
    """For each icon the rule that holds its shape, as `--m`."""
    return _rules(f'{_shown_by(key)} {{ --m: url("{_picture(key, "#000")}"); }}' for key in _SHAPES)


def pictures(colours: Mapping[str, str]) -> Markup:
    """The same as rules for what knows no masks. `colours`: by token of page.css, without its dashes."""
    elements = (f'.i-{key} {{ background-image: url("{_picture(key, colours[_INKS[key]])}"); }}' for key in _SHAPES)
    cells = (
        f'.mx td.c-{cell}::before {{ content: url("{_picture(shape, colours[_CELL_INKS[cell]])}"); }}'
        for cell, shape in _CELLS.items()
    )
    return _rules(chain(elements, cells))


def _shown_by(key: str) -> str:
    """What shows this shape, as a selector."""
    return ", ".join([f".i-{key}", *(f".c-{cell}::before" for cell, shape in _CELLS.items() if shape == key)])


def _picture(key: str, colour: str) -> str:
    """Address of a picture that stands in it whole, percent-encoded."""
    drawn = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">{_SHAPES[key].format(colour)}</svg>'
    return "data:image/svg+xml," + quote(drawn.replace('"', "'"), safe=" ='/:.-")


def _rules(rules: Iterable[str]) -> Markup:
    return Markup("\n".join(rules))  # noqa: S704 - made of the constants above, and what they name is encoded
