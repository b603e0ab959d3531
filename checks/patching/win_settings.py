"""Who decides about updates on Windows: service, policies, device management, a pause (windows.md 3.7).

A policy is no fault by itself: the missing updates are judged, policies explain them. What may hide updates is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from scorecard.model import Fact, Host, Observations, Seen, Unseen
from scorecard.reading import clean
from scorecard.windows_answers import Service, events, services

from . import win_registry
from .payload import iso_time, newest
from .shape import Automatic, Mode
from .win_registry import Node

_SEARCHED = 26
_PAUSE = timedelta(days=35)  # the longest that a pause lasts
_HARMLESS_DEFERRAL_DAYS = 14  # updates that are held back for so long are not yet missed
_FIRST_BUILD_THAT_INSTALLS = 10240  # Windows 10: from here on clients install updates without any setting


@dataclass(frozen=True, slots=True)
class Settings:
    services: Fact[Mapping[str, Service]]
    policy: Fact[Node]
    device: Fact[Node]
    user: Fact[Node]
    legacy: Fact[Node]
    found: Fact[datetime | None]  # the newest event of a search that succeeded
    as_of: datetime

    @classmethod
    def read(cls, observations: Observations, host: Host) -> Settings:
        return cls(
            services(observations, "patching.services"),
            policy=win_registry.read(observations, "patching.policy"),
            device=win_registry.read(observations, "patching.device-policy"),
            user=win_registry.read(observations, "patching.user-settings"),
            legacy=win_registry.read(observations, "patching.auto-update"),
            found=_newest_search(observations),
            as_of=host.as_of,
        )

    def service_allowed(self) -> Fact[bool]:
        """Stopped is normal: the service starts when it is needed. Disabled is not."""
        if isinstance(self.services, Unseen):
            return self.services
        service = self.services.value.get("wuauserv")
        if service is not None and not service.start_mode:
            return Unseen("Whether the service Windows Update is disabled was not told")
        return Seen(service is not None and service.start_mode.lower() != "disabled")

    def configuration_manager(self) -> bool:
        if isinstance(self.services, Unseen):
            return False
        agent = self.services.value.get("ccmexec")
        return agent is not None and agent.running == Seen(True)

    def automatic_policy(self) -> Fact[Node]:
        return self.policy if isinstance(self.policy, Unseen) else self.policy.value.child("AU")

    def unread(self) -> tuple[str, ...]:
        """Settings that were not read and might keep updates away."""
        told = (self.paused_until(), self.deferred_days())
        return tuple(dict.fromkeys(fact.reason for fact in told if isinstance(fact, Unseen)))

    def withheld(self) -> tuple[str, ...]:
        """Why the machine's own list may not name updates that are out: a pause or a long deferral."""
        paused, deferred = self.paused_until(), self.deferred_days()
        reasons = [paused.value] if isinstance(paused, Seen) and paused.value else []
        if isinstance(deferred, Seen) and deferred.value > _HARMLESS_DEFERRAL_DAYS:
            reasons.append(f"Updates are held back for {deferred.value} days by policy")
        return tuple(reasons)

    def company_server(self) -> str | None:
        """The address of the update server in use. One that is only named has no effect (windows.md 3.7)."""
        used = self.automatic_policy()
        if isinstance(self.policy, Unseen) or isinstance(used, Unseen) or used.value.number("UseWUServer") != Seen(1):
            return None
        server = self.policy.value.text("WUServer")
        return clean(server.value or "", 80) if isinstance(server, Seen) else ""

    def deferred_days(self) -> Fact[int]:
        days = 0
        for key in (self.policy, self.device):
            if isinstance(key, Unseen):
                return key
            if key is self.policy and key.value.number("DeferQualityUpdates") == Seen(0):
                continue
            found = key.value.number("DeferQualityUpdatesPeriodInDays")
            if isinstance(found, Unseen):
                return found
            days = max(days, found.value or 0)
        return Seen(days)

    def paused_until(self) -> Fact[str | None]:
        """In words; None where no pause is running. A pause whose end cannot be read is taken as running."""
        for told in self._pauses():
            if isinstance(told, Unseen):
                return told
            text, lasts = told.value
            if not text:
                continue
            moment = iso_time(text.replace("/", "-"))
            if moment is None:
                return Seen(f"Updates are paused ({clean(text, 30)})")
            if moment + lasts > self.as_of:
                return Seen(f"Updates are paused until {moment + lasts:%Y-%m-%d}")
        return Seen(None)

    def _pauses(self) -> tuple[Fact[tuple[str | None, timedelta]], ...]:
        user = self.user if isinstance(self.user, Unseen) else self.user.value.child("Settings")
        asked = (
            (user, "PauseUpdatesExpiryTime", timedelta()),
            (user, "PauseQualityUpdatesEndTime", timedelta()),
            (self.policy, "PauseQualityUpdatesStartTime", _PAUSE),
            (self.device, "PauseQualityUpdatesStartTime", _PAUSE),
        )
        return tuple(_told(key, name, lasts) for key, name, lasts in asked)

    def searched(self) -> Fact[datetime | None]:
        """Where older Windows keeps the date of the last search that succeeded."""
        key = self.legacy
        for name in ("Results", "Detect"):
            if isinstance(key, Unseen):
                return key
            key = key.value.child(name)
        if isinstance(key, Unseen):
            return key
        text = key.value.text("LastSuccessTime")
        return text if isinstance(text, Unseen) else Seen(iso_time(text.value))

    def notes(self) -> tuple[str, ...]:
        found = []
        server = self.company_server()
        if server is not None:
            found.append(f"Updates come from the company's server {server or '(none named)'}")
        if isinstance(self.policy, Seen):
            release = self.policy.value.text("TargetReleaseVersionInfo")
            if self.policy.value.number("TargetReleaseVersion") == Seen(1) and isinstance(release, Seen) and release.value:
                found.append(f"A policy keeps Windows at release {clean(release.value, 20)}")
        found.extend(self.withheld())
        deferred = self.deferred_days()
        if isinstance(deferred, Seen) and 0 < deferred.value <= _HARMLESS_DEFERRAL_DAYS:
            found.append(f"A policy holds updates back for {deferred.value} days")
        if self.configuration_manager():
            found.append("Configuration Manager is installed")
        return tuple(found)


