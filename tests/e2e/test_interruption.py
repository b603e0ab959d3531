"""Ctrl-C and SIGTERM in the middle of an audit, deadlines, and what a terminal shows meanwhile."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.commands import scorecard, started
from tests.e2e.recordings import inventory, refusing, replayed

PATIENCE_S = 240


@dataclass
class Mute:
    """A port on loopback that takes connections and never says a word."""

    port: int
    open: list[socket.socket] = field(default_factory=list)
    most: int = 0  # connections at a time
    taken: int = 0


@pytest.fixture
def mute() -> Iterator[Mute]:
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listener:
        listener.settimeout(0.05)
        state, ended = Mute(listener.getsockname()[1]), threading.Event()

        def serve() -> None:
            while not ended.is_set():
                with suppress(TimeoutError):
                    connection, _ = listener.accept()
                    connection.setblocking(False)
                    state.open.append(connection)
                    state.taken += 1
                for connection in list(state.open):
                    if hung_up(connection):
                        state.open.remove(connection)
                        connection.close()
                state.most = max(state.most, len(state.open))

        thread = threading.Thread(target=serve)
        thread.start()
        yield state
        ended.set()
        thread.join()
        for connection in state.open:
            connection.close()


def hung_up(connection: socket.socket) -> bool:
    try:
        return connection.recv(65536) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def start(*arguments: str | Path, home: Path, stderr: int = subprocess.PIPE, **environment: str) -> subprocess.Popen[bytes]:
    return started(*arguments, home=home, stdout=subprocess.PIPE, stderr=stderr, environment=environment)


def wait_for(what: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not what():
        assert process.poll() is None, "it ended before"
        assert time.monotonic() < until, "it never came"
        time.sleep(0.05)


def fleet(folder: Path, mute: Mute) -> Path:
    hanging = [refusing(f"hang{number}", port=mute.port) for number in range(2)]
    return inventory(folder / "inventory.yaml", "Acme", [replayed(folder / "machines", "web1"), *hanging])


def committed(home: Path) -> bool:
    """Whether the first result is in the history; nothing else is looked at, and nothing is locked."""
    done = subprocess.run(
        [sys.executable, "-c", _COUNT, str(home / "history.db")], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() not in ("", "0")


_COUNT = """
import sqlite3, sys
try:
    print(sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True).execute("select count(*) from results").fetchone()[0])
except sqlite3.Error:
    print(0)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_audit_keeps_what_came_in_and_names_the_rest(tmp_path: Path, mute: Mute, number: signal.Signals) -> None:
    home = tmp_path / "home"
    content = json.loads(fleet(tmp_path, mute).read_text(encoding="utf-8"))
    later = {"client": "Later", "endpoints": [refusing("x1")]}
    both = tmp_path / "both.yaml"
    both.write_text(json.dumps({"clients": [content, later]}), encoding="utf-8")
    process = start("audit", both, "--out", tmp_path / "out", "--deadline", "3600", home=home)
    wait_for(lambda: mute.taken == 2 and committed(home), process)
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=PATIENCE_S)  # the deadline is an hour away: it does not wait for it
    assert process.returncode == 130, stderr.decode()
    said = stderr.decode()
    assert "Traceback" not in said
    assert "scorecard: stopping; what came in is kept" in said
    assert "scorecard: Later: not audited, because the run was stopped" in said
    assert "The audit was stopped early" in stdout.decode()
    (folder,) = (tmp_path / "out").iterdir()
    assert {path.suffix for path in folder.iterdir()} == {".html", ".xlsx", ".json"}
    document: dict[str, Any] = json.loads((folder / "audit.json").read_text(encoding="utf-8"))
    assert document["interrupted"]
    seen = {entry["name"]: entry["seen"] for entry in document["endpoints"]}
    assert seen == {"web1": True, "hang0": False, "hang1": False}
    for name in ("hang0", "hang1"):
        assert {f["status"] for f in document["findings"] if f["endpoint"] == name} == {"unknown"}
        failure = next(entry["failure"] for entry in document["endpoints"] if entry["name"] == name)
        assert "stopped before" in failure["message"]
    stored = scorecard("report", document["id"], "--json", home=home)
    assert json.loads(stored.stdout) == document
    assert [entry["client"] for entry in json.loads(scorecard("history", "--json", home=home).stdout)] == ["Acme"]


def test_the_second_interrupt_ends_at_once(tmp_path: Path, mute: Mute) -> None:
    home = tmp_path / "home"
    process = start("audit", fleet(tmp_path, mute), "--json", "--evidence", "--deadline", "3600", home=home)
    wait_for(lambda: mute.taken == 2 and committed(home), process)
    # Nobody reads its standard output, and the document is larger than a pipe: after the first signal it hangs there.
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    while b"stopping" not in process.stderr.readline():
        assert process.poll() is None
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE_S) == 130
    process.communicate()
    entries = json.loads(scorecard("history", "--json", home=home).stdout)
    assert [entry["client"] for entry in entries] == ["Acme"]


