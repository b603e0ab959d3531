"""The whole way on real hosts: inventory to reports, and every host found in the state it was built with."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from scorecard.document import schema
from tests.e2e.commands import scorecard
from tests.rig.rig import Rig

pytestmark = pytest.mark.rig

Document = dict[str, Any]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("audit")


@pytest.fixture(scope="module")
def first(rig: Rig, place: Path) -> Document:
    return audited(rig, place, "first")


@pytest.fixture(scope="module")
def second(rig: Rig, place: Path, first: Document) -> Document:
    del first  # it goes first, into the same history
    return audited(rig, place, "second")


def audited(rig: Rig, place: Path, name: str) -> Document:
    inventory = rig.inventory(place / "inventory.yaml")
    done = scorecard("audit", inventory, "--out", place / name, "--deadline", "25", "--evidence", home=place / "home")
    assert done.returncode == 3, done.stderr  # some of them cannot be seen, and are not meant to be
    document: Document = json.loads((place / name / "audit.json").read_text(encoding="utf-8"))
    return document


def statuses(document: Document) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for finding in document["findings"]:
        found.setdefault(finding["endpoint"], {})[finding["check"]] = finding["status"]
    return found


def test_every_host_is_found_in_the_state_it_was_built_with(rig: Rig, first: Document) -> None:
    found = statuses(first)
    wrong = []
    for host, truth in rig.truth.items():
        for check, status in found[host].items():
            expected = truth.checks.get(check, truth.rest)
            if expected is not None and status != expected:
                said = next(f for f in first["findings"] if (f["endpoint"], f["check"]) == (host, check))
                wrong.append(f"{host}: {check} is {status}, not {expected}: {said['measured']} / {said['reason']}")
    assert not wrong, "\n".join(wrong)


def test_what_cannot_be_reached_is_named_by_kind_with_a_next_step(rig: Rig, first: Document) -> None:
    failures = {entry["name"]: entry["failure"] for entry in first["endpoints"]}
    for host, truth in rig.truth.items():
        failure = failures[host]
        assert (failure and failure["kind"]) == truth.failure, f"{host}: {failure}"
        if failure:
            assert failure["message"]
            assert failure["next_step"]


def test_no_host_that_could_not_be_read_passes_anything(rig: Rig, first: Document) -> None:
    found = statuses(first)
    for entry in first["endpoints"]:
        if not entry["seen"]:
            assert set(found[entry["name"]].values()) == {"unknown"}


def test_findings_are_endpoints_times_checks(first: Document) -> None:
    pairs = Counter((finding["endpoint"], finding["check"]) for finding in first["findings"])
    checks = [check for check, line in first["standard"]["content"]["checks"].items() if "asked_with" not in line]
    assert set(pairs) == {(entry["name"], check) for entry in first["endpoints"] for check in checks}
    assert set(pairs.values()) == {1}


def test_the_document_fits_its_schema(first: Document, second: Document) -> None:
    validator = jsonschema.Draft202012Validator(schema())
    validator.validate(first)
    validator.validate(second)


def test_two_audits_of_unchanged_hosts_differ_in_times_and_ids_only(first: Document, second: Document) -> None:
    def settled(document: Document) -> list[dict[str, Any]]:
        """Findings without what a clock gives: when, and the hash of answers that hold a time."""
        times = ("observed_at", "observations", "first_seen")
        return [{key: value for key, value in finding.items() if key not in times} for finding in document["findings"]]

    assert settled(first) == settled(second)
    assert first["scorecard"] == second["scorecard"]
    assert first["standard"] == second["standard"]
    assert first["id"] != second["id"]


def test_rights_and_accounts_are_told(rig: Rig, first: Document) -> None:
    for entry in first["endpoints"]:
        if entry["seen"]:
            assert entry["privileged"] is rig.truth[entry["name"]].privileged, entry["name"]
            assert entry["account"].startswith(rig.endpoint(entry["name"]).credential.user or "?")  # type: ignore[union-attr]  # every host of the rig has one


def test_reports_are_written_and_can_be_written_again(first: Document, place: Path) -> None:
    assert {path.suffix for path in (place / "first").iterdir()} == {".html", ".xlsx", ".json"}
    done = scorecard("report", first["id"][:8], "--format", "json", "--out", place / "again", home=place / "home")
    assert done.returncode == 0, done.stderr
    again = json.loads((place / "again" / "audit.json").read_text(encoding="utf-8"))
    assert again == {key: value for key, value in first.items() if key != "observations"}


def test_the_history_lists_both(first: Document, second: Document, place: Path) -> None:
    done = scorecard("history", "--json", home=place / "home")
    assert [entry["id"] for entry in json.loads(done.stdout)] == [first["id"], second["id"]]


def test_a_recorded_audit_can_be_replayed_to_the_same_findings(first: Document, place: Path) -> None:
    """The raw answers travel with the document: judged again they give the same statuses, with no host asked."""
    names = [entry["name"] for entry in first["endpoints"] if entry["seen"] and not entry["failure"]]
    lines = ["client: replayed", "endpoints:"]
    for name in names:
        lines += [f"  - name: {name}", "    transport: replay", f"    address: {place / 'first' / 'audit.json'}"]
        lines += ["    platform: linux", "    role: server"]
    inventory = place / "replay.yaml"
    inventory.write_text("\n".join(lines), encoding="utf-8")
    done = scorecard("audit", inventory, "--json", home=place / "replay-home")
    assert done.returncode == 0, done.stderr
    replayed, before = statuses(json.loads(done.stdout)), statuses(first)
    assert replayed == {name: before[name] for name in names}
