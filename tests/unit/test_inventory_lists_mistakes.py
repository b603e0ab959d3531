"""Lists with mistakes, broken ones and hostile ones: each is one clear line, and nothing is read half."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scorecard.cli.inventory import inventory as command
from scorecard.errors import InventoryError
from scorecard.inventory import load

NO_NAME = (
    "no column is called name (or computer name, hostname, device name); expected a first row with the names of the "
    "columns, separated by commas, semicolons or tabs"
)
INVENTORY = "write an inventory in YAML with credentials, and name this list there under endpoints_from"
UTF8 = "save it as CSV in UTF-8"
CELL = "a cell holds more than 100,000 characters"
PLATFORMS = "windows, linux, macos, auto"
MISSING = "is missing. Expected: Its name, unique within the client. Findings and history go by it."
NOT_HOST = "expected a host name or IP address, but this"
UNIQUE = "names are unique (capitals do not count)"


def mistakes(*files: Path) -> list[str]:
    with pytest.raises(InventoryError) as raised:
        load(files)
    folder = re.escape(str(files[0].parent))
    return [re.sub(f"^{folder}/", "", problem) for problem in raised.value.problems]


def of_data(folder: Path, data: bytes) -> list[str]:
    file = folder / "l.csv"
    file.write_bytes(data)
    return mistakes(file)


# A list -> everything that is said about it, without "l.csv:".
LISTS = {
    "": [" is empty; expected a row with the names of the columns, and a row for each machine"],
    " \n\n": [" is empty; expected a row with the names of the columns, and a row for each machine"],
    "name\n": ["1: there is no machine below the names of the columns"],
    "a,hunter2\nb,hunter2\n": ["1: " + NO_NAME],
    "name|port\na|22\n": ["1: " + NO_NAME],
    "Name,name\na,b\n": ["1: the column for name stands twice, as A and B; remove or rename one"],
    "Computer,x,COMPUTER\na,b,c\n": ["1: the column for name stands twice, as A and C; remove or rename one"],
    "name,ssh-port,ssh port\na,1,2\n": ["1: the column for port stands twice, as B and C; remove or rename one"],
    "name,port\n\na,x\n": ["3: endpoints[a].port: expected a number, found text"],
    "name,ssh port\na,0\n": [
        "2: endpoints[a].port (column 'ssh port'): expected a port number from 1 to 65535, found the number 0"
    ],
    "name,port\na,22.5\n": ["2: endpoints[a].port: expected a port number from 1 to 65535, found the number 22.5"],
    "name,port\na,1e9999\n": ["2: endpoints[a].port: expected a number, found text"],
    "name,os\na,Cisco IOS\n": [f"2: endpoints[a].platform (column 'os'): expected one of {PLATFORMS}, found 'cisco ios'"],
    "name,role\na,Toaster\n": ["2: endpoints[a].role: expected one of workstation, laptop, server, found 'toaster'"],
    "name,managed\na,perhaps\n": ["2: endpoints[a].managed: expected yes or no, found text"],
    "name,address\n,192.0.2.1\n": [f"2: endpoints[1].name: {MISSING}"],
    "name\nfront desk\n": [
        "2: endpoints[front desk].name: the name serves as address, but it is not a host name or IP address; add the key "
        "address"
    ],
    "name,ip\na,10.0.0.300\n": [
        "2: endpoints[a].address (column 'ip'): expected a host name or IP address, but this is not a valid IP address"
    ],
    "name,ip\na,192.0.2.1:22\n": [
        f"2: endpoints[a].address (column 'ip'): {NOT_HOST} holds a port; put it under the key port"
    ],
    "name\na\nb\nA\n": [f"4: endpoints[A].name: an endpoint named 'A' is already on line 2; {UNIQUE}"],
    "name,port\na,22,x\n": [
        "2: endpoints[a]: expected at most 2 cells, as in the first row, found 3; put quotes around a cell that holds a "
        "separator"
    ],
    "name,credential\na,office\n": [
        f"2: endpoints[a].credential: there is no credential named 'office': a list alone has none; {INVENTORY}"
    ],
    "name,os\nx,linux\na,Windows 11\nb,Windows 10\n": [
        "3: endpoints[a]: is asked over WinRM, and 1 more, which needs a credential, and a list alone has none; "
        + INVENTORY
    ],
    "name,transport\na,winrm\n": [
        f"2: endpoints[a]: is asked over WinRM, which needs a credential, and a list alone has none; {INVENTORY}"
    ],
    "client,name\nA,a\n,b\n": ["3: client: is missing. Expected: the client whose machine this is"],
    "client,name\n=A1,b\n": ["2: client: a formula stands here; expected its value"],
    "name,address\n=1+1,192.0.2.1\n": ["2: endpoints[1].name: a formula stands here; expected its value"],
    "name,owner\na,=cmd|' /c calc'!A0\n": ["2: endpoints[a].owner: a formula stands here; expected its value"],
    "name,port\na,#REF!\n": ["2: endpoints[a].port: a spreadsheet's error stands here; expected a value"],
    'name,owner\na,"Ada\nb,Zoe\n': ["2: a quote is opened here and never closed"],
    'name,owner\na,"Ada"x\nb,Zoe\n': [
        "2: the quotes do not close in front of a separator; inside quotes, write a quote twice"
    ],
    "name,address\n<script>,192.0.2.1\nb\u202eexe,192.0.2.2\nc\x1b[2J,192.0.2.3\n": [
        "3: endpoints[2].name: expected a name, found text with control or invisible characters; remove them",
        "4: endpoints[3].name: expected a name, found text with control or invisible characters; remove them",
    ],
    'name,address\n"a\nb",192.0.2.1\nc,x y\n': [
        "2: endpoints[1].name: expected a name, found text with control or invisible characters; remove them",
        "4: endpoints[c].address: expected a host name or IP address, but this is not a host name or IP address",
    ],
    "name,site\na,x\u202e\n": [
        "2: endpoints[a].site: expected a name, found text with control or invisible characters; remove them"
    ],
    "name,address\n" + "x" * 256 + ",a\n": ["2: endpoints[1].name: expected a name of at most 255 characters, found 256"],
    "name\n" + "x" * 100_001 + "\n": [f"2: {CELL}"],
    "name\n" + "x" * 10_000_000 + "\n": [f"2: {CELL}; look for a quote that is never closed"],
    "name," + "x," * 1_000_000 + "\na\n": ["1: there are 1,000,002 columns; expected at most 1,000"],
    "name\na\0b\n": [f"2: a zero byte stands here; {UTF8}"],
}


@pytest.mark.parametrize(("text", "said"), LISTS.items(), ids=range(len(LISTS)))
def test_a_list_with_mistakes(tmp_path: Path, text: str, said: list[str]) -> None:
    assert of_data(tmp_path, text.encode()) == [f"l.csv:{one}" for one in said]


DATA = {
    "name\nwéb1\n".encode("latin-1"): [f"2: is not UTF-8 from here on; {UTF8}"],
    "name\nweb1\n".encode("utf-16-le"): [f"1: a zero byte stands here; {UTF8}"],
    b"\xff\xfen\0a\0m\0e\0\n\0\x00\xd8": [f" is not UTF-16, which its first bytes announce; {UTF8}"],
    bytes(range(128, 256)) * 50: [f"1: is not UTF-8 from here on; {UTF8}"],
    b"\x7fELF\x02\x01\x01" + bytes(100): [f"1: a zero byte stands here; {UTF8}"],
}


@pytest.mark.parametrize(("data", "said"), DATA.items(), ids=range(len(DATA)))
def test_bytes_that_are_no_list(tmp_path: Path, data: bytes, said: list[str]) -> None:
    assert of_data(tmp_path, data) == [f"l.csv:{one}" for one in said]


@pytest.mark.parametrize(
    "title", ["Password", "local admin pwd", "ms-Mcs-AdmPwd", "Passphrase", "API token", "Account secret", "PW"]
)
def test_a_column_of_secrets_is_refused_and_not_shown(tmp_path: Path, title: str) -> None:
    (said,) = of_data(tmp_path, f"name,{title}\na,\nb,hunter2\nc,hunter3\n".encode())
    assert said.startswith(f"l.csv:3: a secret stands in the column '{title}'; remove the column")
    assert "hunter" not in said


def test_an_empty_column_of_secrets_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("name,password\na,\n")
    assert load([tmp_path / "l.csv"]).warnings == ()


def test_values_are_not_shown_where_a_secret_may_stand(tmp_path: Path) -> None:
    said = of_data(tmp_path, b"name,address,proxy,port,managed\na,me:hunter2@host,http://me:hunter2@p:1,hunter2,hunter2\n")
    assert len(said) == 4
    assert "hunter2" not in "".join(said)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "inventory.yaml").write_text("client: A\nendpoints_from: [none.csv, folder.csv]\n")
    assert mistakes(tmp_path / "none.csv") == ["none.csv: cannot be read: No such file or directory"]
    assert mistakes(tmp_path / "x\0.csv") == ["x\\x00.csv: cannot be read: this is not a file name"]
    assert mistakes(tmp_path / "inventory.yaml") == [
        "folder.csv: cannot be read: this is not a file",
        "none.csv: cannot be read: No such file or directory",
    ]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    assert mistakes(tmp_path / "pipe.csv") == ["pipe.csv: cannot be read: this is not a file"]


def test_a_huge_list_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "huge.csv"
    with file.open("wb") as out:
        out.truncate(300 * 1024 * 1024)
    assert mistakes(file) == ["huge.csv: is larger than 64 MiB; split it into several lists"]


def test_every_mistake_of_an_inventory_and_its_lists_names_its_own_place(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("name,site,groups,credential\nweb1,,,\nWEB2,hill,,\na,hil,servers,ofice\ngone,,,\n")
    (tmp_path / "m.csv").write_text("name\nweb2\n")
    file = tmp_path / "i.yaml"
    file.write_text(
        "client: A\n"
        "credentials: {office: {user: u, agent: yes}}\n"
        "sites: {hill: }\n"
        "groups: {web: {endpoints: [web1, webb]}}\n"
        "endpoints: [web1, {name: x, port: 0}]\n"
        "endpoints_from: [l.csv, m.csv]\n"
        "retired: [{name: gone, on: 2026-01-01, reason: sold}]\n"
    )
    assert mistakes(file) == [
        "i.yaml:4: groups.web.endpoints[webb]: there is no endpoint named 'webb'; did you mean 'web2'?",
        "i.yaml:5: endpoints[x].port: expected a port number from 1 to 65535, found the number 0",
        f"i.yaml:7: retired[gone].name: 'gone' is retired here and still listed at {tmp_path}/l.csv:5; remove it in one of "
        "the two places",
        f"l.csv:2: endpoints[web1].name: an endpoint named 'web1' is already at {tmp_path}/i.yaml:5; {UNIQUE}",
        "l.csv:4: endpoints[a].credential: there is no credential named 'ofice'; did you mean 'office'?",
        "l.csv:4: endpoints[a].groups[servers]: there is no group named 'servers'; define it under groups: or correct the "
        "name",
        "l.csv:4: endpoints[a].site: there is no site named 'hil'; did you mean 'hill'?",
        f"m.csv:2: endpoints[web2].name: an endpoint named 'web2' is already at {tmp_path}/l.csv:3; {UNIQUE}",
    ]


def test_lists_and_clients_that_do_not_fit(tmp_path: Path) -> None:
    (tmp_path / "all.csv").write_text("client,name\nB,b\n")
    (tmp_path / "one.csv").write_text("name\na\n")
    (tmp_path / "two.csv").write_text("name\na\n")
    file = tmp_path / "i.yaml"
    file.write_text(
        "clients:\n"
        "- {client: A, endpoints_from: all.csv}\n"
        "- {client: B, endpoints_from: [all.csv, one.csv]}\n"
        "- {client: C, endpoints_from: one.csv}\n"
        "- {client: D, endpoints_from: {file: one.csv}}\n"
        "- {client: E}\n"
        "- {client: F, endpoints_from: ''}\n"
        "- {client: G, endpoints_from: []}\n"
        "- {endpoints_from: all.csv}\n"
        "- {client: H, endpoints_from: i.yaml}\n"
        "- {client: B2, endpoints_from: [two.csv, ./two.csv]}\n"
    )
    assert mistakes(file) == [
        "i.yaml:2: clients[1].endpoints_from: all.csv has no machine of client 'A' in its column client",
        "i.yaml:4: clients[3].endpoints_from: one.csv already holds the machines of client 'B'; add a column client to it",
        "i.yaml:5: clients[4].endpoints_from: expected the path of a file or a list of them, found a mapping",
        "i.yaml:6: clients[5].endpoints: is missing. Expected: Every machine that is expected to be in order; here, in the "
        "lists of endpoints_from, or both.",
        "i.yaml:7: clients[6].endpoints_from: expected the path of a file, found empty text",
        "i.yaml:8: clients[7].endpoints_from: expected at least one item, found an empty list",
        "i.yaml:9: clients[8].client: is missing. Expected: The client's name, unique among all inventories loaded "
        "together.",
        "i.yaml:10: clients[9].endpoints_from: expected a list, which ends in .csv, .tsv or .xlsx",
        "i.yaml:11: clients[10].endpoints_from[2]: two.csv already holds the machines of client 'B2'; name it once",
    ]


def test_clients_are_defined_once_among_lists_as_well(tmp_path: Path) -> None:
    (tmp_path / "A.csv").write_text("name\na\n")
    (tmp_path / "b.csv").write_text("company,name\nB,b\na,c\n")
    assert mistakes(tmp_path / "A.csv", tmp_path / "b.csv") == [
        f"b.csv:3: client: this client is already defined at {tmp_path}/A.csv:1; a client has one definition"
    ]


def test_machines_that_lead_to_the_same_place(tmp_path: Path) -> None:
    file = tmp_path / "l.csv"
    file.write_text("name,address,port\na,192.0.2.1,\nb,192.0.2.1,23\nc,192.0.2.1,\n")
    assert [str(warning) for warning in load([file]).warnings] == [
        f"{file}:4: endpoints[c]: leads to the same place as 'a' and would be counted twice; remove one, or correct the "
        "address"
    ]


def test_check_of_a_bad_list_ends_with_code_2(tmp_path: Path) -> None:
    file = tmp_path / "l.csv"
    file.write_text("name,port\na,x\n")
    result = CliRunner().invoke(command, ["check", str(file)])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines() == [
        f"{file}:2: endpoints[a].port: expected a number, found text",
        "1 problem; nothing was contacted",
    ]


def test_a_mistake_in_every_row_is_told_for_every_row(tmp_path: Path) -> None:
    said = of_data(tmp_path, b"name,port\n" + b"".join(b"m%d,x\n" % number for number in range(2000)))
    assert sorted(said) == sorted(
        f"l.csv:{n + 2}: endpoints[m{n}].port: expected a number, found text" for n in range(2000)
    )


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=300), st.text(alphabet='name,;\t\n\r"=0aé\ufeff ', max_size=80).map(str.encode)))
def test_any_bytes_load_or_are_explained_in_lines(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "l.csv"
    file.write_bytes(data)
    try:
        load([file])
    except InventoryError as error:
        for problem in error.problems:
            assert problem.startswith(str(file))
            assert "\n" not in problem
            assert problem.isprintable()
