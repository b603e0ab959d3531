"""Microsoft Defender on Windows: MSFT_MpComputerStatus against its service, driver and registration (windows.md 2.3).

A service that runs proves nothing: it runs in passive mode as well. Nor does an age of 0 days: a Defender that another
product replaced tells some of its ages as 0. What it wrote down by a clock that is wrong has no age at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from scorecard.model import Fact, Host, Observations, Seen, Unseen
from scorecard.windows_answers import Service, Values, hresult_of, instances

from .engine import plain_engine
from .products import Product
from .security_center import Power, Registered
from .shape import Engine, Mode, Told
from .windows_exclusions import read_exclusions

_SWITCHED_OFF = 0x800106BA
_NEVER_UPDATED, _NEVER_SCANNED = 65535, 4294967295
_NOT_LOADED = ("", "0.0.0.0")  # noqa: S104 - a version, not an address
_MODES = {
    "normal": Mode.NORMAL,
    "passive": Mode.PASSIVE,
    "passive mode": Mode.PASSIVE,
    "sxs passive mode": Mode.LIMITED,
    "edr block mode": Mode.EDR_BLOCK,
    "not running": Mode.NORMAL,  # that it does not run is said where running is asked
}
# Bits of ProductStatus that say why it cannot protect.
_TROUBLES = {1: "says that its service does not run", 2: "runs without its engine"}
_EXPIRED, _OUT_OF_DATE = 16384, 32
# Bits and parts of its protection that are worth a remark.
_REMARKS = {131072: "it found malware that it could not remove", 1048576: "its program is out of date"}
_PARTS = {"BehaviorMonitorEnabled": "it does not watch behaviour", "IoavProtectionEnabled": "it does not look at downloads"}
_CLOCK_ALLOWANCE = timedelta(days=1)


def windows_defender(
    product: Product,
    observations: Observations,
    host: Host,
    listed: Mapping[str, Service],
    registered: Registered | None,
) -> Engine | None:
    """None where it is not on the machine: neither its service nor a registration that is on."""
    service = listed.get("windefend")
    status = _status(observations)
    if service is None and isinstance(status, Unseen) and (registered is None or registered.power == Seen(Power.OFF)):
        return None
    engine = plain_engine(product, Seen(True), Seen(True), host)
    if isinstance(status, Unseen):
        return _silent(engine, service, status, hresult_of(observations.get("antivirus.defender")))
    told = status.value
    running, mode = _running(told, service), _mode(told)
    clock = _wrong_clock(host)
    # The scans of an engine that may be at work, or not, must not stand for the scans of one beside it.
    doubt = next((fact for fact in (running, mode) if isinstance(fact, Unseen)), None) or clock
    blind = read_exclusions(observations)
    return replace(
        engine,
        running=running,
        real_time=_real_time(told, listed.get("wdfilter"), registered),
        mode=mode,
        expired=_expired(told),
        troubles=_troubles(told, blind.troubles, running),
        version=_text(told, "AMProductVersion"),
        definitions_at=clock or _definitions_at(told, host.as_of, running, registered),
        definitions_current=_definitions_current(told, registered),
        definitions_version=_text(told, "AntivirusSignatureVersion"),
        tamper=_tamper(told),
        last_scan=doubt or _last_scan(told, host.as_of),
        notes=(*engine.notes, *blind.notes, *_remarks(told)),
    )


def _status(observations: Observations) -> Fact[Values]:
    found = instances(observations, "antivirus.defender")
    if isinstance(found, Unseen):
        return found
    if len(found.value.instances) != 1:
        return Unseen("it told no status, or more than one")
    return Seen(Values(found.value.instances[0].props.raw, "Microsoft Defender: "))


def _silent(engine: Engine, service: Service | None, why: Unseen, code: int | None) -> Engine:
    """Without its word its service can still show that it is off, and never that it protects."""
    said = "it is switched off (0x800106BA)" if code == _SWITCHED_OFF else why.reason
    gap = Unseen(f"{engine.name}: {said}")
    running: Fact[bool] = gap
    if service is not None and service.running == Seen(False):
        running = Seen(False)
    return replace(
        engine,
        running=running,
        real_time=gap,
        mode=gap,
        expired=gap,
        troubles=gap,
        definitions_at=gap,
        tamper=gap,
        last_scan=gap,
    )


def _running(told: Values, service: Service | None) -> Fact[bool]:
    enabled, mode = told.flag("AMServiceEnabled"), told.text("AMRunningMode")
    if enabled == Seen(False) or (isinstance(mode, Seen) and (mode.value or "").lower() == "not running"):
        return Seen(False)
    if enabled != Seen(True):
        return enabled if isinstance(enabled, Unseen) else Unseen("Microsoft Defender does not say whether it runs")
    if service is None or service.running == Seen(False):
        return Unseen("Microsoft Defender says that it runs, but its service does not")
    return service.running


def _real_time(told: Values, driver: Service | None, registered: Registered | None) -> Fact[bool]:
    flags = [told.flag(name) for name in ("RealTimeProtectionEnabled", "OnAccessProtectionEnabled", "AntivirusEnabled")]
    if Seen(False) in flags:
        return Seen(False)
    for flag in flags:
        if flag != Seen(True):
            missing = Unseen("Microsoft Defender does not say whether real-time protection is on")
            return flag if isinstance(flag, Unseen) else missing
    if driver is None or driver.running != Seen(True):
        return Unseen("Microsoft Defender says that real-time protection is on, but its driver is not seen to run")
    if registered is not None and registered.power != Seen(Power.ON):
        return Unseen("Microsoft Defender says that it is on, but Windows Security Center does not")
    return Seen(True)


def _mode(told: Values) -> Fact[Mode]:
    text = told.text("AMRunningMode")
    if isinstance(text, Unseen):
        return text
    mode = _MODES.get((text.value or "").lower())
    if mode is not None:
        return Seen(mode)
    said = f"calls its running mode {text.value}" if text.value else "does not tell its running mode"
    return Unseen(f"Microsoft Defender {said}")


def _bits(told: Values) -> Fact[int]:
    """Older releases have no such property; then it tells no trouble."""
    found = told.unsigned("ProductStatus")
    if isinstance(found, Unseen):
        return found
    return Seen(found.value or 0)


def _expired(told: Values) -> Fact[bool]:
    bits = _bits(told)
    return bits if isinstance(bits, Unseen) else Seen(bool(bits.value & _EXPIRED))


def _troubles(told: Values, blind: Fact[tuple[str, ...]], running: Fact[bool]) -> Fact[tuple[str, ...]]:
    bits = _bits(told)
    found = (*(blind.value if isinstance(blind, Seen) else ()), *_named(bits, _TROUBLES))
    if running == Seen(False):
        return Seen(())  # it is said already, and nothing else matters then
    if found:
        return Seen(found)
    return next((fact for fact in (bits, blind) if isinstance(fact, Unseen)), Seen(()))


def _named(bits: Fact[int], words: Mapping[int, str]) -> tuple[str, ...]:
    return tuple(text for bit, text in words.items() if isinstance(bits, Seen) and bits.value & bit)


def _remarks(told: Values) -> tuple[str, ...]:
    off = tuple(words for name, words in _PARTS.items() if told.flag(name) == Seen(False))
    return (*off, *_named(_bits(told), _REMARKS))


def _wrong_clock(host: Host) -> Unseen | None:
    """It dates its updates and scans by the machine's clock."""
    if isinstance(host.clock, Unseen) or abs(host.clock.value - host.as_of) <= _CLOCK_ALLOWANCE:
        return None
    shown = f"{host.clock.value:%Y-%m-%d}"
    return Unseen(f"The clock of the machine says {shown}, so how old its definitions and scans are is not known")


