"""Numbers as they are shown, rounded by one rule everywhere: that of spreadsheets, so that all formats say the same."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal

_NO_FRACTION = 1e15  # from here on a number has no digits left to round


def as_shown(value: float, digits: int) -> Decimal:
    """To so many digits behind the point, halves away from zero, from the 15 digits that spreadsheets keep of a number.

    A quarter of an hour is 0.3 there; Python's own formats would make it 0.2.
    """
    if not abs(value) < _NO_FRACTION:
        return Decimal(f"{value:.{digits}f}")
    return Decimal(f"{value:.15g}").quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def percentage(share: float) -> str:
    """A share from 0 to 1: whole, 100% and 0% only when exact, one digit behind the point near them (reports.md 4)."""
    if share in (0, 1):
        return f"{share * 100:.0f}%"
    percent = share * 100
    if percent > 99:
        return f"{min(math.floor(percent * 10) / 10, 99.9):.1f}%"
    if percent < 1:
        return f"{max(math.ceil(percent * 10) / 10, 0.1):.1f}%"
    return f"{as_shown(percent, 0)}%"
