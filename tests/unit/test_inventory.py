"""Inventories that are in order: what comes out of them."""

from __future__ import annotations

import json
import os
import re
import time
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from click.testing import CliRunner

from scorecard.cli.inventory import inventory as command
from scorecard.errors import InventoryError
from scorecard.inventory import Client, load, schema
from scorecard.marked_yaml import parse
from scorecard.model import (
    Authentication,
    Connection,
    Endpoint,
    HostKeyPolicy,
    Jump,
    Pace,
    Platform,
    Proxy,
    ProxyKind,
    Role,
    SecretRef,
)
from scorecard.result import Authorisation, Contact, Contract, Goal, Preferences, Provider, Retired

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "inventory.example.yaml"
POSIX = pytest.mark.skipif(os.name != "posix", reason="the owner of a file cannot be told on Windows")


def write(folder: Path, text: str, name: str = "inventory.yaml") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def only(folder: Path, text: str) -> Client:
    (client,) = load([write(folder, text)]).clients
    return client


def endpoints(folder: Path, text: str) -> dict[str, Endpoint]:
    return {endpoint.name: endpoint for endpoint in only(folder, text).endpoints}


def test_the_smallest_inventory(tmp_path: Path) -> None:
    client = only(tmp_path, "client: A\nendpoints: [web1]\n")
    assert client == Client(
        name="A",
        time_zone="UTC",
        endpoints=(Endpoint("web1", "A", "web1", source=f"{tmp_path}/inventory.yaml:2"),),
        source=f"{tmp_path}/inventory.yaml:1",
    )


