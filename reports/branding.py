"""What makes a report the provider's own: logo, accent, contact (reports.md 6). State colours cannot be branded.

All of it was checked with the inventory, and is checked again here: a document may come from anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

from scorecard import colours, logo
from scorecard.result import Provider

from . import hygiene


@dataclass(frozen=True, slots=True)
class Brand:
    """`logo`: a data address, or empty. Accents are empty for our own colours. `contact`: lines."""

    logo: str = ""
    accent: str = ""
    accent_dark: str = ""
    contact: tuple[str, ...] = ()

    @property
    def style(self) -> str:
        """Rules that follow the page's own style sheet; empty without an accent."""
        if not self.accent:
            return ""
        dark = f"{{ --line: {self.accent_dark}; }}"
        return (
            f":root {{ --line: {self.accent}; }}\n"
            f"@media screen and (prefers-color-scheme: dark) {{ :root:not([data-theme=light]) {dark} }}\n"
            f"@media screen {{ :root[data-theme=dark] {dark} }}\n"
        )


def build(provider: Provider) -> Brand:
    accent = _readable(provider.accent, colours.LIGHT_PAGE)
    return Brand(
        logo=logo.address(provider.logo),
        accent=accent,
        accent_dark=(_readable(provider.accent_dark, colours.DARK_PAGE) or colours.lighter(accent)) if accent else "",
        contact=tuple(filter(None, map(hygiene.line, provider.contact.split("\n")))),
    )


def _readable(colour: str, page: str) -> str:
    fits = colours.is_colour(colour) and colours.contrast(colour, page) >= colours.LEAST_CONTRAST
    return colour if fits else ""
