"""Taking recorded payloads of Windows apart, to see what happens when something of them is missing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any


def paths(value: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every named value inside a payload."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        if isinstance(value, dict):
            yield (*here, key)
        yield from paths(inner, (*here, key))


def changed(text: str, path: tuple[Any, ...], put: Any = None) -> str:
    """The payload without the value at this place, or with `put` there."""
    whole = json.loads(text)
    holder = whole
    for step in path[:-1]:
        holder = holder[step]
    if put is None:
        del holder[path[-1]]
    else:
        holder[path[-1]] = put
    return json.dumps(whole)
