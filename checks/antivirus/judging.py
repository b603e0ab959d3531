"""What the rules share: whether an engine protects, which engines are at work, and words for both."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scorecard.model import Fact, Seen, Unseen

from .products import Kind
from .shape import Antivirus, Engine, Mode, Other, Told

_MODE_WORDS = {
    Mode.PASSIVE: "is in passive mode",
    Mode.LIMITED: "only looks now and then",
    Mode.EDR_BLOCK: "is in EDR block mode, which does not prevent",
    Mode.SNOOZED: "is switched off for a while",
    Mode.OFF: "is switched off",
}
_OTHER_WORDS = {
    Kind.SCANNER: "looks only when started",
    Kind.MONITOR: "watches and reports",
    Kind.EDR: "finds attackers and leaves malware to an antivirus",
    Kind.ANTIVIRUS: "is an antivirus",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """Faults were seen and keep the engine from protecting; gaps were not seen and keep us from saying that it does."""

    faults: tuple[str, ...]
    gaps: tuple[str, ...]

    @property
    def protects(self) -> bool:
        return not self.faults and not self.gaps


def standing(engine: Engine) -> Standing:
    faults: list[str] = []
    gaps: list[str] = []

    def require(fact: Fact[bool], good: bool, otherwise: str) -> None:
        if isinstance(fact, Unseen):
            gaps.append(fact.reason)
        elif fact.value is not good:
            faults.append(otherwise)

    require(engine.installed, True, "is not installed")
    require(engine.running, True, "does not run")
    # Of an engine that does not run, or may not, nothing more is said about how it looks at files.
    if engine.running == Seen(True) or (engine.running != Seen(False) and engine.real_time == Seen(False)):
        require(engine.real_time, True, "does not look at files as they are used (no real-time protection)")
    if isinstance(engine.mode, Unseen):
        gaps.append(engine.mode.reason)
    elif engine.mode.value is not Mode.NORMAL:
        faults.append(_MODE_WORDS[engine.mode.value])
    require(engine.expired, False, "has expired")
    if isinstance(engine.troubles, Unseen):
        gaps.append(engine.troubles.reason)
    else:
        faults.extend(engine.troubles.value)
    return Standing(tuple(faults), tuple(dict.fromkeys(gaps)))


def is_active(engine: Engine) -> bool | None:
    """Whether it looks at files as they are used, well or not; None: not known."""
    return all_of(engine.running, engine.real_time, is_normal(engine.mode))


def is_at_work(engine: Engine) -> bool | None:
    """Whether it runs and is meant to protect; None: not known. What has expired and looks at nothing is not."""
    is_over = engine.expired == Seen(True) and engine.real_time == Seen(False)
    return all_of(engine.running, is_normal(engine.mode), Seen(not is_over))


def is_normal(mode: Fact[Mode]) -> Fact[bool]:
    return mode if isinstance(mode, Unseen) else Seen(mode.value is Mode.NORMAL)


def all_of(*facts: Fact[bool]) -> bool | None:
    if any(fact == Seen(False) for fact in facts):
        return False
    return None if any(isinstance(fact, Unseen) for fact in facts) else True


def at_work(facts: Antivirus) -> tuple[Engine, ...]:
    """The engines whose age, tamper protection and scans matter: those at work or perhaps so; with none, a running one
    in passive mode stands alone and is judged as it is. Those aside do not matter beside one that protects."""
    engines = facts.engines.seen()
    working = tuple(engine for engine in engines if is_at_work(engine) is not False)
    if any(standing(engine).protects for engine in working):
        working = tuple(engine for engine in working if not engine.aside)
    return working or tuple(engine for engine in engines if engine.running != Seen(False))


def nothing_at_work(facts: Antivirus) -> str:
    """Words for a machine whose engines, if any, all stand still."""
    engines = facts.engines.seen()
    if not engines:
        return f"No antivirus is installed{_beside(others(facts))}"
    verb = "does" if len(engines) == 1 else "do"
    return f"No antivirus is at work: {named(engine.name for engine in engines)} {verb} not run"


def others(facts: Antivirus) -> tuple[Other, ...]:
    return facts.others.value if isinstance(facts.others, Seen) else ()


def _beside(found: tuple[Other, ...]) -> str:
    if not found:
        return ""
    words = [f"{other.name} {_OTHER_WORDS[other.kind]}" for other in found]
    return f" ({named(words)})"


def named(words: Iterable[str], limit: int = 4, between: str = ", ") -> str:
    """At most four, then "and 9 more"."""
    found = list(words)
    shown = between.join(found[:limit])
    return f"{shown} and {len(found) - limit} more" if len(found) > limit else shown


def title(engine: Engine) -> str:
    """Name, version and remarks: "XProtect 5346 (built into macOS; Gatekeeper on)"."""
    version = engine.version.value if isinstance(engine.version, Seen) else None
    name = f"{engine.name} {version}" if version else engine.name
    return f"{name} ({'; '.join(engine.notes[:4])})" if engine.notes else name


def silent(engines: Iterable[Engine], field: str) -> bool:
    """Whether none of them publishes such a thing, by the nature of the product."""
    return all(getattr(engine, field) == Seen(Told.NOT_PUBLISHED) for engine in engines)
