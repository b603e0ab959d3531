"""Data files: the newer one counts, what is wrong is named by file, line and key, nothing older slips in."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from scorecard.cli.data import data as data_command
from scorecard.data import DataFile, Origin, Row, describe, files, install
from scorecard.errors import DataError
from scorecard.registry import Registry
from scorecard.topic import Topic

TODAY = date(2026, 11, 20)


class Fruit(Row):
    name: str
    ripe: date


def no_twins(rows: Sequence[Any]) -> Iterable[tuple[int, str, str]]:
    names = [row.name for row in rows]
    for index, name in enumerate(names):
        if name in names[:index]:
            yield index, "name", "stands here twice"


def text(as_of: str, *names: str, schema: str = "scorecard/data/market.fruit/1") -> str:
    rows = "".join(
        f"  - name: {name}\n    ripe: 2026-09-01\n    source: a farmer\n    as_of: {as_of}\n"
        for name in names or ("apple",)
    )
    return f"schema: {schema}\nrows:\n{rows}"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    monkeypatch.setenv("SCORECARD_HOME", str(folder))
    return folder


@pytest.fixture
def fruit(tmp_path: Path) -> DataFile[Fruit]:
    shipped = tmp_path / "fruit.yaml"
    shipped.write_text(text("2026-08-22", "apple", "pear"))
    return DataFile("market.fruit", "Fruit", shipped, Fruit, check=no_twins)


def newer(tmp_path: Path, content: str) -> Path:
    file = tmp_path / "newer.yaml"
    file.write_text(content)
    return file


def test_the_shipped_file_is_read(fruit: DataFile[Fruit]) -> None:
    table = fruit.load()
    assert [row.name for row in table.rows] == ["apple", "pear"]
    assert (table.origin, table.newest, table.oldest) == (Origin.SHIPPED, date(2026, 8, 22), date(2026, 8, 22))


def test_a_newer_file_replaces_it_and_is_described(fruit: DataFile[Fruit], tmp_path: Path, home: Path) -> None:
    table = install(newer(tmp_path, text("2026-11-01", "plum")), [fruit], today=TODAY)
    assert (table.origin, table.rows[0].name) == (Origin.UPDATED, "plum")
    assert table.path == home / "data" / "market.fruit.yaml"
    (described,) = describe([fruit])
    assert described["name"] == "market.fruit"
    assert described["source"] == "a farmer"
    assert described["as_of"] == "2026-11-01"
    assert described["origin"] == "updated"
    assert described["sha256"] == table.sha256


def test_an_older_file_is_refused_and_nothing_changes(fruit: DataFile[Fruit], tmp_path: Path, home: Path) -> None:
    with pytest.raises(DataError, match=r"older \(2026-01-01\) than the shipped file in use \(2026-08-22\); --force"):
        install(newer(tmp_path, text("2026-01-01")), [fruit], today=TODAY)
    assert fruit.load().origin is Origin.SHIPPED
    assert not home.exists()


def test_an_older_file_is_used_when_forced_until_the_next_update(fruit: DataFile[Fruit], tmp_path: Path) -> None:
    forced = install(newer(tmp_path, text("2026-01-01", "quince")), [fruit], today=TODAY, force=True)
    assert (forced.origin, forced.newest) == (Origin.FORCED, date(2026, 1, 1))
    assert fruit.load().rows[0].name == "quince"
    again = install(newer(tmp_path, text("2026-11-01", "plum")), [fruit], today=TODAY)
    assert again.origin is Origin.UPDATED
    assert not fruit.forced_path.exists()


def test_a_tool_that_ships_newer_rows_than_an_old_update_uses_its_own(fruit: DataFile[Fruit], tmp_path: Path) -> None:
    install(newer(tmp_path, text("2026-09-01", "plum")), [fruit], today=TODAY)
    fruit.path.write_text(text("2026-10-01", "fig"))
    assert fruit.load().rows[0].name == "fig"


def test_a_changed_file_is_read_again(fruit: DataFile[Fruit]) -> None:
    assert len(fruit.load().rows) == 2
    fruit.path.write_text(text("2026-08-22", "fig"))
    os.utime(fruit.path, ns=(1, 1))
    assert [row.name for row in fruit.load().rows] == ["fig"]


def test_a_date_in_the_future_is_refused_even_when_forced(fruit: DataFile[Fruit], tmp_path: Path) -> None:
    for force in (False, True):
        with pytest.raises(DataError, match="2026-11-21 lies in the future"):
            install(newer(tmp_path, text("2026-11-21")), [fruit], today=TODAY, force=force)


def test_a_broken_update_is_named_and_a_good_one_cures_it(fruit: DataFile[Fruit], tmp_path: Path) -> None:
    install(newer(tmp_path, text("2026-09-01", "plum")), [fruit], today=TODAY)
    fruit.updated_path.write_text("schema: [")
    with pytest.raises(DataError, match=r"market\.fruit\.yaml"):
        fruit.load()
    assert install(newer(tmp_path, text("2026-09-01", "fig")), [fruit], today=TODAY).rows[0].name == "fig"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            text("2026-11-01").replace("name: apple", "name: 24.10"),
            r":3: rows\[.*\]\.name: expected text; put the value in",
        ),
        (text("2026-11-01").replace("ripe: 2026-09-01", "ripe: soon"), r":4: rows\[apple\]\.ripe: expected a date"),
        (text("2026-11-01").replace("    source: a farmer\n", ""), r":3: rows\[apple\]\.source: is missing"),
        (text("2026-11-01").replace("source: a farmer", "source: ''"), r":5: rows\[apple\]\.source: is empty"),
        (text("2026-11-01").replace("as_of: 2026-11-01", "as_of: yesterday"), r":6: rows\[apple\]\.as_of: expected a date"),
        (text("2026-11-01").replace("ripe:", "rpie:"), r":4: rows\[apple\]\.rpie: no such key here"),
        (text("2026-11-01", "fig", "fig"), r":7: rows\[fig\]\.name: stands here twice"),
        (text("2026-11-01") + "extra: 1\n", r":7: extra: no such key"),
        ("schema: scorecard/data/market.fruit/1\nrows: []\n", r":2: rows: expected a list of rows, at least one"),
        ("schema: scorecard/data/market.fruit/1\n", r"rows: expected a list of rows"),
        ("schema: scorecard/data/market.fruit/1\nrows: [1, [], null]\n", r":2: rows\[1\]"),
        (text("2026-11-01", schema="scorecard/data/market.fruit/2"), r":1: schema: this version of the format is not read"),
        (text("2026-11-01", schema="scorecard/data/market.nuts/1"), r":1: schema: not a data file that is used here"),
        ("- just\n- a list\n", r"not a data file"),
        ("a: [unclosed\n", r"not YAML"),
        ("", r"is empty"),
    ],
)
def test_what_is_wrong_is_named_by_line_and_key(fruit: DataFile[Fruit], tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(DataError, match=said) as caught:
        install(newer(tmp_path, content), [fruit], today=TODAY, force=True)
    assert "newer.yaml" in str(caught.value)
    assert fruit.load().origin is Origin.SHIPPED


def test_all_problems_come_at_once_but_not_without_end(fruit: DataFile[Fruit], tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        install(newer(tmp_path, text("never", *(f"fruit{number}" for number in range(100)))), [fruit], today=TODAY)
    lines = str(caught.value).splitlines()
    assert len(lines) == 21
    assert lines[-1] == "... and 80 more"


def test_a_file_that_is_not_there_is_an_error_of_one_line(fruit: DataFile[Fruit], tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"absent.yaml: cannot be read: No such file"):
        install(tmp_path / "absent.yaml", [fruit], today=TODAY)
    fruit.path.unlink()
    with pytest.raises(DataError, match="missing; install the tool again"):
        fruit.load()


def test_a_folder_that_cannot_be_written_is_an_error_of_one_line(
    fruit: DataFile[Fruit], tmp_path: Path, home: Path
) -> None:
    home.write_text("a file where the folder should be")
    with pytest.raises(DataError, match=r"market\.fruit\.yaml"):
        install(newer(tmp_path, text("2026-11-01")), [fruit], today=TODAY)


def test_a_topic_declares_its_files_and_describes_them(fruit: DataFile[Fruit]) -> None:
    topic = Topic("market", "Market", lambda *_: None, (), (), data_files=(fruit,))
    assert files([topic]) == (fruit,)


def test_shipped_files_read_and_the_audit_is_told_of_each() -> None:
    registry = Registry.load()
    declared = files(registry.topics)
    assert "os-support.support" in {file.name for file in declared}
    for file in declared:
        assert file.shipped().newest <= datetime.now(UTC).date(), f"{file.name} claims a date in the future"
    for topic in registry.topics:
        if topic.data_files:
            assert topic.data is not None
            assert [entry["name"] for entry in topic.data()] == [file.name for file in topic.data_files]


def test_status_and_update_on_the_command_line(tmp_path: Path) -> None:
    runner = CliRunner()
    listed = runner.invoke(data_command, ["status"])
    assert listed.exit_code == 0
    assert "os-support.support: End-of-support dates" in listed.output
    assert "came with the tool" in listed.output
    before = _record(runner)
    assert (before["origin"], before["newest_as_of"]) == ("shipped", "2026-09-16")

    shipped = Path(str(before["path"])).read_text(encoding="utf-8")
    file = tmp_path / "support.yaml"
    file.write_text(shipped.replace("2026-09-16", "2026-10-01"))
    updated = runner.invoke(data_command, ["update", str(file)])
    assert updated.exit_code == 0
    assert "rows as of 2026-10-01 are in use" in updated.output
    after = _record(runner)
    assert (after["origin"], after["newest_as_of"], after["rows"]) == ("updated", "2026-10-01", before["rows"])

    refused = runner.invoke(data_command, ["update", str(before["path"])])
    assert isinstance(refused.exception, DataError)
    assert "--force" in str(refused.exception)
    forced = runner.invoke(data_command, ["update", "--force", str(before["path"])])
    assert forced.exit_code == 0
    assert _record(runner)["origin"] == "forced"


def _record(runner: CliRunner) -> dict[str, object]:
    listed = runner.invoke(data_command, ["status", "--json"])
    assert listed.exit_code == 0, listed.output
    (record,) = [entry for entry in json.loads(listed.output) if entry["name"] == "os-support.support"]
    return dict(record)
