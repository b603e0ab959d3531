"""One real answer of this machine to the whole bundle, and as many different ones made of it as are wanted.

Asked for real, 200 times the package manager's simulation would keep this machine's cores busy for many minutes and
measure that. So the machine is asked once, and the server answers with those bytes: the same for our side.
"""

from __future__ import annotations

import re
import subprocess
from datetime import UTC, datetime

from scorecard.bundle import Bundle, new_marker, parse_reply
from scorecard.model import Endpoint, Identity, Platform
from scorecard.registry import Registry
from scorecard.transports.base import Answer
from tests.cases import FACTS, load_case

MARKER = "@MARKER@"
_LIMIT_S = 180
_BITS = 16
# The end mark of a part that ended well and said something.
_END = re.compile(rb"(?<=\n)(?P<last>\|[^\n]*\n)(?P<end>" + MARKER.encode() + rb" end \S+ 0 )")
_APT = re.compile(rb"(?P<begin>" + MARKER.encode() + rb" begin patching\.apt\n)(?:\|[^\n]*\n)*")


def bundle(registry: Registry, *, thin: bool = False) -> Bundle:
    """All that an endpoint is asked, or the part that every endpoint is asked first and nothing else."""
    probes = () if thin else tuple(probe for probe in registry.probes() if probe.platform is not Platform.WINDOWS)
    return Bundle(probes)


def record(asked: Bundle) -> bytes:
    """Run the script here as an endpoint would. The reply, with MARKER for its marker. Raises where it is not whole."""
    marker = new_marker()
    script = asked.script(marker).encode()
    done = subprocess.run(["sh", "-s"], input=script, capture_output=True, check=True, timeout=_LIMIT_S)
    if not parse_reply(done.stdout, marker, datetime.now(UTC)).complete:
        raise RuntimeError("this machine's own answer is not whole; nothing can be measured with it")
    return done.stdout.replace(marker.encode(), MARKER.encode())


def up_to_date(reply: bytes) -> bytes:
    """The same machine with no update missing: its package manager's answer is the one recorded of a patched Debian."""
    patched = load_case(FACTS / "patching" / "linux" / "apt-patched.yaml").observations["patching.apt"].text
    payload = "".join(f"|{line}\n" for line in patched.split("\n")).encode()
    new, found = _APT.subn(lambda frame: frame["begin"] + payload, reply)
    if not found:
        raise RuntimeError("this machine has no apt, so no answer of an up-to-date one can be made of its own")
    return new


def varied(reply: bytes, number: int) -> bytes:
    """The reply of another machine of the same kind: every part that says something ends with a blank line of its own.

    So no two endpoints share an observation, which is the worst case for the store; what is read from them is the same.
    """
    blank = b"".join(b"\t" if number >> bit & 1 else b" " for bit in range(_BITS))
    return _END.sub(rb"\g<last>|" + blank + rb"\n\g<end>", reply)


class Replay:
    """A transport without a network. An endpoint answers with what was laid ready under its name, once; where nothing was,
    with the reply of another machine like `reply`, made when it is asked."""

    def __init__(self, reply: bytes = b"") -> None:
        self.ready: dict[str, bytes] = {}
        self._reply = reply

    def ask(self, endpoint: Endpoint, bundle: Bundle, deadline_s: float) -> Answer:  # noqa: ARG002 - the protocol's own
        now = datetime.now(UTC)
        said = self.ready.pop(endpoint.name) if endpoint.name in self.ready else varied(self._reply, int(endpoint.name))
        read = parse_reply(said, MARKER, now)
        return Answer(read.observations, now, Identity.PROVEN, "bench", read.dropped_lines, read.complete)

    def close(self) -> None:
        self.ready.clear()


def endpoints(count: int) -> tuple[Endpoint, ...]:
    """Endpoints for Replay, in order of their numbers."""
    return tuple(Endpoint(f"{number:05}", "Bench", address_of(number), transport="replay") for number in range(count))


def address_of(number: int) -> str:
    return f"127.90.{number // 250}.{number % 250 + 1}"
