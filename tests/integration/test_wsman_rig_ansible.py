"""The WS-Management rig, proven by Ansible: NTLM over HTTP with sealed messages, and Basic over HTTPS."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scorecard.bundle import parse_reply
from scorecard.bundle_windows import WindowsBundle
from scorecard.model import Platform
from scorecard.registry import Registry
from tests.rig.wsman import ACCOUNTS, Wsman

MACHINE = "windows-11-pro-well"
DOMAIN, LOCAL = ACCOUNTS
MARKER = "scorecard-0123456789abcdef"
READS_INPUT = "& 'C:\\Prüfung\\questions.ps1'"
LIMIT_S = 120

# Ansible's own modules for Windows are not part of its core: this one hands commands, some with standard input, to the
# connection plugin, all within one task and so in one shell.
COMMANDS = """
import json
from pathlib import Path

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    _requires_connection = True

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        result["answers"] = [
            self._low_level_execute_command(asked["script"], in_data=asked["input"].encode())
            for asked in json.loads(Path(self._task.args["asked"]).read_text())
        ]
        return result
"""
MODULE = "#!powershell\n#AnsibleRequires -CSharpUtil Ansible.Basic\n'{}'\n"

NTLM = {"ansible_winrm_scheme": "http", "ansible_winrm_transport": "ntlm", "ansible_winrm_message_encryption": "always"}
BASIC = {"ansible_winrm_scheme": "https", "ansible_winrm_transport": "basic"}


@dataclass(frozen=True)
class Ran:
    """How one task ended on one host. `said` is its result, or the text of a raw command."""

    state: str
    said: Any


class Ansible:
    """The real command, with a home of its own; nothing of this user's settings or environment reaches it."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._hosts: dict[str, dict[str, object]] = {}
        for folder, name, text in (("action", "commands.py", COMMANDS), ("library", "probe.ps1", MODULE)):
            (home / folder).mkdir()
            (home / folder / name).write_text(text, encoding="utf-8")
        settings = f"action_plugins = {home / 'action'}\nlibrary = {home / 'library'}\nhost_key_checking = True\n"
        (home / "ansible.cfg").write_text(f"[defaults]\n{settings}", encoding="utf-8")

    def host(self, name: str, server: Wsman, user: str, password: str = "", **variables: Any) -> None:
        self._hosts[name] = {
            "ansible_host": server.address,
            "ansible_port": server.port,
            "ansible_connection": "winrm",
            "ansible_user": user,
            "ansible_password": password or ACCOUNTS[user],
            **({} if server.ca_file is None else {"ansible_winrm_ca_trust_path": str(server.ca_file)}),
            **variables,
        }

    def __call__(self, module: str, arguments: str = "") -> dict[str, Ran]:
        inventory = self._home / "hosts.json"
        inventory.touch(mode=0o600)
        inventory.write_text(json.dumps({"all": {"hosts": self._hosts}}), encoding="utf-8")
        environment = {
            "HOME": str(self._home),
            "ANSIBLE_HOME": str(self._home / "ansible"),
            "ANSIBLE_CONFIG": str(self._home / "ansible.cfg"),
            "ANSIBLE_NOCOLOR": "1",
            "PATH": "/usr/bin:/bin",
            "LC_ALL": "C.UTF-8",
            "no_proxy": "*",
        }
        program = Path(sys.executable).with_name("ansible")
        line: list[str | Path] = [program, "--inventory", inventory, "--module-name", module, "--args", arguments, "all"]
        ended = subprocess.run(line, env=environment, cwd=self._home, capture_output=True, timeout=LIMIT_S, check=False)
        ran = dict(_results(ended.stdout.decode()))
        assert ran.keys() == self._hosts.keys(), ended.stdout + ended.stderr
        return ran


def _results(output: str) -> Iterable[tuple[str, Ran]]:
    """What Ansible prints for each host: a line with its name, then a result as JSON or the text of a raw command."""
    heads = list(re.finditer(r"^(\S+) \| ([A-Z]+)!?(?: \| rc=(\d+) >>\n| => )", output, re.MULTILINE))
    ends = [head.start() for head in heads[1:]] + [len(output)]
    for head, end in zip(heads, ends, strict=True):
        said = output[head.end() : end]
        yield (
            head[1],
            Ran(head[2], json.JSONDecoder().raw_decode(said)[0] if head[3] is None else f"{head[3]}: {said.strip()}"),
        )


