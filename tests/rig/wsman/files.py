"""The files of a simulated machine: full paths with what is known of each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tests.rig.wsman.machine import Machine, hresult, items

VARIABLES = {
    "%programfiles%": r"C:\Program Files",
    "%programw6432%": r"C:\Program Files",
    "%programfiles(x86)%": r"C:\Program Files (x86)",
    "%programdata%": r"C:\ProgramData",
    "%systemroot%": r"C:\Windows",
    "%windir%": r"C:\Windows",
    "%systemdrive%": "C:",
    "%commonprogramfiles%": r"C:\Program Files\Common Files",
    "%commonprogramfiles(x86)%": r"C:\Program Files (x86)\Common Files",
}
_NOT_LOCAL = 0x800700A1
_ABSENT: Mapping[str, Any] = {"exists": False, "size": None, "modified": None, "version": None}


def expand(path: str) -> str:
    whole = re.sub(r"%[^%]+%", lambda match: VARIABLES.get(match[0].lower(), match[0]), path)
    return whole.replace("/", "\\")


def look_up(machine: Machine, asked: str, text_kb: int) -> list[dict[str, Any]]:
    """Every file that a path of a question names; one entry that says so where there is none."""
    if not _local(machine, expand(asked)):
        nowhere = {**_ABSENT, "exists": {"error": hresult(_NOT_LOCAL)}}
        return [{"asked": asked, "path": None, **nowhere, "text": None}]
    pattern = re.escape(expand(asked)).replace(r"\*", r"[^\\]+")
    found = [
        {"asked": asked, "path": path, **_known(path, file), "text": _text(file, text_kb)}
        for path, file in sorted(_files(machine).items())
        if re.fullmatch(pattern, path, re.IGNORECASE)
    ]
    return found or [{"asked": asked, "path": None, **_ABSENT, "text": None}]


def about(machine: Machine, value: Any) -> dict[str, Any]:
    """What is told of a file that a property names: quotes and arguments are taken off, other machines are not asked."""
    if not isinstance(value, str):
        return dict(_ABSENT)
    match = re.match(r'\s*(?:"([^"]+)"|(.+?\.(?:exe|sys|dll))(?:\s|$)|(.+))', value, re.IGNORECASE)
    path = expand(next(part for part in match.groups() if part)) if match else ""
    path = re.sub(r"^\\SystemRoot(?=\\)", r"C:\\Windows", path.removeprefix("\\??\\"), flags=re.IGNORECASE)
    path = re.sub(r"^(?=system32\\)", r"C:\\Windows\\", path, flags=re.IGNORECASE)
    if "%" in path or not path:
        return dict(_ABSENT)
    if not _local(machine, path):
        return {"error": hresult(_NOT_LOCAL)}
    folded = {name.lower(): file for name, file in _files(machine).items()}
    return _known(path, folded[path.lower()]) if path.lower() in folded else dict(_ABSENT)


def _local(machine: Machine, path: str) -> bool:
    """On a fixed drive of this machine; one without a list of its drives has C: alone."""
    disks = machine.section("cim").get("root/cimv2", {}).get("Win32_LogicalDisk", {}).get("instances") or {}
    drives = [disk["DeviceID"] for disk in items(disks) if disk.get("DriveType") == 3] or ["C:"]
    return any(path.upper().startswith(f"{drive}\\") for drive in drives)


def _files(machine: Machine) -> dict[str, Mapping[str, Any]]:
    return {expand(str(path)): file for path, file in machine.section("files").items() if file is not None}


def _known(path: str, file: Mapping[str, Any]) -> dict[str, Any]:
    known = {"exists": True, **{name: file.get(name) for name in ("size", "modified", "version")}}
    if "error" in file:
        known = {name: {"error": hresult(file["error"])} for name in known}
    return known


def _text(file: Mapping[str, Any], text_kb: int) -> str | None:
    text = file.get("text")
    return str(text)[: text_kb * 1024] if text_kb and text is not None else None
