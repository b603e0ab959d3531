"""Documents that were cut, doctored or made up: every command says one clear line, or reports what is merely odd."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scorecard.cli import main
from tests.unit.bad_documents import Raw, pair, sealed

# AUDIT stands for the document, BEFORE and AFTER for the good ones of the same client, OUT for a folder.
COMMANDS = {
    "verify": ("verify", "AUDIT"),
    "compare with an older one": ("compare", "BEFORE", "AUDIT"),
    "compare with a newer one": ("compare", "--json", "AUDIT", "AFTER"),
    "plan": ("plan", "AUDIT"),
    "outlook": ("outlook", "AUDIT"),
    "report": ("report", "AUDIT", "--out", "OUT", "--format", "html,json,csv"),
    "frameworks": ("frameworks", "show", "insurance", "AUDIT", "--json"),
    "rejudge": ("rejudge", "AUDIT", "--standard", "cyber-essentials"),
}
_WITHOUT_STORE = ("verify",)
EVIL = "</script><script>alert(1)</script>\x1b[2J\x00\u202e\u2028=cmd|' /C calc'!A1"
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\u202e\u2028]")


@dataclass
class Desk:
    """Runs commands on documents in a folder of its own."""

    folder: Path
    before: str
    after: str
    capture: pytest.CaptureFixture[str]
    patch: pytest.MonkeyPatch

    def run(self, name: str, audit: Path) -> tuple[int, str, str]:
        """A crash is an exception here, and fails the test."""
        places = {
            "AUDIT": audit,
            "BEFORE": self.folder / "before.json",
            "AFTER": self.folder / "after.json",
            "OUT": self.folder / "out",
        }
        words = [str(places.get(word, word)) for word in COMMANDS[name]]
        store = [] if name in _WITHOUT_STORE else ["--store", f"sqlite:///{self.folder / 'history.db'}"]
        self.patch.setattr("sys.argv", ["scorecard", *words, *store])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = self.capture.readouterr()
        return int(ended.value.code or 0), out, err

    def refuse(self, name: str, audit: Path, said: str) -> None:
        there = self.files()
        code, out, err = self.run(name, audit)
        assert (code, out) == (2, ""), (name, code, out[:200], err[:200])
        assert err.startswith("scorecard: "), (name, err)
        assert err.count("\n") == 1, (name, err)
        assert said in err, (name, err)
        assert len(err) < 500, (name, err)
        assert self.files() == there, name

    def files(self) -> set[Path]:
        return {file for file in self.folder.rglob("*") if not file.name.startswith("history.db")}

    def write(self, text: str | bytes) -> Path:
        path = self.folder / "bad.json"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return pair(tmp_path_factory.mktemp("good"))


@pytest.fixture
def desk(
    tmp_path: Path, good: tuple[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Desk:
    monkeypatch.chdir(tmp_path)
    for name, text in zip(("before", "after"), good, strict=True):
        (tmp_path / f"{name}.json").write_text(text, encoding="utf-8")
    return Desk(tmp_path, *good, capsys, monkeypatch)


@pytest.mark.parametrize("name", [name for name in COMMANDS if "newer" not in name])
def test_a_good_document_is_taken(desk: Desk, name: str) -> None:
    code, out, err = desk.run(name, desk.folder / "after.json")
    assert (code, err) == (0, "")
    assert out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "this is not JSON"),
        (b"\xff\xfe{}", "it is not UTF-8 text"),
        (b"[]", "this is not an audit document"),
        (b'{"schema": "scorecard/audit/1"}', "is a required property"),
        (b'{"schema": "scorecard/audit/2", "quantum": true}', "so update the tool"),
        (b'{"schema": ["scorecard/audit/1"]}', "this is not an audit document"),
    ],
)
def test_what_is_no_document_is_refused_by_every_command(desk: Desk, text: bytes, said: str) -> None:
    for name in COMMANDS:
        desk.refuse(name, desk.write(text), said)


def test_a_file_that_is_not_there_or_a_folder(desk: Desk) -> None:
    (desk.folder / "folder.json").mkdir()
    for name in COMMANDS:
        desk.refuse(name, desk.folder / "none.json", "none.json")
        desk.refuse(name, desk.folder / "folder.json", "folder.json")


def test_one_that_was_cut_anywhere(desk: Desk) -> None:
    chance, names = random.Random(5), list(COMMANDS)
    for number in range(24):
        cut = desk.after[: chance.randrange(1, len(desk.after) - 3)]
        desk.refuse(names[number % len(names)], desk.write(cut), "this is not JSON")


def test_fifty_megabytes_of_nesting(desk: Desk) -> None:
    half = 25_000_000
    for name, start in zip(COMMANDS, ("", '{"schema": "scorecard/audit/1", "notes": '), strict=False):
        desk.refuse(name, desk.write(start + "[" * half + "]" * half), "this is not JSON")


def test_a_million_entries_of_nothing(desk: Desk) -> None:
    text = '{"schema": "scorecard/audit/1", "endpoints": [' + "{}," * 1_000_000 + "{}]}"
    desk.refuse("verify", desk.write(text), "is a required property")


@pytest.mark.parametrize("deep", [61, 400, 900])
def test_nesting_that_the_reader_still_takes(desk: Desk, deep: int) -> None:
    raw = json.loads(desk.after)
    nest: Any = 1
    for _ in range(deep):
        nest = [nest]
    raw["findings"][0]["evidence"] = {"nest": nest}
    desk.refuse("verify", desk.write(json.dumps(raw)), "more than 60 deep" if deep < 900 else "deep")


def content(raw: Raw) -> Raw:
    found: Raw = raw["standard"]["content"]
    return found


def put(*path: str | int, value: object) -> Callable[[Raw], None]:
    """Writes the value there."""

    def change(raw: Raw) -> None:
        within: Any = raw
        for step in path[:-1]:
            within = within[step]
        within[path[-1]] = value

    return change


def again(key: str, **other: object) -> Callable[[Raw], None]:
    """The first entry of a list once more."""

    def change(raw: Raw) -> None:
        raw[key].append({**copy.deepcopy(raw[key][0]), **other})

    return change


_STANDARD = ("standard", "content")
_WEIGHTS = {"critical": 0, "high": 0, "medium": 0, "low": 0}
REFUSED: dict[str, tuple[Callable[[Raw], None], str]] = {
    "a key of a newer version": (put("quantum", value={}), "'quantum' was unexpected"),
    "a finding twice": (again("findings"), "findings: disk-encryption.system-volume on LT-12 stands there twice"),
    "a finding twice, with two answers": (again("findings", measured="other"), "stands there twice"),
    "an endpoint twice": (again("endpoints"), "endpoints: lt-12 stands there twice"),
    "an endpoint twice, in capitals": (again("endpoints", name="lt-12"), "endpoints: lt-12 stands there twice"),
    "an exception twice": (again("exceptions"), "exceptions: isolated stands there twice"),
    "a finding on nobody": (again("findings", endpoint="nobody"), "that the document lacks"),
    "it ended before it began": (put("started_at", value="2099-01-01T00:00:00Z"), "before it began"),
    "the year 1": (put("as_of", value="0001-01-01T00:00:00Z"), "is not of the years 1970 to 2199"),
    "the year 9999": (put("client_since", value="9999-12-31T23:59:59Z"), "is not of the years 1970 to 2199"),
    "a thirteenth month": (put("as_of", value="2026-13-01T00:00:00Z"), "month must be in 1..12"),
    "an answer of the year 1": (put("findings", 0, "last", "observed_at", value="0001-01-01T00:00:00Z"), "1970 to 2199"),
    "seen in the year 9999": (put("endpoints", 1, "last_seen_at", value="9999-12-31T23:59:59Z"), "1970 to 2199"),
    "no such time zone": (put("time_zone", value="Mars/Olympus"), "no time zone 'Mars/Olympus' is known here"),
    "a time zone outside": (put("time_zone", value="../../etc/passwd"), "no time zone '../../etc/passwd'"),
    "a time zone that is a folder": (put("time_zone", value="Europe"), "no time zone 'Europe' is known here"),
    "a time zone of nothing": (put("time_zone", value="a\0b"), "no time zone"),
    "a score that is no number": (put("scorecard", "score", value=float("nan")), "NaN stands where a number should"),
    "an effect without end": (put("findings", 0, "effective", value=float("inf")), "Infinity stands where"),
    "a weight without end": (put(*_STANDARD, "role_weights", "server", value=float("-inf")), "-Infinity stands where"),
    "a score out of reach": (put("scorecard", "score", value=1e308), "greater than the maximum of 100"),
    "a number of 400 digits": (put("endpoints", 0, "duration_ms", value=10**400), "a number of 401 digits"),
    "weights of zero": (put(*_STANDARD, "severity_weights", value=_WEIGHTS), "standard.content.severity_weights"),
    "a weight below zero": (put(*_STANDARD, "categories", 0, "weight", value=-5), "standard.content.categories.0.weight"),
    "no categories": (put(*_STANDARD, "categories", value=[]), "standard.content.categories"),
    "a cap on no check": (put(*_STANDARD, "caps", 0, "check", value="no.check"), "names no.check, which is not among"),
    "a promise of no check": (put(*_STANDARD, "promises", 0, "checks", value=["no.check"]), "names no.check"),
    "a check in no category": (put(*_STANDARD, "checks", "no.check", value={"severity": [{"is": "low"}]}), "no category"),
    "letters upside down": (put(*_STANDARD, "letters", value={"A": 1, "B": 2, "C": 3, "D": 4}), "expected A > B > C > D"),
    "a shelf life of ages": (
        put(*_STANDARD, "checks", "antivirus.protected", "shelf_life_days", value=10**15),
        "shelf_life_days",
    ),
    "no standard at all": (put(*_STANDARD, value={}), "standard.content"),
    "exceptions that are numbers": (put("exceptions", value=[1, 2, 3]), "is not of type 'object'"),
    "exceptions that are empty": (put("exceptions", value=[{}]), "is a required property"),
    "an exception from yesterday": (put("exceptions", 0, "from", value="yesterday"), "exceptions[0].from: yesterday"),
    "an exception from the year 9999": (put("exceptions", 0, "from", value="9999-12-31"), "is not a day of the years"),
    "an exception on nothing": (put("exceptions", 0, "checks", value=[]), "should be non-empty"),
    "no words for the checks": (put("checks", value={}), "that the document lacks"),
    "half a character": (put("client", value="a\ud800b"), "client: half of a surrogate pair"),
}


@pytest.mark.parametrize("number", range(len(REFUSED)), ids=REFUSED)
def test_what_cannot_be_an_audit_is_refused(desk: Desk, number: int) -> None:
    """By `verify`, and by two of the others in turn: all of them read documents the same way."""
    change, said = list(REFUSED.values())[number]
    raw = json.loads(desk.after)
    change(raw)
    path, others = desk.write(json.dumps(raw)), list(COMMANDS)[1:]
    for name in ("verify", others[number % len(others)], others[(number + 3) % len(others)]):
        desk.refuse(name, path, said)


def fewer(raw: Raw) -> None:
    raw["findings"] = raw["findings"][3:]


def ghosts(raw: Raw) -> None:
    for finding in raw["findings"]:
        finding["exception"] = {"id": "ghost", "kind": "waived", "covered": True}


def milder(raw: Raw) -> None:
    for finding in raw["findings"]:
        finding["severity"] = "low"


def shapeless(raw: Raw) -> None:
    """Evidence of the wrong shape, wherever a report or the plan may look into it."""
    for number, finding in enumerate(raw["findings"]):
        garbage: object = ([None], {"x": []}, "9999-99-99", -(10**30), 1e308, [[]])[number % 6]
        finding["evidence"] = dict.fromkeys(finding["evidence"], garbage)


# Fits in shape, and is sealed anew: the arithmetic finds it.
FALSE: dict[str, tuple[Callable[[Raw], None], str]] = {
    "a better score": (put("scorecard", "score", value=99.0), "scorecard.score: the document says 99.0000"),
    "a better letter": (put("scorecard", "letter", value="A"), "scorecard.letter: the document says A"),
    "no score": (put("scorecard", "score", value=None), "scorecard.score: the document says None"),
    "no categories": (put("scorecard", "categories", value=[]), "scorecard.categories"),
    "no partner": (put("scorecard", "partner", value=None), "scorecard.partner"),
    "fewer findings": (fewer, "findings: there has to be one for each check on each endpoint"),
    "no findings": (put("findings", value=[]), "findings: there has to be one for each check"),
    "exceptions that nobody made": (ghosts, "exception: the document says"),
    "milder severities": (milder, "its severity is low, by the standard it is critical"),
    "exceptions on nobody": (put("exceptions", 0, "endpoints", value=["nobody"]), "exceptions: isolated stands otherwise"),
    "exceptions without a past": (put("exceptions", 0, "uses", value=[]), "exceptions: isolated stands otherwise"),
    "another standard": (put(*_STANDARD, "fresh_days", value=5), "standard: its content does not fit its SHA-256"),
    "evidence of any shape": (shapeless, "exceptions: isolated stands otherwise"),
}


@pytest.mark.parametrize(("change", "said"), FALSE.values(), ids=FALSE)
def test_what_is_false_is_named_by_verify_and_costs_no_other_command_more_than_a_line(
    desk: Desk, change: Callable[[Raw], None], said: str
) -> None:
    raw = json.loads(desk.after)
    change(raw)
    path = desk.write(json.dumps(sealed(raw)))
    code, out, err = desk.run("verify", path)
    assert (code, out) == (2, "")
    assert said in err
    assert all(line.startswith("scorecard: ") for line in err.splitlines()[:-1])
    for name in (name for name in COMMANDS if name not in ("verify", "compare with a newer one")):
        code, out, err = desk.run(name, path)
        assert (code, err.count("\n")) in ((0, 0), (2, 1)), (name, code, err)
        assert bool(out) is (code == 0), name


def evil(raw: Raw) -> None:
    """Markup, control characters and a formula in all that a machine, a user or a plug-in may have written."""
    raw["notes"], raw["sites"] = [EVIL], [EVIL]
    raw["client"] += EVIL
    raw["id"] += EVIL
    raw["provider"] = {"name": EVIL, "contact": EVIL}
    for entry in raw["endpoints"]:
        entry.update(dict.fromkeys(("address", "site", "owner", "account", "role_note"), EVIL))
        entry.update(tags=[EVIL], os=dict.fromkeys(entry["os"], EVIL), facts=dict.fromkeys(entry["facts"], EVIL))
        if entry["failure"]:
            entry["failure"].update(message=EVIL, next_step=EVIL)
    for finding in raw["findings"]:
        finding.update(measured=EVIL, expected=EVIL, evidence={EVIL: EVIL})
        finding["reason"] = finding["reason"] and EVIL
    for described in raw["checks"].values():
        described.update(title=EVIL, why=EVIL, fix=[EVIL])
    for cap in content(raw)["caps"]:
        cap.update(what=f"{cap['what']} <b>\x1b[2J", lift=f"{cap['lift']} <b>\x1b[2J")


def test_markup_and_control_characters_stay_text(desk: Desk) -> None:
    raw = json.loads(desk.after)
    evil(raw)
    raw["scorecard"]["caps"] = [
        {**cap, "message": EVIL, "lift": EVIL, "pool": EVIL, "endpoints": [EVIL]} for cap in raw["scorecard"]["caps"]
    ]
    path = desk.write(json.dumps(sealed(raw)))
    for name in COMMANDS:
        code, out, err = desk.run(name, path)
        assert code in (0, 2), name
        assert not _CONTROLS.search(out + err), name
    pages = list((desk.folder / "out").glob("*.html"))
    assert pages
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert "<script>alert" not in text
        assert "\x1b" not in text
    assert all(file.is_relative_to(desk.folder / "out") for file in desk.files() if file.suffix in (".html", ".csv"))
