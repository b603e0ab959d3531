"""Small helpers for `facts.py` files: from an Observation to text, lines and key=value pairs, never raising."""

from __future__ import annotations

from collections.abc import Iterator

from scorecard.model import Fact, Observations, Outcome, Seen, Unseen


def text_of(observations: Observations, part: str) -> Fact[str]:
    """The payload of a part that ended well; else Unseen with the reason that the observation carries."""
    observation = observations.get(part)
    if observation is None:
        return Unseen("This was not asked")
    if observation.outcome is Outcome.OK:
        return Seen(observation.text)
    return Unseen(observation.reason or f"The answer ended as {observation.outcome}")


def raw_lines(observations: Observations, part: str) -> list[str]:
    """Whatever payload there is, whole or not: for parsers that look at the outcome themselves."""
    observation = observations.get(part)
    return observation.text.splitlines() if observation else []


def pairs(text: str) -> Iterator[tuple[str, str]]:
    """`key=value` lines in order; other lines are passed over."""
    for line in text.splitlines():
        key, found, value = line.partition("=")
        if found and key:
            yield key.strip(), value.strip()


def unquote(value: str) -> str:
    """One level of shell quoting, as os-release uses it."""
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    for character in '"$`\\':
        value = value.replace("\\" + character, character)
    return value


def clean(value: str, limit: int = 255) -> str:
    """One printable line from a machine that may be hostile: control characters out, length bounded."""
    kept = value if value.isprintable() else "".join(one for one in value if one.isprintable())
    return kept[:limit].strip()
