"""`scorecard plan`: what to fix first, the cheapest road to a better letter, and how long the contract's hours take."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from textwrap import wrap
from zoneinfo import ZoneInfo

import click

from scorecard.cli.made_up import say_made_up
from scorecard.cli.options import store_option
from scorecard.cli.terminal import say, say_json
from scorecard.document_file import read
from scorecard.inventory import load
from scorecard.plan.contract import FEWEST_AUDITS, Clearance, clearance, inflow, said
from scorecard.plan.hours import Hours
from scorecard.plan.planned import Planned
from scorecard.plan.road import NoRoad, Road, Step
from scorecard.plan.tasks import Plan, Task
from scorecard.plan.work import Owner
from scorecard.result import Audit, Contract
from scorecard.rounding import as_shown
from scorecard.standard import LETTERS
from scorecard.store import Store

_WIDTH = 80
_TITLE = 32
_NAMES = 8
# What comes in anew is taken from so many audits before this one.
_EARLIER = 6
_OWNERS = {Owner.PROVIDER: "provider", Owner.CLIENT: "client", Owner.VENDOR: "vendor"}


@click.command()
@click.argument("audit", required=False, metavar="[AUDIT|FILE]")
@click.option("--client", metavar="NAME", help="The newest audit of this client.")
@click.option(
    "--to",
    type=click.Choice(LETTERS[:-1], case_sensitive=False),
    metavar="LETTER",
    help="The letter to find the cheapest road to. Default: the next better one.",
)
@click.option(
    "--inventory",
    "inventories",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Inventory whose contract holds the hours a month; may be given more than once.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
@store_option
def plan(
    audit: str | None,
    client: str | None,
    to: str | None,
    inventories: tuple[Path, ...],
    as_json: bool,
    store_url: str | None,
) -> None:
    """Plan the work of AUDIT (an id, its beginning, or an audit.json); without it, of the newest audit."""
    store = Store.open(store_url)
    try:
        file = Path(audit) if audit is not None and audit.endswith(".json") else None
        chosen = read(file) if file else store.load(audit, client)
        contract = load(inventories).client(chosen.client).contract if inventories else None
        earlier = _earlier(store, chosen) if contract is not None else ()
    finally:
        store.close()
    planned = Planned(chosen)
    tasks, way = planned.plan, planned.road(to)
    ahead = None if contract is None else _clearance(tasks, contract, [*earlier, chosen])
    if as_json:
        say_json(json.dumps(_record(chosen, tasks, way, ahead), indent=1, ensure_ascii=False))
        return
    say_made_up(chosen)
    for line in _text(chosen, tasks, way, ahead):
        say(line.rstrip())


def _earlier(store: Store, audit: Audit) -> Sequence[Audit]:
    """The audits before it, oldest first."""
    past = store.past(audit.client, audit.as_of)[-_EARLIER:]
    return [store.load(entry.id) for entry in past]


def _clearance(tasks: Plan, contract: Contract, audits: Sequence[Audit]) -> Clearance:
    return clearance(tasks, contract, inflow(audits))


def _record(audit: Audit, tasks: Plan, way: Road | NoRoad, ahead: Clearance | None) -> dict[str, object]:
    found = {"found": isinstance(way, Road), **asdict(way)}
    return {
        "audit": audit.id,
        "client": audit.client,
        "letter": audit.scorecard.letter,
        "score": audit.scorecard.score,
        "tasks": [{**asdict(task), "points_per_hour": task.points_per_hour} for task in tasks.tasks],
        "hours": asdict(tasks.hours),
        "points": tasks.points,
        "estimated": tasks.estimated,
        "agreed": tasks.agreed,
        "road": found,
        "contract": None if ahead is None else {**asdict(ahead), "contract": _hours_of(ahead.contract)},
    }


def _hours_of(contract: Contract) -> dict[str, object]:
    """What a plan rests on; the prices of machines that a contract may name are no part of it."""
    return {"hours_per_month": contract.hours_per_month, "rate": contract.rate, "currency": contract.currency}


def _text(audit: Audit, tasks: Plan, way: Road | NoRoad, ahead: Clearance | None) -> Iterator[str]:
    card = audit.scorecard
    score = "no score" if card.score is None else f"{as_shown(card.score, 1)} of 100"
    grade = f"grade {card.letter}" if card.letter else "no grade"
    day = audit.as_of.astimezone(ZoneInfo(audit.time_zone))
    yield f"{audit.client}: {grade} ({score}), audit of {day:%Y-%m-%d}"
    yield ""
    yield from _tasks(tasks)
    yield ""
    yield from _road(way)
    if ahead is not None:
        yield ""
        yield from wrap(said(ahead) + ".", _WIDTH)
        if ahead.inflow_hours is None:
            yield from wrap(f"What comes in anew is not counted: that needs {FEWEST_AUDITS} audits.", _WIDTH)


def _tasks(found: Plan) -> Iterator[str]:
    if not found.tasks:
        yield "Nothing to fix, and no machine to find."
        return
    yield f" No. {'What to fix first':<{_TITLE}} {'Mach.':>5} {'Hours':>6} {'Points':>6} {'per h':>6} {'Score':>5}  Who"
    holding = len(found.pinned)
    for number, task in enumerate(found.tasks, 1):
        if number == 1 and holding:
            yield "These hold the letter"
        if number == holding + 1 and holding:
            yield "The rest"
        yield from _row(number, task)
    yield from wrap(_footer(found), _WIDTH)


def _row(number: int, task: Task) -> Iterator[str]:
    title = wrap(task.title, _TITLE) or [""]
    spent = "?" if task.hours is None else f"{as_shown(task.hours.likely, 1)}"
    rate = "-" if task.points_per_hour is None else f"{as_shown(task.points_per_hour, 2)}"
    after = "-" if task.score_after is None else f"{as_shown(task.score_after, 1)}"
    numbers = f"{len(task.endpoints):>5} {spent:>6} {as_shown(task.points, 2):>6} {rate:>6} {after:>5}"
    yield f"{number:>4} {title[0]:<{_TITLE}} {numbers}  {_OWNERS[task.owner]}"
    yield from (f"     {line}" for line in title[1:])
    notes = [part for part in (task.note, f"{len(task.declined)} declined" if task.declined else "") if part]
    if notes:
        yield f"     ({', '.join(notes)})"


def _footer(found: Plan) -> str:
    said_hours = f"In all {_hours(found.hours)}, {as_shown(found.points, 1)} points"
    missing = len(found.tasks) - found.estimated
    estimate = f"; {found.estimated} of {len(found.tasks)} tasks estimated" if missing else ""
    agreed = f"; {found.agreed} findings that were agreed to are not in it" if found.agreed else ""
    return f"{said_hours}{estimate}{agreed}."


def _hours(spent: Hours) -> str:
    return f"{as_shown(spent.likely, 1)} h ({as_shown(spent.low, 1)} to {as_shown(spent.high, 1)})"


def _road(way: Road | NoRoad) -> Iterator[str]:
    if isinstance(way, NoRoad):
        yield from wrap(f"No road to a better letter: {way.reason}.", _WIDTH)
        return
    change = f"{as_shown(way.score, 1)} to {as_shown(way.score_after, 1)}"
    yield f"The cheapest road from {way.start} to {way.letter}: {_hours(way.hours)}, score {change}"
    for number, step in enumerate(way.steps, 1):
        yield from _step(number, step)
    yield from wrap(_proof(way), _WIDTH)
    if way.assumed:
        yield from wrap(_assumption(way), _WIDTH)


def _step(number: int, step: Step) -> Iterator[str]:
    machines = "1 machine" if len(step.endpoints) == 1 else f"{len(step.endpoints)} machines"
    hours, points = as_shown(step.hours.likely, 1), as_shown(step.points, 2)
    said_step = f"{step.title}: {machines}, {hours} h, {points} points ({_listed(step.endpoints)})"
    marks = (("by the client", step.by_client), ("declined so far", step.declined), ("agreed to stay so far", step.waived))
    notes = [f"{what}: {_listed(names)}" for what, names in marks if names]
    yield from wrap("; ".join([said_step, *notes]), _WIDTH, initial_indent=f"{number:>4} ", subsequent_indent="     ")


def _listed(names: Iterable[str]) -> str:
    every = tuple(names)
    more = f" and {len(every) - _NAMES} more" if len(every) > _NAMES else ""
    return ", ".join(every[:_NAMES]) + more


def _proof(way: Road) -> str:
    if way.least_hours is None:
        return "A shorter road may exist: caps of this standard whose machines overlap in part are not searched to the end."
    over = way.hours.likely / way.least_hours - 1 if way.least_hours else 0.0
    return "No road is shorter." if over < 1e-9 else f"No road is shorter by more than {100 * over:.1f}%."


def _assumption(way: Road) -> str:
    count = len(way.assumed)
    who = "1 machine passes" if count == 1 else f"{count} machines pass"
    known = "Nothing that is known to be wrong stands in the way. " if way.only_unknown else ""
    return f"{known}This holds if {who} everything not known so far: {_listed(way.assumed)}."
