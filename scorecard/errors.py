"""The exception tree. Every error that a user can meet is one of these and reads as one plain sentence."""

from __future__ import annotations

from enum import StrEnum


class ScorecardError(Exception):
    """Base of all our errors; `str()` is a sentence for a person."""


class InputError(ScorecardError):
    """Something the user gave is wrong. Found before any endpoint is contacted; the command line exits with 2."""


class InventoryError(InputError):
    """The inventory cannot be used. `problems` holds every problem found, one line each: `file:line: key: …`."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class StandardError(InputError):
    """A standard cannot be used; the message names file, line and key."""


class PluginError(InputError):
    """A check module or report module cannot be loaded."""


class DataError(InputError):
    """A data file (support dates, products, builds) cannot be used; the message names file and row."""


class CredentialError(ScorecardError):
    """A secret reference cannot be resolved. The message names the reference, never a value."""


class BundleError(ScorecardError):
    """A script cannot be made from the wanted probes."""


class StoreError(ScorecardError):
    """The history store cannot be read or written."""


class ReportError(ScorecardError):
    """A report cannot be written. Nothing partial is left behind."""


class FactUnavailable(ScorecardError):
    """A rule read a fact that was not seen; `reason` is the probe's own reason, one line for a person."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class FailureKind(StrEnum):
    """Why an endpoint gave no answer (design section 6)."""

    NAME_NOT_FOUND = "name-not-found"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    HOST_KEY_CHANGED = "host-key-changed"
    HOST_KEY_UNKNOWN = "host-key-unknown"
    CERTIFICATE_INVALID = "certificate-invalid"
    AUTH_FAILED = "auth-failed"
    PERMISSION_DENIED = "permission-denied"
    QUOTA = "quota"
    PROTOCOL = "protocol"
    DEADLINE = "deadline"
    OUTPUT_TOO_LARGE = "output-too-large"
    INTERNAL = "internal"


class TransportError(ScorecardError):
    """An endpoint could not be asked. `kind`, one plain sentence, and what to do next."""

    def __init__(self, kind: FailureKind, message: str, next_step: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.next_step = next_step
