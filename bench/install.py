"""The clients that ours is measured beside, in an environment of their own: neither the product nor the tests need them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from tests.rig.needs import cache_folder

LOCK = Path(__file__).with_name("requirements.txt")


def programs() -> Path:
    """The folder of their programs, installed from LOCK where they are not yet. Raises where they cannot be."""
    place = cache_folder() / "peers"
    stamp = place / "installed.txt"
    if not stamp.exists() or stamp.read_bytes() != LOCK.read_bytes():
        shutil.rmtree(place, ignore_errors=True)
        place.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        pip = [str(place / "bin" / "python"), "-P", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--require-hashes", "-r", str(LOCK)], check=True, stdin=subprocess.DEVNULL)
        shutil.copy(LOCK, stamp)
    return place / "bin"


def versions(folder: Path, packages: list[str]) -> dict[str, str]:
    """Of those packages that the interpreter in this folder of programs has."""
    done = subprocess.run(
        [str(folder / "python"), "-c", _VERSIONS, *packages],
        capture_output=True,
        text=True,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    found: dict[str, str] = json.loads(done.stdout)
    return found


_VERSIONS = """
import json, sys
from importlib.metadata import PackageNotFoundError, version
found = {}
for name in sys.argv[1:]:
    try:
        found[name] = version(name)
    except PackageNotFoundError:
        pass
print(json.dumps(found))
"""
