"""What the documents say is what the code does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from scorecard.registry import Registry

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_page_of_the_standard_is_up_to_date() -> None:
    """Renew it with `python scripts/docs.py`."""
    done = subprocess.run([sys.executable, "-P", ROOT / "scripts" / "docs.py", "--check"], check=False)
    assert done.returncode == 0


def test_the_readme_shows_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make audit" in text
    assert "make test" in text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_checks_that_pages_name_exist(page: Path) -> None:
    checks = Registry.load().checks
    topics = {name.partition(".")[0] for name in checks}
    for name in re.findall(r"`([a-z-]+\.[a-z-]+)`", page.read_text(encoding="utf-8")):
        if name.partition(".")[0] in topics:
            assert name in checks, f"{page.name} names {name}"


def test_every_check_has_a_title_that_states_the_good_state_and_steps_that_end_in_seeing_it() -> None:
    for check in Registry.load().checks.values():
        assert not check.title.endswith("."), check.id
        assert len(check.fix) >= 2, check.id
        assert re.search(r"\b(audit|again|see)\b", check.fix[-1].lower()), f"{check.id}: {check.fix[-1]}"
