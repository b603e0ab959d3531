"""Whether a finding is worse than it was when an exception for it first counted (design section 7)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from types import MappingProxyType

from scorecard.exceptions.entries import Fingerprint
from scorecard.model import Finding, Json, Status


def taken(finding: Finding, stable: Iterable[str]) -> Fingerprint:
    """Of the evidence, what the check calls stable; ages are not among it."""
    evidence = finding.verdict.evidence
    return Fingerprint(finding.status, MappingProxyType({key: evidence[key] for key in sorted(stable) if key in evidence}))


def is_worse(now: Fingerprint, first: Fingerprint) -> bool:
    """A warn that became a fail, or stable evidence with something new in it. Fewer items are not worse.

    What has become a pass is never worse, and an unknown does not tell.
    """
    if now.status not in (Status.WARN, Status.FAIL):
        return False
    if now.status is Status.FAIL and first.status is Status.WARN:
        return True
    return _has_more(dict(now.evidence), dict(first.evidence))


def _has_more(now: Json, first: Json) -> bool:
    """Lists are compared as sets of items; anything but a list or mapping is worse as soon as it differs."""
    if isinstance(now, dict) and isinstance(first, dict):
        return any(key not in first or _has_more(value, first[key]) for key, value in now.items())
    if isinstance(now, list) and isinstance(first, list):
        known = {_canonical(item) for item in first}
        return any(_canonical(item) not in known for item in now)
    return _canonical(now) != _canonical(first)


def _canonical(value: Json) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
