"""Names of operating systems as the reports show them: in full, and short for lists that people read (reports.md 3)."""

from __future__ import annotations

import re

from scorecard.model import Platform
from scorecard.result import System

from . import hygiene

_MAKER = "Microsoft "
# What Windows calls its version is the number of its kernel: "10.0.26200". Its name has the release already.
_KERNEL = re.compile(r"\d+\.\d+\.\d+(\.\d+)?")


def full(system: System) -> str:
    """The product's name, with the version where the name does not say it already. Empty where it was never read."""
    name, version = system.name, system.version
    return hygiene.name(name if not version or version in name else f"{name} {version}")


def short(system: System, platform: Platform | None) -> str:
    """The same without maker and kernel of Windows: "Windows 11 Pro 25H2". Other systems have nothing to leave out."""
    if platform is not Platform.WINDOWS or not system.name:
        return full(system)
    name = system.name.removeprefix(_MAKER)
    return full(System(name, "" if _KERNEL.fullmatch(system.version) else system.version))
