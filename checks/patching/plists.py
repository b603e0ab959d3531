"""Property lists from a machine that may be hostile: what cannot be read is None, never an exception."""

from __future__ import annotations

import base64
import binascii
import plistlib
import re
import struct
from datetime import UTC, datetime
from typing import Any
from xml.parsers.expat import ExpatError

_BROKEN = (
    plistlib.InvalidFileException,
    ExpatError,
    struct.error,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    RecursionError,
)


def decode(text: str) -> Any | None:
    """Base64 of a binary or XML property list."""
    try:
        return plistlib.loads(base64.b64decode("".join(text.split()), validate=True))
    except (*_BROKEN, binascii.Error):
        return None


def tail_of_array(text: str) -> list[Any] | None:
    """An XML property list that is one array of dictionaries, of which perhaps only the end came."""
    if re.search(r"<plist[^>]*>\s*<array/>\s*</plist>", text[-2000:]):
        return []
    end = text.rfind("</array>")
    if end < 0:
        return None
    if "<array>" in text[:2000] and "<plist" in text[:2000]:
        body = text[text.index("<array>") + len("<array>") : end]
    else:
        # The first entry was cut somewhere: begin with the one after it.
        body = text[text.find("</dict>") + len("</dict>") : end]
    try:
        found = plistlib.loads(f"<plist><array>{body}</array></plist>".encode(), fmt=plistlib.FMT_XML)
    except _BROKEN:
        return None
    return found if isinstance(found, list) else None


def moment(value: object) -> datetime | None:
    """A property list's date, which is UTC."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else None
