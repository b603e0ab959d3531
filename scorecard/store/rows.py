"""What one endpoint gave, as rows: made where the answer was judged, so that the one who writes has little to do."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row

from scorecard.collect import EndpointResult
from scorecard.document import device_from_json, finding_from_json
from scorecard.document_writing import device_json, finding_json
from scorecard.errors import StoreError
from scorecard.model import Observation, Outcome

LONGEST_NAME = 255
DAMAGED = "the store is damaged: something kept in it cannot be read back"


@dataclass(frozen=True, slots=True)
class Prepared:
    """One endpoint's result as it will lie in the store. Plain values alone: it can cross to another process.

    `observations` and `links` are rows of those tables, the links without their audit; `known` is what the endpoint's row
    becomes, None where it was not seen.
    """

    endpoint: str
    content: bytes
    observations: tuple[Mapping[str, Any], ...]
    links: tuple[Mapping[str, Any], ...]
    expected_since: datetime
    known: Mapping[str, Any] | None
    sightings: Mapping[str, tuple[str, ...]]
    as_of: datetime


def prepare(result: EndpointResult) -> Prepared:
    device = result.device
    content = {
        "device": device_json(device),
        "findings": [finding_json(finding) for finding in result.findings],
        "as_of": result.as_of.astimezone(UTC).isoformat(),
        "notes": list(result.notes),
        "asked_as": result.asked_as,
    }
    # Always in the same order: two that write the same rows at once would else wait for each other for ever.
    answers = sorted(result.observations.items())
    return Prepared(
        endpoint=device.name,
        content=pack(json.dumps(content, ensure_ascii=False)),
        observations=tuple(_observation_row(digest, seen) for digest, seen in answers),
        links=tuple(
            {
                "endpoint": device.name,
                "digest": digest,
                "observed_at": seen.observed_at,
                "duration_ms": seen.duration_ms,
            }
            for digest, seen in answers
        ),
        expected_since=device.expected_since or result.as_of,
        known=_known(result) if device.seen else None,
        sightings={
            topic: tuple(sorted({text(name, LONGEST_NAME) for name in names})) for topic, names in result.remembered.items()
        },
        as_of=result.as_of,
    )


def _known(result: EndpointResult) -> dict[str, Any]:
    device = result.device
    return {
        "first_seen_at": device.first_seen_at,
        "last_seen_at": device.last_seen_at,
        "role": device.role.value,
        "platform": device.platform.value if device.platform else None,
        "os_name": text(device.os.name, 255),
        "os_version": text(device.os.version, 64),
        "os_build": text(device.os.build, 255),
        "address": text(device.address, 255),
        "site": text(device.site, 255),
        "answers": pack(result.answers),
    }


def _observation_row(digest: str, seen: Observation) -> dict[str, Any]:
    return {
        "digest": digest,
        "part": seen.part,
        "outcome": seen.outcome.value,
        "code": seen.code,
        "reason": text(seen.reason, 1000),
        "text": pack(seen.text),
    }


def result_of(packed: bytes) -> EndpointResult:
    """What was committed of an endpoint, without its raw answers. Raises StoreError."""
    try:
        content = json.loads(unpack(packed))
        device = device_from_json(content["device"])
        findings = tuple(map(finding_from_json, content["findings"]))
        # Results of the first schema do not tell these.
        as_of = datetime.fromisoformat(content["as_of"]) if "as_of" in content else device.last_seen_at or datetime.now(UTC)
        notes, asked_as = tuple(content.get("notes", ())), content.get("asked_as", "")
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise StoreError(DAMAGED) from error
    return EndpointResult(device, findings, {}, {}, as_of, notes, asked_as)


def observation_of(row: Row[Any]) -> Observation:
    return Observation(
        part=row.part,
        outcome=Outcome(row.outcome),
        text=unpack(row.text),
        code=row.code,
        duration_ms=row.duration_ms,
        observed_at=row.observed_at,
        reason=row.reason,
    )


def text(value: str, longest: int) -> str:
    """As every database takes it: PostgreSQL holds no NUL, no half of a surrogate pair and no more than the column."""
    return value.replace("\0", "").encode("utf-8", errors="replace").decode("utf-8")[:longest]


def pack(value: str) -> bytes:
    """Compressed in a window no larger than the text: setting up the usual one takes longer than a short text does.

    Any reader of the format reads every window.
    """
    data = value.encode("utf-8", errors="replace")
    window = min(max(len(data).bit_length(), 9), zlib.MAX_WBITS)
    packer = zlib.compressobj(6, zlib.DEFLATED, window, max(window - 7, 1))
    return packer.compress(data) + packer.flush()


def pack_pieces(pieces: Iterable[str]) -> bytes:
    """The same for a long text that is never held whole."""
    packer = zlib.compressobj()
    packed = bytearray()
    for piece in pieces:
        packed += packer.compress(piece.encode("utf-8", errors="replace"))
    return bytes(packed + packer.flush())


def unpack(packed: bytes) -> str:
    try:
        return zlib.decompress(packed).decode("utf-8")
    except (zlib.error, UnicodeDecodeError) as error:
        raise StoreError(DAMAGED) from error
