"""Registry keys as the update topic asks them: a key that is not there has no values and no sub-keys, and that was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scorecard.model import Fact, Observations, Outcome, Seen, Unseen
from scorecard.windows_answers import Key, Values, registry


@dataclass(frozen=True, slots=True)
class Node:
    exists: bool
    values: Values
    children: Mapping[str, Key]  # by lower-case name
    capped: bool

    def number(self, name: str) -> Fact[int | None]:
        return self.values.number(name) if self.exists else Seen(None)

    def text(self, name: str) -> Fact[str | None]:
        return self.values.text(name) if self.exists else Seen(None)

    def holds(self, name: str) -> Fact[bool]:
        """Whether a value of that name is there, whatever it is; an empty list counts as none."""
        if not self.exists:
            return Seen(False)
        found = self.values.any(name)
        return found if isinstance(found, Unseen) else Seen(found.value not in (None, [], ""))

    def child(self, name: str) -> Fact[Node]:
        found = self.children.get(name.lower())
        if found is not None:
            return node(found)
        if self.capped:
            return Unseen(f"There are too many keys to tell whether {name} is one of them")
        return Seen(_NONE)


_NONE = Node(False, Values({}), {}, False)


def node(key: Key) -> Fact[Node]:
    if isinstance(key.exists, Unseen):
        return key.exists
    if not key.exists.value:
        return Seen(_NONE)
    children = key.children()
    if len(children) != len(key.keys):
        return Unseen("The sub-keys in the answer cannot be read")
    return Seen(Node(True, key.values, {name.lower(): child for name, child in children.items()}, key.capped))


def read(observations: Observations, part: str) -> Fact[Node]:
    observation = observations.get(part)
    if observation is not None and observation.outcome is Outcome.ABSENT:
        return Seen(_NONE)
    key = registry(observations, part)
    return key if isinstance(key, Unseen) else node(key.value)
