"""Tables for analysts: the same figures as on the page, typed, guarded, and read back as the documentation says."""

from __future__ import annotations

import csv
import importlib
import io
import re
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine, text

from scorecard.cli.history import history
from scorecard.cli.report import report
from scorecard.plan.tasks import plan
from scorecard.portfolio import tables
from scorecard.registry import portfolio_site
from scorecard.reporting import ReportContext
from scorecard.result import Audit
from scorecard.store import Store
from tests.e2e import sample
from tests.e2e.sample import AS_OF, MARKUP, Machine
from tests.unit.test_portfolio import SHORT, audited, keep

frames = importlib.import_module("scorecard.reports.frames")
views = importlib.import_module("scorecard.reports.view")

DOCS = Path(__file__).parents[2] / "docs" / "portfolio.md"
FILES = ("audits.csv", "parts.csv", "promises.csv", "months.csv")
MACHINES = (
    Machine("ZEPHYR-1", answers=SHORT, days_open=31),
    Machine("ZEPHYR-2"),
    Machine("ZEPHYR-3", failure=sample.unreachable()),
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(url(tmp_path))
    yield opened
    opened.close()


def url(folder: Path) -> str:
    return f"sqlite:///{folder / 'history.db'}"


def written(store: Store, folder: Path) -> dict[str, list[dict[str, str]]]:
    paths = tables.write(store, portfolio_site(), folder, store.clients())
    assert [path.name for path in paths] == [*FILES]
    return {path.name: [*csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""))] for path in paths}


def shown(value: float | None) -> str:
    return "" if value is None else str(round(value, 4))


def check_row(row: dict[str, str], audit: Audit) -> None:
    view = views.build(audit, ReportContext())
    card = audit.scorecard
    assert (row["score"], row["coverage"], row["letter"]) == (shown(card.score), shown(card.coverage), card.letter or "")
    assert (row["meet"], row["excused"], row["short"], row["not_checked"]) == tuple(
        str(view.standing.counts[state]) for state in frames._STATES.values()
    )
    assert sum(int(row[name]) for name in frames._STATES) == int(row["machines"]) == len(audit.devices)
    found = plan(audit)
    assert (row["tasks"], row["tasks_estimated"]) == (str(len(found.tasks)), str(found.estimated))
    assert row["hours_likely"] == shown(found.hours.likely)


def test_figures_are_those_of_the_reports(store: Store, tmp_path: Path) -> None:
    before = keep(store, audited("Acme", 1, AS_OF - timedelta(days=31), *MACHINES[1:]))
    audit = keep(store, audited("Acme", 2, AS_OF, *MACHINES))
    found = written(store, tmp_path / "tables")
    first, second = found["audits.csv"]
    check_row(first, before)
    check_row(second, audit)
    assert (first["day"], second["day"]) == ("2026-10-14", "2026-11-14")
    assert (first["fixed"], first["new"], first["came_back"]) == ("", "", "")
    assert (second["fixed"], second["came_back"], second["not_seen"], second["overdue"]) == ("0", "0", "1", "1")
    assert (second["provisional"], second["made_up"]) == (str(audit.scorecard.provisional), "False")
    parts = [row for row in found["parts.csv"] if row["audit"] == audit.id]
    assert [(row["part"], row["points"], row["weight"]) for row in parts] == [
        (part.id, shown(part.score), shown(part.weight)) for part in audit.scorecard.categories
    ]
    promises = [row for row in found["promises.csv"] if row["audit"] == audit.id]
    assert [(row["promise"], row["answer"], row["of"], row["met"], row["not_checked"]) for row in promises] == [
        (one.id, one.answer.value, str(one.of), str(one.met), str(len(one.unknown))) for one in audit.scorecard.promises
    ]


def test_months_have_a_column_a_client_and_gaps_stay_empty(store: Store, tmp_path: Path) -> None:
    days = [datetime(2026, month, day, 12, tzinfo=UTC) for month, day in ((8, 3), (8, 20), (11, 14))]
    scores = [keep(store, audited("acme", n, at, *MACHINES[n % 2 : 2])).scorecard.score for n, at in enumerate(days)]
    keep(store, audited("Better", 9, days[1]))
    store.begin("8", "Never", days[0], "")
    gone = keep(store, audited("Zed", 5, days[1], Machine("A", failure=sample.unreachable())))
    assert gone.scorecard.letter is None
    months = written(store, tmp_path)["months.csv"]
    assert [row["month"] for row in months] == ["2026-08-01", "2026-09-01", "2026-10-01", "2026-11-01"]
    assert [*months[0]] == ["month", "acme", "Better", "Never", "Zed"]
    assert [row["acme"] for row in months] == [shown(scores[1]), "", "", shown(scores[2])]
    assert {row["Never"] for row in months} == {""}
    assert {row["Zed"] for row in months} == {""}


def test_a_month_takes_its_last_audit_even_where_that_has_no_grade(store: Store, tmp_path: Path) -> None:
    keep(store, audited("Acme", 1, AS_OF - timedelta(days=5)))
    keep(store, audited("Acme", 2, AS_OF, Machine("A", failure=sample.unreachable())))
    (row,) = written(store, tmp_path)["months.csv"]
    assert row == {"month": "2026-11-01", "Acme": ""}


