"""From the cells of a list to the values that an inventory has under the same key.

Lists come from other tools: "Windows 11 Pro" is a platform there, "Notebook" a role, "TRUE" a yes. What is not understood
is handed on as it is, and the check of the key says what was expected. An empty cell is as good as none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import TypeAlias

from scorecard.marked_yaml import printable
from scorecard.yaml_values import Value

Cell: TypeAlias = "str | int | float | bool | date | None"

_MAX_WHOLE = 10**15  # spreadsheets keep 15 digits of a number
_NUMBER = re.compile(r"\d{1,9}(?:\.0{1,9})?")
_DECIMAL = re.compile(r"\d{1,9}\.\d{1,9}")
_AS_TEXT = re.compile(r'="([^"]*)"')  # how tools keep a spreadsheet from turning text into a number
_ERROR = re.compile(r"#(?:N/A|REF!|DIV/0!|VALUE!|NAME\?|NUM!|NULL!)")
_WORDS = re.compile(r"[a-z]+")
_FLAGS: Mapping[str, bool] = {
    "yes": True, "y": True, "true": True, "1": True, "no": False, "n": False, "false": False, "0": False,
}  # fmt: skip
_LINUX = frozenset({
    "linux", "ubuntu", "debian", "centos", "rhel", "fedora", "almalinux", "rocky", "suse", "opensuse", "sles", "raspbian",
    "mint", "kali", "alpine", "gentoo",
})  # fmt: skip
_ROLES: Mapping[str, str] = {  # the first that is among the words counts
    "laptop": "laptop", "notebook": "laptop", "portable": "laptop", "ultrabook": "laptop", "macbook": "laptop",
    "convertible": "laptop", "server": "server", "workstation": "workstation", "desktop": "workstation",
    "pc": "workstation", "tower": "workstation", "computer": "workstation",
}  # fmt: skip


class BadCell(Exception):
    """`str()` is one line for a person."""


def text(cell: Cell) -> str:
    """Without the spaces around it; a whole number becomes its digits. Raises BadCell."""
    if isinstance(cell, str):
        plain = cell.strip()
        if plain.startswith("="):
            kept = _AS_TEXT.fullmatch(plain)
            if kept is None:
                raise BadCell("a formula stands here; expected its value")
            plain = kept[1].strip()
        if plain.startswith("#") and _ERROR.fullmatch(plain):
            raise BadCell("a spreadsheet's error stands here; expected a value")
        return plain
    if cell is None:
        return ""
    if isinstance(cell, bool):
        raise BadCell(f"expected text, found {'TRUE' if cell else 'FALSE'}; format the cell as text")
    if isinstance(cell, int | float):
        if not float(cell).is_integer() or abs(cell) >= _MAX_WHOLE:
            raise BadCell("expected text, found a number; format the cell as text")
        return str(int(cell))
    raise BadCell("expected text, found a date or time; format the cell as text")


def _words(cell: Cell) -> Value:
    return [part for part in map(str.strip, re.split("[;,]", text(cell))) if part]


def _files(cell: Cell) -> Value:
    return [part for part in map(str.strip, text(cell).split(";")) if part]


def _flag(cell: Cell) -> Value:
    if isinstance(cell, bool):
        return cell
    plain = text(cell)
    return _FLAGS.get(plain.lower(), plain)


def _number(cell: Cell) -> Value:
    """A number; raises BadCell for anything else, as "without quotes" would be no help in a list."""
    if isinstance(cell, float):
        return int(cell) if cell.is_integer() else cell
    if isinstance(cell, int) and not isinstance(cell, bool):
        return cell
    plain = text(cell)
    if not plain:
        return ""
    if _NUMBER.fullmatch(plain):
        return int(float(plain))
    if _DECIMAL.fullmatch(plain):
        return float(plain)
    raise BadCell("expected a number, found text")


def _lower(cell: Cell) -> Value:
    return text(cell).lower()


def _platform(cell: Cell) -> Value:
    plain = text(cell).lower()
    words = set(_WORDS.findall(plain))
    if "windows" in words or plain in ("win", "win10", "win11"):
        return "windows"
    if "macos" in words or "osx" in words or "darwin" in words or {"mac", "os"} <= words:
        return "macos"
    if words & _LINUX or {"red", "hat"} <= words:
        return "linux"
    return plain


def _role(cell: Cell) -> Value:
    plain = text(cell).lower()
    words = set(_WORDS.findall(plain))
    return next((role for word, role in _ROLES.items() if word in words), plain)


# How each key's cells are read; keys that are not here hold text.
_READ: Mapping[str, Callable[[Cell], Value]] = {
    "platform": _platform,
    "role": _role,
    "transport": _lower,
    "authentication": _lower,
    "host_key_policy": _lower,
    "port": _number,
    "keep_alive_s": _number,
    "connect_timeout_s": _number,
    "managed": _flag,
    "https": _flag,
    "tags": _words,
    "groups": _words,
    "known_hosts": _files,
}


def reader(key: str) -> Callable[[Cell], Value]:
    """What makes a value from a cell of `key`: empty text or an empty list where nothing stands there. Raises BadCell."""
    return _READ.get(key, text)


def secret(title: str) -> str:
    """What is said where a secret stands in a list; the cell is never shown."""
    return (
        f"a secret stands in the column '{printable(title.strip(), 40)}'; remove the column: secrets are never kept in a "
        "list. Write an inventory in YAML whose credentials say where each one is found, and name the list under "
        "endpoints_from"
    )
