"""Which runs count as having installed everything: the very filters of the probes, over made-up histories."""

from __future__ import annotations

import re
import subprocess

import pytest

from scorecard.model import Platform
from scorecard.registry import Registry

PROBES = {probe.part: probe.text for probe in Registry.load().by_id["patching"].probes_for(Platform.LINUX)}


def filtered(program: str, text: str) -> str:
    return subprocess.run(["sh", "-c", program], input=text, text=True, capture_output=True, check=False).stdout


def apt_history(command: str) -> str:
    """What the part dpkg makes of one run in apt's history.log."""
    found = re.search(r"^done \| (awk '\n  /\^Start-Date.*?')", PROBES["patching.dpkg"], re.MULTILINE | re.DOTALL)
    assert found is not None
    run = ("Start-Date: 2026-11-21  06:11:50", f"Commandline: {command}", "Upgrade: a:amd64 (1, 2)", "End-Date: 2026-11-21")
    return filtered(found[1], "\n".join(run) + "\n").strip()


@pytest.mark.parametrize(
    ("command", "counts"),
    [
        ("apt-get dist-upgrade", True),
        ("apt-get -y -o Dpkg::Options::=--force-confold dist-upgrade", True),
        ("apt upgrade", True),
        ("/usr/bin/apt full-upgrade -y", True),
        ("apt-get upgrade --with-new-pkgs", True),
        ("/usr/bin/unattended-upgrade", True),
        ("aptitude safe-upgrade", True),
        ("apt-get install upgrade", False),
        ("apt-get install curl", False),
    ],
)
def test_apt_runs(command: str, counts: bool) -> None:
    assert apt_history(command) == ("full-upgrade 2026-11-21 06:11:50" if counts else "")


@pytest.mark.parametrize("command", ["apt-get upgrade", "/usr/bin/apt-get -y upgrade", "apt-get upgrade -y"])
def test_apt_get_upgrade_is_told_apart(command: str) -> None:
    """It leaves what needs a new package."""
    assert apt_history(command) == "plain-upgrade 2026-11-21 06:11:50"


def dnf_history(command: str) -> str:
    """What the part dnf-advisories makes of one row of `dnf history list`."""
    text = PROBES["patching.dnf-advisories"]
    program = text[text.index("esac | sed -n 's/^ *[0-9]") + len("esac | ") :].rpartition("\ntrue")[0]
    return filtered(program, f"     7 | {command} | 2026-11-21 06:12 | Upgrade |   12\n").strip()


@pytest.mark.parametrize(
    ("command", "counts"),
    [
        ("upgrade", True),
        ("-y upgrade", True),
        ("upgrade --refresh -y", True),
        ("upgrade --security", True),
        ("distro-sync", True),
        ("update --exclude=kernel*", False),
        ("-x kernel upgrade", False),
        ("--disablerepo=appstream upgrade", False),
        ("upgrade --advisory=RHSA-2026:1", False),
        ("upgrade --bugfix", False),
        ("upgrade curl", False),
        ("install upgrade-tool", False),
    ],
)
def test_dnf_runs(command: str, counts: bool) -> None:
    assert dnf_history(command) == ("full-upgrade 2026-11-21 06:12" if counts else "")
