"""What users, disks and hostile machines can get wrong: one clear line, the right code, nothing lost, nothing half."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scorecard.registry import Registry
from tests.e2e.commands import scorecard
from tests.e2e.recordings import HOST, inventory, raw_reply, refusing, replayed
from tests.rig.required import cannot_run

CLEAR = re.compile(r"[\x20-\x7e\u00a0-\U0010ffff\n]*")


def refused(done: subprocess.CompletedProcess[str], *words: str, code: int = 2) -> list[str]:
    """Nothing on standard output, only lines of ours on standard error, all the words among them; returns the lines."""
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    lines = done.stderr.splitlines()
    assert lines
    assert all(line.startswith("scorecard: ") for line in lines), done.stderr
    for word in words:
        assert word in done.stderr
    assert CLEAR.fullmatch(done.stderr)
    return lines


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return inventory(tmp_path / "good.yaml", "Acme", [replayed(tmp_path / "machines", "web1")])


# --- what is given ---------------------------------------------------------------------------------------------------

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
    refused(scorecard("audit", good, "--format", "nonsense", home=home), "expected a list of csv, html, json, xlsx")
    refused(scorecard("audit", good, "--dry-run", "--format", ",", home=home), "expected a list of csv, html, json, xlsx")
    refused(scorecard("report", "--format", "pdf", home=home), "--format pdf: no such format")
    refused(scorecard("audit", good, "--standard", "nobody", home=home), "nobody")
    assert not home.exists()


# --- check modules ---------------------------------------------------------------------------------------------------

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


# --- stores ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", "expected a URL such as sqlite:////path/history.db"),
        ("redis://localhost/1", "expected a URL such as"),
        ("postgresql://me:swordfish@localhost:port/db", "expected a URL such as"),
        ("sqlite:////dev/null/history.db", "cannot be opened"),
        ("sqlite:////proc/none/history.db", "cannot be opened"),
    ],
)
def test_a_store_that_is_none_is_told_before_contact(url: str, words: str, good: Path, tmp_path: Path, home: Path) -> None:
    done = scorecard("audit", good, "--store", url, "--out", tmp_path / "out", home=home)
    refused(done, "scorecard: store ", words)
    assert "swordfish" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_damaged_store_is_told_and_left_as_it_is(good: Path, tmp_path: Path, home: Path) -> None:
    home.mkdir()
    damaged = home / "history.db"
    damaged.write_bytes(b"not a database at all, but somebody may want it back" * 100)
    before = damaged.read_bytes()
    for command in (["audit", good, "--out", tmp_path / "out"], ["history"], ["report"]):
        refused(scorecard(*command, home=home), "file is not a database", "--store")
    assert damaged.read_bytes() == before
    assert not (tmp_path / "out").exists()


def test_what_is_damaged_inside_a_store_is_one_line(good: Path, tmp_path: Path, home: Path) -> None:
    assert scorecard("audit", good, "--json", home=home).returncode == 0
    with sqlite3.connect(home / "history.db") as database:
        database.execute("update audits set document = x'00ff00ff'")
        database.execute("update observations set text = x'00ff00ff'")
    database.close()
    refused(scorecard("report", home=home), "the store is damaged", code=1)


def test_a_locked_store_is_told_before_contact(good: Path, tmp_path: Path, home: Path) -> None:
    assert scorecard("audit", good, "--json", home=home).returncode == 0
    database = sqlite3.connect(home / "history.db", isolation_level=None)
    database.execute("begin exclusive")
    try:
        done = scorecard("audit", good, "--out", tmp_path / "out", home=home)
    finally:
        database.execute("rollback")
        database.close()
    assert (done.returncode, done.stdout) == (2, "")
    assert re.search(r"(?m)^scorecard: store .*: database is locked; .* try again", done.stderr), done.stderr
    assert not (tmp_path / "out").exists()
    assert len(json.loads(scorecard("history", "--json", home=home).stdout)) == 1


# --- writing ---------------------------------------------------------------------------------------------------------


def test_a_folder_that_cannot_be_written_to_is_told_before_contact(good: Path, tmp_path: Path, home: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine", encoding="utf-8")
    for out in (file / "inside", Path("/proc/none"), Path("/dev/null/x")):
        refused(scorecard("audit", good, "--out", out, home=home), f"scorecard: {out}: cannot be ")
    taken = scorecard("audit", good, "--out", file, home=home)
    assert taken.returncode == 2
    assert "is a file" in taken.stderr
    assert file.read_text(encoding="utf-8") == "mine"
    assert not home.exists()


def test_reports_that_cannot_be_written_cost_one_client_and_no_audit(tmp_path: Path, home: Path) -> None:
    """A folder stands where a file must go. The older files stay, the other client's come, the store has both."""
    machine = replayed(tmp_path / "machines", "web1")
    file, out = tmp_path / "inventory.yaml", tmp_path / "out"
    file.write_text(json.dumps({"clients": [{"client": name, "endpoints": [machine]} for name in ("A", "B")]}))
    (out / "a" / "audit.json").mkdir(parents=True)
    (out / "a" / "older.html").write_text("older", encoding="utf-8")
    done = scorecard("audit", file, "--out", out, "--format", "json", home=home)
    assert done.returncode == 1
    assert "audit.json: cannot be written: Is a directory" in done.stderr
    kept = re.search(r"the audit of A is kept in the store; `scorecard report ([0-9a-f]{8})`", done.stderr)
    assert kept
    assert sorted(path.name for path in (out / "a").iterdir()) == ["audit.json", "older.html"]
    assert json.loads((out / "b" / "audit.json").read_text(encoding="utf-8"))["client"] == "B"
    again = scorecard("report", kept[1], "--json", home=home)
    assert json.loads(again.stdout)["client"] == "A"


