"""Antivirus on Windows: registered products, services with their drivers, and Microsoft Defender's own word.

On a client Windows Security Center and the services must both have answered: neither alone lists every engine. A server
has no such centre; there a main service that runs, with one of its drivers, is an engine at work (windows.md 2.1, 2.7).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from scorecard.model import Fact, Host, Observations, Platform, Seen, Unseen
from scorecard.reading import clean
from scorecard.windows_answers import Service, registry, services

from .engine import plain_engine
from .products import Kind, Product, products
from .security_center import Power, Registered, Row, read_center, vendor_folder
from .shape import Antivirus, Engine, Mode, Other
from .windows_dates import definitions_date
from .windows_defender import windows_defender
from .windows_programs import unlisted_programs

_DEFENDER = "microsoft-defender"
_POWER_MODES = {Power.OFF: Mode.OFF, Power.SNOOZED: Mode.SNOOZED}


@dataclass(frozen=True)
class Presence:
    """Services and drivers by name in lower case."""

    listed: Mapping[str, Service]

    def main(self, product: Product) -> list[Service]:
        """The main services of a product that are there."""
        helpers = {name.lower() for name in product.helpers}
        names = [name for sign in product.services for name in self._named(sign.lower()) if name not in helpers]
        return [self.listed[name] for name in dict.fromkeys(names) if not self.listed[name].is_driver]

    def _named(self, sign: str) -> Iterable[str]:
        if sign.endswith("*"):
            return [name for name in self.listed if name.startswith(sign[:-1])]
        return [sign] if sign in self.listed else []

    def running(self, product: Product) -> Fact[bool]:
        """Whether one of its main services runs; False also where it has none here."""
        found = self.main(product)
        if any(service.running == Seen(True) for service in found):
            return Seen(True)
        return next((service.running for service in found if isinstance(service.running, Unseen)), Seen(False))

    def driver(self, product: Product) -> Fact[bool]:
        """Whether one of its drivers that look at files runs; nothing is said where none is known or none is here."""
        states = [self.listed[name.lower()].running for name in product.drivers if name.lower() in self.listed]
        if Seen(True) in states:
            return Seen(True)
        name = product.name
        if not product.drivers:
            return Unseen(f"{name}: its service runs; whether real-time protection is on cannot be read on the machine")
        return Unseen(f"{name}: its service runs, but none of its drivers is seen to run")


def parse(observations: Observations, host: Host) -> Antivirus:
    found = services(observations, "antivirus.services")
    if isinstance(found, Unseen):
        gap = Unseen(f"The machine was not searched for antivirus products: {found.reason}")
        return Antivirus(gap, gap)
    is_server = host.product == Seen("windows-server")
    center: Fact[tuple[Row, ...]] = Seen(()) if is_server else _center(observations, host, found.value)
    if isinstance(center, Unseen):
        gap = Unseen(f"Windows Security Center was not read: {center.reason}")
        return Antivirus(gap, gap)
    presence = Presence(found.value)
    listed = products(Platform.WINDOWS)
    registered, strangers = _grouped(center.value, listed, presence)
    engines: list[Engine] = []
    for product in listed:
        if product.kind is not Kind.ANTIVIRUS:
            continue
        if product.id == _DEFENDER:
            engine = windows_defender(product, observations, host, presence.listed, registered.get(product.id))
        else:
            engine = _engine(product, presence, registered.get(product.id), observations, host, is_server=is_server)
        if engine is not None:
            engines.append(engine)
    engines += [engine for rows in strangers.values() if (engine := _stranger(Registered.of(rows), host)) is not None]
    if is_server:
        engines += _programs(observations, host, listed)
    others = [Other(one.id, one.name, one.kind) for one in listed if one.kind is not Kind.ANTIVIRUS and presence.main(one)]
    return Antivirus(Seen(tuple(engines)), Seen(tuple(others)))


def _center(observations: Observations, host: Host, listed: Mapping[str, Service]) -> Fact[tuple[Row, ...]]:
    """What it lists is of use only while the service behind it runs (windows.md 2.1)."""
    keeper = listed.get("wscsvc")
    if keeper is not None and keeper.running != Seen(True):
        return keeper.running if isinstance(keeper.running, Unseen) else Unseen("its service does not run")
    return read_center(observations, host)


def _grouped(
    rows: Iterable[Row], listed: Iterable[Product], presence: Presence
) -> tuple[dict[str, Registered], dict[str, list[Row]]]:
    """The rows of each product that is known, and those of others by their names."""
    engines = [product for product in listed if product.kind is Kind.ANTIVIRUS]
    known: dict[str, list[Row]] = {}
    strangers: dict[str, list[Row]] = {}
    for row in rows:
        product = _product_of(row, engines, presence)
        if product is None:
            strangers.setdefault(row.name.casefold(), []).append(row)
        else:
            known.setdefault(product.id, []).append(row)
    return {product: Registered.of(found) for product, found in known.items()}, strangers


def _product_of(row: Row, engines: Iterable[Product], presence: Presence) -> Product | None:
    """By name, else, as names are translated, by the maker's folder; of several the one whose service is here."""
    named = [
        product
        for product in engines
        if (row.is_microsoft and product.id == _DEFENDER) or any(_has_word(row.name, word) for word in product.names)
    ]
    if not named and row.folder:
        named = [one for one in engines if any(vendor_folder(main.path) == row.folder for main in presence.main(one))]
    return next((product for product in named if presence.main(product)), named[0] if named else None)


def _has_word(name: str, word: str) -> bool:
    """Letters of other scripts may stand right beside it."""
    return bool(re.search(rf"(?<![A-Za-z0-9]){re.escape(word)}(?![A-Za-z0-9])", name, re.IGNORECASE))