@pytest.fixture
def ansible(tmp_path: Path) -> Ansible:
    home = tmp_path / "home"
    home.mkdir()
    return Ansible(home)


def start(stack: ExitStack, folder: Path, place: int = 1, **options: Any) -> Wsman:
    return stack.enter_context(Wsman(folder, MACHINE, f"127.0.8.{place}", **options))


def commands(folder: Path, *asked: tuple[str, str]) -> str:
    file = folder / "asked.json"
    file.write_text(json.dumps([{"script": script, "input": text} for script, text in asked]))
    return f"asked={file}"


@pytest.mark.parametrize(
    ("tls", "user", "way", "round_trips"), [(None, DOMAIN, NTLM, 3), (None, LOCAL, NTLM, 3), ("good", LOCAL, BASIC, 0)]
)
def test_ansible_runs_a_raw_command(
    tmp_path: Path, ansible: Ansible, tls: Any, user: str, way: dict[str, str], round_trips: int
) -> None:
    with Wsman(tmp_path, MACHINE, tls=tls) as server:
        ansible.host("pc", server, user, **way)
        assert ansible("raw", "Write-Output 'Übung 日本'; $env:COMPUTERNAME") == {
            "pc": Ran("CHANGED", "0: Übung 日本\nPC-042"),
        }
        steps = dict.fromkeys(("Create", "Command", "Receive", "Signal", "Delete"), 1)
        assert server.requests == {**steps, **({"authentication": round_trips} if round_trips else {})}
        assert server.received[0].line.console_mode_stdin
        assert (server.open_shells, server.refused) == (0, [])


@pytest.mark.parametrize(("tls", "user", "way"), [(None, DOMAIN, NTLM), ("good", LOCAL, BASIC)])
def test_ansible_has_the_declared_questions_answered(
    tmp_path: Path, ansible: Ansible, tls: Any, user: str, way: dict[str, str]
) -> None:
    """Several commands in one shell, with every stream and exit code; the questions go in more than one piece."""
    bundle = WindowsBundle(Registry.load().probes(Platform.WINDOWS))
    document = bundle.questions(MARKER).decode() + " " * 300_000
    asked = (
        ("Write-Output 'It''s here'", ""),
        ("[Console]::Error.WriteLine('gone'); exit 3", ""),
        ("Write-Error 'broken'", ""),
        (READS_INPUT, document),
    )
    with Wsman(tmp_path, MACHINE, tls=tls) as server:
        ansible.host("pc", server, user, **way)
        ran = ansible("commands", commands(tmp_path, *asked))["pc"]
        answers = ran.said["answers"]
        assert [answer["rc"] for answer in answers] == [0, 3, 1, 0]
        assert [answer["stdout"] for answer in answers[:3]] == ["It's here\r\n", "", ""]
        assert [answer["stderr"] for answer in answers[:2]] == ["", "gone\r\n"]
        assert answers[2]["stderr"].startswith("Write-Error 'broken' : broken\r\n")
        reply = parse_reply(answers[3]["stdout"].encode(), MARKER, datetime.now(UTC), Platform.WINDOWS)
        assert reply.complete
        assert reply.observations.keys() == {"engine.host", *(probe.part for probe in bundle.asked)}
        assert [received.stdin.decode() for received in server.received] == [text for _, text in asked]
        assert [received.script for received in server.received] == [script for script, _ in asked]
        assert [received.line.console_mode_stdin for received in server.received] == [True, True, True, False]
        steps = ("Create", "Command", "Send", "Signal", "Delete")
        assert [server.requests[step] for step in steps] == [1, 4, 2, 4, 1]
        assert (server.open_shells, server.refused) == (0, [])


