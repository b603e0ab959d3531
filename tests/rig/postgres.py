"""A real PostgreSQL server on a socket in a temporary folder, from Debian's package; nothing listens on the network.

    with Postgres() as server:
        Store.open(server.url())

As root it runs as the user `postgres`, since it refuses to run as root; so its folder cannot lie among a test's own, which
only root may enter. It is ended, and its folder removed, when the block ends.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType

from tests.rig.required import cannot_run

_PROGRAMS = Path("/usr/lib/postgresql")
_USER = "postgres"


def _programs() -> Path:
    found = sorted(_PROGRAMS.glob("*/bin/postgres"), key=lambda file: float(file.parts[-3]))
    if not found:
        cannot_run("PostgreSQL is not installed (Debian: postgresql)")
    return found[-1].parent


class Postgres:
    def __init__(self, *, durable: bool = False) -> None:
        """`durable`: each commit is on the disk before the next, as by default; tests need not wait for that."""
        self._durable = durable
        self._bin = _programs()
        self._folder = Path(tempfile.mkdtemp(prefix="scorecard-postgres-"))
        self._data = self._folder / "data"
        self._databases = 0

    def __enter__(self) -> Postgres:
        if os.geteuid() == 0:
            shutil.chown(self._folder, _USER)
        self._run("initdb", "--auth=trust", "--encoding=UTF8", "--no-locale", f"--username={_USER}", "-D", str(self._data))
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
        shutil.rmtree(self._folder)

    def url(self) -> str:
        """Of a new, empty database."""
        self._databases += 1
        name = f"scorecard{self._databases}"
        self._run("createdb", "-h", str(self._folder), "-U", _USER, name)
        return f"postgresql+psycopg://{_USER}@/{name}?host={self._folder}"

    def stop(self) -> None:
        """Every connection breaks off, as in a power cut."""
        self._run("pg_ctl", "-D", str(self._data), "-w", "-m", "immediate", "stop")

    def start(self) -> None:
        fsync = "on" if self._durable else "off"
        options = f"-c listen_addresses='' -c unix_socket_directories='{self._folder}' -c fsync={fsync}"
        self._run("pg_ctl", "-D", str(self._data), "-w", "-l", str(self._folder / "log"), "-o", options, "start")

    def _run(self, program: str, *arguments: str) -> None:
        prefix = ["setpriv", f"--reuid={_USER}", f"--regid={_USER}", "--init-groups"] if os.geteuid() == 0 else []
        done = subprocess.run(
            [*prefix, str(self._bin / program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd="/",
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr.decode(errors='replace')[-500:]}")