def _text(told: Values, name: str) -> Fact[str | None]:
    found = told.text(name, 40)
    return found if isinstance(found, Unseen) or found.value not in _NOT_LOADED else Seen(None)


def _definitions_current(told: Values, registered: Registered | None) -> Fact[bool | None]:
    """Its own word, which may come in three ways; only "out of date" proves anything (windows.md 2.3)."""
    bits = _bits(told)
    is_old = told.flag("DefenderSignaturesOutOfDate") == Seen(True) or bool(_named(bits, {_OUT_OF_DATE: "old"}))
    is_old = is_old or (registered is not None and registered.power == Seen(Power.ON) and registered.current is False)
    return Seen(False if is_old else None)


def _definitions_at(
    told: Values, as_of: datetime, running: Fact[bool], registered: Registered | None
) -> Fact[datetime | Told]:
    """Date and age in days are two witnesses; the older one counts. Both may be empty where it is off."""
    date, age = told.moment("AntivirusSignatureLastUpdated"), told.number("AntivirusSignatureAge")
    words: list[Fact[Any]] = [told.flag("DefenderSignaturesOutOfDate"), _bits(told)]
    if registered is not None:
        words.append(registered.power)
    for one in (date, age, *words):
        if isinstance(one, Unseen):
            return one
    days, at = age.seen(), date.seen()
    dates = [at] if at is not None else []
    # An age cannot excuse a date that lies in the future.
    if days is not None and 0 <= days < _NEVER_UPDATED and (at is None or at <= as_of):
        by_age = as_of - timedelta(days=days)
        # An age is in whole days, and midnight may lie between: only a clear difference is one.
        if at is None or at - by_age > timedelta(days=2):
            dates.append(by_age)
    if dates:
        return Seen(min(dates))
    version = told.text("AntivirusSignatureVersion")
    if running == Seen(True) and isinstance(version, Seen) and (version.value or "") in _NOT_LOADED:
        return Seen(Told.NEVER)
    return Unseen("Microsoft Defender does not tell when its definitions were updated")


def _tamper(told: Values) -> Fact[bool | Told]:
    found = told.flag("IsTamperProtected")
    if isinstance(found, Unseen):
        return found
    if found.value is None:
        return Unseen("Microsoft Defender does not tell its tamper protection")
    return Seen(found.value)


def _last_scan(told: Values, as_of: datetime) -> Fact[datetime | Told]:
    scans = [_scan(told, kind, as_of) for kind in ("Quick", "Full")]
    dates = [scan.value for scan in scans if isinstance(scan, Seen) and isinstance(scan.value, datetime)]
    if dates:
        return Seen(max(dates))
    return next((scan for scan in scans if isinstance(scan, Unseen)), Seen(Told.NEVER))


def _scan(told: Values, kind: str, as_of: datetime) -> Fact[datetime | Told]:
    ended, age = told.moment(f"{kind}ScanEndTime"), told.unsigned(f"{kind}ScanAge")
    if isinstance(ended, Unseen):
        return ended
    if ended.value is not None:
        return Seen(ended.value)
    if isinstance(age, Unseen):
        return age
    if age.value == _NEVER_SCANNED:
        return Seen(Told.NEVER)
    if age.value is not None and age.value < _NEVER_UPDATED:
        return Seen(as_of - timedelta(days=age.value))
    return Unseen(f"Microsoft Defender does not tell when its last {kind.lower()} scan ended")
