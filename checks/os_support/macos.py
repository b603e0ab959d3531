"""macOS: release and second witness (macos.md 0 and 4)."""

from __future__ import annotations

import re

from scorecard.model import Fact, Host, Seen

from .shape import Identity

# Darwin's major number, which every build number starts with, to the macOS release (macos.md 0).
_DARWIN = {"19": "10.15", "20": "11", "21": "12", "22": "13", "23": "14", "24": "15", "25": "26", "26": "27"}


def identity(host: Host) -> Fact[Identity]:
    if not isinstance(host.version, Seen):
        return host.version
    return Seen(Identity("macos", host.version.value))


def conflict(host: Host) -> Fact[str | None]:
    """The version that a program sees can be a compatibility number (10.16, 16.0); the build number is not."""
    if not isinstance(host.version, Seen) or not isinstance(host.build, Seen):
        return Seen(None)
    version, build = host.version.value or "", host.build.value or ""
    found = re.match(r"([0-9]{2})[A-Z]", build)
    expected = _DARWIN.get(found[1]) if found else None
    if expected is None or version == expected or version.startswith(expected + "."):
        return Seen(None)
    return Seen(f"the version reads {version}, but build {build} belongs to macOS {expected}")
