"""One value from several witnesses: what they agree on, and none only where all of them answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scorecard.model import Fact, Seen, Unseen


def sure(value: str | None, witnesses: Sequence[Fact[Any]]) -> Fact[str | None]:
    """None is only sure where every witness answered."""
    silent = next((witness for witness in witnesses if isinstance(witness, Unseen)), None)
    return Seen(value) if value or silent is None else silent


def agreed(what: str, one: str | None, other: str | None, witnesses: Sequence[Fact[Any]]) -> Fact[str | None]:
    if one and other and one != other:
        return Unseen(f"The machine names two {what}: {one} and {other}")
    return sure(one or other, witnesses)
