"""A small pacman repository: packages are made by hand as tar files, the list by repo-add."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PacmanPackage:
    name: str
    version: str  # "1.0-1"


def build_pacman_package(folder: Path, package: PacmanPackage) -> Path:
    """Make NAME-VERSION-any.pkg.tar.gz in `folder`, with nothing in it but its own description."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{package.name}-{package.version}-any.pkg.tar.gz"
    lines = {
        "pkgname": package.name,
        "pkgbase": package.name,
        "pkgver": package.version,
        "pkgdesc": "made up for tests",
        "builddate": "1760000000",
        "packager": "Test Rig",
        "size": "0",
        "arch": "any",
    }
    data = "".join(f"{key} = {value}\n" for key, value in lines.items()).encode()
    entry = tarfile.TarInfo(".PKGINFO")
    entry.size = len(data)
    with tarfile.open(target, "w:gz") as archive:
        archive.addfile(entry, io.BytesIO(data))
    return target


def build_pacman_repository(folder: Path, name: str, packages: Sequence[PacmanPackage]) -> Path:
    """Make NAME.db in `folder`. Returns `folder`."""
    files = [build_pacman_package(folder, package) for package in packages]
    command = ["repo-add", "--quiet", str(folder / f"{name}.db.tar.gz"), *(str(file) for file in files)]
    subprocess.run(command, check=True, capture_output=True)
    return folder