_SMALL_DISK = """
mount -t tmpfs -o size=$1 tmpfs "$2"
shift 2
"$@"
code=$?
find "$OUT" -type f -printf '%f %s %m\\n' >"$LISTING"
exit $code
"""


def on_small_disk(
    size: str, place: Path, *arguments: str | Path, home: Path
) -> tuple[subprocess.CompletedProcess[str], str]:
    """Run the command line with a small disk at `place`, and list what is on it at the end: name, size, mode."""
    if os.geteuid() != 0 or sys.platform != "linux":
        cannot_run("a small disk needs root on Linux to be mounted")
    place.mkdir(exist_ok=True)
    listing = place.parent / "listing"
    command = [sys.executable, "-P", "-m", "scorecard", *map(str, arguments)]
    done = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-uc", _SMALL_DISK, "sh", size, str(place), *command],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "SCORECARD_HOME": str(home), "NO_COLOR": "1", "OUT": str(place), "LISTING": str(listing)},
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert listing.exists(), done.stderr
    return done, listing.read_text(encoding="utf-8")


@pytest.mark.rig
@pytest.mark.parametrize("form", ["json", "html", "xlsx", "csv"])
def test_a_full_disk_leaves_nothing_half_written(form: str, good: Path, tmp_path: Path, home: Path) -> None:
    done, listing = on_small_disk(
        "4k", tmp_path / "out", "audit", good, "--out", tmp_path / "out", "--format", form, home=home
    )
    assert done.returncode == 1, done.stderr
    assert "cannot be written: No space left on device" in done.stderr
    assert "the audit of Acme is kept in the store" in done.stderr
    assert not [line for line in done.stderr.splitlines() if not line.startswith(("scorecard: ", "Acme: ", "[1/1] "))]
    assert listing == ""
    assert "Acme: grade A" in done.stdout
    assert len(json.loads(scorecard("history", "--json", home=home).stdout)) == 1


