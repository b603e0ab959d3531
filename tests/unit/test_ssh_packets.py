"""What counts as a flood of SSH messages that bring nothing, and what does not."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from scorecard.transports.ssh_packets import Packets, WireError
from tests.rig.ssh_packets import IGNORE, packet

MIB = 1024 * 1024
AHEAD = 3000  # packets that are read, or not, before those behind them are counted


def output(text: bytes) -> bytes:
    return packet(94, 0, 0, 0, 0, *struct.pack(">I", len(text)), *text)


def errors(text: bytes, code: int = 1) -> bytes:
    return packet(95, 0, 0, 0, 0, 0, 0, 0, code, *struct.pack(">I", len(text)), *text)


@pytest.fixture
def packets() -> Iterator[tuple[Packets, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Packets(ours), theirs


def read(packets: tuple[Packets, socket.socket], *sent: tuple[bytes, int]) -> int:
    """How many of so many packets of each kind are read before the flood, or before their end."""
    ours, theirs = packets

    def send() -> None:
        with suppress(OSError):  # nobody reads on after a flood
            for data, count in sent:
                theirs.sendall(data * count)
            theirs.shutdown(socket.SHUT_WR)

    sending = threading.Thread(target=send)
    sending.start()
    count = 0
    try:
        while True:
            ours.read_message()
            count += 1
    except (EOFError, WireError):
        theirs.shutdown(socket.SHUT_RDWR)
        return count
    finally:
        sending.join()


def test_output_is_never_a_flood_in_lines_however_short(packets: tuple[Packets, socket.socket]) -> None:
    assert read(packets, (output(b"a line\n"), 60_000), (errors(b"a line\n"), 60_000)) == 120_000
    assert not packets[0].flooded


@pytest.mark.parametrize(
    "data", [IGNORE, output(b""), errors(b"", 2), errors(b"x" * 100, 2)], ids=["ignore", "empty", "none", "other"]
)
def test_what_brings_nothing_is_a_flood_after_a_mebibyte(packets: tuple[Packets, socket.socket], data: bytes) -> None:
    most = MIB // len(data)
    assert abs(read(packets, (data, most + AHEAD)) - most) < AHEAD
    assert packets[0].flooded


def test_so_much_is_no_flood(packets: tuple[Packets, socket.socket]) -> None:
    most = MIB // len(IGNORE) - 100
    assert read(packets, (IGNORE, most)) == most
    assert not packets[0].flooded


def test_an_answer_does_not_pay_for_a_flood_after_it(packets: tuple[Packets, socket.socket]) -> None:
    most = MIB // len(IGNORE)
    assert read(packets, (output(b"x" * 10_000), 100), (IGNORE, 2 * most)) < 100 + most + AHEAD
    assert packets[0].flooded


def test_each_channel_may_be_spoken_of(packets: tuple[Packets, socket.socket]) -> None:
    for _ in range(32):
        packets[0].expect_channel()
    count = 2 * MIB // len(IGNORE)
    assert read(packets, (IGNORE, count)) == count
    assert not packets[0].flooded
