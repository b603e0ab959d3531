"""Ansible inventories: hosts, groups and variables as Ansible itself finds them, and what becomes of them here."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from scorecard.errors import InventoryError
from scorecard.inventory import load
from scorecard.inventory.ansible_names import USED
from scorecard.model import Jump, Platform, Role, SecretRef
from tests.unit.ansible_cases import CASES, RECORDED, ask, loaded, only, run, seen, write

RESULTS: dict[str, Any] = json.loads(RECORDED.read_text(encoding="utf-8"))["cases"]
NOT_COMPUTERS = ("ansible.netcommon.network_cli", "docker")


def expected(name: str, held: dict[str, Any]) -> tuple[Any, ...]:
    """What follows from Ansible's own answer about a host."""
    given = held["variables"]
    connection = given.get("ansible_connection", "ssh")
    transport = {"winrm": "winrm", "psrp": "winrm", "local": "local"}.get(connection, "ssh")
    address = given.get("ansible_ssh_host", given.get("ansible_host", name))
    port = given.get("ansible_ssh_port", given.get("ansible_port"))
    user = given.get("ansible_ssh_user", given.get("ansible_user"))
    key = given.get("ansible_ssh_private_key_file", given.get("ansible_private_key_file"))
    if transport == "local":
        return name, name, "local", None, None, None, set(held["groups"])
    key = key.replace("~", str(Path.home()), 1) if key and transport == "ssh" else None
    return name, str(address), transport, int(port) if port else None, user, key, set(held["groups"])


@pytest.mark.parametrize("name", CASES)
def test_hosts_groups_and_variables_are_those_that_ansible_finds(name: str, tmp_path: Path) -> None:
    found = load([write(CASES[name], tmp_path)])
    (client,) = found.clients
    wanted = [
        expected(host, held)
        for host, held in RESULTS[name].items()
        if held["variables"].get("ansible_connection") not in NOT_COMPUTERS
    ]
    assert sorted((seen(endpoint) for endpoint in client.endpoints), key=str) == sorted(wanted, key=str)


def test_the_recording_is_of_these_cases_and_what_ansible_says_here(tmp_path: Path) -> None:
    assert set(RESULTS) == set(CASES)
    name = "files by ending and in folders"
    assert ask(write(CASES[name], tmp_path)) == RESULTS[name]


def test_what_ansible_writes_down_as_yaml_means_the_same(tmp_path: Path) -> None:
    source = write(CASES["files of variables"], tmp_path)
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "static.yaml").write_text(run(source, "--yaml"))
    (before,), (after,) = load([source]).clients, load([tmp_path / "static" / "static.yaml"]).clients
    assert sorted(map(seen, after.endpoints), key=str) == sorted(map(seen, before.endpoints), key=str)


def test_what_ansible_prints_as_json_is_refused_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text('{"_meta": {"hostvars": {}}, "all": {"children": ["ungrouped"]}}')
    with pytest.raises(InventoryError, match="give what it prints with --yaml as well"):
        load([tmp_path / "list.json"])


def test_devices_and_containers_are_left_out_and_named(tmp_path: Path) -> None:
    client, warnings = loaded(
        tmp_path,
        "web1\nbox ansible_connection=community.docker.docker\n"
        "[net]\nsw[1:5]\n[net:vars]\nansible_connection=network_cli\n",
    )
    assert [endpoint.name for endpoint in client.endpoints] == ["web1"]
    assert warnings == [
        "hosts:2: ansible_connection: this kind of connection leads to no computer that can be asked; left out (box)",
        "hosts:6: ansible_connection: a device without an operating system to audit; left out (sw1, sw2, sw3 and 2 more)",
    ]


