"""The words of the agreed goal. What holds the letter is said beside it by the caps."""

from __future__ import annotations

REACHED = "It is reached."
LATE = "Its day has passed."


def label(letter: str, start: str) -> str:
    """Beside the line in the chart."""
    return f"Agreed goal: {letter} ({start})"


def head(letter: str, by: str) -> str:
    return f"Agreed goal: {letter} by {by}." if by else f"Agreed goal: {letter}."


def away(points: float) -> str:
    """Empty where the points are there: then the letter is held, and what holds it is said beside it."""
    if not points:
        return ""
    shown = f"{points:.0f}" if points >= 0.95 else f"{max(points, 0.1):.1f}"
    return f"It is {shown} {'point' if shown == '1' else 'points'} away."


def drawn(letter: str, start: str) -> str:
    """For a reader who cannot see the chart."""
    return f"The agreed goal is {letter}, from {start} points."
