"""Packets of SSH as they are before there are keys (RFC 4253, 6), for peers that send what no server would."""

from __future__ import annotations

import struct


def packet(*payload: int) -> bytes:
    """Its length, that of the padding, payload, padding."""
    padding = 8 - (5 + len(payload)) % 8
    padding += 8 if padding < 4 else 0
    return struct.pack(">IB", 1 + len(payload) + padding, padding) + bytes(payload) + bytes(padding)


IGNORE = packet(2, 0, 0, 0, 0)  # the smallest (RFC 4253, 11.2)
