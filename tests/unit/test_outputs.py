"""Files of an audit: what several formats are made from is worked out once for each edition (issue 6, point 5)."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from scorecard import outputs
from scorecard.errors import ReportError
from scorecard.reporting import EditionName, Report, ReportContext
from tests.e2e import sample
from tests.e2e.sample import Machine

# A plug-in as another project would install it: two formats made from one thing, one from its own, one for programs.
_PLUGIN = """
from scorecard.errors import ReportError
from scorecard.reporting import Report

calls = []

def shared(audit, context):
    calls.append(f"shared {context.edition} {audit.devices[0].name}")
    return f"{len(calls)} {audit.devices[0].name}"

def own(audit, context):
    calls.append(f"own {context.edition}")
    return len(calls)

def refuses(audit, context):
    raise ReportError("this one cannot be made")

def write(made, path):
    path.write_text(str(made), encoding="utf-8")

ONE = Report("g-one", ".one", shared, write)
TWO = Report("g-two", ".two", shared, write)
OWN = Report("g-own", ".own", own, write)
ALL = Report("g-all", ".all", shared, write, for_programs=True)
BAD = Report("g-bad", ".bad", refuses, write)
"""
_NAMES = ("one", "two", "own", "all", "bad")


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Installed for this test alone; its name."""
    name = f"made_up_formats_{tmp_path.name}".replace("-", "_")
    folder = tmp_path / "site"
    information = folder / f"{name}-1.0.dist-info"
    information.mkdir(parents=True)
    (folder / f"{name}.py").write_text(_PLUGIN, encoding="utf-8")
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
    points = "".join(f"g-{one} = {name}:{one.upper()}\n" for one in _NAMES)
    (information / "entry_points.txt").write_text(f"[scorecard.reports]\n{points}", encoding="utf-8")
    monkeypatch.syspath_prepend(folder)
    return name


def _calls(plugin: str) -> list[str]:
    return list(import_module(plugin).calls)


def test_what_formats_share_is_worked_out_once_for_each_edition(plugin: str, tmp_path: Path) -> None:
    audit = sample.audit([Machine("A")])
    chosen = outputs.Look((EditionName.CLIENT, EditionName.PROSPECT))
    wanted = ("g-two", "json", "g-own", "g-all", "g-one")
    paths = outputs.write(audit, tmp_path / "out", wanted, ReportContext(), chosen=chosen)
    stem = "scorecard_harbour-finch_2026-11-14"
    assert [path.name.removeprefix(stem) for path in paths] == [
        *("_client.two", "_prospect.two", "audit.json", "_client.own", "_prospect.own", ".all"),
        *("_client.one", "_prospect.one"),
    ]
    assert _calls(plugin) == ["shared client A", "shared client A", "own client", "shared prospect M-001", "own prospect"]
    texts = {path.name.removeprefix(stem): path.read_text(encoding="utf-8") for path in paths}
    assert texts["_client.one"] == texts["_client.two"] == "2 A"
    assert texts["_prospect.one"] == texts["_prospect.two"] == "4 M-001"


def test_a_format_by_itself_takes_both_steps(plugin: str, tmp_path: Path) -> None:
    import_module(plugin).TWO.render(sample.audit([Machine("B")]), ReportContext(), tmp_path / "file")
    assert (tmp_path / "file").read_text(encoding="utf-8") == "1 B"


def test_what_was_written_before_a_format_fails_stays(plugin: str, tmp_path: Path) -> None:
    """The audit itself first of all; and nothing half written is left."""
    audit, folder = sample.audit([Machine("A")]), tmp_path / "out"
    with pytest.raises(ReportError, match="this one cannot be made"):
        outputs.write(audit, folder, ("g-one", "g-bad", "json"), ReportContext())
    assert sorted(path.name for path in folder.iterdir()) == [
        "audit.json",
        "scorecard_harbour-finch_2026-11-14_client.one",
    ]
    assert _calls(plugin) == ["shared client A"]


def test_the_example_of_the_documentation_writes_a_file(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "architecture.md").read_text(encoding="utf-8")
    example = re.search(r"## Adding a report format.*?```python\n(.*?)```", text, re.DOTALL)
    assert example
    names: dict[str, Any] = {"Report": Report}
    exec(example[1], names)
    names["REPORT"].render(sample.audit([Machine("A"), Machine("B")]), ReportContext(), tmp_path / "file")
    assert (tmp_path / "file").read_text(encoding="utf-8") == "A 100.0\nB 100.0\n"
