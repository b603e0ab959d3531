"""`scorecard inventory import`: what it writes loads, and means the same as the source."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scorecard.cli.inventory import inventory as command
from scorecard.inventory import Client, load
from scorecard.model import Credential
from tests.unit.ansible_cases import CASES, write

LIST = "name,ip address,site,port,tags,groups,comment\nweb1,10.0.0.1,London,22,a;b,web,x\nweb2,10.0.0.2,London,22,,web,y\n"
RUNNER = CliRunner()


def imported(*arguments: object) -> Result:
    return RUNNER.invoke(command, ["import", *(str(argument) for argument in arguments)])


def meaning(client: Client) -> Any:
    """All that counts, without the places where it stands and the names that credentials got."""
    endpoints = [
        replace(
            endpoint,
            source="",
            credential=_login(endpoint.credential),
            tags=tuple(sorted(endpoint.tags)),
            connection=replace(
                endpoint.connection,
                jumps=tuple(replace(jump, credential=_login(jump.credential)) for jump in endpoint.connection.jumps),
            ),
        )
        for endpoint in client.endpoints
    ]
    logins = {name: login for name, held in client.credentials.items() if (login := _login(held))}
    return replace(client, source="", endpoints=tuple(endpoints), credentials=logins)


def _login(credential: Credential | None) -> Credential | None:
    if credential is None:
        return None
    password = credential.password and replace(credential.password, source="")
    passphrase = credential.passphrase and replace(credential.passphrase, source="")
    return replace(credential, password=password, passphrase=passphrase)


def same(source: Path, target: Path) -> str:
    """Import the source and hold the file against it; the file's text."""
    result = imported(source, "--out", target)
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    before, after = load([source]).clients, load([target]).clients
    assert [meaning(client) for client in after] == [meaning(client) for client in before]
    return target.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CASES)
def test_ansible_inventories_mean_the_same_when_imported(name: str, tmp_path: Path) -> None:
    same(write(CASES[name], tmp_path / "their"), tmp_path / "ours" / "inventory.yaml")


def test_lists_mean_the_same_when_imported(tmp_path: Path) -> None:
    (tmp_path / "machines.csv").write_text(LIST)
    text = same(tmp_path / "machines.csv", tmp_path / "inventory.yaml")
    assert "defaults: {site: London, port: 22}" in text


def test_several_clients_in_a_list(tmp_path: Path) -> None:
    (tmp_path / "all.csv").write_text("name,client\na,Harbour\nb,Quay\nc,Harbour\n")
    same(tmp_path / "all.csv", tmp_path / "inventory.yaml")
    text = imported(tmp_path / "all.csv", "--client", "quay").stdout
    (tmp_path / "one.yaml").write_text(text)
    (client,) = load([tmp_path / "one.yaml"]).clients
    assert (client.name, [endpoint.name for endpoint in client.endpoints]) == ("Quay", ["b"])
    result = imported(tmp_path / "all.csv", "--client", "Pier")
    assert isinstance(result.exception, Exception)
    assert str(result.exception) == "there is no client named 'Pier' here; there are: Harbour, Quay"


def test_an_inventory_of_ours_with_a_list_becomes_one_file(tmp_path: Path) -> None:
    (tmp_path / "machines.csv").write_text("name,site\nweb1,London\n")
    (tmp_path / "ours.yaml").write_text(
        "clients:\n- client: A\n  endpoints: [{name: x, known_hosts: [kh, /abs/kh]}]\n  endpoints_from: machines.csv\n"
        "  sites: {London: {credential: c}}\n"
        "  credentials: {c: {user: u, key_file: keys/id, passphrase: 'file:pass'}}\n  defaults: {tags: own}\n"
        "defaults: {role: server, tags: [shared, own]}\ntime_zone: Europe/London\n"
    )
    text = same(tmp_path / "ours.yaml", tmp_path / "other" / "inventory.yaml")
    assert "endpoints_from" not in text
    assert f"key_file: {tmp_path}/keys/id" in text


def test_recorded_answers_stay_where_they_are(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("name,address,transport\na,answers,replay\nb,10.0.0.1,ssh\n")
    text = same(tmp_path / "list.csv", tmp_path / "x" / "inventory.yaml")
    assert f"address: {tmp_path}/answers" in text


def test_what_is_common_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "hosts").write_text(
        "[web]\nw[1:3]\n[db]\nd1 ansible_port=5\nd2\n[all:vars]\nansible_user=audit\n[web:vars]\nansible_port=2022\n"
        "[db:vars]\nansible_ssh_common_args=-J gate\n[prod:children]\nweb\n"
    )
    result = imported(tmp_path / "hosts", "--client", "Harbour: Dental")
    assert result.exit_code == 0
    assert result.stdout == (
        f"# Made from {tmp_path}/hosts.\n"
        "client: 'Harbour: Dental'\ncredentials:\n  audit: {user: audit}\ndefaults: {credential: audit}\n"
        "groups:\n  prod: null\n  web: {port: 2022}\n  db:\n    proxy_jump: [gate]\n"
        "endpoints:\n- name: w1\n  groups: [prod, web]\n"
        "- name: w2\n  groups: [prod, web]\n- name: w3\n  groups: [prod, web]\n"
        "- name: d1\n  port: 5\n  groups: [db]\n- name: d2\n  groups: [db]\n"
    )


