"""Exceptions: what was agreed to, declined or stated, and what that does to findings (design section 7).

`load.load` reads a file, `apply` marks an audit's findings and says what became of each entry, and `kept_before` with
`exceptions_from` takes both back out of an audit document, so that anyone can apply them again.
"""

from scorecard.exceptions.apply import Applied, apply
from scorecard.exceptions.entries import Entry, Exceptions, ExceptionsError, Fingerprint, Kept
from scorecard.exceptions.records import exceptions_from, kept_before

__all__ = [
    "Applied",
    "Entry",
    "Exceptions",
    "ExceptionsError",
    "Fingerprint",
    "Kept",
    "apply",
    "exceptions_from",
    "kept_before",
]
