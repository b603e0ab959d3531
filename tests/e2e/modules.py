"""A check module of somebody else, as a folder that a test writes."""

from __future__ import annotations

from pathlib import Path

_INIT = """
from scorecard.topic import Topic
from . import facts, rules
TOPIC = Topic.from_folder(__file__, id="coffee", title="Coffee", parse=facts.parse, rules=rules)
"""
_FACTS = """
from dataclasses import dataclass
from scorecard.model import Fact
from scorecard.reading import text_of
@dataclass(frozen=True, slots=True)
class Coffee:
    level: Fact[str]
def parse(observations, host):
    return Coffee(text_of(observations, "coffee.level"))
"""
_RULES = """
from scorecard.model import Severity, failed, passed
from scorecard.topic import Effort, check
@check("coffee.full", title="The pot is full", why="Tired people make mistakes.", fix=("Fill it.",),
       severity=Severity.LOW, effort=Effort(once_min=0, each_min=5))
def full(facts, host, parameters):
    level = facts.level.seen().strip()
    if level == "crash":
        raise ValueError(level)
    return passed(measured=level) if level == "full" else failed(measured=level, expected="full")
"""


def topic(folder: Path, **changes: str) -> Path:
    """A check module of somebody else."""
    files = {"__init__.py": _INIT, "facts.py": _FACTS, "rules.py": _RULES, "linux.sh": "#: part level\necho empty\n"}
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(changes.get(name.partition(".")[0].strip("_"), text), encoding="utf-8")
    return folder