def test_certificates_are_checked_whatever_the_inventory_says(tmp_path: Path) -> None:
    client, warnings = loaded(
        tmp_path,
        "w ansible_connection=winrm ansible_winrm_server_cert_validation=ignore scorecard_password=env:P\n",
    )
    assert client.endpoints[0].connection.https is None
    assert warnings == [
        "hosts:1: ansible_winrm_server_cert_validation: certificates are checked all the same; name a file with those to "
        "trust in ansible_winrm_ca_trust_path (w)"
    ]


@pytest.mark.parametrize("written", ["{{ lookup('env', 'WIN_PW') }}", '{{lookup("ansible.builtin.env","WIN_PW")}}'])
def test_a_password_from_the_environment_is_a_reference(written: str, tmp_path: Path) -> None:
    files = {"group_vars__all": f"ansible_connection: winrm\nansible_password: {json.dumps(written)}\n"}
    client, warnings = loaded(tmp_path, "w ansible_user=u\n", **files)
    login = client.endpoints[0].credential
    assert login is not None
    assert login.password is not None
    assert (login.user, login.password.kind, login.password.value) == ("u", "env", "WIN_PW")
    assert warnings == []


VAULT = "!vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162\n"
VAULTED = f"ansible_password: {VAULT}other: {VAULT}"


@pytest.mark.parametrize("password", [VAULTED, "ansible_password: '{{ vault_password }}'\n"])
def test_encrypted_passwords_are_left_out_and_named(password: str, tmp_path: Path) -> None:
    files = {"group_vars__all__a": password, "group_vars__all__b": "ansible_connection: winrm\n"}
    client, warnings = loaded(tmp_path, "w\n", **files)
    assert client.endpoints[0].credential is None
    assert warnings == [
        "group_vars/all/a:1: ansible_password: no password is taken from here; set scorecard_password to a reference such "
        "as env:NAME (w)"
    ]


def test_an_encrypted_file_of_variables_is_named_and_not_read(tmp_path: Path) -> None:
    files = {
        "group_vars__all__vault.yml": "$ANSIBLE_VAULT;1.1;AES256\n6162\n",
        "group_vars__all__plain.yml": "ansible_port: 5\n",
    }
    client, warnings = loaded(tmp_path, "w\n", **files)
    assert client.endpoints[0].port == 5
    assert warnings == [
        "group_vars/all/vault.yml: is encrypted with Ansible Vault and not read; what it sets does not count here"
    ]


def test_names_in_templates_are_filled_in(tmp_path: Path) -> None:
    endpoint = only(
        tmp_path,
        "web1\n[all:vars]\ndomain=corp.example\nansible_host={{ inventory_hostname }}.{{ domain }}\nssh_port=2022\n"
        "ansible_port={{ssh_port}}\nansible_ssh_private_key_file={{ inventory_dir }}/keys/id\n"
        "bastion='j@b.{{ domain }}'\nansible_ssh_common_args=-J {{ bastion }}\n",
    )
    assert (endpoint.address, endpoint.port) == ("web1.corp.example", 2022)
    assert endpoint.credential is not None
    assert endpoint.credential.key_file == str(tmp_path / "keys/id")
    assert endpoint.connection.jumps[0].address == "b.corp.example"


def test_a_jump_of_our_own_wins(tmp_path: Path) -> None:
    arguments = "ansible_ssh_common_args=-o ProxyCommand='ssh -i /k -W %h:%p theirs'"
    endpoint = only(tmp_path, f"w scorecard_proxy_jump=ours:24\n[all:vars]\n{arguments}\n")
    assert endpoint.connection.jumps == (Jump("ours", 24, None),)


