"""The words of the smaller figures."""

from __future__ import annotations

from . import words

SLOPE_TITLE = "Points of the parts, then and now"
SITES_TITLE = "Machines that keep each promise, by site"
AGES_TITLE = "How long failures have been open"
COLUMN_SITE = "Site"
COLUMN_AGE = "Open for"
COLUMN_RESULTS = "Results"
COLUMN_THEN, COLUMN_NOW, COLUMN_CHANGE = "Then", "Now", "Change"
AGE_WEEK, AGE_MONTH, AGE_QUARTER, AGE_OLDER = "0 to 7 days", "8 to 30 days", "31 to 90 days", "over 90 days"


def slope_message(then: str, up: int, down: int, of: int) -> str:
    if not up and not down:
        return f"No part went up or down since {then}."
    if of == 1:
        return f"The one part went {'up' if up else 'down'} since {then}."
    return f"Of {of:,} parts, {up or 'none'} went up since {then} and {down or 'none'} went down."


def site_message(site: str, met: int, of: int) -> str:
    return f"Lowest at {site}: {met:,} of {words.machines(of)}."


def met(count: int, of: int) -> str:
    return f"{count:,} of {of:,}"


def more_sites(count: int) -> str:
    return f"{words.plural(count, 'more site is', 'more sites are')} in the list of machines."


def ages_message(total: int, old: int) -> str:
    """For a reader who cannot see the bars."""
    return f"{words.plural(total, 'result falls', 'results fall')} short; {old:,} of them for over 90 days."
