"""The exceptions that audits are graded with, read before any endpoint is contacted."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from scorecard.asking import Order
from scorecard.exceptions import Exceptions
from scorecard.exceptions.load import FILE_NAME, load
from scorecard.inventory import Client
from scorecard.registry import Registry
from scorecard.standard import Standard


def exceptions_of(order: Order, file: str | Path, standard: Standard, registry: Registry) -> Exceptions:
    """Of the order's client; none where no file is named. Raises ExceptionsError with every problem of the file."""
    if not str(file):
        return Exceptions()
    today = datetime.now(UTC).astimezone(ZoneInfo(order.time_zone)).date()
    limits = standard.content.exceptions
    return load(Path(file), client=order.client, checks=registry.checks, limits=limits, today=today)


def unused(inventories: Iterable[Path], clients: Iterable[Client], file: Path | None) -> Iterator[str]:
    """Files of exceptions that lie beside an inventory and that nothing names: whoever wrote one counts on it.

    `file`: the one that the command line names.
    """
    named = {os.path.realpath(name) for name in (*(client.exceptions for client in clients), file) if name}
    for folder in dict.fromkeys(path if path.is_dir() else path.parent for path in inventories):
        beside = folder / FILE_NAME
        if beside.is_file() and os.path.realpath(beside) not in named:
            hint = f"name it in the inventory (exceptions: {FILE_NAME}) or with --exceptions"
            yield f"{beside}: is not used, since no client names it; {hint}"