def _engine(
    product: Product,
    presence: Presence,
    registered: Registered | None,
    observations: Observations,
    host: Host,
    *,
    is_server: bool,
) -> Engine | None:
    """Another maker's engine; None where the machine has none of it, or a registration that outlived it."""
    is_here = bool(presence.main(product))
    if not is_here and (registered is None or _is_left_over(registered)):
        return None
    engine = plain_engine(product, Seen(True), presence.running(product), host)
    if registered is None:
        why = Unseen(
            f"{product.name}: it is not registered in Windows Security Center, so whether it protects is not known"
        )
        may_be_silent = is_server or not product.registers
        real_time = presence.driver(product) if may_be_silent else why
        engine = replace(engine, aside=not may_be_silent)
    else:
        engine = _told(engine, registered, is_here=is_here)
        real_time = engine.real_time
        if registered.power == Seen(Power.ON) and registered.exists != Seen(True) and is_here:
            real_time = presence.driver(product)
    engine = replace(engine, real_time=real_time)
    return _dated(_symantec(engine, observations), observations)


def _dated(engine: Engine, observations: Observations) -> Engine:
    date = definitions_date(engine.product, observations)
    if isinstance(date, Unseen):
        # The product's own word must not stand in for a date that exists and was not read.
        return replace(engine, definitions_at=date, definitions_current=Seen(None))
    return replace(engine, definitions_at=Seen(date.value)) if date.value is not None else engine


def _is_left_over(registered: Registered) -> bool:
    """Its program is gone, and nothing says that it protects."""
    is_idle = isinstance(registered.power, Seen) and registered.power.value is not Power.ON
    return registered.exists == Seen(False) and is_idle


def _told(engine: Engine, registered: Registered, *, is_here: bool) -> Engine:
    """What Windows Security Center says of the engine, against its services."""
    power, running = registered.power, engine.running
    if not is_here and isinstance(power, Unseen):
        running = power
    elif running == Seen(False) and power == Seen(Power.ON):
        said = "its service does not run" if is_here else "no service that it is known by is here"
        running = Unseen(f"{registered.name}: Windows Security Center says that it works, but {said}")
    installed: Fact[bool] = Seen(True)
    if not is_here and registered.exists != Seen(True):
        installed = _program(registered)
    # Listed as on, without program and service: perhaps a registration that outlived its product.
    aside = not is_here and registered.exists == Seen(False)
    told = replace(engine, name=registered.name, running=running, installed=installed, aside=aside)
    return _with_power(told, registered)


def _program(registered: Registered) -> Unseen:
    if isinstance(registered.exists, Unseen):
        return Unseen(f"{registered.name}: {registered.exists.reason}")
    return Unseen(f"{registered.name}: Windows Security Center lists it, but its program is missing")


def _with_power(engine: Engine, registered: Registered) -> Engine:
    power = registered.power
    real_time: Fact[bool] = power if isinstance(power, Unseen) else Seen(power.value is Power.ON)
    if power == Seen(Power.ON) and registered.exists != Seen(True):
        real_time = _program(registered)
    is_sure = power == Seen(Power.ON) and registered.exists == Seen(True)
    ended = engine.expired == Seen(True) or power == Seen(Power.EXPIRED)
    return replace(
        engine,
        real_time=real_time,
        mode=Seen(_POWER_MODES.get(power.value, Mode.NORMAL) if isinstance(power, Seen) else Mode.NORMAL),
        expired=power if isinstance(power, Unseen) else Seen(ended),
        definitions_current=Seen(registered.current if is_sure else None),
    )


def _stranger(registered: Registered, host: Host) -> Engine | None:
    """A registered product that no list knows: its own word, and that its program exists, is all there is."""
    if _is_left_over(registered):
        return None
    name = registered.name
    power = registered.power
    running: Fact[bool] = power if isinstance(power, Unseen) else Seen(power.value is not Power.OFF)
    installed: Fact[bool] = Seen(True) if registered.exists == Seen(True) else _program(registered)
    engine = replace(plain_engine(_unlisted(name), installed, running, host), aside=registered.exists == Seen(False))
    return _with_power(engine, registered)


def _programs(observations: Observations, host: Host, listed: Iterable[Product]) -> Iterable[Engine]:
    """Engines that only a name speaks of; they matter where no other one protects."""
    found = unlisted_programs(observations, (word for product in listed for word in product.names))
    names = found.value if isinstance(found, Seen) else ("another antivirus",)
    for name in names:
        why = Unseen(f"{name} is among the installed programs, and whether it protects cannot be read on the machine")
        installed: Fact[bool] = Seen(True) if isinstance(found, Seen) else found
        gap = why if isinstance(found, Seen) else found
        yield replace(plain_engine(_unlisted(name), installed, gap, host), real_time=gap, aside=True)


def _unlisted(name: str) -> Product:
    return Product(clean(name, 60), name, Kind.ANTIVIRUS, False, False, None, frozenset(), (), (), (), (), (), ())


def _symantec(engine: Engine, observations: Observations) -> Engine:
    """It writes down whether its antivirus is on; that can only show that it is not (windows.md 2.6)."""
    if engine.product != "symantec":
        return engine
    key = registry(observations, "antivirus.symantec")
    if isinstance(key, Unseen):
        return replace(engine, real_time=Unseen(f"{engine.name}: whether its antivirus is on was not read: {key.reason}"))
    if key.value.exists == Seen(False):
        return engine
    status = key.value.values.number("AVRunningStatus")
    if isinstance(status, Unseen):
        return replace(engine, real_time=status)
    return engine if status.value in (None, 1) else replace(engine, real_time=Seen(False))