def test_what_is_left_out_is_said_and_no_secret_is_resolved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIN_PW", "hunter2-Zebra")
    (tmp_path / "hosts").write_text(
        "w ansible_connection=winrm \"ansible_password={{ lookup('env', 'WIN_PW') }}\" "
        "ansible_winrm_server_cert_validation=ignore\n"
        "sw1 ansible_connection=network_cli\n"
    )
    result = imported(tmp_path / "hosts")
    assert result.exit_code == 0
    assert "password: env:WIN_PW" in result.stdout.replace("'", "")
    assert "hunter2" not in result.output
    assert [line.split(": ")[2] for line in result.stderr.splitlines()] == [
        "ansible_winrm_server_cert_validation",
        "ansible_connection",
    ]


def test_a_file_is_for_its_owner_and_another_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "hosts").write_text("web1\n")
    target = tmp_path / "inventory.yaml"
    assert imported(tmp_path / "hosts", "--out", target).exit_code == 0
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    target.write_text("mine")
    refused = imported(tmp_path / "hosts", "--out", target)
    assert str(refused.exception) == f"{target}: is there already; give another name, or --force to write over it"
    assert target.read_text() == "mine"
    assert imported(tmp_path / "hosts", "--out", target, "--force").exit_code == 0
    assert load([target]).clients[0].endpoints[0].name == "web1"
    itself = imported(tmp_path / "hosts", "--out", tmp_path / "hosts", "--force")
    assert str(itself.exception) == f"{tmp_path / 'hosts'}: is the source itself; give another name"
    assert (tmp_path / "hosts").read_text() == "web1\n"


@pytest.mark.parametrize(
    ("text", "arguments", "said"),
    [
        ("web[\n", [], "hosts.ini:1: a square bracket is not closed"),
        ("web1 ansible_password=hunter2\n", [], "hosts.ini:1: ansible_password: a plain secret stands here"),
        ("web1\n", ["--client", ""], "inventory.yaml:2: client: expected a name, found empty text"),
        ("web1\n", ["--client", "a\x1bb"], "inventory.yaml:2: client: expected a name, found text with control"),
    ],
)
def test_mistakes_end_with_2_and_write_nothing(text: str, arguments: list[str], said: str, tmp_path: Path) -> None:
    (tmp_path / "hosts.ini").write_text(text)
    target = tmp_path / "inventory.yaml"
    result = imported(tmp_path / "hosts.ini", "--out", target, *arguments)
    assert result.exit_code == 2
    assert result.stderr.replace(f"{tmp_path}/", "").startswith(said)
    assert result.stderr.endswith("1 problem; nothing was contacted\n")
    assert not target.exists()


# Names as people give them, and as YAML would misread them.
NAMES = st.one_of(
    st.sampled_from(
        ["no", "on", "2026-01-01", "22:30", "~", "null", "1e3", "0x1f", "<<", "a: b", "# c", "- d", "=", "é", "😀"]
    ),
    st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=12),
)
ENDPOINT = st.fixed_dictionaries(
    {"name": NAMES, "address": st.sampled_from(["10.0.0.1", "2001:db8::1", "h.example"])},
    optional={
        "port": st.integers(1, 65535),
        "groups": st.lists(NAMES, max_size=3),
        "owner": NAMES,
        "managed": st.booleans(),
        "site": NAMES,
        "tags": st.lists(NAMES, max_size=2),
        "proxy_jump": st.lists(st.sampled_from(["a", "u@b:22", "[::1]:5"]), min_size=1, max_size=2),
        "role": st.sampled_from(["server", "laptop"]),
    },
)


@given(found=st.lists(ENDPOINT, min_size=1, max_size=6, unique_by=lambda one: str(one["name"]).casefold()), name=NAMES)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_names_the_import_means_the_same(found: list[dict[str, Any]], name: str, tmp_path: Path) -> None:
    sites = {one["site"]: None for one in found if "site" in one}
    groups = {group: None for one in found for group in one.get("groups", ())}
    source = tmp_path / "source.yaml"
    whole = {"client": name, "sites": sites, "groups": groups, "endpoints": found}
    source.write_text(yaml.safe_dump(whole, allow_unicode=True), encoding="utf-8")
    target = tmp_path / "inventory.yaml"
    target.unlink(missing_ok=True)
    same(source, target)
