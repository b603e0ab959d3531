"""Reads a file of exceptions: every mistake in it at once, or its entries."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path

from scorecard import marked_yaml
from scorecard.exceptions.contradictions import problems_of
from scorecard.exceptions.entries import Entry, Exceptions, ExceptionsError, derived_id
from scorecard.exceptions.models import DeclinedModel, ExceptionsModel, StatedModel, WaivedModel
from scorecard.inventory.build import resolve
from scorecard.inventory.shape import validate
from scorecard.marked_yaml import Document, Problem, printable
from scorecard.model import ExceptionKind, Json
from scorecard.standard import ExceptionLimits
from scorecard.yaml_values import KeyPath

# Names its own entries where the file lies beside an inventory.
FILE_NAME = "exceptions.yaml"


def load(path: Path, *, client: str | None, checks: Iterable[str], limits: ExceptionLimits, today: date) -> Exceptions:
    """Read the file of one client (None: of whichever it names). Raises ExceptionsError with every problem.

    `checks`: the ids of all installed checks; `limits`: the standard's; `today`: in the client's time zone.
    """
    document = marked_yaml.read(path)
    model, problems = (None, []) if document.value is None else validate(ExceptionsModel, document)
    problems += document.problems
    if model is None:
        raise ExceptionsError(str(problem) for problem in sorted(set(problems)))
    if client is not None and model.client is not None and model.client.casefold() != client.casefold():
        problems.append(document.problem(("client",), f"is not {printable(client)}, whose exceptions are wanted"))
    placed = list(_entries(model, document, problems))
    problems += problems_of(placed, document, checks, limits, today)
    if problems:
        raise ExceptionsError(str(problem) for problem in sorted(set(problems)))
    return Exceptions(tuple(entry for _, entry in placed))


def client_of(path: Path) -> str | None:
    """The client that a file names, for choosing its audit; None where it names none or cannot be read."""
    value = marked_yaml.read(path).value
    name = value.get("client") if isinstance(value, dict) else None
    return name if isinstance(name, str) else None


def _entries(model: ExceptionsModel, document: Document, problems: list[Problem]) -> Iterator[tuple[KeyPath, Entry]]:
    """Each with its place in the file."""
    for index, waived in enumerate(model.waived):
        yield ("waived", index), _waived(waived)
    for index, declined in enumerate(model.declined):
        yield ("declined", index), _declined(declined)
    for index, stated in enumerate(model.stated):
        path: KeyPath = ("stated", index)
        yield path, _stated(stated, _proof(stated, path, document, problems))


def _waived(given: WaivedModel) -> Entry:
    details: dict[str, Json] = {"reason": given.reason, "approver": given.approver, "cover": given.cover}
    return _entry(
        given.id,
        ExceptionKind.WAIVED,
        (given.check,),
        given.endpoints,
        (given.from_, given.expires),
        details,
        covered=given.cover is not None,
    )


def _declined(given: DeclinedModel) -> Entry:
    details: dict[str, Json] = {
        "what": given.what,
        "price": given.price,
        "currency": given.currency,
        "by": given.by,
    }
    return _entry(given.id, ExceptionKind.DECLINED, given.checks, given.endpoints, (given.on, given.until), details)


def _stated(given: StatedModel, proof: Mapping[str, Json]) -> Entry:
    details: dict[str, Json] = {"text": given.text, "says": given.says, **proof}
    return _entry(given.id, ExceptionKind.STATED, (given.check,), given.endpoints, (given.on, given.until), details)


def _entry(
    id: str | None,
    kind: ExceptionKind,
    checks: tuple[str, ...],
    endpoints: tuple[str, ...],
    days: tuple[date, date | None],
    details: Mapping[str, Json],
    *,
    covered: bool = False,
) -> Entry:
    return Entry(id or derived_id(kind, checks, endpoints, days[0]), kind, checks, endpoints, *days, covered, details)


def _proof(given: StatedModel, path: KeyPath, document: Document, problems: list[Problem]) -> dict[str, Json]:
    """The name of the proof and the SHA-256 of what it holds."""
    if given.proof is None:
        if given.sha256 is None:
            said = "has no proof; name a file with the key proof, or give its sha256 where it is kept elsewhere"
            problems.append(document.problem(path, said))
        return {"proof": None, "sha256": given.sha256}
    file = Path(resolve(given.proof, Path(document.file).absolute().parent))
    try:
        found = _sha256_of(file)
    except OSError as error:
        said = f"{printable(str(file), 200)} cannot be read: {error.strerror or type(error).__name__}"
        problems.append(document.problem((*path, "proof"), said))
        return {}
    if given.sha256 is not None and found != given.sha256:
        said = f"is not that of {printable(str(file), 200)}, which is {found}; was the file changed since?"
        problems.append(document.problem((*path, "sha256"), said))
    return {"proof": file.name, "sha256": found}


def _sha256_of(file: Path) -> str:
    """Raises OSError; for anything but a plain file as well, which could be read without end."""
    if file.exists() and not file.is_file():
        raise OSError(0, "it is not a file")
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
