"""Antivirus on macOS: from the parts of macos.sh to facts. XProtect is always there; see xprotect.py."""

from __future__ import annotations

from dataclasses import replace

from scorecard.model import Fact, Host, Observation, Observations, Outcome, Platform, Seen, Unseen
from scorecard.reading import text_of

from .clamav import clamav
from .engine import plain_engine
from .presence import MacPresence
from .products import Kind, Product, products
from .shape import Antivirus, Engine, Other
from .status import read_status, with_endpoint
from .xprotect import xprotect

# On a Mac the daemon is not asked: its databases are the only witness.
_NO_CLIENT = Observation("antivirus.clamd", Outcome.ABSENT)


def parse(observations: Observations, host: Host) -> Antivirus:
    text = text_of(observations, "antivirus.products")
    if isinstance(text, Unseen):
        gap = Unseen(f"The machine was not searched for antivirus products: {text.reason}")
        return Antivirus(gap, gap)
    presence = MacPresence.read(text.value)
    if not presence.paths.there and not presence.paths.missing:
        gap = Unseen("The machine was not searched for antivirus products: the answer cannot be read")
        return Antivirus(gap, gap)
    engines: list[Engine] = []
    others: list[Other] = []
    for product in products(Platform.MACOS):
        if product.built_in:
            engines.append(xprotect(product, observations))
        elif product.kind is Kind.ANTIVIRUS:
            installed = presence.installed(product)
            if installed == Seen(False):
                continue
            engine = _engine(product, installed, presence, observations, host)
            if engine.installed != Seen(False):
                engines.append(engine)
        elif presence.installed(product) == Seen(True):
            others.append(Other(product.id, product.name, product.kind))
    return Antivirus(Seen(tuple(engines)), Seen(tuple(others)))


def _engine(
    product: Product, installed: Fact[bool], presence: MacPresence, observations: Observations, host: Host
) -> Engine:
    engine = plain_engine(product, installed, presence.running(product), host)
    engine = with_endpoint(engine, observations)
    if engine.installed == Seen(False):
        return engine
    if product.id == "clamav":
        return clamav(engine, observations.get("antivirus.clamav"), _NO_CLIENT, presence.processes)
    return with_extension(read_status(engine, observations, host), product, presence)


def with_extension(engine: Engine, product: Product, presence: MacPresence) -> Engine:
    """An extension that nobody allowed, or that is not listed, contradicts a product that calls itself well."""
    trouble = presence.extension_trouble(product)
    if trouble is not None:
        known = engine.troubles.value if isinstance(engine.troubles, Seen) else ()
        return replace(engine, troubles=Seen((*known, trouble)))
    real_time: Fact[bool] = engine.real_time
    if product.extensions and presence.extensions.of(product) is None and real_time == Seen(True):
        seen = presence.extensions.seen
        why = (
            "it says that it works, but its system extension is not listed" if seen else "system extensions were not listed"
        )
        return replace(engine, real_time=Unseen(f"{engine.name}: {why}"))
    return engine
