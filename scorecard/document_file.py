"""Reading an audit document that may come from anywhere: it has to fit the published schema and itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from scorecard.document import DocumentError, built, observation_from_json, parsed, schema
from scorecard.document_sense import nonsense
from scorecard.model import Observation
from scorecard.reading import clean
from scorecard.result import Audit

_MOST_DEEP = 60  # a document of ours is some ten deep, and what rules add as evidence is flat
_MOST_ERRORS = 100  # among which the one to name is looked for


def read(path: Path) -> Audit:
    """Read a file that may come from anywhere: it has to fit the schema and itself. Raises DocumentError with one line."""
    return built(read_raw(path), str(path))


def read_raw(path: Path) -> dict[str, Any]:
    """The same as it stands in the file."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise DocumentError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise DocumentError(f"{path}: cannot be read: it is not UTF-8 text; expected an audit.json") from error
    return fitting(parsed(text, str(path)), str(path))


def fitting(raw: dict[str, Any], source: str) -> dict[str, Any]:
    """A parsed document that fits the schema and itself. Raises DocumentError with one line."""
    if _is_deeper(raw, _MOST_DEEP):
        raise DocumentError(f"{source}: lists and objects stand in each other more than {_MOST_DEEP} deep")
    problem = best_match(islice(Draft202012Validator(schema()).iter_errors(raw), _MOST_ERRORS))
    if problem is not None:
        raise DocumentError(f"{source}: {_where(problem.json_path)}{_cut(problem.message)}")
    for said in nonsense(raw):
        raise DocumentError(f"{source}: {_cut(said)}")
    return raw


def observations_of(raw: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Observation]]]:
    """The raw answers that travel with a document, by endpoint and SHA-256; none where they do not."""
    for endpoint, entries in raw.get("observations", {}).items():
        yield endpoint, {entry["sha256"]: observation_from_json(entry) for entry in entries}


def _is_deeper(value: object, most: int) -> bool:
    """Checked without recursion, which is what such a document is made to exhaust."""
    level = [value]
    for _ in range(most):
        inside = (one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list))
        level = [inner for entries in inside for inner in entries if isinstance(inner, dict | list)]
        if not level:
            return False
    return True


def _where(json_path: str) -> str:
    path = json_path.removeprefix("$").lstrip(".")
    return f"{path}: " if path else ""


def _cut(text: str) -> str:
    line = clean(text, 300)
    return line if len(line) < 200 else f"{line[:120]} … {line[-60:]}"
