"""An inventory whose endpoints come from lists as well: one value, and each part knows its file and line."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scorecard.marked_yaml import Document
from scorecard.yaml_values import KeyPath


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a client's endpoints, from the number `start` on. Without `lines` it is the inventory's own."""

    start: int
    file: str = ""
    lines: Sequence[int] = ()
    titles: Mapping[str, str] = field(default_factory=dict)  # what the list calls a key, where that is another word


@dataclass(frozen=True, slots=True)
class Joined(Document):
    """`segments` by the path of a client's endpoints, in order. `alone`: there is no YAML, only a list."""

    segments: Mapping[KeyPath, Sequence[Segment]] = field(default_factory=dict)
    alone: bool = False

    def file_of(self, path: Sequence[str | int]) -> str:
        found = self._segment(path)
        return found[0].file if found else self.file

    def line(self, path: Sequence[str | int]) -> int:
        found = self._segment(path)
        return found[0].lines[found[1]] if found else Document.line(self, path)

    def where(self, path: Sequence[str | int]) -> str:
        found = self._segment(path)
        return f"{found[0].file}:{found[0].lines[found[1]]}" if found else Document.where(self, path)

    def key(self, path: Sequence[str | int]) -> str:
        """`endpoints[web1].port`, with the title of the column where it says the key in other words."""
        found = self._segment(path)
        if found is None:
            return str(path[2]) if self.alone and path[:1] == ("clients",) and len(path) == 3 else Document.key(self, path)
        at = next(number for number, step in enumerate(path) if step == "endpoints")
        inner: Any = self.value
        for step in path[:at]:
            inner = inner[step]
        title = found[0].titles.get(str(path[at + 2]), "") if len(path) > at + 2 else ""
        shown = Document(self.file, {"endpoints": inner["endpoints"]}, (), self.marks).key(path[at:])
        return f"{shown} (column '{title}')" if title else shown

    def _segment(self, path: Sequence[str | int]) -> tuple[Segment, int] | None:
        """The list that `path` leads into, and which of its rows."""
        at = 3 if path[:1] == ("clients",) else 1
        if len(path) <= at:
            return None
        segments, number = self.segments.get(tuple(path[:at])), path[at]
        if not segments or not isinstance(number, int):
            return None
        segment = segments[bisect_right(segments, number, key=lambda one: one.start) - 1]
        row = number - segment.start
        return (segment, row) if 0 <= row < len(segment.lines) else None
