"""The end of an audit on a screen: the grade, the answers, what was not seen, and where the files are. 80 columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from textwrap import wrap

from scorecard.cli.made_up import NOTE
from scorecard.result import Answer, Audit, Promise
from scorecard.standard import LETTERS

_WIDTH = 80
_ANSWERS = {
    Answer.YES: "Yes",
    Answer.NO: "No",
    Answer.NOT_YET: "Not yet",
    Answer.YES_EXCEPT: "Yes, except",
    Answer.DOES_NOT_APPLY: "Does not apply",
}


def summary(audit: Audit, files: Sequence[Path] = ()) -> str:
    """Plain text, ending without a line feed."""
    made_up = [NOTE] if audit.made_up else []
    lines = ["", *made_up, *_grade(audit), "", *_promises(audit), *_unseen(audit), *_unproven(audit)]
    if audit.interrupted:
        lines += ["", *_paragraph("The audit was stopped early: what came in before is kept and shown.")]
    if files:
        lines += ["", *(f"  {path}" for path in files)]
    return "\n".join(lines)


def _grade(audit: Audit) -> Iterable[str]:
    card = audit.scorecard
    seen = sum(device.seen for device in audit.devices)
    checked = f"{seen} of {len(audit.devices)} machines checked"
    if card.letter is None:
        yield f"{audit.client}: no grade, {checked}"
        yield from _paragraph(card.not_graded or "")
        return
    score = f"{card.score:.1f} of 100" if card.score is not None else "no score"
    provisional = ", provisional" if card.provisional else ""
    yield f"{audit.client}: grade {card.letter}{provisional} ({score}), {checked}"
    if card.worst_case and card.worst_case != card.letter:
        yield from _paragraph(f"If everything not known were bad, the grade would be {card.worst_case}.")
    before = card.letter_before_caps
    holding = [cap for cap in card.caps if before is not None and LETTERS.index(cap.letter) > LETTERS.index(before)]
    # A machine that was not seen holds the letter in several checks, and each says the same.
    for line in dict.fromkeys(f"Held at {cap.letter}: {cap.message} ({_names(cap.endpoints)})." for cap in holding):
        yield from _paragraph(line)


def _promises(audit: Audit) -> Iterable[str]:
    yield "Can we say, without a doubt, that every machine has…"
    for promise in audit.scorecard.promises:
        yield from _paragraph(f"{promise.title}? {_ANSWERS[promise.answer]}{_why(promise)}", "    ")


def _why(promise: Promise) -> str:
    if promise.answer is Answer.DOES_NOT_APPLY:
        return ""
    said = f": {promise.met} of {promise.of}"
    if promise.endpoints:
        said += f"; falling short: {_names(promise.endpoints)}"
    if promise.unknown:
        said += f"; not known: {_names(promise.unknown)}"
    return said


def _unseen(audit: Audit) -> Iterable[str]:
    missing = [device for device in audit.devices if not device.seen]
    if missing:
        yield ""
        yield f"Not seen: {len(missing)}"
    for device in missing[:10]:
        if device.failure:
            yield from _paragraph(f"{device.name}: {device.failure.message}. {device.failure.next_step}", "    ")
    if len(missing) > 10:
        yield f"  and {len(missing) - 10} more, all in the report"


def _unproven(audit: Audit) -> Iterable[str]:
    names = tuple(device.name for device in audit.devices if device.identity == "not-proven")
    if names:
        yield ""
        yield from _paragraph(f"Identity not proven: {_names(names)}.")


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(names[:4])
    return shown if len(names) <= 4 else f"{shown} and {len(names) - 4} more"


def _paragraph(text: str, indent: str = "  ") -> list[str]:
    return wrap(text.replace("..", "."), _WIDTH, initial_indent="  ", subsequent_indent=indent, break_on_hyphens=False)
