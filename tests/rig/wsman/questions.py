"""Whether a question is asked in the declared form: exactly its keys, each of its type."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any


class Refused(Exception):
    """The question is not in the declared form; the message says what is wrong."""


def _text(value: object) -> bool:
    return isinstance(value, str) and value.isascii()


def _number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _flag(value: object) -> bool:
    return isinstance(value, bool)


def _list_of(kind: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, list) and all(kind(item) for item in value)


def _call(value: object) -> bool:
    return (
        isinstance(value, dict)
        and set(value) == {"name", "in"}
        and _text(value["name"])
        and isinstance(value["in"], dict)
        and all(_number(argument) for argument in value["in"].values())
    )


def _key(value: object) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"(HKLM|HKU/\*)(/[^/\\]+)+", value))


def _path(value: object) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"(%[A-Za-z0-9()]+%|[A-Za-z]:)(/[^/\\]+)+", value))


_texts, _numbers = _list_of(_text), _list_of(_number)
_COMMON: Mapping[str, Callable[[object], bool]] = {"part": _text, "verb": _text, "limit": _number, "size": _number}
VERBS: Mapping[str, Mapping[str, Callable[[object], bool]]] = {
    "cim": {
        "namespace": _text,
        "class": _text,
        "filter": _text,
        "keep": _texts,
        "call": _list_of(_call),
        "static": _flag,
        "paths": _texts,
    },
    "registry": {"key": _key, "values": _texts, "all": _flag, "depth": _number, "at_most": _number},
    "services": {"names": _texts},
    "files": {"paths": _list_of(_path), "text_kb": _number},
    "events": {
        "log": _text,
        "provider": _text,
        "ids": _numbers,
        "levels": _numbers,
        "days": _number,
        "at_most": _number,
        "fields": _texts,
    },
    "updates": {"online": _flag},
}


def check(question: object) -> Mapping[str, Any]:
    """The question itself. Raises Refused."""
    if not isinstance(question, dict):
        raise Refused("a question is an object")
    if not isinstance(question.get("part"), str) or not re.fullmatch(r"[a-z0-9-]+\.[a-z0-9-]+", question["part"]):
        raise Refused(f"no part id: {question.get('part')!r}")
    verb = question.get("verb")
    if not isinstance(verb, str) or verb not in VERBS:
        raise Refused(f"no such verb: {verb!r}")
    wanted = {**_COMMON, **VERBS[verb]}
    if missing := sorted(set(wanted) - set(question)):
        raise Refused(f"without {', '.join(missing)}")
    if unknown := sorted(set(question) - set(wanted)):
        raise Refused(f"with the unknown {', '.join(unknown)}")
    for name, kind in wanted.items():
        if not kind(question[name]):
            raise Refused(f"{name} is not what it should be: {question[name]!r}")
    if not 1 <= question["limit"] <= 3600 or question["size"] < 1:
        raise Refused("limit and size are at least 1")
    return question
