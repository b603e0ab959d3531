"""Other clients in the same conversation: `python -m bench.windows_others TASK` prints what it cost as JSON.

Each as its own documentation has it: open a shell, run the command, feed standard input, read to the end, signal, close.
Nothing of the scorecard is loaded, and what comes back is neither taken apart nor kept.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.process import Cost, in_threads, measured

_LIMIT_S = 120


@dataclass(frozen=True, slots=True)
class Task:
    """`conversation` is a file of JSON: executable, arguments, questions, and `place`, where the marker stands in these.

    NTLM over HTTPS where there is a `ca_file`, else over HTTP, sealed; the password is in the variable `password`.
    """

    client: str
    conversation: str
    address: str
    port: int
    ca_file: str
    user: str
    password: str
    count: int
    concurrency: int


# Has `executable arguments` run with the bytes on standard input, and returns standard output.
Ask = Callable[[str, list[str], bytes], bytes]


def main(task: Task) -> Cost:
    said: dict[str, Any] = json.loads(Path(task.conversation).read_text(encoding="ascii"))
    ask = {"pypsrp": _pypsrp, "pywinrm": _pywinrm}[task.client](task)

    def one(_: int) -> bool:
        marker = f"scorecard-{secrets.token_hex(16)}"
        questions = str(said["questions"]).replace(str(said["place"]), marker).encode("ascii")
        return f"\n{marker} done ".encode() in ask(said["executable"], said["arguments"], questions)

    return measured(lambda: (in_threads(range(task.count), task.concurrency, one), 0))


def _pypsrp(task: Task) -> Ask:
    from pypsrp.shell import Process, SignalCode, WinRS
    from pypsrp.wsman import WSMan

    def ask(executable: str, arguments: list[str], questions: bytes) -> bytes:
        client = WSMan(
            task.address,
            port=task.port,
            ssl=bool(task.ca_file),
            username=task.user,
            password=os.environ[task.password],
            auth="ntlm",
            cert_validation=task.ca_file or True,  # type: ignore[arg-type] # a path is taken
            connection_timeout=60,
            read_timeout=_LIMIT_S,
            no_proxy=True,
        )
        with client, WinRS(client, codepage=65001, no_profile=True, idle_time_out=300) as shell:
            process = Process(shell, executable, arguments, no_shell=True)
            process.begin_invoke()
            process.send(questions)
            process.end_invoke()
            process.signal(SignalCode.TERMINATE)
        return process.stdout

    return ask


def _pywinrm(task: Task) -> Ask:
    from winrm.protocol import Protocol

    os.environ["no_proxy"] = "*"  # set anew around every look-up otherwise, which fails in many threads

    def ask(executable: str, arguments: list[str], questions: bytes) -> bytes:
        client = Protocol(
            f"{'https' if task.ca_file else 'http'}://{task.address}:{task.port}/wsman",
            transport="ntlm",
            username=task.user,
            password=os.environ[task.password],
            ca_trust_path=task.ca_file or "legacy_requests",
            message_encryption="auto",
            read_timeout_sec=_LIMIT_S,
        )
        shell = client.open_shell(codepage=65001, noprofile=True, idle_timeout="PT300S")
        try:
            command = client.run_command(shell, executable, arguments, console_mode_stdin=False, skip_cmd_shell=True)
            client.send_command_input(shell, command, questions, end=True)
            output, _, _ = client.get_command_output(shell, command)
            client.cleanup_command(shell, command)
        finally:
            client.close_shell(shell)
        return output

    return ask


if __name__ == "__main__":
    print(json.dumps(asdict(main(Task(**json.loads(sys.argv[1]))))))
