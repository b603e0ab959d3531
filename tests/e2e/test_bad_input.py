"""What users can give wrong: one clear line each, code 2, and nobody was contacted."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.clear import CLEAR, refused
from tests.e2e.commands import scorecard
from tests.e2e.modules import topic
from tests.e2e.recordings import inventory, refusing, replayed


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return inventory(tmp_path / "good.yaml", "Acme", [replayed(tmp_path / "machines", "web1")])


_MISTAKES = """\
client: Acme
colour: blue
credentials:
  one: {user: a, password: hunter2-swordfish}
endpoints:
  - {name: web1, credential: one}
  - {name: WEB1, credential: four}
  - {name: web2, adress: 192.0.2.1}
  - {name: "ring\\u0007"}
  - {name: "\\u202Eevil"}
"""


def test_every_mistake_of_an_inventory_is_a_line_with_file_line_and_key(tmp_path: Path, home: Path) -> None:
    file = tmp_path / "inventory.yaml"
    file.write_text(_MISTAKES, encoding="utf-8")
    done = scorecard("audit", file, "--out", tmp_path / "out", home=home)
    lines = refused(done)
    told = [
        (2, "colour", "expected one of client, "),
        (4, "credentials.one.password", "a plain secret stands here"),
        (7, "endpoints[WEB1].name", "already on line 6"),
        (7, "endpoints[WEB1].credential", "no credential named 'four'"),
        (8, "adress", "did you mean 'address'?"),
        (9, "name", "control or invisible characters"),
        (10, "name", "control or invisible characters"),
    ]
    for line, key, words in told:
        fits = [said for said in lines if said.startswith(f"scorecard: {file}:{line}: ") and key in said and words in said]
        assert len(fits) == 1, (line, key, done.stderr)
    assert len(lines) == len(told)
    assert "hunter2" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["inventory.yaml"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"client: A\nendpoints: [web1\n", ":2: this is not YAML"),
        (b"", "is empty"),
        (b"- 1\n", "expected"),
        (b"client: A\nendpoints: [\xff]\n", "UTF-8"),
        (b"client: " + b"x" * 1_000_000 + b"\nendpoints: [a]\n", ":1: client: expected a name of at most 255 characters"),
        (b"client: A\nendpoints: [a]\nx: " + b"[" * 5000, "nested more than 50 levels deep"),
        (b"a: &a [x,x,x]\nb: &b [*a,*a,*a]\nclient: *b\nendpoints: [*b]\n", "expected"),
        (b"\x1b[2J\x07: 1\nclient: A\nendpoints: [a]\n", ""),
    ],
    ids=["open bracket", "empty", "list", "not UTF-8", "huge line", "deep", "aliases", "escapes"],
)
def test_an_inventory_that_cannot_be_read_is_code_2(content: bytes, words: str, tmp_path: Path, home: Path) -> None:
    file = tmp_path / "inventory.yaml"
    file.write_bytes(content)
    refused(scorecard("audit", file, home=home), f"scorecard: {file}", words)
    assert not home.exists()


def test_what_is_no_file_is_told(tmp_path: Path, home: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    refused(scorecard("audit", folder, home=home), f"{folder}: this folder holds no file")
    refused(scorecard("audit", tmp_path / "none.yaml", home=home), "none.yaml: cannot be read: No such file or directory")
    refused(scorecard("audit", "/dev/zero", home=home), "/dev/zero: is larger than")
    pipe = tmp_path / "pipe"  # as a shell's <(…) gives it: read like a file, mistakes told by line
    os.mkfifo(pipe)
    writer = subprocess.Popen(["sh", "-c", 'printf "client: A\\nendpoints: [a, a]\\n" >"$1"', "sh", str(pipe)])
    refused(scorecard("audit", pipe, home=home), f"{pipe}:2: ", "already on line 2")
    assert writer.wait() == 0


def test_what_is_missing_to_log_in_is_told_for_all_clients_before_contact(tmp_path: Path, home: Path) -> None:
    loose = tmp_path / "loose"
    loose.write_text("swordfish-everybody\n", encoding="utf-8")
    loose.chmod(0o644)
    one = {
        "client": "One",
        "credentials": {
            "key": {"user": "a", "key_file": str(tmp_path / "no-key")},
            "unset": {"user": "a", "password": "env:SCORECARD_TEST_NOT_SET"},
        },
        "endpoints": [refusing("web1", credential="key"), refusing("web2", port=2, credential="unset")],
    }
    two = {
        "client": "Two",
        "credentials": {"loose": {"user": "a", "password": f"file:{loose}"}},
        "endpoints": [refusing("web3", port=3, credential="loose")],
    }
    file = tmp_path / "inventory.yaml"
    file.write_text(json.dumps({"clients": [one, two]}), encoding="utf-8")
    done = scorecard("audit", file, home=home)
    refused(done, "no-key cannot be read", "env:SCORECARD_TEST_NOT_SET", "chmod o-rwx", str(loose))
    assert "swordfish" not in done.stderr
    assert not home.exists()


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (("patching.security-updates:", "patching.nothing-such:"), "no check of this name is installed"),
        (("A: 90", "A: 50"), "expected A > B > C > D > 0"),
        (("A: 90", "A: ninety"), "letters.A"),
        (("letters: {", "letters: {{"), "keys are plain text"),
        (("fresh_days: 30", "fresh_days: 30\nfresh_dyas: 3"), "fresh_dyas"),
    ],
    ids=["unknown check", "bands", "not a number", "braces", "unknown key"],
)
def test_a_standard_with_mistakes_is_told_by_file_and_line(
    edit: tuple[str, str], words: str, good: Path, tmp_path: Path, home: Path
) -> None:
    text = scorecard("standards", "show", "it-partner", home=home).stdout
    assert edit[0] in text
    mine = tmp_path / "mine.yaml"
    mine.write_text(text.replace(*edit), encoding="utf-8")
    refused(scorecard("audit", good, "--standard", mine, home=home), f"scorecard: {mine}:", words)


def test_unknown_names_are_told_with_what_there_is(good: Path, home: Path) -> None:
    refused(scorecard("audit", good, "--format", "nonsense", home=home), "expected a list of csv, html, json, pdf, ")
    refused(scorecard("audit", good, "--dry-run", "--format", ",", home=home), "expected a list of csv, html, json, pdf, ")
    refused(scorecard("report", "--format", "docx", home=home), "--format docx: no such format")
    refused(scorecard("audit", good, "--standard", "nobody", home=home), "nobody")
    assert not home.exists()


def test_checks_of_others_are_asked_and_shown_and_not_graded(tmp_path: Path, home: Path) -> None:
    folder = topic(tmp_path / "coffee")
    levels = {"web1": "full", "web2": "empty", "web3": "crash"}
    machines = [replayed(tmp_path / "machines", name, parts={"coffee.level": said}) for name, said in levels.items()]
    file = inventory(tmp_path / "inventory.yaml", "Acme", machines)
    done = scorecard("audit", file, "--checks", folder, "--json", home=home)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    found = {f["endpoint"]: f for f in document["findings"] if f["check"] == "coffee.full"}
    assert {name: finding["status"] for name, finding in found.items()} == {
        "web1": "pass",
        "web2": "fail",
        "web3": "unknown",
    }
    assert "crashed" in found["web3"]["reason"]
    assert not any(finding["counts"] for finding in found.values())
    assert document["checks"]["coffee.full"]["graded"] is False
    assert (document["scorecard"]["score"], document["scorecard"]["letter"]) == (100, "A")
    shown = scorecard("checks", "show", "coffee.full", "--checks", folder, home=home)
    assert "Not graded by it-partner." in shown.stdout
    asked = scorecard("probes", "show", "--checks", folder, "--part", "coffee.level", home=home)
    assert asked.stdout == "# coffee.level on linux: limit 20 s, 262144 bytes\necho empty\n" or "echo empty" in asked.stdout


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rules": "def broken(:\n"}, "SyntaxError"),
        ({"init": "x = 1\n"}, "defines no TOPIC"),
        ({"facts": "import no_such_module_at_all\n"}, "no_such_module_at_all"),
        ({"linux": "echo no part\n"}, "no part found"),
        ({"linux": "#: part level limit=soon\n"}, "expected limit=SECONDS"),
        ({"rules": "1/0\n"}, "ZeroDivisionError"),
        ({"rules": "raise RuntimeError('boom')\n"}, "RuntimeError"),
    ],
    ids=["syntax", "no topic", "import", "no part", "option", "division", "runtime error"],
)
def test_a_broken_check_module_is_one_line(changes: dict[str, str], words: str, tmp_path: Path, good: Path) -> None:
    folder = topic(tmp_path / "coffee", **changes)
    lines = refused(scorecard("audit", good, "--checks", folder, home=tmp_path / "home"), "coffee", words)
    assert len(lines) == 1
    assert not (tmp_path / "home").exists()


def test_a_folder_without_checks_is_told(tmp_path: Path, good: Path, home: Path) -> None:
    (tmp_path / "nothing").mkdir()
    refused(scorecard("audit", good, "--checks", tmp_path / "nothing", home=home), "no check module here")
    refused(scorecard("audit", good, "--checks", tmp_path / "none", home=home), "no such folder of checks")


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    place = tmp_path_factory.mktemp("document")
    file = inventory(place / "inventory.yaml", "Acme", [replayed(place / "machines", "web1")])
    found: dict[str, Any] = json.loads(scorecard("audit", file, "--json", home=place / "home").stdout)
    return found


@pytest.mark.parametrize(
    "text",
    [b"", b"{}", b"[" * 100_000, b"\xff\xfe\x00", b'{"schema": "scorecard/audit/1"}', b'{"schema": "scorecard/audit/9"}'],
    ids=["empty", "object", "deep", "not UTF-8", "schema alone", "newer"],
)
def test_a_file_that_is_no_audit_is_one_line(text: bytes, tmp_path: Path, home: Path) -> None:
    file = tmp_path / "audit.json"
    file.write_bytes(text)
    lines = refused(scorecard("report", file, "--out", tmp_path / "out", home=home), f"scorecard: {file}: ")
    assert len(lines) == 1
    assert not (tmp_path / "out").exists()


def test_a_document_that_names_another_place_stays_in_its_folder(
    document: dict[str, Any], tmp_path: Path, home: Path
) -> None:
    file, out = tmp_path / "audit.json", tmp_path / "out"
    file.write_text(json.dumps({**document, "client": "../../" + "x\u202e\x1b" * 5000, "id": "../../id"}), encoding="utf-8")
    done = scorecard("report", file, "--out", out, "--format", "json,csv,html,xlsx", home=home)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["audit.json", "home", "out"]
    assert len(list(out.iterdir())) == 4
    assert CLEAR.fullmatch(done.stdout)


def test_an_older_report_stays_when_a_new_one_fails(document: dict[str, Any], tmp_path: Path, home: Path) -> None:
    file, out = tmp_path / "audit.json", tmp_path / "out"
    file.write_text(json.dumps(document), encoding="utf-8")
    first = scorecard("report", file, "--out", out, home=home)
    assert first.returncode == 0, first.stderr
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    file.write_text(json.dumps(document)[:-1000], encoding="utf-8")
    refused(scorecard("report", file, "--out", out, home=home), "this is not JSON")
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
