"""The data files of antivirus and patching: shown and renewed like every other, and refused where they would mislead."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from scorecard.data import files, install
from scorecard.errors import DataError
from scorecard.folders import HOME_VARIABLE
from scorecard.model import Platform
from scorecard.registry import Registry
from tests.cases import AS_OF, apply, cases

REGISTRY = Registry.load()
FILES = {file.name: file for file in files(REGISTRY.topics)}
TODAY = AS_OF.date()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of its own, so that what the user put into his counts for nothing here."""
    folder = tmp_path / "home"
    monkeypatch.setenv(HOME_VARIABLE, str(folder))
    return folder


def renewed(name: str, tmp_path: Path, old: str, new: str) -> Path:
    text = FILES[name].path.read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "newer.yaml"
    file.write_text(text.replace(old, new), encoding="utf-8")
    return file


def test_all_are_declared_and_told_to_the_audit() -> None:
    assert {"antivirus.products", "patching.releases", "patching.builds"} <= set(FILES)
    for topic in ("antivirus", "patching"):
        data = REGISTRY.by_id[topic].data
        assert data is not None
        for told in data():
            assert told["name"] in FILES
            assert len(told["source"]) < 100
            assert date.fromisoformat(told["as_of"]) <= TODAY


def test_a_newer_table_of_builds_is_judged_by(tmp_path: Path) -> None:
    """A machine whose update agent Windows blocks is known to be up to date once the table knows this month's update."""
    cased = {case.name: case for case in cases("patching") if case.platform is Platform.WINDOWS}
    case = cased["agent-blocked-on-25h2-and-table-too-old"]
    topic = REGISTRY.by_id["patching"]
    assert apply(topic, "patching.security-updates", case).status == "unknown"
    newer = tmp_path / "builds.yaml"
    row = "{product: windows, build: '26100', revision: %s, released: 2026-11-10, kb: KB5068861, kind: security, %s}"
    said = "source: made up, as_of: 2026-11-12"
    for revision, status in ((7171, "pass"), (7180, "unknown")):
        rows = f"- {row % (revision, said)}"
        newer.write_text(f"schema: {FILES['patching.builds'].schema}\nrows:\n{rows}\n", encoding="utf-8")
        install(newer, FILES.values(), today=TODAY)
        assert apply(topic, "patching.security-updates", case).status == status, revision


def test_a_newer_table_of_releases_is_judged_by(tmp_path: Path) -> None:
    case = next(case for case in cases("patching") if case.platform is Platform.MACOS and case.name == "patched")
    topic = REGISTRY.by_id["patching"]
    assert apply(topic, "patching.security-updates", case).status == "pass"
    row = '{line: "26", version: "26.6.2", released: 2026-08-17, source: "endoflife.date, macOS", as_of: 2026-08-22}'
    newer = row.replace("26.6.2", "26.8").replace("2026-08-17", "2026-09-30").replace("2026-08-22", "2026-11-01")
    install(renewed("patching.releases", tmp_path, row, newer), FILES.values(), today=TODAY)
    verdict = apply(topic, "patching.security-updates", case)
    assert verdict.status == "fail"
    assert "26.8" in verdict.measured


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('line: "26", version: "26.6.2"', 'line: "26", version: "15.9"', "version"),
        ('line: "15"', 'line: "26"', "line"),
        ("released: 2026-08-17", "released: 2026-08-23", "released"),
        ('version: "26.6.2"', "version: 26.6", "in quotes"),
    ],
)
def test_a_table_of_releases_that_contradicts_itself_is_refused(old: str, new: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=said):
        install(renewed("patching.releases", tmp_path, old, new), FILES.values(), today=TODAY)


def test_a_newer_list_of_products_is_used(tmp_path: Path) -> None:
    file = renewed("antivirus.products", tmp_path, "ended: 2023-07-31", "ended: 2023-07-30")
    file.write_text(file.read_text(encoding="utf-8").replace("as_of: 2026-11-20", "as_of: 2026-11-19"), encoding="utf-8")
    install(file, FILES.values(), today=TODAY, force=True)
    case = next(case for case in cases("antivirus") if case.name == "sophos-ended")
    (engine,) = REGISTRY.by_id["antivirus"].parse(case.observations, case.host).engines.seen()
    assert "support ended on 2023-07-30" in engine.notes


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("/opt/cybereason]", "/opt/cyberreason]", "/opt/cyberreason"),
        ("/opt/eset/efs, /opt/eset/eea", "/opt/eset, /opt/eset/eea", "/opt/eset is not looked for"),
        ("falcon-sensor-b]", "falcon-sensor-c]", "falcon-sensor-c is not looked for"),
        ("id: sentinelone", "id: clamav", "stands in row 1"),
        ("kind: antivirus", "kind: anti-virus", "kind"),
        ("publishes: {definitions: true}", "publishes: {defintions: true}", "publishes"),
        ("relocatable: true", "relocated: true", "no such key"),
    ],
)
def test_a_list_of_products_that_the_probes_do_not_look_for_is_refused(
    old: str, new: str, said: str, tmp_path: Path
) -> None:
    """Taken as it is, such a row would be seen on no machine, or leave open on every machine whether it is there."""
    with pytest.raises(DataError, match=said):
        install(renewed("antivirus.products", tmp_path, old, new), FILES.values(), today=TODAY)