def test_our_own_variables_win(tmp_path: Path) -> None:
    client, warnings = loaded(
        tmp_path,
        "pos1 scorecard_role=workstation scorecard_tags=\"['till', 'floor']\" scorecard_managed=no scorecard_port=24\n"
        "[all:vars]\nansible_port=22\nscorecard_client=Harbour Dental\nscorecard_site=Shop\nscorecard_platform=linux\n"
        "scorecard_password=file:secret\n",
    )
    (endpoint,) = client.endpoints
    assert (client.name, client.sites) == ("Harbour Dental", ("Shop",))
    assert (endpoint.role, endpoint.managed, endpoint.port, endpoint.site) == (Role.WORKSTATION, False, 24, "Shop")
    assert endpoint.platform is Platform.LINUX
    assert set(endpoint.tags) == {"till", "floor"}
    assert endpoint.credential is not None
    assert endpoint.credential.password == SecretRef("file", str(tmp_path / "secret"), f"{tmp_path}/hosts:7")
    assert warnings == []


def test_a_variable_of_ours_says_whose_machine_it_is(tmp_path: Path) -> None:
    (tmp_path / "msp.ini").write_text(
        "stray\n[harbour]\nh1 ansible_user=u\nh2\n[quay]\nq1 ansible_user=u\n[harbour:vars]\nscorecard_client=Harbour\n"
        "[quay:vars]\nscorecard_client=Quay\n"
    )
    clients = load([tmp_path / "msp.ini"]).clients
    assert {client.name: [one.name for one in client.endpoints] for client in clients} == {
        "msp": ["stray"],
        "Harbour": ["h1", "h2"],
        "Quay": ["q1"],
    }
    assert {client.name: list(client.credentials) for client in clients} == {"msp": [], "Harbour": ["u"], "Quay": ["u"]}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("acme/hosts", "acme"),
        ("acme/inventory/hosts.yml", "acme"),
        ("clients/acme.ini", "acme"),
        ("acme-prod/inventory", "acme-prod"),
        ("x/hosts.production", "x"),
    ],
)
def test_a_client_without_a_name_is_called_by_its_file_or_folder(path: str, name: str, tmp_path: Path) -> None:
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text("all: {hosts: {web1: }}\n" if path.endswith("yml") else "web1\n")
    assert load([file]).clients[0].name == name


def test_a_folder_is_one_inventory_and_a_folder_of_ours_is_not(tmp_path: Path) -> None:
    ansible = tmp_path / "acme"
    ansible.mkdir()
    (ansible / "hosts").write_text("web1\n")
    (ansible / "more.ini").write_text("web2\n")
    ours = tmp_path / "ours"
    ours.mkdir()
    (ours / "one.yaml").write_text("client: One\nendpoints: [a]\n")
    (ours / "two.yml").write_text("all: {hosts: {b: {scorecard_client: Two}}}\n")
    assert [(client.name, len(client.endpoints)) for client in load([ansible]).clients] == [("acme", 2)]
    assert [client.name for client in load([ours]).clients] == ["One", "Two"]


def test_credentials_are_shared_and_named_after_user_and_key(tmp_path: Path) -> None:
    client, _ = loaded(
        tmp_path,
        "a ansible_user=u ansible_ssh_private_key_file=/x/id\nb ansible_user=u ansible_ssh_private_key_file=/y/id\n"
        "c ansible_user=u\nd ansible_user=u\ne\n",
    )
    assert list(client.credentials) == ["u-id", "u-id-2", "u"]
    assert [one.credential.name if one.credential else None for one in client.endpoints] == [
        "u-id",
        "u-id-2",
        "u",
        "u",
        None,
    ]


def test_every_variable_that_is_used_stands_on_its_page() -> None:
    page = (Path(__file__).parents[2] / "docs" / "importing.md").read_text(encoding="utf-8")
    used = [name for name in USED if f"`{name}" not in page]
    assert used == []
    named = set(re.findall(r"`(ansible_\w+)", page))
    assert named <= set(USED)


def test_the_example_of_the_page_loads(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "importing.md").read_text(encoding="utf-8")
    client, warnings = loaded(tmp_path, page.partition("```ini\n")[2].partition("```")[0])
    assert (client.name, len(client.endpoints), warnings) == ("Harbour Dental", 12, [])
    assert {endpoint.transport for endpoint in client.endpoints} == {"winrm"}
