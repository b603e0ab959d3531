"""`scorecard frameworks`: what a person reads in 80 columns, and what a program reads."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scorecard.cli.frameworks import frameworks
from scorecard.document_writing import dumps
from scorecard.errors import ScorecardError
from scorecard.frameworks import load, shipped
from scorecard.model import Role, Status
from scorecard.store import Store
from tests.fleet import REGISTRY, device, except_for, findings
from tests.unit.test_frameworks import ENCRYPTED, UPDATES, audit_of


def run(*arguments: str) -> Result:
    return CliRunner().invoke(frameworks, arguments, catch_exceptions=False)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCORECARD_HOME", str(tmp_path / "home"))


@pytest.fixture
def document(tmp_path: Path) -> str:
    """An audit of ten laptops, a server and one that is away: seven laptops open, the server without an update."""
    fleet = [device(f"laptop-{number:02}") for number in range(10)]
    fleet += [device("server", Role.SERVER), device("away", seen=False)]
    faults = {(f"laptop-{number:02}", ENCRYPTED): Status.FAIL for number in range(7)}
    made = audit_of(fleet, findings(fleet, except_for({**faults, ("server", UPDATES): Status.FAIL})))
    now = datetime.now(UTC)  # the command answers for today
    fresh = tuple(replace(one, observed_at=one.observed_at and now) for one in made.findings)
    path = tmp_path / "audit.json"
    path.write_text(dumps(replace(made, findings=fresh)), encoding="utf-8")
    return str(path)


def test_the_list_names_every_framework() -> None:
    lines = run("list").output.splitlines()
    assert [line.split()[0] for line in lines] == list(shipped())
    assert any(line.endswith("PCI DSS 4.0.1") for line in lines)
    found = json.loads(run("list", "--json").output)
    assert [entry["name"] for entry in found] == list(shipped())
    assert all(0 < entry["measured"] < entry["rows"] for entry in found)


@pytest.mark.parametrize("name", shipped())
def test_a_page_fits_80_columns(name: str, document: str) -> None:
    for arguments in (("show", name, document), ("show", name, document, "--all"), ("show", name, "--table")):
        lines = run(*arguments).output.splitlines()
        assert len(lines) > 20
        assert max(map(len, lines)) <= 80


def test_the_answers_for_an_insurer(document: str) -> None:
    text = " ".join(run("show", "insurance", document).output.split())
    assert "Usual questions of cyber insurers: Harbour & Finch, audit 5f1d0c2e of 2026-11-20" in text
    assert "No: 3 of 11 machines; short of it: laptop-00, laptop-01," in text
    assert "laptop-04: measured (disk-encryption.system-volume, fail) and 4 more; --all names them" in text
    assert "Not yet: 11 of 12 machines; not known: away." in text
    assert "Not measured by this tool: answer it yourself." in text
    assert "Yes" not in text.replace("Yes stands only", "")


def test_all_names_every_gap(document: str) -> None:
    text = " ".join(run("show", "insurance", document, "--all").output.split())
    assert "laptop-06: measured (disk-encryption.system-volume, fail)" in text
    assert "more; --all" not in text


def test_a_framework_is_supported_and_nothing_more(document: str) -> None:
    text = " ".join(run("show", "cis-controls", document).output.split())
    assert "Partly supported: 3 of 11 machines support it; short of it: laptop-00" in text
    assert "3.6 (IG1) Encrypt the data on end-user devices" in text
    assert "Supported: 1 of 1 machine supports it." in text  # 3.11, on the one server
    assert "6 not measured" in text


def test_programs_get_everything(document: str) -> None:
    found = json.loads(run("show", "insurance", document, "--json").output)
    assert (found["client"], found["fresh_days"], found["scope"], found["kind"]) == ("Harbour & Finch", 30, "", "questions")
    rows = {row["id"]: row for row in found["rows"]}
    encryption = rows["device-encryption"]
    assert (encryption["state"], encryption["of"], encryption["met"]) == ("partly", 11, 3)
    assert len(encryption["gaps"]) == 7 + 2  # two checks on the one that is away
    assert encryption["gaps"][0] == {
        "endpoint": "laptop-00",
        "check": ENCRYPTED,
        "why": "fail",
        "said": "measured",
        "until": None,
    }
    assert encryption["source"].startswith("Coalition")
    assert rows["training"]["state"] == "not-measured"


def test_the_table_needs_no_audit() -> None:
    text = " ".join(run("show", "cyber-essentials", "--table").output.split())
    assert "Supported by patching.security-updates, patching.sources-fresh, os-support.supported" in text
    assert "With pass_days of patching.security-updates at most 14" in text
    assert "Source: Cyber Essentials question set Danzell, A6.4" in text
    found = json.loads(run("show", "cyber-essentials", "--table", "--json").output)
    assert found == load("cyber-essentials", REGISTRY.checks).model_dump(mode="json")


def test_without_an_audit_the_newest_of_the_store_answers(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'history.db'}"
    store = Store.open(url)
    laptop = device("laptop")
    for number, (client, status) in enumerate((("Acme", Status.FAIL), ("Bolt", Status.PASS))):
        started = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2 - number)
        made = audit_of([laptop], findings([laptop], except_for({("laptop", ENCRYPTED): status})))
        found = tuple(replace(one, observed_at=started) for one in made.findings)
        store.begin(f"audit{number}", client, started, "")
        store.finish(replace(made, id=f"audit{number}", client=client, started_at=started, findings=found))
    store.close()
    said = {
        arguments: " ".join(run("show", "insurance", *arguments, "--store", url).output.split())
        for arguments in ((), ("--client", "Acme"), ("audit0",))
    }
    assert "Bolt, audit audit1" in said[()]
    assert "encrypted? Yes: 1 of 1 machine." in said[()]
    assert said[("--client", "Acme")] == said[("audit0",)]
    assert "encrypted? No: 0 of 1 machine; short of it: laptop." in said[("audit0",)]


def test_a_table_and_an_audit_do_not_go_together(document: str) -> None:
    done = run("show", "hipaa", document, "--table")
    assert done.exit_code == 2
    assert "--table shows the framework alone" in done.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "iso-27001"), "no such framework; expected cis-controls"),
        (("show", "hipaa"), "no finished audit in the store"),
        (("show", "hipaa", "ab12"), "no finished audit 'ab12' in the store"),
        (("show", "hipaa", "nowhere.json"), "nowhere.json: cannot be read"),
    ],
)
def test_what_is_not_there_is_one_clear_line(arguments: tuple[str, ...], said: str) -> None:
    with pytest.raises(ScorecardError) as caught:
        run(*arguments)
    assert said in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
