"""Starts `scorecard` from a process that has its libraries loaded: loading them takes longer than most commands.

What a test gets is a process of its own all the same: forked before anything of ours ran, with the arguments, surroundings,
folder and output that were asked for, and ended as Python ends one. This file is both sides: imported, it is what tests
call; run, it is the process that forks.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from subprocess import CompletedProcess

# Read by Python or by C libraries as they start: a process that has started already would not follow them.
_READ_AT_START = ("PYTHON", "LC_", "LANG", "OPENSSL", "LD_", "MALLOC")
_LIBRARIES = ("jinja2", "xlsxwriter", "pandas", "paramiko", "winrm", "alembic.command", "multiprocessing.spawn", "psycopg")
_LONGEST_REQUEST = 1 << 20


def can(environment: Mapping[str, str]) -> bool:
    """Whether a command with these variables added is the same when started here."""
    return not any(name.startswith(_READ_AT_START) for name in environment)


class Warm:
    """The other process, as tests see it. One a test process, ended with it."""

    def __init__(self) -> None:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", Path(__file__).resolve(), str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )

    def run(self, arguments: list[str], environment: Mapping[str, str], timeout_s: float) -> CompletedProcess[str]:
        """Exit code (negative: the signal that ended it) and what it wrote. Raises subprocess.TimeoutExpired."""
        out, err = os.memfd_create("out"), os.memfd_create("err")
        try:
            asked = {"arguments": arguments, "environment": dict(environment), "folder": str(Path.cwd())}
            socket.send_fds(self._ours, [json.dumps(asked).encode()], [out, err])
            pid = int(self._ours.recv(64))
            code = self._ended(pid, timeout_s)
            if code is None:
                raise subprocess.TimeoutExpired(arguments, timeout_s, _written(out), _written(err))
            return CompletedProcess(arguments, code, _written(out).decode(), _written(err).decode())
        finally:
            os.close(out)
            os.close(err)

    def _ended(self, pid: int, timeout_s: float) -> int | None:
        self._ours.settimeout(timeout_s)
        try:
            return int(self._ours.recv(64))
        except TimeoutError:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            self._ours.settimeout(None)
            self._ours.recv(64)
            return None
        finally:
            self._ours.settimeout(None)

    def close(self) -> None:
        """Ends it; what it started has ended before."""
        self._ours.close()
        self._process.wait()


def _written(number: int) -> bytes:
    os.lseek(number, 0, os.SEEK_SET)
    with os.fdopen(os.dup(number), "rb") as file:
        return file.read()


def _load() -> None:
    cli = import_module("scorecard.cli")
    for module in cli._COMMANDS.values():
        import_module(f"scorecard.cli.{module}")
    for library in _LIBRARIES:
        with suppress(ImportError):
            import_module(library)
    gc.freeze()


def _serve(channel: socket.socket) -> dict[str, object] | None:
    """Forks for each request. In the new process: what it is to run. None when nobody asks any more."""
    while True:
        request, descriptors, _flags, _address = socket.recv_fds(channel, _LONGEST_REQUEST, 2)
        if not request:
            return None
        child = os.fork()
        if not child:
            for place, descriptor in zip((1, 2), descriptors, strict=True):
                os.dup2(descriptor, place)
                os.close(descriptor)
            channel.close()
            return dict(json.loads(request))
        for descriptor in descriptors:
            os.close(descriptor)
        channel.send(str(child).encode())
        channel.send(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode())


def _become(asked: dict[str, object]) -> None:
    os.environ.clear()
    os.environ.update(asked["environment"])  # type: ignore[call-overload]  # what our own side wrote
    time.tzset()
    os.chdir(str(asked["folder"]))
    # As `python -m scorecard` would have it: help names the program by these.
    sys.modules["__main__"].__package__ = "scorecard"
    sys.argv = [str(find_spec("scorecard.__main__").origin), *asked["arguments"]]  # type: ignore[union-attr,misc]  # ours
    import_module("scorecard.cli").main()


if __name__ == "__main__":
    _load()
    with socket.socket(fileno=int(sys.argv[1])) as _channel:
        _asked = _serve(_channel)
    if _asked is not None:
        _become(_asked)
