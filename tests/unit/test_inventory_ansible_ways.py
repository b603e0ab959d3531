"""Ways to a host in Ansible's variables, over WinRM and through jump hosts, and what becomes of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scorecard.model import Authentication, Jump, Platform, Proxy, ProxyKind
from tests.unit.ansible_cases import loaded, only, seen


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
