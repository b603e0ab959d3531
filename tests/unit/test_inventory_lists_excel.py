"""Sheets of Excel workbooks as lists: what is read, and what is refused without harm."""

from __future__ import annotations

import re
import sys
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from scorecard.errors import InventoryError
from scorecard.inventory import load
from scorecard.model import Endpoint, Platform

DAMAGED = "is damaged, or no Excel workbook; open it and save it again as .xlsx"
AS_TEXT = "format the cell as text"
SHEET = "xl/worksheets/sheet1.xml"
NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def workbook(folder: Path, *sheets: tuple[str, Sequence[Sequence[Any]]], hidden: str = "", name: str = "list.xlsx") -> Path:
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets:
        sheet = book.create_sheet(title)
        sheet.sheet_state = "hidden" if title == hidden else "visible"
        for row in rows:
            sheet.append(row)
    book.save(folder / name)
    return folder / name


def changed(file: Path, member: str, data: bytes) -> Path:
    """The same workbook with another member."""
    with zipfile.ZipFile(file) as packed:
        members = {name: packed.read(name) for name in packed.namelist()}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in {**members, member: data}.items():
            packed.writestr(name, content)
    return file


def endpoints(file: Path) -> dict[str, Endpoint]:
    (client,) = load([file]).clients
    return {endpoint.name: endpoint for endpoint in client.endpoints}


def mistakes(file: Path) -> list[str]:
    with pytest.raises(InventoryError) as raised:
        load([file])
    return [re.sub(f"^{re.escape(str(file.parent))}/", "", problem) for problem in raised.value.problems]


def test_a_sheet(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["Computer Name", "Port", "Operating System", "Managed", "Tags", "Bought", "IP"],
        ["web1", 22, "Ubuntu 24.04", True, "a; b", date(2020, 1, 1), "192.0.2.1"],
        [],
        [1001, 23.0, "macOS 15", "no", None, None, "192.0.2.2"],
    ]
    file = workbook(tmp_path, ("Computers", rows), name="Harbour.xlsx")
    inventory = load([file])
    (client,) = inventory.clients
    assert client.name == "Harbour"
    web, other = client.endpoints
    assert (web.port, web.platform, web.managed, web.tags) == (22, Platform.LINUX, True, ("a", "b"))
    assert (other.name, other.port, other.platform, other.managed) == ("1001", 23, Platform.MACOS, False)
    assert (web.source, other.source) == (f"{file}:2", f"{file}:4")
    assert [str(warning) for warning in inventory.warnings] == [f"{file}:1: columns that are not used: 'Bought'"]


def test_a_table_that_begins_further_down_and_to_the_right(tmp_path: Path) -> None:
    file = workbook(tmp_path, ("S", [[], [], [None, None, "name", "port"], [None, None, "a", 23]]))
    assert endpoints(file)["a"].source == f"{file}:4"
    assert endpoints(file)["a"].port == 23


def test_a_sheet_is_chosen_by_its_name(tmp_path: Path) -> None:
    file = workbook(tmp_path, ("North", [["name"], ["a"]]), ("Hill Road", [["name"], ["b"]]))
    assert list(endpoints(Path(f"{file}#Hill Road"))) == ["b"]
    assert list(endpoints(Path(f"{file}#north"))) == ["a"]
    inventory = tmp_path / "i.yaml"
    inventory.write_text('client: A\nendpoints_from: ["list.xlsx#North", "list.xlsx#Hill Road"]\n')
    assert [one.source for one in endpoints(inventory).values()] == [f"{file}#North:2", f"{file}#Hill Road:2"]
    assert list(endpoints(inventory)) == ["a", "b"]
    assert mistakes(file) == [
        "list.xlsx: holds several sheets ('North', 'Hill Road'); name one behind a #, such as list.xlsx#Computers"
    ]
    assert mistakes(Path(f"{file}#South")) == [
        "list.xlsx#South: has no sheet of that name; there are: 'North', 'Hill Road'"
    ]


