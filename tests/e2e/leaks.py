"""Looks for secrets in whatever a run left behind, in every form in which they may stand there."""

from __future__ import annotations

import base64
import html
import io
import json
import sqlite3
import zipfile
import zlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from urllib.parse import quote, quote_plus


def usual(secret: str) -> set[bytes]:
    """The secret as it stands, and quoted for a URL, for JSON and HTML, and in Base64 at any place."""
    raw = secret.encode()
    of_windows = json.dumps(secret)[1:-1]
    for sign in "'<>&":  # as Windows PowerShell writes JSON
        of_windows = of_windows.replace(sign, f"\\u{ord(sign):04x}")
    return {
        raw,
        quote(secret, safe="").encode(),
        quote(secret).encode(),
        quote_plus(secret).encode(),
        base64.b64encode(raw).rstrip(b"="),
        # In the middle of other bytes: the characters that depend on the secret alone.
        base64.b64encode(b"\0" + raw)[2 : (1 + len(raw)) * 8 // 6],
        base64.b64encode(b"\0\0" + raw)[3 : (2 + len(raw)) * 8 // 6],
        base64.urlsafe_b64encode(raw).rstrip(b"="),
        json.dumps(secret)[1:-1].encode(),
        json.dumps(secret, ensure_ascii=False)[1:-1].encode(),
        of_windows.encode(),
        html.escape(secret).encode(),
        html.escape(secret, quote=False).encode(),
    }


@cache
def forms(secret: str) -> frozenset[bytes]:
    """All that is looked for: beyond what a machine echoes also how our own programs might write it."""
    twice = json.dumps(json.dumps(secret))[3:-3]
    return frozenset(usual(secret)) | {
        twice.encode(),
        repr(secret)[1:-1].encode(),
        secret.encode().hex().encode(),
        secret.encode("utf-16-le"),
    }


def found_in(planted: Mapping[str, str], where: str, data: bytes) -> list[str]:
    """Where which of the planted secrets stands; looks into zip archives as well."""
    leaks = [f"{where}: {name}" for name, secret in planted.items() if any(shape in data for shape in forms(secret))]
    if data.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.namelist():
                leaks += found_in(planted, f"{where}!{member}", archive.read(member))
    return leaks


def found_in_database(planted: Mapping[str, str], file: Path) -> tuple[list[str], int]:
    """Leaks in any cell, decompressed where it is compressed, and how many cells were compressed."""
    leaks: list[str] = []
    unpacked = 0
    database = sqlite3.connect(file)
    try:
        tables = [row[0] for row in database.execute("select name from sqlite_master where type = 'table'")]
        for table in tables:
            for row in database.execute(f'select * from "{table}"'):
                for cell in row:
                    data = cell if isinstance(cell, bytes) else str(cell).encode()
                    try:
                        data = zlib.decompress(data)
                        unpacked += 1
                    except zlib.error:
                        pass
                    leaks += found_in(planted, f"{file.name}:{table}", data)
    finally:
        database.close()
    return leaks, unpacked
