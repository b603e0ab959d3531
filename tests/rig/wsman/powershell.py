"""powershell.exe of a simulated machine: reads the questions from standard input and answers them in frames."""

from __future__ import annotations

import base64
import binascii
import json
import random
import time
from typing import Any

from tests.rig.wsman import plain
from tests.rig.wsman.answers import answer
from tests.rig.wsman.faults import Trouble
from tests.rig.wsman.machine import Machine, hresult
from tests.rig.wsman.questions import Refused, check
from tests.rig.wsman.shells import Command, CommandLine

_INVALID_ARGUMENT = 0x80070057
_HOST = "engine.host"
_HOST_BYTES = 20_000
# What PowerShell writes on standard error when it loads modules and its standard input is a pipe.
_CLIXML = (
    '#< CLIXML\r\n<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">'
    '<Obj S="progress" RefId="0">'
    '<TN RefId="0"><T>System.Management.Automation.PSCustomObject</T><T>System.Object</T></TN><MS><I64 N="SourceId">1</I64>'
    '<PR N="Record"><AV>{activity}</AV><AI>0</AI><Nil /><PI>-1</PI><PC>-1</PC><T>Completed</T><SR>-1</SR><SD> </SD></PR>'
    "</MS></Obj>{errors}</Objs>"
)
# What cmd.exe takes, through which every command goes that does not say WINRS_SKIP_CMD_SHELL.
_CMD_CHARACTERS = 8_191
# ConvertTo-Json of Windows PowerShell writes these as escapes too.
_ESCAPED = {ord(sign): f"\\u{ord(sign):04x}" for sign in "'<>&"}
_BANNER = "Zugriff nur für berechtigte Benutzer - Prüfung läuft\r\n"


class PowerShell:
    """One run of powershell.exe. What is asked against the contract is noted in `refused`."""

    def __init__(self, machine: Machine, trouble: Trouble, refused: list[str]) -> None:
        self._machine = machine
        self._trouble = trouble
        self._refused = refused

    def script_of(self, line: CommandLine) -> str:
        """The decoded text of -EncodedCommand; empty where there is none."""
        words = line.words
        for place, word in enumerate(words[:-1]):
            if word.lower() in ("-encodedcommand", "-enc", "-e"):
                try:
                    return base64.b64decode(words[place + 1], validate=True).decode("utf-16-le")
                except (binascii.Error, UnicodeDecodeError):
                    return ""
        return ""

    def reads_input(self, line: CommandLine) -> bool:
        """Whether the command waits for its standard input to end."""
        script = self.script_of(line)
        return bool(script) and not _too_long(line) and not plain.statements_of(script)

    def questions_of(self, stdin: bytes) -> list[Any]:
        document = self._document(stdin)
        questions = document.get("questions", [])
        return questions if isinstance(questions, list) else []

    def _document(self, stdin: bytes) -> dict[str, Any]:
        try:
            document = json.loads(stdin.decode("ascii"))
        except (ValueError, RecursionError):
            return {}
        return document if isinstance(document, dict) else {}

    def run(self, command: Command, questions: list[Any], stdin: bytes) -> int:
        if _too_long(command.line):
            command.write(b"The command line is too long.\r\n", "stderr")
            return 1
        program = command.line.words[0].lower().rpartition("\\")[2]
        if program not in ("powershell.exe", "powershell") or not self.script_of(command.line):
            command.write(f"'{program}' is not recognized as an internal or external command.\r\n".encode(), "stderr")
            return 1
        if statements := plain.statements_of(self.script_of(command.line)):
            return plain.run(statements, command, self._machine.hostname, self._records)
        document = self._document(stdin)
        marker = document.get("marker")
        listed = isinstance(document.get("questions"), list)
        if set(document) != {"marker", "questions"} or not isinstance(marker, str) or not marker or not listed:
            self._refused.append("standard input is no ASCII JSON document with a marker and questions")
            return 1
        self._noise(command)
        command.write(b"\r\n")
        for parts, question in enumerate([{"part": _HOST, "verb": "host"}, *questions]):
            if not self._part(command, marker, question, parts, [_part_of(before) for before in questions[: parts - 1]]):
                return 0
        command.write(f"{marker} done {len(questions) + 1}\r\n".encode(errors="replace"))
        return 0

    def _noise(self, command: Command) -> None:
        command.write(self._records().encode(), "stderr")
        if banner := self._machine.data.get("banner"):
            command.write(str(banner).encode())
        if self._trouble.at("cp437"):
            command.write(_BANNER.encode("cp437"))
        if self._trouble.at("random-output"):
            command.write(random.Random(8).randbytes(200_000))
        if self._trouble.at("big-output"):
            for _ in range(int(self._trouble.number)):
                command.write((b"x" * 1023 + b"\n") * 1024)

    def _records(self, errors: str = "") -> str:
        """Standard error as CLIXML: the progress of loading a module, and error records."""
        return _CLIXML.format(activity=self._machine.say("progress", "Preparing modules for first use."), errors=errors)

    def _part(self, command: Command, marker: str, question: Any, parts: int, before: list[str]) -> bool:
        """Write one frame; False where this server's fault ends the command here."""
        part = _part_of(question)
        command.write(f"{marker} begin {part}\r\n".encode(errors="replace"))
        if self._trouble.at("stuck") and parts >= self._trouble.number:
            command.sleep(86_400)
        started = time.monotonic()
        code, payload = self._answer(command, question, before)
        line = json.dumps(payload, ensure_ascii=True, separators=(",", ":")).translate(_ESCAPED)
        if self._trouble.at("broken-off") and parts >= self._trouble.number:
            command.write(f"|{line[: len(line) // 2]}".encode())
            return False
        size = question.get("size", _HOST_BYTES) if code != _INVALID_ARGUMENT else _HOST_BYTES
        extent = "whole" if len(line) <= size else "cut"
        took = int((time.monotonic() - started) * 1000)
        command.write(f"|{line[:size]}\r\n{marker} end {part} {code} {took} {extent}\r\n".encode(errors="replace"))
        return True

    def _answer(self, command: Command, question: Any, before: list[str]) -> tuple[int, Any]:
        if question == {"part": _HOST, "verb": "host"}:
            return 0, dict(self._machine.section("host"))
        try:
            checked = check(question)
            if checked["part"] in before:
                raise Refused("asked twice")
        except Refused as refused:
            self._refused.append(f"{_part_of(question)}: {refused}")
            return _INVALID_ARGUMENT, {"error": {"hresult": hresult(_INVALID_ARGUMENT), "message": str(refused)[:300]}}
        return answer(self._machine, checked, command.sleep)


def _too_long(line: CommandLine) -> bool:
    return not line.skip_cmd_shell and len(" ".join((line.command, *line.arguments))) > _CMD_CHARACTERS


def _part_of(question: Any) -> str:
    return str(question.get("part")) if isinstance(question, dict) else "nothing"
