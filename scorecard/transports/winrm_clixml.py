"""Standard error of Windows PowerShell is CLIXML, not text: progress is noise, errors are kept (windows.md 5.3)."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

MAX_BYTES = 256 * 1024
_DOCUMENT = re.compile(r"<Objs\b.*?</Objs>", re.DOTALL)
_HEADER = re.compile(r"#< CLIXML\s*")
_ESCAPED = re.compile(r"(?:_x[0-9A-Fa-f]{4}_)+")


def errors_of(stderr: bytes) -> str:
    """The text of the error records, and whatever stood outside CLIXML. Never raises."""
    text = stderr[:MAX_BYTES].decode("utf-8", errors="replace")
    found = [line for match in _DOCUMENT.finditer(text) for line in _errors(match[0])]
    plain = _HEADER.sub("", _DOCUMENT.sub("", text))
    if "<Objs" in plain:  # its end was cut off
        plain = plain.partition("<Objs")[0]
    return "".join((*found, plain)).strip()


def _errors(document: str) -> list[str]:
    if "<!DOCTYPE" in document.upper():
        return []
    try:
        root = ET.fromstring(document)  # noqa: S314 - without a DOCTYPE there are no entities to grow
    except ET.ParseError:
        return []
    return [_unescape(node.text or "") for node in root.iter() if _name(node) == "S" and node.get("S") == "Error"]


def _name(node: ET.Element) -> str:
    return node.tag.rpartition("}")[2]


def _unescape(text: str) -> str:
    """`_x000D_` and the like are UTF-16 units; characters beyond them come as pairs."""
    return _ESCAPED.sub(lambda match: _units(match[0]), text)


def _units(text: str) -> str:
    data = b"".join(int(text[at + 2 : at + 6], 16).to_bytes(2, "little") for at in range(0, len(text), 7))
    return data.decode("utf-16-le", errors="replace")
