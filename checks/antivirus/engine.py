"""From a product and its presence to an Engine of which nothing more is known yet."""

from __future__ import annotations

from datetime import datetime

from scorecard.model import Fact, Host, Observation, Outcome, Seen, Unseen
from scorecard.reading import clean

from .products import Product
from .shape import Engine, Mode, Told


def unread(product: Product, what: str) -> Unseen:
    return Unseen(f"{product.name}: {what} cannot be read on the machine")


def plain_engine(product: Product, installed: Fact[bool], running: Fact[bool], host: Host) -> Engine:
    """An engine as its presence alone tells it; a parser of the product's own status fills in the rest."""
    definitions: Fact[datetime | Told] = unread(product, "the date of its definitions")
    tamper: Fact[bool | Told] = unread(product, "the state of its tamper protection")
    last_scan: Fact[datetime | Told] = unread(product, "the date of its last scan")
    ended = product.ended is not None and host.as_of.date() > product.ended
    return Engine(
        product=product.id,
        name=product.name,
        built_in=product.built_in,
        installed=installed,
        running=running,
        real_time=unread(product, "whether real-time protection is on"),
        mode=Seen(Mode.NORMAL),
        expired=Seen(ended),
        troubles=Seen(()),
        version=Seen(None),
        definitions_at=Seen(Told.NOT_PUBLISHED) if "definitions" in product.silent else definitions,
        definitions_current=Seen(None),
        definitions_stopped=Seen(False),
        definitions_version=Seen(None),
        tamper=Seen(Told.NOT_PUBLISHED) if "tamper" in product.silent else tamper,
        last_scan=Seen(Told.NOT_PUBLISHED) if "last-scan" in product.silent else last_scan,
        notes=(f"support ended on {product.ended}",) if ended else (),
    )


def answer(observation: Observation | None, name: str) -> Fact[str]:
    """What a product's own status command said; a failed one says why it cannot be used, with its first words."""
    if observation is None:
        return Unseen(f"{name}: its status was not asked")
    if observation.outcome is Outcome.OK:
        return Seen(observation.text)
    if observation.outcome is Outcome.ABSENT:
        return Unseen(f"{name}: its status command is not there")
    said = first_words(observation.text)
    return Unseen(f"{name}: {observation.reason}" + (f" ({said})" if said else ""))


def first_words(text: str, limit: int = 100) -> str:
    """The first line with something in it, for a message."""
    return next((clean(line, limit) for line in text[:4000].splitlines() if clean(line)), "")
