"""Findings and a standard become a Scorecard: pure, and the only home of grades (design section 8).

For endpoint h with weight w and check c with value v and severity weight s: a check's result is
r(c) = sum(w s v) / sum(w s) over the endpoints where it applies, its own weight s(c) = sum(w s) / sum(w) (the severity
weight itself where that is the same for every endpoint), a category is R(k) = sum(s(c) r(c)) / sum(s(c)), and the score is
100 sum(W R) / sum(W) over the categories with a check that applies. Sums are correctly rounded, so order does not matter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from math import fsum
from types import MappingProxyType

from scorecard.model import Finding, Severity, Status
from scorecard.result import Answer, Cap, CategoryScore, Device, Promise, Scorecard
from scorecard.standard import CapLine, Category, Standard, worse

Value = Callable[[Finding], float]


def effective(status: Status, standard: Standard) -> float | None:
    """What a finding is worth in the score; None leaves the sum."""
    return standard.value(status)


def score(
    findings: Sequence[Finding],
    devices: Sequence[Device],
    standard: Standard,
    *,
    as_of: datetime,
    client_since: datetime | None,
    scope: str = "",
) -> Scorecard:
    """Grade one audit.

    `client_since`: when the client's first audit ended; None on that first audit. `scope` names why the audit is not
    graded as a whole; scores are given all the same.
    """
    counted = [finding for finding in findings if finding.counts and finding.status is not Status.NOT_APPLICABLE]
    by_name = {device.name: device for device in devices}
    sums = _Sums(counted, by_name, standard)
    total, possible, coverage = sums.total(_value), sums.total(_possible), sums.total(_answered)
    share = 0.0 if coverage is None else coverage / 100
    caps = _Caps(counted, by_name, standard, as_of, client_since)
    found = (*caps.coverage(share), *caps.all(_fails), *caps.unread())
    not_graded = _not_graded(standard, total, possible, share, scope)
    return Scorecard(
        score=total,
        possible=possible,
        coverage=share,
        letter=None if not_graded else _letter(standard, total, found),
        letter_before_caps=None if total is None else standard.letter(total),
        worst_case=None if scope or total is None else _worst_case(standard, sums, caps),
        provisional=share < standard.content.coverage.provisional.below,
        not_graded=not_graded,
        caps=found,
        promises=tuple(_promises(counted, standard)),
        categories=sums.categories(),
        endpoint_scores=MappingProxyType({device.name: sums.of_endpoint(device.name) for device in devices}),
        omitted_categories=tuple(category.title for category in standard.content.categories if not sums.asked(category)),
    )


def _value(finding: Finding) -> float:
    return finding.effective or 0.0


def _possible(finding: Finding) -> float:
    return 1.0 if finding.status is Status.UNKNOWN else _value(finding)


def _answered(finding: Finding) -> float:
    return 0.0 if finding.status is Status.UNKNOWN else 1.0


def _worst(finding: Finding) -> float:
    return 0.0 if finding.status is Status.UNKNOWN else _value(finding)


def _fails(finding: Finding) -> bool:
    return finding.status is Status.FAIL


def _fails_or_unknown(finding: Finding) -> bool:
    return finding.status in (Status.FAIL, Status.UNKNOWN)


def _not_graded(standard: Standard, total: float | None, possible: float | None, share: float, scope: str) -> str | None:
    if scope:
        return f"Only a part of the client was looked at ({scope}), so there is no grade"
    if total is None or possible is None:
        return "No check applies to any machine"
    if share < standard.content.coverage.not_graded.below:
        return f"Not graded: {_percent(share)} seen; the score lies between {total:.1f} and {possible:.1f}"
    return None


def _percent(share: float) -> str:
    """Whole percent, never rounded up to what is not there."""
    return f"{int(share * 100 + 1e-9)} %"


def _letter(standard: Standard, total: float | None, caps: Iterable[Cap]) -> str | None:
    if total is None:
        return None
    letter = standard.letter(total)
    for cap in caps:
        letter = worse(letter, cap.letter)
    return letter


def _worst_case(standard: Standard, sums: _Sums, caps: _Caps) -> str | None:
    return _letter(standard, sums.total(_worst), caps.all(_fails_or_unknown))


class _Sums:
    """The nested sums, over any value that a finding may be given."""

    def __init__(self, findings: Iterable[Finding], devices: Mapping[str, Device], standard: Standard) -> None:
        self._standard = standard
        self._weights = {name: standard.role_weight(device.role) for name, device in devices.items()}
        self._severities = {severity: standard.severity_weight(severity) for severity in Severity}
        self._by_check: dict[str, list[Finding]] = defaultdict(list)
        self._by_endpoint: dict[str, list[Finding]] = defaultdict(list)
        for finding in findings:
            self._by_check[finding.check].append(finding)
            self._by_endpoint[finding.endpoint].append(finding)
        self._in_category: dict[str, list[str]] = defaultdict(list)
        for check in sorted(self._by_check):
            self._in_category[standard.category(check).id].append(check)

    def asked(self, category: Category) -> bool:
        return any(check.partition(".")[0] in category.topics for check in self._standard.content.checks)

    def total(self, value: Value) -> float | None:
        return self._over_categories({category: self._category(category, value) for category in self._in_category})

    def categories(self) -> tuple[CategoryScore, ...]:
        return tuple(self._shown(category) for category in self._standard.content.categories if self.asked(category))

    def of_endpoint(self, name: str) -> float | None:
        """The same sum over one endpoint alone, where its weight cancels out."""
        terms: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for finding in self._by_endpoint[name]:
            severity = self._severities[finding.severity]
            terms[self._standard.category(finding.check).id].append((severity * _value(finding), severity))
        return self._over_categories({category: _ratio(pairs) for category, pairs in terms.items()})

    def _shown(self, category: Category) -> CategoryScore:
        results = {name: self._category(category.id, value) for name, value in _SHOWN.items()}
        return CategoryScore(
            id=category.id,
            title=category.title,
            score=_points(results["score"]),
            coverage=results["coverage"] or 0.0,
            weight=category.weight,
            possible=_points(results["possible"]),
        )

    def _category(self, category: str, value: Value) -> float | None:
        return _ratio([self._check(check, value) for check in self._in_category[category]])

    def _check(self, check: str, value: Value) -> tuple[float, float]:
        """(s(c) r(c), s(c)) of the module's docstring."""
        findings = self._by_check[check]
        weights = [self._weights[finding.endpoint] for finding in findings]
        severe = [weight * self._severities[finding.severity] for weight, finding in zip(weights, findings, strict=True)]
        total = fsum(weights)
        earned = fsum(part * value(finding) for part, finding in zip(severe, findings, strict=True))
        return earned / total, fsum(severe) / total

    def _over_categories(self, results: Mapping[str, float | None]) -> float | None:
        weights = {category.id: category.weight for category in self._standard.content.categories}
        return _points(_ratio([(weights[id_] * r, weights[id_]) for id_, r in results.items() if r is not None]))