@pytest.mark.rig
def test_a_full_disk_under_the_store_is_one_line(good: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    done, _ = on_small_disk("220k", home, "audit", good, "--json", home=home)
    assert done.returncode in (1, 2), done.stderr
    assert done.stdout == ""
    assert "scorecard: store " in done.stderr
    assert "make room and try again" in done.stderr or "see whether the disk is full" in done.stderr


def test_output_that_nobody_takes_is_no_crash(good: Path, home: Path) -> None:
    assert scorecard("audit", good, "--json", home=home).returncode == 0
    command = [sys.executable, "-P", "-m", "scorecard", "report", "--json", "--evidence"]
    environment = {**os.environ, "SCORECARD_HOME": str(home)}
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, env=environment, check=False)
    assert (done.returncode, done.stderr) == (1, "scorecard: the output cannot be written: No space left on device\n")
    piped = ["bash", "-c", '"$@" | true; exit "${PIPESTATUS[0]}"', "bash", *command]
    done = subprocess.run(piped, capture_output=True, text=True, env=environment, check=False)
    assert done.stderr == ""
    assert done.returncode == 1
    plain = subprocess.run(command, capture_output=True, env={**environment, "PYTHONIOENCODING": "ascii"}, check=False)
    assert plain.returncode == 0, plain.stderr
    assert json.loads(plain.stdout)["client"] == "Acme"


# --- what machines answer --------------------------------------------------------------------------------------------

MARKER = "scorecard-" + "0" * 32
_HOSTILE = (
    "=cmd|'/C calc'!A1",
    "+1+1",
    "@SUM(1)",
    "-2+3",
    "<script>alert(1)</script>",
    "{{7*7}}",
    "../../../../tmp/escape",
    "/etc/passwd",
    "[red]x[/red]",
    "x" * 255,
    "a\\b",
    "%2e%2e%2f",
    "Ünïcødé 名前",
)


def frame(part: str, payload: bytes, end: str = "0 1 whole") -> bytes:
    lines = b"".join(b"|" + line + b"\n" for line in payload.split(b"\n"))
    return f"{MARKER} begin {part}\n".encode() + lines + f"{MARKER} end {part} {end}\n".encode()


def host(**changes: str) -> bytes:
    return "\n".join(f"{key}={value}" for key, value in {**HOST, **changes}.items()).encode("utf-8", "surrogateescape")


def test_hostile_names_stay_inside_the_folder_and_harm_no_file(tmp_path: Path, home: Path) -> None:
    machines = [{**replayed(tmp_path / "machines", name), "site": name, "owner": name} for name in _HOSTILE]
    sites: dict[str, None] = dict.fromkeys(_HOSTILE)
    clients = [
        {"client": name, "sites": sites, "endpoints": machines if index == 0 else machines[:1]}
        for index, name in enumerate(_HOSTILE[:9])
    ]
    file, out = tmp_path / "inventory.yaml", tmp_path / "deep" / "out"
    file.write_text(json.dumps({"clients": clients}), encoding="utf-8")
    around = {path for path in tmp_path.rglob("*") if path.is_file()}
    done = scorecard("audit", file, "--out", out, "--format", "json,csv,html", home=home)
    assert done.returncode == 0, done.stderr
    assert CLEAR.fullmatch(done.stdout + done.stderr)
    new = {path for path in tmp_path.rglob("*") if path.is_file()} - around
    assert all(path.is_relative_to(out) or path.is_relative_to(home) for path in new)
    assert len(list(out.iterdir())) == len(clients)
    assert all(re.fullmatch(r"[a-z0-9-]+", folder.name) for folder in out.iterdir())
    assert not Path("/tmp/escape").exists()
    for page in out.rglob("*.html"):
        assert "<script>alert" not in page.read_text(encoding="utf-8")


