"""Text safety: everything that came from a machine is treated as hostile (reports.md 12, design section 11).

Control characters go, direction marks become visible, lengths are bounded. Escaping for a page is the template's work, and
quoting for a sheet is the workbook's; what is done here holds for both.
"""

from __future__ import annotations

import json
import re
import unicodedata

from markupsafe import Markup

NAME_LIMIT = 255
LINE_LIMIT = 2_000
CELL_LIMIT = 32_000
RAW_LIMIT_BYTES = 4_096
CUT = "… (cut)"
_SHORT, _FEW_LINES = 600, 8

# C0 and C1 controls except tab and line feed, lone surrogates, and what XML 1.0 does not allow.
_DROPPED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SPACES = re.compile(r"[\t\n\u2028\u2029 ]+")
# Blanks, unseen ones too, and then what begins a formula, the full-width forms included. The page's script reads it too.
FORMULA_START = r"[\s\ufeff\u200b-\u200d\u2060]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]"
_FORMULA = re.compile(FORMULA_START)


def text(value: str, limit: int = CELL_LIMIT) -> str:
    """Readable text of at most `limit` characters; line breaks and tabs stay, longer text ends in a note."""
    if _is_plain(value, limit):
        return value
    bounded = value[: limit * 2 + 1].replace("\r\n", "\n").replace("\r", "\n")
    kept = unicodedata.normalize("NFC", _DROPPED.sub("", bounded))
    shown = _DIRECTION.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", kept)
    if len(shown) > limit or len(value) > limit * 2 + 1:
        return shown[: max(limit - len(CUT), 0)] + CUT
    return shown


def _is_plain(value: str, limit: int) -> bool:
    """Most texts are; they need none of it, and large fleets have millions of them."""
    return value.isascii() and value.isprintable() and len(value) <= limit


def line(value: str, limit: int = LINE_LIMIT) -> str:
    """The same on one line."""
    if not value:
        return value
    if _is_plain(value, limit) and "  " not in value and value[:1] != " " != value[-1:]:
        return value
    return _SPACES.sub(" ", text(value, limit)).strip()


def name(value: str) -> str:
    return line(value, NAME_LIMIT)


def raw(value: str, limit_bytes: int = RAW_LIMIT_BYTES) -> tuple[str, bool]:
    """The first `limit_bytes` of an answer, and whether that is not all of it."""
    encoded = value.encode("utf-8", errors="replace")
    first = encoded[:limit_bytes].decode("utf-8", errors="ignore")
    return text(first, CELL_LIMIT), len(encoded) > limit_bytes


def starts_formula(value: str) -> bool:
    """Whether a spreadsheet might take this text for a formula."""
    return _FORMULA.match(value) is not None


def csv_cell(value: str) -> str:
    """A text field of a CSV file: what starts like a formula gets an apostrophe in front (reports.md 12.4)."""
    kept = text(value)
    return "'" + kept if starts_formula(kept) else kept


def is_long(value: str) -> bool:
    """Whether a box of 420 px may have to be scrolled to read it all, on a telephone too."""
    return len(value) > _SHORT or value.count("\n") > _FEW_LINES


def inside(value: str) -> Markup:
    """Text for the inside of an element. Quotes end attributes alone, so they stay: answers are full of them."""
    return Markup(value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))  # noqa: S704 - escaped right here


def json_block(value: object) -> str:
    """JSON for a script element of type application/json: nothing in it can end that element (reports.md 12.2)."""
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        written = written.replace(character, f"\\u{ord(character):04x}")
    return written