def test_the_example(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (client,) = load([EXAMPLE]).clients
    found = {endpoint.name: endpoint for endpoint in client.endpoints}
    assert list(found) == ["files", "db1", "Front desk PC", "laptop-ada"]
    assert client.provider == Provider(
        "North Quay IT", "help@northquay.example, +44 20 7946 0000", accent="#1a4fa3", accent_dark="#8fb8ff"
    )
    assert client.authorised == Authorisation(
        "Dr Ada Moreno, managing partner",
        date(2026, 1, 12),
        "All computers in both practices, read only",
        date(2026, 12, 31),
    )
    prices = {Role.WORKSTATION: 820, Role.LAPTOP: 900, Role.SERVER: 4000}
    assert client.contract == Contract(hours_per_month=10, rate=95, currency="GBP", prices=prices)
    assert client.preferences == Preferences(
        goal=Goal("A", date(2027, 3, 31)),
        contact=Contact("Jo Larkspur, reception", "jo@harbour.example", "+44 20 7946 0001"),
        contacts={"hill-road": Contact("Sam Reed")},
        locale="en-GB",
        paper="a4",
    )
    assert client.retired == (Retired("old-files", date(2026, 2, 28), "Replaced by files"),)
    assert client.sites == ("harbour-street", "island", "hill-road")
    assert client.paces == {"island": Pace(max_parallel=3, start_gap_s=2)}
    files, db1, desk, laptop = found.values()
    assert (files.address, files.role, files.site, files.tags) == (
        "files",
        Role.SERVER,
        "harbour-street",
        ("servers", "critical"),
    )
    assert files.connection.known_hosts == (f"{tmp_path}/.ssh/known_hosts",)
    assert files.credential is not None
    assert files.credential.key_file == f"{tmp_path}/.ssh/harbour_ed25519"
    assert files.credential.passphrase == SecretRef("env", "HARBOUR_KEY_PASSPHRASE", f"{EXAMPLE}:37")
    assert (db1.port, db1.site) == (2222, "hill-road")
    (jump,) = db1.connection.jumps
    assert (jump.address, jump.port, jump.credential and jump.credential.name) == (
        "gate.hill-road.example",
        2222,
        "bastion",
    )
    assert (desk.platform, desk.transport, desk.owner) == (Platform.WINDOWS, "winrm", "Reception")
    assert desk.credential is not None
    assert str(desk.credential.password) == "keyring:harbour/audit"
    assert (laptop.platform, laptop.transport, laptop.role) == (Platform.MACOS, "ssh", Role.LAPTOP)


def keys_of_schema() -> set[str]:
    return {key for definition in schema()["$defs"].values() for key in definition["properties"]} | {"command"}


def keys_in(value: object) -> set[str]:
    if isinstance(value, dict):
        return {str(key) for key in value}.union(*(keys_in(inner) for inner in value.values()))
    return set[str]().union(*(keys_in(inner) for inner in value)) if isinstance(value, list) else set()


def test_every_key_stands_in_the_example() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    missing = keys_of_schema() - keys_in(parse(text, "example").value)
    # Another form, and four that need files of the user's own.
    assert missing == {"clients", "command", "endpoints_from", "exceptions", "logo"}
    assert re.search(r"^# endpoints_from: \[", text, re.MULTILINE)
    assert re.search(r"^# exceptions: exceptions.yaml$", text, re.MULTILINE)
    assert re.search(r"^#   clients:$", text, re.MULTILINE)
    assert re.search(r"^#   \{command: \[", text, re.MULTILINE)


def test_every_key_stands_in_the_reference_page() -> None:
    text = (ROOT / "docs" / "inventory.md").read_text(encoding="utf-8")
    assert {key for key in keys_of_schema() if f"`{key}`" not in text and f"{{{key}:" not in text} == set()


def test_the_example_fits_the_schema() -> None:
    drawn = schema()
    jsonschema.Draft202012Validator.check_schema(drawn)
    validator = jsonschema.Draft202012Validator(drawn)
    # As an editor sees it: YAML 1.2, where `on` is text and a date is text.
    text = re.sub(r"\bon:", "'on':", EXAMPLE.read_text(encoding="utf-8"))
    validator.validate(json.loads(json.dumps(yaml.safe_load(text), default=str)))


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        ({"client": "A", "endpoints": ["a"]}, True),
        ({"clients": [{"client": "A", "endpoints": [{"name": "a", "proxy_jump": "b"}]}], "provider": {"name": "P"}}, True),
        ({"client": "A", "endpoints": ["a"], "sites": {"x": None}, "groups": {"g": {"endpoints": "a"}}}, True),
        ({"client": "A", "endpoints": [{"name": "a", "proxy_jump": ["b", {"address": "c"}]}]}, True),
        ({"client": "A", "endpoints": ["a"], "credentials": {"x": {"password": {"command": ["p"]}}}}, True),
        ({"client": "A", "endpoints": ["a"], "sites": {"x": {"proxy": "socks5://[::1]:1080"}}}, True),
        ({"client": "A", "endpoints": ["a"], "sites": {"x": {"proxy": "none"}}}, True),
        ({"client": "A", "endpoints": ["a"], "sites": {"x": {"proxy": "socks5://me:secret@p:1080"}}}, False),
        ({"client": "A", "endpoints": ["a"], "sites": {"x": {"proxy": "p:1080"}}}, False),
        ({"client": "A"}, False),
        ({"client": "A", "endpoints": []}, False),
        ({"client": "A", "endpoints": ["a"], "extra": 1}, False),
        ({"client": "A", "endpoints": [{"name": "a", "port": 0}]}, False),
        ({"client": "A", "endpoints": [{"name": "a", "port": None}]}, False),
        ({"client": "A", "endpoints": [{"address": "a"}]}, False),
        ({"client": "A", "endpoints": ["a"], "credentials": {"x": {"password": "hunter2"}}}, False),
        ({"clients": [{"client": "A", "endpoints": ["a"]}], "client": "B"}, False),
    ],
)
def test_schema_and_loader_agree(tmp_path: Path, value: Any, fits: bool) -> None:
    assert jsonschema.Draft202012Validator(schema()).is_valid(value) is fits
    file = write(tmp_path, json.dumps(value))
    if fits:
        load([file])
    else:
        with pytest.raises(InventoryError):
            load([file])


def test_every_schema_property_says_what_it_is() -> None:
    for definition in schema()["$defs"].values():
        for key, about in definition["properties"].items():
            assert about["description"].endswith((".", "...")), key


LEVELS = """
defaults: {port: 1, owner: file, tags: file}
clients:
  - client: A
    defaults: {port: 2, tags: client, site: one}
    sites:
      one: {port: 3, tags: site}
      two:
    groups:
      early: {port: 4, tags: early, endpoints: [both, grouped]}
      late: {port: 5, tags: late, site: two}
    endpoints:
      - plain
      - grouped
      - {name: both, groups: late}
      - {name: own, groups: [early], port: 6, tags: [own, file], owner: me}
      - {name: elsewhere, site: two}
"""


