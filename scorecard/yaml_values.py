"""From YAML's parser events to plain values and their lines: the inside of marked_yaml."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeAlias

import yaml

MAX_DEPTH = 50
MAX_ALIASED = 2_000_000  # values that exist only because an alias repeats them

KeyPath: TypeAlias = "tuple[str | int, ...]"
Value: TypeAlias = "bool | int | float | str | date | datetime | list[Value] | dict[str, Value] | None"

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_SCALAR_TAGS = frozenset(_TAG + name for name in ("null", "bool", "int", "float", "str", "timestamp"))


@dataclass(slots=True)
class Marks:
    """Lines of a mapping's keys or a sequence's items, and the same for the containers inside.

    A container that stands in one line, on that of its key or item, has no marks of its own: large files are full of these.
    """

    line: int
    lines: dict[str | int, int] = field(default_factory=dict)
    children: dict[str | int, Marks] = field(default_factory=dict)

    def all_on(self, line: int) -> bool:
        return self.line == line and not self.children and all(one == line for one in self.lines.values())


@dataclass(frozen=True, slots=True)
class Note:
    """Something wrong at a path."""

    line: int
    path: KeyPath
    message: str


class Stop(Exception):
    """Reading on makes no sense; the problem is noted."""


@dataclass(slots=True)
class _Frame:
    """A container that is still open."""

    value: Any
    marks: Marks
    anchor: str | None
    key: str | None = None  # of a mapping, while its value is awaited
    has_key: bool = False
    merging: bool = False  # the value that comes belongs to `<<`
    merges: list[tuple[Value, Marks | None]] = field(default_factory=list)
    size: int = 1
    height: int = 1


@dataclass(frozen=True, slots=True)
class _Anchored:
    value: Value
    marks: Marks | None
    size: int
    height: int


class Builder:
    """Turns parser events into values with a stack of its own, so that no input can exhaust Python's."""

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self.root: tuple[Value, Marks] | None = None
        self.frames: list[_Frame] = []
        self.anchors: dict[str, _Anchored] = {}
        self.aliased = 0
        self.documents = 0

    def run(self, text: str) -> None:
        """Raises yaml.YAMLError for a syntax error and Stop where a bound is passed; what was noted before stays."""
        loader = _Loader(text)
        try:
            while loader.check_event():
                self._event(loader.get_event())
        finally:
            loader.dispose()

    def _event(self, event: Any) -> None:
        kind = type(event)
        if kind is yaml.ScalarEvent:
            self._scalar(event)
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            self._open(event, {} if kind is yaml.MappingStartEvent else [])
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            self._close()
        elif kind is yaml.AliasEvent:
            self._alias(event)
        elif kind is yaml.DocumentStartEvent:
            self.documents += 1
            if self.documents > 1:
                self._stop(event, "a second document starts here; expected one document a file, so split the file")

    def _note(self, line: int, message: str) -> None:
        self.notes.append(Note(line, self._path(), message))

    def _stop(self, event: Any, message: str) -> None:
        self._note(_line(event), message)
        raise Stop

    def _path(self) -> KeyPath:
        """Where the value that is awaited or open belongs."""
        path: list[str | int] = []
        for frame in self.frames:
            if isinstance(frame.value, list):
                path.append(len(frame.value))
            elif frame.merging:
                path.append("<<")
            elif frame.key is not None:
                path.append(frame.key)
        return tuple(path)

    def _awaits_key(self) -> bool:
        return bool(self.frames) and isinstance(self.frames[-1].value, dict) and not self.frames[-1].has_key

    def _scalar(self, event: Any) -> None:
        if self._awaits_key():
            self._key(event)
            return
        value = self._resolve(event)
        if event.anchor:
            self.anchors[event.anchor] = _Anchored(value, None, 1, 0)
        self._put(value, None, _line(event), 1, 0)

    def _key(self, event: Any) -> None:
        frame, line = self.frames[-1], _line(event)
        frame.has_key = True
        if event.tag not in (None, "!", _TAG + "str"):
            self._note(line, "a tag stands before a key; remove it")
        if event.value == "<<" and not event.style:
            frame.merging = True
            return
        if event.anchor:
            self.anchors[event.anchor] = _Anchored(event.value, None, 1, 0)
        frame.key = event.value
        if event.value in frame.value:
            first = frame.marks.lines[event.value]
            self._note(line, f"is set here and already on line {first}; keep one of them")
        else:
            frame.marks.lines[event.value] = line

    def _open(self, event: Any, value: Any) -> None:
        if self._awaits_key():
            self._stop(event, "a list or mapping stands where a key is expected; keys are plain text")
        if len(self.frames) >= MAX_DEPTH:
            self._stop(event, f"is nested more than {MAX_DEPTH} levels deep; expected a flatter file")
        if event.tag not in (None, "!", _TAG + ("map" if isinstance(value, dict) else "seq")):
            self._note(_line(event), "a tag (a word with an exclamation mark) stands here; tags are not read, so remove it")
        if event.anchor:
            self.anchors.pop(event.anchor, None)
        self.frames.append(_Frame(value, Marks(_line(event)), event.anchor))

    def _close(self) -> None:
        frame = self.frames.pop()
        for value, marks in frame.merges:
            self._merge(frame, value, marks)
        if frame.anchor:
            self.anchors[frame.anchor] = _Anchored(frame.value, frame.marks, frame.size, frame.height)
        self._put(frame.value, frame.marks, frame.marks.line, frame.size, frame.height)

    def _alias(self, event: Any) -> None:
        if self._awaits_key():
            self._stop(event, "an alias (*) stands where a key is expected; keys are plain text")
        anchored = self.anchors.get(event.anchor)
        if anchored is None:
            self._note(
                _line(event),
                "an alias (*) refers to nothing complete above; quote the value if the star belongs to it",
            )
            anchored = _Anchored(None, None, 1, 0)
        self.aliased += anchored.size
        if self.aliased > MAX_ALIASED:
            self._stop(event, f"aliases repeat more than {MAX_ALIASED:,} values; write them out or use fewer")
        if len(self.frames) + anchored.height > MAX_DEPTH:
            self._stop(event, f"is nested more than {MAX_DEPTH} levels deep; expected a flatter file")
        self._put(anchored.value, anchored.marks, _line(event), anchored.size, anchored.height)

    def _put(self, value: Value, marks: Marks | None, line: int, size: int, height: int) -> None:
        """Hand a finished value to the container around it."""
        if not self.frames:
            self.root = (value, marks or Marks(line))
            return
        frame = self.frames[-1]
        frame.size += size
        frame.height = max(frame.height, height + 1)
        if isinstance(frame.value, list):
            self._keep(frame, len(frame.value), marks, line)
            frame.value.append(value)
            return
        if frame.merging:
            self._note_merge(frame, value, marks, line)
        elif frame.key is not None and frame.key not in frame.value:  # of a repeated key the first stays
            self._keep(frame, frame.key, marks, None)
            frame.value[frame.key] = value
        frame.key, frame.has_key, frame.merging = None, False, False

    @staticmethod
    def _keep(frame: _Frame, step: str | int, marks: Marks | None, line: int | None) -> None:
        if line is not None:
            frame.marks.lines[step] = line
        if marks is not None and not marks.all_on(frame.marks.lines[step]):
            frame.marks.children[step] = marks

    def _note_merge(self, frame: _Frame, value: Value, marks: Marks | None, line: int) -> None:
        sources = value if isinstance(value, list) else [value]
        for index, source in enumerate(sources):
            if not isinstance(source, dict):
                self._note(line, "expected a mapping, or a list of mappings, to merge")
                continue
            if isinstance(value, list) and marks:
                frame.merges.append((source, marks.children.get(index) or Marks(marks.lines.get(index, line))))
            else:
                frame.merges.append((source, marks))

    @staticmethod
    def _merge(frame: _Frame, value: Value, marks: Marks | None) -> None:
        """Add what is not set in the mapping itself nor by an earlier merge."""
        if not isinstance(value, dict) or marks is None:
            return
        for key, inner in value.items():
            if key not in frame.value:
                frame.value[key] = inner
                frame.marks.lines[key] = marks.lines.get(key, marks.line)
                if key in marks.children:
                    frame.marks.children[key] = marks.children[key]

    def _resolve(self, event: Any) -> Value:
        text: str = event.value
        tag = event.tag
        if tag is None and event.implicit[0] and not event.style:
            tag = _implicit_tag(text)
        if tag in (None, "!", _TAG + "str"):
            if event.style == '"' and any("\ud800" <= c <= "\udfff" for c in text):
                self._note(_line(event), "half of a surrogate pair is escaped here; write the character itself")
                return None
            return text
        if tag not in _SCALAR_TAGS:
            self._note(
                _line(event),
                "a tag (a word with an exclamation mark) stands here; tags are not read: quote the value or remove it",
            )
            return None
        try:
            return _construct(tag, text)
        except (ValueError, KeyError, AttributeError, OverflowError):  # what PyYAML's constructors let through
            self._note(
                _line(event),
                f"this is not a valid {tag.removeprefix(_TAG)}; correct it, or put it in quotes to make it text",
            )
            return None


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _implicit_tag(text: str) -> str | None:
    """The tag that PyYAML's own rules give to a plain scalar; None: text."""
    resolvers = yaml.SafeLoader.yaml_implicit_resolvers.get(text[0] if text else "", ())
    for tag, pattern in resolvers:
        if pattern.match(text):
            sexagesimal = ":" in text and tag in (_TAG + "int", _TAG + "float")
            return str(tag) if tag in _SCALAR_TAGS and not sexagesimal else None
    return None


_CONSTRUCTOR = yaml.constructor.SafeConstructor()


def _construct(tag: str, text: str) -> Value:
    node = yaml.ScalarNode(tag, text)
    value: Value = _CONSTRUCTOR.yaml_constructors[tag](_CONSTRUCTOR, node)
    return value
