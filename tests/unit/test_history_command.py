"""`scorecard compare`: which audits it takes, what it prints, and one clear line where it cannot."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from scorecard.cli import main
from scorecard.document_writing import dumps
from scorecard.model import Platform, Role, Status
from scorecard.result import Audit
from scorecard.store import Store
from tests.fleet import STANDARD
from tests.history_fleets import START, WAIVED, Client

VOLUME, UPDATES = "disk-encryption.system-volume", "patching.security-updates"


@dataclass
class Shop:
    """A store with four audits of one client, and one of another."""

    folder: Path
    url: str
    audits: list[Audit]

    def write(self, audit: Audit, name: str) -> str:
        path = self.folder / name
        path.write_text(dumps(audit), encoding="utf-8")
        return str(path)


def life() -> list[Audit]:
    client = Client(STANDARD, graded=True)
    for number in range(8):
        client.add(f"laptop-{number}", Role.LAPTOP, Platform.WINDOWS)
    client.machines["laptop-1"].answers[VOLUME] = Status.FAIL
    client.machines["laptop-2"].answers[UPDATES] = Status.WARN
    audits = [client.audit()]
    client.wait(31)
    client.machines["laptop-1"].answers[VOLUME] = Status.PASS
    client.machines["laptop-3"].seen = False
    audits.append(client.audit())
    client.wait(62)  # a month without an audit
    client.machines["laptop-1"].answers[VOLUME] = Status.FAIL
    client.machines["laptop-2"].answers[UPDATES] = Status.FAIL
    client.machines["laptop-2"].marks[UPDATES] = WAIVED
    audits.append(client.audit())
    client.wait(30)
    client.retire("laptop-4", "sold to a member of staff")
    client.add("reception", Role.WORKSTATION, Platform.WINDOWS).answers[VOLUME] = Status.FAIL
    client.machines["laptop-3"].seen = True
    audits.append(client.audit())
    return audits


def keep(store: Store, audit: Audit) -> None:
    with store.auditing([audit.client]):
        store.begin(audit.id, audit.client, audit.started_at, audit.scope)
    store.finish(audit)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    folder = tmp_path_factory.mktemp("shop")
    url = f"sqlite:///{folder / 'history.db'}"
    store = Store.open(url)
    audits = life()
    other = Client(STANDARD, now=START + timedelta(days=1), name="Mill & Son", graded=True, count=90)
    other.add("till")
    for audit in (*audits, other.audit()):
        keep(store, audit)
    store.close()
    return Shop(folder, url, audits)


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def compare(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["scorecard", "compare", "--store", shop.url, *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return compare


def as_json(run: Run, *arguments: str) -> dict[str, Any]:
    code, out, err = run("--json", *arguments)
    assert (code, err) == (0, "")
    found: dict[str, Any] = json.loads(out)
    return found


def ids(found: dict[str, Any]) -> tuple[str, str]:
    return found["older"]["id"][:8], found["newer"]["id"][:8]


def test_without_arguments_the_newest_two_of_the_client_audited_last(run: Run) -> None:
    assert ids(as_json(run)) == ("00000003", "00000004")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("previous", "latest"), ("00000003", "00000004")),
        (("00000001",), ("00000001", "00000004")),
        (("00000001", "00000002-h"), ("00000001", "00000002")),
        (("00000002", "latest", "--client", "Harbour Foods"), ("00000002", "00000004")),
        (("--client", "harbour foods"), ("00000003", "00000004")),
    ],
)
def test_audits_are_named_by_id_its_beginning_or_their_place(
    run: Run, arguments: tuple[str, ...], expected: tuple[str, str]
) -> None:
    assert ids(as_json(run, *arguments)) == expected


def test_files_are_compared_as_well(run: Run, shop: Shop) -> None:
    first, second = (shop.write(shop.audits[n], f"{n}.json") for n in (0, 1))
    assert ids(as_json(run, first, second)) == ("00000001", "00000002")
    assert ids(as_json(run, first, "previous")) == ("00000001", "00000003")


def test_what_is_shown_adds_up(run: Run) -> None:
    code, out, err = run("00000001", "00000004")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    grade = next(line for line in lines if line.startswith("Grade"))
    difference = Decimal(grade.rpartition("(")[2].rstrip(")"))
    start = lines.index("What moved the score") + 1
    together = next(index for index, line in enumerate(lines) if line.strip().startswith("Together"))
    parts = [Decimal(line[34:40]) for line in lines[start:together]]
    assert len(parts) >= 3
    assert sum(parts) == Decimal(lines[together][34:40]) == difference


def test_the_terms_of_open_findings_add_up(run: Run) -> None:
    lines = run("00000001", "00000004")[1].splitlines()
    start = lines.index("Open findings") + 1
    terms = [int(line.split()[0]) for line in lines[start : lines.index("", start)]]
    assert sum(terms[:-1]) == terms[-1]


def test_nothing_is_wider_than_eighty_columns(run: Run) -> None:
    for arguments in (("00000001", "00000004", "--year"), ("00000002", "00000003"), ("00000003", "00000004")):
        assert all(len(line) <= 80 for line in run(*arguments)[1].splitlines())


def test_movements_are_named(run: Run) -> None:
    out = run("00000002", "00000003")[1]
    assert "Came back: 1\n  laptop-1                 disk-encryption.system-volume" in out
    assert "Worse: 1\n  laptop-2                 patching.security-updates" in out
    assert "Exceptions began: 1" in out
    out = run("00000003", "00000004")[1]
    assert "joined: reception" in out
    assert "(sold to a member of staff)" in out
    assert "seen again: laptop-3" in out


def test_the_year_has_a_row_a_month_and_gaps(run: Run) -> None:
    found = as_json(run, "--year")["year"]
    assert [month["month"] for month in found["months"]][-6:] == [
        "2025-10", "2025-11", "2025-12", "2026-01", "2026-02", "2026-03",
    ]  # fmt: skip
    assert [month["score"] is None for month in found["months"]][-6:] == [True, False, False, True, False, False]
    assert found["days_to_fix"]["critical"] == {"fixes": 1, "mean_days": 31.0, "median_days": 31.0}
    assert found["days_to_fix"]["low"] is None
    out = run("--year")[1]
    assert "Jan 2026 no audit" in out
    assert "Days to fix, 12 months" in out


def test_json_has_everything(run: Run) -> None:
    found = as_json(run, "00000001", "00000002")
    assert found["ended"]["fixed"] == [
        {
            "check": VOLUME,
            "endpoint": "laptop-1",
            "severity": "critical",
            "was": "fail",
            "is": "pass",
            "opened_at": "2025-11-03T08:00:00Z",
            "ended_at": "2025-12-04T08:00:00Z",
            "days_open": 31,
            "exception": None,
        }
    ]
    bridged = found["bridge"]
    assert sum(part["points"] for part in bridged["parts"]) == pytest.approx(bridged["after"] - bridged["before"], abs=1e-9)
    assert (found["open_before"], found["open_now"], found["standard"], found["year"]) == (2, 1, None, None)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("00000004", "00000001"), "older than the first"),
        (("00000001", "00000001"), "one audit twice"),
        (("0000005b", "latest", "--client", "Harbour Foods"), "is an audit of Mill & Son, not of Harbour Foods"),
        (("0000005b", "00000004"), "two clients"),
        (("--client", "Mill & Son"), "no previous audit of Mill & Son in the store"),
        (("0000",), "several audits start with"),
        (("ffff",), "no finished audit 'ffff'"),
        (("nowhere.json",), "cannot be read"),
    ],
)
def test_what_cannot_be_compared_is_one_line_and_exit_2(run: Run, arguments: tuple[str, ...], said: str) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1


def test_a_look_at_a_part_is_refused(run: Run, shop: Shop) -> None:
    part = shop.write(replace(shop.audits[3], scope="--limit web*", id="part"), "part.json")
    code, _, err = run("00000001", part)
    assert (code, err.count("\n")) == (2, 1)
    assert "looked at a part of the client only (--limit web*)" in err


def test_a_document_of_a_newer_schema_is_refused(run: Run, shop: Shop) -> None:
    path = shop.folder / "newer.json"
    path.write_text(dumps(shop.audits[0]).replace("scorecard/audit/1", "scorecard/audit/2", 1), encoding="utf-8")
    code, _, err = run(str(path), "latest")
    assert (code, err.count("\n")) == (2, 1)
    assert "update the tool" in err


def test_a_score_that_does_not_follow_is_said_and_the_rest_shown(run: Run, shop: Shop) -> None:
    card = replace(shop.audits[3].scorecard, score=12.5)
    wrong = shop.write(replace(shop.audits[3], scorecard=card), "wrong.json")
    code, out, _ = run("00000001", wrong)
    assert code == 0
    assert "Cannot be told: the score of audit 00000004 does not follow from its findings" in " ".join(out.split())
    assert "Open findings" in out
