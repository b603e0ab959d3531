"""Names of systems in full and as lists show them: what is left out is known to be a number of the kernel."""

from __future__ import annotations

import importlib
from dataclasses import replace

import pytest

from scorecard.model import Platform
from scorecard.reporting import EditionName
from scorecard.result import System
from tests.e2e import sample
from tests.e2e.sample import Machine

systems, views = (importlib.import_module(f"scorecard.reports.{name}") for name in ("systems", "view"))
LINUX, MACOS, WINDOWS = Platform.LINUX, Platform.MACOS, Platform.WINDOWS
ELEVEN = System("Microsoft Windows 11 Pro 25H2", "10.0.26200", "26200.9100")


@pytest.mark.parametrize(
    ("system", "platform", "full", "short"),
    [
        (ELEVEN, WINDOWS, "Microsoft Windows 11 Pro 25H2 10.0.26200", "Windows 11 Pro 25H2"),
        (System("Windows 11 Pro", "24H2", "26100"), WINDOWS, "Windows 11 Pro 24H2", "Windows 11 Pro 24H2"),
        (System("", "10.0.26200"), WINDOWS, "10.0.26200", "10.0.26200"),
        (System("Windows 11 Pro", "10.0.26200 and more"), WINDOWS, *["Windows 11 Pro 10.0.26200 and more"] * 2),
        (System("My Microsoft Windows", ""), WINDOWS, "My Microsoft Windows", "My Microsoft Windows"),
        (System("Ubuntu", "24.04.1"), LINUX, "Ubuntu 24.04.1", "Ubuntu 24.04.1"),
        (System("macOS 26.7", "26.7", "25G229"), MACOS, "macOS 26.7", "macOS 26.7"),
        (ELEVEN, None, *["Microsoft Windows 11 Pro 25H2 10.0.26200"] * 2),
        (System(), None, "", ""),
    ],
)
def test_only_maker_and_kernel_of_windows_are_left_out(
    system: System, platform: Platform | None, full: str, short: str
) -> None:
    assert systems.full(system) == full
    assert systems.short(system, platform) == short


@pytest.mark.parametrize(
    ("edition", "listed"),
    [(EditionName.CLIENT, "Windows 11 Pro 25H2"), (EditionName.ENGINEER, "Microsoft Windows 11 Pro 25H2 10.0.26200")],
)
def test_engineers_see_the_kernel_in_the_list_and_everybody_in_the_detail(edition: EditionName, listed: str) -> None:
    machines = [Machine("WS-1", platform=Platform.WINDOWS)]
    made = sample.audit(machines)
    audit = replace(made, devices=tuple(replace(device, os=ELEVEN) for device in made.devices))
    shown = views.build(audit, replace(sample.context(machines), edition=edition))
    (row,) = shown.rows.devices
    assert shown.systems == (listed,)
    assert shown.listed_system(row) == listed
    assert row.system == "Microsoft Windows 11 Pro 25H2 10.0.26200"
