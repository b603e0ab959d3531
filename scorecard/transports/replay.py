"""The replay transport: recorded answers instead of a machine. For tests, re-judging, and packs that a prospect sends.

The endpoint's address is a folder, or an audit document that was written with its evidence.

A folder holds recordings of several endpoints, each in a folder named as `folder_name` names it, or is itself one
endpoint's recording. A recording is one of

`reply.txt`, a framed reply as it came from the script, after two header lines (and optionally a third)::

    marker: scorecard-0123…
    as_of: 2026-11-20T12:00:00+00:00
    account: audit@10.0.0.5
    scorecard-0123… begin engine.host
    |system=Linux
    …

or one file a part, `<part id>.txt`, with how each ended in `outcomes.yaml` (which `record` writes; a part that is not
named there ended well with code 0)::

    as_of: 2026-11-20T12:00:00+00:00
    parts:
      patching.packages: {outcome: denied, code: 77, duration_ms: 12, reason: Our account has no right to read this}

One line feed at the end of a part's file is not part of its answer. An audit document keeps, under "observations", a
list for each endpoint's name: `{sha256, part, outcome, text, code, duration_ms, observed_at}`.

What is replayed was not seen by us, so nobody's identity is proven. Files that lead out of the folder are refused.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from scorecard.bundle import Bundle
from scorecard.errors import FailureKind, StoreError, TransportError
from scorecard.model import Endpoint, Identity, Observation, Observations, Outcome, Platform
from scorecard.reading import clean
from scorecard.transports.base import MAX_OUTPUT_BYTES, Answer
from scorecard.transports.reply import Ended, Heard, to_answer

MAX_DOCUMENT_BYTES = 512 * 1024 * 1024
_MAX_OUTCOMES_BYTES = 1024 * 1024
_OUTCOMES = "outcomes.yaml"
_REPLY = "reply.txt"
_PART_FILE = re.compile(r"(?P<part>[a-z0-9.-]{1,200})\.txt")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._ -]{0,98}[A-Za-z0-9_-]|[A-Za-z0-9_-]")
_HEADER = re.compile(rb"(marker|as_of|account): ?([^\r\n]{0,300})\r?\n")


class ReplayTransport:
    """Answers from what was recorded; opens no connection."""

    def ask(self, endpoint: Endpoint, bundle: Bundle, deadline_s: float) -> Answer:  # noqa: ARG002 - it was asked before
        place = Path(endpoint.address).expanduser()
        if place.is_file():
            return _from_document(place, endpoint.name)
        if place.is_dir():
            return _from_folder(place, endpoint.name, endpoint.platform)
        raise _missing(endpoint.name, place)

    def close(self) -> None:
        return


# --- writing -------------------------------------------------------------------------------------------------------


def folder_name(endpoint: str) -> str:
    """A folder's name for an endpoint. A name that could mean another place is cleaned and told apart by a hash."""
    if _PLAIN_NAME.fullmatch(endpoint):
        return endpoint
    cleaned = re.sub(r"[^A-Za-z0-9_-]+", "-", endpoint)[:60].strip("-")
    return f"{cleaned or 'endpoint'}-{hashlib.sha256(endpoint.encode(errors='surrogatepass')).hexdigest()[:12]}"


def record(folder: Path, endpoint: str, observations: Observations, as_of: datetime) -> Path:
    """Save what an endpoint answered so that it can be replayed; returns its folder, which is replaced as a whole.

    Files are for the owner only. Raises StoreError; nothing partial is left.
    """
    target = folder / folder_name(endpoint)
    fresh = target.with_name(f".{target.name}.{os.getpid()}.new")
    try:
        fresh.mkdir(mode=0o700, parents=True)
        outcomes: dict[str, Any] = {}
        for part, observation in observations.items():
            if not _PART_FILE.fullmatch(f"{part}.txt"):
                raise StoreError(f"{part!r} cannot be recorded: it is not a part's name")
            _write(fresh / f"{part}.txt", observation.text + "\n")
            outcomes[part] = _outcome(observation)
        head = {"as_of": as_of.astimezone(UTC).isoformat(), "parts": outcomes}
        _write(fresh / _OUTCOMES, yaml.safe_dump(head, sort_keys=True, allow_unicode=True))
        _swap(fresh, target)
    except OSError as error:
        raise StoreError(f"The recording of {endpoint} cannot be written to {target}: {error.strerror}") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return target