def test_of_several_sheets_the_only_one_that_can_be_seen_is_read(tmp_path: Path) -> None:
    file = workbook(tmp_path, ("Old", [["name"], ["a"]]), ("New", [["name"], ["b"]]), hidden="Old")
    assert list(endpoints(file)) == ["b"]


def test_a_file_whose_name_holds_a_number_sign(tmp_path: Path) -> None:
    file = workbook(tmp_path, ("S", [["name"], ["a"]]), name="no#1.xlsx")
    assert list(endpoints(file)) == ["a"]


CELLS = {
    ("name", date(2026, 3, 1)): f"endpoints[1].name: expected text, found a date or time; {AS_TEXT}",
    ("name", datetime(2026, 3, 1, 5)): f"endpoints[1].name: expected text, found a date or time; {AS_TEXT}",  # noqa: DTZ001 - Excel knows no zones
    ("name", time(5)): f"endpoints[1].name: expected text, found a date or time; {AS_TEXT}",
    ("name", True): f"endpoints[1].name: expected text, found TRUE; {AS_TEXT}",
    ("name", 1.5): f"endpoints[1].name: expected text, found a number; {AS_TEXT}",
    ("name", 1e15): f"endpoints[1].name: expected text, found a number; {AS_TEXT}",
    ("port", date(2026, 3, 1)): f"endpoints[a].port: expected text, found a date or time; {AS_TEXT}",
    ("port", True): f"endpoints[a].port: expected text, found TRUE; {AS_TEXT}",
    ("port", 22.5): "endpoints[a].port: expected a port number from 1 to 65535, found the number 22.5",
    ("port", -1): "endpoints[a].port: expected a port number from 1 to 65535, found the number -1",
    ("port", "ssh"): "endpoints[a].port: expected a number, found text",
    ("owner", 5.5): f"endpoints[a].owner: expected text, found a number; {AS_TEXT}",
    ("managed", 7): "endpoints[a].managed: expected yes or no, found text",
}


@pytest.mark.parametrize(("cell", "said"), CELLS.items(), ids=range(len(CELLS)))
def test_cells_of_the_wrong_kind(tmp_path: Path, cell: tuple[str, Any], said: str) -> None:
    row = {"name": "a", "port": 22, "owner": "Ada", "managed": "yes", **dict([cell])}
    file = workbook(tmp_path, ("S", [list(row), list(row.values())]))
    assert mistakes(file) == [f"list.xlsx:2: {said}"]


def test_a_formula_counts_by_its_value_and_one_without_is_empty(tmp_path: Path) -> None:
    file = workbook(tmp_path, ("S", [["name", "port"], ["a", "=20+3"]]))
    assert endpoints(file)["a"].port is None
    cells = '<c r="A2" t="str"><f>"b"</f><v>b</v></c><c r="B2"><f>20+3</f><v>23</v></c>'
    assert endpoints(sheet(file, cells))["b"].port == 23


def sheet(file: Path, cells: str) -> Path:
    """A sheet with the columns name and port, and these cells in the second row."""
    head = '<c r="A1" t="inlineStr"><is><t>name</t></is></c><c r="B1" t="inlineStr"><is><t>port</t></is></c>'
    text = (
        f'<worksheet xmlns="{NAMESPACE}"><sheetData><row r="1">{head}</row><row r="2">{cells}</row></sheetData></worksheet>'
    )
    return changed(file, SHEET, text.encode())


def test_a_column_of_secrets_is_refused_and_not_shown(tmp_path: Path) -> None:
    file = workbook(tmp_path, ("S", [["name", "Admin Password"], ["a", None], ["b", 12345678]]))
    (said,) = mistakes(file)
    assert said.startswith("list.xlsx:3: a secret stands in the column 'Admin Password'; remove the column")
    assert "12345678" not in said


