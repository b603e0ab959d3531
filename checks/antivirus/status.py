"""Which reader understands which product's own status command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from scorecard.model import Host, Observations, Platform, Seen, Unseen
from scorecard.reading import text_of

from .defender import defender, last_scan
from .shape import Engine
from .vendors import VENDORS, Reader, carries_endpoint, crowdstrike, crowdstrike_mac, elastic, sentinelone, split_vendors

_OWN_PART: Mapping[str, tuple[str, Reader]] = {
    "sentinelone": ("antivirus.sentinelone", sentinelone),
    "elastic-defend": ("antivirus.elastic", elastic),
}
_FALCON: Mapping[Platform, Reader] = {Platform.LINUX: crowdstrike, Platform.MACOS: crowdstrike_mac}


def read_status(engine: Engine, observations: Observations, host: Host) -> Engine:
    """Let the product speak for itself, where a part asks it; else the engine stays as its presence tells it."""
    if engine.product == "microsoft-defender":
        told = defender(engine, observations.get("antivirus.defender"), host.as_of)
        return replace(told, last_scan=last_scan(engine.name, observations.get("antivirus.defender-scans")))
    if engine.product == "crowdstrike-falcon":
        return _FALCON[host.platform](engine, observations.get("antivirus.crowdstrike"))
    if engine.product in _OWN_PART:
        part, reader = _OWN_PART[engine.product]
        return reader(engine, observations.get(part))
    if engine.product in VENDORS:
        said = split_vendors(observations.get("antivirus.vendors")).get(engine.product)
        return VENDORS[engine.product](engine, said) if said else engine
    return engine


def with_endpoint(engine: Engine, observations: Observations) -> Engine:
    """Elastic's agent is an antivirus only where it carries its Endpoint component (linux.md 2).

    The folder shows the agent; the component shows by running, or by the agent's own word.
    """
    if engine.product != "elastic-defend" or engine.installed != Seen(True) or engine.running == Seen(True):
        return engine
    said = text_of(observations, "antivirus.elastic")
    carried = carries_endpoint(said.value) if isinstance(said, Seen) else None
    if carried is None and engine.running == Seen(False):
        carried = False
    if carried is None:
        return replace(engine, installed=Unseen("Elastic Agent: whether it carries its Endpoint component is not known"))
    return replace(engine, installed=Seen(carried))
