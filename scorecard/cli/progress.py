"""Live progress on a terminal, plain lines elsewhere; all of it on standard error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from scorecard.asking import Progress as Callback
from scorecard.cli.terminal import is_live, safe, say
from scorecard.collect import EndpointResult
from scorecard.model import OPEN, Status

_LONGEST_NAME = 30


def line(result: EndpointResult) -> str:
    """`web1: 2 to fix, 1 unknown` or `web2: not seen (refused: …)`"""
    device = result.device
    if not device.seen:
        failure = device.failure
        return f"{device.name}: not seen ({failure.kind}: {failure.message})" if failure else f"{device.name}: not seen"
    statuses = [finding.status for finding in result.findings if finding.counts]
    short = sum(status in OPEN for status in statuses)
    unread = statuses.count(Status.UNKNOWN)
    said = [f"{short} to fix"] if short else ["nothing to fix"]
    if unread:
        said.append(f"{unread} unknown")
    if device.failure:
        said.append(f"not complete ({device.failure.kind})")
    return f"{device.name}: {', '.join(said)}"


def _short(name: str) -> str:
    """A long name must leave room for the bar."""
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


@contextmanager
def watch(client: str, total: int) -> Iterator[Callback]:
    """Shows results as they come."""
    if not is_live():

        def plain(result: EndpointResult, done: int, expected: int) -> None:
            say(f"[{done}/{expected}] {line(result)}", err=True)

        say(f"{client}: asking {total} {'endpoint' if total == 1 else 'endpoints'}", err=True)
        yield plain
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(escape(_short(safe(client))), total=total)

        def live(result: EndpointResult, done: int, expected: int) -> None:
            bar.update(task, completed=done, total=expected)
            if not result.device.seen:
                bar.console.print(escape(safe(line(result))), highlight=False)

        yield live
