"""Texts as the client of an audit writes days and money: everything that a reader of its reports sees is made inside."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from scorecard import days
from scorecard.result import Audit

P = ParamSpec("P")
T = TypeVar("T")


def in_its_locale(work: Callable[Concatenate[Audit, P], T]) -> Callable[Concatenate[Audit, P], T]:
    """`work` writes in the locale of the audit that it is given, until it returns: it has to make nothing later."""

    @wraps(work)
    def written(audit: Audit, /, *others: P.args, **named: P.kwargs) -> T:
        with days.written(audit.preferences.locale):
            return work(audit, *others, **named)

    return written
