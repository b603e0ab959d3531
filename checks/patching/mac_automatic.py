"""macOS's settings for automatic updates (macos.md 3.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scorecard.model import Fact, Observations, Outcome, Seen, Unseen
from scorecard.reading import text_of

from . import plists
from .mac_version import numbers, settings_file
from .payload import Section
from .shape import Automatic, Mode

_DECLARED_SINCE = 14
_DEFAULT_NOT_KNOWN = 15  # from here on a missing key for installing macOS updates was set up at first start: not known


def automatic(
    observations: Observations,
    parts: Mapping[str, Section],
    settings: Fact[str],
    preferences: Fact[Mapping[str, Any]],
    running: str,
) -> Fact[Automatic]:
    """Declared settings (macOS 14 and later) replace the old keys; managed values replace those of the file."""
    # Before 14 there was none, so that a file we may not look for decides nothing.
    declared = Seen(None) if numbers(running) and numbers(running)[0] < _DECLARED_SINCE else _declared(observations)
    if isinstance(declared, Unseen):
        return declared
    if declared.value is not None:
        return Seen(declared.value)
    managed = settings_file(parts, "managed", settings)
    if isinstance(managed, Unseen):
        return managed
    if isinstance(preferences, Unseen):
        return preferences
    values = {**preferences.value, **managed.value}
    mode = Mode.MANAGED if "AutomaticallyInstallMacOSUpdates" in managed.value else Mode.ON

    def on(key: str) -> bool:
        return bool(values.get(key, True))

    if not on("AutomaticCheckEnabled"):
        return Seen(Automatic(Mode.OFF, "looking for updates is switched off"))
    off = [
        what
        for key, what in (
            ("AutomaticDownload", "downloading updates"),
            ("CriticalUpdateInstall", "installing security responses"),
            ("ConfigDataInstall", "installing security data"),
        )
        if not on(key)
    ]
    install = values.get("AutomaticallyInstallMacOSUpdates")
    if install is None and not off:
        major = numbers(running)[:1]
        if not major or major[0] >= _DEFAULT_NOT_KNOWN:
            return Unseen("Whether macOS updates are installed by themselves was never set, and its default is not known")
    if not install:
        off.append("installing macOS updates")
    if off:
        return Seen(Automatic(Mode.NOTIFY, f"looks for updates, but is switched off: {', '.join(off)}"))
    return Seen(Automatic(mode, "macOS updates and security responses are installed"))


_DECLARED_KEYS = ("automaticallyInstallOSUpdates", "automaticallyInstallSystemAndSecurityUpdates", "automaticallyDownload")


def _declared(observations: Observations) -> Fact[Automatic | None]:
    """None: no declarative management of updates here. 1 means always on (macos.md 3.3)."""
    observation = observations.get("patching.declared")
    if observation is not None and observation.outcome is Outcome.ABSENT:
        return Seen(None)
    text = text_of(observations, "patching.declared")
    if isinstance(text, Unseen):
        return Unseen(f"Settings by declarative management were not read: {text.reason}")
    found = plists.decode(text.value)
    if not isinstance(found, dict):
        return Unseen("Settings by declarative management cannot be read")
    fields = found.get("SUCorePersistedStatePolicyFields")
    declared = fields.get("SUCoreDDMDeclarationGlobalSettings") if isinstance(fields, dict) else None
    if not isinstance(declared, dict) or not any(key in declared for key in _DECLARED_KEYS):
        return Seen(None)
    states = {key: declared.get(key) for key in _DECLARED_KEYS}
    if all(states[key] == 1 for key in _DECLARED_KEYS[:2]):
        return Seen(Automatic(Mode.MANAGED, "declarative management installs macOS and security updates"))
    return Unseen("Declarative management has settings for updates, but not that all are installed by themselves")
