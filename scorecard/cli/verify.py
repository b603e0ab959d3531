"""`scorecard verify`: whether an audit document is what it says it is."""

from __future__ import annotations

import json
from pathlib import Path

import click

from scorecard.cli.made_up import NOTE
from scorecard.cli.terminal import complain, say, say_json
from scorecard.document_file import read_raw
from scorecard.verify import Verified
from scorecard.verify import verify as recompute

_DOES_NOT_FIT = 2


@click.command()
@click.argument("document", type=click.Path(path_type=Path), metavar="AUDIT.json")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
@click.pass_context
def verify(context: click.Context, document: Path, as_json: bool) -> None:
    """Recompute every effect, score, cap and letter of AUDIT.json from it alone, and check every hash in it."""
    found = recompute(read_raw(document), str(document))
    if as_json:
        say_json(json.dumps(_record(found), indent=1, ensure_ascii=False))
    else:
        for problem in found.problems:
            complain(f"{document}: {problem}")
        say(_verdict(found), err=bool(found.problems))
    if found.problems:
        context.exit(_DOES_NOT_FIT)


def _record(found: Verified) -> dict[str, object]:
    return {
        "ok": not found.problems,
        "problems": found.problems,
        "audit": found.audit.id,
        "chain": found.chain,
        "raw_answers": found.raw_answers,
    }


def _verdict(found: Verified) -> str:
    if found.problems:
        count = len(found.problems)
        return f"{count} thing{'' if count == 1 else 's'} in it {'does' if count == 1 else 'do'} not fit the rest."
    audit, card = found.audit, found.audit.scorecard
    points = "no score" if card.score is None else f"score {card.score:.2f}"
    letter = f"letter {card.letter}" if card.letter else "not graded"
    answers = "Raw answers do not travel with it; `scorecard report --evidence` writes a document that has them."
    if found.raw_answers is not None:
        answers = f"{found.raw_answers} raw answers fit their SHA-256."
    made_up = f"{NOTE}\n" if audit.made_up else ""
    return (
        f"{made_up}"
        f"{audit.client}, {audit.as_of:%Y-%m-%d %H:%M} UTC: recomputed from the document alone, and nothing differs.\n"
        f"{len(audit.findings)} findings on {len(audit.devices)} machines; {points}, {letter}.\n"
        f"{answers}\n"
        f"Chain: {found.chain}"
    )
