"""Ansible inventories with mistakes, and those made to do harm: one clear line each, nothing executed, no secret shown."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scorecard.cli.inventory import inventory as command
from scorecard.errors import InventoryError
from scorecard.inventory import ansible_tree, load
from scorecard.inventory.ansible_names import SECRETS, USED

SECRET = "hunter2-Zebra"
PLAIN = "a plain secret stands here; take it out, or encrypt it with ansible-vault"
REFERENCE = 'env:NAME, file:PATH, keyring:SERVICE/USER, {command: [program, "{name}"]} or prompt'
STATIC = "ansible-inventory -i {} --list --yaml > static.yaml"
WITHOUT_SPACES = "expected name=value after the host, without spaces around the equals sign"
TEMPLATE = "write the value itself"
NOT_DECLARED = "but no section [{}] is anywhere; add it, or correct the name"


def mistakes(path: Path, folder: Path) -> list[str]:
    with pytest.raises(InventoryError) as raised:
        load([path])
    assert raised.value.problems
    assert SECRET not in str(raised.value)
    return [problem.replace(f"{folder}/", "") for problem in raised.value.problems]


def of_file(folder: Path, content: str | bytes, name: str = "hosts") -> list[str]:
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return mistakes(folder / name, folder)


IN_INI = {
    f"web1 {SECRET}": [f"1: {WITHOUT_SPACES}"],
    f"web1 ansible_host = {SECRET}": [f"1: {WITHOUT_SPACES}"],
    f"web1 x='{SECRET}": ["1: a quote is opened and never closed"],
    "[a b]\nweb1": ["1: this is no section; expected [group], [group:children] or [group:vars], without spaces"],
    "[a:hosst]\nweb1": ["1: a: a section holds hosts, children or vars; correct what stands after the colon"],
    "web1\n[a:vars]\nx=1": [f"2: a: variables are set for this group, {NOT_DECLARED.format('a')}"],
    "web1\n[a:children]\nb": [f"3: b: this group is listed, {NOT_DECLARED.format('b')}"],
    "web1\n[a:children]\nb c": ["3: expected the name of a group alone on its line"],
    f"web1\n[all:vars]\n{SECRET}": ["3: expected name=value"],
    "web1:": ["1: a colon stands at the end; expected a port after it"],
    "web[": ["1: a square bracket is not closed; expected a range such as [01:50] or [a:f]"],
    "web[1]": ["1: expected a range such as [01:50], [a:f] or [1:9:2]"],
    "web[1:3:0]": ["1: the step of a range is not a whole number above 0"],
    "web[9:1]": ["1: a range ends below its start"],
    "web[f:a]": ["1: a range ends below its start"],
    "web[1:f]": ["1: a range goes from a number to a higher one (at most 18 digits), or from a letter to a later one"],
    "web[001:50]": ["1: a range with leading zeros needs as many digits at its end as at its start"],
    "web[1:1000000000]": ["1: this range stands for 1,000,000,000 hosts; at most 200,000 can be used"],
    "w[1:150000]x[1:150000]y[1:150000]": ["1: this range stands for a huge number of hosts; at most 200,000 can be used"],
    "---\nweb1": ["1: this looks like YAML; give the file the ending .yaml"],
    "[a]\nweb1\n[a:vars]\nansible_group_priority=high": ["4: ansible_group_priority: expected a whole number"],
    "[a]\nx\n[a:children]\na": ["4: a: contains itself; take it out"],
    "[a:children]\nb\n[b:children]\na": ["4: a: contains 'b' and is contained in it; take one of the two out"],
    "[a:children]\nall\n[b]\nx": ["2: all: contains every other group; take it out here"],
    "web1 ansible_port=ssh": [
        "1: ansible_port: expected a port number from 1 to 65535, found text; write the number alone"
    ],
    "web1 ansible_host=u@h": ["1: ansible_host: expected a host name or IP address, but this has a user in it"],
    "a_[1:1]!": ["1: a_1!: expected a host name or IP address, but this is not a host name or IP address"],
    "web1\nWEB1": ["2: WEB1: an endpoint named 'WEB1' is already on line 1; names are unique (capitals do not count)"],
    "web1 scorecard_rolle=server": ["1: scorecard_rolle: 'rolle' is not a key here; did you mean 'role'?"],
    "web1 scorecard_groups=x": ["1: scorecard_groups: cannot be set: it comes from Ansible's own names and variables"],
    f"web1 scorecard_password={SECRET}": [
        "1: scorecard_password: a plain secret stands here; secrets are never kept in this"
    ],
    f"web1 ansible_connection=psrp ansible_psrp_proxy=http://u:{SECRET}@p:1": ["1: ansible_psrp_proxy: expected socks5://"],
    f"web1\n[all:vars]\nansible_ssh_common_args=-J u:{SECRET}@b": ["3: ansible_ssh_common_args: expected user@host:port"],
    f"web1\n[all:vars]\nansible_ssh_common_args=-o 'X {SECRET}": ["3: ansible_ssh_common_args: a quote is opened"],
    "w ansible_connection=winrm ansible_winrm_transport=magic": ["1: ansible_winrm_transport: expected one of ntlm, kerb"],
    "w ansible_connection=winrm ansible_winrm_scheme=http ansible_winrm_transport=basic": [
        "1: ansible_winrm_transport: authentication basic and https: no do not go together"
    ],
    "web1 ansible_host={{x}}": [
        f"1: ansible_host: names a variable that is not set in the inventory, or is encrypted; {TEMPLATE}"
    ],
    'web1 \'ansible_user={{ lookup("pipe", "touch ran") }}\'': [
        f"1: ansible_user: holds a template that only Ansible can fill in; {TEMPLATE}"
    ],
    "web1\n[all:vars]\nansible_host={{ a }}\na={{ b }}\nb={{ a }}": [
        f"3: ansible_host: names variables in a circle, or far too many; {TEMPLATE}"
    ],
    "web1\n[all:vars]\nansible_host={{ a }}\na=" + "x{{ b }}" * 60 + "\nb=" + "y" * 400: [
        f"3: ansible_host: grows without end when its names are replaced; {TEMPLATE}"
    ],
    "w[1:3] ansible_connection=network_cli": ["holds no host that can be audited; expected at least one"],
    "# nothing": ["holds no host that can be audited; expected at least one"],
    "": ["holds no host that can be audited; expected at least one"],
}


@pytest.mark.parametrize("text", IN_INI)
def test_mistakes_in_ini(text: str, tmp_path: Path) -> None:
    found = of_file(tmp_path, text, "hosts.ini")
    assert len(found) == len(IN_INI[text])
    for line, start in zip(found, IN_INI[text], strict=True):
        assert line.startswith((f"hosts.ini:{start}", f"hosts.ini: {start}"))
    assert not (tmp_path / "ran").exists()


IN_YAML = {
    "all: {hosts: [web1]}": ["1: hosts: expected names, each with a colon after it, found a list"],
    "all: {hosts: {web1: up}}": ["1: web1: expected variables with their values, found text"],
    "all: {hosts: {web1: }, vars: [x]}": ["1: vars: expected names, each with a colon after it, found a list"],
    "all: {hosts: {web1: }}\nweb: [x]": ["2: web: expected a group with hosts, children or vars, found a list"],
    "all: {hosts: {web1: }}\n'': {}": ["2: the name of a group is empty"],
    "all: {hosts: {'web[1': }}": ["1: web[1: a square bracket is not closed; expected a range such as [01:50] or [a:f]"],
    "all: {hosts: {w: {ansible_host: !vault x}}}": ["1: all.hosts.w.ansible_host: a tag (a word with an exclamation mark)"],
    "all:\n  hosts:\n    w: {ansible_port: 1}\n    w: {}": ["4: all.hosts.w: is set here and already on line 3; keep one"],
    "all: {hosts: {w: {ansible_user: no}}}": ["1: ansible_user: expected a name, found no; put it in quotes"],
    f"all: {{hosts: {{w: {{ansible_become_pass: {SECRET}}}}}}}": [f"1: ansible_become_pass: {PLAIN}"],
    f"all: {{hosts: {{w: }}, vars: {{ansible_ssh_pass: {SECRET}}}}}": [
        f"1: ansible_ssh_pass: {PLAIN}, and say where it is: scorecard_password set to {REFERENCE}"
    ],
    f"all: {{hosts: {{w: }}, vars: {{ansible_ssh_private_key: {SECRET}}}}}": [
        f"1: ansible_ssh_private_key: {PLAIN}; name its file with ansible_private_key_file"
    ],
    f"all: {{hosts: {{w: }}, vars: {{ansible_password: {SECRET}, ansible_host: }}}}\nx: {{children: {{x: }}}}": [
        f"1: ansible_password: {PLAIN}",
        "2: x: contains itself; take it out",
    ],
    "plugin: amazon.aws.aws_ec2\nregions: [x]": ["1: plugin: asks somewhere else for its hosts, and nothing is executed"],
    "all:\n hosts:\n\tweb1:": ["3: this is not YAML: a tab is used for indentation; use spaces"],
}


@pytest.mark.parametrize("text", IN_YAML)
def test_mistakes_in_yaml(text: str, tmp_path: Path) -> None:
    found = of_file(tmp_path, text, "hosts.yaml")
    assert len(found) == len(IN_YAML[text])
    for line, start in zip(found, IN_YAML[text], strict=True):
        assert line.startswith(f"hosts.yaml:{start}")


WHOLE_FILES: dict[str, tuple[str, bytes, str]] = {
    "script": ("hosts", b"#!/bin/sh\ntouch ran\n", "hosts:1: is a script, and nothing is executed"),
    "encrypted": ("hosts", b"$ANSIBLE_VAULT;1.1;AES256\n61", "hosts: is encrypted with Ansible Vault"),
    "TOML": ("inv.toml", b"[web]\nhosts = 1", "inv.toml: is TOML, which is not read"),
    "configuration": ("ansible.cfg", b"[defaults]\ninventory = x", "ansible.cfg: is Ansible's configuration"),
    "UTF-16": ("hosts.ini", "web1".encode("utf-16"), "hosts.ini: is UTF-16; save it as UTF-8"),
    "NUL": ("hosts.ini", b"web1\nweb\x002", "hosts.ini:2: a control character stands here"),
    "escape": ("hosts.ini", b"web1\x1b[2J", "hosts.ini:1: a control character stands here"),
    "garbage": ("hosts.ini", bytes(range(128, 256)) * 100, "hosts.ini:1: is not UTF-8 from here on"),
    "Latin-1": ("hosts.ini", b"web1\nb\xfcro", "hosts.ini:2: is not UTF-8 from here on"),
}


@pytest.mark.parametrize("kind", WHOLE_FILES)
def test_files_that_cannot_be_read_at_all(kind: str, tmp_path: Path) -> None:
    name, content, start = WHOLE_FILES[kind]
    (line,) = of_file(tmp_path, content, name)
    assert line.startswith(start)
    assert not (tmp_path / "ran").exists()


def test_a_script_is_never_run_and_the_way_out_is_named(tmp_path: Path) -> None:
    script = tmp_path / "inv.yml"
    script.write_text("#!/bin/sh\ntouch ran\nall: {hosts: {w: }}\n")
    script.chmod(0o755)
    (tmp_path / "hosts").write_text("#!/usr/bin/env python\n")
    assert mistakes(tmp_path, tmp_path) == [
        f"{name}:1: is a script, and nothing is executed; write what it says into a file and give that: "
        + STATIC.format(name)
        for name in ("hosts", "inv.yml")
    ]


def test_too_many_hosts_too_deep_groups_and_too_many_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = "[g0]\nw\n" + "".join(f"[g{n + 1}:children]\ng{n}\n" for n in range(10_000))
    (line,) = of_file(tmp_path, deep)
    assert line.startswith("hosts:19801: g9900: groups lie in groups more than 100 deep")
    monkeypatch.setattr(ansible_tree, "MAX_MENTIONS", 1000)
    (line,) = of_file(tmp_path, "w[1:999]\nw[1:2]\n")
    assert line == "hosts:2: more than 1,000 hosts are named up to here; split the inventory"
    wide = "".join(
        f"[g{level}_{n}:children]\n" + "".join(f"g{level + 1}_{m}\n" for m in range(40))
        for level in range(40)
        for n in range(40)
    )
    wide += "".join(f"[g40_{n}]\nw\n" for n in range(40))
    monkeypatch.setattr(ansible_tree, "MAX_ANCESTORS", 10_000)
    (line,) = of_file(tmp_path, wide)
    assert "or too many times over" in line


def test_bombs_of_anchors_and_depth_in_yaml(tmp_path: Path) -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{b}: &{b} [{','.join([f'*{a}'] * 10)}]\n" for a, b in zip("abcdef", "bcdefg", strict=True)
    )
    (line,) = of_file(tmp_path, bomb + "all: {vars: {x: *g}}\n", "hosts.yml")
    assert "aliases repeat more than 2,000,000 values" in line
    nested = "".join(" " * n + ("children:\n" if n else "all:\n") for n in range(10_000))
    (line,) = of_file(tmp_path, nested, "hosts.yml")
    assert line.startswith("hosts.yml:51: ")
    assert "is nested more than 50 levels deep" in line


def test_files_of_variables_that_cannot_be_read(tmp_path: Path) -> None:
    for name, content in {"a.yml": b"x: [", "b.yml": b"- list", "c.yml": b"\xff\xfea", "d.yml": b"ansible_port: 0"}.items():
        (tmp_path / "group_vars" / "all").mkdir(parents=True, exist_ok=True)
        (tmp_path / "group_vars" / "all" / name).write_bytes(content)
    (tmp_path / "group_vars" / "all" / "loop").symlink_to(tmp_path / "group_vars")
    (tmp_path / "group_vars" / "all" / "z.yml").symlink_to(tmp_path / "group_vars" / "all" / "z.yml")
    os.mkfifo(tmp_path / "group_vars" / "all" / "pipe.yml")
    found = of_file(tmp_path, "web1\n")
    within = "group_vars/all/"
    assert found[0].startswith(f"{within}a.yml:")
    assert found[1:4] == [
        f"{within}b.yml:1: expected variables with their values, found a list",
        f"{within}c.yml: is UTF-16; save it as UTF-8",
        f"{within}d.yml:1: ansible_port: expected a port number from 1 to 65535, found the number 0",
    ]
    assert f"{within}loop: is a link back to a folder around it; take it out" in found
    assert f"{within}pipe.yml: is neither a file nor a folder; take it out" in found
    assert len(found) == 7
    assert f"{within}z.yml: cannot be read: Too many levels of symbolic links" in found


def test_folders_that_link_to_each_other_in_every_way(tmp_path: Path) -> None:
    for one in "abcdefgh":
        (tmp_path / "inv" / one).mkdir(parents=True)
        for other in "abcdefgh":
            (tmp_path / "inv" / one / f"to-{other}").symlink_to(tmp_path / "inv" / other)
    (tmp_path / "inv" / "hosts").write_text("web1\n")
    found = mistakes(tmp_path / "inv", tmp_path)
    assert found[-1].endswith("is one of more than 1,000 folders; expected fewer")
    assert all(line.endswith(("is a link back to a folder around it; take it out", "expected fewer")) for line in found)


def test_groups_named_like_paths_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "inv" / "group_vars").mkdir(parents=True)
    (tmp_path / "secret.yml").write_text("ansible_user: root\n")
    (tmp_path / "inv" / "hosts").write_text("[../../secret]\nweb1\n[/etc/passwd]\nweb1\n")
    (client,) = load([tmp_path / "inv"]).clients
    assert client.endpoints[0].credential is None


def test_a_folder_without_any_source(tmp_path: Path) -> None:
    (tmp_path / "host_vars").mkdir()
    (line,) = mistakes(tmp_path, tmp_path.parent)
    assert line == f"{tmp_path.name}: holds no host that can be audited; expected at least one"


def test_ours_among_the_sources_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "hosts").write_text("web1\n")
    (tmp_path / "ours.yaml").write_text("client: A\nendpoints: [web1]\n")
    assert mistakes(tmp_path, tmp_path) == ["ours.yaml: is not an Ansible inventory; take it out, or read it by itself"]


OWN = ("scorecard_role", "scorecard_tags", "scorecard_client", "scorecard_password", "x", "y")
NAMES = (*sorted(USED | SECRETS), *OWN)
WORDS = st.one_of(
    st.sampled_from(["ssh", "winrm", "psrp", "local", "docker", "'", '"', "-o", "[1]", "{}", "1e999", "no", "../..", "#"]),
    st.sampled_from(["\\", "=", "ignore", "-J", "{{"]),
    st.sampled_from(["{{ x }}", "{{ y }}", "{{ x | d }}", "-J a", "-W %h:%p b", "[" * 200, "9" * 50]),
    st.just("-o 'ProxyCommand=ssh -W %h:%p u@b'"),
    st.text(max_size=8),
)
LINES = st.one_of(
    st.sampled_from(["[a]", "[b]", "[a:vars]", "[all:vars]", "[b:children]", "[a:children]", "a", "b", "all", "[", "]"]),
    st.sampled_from(
        ["w[1:3]", "w[a:c]:5", "[::1]:22", "fe80::1", "w[1:2:0]", "w:99999999", "[x:y:z]", "---", "[1:2]", ":"]
    ),
    st.builds("{}={}".format, st.sampled_from(NAMES), WORDS),
    st.builds("w {}={}".format, st.sampled_from(NAMES), WORDS),
    st.builds("v '{}={}'".format, st.sampled_from(NAMES), WORDS),
    st.text(max_size=20),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), WORDS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(st.sampled_from(["hosts", "children", "vars", "all", "a", "w[1:2]", *NAMES]), WORDS), inner
        ),
    ),
    max_leaves=20,
)


def only_our_errors(path: Path) -> None:
    """It loads, or every line of what is wrong begins with the file."""
    problems: tuple[str, ...] = ()
    try:
        load([path])
    except InventoryError as error:
        problems = error.problems or ("nothing is said",)
    assert all(problem.startswith(str(path)) and problem.isprintable() for problem in problems)


@given(lines=st.lists(LINES, max_size=12))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_lines_stand_in_ini(lines: list[str], tmp_path: Path) -> None:
    (tmp_path / "hosts.ini").write_text("\n".join(lines), encoding="utf-8", errors="replace")
    only_our_errors(tmp_path / "hosts.ini")


@given(value=VALUES, variables=VALUES)
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_whatever_values_stand_in_yaml(value: object, variables: object, tmp_path: Path) -> None:
    whole = {"all": value, "a": {"hosts": {"w": variables}, "vars": variables}}
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump(whole), encoding="utf-8", errors="replace")
    only_our_errors(tmp_path / "hosts.yml")


def test_the_command_ends_with_2_and_one_line_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "hosts").write_text(f"web1 ansible_password={SECRET}\nweb[\n")
    result = CliRunner().invoke(command, ["check", str(tmp_path / "hosts")])
    assert (result.exit_code, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 3
    assert result.stderr.endswith("2 problems; nothing was contacted\n")
    assert SECRET not in result.stderr
