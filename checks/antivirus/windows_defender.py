"""Microsoft Defender on Windows: MSFT_MpComputerStatus against its service, driver and registration (windows.md 2.3).

A service that runs proves nothing: it runs in passive mode as well. Nor does an age of 0 days: a Defender that another
product replaced tells some of its ages as 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from scorecard.model import Fact, Host, Observations, Seen, Unseen
from scorecard.windows_answers import Service, Values, hresult_of, instances

from .engine import plain_engine
from .products import Product
from .security_center import Power, Registered
from .shape import Engine, Mode, Told

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
_EXPIRED = 16384
_SHOWN = 4


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
    # The scans of an engine that may be at work, or not, must not stand for the scans of one beside it.
    doubt = next((fact for fact in (running, mode) if isinstance(fact, Unseen)), None)
    return replace(
        engine,
        running=running,
        real_time=_real_time(told, listed.get("wdfilter"), registered),
        mode=mode,
        expired=_expired(told),
        troubles=_troubles(told),
        version=_text(told, "AMProductVersion"),
        definitions_at=_definitions_at(told, host.as_of, running),
        definitions_current=Seen(False if told.flag("DefenderSignaturesOutOfDate") == Seen(True) else None),
        definitions_version=_text(told, "AntivirusSignatureVersion"),
        tamper=_tamper(told),
        last_scan=doubt or _last_scan(told, host.as_of),
        notes=(*engine.notes, *_exclusions(observations)),
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
    flags = [told.flag(name) for name in ("RealTimeProtectionEnabled", "AntivirusEnabled")]
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


def _troubles(told: Values) -> Fact[tuple[str, ...]]:
    bits = _bits(told)
    if isinstance(bits, Unseen):
        return bits
    return Seen(tuple(words for bit, words in _TROUBLES.items() if bits.value & bit))


def _text(told: Values, name: str) -> Fact[str | None]:
    found = told.text(name, 40)
    return found if isinstance(found, Unseen) or found.value not in _NOT_LOADED else Seen(None)


def _definitions_at(told: Values, as_of: datetime, running: Fact[bool]) -> Fact[datetime | Told]:
    """Date and age in days are two witnesses; the older one counts. Both may be empty where it is off."""
    date, age = told.moment("AntivirusSignatureLastUpdated"), told.number("AntivirusSignatureAge")
    for one in (date, age, told.flag("DefenderSignaturesOutOfDate")):
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


# Whole drives, everybody's folders, and every program: what an attacker would have excluded (windows.md 2.4).
_WIDE_PATHS = frozenset({"*", "c:\\users", "c:\\windows", "c:\\program files", "c:\\programdata", "%temp%", "%tmp%"})
_WIDE_KINDS = frozenset({"*", "exe", "dll", "ps1", "bat", "cmd", "vbs", "js", "scr"})


def _exclusions(observations: Observations) -> tuple[str, ...]:
    """A remark, never judged. Texts in place of the list (`N/A: …`) name nothing wide, so they raise no remark."""
    found = instances(observations, "antivirus.exclusions")
    wide: list[str] = []
    for instance in found.value if isinstance(found, Seen) else ():
        for name in ("ExclusionPath", "ExclusionProcess", "ExclusionExtension"):
            listed = instance.props.texts(name)
            if isinstance(listed, Seen):
                wide += [item for item in listed.value if _is_wide(item, is_kind=name == "ExclusionExtension")]
    if not wide:
        return ()
    more = f" and {len(wide) - _SHOWN} more" if len(wide) > _SHOWN else ""
    return (f"it does not look at {', '.join(item[:60] for item in wide[:_SHOWN])}{more}",)


def _is_wide(item: str, *, is_kind: bool) -> bool:
    text = item.strip().lower().replace("/", "\\")
    if is_kind:
        return text.lstrip("*.") in _WIDE_KINDS or text in ("*", "*.*")
    path = text.rstrip("\\*").rstrip("\\") or text
    is_drive = len(path) == 2 and path[1] == ":"
    return is_drive or path in _WIDE_PATHS or text in _WIDE_PATHS or (text.startswith("*.") and text[2:] in _WIDE_KINDS)