def _newest_search(observations: Observations) -> Fact[datetime | None]:
    """Event 26 says that a search for updates succeeded (windows.md 3.4)."""
    found = events(observations, "patching.searched")
    if isinstance(found, Unseen):
        return found
    return Seen(newest(event.at for event in found.value if event.id == _SEARCHED))


def _told(key: Fact[Node], name: str, lasts: timedelta) -> Fact[tuple[str | None, timedelta]]:
    if isinstance(key, Unseen):
        return key
    text = key.value.text(name)
    return text if isinstance(text, Unseen) else Seen((text.value, lasts))


def data_time(told: tuple[Fact[datetime | None], ...], any_update: datetime | None, as_of: datetime) -> Fact[datetime]:
    """The newest sign that the machine reached its source of updates; an installation needs a search before it.

    A date that lies ahead counts only where there is no other: it comes from a clock that is wrong.
    """
    moments = [fact.value for fact in told if isinstance(fact, Seen)] + [any_update]
    known = [moment for moment in moments if moment is not None]
    past = [moment for moment in known if moment <= as_of + timedelta(days=1)]
    if found := newest(past or known):
        return Seen(found)
    unread = [fact.reason for fact in told if isinstance(fact, Unseen)]
    return Unseen(unread[0] if unread else "Windows has no date of a search for updates that succeeded")


# AUOptions by policy, or by the control panel before Windows 10.
_OPTIONS = {
    1: (Mode.OFF, "automatic updates are switched off"),
    2: (Mode.NOTIFY, "somebody is asked before updates are downloaded"),
    3: (Mode.NOTIFY, "updates are downloaded, somebody must install them"),
    4: (Mode.MANAGED, "updates are downloaded and installed on a schedule"),
    7: (Mode.NOTIFY, "updates are downloaded, somebody must install them"),
}