def test_hostile_and_broken_answers_cost_only_their_own_findings(tmp_path: Path, home: Path) -> None:
    folder = tmp_path / "machines"
    parts = [probe.part for probe in Registry.load().probes() if probe.platform == "linux"]
    ansi = b"\x1b[2J\x1b]0;owned\x07\x9b31m" + b"\xff\xfe" + "日本語 ‮ Zugriff verweigert".encode()

    def reply(name: str, payload: bytes, first: bytes = host(), tail: bytes | None = None) -> dict[str, Any]:
        body = frame("engine.host", first) + b"".join(frame(part, payload) for part in dict.fromkeys(parts))
        done = f"{MARKER} done {len(dict.fromkeys(parts)) + 1}\n".encode()
        return raw_reply(folder, name, body + (done if tail is None else tail))

    names = {
        "garbage": reply("garbage", bytes(range(256)).replace(b"\n", b"") * 20),
        "ansi": reply("ansi", ansi, first=host(**{"os-release: PRETTY_NAME": '"\x1b[31mRed\x07 ‮Hat"', "hostname": "<b>x"})),
        "foreign": reply("foreign", "Zugriff verweigert: 権限がありません".encode()),
        "oversize": reply("oversize", b"x" * 300_000),
        "cut": reply("cut", b"half", tail=f"{MARKER} begin patching.late\n|half a".encode()),
        "silent": raw_reply(folder, "silent", b""),
        "noise": raw_reply(folder, "noise", ansi * 500),
        "binary": raw_reply(folder, "binary", bytes(range(256)) * 100),
        "nohost": raw_reply(folder, "nohost", frame("patching.apt", b"x") + f"{MARKER} done 1\n".encode()),
        "lying": raw_reply(
            folder, "lying", frame("engine.host", host()) + f"{MARKER} done 99999999999999999999\n".encode()
        ),
        "well": replayed(folder, "well"),
    }
    file = inventory(tmp_path / "inventory.yaml", "Acme", names.values())
    done = scorecard(
        *("audit", file, "--out", tmp_path / "out", "--format", "html,xlsx,json,csv", "--evidence", "--json"), home=home
    )
    assert done.returncode == 3, done.stderr
    assert CLEAR.fullmatch(done.stdout + done.stderr), "control characters reach a screen"
    assert "\u202e" not in done.stdout + done.stderr
    document = json.loads(done.stdout)
    statuses: dict[str, set[str]] = {name: set() for name in names}
    for finding in document["findings"]:
        statuses[finding["endpoint"]].add(finding["status"])
        assert finding["status"] != "unknown" or finding["reason"]
    assert statuses["well"] <= {"pass", "not-applicable"}
    for name in ("silent", "noise", "binary", "nohost", "lying"):
        assert statuses[name] - {"not-applicable"} == {"unknown"}, name  # a standard without a pattern asks for no name
    for finding in document["findings"]:
        garbled = finding["endpoint"] in ("garbage", "ansi", "foreign", "oversize", "cut")
        # What the machine is was told well in the host part, and with it the end of its support.
        if garbled and not finding["check"].startswith(("os-support.", "inventory.")):
            assert finding["status"] != "pass", finding
    entries = {entry["name"]: entry for entry in document["endpoints"]}
    assert {name for name, entry in entries.items() if not entry["seen"]} == {"silent", "noise", "binary", "nohost"}
    for entry in entries.values():
        assert entry["seen"] or (entry["failure"]["message"] and entry["failure"]["next_step"])
        assert CLEAR.fullmatch(json.dumps(entry, ensure_ascii=False))
    assert scorecard("report", "--json", home=home).returncode == 0


def test_recordings_that_are_missing_or_broken_are_named(tmp_path: Path, home: Path) -> None:
    folder = tmp_path / "machines"
    web1 = replayed(folder, "web1")
    broken = replayed(folder, "web2")
    (Path(str(broken["address"])) / "outcomes.yaml").write_bytes(b"\x00{{{")
    gone = {**web1, "name": "web3", "address": str(folder / "nowhere")}
    linked = folder / "web4"
    linked.mkdir()
    (linked / "patching.apt.txt").symlink_to("/etc/passwd")
    outside = {**web1, "name": "web4", "address": str(linked)}
    file = inventory(tmp_path / "inventory.yaml", "Acme", [web1, broken, gone, outside])
    done = scorecard("audit", file, "--json", "--evidence", home=home)
    assert done.returncode == 3, done.stderr
    entries = {entry["name"]: entry for entry in json.loads(done.stdout)["endpoints"]}
    assert [entries[name]["seen"] for name in ("web1", "web2", "web3", "web4")] == [True, False, False, False]
    assert "is not YAML" in entries["web2"]["failure"]["message"]
    assert "There is no recording of web3" in entries["web3"]["failure"]["message"]
    assert "leads out of the folder" in entries["web4"]["failure"]["message"]
    assert "root:" not in done.stdout


# --- audit documents -------------------------------------------------------------------------------------------------


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
