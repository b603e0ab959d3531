"""Check modules: found in folders as they are by entry point, named when they are broken, kept to their own topic."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scorecard.errors import PluginError
from scorecard.model import Platform, Probe
from scorecard.registry import Registry, report, report_names, reports
from scorecard.topic import Topic

INIT = """
from scorecard.topic import Topic
from . import rules
TOPIC = Topic.from_folder(__file__, id="{id}", title="Mine", parse=lambda seen, host: seen, rules=rules)
"""
RULES = """
from scorecard.model import Severity, passed
from scorecard.topic import Effort, check

@check("{id}.good", title="{title}", why="Because.", fix=("Do it.",), severity=Severity.LOW, effort=Effort(1, 1))
def good(facts, host, parameters):
    return passed("fine")
"""
SNIPPET = "#: part one\necho 1\n"


def module(folder: Path, id: str = "mine", *, title: str = "Good", init: str = INIT, snippet: str = SNIPPET) -> Path:
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(init.replace("{id}", id), encoding="utf-8")
    (folder / "rules.py").write_text(RULES.replace("{id}", id).replace("{title}", title), encoding="utf-8")
    (folder / "linux.sh").write_text(snippet, encoding="utf-8")
    return folder


def test_installed_modules_come_by_entry_point_in_order_of_their_ids() -> None:
    registry = Registry.load()
    ids = [topic.id for topic in registry.topics]
    assert ids == sorted(ids)
    assert {"antivirus", "disk-encryption", "inventory", "os-support", "patching"} <= set(ids)
    assert all(registry.checks[name].topic in registry.by_id for name in registry.checks)
    assert {probe.part.partition(".")[0] for probe in registry.probes(Platform.LINUX, ["patching"])} == {"patching"}


def test_a_folder_and_a_folder_of_folders(tmp_path: Path) -> None:
    one = module(tmp_path / "many" / "one", "one")
    module(tmp_path / "many" / "two", "two")
    (tmp_path / "many" / "notes").mkdir()
    assert "one.good" in Registry.load([one]).checks
    registry = Registry.load([tmp_path / "many"])
    assert {"one.good", "two.good"} <= set(registry.checks)
    assert registry.by_id["one"].source == str(one)
    assert [probe.part for probe in registry.probes(topics=["two"])] == ["two.one"]


def test_folders_whose_paths_look_alike_keep_their_own_modules(tmp_path: Path) -> None:
    one, two = module(tmp_path / "a-b", "one", title="First"), module(tmp_path / "a_b", "two", title="Second")
    checks = Registry.load([one, two]).checks
    assert (checks["one.good"].title, checks["two.good"].title) == ("First", "Second")


def test_a_module_that_was_changed_is_read_again(tmp_path: Path) -> None:
    folder = module(tmp_path / "mine", title="Before")
    assert Registry.load([folder]).checks["mine.good"].title == "Before"
    (folder / "rules.py").write_text(RULES.replace("{id}", "mine").replace("{title}", "And after"), encoding="utf-8")
    assert Registry.load([folder]).checks["mine.good"].title == "And after"


@pytest.mark.parametrize("taken", ["mine", "patching"])
def test_a_topic_is_there_once(tmp_path: Path, taken: str) -> None:
    folders = [module(tmp_path / "one", "mine"), module(tmp_path / "two", taken)]
    with pytest.raises(PluginError, match=f"topic {taken} is in .* and again in .*two"):
        Registry.load(folders)


@pytest.mark.parametrize(
    ("init", "said"),
    [
        ("", "defines no TOPIC"),
        ("TOPIC = 'mine'", "defines no TOPIC"),
        ("TOPIC = (", "SyntaxError"),
        ("import no_such_module", "ModuleNotFoundError"),
        ("1 / 0", "ZeroDivisionError"),
        ("raise RuntimeError('not today')", "RuntimeError: not today"),
        ("assert False", "AssertionError"),
        ("import sys; sys.exit(0)", "SystemExit: 0"),
        ("open('/no/such/file')", "FileNotFoundError"),
        (INIT.replace("{id}", "other"), "mine.good does not belong to topic other"),
        (INIT.replace("{id}", "engine"), "does not belong"),
        ("from scorecard.topic import Topic\nTOPIC = Topic('engine', 'x', None, (), ())", "other than 'engine'"),
        ("from scorecard.topic import Topic\nTOPIC = Topic('A b', 'x', None, (), ())", "lower case"),
    ],
)
def test_a_broken_module_is_named(tmp_path: Path, init: str, said: str) -> None:
    folder = module(tmp_path / "mine", init=init)
    with pytest.raises(PluginError, match=said) as caught:
        Registry.load([folder])
    assert str(folder) in str(caught.value) or "topic" in str(caught.value)


def test_a_module_speaks_for_its_own_topic_only(tmp_path: Path) -> None:
    """Else one could put a check that always passes in the place of ours."""
    init = INIT.replace("{id}", "mine") + (
        "from dataclasses import replace\n"
        "TOPIC = replace(TOPIC, checks=(replace(TOPIC.checks[0], id='disk-encryption.system-volume'),))\n"
    )
    with pytest.raises(PluginError, match=r"disk-encryption\.system-volume does not belong to it"):
        Registry.load([module(tmp_path / "mine", init=init)])
    probe = Probe("engine.host", Platform.LINUX, "echo system=Linux")
    init = (
        INIT.replace("{id}", "mine") + f"from scorecard.model import *\nTOPIC = Topic('mine', '', None, (), ({probe!r},))\n"
    )
    init = init.replace("<Platform.LINUX: 'linux'>", "Platform.LINUX")
    with pytest.raises(PluginError, match=r"engine\.host does not belong to it"):
        Registry.load([module(tmp_path / "two", init=init)])


def test_no_folder_and_an_empty_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="no such folder"):
        Registry.load([tmp_path / "nowhere"])
    with pytest.raises(PluginError, match="no check module here"):
        Registry.load([tmp_path])


def test_a_broken_snippet_names_file_and_line(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=r"linux\.sh:1: option 'limit=0'"):
        Registry.load([module(tmp_path / "mine", snippet="#: part one limit=0\necho\n")])


def test_reports_by_name() -> None:
    assert set(reports()) == set(report_names()) >= {"html", "xlsx", "csv"}
    assert report("csv") is reports()["csv"]
    with pytest.raises(PluginError, match="no report format 'docx'; there are: csv, html, "):
        report("docx")


def test_topics_by_id_are_the_topics() -> None:
    registry = Registry.load()
    assert tuple(registry.by_id.values()) == registry.topics
    assert isinstance(replace(registry.topics[0]), Topic)