def test_ansible_asks_again_when_an_operation_times_out(tmp_path: Path, ansible: Ansible) -> None:
    with Wsman(tmp_path, MACHINE) as server:
        ansible.host("pc", server, DOMAIN, **NTLM, ansible_winrm_operation_timeout_sec=1, ansible_winrm_read_timeout_sec=9)
        assert ansible("raw", "Start-Sleep -Milliseconds 2200; exit 7")["pc"].said.startswith("7: ")
        # Two that came to nothing, and the one or two that bring standard error and the end.
        assert server.requests["Receive"] >= 3
        assert (server.requests["Create"], server.open_shells) == (1, 0)


def test_what_is_no_declared_question_is_refused(tmp_path: Path, ansible: Ansible) -> None:
    """A module of Ansible's comes as a program on standard input."""
    with Wsman(tmp_path, MACHINE) as server:
        ansible.host("pc", server, DOMAIN, **NTLM)
        ran = ansible("probe")["pc"]
        assert (ran.state, ran.said["rc"]) == ("FAILED", 1)
        assert len(server.received[0].stdin) > 50_000
        assert server.refused == ["standard input is no ASCII JSON document with a marker and questions"]
        assert (server.requests["Send"], server.open_shells) == (1, 0)


def test_a_line_that_is_too_long_for_the_command_processor_says_so(tmp_path: Path, ansible: Ansible) -> None:
    with Wsman(tmp_path, MACHINE) as server:
        ansible.host("pc", server, DOMAIN, **NTLM)
        assert ansible("raw", f"Write-Output '{'x' * 4_000}'")["pc"].said.startswith("1: The command line is too long.")
        assert server.open_shells == 0


def test_ansible_opens_another_shell_when_the_quota_of_operations_is_used_up(tmp_path: Path, ansible: Ansible) -> None:
    with Wsman(tmp_path, MACHINE, fault="quota-operations-wmi:1") as server:
        ansible.host("pc", server, DOMAIN, **NTLM)
        assert ansible("raw", "'here'") == {"pc": Ran("CHANGED", "0: here")}
        assert [server.requests[step] for step in ("Create", "Command", "Delete")] == [2, 2, 2]
        assert server.open_shells == 0


def test_ansible_is_turned_away(tmp_path: Path, ansible: Ansible) -> None:
    rejected = "the specified credentials were rejected by the server"
    with ExitStack() as stack:
        plain, secure = start(stack, tmp_path), start(stack, tmp_path, 2, tls="good")
        expired, elsewhere = start(stack, tmp_path, 3, tls="expired"), start(stack, tmp_path, 4, tls="wrong-name")
        ansible.host("wrong-password-ntlm", plain, DOMAIN, "not this one", **NTLM)
        ansible.host("wrong-password-basic", secure, LOCAL, "not this one", **BASIC)
        ansible.host("basic-of-the-domain", secure, DOMAIN, **BASIC)
        ansible.host("basic-unsealed", plain, LOCAL, **{**BASIC, "ansible_winrm_scheme": "http"})
        ansible.host("ntlm-unsealed", plain, DOMAIN, **{**NTLM, "ansible_winrm_message_encryption": "never"})
        ansible.host("expired", expired, LOCAL, **BASIC)
        ansible.host("wrong-name", elsewhere, LOCAL, **BASIC)
        ansible.host("unknown-authority", secure, LOCAL, **{**BASIC, "ansible_winrm_ca_trust_path": str(expired.ca_file)})
        ran = ansible("raw", "'here'")
        assert {name: end.state for name, end in ran.items()} == dict.fromkeys(ran, "UNREACHABLE")
        for name, said in {
            "wrong-password-ntlm": f"ntlm: {rejected}",
            "wrong-password-basic": f"basic: {rejected}",
            "basic-of-the-domain": f"basic: {rejected}",
            "basic-unsealed": f"basic: {rejected}",
            "ntlm-unsealed": "Code 500",
            "expired": "certificate has expired",
            "wrong-name": "certificate is not valid for",
            "unknown-authority": "certificate verify failed",
        }.items():
            assert said in ran[name].said["msg"], name
        for server in (plain, secure, expired, elsewhere):
            assert server.requests["Create"] == 0
            assert server.open_shells == 0
