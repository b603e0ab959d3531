"""The wheel and the sdist hold what the tree holds, under one name, and the installed wheel works on its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.packaging


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist, built from a copy of what git tracks."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    for name in filter(None, names.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            copy = source / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(target), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return target


def shipped() -> set[str]:
    """Files of the three folders as they are named in site-packages."""
    found = set()
    for folder, prefix in (("scorecard", "scorecard"), ("checks", "scorecard/checks"), ("reports", "scorecard/reports")):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                found.add(f"{prefix}/{path.relative_to(ROOT / folder).as_posix()}")
    return found


def test_the_wheel_holds_what_the_tree_holds(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name for name in names if ".dist-info/" not in name} == shipped()


def test_the_sdist_builds_the_same_and_has_what_a_reader_needs(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for wanted in ("inventory.example.yaml", "LICENSE", "CHANGELOG.md", "requirements.lock", "tests/cases.py", "README.md"):
        assert wanted in names


def test_the_installed_wheel_finds_its_checks_and_reports(built: Path, tmp_path: Path) -> None:
    """Installed without dependencies beside the ones we run with: what is missing from the wheel is missing here."""
    (wheel,) = built.glob("*.whl")
    place = tmp_path / "venv"
    venv.create(place, with_pip=False)
    python = place / "bin" / "python"
    (site,) = place.glob("lib/python3*/site-packages")
    zipfile.ZipFile(wheel).extractall(site)
    ours = next(path for path in sys.path if path.endswith("site-packages"))
    # Dependencies come from our own environment, which must not bring the editable install along.
    code = (
        f"import sys; sys.path.append({ours!r});"
        "sys.meta_path = [finder for finder in sys.meta_path if 'editable' not in repr(finder).lower()];"
        "from scorecard.cli import main; main()"
    )
    environment = {**os.environ, "SCORECARD_HOME": str(tmp_path / "home")}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(python), "-P", "-c", code, *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env=environment,
        )

    listed = run("checks", "list")
    assert listed.returncode == 0, listed.stderr
    assert "disk-encryption.system-volume" in listed.stdout
    assert run("standards", "list").returncode == 0
    done = run("audit", "--local", "--out", str(tmp_path / "out"), "--format", "html,xlsx,csv,json")
    assert done.returncode == 0, done.stderr
    assert {path.suffix for path in (tmp_path / "out").iterdir()} == {".html", ".xlsx", ".csv", ".json"}
