"""Where a release stands on a day: supported until when, ended, or not known and why. Dates and contracts only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from scorecard.model import Fact, Host, Seen, Unseen
from scorecard.reading import clean

from .shape import Contract, OsSupport, Proof
from .table import Basis, End, Extension, SupportRow


class State(StrEnum):
    SUPPORTED = "supported"
    ENDED = "ended"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Standing:
    """`until`: the last day that is sure now, None: rolling. `words`: one line for a person."""

    state: State
    words: str
    end: End | None = None
    kind: str = "standard"  # or the extension that carries it
    undecided: str | None = None  # an extension that may reach further, and why that is not known


@dataclass(frozen=True, slots=True)
class _Window:
    kind: str
    paid: bool
    end: End
    proof: Proof
    detail: str


def stand(facts: OsSupport, host: Host) -> Standing:
    """Raises FactUnavailable where the release itself was not read."""
    if conflict := facts.conflict.seen():
        return Standing(State.UNKNOWN, f"The machine contradicts itself: {conflict}")
    identity, row, day = facts.identity.seen(), facts.row.seen(), host.as_of.date()
    if row is None:
        version = f"version {clean(identity.version, 40)}" if identity.version else "without a version number"
        return Standing(State.UNKNOWN, f"{identity.product} {version} is not in our table as of {facts.table_as_of}")
    if row.released is not None and day < row.released:
        return Standing(State.UNKNOWN, f"{row.name} came out on {row.released}, after the day of this audit")
    windows = list(_windows(row, facts.contracts, host.architecture, day))
    sure = [window for window in windows if window.proof is Proof.PROVEN and window.end.is_sure(day)]
    if sure:
        return _supported(row, identity.version, sure, windows)
    return _not_sure(row, windows, day)


def _windows(
    row: SupportRow, contracts: Fact[tuple[Contract, ...]], architecture: Fact[str], day: date
) -> Iterator[_Window]:
    yield _Window("standard", False, row.free_end(), Proof.PROVEN, "")
    for extension in row.extended:
        proof, detail = (
            _covered(extension, architecture) if extension.cost == "free" else _proof(extension.kind, contracts, day)
        )
        yield _Window(extension.kind, extension.cost == "paid", row.end_of(extension), proof, detail)


def _covered(extension: Extension, architecture: Fact[str]) -> tuple[Proof, str]:
    if not extension.architectures:
        return Proof.PROVEN, ""
    if isinstance(architecture, Unseen):
        return Proof.SIGN, f"the processor type is not known ({architecture.reason})"
    covered = architecture.value in extension.architectures
    return (Proof.PROVEN, "") if covered else (Proof.SIGN, f"it may not cover the processor type {architecture.value}")


def _proof(kind: str, contracts: Fact[tuple[Contract, ...]], day: date) -> tuple[Proof, str]:
    if isinstance(contracts, Unseen):
        return Proof.SIGN, contracts.reason
    found = next((contract for contract in contracts.value if contract.kind == kind), None)
    if found is None:
        return Proof.NONE, "no sign of such a contract"
    if found.proof is not Proof.PROVEN:
        return found.proof, found.detail
    if isinstance(found.until, Unseen):
        return Proof.SIGN, found.until.reason
    if found.until.value is not None and found.until.value < day:
        return Proof.SIGN, f"{found.detail}, but the contract ran out on {found.until.value}"
    return Proof.PROVEN, found.detail


def _supported(row: SupportRow, version: str | None, sure: list[_Window], windows: list[_Window]) -> Standing:
    best = max(sure, key=lambda window: window.end.sure_until or date.max)
    minor = (version or "").split(".")[1:2]
    if row.last_minor is not None and minor and int(minor[0]) < row.last_minor:
        last = f"{row.version}.{row.last_minor}"
        return Standing(
            State.UNKNOWN, f"{row.name}: {version} is not the last minor release ({last}); paid extension not proven"
        )
    undecided = next((w for w in windows if w.proof is Proof.SIGN and _reaches_further(w.end, best.end)), None)
    return Standing(
        State.SUPPORTED,
        f"{row.name}: supported{_until(best)}" + (f"; {row.note}" if row.note else ""),
        best.end,
        best.kind,
        f"{undecided.kind} not proven: {undecided.detail}" if undecided else None,
    )


def _reaches_further(end: End, than: End) -> bool:
    return than.sure_until is not None and (end.sure_until or date.max) > than.sure_until


def _until(window: _Window) -> str:
    how = "" if window.kind == "standard" else f" ({window.kind}, {'paid, ' + window.detail if window.paid else 'free'})"
    match window.end.basis:
        case Basis.ROLLING:
            return ", a rolling release"
        case Basis.OPEN:
            return f", no end is named yet{how}"
        case Basis.PRACTICE:
            return f"; no end date is published, by its maker's practice it lasts until {window.end.text}{how}"
    return f" until {window.end.sure_until}{how}"


def _not_sure(row: SupportRow, windows: list[_Window], day: date) -> Standing:
    running = [window for window in windows if not window.end.is_over(day)]
    for window in running:
        if window.proof is Proof.PROVEN:
            return Standing(State.UNKNOWN, f"{row.name}: {_unsure(window.end)}")
    ended = max((window for window in windows if not window.paid and window not in running), key=_over, default=windows[0])
    when = f"support ended{_on(ended.end)}"
    for window in running:
        if window.proof is Proof.SIGN:
            what = "paid extension not proven" if window.paid else "extension not certain"
            return Standing(State.UNKNOWN, f"{row.name}: {when}; {what} ({window.kind}): {window.detail}")
    offers = [
        f"; {w.kind} (paid) would run until {w.end.text}: {w.detail}" for w in running if w.end.basis is Basis.PUBLISHED
    ]
    return Standing(State.ENDED, f"{row.name}: {when}{''.join(offers[:1])}", ended.end)


def _over(window: _Window) -> date:
    return window.end.over_after or date.min


def _on(end: End) -> str:
    if end.basis is Basis.ENDED:
        return ""
    first, between, last = end.text.partition("..")
    if between:
        return f" between {first} and {last}"
    return f" {'on' if end.sure_until == end.over_after else 'in'} {end.text}"


def _unsure(end: End) -> str:
    match end.basis:
        case Basis.PRACTICE:
            return f"presumed ended: no date is published, by its maker's practice support ends {end.text}"
        case Basis.OPEN:
            return "our table names no end and is too old to be believed"
    return f"the exact end is not known ({end.text})"


def is_rolling(facts: OsSupport) -> bool:
    return isinstance(facts.row, Seen) and facts.row.value is not None and facts.row.value.free.basis is Basis.ROLLING
