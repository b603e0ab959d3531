"""A line that takes time: a relay in a process of its own that hands everything on after a delay, each way.

    with Line({2200: server.port}, delay_s=0.03) as line:
        # who connects to any address of 127.0.0.0/8 on port 2200 reaches the same address on the server's port

The kernel of this computer takes the call at once, so the relay calls on only after the time that the handshake of a
real line would have taken (one and a half times there and back); from then on nothing differs from a machine that is so
far away. Ends of one direction are handed on as such, broken connections as broken ones. `netem` would do the same where
the kernel has it, which many small ones do not.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

_CHUNK_BYTES = 64 * 1024
_MOST_ON_THE_WAY = 64  # chunks in one direction; more wait at their sender


@dataclass
class Line:
    """`ports`: where to listen, on every address of loopback, and which port of the same address is called for it."""

    ports: Mapping[int, int]
    delay_s: float
    _process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Line:
        task = json.dumps({"ports": list(self.ports.items()), "delay_s": self.delay_s})
        command = [sys.executable, "-P", str(Path(__file__)), task]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._process = process
        if process.stdout is None or process.stdout.readline() != b"ready\n":
            process.kill()
            raise RuntimeError(f"the relay did not start (code {process.wait()})")
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        """It ends with its standard input, so that it does not outlive us whatever ends us."""
        if self._process is not None:
            self._process.communicate()


# --- in the process ------------------------------------------------------------------------------------------------


async def _serve(ports: list[tuple[int, int]], delay_s: float) -> None:
    servers = [await _listen(port, onward, delay_s) for port, onward in ports]
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    for server in servers:
        server.close()


async def _listen(port: int, onward: int, delay_s: float) -> asyncio.Server:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Bound to the loopback interface, so that it hears nothing else.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
    sock.bind(("", port))

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        called: str = writer.get_extra_info("sockname")[0]
        await asyncio.sleep(3 * delay_s)
        try:
            far_reader, far_writer = await asyncio.open_connection(called, onward)
        except OSError:
            _break(writer)
            return
        ways = (_carry(reader, far_writer, delay_s), _carry(far_reader, writer, delay_s))
        whole = await asyncio.gather(*ways)
        for end in (writer, far_writer):
            end.close() if all(whole) else _break(end)

    return await asyncio.start_server(relay, sock=sock, backlog=1000)


async def _carry(source: asyncio.StreamReader, target: asyncio.StreamWriter, delay_s: float) -> bool:
    """One direction to its end. False when it broke."""
    clock = asyncio.get_running_loop().time
    on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_MOST_ON_THE_WAY)

    async def take() -> bool:
        try:
            while data := await source.read(_CHUNK_BYTES):
                await on_the_way.put((clock() + delay_s, data))
        except OSError:
            return False
        finally:
            await on_the_way.put((clock() + delay_s, b""))
        return True

    async def hand_on() -> bool:
        whole = True
        while True:
            due, data = await on_the_way.get()
            await asyncio.sleep(max(due - clock(), 0.0))
            try:
                if not data:
                    target.write_eof()
                    return whole
                if whole:  # what comes after a break is taken and dropped, as a dead machine does
                    target.write(data)
                    await target.drain()
            except OSError:
                whole = False
                if not data:
                    return whole

    taken, handed_on = await asyncio.gather(take(), hand_on())
    return taken and handed_on


def _break(writer: asyncio.StreamWriter) -> None:
    """End it with a reset."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.close()


if __name__ == "__main__":
    told = json.loads(sys.argv[1])
    asyncio.run(_serve(told["ports"], told["delay_s"]))
