"""Lists of machines that other tools wrote, used as inventories: what comes out of them."""

from __future__ import annotations

import csv
import io
import os
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
import yaml
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scorecard.cli.inventory import inventory as command
from scorecard.inventory import Client, Inventory, load, schema
from scorecard.model import Authentication, Connection, Endpoint, Jump, Platform, Proxy, ProxyKind, Role


def write(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    file = folder / name
    file.write_text(text, encoding=encoding, newline="")
    return file


def only(inventory: Inventory) -> Client:
    (client,) = inventory.clients
    return client


def of_text(folder: Path, text: str) -> dict[str, Endpoint]:
    return {endpoint.name: endpoint for endpoint in only(load([write(folder, "list.csv", text)])).endpoints}


def warnings(inventory: Inventory, folder: Path) -> list[str]:
    return [str(warning).removeprefix(f"{folder}/") for warning in inventory.warnings]


def test_the_smallest_list(tmp_path: Path) -> None:
    file = write(tmp_path, "Harbour Dental.csv", "name\nweb1\n")
    client = only(load([file]))
    assert (client.name, client.source) == ("Harbour Dental", f"{file}:1")
    assert client.endpoints == (Endpoint("web1", "Harbour Dental", "web1", source=f"{file}:2"),)


def test_a_list_as_a_remote_management_tool_writes_it(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        "export.csv",
        '"Computer Name";"IP-Address";"OS";"Device Type";"Site Name";"Serial"\n'
        '"web1";"192.0.2.7";"Ubuntu 24.04.1 LTS";"Server";"Hill Road";"X1"\n'
        ";;;;;\n"
        '"laptop-ada";"";"Mac OS X 14";"Notebook";"";"X2"\n',
    )
    inventory = load([file])
    client = only(inventory)
    web, laptop = client.endpoints
    assert (web.address, web.platform, web.role, web.site) == ("192.0.2.7", Platform.LINUX, Role.SERVER, "Hill Road")
    assert (laptop.address, laptop.platform, laptop.role, laptop.site) == ("laptop-ada", Platform.MACOS, Role.LAPTOP, "")
    assert (web.source, laptop.source) == (f"{file}:2", f"{file}:4")
    assert client.sites == ("Hill Road",)
    assert warnings(inventory, tmp_path) == ["export.csv:1: columns that are not used: 'Serial'"]


def test_every_key_of_an_endpoint_can_be_a_column(tmp_path: Path) -> None:
    (tmp_path / "known").write_text("")
    (tmp_path / "ca.pem").write_text("")
    found = of_text(
        tmp_path,
        "name,address,site,groups,platform,transport,port,role,tags,managed,owner,proxy_jump,proxy,known_hosts,"
        "host_key_policy,connect_timeout_s,keep_alive_s,https,authentication,ca_file\n"
        'a,192.0.2.1,hill,"db; web",auto,SSH,2222,server,"x, y;z",no,Ada,"me@gate:23,gate2",socks5://p:1080,known,'
        "accept-new,2.5,0,yes,Kerberos,ca.pem\n",
    )
    endpoint = found["a"]
    assert (endpoint.address, endpoint.site, endpoint.platform, endpoint.transport) == ("192.0.2.1", "hill", None, "ssh")
    assert (endpoint.port, endpoint.role, endpoint.managed, endpoint.owner) == (2222, Role.SERVER, False, "Ada")
    assert set(endpoint.tags) == {"db", "web", "x", "y", "z"}
    connection = endpoint.connection
    assert [(jump.address, jump.port, jump.credential and jump.credential.user) for jump in connection.jumps] == [
        ("gate", 23, "me"),
        ("gate2", 22, None),
    ]
    assert connection.proxy == Proxy(ProxyKind.SOCKS5, "p", 1080)
    assert (connection.known_hosts, connection.ca_file) == ((f"{tmp_path}/known",), f"{tmp_path}/ca.pem")
    assert (connection.connect_timeout_s, connection.keep_alive_s, connection.https) == (2.5, 0, True)
    assert connection.authentication is Authentication.KERBEROS


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separators_encodings_and_line_ends(tmp_path: Path, separator: str, encoding: str, end: str) -> None:
    rows = (["Name", "Owner", "Note"], ["wéb1", 'Zoë "Z" Müller', f"two{end}lines"], ["web2", "张", ""])
    quoted = (separator.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows)
    file = write(tmp_path, "list.csv", end.join(quoted) + end, encoding)
    first, second = only(load([file])).endpoints
    assert (first.name, first.owner, second.name, second.owner) == ("wéb1", 'Zoë "Z" Müller', "web2", "张")
    assert (first.source, second.source) == (f"{file}:2", f"{file}:4")


@pytest.mark.parametrize(
    ("head", "name", "address"),
    [
        ("name,hostname", "first", "second"),
        ("hostname,name", "second", "first"),
        ("Host Name,IP", "first", "second"),
        ("IP Address,Device", "second", "first"),
        ("COMPUTER_NAME,DNSHostName", "first", "second"),
        ("name,serial", "first", "first"),
        ("ipv4address,endpoint-name", "second", "first"),
    ],
)
def test_columns_under_other_names(tmp_path: Path, head: str, name: str, address: str) -> None:
    (endpoint,) = of_text(tmp_path, f"{head}\nfirst,second\n").values()
    assert (endpoint.name, endpoint.address) == (name, address)


def test_of_several_columns_for_a_key_the_best_is_taken_and_the_others_are_told(tmp_path: Path) -> None:
    file = write(tmp_path, "list.csv", "IP,Name,FQDN,Agent\n192.0.2.1,web1,web1.example.com,5\n")
    inventory = load([file])
    assert [endpoint.address for endpoint in only(inventory).endpoints] == ["web1.example.com"]
    assert warnings(inventory, tmp_path) == ["list.csv:1: columns that are not used: 'IP', 'Agent'"]


def test_many_unused_columns_are_told_in_one_line(tmp_path: Path) -> None:
    file = write(tmp_path, "list.csv", "name," + ",".join(f"c{number}" for number in range(20)) + "\nweb1\n")
    (warning,) = warnings(load([file]), tmp_path)
    assert warning.endswith("'c6', 'c7' and 12 more")


@pytest.mark.parametrize(
    ("cell", "platform"),
    [
        ("Microsoft Windows 11 Pro", Platform.WINDOWS),
        ("Windows Server 2022 Standard", Platform.WINDOWS),
        ("WINDOWS", Platform.WINDOWS),
        ("Win10", Platform.WINDOWS),
        ("Red Hat Enterprise Linux 9.4", Platform.LINUX),
        ("Debian GNU/Linux 12 (bookworm)", Platform.LINUX),
        ("Ubuntu", Platform.LINUX),
        ("macOS Sonoma", Platform.MACOS),
        ("Mac OS X", Platform.MACOS),
        ("Darwin 23.1", Platform.MACOS),
        ("auto", None),
        ("", None),
    ],
)
def test_operating_systems(tmp_path: Path, cell: str, platform: Platform | None) -> None:
    found = of_text(tmp_path, f"name,os,authentication\na,{cell},kerberos\n")
    assert found["a"].platform is platform


@pytest.mark.parametrize(
    ("cell", "role"),
    [
        ("Laptop", Role.LAPTOP),
        ("Windows Laptop", Role.LAPTOP),
        ("Notebook Computer", Role.LAPTOP),
        ("Windows Server", Role.SERVER),
        ("Desktop", Role.WORKSTATION),
        ("PC", Role.WORKSTATION),
        ("", None),
    ],
)
def test_roles(tmp_path: Path, cell: str, role: Role | None) -> None:
    assert of_text(tmp_path, f"name,device type\na,{cell}\n")["a"].role is role


@pytest.mark.parametrize(("cell", "managed"), [("yes", True), ("TRUE", True), ("1", True), ("N", False), ("False", False)])
def test_flags(tmp_path: Path, cell: str, managed: bool) -> None:
    assert of_text(tmp_path, f"name,managed\na,{cell}\n")["a"].managed is managed


def test_cells_that_tools_guard_against_spreadsheets(tmp_path: Path) -> None:
    found = of_text(tmp_path, 'sep=;\r\nname;address;port\r\n"=""007""";192.0.2.1;22.0\r\n')
    assert (found["007"].address, found["007"].port) == ("192.0.2.1", 22)
    assert found["007"].source.endswith("list.csv:3")


def test_rows_that_are_short_empty_or_end_in_separators(tmp_path: Path) -> None:
    found = of_text(tmp_path, "\n\nname,port,owner\na\n\n , ,\nb,23,Ada,,,\n")
    assert [(one.name, one.port, one.owner, one.source.rpartition(":")[2]) for one in found.values()] == [
        ("a", None, "", "4"),
        ("b", 23, "Ada", "7"),
    ]


def test_a_directory_s_columns_about_passwords_are_no_secrets(tmp_path: Path) -> None:
    assert list(of_text(tmp_path, "Name,PasswordLastSet,PasswordExpired,BitLocker Key ID\na,2026-01-01,False,X\n")) == ["a"]


def test_a_list_for_several_clients(tmp_path: Path) -> None:
    file = write(tmp_path, "all.csv", "Customer,Name,Site\nHarbour,a,x\nBakery,a,y\nHARBOUR,b,\n")
    clients = load([file]).clients
    assert [(one.name, [endpoint.name for endpoint in one.endpoints], one.sites, one.source) for one in clients] == [
        ("Harbour", ["a", "b"], ("x",), f"{file}:2"),
        ("Bakery", ["a"], ("y",), f"{file}:3"),
    ]
    assert [endpoint.source for endpoint in clients[0].endpoints] == [f"{file}:2", f"{file}:4"]


def test_an_inventory_with_lists(tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    write(tmp_path, "lists/a.csv", "name,site,groups\nweb1,hill,\nweb2,,servers\n")
    write(tmp_path, "lists/b.csv", "hostname;os\npc1;Windows 11\n")
    file = write(
        tmp_path,
        "inventory.yaml",
        "client: A\n"
        "credentials: {office: {user: u, agent: yes}}\n"
        "defaults: {credential: office}\n"
        "sites: {hill: {port: 2222, proxy_jump: gate}}\n"
        "groups: {servers: {role: server, endpoints: [web1]}}\n"
        "endpoints: [db1]\n"
        "endpoints_from: [lists/a.csv, lists/b.csv]\n",
    )
    inventory = load([file])
    assert inventory.warnings == ()
    db, web1, web2, pc = only(inventory).endpoints
    assert [one.source.removeprefix(f"{tmp_path}/") for one in (db, web1, web2, pc)] == [
        "inventory.yaml:6",
        "lists/a.csv:2",
        "lists/a.csv:3",
        "lists/b.csv:2",
    ]
    assert [one.credential and one.credential.name for one in (db, web1, web2, pc)] == ["office"] * 4
    assert (web1.port, web1.connection.jumps[0].address, web1.role) == (2222, "gate", Role.SERVER)
    assert isinstance(web1.connection.jumps[0], Jump)
    assert (web2.role, web2.tags, web2.port) == (Role.SERVER, ("servers",), None)
    assert (pc.platform, pc.transport) == (Platform.WINDOWS, "winrm")


def test_what_equal_rows_share_is_one_value(tmp_path: Path) -> None:
    """A fleet's memory rests on it."""
    first, second = of_text(tmp_path, 'name,tags,port\na,"x,y",23\nb,"x,y",23\n').values()
    assert first.tags is second.tags
    assert first.connection is second.connection
    assert first.connection == Connection()


def test_sites_of_a_list_are_defined_by_being_named_where_the_inventory_has_none(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", "name,site,group\nweb1,hill,servers\n")
    client = only(load([write(tmp_path, "i.yaml", "client: A\nendpoints_from: a.csv\n")]))
    assert (client.sites, client.endpoints[0].site, client.endpoints[0].tags) == (("hill",), "hill", ("servers",))


def test_inventories_share_a_list_by_its_column_client(tmp_path: Path) -> None:
    write(tmp_path, "all.csv", "client,name\nA,a1\nB,b1\na,a2\nC,c1\nC,c2\n")
    file = write(
        tmp_path,
        "i.yaml",
        "clients:\n- {client: A, endpoints_from: all.csv}\n- {client: B, endpoints: [b0], endpoints_from: [all.csv]}\n",
    )
    inventory = load([file])
    assert [[one.name for one in client.endpoints] for client in inventory.clients] == [["a1", "a2"], ["b0", "b1"]]
    assert warnings(inventory, tmp_path) == [
        "all.csv:5: 2 machines of client 'C' are in this list, and no inventory asks for them"
    ]


def test_a_folder_with_lists(tmp_path: Path) -> None:
    write(tmp_path, "one.csv", "name\na\n")
    write(tmp_path, "two.tsv", "name\tport\na\t23\n")
    write(tmp_path, "used.csv", "name\nc\n")
    write(tmp_path, "three.yaml", "client: Three\nendpoints_from: used.csv\n")
    write(tmp_path, "notes.txt", "not a list")
    write(tmp_path, "~$four.xlsx", "what a spreadsheet writes while it has the workbook open")
    assert [client.name for client in load([tmp_path]).clients] == ["one", "Three", "two"]
    assert [client.name for client in load([tmp_path / "used.csv", tmp_path]).clients] == ["one", "Three", "two"]
    assert [client.name for client in load([tmp_path / "used.csv"]).clients] == ["used"]


def test_relative_paths_in_a_list_start_at_the_inventory(tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    (tmp_path / "known").write_text("")
    write(tmp_path, "lists/a.csv", "name,known_hosts\nweb1,known\n")
    client = only(load([write(tmp_path, "i.yaml", "client: A\nendpoints_from: lists/a.csv\n")]))
    assert client.endpoints[0].connection.known_hosts == (f"{tmp_path}/known",)


def test_check_of_a_list(tmp_path: Path) -> None:
    file = write(tmp_path, "Harbour.csv", "name,note\nweb1,x\n")
    result = CliRunner().invoke(command, ["check", str(file)])
    assert (result.exit_code, result.stdout.splitlines()[0]) == (0, f"Harbour: 1 endpoint ({file}:1)")
    assert result.stderr == f"warning: {file}:1: columns that are not used: 'note'\n"


@pytest.mark.skipif(os.name != "posix", reason="the owner of a file cannot be told on Windows")
def test_commands_are_accepted_beside_lists(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", "name\nweb1\n").chmod(0o666)
    file = write(
        tmp_path,
        "i.yaml",
        "client: A\ncredentials: {c: {user: u, password: {command: [laps, '{name}']}}}\ndefaults: {credential: c}\n"
        "endpoints_from: a.csv\n",
    )
    file.chmod(0o600)
    (endpoint,) = only(load([file])).endpoints
    assert endpoint.credential is not None
    assert str(endpoint.credential.password) == "command:laps {name}"


def test_a_list_fits_the_schema(tmp_path: Path) -> None:
    drawn = schema()
    good: list[dict[str, object]] = [
        {"client": "A", "endpoints_from": "a.csv"},
        {"client": "A", "endpoints_from": ["a.csv", "b.xlsx#S"], "endpoints": ["x"]},
    ]
    for value in good:
        jsonschema.validate(value, drawn)
    for bad in ({"client": "A"}, {"client": "A", "endpoints": []}, {"client": "A", "endpoints_from": 5}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(bad, drawn)


WORDS = st.text(alphabet="abzé漢-7", min_size=1, max_size=6).filter(lambda text: text[0] not in "-=")
ROWS = st.lists(
    st.fixed_dictionaries(
        {"name": WORDS, "address": st.sampled_from(["192.0.2.1", "fe80::1", "web.example.com"])},
        optional={
            "site": st.sampled_from(["hill", "lake"]),
            "groups": st.lists(st.sampled_from(["one", "two"]), min_size=1, unique=True),
            "platform": st.sampled_from(["linux", "macos", "auto"]),
            "port": st.integers(1, 65535),
            "role": st.sampled_from(["workstation", "laptop", "server"]),
            "tags": st.lists(WORDS, min_size=1),
            "managed": st.booleans(),
            "owner": WORDS.map(lambda text: f'{text} "{text}", {text}'),
            "connect_timeout_s": st.integers(1, 600),
        },
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda row: str(row["name"]).casefold(),
)
HEAD = {"client": "A", "sites": {"hill": {"port": 7}, "lake": None}, "groups": {"one": {"role": "server"}, "two": None}}


def cell(value: object) -> str:
    return "; ".join(value) if isinstance(value, list) else str(value)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, separator=st.sampled_from(",;\t"))
def test_a_list_says_the_same_as_the_inventory_it_stands_for(
    tmp_path: Path, rows: list[dict[str, object]], separator: str
) -> None:
    keys = list(dict.fromkeys(key for row in rows for key in row))
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator)
    writer.writerows([keys, *([cell(row.get(key, "")) for key in keys] for row in rows)])
    write(tmp_path, "list.csv", out.getvalue())
    by_list = only(load([write(tmp_path, "l.yaml", yaml.safe_dump({**HEAD, "endpoints_from": "list.csv"}))]))
    by_yaml = only(load([write(tmp_path, "y.yaml", yaml.safe_dump({**HEAD, "endpoints": rows}))]))
    assert [replace(one, source="") for one in by_list.endpoints] == [replace(one, source="") for one in by_yaml.endpoints]
    assert by_list.sites == by_yaml.sites