def test_the_nearest_setting_wins(tmp_path: Path) -> None:
    found = endpoints(tmp_path, LEVELS)
    assert {name: endpoint.port for name, endpoint in found.items()} == {
        "plain": 3,
        "grouped": 4,
        "both": 5,
        "own": 6,
        "elsewhere": 2,
    }
    assert {name: endpoint.site for name, endpoint in found.items()} == {
        "plain": "one",
        "grouped": "one",
        "both": "two",
        "own": "one",
        "elsewhere": "two",
    }
    assert [endpoint.owner for endpoint in found.values()] == ["file", "file", "file", "me", "file"]


def test_tags_add_up_and_a_group_is_a_tag(tmp_path: Path) -> None:
    found = endpoints(tmp_path, LEVELS)
    assert found["plain"].tags == ("file", "client", "site")
    assert found["both"].tags == ("file", "client", "early", "late")
    assert found["own"].tags == ("file", "client", "site", "early", "own")


@pytest.mark.parametrize(
    ("settings", "transport", "platform"),
    [
        ("", "ssh", None),
        ("platform: auto", "ssh", None),
        ("platform: linux", "ssh", Platform.LINUX),
        ("platform: windows", "winrm", Platform.WINDOWS),
        ("platform: windows, transport: ssh", "ssh", Platform.WINDOWS),
        ("transport: winrm", "winrm", Platform.WINDOWS),
        ("transport: winrm, platform: auto", "winrm", Platform.WINDOWS),
        ("transport: local", "local", None),
    ],
)
def test_transport_and_platform(tmp_path: Path, settings: str, transport: str, platform: Platform | None) -> None:
    found = endpoints(tmp_path, f"client: A\nendpoints: [{{name: a, {settings}}}]")["a"]
    assert (found.transport, found.platform) == (transport, platform)


def test_connection_settings(tmp_path: Path) -> None:
    found = endpoints(
        tmp_path,
        "client: A\nendpoints:\n"
        "- {name: a, host_key_policy: accept-new, connect_timeout_s: 2.5, keep_alive_s: 0, managed: no}",
    )["a"]
    assert found.connection.host_key_policy is HostKeyPolicy.ACCEPT_NEW
    assert (found.connection.connect_timeout_s, found.connection.keep_alive_s, found.managed) == (2.5, 0, False)


WINRM = """
defaults: {https: no, authentication: kerberos, ca_file: file.pem}
clients:
  - client: A
    defaults: {authentication: ntlm}
    sites: {one: {ca_file: /site.pem}, two: {https: yes}}
    groups: {g: {authentication: basic, https: yes}}
    endpoints:
      - plain
      - {name: sited, site: one}
      - {name: secure, site: two, authentication: credssp}
      - {name: grouped, groups: g, site: one}
      - {name: own, groups: g, https: yes, authentication: certificate, ca_file: ~/own.pem}
"""