_SHOWN: dict[str, Value] = {"score": _value, "possible": _possible, "coverage": _answered}


def _ratio(pairs: Sequence[tuple[float, float]]) -> float | None:
    total = fsum(weight for _, weight in pairs)
    return min(fsum(earned for earned, _ in pairs) / total, 1.0) if total else None


def _points(ratio: float | None) -> float | None:
    return None if ratio is None else 100 * ratio


class _Caps:
    """What holds the letter."""

    def __init__(
        self,
        findings: Iterable[Finding],
        devices: Mapping[str, Device],
        standard: Standard,
        as_of: datetime,
        client_since: datetime | None,
    ) -> None:
        self._standard = standard
        self._devices = devices
        self._unread = sorted({finding.endpoint for finding in findings if finding.status is Status.UNKNOWN})
        wanted = {line.check for line in standard.content.caps}
        self._by_check: dict[str, list[Finding]] = defaultdict(list)
        for finding in findings:
            if finding.check in wanted:
                self._by_check[finding.check].append(finding)
        grace = timedelta(days=standard.content.joined_grace_days)
        self._joined_lately = {
            device.name
            for device in devices.values()
            if client_since is not None and _between(client_since, device.expected_since, as_of, grace)
        }

    def coverage(self, share: float) -> tuple[Cap, ...]:
        rules = self._standard.content.coverage
        for rule in (rules.provisional, rules.capped):
            if share < rule.below:
                said = f"only {_percent(share)} of what the standard asks was seen"
                lift = f"See at least {_percent(rule.below)} of what the standard asks"
                return (Cap("coverage", None, "all machines", rule.letter, tuple(self._unread), said, lift),)
        return ()

    def all(self, broken: Callable[[Finding], bool]) -> tuple[Cap, ...]:
        """The caps of the standard's list that hold, then the rule on areas that are broken systemically."""
        found: list[Cap] = []
        areas: dict[str, set[str]] = defaultdict(set)
        for line in self._standard.content.caps:
            pool = self._pool(line)
            names = tuple(sorted(f.endpoint for f in pool if broken(f) and f.endpoint not in self._joined_lately))
            if not names:
                continue
            letter, systemic = _letter_of_cap(line, len(names), len(pool))
            said = f"{line.what}: {len(names)} of {len(pool)} {line.pool.name}"
            found.append(Cap(line.id, line.check, line.pool.name, letter, names, said, line.lift))
            if systemic:
                areas[line.area].update(names)
        return (*found, *self._areas(areas))

    def unread(self) -> tuple[Cap, ...]:
        """An unknown in a check that carries a cap holds the letter, an endpoint that joined lately excepted."""
        letter = self._standard.content.unknown_in_capped_check.letter
        held: dict[str, set[str]] = {}
        for line in self._standard.content.caps:
            names = {f.endpoint for f in self._pool(line) if f.status is Status.UNKNOWN}
            held.setdefault(line.check, set()).update(names - self._joined_lately)
        return tuple(
            Cap(
                f"not-read.{check}",
                check,
                "all machines",
                letter,
                tuple(sorted(names)),
                f"no answer to a question that decides the grade: {_machines(len(names))}",
                "Get an answer from every machine named",
            )
            for check, names in held.items()
            if names
        )

    def _pool(self, line: CapLine) -> list[Finding]:
        return [finding for finding in self._by_check[line.check] if self._in_pool(line, finding.endpoint)]

    def _in_pool(self, line: CapLine, endpoint: str) -> bool:
        device = self._devices[endpoint]
        return device.role in line.pool.roles and (device.platform is None or device.platform in line.pool.platforms)

    def _areas(self, areas: Mapping[str, set[str]]) -> tuple[Cap, ...]:
        rule = self._standard.content.broken_areas
        names = tuple(sorted(set().union(*areas.values())))
        if len(areas) < rule.areas or len(names) < rule.endpoints:
            return ()
        said = f"{len(areas)} areas are broken on many machines: {', '.join(sorted(areas))}"
        lift = f"Bring all but {rule.areas - 1} of these areas in order"
        return (Cap("broken-areas", None, "all machines", rule.letter, names, said, lift),)


