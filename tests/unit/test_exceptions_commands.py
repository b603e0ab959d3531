"""`scorecard exceptions` and `scorecard audit --exceptions`, with a store and replayed machines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

from scorecard.cli import cli
from scorecard.cli.agreed import unused
from scorecard.exceptions import Entry, Exceptions, Kept, apply
from scorecard.exceptions.listing import Group, lines, recent
from scorecard.inventory import load
from scorecard.model import ExceptionKind, Status
from scorecard.result import Audit
from scorecard.store import Store
from tests.fleet import REGISTRY, STANDARD, device, except_for, findings
from tests.unit.test_document import audit

DATA = "disk-encryption.data-volumes"
STABLE = {check.id: check.stable for check in REGISTRY.checks.values()}
TODAY = datetime.now(UTC).date()
DEVICES = [device(f"m{number}") for number in range(1, 13)]
FAULTS = {(one.name, DATA): Status.FAIL for one in DEVICES}


def waived(id: str, *endpoints: str, since: int = -5, days: int = 30) -> Entry:
    first = TODAY + timedelta(days=since)
    details = {"reason": f"because of {id}.", "approver": "Ada, owner", "cover": None}
    last = first + timedelta(days=days - 1)
    return Entry(id, ExceptionKind.WAIVED, (DATA,), endpoints, first, last, False, details)


def audited(
    entries: Sequence[Entry], id: str = "a1", at: datetime | None = None, **more: Any
) -> tuple[Audit, tuple[Kept, ...]]:
    moment = at or datetime.now(UTC).replace(microsecond=0)
    found = findings(DEVICES, except_for(FAULTS))
    exceptions = Exceptions(tuple(entries))
    applied = apply(exceptions, found, DEVICES, STANDARD, (), as_of=moment, time_zone="UTC", stable=STABLE)
    made = replace(
        audit(),
        id=id,
        time_zone="UTC",
        as_of=moment,
        started_at=moment,
        finished_at=moment,
        devices=tuple(DEVICES),
        findings=applied.findings,
        exceptions=applied.records,
        **more,
    )
    return made, applied.kept


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'history.db'}"


def keep(url: str, made: tuple[Audit, tuple[Kept, ...]]) -> None:
    store = Store.open(url)
    store.begin(made[0].id, made[0].client, made[0].started_at, made[0].scope)
    store.finish(*made)
    store.close()


def called(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["exceptions", *map(str, arguments)])


def titles(result: Result) -> list[str]:
    return [line for line in result.stdout.splitlines() if not line.startswith(" ")]


def test_list_shows_them_in_groups_within_80_columns(url: str) -> None:
    old = waived("long-gone", "m4", since=-80, days=40)
    entries = [
        waived("ends-soon", "m1", "m2"),
        waived("no-place", *(one.name for one in DEVICES[4:]), since=-3, days=60),
        waived("nobody", "m99"),
        waived("over", "m3", since=-40, days=30),
        old,
        waived("later", "m3", since=3),
    ]
    keep(url, audited(entries))
    result = called("list", "--store", url)
    assert result.exit_code == 0, result.output
    client = audit().client
    assert titles(result) == [
        f"{client}, audit a1 of {TODAY}",
        "Ending soon (1)",
        "Without a place (1)",
        "Matches nothing (1)",
        "Ended (1)",
        "Not yet begun (1)",
        "1 over for more than 30 days; --all shows it",
    ]
    assert max(map(len, result.stdout.splitlines())) <= 80
    last = TODAY + timedelta(days=24)
    assert f"    m1, m2: is left out of the score; until {last}, 24 days left\n" in result.stdout
    assert "    Because" not in result.stdout
    assert "    because of ends-soon. Approved by Ada, owner.\n" in result.stdout
    everything = called("list", "--store", url, "--all")
    assert "long-gone (waived)" in everything.stdout
    assert "Ended (2)" in everything.stdout


def test_list_shortens_long_lists_of_names(url: str) -> None:
    entry = Entry(
        "no", ExceptionKind.DECLINED, (DATA,), tuple(one.name for one in DEVICES), TODAY, None, False, {"by": "Ada"}
    )
    keep(url, audited([entry]))
    text = " ".join(called("list", "--store", url).stdout.split())
    assert "m1, m10, m11, m12, m2, m3, m4, m5 and 4 more: counts for the client, not for the provider; since" in text
    assert "more" not in called("list", "--store", url, "--all").stdout


def test_list_is_about_today_and_the_newest_audit_of_the_whole(url: str) -> None:
    month_ago = datetime.now(UTC).replace(microsecond=0) - timedelta(days=31)
    keep(url, audited([waived("ran-out", "m1", since=-40, days=30)], at=month_ago))
    keep(url, audited([], "a2", scope="--limit m1"))
    result = called("list", "--store", url)
    assert titles(result)[0].endswith(f"audit a1 of {month_ago.date()}")
    assert titles(result)[1:] == ["Ended (1)"]
    assert "m1: has run out (" in result.stdout
    keep(url, audited([], "a3"))
    assert called("list", "--store", url).stdout.splitlines() == [
        f"{audit().client}, audit a3 of {TODAY}",
        "  no exceptions",
    ]


def test_list_as_json(url: str) -> None:
    keep(url, audited([waived("one", "m1")]))
    (record,) = json.loads(called("list", "--store", url, "--json").stdout)
    assert record["client"] == audit().client
    assert record["exceptions"] == [
        {
            "group": "ending-soon",
            "id": "one",
            "kind": "waived",
            "checks": [DATA],
            "endpoints": ["m1"],
            "note": "is left out of the score",
            "from": str(TODAY - timedelta(days=5)),
            "until": str(TODAY + timedelta(days=24)),
            "days_left": 24,
            "reason": "because of one.",
            "approver": "Ada, owner",
            "cover": None,
        }
    ]


def test_list_of_nothing(url: str) -> None:
    result = called("list", "--store", url)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "No audits yet" in result.stderr
    assert json.loads(called("list", "--store", url, "--json").stdout) == []
    refused = called("list", "--store", url, "--client", "Nobody")
    assert str(refused.exception) == (
        "no finished audit of the whole of 'Nobody' in the store; `scorecard history` lists them"
    )


def file_of(folder: Path, *entries: Entry, client: str | None = None) -> Path:
    file = folder / "agreed.yaml"
    told = [
        {
            "check": entry.checks[0],
            "endpoints": list(entry.endpoints),
            "reason": "r",
            "approver": "p",
            "from": str(entry.since),
            "expires": str(entry.until),
            "id": entry.id,
        }
        for entry in entries
    ]
    file.write_text(json.dumps({"client": client or audit().client, "waived": told}), encoding="utf-8")
    return file


def test_check_says_what_each_entry_would_do_and_changes_nothing(url: str, tmp_path: Path) -> None:
    old = waived("old", "m1", "m3", since=-1)  # two drives are all that may be left out of twelve laptops
    keep(url, audited([old]))
    file = file_of(tmp_path, waived("new", "m2", since=-9), old)
    result = called("check", file, "--store", url)
    assert result.exit_code == 0, result.output
    assert titles(result) == [
        f"{file}: 2 entries, nothing wrong",
        f"On the newest audit of {audit().client}, a1 of {TODAY}:",
        "Ending soon (1)",
        "Without a place (1)",
    ]
    # The place of the old one is kept, although the new one is older.
    assert result.stdout.index("old (waived)") < result.stdout.index("Without") < result.stdout.index("new (waived)")
    before = called("list", "--store", url, "--json").stdout
    assert [line["id"] for line in json.loads(before)[0]["exceptions"]] == ["old"]
    record = json.loads(called("check", file, "--store", url, "--json").stdout)
    assert (record["ok"], record["entries"], record["audit"]) == (True, 2, "a1")
    assert {line["id"]: line["group"] for line in record["exceptions"]} == {"old": "ending-soon", "new": "no-place"}


def test_check_without_an_audit_or_a_client(url: str, tmp_path: Path) -> None:
    file = file_of(tmp_path, waived("one", "m1"), client="Somebody")
    assert "There is no audit of Somebody yet" in called("check", file, "--store", url).stdout
    file.write_text("waived: []", encoding="utf-8")
    result = called("check", file, "--store", url)
    assert (result.exit_code, result.stdout.splitlines()[0]) == (0, f"{file}: 0 entries, nothing wrong")
    assert "The file names no client" in result.stdout
    assert json.loads(called("check", file, "--store", url, "--json").stdout)["exceptions"] is None


def test_check_of_a_bad_file(url: str, tmp_path: Path) -> None:
    file = tmp_path / "agreed.yaml"
    file.write_text("waived:\n- {check: x}\nclient: A\nother: 1\n", encoding="utf-8")
    result = called("check", file, "--store", url)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines()[-1] == "6 problems"
    told = json.loads(called("check", file, "--store", url, "--json").stdout)
    assert (told["ok"], len(told["problems"])) == (False, 6)


def test_check_with_an_inventory(url: str, tmp_path: Path) -> None:
    inventory = tmp_path / "inventory.yaml"
    inventory.write_text(f"client: {audit().client}\ntime_zone: Asia/Tokyo\nendpoints: [m1]\n", encoding="utf-8")
    result = called("check", file_of(tmp_path, waived("one", "M1", "m2")), inventory, "--store", url)
    assert result.exit_code == 0, result.output
    assert result.stderr.splitlines() == [f"warning: one: m2 is not in the inventory of {audit().client}"]
    inventory.write_text("client: Other\nendpoints: [m1]\n", encoding="utf-8")
    refused = called("check", file_of(tmp_path), inventory, "--store", url)
    assert "there is no client named" in str(refused.exception)


def test_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(called("schema").stdout))


def test_what_a_machine_is_called_cannot_move_the_cursor(url: str) -> None:
    entry = Entry("no", ExceptionKind.DECLINED, (DATA,), ("m1",), TODAY, None, False, {"what": "a\x1b[2Jb", "by": "x"})
    keep(url, audited([entry]))
    assert "\x1b" not in called("list", "--store", url).stdout


# --- with an audit -------------------------------------------------------------------------------------------------


def inventory_of(folder: Path, more: str = "") -> Path:
    """One machine whose answers are missing: everything about it is unknown."""
    file = folder / "inventory.yaml"
    file.write_text(
        f"client: Acme\nendpoints:\n- {{name: m1, transport: replay, address: answers, role: laptop}}\n{more}",
        encoding="utf-8",
    )
    (folder / "answers").mkdir(exist_ok=True)
    return file


def declined(folder: Path, name: str = "exceptions.yaml", client: str = "Acme") -> Path:
    file = folder / name
    text = (
        f"client: {client}\ndeclined:\n- {{what: w, checks: {DATA}, endpoints: M1, by: b, on: 2026-01-01, id: refused}}\n"
    )
    file.write_text(text, encoding="utf-8")
    return file


def run(folder: Path, *arguments: str | Path) -> Result:
    store = f"sqlite:///{folder / 'history.db'}"
    return CliRunner().invoke(cli, ["audit", *map(str, arguments), "--store", store, "--json"], standalone_mode=False)


def marks(result: Result) -> list[tuple[str, str]]:
    document = json.loads(result.stdout)
    return [(f["check"], f["exception"]["id"]) for f in document["findings"] if f["exception"]]


@pytest.mark.parametrize("named", ["in the inventory", "on the command line"])
def test_an_audit_is_graded_with_the_exceptions_that_are_named(tmp_path: Path, named: str) -> None:
    file = declined(tmp_path)
    more = "exceptions: exceptions.yaml\n" if named == "in the inventory" else ""
    extra = () if more else ("--exceptions", file)
    result = run(tmp_path, inventory_of(tmp_path, more), *extra)
    assert "not used" not in result.stderr
    assert marks(result) == [(DATA, "refused")]
    (record,) = json.loads(result.stdout)["exceptions"]
    assert [(use["endpoint"], use["state"]) for use in record["uses"]] == [("m1", "counts")]
    shown = CliRunner().invoke(cli, ["exceptions", "list", "--store", f"sqlite:///{tmp_path / 'history.db'}"])
    assert "refused (declined)" in shown.stdout


def test_a_file_that_nothing_names_is_said_not_to_be_used(tmp_path: Path) -> None:
    file, inventory = declined(tmp_path), inventory_of(tmp_path)
    result = run(tmp_path, inventory)
    assert f"{file}: is not used, since no client names it" in result.stderr
    assert marks(result) == []


def test_a_bad_file_stops_the_audit_before_it_begins(tmp_path: Path) -> None:
    declined(tmp_path, client="Other")
    result = run(tmp_path, inventory_of(tmp_path, "exceptions: exceptions.yaml\n"))
    assert "client: is not Acme, whose exceptions are wanted" in str(result.exception)
    assert not (tmp_path / "history.db").exists()
    missing = run(tmp_path, inventory_of(tmp_path, "exceptions: nowhere.yaml\n"))
    assert "nowhere.yaml: cannot be read: No such file or directory" in str(missing.exception)


def test_one_file_is_for_one_client(tmp_path: Path) -> None:
    inventory = tmp_path / "two.yaml"
    inventory.write_text("clients:\n- {client: A, endpoints: [a]}\n- {client: B, endpoints: [b]}\n", encoding="utf-8")
    given = ["audit", str(inventory), "--exceptions", str(declined(tmp_path))]
    result = CliRunner().invoke(cli, given, standalone_mode=False)
    assert "--exceptions are one client's, and here are 2; choose one with --client" in str(result.exception)


def test_in_a_folder_exceptions_are_not_taken_for_inventories(tmp_path: Path) -> None:
    inventory_of(tmp_path, "exceptions: acme.exceptions.yaml\n")
    named, beside = declined(tmp_path, "acme.exceptions.yaml"), declined(tmp_path)
    (client,) = load([tmp_path]).clients
    assert client.exceptions == str(named)
    assert [said.split(": ")[0] for said in unused([tmp_path], [client], None)] == [str(beside)]
    assert list(unused([tmp_path], [client], beside)) == []


def test_what_ran_out_since_the_audit_is_over_whatever_it_was() -> None:
    made, _ = audited([waived("one", "m1"), waived("nobody", "m99"), waived("later", "m3", since=3)])
    later = TODAY + timedelta(days=25)
    found = {line.id: (line.group, line.days_left) for line in lines(made.exceptions, later, 30)}
    assert found == {"one": (Group.OVER, None), "nobody": (Group.OVER, None), "later": (Group.NOT_YET, None)}


def test_the_last_day_counts_and_what_is_over_stays_for_30_days() -> None:
    made, _ = audited([waived("one", "m1")])
    last = TODAY + timedelta(days=24)
    (line,) = lines(made.exceptions, last, 30)
    assert (line.group, line.days_left, line.until) == (Group.ENDING, 0, last)
    for days, shown in ((1, 1), (30, 1), (31, 0)):
        day = last + timedelta(days=days)
        listed = lines(made.exceptions, day, 30)
        assert [line.group for line in listed] == [Group.OVER]
        assert len(recent(listed, day, 30)) == shown, days