def test_how_winrm_is_reached_may_be_said_at_every_level(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    found = {
        name: (endpoint.connection.https, endpoint.connection.authentication, endpoint.connection.ca_file)
        for name, endpoint in endpoints(tmp_path, WINRM).items()
    }
    assert found == {
        "plain": (False, Authentication.NTLM, f"{tmp_path}/file.pem"),
        "sited": (False, Authentication.NTLM, "/site.pem"),
        "secure": (True, Authentication.CREDSSP, f"{tmp_path}/file.pem"),
        "grouped": (True, Authentication.BASIC, "/site.pem"),
        "own": (True, Authentication.CERTIFICATE, "/home/me/own.pem"),
    }


def test_where_nothing_is_said_winrm_is_left_to_choose(tmp_path: Path) -> None:
    assert endpoints(tmp_path, "client: A\nendpoints: [{name: a, transport: winrm}]")["a"].connection == Connection()


CHAINS = """
client: A
credentials:
  office: {user: audit, password: env:PASS, key_file: /keys/id}
  gate: {user: keeper, password: env:GATE}
defaults: {credential: office, proxy_jump: "gate1, jump@gate2:2200"}
endpoints:
  - inherited
  - {name: straight, proxy_jump: none}
  - {name: empty, proxy_jump: []}
  - {name: v6, proxy_jump: "jump@[2001:db8::1]:22"}
  - {name: listed, proxy_jump: [gate1, {address: gate2, credential: gate, user: other}]}
  - {name: single, proxy_jump: {address: gate3, port: 7}}
"""


PROXIES = """
client: A
defaults: {proxy: "http://gate.example:3128/"}
sites: {island: {proxy: "socks5://[2001:db8::1]:1080"}}
endpoints:
  - plain
  - {name: there, site: island}
  - {name: own, site: island, proxy: "socks5://192.0.2.7:1080"}
  - {name: straight, site: island, proxy: none}
"""


def test_the_nearest_proxy_is_taken(tmp_path: Path) -> None:
    found = {name: endpoint.connection.proxy for name, endpoint in endpoints(tmp_path, PROXIES).items()}
    assert found == {
        "plain": Proxy(ProxyKind.HTTP, "gate.example", 3128),
        "there": Proxy(ProxyKind.SOCKS5, "2001:db8::1", 1080),
        "own": Proxy(ProxyKind.SOCKS5, "192.0.2.7", 1080),
        "straight": None,
    }
    assert str(found["there"]) == "socks5://[2001:db8::1]:1080"


def test_chains_of_hops(tmp_path: Path) -> None:
    found = {name: endpoint.connection.jumps for name, endpoint in endpoints(tmp_path, CHAINS).items()}
    assert found["straight"] == found["empty"] == ()
    assert found["single"] == (Jump("gate3", 7),)
    first, second = found["inherited"]
    assert first == Jump("gate1", 22)
    assert (second.address, second.port) == ("gate2", 2200)
    assert second.credential is not None
    # The endpoint's key goes along, its password does not.
    assert (second.credential.user, second.credential.key_file, second.credential.password) == ("jump", "/keys/id", None)
    assert [(jump.address, jump.port) for jump in found["v6"]] == [("2001:db8::1", 22)]
    named = found["listed"][1].credential
    assert named is not None
    assert (named.name, named.user, str(named.password)) == ("gate", "other", "env:GATE")


def test_a_hop_with_a_user_but_no_credential_at_all(tmp_path: Path) -> None:
    (jump,) = endpoints(tmp_path, "client: A\nendpoints: [{name: a, proxy_jump: me@b}]")["a"].connection.jumps
    assert jump.credential is not None
    assert (jump.credential.user, jump.credential.key_file, jump.credential.agent) == ("me", None, False)


@POSIX
def test_relative_paths_start_at_the_inventory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    write(
        tmp_path / "sub",
        """
client: A
standard: ours.yaml
credentials:
  a: {key_file: keys/id, certificate_file: /abs/cert, passphrase: file:pass, password: {command: [./pw, sub/x]}}
  b: {key_file: ~/id, password: {command: [pass, show]}, passphrase: file:~/p}
  c: {key_file: ~nobody-of-this-name/id}
endpoints:
  - {name: a, credential: a, known_hosts: [hosts, ~/hosts]}
  - {name: r, transport: replay, address: recorded}
""",
    )
    (client,) = load([Path("sub/inventory.yaml")]).clients
    base = f"{tmp_path}/sub"
    a, b, c = client.credentials.values()
    assert (a.key_file, a.certificate_file, str(a.passphrase)) == (f"{base}/keys/id", "/abs/cert", f"file:{base}/pass")
    assert a.password is not None
    assert a.password.value == (f"{base}/pw", "sub/x")
    assert a.password.source == "sub/inventory.yaml:5"
    assert (b.key_file, str(b.password), str(b.passphrase)) == ("/home/ada/id", "command:pass show", "file:/home/ada/p")
    assert c.key_file == "~nobody-of-this-name/id"
    assert client.standard == f"{base}/ours.yaml"
    assert client.endpoints[0].connection.known_hosts == (f"{base}/hosts", "/home/ada/hosts")
    assert client.endpoints[1].address == f"{base}/recorded"


def test_a_standard_by_name_is_left_alone(tmp_path: Path) -> None:
    assert only(tmp_path, "client: A\nstandard: cis-ig1\nendpoints: [a]").standard == "cis-ig1"


def test_several_clients_share_what_their_file_says(tmp_path: Path) -> None:
    text = """
provider: {name: North Quay IT}
time_zone: Europe/London
standard: ours
locale: en-US
paper: a4
clients:
  - {client: A, endpoints: [a]}
  - {client: B, endpoints: [a], time_zone: Asia/Tokyo, provider: {name: Other}, standard: own, locale: en-CA, paper: letter}
"""
    a, b = load([write(tmp_path, text)]).clients
    assert (a.time_zone, a.provider.name, a.standard) == ("Europe/London", "North Quay IT", "ours")
    assert (b.time_zone, b.provider.name, b.standard) == ("Asia/Tokyo", "Other", "own")
    assert (a.preferences, b.preferences) == (
        Preferences(locale="en-US", paper="a4"),
        Preferences(locale="en-CA", paper="letter"),
    )
    assert b.source.endswith("inventory.yaml:9")


def test_a_folder_of_clients(tmp_path: Path) -> None:
    for name, client in [("b.yml", "B"), ("a.yaml", "A"), (".hidden.yaml", "H"), ("notes.txt", "N")]:
        write(tmp_path, f"client: {client}\nendpoints: [x]", name)
    (tmp_path / "folder.yaml").mkdir()
    found = load([tmp_path])
    assert [client.name for client in found.clients] == ["A", "B"]
    assert found.client("b").name == "B"
    with pytest.raises(InventoryError, match="there is no client named 'C' in the inventory; there are: A, B"):
        found.client("C")


def test_the_same_file_given_twice_is_read_once(tmp_path: Path) -> None:
    file = write(tmp_path, "client: A\nendpoints: [x]")
    assert len(load([file, tmp_path, tmp_path / "." / "inventory.yaml"]).clients) == 1


def test_warnings(tmp_path: Path) -> None:
    text = """client: A
credentials:
  office: {key_file: none}
defaults: {known_hosts: hosts, ca_file: ca.pem}
endpoints:
  - {name: a, address: 192.0.2.1}
  - {name: b, address: 192.0.2.1}
  - {name: c, address: 192.0.2.1, port: 2200}
  - {name: d, address: 192.0.2.1, proxy_jump: gate}
  - {name: here, transport: local}
  - {name: there, transport: local}
"""
    file = write(tmp_path, text)
    assert [str(warning) for warning in load([file]).warnings] == [
        f"{file}:3: credentials.office.key_file: there is no file {tmp_path}/none",
        f"{file}:4: defaults.ca_file: there is no file {tmp_path}/ca.pem",
        f"{file}:4: defaults.known_hosts: there is no file {tmp_path}/hosts",
        f"{file}:7: endpoints[b]: leads to the same place as 'a' and would be counted twice; "
        "remove one, or correct the address",
        f"{file}:11: endpoints[there]: leads to the same place as 'here' and would be counted twice; "
        "remove one, or correct the address",
    ]


def test_check_counts(tmp_path: Path) -> None:
    file = write(tmp_path, LEVELS)
    result = CliRunner().invoke(command, ["check", str(file)])
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"A: 5 endpoints ({file}:4)",
        "  platform   found out there 5",
        "  transport  ssh 5",
        "  role       found out there 5",
        "  site       one 3, two 2",
    ]
    assert result.stderr == ""