def test_hostile_names_are_text_and_alike_ones_stay_apart(store: Store, tmp_path: Path) -> None:
    names = (f"=HYPERLINK({MARKUP})", "@a\u202eb", "Same", "Same\x07", "+" + "x" * 300)
    for number, name in enumerate(names[:-1]):
        keep(store, audited(name, number, AS_OF + timedelta(days=number)))
    found = written(store, tmp_path)
    clients = [row["client"] for row in found["audits.csv"]]
    assert sorted(clients) == sorted([f"'=HYPERLINK({MARKUP})", "'@a⟨U+202E⟩b", "Same", "Same"])
    text_ = (tmp_path / "months.csv").read_text(encoding="utf-8-sig")
    head, row = [*csv.reader(io.StringIO(text_, newline=""))]
    assert head.count("Same") == 2
    assert all(row)
    assert not any(name.startswith(("=", "+", "@", "-")) for name in head)


def test_no_machine_is_named_files_are_the_owners_and_bytes_stay_the_same(store: Store, tmp_path: Path) -> None:
    keep(store, audited("Acme", 1, AS_OF, *MACHINES))
    written(store, tmp_path / "one")
    written(store, tmp_path / "two")
    for name in FILES:
        content = (tmp_path / "one" / name).read_bytes()
        assert content.startswith(b"\xef\xbb\xbf")
        assert content.count(b"\n") == content.count(b"\r\n")
        assert b"ZEPHYR" not in content
        assert content == (tmp_path / "two" / name).read_bytes()
        assert (tmp_path / "one" / name).stat().st_mode & 0o777 == 0o600


def test_of_a_document_that_cannot_be_read_there_is_what_is_kept_beside_it(store: Store, tmp_path: Path) -> None:
    audit = keep(store, audited("Acme", 1, AS_OF, *MACHINES))
    with (engine := create_engine(url(tmp_path))).begin() as connection:
        connection.execute(text("update audits set document = :bad"), {"bad": zlib.compress(b"{}")})
    engine.dispose()
    found = written(store, tmp_path)
    (row,) = found["audits.csv"]
    assert (row["score"], row["machines"], row["meet"], row["hours_likely"]) == (shown(audit.scorecard.score), "3", "", "")
    assert found["parts.csv"] == found["promises.csv"] == []


def test_an_empty_store_gives_heads_alone(store: Store, tmp_path: Path) -> None:
    assert written(store, tmp_path) == {name: [] for name in FILES}
    for name, columns in (("audits.csv", frames.AUDITS), ("parts.csv", frames.PARTS), ("promises.csv", frames.PROMISES)):
        assert (tmp_path / name).read_text(encoding="utf-8-sig") == ",".join(columns) + "\n"
    assert (tmp_path / "months.csv").read_text(encoding="utf-8-sig") == "month\n"


def test_every_column_is_documented_in_its_order() -> None:
    documented: dict[str, list[str]] = {}
    file = ""
    for line in DOCS.read_text(encoding="utf-8").partition("## Tables for analysts")[2].splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) == 4 and (names := re.findall(r"`([a-z_]+)`", cells[1])):
            file = cells[0].strip("`") or file
            documented.setdefault(file, []).extend(names)
    for name, columns in (("audits.csv", frames.AUDITS), ("parts.csv", frames.PARTS), ("promises.csv", frames.PROMISES)):
        assert ["client", "audit", "day", *documented[name]] == [*columns]
    assert documented["months.csv"] == ["month"]


def test_the_documented_lines_read_them_back(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, (client, at) in enumerate([("NA", AS_OF - timedelta(days=31)), ("NA", AS_OF), ("Better", AS_OF)]):
        keep(store, audited(client, number, at, *MACHINES[:2]))
    written(store, tmp_path)
    monkeypatch.chdir(tmp_path)
    (example,) = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, object] = {}
    with redirect_stdout(io.StringIO()) as printed:
        exec(example, names)
    assert {"NA", "Better", "2026-11-01"} <= set(printed.getvalue().split())
    audits = names["audits"]
    assert audits.dtypes.astype(str)["day"].startswith("datetime64")  # type: ignore[attr-defined]  # a frame, by name alone
    assert audits["score"].tolist()  # type: ignore[index]  # the same


def test_commands_write_them_and_say_what_does_not_go_together(store: Store, tmp_path: Path) -> None:
    keep(store, audited("Acme", 1))
    keep(store, audited("Better", 2))
    folder = tmp_path / "tables"
    done = CliRunner().invoke(history, ["--client", "ACME", "--tables", str(folder), "--store", url(tmp_path)])
    assert (done.exit_code, done.output.split()) == (0, [str(folder / name) for name in FILES]), done.output
    assert "Better" not in (folder / "audits.csv").read_text(encoding="utf-8-sig")
    site = tmp_path / "site"
    asked = ["--portfolio", "--no-reports", "--tables", "--out", str(site), "--store", url(tmp_path)]
    for _ in range(2):  # the second takes the place of the first
        assert CliRunner().invoke(report, asked).exit_code == 0
    assert 'href="tables/months.csv"' in (site / "index.html").read_text(encoding="utf-8")
    assert 'href="../../tables/months.csv"' in (site / "clients/acme/index.html").read_text(encoding="utf-8")
    assert "Better" in (site / "tables/audits.csv").read_text(encoding="utf-8-sig")
    unknown = CliRunner().invoke(history, ["--client", "Nobody", "--tables", str(folder), "--store", url(tmp_path)])
    assert "no audit of 'Nobody' in the store" in str(unknown.exception)
    assert CliRunner().invoke(history, ["--json", "--tables", str(folder)]).exit_code == 2
    assert CliRunner().invoke(report, ["--tables"]).exit_code == 2


def test_pandas_is_loaded_for_tables_alone() -> None:
    code = (
        "import sys, scorecard.cli.history, scorecard.cli.report, scorecard.registry as r;"
        "r.portfolio_site(); print('pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
