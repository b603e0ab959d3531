"""How the rig finds its archive and what a failed build leaves; nothing here needs root or a network."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rig.needs import RigUnavailable, check_needs
from tests.rig.required import SWITCH, cannot_run
from tests.rig.roots import RECIPES, Recipe, build_root, mirror

DEB822 = """\
# a comment
Types: deb
URIs: http://updates.example/debian-security
Suites: bookworm-security
Components: main

Types: deb deb-src
URIs: http://archive.example/debian
Suites: bookworm bookworm-updates
Components: main
"""


def configuration(folder: Path, **files: str) -> Path:
    (folder / "sources.list.d").mkdir()
    for name, text in files.items():
        place = (
            folder / name.replace("_", ".")
            if name == "sources_list"
            else folder / "sources.list.d" / name.replace("_", ".")
        )
        place.write_text(text)
    return folder


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"debian_sources": DEB822}, "http://archive.example/debian"),
        ({"sources_list": "deb http://one.example/debian bookworm main\n"}, "http://one.example/debian"),
        (
            {"sources_list": "deb [arch=amd64 signed-by=/x.gpg] https://two.example/debian trixie main contrib\n"},
            "https://two.example/debian",
        ),
        (
            {"sources_list": "#deb http://old.example/debian sid main\n", "debian_sources": DEB822},
            "http://archive.example/debian",
        ),
        (
            {"a_list": "deb https://vendor.example/apt vendor-bookworm main\n", "debian_sources": DEB822},
            "http://archive.example/debian",
        ),
    ],
)
def test_the_archive_is_the_one_this_machine_uses(tmp_path: Path, files: dict[str, str], found: str) -> None:
    assert mirror(configuration(tmp_path, **files)) == found


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"sources_list": "deb http://updates.example/debian-security bookworm-security main\n"},
        {"sources_list": "deb cdrom:[Debian]/ bookworm main\n"},
        {"debian_sources": DEB822.replace("Types:", "Enabled: no\nTypes:")},
        {"debian_sources": DEB822.replace("Types: deb deb-src", "Types: deb-src")},
    ],
)
def test_a_machine_without_an_archive_is_told(tmp_path: Path, files: dict[str, str]) -> None:
    with pytest.raises(RigUnavailable, match="names no Debian archive"):
        mirror(configuration(tmp_path, **files))


def test_another_recipe_is_another_root() -> None:
    plain = Recipe("bookworm", "oldstable", "12")
    names = {
        plain.folder,
        Recipe("bookworm", "oldstable", "12", finish="true").folder,
        *(r.folder for r in RECIPES.values()),
    }
    assert len(names) == 2 + len(RECIPES)
    assert plain.folder == Recipe("bookworm", "oldstable", "12").folder


def test_what_a_rig_cannot_do_is_skipped_or_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SWITCH, raising=False)
    with pytest.raises(pytest.skip.Exception, match="no overlay here"):
        cannot_run("no overlay here")
    monkeypatch.setenv(SWITCH, "1")
    with pytest.raises(pytest.fail.Exception, match="no overlay here"):
        cannot_run("no overlay here")


@pytest.mark.rig
def test_a_failed_build_leaves_no_root(tmp_path: Path) -> None:
    try:
        check_needs()
    except RigUnavailable as error:
        cannot_run(str(error))
    recipe = Recipe("no-such-release", "none", "0")
    left = tmp_path / f"{recipe.folder}.partial"
    (left / "etc").mkdir(parents=True)
    (left / "etc" / "half").touch()
    with pytest.raises(RigUnavailable, match="Debian no-such-release could not be built"):
        build_root(recipe, tmp_path / recipe.folder)
    assert not (tmp_path / recipe.folder).exists()
    assert not (left / "etc" / "half").exists()
