"""No password or token in a package source's address leaves the machine."""

from __future__ import annotations

import re
import subprocess

import pytest

from scorecard.model import Platform
from scorecard.registry import Registry

PROBES = Registry.load().by_id["patching"].probes_for(Platform.LINUX)
# Every place of the probes that takes something out of addresses.
FILTERS = sorted({found for probe in PROBES for found in re.findall(r"s\|[^|\n]*//[^|\n]*\|[^|\n]*\|g?", probe.text)})


@pytest.mark.parametrize("filter_", FILTERS)
@pytest.mark.parametrize(
    "address",
    [
        "https://me:Hunter2@packages.example/debian",
        "https://me:Hunter2@Hunter2@packages.example/debian",
        "https://me:Hunter2@packages.example/a https://me:Hunter2@Hunter2@packages.example/b",
        '"baseurl": "https://me:Hunter2@packages.example/el9", "x": "http://me:Hunter2@x.example/"',
        "https://packages.example/priv/Hunter2/debian",
        "https://packages.example/debian?token=Hunter2",
    ],
)
@pytest.mark.parametrize("shell", ["sed", "busybox sed"])
def test_a_filter_leaves_no_secret(filter_: str, address: str, shell: str) -> None:
    line = f"500 {address} bookworm/main amd64 Packages"
    done = subprocess.run([*shell.split(), filter_], input=line, text=True, capture_output=True, check=True)
    assert "Hunter2" not in done.stdout
    assert done.stdout.startswith("500 ")
    assert done.stdout.endswith(" bookworm/main amd64 Packages")


def test_there_is_a_filter_in_every_part_that_prints_addresses() -> None:
    printing = {probe.part.partition(".")[2] for probe in PROBES if "//" in probe.text}
    assert printing >= {"apt", "dnf-updates", "dnf-advisories", "zypper", "apk"}
