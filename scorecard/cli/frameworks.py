"""`scorecard frameworks`: how far an audit carries what published frameworks and insurers ask."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from textwrap import shorten, wrap

import click

from scorecard.cli.made_up import say_made_up
from scorecard.cli.options import checks_option, store_option
from scorecard.cli.terminal import say, say_json
from scorecard.document_file import read
from scorecard.document_writing import time_text
from scorecard.frameworks import Answered, Framework, Gap, Kind, Lack, Row, State, answers, fresh_days, load, shipped
from scorecard.registry import Registry
from scorecard.result import Audit
from scorecard.store import Store

_WIDTH = 80
_GAPS_SHOWN = 5
_STATES = {
    State.SUPPORTED: "supported",
    State.PARTLY: "partly supported",
    State.GAPS: "not supported",
    State.NOT_MEASURED: "not measured",
    State.DOES_NOT_APPLY: "does not apply",
}


@click.group()
def frameworks() -> None:
    """Show how far an audit supports published frameworks and insurers' questions."""


@frameworks.command("list")
@checks_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def list_(check_folders: tuple[Path, ...], as_json: bool) -> None:
    """List the frameworks."""
    checks = Registry.load(check_folders).checks
    found = [load(name, checks) for name in shipped()]
    if as_json:
        say_json(json.dumps([_headline(framework) for framework in found], indent=1, ensure_ascii=False))
        return
    width = max(len(framework.name) for framework in found)
    for framework in found:
        measured = sum(bool(row.checks) for row in framework.rows)
        say(f"{framework.name:<{width}}  {measured:>2} of {len(framework.rows):>2} rows measured  {framework.title}")


@frameworks.command()
@click.argument("name", metavar="NAME|FILE")
@click.argument("audit", required=False, metavar="[AUDIT|FILE]")
@click.option("--client", metavar="NAME", help="The newest audit of this client.")
@click.option("--table", is_flag=True, help="Show the rows with their checks and sources, without an audit.")
@click.option("--all", "every", is_flag=True, help="Name every gap, not the worst few of a row.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
@store_option
@checks_option
def show(
    name: str,
    audit: str | None,
    client: str | None,
    table: bool,
    every: bool,
    as_json: bool,
    store_url: str | None,
    check_folders: tuple[Path, ...],
) -> None:
    """Show what AUDIT (an id, its beginning, or an audit.json; without it, the newest) supports of a framework."""
    if table and (audit or client):
        raise click.UsageError("--table shows the framework alone, so leave out the audit and --client")
    framework = load(name, Registry.load(check_folders).checks)
    if table:
        _print(framework.model_dump(mode="json"), _table(framework), as_json)
        return
    chosen = _audit(audit, client, store_url)
    now = datetime.now(UTC)
    days = fresh_days(chosen)
    found = answers(chosen, framework, fresh_days=days, now=now)
    record = {
        **_headline(framework),
        "note": framework.note,
        "client": chosen.client,
        "audit": chosen.id,
        "audit_as_of": time_text(chosen.as_of),
        "scope": chosen.scope,
        "answered_at": time_text(now),
        "fresh_days": days,
        "rows": [_record(row) for row in found],
    }
    if not as_json:
        say_made_up(chosen)
    _print(record, _page(framework, chosen, found, None if every else _GAPS_SHOWN), as_json)


def _audit(audit: str | None, client: str | None, store_url: str | None) -> Audit:
    if audit is not None and audit.endswith(".json"):
        return read(Path(audit))
    store = Store.open(store_url)
    try:
        return store.load(audit, client)
    finally:
        store.close()


def _print(record: object, lines: Iterable[str], as_json: bool) -> None:
    if as_json:
        say_json(json.dumps(record, indent=1, ensure_ascii=False))
        return
    for line in lines:
        say(line)


def _headline(framework: Framework) -> dict[str, object]:
    return {
        "name": framework.name,
        "title": framework.title,
        "version": framework.version,
        "kind": framework.kind.value,
        "rows": len(framework.rows),
        "measured": sum(bool(row.checks) for row in framework.rows),
    }


def _record(answered: Answered) -> dict[str, object]:
    return {
        **answered.row.model_dump(mode="json"),
        "state": answered.state.value,
        "of": answered.of,
        "met": answered.met,
        "answer": answered.said,
        "gaps": [
            {
                "endpoint": gap.endpoint,
                "check": gap.check,
                "why": gap.lack.value,
                "said": gap.said,
                "until": gap.until or None,
            }
            for gap in answered.gaps
        ],
    }


def _page(framework: Framework, audit: Audit, found: Sequence[Answered], most: int | None) -> Iterable[str]:
    yield from _wrapped(f"{framework.title}: {audit.client}, audit {audit.id[:8]} of {audit.as_of:%Y-%m-%d}", "")
    yield from _wrapped(framework.note, "")
    counts = Counter(answered.state for answered in found)
    yield ""
    yield from _wrapped(", ".join(f"{counts[state]} {said}" for state, said in _STATES.items() if counts[state]), "")
    for answered in found:
        yield ""
        yield from _head(answered.row)
        lead = "" if framework.kind is Kind.QUESTIONS or not answered.of else f"{_STATES[answered.state]}: "
        said = lead + answered.said
        yield from _wrapped(f"{said[:1].upper()}{said[1:]}.")
        shown = answered.gaps if most is None else answered.gaps[:most]
        for gap in shown:
            yield from _wrapped(_gap(gap), "    ")
        if len(answered.gaps) > len(shown):
            yield f"    and {len(answered.gaps) - len(shown)} more; --all names them"
        yield from _wrapped(f"Not seen: {_inside(answered.row.not_seen)}")


def _gap(gap: Gap) -> str:
    until = f", agreed until {gap.until}" if gap.until else ", agreed" if gap.lack is Lack.EXCUSED else ""
    return f"{gap.endpoint}: {shorten(gap.said, 160, placeholder='…')} ({gap.check}, {gap.lack.value}{until})"


def _table(framework: Framework) -> Iterable[str]:
    yield from _wrapped(f"{framework.title} ({framework.name})", "")
    yield from _wrapped(framework.note, "")
    for row in framework.rows:
        yield ""
        yield from _head(row)
        yield from _wrapped(f"Supported by {', '.join(row.checks)}" if row.checks else "Not measured by this tool")
        if row.checks and len(row.roles) < len(Row.model_fields["roles"].default):
            yield from _wrapped(f"On each {' and '.join(row.roles)}")
        for check, limits in row.at_most.items():
            for parameter, limit in limits.items():
                yield from _wrapped(f"With {parameter} of {check} at most {limit:g}")
        yield from _wrapped(f"Not seen: {_inside(row.not_seen)}")
        yield from _wrapped(f"Source: {row.source}; read {row.as_of}")


def _head(row: Row) -> Iterable[str]:
    group = f" ({row.group})" if row.group else ""
    return _wrapped(f"{row.id}{group}  {row.title}", "")


def _inside(text: str) -> str:
    """A sentence as it goes on after a colon; a name in capitals stays one."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def _wrapped(text: str, indent: str = "  ") -> list[str]:
    return wrap(
        text, _WIDTH, initial_indent=indent, subsequent_indent=indent + "  " if indent else "", break_on_hyphens=False
    )
