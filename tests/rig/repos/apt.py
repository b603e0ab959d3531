"""A small Debian or Ubuntu repository, built with dpkg-deb alone.

It is not signed: the source line says `[trusted=yes]`. Label, suite and date are what the test wants them to be, so
that a host shows the same state tomorrow as today.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class DebPackage:
    """One binary package. `files` maps paths inside it ("/boot/vmlinuz-6.1.0-50-amd64") to their text."""

    name: str
    version: str
    architecture: str = "all"
    depends: str = ""
    source: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    postinst: str = ""  # text of the script that runs after unpacking


def build_deb(folder: Path, package: DebPackage) -> Path:
    """Make NAME_VERSION_ARCH.deb in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    version = package.version.partition(":")[2] or package.version
    target = folder / f"{package.name}_{version}_{package.architecture}.deb"
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "root"
        control = root / "DEBIAN" / "control"
        control.parent.mkdir(parents=True)
        fields = {
            "Package": package.name,
            "Source": package.source,
            "Version": package.version,
            "Architecture": package.architecture,
            "Maintainer": "Test Rig <rig@example.invalid>",
            "Depends": package.depends,
            "Description": f"made-up package {package.name} for tests",
        }
        control.write_text("".join(f"{key}: {value}\n" for key, value in fields.items() if value))
        if package.postinst:
            script = control.with_name("postinst")
            script.write_text(package.postinst)
            script.chmod(0o755)
        for path, text in package.files.items():
            file = root / path.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        root.chmod(0o755)
        command = ["dpkg-deb", "--root-owner-group", "-Zgzip", "--build", str(root), str(target)]
        subprocess.run(command, check=True, capture_output=True)
    return target


def build_apt_repository(
    folder: Path,
    packages: Sequence[DebPackage],
    *,
    suite: str,
    label: str,
    origin: str = "Debian",
    codename: str = "",
    version: str = "",
    date: datetime,
    valid_until: datetime | None = None,
    component: str = "main",
    architectures: Sequence[str] = ("amd64",),
) -> Path:
    """Make or replace the suite `dists/SUITE` in `folder`; several suites may share one folder. Returns `folder`.

    `suite` is the word in the source line and the folder; `codename` defaults to it. What the Release file calls
    Suite is `suite`, as on the real security archive ("oldstable-security" there, reached as "bookworm-security"): pass
    the folder's name as `codename` where the two differ and the folder is named by it.
    """
    place = codename or suite
    dist = folder / "dists" / place
    shutil.rmtree(dist, ignore_errors=True)
    pool = folder / "pool" / place
    shutil.rmtree(pool, ignore_errors=True)
    stanzas = [_stanza(folder, build_deb(pool, package)) for package in packages]
    for architecture in architectures:
        listing = dist / component / f"binary-{architecture}" / "Packages"
        listing.parent.mkdir(parents=True)
        listing.write_text("\n".join(stanzas))
    fields = {
        "Origin": origin,
        "Label": label,
        "Suite": suite,
        "Codename": place,
        "Version": version,
        "Date": _moment(date),
        "Valid-Until": _moment(valid_until) if valid_until else "",
        "Architectures": " ".join(architectures),
        "Components": component,
        "Description": "made-up repository for tests",
    }
    sums = "".join(
        f" {hashlib.sha256(file.read_bytes()).hexdigest()} {file.stat().st_size} {file.relative_to(dist)}\n"
        for file in sorted(dist.rglob("Packages"))
    )
    head = "".join(f"{key}: {value}\n" for key, value in fields.items() if value)
    (dist / "Release").write_text(f"{head}SHA256:\n{sums}")
    return folder


def source_line(folder: Path | str, place: str, component: str = "main") -> str:
    """The line for sources.list; `folder` is the repository's path as the host sees it, `place` codename or suite."""
    return f"deb [trusted=yes check-valid-until=no] file:{folder} {place} {component}\n"


def _stanza(folder: Path, deb: Path) -> str:
    control = subprocess.run(["dpkg-deb", "-f", str(deb)], check=True, capture_output=True, text=True).stdout
    digest = hashlib.sha256(deb.read_bytes()).hexdigest()
    size = deb.stat().st_size
    return f"{control.rstrip()}\nFilename: {deb.relative_to(folder)}\nSize: {size}\nSHA256: {digest}\n"


def _moment(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=False).replace("+0000", "UTC")
