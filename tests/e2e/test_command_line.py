"""Every command and option once, through a process of its own, on recorded machines and on ports where nobody listens."""

from __future__ import annotations

import csv
import json
import os
import re
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from scorecard import __version__
from scorecard.document import schema
from tests.e2e.commands import scorecard
from tests.e2e.recordings import WELL, inventory, refusing, replayed

Document = dict[str, Any]
POOR = (*WELL, "patching/linux/apt-missing-long")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("commands")


@pytest.fixture(scope="module")
def home(place: Path) -> Path:
    return place / "home"


@pytest.fixture(scope="module")
def well(place: Path) -> Path:
    """An inventory of one machine in good order."""
    return inventory(place / "well.yaml", "Well Ltd", [replayed(place / "machines", "web1")])


@pytest.fixture(scope="module")
def mixed(place: Path, well: Path) -> Path:
    """One in good order, one without security updates for long, one that cannot be reached."""
    endpoints = [
        replayed(place / "machines", "web1"),
        replayed(place / "machines", "db1", cases=POOR),
        refusing("gone1", role="workstation"),
    ]
    return inventory(place / "mixed.yaml", "Mixed & Sons", endpoints, time_zone="Europe/London")


@pytest.fixture(scope="module")
def audited(place: Path, home: Path, mixed: Path) -> subprocess.CompletedProcess[str]:
    """One audit, with everything written, that most tests here read from."""
    formats = "html,xlsx,json,csv"
    done = scorecard("audit", mixed, "--out", place / "out", "--format", formats, "--evidence", home=home)
    assert done.returncode == 3, done.stderr
    return done


@pytest.fixture(scope="module")
def document(audited: subprocess.CompletedProcess[str], place: Path) -> Document:
    found: Document = json.loads((place / "out" / "audit.json").read_text(encoding="utf-8"))
    return found


# --- audit ---------------------------------------------------------------------------------------------------------


