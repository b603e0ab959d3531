"""Who may import whom (design section 2): read from the source, so that nothing has to be imported to find out."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("scorecard", "checks", "reports")
# library -> the folders that may import it
OWNERS = {
    "paramiko": ("scorecard/transports",),
    "winrm": ("scorecard/transports",),
    "jinja2": ("reports",),
    "pandas": ("reports",),
    "openpyxl": ("reports",),
    "xlsxwriter": ("reports",),
    "sqlalchemy": ("scorecard/store",),
    "alembic": ("scorecard/store",),
    "click": ("scorecard/cli",),
    "rich": ("scorecard/cli",),
}


def sources() -> list[Path]:
    return [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]


def imports(path: Path) -> Iterator[str]:
    """Absolute names; a relative import is spelled out from the folder's own name."""
    package = list(path.relative_to(ROOT).with_suffix("").parts[:-1])
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            name = ".".join([*base, *([node.module] if node.module else [])])
            yield name
            yield from (f"{name}.{alias.name}" for alias in node.names)


def inside(path: Path, folder: str) -> bool:
    return path.is_relative_to(ROOT / folder)


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_follow_the_house(path: Path) -> None:
    for name in imports(path):
        top = name.partition(".")[0]
        if inside(path, "scorecard"):
            forbidden = ("checks", "reports", "scorecard.checks", "scorecard.reports")
            assert not name.startswith(forbidden), f"the engine imports {name}"
        if not inside(path, "scorecard/cli") and path.name != "__main__.py":
            assert not name.startswith("scorecard.cli"), f"{name}: nothing below imports the command line"
        if top in OWNERS:
            assert any(inside(path, owner) for owner in OWNERS[top]), f"{top} is imported outside {OWNERS[top]}"
        if inside(path, "checks"):
            topic = path.relative_to(ROOT / "checks").parts[0]
            if name.startswith("checks.") and name.count("."):
                assert name.split(".")[1] == topic, f"{name}: topics know nothing of one another"


def test_the_core_types_import_the_standard_library_only() -> None:
    for name in ("model.py", "result.py", "errors.py"):
        for imported in imports(ROOT / "scorecard" / name):
            top = imported.partition(".")[0]
            ours = imported.startswith(("scorecard.errors", "scorecard.model", "__future__"))
            assert ours or top in sys.stdlib_module_names, f"{name} imports {imported}"


def test_starting_up_loads_no_heavy_library() -> None:
    heavy = {"paramiko", "pandas", "openpyxl", "xlsxwriter", "sqlalchemy"}
    code = f"import scorecard.cli, sys; print(*sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_processes_that_ask_load_nothing_that_only_the_first_one_needs() -> None:
    """Each of up to eight pays for it before its first endpoint is asked (pool.py)."""
    unwanted = {
        "click",
        "rich",
        "sqlalchemy",
        *(f"scorecard.{name}" for name in ("cli", "exceptions", "frameworks", "inventory", "outlook", "plan", "store")),
    }
    code = "import scorecard.pool, sys; scorecard.pool.Registry.load(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert "scorecard.checks.inventory" in done.stdout.split()
    assert unwanted & set(done.stdout.split()) == set()


def test_exceptions_of_every_kind_are_caught_in_two_places_only() -> None:
    """Around a check (judge.py) and around an endpoint's work (collect.py)."""
    caught = set()
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler):
                names = [node.type] if not isinstance(node.type, ast.Tuple) else node.type.elts
                for name in names:
                    if name is None or (isinstance(name, ast.Name) and name.id in ("Exception", "BaseException")):
                        caught.add(str(path.relative_to(ROOT)))
    assert caught <= {"scorecard/judge.py", "scorecard/collect.py"}