def test_concurrency_and_deadline_hold(tmp_path: Path, mute: Mute) -> None:
    endpoints = [refusing(f"hang{number}", port=mute.port) for number in range(3)]
    file = inventory(tmp_path / "inventory.yaml", "Acme", endpoints, defaults={"connect_timeout_s": 60})
    done = scorecard("audit", file, "--json", "--concurrency", "1", "--deadline", "1", home=tmp_path / "home")
    assert done.returncode == 3, done.stderr
    assert (mute.taken, mute.most) == (3, 1)
    failures = [entry["failure"] for entry in json.loads(done.stdout)["endpoints"]]
    assert {failure["kind"] for failure in failures} == {"deadline"}


# --- terminals -----------------------------------------------------------------------------------------------------

ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[@-Z\\-_])")


def on_terminal(file: Path, home: Path, *more: str, **environment: str) -> tuple[str, str]:
    """Standard output, and what standard error showed on a terminal of 80 columns."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = start("audit", file, "--out", home.parent / "out", *more, home=home, stderr=follower, **environment)
    os.close(follower)
    shown: list[bytes] = []

    def read() -> None:
        with suppress(OSError):  # that is how a terminal without a program ends
            while data := os.read(leader, 65536):
                shown.append(data)

    reader = threading.Thread(target=read)
    reader.start()
    stdout, _ = process.communicate(timeout=PATIENCE_S)
    reader.join()
    os.close(leader)
    assert process.returncode == 3, b"".join(shown)
    return stdout.decode(), b"".join(shown).decode()


@pytest.fixture
def some(tmp_path: Path) -> Path:
    name = "Böhm [bold]& Sons[/bold] " + "x" * 60
    return inventory(
        tmp_path / "inventory.yaml", name, [replayed(tmp_path / "machines", "web1"), refusing("[red]gone[/red]")]
    )


def test_a_terminal_shows_a_bar_that_goes_away(some: Path, tmp_path: Path) -> None:
    stdout, shown = on_terminal(some, tmp_path / "home", TERM="xterm-256color", NO_COLOR="")
    plain = ESCAPE.sub("", shown)
    assert "━" in plain
    assert "0/2" in plain
    assert "[red]gone[/red]: not seen (refused" in plain  # a name is a name, not markup
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h") == 1  # the cursor comes back
    assert max(map(len, re.split(r"[\r\n]+", plain))) <= 80
    assert "\x1b" not in stdout


def test_a_document_on_standard_output_stays_clean_beside_a_summary_on_a_terminal(some: Path, tmp_path: Path) -> None:
    stdout, shown = on_terminal(some, tmp_path / "home", "--json", "--format", "json", TERM="xterm-256color", NO_COLOR="")
    assert json.loads(stdout)["client"].startswith("Böhm [bold]& Sons[/bold] xxx")
    lines = ESCAPE.sub("", shown).splitlines()
    assert any(re.match(r"Böhm \[bold\]& Sons\[/bold\] x+…: (grade [A-F]|no grade)", line) for line in lines)
    assert "\x1b[1mBöhm [bold]& Sons[/bold] " in shown
    assert "  [red]gone[/red]: " in "\n".join(lines)
    assert max(len(line) for line in lines if "/out/" not in line) <= 80


def test_no_color_keeps_the_bar_plain(some: Path, tmp_path: Path) -> None:
    _, shown = on_terminal(some, tmp_path / "home", TERM="xterm-256color", NO_COLOR="1")
    assert "━" in shown
    colours = re.findall(r"\x1b\[[0-9;]*m", shown)
    assert not [code for code in colours if re.search(r"[\[;](?:3[0-9]|4[0-9]|9[0-7]|10[0-7])(?:;|m)", code)], colours


def test_a_dumb_terminal_gets_plain_lines(some: Path, tmp_path: Path) -> None:
    stdout, shown = on_terminal(some, tmp_path / "home", TERM="dumb")
    assert "\x1b" not in stdout + shown
    assert "[2/2] " in shown
    assert "asking 2 endpoints" in shown
    assert max(len(line) for line in stdout.splitlines() if "/" not in line and "x" * 60 not in line) <= 80


def test_a_warning_takes_a_line_of_its_own_where_a_bar_stands() -> None:
    leader, follower = pty.openpty()
    said = "import sys; sys.stderr.write('a bar'); from scorecard.cli.terminal import complain; complain('time is up')"
    environment = {**os.environ, "TERM": "xterm-256color"}
    done = subprocess.run([sys.executable, "-c", said], stderr=follower, env=environment, check=False)
    os.close(follower)
    shown = os.read(leader, 65536)
    os.close(leader)
    assert done.returncode == 0
    assert shown == b"a bar\r\x1b[2Kscorecard: time is up\r\n"
