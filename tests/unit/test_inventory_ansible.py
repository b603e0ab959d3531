"""Ansible inventories: hosts, groups and variables as Ansible itself finds them, and what becomes of them here."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from scorecard.errors import InventoryError
from scorecard.inventory import Client, load
from scorecard.inventory.ansible_names import USED
from scorecard.model import Authentication, Endpoint, Jump, Platform, Proxy, ProxyKind, Role, SecretRef
from tests.unit.ansible_cases import CASES, RECORDED, ask, run, write

RESULTS: dict[str, Any] = json.loads(RECORDED.read_text(encoding="utf-8"))["cases"]
NOT_COMPUTERS = ("ansible.netcommon.network_cli", "docker")


def loaded(folder: Path, text: str, name: str = "hosts", **files: str) -> tuple[Client, list[str]]:
    """The only client, and what is said besides, without the folder."""
    (folder / name).write_text(text, encoding="utf-8")
    for path, content in files.items():
        target = folder / path.replace("__", "/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
    found = load([folder / name])
    (client,) = found.clients
    return client, [str(warning).removeprefix(f"{folder}/") for warning in found.warnings]


def only(folder: Path, text: str, name: str = "hosts", **files: str) -> Endpoint:
    client, _ = loaded(folder, text, name, **files)
    (endpoint,) = client.endpoints
    return endpoint


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


def seen(endpoint: Endpoint) -> tuple[Any, ...]:
    login = endpoint.credential
    user, key = (login.user, login.key_file) if login else (None, None)
    return endpoint.name, endpoint.address, endpoint.transport, endpoint.port, user, key, set(endpoint.tags)


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


def test_windows(tmp_path: Path) -> None:
    endpoint = only(
        tmp_path,
        "dc1 ansible_host=192.0.2.4\n[all:vars]\nansible_connection=winrm\nansible_winrm_transport=['kerberos', 'ntlm']\n"
        "ansible_winrm_scheme=http\nansible_port=5985\nansible_user=audit@CORP.EXAMPLE\n",
    )
    assert (endpoint.transport, endpoint.platform, endpoint.port) == ("winrm", Platform.WINDOWS, 5985)
    assert (endpoint.connection.https, endpoint.connection.authentication) == (False, Authentication.KERBEROS)


@pytest.mark.parametrize(
    ("word", "login"),
    [
        ("ntlm", Authentication.NTLM),
        ("ssl", Authentication.BASIC),
        ("basic,ntlm", Authentication.BASIC),
        ("credssp", Authentication.CREDSSP),
        ("unheard-of,kerberos", Authentication.KERBEROS),
    ],
)
def test_logins_over_winrm(word: str, login: Authentication, tmp_path: Path) -> None:
    endpoint = only(tmp_path, f"w ansible_connection=winrm ansible_winrm_transport={word} scorecard_password=env:P\n")
    assert endpoint.connection.authentication is login


def test_psrp(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("x")
    client, said = loaded(
        tmp_path,
        "w ansible_connection=psrp ansible_psrp_auth=negotiate ansible_psrp_protocol=https "
        "ansible_psrp_proxy=http://proxy:3128 ansible_psrp_ca_cert=ca.pem scorecard_password=env:P\n",
    )
    (endpoint,) = client.endpoints
    connection = endpoint.connection
    assert (endpoint.transport, connection.authentication, connection.https) == ("winrm", None, True)
    assert connection.proxy == Proxy(ProxyKind.HTTP, "proxy", 3128)
    assert connection.ca_file == str(tmp_path / "ca.pem")
    assert said == []


def test_a_certificate_logs_in_with_its_own_key(tmp_path: Path) -> None:
    endpoint = only(
        tmp_path,
        "w ansible_connection=winrm ansible_winrm_cert_pem=/c.pem ansible_winrm_cert_key_pem=/k.pem "
        "ansible_ssh_private_key_file=/ssh ansible_winrm_transport=certificate\n",
    )
    assert endpoint.credential is not None
    assert (endpoint.credential.certificate_file, endpoint.credential.key_file) == ("/c.pem", "/k.pem")


@pytest.mark.parametrize(
    "arguments",
    [
        "-J jump@bastion:2200",
        "-Jjump@bastion:2200",
        "-o ProxyJump=jump@bastion:2200",
        "-oProxyJump=ssh://jump@bastion:2200",
        "-C -o ControlMaster=auto -o 'ProxyJump jump@bastion:2200'",
        '-o ProxyCommand="ssh -W %h:%p -q -p 2200 jump@bastion"',
        "-o ProxyCommand='/usr/bin/ssh -l jump -W [%h]:%p -o Port=2200 bastion'",
        "-J jump@bastion:2200 -J other",
    ],
)
def test_jumps_in_the_arguments_of_ssh(arguments: str, tmp_path: Path) -> None:
    endpoint = only(tmp_path, f"web1\n[all:vars]\nansible_ssh_common_args={json.dumps(arguments)}\n")
    (jump,) = endpoint.connection.jumps
    assert (jump.address, jump.port, jump.credential and jump.credential.user) == ("bastion", 2200, "jump")


def test_a_chain_of_jumps_each_with_its_key(tmp_path: Path) -> None:
    command = "ssh -J first -i /keys/hop -W %h:%p me@second"
    endpoint = only(tmp_path, f"web1 ansible_user=u\n[all:vars]\nansible_ssh_extra_args=-o ProxyCommand='{command}'\n")
    first, second = endpoint.connection.jumps
    assert first == Jump("first", 22, None)
    assert second.credential is not None
    assert (second.address, second.credential.user, second.credential.key_file) == ("second", "me", "/keys/hop")


def test_of_options_that_repeat_ssh_takes_the_first(tmp_path: Path) -> None:
    endpoint = only(
        tmp_path,
        "web1\n[all:vars]\nansible_ssh_common_args=-o User=first -p 2022\nansible_ssh_extra_args=-l second -i /k -J none\n",
    )
    assert seen(endpoint)[3:6] == (2022, "first", "/k")
    assert endpoint.connection.jumps == ()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("-o StrictHostKeyChecking=no", "host keys are checked all the same"),
        ("-o UserKnownHostsFile=/dev/null", "host keys are checked all the same"),
        ("-o ProxyCommand='nc -x proxy %h %p'", "not understood here and ignored: ProxyCommand"),
        ("-o ProxyCommand='sshpass -p hunter2 ssh -W %h:%p b'", "not understood here and ignored: ProxyCommand"),
        ("-L 1:2:3 -o Ciphers=hunter2", "not understood here and ignored: -L, ciphers"),
    ],
)
def test_what_is_not_taken_over_is_named_without_its_value(arguments: str, said: str, tmp_path: Path) -> None:
    _, warnings = loaded(tmp_path, f"web1\n[all:vars]\nansible_ssh_common_args={json.dumps(arguments)}\n")
    (warning,) = warnings
    assert warning.startswith(f"hosts:3: ansible_ssh_common_args: {said}")
    assert "hunter2" not in warning


def test_no_warning_for_what_has_no_bearing(tmp_path: Path) -> None:
    arguments = "-C -q -o ControlMaster=auto -o ControlPersist=60s -o ServerAliveInterval=5 -o StrictHostKeyChecking=yes"
    _, warnings = loaded(tmp_path, f"web1\n[all:vars]\nansible_ssh_args={arguments}\n")
    assert warnings == []


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