def test_check_for_programs(tmp_path: Path) -> None:
    file = write(tmp_path, LEVELS)
    result = CliRunner().invoke(command, ["check", "--json", str(file)])
    assert result.exit_code == 0
    (client,) = json.loads(result.stdout)["clients"]
    assert (client["client"], client["endpoints"], client["transport"]) == ("A", 5, {"ssh": 5})


def test_check_of_a_bad_file(tmp_path: Path) -> None:
    file = write(tmp_path, "client: A\nendpoints: [{name: a, port: 0}]\nx: 1")
    expected = [
        f"{file}:2: endpoints[a].port: expected a port number from 1 to 65535, found the number 0",
        f"{file}:3: x: 'x' is not a key here; expected one of client, time_zone, standard, exceptions, provider, "
        "authorised, contract, goal, contact, locale, paper, credentials, defaults, sites, groups, endpoints, "
        "endpoints_from, retired",
    ]
    result = CliRunner().invoke(command, ["check", str(file)])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines() == [*expected, "2 problems; nothing was contacted"]
    result = CliRunner().invoke(command, ["check", "--json", str(file)])
    assert result.exit_code == 2
    assert json.loads(result.stdout) == {"ok": False, "problems": expected}


def test_schema_command() -> None:
    result = CliRunner().invoke(command, ["schema"])
    assert json.loads(result.stdout) == schema()


def test_ten_thousand_endpoints(tmp_path: Path) -> None:
    lines = "".join(f"- {{name: pc{n}, address: pc{n}.example.com, site: l, tags: [a, b]}}\n" for n in range(10_000))
    file = write(tmp_path, "client: A\nsites: {l: {proxy_jump: gate}}\nendpoints:\n" + lines)
    started = time.process_time()
    (client,) = load([file]).clients
    print(f"10,000 endpoints: {time.process_time() - started:.2f} s of CPU")
    assert len(client.endpoints) == 10_000
    assert client.endpoints[-1].source == f"{file}:10003"
    assert len({id(endpoint.connection) for endpoint in client.endpoints}) == 1
