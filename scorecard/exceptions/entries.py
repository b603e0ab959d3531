"""What exceptions are once they are read, and what is remembered of them from audit to audit (design section 7)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType

from scorecard.errors import InputError
from scorecard.model import ExceptionKind, Json, Status, nothing


class ExceptionsError(InputError):
    """A file of exceptions cannot be used. `problems` holds every problem found, one line each: `file:line: key: …`."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True, slots=True)
class Entry:
    """One exception: some checks on some endpoints, from a day on and, but for declined work, to a last day.

    `details`: what else the file says, under its keys there, to be shown and not to be reckoned with.
    """

    id: str
    kind: ExceptionKind
    checks: tuple[str, ...]
    endpoints: tuple[str, ...]
    since: date
    until: date | None  # the last day that it holds
    covered: bool = False
    details: Mapping[str, Json] = field(default_factory=nothing)


@dataclass(frozen=True, slots=True)
class Exceptions:
    """The entries of one client's file."""

    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What was found when an exception first counted: the status, and of the evidence what the check calls stable."""

    status: Status
    evidence: Mapping[str, Json]

    @property
    def text(self) -> str:
        """Canonical JSON, the same for the same, in ASCII: half of a surrogate pair may stand in what a machine said."""
        value = {"status": self.status.value, "evidence": dict(self.evidence)}
        return json.dumps(value, sort_keys=True, separators=(",", ":"))

    @property
    def sha256(self) -> str:
        return "sha256:" + hashlib.sha256(self.text.encode("ascii")).hexdigest()

    @classmethod
    def read(cls, text: str) -> Fingerprint:
        """What `text` wrote. Raises ValueError, TypeError or LookupError for anything else."""
        value = json.loads(text)
        return cls(Status(value["status"]), MappingProxyType(dict(value["evidence"])))


@dataclass(frozen=True, slots=True)
class Kept:
    """What the store remembers of a waived check on an endpoint, for as long as its entry keeps its `from`."""

    check: str
    endpoint: str
    since: date  # the entry's `from`: with another one it is another agreement
    exception: str  # the entry's id when it began
    begun_at: datetime
    first: Fingerprint
    placed_at: datetime | None = None  # since when it has its place in the share that may leave the sum
    ended_at: datetime | None = None  # when the finding was seen to be worse than agreed

    @property
    def key(self) -> tuple[str, str, date]:
        """In capitals of any kind an endpoint is the same."""
        return self.check, self.endpoint.casefold(), self.since


def derived_id(kind: ExceptionKind, checks: Iterable[str], endpoints: Iterable[str], since: date) -> str:
    """The same from audit to audit as long as the entry is about the same."""
    said = [kind.value, sorted(checks), sorted(name.casefold() for name in endpoints), since.isoformat()]
    digest = hashlib.sha256(json.dumps(said).encode("ascii")).hexdigest()
    return f"{kind.value}-{digest[:10]}"
