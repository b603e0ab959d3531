"""Small rpm packages and repositories for dnf, yum and zypper, with advisories where a test wants them.

Needs rpmbuild and createrepo_c. Nothing is signed.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from xml.sax.saxutils import escape


@dataclass(frozen=True, slots=True)
class RpmPackage:
    """One empty noarch package."""

    name: str
    version: str
    release: str = "1.el9"


@dataclass(frozen=True, slots=True)
class Advisory:
    """One entry of updateinfo.xml for packages of the same repository."""

    id: str
    packages: tuple[RpmPackage, ...]
    issued: datetime
    type: str = "security"  # security, bugfix, enhancement
    severity: str = "Important"


def build_rpm(folder: Path, package: RpmPackage) -> Path:
    """Make NAME-VERSION-RELEASE.noarch.rpm in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    spec = (
        f"Name: {package.name}\nVersion: {package.version}\nRelease: {package.release}\nSummary: made up for tests\n"
        f"License: none\nBuildArch: noarch\n%description\nmade up for tests\n%files\n"
    )
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "package.spec"
        file.write_text(spec)
        command = ["rpmbuild", "-bb", "--quiet", "--define", f"_topdir {scratch}", "--define", f"_rpmdir {folder}"]
        name_format = "%%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm"
        subprocess.run(
            [*command, "--define", f"_rpmfilename {name_format}", "--define", f"_dbpath {scratch}/db", str(file)],
            check=True,
            capture_output=True,
        )
    return folder / f"{package.name}-{package.version}-{package.release}.noarch.rpm"


def build_rpm_repository(folder: Path, packages: Sequence[RpmPackage], advisories: Sequence[Advisory] = ()) -> Path:
    """Make or replace a repository in `folder`; without advisories it carries no updateinfo. Returns `folder`."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for package in packages:
        build_rpm(folder, package)
    subprocess.run(["createrepo_c", "--quiet", str(folder)], check=True, capture_output=True)
    if advisories:
        text = "<updates>" + "".join(_advisory(advisory) for advisory in advisories) + "</updates>"
        with tempfile.TemporaryDirectory() as scratch:
            file = Path(scratch) / "updateinfo.xml"
            file.write_text(f"<?xml version='1.0' encoding='UTF-8'?>\n{text}\n")
            subprocess.run(["modifyrepo_c", str(file), str(folder / "repodata")], check=True, capture_output=True)
    return folder


def repository_file(name: str, folder: Path | str, **options: str) -> str:
    """Text of a .repo file for dnf, yum or zypper; `folder` as the host sees it."""
    lines = [f"[{name}]", f"name={name}", f"baseurl=file://{folder}", "enabled=1", "gpgcheck=0"]
    return "\n".join([*lines, *(f"{key}={value}" for key, value in options.items()), ""])


def _advisory(advisory: Advisory) -> str:
    date = f"{advisory.issued.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    packages = "".join(
        f'<package name="{package.name}" version="{package.version}" release="{package.release}" epoch="0" arch="noarch" '
        f'src="{package.name}-{package.version}-{package.release}.src.rpm">'
        f"<filename>{package.name}-{package.version}-{package.release}.noarch.rpm</filename></package>"
        for package in advisory.packages
    )
    return (
        f'<update from="test" status="final" type="{advisory.type}" version="1"><id>{escape(advisory.id)}</id>'
        f"<title>{escape(advisory.id)}</title><issued date='{date}'/><updated date='{date}'/>"
        f"<severity>{advisory.severity}</severity>"
        f"<description>made up for tests</description><references/>"
        f'<pkglist><collection short="test"><name>test</name>{packages}</collection></pkglist></update>'
    )
