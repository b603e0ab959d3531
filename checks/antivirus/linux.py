"""Antivirus on Linux: from the parts of linux.sh to facts."""

from __future__ import annotations

from scorecard.model import Fact, Host, Observations, Platform, Seen, Unseen
from scorecard.reading import text_of

from .clamav import clamav
from .engine import plain_engine
from .presence import LinuxPresence
from .products import Kind, Product, products
from .shape import Antivirus, Engine, Other
from .status import read_status, with_endpoint


def parse(observations: Observations, host: Host) -> Antivirus:
    text = text_of(observations, "antivirus.products")
    if isinstance(text, Unseen):
        gap = Unseen(f"The machine was not searched for antivirus products: {text.reason}")
        return Antivirus(gap, gap)
    presence = LinuxPresence.read(text.value)
    if not presence.paths.there and not presence.paths.missing:
        gap = Unseen("The machine was not searched for antivirus products: the answer cannot be read")
        return Antivirus(gap, gap)
    engines: list[Engine] = []
    others: list[Other] = []
    for product in products(Platform.LINUX):
        if product.kind is Kind.ANTIVIRUS:
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
    product: Product, installed: Fact[bool], presence: LinuxPresence, observations: Observations, host: Host
) -> Engine:
    engine = plain_engine(product, installed, presence.running(product), host)
    engine = with_endpoint(engine, observations)
    if engine.installed == Seen(False):
        return engine
    if product.id == "clamav":
        return clamav(engine, observations.get("antivirus.clamav"), observations.get("antivirus.clamd"), presence.processes)
    return read_status(engine, observations, host)
