"""powershell.exe of a simulated machine: reads the questions from standard input and answers them in frames."""

from __future__ import annotations

import base64
import binascii
import json
import random
import time
from typing import Any

from tests.rig.wsman.faults import Trouble
from tests.rig.wsman.machine import Machine
from tests.rig.wsman.questions import Refused, answer, check
from tests.rig.wsman.shells import Command, CommandLine

_MEGABYTE = 1024 * 1024
# What PowerShell writes on standard error when it loads modules and its standard input is a pipe.
_CLIXML = (
    '#< CLIXML\r\n<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">'
    '<Obj S="progress" RefId="0">'
    '<TN RefId="0"><T>System.Management.Automation.PSCustomObject</T><T>System.Object</T></TN><MS><I64 N="SourceId">1</I64>'
    '<PR N="Record"><AV>{activity}</AV><AI>0</AI><Nil /><PI>-1</PI><PC>-1</PC><T>Completed</T><SR>-1</SR><SD> </SD></PR>'
    "</MS></Obj></Objs>"
)
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

    def questions_of(self, stdin: bytes) -> list[dict[str, Any]]:
        document = self._document(stdin)
        questions = document.get("questions", [])
        return questions if isinstance(questions, list) else []

    def _document(self, stdin: bytes) -> dict[str, Any]:
        try:
            document = json.loads(stdin.decode("ascii"))
        except ValueError:
            return {}
        return document if isinstance(document, dict) else {}

    def run(self, command: Command, questions: list[dict[str, Any]], stdin: bytes) -> int:
        program = command.line.words[0].lower().rpartition("\\")[2]
        if program not in ("powershell.exe", "powershell") or not self.script_of(command.line):
            command.write(f"'{program}' is not recognized as an internal or external command.\r\n".encode(), "stderr")
            return 1
        marker = str(self._document(stdin).get("marker", ""))
        if not marker:
            self._refused.append("standard input is no ASCII JSON document with a marker")
            return 1
        self._noise(command)
        parts = 0
        for question in [{"part": "engine.host", "verb": "host"}, *questions]:
            if not self._part(command, marker, question, parts):
                return 0
            parts += 1
        command.write(f"{marker} done {parts}\r\n".encode())
        return 0

    def _noise(self, command: Command) -> None:
        activity = self._machine.data.get("progress", "Preparing modules for first use.")
        command.write(_CLIXML.format(activity=activity).encode(), "stderr")
        banner = self._machine.data.get("banner")
        if banner:
            command.write(str(banner).encode("utf-8"))
        if self._trouble.at("cp437"):
            command.write(_BANNER.encode("cp437", errors="replace"))
        if self._trouble.at("random-output"):
            command.write(random.Random(8).randbytes(200_000))
        if self._trouble.at("big-output"):
            for _ in range(int(self._trouble.number)):
                command.write((b"x" * 1023 + b"\n") * 1024)

    def _part(self, command: Command, marker: str, question: dict[str, Any], parts: int) -> bool:
        """Write one frame; False where this server's fault ends the command here."""
        part = str(question.get("part"))
        if self._trouble.at("stuck") and parts >= self._trouble.number:
            command.write(f"{marker} begin {part}\r\n".encode())
            command.sleep(86_400)
        started = time.monotonic()
        code, payload = self._answer(command, question)
        line = json.dumps(payload, ensure_ascii=True, separators=(",", ":"))
        if self._trouble.at("broken-off") and parts >= self._trouble.number:
            command.write(f"{marker} begin {part}\r\n|{line[: len(line) // 2]}".encode())
            return False
        size = int(question.get("size", 200_000))
        extent = "whole" if len(line) <= size else "cut"
        took = int((time.monotonic() - started) * 1000)
        command.write(f"{marker} begin {part}\r\n|{line[:size]}\r\n{marker} end {part} {code} {took} {extent}\r\n".encode())
        return True

    def _answer(self, command: Command, question: dict[str, Any]) -> tuple[int, Any]:
        if question["verb"] == "host" and question["part"] == "engine.host":
            return 0, dict(self._machine.section("host"))
        try:
            check(question)
        except Refused as refused:
            self._refused.append(f"{question.get('part')}: {refused}")
            return 0x80070057, {"error": {"hresult": "0x80070057", "message": str(refused)[:300]}}
        delay = float(self._machine.section("delays").get(question["part"], 0))
        command.sleep(min(delay, question["limit"]))
        if delay > question["limit"]:
            return 124, {"error": {"hresult": "0x0000007C", "message": "ran into its limit"}}
        return answer(self._machine, question)
