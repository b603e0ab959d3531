"""Ansible inventories, and what Ansible itself makes of each of them: `ansible_recorded.json`.

Renew the recording with `python tests/unit/ansible_cases.py`, which runs ansible-inventory of this environment.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scorecard.inventory import Client, load
from scorecard.model import Endpoint

RECORDED = Path(__file__).with_name("ansible_recorded.json")


@dataclass(frozen=True, slots=True)
class Case:
    """`files` by their paths; `source` is what Ansible is given."""

    source: str
    files: dict[str, str]


def _ini(text: str, **files: str) -> Case:
    return Case("hosts", {"hosts": text, **{name.replace("__", "/"): content for name, content in files.items()}})


CASES = {
    "hosts alone": _ini("# nothing more\nweb1\nweb2.example.com\n; and\n10.0.0.7\n"),
    "ranges": _ini("[web]\nweb[01:12:5].example.com\nweb-[a:d:2]\n[x]\nn[1:2]m[8:10]\n10.1.[0:1].[5:6]\ndb[:2]\n"),
    "ports and IPv6": _ini(
        "web1:2222\n[2001:db8::7]:2022\n2001:db8::[1:3]\nfe80::1\nbadge:22 ansible_port=23\n[late]\nweb1:99\n10.0.0.4:24\n"
    ),
    "quoting and literals": _ini(
        "a ansible_user='first last' ansible_port='2222'\nb ansible_user=\"it's\" # ansible_port=1\nc ansible_user=a=b\n"
        "d ansible_user=x#y ansible_port=0x16\ne ansible_user=\"'quoted'\"\nf ansible_user=CORP\\\\bob\n"
        "[v]\ng\n[v:vars]\nansible_user='one two'\nansible_host = 10.0.0.1\n"
        "ansible_ssh_private_key_file=~/keys/id # no comment\n"
    ),
    "children and their variables": _ini(
        "[web]\nw1\n[db]\nd1 ansible_user=own\n[prod:children]\nweb\ndb\n[prod:vars]\nansible_user=prod\nansible_port=1\n"
        "[web:vars]\nansible_port=2\n[all:vars]\nansible_user=all\nansible_ssh_private_key_file=/k/all\n"
    ),
    "alphabet and depth": _ini(
        "[zeta]\nw\n[alpha]\nw\n[deep]\nw\n[mid:children]\ndeep\n[top:children]\nmid\n[zeta:vars]\nansible_user=zeta\n"
        "ansible_port=1\n[alpha:vars]\nansible_user=alpha\n[deep:vars]\nansible_port=3\n[mid:vars]\nansible_port=4\n"
    ),
    "priority": _ini(
        "[a]\nw\n[b]\nw\n[c:children]\na\n[a:vars]\nansible_user=a\n[b:vars]\nansible_user=b\nansible_group_priority=10\n"
        "[c:vars]\nansible_port=5\n[d]\nv\n[e]\nv\n[d:vars]\nansible_group_priority=2\nansible_user=d\n[e:vars]\nansible_user=e\n"
    ),
    "one host, many lines": _ini(
        "w ansible_user=one\n[a]\nw ansible_port=2\n[b]\nw:77 ansible_user=two\n[a]\nw ansible_host=h\n"
    ),
    "ungrouped": _ini("lone\nboth\n[g]\nboth\n[ungrouped:vars]\nansible_user=nobody\n[g:vars]\nansible_port=9\n"),
    "files of variables": _ini(
        "[web]\nw1\nw2\n[web:vars]\nansible_user=inventory\nansible_port=1\n",
        group_vars__all="ansible_user: everyone\n",
        group_vars__web="---\nansible_port: 22\nother: {deep: [1, 2]}\n",
        host_vars__w2="ansible_user: own\nansible_host: 10.9.9.9\n",
    ),
    "files by ending and in folders": Case(
        "inv/hosts",
        {
            "inv/hosts": "[web]\nw1\n[db]\nd1\n",
            "inv/group_vars/web.yml": "ansible_port: 5\n",
            "inv/group_vars/web.yaml": "ansible_port: 6\n",
            "inv/group_vars/db/10-b.yml": "ansible_user: b\nansible_port: 7\n",
            "inv/group_vars/db/20-a": "ansible_user: a\n",
            "inv/group_vars/db/notes.txt": "ansible_user: nobody\n",
            "inv/group_vars/db/sub/x.json": '{"ansible_host": "10.0.0.8"}',
            "inv/host_vars/d1.json": '{"ansible_port": 8}',
            "inv/group_vars/all/.hidden.yml": "ansible_user: hidden\n",
            "inv/group_vars/all/empty.yml": "---\n# nothing\n",
        },
    ),
    "YAML, nested": Case(
        "hosts.yml",
        {
            "hosts.yml": "all:\n  vars: {ansible_user: all}\n  hosts:\n    lone:\n  children:\n    prod:\n"
            "      vars: {ansible_port: 1}\n      children:\n        web:\n          hosts:\n            w[1:2]:\n"
            '            w3: {ansible_port: "3", ansible_host: 10.0.0.3}\n        db:\n          hosts: d1\n'
            "    web:\n      vars: {ansible_user: web}\n",
        },
    ),
    "YAML with groups at its top": Case(
        "inventory.yaml",
        {
            "inventory.yaml": "web:\n  hosts:\n    a:\n    b:2200: {ansible_user: x}\n  vars:\n    ansible_user: w\n"
            "db:\n  hosts: {a: {ansible_port: 4}}\n  vars: {ansible_group_priority: 5, ansible_user: d}\nempty:\n",
            "group_vars/ungrouped.yml": "ansible_user: u\n",
        },
    ),
    "a folder of sources": Case(
        "inv",
        {
            "inv/01-linux": "[web]\nw1\n[web:vars]\nansible_user=first\n",
            "inv/02-more.yml": "all:\n  children:\n    web:\n      hosts: {w2: {ansible_port: 3}}\n"
            "      vars: {ansible_user: second}\n",
            "inv/more/hosts.ini": "[db]\nd1\n[prod:children]\nweb\ndb\n",
            "inv/ansible.cfg": "[defaults]\ninventory = .\n",
            "inv/README.md": "# not a source\n",
            "inv/group_vars/prod.yml": "ansible_ssh_private_key_file: /k/prod\n",
        },
    ),
    "Windows and others": _ini(
        "[win]\ndc1 ansible_host=192.0.2.4\nps1 ansible_connection=psrp ansible_port=5986\n[win:vars]\n"
        "ansible_connection=winrm\nansible_user=CORP\\audit\nansible_winrm_transport=kerberos\nansible_port=5985\n"
        "[here]\nme ansible_connection=local\n"
        "[net]\nsw1\n[net:vars]\nansible_connection=ansible.netcommon.network_cli\n[box]\nc1 ansible_connection=docker\n"
    ),
    "older names": _ini(
        "a ansible_ssh_host=10.0.0.1 ansible_ssh_port=3 ansible_ssh_user=old ansible_host=10.0.0.2 ansible_port=4\n"
        "b ansible_ssh_user=old ansible_user=new ansible_private_key_file=/k/1 ansible_ssh_private_key_file=/k/2\n"
    ),
    "odd names of groups": _ini(
        "[web-servers]\nw1\n[1st]\nw1\n[größe]\nw2\n[1st:vars]\nansible_user=x\n[größe:vars]\nansible_port=6\n"
    ),
}


def write(case: Case, folder: Path) -> Path:
    """The case's files in a folder; what Ansible is given."""
    for name, text in case.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / case.source