def _swap(fresh: Path, target: Path) -> None:
    old = target.with_name(fresh.name.removesuffix(".new") + ".old")
    if target.exists():
        target.rename(old)
    fresh.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _outcome(observation: Observation) -> dict[str, Any]:
    found: dict[str, Any] = {"outcome": str(observation.outcome), "code": observation.code}
    found["duration_ms"] = observation.duration_ms
    if observation.observed_at is not None:
        found["observed_at"] = observation.observed_at.astimezone(UTC).isoformat()
    if observation.reason:
        found["reason"] = observation.reason
    return found


def _write(file: Path, text: str) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", errors="replace", newline="") as out:
        out.write(text)


# --- reading a folder ----------------------------------------------------------------------------------------------


def _from_folder(root: Path, endpoint: str, platform: Platform | None) -> Answer:
    inner = root / folder_name(endpoint)
    folder = inner if inner.is_dir() else root
    _stay_inside(root, folder)
    try:
        names = sorted(file.name for file in folder.iterdir())
        if _REPLY in names:
            return _from_reply(_read(folder, _REPLY, MAX_OUTPUT_BYTES), endpoint, folder / _REPLY, platform)
        parts = [match["part"] for name in names if (match := _PART_FILE.fullmatch(name))]
        if not parts:
            raise _missing(endpoint, folder)
        return _from_parts(folder, parts, _OUTCOMES in names)
    except OSError as error:
        raise _broken(folder, f"cannot be read: {error.strerror}") from error


def _from_reply(data: bytes, endpoint: str, file: Path, platform: Platform | None) -> Answer:
    head: dict[str, str] = {}
    while match := _HEADER.match(data):
        head[match[1].decode()] = match[2].decode("utf-8", errors="replace").strip()
        data = data[match.end() :]
    if not head.get("marker") or not head.get("as_of"):
        raise _broken(file, "does not begin with the lines marker: … and as_of: …")
    as_of = _moment(head["as_of"], file)
    heard = Heard(data, b"", Ended.CLOSED, as_of)
    return to_answer(
        heard,
        head["marker"],
        f"The recording {file}",
        0,
        Identity.NOT_PROVEN,
        clean(head.get("account", "")),
        (_note(endpoint, file, as_of),),
        platform,
    )


def _from_parts(folder: Path, parts: Sequence[str], with_outcomes: bool) -> Answer:
    head = _outcomes(folder) if with_outcomes else {}
    notes: tuple[str, ...] = ()
    if "as_of" in head:
        as_of = _moment(head["as_of"], folder / _OUTCOMES)
    else:
        as_of = datetime.fromtimestamp(max((folder / f"{part}.txt").stat().st_mtime for part in parts), UTC)
        notes = (f"{folder} does not say when it was recorded; the date of its newest file stands for that",)
    described = _rows(head, folder / _OUTCOMES)
    observations: dict[str, Observation] = {}
    for part in parts:
        text = _read(folder, f"{part}.txt", MAX_OUTPUT_BYTES).decode("utf-8", errors="replace").removesuffix("\n")
        row = {**described.get(part, {}), "part": part, "text": text}
        observations[part] = _observation(row, as_of, folder / _OUTCOMES)
    for part, row in described.items():  # a part that was denied may have no file
        if part not in observations:
            observations[part] = _observation({**row, "part": part, "text": ""}, as_of, folder / _OUTCOMES)
    return Answer(observations, as_of, Identity.NOT_PROVEN, notes=(*notes, _note(folder.name, folder, as_of)))


def _rows(head: Mapping[str, Any], file: Path) -> dict[str, dict[str, Any]]:
    rows = head.get("parts") or {}
    if not isinstance(rows, dict):
        raise _broken(file, "has something else than a mapping under parts")
    for part, row in rows.items():
        if not isinstance(part, str) or not isinstance(row, dict):
            raise _broken(file, f"says of {clean(str(part), 80)} something else than a mapping")
    return rows


