"""The conditions that a question may carry: comparisons with constants, joined by AND and OR (AND binds tighter)."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

_TOKEN = re.compile(
    r"""\s*(?: (?P<word>[A-Za-z_]\w*) | (?P<number>-?\d+) | '(?P<single>[^']*)' | "(?P<double>[^"]*)"
             | (?P<sign><>|!=|<=|>=|=|<|>) )""",
    re.VERBOSE,
)
_SIGNS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
Instance = Mapping[str, Any]


class InvalidQueryError(Exception):
    """The host would refuse this condition."""


def matches(condition: str, instance: Instance) -> bool:
    """Whether the instance fulfils the condition. Property names and texts are compared without regard to case."""
    tokens = _tokens(condition)
    if not tokens:
        return True
    folded = {name.lower(): value for name, value in instance.items()}
    place, terms = 0, [True]
    while True:
        truth, place = _comparison(tokens, place, folded)
        terms[-1] = terms[-1] and truth
        if place == len(tokens):
            return any(terms)
        kind, value = tokens[place]
        if kind != "word" or value.upper() not in ("AND", "OR"):
            raise InvalidQueryError(f"AND or OR expected, not {value}")
        if value.upper() == "OR":
            terms.append(True)
        place += 1


def _tokens(condition: str) -> list[tuple[str, str]]:
    found, place = [], 0
    condition = condition.rstrip()
    while place < len(condition):
        match = _TOKEN.match(condition, place)
        if not match:
            raise InvalidQueryError(f"not understood: {condition[place:]}")
        kind = str(match.lastgroup)
        found.append((kind, match[kind]))
        place = match.end()
    return found


def _comparison(tokens: list[tuple[str, str]], place: int, instance: Instance) -> tuple[bool, int]:
    words = [*tokens[place : place + 4], ("", ""), ("", ""), ("", "")]
    if words[0][0] != "word":
        raise InvalidQueryError("the name of a property expected")
    value = instance.get(words[0][1].lower())
    following = [word.upper() for kind, word in words[1:4] if kind == "word"]
    if following[:2] == ["IS", "NULL"]:
        return value is None, place + 3
    if following[:3] == ["IS", "NOT", "NULL"]:
        return value is not None, place + 4
    if words[1][0] != "sign":
        raise InvalidQueryError("a comparison expected")
    return _compare(value, _SIGNS[words[1][1]], *words[2]), place + 3


def _compare(value: Any, sign: Callable[[Any, Any], bool], kind: str, constant: str) -> bool:
    if kind == "word" and constant.upper() in ("TRUE", "FALSE"):
        return value is not None and sign(bool(value), constant.upper() == "TRUE")
    if kind not in ("number", "single", "double"):
        raise InvalidQueryError(f"a constant expected, not {constant}")
    if value is None or isinstance(value, dict | list):
        return False
    if kind == "number":
        try:
            return sign(int(value), int(constant))
        except ValueError:
            return False
    return sign(str(value).lower(), constant.lower())
