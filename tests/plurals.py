"""Numbers and words that do not agree, as patterns."""

from __future__ import annotations

import re
from collections.abc import Iterator

_NOUNS = (
    *("machine", "result", "check", "finding", "question", "day", "hour", "minute", "month", "point", "row", "step"),
    *("laptop", "PC", "server", "exception", "decision", "client", "part", "site", "note", "reason", "rule", "answer"),
    *("piece", "byte", "other", "fix", "audit", "promise", "limit", "name", "fault", "ticket", "version", "report"),
    *("task", "device", "endpoint"),
)
_MANY = "|".join(f"{noun}{'es' if noun == 'fix' else 's'}" for noun in _NOUNS)
_ONE = "|".join(_NOUNS)
_ADJECTIVE = r"(?:more |older |extra |earlier |raw |fewer |other |new )?"
# A number that stands by itself: not part of "21", "1.5", "1,210", "LT-001" or "1 of 21".
_WRONG = (
    rf"(?<![\w.,-])1 {_ADJECTIVE}(?:{_MANY})\b",
    rf"(?<![\w.,-])(?:0|2|21) {_ADJECTIVE}(?:{_ONE})\b(?! of)(?!(?<=other) (?:{_MANY})\b)",
    rf"(?<!of )(?<![\w.,-])1 {_ADJECTIVE}(?:{_ONE}) (?:are|have|were|do|fall|pass|need|stand|meet|end|lead|make|hold)\b",
    rf"(?<!of )(?<![\w.,-])(?:0|2|21) {_ADJECTIVE}(?:{_MANY}) (?:is|has|was|does|falls|passes|needs|stands|ends|leads)\b",
    r"(?<!of )(?<![\w.,-])1 (?:are|have|were|do|fall|need|stand|meet|end|count) ",
    r"(?<!of )(?<![\w.,-])(?:2|21) (?:is|has|was|does|falls|needs|stands|meets|ends|counts) ",
    r"\bNone\b(?! of)",
)


def wrong(text: str) -> Iterator[str]:
    """Each place where the text counts one thing as many or many as one, with what stands around it."""
    for pattern in _WRONG:
        for found in re.finditer(pattern, text):
            yield text[max(found.start() - 30, 0) : found.end() + 30]
