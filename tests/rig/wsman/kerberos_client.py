"""pykerberos for the tests: built once from its pinned source into the rig's cache. Nothing else needs a compiler."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from tests.rig.needs import RigError, RigUnavailable, cache_folder

VERSION = "1.2.4"
_PINNED = f"pykerberos=={VERSION} --hash=sha256:9d701ebd8fc596c99d3155d5ba45813bd5908d26ef83ba0add250edb622abed4\n"
_LIMIT_S = 300.0


def client_folder() -> Path:
    """A folder to put on the path of imports. Raises RigUnavailable where it cannot be built here."""
    folder = cache_folder() / f"pykerberos-{VERSION}-{sys.implementation.cache_tag}"
    if not folder.is_dir():
        _check()
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="pykerberos-") as scratch:
            _build(Path(scratch), folder)
    return folder


def _check() -> None:
    missing = {package for program, package in _PROGRAMS.items() if not shutil.which(program)}
    if not (Path(sysconfig.get_path("include")) / "Python.h").is_file():
        missing.add("python3-dev")
    if missing:
        raise RigUnavailable(f"building pykerberos needs the Debian packages {', '.join(sorted(missing))}")


_PROGRAMS = {"gcc": "gcc", "krb5-config": "libkrb5-dev"}


def _build(scratch: Path, folder: Path) -> None:
    requirements, made = scratch / "requirements", scratch / "made"
    requirements.write_text(_PINNED, encoding="ascii")
    options = ["--quiet", "--disable-pip-version-check", "--root-user-action", "ignore", "--require-hashes", "--no-deps"]
    build = ["--no-binary", ":all:", "--no-build-isolation", "--target", str(made), "-r", str(requirements)]
    command = [sys.executable, "-P", "-m", "pip", "install", *options, *build]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_LIMIT_S)
    if done.returncode:
        raise RigUnavailable(f"pykerberos could not be built: {(done.stdout + done.stderr)[-1000:]}")
    try:
        made.rename(folder)
    except OSError as error:
        if not folder.is_dir():  # else somebody else was faster
            raise RigError(f"{folder} could not be made: {error}") from error
