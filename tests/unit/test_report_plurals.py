"""Plural forms: every function of the words modules that takes a count, called with none, one, two and twenty-one."""

from __future__ import annotations

import importlib
import inspect
import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from importlib.resources import files
from types import ModuleType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest

from scorecard.strips import Square
from tests.plurals import wrong

COUNTS = (0, 1, 2, 21)
KINDS, TERMS = ((), ("Laptop",), ("PC", "Server")), (30, 90)
# What an argument can be, where that is less than its type allows.
KNOWN: Mapping[tuple[str, str, str], tuple[Any, ...]] = {
    ("first_look_words", "efforts", "counts"): ({"small": 1}, {"small": 2, "large": 21}),
    ("need_words", "title", "count"): (1, 2),
    ("portfolio_words", "headline", "first"): (1, 2, 3),
    ("portfolio_words", "explained", "late_days"): TERMS,
    ("portfolio_words", "explained", "overdue_days"): TERMS,
    ("portfolio_words", "flags", "late_days"): TERMS,
    ("portfolio_words", "flags", "overdue_days"): TERMS,
    ("portfolio_words", "flags", "soon_days"): TERMS,
    ("portfolio_words", "flags", "ending_days"): TERMS,
    ("portfolio_words", "support", "soon_days"): TERMS,
    ("portfolio_words", "support", "over"): (1, 2, 21),
    ("standing_words", "do_not", "roles"): KINDS,
    ("strips_words", "said", "now"): tuple(square for square in Square if square is not Square.GAP),
    ("words", "kind_of", "roles"): KINDS,
}
MODULES = sorted(
    f"scorecard.reports.{file.name.removesuffix('.py')}"
    for file in files("scorecard.reports").iterdir()
    if file.name == "words.py" or file.name.endswith("_words.py")
)


def functions(module: ModuleType) -> Iterator[tuple[str, Callable[..., object]]]:
    for name, made in vars(module).items():
        if inspect.isfunction(made) and made.__module__ == module.__name__ and not name.startswith("_"):
            yield name, made


def values(kind: Any) -> tuple[Any, ...]:
    """What an argument of this type is tried with; nothing where this test knows no value of it."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return tuple(itertools.chain.from_iterable(values(one) for one in inner))
    if kind is type(None):
        return (None,)
    if kind is bool:
        return (False, True)
    if kind in (int, float):
        return tuple(kind(count) for count in COUNTS)
    if kind is str:
        return ("such",)
    if isinstance(kind, type) and hasattr(kind, "__members__"):
        return tuple(kind.__members__.values())
    if inner and isinstance(origin, type) and issubclass(origin, Mapping):
        keys = values(inner[0])
        return tuple(dict.fromkeys(keys, value) for value in values(inner[1]))
    if origin is tuple and Ellipsis not in inner:
        return (tuple(values(one)[0] for one in inner),)
    if inner and isinstance(origin, type):
        return tuple((value,) for value in values(inner[0])[:1])
    return ()


def texts(said: object) -> Iterator[str]:
    if isinstance(said, str):
        yield said
    elif isinstance(said, tuple) and all(isinstance(piece, str) for piece in said):
        yield "".join(said) if said and said[-1] in ".," else " ".join(said)
    elif isinstance(said, dict):
        for one in said.values():
            yield from texts(one)


def calls(module: ModuleType, name: str, made: Callable[..., object]) -> Iterator[str]:
    """What a function that takes a count says for every combination of arguments."""
    hints = get_type_hints(made)
    takes = {key: hints[key] for key in inspect.signature(made).parameters}
    if not any(int in (kind, *get_args(kind)) or float in (kind, *get_args(kind)) for kind in takes.values()):
        return
    short = module.__name__.rpartition(".")[2]
    tried = [KNOWN.get((short, name, key)) or values(kind) for key, kind in takes.items()]
    for chosen in itertools.product(*tried):
        arguments = dict(zip(takes, chosen, strict=True))
        yield from (said for said in texts(made(**arguments)) if is_possible(said))


def is_possible(said: str) -> bool:
    """No more of a thing than there are of it, and none of none."""
    shares = re.findall(r"(?<![\w.,-])(\d+) of (\d+)\b", said)
    return all(int(part) <= int(whole) and whole != "0" for part, whole in shares)


@pytest.mark.parametrize("name", [*MODULES, "scorecard.cli.summary_words"])
def test_counts_and_their_words_agree(name: str) -> None:
    module = importlib.import_module(name)
    odd = {
        (function, said)
        for function, made in functions(module)
        for said in calls(module, function, made)
        if any(wrong(said)) or re.search(r"  | [.,;:]", said)
    }
    assert odd == set()


def test_this_test_reaches_what_it_is_about() -> None:
    module = importlib.import_module("scorecard.reports.words")
    said = {text for name, made in functions(module) for text in calls(module, name, made)}
    assert {"1 machine", "21 machines", "0 questions without an answer on machines that we did see"} <= said
    for odd in ("1 machines", "21 machine fall", "1 result are", "2 machines has", "1 of 1 machines", "None, 1"):
        assert any(wrong(odd)), odd
    for right in (
        "1 machine falls",
        "21 machines",
        "1 of 21 machines has",
        "0 of 1 machine",
        "None of 2 machines",
        "LT-001 s",
    ):
        assert not any(wrong(right)), right
