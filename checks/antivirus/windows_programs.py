"""Programs on a server that call themselves an antivirus and are on no list of ours.

A server has no Windows Security Center, so an engine that is not looked for shows by its name among the installed programs
only. That proves nothing about what it does: it keeps "there is none" from being said.
"""

from __future__ import annotations

from collections.abc import Iterable

from scorecard.model import Fact, Observations, Seen, Unseen
from scorecard.reading import clean
from scorecard.windows_answers import registry

_PARTS = ("antivirus.programs", "antivirus.programs-32")
_WORDS = (
    "virus",
    "virenschutz",
    "malware",
    "endpoint security",
    "endpoint protection",
    "internet security",
    "total security",
    "server security",
)
_MOST = 10


def unlisted_programs(observations: Observations, known: Iterable[str]) -> Fact[tuple[str, ...]]:
    """Their names. `known`: words in the names of products that are looked for; their services tell more."""
    words = [word.lower() for word in known]
    titles: list[str] = []
    gaps: list[Unseen] = []
    for part in _PARTS:
        key = registry(observations, part)
        if isinstance(key, Unseen):
            gaps.append(key)
            continue
        if isinstance(key.value.exists, Unseen):
            gaps.append(key.value.exists)
        children = key.value.children()
        # Windows itself writes down a few: of a list without any, the names were lost.
        if key.value.capped or (key.value.exists == Seen(True) and not children):
            gaps.append(Unseen("the list is not whole"))
        for child in children.values():
            title = child.values.text("DisplayName", 60)
            if isinstance(title, Unseen):
                gaps.append(title)
            elif title.value and _is_antivirus(title.value.lower(), words):
                titles.append(title.value)
    if titles or not gaps:
        return Seen(tuple(clean(title, 60) for title in dict.fromkeys(titles))[:_MOST])
    return Unseen(f"The installed programs were not read: {gaps[0].reason}")


def _is_antivirus(title: str, known: Iterable[str]) -> bool:
    return any(word in title for word in _WORDS) and not any(word in title for word in known)
