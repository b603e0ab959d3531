"""Paper and language of what is printed: the inventory's choice, else what is in printers where the client is."""

from __future__ import annotations

from dataclasses import dataclass

from scorecard.days import A4, DEFAULT_LOCALE, LETTER, LOCALES
from scorecard.result import Preferences


@dataclass(frozen=True, slots=True)
class Paper:
    """`size`: days.A4 or days.LETTER. `language`: of the page, such as "en-GB". Both are ours, whatever a document says."""

    size: str = A4
    language: str = DEFAULT_LOCALE

    @property
    def style(self) -> str:
        """A rule that follows the page's own style sheet, which is for A4."""
        return "@page { size: letter; }\n" if self.size == LETTER else ""


def build(preferences: Preferences) -> Paper:
    there = LOCALES.get(preferences.locale, LOCALES[DEFAULT_LOCALE])
    return Paper(preferences.paper if preferences.paper in (A4, LETTER) else there.paper, there.name)