def _between(client_since: datetime, joined: datetime | None, as_of: datetime, grace: timedelta) -> bool:
    """Whether an endpoint came after the client's first audit and is still new.

    To the second, as the audit document keeps times: from it alone anyone must get the same letter.
    """
    if joined is None:
        return False
    since, joined, as_of = (moment.replace(microsecond=0) for moment in (client_since, joined, as_of))
    return joined > since and as_of - joined < grace


def _machines(count: int) -> str:
    return "1 machine" if count == 1 else f"{count} machines"


def _letter_of_cap(line: CapLine, broken: int, pool: int) -> tuple[str, bool]:
    """The letter that so many broken of a pool allow, and whether that is systemic."""
    if broken <= max(line.few.at_least, line.few.share * pool + 1e-9):
        return line.few.letter, False
    if line.severe is not None and broken > line.severe.above * pool + 1e-9:
        return line.severe.letter, True
    return line.systemic.letter, True


def _promises(findings: Iterable[Finding], standard: Standard) -> Iterable[Promise]:
    by_check: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_check[finding.check].append(finding)
    for line in standard.content.promises:
        statuses: dict[str, set[Status]] = defaultdict(set)
        for check in line.checks:
            for finding in by_check[check]:
                statuses[finding.endpoint].add(finding.status)
        short = {name for name, seen in statuses.items() if seen & {Status.FAIL, Status.WARN}}
        unread = {name for name, seen in statuses.items() if Status.UNKNOWN in seen} - short
        yield Promise(
            id=line.id,
            title=line.title,
            answer=_answer(len(statuses), len(short), len(unread)),
            of=len(statuses),
            met=len(statuses) - len(short) - len(unread),
            endpoints=tuple(sorted(short)),
            unknown=tuple(sorted(unread)),
        )


def _answer(of: int, short: int, unread: int) -> Answer:
    if not of:
        return Answer.DOES_NOT_APPLY
    if short:
        return Answer.NO
    return Answer.NOT_YET if unread else Answer.YES
