"""Several layers or disks under one volume become one state: it is as protected as the worst of them."""

from __future__ import annotations

from dataclasses import dataclass

from scorecard.model import Fact, Seen, Unseen

from .luks import Header, weakest
from .shape import Method, State

# From worst to best, for volumes of which everything is encrypted in some way.
_ORDER = (
    State.PLAIN,
    State.PARTLY,
    State.DECRYPTING,
    State.SUSPENDED,
    State.EXPOSED,
    State.CONVERTING,
    State.LOCKED,
    State.ENCRYPTED,
)


@dataclass(frozen=True, slots=True)
class Layer:
    state: Fact[State]
    method: Fact[Method | None]
    detail: str = ""
    unlock: tuple[str, ...] = ()
    header: Header | None = None
    headers: tuple[Header, ...] = ()

    @classmethod
    def clear(cls, detail: str) -> Layer:
        return cls(Seen(State.PLAIN), Seen(None), detail)

    @classmethod
    def unseen(cls, reason: str) -> Layer:
        return cls(Unseen(reason), Unseen(reason))


def combine(layers: list[Layer]) -> Layer:
    """All that lies under one volume, as one. Needs at least one to say anything."""
    if not layers:
        return Layer.unseen("Nothing was told about the disk behind it")
    unlock = tuple(dict.fromkeys(way for layer in layers for way in layer.unlock))
    headers = tuple(header for layer in layers for header in (layer.headers or ((layer.header,) if layer.header else ())))
    states = [(layer.state.value, layer) for layer in layers if isinstance(layer.state, Seen)]
    unseen = [layer.state for layer in layers if isinstance(layer.state, Unseen)]
    clear = [layer for state, layer in states if state in (State.PLAIN, State.PARTLY)]
    if clear:
        whole = len(clear) == len(layers) and all(state is State.PLAIN for state, _ in states)
        detail = "; ".join(layer.detail for layer in clear[:3])
        method: Fact[Method | None] = Seen(None)
        return Layer(Seen(State.PLAIN if whole else State.PARTLY), method, detail, unlock, headers=headers)
    if unseen:
        return Layer(unseen[0], _methods(layers), "", unlock, headers=headers)
    state, worst = min(states, key=lambda pair: _ORDER.index(pair[0]))
    detail = ", ".join(dict.fromkeys(layer.detail for layer in (worst, *layers))) if len(layers) < 3 else worst.detail
    return Layer(Seen(state), _methods(layers), detail, unlock, headers=headers)


def _methods(layers: list[Layer]) -> Fact[Method | None]:
    seen = []
    for layer in layers:
        if isinstance(layer.method, Unseen):
            return layer.method
        if layer.method.value is not None:
            seen.append(layer.method.value)
    return Seen(weakest(seen)) if seen else Seen(None)