def test_this_computer_is_audited_without_an_inventory(tmp_path: Path) -> None:
    done = scorecard("audit", "--local", "--out", tmp_path / "out", home=tmp_path / "home")
    assert done.returncode == 0, done.stderr
    files = {path.suffix: path for path in (tmp_path / "out").iterdir()}
    assert set(files) == {".html", ".xlsx", ".json"}
    for path in (*files.values(), tmp_path / "home" / "history.db"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    written = json.loads(files[".json"].read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema()).validate(written)
    (machine,) = written["endpoints"]
    assert machine["seen"]
    assert machine["name"] == socket.gethostname()
    assert written["client"] == "This computer"
    letter = written["scorecard"]["letter"]
    assert f"This computer: {f'grade {letter}' if letter else 'no grade'}" in done.stdout
    assert all(str(path) in done.stdout for path in files.values())
    assert f"[1/1] {machine['name']}: " in done.stderr


def test_the_summary_says_grade_answers_and_who_was_not_seen(audited: subprocess.CompletedProcess[str]) -> None:
    said = audited.stdout
    assert re.search(r"(?m)^Mixed & Sons: grade [A-F].* \([0-9.]+ of 100\), 2 of 3 machines checked$", said)
    assert re.search(r"(?m)^  No +all the updates that matter\? +1 of 3\n +falling short: db1; not known: gone1$", said)
    assert "Not seen: 1" in said
    assert "gone1: 127.0.0.1 port 1 refused the connection." in said
    assert max(len(line) for line in said.splitlines() if "/" not in line) <= 80
    assert audited.stderr.splitlines()[0] == "Mixed & Sons: asking 3 endpoints"
    assert sorted(line[:6] for line in audited.stderr.splitlines()[1:]) == ["[1/3] ", "[2/3] ", "[3/3] "]


def test_the_files_are_the_owners_and_the_document_fits_its_schema(document: Document, place: Path) -> None:
    files = list((place / "out").iterdir())
    assert {path.suffix for path in files} == {".html", ".xlsx", ".json", ".csv"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    jsonschema.Draft202012Validator(schema()).validate(document)
    assert document["time_zone"] == "Europe/London"
    assert set(document["observations"]) == {"web1", "db1"}  # --evidence
    table = next(path for path in files if path.suffix == ".csv").read_text(encoding="utf-8-sig")
    assert len(list(csv.DictReader(table.splitlines()))) == len(document["findings"])


@pytest.mark.parametrize(("letter", "code"), [("A", 4), ("f", 3)])
def test_a_grade_below_the_wanted_one_wins_over_machines_not_seen(
    mixed: Path, home: Path, letter: str, code: int, audited: object
) -> None:
    done = scorecard("audit", mixed, "--json", "--fail-under", letter, home=home)
    assert done.returncode == code, done.stderr


def test_json_alone_puts_the_document_on_standard_output_and_nothing_else(
    well: Path, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    elsewhere = tmp_path / "elsewhere.db"
    done = scorecard(
        "audit", well, "--json", "--evidence", "--fail-under", "a", "--store", f"sqlite:///{elsewhere}", home=tmp_path / "h"
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    jsonschema.Draft202012Validator(schema()).validate(found)
    assert found["scorecard"]["letter"] == "A"
    assert set(found["observations"]) == {"web1"}
    # The store, the lock of the client's audit beside it, and no report.
    assert sorted(re.sub(r"[0-9a-f]{16}", "#", path.name) for path in tmp_path.iterdir()) == [
        "elsewhere.db",
        "elsewhere.db.#.lock",
    ]
    assert "Well Ltd: grade A (100.0 of 100), 1 of 1 machine checked" in done.stderr


def test_a_limited_audit_gives_findings_and_no_grade(mixed: Path, place: Path, audited: object) -> None:
    home = place / "limit-home"
    done = scorecard("audit", mixed, "--limit", "d*", "--json", home=home)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [entry["name"] for entry in found["endpoints"]] == ["db1"]
    assert {finding["endpoint"] for finding in found["findings"]} == {"db1"}
    assert found["scorecard"]["letter"] is None
    assert found["scope"] == "--limit d*"
    refused = scorecard("audit", mixed, "--limit", "d*", "--fail-under", "C", home=home)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "--fail-under needs a grade" in refused.stderr
    nobody = scorecard("audit", mixed, "--limit", "mail*", home=home)
    assert (nobody.returncode, nobody.stdout) == (2, "")
    assert nobody.stderr == "scorecard: --limit mail*: no endpoint of Mixed & Sons fits by name, site or tag\n"


def test_a_limit_leaves_out_clients_without_a_fitting_endpoint(tmp_path: Path) -> None:
    machines = [replayed(tmp_path / "machines", name) for name in ("web1", "db1")]
    content = {"clients": [{"client": machine["name"], "endpoints": [machine]} for machine in machines]}
    file = tmp_path / "inventory.yaml"
    file.write_text(json.dumps(content), encoding="utf-8")
    done = scorecard("audit", file, "--limit", "d*", "--json", home=tmp_path / "home")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["client"] == "db1"
    nobody = scorecard("audit", file, "--limit", "x*", home=tmp_path / "home")
    assert nobody.stderr == "scorecard: --limit x*: no endpoint of web1, db1 fits by name, site or tag\n"


def test_a_dry_run_contacts_nobody_and_resolves_no_secret(tmp_path: Path) -> None:
    trace = tmp_path / "resolved"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        endpoint = {**refusing("web1"), "port": listener.getsockname()[1]}
        credentials = {
            "one": {"user": "audit", "password": {"command": ["/bin/touch", str(trace)]}},
            "two": {"user": "audit", "password": "env:SCORECARD_TEST_NOT_SET"},
        }
        listed = [{**endpoint, "credential": "one"}, {**endpoint, "name": "web2", "credential": "two"}]
        file = inventory(tmp_path / "inventory.yaml", "Acme", listed, credentials=credentials)
        done = scorecard("audit", file, "--dry-run", home=tmp_path / "home")
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert done.returncode == 0, done.stderr
    assert f"  web1  ssh 127.0.0.1:{endpoint['port']}  linux, server" in done.stdout
    assert "Acme: 2 endpoints would be asked; nothing is contacted now" in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["inventory.yaml"]  # no history, no report, no secret


def test_an_edited_standard_judges_and_is_said_to_be_edited(well: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shown = scorecard("standards", "show", "it-partner", home=home)
    mine = tmp_path / "mine.yaml"
    mine.write_text(
        shown.stdout.replace("name: it-partner", "name: ours", 1).replace("A: 90", "A: 99", 1), encoding="utf-8"
    )
    done = scorecard("audit", well, "--standard", mine, "--json", home=home)
    assert done.returncode == 0, done.stderr
    standard = json.loads(done.stdout)["standard"]
    assert (standard["name"], standard["edited"], standard["content"]["letters"]["A"]) == ("ours", True, 99)
    mine.write_text(shown.stdout, encoding="utf-8")
    same = json.loads(scorecard("audit", well, "--standard", mine, "--json", home=home).stdout)["standard"]
    assert (same["name"], same["edited"]) == ("it-partner", False)


def test_clients_of_one_run_get_a_folder_each_and_one_can_be_chosen(place: Path, tmp_path: Path) -> None:
    home, machine = tmp_path / "home", replayed(tmp_path / "machines", "web1")
    names = ["Müller & Co", "muller co", "東京商事", "大阪商事"]
    content = {"clients": [{"client": name, "endpoints": [machine]} for name in names]}
    file = tmp_path / "inventory.yaml"
    file.write_text(json.dumps(content), encoding="utf-8")
    done = scorecard("audit", file, "--out", tmp_path / "out", "--format", "json", home=home)
    assert done.returncode == 0, done.stderr
    folders = list((tmp_path / "out").iterdir())
    assert len(folders) == len(names)
    assert {json.loads((folder / "audit.json").read_text(encoding="utf-8"))["client"] for folder in folders} == set(names)
    one = scorecard("audit", file, "--client", "東京商事", "--json", home=home)
    assert json.loads(one.stdout)["client"] == "東京商事"
    both = scorecard("audit", file, "--json", home=home)
    assert (both.returncode, both.stdout) == (2, "")
    assert "4 clients; choose one with --client" in both.stderr
    nobody = scorecard("audit", file, "--client", "Nobody", home=home)
    assert (nobody.returncode, nobody.stdout) == (2, "")
    assert "Nobody" in nobody.stderr


def test_who_left_the_inventory_stays_expected_until_retired(tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "machines"
    web1, web2 = replayed(folder, "web1"), replayed(folder, "web2")
    first = scorecard("audit", inventory(tmp_path / "a.yaml", "Acme", [web1, web2]), "--json", home=home)
    assert first.returncode == 0, first.stderr
    left = scorecard("audit", inventory(tmp_path / "b.yaml", "Acme", [web1]), "--json", home=home)
    assert left.returncode == 3, left.stderr
    entries = {entry["name"]: entry for entry in json.loads(left.stdout)["endpoints"]}
    assert (entries["web2"]["seen"], entries["web2"]["expected_because"]) == (False, "seen before")
    assert "is no longer in the inventory" in entries["web2"]["failure"]["message"]
    assert "retired" in entries["web2"]["failure"]["next_step"]
    retired = [{"name": "web2", "on": "2026-11-01", "reason": "Replaced by web1"}]
    done = scorecard("audit", inventory(tmp_path / "c.yaml", "Acme", [web1], retired=retired), "--json", home=home)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [entry["name"] for entry in found["endpoints"]] == ["web1"]
    assert found["retired"] == retired


# --- report, history -----------------------------------------------------------------------------------------------


def test_reports_are_written_again_by_id_by_client_by_file_and_of_the_newest(
    document: Document, well: Path, place: Path, home: Path, tmp_path: Path
) -> None:
    plain = {key: value for key, value in document.items() if key != "observations"}
    by_id = scorecard("report", document["id"][:10], "--out", tmp_path / "id", "--format", "csv,json", home=home)
    assert by_id.returncode == 0, by_id.stderr
    again = (tmp_path / "id" / "audit.json").read_text(encoding="utf-8")
    assert json.loads(again) == plain
    (table,) = (tmp_path / "id").glob("*.csv")
    assert by_id.stdout.splitlines() == [str(table), str(tmp_path / "id" / "audit.json")]
    assert table.read_bytes() == next((place / "out").glob("*.csv")).read_bytes()
    kept = scorecard("report", document["id"], "--json", "--evidence", home=home)
    assert json.loads(kept.stdout) == document
    by_file = scorecard("report", place / "out" / "audit.json", "--json", home=tmp_path / "elsewhere")
    assert json.loads(by_file.stdout) == plain
    newer = json.loads(scorecard("audit", well, "--json", home=home).stdout)
    assert json.loads(scorecard("report", "--json", home=home).stdout)["id"] == newer["id"]
    by_client = json.loads(scorecard("report", "--client", "Mixed & Sons", "--json", home=home).stdout)
    assert by_client["client"] == "Mixed & Sons"
    missing = scorecard("report", "ffffffff", "--json", home=home)
    assert (missing.returncode, missing.stdout) == (2, "")
    assert missing.stderr == "scorecard: no finished audit 'ffffffff' in the store; `scorecard history` lists them\n"


def test_the_history_lists_audits_oldest_first(document: Document, home: Path, tmp_path: Path) -> None:
    entries = json.loads(scorecard("history", "--json", home=home).stdout)
    assert document["id"] in [entry["id"] for entry in entries]
    assert [entry["started_at"] for entry in entries] == sorted(entry["started_at"] for entry in entries)
    text = scorecard("history", "--client", "Mixed & Sons", home=home)
    head, *rows = text.stdout.splitlines()
    assert head.split()[:4] == ["Started", "(UTC)", "Audit", "Grade"]
    assert rows
    assert all(row.endswith("  Mixed & Sons") for row in rows)
    none = scorecard("history", home=tmp_path / "empty")
    assert (none.returncode, none.stdout) == (0, "")
    assert none.stderr == "No audits yet; `scorecard audit --local` makes the first.\n"


# --- what is asked -------------------------------------------------------------------------------------------------


def test_what_probes_show_prints_is_what_is_sent_but_for_the_marker(tmp_path: Path) -> None:
    sent = tmp_path / "sent"
    shell = tmp_path / "bin" / "sh"
    shell.parent.mkdir()
    shell.write_text(f'#!/bin/sh\n/bin/cat >"{sent}"\n', encoding="utf-8")
    shell.chmod(0o755)
    path = {"PATH": f"{shell.parent}{os.pathsep}{os.environ['PATH']}"}
    done = scorecard("audit", "--local", "--out", tmp_path / "out", home=tmp_path / "home", environment=path)
    assert done.returncode == 3, done.stderr
    shown = scorecard("probes", "show", home=tmp_path / "home")
    drawn, count = re.subn(r"(?m)^marker=scorecard-[0-9a-f]{32}$", "marker=M", sent.read_text(encoding="utf-8"))
    assert count == 1
    assert drawn == re.sub(r"(?m)^marker=scorecard-0{32}$", "marker=M", shown.stdout)


def test_probes_can_be_shown_by_platform_and_part(home: Path) -> None:
    linux = scorecard("probes", "show", "--platform", "linux", home=home).stdout
    assert "part patching.apt " in linux
    assert "softwareupdate" not in linux
    one = scorecard("probes", "show", "--platform", "linux", "--part", "patching.apt", home=home)
    assert re.match(r"# patching\.apt on linux: limit [0-9]+ s, [0-9]+ bytes", one.stdout)
    text = one.stdout.partition("\n")[2]
    assert text.replace("'", "'\\''") in linux
    missing = scorecard("probes", "show", "--part", "patching.nothing", home=home)
    assert (missing.returncode, missing.stdout) == (2, "")
    assert "no such part; there are " in missing.stderr


def test_checks_and_standards_and_data_are_told(home: Path) -> None:
    listed = json.loads(scorecard("checks", "list", "--json", home=home).stdout)
    names = [entry["id"] for entry in listed]
    assert "patching.security-updates" in names
    text = scorecard("checks", "list", home=home).stdout
    assert [line.split()[0] for line in text.splitlines()] == names
    shown = scorecard("checks", "show", "patching.security-updates", home=home).stdout
    for words in ("Severity in it-partner:", "critical", "pass_days = 14", "To fix"):
        assert words in shown
    missing = scorecard("checks", "show", "patching.nothing", home=home)
    assert (missing.returncode, missing.stdout) == (2, "")
    assert "\nit-partner  " in scorecard("standards", "list", home=home).stdout
    unknown = scorecard("standards", "show", "nothing", home=home)
    there_are = "cis-ig1, cyber-essentials, insurance, it-partner"
    assert (unknown.returncode, unknown.stderr) == (2, f"scorecard: nothing: no such standard; there are {there_are}\n")
    tables = json.loads(scorecard("data", "status", "--json", home=home).stdout)
    assert tables
    said = scorecard("data", "status", home=home).stdout
    assert all(f"{table['name']}: " in said and str(table["newest_as_of"]) in said for table in tables)


# --- the rest ------------------------------------------------------------------------------------------------------


def test_inventories_are_checked_and_described(mixed: Path, home: Path) -> None:
    done = scorecard("inventory", "check", mixed, home=home)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Mixed & Sons: 3 endpoints (")
    found = json.loads(scorecard("inventory", "check", "--json", mixed, home=home).stdout)
    assert found["ok"]
    assert found["clients"][0]["endpoints"] == 3
    printed = json.loads(scorecard("inventory", "schema", home=home).stdout)
    jsonschema.Draft202012Validator.check_schema(printed)
    jsonschema.Draft202012Validator(printed).validate(json.loads(mixed.read_text(encoding="utf-8")))


def test_the_doctor_walks_as_far_as_it_goes(mixed: Path, home: Path) -> None:
    here = scorecard("doctor", "local", home=home)
    assert here.returncode == 0, here.stdout + here.stderr
    assert [line.split()[0] for line in here.stdout.splitlines() if not line.startswith(" ")] == ["ok", "ok", "ok"]
    refused = scorecard("doctor", "gone1", "--inventory", mixed, home=home)
    assert refused.returncode == 3
    stops = [line for line in refused.stdout.splitlines() if line.startswith("STOP")]
    assert len(stops) == 1
    assert "refused" in stops[0]
    unknown = scorecard("doctor", "nobody", "--inventory", mixed, home=home)
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert unknown.stderr == f"scorecard: no endpoint 'nobody' in {mixed}\n"


def test_a_first_inventory_reads_well_and_never_replaces_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = scorecard("init", home=tmp_path / "home")
    assert done.returncode == 0, done.stderr
    first = (tmp_path / "inventory.yaml").read_bytes()
    checked = scorecard("inventory", "check", "inventory.yaml", home=tmp_path / "home")
    assert checked.returncode == 0, checked.stderr
    again = scorecard("init", home=tmp_path / "home")
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr == "scorecard: inventory.yaml: is there already; give another name\n"
    assert (tmp_path / "inventory.yaml").read_bytes() == first


def test_completion_scripts_are_printed_and_bash_completes_with_its_own(home: Path) -> None:
    for shell in ("bash", "zsh", "fish"):
        done = scorecard("completion", shell, home=home)
        assert done.returncode == 0, done.stderr
        assert f"_SCORECARD_COMPLETE={shell}_complete" in done.stdout
    complete = """
    eval "$(scorecard completion bash)"
    COMP_WORDS=(scorecard inv) COMP_CWORD=1
    _scorecard_completion scorecard inv scorecard
    echo "${COMPREPLY[@]}"
    COMPREPLY=() COMP_WORDS=(scorecard audit --dr) COMP_CWORD=2
    _scorecard_completion scorecard --dr audit
    echo "${COMPREPLY[@]}"
    """
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "SCORECARD_HOME": str(home)}
    done = subprocess.run(
        ["bash", "--norc", "-euc", complete], capture_output=True, text=True, env=environment, check=False, timeout=300
    )
    assert done.stdout.split() == ["inventory", "--dry-run"], done.stderr


def test_the_version_and_the_help_of_every_command(home: Path) -> None:
    assert scorecard("--version", home=home).stdout == f"scorecard, version {__version__}\n"
    helped = scorecard("--help", home=home).stdout
    commands = re.findall(r"(?m)^  ([a-z]+)  ", helped.partition("Commands:")[2])
    assert {"audit", "report", "history", "doctor"} <= set(commands)
    assert len(commands) >= 12
    for command in commands:
        done = scorecard(command, "--help", home=home)
        assert done.returncode == 0
        assert done.stdout.startswith(f"Usage: python -m scorecard {command} ")


@pytest.mark.parametrize("words", [["nonsense"], ["audit"], ["audit", "--local", "x.yaml"], ["audit", "--nonsense"], []])
def test_a_wrong_command_line_is_code_2_and_one_hint(words: list[str], home: Path) -> None:
    done = scorecard(*words, home=home)
    assert done.returncode == 2
    if words:
        assert done.stdout == ""
        assert done.stderr.splitlines()[-1].startswith("Error: ")
