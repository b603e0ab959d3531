"""Whether updates are installed without anybody (linux.md 3.1 to 3.3).

A package manager's own service counts only where all that it needs is switched on: package, settings and timer. Dropping
any one of them turns it off without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from scorecard.model import Fact, Observations, Seen, Unseen
from scorecard.reading import clean, text_of

from .shape import Automatic, Mode

_ON = ("enabled", "enabled-runtime", "static", "alias", "indirect")
_TRUE = ("yes", "true", "1", "on")


@dataclass(frozen=True, slots=True)
class _Answer:
    systemd: bool
    units: dict[str, tuple[str, str]]  # name: (enabled state, active state)
    cron_runs: bool
    cron_files: frozenset[str]
    apt: dict[str, list[str]]
    packages: dict[str, str]  # name: dpkg's three letters
    settings: dict[str, dict[str, str]]  # file: key: value

    def ticking(self, *names: str) -> str | None:
        """The first of these timers or services that starts by itself and is active."""
        for name in names:
            enabled, active = self.units.get(name, ("", ""))
            if enabled in _ON and active in ("active", "activating", "waiting"):
                return name
        return None

    def setting(self, file: str, key: str, default: str) -> str:
        return self.settings.get(file, {}).get(key, default).lower()


def parse(observations: Observations, manager: str | None) -> Fact[Automatic]:
    text = text_of(observations, "patching.automatic")
    if isinstance(text, Unseen):
        return text
    answer = _read(text.value.splitlines())
    match manager:
        case "apt":
            return Seen(_apt(answer))
        case "dnf" | "dnf5" | "yum":
            return Seen(_dnf(answer))
        case "zypper":
            return Seen(_zypper(answer))
        case "apk" | "pacman":
            return Seen(Automatic(Mode.OFF, f"{manager} installs nothing by itself"))
        case _:
            return Unseen("No package manager was recognised that this version can read")


def _read(lines: Iterable[str]) -> _Answer:
    units: dict[str, tuple[str, str]] = {}
    apt: dict[str, list[str]] = {}
    packages: dict[str, str] = {}
    settings: dict[str, dict[str, str]] = {}
    systemd = cron = False
    cron_files: set[str] = set()
    for line in lines:
        match line.split():
            case ["init", "systemd"]:
                systemd = True
            case ["unit", name, enabled, *active]:
                units[name] = (enabled, active[0] if active else "")
            case ["cron", "running"]:
                cron = True
            case ["cron-file", name]:
                cron_files.add(name)
            case ["package", state, name]:
                packages[name] = state
            case ["setting", file, key, *value]:
                settings.setdefault(file, {})[key] = clean(" ".join(value)).strip("\"'")
            case ["apt", key, *_]:
                if match := re.match(r'apt \S+ "(.{0,500})";$', line):
                    apt.setdefault(key.removesuffix("::"), []).append(match[1])
    return _Answer(systemd, units, cron, frozenset(cron_files), apt, packages, settings)


def _apt(answer: _Answer) -> Automatic:
    """On: unattended-upgrades installed, both Periodic values set, its timer (or cron's file) working, security covered."""

    def periodic(key: str, default: str = "0") -> bool:
        return answer.apt.get(f"APT::Periodic::{key}", [default])[-1] not in ("0", "")

    by_timer = answer.ticking("apt-daily-upgrade.timer") is not None
    by_cron = not answer.systemd and answer.cron_runs and "apt-compat" in answer.cron_files
    runs = by_timer or by_cron
    installed = answer.packages.get("unattended-upgrades", "").startswith(("ii", "hi"))
    lists = periodic("Update-Package-Lists") and periodic("Enable", "1")
    if installed and lists and periodic("Unattended-Upgrade") and runs:
        origins = answer.apt.get("Unattended-Upgrade::Origins-Pattern", []) + answer.apt.get(
            "Unattended-Upgrade::Allowed-Origins", []
        )
        if not any("security" in origin.lower() or "*" in origin for origin in origins):
            return Automatic(Mode.OFF, "unattended-upgrades runs, but does not cover the security source")
        left_out = answer.apt.get("Unattended-Upgrade::Package-Blacklist", [])
        extra = f"; it leaves out {clean(', '.join(left_out[:3]), 80)}" if left_out else ""
        return Automatic(Mode.ON, f"unattended-upgrades installs security updates{extra}")
    if runs and lists and periodic("Download-Upgradeable-Packages"):
        return Automatic(Mode.NOTIFY, "apt downloads updates, somebody must install them")
    lacking = [
        what
        for what, there in (
            ("unattended-upgrades is not installed", installed),
            ("APT::Periodic::Update-Package-Lists is off", lists),
            ("APT::Periodic::Unattended-Upgrade is off", periodic("Unattended-Upgrade")),
            ("its timer apt-daily-upgrade.timer does not run", runs),
        )
        if not there
    ]
    return Automatic(Mode.OFF, ", ".join(lacking))


def _dnf(answer: _Answer) -> Automatic:
    if timer := answer.ticking("dnf-automatic-install.timer"):
        return Automatic(Mode.ON, f"{timer} installs updates")
    timers = (
        ("dnf5-automatic.timer", "automatic.conf", "apply_updates"),
        ("dnf-automatic.timer", "automatic.conf", "apply_updates"),
        ("yum-cron.service", "yum-cron.conf", "apply_updates"),
    )
    notifies = ""
    for name, file, key in timers:
        if answer.ticking(name) and (name != "yum-cron.service" or answer.cron_files >= {"yum-cron"}):
            if answer.setting(file, key, "no") in _TRUE:
                return Automatic(Mode.ON, f"{name} installs updates ({_kind(answer, file)})")
            notifies = f"{name} runs, but {key} is off: it only looks for updates or downloads them"
    if notifies:
        return Automatic(Mode.NOTIFY, notifies)
    if timer := answer.ticking("dnf-automatic-download.timer", "dnf-automatic-notifyonly.timer"):
        return Automatic(Mode.NOTIFY, f"{timer} does not install")
    return Automatic(Mode.OFF, "no timer of dnf-automatic or yum-cron runs")


def _kind(answer: _Answer, file: str) -> str:
    kind = answer.setting(file, "upgrade_type", "") or answer.setting(file, "update_cmd", "default")
    return "security only" if kind in ("security", "security-severity:critical", "minimal-security") else "all updates"


def _zypper(answer: _Answer) -> Automatic:
    if timer := answer.ticking("transactional-update.timer", "os-update.timer"):
        return Automatic(Mode.ON, f"{timer} installs updates")
    if "online_update" in answer.cron_files:
        switched_on = answer.setting("automatic_online_update", "AOU_ENABLE_CRONJOB", "true") in _TRUE
        if switched_on and answer.setting("automatic_online_update", "AOU_SKIP_INTERACTIVE_PATCHES", "true"):
            return Automatic(Mode.ON, "automatic online update installs patches")
    return Automatic(Mode.OFF, "neither automatic online update nor a timer is set up")
