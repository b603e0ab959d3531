"""What is kept of each made-up client, and how a document is made comparable.

A page is kept without its style, its script and their hashes: they are the same in every page, have tests of their own, and
would rewrite every file whenever a colour changes. A workbook is kept as a listing of what it holds. All else is kept byte
for byte. Ten thousand machines are not kept: tests/e2e/test_page_large.py looks at what such a page does.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from scorecard.pseudonyms import redacted
from scorecard.registry import report
from scorecard.reporting import EditionName, ReportContext
from scorecard.result import Audit
from tests.golden import listing
from tests.golden.clients import CLIENTS

Prepared = TypeVar("Prepared")
FOLDER = Path(__file__).parent
RENEW = "python -m tests.golden"
_LISTED, _DIFFERENCES, _LONGEST_LINE = ".txt", 6, 160
_FORMATS = {".html": "html", ".xlsx": "xlsx", ".sarif": "sarif"}


def names() -> list[str]:
    """ "harbour/client.html" and so on, in order."""
    return [f"{client}/{document}" for client, kept in CLIENTS.items() for document in kept.documents]


def stored(name: str) -> Path:
    return FOLDER / name


def kept() -> list[Path]:
    """All files that are stored, whether anything makes them or not."""
    return sorted(path for path in FOLDER.glob("*/*") if path.suffix != ".pyc")


def made(name: str) -> bytes:
    """The document as it is now, ready to be compared with what is stored."""
    client, document = name.split("/")
    target = Path(document.removesuffix(_LISTED))
    edition = EditionName(target.stem) if target.stem in list(EditionName) else EditionName.CLIENT
    form = report(_format(target))
    with TemporaryDirectory(prefix="scorecard-golden-") as folder:
        path = Path(folder) / target
        form.write(_prepared(client, edition, form.prepare), path)
        if target.suffix == ".xlsx":
            return listing.of(path).encode()
        return _plain(path.read_text(encoding="utf-8")).encode() if target.suffix == ".html" else path.read_bytes()


def _format(target: Path) -> str:
    if target.stem == "tickets":
        return "tickets-json" if target.suffix == ".json" else "tickets"
    return _FORMATS.get(target.suffix, "csv")


@cache
def _prepared(client: str, edition: EditionName, prepare: Callable[[Audit, ReportContext], Prepared]) -> Prepared:
    """Once for all formats of an edition, as the command line does. A prospect's names are numbers."""
    told = CLIENTS[client].told()
    context = replace(told.context, edition=edition)
    return prepare(*(redacted(told.audit, context) if edition is EditionName.PROSPECT else (told.audit, context)))


def _plain(page: str) -> str:
    for kind in ("style", "script"):
        page, found = re.subn(rf"<{kind}>.*?</{kind}>", f"<{kind}>({kind})</{kind}>", page, flags=re.DOTALL)
        page, hashed = re.subn(rf"{kind}-src &#39;sha256-[\w+/=]+&#39;", f"{kind}-src (hash)", page)
        assert (found, hashed) == (1, 1), f"a page has one {kind}, and its policy one hash of it"
    return page


def differences(name: str, now: bytes) -> str:
    """The first lines that differ and how to renew the file; nothing where it is as stored."""
    path = stored(name)
    then = path.read_bytes() if path.exists() else b""
    if then == now and path.exists():
        return ""
    shown = list(_first(then.decode(), now.decode()))
    return "\n".join([f"{path} is not what is made now; look at the difference, then {RENEW}", *shown])


def _first(then: str, now: str) -> Iterator[str]:
    """Pairs of lines, each shown from a little before where the two part."""
    old, new = then.splitlines(), now.splitlines()
    seen = 0
    for kind, first, last, start, end in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        if seen == _DIFFERENCES:
            yield "… and more"
            return
        seen += 1
        gone, come = (old[first : first + 1] or [""])[0], (new[start : start + 1] or [""])[0]
        at = max(0, next((n for n, (a, b) in enumerate(zip(gone, come, strict=False)) if a != b), 0) - 40)
        yield f"line {first + 1}, {last - first} stored, {end - start} now:"
        yield f"  - {gone[at : at + _LONGEST_LINE]!r}"
        yield f"  + {come[at : at + _LONGEST_LINE]!r}"
