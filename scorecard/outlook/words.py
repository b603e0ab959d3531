"""Numbers and names in sentences for an owner."""

from __future__ import annotations

from collections.abc import Sequence

from scorecard.disk_space import GB

_NAMES_SHOWN = 5


def plural(count: int, one: str) -> str:
    return f"{count:,} {one if count == 1 else f'{one}s'}"


def names(endpoints: Sequence[str]) -> str:
    shown = ", ".join(endpoints[:_NAMES_SHOWN])
    more = len(endpoints) - _NAMES_SHOWN
    return f"{shown} and {more:,} more" if more > 0 else shown


def amount(size_bytes: float) -> str:
    """1 GB is 2^30 bytes."""
    if abs(size_bytes) < 2**20:
        return f"{size_bytes / 2**10:,.0f} KB"
    if abs(size_bytes) < GB:
        return f"{size_bytes / 2**20:,.{1 if abs(size_bytes) < 10 * 2**20 else 0}f} MB"
    return f"{size_bytes / GB:,.1f} GB"


def left(days: int) -> str:
    return "today" if days == 0 else f"in {plural(days, 'day')}"
