"""A provider's logo as it goes into reports: a small PNG, or an SVG of shapes alone (reports.md 6, "Brand").

It is kept in the audit document as a data address. Documents come from anywhere, so reports check it again with `address`.
Of an SVG only shapes, groups and gradients with plain attributes are kept; what would show but is no shape, such as text or
a style sheet, is refused with a word on what to do, because leaving it out would show another logo.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Mapping
from html import escape
from pathlib import Path
from xml.parsers import expat

from scorecard.errors import InputError

MOST_BYTES = 30_000
MOST_PIXELS = 4_000  # on a side
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_HEAD, _SVG_HEAD = "data:image/png;base64,", "data:image/svg+xml;base64,"
_SVG = "http://www.w3.org/2000/svg"
_MOST_ELEMENTS = 2_000

_SHAPES = frozenset(
    {
        "svg",
        "g",
        "defs",
        "path",
        "rect",
        "circle",
        "ellipse",
        "line",
        "polyline",
        "polygon",
        "linearGradient",
        "radialGradient",
        "stop",
    }
)
# What shows nothing by itself: left out with all that is in it.
_SILENT = frozenset({"title", "desc", "metadata"})
_PAINT = frozenset(
    {
        "fill",
        "fill-opacity",
        "fill-rule",
        "stroke",
        "stroke-width",
        "stroke-linecap",
        "stroke-linejoin",
        "stroke-miterlimit",
        "stroke-dasharray",
        "stroke-dashoffset",
        "stroke-opacity",
        "opacity",
        "stop-color",
        "stop-opacity",
    }
)
_PLACE = frozenset(
    {
        "viewBox",
        "width",
        "height",
        "x",
        "y",
        "x1",
        "y1",
        "x2",
        "y2",
        "cx",
        "cy",
        "r",
        "rx",
        "ry",
        "fx",
        "fy",
        "d",
        "points",
        "transform",
        "offset",
        "id",
        "gradientUnits",
        "gradientTransform",
        "spreadMethod",
        "preserveAspectRatio",
    }
)
_PLAIN = re.compile(r"[A-Za-z0-9#%.,()+\- \t\r\n]{0,20000}")
_LINK = re.compile(r"url\(#([A-Za-z][A-Za-z0-9_-]{0,63})\)")
_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_WAY = "save it as plain SVG with all text as paths and colours as attributes, or as a PNG"


class LogoError(InputError):
    """What is wrong with the file, for a sentence that begins with its name."""


def from_bytes(content: bytes) -> str:
    """A file's content as a data address. Raises LogoError."""
    if len(content) > MOST_BYTES:
        raise LogoError(f"is too large; expected at most {MOST_BYTES:,} bytes")
    if content.startswith(_PNG):
        _check_png(content)
        return _PNG_HEAD + base64.b64encode(content).decode("ascii")
    if b"<svg" in content or b":svg" in content:
        return _SVG_HEAD + base64.b64encode(_Shapes().read(content).encode("utf-8")).decode("ascii")
    raise LogoError("is neither a PNG nor an SVG; expected one of the two")


def from_file(file: Path) -> str:
    """The same of a file. Raises LogoError, also where it cannot be read."""
    try:
        if not file.is_file():
            raise LogoError("is not there, or is not a file")
        with file.open("rb") as opened:
            return from_bytes(opened.read(MOST_BYTES + 1))
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise LogoError(f"cannot be read: {getattr(error, 'strerror', None) or error}") from error


def address(kept: str) -> str:
    """A data address from a document, checked as if it were a new file; empty for one that is not fit to be shown."""
    head = next((head for head in (_PNG_HEAD, _SVG_HEAD) if kept.startswith(head)), None)
    if head is None:
        return ""
    try:
        return from_bytes(base64.b64decode(kept.removeprefix(head), validate=True))
    except (binascii.Error, LogoError):
        return ""


