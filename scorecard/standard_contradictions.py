"""What the shape of a standard does not tell: names that must exist, limits that must be in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf

from scorecard.model import Platform
from scorecard.standard_content import CapLine, CheckLine, Content, Value
from scorecard.topic import Check, ParameterValue

_Path = tuple[str | int, ...]


def contradictions(content: Content, checks: Mapping[str, Check]) -> Iterable[tuple[_Path, str]]:
    """Where in the file, and what is wrong there."""
    yield from _limits(content)
    yield from _names(content)
    topics = _topics(content)
    for check_id, line in content.checks.items():
        yield from _check_problems(check_id, line, checks, topics)


def within(content: Content) -> Iterable[tuple[_Path, str]]:
    """The same where nobody knows what checks there were: of the standard of an audit document."""
    yield from _limits(content)
    yield from _names(content)
    topics = _topics(content)
    for check_id, line in content.checks.items():
        yield from _line_problems(check_id, check_id.partition(".")[0], line, topics)


def _limits(content: Content) -> Iterable[tuple[_Path, str]]:
    """Whatever grows worse may never be worth more."""
    bands = content.letters
    if not bands.A > bands.B > bands.C > bands.D > 0:
        yield ("letters",), "expected A > B > C > D > 0"
    limits = content.coverage
    if not limits.capped.below >= limits.provisional.below >= limits.not_graded.below:
        yield ("coverage",), "expected capped.below >= provisional.below >= not_graded.below"
    values = content.values
    if not values.pass_ >= values.warn >= values.fail:
        yield ("values",), "expected pass >= warn >= fail"
    weights = content.severity_weights
    if not weights.critical >= weights.high >= weights.medium >= weights.low:
        yield ("severity_weights",), "expected critical >= high >= medium >= low"
    if limits.capped.letter > limits.provisional.letter:
        yield ("coverage", "provisional", "letter"), "expected a letter no better than that of capped"
    for index, cap in enumerate(content.caps):
        yield from _cap_limits(("caps", index), cap)


def _cap_limits(path: _Path, cap: CapLine) -> Iterable[tuple[_Path, str]]:
    if cap.few.letter > cap.systemic.letter:
        yield (*path, "systemic", "letter"), "expected a letter no better than that of few"
    if cap.severe is not None and cap.systemic.letter > cap.severe.letter:
        yield (*path, "severe", "letter"), "expected a letter no better than that of systemic"
    if cap.severe is not None and cap.severe.above < cap.few.share:
        yield (*path, "severe", "above"), "expected a share no smaller than that of few"


def _topics(content: Content) -> set[str]:
    return {topic for category in content.categories for topic in category.topics}


def _names(content: Content) -> Iterable[tuple[_Path, str]]:
    parts = {part.id for part in content.parts}
    for index, category in enumerate(content.categories):
        if category.part not in parts:
            yield ("categories", index, "part"), f"no part {category.part!r}; there are {', '.join(sorted(parts))}"
    yield from _twice("parts", [(part.id,) for part in content.parts])
    yield from _twice("categories", [(category.id,) for category in content.categories])
    yield from _twice("categories", [category.topics for category in content.categories])
    yield from _twice("promises", [(promise.id,) for promise in content.promises])
    yield from _twice("caps", [(cap.id,) for cap in content.caps])
    named = set(content.checks)
    for index, promise in enumerate(content.promises):
        if promise.part not in parts:
            yield ("promises", index, "part"), f"no part {promise.part!r}; there are {', '.join(sorted(parts))}"
        for check_id in promise.checks:
            if check_id not in named:
                yield ("promises", index), f"names {check_id}, which is not among this standard's checks"
    for index, cap in enumerate(content.caps):
        if cap.check not in named:
            yield ("caps", index), f"names {cap.check}, which is not among this standard's checks"


def _twice(key: str, names: Iterable[Iterable[str]]) -> Iterable[tuple[_Path, str]]:
    """A name that an earlier entry of the list has as well: what it stands for would count once only, or twice."""
    seen: set[str] = set()
    for index, entry in enumerate(names):
        for name in entry:
            if name in seen:
                yield (key, index), f"{name} stands here for the second time; each may stand once"
            seen.add(name)


def _check_problems(
    check_id: str, line: CheckLine, checks: Mapping[str, Check], topics: set[str]
) -> Iterable[tuple[_Path, str]]:
    path: _Path = ("checks", check_id)
    found = checks.get(check_id)
    if found is None:
        yield path, "no check of this name is installed; `scorecard checks list` shows what there is"
        return
    yield from _line_problems(check_id, found.topic, line, topics)
    defaults = {parameter.name: parameter for parameter in found.parameters}
    for name, value in line.parameters.items():
        if name not in defaults:
            known = ", ".join(defaults) or "none"
            yield (*path, "parameters", name), f"the check has no such parameter; it has: {known}"
        elif not _fits(value, defaults[name].default):
            yield (*path, "parameters", name), f"expected a value like {defaults[name].default!r} ({defaults[name].unit})"
    if line.asked_with is not None and line.asked_with not in defaults:
        yield (*path, "asked_with"), f"the check has no such parameter; it has: {', '.join(defaults) or 'none'}"
    values = {name: parameter.default for name, parameter in defaults.items()} | line.parameters
    good, fair = values.get("pass_days"), values.get("warn_days")
    if isinstance(good, int | float) and isinstance(fair, int | float) and good > fair:
        yield (*path, "parameters"), f"expected pass_days <= warn_days, found {good} and {fair}"


def _line_problems(check_id: str, topic: str, line: CheckLine, topics: set[str]) -> Iterable[tuple[_Path, str]]:
    path: _Path = ("checks", check_id)
    if topic not in topics:
        yield path, f"topic {topic} is in no category"
    for role in line.roles:
        covered = {platform for entry in line.severity if role in entry.roles for platform in entry.platforms}
        if covered != set(Platform):
            yield (*path, "severity"), f"says nothing for role {role} on every platform; end with a line `{{is: …}}`"


def _fits(value: Value, default: ParameterValue) -> bool:
    if default is None or value is None:
        return value is None or isinstance(value, str)
    if isinstance(default, bool):
        return isinstance(value, bool)
    if isinstance(default, int | float):
        return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < inf
    return isinstance(value, list if isinstance(default, tuple) else str)