def test_sheets_without_machines(tmp_path: Path) -> None:
    empty = "is empty; expected a row with the names of the columns, and a row for each machine"
    assert mistakes(workbook(tmp_path, ("S", []))) == [f"list.xlsx: {empty}"]
    file = workbook(tmp_path, ("S", [[], ["name"]]))
    assert mistakes(file) == ["list.xlsx:2: there is no machine below the names of the columns"]


BYTES = {
    b"": DAMAGED,
    b"hello": DAMAGED,
    b"PK\x03\x04" + bytes(range(256)) * 9: DAMAGED,
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    + bytes(4096): "is encrypted, or of the old kind (.xls); save it as .xlsx without a password",
}


@pytest.mark.parametrize(("data", "said"), BYTES.items(), ids=range(len(BYTES)))
def test_bytes_that_are_no_workbook(tmp_path: Path, data: bytes, said: str) -> None:
    file = tmp_path / "list.xlsx"
    file.write_bytes(data)
    assert mistakes(file) == [f"list.xlsx: {said}"]


def test_a_workbook_that_is_cut_off_or_has_a_broken_sheet(tmp_path: Path) -> None:
    file = workbook(tmp_path, ("S", [["name"], ["a"]]))
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    assert mistakes(file) == [f"list.xlsx: {DAMAGED}"]
    file.write_bytes(whole)
    assert mistakes(changed(file, SHEET, b"<worksheet><sheetData><row><c")) == [f"list.xlsx: {DAMAGED}"]


def test_an_archive_of_another_kind(tmp_path: Path) -> None:
    file = tmp_path / "list.xlsx"
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("word/document.xml", "<document/>")
    assert mistakes(file) == ["list.xlsx: is not an Excel workbook (.xlsx)"]


def test_contents_that_swell_when_unpacked_are_not_unpacked(tmp_path: Path) -> None:
    file = workbook(tmp_path, ("S", [["name"], ["a"]]))
    with zipfile.ZipFile(file, "a") as packed:
        packed.writestr("xl/media/x", b"")
        packed.getinfo("xl/media/x").file_size = 513 * 1024 * 1024
    assert mistakes(file) == ["list.xlsx: holds more than 512 MiB once it is unpacked; save the list as CSV"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not hold a process to its bound of memory")
def test_a_cell_at_the_far_end_of_the_sheet_does_not_take_all_memory(tmp_path: Path) -> None:
    """The reader makes room for every cell between the first and the last one: 550 GB here."""
    file = sheet(
        workbook(tmp_path, ("S", [["name"], ["a"]])),
        '<c r="A2"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c>',
    )
    assert mistakes(file) == ["list.xlsx: needs too much memory or time to read; save the list as CSV"]


def test_a_huge_cell(tmp_path: Path) -> None:
    cell = f'<c r="A2" t="inlineStr"><is><t>{"x" * 10_000_000}</t></is></c>'
    file = sheet(workbook(tmp_path, ("S", [["name"]])), cell)
    assert mistakes(file) == ["list.xlsx:2: a cell holds more than 100,000 characters"]


def test_very_many_columns(tmp_path: Path) -> None:
    file = workbook(tmp_path, ("S", [["name", *(f"c{number}" for number in range(2000))], ["a"]]))
    assert mistakes(file) == ["list.xlsx:1: there are 2,001 columns; expected at most 1,000"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=20))
def test_any_damage_is_explained_or_does_not_matter(tmp_path: Path, changes: list[tuple[float, int]]) -> None:
    file = workbook(tmp_path, ("S", [["name", "port"], ["a", 22], ["b", 23]]))
    data = bytearray(file.read_bytes())
    for place, byte in changes:
        data[int(place * len(data))] = byte
    file.write_bytes(data)
    try:
        load([file])
    except InventoryError as error:
        for problem in error.problems:
            assert problem.startswith(str(file))
            assert problem.isprintable()