def _check_png(content: bytes) -> None:
    """Its head alone: what draws it looks at the rest."""
    if len(content) < 33 or content[12:16] != b"IHDR":
        raise LogoError("is a damaged PNG")
    width, height = struct.unpack(">II", content[16:24])
    if not (0 < width <= MOST_PIXELS and 0 < height <= MOST_PIXELS):
        raise LogoError(f"has {width:,} x {height:,} pixels; expected at most {MOST_PIXELS:,} on a side")


class _Shapes:
    """Reads an SVG and writes its shapes anew."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._silent = 0  # how deep within what is left out
        self._elements = 0
        self._shapes = 0

    def read(self, content: bytes) -> str:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = self._doctype
        try:
            parser.Parse(content, True)
        except expat.ExpatError as error:
            raise LogoError(f"is not well-formed XML: {expat.ErrorString(error.code)}, line {error.lineno}") from None
        if not self._shapes:
            raise LogoError("holds no shape")
        return "".join(self._pieces)

    def _doctype(self, *declared: object) -> None:
        """The declaration that old programs write is harmless; one with entities of its own is not."""
        if declared[-1]:  # it has a part inside the file
            raise LogoError(f"declares entities; {_WAY}")

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._elements += 1
        if self._elements > _MOST_ELEMENTS:
            raise LogoError(f"has more than {_MOST_ELEMENTS:,} elements; {_WAY}")
        space, _, tag = name.rpartition(" ")
        if self._silent or space != _SVG or tag in _SILENT:
            if self._elements == 1:
                raise LogoError("is not an SVG")
            self._silent += 1
            return
        if (self._elements == 1) != (tag == "svg"):
            raise LogoError(f"has svg in a place where it cannot be; {_WAY}")
        if tag not in _SHAPES:
            raise LogoError(f"holds <{tag[:40]}>, and only shapes can be taken; {_WAY}")
        self._shapes += tag not in ("svg", "g", "defs", "linearGradient", "radialGradient", "stop")
        kept = _kept(attributes)
        if tag == "svg":
            kept = {"xmlns": _SVG, **_framed(kept)}
        self._pieces.append("<" + tag + "".join(f' {key}="{escape(value)}"' for key, value in kept.items()) + ">")

    def _end(self, name: str) -> None:
        if self._silent:
            self._silent -= 1
        else:
            self._pieces.append(f"</{name.rpartition(' ')[2]}>")


def _kept(attributes: Mapping[str, str]) -> dict[str, str]:
    """What places and paints a shape; a style attribute counts as the attributes that it sets."""
    kept: dict[str, str] = {}
    links = {key: value for key, value in attributes.items() if key.rpartition(" ")[2] == "href"}
    if links:
        raise LogoError(f"refers to something else with href; {_WAY}")
    painted = dict(_style(attributes.get("style", "")))
    for key, value in {**attributes, **painted}.items():
        if key == "id" and _ID.fullmatch(value):
            kept[key] = value
        elif key in _PAINT and _LINK.fullmatch(value.strip()):
            kept[key] = value.strip()
        elif key != "id" and key in _PAINT | _PLACE and _PLAIN.fullmatch(value) and "url" not in value.casefold():
            kept[key] = " ".join(value.split())
    return kept


def _style(text: str) -> list[tuple[str, str]]:
    pairs = (part.partition(":") for part in text.split(";"))
    return [(key.strip(), value.strip()) for key, _, value in pairs if key.strip() in _PAINT]


def _framed(kept: Mapping[str, str]) -> dict[str, str]:
    """An SVG scales by its viewBox; of one without it the size is taken."""
    if "viewBox" in kept:
        return {key: value for key, value in kept.items() if key not in ("width", "height")}
    sizes = [re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)(?:px)?", kept.get(side, "")) for side in ("width", "height")]
    if not all(sizes):
        raise LogoError(f"has neither a viewBox nor a size in pixels; {_WAY}")
    others = {key: value for key, value in kept.items() if key not in ("width", "height")}
    return {"viewBox": f"0 0 {' '.join(size[1] for size in sizes if size)}", **others}
