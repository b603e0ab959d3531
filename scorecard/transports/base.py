"""What a transport is: it carries one bundle to one endpoint and brings the answer back, or says why not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from scorecard.bundle import Bundle
from scorecard.model import Endpoint, Failure, Identity, Observations, SecretRef

MAX_OUTPUT_BYTES = 16 * 1024 * 1024

# Resolves a reference for an endpoint (its name and address may be part of a command). Raises CredentialError.
Secrets = Callable[[SecretRef, Endpoint], str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one endpoint answered.

    `as_of` is our clock when the answer had come. `cut` says why the answer is not complete (deadline, output too
    large, connection lost); the frames that ended before are kept. `notes` are sentences for the audit's notes.
    """

    observations: Observations
    as_of: datetime
    identity: Identity
    account: str = ""
    dropped_lines: int = 0
    complete: bool = True
    cut: Failure | None = None
    notes: tuple[str, ...] = ()


class Transport(Protocol):
    """Safe to use from many threads at once; keys, known hosts and the like are read once and kept."""

    def ask(self, endpoint: Endpoint, bundle: Bundle, deadline_s: float) -> Answer:
        """Open one connection, run one command, close. Raises TransportError when nothing came back.

        `deadline_s` is the hard limit for all of it, in seconds from now.
        """
        ...

    def close(self) -> None:
        """Let go of what was kept."""
        ...