def _outcomes(folder: Path) -> dict[str, Any]:
    try:
        head = yaml.load(_read(folder, _OUTCOMES, _MAX_OUTCOMES_BYTES), Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _broken(folder / _OUTCOMES, "is not YAML that can be read") from error
    if head is None:
        return {}
    if not isinstance(head, dict):
        raise _broken(folder / _OUTCOMES, "is not a mapping")
    return head


def _read(folder: Path, name: str, limit_bytes: int) -> bytes:
    file = folder / name
    _stay_inside(folder, file)
    with file.open("rb") as source:
        data = source.read(limit_bytes + 1)
    if len(data) > limit_bytes:
        raise TransportError(
            FailureKind.OUTPUT_TOO_LARGE,
            f"{file} is larger than {limit_bytes // 1024 // 1024} MiB",
            "A recording of one endpoint is never that large: record it again.",
        )
    return data


def _stay_inside(root: Path, path: Path) -> None:
    if not path.resolve().is_relative_to(root.resolve()):
        raise _broken(path, "leads out of the folder of recordings")


# --- reading an audit document -------------------------------------------------------------------------------------


def _from_document(file: Path, endpoint: str) -> Answer:
    try:
        if file.stat().st_size > MAX_DOCUMENT_BYTES:
            raise _broken(file, f"is larger than {MAX_DOCUMENT_BYTES // 1024 // 1024} MiB")
        document = json.loads(file.read_bytes())
    except OSError as error:
        raise _broken(file, f"cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise _broken(file, "is not JSON that can be read") from error
    if not isinstance(document, dict) or not str(document.get("schema", "")).startswith("scorecard/audit/"):
        raise _broken(file, "is not an audit document")
    evidence = document.get("observations")
    if not isinstance(evidence, dict):
        raise TransportError(
            FailureKind.PROTOCOL,
            f"The audit document {file} was written without its evidence",
            "Write it again with --evidence, or replay the audit from the store.",
        )
    rows = evidence.get(endpoint)
    if not rows:
        raise _missing(endpoint, file)
    observations, as_of = observations_of(rows, file)
    return Answer(observations, as_of, Identity.NOT_PROVEN, notes=(_note(endpoint, file, as_of),))


def observations_of(rows: Any, file: Path) -> tuple[dict[str, Observation], datetime]:
    """One endpoint's observations from an audit document, and when the newest of them was made.

    `rows` is the list under the endpoint's name; `file` is named in messages. Raises TransportError.
    """
    if not isinstance(rows, list) or not all(isinstance(row, dict) and isinstance(row.get("part"), str) for row in rows):
        raise _broken(file, "has observations that are not a list of parts")
    moments = [_moment(row["observed_at"], file) for row in rows if row.get("observed_at")]
    if not moments:
        raise _broken(file, "does not say when an observation was made")
    as_of = max(moments)
    observations: dict[str, Observation] = {}
    for row in rows:
        if row["part"] in observations:
            raise _broken(file, f"has the part {clean(row['part'], 80)} twice for one endpoint")
        observations[row["part"]] = _observation(row, as_of, file)
    return observations, as_of


def _observation(row: Mapping[str, Any], as_of: datetime, file: Path) -> Observation:
    """A row as `record` and the audit document write it; what it does not say is ok, code 0."""
    part = clean(str(row["part"]), 80)
    try:
        outcome = Outcome(row.get("outcome", "ok"))
    except ValueError as error:
        raise _broken(file, f"gives {part} an outcome that is none") from error
    text, code, duration_ms = (
        row.get("text", ""),
        row.get("code", 0 if outcome is Outcome.OK else None),
        row.get("duration_ms", 0),
    )
    numbers = [value for value in (code, duration_ms) if value is not None]
    if not isinstance(text, str) or any(isinstance(value, bool) or not isinstance(value, int) for value in numbers):
        raise _broken(file, f"gives {part} a text or number that is none")
    observed_at = _moment(row["observed_at"], file) if row.get("observed_at") else as_of
    reason = clean(str(row.get("reason") or ""))
    if not reason and outcome is not Outcome.OK:
        reason = f"The recording says: {outcome}"
    return Observation(part, outcome, text, code, max(duration_ms or 0, 0), observed_at, reason)


# --- in words ------------------------------------------------------------------------------------------------------


def _moment(value: object, file: Path) -> datetime:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _broken(file, f"has a time that cannot be read: {clean(str(value), 40)}") from error


def _note(endpoint: str, place: Path, as_of: datetime) -> str:
    return f"{endpoint} was replayed from {place}, recorded {as_of:%Y-%m-%d %H:%M} UTC"


def _missing(endpoint: str, place: Path) -> TransportError:
    return TransportError(
        FailureKind.NAME_NOT_FOUND,
        f"There is no recording of {clean(endpoint, 80)} in {place}",
        "Check the endpoint's address: a folder of recordings, or an audit document with its evidence.",
    )


def _broken(place: Path, what: str) -> TransportError:
    return TransportError(
        FailureKind.PROTOCOL, f"The recording {place} {what}", "Record the endpoint again, or correct the file by hand."
    )
