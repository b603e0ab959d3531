"""What the rpm database says on every system that has one: install times, versions, locks (linux.md 3.8)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from scorecard.model import Fact, Observations, Seen, Unseen
from scorecard.reading import clean, text_of

from .payload import epoch, newest


@dataclass(frozen=True, slots=True)
class RpmDatabase:
    """`held` are patterns of package names that are locked or excluded."""

    last_installed: Fact[datetime | None]
    held: tuple[str, ...]


def read_rpm(observations: Observations) -> RpmDatabase:
    text = text_of(observations, "patching.rpm")
    if isinstance(text, Unseen):
        return RpmDatabase(text, ())
    moments: list[datetime | None] = []
    held: list[str] = []
    for line in text.value.splitlines():
        words = line.split()
        if words[:1] == ["package"] and len(words) == 5:
            moments.append(epoch(words[1]))
        elif words[:1] in (["exclude"], ["lock"]):
            held += [clean(word) for word in re.split(r"[\s,]+", line.partition(" ")[2]) if word]
    last = newest(moments)
    return RpmDatabase(Seen(last) if last else Unseen("The rpm database shows no install time"), tuple(held[:100]))
