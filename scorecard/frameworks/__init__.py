"""What published frameworks and insurers ask, which checks support it, and how far an audit carries each of it."""

from scorecard.frameworks.answers import Answered, Gap, Lack, State, answers, fresh_days
from scorecard.frameworks.table import Framework, Kind, Row, load, parse, shipped

__all__ = [
    "Answered",
    "Framework",
    "Gap",
    "Kind",
    "Lack",
    "Row",
    "State",
    "answers",
    "fresh_days",
    "load",
    "parse",
    "shipped",
]
