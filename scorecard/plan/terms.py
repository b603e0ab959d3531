"""What a contract between provider and client holds, as the inventory names it. Imports the standard library only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Contract:
    """Hours each month, and what one more hour costs; None where the inventory does not say."""

    hours_per_month: float
    rate: float | None = None
    currency: str = ""