# AllowAutoUpdate by device management (Microsoft's documentation: Policy CSP, Update).
_ALLOWED = {
    0: (Mode.NOTIFY, "somebody is asked before updates are downloaded"),
    **dict.fromkeys((1, 2, 3, 4), (Mode.MANAGED, "updates are downloaded and installed")),
    5: (Mode.OFF, "automatic updates are switched off"),
}


def automatic(settings: Settings, host: Host, installed: datetime | None) -> Fact[Automatic]:
    """`installed`: when updates came last, where they come as they should.

    A management tool that installs updates switches Windows' own installation off, so a policy that does so is judged by
    what came of it (windows.md 3.7).
    """
    allowed = settings.service_allowed()
    if isinstance(allowed, Unseen):
        return allowed
    if not allowed.value:
        return Seen(Automatic(Mode.OFF, "the service Windows Update is disabled or not there"))
    if settings.configuration_manager():
        return Seen(Automatic(Mode.MANAGED, "Configuration Manager installs updates"))
    chosen = _chosen(settings, host)
    if isinstance(chosen, Unseen) or chosen.value.mode is Mode.NOTIFY:
        return chosen
    if chosen.value.mode is Mode.OFF:
        if installed is None:
            return chosen
        by = f"something else installed updates on {installed:%Y-%m-%d}, a management tool or somebody by hand"
        return Seen(Automatic(Mode.NOTIFY, f"{chosen.value.detail}; {by}"))
    paused = settings.paused_until()
    if isinstance(paused, Unseen):
        return paused
    return Seen(Automatic(Mode.NOTIFY, paused.value[:1].lower() + paused.value[1:])) if paused.value else chosen


def _chosen(settings: Settings, host: Host) -> Fact[Automatic]:
    """A policy comes before device management, and that before what the user or the system chose."""
    policy = settings.automatic_policy()
    if isinstance(policy, Unseen):
        return policy
    off, option = policy.value.number("NoAutoUpdate"), policy.value.number("AUOptions")
    if isinstance(off, Unseen):
        return off
    if off.value == 1:
        return Seen(Automatic(Mode.OFF, "a policy switches automatic updates off"))
    if isinstance(option, Unseen):
        return option
    if option.value is not None and option.value != 5:
        return _by_option(option.value, "by policy")
    return _by_device_management(settings, host)


def _by_option(option: int, by: str) -> Fact[Automatic]:
    found = _OPTIONS.get(option)
    if found is None:
        return Unseen(f"Automatic updates are set to {option}, which has no known meaning")
    return Seen(Automatic(found[0], f"{found[1]} ({by})"))


def _by_device_management(settings: Settings, host: Host) -> Fact[Automatic]:
    if isinstance(settings.device, Unseen):
        return settings.device
    allowed = settings.device.value.number("AllowAutoUpdate")
    if isinstance(allowed, Unseen):
        return allowed
    if allowed.value is None:
        return _by_itself(settings, host)
    found = _ALLOWED.get(allowed.value)
    if found is None:
        return Unseen(f"Device management sets automatic updates to {allowed.value}, which has no known meaning")
    return Seen(Automatic(found[0], f"{found[1]} (by device management)"))


def _by_itself(settings: Settings, host: Host) -> Fact[Automatic]:
    """Without a policy clients since Windows 10 install; on older ones and on servers their own setting decides."""
    for fact in (host.product, host.version):
        if isinstance(fact, Unseen):
            return fact
    build = (host.version.seen() or "").split(".")[2:3]
    number = int(build[0]) if build and build[0].isascii() and build[0].isdigit() and len(build[0]) < 7 else 0
    if host.product.seen() == "windows" and number >= _FIRST_BUILD_THAT_INSTALLS:
        return Seen(Automatic(Mode.ON, "Windows installs updates, and no policy says otherwise"))
    if isinstance(settings.legacy, Unseen):
        return settings.legacy
    option = settings.legacy.value.number("AUOptions")
    if isinstance(option, Unseen):
        return option
    if option.value is None:
        return Unseen("No policy sets automatic updates, and what this Windows does by itself is not known")
    return _by_option(option.value, "in its own settings")