def run(source: Path, *options: str) -> str:
    """What ansible-inventory prints, undisturbed by settings of this computer."""
    program = Path(sys.executable).with_name("ansible-inventory")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE")}
    done = subprocess.run(
        [program, "-i", source, "--list", *options],
        capture_output=True,
        text=True,
        check=True,
        cwd=source.parent,
        env={**environment, "ANSIBLE_LOCALHOST_WARNING": "0", "LC_ALL": "C.UTF-8"},
    )
    return done.stdout


def ask(source: Path) -> dict[str, Any]:
    """What Ansible says: variables and groups of each host."""
    found: dict[str, Any] = json.loads(run(source))
    variables = found.pop("_meta")["hostvars"]
    hosts: dict[str, Any] = {}
    for name, group in found.items():
        for host in group.get("hosts", ()):
            mine = hosts.setdefault(host, {"groups": set(), "variables": _of_interest(variables.get(host, {}))})
            mine["groups"] |= _upwards(found, name)
    return {host: {**held, "groups": sorted(held["groups"])} for host, held in sorted(hosts.items())}


def _of_interest(variables: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in sorted(variables.items()) if re.match("ansible_(?!group_priority)", name)}


def _upwards(groups: dict[str, Any], name: str) -> set[str]:
    found = {name} if name not in ("all", "ungrouped") else set()
    for other, group in groups.items():
        if name in group.get("children", ()):
            found |= _upwards(groups, other)
    return found


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


def seen(endpoint: Endpoint) -> tuple[Any, ...]:
    login = endpoint.credential
    user, key = (login.user, login.key_file) if login else (None, None)
    return endpoint.name, endpoint.address, endpoint.transport, endpoint.port, user, key, set(endpoint.tags)


def record() -> None:
    recorded: dict[str, Any] = {}
    for name, case in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            recorded[name] = ask(write(case, Path(folder)))
    said = subprocess.run(
        [Path(sys.executable).with_name("ansible-inventory"), "--version"], capture_output=True, text=True, check=True
    )
    version = re.search(r"core ([\d.]+)", said.stdout)
    whole = {"ansible-core": version[1] if version else "", "cases": recorded}
    RECORDED.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    record()
