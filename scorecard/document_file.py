"""Reading an audit document that may come from anywhere: it has to fit the published schema and itself."""

from __future__ import annotations

from pathlib import Path

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from scorecard.document import DocumentError, built, parsed, schema
from scorecard.reading import clean
from scorecard.result import Audit


def read(path: Path) -> Audit:
    """Read a file that may come from anywhere: it has to fit the schema. Raises DocumentError with one line."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise DocumentError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise DocumentError(f"{path}: cannot be read: it is not UTF-8 text; expected an audit.json") from error
    raw = parsed(text, str(path))
    problem = best_match(Draft202012Validator(schema()).iter_errors(raw))
    if problem is not None:
        raise DocumentError(f"{path}: {problem.json_path.removeprefix('$').lstrip('.')}: {_cut(problem.message)}")
    audit = built(raw, str(path))
    endpoints = {device.name for device in audit.devices}
    for finding in audit.findings:
        if finding.endpoint not in endpoints or finding.check not in audit.checks:
            about = f"{finding.check} on {finding.endpoint}"
            raise DocumentError(f"{path}: findings: {_cut(about)} is of an endpoint or a check that the document lacks")
    return audit


def _cut(text: str) -> str:
    line = clean(text, 300)
    return line if len(line) < 200 else f"{line[:120]} … {line[-60:]}"
